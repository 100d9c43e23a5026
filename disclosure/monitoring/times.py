"""Times: what an entry claims beside what was claimed before it, and what a document claims beside its entry (28 and 29)."""

from collections.abc import Iterator

from disclosure.document import Contribution, Document, DrawOutcome, InspectionResult, SealedOutcome
from disclosure.monitoring.finding import Finding
from disclosure.monitoring.record import DAY, Draw, Entry, day_of, seconds_of
from selection.plan import Plan

__all__ = ["Times"]

MEMBERS = ("frozen_at", "given_at", "drawn_at", "voided_at", "decided_at", "opened_at", "issued_at", "received_at", "redacted_at")


class Times:
    def __init__(self, now: str) -> None:
        self._now = now
        self._last: dict[str, str] = {}

    def observe(self, entry: Entry, draw: Draw | None) -> Iterator[Finding]:
        """Yield what is wrong with the times at an entry."""
        at, subject = entry.leaf.at, draw.id if draw is not None else entry.leaf.id
        before = self._last.get(entry.log, "")
        if at < before:
            yield entry.finding(
                "time-backwards", subject, f"条目所称时间 {at} 早于前一条目的 {before}", f"it claims {at}, the entry before it {before}"
            )
        self._last[entry.log] = max(before, at)

        def wrong(zh: str, en: str) -> Finding:
            return entry.finding("time-claimed", subject, zh, en)

        if seconds_of(at) > seconds_of(self._now) + DAY:
            yield wrong(f"条目所称时间 {at} 在今后（现在是 {self._now}）", f"the entry claims {at}, later than now, {self._now}")
        if entry.document is None:
            return
        for name, claimed in _claims(entry.document):
            if seconds_of(claimed) > seconds_of(at) + DAY:
                yield wrong(f"{name} 是 {claimed}，比登记时间 {at} 晚一天以上", f"{name} is {claimed}, over a day later than the entry, {at}")
        if draw is not None and draw.plan is not None:
            yield from (wrong(zh, en) for zh, en in _against_instant(entry.document, at, draw.plan.instant))


def _claims(document: Document) -> Iterator[tuple[str, str]]:
    for name in MEMBERS:
        if (claimed := getattr(document, name, None)) is not None:
            yield name, claimed


def _against_instant(document: Document, at: str, t: str) -> Iterator[tuple[str, str]]:
    """What comes before T and what after it; a visit was not before the day of the draw."""
    if isinstance(document, Plan) and max(at, document.frozen_at) >= t:
        yield f"计划到 {max(at, document.frozen_at)} 才登记，开号时刻是 {t}；应先锁定后开号", \
            f"the plan is of {max(at, document.frozen_at)}, the instant {t}; a list is locked before the numbers"
    if isinstance(document, Contribution) and document.line.startswith("witness:") and at > t:
        yield f"见证数字登记于 {at}，晚于开号时刻 {t}", f"the digits of a witness are of {at}, after the instant {t}"
    if isinstance(document, DrawOutcome | SealedOutcome) and min(at, document.drawn_at) < t:
        yield f"结果的时间 {min(at, document.drawn_at)} 早于开号时刻 {t}", f"the outcome is of {min(at, document.drawn_at)}, before the instant {t}"
    if isinstance(document, InspectionResult) and day_of(document.inspected_on) < day_of(t):
        yield f"检查日期 {document.inspected_on} 早于开号之日 {t[:10]}", f"inspected on {document.inspected_on}, before the day of the draw, {t[:10]}"
