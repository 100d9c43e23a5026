"""How a draw went: the chain from the freeze to publication, each step with the documents that prove it."""

from datetime import datetime

from msgspec import Struct

from selection.contribution import is_absent, label_of
from selection.plan import Drand, LastNumber, PublicNumber, Witness
from service.language import gettext
from service.pages.numbers import Link, numbers_in_words
from service.pages.record import PublicRecord
from service.pages.words import CAUSES

__all__ = ["Step", "chain_of"]


class Step(Struct, frozen=True):
    """One step of the chain; `at` is None while it is still to come, when `due` may say when."""

    title: str
    at: datetime | str | None
    due: str | None
    sentence: str
    links: tuple[Link, ...] = ()


def _link(record: PublicRecord, kind: str, label: str) -> tuple[Link, ...]:
    return tuple(Link(label, d.sha256, d.index) for d in record.documents if d.document.type == kind)


def chain_of(record: PublicRecord) -> tuple[Step, ...]:
    plan, outcome, opening = record.plan, record.outcome, record.opening
    late = {label_of(c): c.source if isinstance(c, PublicNumber) else gettext("公共信标") if isinstance(c, Drand) else gettext("骰子")
            for c in plan.contributors if isinstance(c, LastNumber)}  # fmt: skip
    given = record.contributions
    witnesses = [label_of(c) for c in plan.contributors if isinstance(c, Witness)]
    steps = [
        Step(gettext("锁定名单"), plan.frozen_at, None, gettext("候选 {count} 户的名单和全部规则在此刻定死，指纹立即公布。").format(count=plan.blobs.pool.count),
             _link(record, "draw-plan/v1", gettext("计划"))),
    ]  # fmt: skip
    if witnesses:
        came = [given[label] for label in witnesses if label in given]
        present = sum(not is_absent(d.line) for _, d in came)
        steps.append(
            Step(gettext("见证数字"), max((d.given_at for _, d in came), default=None) if len(came) == len(witnesses) else None,
                 plan.instant, gettext("{present} / {count} 位见证人已公开给出数字。").format(present=present, count=len(witnesses)) if came else gettext("见证人在开号前公开给出数字。"),
                 tuple(Link(c.body, given[c.label][0].sha256, given[c.label][0].index)
                       for c in plan.contributors if isinstance(c, Witness) and c.label in given))
        )  # fmt: skip
    if late:
        came = [given[label] for label in late if label in given]
        steps.append(
            Step(gettext("开号"), max(d.given_at for _, d in came) if len(came) == len(late) else None, plan.instant,
                 numbers_in_words(plan, late_only=True) + gettext("，锁定名单时谁也不可能知道。"),
                 tuple(Link(source, given[label][0].sha256, given[label][0].index)
                       for label, source in late.items() if label in given))
        )  # fmt: skip
    if record.void is not None:
        logged, document = record.void
        steps.append(
            Step(
                gettext("作废"),
                document.voided_at,
                None,
                gettext("没有抽取，没有任何结果。"),
                (Link(gettext("作废文书"), logged.sha256, logged.index),),
            )
        )
        return tuple(steps)
    drawn_at = getattr(outcome.document, "drawn_at", None) if outcome is not None else None
    link = (
        ()
        if outcome is None
        else (Link(gettext("抽取结果") if plan.sealed is None else gettext("封存承诺"), outcome.sha256, outcome.index),)
    )
    steps.append(Step(gettext("抽取"), drawn_at, None, gettext("由名单和号码算出，一次算定；谁来算都是这个结果。"), link))
    if plan.sealed is None:
        signed = None if outcome is None or record.checkpoint is None else outcome.logged_at
        steps.append(
            Step(gettext("公布"), signed, None, gettext("签名并写入日志；日志只能往后加，不能改。") if signed is None
                 else gettext("签名并写入日志第 {index} 条；日志只能往后加，不能改。").format(index=outcome.index + 1) if outcome else "")
        )  # fmt: skip
        return tuple(steps)
    cause = "" if opening is None else gettext("{cause}。").format(cause=CAUSES[opening[1].cause])
    steps.append(
        Step(gettext("启封公布"), None if opening is None else opening[1].opened_at, plan.sealed.opens,
             cause + (gettext("到时自动启封，") if opening is None else gettext("已启封，")) + gettext("公布名单、检查组和全部号码，与抽取时的承诺核对。"),
             () if opening is None else (Link(gettext("启封文书"), opening[0].sha256, opening[0].index),))
    )  # fmt: skip
    return tuple(steps)
