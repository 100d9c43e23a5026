"""What follows a plan, in its order and in its time (findings 8 to 16)."""

from collections.abc import Iterator

from disclosure.document import Contribution, DrawOpening, DrawOutcome, Replacement, SealedEvent
from disclosure.monitoring.finding import Finding
from disclosure.monitoring.record import DAY, Draw, Entry, seconds_of
from selection.replacement import Event, TargetEvent

__all__ = ["clocks", "observe_step"]

# The order of one draw (docs/spec/documents.md, "Leaf").
PLACES = {"contribution/v1": 1, "draw-outcome/v1": 2, "sealed-outcome/v1": 2, "sealed-event/v1": 3, "draw-opening/v1": 4, "replacement/v1": 5}
OUTCOMES = ("draw-outcome/v1", "sealed-outcome/v1")
REVISIONS = ("inspection-result/v1", "correction/v1", "contest/v1", "withdrawal/v1")


def observe_step(draw: Draw, entry: Entry) -> Iterator[Finding]:
    """Yield what is wrong with a document of `draw` where it stands, and note it in `draw`."""
    kind = entry.kind
    if entry.log != draw.entry.log:
        yield entry.finding(
            "other-shard", draw.id, f"{kind} 记在日志 {entry.log}，计划在 {draw.entry.log}；同一批次的文书须在同一日志",
            f"{kind} stands in {entry.log}, the plan in {draw.entry.log}; a draw stays in the log of its plan",
        )  # fmt: skip
    yield from _order(draw, entry, kind)
    draw.place = max(draw.place, PLACES.get(kind, 0))
    if kind in OUTCOMES:
        yield from _outcome(draw, entry)
    elif kind == "draw-void/v1":
        yield from _void(draw, entry)
    elif kind == "draw-opening/v1":
        yield from _only(draw, entry, draw.opening)
        draw.opening = draw.opening or entry
    _note(draw, entry)
    if isinstance(entry.document, Contribution):
        if entry.document.label in draw.labels:
            yield entry.finding(
                "document-doubled", draw.id, f"{entry.document.label} 已登记过数字；每个来源只有一份",
                f"{entry.document.label} has a contribution already; each gives exactly one",
            )  # fmt: skip
        draw.labels.add(entry.document.label)


def _order(draw: Draw, entry: Entry, kind: str) -> Iterator[Finding]:
    def wrong(zh: str, en: str) -> Finding:
        return entry.finding("out-of-order", draw.id, zh, en)

    if PLACES.get(kind, 9) < draw.place:
        yield wrong(f"{kind} 记在它应当先于的文书之后", f"{kind} is logged after what it must precede")
    sealed = draw.outcome is not None and draw.outcome.kind == "sealed-outcome/v1"
    if kind in ("sealed-event/v1", "draw-opening/v1") and not sealed:
        yield wrong(f"{kind} 之前没有封存的结果", f"{kind} follows no sealed outcome")
    if kind in ("replacement/v1", *REVISIONS) and not draw.shown:
        yield wrong(f"{kind} 之前结果尚未公开", f"{kind} stands before the result of the draw is shown")
    if draw.void is not None and kind in PLACES and kind not in OUTCOMES:
        yield wrong(f"作废之后又有 {kind}", f"{kind} follows the void")
    document = entry.document
    if isinstance(document, Replacement | SealedEvent):
        sequence = document.sequence if isinstance(document, SealedEvent) else document.event.sequence
        if sequence != draw.events + 1:
            yield wrong(f"递补序号是 {sequence}，应为 {draw.events + 1}", f"event {sequence} stands where {draw.events + 1} belongs")
        draw.events = max(draw.events, sequence)


def _outcome(draw: Draw, entry: Entry) -> Iterator[Finding]:
    if draw.outcome is not None:
        yield entry.finding(
            "outcome-doubled", draw.id, f"第 {draw.outcome.index} 号条目已是本批次的结果；每份计划只有一份结果",
            f"entry {draw.outcome.index} is the outcome of this plan already; there is exactly one",
        )  # fmt: skip
    elif draw.void is not None:
        yield _both(draw, entry)
    draw.outcome = draw.outcome or entry


def _void(draw: Draw, entry: Entry) -> Iterator[Finding]:
    yield from _only(draw, entry, draw.void)
    if draw.outcome is not None:
        yield _both(draw, entry)
    t = None if draw.plan is None else draw.plan.instant
    claimed = max(entry.leaf.at, getattr(entry.document, "voided_at", ""))
    if t is not None and claimed >= t:
        yield entry.finding(
            "void-after-instant", draw.id, f"作废于 {claimed}，开号时刻是 {t}；开号后不得作废",
            f"voided at {claimed}, the instant is {t}; from then on a plan has its outcome",
        )  # fmt: skip
    draw.void = draw.void or entry


def _both(draw: Draw, entry: Entry) -> Finding:
    return entry.finding(
        "outcome-and-void", draw.id, "同一计划既有结果又有作废", "the plan has both an outcome and a void; it has one of them"
    )


def _only(draw: Draw, entry: Entry, before: Entry | None) -> Iterator[Finding]:
    if before is not None:
        yield entry.finding(
            "document-doubled", draw.id, f"第 {before.index} 号条目已是本批次的 {entry.kind}",
            f"entry {before.index} is the {entry.kind} of this draw already",
        )  # fmt: skip


def _note(draw: Draw, entry: Entry) -> None:
    """Note which result is shown, and which targets replacements ended."""
    events: tuple[Event, ...] = ()
    match entry.document:
        case DrawOutcome(result=result):
            draw.result = draw.result or result.sha256
        case DrawOpening(result=result, events=events):
            draw.result = draw.result or result.sha256
        case Replacement(event=event):
            events = (event,)
    for event in events:
        if isinstance(event, TargetEvent):
            draw.ended.add(event.target)
            if event.successor is not None:
                draw.successors.add(event.successor.id)


def clocks(draw: Draw, now: str) -> Iterator[Finding]:
    """Yield what `draw` did not do in its time: an outcome or a void until a day after T, the opening until a day after its date."""
    if draw.plan is None:
        return
    first = min((e for e in (draw.outcome, draw.void) if e is not None), key=lambda e: e.leaf.at, default=None)
    if late := _late(first, draw.plan.instant, now):
        zh, en = late
        yield draw.entry.finding(
            "unfinished-late", draw.id, f"开号时刻 {draw.plan.instant} 后 24 小时内既无结果也未作废{zh}",
            f"neither an outcome nor a void within 24 hours of the instant {draw.plan.instant}{en}",
        )  # fmt: skip
    if draw.plan.sealed is None or draw.void is not None or draw.outcome is None:
        return
    if late := _late(draw.opening, draw.plan.sealed.opens, now):
        zh, en = late
        yield draw.entry.finding(
            "sealed-late", draw.id, f"应于 {draw.plan.sealed.opens} 启封，其后 24 小时内没有启封{zh}",
            f"to be opened at {draw.plan.sealed.opens}, and not within 24 hours of it{en}",
        )  # fmt: skip


def _late(came: Entry | None, due: str, now: str) -> tuple[str, str] | None:
    end = seconds_of(due) + DAY
    if came is None:
        return ("，至今仍无", ", and still none") if seconds_of(now) >= end else None
    if seconds_of(came.leaf.at) < end:
        return None
    return f"；第 {came.index} 号条目才有（{came.leaf.at}）", f"; it came at entry {came.index}, {came.leaf.at}"
