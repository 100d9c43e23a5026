"""One pass over all logs of a bureau (docs/spec/monitoring.md). Pure: the source is read through `read`, the time is given."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import UNSET, Struct

from disclosure.document import Document, KeyEvent, Redaction, parse_document
from disclosure.envelope import payload_bytes
from disclosure.errors import DisclosureError
from disclosure.leaf import Leaf, leaf_of
from disclosure.monitoring.archive import Archive, Read, Unavailable
from disclosure.monitoring.draws import clocks, observe_step
from disclosure.monitoring.finding import Finding, sort_key
from disclosure.monitoring.keys import Keys, policy_findings
from disclosure.monitoring.logs import Log, Raw, in_time, open_log
from disclosure.monitoring.plans import Plans
from disclosure.monitoring.record import Draw, Entry, Identity, draw_id_of, identity_of, kept_of
from disclosure.monitoring.redactions import Redactions
from disclosure.monitoring.results import Results
from disclosure.monitoring.shards import Shards, stale
from disclosure.monitoring.times import Times
from disclosure.policy import Policy, parse_policy
from selection.plan import Plan

__all__ = ["STATES", "Report", "monitor"]

# What a draw can be at the end of the log.
STATES = ("running", "sealed", "drawn", "late", "done", "void", "unknown")


class Report(Struct, frozen=True):
    """All findings in order; the logs that were read, with their sizes; the draws (id, title, state of STATES) in log order."""

    findings: tuple[Finding, ...]
    logs: tuple[tuple[str, int], ...]
    draws: tuple[tuple[str, str, str], ...]


def monitor(read: Read, policy: Policy, now: str, result_days: int = 30) -> Report:
    """Return what the logs of `policy` show at `now` (a time of the specification), read from one source through `read`.

    Raises DisclosureError naming the file where a log cannot be authenticated (nothing is said of such a log) or does not
    exist at all, and whatever `read` raises there. `read` raises Unavailable for a file that can be neither read nor said
    to be absent.
    """
    archive = Archive(read)
    logs = _open_logs(read, policy, archive)
    if not logs:
        raise DisclosureError("the source serves no checkpoint of any log of the policy")
    course = _Pass(archive, logs, now)
    findings = [finding for raw in in_time(logs) for finding in course.observe(raw)]
    ending, draws = course.finish(now, result_days)
    findings += ending
    served = archive.optional("policy", "policy")
    findings += policy_findings(served, course.newest_lists, sum(log.checkpoint.size for log in logs))
    findings += [finding for log in logs for finding in stale(log, policy.log, now)]
    findings += _unlisted(archive, served, policy)
    return Report(
        findings=tuple(sorted(findings, key=sort_key)),
        logs=tuple((log.origin, log.checkpoint.size) for log in logs),
        draws=tuple(draws),
    )


def _open_logs(read: Read, policy: Policy, archive: Archive) -> list[Log]:
    found: list[Log] = []
    for key in policy.log.logs:
        log = open_log(read, key, policy.log.cosigners)
        if log is not None:
            found.append(log)
        else:
            archive.miss(key.name, f"来源没有公布策略所列日志 {key.name} 的检查点；若属其他机关，请为本机关单备一份策略",
                         f"the source serves no checkpoint of {key.name}; if that is another bureau's, take a policy of this one alone")
    return found


def _unlisted(archive: Archive, served: bytes | None, policy: Policy) -> Sequence[Finding]:
    """Remember the logs that the bureau names and the verifier's policy does not; return all that could not be looked at."""
    if served is not None:
        try:
            named = {key.name for key in parse_policy(served).log.logs} - {key.name for key in policy.log.logs}
        except DisclosureError:
            named = set()  # a finding already
        for name in sorted(named):
            archive.miss(name, f"机关公布的策略列有日志 {name}，您的策略没有", f"the bureau's policy names the log {name}, yours does not")
    return archive.missed


class _Pass:
    """The groups of rules, each with what it keeps, and the draws they share."""

    def __init__(self, archive: Archive, logs: Sequence[Log], now: str) -> None:
        self._archive = archive
        self._draws: dict[str, Draw] = {}  # by S
        self._by_id: dict[str, Draw] = {}
        self._plans, self._results = Plans(archive, self._draws), Results(archive)
        self._redactions, self._keys = Redactions(archive), Keys()
        self._shards, self._times = Shards(archive, logs), Times(now)

    @property
    def newest_lists(self) -> list[KeyEvent]:
        return list(self._keys.newest.values())

    def observe(self, raw: Raw) -> Iterator[Finding]:
        """Yield what the next entry shows."""
        if raw.leaf is None:
            log = raw.log.shard
            yield Finding("leaf-unreadable", log, raw.index, None, log, f"条目无法读取：{raw.fault}", f"the entry is no leaf: {raw.fault}")
            return
        document, fault = self._document(raw.leaf)
        entry = Entry(raw.log.shard, raw.index, raw.leaf, document)
        if fault is not None:
            yield entry.finding(fault[0], _subject(entry), *fault[1:])
        yield from self._shards.observe(entry)
        draw = None
        if entry.kind == "draw-plan/v1":
            draw, again = self._draws.get(entry.sha256), entry.sha256 in self._draws
            if draw is None:
                draw = self._begin(entry)
            yield from self._plans.again(draw, entry) if again else self._plans.observe(draw)
        elif entry.kind not in ("key-event/v1", "shard/v1"):
            draw = self._draw_of(entry)
            yield from self._step(draw, entry)
        yield from self._keys.observe(entry, draw)
        yield from self._times.observe(entry, draw)

    def finish(self, now: str, result_days: int) -> tuple[list[Finding], list[tuple[str, str, str]]]:
        """Return what only the end of the log shows, and the state of every draw."""
        findings = [*self._plans.finish(), *self._results.finish(), *self._redactions.finish()]
        findings += [*self._keys.finish(), *self._shards.finish()]
        draws = []
        for draw in self._draws.values():
            late = list(clocks(draw, now))
            overdue, complete = self._results.outstanding(draw, now, result_days) if draw.shown else ([], False)
            findings += [*late, *overdue]
            title = "" if draw.plan is None else draw.plan.title
            draws.append((draw.id, title, _state(draw, bool(late), bool(overdue), complete)))
        return findings, draws

    def _document(self, leaf: Leaf) -> tuple[Document | None, tuple[str, str, str] | None]:
        """Return the document that a leaf names, None if it is not served or not readable; and what is wrong with it."""
        try:
            envelope = self._archive.envelope(leaf.doc.sha256, leaf.id)
            if envelope is None:
                return None, ("document-absent", f"{leaf.type} {leaf.doc.sha256} 没有公布；可能是依裁判撤下，须说明依据",
                              f"{leaf.type} {leaf.doc.sha256} is not served; a court may have ordered it, the bureau has to say so")  # fmt: skip
            document = parse_document(payload_bytes(envelope))
        except Unavailable:
            return None, None
        except DisclosureError as error:
            return None, ("leaf-mismatch", f"所公布的不是条目所指的文书：{error}", f"what is served is not the document of the entry: {error}")
        expected = leaf_of(document, envelope, leaf.at)
        wrong = [name for name in ("type", "id", "rev", "supersedes", "doc", "author") if getattr(expected, name) != getattr(leaf, name)]
        if wrong:
            # What the document says counts from here on: it is what was signed.
            return document, ("leaf-mismatch", f"条目的 {'、'.join(wrong)} 与文书不同", f"the entry's {', '.join(wrong)} differ from the document")
        return document, None

    def _begin(self, entry: Entry) -> Draw:
        if isinstance(plan := entry.document, Plan):
            identity = Identity(plan.bureau, plan.year, plan.number, plan.attempt)
            draw = Draw(msgspec.structs.replace(entry, document=None), plan.id, identity, kept_of(plan))
        else:
            draw = Draw(entry, entry.leaf.id, identity_of(entry.leaf.id), None)
        self._draws[draw.s] = draw
        self._by_id.setdefault(draw.id, draw)
        return draw

    def _draw_of(self, entry: Entry) -> Draw | None:
        """Return the draw an entry belongs to: by the plan its document names, by its id where the document is not served."""
        if entry.document is not None:
            return self._draws.get(getattr(entry.document, "plan", ""))
        return self._by_id.get(draw_id_of(entry.leaf.id))

    def _step(self, draw: Draw | None, entry: Entry) -> Iterator[Finding]:
        if draw is None:
            named = getattr(entry.document, "plan", None)
            if entry.document is not None:
                yield entry.finding("plan-unknown", _subject(entry), f"此前日志中没有它所属的计划 {named}", f"no plan {named} stands in the log before it")
            return
        if isinstance(entry.document, Redaction):
            yield from self._redactions.observe(draw, entry)
        yield from observe_step(draw, entry)
        yield from self._results.observe(draw, entry)


def _subject(entry: Entry) -> str:
    """Return the draw a finding is grouped under, as far as the entry alone tells it."""
    if entry.kind in ("key-event/v1", "shard/v1"):
        return entry.leaf.id
    return draw_id_of(entry.leaf.id) if entry.document is None else str(getattr(entry.document, "draw", entry.leaf.id))


def _state(draw: Draw, late: bool, overdue: bool, complete: bool) -> str:
    if draw.void is not None:
        return "void"
    if draw.plan is None:
        return "unknown"
    waits = draw.outcome is None or not draw.shown
    if overdue or (late and waits):
        return "late"
    if draw.outcome is None:
        return "running"
    if not draw.shown:
        return "sealed"
    return "done" if complete or draw.plan.teams_of is not UNSET else "drawn"
