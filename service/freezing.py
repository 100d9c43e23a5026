"""From a draft and the living registries to a plan and its frozen lists. Pure: entropy and facts of the moment are given.

Its parts stand in `candidates` (targets), `people` (people and conflicts) and `plan_parts` (classes, items, strata). The rules
that a plan must satisfy are not repeated here: `selection.plan_rules` judges what comes out.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping

from msgspec import Struct

from disclosure.blob import refer
from disclosure.person import digest, make_disclosure
from selection.errors import PlanError
from selection.keys import nonce_commitment
from selection.plan import (
    ActorRole,
    Blobs,
    Contributor,
    Dice,
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
from service.candidates import Registries, sort_candidates
from service.drafts import DiceGiver, Draft, NonceGiver, ThrowerName, WitnessGiver
from service.people import codes_of, conflicts_between, people_for
from service.plan_parts import classes_of, items_of, strata_of

__all__ = ["Frozen", "Identity", "freeze"]

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
    codes = codes_of(registries)
    there = {target.id for target in candidates.targets}
    mandatory = [Listed(row.target, row.reason) for row in draft.mandatory]
    disclosures: dict[str, tuple[str, str]] = {}

    def disclose(name: str, unit: str, certificate: str) -> str:
        return make_disclosure(fresh(16), "person", {"certificate": certificate, "name": name, "unit": unit})

    people, reasons = people_for(
        draft, registries, identity.section, candidates.areas, codes, fresh, disclose, disclosures
    )
    by_number: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for id, (number, _) in disclosures.items():
        by_number[number] += (id,)  # two where one number stands among inspectors and experts
    opened, conflict_reasons = conflicts_between(registries, there, by_number, fresh)
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
        classes=classes_of(draft, identity.section, codes),
        codes=tuple(Named(id=id, name=name) for name, id in sorted(codes.items())),
        contributors=contributors,
        exceptions=_exceptions(draft, by_number),
        frozen_at=identity.frozen_at,
        hash="sha256",
        id=identity.draw,
        instant=draft.instant,
        items=items_of(draft, registries.items, identity.section),
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
        strata=strata_of(draft, pools, identity.section),
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
