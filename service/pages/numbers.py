"""Where the numbers of a draw come from, and what they are, in words."""

from collections.abc import Mapping

from msgspec import Struct

from selection.contribution import is_absent, label_of
from selection.plan import Contributor, Dice, Drand, NonceCommitment, Plan, PublicNumber, Witness
from selection.quicknet import time_of
from service.language import gettext
from service.pages.record import PublicRecord
from service.pages.words import beijing

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
        if self.kind == gettext("封存随机数"):
            return gettext("尚未开封")
        return gettext("尚未给出") if self.link is None else gettext("缺席")


def numbers_in_words(plan: Plan, late_only: bool = False) -> str:
    parts = []
    bodies = [c.body for c in plan.contributors if isinstance(c, Witness)]
    if bodies and not late_only:
        parts.append(gettext("、").join(bodies) + gettext("的见证人"))
    for contributor in plan.contributors:
        if isinstance(contributor, Dice):
            throwers = gettext("、").join(t.body for t in contributor.throwers)
            parts.append(gettext("{throwers}当众掷出的 {digits} 位骰子数").format(throwers=throwers, digits=contributor.digits))
        elif isinstance(contributor, PublicNumber):
            parts.append(gettext("{source}（{issue}）").format(source=contributor.source, issue=contributor.issue))
        elif isinstance(contributor, Drand):
            parts.append(_beacon_in_words(contributor))
    return gettext("，加上").join(parts) or gettext("公开的号码")


def sources_in_words(plan: Plan) -> str:
    """Return every source of the numbers, the bureau's own nonce included, and why nobody can choose the result."""
    parts = [
        gettext("本机关事先封存的随机数（封条由{custodian}保管）").format(custodian=c.custodian)
        for c in plan.contributors
        if isinstance(c, NonceCommitment)
    ]
    bodies = [c.body for c in plan.contributors if isinstance(c, Witness)]
    if bodies:
        parts.append(gettext("{bodies}的 {count} 位见证人的数字").format(bodies=gettext("、").join(bodies), count=len(bodies)))
    for contributor in plan.contributors:
        if isinstance(contributor, Dice):
            throwers = gettext("、").join(t.body for t in contributor.throwers)
            parts.append(gettext("{throwers}当众掷出的 {digits} 位骰子数").format(throwers=throwers, digits=contributor.digits))
        elif isinstance(contributor, PublicNumber):
            parts.append(gettext("{source}（{issue}）的 {digits} 位公共号码").format(source=contributor.source, issue=contributor.issue, digits=contributor.digits))
        elif isinstance(contributor, Drand):
            parts.append(gettext("{beacon}的签名").format(beacon=_beacon_in_words(contributor)))
    sources = gettext("；").join(parts)
    return gettext("共 {count} 个来源：{sources}。只要最后的号码没人能操纵，结果就没人能选。").format(count=len(plan.contributors), sources=sources)


def _beacon_in_words(drand: Drand) -> str:
    return gettext("公共信标 drand quicknet 第 {round} 轮（{time}）").format(round=drand.round, time=beijing(time_of(drand.round)))


def _and_name(body: str, name: str) -> str:
    return f"{body}\u3000{name}" if name else body


def numbers_of(record: PublicRecord, names: Mapping[str, Mapping[str, str]]) -> tuple[Number, ...]:
    return tuple(_number(record, contributor, names) for contributor in record.plan.contributors)


def _number(record: PublicRecord, contributor: Contributor, names: Mapping[str, Mapping[str, str]]) -> Number:
    label = label_of(contributor)
    if isinstance(contributor, NonceCommitment):
        lines = () if record.shown is None else record.shown.contributions
        opened = next((line.rsplit(":", 1)[1] for line in lines if line.startswith(f"nonce:{label}:")), None)
        words = gettext("机关事先封存的随机数，锁定名单时只公布承诺，封条由{custodian}保管；抽取公布时开封，须与承诺相符。").format(custodian=contributor.custodian)
        return Number(
            label,
            gettext("封存随机数"),
            gettext("检查机关出，{custodian}保管").format(custodian=contributor.custodian),
            words + gettext("承诺 {commitment}").format(commitment=contributor.commitment),
            opened,
            None,
        )
    found = record.contributions.get(label)
    link = None if found is None else Link(gettext("登记文书"), found[0].sha256, found[0].index)
    at = None if found is None else found[1].given_at
    form = None if found is None else found[1].form
    digits = None if found is None or is_absent(found[1].line) else found[1].line.rsplit(":", 1)[1]
    if isinstance(contributor, Witness):
        name = names.get(contributor.person, {}).get("name", "")
        giver = _and_name(contributor.body, name)
        words = gettext("以本人密钥签名") if contributor.key is not None else gettext("写在纸上签字，机关两人登记")
        if found is not None and is_absent(found[1].line):
            words = gettext("缺席，没有给出数字")
        elif found is None:
            words = gettext("尚未给出")
        return Number(label, gettext("见证人"), giver, words, digits, link, at, form)
    if isinstance(contributor, Dice):
        people = [(t.body, names.get(t.person, {}).get("name", "")) for t in contributor.throwers]
        giver = gettext("、").join(_and_name(body, name) for body, name in people)
        return Number(
            label,
            gettext("骰子"),
            giver,
            gettext("{digits} 位，十面骰，{count} 方轮流掷出").format(digits=contributor.digits, count=len(people)),
            digits,
            link,
            at,
            form,
        )
    if isinstance(contributor, PublicNumber):
        words = gettext("{issue}；读法：{order}；例：{example}").format(issue=contributor.issue, order=contributor.order, example=contributor.example)
        return Number(label, gettext("公共号码"), contributor.source, words, digits, link, at, form)
    assert isinstance(contributor, Drand)
    words = (
        gettext("第 {round} 轮，{time} 产生，轮次由开号时刻 T 定出；签名由程序核验，谁也不能选定；也可到信标的任一公开服务查同一条链的同一轮，逐位比对 signature；链 {chain}").format(round=contributor.round, time=beijing(time_of(contributor.round)), chain=contributor.chain)
    )
    return Number(label, gettext("公共信标"), "drand quicknet", words, digits, link, at)
