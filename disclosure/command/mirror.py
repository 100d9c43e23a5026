"""`python -m disclosure mirror SOURCE FOLDER [--policy POLICY] [--shard NAME]`: a copy of a publication, every file authenticated first.

The folder is a publication itself: `audit`, `monitor` and a file server read it. Run again, it fetches what is new. Order: what the
checkpoint promises, file by file (written beside, synced, renamed), the checkpoint last; killed anywhere, the next run goes on, and
what is here already is looked at again and not fetched. An entry that the log signed is kept whatever it says: it is evidence. A checkpoint that does not continue ours is a fork: ours stays, theirs is
kept beside it as evidence. What was here and is no longer served stays, but for names that were redacted.

Exit status: 0 complete · 1 a file is not what it must be (not copied), or a fork · 2 unreadable · 3 complete, something was not
checked or is not served · 64 wrong usage.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from disclosure.auditing import LogAudit, Seen, check_policy, open_head
from disclosure.authenticated_log import Remark
from disclosure.checkpoint import Checkpoint, read_unverified
from disclosure.command.ahead import ReadingAhead
from disclosure.command.asking import MARKS, Parser, Unreadable, read_policy, say
from disclosure.command.audit import is_of_shard, say_missing, shards_of
from disclosure.command.source import FolderSource, Refused, Source, SourceError, open_source
from disclosure.errors import DisclosureError, TileError
from disclosure.policy import Policy
from disclosure.tiles import TILE_WIDTH, AuthenticatedTiles, Tile
from disclosure.tree import root_at

__all__ = ["run"]

SHOWN_ABSENT = 20
FOLDERS = ("blob", "checkpoints", "doc", "draws", "forks", "log")


def run(arguments: Sequence[str]) -> int:
    """Mirror as `arguments` say, print what was found, return the exit status."""
    parser = Parser(prog="python -m disclosure mirror", description="Copy a publication, authenticating every file.")
    parser.add_argument("source", metavar="SOURCE", help="the publication: a folder, or an http(s) address")
    parser.add_argument("folder", metavar="FOLDER", help="where the copy is kept; made if it is not there")
    parser.add_argument("--policy", metavar="POLICY", help="your own policy: whose keys and which log you trust")
    parser.add_argument("--shard", metavar="NAME", help="only this log, for example 2026; else all that are known")
    options = parser.parse_args(list(arguments))
    try:
        policy = None if options.policy is None else read_policy(options.policy)
        source = open_source(options.source)
        shards = [options.shard] if options.shard else shards_of(source, policy)
        Path(options.folder).mkdir(parents=True, exist_ok=True)
        mirror = _Mirror(source, Path(options.folder), policy)
        with _alone(Path(options.folder)):
            for shard in shards:
                mirror.log(shard)
            if options.shard is None:
                say_missing(shards, policy, mirror.report)
            mirror.policy_file(whole=options.shard is None)
            mirror.tidy()
    except (SourceError, Unreadable) as error:
        say([error.zh, str(error), "已取得的文件都留着；再次运行会接着做。What was copied stays; run it again to go on."])
        return 2
    except OSError as error:
        say([f"无法写入 {options.folder}：{error}", f"cannot write to {options.folder}; what was copied stays, run it again to go on"])
        return 2
    return mirror.conclude()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for this process, where the system can: of two, the slower would put its older checkpoint over a newer."""
    if os.name != "posix":
        yield
        return
    import fcntl

    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SourceError("另一进程正在更新这个副本，请等它结束", f"another process is at work in {folder}; wait until it ends") from error
    else:
        yield
    finally:
        os.close(held)


class _Mirror:
    def __init__(self, source: Source, folder: Path, policy: Policy | None) -> None:
        self.source, self.here, self.folder, self.policy = source, FolderSource(folder), folder, policy
        self.keys: dict[str, bytes] = {}
        self.seen = Seen()
        self.found = {"fail": 0, "absent": 0, "not-checked": 0}
        self.written = 0

    def log(self, shard: str) -> None:
        path = f"log/{shard}/checkpoint"
        note = self.source.read(path)
        if note is None:
            raise SourceError(f"没有日志 {shard} 的检查点", f"there is no {path} in {self.source.name}")
        head = open_head(note, self.policy, path, self.report)
        if head is None or not is_of_shard(head, shard, self.report) or not self._continues(shard, head, note):
            return
        say([f"日志 log {head.origin}：{head.size} 条 entries，根 root {head.root.hex()}"])
        copy = _Copy(self, shard, head)
        if copy.bring():
            self.write(f"checkpoints/{shard}/{head.size}", note)
            self.write(path, note)

    def _continues(self, shard: str, head: Checkpoint, note: bytes) -> bool:
        """Return whether `head` is to be copied: it is not older than ours, and everything we have is its beginning."""
        path = f"log/{shard}/checkpoint"
        ours_note = self.here.read(path)
        if ours_note is None:
            return True
        try:
            ours = read_unverified(ours_note)
        except DisclosureError as error:
            raise SourceError("本地检查点已损坏", f"{self.folder}/{path} is damaged: {error}; restore it from checkpoints/{shard}/") from error
        if open_head(ours_note, self.policy, path, lambda _: None) is None:
            raise SourceError("本地检查点不是策略所列日志签发的，不能用来判断分叉", f"{self.folder}/{path} is not signed by a log of your policy, so it shows"
                              " no fork; if it was copied without --policy, begin again in another folder")  # fmt: skip
        older, newer = sorted((ours, head), key=lambda checkpoint: checkpoint.size)
        # The tiles of whoever has the larger head must lead to the root of the smaller: theirs as served, never mixed with ours.
        holder = self.here if newer is ours and ours.size != head.size else self.source
        try:
            tiles = AuthenticatedTiles(newer.size, newer.root, lambda tile: _tile(holder, shard, tile)) if newer.size != older.size else None
            root = newer.root if tiles is None else root_at(older.size, tiles.hash_at)
        except TileError as error:
            self.report(Remark("fail", path, f"无法证明检查点（{head.size} 条）延续本地的 {ours.size} 条：{error}",
                               f"the checkpoint of {head.size} entries cannot be shown to continue our {ours.size}: {error}"))  # fmt: skip
            return False
        if root != older.root or ours.origin != head.origin:
            self._fork(shard, ours_note, note, head)
            return False
        if head.size < ours.size:
            self.report(Remark("not-checked", path, f"所提供的检查点（{head.size} 条）旧于本地的 {ours.size} 条，未替换",
                               f"the checkpoint served ({head.size} entries) is older than ours of {ours.size}; ours stays"))  # fmt: skip
            return False
        return True

    def _fork(self, shard: str, ours: bytes, theirs: bytes, head: Checkpoint) -> None:
        kept = f"forks/{shard}/{head.size}-{sha256(theirs).hexdigest()[:16]}"
        self.write(kept, theirs)
        self.report(Remark("fail", f"log/{shard}/checkpoint", f"FORK 日志分叉：所提供的检查点不延续本地的检查点。两份都已保留：log/{shard}/checkpoint 与 {kept}",
                           f"FORK: what is served does not continue what was served before. Both are kept: log/{shard}/checkpoint and {kept}."))  # fmt: skip
        say(["--- 本地 ours", *ours.decode(errors="replace").split("\n"), "--- 所提供 theirs", *theirs.decode(errors="replace").split("\n"),
             "请保留整个文件夹，告知发布机关的监督机关和其他联署方、镜像方。" if self.policy else "未给策略文件，签名未查：请先用 --policy 确认两份检查点确由该日志签发。",
             "Keep the whole folder and tell whoever supervises the bureau, its cosigners and other mirrors." if self.policy
             else "No policy was given: check first, with --policy, that the log really signed both."])  # fmt: skip

    def policy_file(self, whole: bool) -> None:
        data = self.source.read("policy")
        if data is None:
            return
        try:
            check_policy(data, self.seen)
        except DisclosureError as error:
            # Of one log only its own key events are known: a newer one may stand in another.
            self.report(Remark("fail" if whole else "not-checked", "policy", f"策略文件与密钥事件不符，未收入：{error}", f"not copied: {error}"))
        else:
            self.write("policy", data)

    def write(self, path: str, data: bytes) -> None:
        """Write a file durably, if it is not there as it is: a crash leaves the old one or the new one."""
        if self.here.read(path) == data:
            return
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f".{place.name}.part")
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
        if os.name != "nt":  # the name, too, has to outlast a power failure
            folder = os.open(place.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        self.written += 1

    def tidy(self) -> None:
        """Remove what a run that was killed left half written."""
        rests = [rest for own in FOLDERS for rest in (self.folder / own).rglob(".*.part")]
        for rest in (*rests, *self.folder.glob(".policy.part")):  # nowhere else: the folder may hold other things too
            rest.unlink()

    def report(self, remark: Remark) -> None:
        self.found[remark.verdict] += 1
        if remark.verdict != "absent" or self.found["absent"] <= SHOWN_ABSENT:
            say([f"{MARKS[remark.verdict]}  {remark.path}", f"      {remark.zh}", f"      {remark.en}"])

    def conclude(self) -> int:
        status = 1 if self.found["fail"] else 3 if self.found["absent"] or self.found["not-checked"] else 0
        say([f"写入 files written {self.written}；不符 failed {self.found['fail']}，缺 absent {self.found['absent']}，未查 not checked {self.found['not-checked']}"])
        say({0: ["副本完整。", "The copy is complete."],
             1: ["有文件不符，未收入副本，见上列各行。", "Files are not as they must be and were not copied; each is named above."],
             3: ["副本完整；标“未查”“缺”的，请看各行说明。", "The copy is complete; see the lines marked not checked or absent."]}[status])  # fmt: skip
        return status


class _Copy:
    """The copying of one log: the audit of what is served, through a reader that keeps what passes.

    Of a file that is here already the copy here is audited; where that is false, it is fetched, and the audit begins again.
    """

    def __init__(self, mirror: _Mirror, shard: str, head: Checkpoint) -> None:
        self._mirror, self._shard, self._head = mirror, shard, head
        self._false_here: set[str] = set()
        self._held: dict[str, bytes] = {}
        self._read_here: set[str] = set()
        self._failed: set[str] = set()
        self._absent = 0

    def bring(self) -> bool:
        """Copy everything; return whether the tree itself is whole, so that the checkpoint may follow."""
        while True:
            remarks = self._audit()
            again = self._failed & self._read_here - self._false_here
            if not again:
                break
            self._false_here |= again
        for remark in remarks:
            self._mirror.report(remark)
        self._mirror.found["absent"] += max(0, self._absent - SHOWN_ABSENT)
        return not any(path.startswith("log/") for path in self._failed)

    def _audit(self) -> list[Remark]:
        remarks: list[Remark] = []
        self._held, self._read_here, self._failed, self._absent = {}, set(), set(), 0
        seen = Seen(self._mirror.keys)

        def report(remark: Remark) -> None:
            self._absent += remark.verdict == "absent"
            if remark.verdict != "absent" or self._absent <= SHOWN_ABSENT:
                remarks.append(remark)
            if remark.verdict == "fail" and not remark.authentic:
                self._failed.add(remark.path)

        def read(path: str) -> bytes | None:
            try:
                return self._read(near, path)
            except Refused as error:  # of what a document names, a single file that nobody may read must not end every copy
                if path.startswith("log/"):
                    raise
                report(Remark("fail", path, error.zh, str(error)))
                return None

        near = ReadingAhead(
            self._mirror.source, lambda path: _is_changing(path) or path in self._false_here or not (self._mirror.folder / path).exists()
        )
        try:
            audit = LogAudit(self._head, self._shard, read, report, seen, self._mirror.policy, True)
            for done in audit.run():
                self._keep(bundles=done % TILE_WIDTH == 0)
            self._keep(bundles=True)
        finally:
            near.close()
        if seen.key_event is not None:
            self._mirror.seen = seen
        return remarks

    def _read(self, near: ReadingAhead, path: str) -> bytes | None:
        if path in self._held:
            return self._held[path]
        here = self._here(path)
        if here is not None and not _is_changing(path):
            self._read_here.add(path)
            if "/tile/entries/" in path:
                near.ask_documents(path, here)
            return here
        data = near.read(path)
        if data is None:
            return here
        self._held[path] = data
        return data

    def _here(self, path: str) -> bytes | None:
        return None if path in self._false_here else self._mirror.here.read(path)

    def _keep(self, bundles: bool) -> None:
        """Write what passed. Called after each entry, when everything read so far was judged but, until its last, its bundle."""
        for path in [path for path in self._held if bundles or "/tile/entries/" not in path]:
            data = self._held.pop(path)
            if path not in self._failed:
                self._mirror.write(path, data)


def _is_changing(path: str) -> bool:
    """Return whether a file may be served anew: names are opened and redacted, bundles grow."""
    return path.endswith((".sd.json", ".proof.json", ".bundle.json"))


def _tile(source: Source, shard: str, tile: Tile) -> bytes:
    data = source.read(f"log/{shard}/{tile.path}")
    if data is None:
        raise TileError(f"{tile.path} is not served")
    return data
