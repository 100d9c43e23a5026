"""Disclosures as they are published, or redacted: the strings that open names and statements, by document and by digest."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from disclosure.document import Document, parse_document
from disclosure.errors import PersonError
from disclosure.person import parse_disclosure
from disclosure.result import Contest, Correction, InspectionResult, Redaction
from service.database import Connection
from service.documents import documents_of
from service.frozen import read_draw_row
from service.office import Office

__all__ = ["REDACTED", "Notice", "Published", "field_of", "list_published", "notices_of", "published_of", "redacted_people"]

REDACTED = "已遮蔽"  # stands where a redacted name stood


class Notice(Struct, frozen=True):
    """What stands instead of something redacted: the redaction that ordered it, and when."""

    sha256: str
    redaction: Redaction
    redacted_at: datetime


class Published(Struct, frozen=True):
    """A disclosure that anybody can read now, the document whose digest it opens, and what it says."""

    document: str
    kind: str
    digest: str
    says: str


def field_of(text: str, field: str, member: str) -> str | None:
    """Return `member` of the value of a disclosure of `field`; None if it is a disclosure of anything else."""
    try:
        _, name, value = parse_disclosure(text)
    except PersonError:
        return None
    found = value.get(member) if name == field and isinstance(value, dict) else None
    return found if isinstance(found, str) else None


async def published_of(connection: Connection, document: Document) -> list[str] | None:
    """Return the disclosures of the document's `_sd` that are published, ascending as bytes; None for one without `_sd`."""
    if not hasattr(document, "digests") or isinstance(document, Redaction):
        return None
    rows = await connection.fetch(
        "SELECT text FROM disclosure WHERE digest = ANY($1)", list(document.digests)
    )
    return sorted(row["text"] for row in rows)


async def notices_of(connection: Connection, digests: Sequence[str]) -> dict[str, Notice]:
    """Return, for each of `digests` that was redacted, by what."""
    rows = await connection.fetch(
        "SELECT r.digest, d.sha256, d.data, r.redacted_at FROM redacted r JOIN document d ON d.sha256 = r.redaction"
        " WHERE r.digest = ANY($1)",
        list(digests),
    )
    found = {}
    for row in rows:
        redaction = parse_document(row["data"])
        assert isinstance(redaction, Redaction)
        found[row["digest"]] = Notice(row["sha256"], redaction, row["redacted_at"])
    return found


async def redacted_people(connection: Connection, draw: str) -> set[str]:
    """Return the digests of the people of a draw, contributors included, whose names were redacted."""
    rows = await connection.fetch(
        "SELECT r.digest FROM redacted r JOIN draw w ON w.plan = r.document WHERE w.id = $1", draw
    )
    return {row["digest"] for row in rows}


async def list_published(office: Office, draw: str) -> list[Published]:
    """Return every disclosure of `draw` that is published, for whoever has to say which ones a redaction means; NotFound."""
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await read_draw_row(connection, draw)
        holders = {
            digest: stored.sha256
            for stored in await documents_of(connection, draw)
            if isinstance(stored.document, InspectionResult | Correction | Contest)
            for digest in stored.document.digests
        }
        rows = await connection.fetch(
            "SELECT digest, kind, text FROM disclosure WHERE draw = $1 ORDER BY kind, digest", draw
        )
    return [
        Published(holders.get(r["digest"], row.plan or ""), r["kind"], r["digest"],
                  field_of(r["text"], r["kind"], "text" if r["kind"] == "statement" else "name") or "")
        for r in rows
    ]  # fmt: skip
