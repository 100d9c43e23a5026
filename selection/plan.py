"""The plan of a draw, `draw-plan/v1` (docs/spec/plan.md): one frozen struct, one byte form, one digest S.

`parse_plan(format_plan(plan)) == plan`, and nothing else parses. What a well-formed plan may not say stands in
`plan_rules.py`; how quotas are counted in `quota.py`.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from selection.canonical import CanonicalError, format_canonical, parse_struct
from selection.errors import PlanError
from selection.forms import Actor, Count, Date, Digest, Hex64, Id, Key, Label, Positive, Text, Time
from selection.keys import digest_of

__all__ = [
    "ActorRole",
    "AtLeast",
    "BlobReference",
    "Blobs",
    "Class",
    "Contributor",
    "Dice",
    "Drand",
    "Fixed",
    "Former",
    "Giver",
    "Item",
    "LargestRemainder",
    "LastNumber",
    "Named",
    "NonceCommitment",
    "Parameter",
    "PerOfficer",
    "PerPeriod",
    "Percent",
    "PercentOrOne",
    "Plan",
    "PoolRule",
    "PublicNumber",
    "Quota",
    "QuotaRule",
    "Reason",
    "ReplacementReason",
    "SealedUntil",
    "Seat",
    "Section",
    "SectionItems",
    "StatedReason",
    "Stratum",
    "Task",
    "Thrower",
    "Visits",
    "Witness",
    "format_plan",
    "parse_plan",
    "plan_digest",
]  # fmt: skip

Year = Annotated[int, Meta(ge=2000, le=9999)]


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """A closed object of the specification."""


class Task(Form, frozen=True):
    id: Id
    name: Text


class Section(Form, frozen=True):
    """One department that takes part; the first of a plan leads."""

    id: Label
    key: Key
    name: Text


class Named(Form, frozen=True):
    """An area or a speciality code with its name for readers."""

    id: Id
    name: Text


class Seat(Form, frozen=True):
    """One place in a team; its number is its position in the class's list, from 1."""

    codes: tuple[Id, ...]
    name: Text
    section: Label


class SectionItems(Form, frozen=True):
    optional: Count
    section: Label


class Class(Form, frozen=True):
    """What every target of this class gets: seats and items."""

    expert_seats: tuple[Seat, ...]
    id: Id
    inspector_seats: tuple[Seat, ...]
    items: Annotated[tuple[SectionItems, ...], Meta(min_length=1)]
    name: Text


class Fixed(Form, frozen=True, tag_field="kind", tag="fixed"):
    count: Count


class Percent(Form, frozen=True, tag_field="kind", tag="percent"):
    """numerator/denominator of the base, rounded half up."""

    denominator: Count
    numerator: Count


class AtLeast(Form, frozen=True, tag_field="kind", tag="at-least"):
    """numerator/denominator of the base, rounded up."""

    denominator: Count
    numerator: Count


class PercentOrOne(Form, frozen=True, tag_field="kind", tag="percent-or-one"):
    """As `Percent`, but one where that is none and there is anybody to draw."""

    denominator: Count
    numerator: Count


class PerOfficer(Form, frozen=True, tag_field="kind", tag="per-officer"):
    """So many targets for each inspector of the section who has places, at most all ("1:n to officers")."""

    targets: Count


class PerPeriod(Form, frozen=True, tag_field="kind", tag="per-period"):
    """One period's part of a yearly share; the parts of a year add up to the year's number exactly."""

    denominator: Count
    numerator: Count
    period: Count
    periods: Count


class LargestRemainder(Form, frozen=True, tag_field="kind", tag="largest-remainder"):
    """One total, split over the strata that name it in proportion to their bases."""

    total: Count


QuotaRule = Fixed | Percent | PercentOrOne | AtLeast | PerOfficer | PerPeriod | LargestRemainder


class Quota(Form, frozen=True):
    base: Count
    by_lot: Count
    chance: Text
    quota: Count
    rule: QuotaRule
    section: Label


class Stratum(Form, frozen=True):
    id: Id
    mandatory: Count
    name: Text
    population: Count
    quotas: Annotated[tuple[Quota, ...], Meta(min_length=1)]
    rule: Text


class Item(Form, frozen=True):
    classes: Annotated[tuple[Id, ...], Meta(min_length=1)]
    id: Id
    legal_basis: Text
    mandatory: bool
    name: Text
    section: Label


class Reason(Form, frozen=True):
    id: Label
    name: Text


class ReplacementReason(Form, frozen=True):
    applies: Literal["target", "person"]
    id: Label
    name: Text


class Parameter(Form, frozen=True):
    name: Label
    value: Text


class PoolRule(Form, frozen=True):
    """By which rule targets were left out of `pool` or put on it: its words, and the same as data."""

    id: Label
    parameters: tuple[Parameter, ...]
    text: Text
    version: Text


class Former(Form, frozen=True):
    """The draw whose targets a plan for teams alone takes over (docs/spec/plan.md, "Teams alone")."""

    draw: Id
    plan: Hex64
    result: Hex64


class StatedReason(Form, frozen=True):
    reason: Text
    rule: Label
    subject: Text


class Visits(Form, frozen=True, rename={"from_": "from"}):
    """The days between which the visits are planned; leave and certificates were judged for them."""

    from_: Date
    to: Date


class SealedUntil(Form, frozen=True):
    opens: Time


class NonceCommitment(Form, frozen=True, tag_field="kind", tag="nonce"):
    commitment: Hex64
    custodian: Text
    label: Label


class Witness(Form, frozen=True, tag_field="kind", tag="witness"):
    body: Text
    key: Key | None
    label: Label
    person: Digest


class Thrower(Form, frozen=True):
    body: Text
    key: Key | None
    label: Label
    person: Digest


class Dice(Form, frozen=True, tag_field="kind", tag="dice"):
    digits: Annotated[int, Meta(ge=40, le=200)]
    throwers: Annotated[tuple[Thrower, ...], Meta(min_length=3)]


class PublicNumber(Form, frozen=True, tag_field="kind", tag="public"):
    digits: Annotated[int, Meta(ge=1, le=200)]
    example: Text
    issue: Text
    label: Label
    order: Text
    source: Text


class Drand(Form, frozen=True, tag_field="kind", tag="drand"):
    """One round of the public beacon (docs/spec/beacon.md): the first at or after T, fixed by the plan's instant."""

    chain: Hex64
    round: Positive


# Who gives the numbers of T; with the witnesses they are all who give a document of their own.
LastNumber = Dice | PublicNumber | Drand
Giver = Witness | LastNumber
Contributor = NonceCommitment | Giver


class ActorRole(Form, frozen=True):
    """A member of staff who took a step, by an id that is fresh for every draw."""

    id: Actor
    role: Label


class BlobReference(Form, frozen=True):
    count: Count
    root: Hex64
    sha256: Hex64
    size: Count


class Blobs(Form, frozen=True):
    apart: BlobReference
    conflicts: BlobReference
    excluded: BlobReference
    mandatory: BlobReference
    people: BlobReference
    pool: BlobReference
    reasons: BlobReference


class Plan(Form, frozen=True):
    """Everything that could go two ways, bound before the numbers exist (docs/spec/plan.md)."""

    actors: tuple[ActorRole, ...]
    algorithm: Literal["double-random/1"]
    area_rule: Literal["any", "same", "other"]
    areas: tuple[Named, ...]
    attempt: Positive
    blobs: Blobs
    bureau: Label
    classes: Annotated[tuple[Class, ...], Meta(min_length=1)]
    codes: tuple[Named, ...]
    contributors: Annotated[tuple[Contributor, ...], Meta(min_length=1)]
    exceptions: tuple[StatedReason, ...]
    frozen_at: Time
    hash: Literal["sha256"]
    id: Id
    instant: Time
    items: tuple[Item, ...]
    legal_basis: Annotated[tuple[Text, ...], Meta(min_length=1)]
    mandatory_counts: bool
    names_open: Time
    number: Positive
    origin: Literal["annual-plan", "special-campaign", "temporary-task"]
    previous: Hex64 | None
    reason_codes: tuple[Reason, ...]
    rehearsal: bool
    replacement_reasons: tuple[ReplacementReason, ...]
    sealed: SealedUntil | None
    sections: Annotated[tuple[Section, ...], Meta(min_length=1)]
    strata: Annotated[tuple[Stratum, ...], Meta(min_length=1)]
    task: Task
    title: Text
    type: Literal["draw-plan/v1"]
    visits: Visits
    year: Year
    # Optional members come last, as structs need it; the canonical form sorts by name in any case.
    pool_rules: Annotated[tuple[PoolRule, ...], Meta(min_length=1)] | UnsetType = UNSET
    teams_of: Former | UnsetType = UNSET


def format_plan(plan: Plan) -> bytes:
    """Return the plan's canonical JSON: the DSSE payload, of which S is the SHA-256."""
    return format_canonical(plan)


def parse_plan(data: bytes) -> Plan:
    """Return the plan whose bytes are exactly `data`; PlanError naming the field otherwise."""
    try:
        return parse_struct(data, Plan)
    except CanonicalError as error:
        raise PlanError(f"plan: {error}") from error


def plan_digest(plan: Plan) -> str:
    """Return S, which every contribution is given for and every document of the draw names."""
    return digest_of(format_plan(plan))
