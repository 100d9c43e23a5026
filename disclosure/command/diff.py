"""`python -m disclosure diff CHECKPOINT CHECKPOINT… [--log SOURCE] [--policy POLICY | --vkey VKEY]`: do all of them show one log?

A log that shows different people different histories is found by putting side by side what it showed them: checkpoints from the
bureau's site, a mirror, a cosigner, a proof somebody was given. Two of one size need one root; of different sizes the larger has to
continue the smaller, which takes the tiles of the log.

Exit status: 0 all are one history · 1 FORK, or a checkpoint that the log did not sign · 2 unreadable · 3 nothing is wrong, but
something could not be told (no tiles, no key) · 64 wrong usage.
"""

from collections.abc import Sequence

from msgspec import Struct

from disclosure.auditing import open_head
from disclosure.authenticated_log import Remark
from disclosure.checkpoint import Checkpoint, open_checkpoint
from disclosure.command.asking import MARKS, Parser, Unreadable, read_file, read_policy, say
from disclosure.command.source import Source, SourceError, fetch, open_source
from disclosure.errors import DisclosureError, TileError
from disclosure.note import MAX_NOTE_BYTES, VerifierKey, parse_vkey
from disclosure.policy import Policy
from disclosure.tiles import AuthenticatedTiles, Tile
from disclosure.tree import root_at

__all__ = ["run"]

WHAT_TO_DO = (
    "FORK 日志分叉：同一日志向不同的人出示了不同的历史，这是篡改的证据。请原样保留这些文件，告知发布机关的监督机关、各联署方和其他镜像方。",
    "FORK: the log showed different histories to different people. Keep these files exactly as they are.",
    "Tell whoever supervises the bureau, the log's cosigners and other mirrors.",
)
SUMMARY = {
    0: ("所有检查点属于同一历史。", "All checkpoints are of one history."),
    1: ("检查点不一致或签名有误，见上列各行。", "The checkpoints disagree, or one is not signed by its log; see above."),
    3: ("没有发现矛盾；标“未查”的无法判断。", "No contradiction was found; what is marked not checked cannot be told."),
}  # fmt: skip


class _Shown(Struct, frozen=True):
    """A checkpoint, and who showed it."""

    where: str
    head: Checkpoint


def run(arguments: Sequence[str]) -> int:
    """Compare as `arguments` say, print what was found, return the exit status."""
    parser = Parser(prog="python -m disclosure diff", description="Compare checkpoints of a log from different sources.")
    parser.add_argument("checkpoints", metavar="CHECKPOINT", nargs="+", help="a checkpoint file, or its http(s) address")
    parser.add_argument("--log", metavar="SOURCE", help="a publication with the tiles: a folder, or an http(s) address")
    keys = parser.add_mutually_exclusive_group()
    keys.add_argument("--policy", metavar="POLICY", help="your own policy: whose keys and which log you trust")
    keys.add_argument("--vkey", metavar="VKEY", help="the log's verifier key alone, name+hash+base64")
    options = parser.parse_args(list(arguments))
    if len(options.checkpoints) < 2 and options.log is None:
        parser.error("give two checkpoints or more, or one and --log")
    try:
        policy = None if options.policy is None else read_policy(options.policy)
        vkey = None if options.vkey is None else _parsed(options.vkey)
        source = None if options.log is None else open_source(options.log)
        comparison = _Comparison(policy, vkey)
        for where in options.checkpoints:
            comparison.add(where, _fetched(where))
        comparison.compare(source)
    except (SourceError, Unreadable) as error:
        say([error.zh, str(error)])
        return 2
    return comparison.conclude()


def _parsed(vkey: str) -> VerifierKey:
    try:
        return parse_vkey(vkey)
    except DisclosureError as error:
        raise Unreadable("密钥无法读取", f"--vkey: {error}") from error


def _fetched(where: str) -> bytes:
    if "://" not in where:
        return read_file(where, MAX_NOTE_BYTES)
    if not where.startswith(("http://", "https://")):
        raise SourceError("只能读取文件或 http(s) 网址", f"{where}: a checkpoint is a file or an http(s) address")
    data = fetch(where, MAX_NOTE_BYTES)
    if data is None:
        raise SourceError("没有这个检查点", f"there is nothing at {where}")
    return data


class _Comparison:
    def __init__(self, policy: Policy | None, vkey: VerifierKey | None) -> None:
        self._policy, self._vkey = policy, vkey
        self._shown: list[_Shown] = []
        self._found = {"fail": 0, "absent": 0, "not-checked": 0}
        self._forked = False

    def add(self, where: str, note: bytes) -> Checkpoint | None:
        """Take one checkpoint in and return it; None if its log did not sign it: it is reported, proves nothing, and is not compared."""
        head: Checkpoint | None = None
        if self._vkey is None:
            head = open_head(note, self._policy, where, self._report, quorum=False)
        else:
            try:
                head = open_checkpoint(note, self._vkey).checkpoint
            except DisclosureError as error:
                self._report(Remark("fail", where, f"检查点有误：{error}", str(error)))
        if head is not None:
            self._shown.append(_Shown(where, head))
            say([f"{head.size:>12,} 条 entries  根 root {head.root.hex()}  {head.origin}", f"              {where}"])
        return head

    def compare(self, source: Source | None) -> None:
        """Compare what each shows with what every other shows."""
        for origin in sorted({shown.head.origin for shown in self._shown}):
            of_one = sorted((s for s in self._shown if s.head.origin == origin), key=lambda shown: shown.head.size)
            self._same_size(of_one)
            sizes = {shown.head.size for shown in of_one}
            if source is not None:
                self._continue(of_one, source, origin)
            elif len(sizes) > 1:
                self._report(Remark("not-checked", origin, f"大小不同（{_listed(sizes)} 条），没有散列文件无法判断；请加 --log",
                                    f"of different sizes ({_listed(sizes)}): without tiles nobody can tell; give --log"))  # fmt: skip
        if len({shown.head.origin for shown in self._shown}) > 1:
            self._report(Remark("not-checked", "", "这些检查点属于不同的日志，只在各自之内比较",
                                "these are of different logs; each was compared only within its own"))  # fmt: skip

    def _same_size(self, shown: list[_Shown]) -> None:
        for before, after in zip(shown, shown[1:], strict=False):
            if before.head.size == after.head.size and before.head.root != after.head.root:
                self._fork(after.where, f"与 {before.where} 同为 {after.head.size} 条，根却不同",
                           f"the same {after.head.size} entries as {before.where}, and another root")  # fmt: skip

    def _continue(self, shown: list[_Shown], source: Source, origin: str) -> None:
        shard = origin.rpartition("/")[2]
        path = f"{source.name}/log/{shard}/checkpoint"
        note = source.read(f"log/{shard}/checkpoint")
        if note is None:
            self._report(Remark("not-checked", path, "没有检查点，无从比较", "there is no checkpoint to compare with"))
            return
        head = self.add(path, note)
        if head is None:
            return
        if head.origin != origin:
            self._report(Remark("not-checked", path, f"这是另一日志 {head.origin} 的检查点，无从比较", f"this is of another log, {head.origin}: nothing to compare with"))  # fmt: skip
            return
        try:
            tiles = AuthenticatedTiles(head.size, head.root, lambda tile: _tile(source, shard, tile))
        except DisclosureError as error:
            self._report(Remark("fail", path, f"日志文件有误：{error}", str(error)))
            return
        for one in shown:
            if one.head.size > head.size:
                self._report(Remark("not-checked", one.where, f"比散列文件所及的 {head.size} 条更新，无从比较",
                                    f"newer than the {head.size} entries that there are tiles for"))  # fmt: skip
                continue
            try:
                root = root_at(one.head.size, tiles.hash_at)
            except TileError as error:
                self._report(Remark("fail", path, f"散列文件有误：{error}", str(error)))
                return
            if root != one.head.root:
                self._fork(one.where, f"不是 {path} 的前 {one.head.size} 条", f"not what the first {one.head.size} entries of {path} give")

    def _fork(self, path: str, zh: str, en: str) -> None:
        self._forked = True
        self._report(Remark("fail", path, f"FORK：{zh}", f"FORK: {en}"))

    def _report(self, remark: Remark) -> None:
        self._found[remark.verdict] += 1
        say([f"{MARKS[remark.verdict]}  {remark.path}", f"      {remark.zh}", f"      {remark.en}"])

    def conclude(self) -> int:
        status = 1 if self._found["fail"] else 3 if self._found["not-checked"] else 0
        say(["", *(WHAT_TO_DO if self._forked else SUMMARY[status])])
        if self._forked and self._policy is None and self._vkey is None:
            say(["签名未查：请先用 --policy 或 --vkey 确认各份检查点确由该日志签发，否则不能作为证据。",
                 "No key was given: check first, with --policy or --vkey, that the log signed each; otherwise this is no evidence."])  # fmt: skip
        return status


def _listed(sizes: set[int]) -> str:
    return ", ".join(map(str, sorted(sizes)))


def _tile(source: Source, shard: str, tile: Tile) -> bytes:
    data = source.read(f"log/{shard}/{tile.path}")
    if data is None:
        raise TileError(f"{tile.path} is not there")
    return data
