"""`python -m disclosure audit SOURCE [--policy POLICY] [--shard NAME] [--no-documents]`: a whole log, every file of it, in one pass.

Exit status as `verify`: 0 everything is as it must be · 1 something is not, each file named · 2 unreadable · 3 nothing is wrong,
something was not checked or is not served · 64 wrong usage.
"""

import sys
import time
from collections.abc import Sequence

from disclosure.auditing import LogAudit, Seen, check_policy, open_head
from disclosure.authenticated_log import Remark, Report
from disclosure.checkpoint import Checkpoint
from disclosure.command.ahead import ReadingAhead
from disclosure.command.asking import MARKS, Parser, Unreadable, read_policy, say
from disclosure.command.source import Refused, Source, SourceError, open_source
from disclosure.errors import DisclosureError
from disclosure.leftovers import check_blobs, check_documents, check_draws, check_tiles
from disclosure.policy import Policy, parse_policy

__all__ = ["is_of_shard", "run", "say_missing", "shards_of"]

SHOWN_ABSENT = 20
KINDS = {
    "entries": "条目 entries", "tiles": "散列文件 hash tiles", "bundles": "条目文件 entry bundles", "json": "文书 documents",
    "dsse.json": "签名封套 envelopes", "tlog-proof": "日志证明 proofs", "sd.json": "公开项文件 disclosure files",
    "proof.json": "文书核验包 document bundles", "draw bundle": "抽取核验包 draw bundles", "blob": "名单与结果 lists and results",
    "checkpoint": "检查点 checkpoints", "policy": "策略 policy", "other": "其他文件 other files",
}  # fmt: skip
SUMMARY = {
    0: ("全部文件与日志相符。", "Every file is as the log says."),
    1: ("有文件不符，见上列各行。请保留这些文件，告知发布机关及其监督机关。",
        "Files are not as they must be; each is named above. Keep them, and tell the bureau and whoever supervises it."),
    3: ("没有不符之处；标“未查”“缺”的，请看各行说明。", "Nothing is wrong; see the lines marked not checked or absent."),
}  # fmt: skip


def run(arguments: Sequence[str]) -> int:
    """Audit as `arguments` say, print what was found, return the exit status."""
    parser = Parser(prog="python -m disclosure audit", description="Audit a whole log from a folder or an address.")
    parser.add_argument("source", metavar="SOURCE", help="the publication: a folder, or an http(s) address")
    parser.add_argument("--policy", metavar="POLICY", help="your own policy: whose keys and which log you trust")
    parser.add_argument("--shard", metavar="NAME", help="only this log, for example 2026; else all that are known")
    parser.add_argument("--documents", action="store_true", default=True, help="look at the documents too (the default)")
    parser.add_argument("--no-documents", dest="documents", action="store_false", help="look at the log alone")
    options = parser.parse_args(list(arguments))
    try:
        policy = None if options.policy is None else read_policy(options.policy)
        source = open_source(options.source)
        shards = [options.shard] if options.shard else shards_of(source, policy)
        near = ReadingAhead(source, lambda path: options.documents or not path.startswith("doc/"))
        audit = Audit(near, policy, options.documents)
        try:
            for shard in shards:
                audit.log(shard)
            if options.shard is None:
                say_missing(shards, policy, audit.report)
            audit.publication(whole=options.shard is None)
        finally:
            near.close()
    except (SourceError, Unreadable) as error:
        say([error.zh, str(error)])
        return 2
    return audit.conclude()


def shards_of(source: Source, policy: Policy | None) -> list[str]:
    """Return the logs of a publication: its folders, else those of the policy, else those its own policy proposes.

    SourceError if there is none: an audit of nothing would find nothing wrong.
    """
    names: set[str] = set()
    if (paths := source.paths("log")) is not None:
        names = {path.split("/")[1] for path in paths if path.count("/") >= 2}
    if not names:
        try:
            known = policy or parse_policy(source.read("policy") or b"")
        except DisclosureError:
            known = None
        names = {key.name.rpartition("/")[2] for key in known.log.logs} if known else set()
    if not names:
        raise SourceError("没有找到日志；请用 --shard 指明", f"no log found in {source.name}; name one with --shard")
    return sorted(names)


def is_of_shard(head: Checkpoint, shard: str, report: Report) -> bool:
    """Return whether the checkpoint is that of the log `shard`; another log in its place, however true, would hide the one."""
    if head.origin.rpartition("/")[2] == shard:
        return True
    report(Remark("fail", f"log/{shard}/checkpoint", f"这是日志 {head.origin} 的检查点，不是 {shard} 的", f"this is the checkpoint of {head.origin}, not of a log {shard}"))  # fmt: skip
    return False


def say_missing(shards: Sequence[str], policy: Policy | None, report: Report) -> None:
    """Report the logs of the policy that were not among `shards`, the ones of the source."""
    for key in policy.log.logs if policy else ():
        if (shard := key.name.rpartition("/")[2]) not in shards:
            report(Remark("not-checked", f"log/{shard}", f"策略列有日志 {key.name}，此处没有", f"the policy names the log {key.name}, which is not here"))


class Audit:
    """The remarks so far, printed as they come: a run that is stopped has said what it found."""

    def __init__(self, source: Source, policy: Policy | None, documents: bool) -> None:
        self.source, self.policy, self.documents = source, policy, documents
        self.seen = Seen()
        self.found = {"fail": 0, "absent": 0, "not-checked": 0}
        self.counts: dict[str, int] = {}

    def log(self, shard: str) -> None:
        prefix = f"log/{shard}"
        note = self.source.read(f"{prefix}/checkpoint")
        if note is None:
            raise SourceError(f"没有日志 {shard} 的检查点", f"there is no {prefix}/checkpoint in {self.source.name}")
        self._count("checkpoint")
        head = open_head(note, self.policy, f"{prefix}/checkpoint", self.report)
        if head is None or not is_of_shard(head, shard, self.report):
            return
        say([f"日志 log {head.origin}：{head.size} 条 entries，根 root {head.root.hex()}"])
        audit = LogAudit(head, shard, self._read, self.report, self.seen, self.policy, self.documents)
        begun, shown = time.monotonic(), False
        for done in audit.run():
            if done % 1024 == 0 and sys.stderr.isatty() and time.monotonic() - begun > 2:
                print(f"\r  {done:,} / {head.size:,}", end="", file=sys.stderr, flush=True)
                shown = True
        if shown:
            print(file=sys.stderr)
        for kind, count in audit.counts.items():
            self._count(kind, count)
        paths = self.source.paths(f"{prefix}/tile")
        if paths is not None:
            self._count("other", check_tiles(paths, prefix, head.size, self._read_other, self.report))

    def publication(self, whole: bool) -> None:
        """Look at what belongs to no single log: the proposed policy, and in a folder whatever else lies there."""
        if not self.documents:
            return
        data = self.source.read("policy")
        if data is not None:
            self._count("policy")
            try:
                check_policy(data, self.seen)
            except DisclosureError as error:
                # Of one log only its own key events are known: a newer one may stand in another.
                self.report(Remark("fail" if whole else "not-checked", "policy", f"策略文件与密钥事件不符：{error}", str(error)))
        if not whole:
            return
        for below, check in (("doc", check_documents), ("blob", check_blobs)):
            if (paths := self.source.paths(below)) is not None:
                self._count("other", check(paths, self.seen, self._read_other, self.report))
        if (paths := self.source.paths("draws")) is not None:
            self._count("other", check_draws(paths, self.seen, self.report))

    def _read(self, path: str) -> bytes | None:
        """Read a file; of what a document names, one that nobody may read is said and passed over: it must not end every audit."""
        try:
            return self.source.read(path)
        except Refused as error:
            if path.startswith("log/"):
                raise
            self.report(Remark("fail", path, error.zh, str(error)))
            return None

    def _read_other(self, path: str) -> bytes | None:
        """Read a file nobody asked for: one that cannot be read says nothing about the log."""
        try:
            return self.source.read(path)
        except SourceError:
            return None

    def report(self, remark: Remark) -> None:
        self.found[remark.verdict] += 1
        if remark.verdict != "absent" or self.found["absent"] <= SHOWN_ABSENT:
            say([f"{MARKS[remark.verdict]}  {remark.path}", f"      {remark.zh}"])
            if remark.en not in remark.zh:
                say([f"      {remark.en}"])

    def _count(self, kind: str, count: int = 1) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + count

    def conclude(self) -> int:
        if self.found["absent"] > SHOWN_ABSENT:
            say([f"……另有 {self.found['absent'] - SHOWN_ABSENT} 份文件缺 more files are absent"])
        status = 1 if self.found["fail"] else 3 if self.found["absent"] or self.found["not-checked"] else 0
        say(["", "已查 looked at："])
        say([f"{count:>12,}  {KINDS[kind]}" for kind, count in self.counts.items() if count])
        if not self.documents:
            say(["（只查日志，未查文书 the log alone, no documents）"])
        say([f"不符 failed {self.found['fail']}，缺 absent {self.found['absent']}，未查 not checked {self.found['not-checked']}"])
        say(SUMMARY[status])
        return status
