"""`/verify/`: what each of the 22 steps means (docs/spec/bundle.md, "Verification"), in plain words."""

from msgspec import Struct

from disclosure.verification.verify import STEP_NAMES
from selection.plan import Plan, PublicNumber
from service.language import SOURCE, current_language, gettext, marked

__all__ = ["STEPS", "VerificationStep", "steps_in_words", "undecided_steps"]


class VerificationStep(Struct, frozen=True):
    """One step: what passing it means, and why one can rely on it."""

    number: int
    zh: str
    en: str
    means: str

    @property
    def name(self) -> str:
        """What the verifier calls it."""
        return self.zh if current_language() == SOURCE else self.en

    @property
    def meaning(self) -> str:
        """What passing it means, in the language being spoken."""
        return gettext(self.means)


_MEANINGS = {
    1: marked("核验包完整，每个字节都是规定的写法，没有多余内容。"),
    2: marked("每份文书都由计划写明的密钥签名；互相把关的岗位不是同一个人。"),
    3: marked("日志里登记的，正是这些文书，一字不差。"),
    4: marked("签名的密钥确属这个机关，签名时在有效期内。（需要策略文件）"),
    5: marked("两个检查点由策略写明的那本日志签发。（需要策略文件）"),
    6: marked("独立的联署方也见过同一本日志，机关没有给不同的人看不同的版本。（需要策略文件写明联署方）"),
    7: marked("每份文书都收录在日志里，日志只增不改。"),
    8: marked("先有名单和见证数字，后有骰子、公共号码或公共信标，再有结果；次序没有颠倒。"),
    9: marked("同一计划只有一个结果，没有作废，也不是演练。"),
    10: marked("每个数字来源恰好给出一次，格式合规，到场见证人不少于两名。"),
    11: marked("公共信标的签名由程序核验；公共号码须由人对照公开来源，程序只提示去哪里查、查哪几位。"),
    12: marked("名单就是锁定时公布的那一份，指纹和户数都对得上。"),
    13: marked("计划没有违反规则：应抽户数按规则算出，例外都写了理由。"),
    14: marked("由锁定的计划和全部数字，重新算出抽取密钥，结果相同；封存的随机数与承诺相符。"),
    15: marked("重新排定全部号签，抽中的对象与公布的完全相同。"),
    16: marked("重新抽取检查事项，与公布的完全相同。"),
    17: marked("抽中对象的回避名单与锁定时的承诺相符，没有临时增减。"),
    18: marked("重新编组，检查人员和专家与公布的完全相同。"),
    19: marked("每次递补都按候补次序，事由在规定之内，没有人挑选。"),
    20: marked("公开的姓名就是当时锁定的那个人。"),
    21: marked("封存过的结果与抽取当时的承诺一致，没有换过。"),
    22: marked("没有另外一份同号的计划：只凭一个核验包无法判断，须核对整本日志。因此总是“未查”。"),
}
STEPS = tuple(VerificationStep(number, name.zh, name.en, _MEANINGS[number]) for number, name in STEP_NAMES.items())


def undecided_steps(plan: Plan, quorum: bool, sealed: bool) -> tuple[int, ...]:
    """Return which steps an honest bundle of `plan` leaves undecided with our policy; `quorum`: it names enough cosigners."""
    steps = {22}
    if not quorum:
        steps |= {6, 8}
    if any(isinstance(contributor, PublicNumber) for contributor in plan.contributors):
        steps.add(11)
    if sealed:
        steps |= set(range(14, 22))
    return tuple(sorted(steps))


def steps_in_words(steps: tuple[int, ...]) -> str:
    """Return `6、8、14–22`: numbers, three or more in a row as a range."""
    runs: list[list[int]] = []
    for step in steps:
        if runs and step == runs[-1][-1] + 1:
            runs[-1].append(step)
        else:
            runs.append([step])
    parts = [f"{run[0]}–{run[-1]}" if len(run) > 2 else gettext("、").join(map(str, run)) for run in runs]
    return gettext("、").join(parts)
