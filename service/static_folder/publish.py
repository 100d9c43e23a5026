"""Publication: bring the folder up to what the application answers now, and each shard's checkpoint after all it promises.

    documents, disclosures, blobs, tiles, bundles, policy → pages → settled → checkpoints → tickets

A checkpoint promises tiles, entries, documents and proofs; these, and the pages that tell of them, are durable before it. The
tickets of a big draw are thousands of pages: they come after it, a part in each run if need be, and never hold it back.
Pages wait for the checkpoint: until all that is committed is signed, the folder keeps the pages it has. Only a redaction does not wait.
"""

import asyncio
import contextlib
import re

from msgspec import Struct

from disclosure.checkpoint import read_unverified
from disclosure.errors import DisclosureError
from disclosure.tiles import TILE_WIDTH, Bundle, Tile, bundles, tiles
from selection.keys import digest_of
from service.config import Config
from service.errors import Conflicting, NotFound
from service.log import read_newest_checkpoint
from service.office import Office
from service.pages.draws import PAGE as DRAWS_ON_PAGE
from service.pages.log_entries import page_of
from service.policies import policy_bytes
from service.static_folder.files import Folder, open_folder
from service.static_folder.keys import DrawKeys, key_of, read_draw_keys, release
from service.static_folder.plans import publish_plans
from service.static_folder.snapshot import Snapshot, take_snapshot
from service.static_folder.strangers import strangers_in
from service.static_folder.tickets import publish_tickets
from service.web.assets import ASSETS
from service.web.reading import TWINS, has_twin

__all__ = ["Published", "publish_folder"]

BATCH = 500  # documents after which the state is saved
LATE = 1000  # checkpoints behind the newest that an answer under way may still be about
NOT_OF_EVERY_KIND = ("sd.json", "proof.json")
_NEXT = re.compile(rb'<a href="([^"#?]+)(?:#[^"]*)?" rel="next">')


class Published(Struct, frozen=True):
    """What a run did. `waiting`: pages wait for a checkpoint; `unfinished`: tickets are left for the next run."""

    written: int
    removed: int
    waiting: bool
    unfinished: bool
    strangers: tuple[str, ...]  # files nobody published, if they were looked for


async def publish_folder(
    office: Office, config: Config, patience: float | None = None, look_around: bool = False
) -> Published:
    """Bring `config.publish_dir` up to date; with `patience`, begin no further ticket after so many seconds.

    Raises FolderError if it cannot be written, Conflicting if another process holds it or its checkpoint is not one of this
    log. Whatever is raised, the folder is consistent and the next run goes on.
    """
    async with open_folder(config.publish_dir) as folder, take_snapshot(office, config) as snapshot:
        run = _Run(folder, snapshot, config.public_url)
        checkpoints = await run.read_checkpoints()
        draws = await read_draw_keys(snapshot)
        await run.publish_logs()
        await run.publish_files(draws)
        if snapshot.complete:
            await run.publish_pages(draws)
        elif run.redacted:
            await run.publish_redacted(draws)
        await run.save()
        for address, note in checkpoints.items():
            await run.put(address, note)
        await run.prune()
        await run.save()
        finished = not snapshot.complete or await publish_tickets(folder, snapshot, await run.base(), draws, patience)
        strangers = await strangers_in(folder, snapshot) if look_around else ()
        return Published(folder.written, folder.removed, not snapshot.complete, not finished, strangers)


class _Run:
    """One run: the folder, and whom to ask."""

    def __init__(self, folder: Folder, snapshot: Snapshot, public_url: str) -> None:
        self._folder, self._snapshot, self._public_url = folder, snapshot, public_url
        self._full: list[str] = []
        self.redacted = False

    async def base(self) -> str:
        """Return a key of what every page shows: the program, the bureau, the address."""
        bureau = await self._snapshot.connection.fetchval("SELECT name FROM bureau")
        return key_of(release(), bureau, self._public_url)

    async def policy(self) -> bytes | None:
        """Return the policy; None before there is a bureau."""
        with contextlib.suppress(NotFound):
            return await policy_bytes(self._snapshot.office)
        return None

    async def put(self, address: str, data: bytes) -> None:
        await asyncio.to_thread(self._folder.put, address, data)

    async def save(self) -> None:
        await asyncio.to_thread(self._folder.save)

    async def _publish(self, address: str, must: bool = True) -> bytes | None:
        """Write what the application answers, a page in both languages; return it in Chinese."""
        if has_twin(address):
            await self._publish_one(f"/{TWINS}{address}", must)
        return await self._publish_one(address, must)

    async def _publish_one(self, address: str, must: bool) -> bytes | None:
        """Write what the application answers; remove what it does not answer (any more), which is a fault if it `must`."""
        body = await self._snapshot.ask(address)
        if body is not None:
            await self.put(address, body)
        elif must:
            raise RuntimeError(f"{address} answers 404, but belongs to the folder")
        else:
            await asyncio.to_thread(self._folder.remove, address)
        return body

    async def _publish_pages_from(self, address: str, must: bool = True) -> None:
        """Write a list, and every further page it leads to."""
        body = await self._publish(address, must)
        while body is not None and (following := _NEXT.search(body)) is not None:
            body = await self._publish(following[1].decode())

    def _is_done(self, name: str, key: str) -> bool:
        """Return whether `name` is complete with `key`; note that it will be, once the state is saved."""
        if self._folder.state.get(name) == key:
            return True
        self._folder.state[name] = key
        return False

    # ------------------------------------------------------------ checkpoints

    async def read_checkpoints(self) -> dict[str, bytes]:
        """Return what the checkpoint files will hold; Conflicting if a file tells of another log than the database."""
        found = {}
        for shard, size in self._snapshot.signed.items():
            address = f"/log/{shard}/checkpoint"
            newest = await read_newest_checkpoint(self._snapshot.connection, shard)
            if newest is None:
                continue
            found[address] = newest[1]
            path = self._folder.place(address)
            if path.is_file():
                _check_continues(path.read_bytes(), newest[1], str(path), size)
        return found

    async def prune(self) -> None:
        """Remove narrower tiles that the checkpoint before did not need any more either."""
        for address in self._full:
            await asyncio.to_thread(self._folder.remove_narrower, address)

    # ------------------------------------------------------------ files

    async def publish_logs(self) -> None:
        """Write new documents and tiles of every shard."""
        for shard, size in self._snapshot.signed.items():
            await self._publish_each(shard, "documents", size, ("json", "dsse.json", "sd.json"))
            await self._publish_signed_later(shard)
            await self._publish_each(shard, "proofs", self._snapshot.proved[shard], ("tlog-proof", "proof.json"))
            done = int(self._folder.state.get(f"tiles {shard}", 0))
            known = _tiles(done)
            for tile in sorted(_tiles(size) - known, key=lambda t: t.path):
                await self._publish(f"/log/{shard}/{tile.path}")
            if done != size:
                pruned = int(self._folder.state.get(f"pruned {shard}", 0))
                full = [tile for tile in known - _tiles(pruned) if tile.width == TILE_WIDTH]
                self._full += [f"/log/{shard}/{tile.path}" for tile in full]
                self._folder.state[f"pruned {shard}"] = str(done)
            self._folder.state[f"tiles {shard}"] = str(size)

    async def _publish_each(self, shard: str, name: str, size: int, forms: tuple[str, ...]) -> None:
        """Write these files of each document below `size`, from where the last run stopped."""
        done = int(self._folder.state.get(f"{name} {shard}", 0))
        while done < size:
            await self._publish_documents(shard, done, min(size, done + BATCH), forms)
            done = min(size, done + BATCH)
            self._folder.state[f"{name} {shard}"] = str(done)
            if done < size:
                await self.save()

    async def _publish_documents(self, shard: str, first: int, end: int, forms: tuple[str, ...]) -> None:
        rows = await self._snapshot.connection.fetch(
            "SELECT sha256 FROM document WHERE shard = $1 AND leaf_index >= $2 AND leaf_index < $3 ORDER BY leaf_index",
            shard, first, end,
        )  # fmt: skip
        for row in rows:
            for form in forms:
                await self._publish(f"/doc/{row['sha256']}.{form}", must=form not in NOT_OF_EVERY_KIND)

    async def _publish_signed_later(self, shard: str) -> None:
        """Write again the proofs whose checkpoint another cosigner, or a time stamp authority, signed since they were written.

        Only the newest checkpoint is ever sent to them, so what was not among the newest when the last run ended gains nothing any more.
        """
        name, proved = f"signatures {shard}", int(self._folder.state.get(f"proofs {shard}", 0))
        since = await self._snapshot.connection.fetchval(
            "SELECT min(size) FROM (SELECT size FROM log_checkpoint WHERE shard = $1 AND size <= $2 ORDER BY size DESC LIMIT $3) newest",
            shard, proved, LATE,
        )  # fmt: skip
        rows = await self._snapshot.connection.fetch(
            "SELECT s.size, count(*) AS count, (SELECT coalesce(max(size), 0) FROM log_complete b WHERE b.shard = $1 AND b.size < s.size)"
            " AS before FROM (SELECT size FROM log_cosignature WHERE shard = $1 AND size >= $2"
            " UNION ALL SELECT size FROM timestamp_token WHERE shard = $1 AND size >= $2) s GROUP BY s.size ORDER BY s.size",
            shard, since or 0,
        )  # fmt: skip
        known = set(self._folder.state.get(name, "").split())
        for row in rows:
            if row["size"] <= proved and f"{row['size']}:{row['count']}" not in known:
                await self._publish_documents(shard, row["before"], row["size"], ("tlog-proof", "proof.json"))
        self._folder.state[name] = " ".join(f"{row['size']}:{row['count']}" for row in rows)

    async def publish_files(self, draws: list[DrawKeys]) -> None:
        """Write blobs, bundles, the policy, and again what redactions changed."""
        connection = self._snapshot.connection
        public = [row["sha256"] for row in await connection.fetch("SELECT sha256 FROM blob WHERE public ORDER BY sha256")]
        if not self._is_done("blobs", key_of(*public)):
            for sha256 in public:
                if not self._folder.place(f"/blob/{sha256}").is_file():
                    await self._publish(f"/blob/{sha256}")
        for draw in draws:
            if not self._is_done(f"redactions {draw.id}", draw.redactions) and draw.redactions != "0":
                self.redacted = True
                for row in await connection.fetch("SELECT sha256 FROM document WHERE draw = $1", draw.id):
                    await self._publish(f"/doc/{row['sha256']}.sd.json", must=False)
                    await self._publish(f"/doc/{row['sha256']}.proof.json", must=False)
            if draw.drawn and not self._is_done(f"bundle {draw.id}", draw.bundle):
                # None while its newest document has no checkpoint: the old bundle stays, and is asked for again.
                bundle = await self._snapshot.ask(f"/draws/{draw.id}/{draw.id}.bundle.json")
                if bundle is None:
                    del self._folder.state[f"bundle {draw.id}"]
                else:
                    await self.put(f"/draws/{draw.id}/{draw.id}.bundle.json", bundle)
        if (policy := await self.policy()) is not None:
            await self.put("/policy", policy)

    # ------------------------------------------------------------ pages

    async def publish_pages(self, draws: list[DrawKeys]) -> None:
        """Write every page but tickets, those that others lead to first."""
        base = await self.base()
        policy = digest_of(await self.policy() or b"")
        for name, asset in ASSETS.items():
            await self.put(f"/assets/{name}", asset.data)
        if not self._is_done("start", key_of(base, policy)):
            await self._publish("/verify/verify.py", must=False)
            await self._publish("/verify/", must=False)
            await self._publish("/keys/", must=False)
        await self._publish_draws(base, policy, draws)
        await publish_plans(self._snapshot, draws, base, self._is_done, self._publish)
        if not self._is_done("draws", key_of(base, *((draw.id, draw.everything) for draw in draws))):
            for number in range(1, -(-len(draws) // DRAWS_ON_PAGE) + 1):
                await self._publish(f"/draws/page/{number}/")
            await self._publish("/draws/")
            await self._publish("/")
        for shard, size in self._snapshot.signed.items():
            await self._publish_log_pages(base, shard, size)

    async def publish_redacted(self, draws: list[DrawKeys]) -> None:
        """Write the pages of the draws that changed although pages wait: what was redacted is taken down whoever has not cosigned.

        Under a key of their own, so that they are written once more when all is under a checkpoint.
        """
        base, policy = await self.base(), digest_of(await self.policy() or b"")
        changed = [draw for draw in draws if self._folder.state.get(f"draw {draw.id}") != key_of(base, policy, draw.everything)]
        await self._publish_draws(key_of(base, "waiting"), policy, changed)
        await publish_tickets(self._folder, self._snapshot, key_of(base, "waiting"), changed, None)

    async def _publish_draws(self, base: str, policy: str, draws: list[DrawKeys]) -> None:
        await self._publish_results(base, draws)
        for draw in draws:
            if not self._is_done(f"draw {draw.id}", key_of(base, policy, draw.everything)):
                await self._publish(f"/draws/{draw.id}/tickets/")
                await self._publish_pages_from(f"/draws/{draw.id}/people/", must=False)
                await self._publish_pages_from(f"/draws/{draw.id}/")

    async def _publish_results(self, base: str, draws: list[DrawKeys]) -> None:
        redactions = {
            draw.id: draw.redactions for draw in draws
            if not self._is_done(f"results {draw.id}", key_of(base, draw.everything, draw.redactions))
        }  # fmt: skip
        rows = await self._snapshot.connection.fetch(
            "SELECT id, draw, rev, document FROM result WHERE draw = ANY($1) ORDER BY id", list(redactions)
        )
        for row in rows:
            key = key_of(base, row["document"], redactions.get(row["draw"]))
            if not self._is_done(f"result {row['id']}", key):
                for revision in range(1, row["rev"] + 1):
                    await self._publish(f"/results/{row['id']}/{revision}/")
                await self._publish(f"/results/{row['id']}/")

    async def _publish_log_pages(self, base: str, shard: str, size: int) -> None:
        known, _, done = self._folder.state.get(f"log {shard}", "").partition(" ")
        first = page_of(int(done)) if known == base else 1
        if self._is_done(f"log {shard}", f"{base} {size}"):
            return
        for number in range(first, page_of(size - 1) + 1 if size else 1):
            await self._publish(f"/log/{shard}/page/{number}/")
        await self._publish(f"/log/{shard}/")


def _tiles(size: int) -> set[Tile | Bundle]:
    return {*tiles(size), *bundles(size)}


def _check_continues(old: bytes, new: bytes, path: str, size: int) -> None:
    """Raise Conflicting unless the checkpoint `new` may replace `old`: readers remember it."""
    try:
        known = read_unverified(old)
    except DisclosureError:
        return  # damaged: the true one replaces it
    mine = read_unverified(new)
    same_log = known.origin == mine.origin
    if same_log and (known.size < mine.size or (known.size == mine.size and known.root == mine.root)):
        return
    raise Conflicting(
        f"{path} 是 {known.origin} 的检查点，共 {known.size} 条；数据库的日志 {mine.origin} 只有 {size} 条，或者内容不同。"
        "公众已经见过前者，不能换掉：数据库可能是从旧的备份恢复的，请见 docs/operations.md“Losing things”",
        f"{path} is a checkpoint of {known.origin} with {known.size} entries; the log {mine.origin} of this database has {size},"
        " or others. The public has seen the former and it is not replaced: the database may come from an old back-up; see"
        " docs/operations.md, \"Losing things\"",
    )
