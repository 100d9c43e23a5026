"""What a bureau asks for before the freeze: a draft, made of names and rules rather than ids and digests."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from selection.forms import Id, Key, Label, Text, Time
from selection.plan import QuotaRule, ReplacementReason, Task

__all__ = ["DiceGiver", "Draft", "DraftClass", "DraftSeat", "DraftStratum", "Mandatory", "NonceGiver", "PublicGiver",
           "Scope", "Statement", "ThrowerName", "VisitDays", "WitnessGiver"]  # fmt: skip

Attribute = Literal["area", "sector", "risk_colour", "credit_class", "standardisation", "entity_type"]


class Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A closed object of a request."""


class Scope(Part, frozen=True, kw_only=True):
    """Which targets of the registry are candidates; an empty list asks nothing."""

    areas: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    risk_colours: tuple[str, ...] = ()
    # Targets inspected within so many months before the visits are excluded (reason just-inspected).
    not_inspected_within_months: Annotated[int, Meta(ge=0, le=120)] = 0


class DraftStratum(Part, frozen=True, kw_only=True):
    """Targets whose attribute has one of `values`; every candidate must fall into exactly one stratum."""

    name: Text
    values: tuple[str, ...] = ()  # empty: all values no other stratum names
    rule: QuotaRule


class DraftSeat(Part, frozen=True, kw_only=True):
    name: Text = "检查员"
    specialities: tuple[str, ...] = ()
    lead: bool = False


class DraftClass(Part, frozen=True, kw_only=True):
    """What a target of these sectors gets; `sectors` empty: all that no other class names."""

    id: Id
    name: Text
    sectors: tuple[str, ...] = ()
    inspectors: Annotated[tuple[DraftSeat, ...], Meta(min_length=2)]
    experts: tuple[DraftSeat, ...] = ()
    optional_items: Annotated[int, Meta(ge=0, le=1000)] = 0


class Mandatory(Part, frozen=True, kw_only=True):
    target: Id
    reason: Literal["complaint", "key-supervision", "follow-up"]


class NonceGiver(Part, frozen=True, kw_only=True, tag_field="kind", tag="nonce"):
    label: Label = "bureau"
    custodian: Text


class WitnessGiver(Part, frozen=True, kw_only=True, tag_field="kind", tag="witness"):
    label: Label
    body: Text
    name: Text
    key: Key | None = None


class ThrowerName(Part, frozen=True, kw_only=True):
    label: Label
    body: Text
    name: Text
    key: Key | None = None


class DiceGiver(Part, frozen=True, kw_only=True, tag_field="kind", tag="dice"):
    digits: Annotated[int, Meta(ge=40, le=200)] = 60
    # The keyids of all of them have to fit into one leaf of 4,096 bytes.
    throwers: Annotated[tuple[ThrowerName, ...], Meta(min_length=3, max_length=20)]


class PublicGiver(Part, frozen=True, kw_only=True, tag_field="kind", tag="public"):
    label: Label
    source: Text
    issue: Text
    digits: Annotated[int, Meta(ge=1, le=200)]
    order: Text
    example: Text


Giver = NonceGiver | WitnessGiver | DiceGiver | PublicGiver


class Statement(Part, frozen=True, kw_only=True):
    """A reason stated for what needs one (docs/spec/plan.md, refusal 7), by the names the preview shows."""

    rule: Literal["small-stratum", "no-chance", "thin-seat", "wide-exclusion"]
    subject: Text
    reason: Text


class VisitDays(Part, frozen=True, kw_only=True):
    first: date
    last: date


DEFAULT_REASONS = (
    ReplacementReason(applies="target", id="not-existing", name="锁定名单时该对象已不存在"),
    ReplacementReason(applies="target", id="outside-jurisdiction", name="锁定名单时不在本机关管辖范围"),
    ReplacementReason(applies="person", id="ill", name="患病或意外"),
    ReplacementReason(applies="person", id="recusal", name="锁定后发现应当回避"),
    ReplacementReason(applies="person", id="left-post", name="离岗或证件失效"),
)


class Draft(Part, frozen=True, kw_only=True):
    """A whole draft. `year` and number are given by the service; a void draft's successor names `retries`."""

    title: Text
    task: Task
    origin: Literal["annual-plan", "special-campaign", "temporary-task"] = "annual-plan"
    legal_basis: Annotated[tuple[Text, ...], Meta(min_length=1)]
    scope: Scope = Scope()
    stratify_by: Attribute | None = None
    strata: Annotated[tuple[DraftStratum, ...], Meta(min_length=1)]
    classes: Annotated[tuple[DraftClass, ...], Meta(min_length=1)]
    mandatory: tuple[Mandatory, ...] = ()
    mandatory_counts: bool = True
    area_rule: Literal["any", "same", "other"] = "any"
    default_places: Annotated[int, Meta(ge=1, le=9999)] = 8
    apart: tuple[tuple[str, str], ...] = ()  # registry numbers
    givers: Annotated[tuple[Giver, ...], Meta(min_length=1)]
    instant: Time
    names_open: Time
    visits: VisitDays
    sealed_until: Time | None = None
    exceptions: tuple[Statement, ...] = ()
    replacement_reasons: tuple[ReplacementReason, ...] = DEFAULT_REASONS
    rehearsal: bool = False
    retries: Id | None = None
