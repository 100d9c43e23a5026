"""What is kept while the log is read: an entry at a time, and one record for each draw."""

import re
from calendar import timegm

import msgspec
from msgspec import UNSET, Struct

from disclosure.document import Document
from disclosure.leaf import Leaf
from disclosure.monitoring.finding import Finding
from selection.plan import Plan

__all__ = ["DAY", "Draw", "Entry", "Identity", "day_of", "draw_id_of", "identity_of", "kept_of", "seconds_of"]

DAY = 86_400
_ID = re.compile(r"([a-z0-9-]{1,32})-([2-9][0-9]{3})-([1-9][0-9]{0,15})-([1-9][0-9]{0,15})", re.ASCII)


class Entry(Struct, frozen=True):
    """One entry of a log. `document` is None where nothing readable is served for it; the leaf is authentic in any case."""

    log: str
    index: int
    leaf: Leaf
    document: Document | None

    @property
    def sha256(self) -> str:
        return self.leaf.doc.sha256

    @property
    def kind(self) -> str:
        """The document's kind; the leaf's where no document is served: then nobody contradicts it."""
        return self.leaf.type if self.document is None else self.document.type

    def finding(self, code: str, subject: str, zh: str, en: str) -> Finding:
        """Return a finding at this entry."""
        return Finding(code, self.log, self.index, self.sha256, subject, zh, en)


class Identity(Struct, frozen=True):
    bureau: str
    year: int
    number: int
    attempt: int


class Draw(Struct):
    """One plan and what was logged of it so far. `plan` is without its long lists, None where the plan is not served."""

    entry: Entry
    id: str
    identity: Identity | None
    plan: Plan | None
    labels: set[str] = msgspec.field(default_factory=set)
    place: int = 0
    events: int = 0
    outcome: Entry | None = None
    opening: Entry | None = None
    void: Entry | None = None
    result: str | None = None  # digest of the blob, once it is shown
    ended: set[str] = msgspec.field(default_factory=set)  # targets that a replacement took out
    successors: set[str] = msgspec.field(default_factory=set)
    teams: list["Draw"] = msgspec.field(default_factory=list)  # plans for teams alone that name this draw

    @property
    def s(self) -> str:
        return self.entry.sha256

    @property
    def finished(self) -> bool:
        """Whether an outcome or a void stands in the log: the draw no longer waits for its numbers."""
        return self.outcome is not None or self.void is not None

    @property
    def shown(self) -> bool:
        """Whether the result is public: an open outcome, or the opening of a sealed one."""
        return self.opening is not None or (
            self.outcome is not None and self.outcome.kind == "draw-outcome/v1"
        )


def identity_of(id: str) -> Identity | None:
    """Return what a draw id says, None if it is not of the form `<bureau>-<year>-<number>-<attempt>`."""
    match = _ID.fullmatch(id)
    return match and Identity(match[1], int(match[2]), int(match[3]), int(match[4]))


def draw_id_of(id: str) -> str:
    """Return the draw id in the id of a leaf: of a result, `<draw>.<target>`, what stands before the first dot."""
    return id.partition(".")[0]


def kept_of(plan: Plan) -> Plan:
    """Return the plan without the lists that no rule here asks for: a record is small, however large its plan."""
    return msgspec.structs.replace(
        plan, areas=(), classes=(), codes=(), exceptions=(), items=(), legal_basis=(), reason_codes=(), replacement_reasons=(),
        strata=(), pool_rules=UNSET,
    )  # fmt: skip


def seconds_of(time: str) -> int:
    """Return a time of the specification as seconds since 1970."""
    return timegm((int(time[:4]), int(time[5:7]), int(time[8:10]), int(time[11:13]), int(time[14:16]), int(time[17:19])))


def day_of(date: str) -> int:
    """Return the number of the day of a date, or of a time in UTC."""
    return timegm((int(date[:4]), int(date[5:7]), int(date[8:10]), 0, 0, 0)) // DAY
