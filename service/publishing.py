"""Publication: checkpoints after every commit, names when the plan says, and the static folder.

Order, resumable at every point: documents are committed → the committed head is signed → tiles, documents, blobs and bundles
are written → the checkpoint file last. A reader of the folder never sees a checkpoint whose tiles are not there yet.
"""

import os
from pathlib import Path

import msgspec

from disclosure.document import DrawOpening, DrawOutcome, Replacement, SealedOutcome, format_document
from disclosure.envelope import format_envelope
from disclosure.keys import encode_base64
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey
from disclosure.person import digest
from disclosure.tiles import bundles as entry_bundles
from disclosure.tiles import format_bundle, format_tile, tiles
from selection.replacement import PersonEvent, TargetEvent
from service import log
from service.bundles import build_bundle, build_proof
from service.database import Connection
from service.documents import documents_of
from service.frozen import FrozenDraw, lock_draw, read_frozen
from service.life.open import open_due
from service.life.replace import read_sealed_events
from service.office import Office, as_time

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
    """Do what is due: open sealed draws, open names, sign what is unsigned. Safe to run anywhere, any number of times."""
    await open_due(office)
    await open_names(office)
    await catch_up(office)


async def open_names(office: Office) -> int:
    """Open the names of everyone drawn or witnessing in draws whose `names_open` has come; return how many are new."""
    now, opened = as_time(office.now()), 0
    async with office.pool.acquire() as connection:
        rows = await connection.fetch("SELECT id FROM draw WHERE state IN ('drawn', 'opened')")
    for row in rows:
        async with office.pool.acquire() as connection, connection.transaction():
            if await _names_opened(connection, row["id"]):
                continue
            frozen = await read_frozen(connection, await lock_draw(connection, row["id"]))
            if frozen.plan.names_open > now:
                continue
            wanted = await _people_to_name(connection, frozen)
            disclosures = [text for key, (_, text) in frozen.disclosures.items() if key in wanted]
            await connection.executemany(
                "INSERT INTO disclosure (digest, draw, kind, text, opened_at) VALUES ($1, $2, 'person', $3, $4)"
                " ON CONFLICT (digest) DO UPDATE SET opened_at = excluded.opened_at",
                [(digest(text), row["id"], text, office.now()) for text in disclosures],
            )
            opened += len(disclosures)
    return opened


async def _names_opened(connection: Connection, draw: str) -> bool:
    """Return whether the names are open and nothing was replaced since."""
    newest = await connection.fetchval(
        "SELECT max(opened_at) FROM disclosure WHERE draw = $1 AND kind = 'person'", draw
    )
    if newest is None:
        return False
    return not await connection.fetchval(
        "SELECT 1 FROM document WHERE draw = $1 AND kind = 'replacement/v1' AND logged_at >= $2", draw, newest
    )


async def _people_to_name(connection: Connection, frozen: FrozenDraw) -> set[str]:
    """Return the ids of all people ever drawn, and the labels of witnesses and throwers."""
    people = {p for t in frozen.transcript.targets for p in (*t.inspectors, *t.experts)}
    events = await read_sealed_events(connection, frozen.row.id)
    events += [d.document.event for d in frozen.documents if isinstance(d.document, Replacement)]
    for event in events:
        if isinstance(event, PersonEvent) and event.successor is not None:
            people.add(event.successor)
        elif isinstance(event, TargetEvent) and event.successor is not None:
            people.update(p for p in (*event.successor.inspectors, *event.successor.experts) if p is not None)
    return people | {key for key in frozen.disclosures if not key.startswith("p-")}


async def policy_bytes(office: Office) -> bytes:
    """Return the policy as this bureau states it. A verifier takes it as a proposal and compares the fingerprints."""
    async with office.pool.acquire() as connection:
        bureau = await connection.fetchrow("SELECT label, name FROM bureau")
        origins = await connection.fetch("SELECT origin FROM log_head ORDER BY origin")
    public = office.log_signer.public_key
    lines = [f"log {format_vkey(VerifierKey(row['origin'], KIND_ED25519, public))}" for row in origins]
    authority = {
        "bureau": bureau["label"],
        "key": encode_base64(office.signer.public_key),
        "name": bureau["name"],
        "revoked_at": None,
        "valid_from": VALID_FROM,
        "valid_until": None,
    }
    policy = {"authorities": [authority], "log": "\n".join([*lines, "quorum none", ""]), "type": "policy/v1"}
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
        for sha256, data in await connection.fetch("SELECT sha256, data FROM blob WHERE public"):
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
