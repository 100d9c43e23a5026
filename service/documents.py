"""Documents in the database: signed, logged and stored in the transaction of the change they record, or not at all."""

from datetime import datetime

from asyncpg import Record
from msgspec import Struct

from disclosure.document import Document, KeyEvent, Shard, format_document, parse_document, sign_document
from disclosure.envelope import Envelope, format_envelope, parse_envelope
from disclosure.keys import Signer
from disclosure.leaf import format_leaf, leaf_of
from disclosure.signing_rules import SignerError, check_actors, check_separation, required_keys
from selection.keys import digest_of
from selection.plan import Plan
from service import guard, log
from service.database import Connection
from service.keys import check_holding
from service.office import Office, as_time

__all__ = ["Stored", "Turn", "add_blob", "begin_turn", "documents_of", "read_blob", "read_document", "record"]


class Stored(Struct, frozen=True):
    """A document as it stands in the log."""

    sha256: str
    document: Document
    envelope: Envelope
    shard: str
    index: int
    leaf: bytes
    logged_at: datetime


class Turn(Struct, frozen=True):
    """The sequencer's turn inside one transaction: the locked head, and the time everything in it claims.

    The time never falls behind that of the entry before, whatever the clock of this machine does.
    """

    head: log.Head
    now: datetime


async def begin_turn(connection: Connection, office: Office, shard: str) -> Turn:
    """Lock the log and return the turn. Take every other lock of the transaction before: this one is the last.

    Raises Conflicting if the key of this log is not here, or the log is halted: what is appended could not be signed.
    """
    guard.check_not_halted(office, shard)
    head = await log.lock_head(connection, shard)
    log.signer_of_log(office, head)
    return Turn(head, max(office.now(), head.last_at))


async def record(
    connection: Connection, turn: Turn, plan: Plan, document: Document, subject: str, signers: list[Signer]
) -> Stored:
    """Sign `document`, append its leaf, store both, within the caller's transaction; return it as stored.

    Raises SignerError if its actors break the rules of their roles or `signers` are not those the plan asks for,
    Conflicting if the key of one does not hold now, DocumentError for a value that no document holds. A database constraint
    refuses a second document of one (draw, kind, subject), and any second outcome or void.
    """
    check_actors(plan, document)
    if {signer.public_key for signer in signers} != set(required_keys(plan, document)):
        raise SignerError(
            f"{document.type} of {plan.id} needs other keys than this service signs with: see the plan"
        )
    await check_holding(connection, signers, turn.now)
    parse_document(format_document(document))  # what could not be read again is never signed
    earlier = [stored.document for stored in await documents_of(connection, plan.id)]
    check_separation([*earlier, document])
    envelope = sign_document(document, signers)
    return await store(connection, turn, document, envelope, subject)


async def store(
    connection: Connection, turn: Turn, document: Document, envelope: Envelope, subject: str
) -> Stored:
    """Append and store a document that is signed already."""
    leaf = format_leaf(leaf_of(document, envelope, as_time(turn.now)))
    appended = await log.append(connection, turn.head, leaf, turn.now)
    data = format_document(document)
    await connection.execute(
        "INSERT INTO document (sha256, kind, draw, subject, data, envelope, shard, leaf_index, logged_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        digest_of(data), document.type, document_draw(document), subject, data, format_envelope(envelope),
        appended.shard, appended.index, turn.now,
    )  # fmt: skip
    return Stored(digest_of(data), document, envelope, appended.shard, appended.index, leaf, turn.now)


def document_draw(document: Document) -> str | None:
    """Return the draw a document belongs to, None if to none; a result's own id is longer."""
    if isinstance(document, KeyEvent | Shard):
        return None
    return getattr(document, "draw", document.id)


async def documents_of(connection: Connection, draw: str) -> list[Stored]:
    """Return all documents of a draw, results included, in log order."""
    rows = await connection.fetch(
        "SELECT d.*, e.leaf FROM document d JOIN log_entry e ON e.shard = d.shard AND e.index = d.leaf_index"
        " WHERE d.draw = $1 ORDER BY d.leaf_index",
        draw,
    )
    return [_stored(row) for row in rows]


async def read_document(connection: Connection, sha256: str) -> Stored | None:
    """Return one document by its digest, or None."""
    row = await connection.fetchrow(
        "SELECT d.*, e.leaf FROM document d JOIN log_entry e ON e.shard = d.shard AND e.index = d.leaf_index"
        " WHERE d.sha256 = $1",
        sha256,
    )
    return None if row is None else _stored(row)


def _stored(row: Record) -> Stored:
    return Stored(
        sha256=row["sha256"],
        document=parse_document(row["data"]),
        envelope=parse_envelope(row["envelope"]),
        shard=row["shard"],
        index=row["leaf_index"],
        leaf=row["leaf"],
        logged_at=row["logged_at"],
    )


async def add_blob(connection: Connection, data: bytes, public: bool) -> str:
    """Store a blob; return its digest. A blob that is public once stays public."""
    sha256 = digest_of(data)
    await connection.execute(
        "INSERT INTO blob (sha256, data, public) VALUES ($1, $2, $3)"
        " ON CONFLICT (sha256) DO UPDATE SET public = blob.public OR excluded.public",
        sha256, data, public,
    )  # fmt: skip
    return sha256


async def read_blob(connection: Connection, sha256: str) -> bytes | None:
    """Return a blob's bytes, public or not, or None; who may see it is the caller's to know."""
    data: bytes | None = await connection.fetchval("SELECT data FROM blob WHERE sha256 = $1", sha256)
    return data
