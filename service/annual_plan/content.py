"""An annual plan as a value (domain.md 2.2): what is written, submitted, approved and published, and never changed afterwards.

`format_content(parse_content(text)) == text`: a version is kept and compared as these very characters.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from selection.forms import Id, Label, Text
from selection.plan import QuotaRule
from service.drafts import CapClass, DraftStratum, Scope

__all__ = ["AnnualPlan", "Batch", "Entry", "KeyTarget", "PlannedItem", "QuotaRule", "TimeBudget", "format_content", "parse_content",
           "visits_of"]  # fmt: skip

Visits = Annotated[int, Meta(ge=0, le=9_999_999)]
Days = Annotated[int, Meta(ge=0, le=9_999_999)]


class Form(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A closed object of a plan."""


class PlannedItem(Form, frozen=True, kw_only=True):
    """An inspection item with its name as it was when the plan was written."""

    id: Id
    name: Text


class Batch(Form, frozen=True, kw_only=True):
    """One round of visits of a task: from when to when, and how many are expected."""

    first: date
    last: date
    visits: Visits


class KeyTarget(Form, frozen=True, kw_only=True):
    """An enterprise of key supervision that is visited without being drawn, with the reason that is published."""

    target: Id
    name: Text
    reason: Text


class Entry(Form, frozen=True, kw_only=True):
    """One task of a plan. `plan-random` is drawn; `plan-key` names its enterprises.

    `directed` (定向): the pool is filtered by `scope`, otherwise it is the whole registry. `legal_basis` and `sections` left empty are those
    of the plan.
    """

    id: Id
    name: Text
    origin: Literal["plan-random", "plan-key"] = "plan-random"
    legal_basis: tuple[Text, ...] = ()
    sections: tuple[Label, ...] = ()
    items: tuple[PlannedItem, ...] = ()
    directed: bool = False
    scope: Scope = Scope()
    stratify_by: Literal["area", "sector", "risk_colour", "credit_class", "standardisation", "entity_type"] | None = None
    strata: tuple[DraftStratum, ...] = ()
    batches: tuple[Batch, ...] = ()
    key_targets: tuple[KeyTarget, ...] = ()


class TimeBudget(Form, frozen=True, kw_only=True):
    """What inspection days are counted from, in days; `key` are those of them meant for key inspection, None where nobody says.

    `least_key` is the part of the inspection days, in per cent, that key inspection has to get where such a rule applies; None: no rule.
    """

    statutory: Days
    officers: Days
    other_enforcement: Days
    non_enforcement: Days
    key: Days | None = None
    least_key: Annotated[int, Meta(ge=0, le=100)] | None = None


class AnnualPlan(Form, frozen=True, kw_only=True):
    """The plan of one year. `document` is the number under which it was issued; `first` and `last` when it is carried out."""

    year: Annotated[int, Meta(ge=2000, le=9999)]
    title: Text
    document: Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f]{0,200}\Z")] = ""
    legal_basis: Annotated[tuple[Text, ...], Meta(min_length=1)]
    sections: tuple[Label, ...] = ()
    first: date
    last: date
    caps: tuple[CapClass, ...] = ()  # at most so many visits a year, by class; the first that fits counts
    caps_note: Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f]{0,4000}\Z")] = ""
    time: TimeBudget | None = None
    entries: tuple[Entry, ...] = ()


def visits_of(entry: Entry) -> int:
    """Return how many visits a task expects: of all its batches; of key inspection at least one for each enterprise named."""
    return max(sum(batch.visits for batch in entry.batches), len(entry.key_targets))


def format_content(plan: AnnualPlan) -> str:
    """Return the plan as the JSON text in which it is kept."""
    return msgspec.json.encode(plan).decode()


def parse_content(text: str) -> AnnualPlan:
    """Return the plan of a kept text; msgspec.ValidationError for anything else."""
    return msgspec.json.decode(text, type=AnnualPlan)
