"""What a bureau asks for before the freeze: a draft, made of names and rules rather than ids and digests."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from selection.forms import Id, Key, Label, Text, Time
from selection.plan import QuotaRule, ReplacementReason, Task

__all__ = ["EXEMPT_ORIGINS", "Attribute", "Band", "CapClass", "Closed", "DiceGiver", "Draft", "DraftClass", "DraftRule",
           "DraftSeat", "DraftStratum", "DrandGiver", "JustInspected", "Leave", "Mandatory", "NonceGiver", "Origin", "PublicGiver", "Punished", "Scope",
           "SectionItemCount", "SectionRule", "Statement", "Suspended", "ThrowerName", "VisitDays", "Where", "WitnessGiver", "YearlyCap"]  # fmt: skip

# A word of a registry: one line, as an import leaves it; "" is where nothing was filled in.
Word = Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f]{0,200}\Z")]
Attribute = Literal["area", "sector", "risk_colour", "credit_class", "standardisation", "entity_type", "size", "recency"]
Origin = Literal["", "plan-random", "plan-key", "special", "complaint", "referral", "joint", "audit", "monitoring", "media", "recheck",
                 "enterprise-request", "licence", "urgent", "other"]  # fmt: skip
# Inspections that no yearly cap counts, as the provincial cap rules list them.
EXEMPT_ORIGINS: tuple[Origin, ...] = ("complaint", "referral", "joint", "audit", "monitoring", "media", "recheck", "enterprise-request",
                                      "licence", "urgent")  # fmt: skip


class Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A closed object of a request."""


class Band(Part, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Whole numbers from `from` to `to`, both included; an end left out is open. `unknown` takes in targets without a number.

    With neither end, only those without: headcount not filled in, or never inspected.
    """

    from_: Annotated[int, Meta(ge=0, le=9_999_999)] | None = None
    to: Annotated[int, Meta(ge=0, le=9_999_999)] | None = None
    unknown: bool = False


class Where(Part, frozen=True, kw_only=True):
    """Targets that have one of the values of every attribute named; an empty list asks nothing.

    `size` is the headcount; `recency` the whole months from the last inspection to the first visit day.
    """

    area: tuple[Word, ...] = ()
    sector: tuple[Word, ...] = ()
    risk_colour: tuple[Word, ...] = ()
    credit_class: tuple[Word, ...] = ()
    standardisation: tuple[Word, ...] = ()
    entity_type: tuple[Word, ...] = ()
    size: tuple[Band, ...] = ()
    recency: tuple[Band, ...] = ()


class Scope(Part, frozen=True, kw_only=True):
    """Which targets of the registry are candidates; an empty list asks nothing."""

    areas: tuple[Word, ...] = ()
    sectors: tuple[Word, ...] = ()
    risk_colours: tuple[Word, ...] = ()
    credit_classes: tuple[Word, ...] = ()
    standardisations: tuple[Word, ...] = ()
    entity_types: tuple[Word, ...] = ()
    sizes: tuple[Band, ...] = ()
    version: Text = "1"
    # Targets inspected within so many months before the visits are excluded (reason just-inspected).
    not_inspected_within_months: Annotated[int, Meta(ge=0, le=120)] = 0


class SectionRule(Part, frozen=True, kw_only=True):
    """How many targets of a stratum another department than the leading one draws."""

    section: Label
    rule: QuotaRule


class CapClass(Part, frozen=True, kw_only=True):
    """How often a target of this class may be inspected in a calendar year; an empty list asks nothing."""

    most: Annotated[int, Meta(ge=0, le=366)]
    risk_colours: tuple[Word, ...] = ()
    standardisations: tuple[Word, ...] = ()
    sectors: tuple[Word, ...] = ()


class YearlyCap(Part, frozen=True, kw_only=True, tag_field="kind", tag="yearly-cap"):
    """Leaves out who would exceed the cap of the first class that fits; who fits none has no cap."""

    caps: Annotated[tuple[CapClass, ...], Meta(min_length=1, max_length=200)]
    exempt_origins: tuple[Origin, ...] = EXEMPT_ORIGINS
    spares_mandatory: bool = False
    version: Text = "1"


class JustInspected(Part, frozen=True, kw_only=True, tag_field="kind", tag="just-inspected"):
    """Leaves out who was inspected within so many months before the first visit day."""

    months: Annotated[int, Meta(ge=1, le=120)]
    exempt_origins: tuple[Origin, ...] = ()
    spares_mandatory: bool = False
    version: Text = "1"


class Punished(Part, frozen=True, kw_only=True, tag_field="kind", tag="punished"):
    """Leaves out who was punished after an inspection in the calendar year of the visits."""

    spares_mandatory: bool = False
    version: Text = "1"


class Closed(Part, frozen=True, kw_only=True, tag_field="kind", tag="closed"):
    """Leaves out who is closed, deregistered, revoked or moved. It always applies, and first; named for its version only."""

    version: Text = "1"


class Suspended(Part, frozen=True, kw_only=True, tag_field="kind", tag="suspended"):
    """Leaves out who has suspended operations."""

    spares_mandatory: bool = False
    version: Text = "1"


DraftRule = YearlyCap | JustInspected | Punished | Closed | Suspended


class DraftStratum(Part, frozen=True, kw_only=True):
    """Targets with one of `values` in the one attribute of `stratify_by`, or with what `where` asks; one stratum each.

    Neither: all targets that no other stratum takes.
    """

    name: Text
    values: tuple[Word, ...] = ()
    where: Where | None = None
    rule: QuotaRule | None = None  # of the leading department; None: it draws nothing here
    section_rules: tuple[SectionRule, ...] = ()

    @property
    def rules(self) -> tuple[QuotaRule, ...]:
        """The rules of all departments that draw here."""
        return (*(() if self.rule is None else (self.rule,)), *(asked.rule for asked in self.section_rules))

    def rule_of(self, section: str, lead: str) -> QuotaRule | None:
        """Return by which rule `section` draws, `lead` being the leading one; None if it does not."""
        if section == lead:
            return self.rule
        return next((asked.rule for asked in self.section_rules if asked.section == section), None)


class DraftSeat(Part, frozen=True, kw_only=True):
    """One seat; `section` is the department it is for, None the leading one."""

    name: Text = "检查员"
    specialities: tuple[Word, ...] = ()
    lead: bool = False
    section: Label | None = None


class SectionItemCount(Part, frozen=True, kw_only=True):
    """How many optional items of another department than the leading one a target gets by lot."""

    section: Label
    optional_items: Annotated[int, Meta(ge=0, le=1000)]


class DraftClass(Part, frozen=True, kw_only=True):
    """What a target of these sectors gets; `sectors` empty: all that no other class names."""

    id: Id
    name: Text
    sectors: tuple[Word, ...] = ()
    inspectors: tuple[DraftSeat, ...] = ()  # two or more, unless teams of experts alone are drawn
    experts: tuple[DraftSeat, ...] = ()
    optional_items: Annotated[int, Meta(ge=0, le=1000)] = 0  # of the leading department
    section_items: tuple[SectionItemCount, ...] = ()


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


class DrandGiver(Part, frozen=True, kw_only=True, tag_field="kind", tag="drand"):
    """The public beacon, as the last giver. Chain and round are not asked for: they follow from T (docs/spec/beacon.md 1)."""


Giver = NonceGiver | WitnessGiver | DiceGiver | PublicGiver | DrandGiver


class Statement(Part, frozen=True, kw_only=True):
    """A reason stated for what needs one (docs/spec/plan.md, refusal 7), by the names the preview shows."""

    rule: Literal["small-stratum", "no-chance", "thin-seat", "wide-exclusion", "narrow-pool"]
    subject: Text
    reason: Text


class VisitDays(Part, frozen=True, kw_only=True):
    first: date
    last: date


class Leave(Part, frozen=True, kw_only=True):
    """Days, both ends included, on which the person of this registry number cannot go anywhere."""

    person: Word
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
    """A whole draft. `year` and number are given by the service; a void draft's successor names `retries`.

    `sections` are the labels of the departments that take part, the bureau's own first; none named: the bureau's own alone.
    With `teams_of`, the id of a draw whose teams could not be drawn, the plan names its targets and draws teams alone: then
    nothing is said of scope, strata, items and mandatory targets, and classes are those of that draw, by id, with the seats wanted now.
    """

    title: Text
    task: Task
    origin: Literal["annual-plan", "special-campaign", "temporary-task"] = "annual-plan"
    legal_basis: Annotated[tuple[Text, ...], Meta(min_length=1)]
    scope: Scope = Scope()
    pool_rules: tuple[DraftRule, ...] = ()  # applied in this order: a target is excluded by the first that applies
    stratify_by: Attribute | Annotated[tuple[Attribute, ...], Meta(min_length=1, max_length=8)] | None = None
    strata: tuple[DraftStratum, ...] = ()  # one or more, unless teams alone are drawn
    classes: Annotated[tuple[DraftClass, ...], Meta(min_length=1)]
    mandatory: tuple[Mandatory, ...] = ()
    mandatory_counts: bool = True
    area_rule: Literal["any", "same", "other"] = "any"
    default_places: Annotated[int, Meta(ge=1, le=9999)] = 8
    most_per_day: Annotated[int, Meta(ge=1, le=100)] | None = None  # targets a person may get on one day of the visits
    leave: tuple[Leave, ...] = ()
    apart: tuple[tuple[Word, Word], ...] = ()  # registry numbers
    givers: Annotated[tuple[Giver, ...], Meta(min_length=1)]
    instant: Time
    names_open: Time
    visits: VisitDays
    sealed_until: Time | None = None
    exceptions: tuple[Statement, ...] = ()
    replacement_reasons: tuple[ReplacementReason, ...] = DEFAULT_REASONS
    rehearsal: bool = False
    retries: Id | None = None
    sections: tuple[Label, ...] = ()
    teams_of: Id | None = None
