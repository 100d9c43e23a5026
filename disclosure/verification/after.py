"""Steps 19 to 22: replacements, names, sealed draws, uniqueness."""

from typing import Annotated

from msgspec import UNSET, Meta, ValidationError, convert

from disclosure.document import DrawOpening, Replacement, SealedEvent, SealedOutcome
from disclosure.person import digest, parse_disclosure
from disclosure.verification.case import Case
from disclosure.verification.report import Failed, NotChecked
from selection.canonical import format_canonical
from selection.forms import Text
from selection.keys import conflicts_commitment, sealed_commitment
from selection.plan import Dice, Form, Witness
from selection.replacement import Event, TargetEvent, apply_event, standing_after_draw

__all__ = ["names", "replacements", "sealed", "uniqueness"]


class PersonName(Form, frozen=True):
    """What a person disclosure opens (docs/spec/documents.md, "Person disclosures")."""

    certificate: Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f]{0,4000}\Z")]  # text or ""
    name: Text
    unit: Text


def _events(case: Case) -> list[Event]:
    opening = case.bundle.shown
    events = list(opening.events) if isinstance(opening, DrawOpening) else []
    events += [
        e.document.event for e in case.bundle.of_kind(Replacement) if isinstance(e.document, Replacement)
    ]
    return sorted(events, key=lambda event: event.sequence)


def _check_opened(case: Case, event: Event) -> None:
    """The conflicts an event opens are those committed for its successor, and none are left out."""
    if not isinstance(event, TargetEvent) or event.successor is None:
        return
    opened, commitment = event.successor.opened, case.lists.commitments.get(event.successor.id)
    people = {person.id for person in case.lists.pools.people}
    good = (opened is None) == (commitment is None) and (
        opened is None
        or (
            list(opened.people) == sorted(set(opened.people)) != []
            and people.issuperset(opened.people)
            and conflicts_commitment(opened.salt, opened.people) == commitment
        )
    )
    if not good:
        raise Failed(
            f"递补对象 {event.successor.id} 的回避名单与锁定时不符",
            f"the conflicts of successor {event.successor.id} are not those committed",
        )


def replacements(case: Case) -> tuple[str, str]:
    """Step 19."""
    events = _events(case)
    if not events:
        return "没有递补", "nothing was replaced"
    standing = standing_after_draw(case.plan, case.lists.pools, case.recomputed)
    for event in events:
        _check_opened(case, event)
        standing = apply_event(standing, event)
    return (
        f"{len(events)} 次递补均按事先定好的顺序",
        f"{len(events)} replacements follow the order fixed beforehand",
    )


def names(case: Case) -> tuple[str, str]:
    """Step 20."""
    chosen = {p for t in case.recomputed.targets for p in (*t.inspectors, *t.experts)}
    for event in _events(case):
        if isinstance(event, TargetEvent):
            if event.successor is not None:
                chosen.update(p for p in (*event.successor.inspectors, *event.successor.experts) if p)
        elif event.successor is not None:
            chosen.add(event.successor)
    digests = {person.digest for person in case.lists.pools.people if person.id in chosen}
    for contributor in case.plan.contributors:
        if isinstance(contributor, Witness):
            digests.add(contributor.person)
        elif isinstance(contributor, Dice):
            digests.update(thrower.person for thrower in contributor.throwers)
    for disclosure in case.bundle.disclosures:
        if digest(disclosure) not in digests:
            raise Failed(
                "有姓名不属于本次抽中或见证的人员", "a name belongs to nobody drawn or witnessing here"
            )
        _, field, value = parse_disclosure(disclosure)
        try:
            convert(value, PersonName, strict=True)
        except ValidationError as error:
            raise Failed("姓名公开项格式不符", f"a name is not well formed: {error}") from error
        if field != "person":
            raise Failed("姓名公开项格式不符", f"a disclosure opens {field!r}, not a person")
    count = len(case.bundle.disclosures)
    return f"{count} 个已公开姓名与锁定时的指纹一致", f"{count} names are those committed at the freeze"


def sealed(case: Case) -> tuple[str, str]:
    """Step 21."""
    if case.plan.sealed is None:
        return "本次结果没有延后公开，不需启封", "the result of this draw was never held back"
    opening, outcome = case.bundle.shown, case.bundle.outcome
    assert isinstance(opening, DrawOpening) and outcome is not None
    assert isinstance(outcome.document, SealedOutcome)
    content = case.bundle.blobs[opening.result.sha256]
    if sealed_commitment(opening.draw_key, content) != outcome.document.commitment:
        raise Failed("启封的结果不是当时封存的结果", "the opened result is not the one that was sealed")
    stated = [e.document for e in case.bundle.of_kind(SealedEvent)]
    commitments = {
        document.sequence: document.commitment for document in stated if isinstance(document, SealedEvent)
    }
    key = opening.draw_key
    if commitments != {
        event.sequence: sealed_commitment(key, format_canonical(event)) for event in opening.events
    }:
        raise Failed(
            "启封的递补与封存期间登记的不符", "the opened events are not those committed while sealed"
        )
    if opening.cause == "date" and opening.opened_at < case.plan.sealed.opens:
        raise Failed("早于计划的启封时间", f"opened at {opening.opened_at}, before {case.plan.sealed.opens}")
    return "启封的内容就是当时封存的内容", "what was opened is what was sealed"


def uniqueness(case: Case) -> tuple[str, str]:
    """Step 22."""
    plan = case.plan
    zh = "单个核验包看不出是否另有同号计划或后续更正；须查看整本日志（python -m disclosure monitor）"
    en = (
        f"that no other plan has the number of {plan.id} and nothing supersedes it, only the whole log shows"
        " (python -m disclosure monitor)"
    )
    if (of := plan.teams_of) is not UNSET:
        zh += f"。本计划只为 {of.draw} 已抽中的对象派组：请与该批次的核验包比对，其计划应为 {of.plan}，结果应为 {of.result}"
        if left := plan.blobs.excluded.count:
            zh += f"；其中 {left} 个对象没有派组，在该批次中都应有移出的递补文书"
        en += (
            f"; teams alone are drawn here, for the targets of {of.draw}: compare with the bundle of that draw,"
            f" whose plan must be {of.plan} and whose result {of.result}"
        )
        if left:
            en += f"; {left} of its targets get no team here, and each must have been ended there by a replacement"
    raise NotChecked(zh, en)
