"""Run the numbered steps of docs/spec/bundle.md over a bundle and, perhaps, a policy."""

from collections.abc import Sequence

from disclosure.bundle import BundleError, parse_bundle
from disclosure.policy import Policy
from disclosure.verification import after, drawing, logging, record, signing
from disclosure.verification.case import Case, StepFunction
from disclosure.verification.report import Report, Sentence, Step, Verdict, decide

__all__ = ["STEP_NAMES", "unreadable", "verify_bundle"]

# number: (Chinese name, English name, function, the steps it needs)
_STEPS: dict[int, tuple[str, str, StepFunction, tuple[int, ...]]] = {
    2: ("签名", "signatures", signing.signatures, (1,)),
    3: ("日志条目", "leaves", signing.leaves, (1,)),
    4: ("签名机关", "authority", signing.authority, (3,)),
    5: ("日志签名", "log", logging.log_signature, (1,)),
    6: ("联署", "cosigners", logging.cosigners, (5,)),
    7: ("收录", "inclusion", logging.inclusion, (1,)),
    8: ("先后与时间", "order and time", logging.order_and_time, (3, 7)),
    9: ("只抽一次", "one draw", record.one_draw, (1,)),
    10: ("数字来源", "contributions", record.contributions, (1,)),
    11: ("公共号码", "public number", record.public_number, (10,)),
    12: ("名单", "lists", record.lists, (1,)),
    13: ("规则", "rules", record.rules, (12,)),
    14: ("抽取密钥", "draw key", drawing.key, (9, 10, 13)),
    15: ("抽中对象", "targets", drawing.targets, (14,)),
    16: ("检查事项", "items", drawing.items, (15,)),
    17: ("回避", "conflicts", drawing.conflicts, (15,)),
    18: ("检查组", "teams", drawing.teams, (17,)),
    19: ("递补", "replacements", after.replacements, (16, 18)),
    20: ("姓名", "names", after.names, (19,)),
    21: ("封存", "sealed", after.sealed, (14,)),
    22: ("唯一", "uniqueness", after.uniqueness, ()),
}
STEP_NAMES = {1: Sentence("读取", "read"), **{n: Sentence(zh, en) for n, (zh, en, _, _) in _STEPS.items()}}
_WHILE_SEALED = range(14, 22)


def verify_bundle(data: bytes, policy: Policy | None = None) -> Report:
    """Return the verdict of every step on the bundle whose bytes are `data`; never raises for a bad bundle.

    Without `policy` the steps that need to know whose keys and which log are *not checked*.
    """
    try:
        bundle = parse_bundle(data)
    except (BundleError, RecursionError) as error:
        return unreadable("不是完整的核验包", str(error) or "nested too deeply")
    case = Case(bundle, policy)
    done = {1: _step(1, Verdict.PASS, Sentence("文件完整，格式正确", "complete and well formed"))}
    for number, (_, _, function, needs) in _STEPS.items():
        done[number] = _run(case, number, function, [done[need] for need in needs])
    sections = [(section.name, signing.fingerprint(section.key)) for section in bundle.plan.sections]
    return Report(bundle.plan.id, list(done.values()), sections)


def unreadable(zh: str, en: str) -> Report:
    """Return the report of something that is no bundle: step 1 fails and nothing else is looked at."""
    skipped = Sentence("未检查：文件无法读取", "not checked: the file cannot be read")
    rest = [_step(number, Verdict.NOT_CHECKED, skipped) for number in _STEPS]
    return Report(None, [_step(1, Verdict.FAIL, Sentence(f"{zh}：{en}", en)), *rest])


def _step(number: int, verdict: Verdict, sentence: Sentence) -> Step:
    return Step(number, STEP_NAMES[number], verdict, sentence)


def _run(case: Case, number: int, function: StepFunction, needed: Sequence[Step]) -> Step:
    if number in _WHILE_SEALED and not case.is_open and not (number == 21 and case.plan.sealed is None):
        sealed = Sentence("未检查：结果尚在封存，启封后可核验", "not checked: the result is still sealed")
        return _step(number, Verdict.NOT_CHECKED, sealed)
    return decide(number, STEP_NAMES[number], needed, lambda: function(case))
