"""Where the numbers of a draw come from, and what they are, in words."""

from collections.abc import Mapping

from msgspec import Struct

from selection.contribution import is_absent, label_of
from selection.plan import Contributor, Dice, Drand, NonceCommitment, Plan, PublicNumber, Witness
from service.pages.record import PublicRecord

__all__ = ["Link", "Number", "numbers_in_words", "numbers_of", "sources_in_words"]


class Link(Struct, frozen=True):
    """One step of the chain is proved by a document: its digest and its place in the log."""

    label: str
    sha256: str
    index: int


class Number(Struct, frozen=True):
    """Where a number comes from, and the number itself once it is public; `missing` says why it is not there."""

    label: str
    kind: str
    giver: str
    sentence: str
    digits: str | None
    link: Link | None
    at: str | None = None
    form: str | None = None  # SHA-256 of the scanned paper, which the bureau keeps

    @property
    def missing(self) -> str:
        if self.kind == "封存随机数":
            return "尚未开封"
        return "尚未给出" if self.link is None else "缺席"


def numbers_in_words(plan: Plan, late_only: bool = False) -> str:
    parts = []
    bodies = [c.body for c in plan.contributors if isinstance(c, Witness)]
    if bodies and not late_only:
        parts.append("、".join(bodies) + "的见证人")
    for contributor in plan.contributors:
        if isinstance(contributor, Dice):
            throwers = "、".join(t.body for t in contributor.throwers)
            parts.append(f"{throwers}当众掷出的 {contributor.digits} 位骰子数")
        elif isinstance(contributor, PublicNumber):
            parts.append(f"{contributor.source}（{contributor.issue}）")
    return "，加上".join(parts) or "公开的号码"


def sources_in_words(plan: Plan) -> str:
    """Return every source of the numbers, the bureau's own nonce included, and why nobody can choose the result."""
    parts = [
        f"本机关事先封存的随机数（封条由{c.custodian}保管）"
        for c in plan.contributors
        if isinstance(c, NonceCommitment)
    ]
    bodies = [c.body for c in plan.contributors if isinstance(c, Witness)]
    if bodies:
        parts.append(f"{'、'.join(bodies)}的 {len(bodies)} 位见证人的数字")
    for contributor in plan.contributors:
        if isinstance(contributor, Dice):
            throwers = "、".join(t.body for t in contributor.throwers)
            parts.append(f"{throwers}当众掷出的 {contributor.digits} 位骰子数")
        elif isinstance(contributor, PublicNumber):
            parts.append(f"{contributor.source}（{contributor.issue}）的 {contributor.digits} 位公共号码")
    sources = "；".join(parts)
    return f"共 {len(plan.contributors)} 个来源：{sources}。只要最后的号码没人能操纵，结果就没人能选。"


def numbers_of(record: PublicRecord, names: Mapping[str, Mapping[str, str]]) -> tuple[Number, ...]:
    return tuple(_number(record, contributor, names) for contributor in record.plan.contributors)


def _number(record: PublicRecord, contributor: Contributor, names: Mapping[str, Mapping[str, str]]) -> Number:
    label = label_of(contributor)
    if isinstance(contributor, NonceCommitment):
        lines = () if record.shown is None else record.shown.contributions
        opened = next((line.rsplit(":", 1)[1] for line in lines if line.startswith(f"nonce:{label}:")), None)
        words = f"机关事先封存的随机数，锁定名单时只公布承诺，封条由{contributor.custodian}保管；抽取公布时开封，须与承诺相符。"
        return Number(
            label,
            "封存随机数",
            f"检查机关出，{contributor.custodian}保管",
            words + f"承诺 {contributor.commitment}",
            opened,
            None,
        )
    found = record.contributions.get(label)
    link = None if found is None else Link("登记文书", found[0].sha256, found[0].index)
    at = None if found is None else found[1].given_at
    form = None if found is None else found[1].form
    digits = None if found is None or is_absent(found[1].line) else found[1].line.rsplit(":", 1)[1]
    if isinstance(contributor, Witness):
        name = names.get(contributor.person, {}).get("name", "")
        giver = f"{contributor.body}{'　' + name if name else ''}"
        words = "以本人密钥签名" if contributor.key is not None else "写在纸上签字，机关两人登记"
        if found is not None and is_absent(found[1].line):
            words = "缺席，没有给出数字"
        elif found is None:
            words = "尚未给出"
        return Number(label, "见证人", giver, words, digits, link, at, form)
    if isinstance(contributor, Dice):
        people = [(t.body, names.get(t.person, {}).get("name", "")) for t in contributor.throwers]
        giver = "、".join(f"{body}{'　' + name if name else ''}" for body, name in people)
        return Number(
            label,
            "骰子",
            giver,
            f"{contributor.digits} 位，十面骰，{len(people)} 方轮流掷出",
            digits,
            link,
            at,
            form,
        )
    if isinstance(contributor, PublicNumber):
        words = f"{contributor.issue}；读法：{contributor.order}；例：{contributor.example}"
        return Number(label, "公共号码", contributor.source, words, digits, link, at, form)
    assert isinstance(contributor, Drand)
    return Number(label, "公共信标", contributor.chain, f"第 {contributor.round} 轮", digits, link, at)
