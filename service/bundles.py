"""Bundles and proofs of what is published, built from the database; the same bytes until something new is logged."""

from datetime import datetime

from msgspec import UNSET

from disclosure.bundle import Record, make_bundle
from disclosure.checkpoint import read_unverified
from disclosure.document import (
    BesideDraw,
    Contribution,
    DrawOpening,
    DrawOutcome,
    SealedOutcome,
)
from disclosure.document_bundle import make_document_bundle
from disclosure.proof import Proof, format_proof, parse_proof
from selection.contribution import label_of
from selection.plan import LastNumber, Plan
from service import log
from service.cosigners import read_complete_checkpoint, read_timed_checkpoint
from service.database import Connection
from service.disclosures import published_of
from service.documents import Stored, documents_of, read_blob, read_document
from service.errors import NotFound
from service.office import Office
from service.timestamps import read_timestamp

__all__ = ["build_bundle", "build_document_bundle", "build_proof", "read_bundle"]


async def read_bundle(office: Office, draw: str) -> bytes:
    """Return the bundle of a drawn or sealed draw; NotFound before its outcome is under a checkpoint."""
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await build_bundle(connection, draw)


async def build_bundle(connection: Connection, draw: str) -> bytes:
    """Return the bundle of `draw` as of this transaction. B is the smallest checkpoint with its cosigners that holds every document; A
    the newest before the late numbers that cosigners signed by T, or simply the newest."""
    stored = [
        d
        for d in await documents_of(connection, draw)
        if not isinstance(d.document, BesideDraw)
    ]
    if not any(isinstance(d.document, DrawOutcome | SealedOutcome) for d in stored):
        raise NotFound(f"批次 {draw} 还没有结果", f"draw {draw} has no outcome yet")
    plan = stored[0].document
    assert isinstance(plan, Plan)
    shard, late = stored[0].shard, _first_late(plan, stored)
    b = await read_complete_checkpoint(connection, shard, stored[-1].index + 1)
    before = 1 + max(d.index for d in stored if d.index < late)
    a = await read_timed_checkpoint(connection, shard, before, late, datetime.fromisoformat(plan.instant))
    if a is None or b is None:
        raise _not_complete()
    records = [
        Record(d.envelope, d.index, d.leaf, await log.inclusion(connection, d.shard, d.index, b.size))
        for d in stored
    ]
    blobs = [await _public_blob(connection, sha256) for sha256 in _blob_names(plan, stored)]
    names = await connection.fetch("SELECT text FROM disclosure WHERE draw = $1 AND kind = 'person'", draw)
    people = [row["text"] for row in names]
    consistency = await log.consistency(connection, shard, a.size, b.size)
    return make_bundle(draw, records, blobs, people, a.note, b.note, consistency)


def _not_complete() -> NotFound:
    return NotFound(
        "检查点尚未签发，或联署还不够，请稍后再试", "the checkpoint is not signed, or not cosigned, yet; retry shortly"
    )


def _first_late(plan: Plan, stored: list[Stored]) -> int:
    """Return the index of the first document that checkpoint A must not hold: dice, public number, beacon or outcome."""
    late = {label_of(c) for c in plan.contributors if isinstance(c, LastNumber)}
    return next(
        d.index
        for d in stored
        if isinstance(d.document, DrawOutcome | SealedOutcome)
        or (isinstance(d.document, Contribution) and d.document.label in late)
    )


def _blob_names(plan: Plan, stored: list[Stored]) -> list[str]:
    blobs = plan.blobs
    names = [
        b.sha256
        for b in (blobs.apart, blobs.conflicts, blobs.excluded, blobs.mandatory, blobs.people, blobs.pool)
    ]
    if plan.teams_of is not UNSET:
        names.append(plan.teams_of.result)
    for d in stored:
        if isinstance(d.document, DrawOutcome | DrawOpening):
            names += [d.document.result.sha256, d.document.opened.sha256]
    return sorted(set(names))


async def _public_blob(connection: Connection, sha256: str) -> bytes:
    data = await read_blob(connection, sha256)
    if data is None:
        raise NotFound(f"缺少名单 {sha256}", f"blob {sha256} is missing")
    return data


async def build_document_bundle(connection: Connection, sha256: str) -> bytes:
    """Return the bundle of one document as of this transaction: what is disclosed, and the time stamp if there is one, now."""
    stored, proof = await read_document(connection, sha256), await build_proof(connection, sha256)
    assert stored is not None  # else there was no proof
    plan = await read_document(connection, stored.document.plan) if hasattr(stored.document, "plan") else None
    size = read_unverified(parse_proof(proof).checkpoint).size
    return make_document_bundle(
        envelope=stored.envelope,
        plan=None if plan is None else plan.envelope,
        proof=proof,
        disclosures=await published_of(connection, stored.document) or (),
        timestamp=await read_timestamp(connection, stored.shard, size),
    )


async def build_proof(connection: Connection, sha256: str) -> bytes:
    """Return the `.tlog-proof` of one document, in the smallest checkpoint that holds it and met the quorum; NotFound before."""
    stored = await read_document(connection, sha256)
    if stored is None:
        raise NotFound(f"没有文书 {sha256}", f"there is no document {sha256}")
    found = await read_complete_checkpoint(connection, stored.shard, stored.index + 1)
    if found is None:
        raise _not_complete()
    path = await log.inclusion(connection, stored.shard, stored.index, found.size)
    return format_proof(Proof(leaf=stored.leaf, index=stored.index, path=tuple(path), checkpoint=found.note))
