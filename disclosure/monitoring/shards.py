"""The links between the logs of a bureau (findings 33 to 35 and 36): nothing begins, ends or is replaced without one."""

from collections.abc import Iterator, Sequence

from disclosure.document import Shard
from disclosure.keys import encode_base64
from disclosure.monitoring.archive import Archive
from disclosure.monitoring.finding import Finding
from disclosure.monitoring.logs import Log
from disclosure.monitoring.record import DAY, Entry, seconds_of
from disclosure.policy import LogPolicy, satisfied

__all__ = ["Shards", "stale"]


class Shards:
    def __init__(self, archive: Archive, logs: Sequence[Log]) -> None:
        self._archive = archive
        self._logs = {log.origin: log for log in logs}
        self._by_shard = {log.shard: log for log in logs}
        self._began: dict[str, str] = {}  # log → when its first entry claims to be
        self._links: list[tuple[Entry, Shard]] = []
        self._succeeded: dict[str, Entry] = {}  # log → its entry `succeeded`

    def observe(self, entry: Entry) -> Iterator[Finding]:
        """Note an entry; yield if it is a plan in a log that had ended."""
        self._began.setdefault(entry.log, entry.leaf.at)
        document = entry.document
        if isinstance(document, Shard):
            self._links.append((entry, document))
            if document.event == "succeeded":
                self._succeeded.setdefault(entry.log, entry)
        elif entry.kind == "draw-plan/v1" and (ended := self._succeeded.get(entry.log)) is not None:
            yield entry.finding(
                "plan-after-succession", entry.leaf.id, f"此日志已在第 {ended.index} 号条目由后一日志接续，新计划应记入后一日志",
                f"the log was succeeded at entry {ended.index}; new plans belong to the one after it",
            )  # fmt: skip

    def finish(self) -> Iterator[Finding]:
        """Yield every link that is not true, and every log that has none."""
        linked = set[str]()
        for entry, link in self._links:
            yield from self._check(entry, link)
            if link.event == "succeeds" and entry.index == 0:
                linked.add(entry.log)
        oldest = min(self._began, key=lambda shard: (shard in linked, self._began[shard]), default=None)
        for shard in self._began.keys() - linked - {oldest}:
            yield Finding("shard-unlinked", shard, 0, None, shard, f"日志 {shard} 的第一条不是与前一日志的链接",
                          f"the first entry of {shard} is no link to an older log")  # fmt: skip

    def _check(self, entry: Entry, link: Shard) -> Iterator[Finding]:
        def wrong(code: str, zh: str, en: str) -> Finding:
            return entry.finding(code, entry.log, zh, en)

        here, other = self._by_shard[entry.log], self._logs.get(link.other.origin)
        if link.origin != here.origin:
            yield wrong("shard-mismatch", f"链接自称在 {link.origin}，实在 {here.origin}", f"it says it stands in {link.origin}, not {here.origin}")
        if other is None:
            self._archive.miss(entry.log, f"{here.origin} 链接到 {link.other.origin}，您的策略未列此日志，或来源没有公布",
                               f"{here.origin} links to {link.other.origin}, which your policy does not list or the source does not serve")  # fmt: skip
            return
        if link.other.key != encode_base64(other.key.public_key):
            yield wrong("shard-mismatch", f"所称 {other.origin} 的密钥与策略所列不同", f"the key it names is not that of {other.origin}")
        backwards = [e for e, back in self._links if (e.log, back.other.origin) == (other.shard, here.origin) and back.event != link.event]
        if not backwards:
            yield wrong("shard-unlinked", f"{other.origin} 没有指回 {here.origin} 的链接", f"{other.origin} holds no link back to {here.origin}")
        if link.event == "succeeds":
            yield from self._head(entry, link, other, backwards)

    def _head(self, entry: Entry, link: Shard, other: Log, ends: Sequence[Entry]) -> Iterator[Finding]:
        size, root = link.other.size, link.other.root
        found = None if size is None else other.root(size)
        if found is None or root != found.hex():
            yield entry.finding(
                "shard-mismatch", entry.log, f"{other.origin} 在 {size} 条时的根不是 {root}", f"{other.origin} never had root {root} at {size} entries"
            )
        elif ends and size is not None and all(end.index >= size for end in ends):
            yield entry.finding(
                "shard-mismatch", entry.log, f"所记 {size} 条尚不含 {other.origin} 第 {ends[0].index} 号条目的链接",
                f"at {size} entries {other.origin} did not hold its link yet, entry {ends[0].index}",
            )  # fmt: skip


def stale(log: Log, policy: LogPolicy, now: str) -> Iterator[Finding]:
    """Yield if the cosignatures of the last 24 hours do not meet the quorum; never without a quorum.

    One over a day later than now is not of the last 24 hours either: it would be fresh for ever.
    """
    fresh = {c.name for c in log.cosignatures if abs(c.time - seconds_of(now)) <= DAY}
    if not satisfied(policy, [key for key in policy.cosigners if key.name in fresh]):
        yield Finding(
            "checkpoint-stale", log.shard, None, None, log.shard, f"{log.origin} 最近 24 小时内的联署不足策略要求的数目",
            f"the cosignatures of {log.origin} from the last 24 hours do not meet the quorum",
        )  # fmt: skip

