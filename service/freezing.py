"""From a draft and the living registries to a plan and its frozen lists. Pure: entropy and facts of the moment are given.

Its parts stand in `candidates` (targets), `people` (people and conflicts) and `plan_parts` (classes, items, strata). The rules
that a plan must satisfy are not repeated here: `selection.plan_rules` judges what comes out.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from msgspec import UNSET, Struct, structs

from disclosure.blob import refer
from disclosure.person import digest, make_disclosure
from selection.errors import PlanError
from selection.keys import nonce_commitment
from selection.plan import (
    ActorRole,
    Blobs,
    Contributor,
    Dice,
    Drand,
    Named,
    NonceCommitment,
    Plan,
    PublicNumber,
    Reason,
    SealedUntil,
    Section,
    StatedReason,
    Thrower,
    Visits,
    Witness,
    format_plan,
    parse_plan,
)
from selection.pool import (
    Listed,
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
from selection.quicknet import CHAIN, round_at
from selection.stated_reasons import unknown_subjects
from selection.transcript import Transcript
from service.candidates import Registries, sort_candidates
from service.drafts import DiceGiver, Draft, DrandGiver, NonceGiver, ThrowerName, WitnessGiver
from service.former import DRAWN, FormerDraw, conflicts_beside, former_candidates, strata_of_former
from service.people import codes_of, conflicts_between, people_for
from service.plan_parts import classes_of, items_of, strata_of
from service.pool_rules import REASONS, rules_in_words
from service.sections import Departments

__all__ = ["Frozen", "Identity", "freeze"]


class Identity(Struct, frozen=True):
    """What the service gives a plan: its place in the bureau's sequence, the departments and whose a registry's word means, the
    moment, the actors."""

    bureau: str
    sections: tuple[Section, ...]  # the first leads
    departments: Departments
    year: int
    number: int
    attempt: int
    previous: str | None
    frozen_at: str
    actors: tuple[ActorRole, ...]

    @property
    def draw(self) -> str:
        return f"{self.bureau}-{self.year}-{self.number}-{self.attempt}"

    def section_of(self, department: str) -> str | None:
        """Return which section of the plan a registry means by `department`; None for a department that takes no part."""
        label = self.departments.label_of(department)
        return label if any(section.id == label for section in self.sections) else None


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
    # Departments of people and items in the registries that take no part: name -> (people, items).
    elsewhere: Mapping[str, tuple[int, int]]
    excluded: Sequence[Listed]
    former: Transcript | None = None  # of the draw whose teams are drawn
    faults: tuple[str, ...] = ()  # why targets fall between strata, or must-inspect firms out of the list, in Chinese


def freeze(
    draft: Draft,
    registries: Registries,
    identity: Identity,
    fresh: Callable[[int], bytes],
    former: FormerDraw | None = None,
) -> Frozen:
    """Return the plan that `draft` gives over `registries`, with its lists; with `former` one that draws teams alone.

    Raises PlanError if a quota exceeds its base, a stated reason names what or who is not in this draw, or `apart` one whom no registry
    knows; SelectionError for a text that a plan or list cannot hold.
    """
    if former is None:
        candidates = sort_candidates(draft, registries)
        mandatory = [Listed(row.target, row.reason) for row in draft.mandatory]
        reason_names: Mapping[str, str] = REASONS
    else:
        candidates = former_candidates(former, [area for person in registries.people for area in person.areas])
        mandatory = [Listed(target.id, DRAWN) for target in candidates.targets]
        reason_names = {DRAWN: f"{former.plan.id} 已抽中", **former.reasons}
    taking_part = registries
    if former is not None and former.inspectors_stand:
        taking_part = structs.replace(registries, inspectors=())  # no seat is for them
    codes = codes_of(taking_part)
    there = {target.id for target in candidates.targets}
    disclosures: dict[str, tuple[str, str]] = {}

    def disclose(name: str, unit: str, certificate: str) -> str:
        return make_disclosure(fresh(16), "person", {"certificate": certificate, "name": name, "unit": unit})

    people, reasons = people_for(
        draft, taking_part, identity.section_of, candidates.areas, codes, fresh, disclose, disclosures
    )
    by_number: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for id, (number, _) in disclosures.items():
        by_number[number] += (id,)  # two where one number stands among inspectors and experts
    beside = conflicts_beside(former, draft.apart) if former is not None else set()
    opened, conflict_reasons = conflicts_between(registries, there, by_number, fresh, draft.visits.last, sorted(beside))
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
    labels = [section.id for section in identity.sections]
    plan = Plan(
        actors=identity.actors,
        algorithm="double-random/1",
        area_rule=draft.area_rule,
        areas=tuple(Named(id=id, name=name or "未填区域") for name, id in sorted(candidates.areas.items())),
        attempt=identity.attempt,
        blobs=Blobs(**{name: refer(blob) for name, blob in blobs.items()}),
        bureau=identity.bureau,
        classes=classes_of(draft, labels, codes),
        codes=tuple(Named(id=id, name=name) for name, id in sorted(codes.items())),
        contributors=contributors,
        exceptions=_exceptions(draft, by_number),
        frozen_at=identity.frozen_at,
        hash="sha256",
        id=identity.draw,
        instant=draft.instant,
        items=() if former is not None else items_of(draft, registries.items, identity.section_of),
        legal_basis=draft.legal_basis,
        mandatory_counts=draft.mandatory_counts and former is None,
        names_open=draft.names_open,
        number=identity.number,
        origin=draft.origin,
        previous=identity.previous,
        reason_codes=tuple(Reason(id=id, name=name) for id, name in sorted(reason_names.items())),
        rehearsal=draft.rehearsal,
        replacement_reasons=draft.replacement_reasons,
        sealed=None if draft.sealed_until is None else SealedUntil(opens=draft.sealed_until),
        sections=identity.sections,
        strata=strata_of(draft, pools, labels) if former is None else strata_of_former(former, pools),
        task=draft.task,
        title=draft.title,
        type="draw-plan/v1",
        visits=Visits(from_=draft.visits.first.isoformat(), to=draft.visits.last.isoformat()),
        year=identity.year,
        pool_rules=UNSET if former is not None else rules_in_words(draft),
        teams_of=UNSET if former is None else former.reference,
    )
    for rule, subject in unknown_subjects(plan):
        raise PlanError(f"a reason is stated for {rule} of {subject}, which is not in this draw")
    frozen = Frozen(plan, pools, blobs, nonce, format_opened(opened), disclosures, candidates.names,
                    elsewhere=_elsewhere(registries, identity), excluded=candidates.excluded,
                    former=None if former is None else former.transcript, faults=candidates.faults)  # fmt: skip
    _check_readable(frozen)
    return frozen


def _elsewhere(registries: Registries, identity: Identity) -> dict[str, tuple[int, int]]:
    people = Counter(p.department for p in registries.people if identity.section_of(p.department) is None)
    items = Counter(i.department for i in registries.items if identity.section_of(i.department) is None)
    return {name: (people[name], items[name]) for name in sorted({*people, *items})}


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
        elif isinstance(giver, DrandGiver):
            made.append(Drand(chain=CHAIN, round=round_at(draft.instant)))
        else:
            made.append(
                PublicNumber(digits=giver.digits, example=giver.example, issue=giver.issue, label=giver.label,
                             order=giver.order, source=giver.source)
            )  # fmt: skip
    return tuple(made)
