"""From a draft and the living registries to a plan and its frozen lists. Pure: entropy and facts of the moment are given.

Everything about a person that depends on a day (certificate, term, leave) is decided here, for the planned visits;
afterwards the lists say only who may take which seat. The rules that a plan must satisfy are not repeated here:
`selection.plan_rules` judges what comes out.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from disclosure.blob import refer
from disclosure.person import digest, make_disclosure
from selection.errors import PlanError
from selection.keys import nonce_commitment
from selection.plan import (
    ActorRole,
    Blobs,
    Class,
    Contributor,
    Dice,
    Item,
    Named,
    NonceCommitment,
    Plan,
    PublicNumber,
    Quota,
    Reason,
    SealedUntil,
    Seat,
    Section,
    SectionItems,
    StatedReason,
    Stratum,
    Thrower,
    Visits,
    Witness,
    format_plan,
    parse_plan,
)
from selection.pool import (
    Listed,
    OpenedConflicts,
    Person,
    Pools,
    format_apart,
    format_conflicts,
    format_listed,
    format_opened,
    format_people,
    format_pool,
    format_reasons,
    parse_apart,
    parse_conflicts,
    parse_listed,
    parse_opened,
    parse_people,
    parse_pool,
)
from selection.quota import Population, state_quota
from service.candidates import Registries, class_finder, sort_candidates
from service.drafts import DiceGiver, Draft, DraftSeat, NonceGiver, ThrowerName, WitnessGiver
from service.registry import records

__all__ = ["Frozen", "Identity", "freeze"]

LEAD = "lead"  # the code of the speciality "may lead a team"
REASONS = {
    "closed": "已关闭、注销或迁出",
    "just-inspected": "近期已检查",
    "complaint": "投诉举报",
    "key-supervision": "重点监管",
    "follow-up": "复查",
}


class Identity(Struct, frozen=True):
    """What the service gives a plan: its place in the bureau's sequence, its section and key, the moment, the actors."""

    bureau: str
    section: str
    section_name: str
    section_key: str
    year: int
    number: int
    attempt: int
    previous: str | None
    frozen_at: str
    actors: tuple[ActorRole, ...]

    @property
    def draw(self) -> str:
        return f"{self.bureau}-{self.year}-{self.number}-{self.attempt}"


class Frozen(Struct, frozen=True):
    """A plan, its blobs by name, and what only the bureau knows."""

    plan: Plan
    pools: Pools
    blobs: Mapping[str, bytes]
    nonce: str
    opened: bytes  # for all targets with conflicts
    disclosures: Mapping[
        str, tuple[str, str]
    ]  # person id, or contributor label -> (registry number or "", disclosure)
    names: Mapping[str, str]  # target -> name


def freeze(draft: Draft, registries: Registries, identity: Identity, fresh: Callable[[int], bytes]) -> Frozen:
    """Return the plan that `draft` gives over `registries`, with its lists. Raises PlanError if a quota exceeds its base,
    a stated reason names a person who takes no part, or `apart` one whom no registry knows; SelectionError for a text
    that a plan or list cannot hold."""
    candidates = sort_candidates(draft, registries)
    codes = _codes(registries)
    there = {target.id for target in candidates.targets}
    mandatory = [Listed(row.target, row.reason) for row in draft.mandatory]
    disclosures: dict[str, tuple[str, str]] = {}

    def disclose(name: str, unit: str, certificate: str) -> str:
        return make_disclosure(fresh(16), "person", {"certificate": certificate, "name": name, "unit": unit})

    people, reasons = _people(
        draft, registries, identity.section, candidates.areas, codes, fresh, disclose, disclosures
    )
    by_number: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for id, (number, _) in disclosures.items():
        by_number[number] += (id,)  # two where one number stands among inspectors and experts
    opened, conflict_reasons = _conflicts(registries, there, by_number, fresh)
    apart = _apart(draft, registries, by_number)
    nonce = fresh(32).hex()
    contributors = _contributors(draft, identity, nonce, disclose, disclosures)
    blobs = {
        "pool": format_pool(candidates.targets),
        "excluded": format_listed(candidates.excluded),
        "mandatory": format_listed(mandatory),
        "people": format_people(people),
        "apart": format_apart(apart),
        "conflicts": format_conflicts(opened),
        "reasons": format_reasons([*reasons, *conflict_reasons]),
    }
    pools = Pools(
        candidates.targets,
        frozenset(row.target for row in mandatory),
        people,
        frozenset((min(pair), max(pair)) for pair in apart),
        {row.target: frozenset(row.people) for row in opened},
    )
    plan = Plan(
        actors=identity.actors,
        algorithm="double-random/1",
        area_rule=draft.area_rule,
        areas=tuple(Named(id=id, name=name or "未填区域") for name, id in sorted(candidates.areas.items())),
        attempt=identity.attempt,
        blobs=Blobs(**{name: refer(blob) for name, blob in blobs.items()}),
        bureau=identity.bureau,
        classes=_classes(draft, identity.section, codes),
        codes=tuple(Named(id=id, name=name) for name, id in sorted(codes.items())),
        contributors=contributors,
        exceptions=_exceptions(draft, by_number),
        frozen_at=identity.frozen_at,
        hash="sha256",
        id=identity.draw,
        instant=draft.instant,
        items=_items(draft, registries.items, identity.section),
        legal_basis=draft.legal_basis,
        mandatory_counts=draft.mandatory_counts,
        names_open=draft.names_open,
        number=identity.number,
        origin=draft.origin,
        previous=identity.previous,
        reason_codes=tuple(Reason(id=id, name=name) for id, name in sorted(REASONS.items())),
        rehearsal=draft.rehearsal,
        replacement_reasons=draft.replacement_reasons,
        sealed=None if draft.sealed_until is None else SealedUntil(opens=draft.sealed_until),
        sections=(Section(id=identity.section, key=identity.section_key, name=identity.section_name),),
        strata=_strata(draft, pools, identity.section),
        task=draft.task,
        title=draft.title,
        type="draw-plan/v1",
        visits=Visits(from_=draft.visits.first.isoformat(), to=draft.visits.last.isoformat()),
        year=identity.year,
    )
    frozen = Frozen(plan, pools, blobs, nonce, format_opened(opened), disclosures, candidates.names)
    _check_readable(frozen)
    return frozen


def _check_readable(frozen: Frozen) -> None:
    """Raise SelectionError unless everything can be read again: drafts and registries hold freer text than a plan may."""
    parse_plan(format_plan(frozen.plan))
    parse_pool(frozen.blobs["pool"])
    parse_listed("excluded", frozen.blobs["excluded"])
    parse_listed("mandatory", frozen.blobs["mandatory"])
    parse_people(frozen.blobs["people"])
    parse_apart(frozen.blobs["apart"])
    parse_conflicts(frozen.blobs["conflicts"])
    parse_opened(frozen.opened)


def _apart(
    draft: Draft, registries: Registries, by_number: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, str]]:
    """Return the pairs by id, of those who take part. A number nobody has is an error: it would part nobody."""
    known = {record.number for record in registries.people}
    if unknown := sorted({number for pair in draft.apart for number in pair} - known):
        raise PlanError(f"apart names {', '.join(unknown)}, whom no registry knows")
    return [(a, b) for one, other in draft.apart if one != other
            for a in by_number.get(one, ()) for b in by_number.get(other, ())]  # fmt: skip


def _exceptions(draft: Draft, by_number: Mapping[str, tuple[str, ...]]) -> tuple[StatedReason, ...]:
    """Return the stated reasons. A person stands in the plan by id: their number would say for ever who it is."""
    stated = []
    for wish in draft.exceptions:
        subjects = by_number.get(wish.subject) if wish.rule == "wide-exclusion" else (wish.subject,)
        if not subjects:
            raise PlanError(
                f"the reason stated for wide-exclusion names {wish.subject}, who takes no part in this draw"
            )
        stated += [StatedReason(reason=wish.reason, rule=wish.rule, subject=subject) for subject in subjects]
    return tuple(stated)


def _codes(registries: Registries) -> dict[str, str]:
    named = sorted({s for p in registries.people for s in p.specialities})
    return {"可任组长": LEAD} | {name: f"c{number}" for number, name in enumerate(named, 1)}


def _people(
    draft: Draft,
    registries: Registries,
    section: str,
    areas: Mapping[str, str],
    codes: Mapping[str, str],
    fresh: Callable[[int], bytes],
    disclose: Callable[[str, str, str], str],
    disclosures: dict[str, tuple[str, str]],
) -> tuple[list[Person], list[tuple[str, str, str, str, str]]]:
    """Return the usable people, and for auditors why each other one is left out. Fills `disclosures`."""
    people, reasons = [], []
    last = draft.visits.last.isoformat()
    for record in registries.people:
        inspector = isinstance(record, records.Inspector)
        unit = record.unit if isinstance(record, records.Inspector) else record.employer
        ends = record.certificate_expires if isinstance(record, records.Inspector) else record.term_ends
        id = "p-" + fresh(16).hex()
        if record.status not in ("", "active"):
            reasons.append(("*", id, "not-active", f"{record.number} 状态为 {record.status}", ""))
            continue
        if ends is not None and ends < last:
            reasons.append(
                ("*", id, "expired", f"{record.number} 有效期至 {ends}，早于检查截止日 {last}", "")
            )
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
                places=record.capacity or draft.default_places,
                digest=digest(disclosure),
            )
        )
    return people, reasons


def _conflicts(
    registries: Registries,
    there: set[str],
    by_number: Mapping[str, tuple[str, ...]],
    fresh: Callable[[int], bytes],
) -> tuple[list[OpenedConflicts], list[tuple[str, str, str, str, str]]]:
    """Return the conflicts of candidates with usable people, salted, and their reasons for auditors."""
    away: dict[str, set[str]] = defaultdict(set)
    reasons = {}
    served = (c for expert in registries.experts for c in records.conflicts_of(expert))
    for conflict in (*registries.conflicts, *served):
        if conflict.target not in there:
            continue
        for person in by_number.get(conflict.person, ()):
            away[conflict.target].add(person)
            evidence = hashlib.sha256(conflict.evidence.encode()).hexdigest() if conflict.evidence else ""
            word = records.CONFLICT_REASONS.get(conflict.reason, conflict.reason)
            reasons[conflict.target, person, conflict.reason] = (word, evidence)
    opened = [
        OpenedConflicts(t, fresh(32).hex(), tuple(sorted(people))) for t, people in sorted(away.items())
    ]
    return opened, [(*key, *value) for key, value in reasons.items()]


def _contributors(
    draft: Draft,
    identity: Identity,
    nonce: str,
    disclose: Callable[[str, str, str], str],
    disclosures: dict[str, tuple[str, str]],
) -> tuple[Contributor, ...]:
    def person(giver: WitnessGiver | ThrowerName) -> str:
        disclosure = disclose(giver.name, giver.body, "")
        disclosures[giver.label] = ("", disclosure)
        return digest(disclosure)

    made: list[Contributor] = []
    for giver in draft.givers:
        if isinstance(giver, NonceGiver):
            commitment = nonce_commitment(identity.bureau, identity.number, identity.attempt, nonce)
            made.append(NonceCommitment(commitment=commitment, custodian=giver.custodian, label=giver.label))
        elif isinstance(giver, WitnessGiver):
            made.append(Witness(body=giver.body, key=giver.key, label=giver.label, person=person(giver)))
        elif isinstance(giver, DiceGiver):
            throwers = (
                Thrower(body=t.body, key=t.key, label=t.label, person=person(t)) for t in giver.throwers
            )
            made.append(Dice(digits=giver.digits, throwers=tuple(throwers)))
        else:
            made.append(
                PublicNumber(digits=giver.digits, example=giver.example, issue=giver.issue, label=giver.label,
                             order=giver.order, source=giver.source)
            )  # fmt: skip
    return tuple(made)


def _classes(draft: Draft, section: str, codes: Mapping[str, str]) -> tuple[Class, ...]:
    def seat(wish: DraftSeat) -> Seat:
        if unknown := [s for s in wish.specialities if s not in codes]:
            raise PlanError(
                f"a seat asks for the speciality {unknown[0]}, which nobody in the registries has"
            )
        asked = [codes[s] for s in wish.specialities] + [LEAD] * wish.lead
        return Seat(codes=tuple(sorted(set(asked))), name=wish.name, section=section)

    return tuple(
        Class(
            expert_seats=tuple(seat(wish) for wish in class_.experts),
            id=class_.id,
            inspector_seats=tuple(seat(wish) for wish in class_.inspectors),
            items=(SectionItems(optional=class_.optional_items, section=section),),
            name=class_.name,
        )
        for class_ in draft.classes
    )


def _items(draft: Draft, items: Iterable[records.Item], section: str) -> tuple[Item, ...]:
    """Return the items of the registry with the classes whose sectors they apply to; items of no class are left out."""
    of_class = class_finder(draft)
    made = []
    for item in sorted(items, key=lambda item: item.id):
        classes = (
            {of_class(sector) for sector in item.classes} if item.classes else {c.id for c in draft.classes}
        )
        applies = tuple(sorted(c for c in classes if c is not None))
        if applies:
            made.append(
                Item(classes=applies, id=item.id, legal_basis=item.legal_basis or "未填依据", mandatory=item.mandatory,
                     name=item.name, section=section)
            )  # fmt: skip
    return tuple(made)


def _strata(draft: Draft, pools: Pools, section: str) -> tuple[Stratum, ...]:
    made = []
    for number, wish in enumerate(draft.strata, 1):
        members = [t.id for t in pools.targets if t.stratum == f"s{number}"]
        population = Population(len(members), sum(id in pools.mandatory for id in members))
        quota: Quota = state_quota(section, wish.rule, population, draft.mandatory_counts)
        made.append(
            Stratum(id=f"s{number}", mandatory=population.mandatory, name=wish.name, population=population.all,
                    quotas=(quota,), rule=_rule_text(draft, number - 1))
        )  # fmt: skip
    return tuple(made)


_ATTRIBUTES = {"area": "所属区域", "sector": "行业领域", "risk_colour": "风险等级", "credit_class": "信用等级",
               "standardisation": "标准化等级", "entity_type": "企业类型"}  # fmt: skip


def _rule_text(draft: Draft, position: int) -> str:
    """Return in words which targets the stratum holds."""
    if draft.stratify_by is None:
        return "全部对象"
    attribute, values = _ATTRIBUTES[draft.stratify_by], draft.strata[position].values
    colours = records.RISK_COLOURS if draft.stratify_by == "risk_colour" else {}
    return (
        f"{attribute}为{'、'.join(colours.get(v, v) or '未填' for v in values)}"
        if values
        else f"{attribute}为其余各类"
    )
