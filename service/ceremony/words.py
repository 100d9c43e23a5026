"""What the stage says: the steps of the ceremony, the one thing to do now, and what is still missing. Pure, in the page's language."""

from msgspec import Struct

from service.ceremony.state import Ceremony, Giver, groups
from service.language import gettext
from service.pages.words import beijing

__all__ = ["Instruction", "StageStep", "instruction", "missing", "name_of", "shown_digits", "stage_steps", "standing_of"]


class StageStep(Struct, frozen=True):
    """One of the steps at the left; `state` is done, now or todo."""

    name: str
    about: str
    state: str


class Instruction(Struct, frozen=True):
    """The one thing to do, in large type, and a sentence on it."""

    what: str
    about: str


def name_of(giver: Giver) -> str:
    """Return what a giver is called in the room."""
    match giver.kind:
        case "witness":
            return giver.name
        case "dice":
            return gettext("骰子")
        case "drand":
            return gettext("公共信标 drand")
    return giver.name


def standing_of(giver: Giver) -> str:
    """Return how a giver stands, in a few words."""
    if giver.absent:
        return gettext("缺席")
    if giver.done:
        return gettext("已登记")
    if giver.step is None:
        return gettext("尚未给出")
    if giver.step.absent:
        return gettext("登记缺席，待复核")
    return gettext("两次输入不一致，待核对") if giver.step.differed_at else gettext("已录入，待复核")


def stage_steps(ceremony: Ceremony) -> list[StageStep]:
    """Return the five steps of a ceremony, in order."""
    phase = ceremony.phase
    given = sum(giver.done for giver in ceremony.witnesses)
    frozen = phase != "draft"
    all_in = phase in ("contributed", "drawn", "sealed", "opened")
    drawn = phase in ("drawn", "sealed", "opened")
    witnessed = frozen and given == len(ceremony.witnesses)
    sealed = frozen and ceremony.plan.sealed is not None
    named = "、".join(name_of(giver) for giver in ceremony.last) or gettext("最后的号码")
    steps = [
        (gettext("锁定名单"), beijing(ceremony.plan.frozen_at) if frozen else gettext("尚未锁定"), frozen),
        (gettext("见证人给出数字"),
         gettext("{n} 位中已登记 {k} 位").format(n=len(ceremony.witnesses), k=given) if ceremony.witnesses else gettext("本计划没有见证人"),
         witnessed),
        (named, gettext("T：{t}").format(t=beijing(ceremony.row.instant)) if ceremony.row.instant else "", all_in),
        (gettext("抽取"), gettext("只抽一次，不能重抽"), drawn),
        (gettext("签名，封存结果") if sealed else gettext("签名并公布"), gettext("写入公开日志"), drawn),
    ]  # fmt: skip
    if phase == "voided":
        return [StageStep(name, about, "done" if done else "todo") for name, about, done in steps]
    current = next((place for place, step in enumerate(steps) if not step[2]), len(steps))
    return [
        StageStep(name, about, "done" if place < current else "now" if place == current else "todo")
        for place, (name, about, _) in enumerate(steps)
    ]


def instruction(ceremony: Ceremony) -> Instruction:
    """Return what the room is to do now."""
    match ceremony.phase:
        case "draft":
            return Instruction(gettext("名单尚未锁定"), gettext("锁定并公布指纹之后，才开始收集数字。"))
        case "voided":
            return Instruction(gettext("本批次已作废，没有抽取"), gettext("作废的事由已写入公开日志。"))
        case "drawn":
            return Instruction(gettext("抽取完成，结果已签名公布"), gettext("任何人都可以用公布的文件重算。"))
        case "sealed":
            opens = "" if ceremony.row.opens is None else beijing(ceremony.row.opens)
            return Instruction(gettext("抽取完成，结果已封存"), gettext("现在只公布承诺；{t} 启封时公布全部内容。").format(t=opens))
        case "opened":
            return Instruction(gettext("结果已启封公布"), gettext("任何人都可以用公布的文件重算。"))
        case "contributed":
            if ceremony.asked is None:
                return Instruction(gettext("数字已齐，请经办人按“抽取”"), gettext("经办人与复核人各按一次，系统只抽一次。"))
            return Instruction(gettext("请复核人在自己的账户按“抽取”"), gettext("经办人已按；复核人按下后立即抽取，只抽一次。"))
    if ceremony.short:
        return Instruction(
            gettext("到场见证人不足两名，本批次按规则作废"), gettext("由复核人提出、审批人同意；作废公开可查，改日以新的计划重新进行。")
        )
    waiting = [giver for giver in ceremony.witnesses if not giver.done]
    # Everybody who has to do something has done it but the confirmer.
    typed = next((giver for giver in waiting or ceremony.last if giver.step is not None), None)
    if typed is not None and all(giver.step is not None for giver in waiting):
        return Instruction(
            gettext("请复核人核对：{name}").format(name=name_of(typed)), gettext("复核人在自己的账户对照纸面或官方公告，一致才登记。")
        )
    if waiting and ceremony.phase != "late":
        name = waiting[0].name
        return Instruction(
            gettext("请{name}的见证人给出数字").format(name=name),
            gettext("先核对指纹 S，再在自己手机上或纸上写 10–80 位数字，公开给出；T 之后不再接受。"),
        )
    if waiting:
        return Instruction(
            gettext("T 已过，请登记缺席：{names}").format(names="、".join(giver.name for giver in waiting)),
            gettext("没有在 T 之前给出数字的见证人登记为缺席，随后才能录入最后的号码。"),
        )
    if ceremony.phase != "late":
        return Instruction(gettext("请等候开号时刻 T"), gettext("T 之前谁也不知道最后的号码。"))
    return _last(next((giver for giver in ceremony.last if not giver.done), None))


def _last(giver: Giver | None) -> Instruction:
    if giver is None:
        return Instruction(gettext("数字已齐"), "")
    if giver.kind == "dice":
        return Instruction(
            gettext("请掷骰子，共 {n} 位数字").format(n=giver.digits),
            gettext("每位掷骰人先在签字表上签 S；全部数字写在纸上之后才录入。"),
        )
    if giver.kind == "public":
        return Instruction(
            gettext("请录入{source}").format(source=giver.name), gettext("经办人与复核人各自对照官方公告输入一遍，两次一致才登记。")
        )
    return Instruction(gettext("请粘贴公共信标第 {round} 轮").format(round=giver.about), gettext("系统当场核验签名，通过才登记。"))


def missing(ceremony: Ceremony) -> list[str]:
    """Return what is still missing before the draw."""
    if ceremony.phase == "draft":
        return [gettext("锁定名单")]
    if ceremony.phase in ("drawn", "sealed", "opened", "voided"):
        return []
    wanting = [
        gettext("{name}（{how}）").format(name=name_of(giver), how=standing_of(giver)) for giver in ceremony.givers if not giver.done
    ]
    pressing = gettext("经办人按“抽取”") if ceremony.asked is None else gettext("复核人按“抽取”")
    return wanting or [pressing]


def shown_digits(giver: Giver) -> str:
    """Return the digits of a giver in groups of five; a beacon's signature in groups of four."""
    return "" if giver.given is None else groups(giver.given, 4 if giver.kind == "drand" else 5)
