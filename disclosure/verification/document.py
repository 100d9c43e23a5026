"""Run the 11 steps of docs/spec/document-bundle.md over one document with its proof and, perhaps, a policy."""

from calendar import isleap, monthrange
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta, Struct, ValidationError, convert

from disclosure.bundle import BundleError
from disclosure.document import (
    DOCUMENT_TYPE,
    Contest,
    Correction,
    Document,
    InspectionResult,
    KeyEvent,
    Shard,
    Withdrawal,
)
from disclosure.document_bundle import DocumentBundle, parse_document_bundle
from disclosure.envelope import Envelope, verify
from disclosure.key_list import allowed_signers
from disclosure.keys import decode_base64, key_id
from disclosure.leaf import leaf_of
from disclosure.person import digest, parse_disclosure
from disclosure.policy import Policy
from disclosure.result import Revision
from disclosure.signing_rules import check_actors, check_plan_keys, check_separation, required_keys
from disclosure.tree import leaf_hash, verify_inclusion
from disclosure.verification.after import PersonName
from disclosure.verification.logging import check_cosigners, check_log_signature, cosigned_since
from disclosure.verification.report import Failed, NotChecked, Report, Sentence, Step, Verdict, decide
from disclosure.verification.signing import fingerprint
from selection.forms import Text
from selection.plan import Form, Plan, plan_digest

__all__ = ["STEP_NAMES", "VerifyTimestamp", "unreadable_document", "verify_document_bundle"]

# (response, stamped bytes, roots, all DER) to the time stamped; raises DisclosureError. Whoever calls brings one, or None.
VerifyTimestamp = Callable[[bytes, bytes, Sequence[bytes]], str]


class _SubjectName(Form, frozen=True):
    name: Text


class _Statement(Form, frozen=True):
    text: Annotated[str, Meta(min_length=1, max_length=20_000)]


_MAY_DISCLOSE: dict[type, dict[str, type]] = {
    InspectionResult: {"person": PersonName, "subject": _SubjectName},
    Correction: {"person": PersonName, "subject": _SubjectName},
    Contest: {"statement": _Statement},
}


class _Case(Struct, frozen=True):
    bundle: DocumentBundle
    policy: Policy | None
    verify_timestamp: VerifyTimestamp | None

    @property
    def keyids(self) -> list[str]:
        return [signature.keyid for signature in self.bundle.envelope.signatures]


def _signatures(case: _Case) -> tuple[str, str]:
    """Step 2."""
    document, plan = case.bundle.document, case.bundle.plan
    if isinstance(document, KeyEvent | Shard):
        return _signed_by_one(case, document)
    if plan is None:
        assert isinstance(document, Plan)
        plan = document
    else:
        assert case.bundle.plan_envelope is not None
        check_plan_keys(plan)
        _check_signed(plan, case.bundle.plan_envelope, plan)
        _check_belongs(plan, document)
    check_plan_keys(plan)
    _check_signed(plan, case.bundle.envelope, document)
    check_separation([plan, document])
    if plan.rehearsal:
        raise Failed("所属计划是一次演练，不是真实抽取", "the plan it belongs to is a rehearsal, not a draw")
    return "文书由应签者签名，签名有效，各经办人不是同一人", "signed by exactly those who must, and nobody stands in two roles"


def _check_signed(plan: Plan, envelope: Envelope, document: Document) -> None:
    keys = {key_id(raw): raw for raw in required_keys(plan, document)}
    if missing := ", ".join(sorted(keys.keys() - verify(envelope, DOCUMENT_TYPE, keys))):
        raise Failed(f"{document.type} 缺少签名：{missing}", f"the {document.type} lacks signatures: {missing}")
    check_actors(plan, document)


def _check_belongs(plan: Plan, document: Document) -> None:
    assert not isinstance(document, Plan | KeyEvent | Shard)
    draw, id = getattr(document, "draw", document.id), document.id
    revision = document if isinstance(document, InspectionResult | Correction | Contest | Withdrawal) else None
    wanted = plan.id if revision is None else f"{plan.id}.{revision.target}"
    if document.plan != plan_digest(plan) or (draw, id) != (plan.id, wanted):
        raise Failed(
            f"文书 {id}（批次 {draw}，计划 {document.plan}）不属于所附计划 {plan.id}",
            f"{id} of draw {draw}, plan {document.plan}, does not belong to the plan of {plan.id} beside it",
        )
    if revision is not None and len(set(revision.sections)) != len(revision.sections):
        raise Failed("同一部门列了两次", "a section stands twice")


def _signed_by_one(case: _Case, document: KeyEvent | Shard) -> tuple[str, str]:
    if isinstance(document, KeyEvent):
        known = allowed_signers(None, document)
    elif case.policy is None:
        raise NotChecked(
            f"未给出策略，不知道密钥 {case.keyids[0]} 的全文，无法验签",
            f"no policy given, and only a policy holds the key {case.keyids[0]} that signed",
        )
    else:
        known = tuple(authority.key for authority in case.policy.authorities)
    raw = next((raw for key in known if key_id(raw := decode_base64(key)) == case.keyids[0]), None)
    if raw is None or len(case.keyids) != 1:
        raise Failed(
            f"应由一把已列入且有效的密钥签名，现为 {'、'.join(case.keyids)}",
            f"to be signed by one key that is listed and holds; found {', '.join(case.keyids)}",
        )
    verify(case.bundle.envelope, DOCUMENT_TYPE, {case.keyids[0]: raw})
    return f"由密钥 {case.keyids[0]} 签名，签名有效", f"signed by {case.keyids[0]}, and the signature is good"


def _leaf(case: _Case) -> tuple[str, str]:
    """Step 3."""
    bundle = case.bundle
    if bundle.leaf != leaf_of(bundle.document, bundle.envelope, bundle.leaf.at):
        raise Failed("日志条目与文书不符", "the log entry is not that of this document")
    return f"日志条目与文书一致（称记于 {bundle.leaf.at}）", f"the log entry is that of the document, claimed at {bundle.leaf.at}"


def _authority(case: _Case) -> tuple[str, str]:
    """Step 4."""
    document, plan, at = case.bundle.document, case.bundle.plan, case.bundle.leaf.at
    plan = document if isinstance(document, Plan) else plan
    if case.policy is None:
        listed = ", ".join(case.keyids)
        raise NotChecked(
            f"未给出策略，无法确认密钥归属。请与机关公布的指纹比对：{listed}",
            f"no policy given, so whose keys these are is unknown; compare the fingerprints: {listed}",
        )
    if plan is None:
        assert isinstance(document, KeyEvent | Shard)
        bureau, own = document.bureau, None
    else:
        bureau, own = plan.bureau, {key_id(decode_base64(section.key)): section.name for section in plan.sections}
    authorities = [(key_id(decode_base64(a.key)), a) for a in case.policy.authorities if a.bureau == bureau]
    for keyid, name in (own or {}).items():
        if all(known != keyid for known, _ in authorities):
            raise Failed(f"策略中没有{name}的密钥 {keyid}", f"the policy knows no key {keyid} of bureau {bureau}")
    for keyid in case.keyids:
        if (own is None or keyid in own) and not any(k == keyid and a.holds_at(at) for k, a in authorities):
            raise Failed(
                f"签署时（{at}）密钥 {keyid} 无效或不属于 {bureau}",
                f"key {keyid} was not valid for {bureau} at {at}, when this was logged",
            )
    return "签名密钥属于策略所列机关，签署时有效", "the keys are those of the policy's authorities, valid then"


def _log(case: _Case) -> tuple[str, str]:
    """Step 5."""
    key = check_log_signature(case.policy, [case.bundle.proof.checkpoint])
    return f"检查点由日志 {key.name} 签名", f"the checkpoint is signed by the log {key.name}"


def _cosigners(case: _Case) -> tuple[str, str]:
    """Step 6."""
    return check_cosigners(case.policy, [case.bundle.proof.checkpoint])


def _inclusion(case: _Case) -> tuple[str, str]:
    """Step 7."""
    proof, head = case.bundle.proof, case.bundle.checkpoint
    verify_inclusion(leaf_hash(proof.leaf), proof.index, head.size, proof.path, head.root)
    return (
        f"文书是日志 {head.origin} 的第 {proof.index + 1} 条，共 {head.size} 条",
        f"the document is entry {proof.index} of the {head.size} of {head.origin}",
    )


def _time(case: _Case) -> tuple[str, str]:
    """Step 8."""
    assert case.policy is not None
    seconds = cosigned_since(case.policy.log, case.bundle.proof.checkpoint)
    assert seconds is not None  # step 6 passed, so the quorum is met
    since = _as_time(seconds)
    return f"联署证明：最迟 {since} 已公开", f"cosigners saw it: public no later than {since}"


def _as_time(seconds: int) -> str:
    """Return seconds since 1970 as a time of the specification; as seconds beyond the year 9999, where such times end."""
    days, rest = divmod(seconds, 86_400)
    if days > 2_932_896:
        return f"{seconds} s (1970)"
    year, month = 1970, 1
    while days >= 365 + isleap(year):
        days, year = days - 365 - isleap(year), year + 1
    while days >= monthrange(year, month)[1]:
        days, month = days - monthrange(year, month)[1], month + 1
    return f"{year:04}-{month:02}-{days + 1:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def _time_stamp(case: _Case) -> tuple[str, str]:
    """Step 9."""
    bundle = case.bundle
    if bundle.timestamp is None:
        return "没有附时间戳", "there is no time stamp"
    roots = () if case.policy is None else case.policy.timestamp_roots
    if not roots:
        raise NotChecked("策略没有列出时间戳根证书", "no policy, or none with timestamp_roots: whose stamp to believe is unknown")
    if case.verify_timestamp is None:
        raise NotChecked(
            "本程序未装时间戳核验组件（rfc3161-client）；也可用 openssl ts -verify 核验取出的响应与检查点前三行",
            "RFC 3161 is not verified here (rfc3161-client is not installed); `openssl ts -verify` does it, over the"
            " checkpoint's three lines",
        )
    at = case.verify_timestamp(bundle.timestamp, bundle.stamped, roots)
    return f"时间戳有效：检查点在 {at} 已存在", f"the time stamp is good: the checkpoint existed at {at}"


def _disclosures(case: _Case) -> tuple[str, str]:
    """Step 10."""
    document = case.bundle.document
    known = set(document.digests) if isinstance(document, Revision) else set()
    allowed = _MAY_DISCLOSE.get(type(document), {})
    for disclosure in case.bundle.disclosures:
        if digest(disclosure) not in known:
            raise Failed("有公开项不属于本文书", "a disclosure is not one of this document")
        _, name, value = parse_disclosure(disclosure)
        if name not in allowed:
            raise Failed(f"{document.type} 不得有公开项 {name}", f"a {document.type} discloses no {name!r}")
        try:
            convert(value, allowed[name], strict=True)
        except ValidationError as error:
            raise Failed("公开项格式不符", f"the disclosure {name!r} is not well formed: {error}") from error
    shown, total = len(case.bundle.disclosures), len(known)
    return (
        f"{total} 个另存字段公开了 {shown} 个，均与文书所载指纹一致",
        f"{shown} of {total} fields kept outside are disclosed, and are those the document commits to",
    )


def _standing(_: _Case) -> tuple[str, str]:
    """Step 11."""
    raise NotChecked(
        "单份文书看不出其后有无更正、异议、撤回或遮盖；须查看整本日志（python -m disclosure monitor）",
        "that nothing later corrects, contests, withdraws or redacts this, only the whole log shows (python -m disclosure monitor)",
    )


# number: (Chinese name, English name, function, the steps it needs)
_STEPS: dict[int, tuple[str, str, Callable[[_Case], tuple[str, str]], tuple[int, ...]]] = {
    2: ("签名", "signatures", _signatures, (1,)),
    3: ("日志条目", "leaf", _leaf, (1,)),
    4: ("签名机关", "authority", _authority, (2, 3)),
    5: ("日志签名", "log", _log, (1,)),
    6: ("联署", "cosigners", _cosigners, (5,)),
    7: ("收录", "inclusion", _inclusion, (1,)),
    8: ("时间", "time", _time, (6, 7)),
    9: ("时间戳", "time stamp", _time_stamp, (1,)),
    10: ("公开项", "disclosures", _disclosures, (1,)),
    11: ("现状", "standing", _standing, ()),
}
STEP_NAMES = {1: Sentence("读取", "read"), **{n: Sentence(zh, en) for n, (zh, en, _, _) in _STEPS.items()}}


def verify_document_bundle(
    data: bytes, policy: Policy | None = None, verify_timestamp: VerifyTimestamp | None = None
) -> Report:
    """Return the verdict of every step on the document bundle whose bytes are `data`; never raises for a bad bundle.

    Without `verify_timestamp` a time stamp is *not checked*.
    """
    try:
        bundle = parse_document_bundle(data)
    except (BundleError, RecursionError) as error:
        return unreadable_document("不是完整的文书核验包", str(error) or "nested too deeply")
    case = _Case(bundle, policy, verify_timestamp)
    done = {1: Step(1, STEP_NAMES[1], Verdict.PASS, Sentence("文件完整，格式正确", "complete and well formed"))}
    for number, (_, _, function, needs) in _STEPS.items():
        done[number] = decide(number, STEP_NAMES[number], [done[n] for n in needs], partial(function, case))
    plan = bundle.document if isinstance(bundle.document, Plan) else bundle.plan
    names = {} if plan is None else {fingerprint(section.key): section.name for section in plan.sections}
    return Report(bundle.document.id, list(done.values()), [(names.get(keyid, ""), keyid) for keyid in case.keyids])


def unreadable_document(zh: str, en: str) -> Report:
    """Return the report of something that is no document bundle: step 1 fails and nothing else is looked at."""
    skipped = Sentence("未检查：文件无法读取", "not checked: the file cannot be read")
    rest = [Step(number, STEP_NAMES[number], Verdict.NOT_CHECKED, skipped) for number in _STEPS]
    return Report(None, [Step(1, STEP_NAMES[1], Verdict.FAIL, Sentence(f"{zh}：{en}", en)), *rest])
