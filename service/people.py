"""Who can take part in a draw, and who is kept from which target: registries to people, for the planned visits. Pure.

Everything about a person that depends on a day (certificate, term, leave) is decided here; afterwards the lists say only who may
take which seat.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from itertools import product

from disclosure.person import digest
from selection.pool import OpenedConflicts, Person
from service.calendar import UNKNOWN, Calendar, is_working_day
from service.candidates import Registries
from service.drafts import Draft
from service.registry import records
from service.serving import served_by

__all__ = ["LEAD", "codes_of", "conflicts_between", "free_days", "people_for", "places_of"]

LEAD = "lead"  # the code of the speciality "may lead a team"


def codes_of(registries: Registries) -> dict[str, str]:
    """Return speciality -> code for every speciality anyone has, and the code of leading a team."""
    named = sorted({s for p in registries.people for s in p.specialities})
    return {"可任组长": LEAD} | {name: f"c{number}" for number, name in enumerate(named, 1)}


def people_for(
    draft: Draft,
    registries: Registries,
    section_of: Callable[[str], str | None],
    areas: Mapping[str, str],
    codes: Mapping[str, str],
    fresh: Callable[[int], bytes],
    disclose: Callable[[str, str, str], str],
    disclosures: dict[str, tuple[str, str]],
) -> tuple[list[Person], list[tuple[str, str, str, str, str]]]:
    """Return the usable people, and for auditors why each other one is left out. Fills `disclosures`.

    `section_of` tells whose a person is, by the department of the registry; None: they take no part.
    """
    people, reasons = [], []
    last = draft.visits.last.isoformat()
    for record in registries.people:
        inspector = isinstance(record, records.Inspector)
        unit = record.unit if isinstance(record, records.Inspector) else record.employer
        ends = record.certificate_expires if isinstance(record, records.Inspector) else record.term_ends
        id = "p-" + fresh(16).hex()
        section = section_of(record.department)
        if section is None:
            reasons.append(
                ("*", id, "other-department", f"{record.number} 所属部门“{record.department}”不参加本批次", "")
            )
            continue
        if record.status not in ("", "active"):
            reasons.append(("*", id, "not-active", f"{record.number} 状态为 {record.status}", ""))
            continue
        if ends is not None and ends < last:
            reasons.append(
                ("*", id, "expired", f"{record.number} 有效期至 {ends}，早于检查截止日 {last}", "")
            )
            continue
        if not free_days(draft, record.number, registries.calendar):
            reasons.append(("*", id, "on-leave", f"{record.number} 在检查期间没有可以出勤的工作日", ""))
            continue
        disclosure = disclose(record.name, unit or "未填单位", record.number if inspector else "")
        disclosures[id] = (record.number, disclosure)
        held = [codes[s] for s in record.specialities]
        if isinstance(record, records.Inspector) and record.lead:
            held.append(LEAD)
        people.append(
            Person(
                id=id,
                section=section,
                role="inspector" if inspector else "expert",
                codes=tuple(sorted(set(held))),
                areas=tuple(sorted({areas[a] for a in record.areas})),
                places=places_of(draft, record.number, record.capacity or draft.default_places, registries.calendar),
                digest=digest(disclosure),
            )
        )
    return people, reasons


def free_days(draft: Draft, number: str, calendar: Calendar = UNKNOWN) -> int:
    """Return on how many working days of the visits the person of this registry number is not on leave.

    Of a year whose calendar is not loaded, Monday to Friday are taken for working days; a preview says so.
    """
    days = _days_of(draft.visits.first, draft.visits.last, calendar)
    away = [leave for leave in draft.leave if leave.person == number]
    return sum(not any(leave.first <= day <= leave.last for leave in away) for day in days)


@lru_cache(maxsize=16)
def _days_of(first: date, last: date, calendar: Calendar) -> tuple[date, ...]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    working = tuple(day for day in days if (is_working_day(calendar, day) if day.year in calendar.years else day.weekday() < 5))
    return working or tuple(days)  # visits on days off alone are meant to be on them


def places_of(draft: Draft, number: str, capacity: int, calendar: Calendar = UNKNOWN) -> int:
    """Return how many targets a person may get: the capacity, and with a limit per day no more than the free days hold."""
    return capacity if draft.most_per_day is None else min(capacity, draft.most_per_day * free_days(draft, number, calendar))


def conflicts_between(
    registries: Registries,
    there: set[str],
    by_number: Mapping[str, tuple[str, ...]],
    fresh: Callable[[int], bytes],
    last: date,
    beside: Iterable[tuple[str, str]] = (),
) -> tuple[list[OpenedConflicts], list[tuple[str, str, str, str, str]]]:
    """Return the conflicts of candidates with usable people, salted, and their reasons for auditors.

    `last` is the last day of the visits, by which services count (service/serving.py).
    `beside` are (target, number) of people who cannot work beside an inspector of that target who stands already.
    """
    away: dict[str, set[str]] = defaultdict(set)
    merged: dict[str, list[str]] = defaultdict(list)
    for alias in registries.aliases.keys() & there:  # drawn formerly, merged since: who is kept from the one is kept from the other
        merged[registries.aliases[alias]].append(alias)

    def called(target: str) -> list[str]:
        return [id for id in (target, *merged.get(target, ())) if id in there]

    reasons: dict[tuple[str, str, str, str], str] = {}
    served = (c for expert in registries.experts for c in records.conflicts_of(expert))
    for conflict in (*registries.conflicts, *served):
        for target, person in product(called(conflict.target), by_number.get(conflict.person, ())):
            away[target].add(person)
            evidence = hashlib.sha256(conflict.evidence.encode()).hexdigest() if conflict.evidence else ""
            word = records.CONFLICT_REASONS.get(conflict.reason, conflict.reason)
            reasons[target, person, conflict.reason, word] = evidence
    names = {target.id: target.name for target in registries.targets} | dict(registries.alias_names) if registries.services else {}
    for one in served_by(registries.services, registries.inspectors, registries.experts, names, last):
        for target, person in product(called(one.target), by_number.get(one.person, ())):
            away[target].add(person)
            evidence = hashlib.sha256(one.evidence.encode()).hexdigest() if one.evidence else ""
            reasons[target, person, one.rule, one.words] = evidence
    for target, number in beside:
        for person in by_number.get(number, ()) if target in there else ():
            away[target].add(person)
            reasons[target, person, "apart", "不得与已产生的检查人员同组"] = ""
    opened = [
        OpenedConflicts(t, fresh(32).hex(), tuple(sorted(people))) for t, people in sorted(away.items())
    ]
    return opened, [(*key, evidence) for key, evidence in reasons.items()]
