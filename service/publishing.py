"""Publication: checkpoints after every commit, names when the plan says, and the static folder.

Order, resumable at every point: documents are committed → the committed head is signed → tiles, documents, blobs and bundles
are written → the checkpoint file last. A reader of the folder never sees a checkpoint whose tiles are not there yet.
"""

import os
from collections.abc import Awaitable
from datetime import datetime
from pathlib import Path

import msgspec

from disclosure.document import DrawOpening, DrawOutcome, Replacement, SealedOutcome, format_document
from disclosure.envelope import format_envelope
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey
from disclosure.person import digest
from disclosure.tiles import bundles as entry_bundles
from disclosure.tiles import format_bundle, format_tile, tiles
from selection.replacement import Event, PersonEvent, TargetEvent
from service import log
from service.bundles import build_bundle, build_proof
from service.database import Connection
from service.documents import documents_of, read_blob
from service.errors import NotFound
from service.frozen import FrozenDraw, lock_draw, read_frozen, read_sealed_events
from service.life.open import due_to_open, open_draw
from service.office import Office, as_time
from service.sections import read_departments

__all__ = ["catch_up", "open_names", "policy_bytes", "publish_folder", "run_jobs"]

VALID_FROM = (
    "2000-01-01T00:00:00Z"  # a key of the first version has no rotation yet: valid from before any leaf
)


async def catch_up(office: Office) -> None:
    """Sign every committed head that has no checkpoint: what a crash between COMMIT and signing left."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT shard FROM log_head h WHERE NOT EXISTS"
            " (SELECT 1 FROM log_checkpoint c WHERE c.shard = h.shard AND c.size = h.size)"
        )
    for row in rows:
        await log.publish_checkpoint(office, row["shard"])


async def run_jobs(office: Office) -> None:
    """Do what is due: sign what is unsigned, open sealed draws, open names. Safe to run anywhere, any number of times.

    What fails is raised when all else is done: no draw that cannot be opened holds back another.
    """
    await catch_up(office)
    failures: list[Exception] = []
    for draw in await due_to_open(office):
        await _attempt(open_draw(office, None, draw, "date"), failures)
    for draw, since in await _names_due(office):
        await _attempt(_open_names(office, draw, since), failures)
    if failures:
        raise ExceptionGroup("jobs failed", failures)


async def _attempt(job: Awaitable[object], failures: list[Exception]) -> None:
    try:
        await job
    except Exception as error:
        failures.append(error)


async def open_names(office: Office) -> int:
    """Open the names of everyone drawn or witnessing in draws whose `names_open` has come; return how many are new."""
    return sum([await _open_names(office, draw, since) for draw, since in await _names_due(office)])


async def _names_due(office: Office) -> list[tuple[str, datetime | None]]:
    """Return the draws with names to open, and when names of theirs were opened last: None if none are open."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "WITH waiting AS MATERIALIZED (SELECT w.id, w.plan, n.newest FROM draw w CROSS JOIN LATERAL"
            " (SELECT max(opened_at) AS newest FROM disclosure WHERE draw = w.id AND kind = 'person') n"
            " WHERE w.state IN ('drawn', 'opened') AND (n.newest IS NULL OR EXISTS (SELECT 1 FROM document d"
            " WHERE d.draw = w.id AND d.kind = 'replacement/v1' AND d.logged_at >= n.newest)))"
            " SELECT w.id, w.newest FROM waiting w JOIN document p ON p.sha256 = w.plan"
            " WHERE convert_from(p.data, 'UTF8')::jsonb->>'names_open' <= $1 ORDER BY w.id",
            as_time(office.now()),
        )
    return [(row["id"], row["newest"]) for row in rows]


async def _open_names(office: Office, draw: str, since: datetime | None) -> int:
    """Open all names of `draw`, or, after the first time, those of people drawn since: a redacted name stays redacted."""
    async with office.pool.acquire() as connection, connection.transaction():
        frozen = await read_frozen(connection, await lock_draw(connection, draw))
        wanted = await _people_to_name(connection, frozen, since)
        texts = [text for key, (_, text) in frozen.disclosures.items() if key in wanted]
        new = await connection.fetch(
            "INSERT INTO disclosure (digest, draw, kind, text, opened_at)"
            " SELECT digest, $1, 'person', text, $2 FROM unnest($3::text[], $4::text[]) AS t (digest, text)"
            " ON CONFLICT (digest) DO NOTHING RETURNING digest",
            draw, office.now(), [digest(text) for text in texts], texts,
        )  # fmt: skip
        await connection.execute(
            "UPDATE disclosure SET opened_at = $2 WHERE draw = $1 AND kind = 'person'", draw, office.now()
        )
    return len(new)


async def _people_to_name(connection: Connection, frozen: FrozenDraw, since: datetime | None) -> set[str]:
    """Return the ids of all people ever drawn and the labels of witnesses and throwers; only who was drawn from `since` on
    if it is given."""
    people: set[str] = set()
    events: list[Event] = []
    if since is None:
        people = {p for t in frozen.transcript.targets for p in (*t.inspectors, *t.experts)}
        people |= frozen.disclosures.keys() - {person.id for person in frozen.pools.people}
        events = await read_sealed_events(connection, frozen.row.id)
    events += [
        d.document.event
        for d in frozen.documents
        if isinstance(d.document, Replacement) and (since is None or d.logged_at >= since)
    ]
    for event in events:
        if isinstance(event, PersonEvent) and event.successor is not None:
            people.add(event.successor)
        elif isinstance(event, TargetEvent) and event.successor is not None:
            people.update(p for p in (*event.successor.inspectors, *event.successor.experts) if p is not None)
    return people


async def policy_bytes(office: Office) -> bytes:
    """Return the policy as this bureau states it; NotFound before there is one. A verifier takes it as a proposal and
    compares the fingerprints."""
    async with office.pool.acquire() as connection:
        bureau = await connection.fetchval("SELECT label FROM bureau")
        if bureau is None:
            raise NotFound("尚未登记机关", "the bureau is not set up")
        departments = await read_departments(connection, office)
        origins = await connection.fetch("SELECT origin FROM log_head ORDER BY origin")
    public = office.log_signer.public_key
    lines = [f"log {format_vkey(VerifierKey(row['origin'], KIND_ED25519, public))}" for row in origins]
    # Retired departments too: what they signed stays signed.
    authorities = [
        {"bureau": bureau, "key": department.key, "name": department.name, "revoked_at": None, "valid_from": VALID_FROM,
         "valid_until": None}
        for department in departments.all
    ]  # fmt: skip
    policy = {"authorities": authorities, "log": "\n".join([*lines, "quorum none", ""]), "type": "policy/v1"}
    return msgspec.json.format(msgspec.json.encode(policy), indent=2) + b"\n"


async def publish_folder(office: Office, folder: Path) -> int:
    """Bring `folder` up to date and return how many files were written; the checkpoint is the last.

    Files are written beside and renamed, so a reader sees whole files only. Existing immutable files are left alone.
    """
    await catch_up(office)
    written = 0
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        draws = await connection.fetch("SELECT id, state FROM draw WHERE plan IS NOT NULL ORDER BY id")
        for row in draws:
            written += await _publish_draw(connection, folder, row["id"])
        for (sha256,) in await connection.fetch("SELECT sha256 FROM blob WHERE public ORDER BY sha256"):
            if not (folder / "blob" / sha256).exists():
                data = await read_blob(connection, sha256)
                assert data is not None
                written += _write(folder / "blob" / sha256, data, immutable=True)
        shards = [r["shard"] for r in await connection.fetch("SELECT shard FROM log_head ORDER BY shard")]
        for shard in shards:
            written += await _publish_tiles(connection, folder / "log" / shard, shard)
        written += _write(folder / "policy", await policy_bytes(office))
        for shard in shards:
            newest = await log.read_newest_checkpoint(connection, shard)
            if newest is not None:
                written += _write(folder / "log" / shard / "checkpoint", newest[1])
    return written


async def _publish_draw(connection: Connection, folder: Path, draw: str) -> int:
    written, drawn = 0, False
    for stored in await documents_of(connection, draw):
        if await log.read_checkpoint_at_least(connection, stored.shard, stored.index + 1) is None:
            # Committed since the last checkpoint was signed: it and a bundle that holds it are for the next time.
            return written
        base = folder / "doc" / stored.sha256
        drawn = drawn or isinstance(stored.document, DrawOutcome | SealedOutcome | DrawOpening)
        written += _write(base.with_suffix(".json"), format_document(stored.document), immutable=True)
        written += _write(base.with_suffix(".dsse.json"), format_envelope(stored.envelope), immutable=True)
        written += _write(
            base.with_suffix(".tlog-proof"), await build_proof(connection, stored.sha256), immutable=True
        )
    if drawn:
        written += _write(
            folder / "draws" / draw / f"{draw}.bundle.json", await build_bundle(connection, draw)
        )
    return written


async def _publish_tiles(connection: Connection, folder: Path, shard: str) -> int:
    newest = await log.read_newest_checkpoint(connection, shard)
    if newest is None:
        return 0
    size, written = newest[0], 0
    for tile in tiles(size):
        path = folder / tile.path
        if path.exists():
            continue
        hashes = await connection.fetch(
            "SELECT hash FROM log_hash WHERE shard = $1 AND level = $2 AND index >= $3 AND index < $4 ORDER BY index",
            shard, 8 * tile.level, 256 * tile.index, 256 * tile.index + tile.width,
        )  # fmt: skip
        written += _write(path, format_tile([row["hash"] for row in hashes]), immutable=True)
    for bundle in entry_bundles(size):
        path = folder / bundle.path
        if path.exists():
            continue
        entries = await connection.fetch(
            "SELECT leaf FROM log_entry WHERE shard = $1 AND index >= $2 AND index < $3 ORDER BY index",
            shard, 256 * bundle.index, 256 * bundle.index + bundle.width,
        )  # fmt: skip
        written += _write(path, format_bundle([row["leaf"] for row in entries]), immutable=True)
    return written


def _write(path: Path, data: bytes, immutable: bool = False) -> int:
    """Write `data` durably if it is new; return 1 if it was written. A crash leaves the old file or the new one."""
    if path.exists() and (immutable or path.read_bytes() == data):
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return 1
