"""What makes a page change, as one short digest per group of pages: while it is the same, the group is not asked again.

A key may change for nothing, which costs time; it must change whenever an answer does. It holds, of a draw: its documents,
which names are open, whether they are due; the same of every draw it is told of together with (other attempts, plans for its
teams); and the program itself.
"""

import hashlib
from functools import cache
from pathlib import Path

from msgspec import Struct

from service.office import as_time
from service.pages.record import read_plan
from service.static_folder.snapshot import Snapshot

__all__ = ["DrawKeys", "key_of", "read_draw_keys", "release"]

_ROOT = Path(__file__).resolve().parents[2]
REVISIONS = ("inspection-result/v1", "correction/v1", "contest/v1", "withdrawal/v1")  # they change one result, not the draw


class DrawKeys(Struct, frozen=True):
    """One public draw: `record` changes with the draw, `everything` also with its results, `redactions` only when a published
    disclosure is taken back, `bundle` with the draw and with who cosigned its checkpoints."""

    id: str
    plan: str
    drawn: bool  # there is a bundle
    record: str
    everything: str
    redactions: str
    bundle: str


class _Draw(Struct, frozen=True):
    id: str
    group: tuple[str, ...]
    plan: str
    drawn: bool
    record: str
    results: str
    redactions: str
    cosigned: int


def key_of(*parts: object) -> str:
    """Return a digest of `parts`."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:20]


@cache
def release() -> str:
    """Return a digest of the program: all code, templates and assets that make pages."""
    digest = hashlib.sha256()
    for package in ("selection", "disclosure", "service"):
        for path in sorted((_ROOT / package).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:20]


async def read_draw_keys(snapshot: Snapshot) -> list[DrawKeys]:
    """Return the keys of every public draw, in the order of their numbers."""
    draws = await _read(snapshot)
    groups: dict[str, list[_Draw]] = {}
    for draw in draws:
        for name in draw.group:
            groups.setdefault(name, []).append(draw)
    keys = []
    for draw in draws:
        related = {other.id: other for name in draw.group for other in groups[name]}
        record = key_of(*(related[id].record for id in sorted(related)))
        results = key_of(*(related[id].results for id in sorted(related)))
        keys.append(
            DrawKeys(draw.id, draw.plan, draw.drawn, record, key_of(record, results), draw.redactions, key_of(record, draw.cosigned))
        )
    return keys


async def _read(snapshot: Snapshot) -> list[_Draw]:
    rows = await snapshot.connection.fetch(
        "WITH public AS (SELECT id, year, number, attempt, state, plan, names_opened_at, draft ->> 'teams_of' AS former FROM draw"
        " WHERE plan IS NOT NULL AND draft -> 'rehearsal' IS DISTINCT FROM 'true'::jsonb),"
        " logged AS (SELECT draw, max(leaf_index) FILTER (WHERE kind <> ALL($1)) AS record,"
        " min(leaf_index) AS first, min(shard) AS shard,"
        " max(leaf_index) FILTER (WHERE kind = ANY($1)) AS results, count(*) FILTER (WHERE kind = 'redaction/v1') AS redactions"
        " FROM document WHERE draw IS NOT NULL GROUP BY draw),"
        " named AS (SELECT draw, md5(string_agg(digest, ',' ORDER BY digest)) AS names FROM disclosure WHERE kind = 'person' GROUP BY draw)"
        " SELECT p.*, l.record, l.results, l.redactions, n.names, (SELECT count(*) FROM log_cosignature c WHERE c.shard = l.shard"
        " AND c.size > l.first AND c.size <= (SELECT min(size) FROM log_complete e WHERE e.shard = l.shard AND e.size > l.record))"
        " AS cosigned FROM public p JOIN logged l ON l.draw = p.id"
        " LEFT JOIN named n ON n.draw = p.id ORDER BY p.year, p.number, p.attempt",
        list(REVISIONS),
    )
    former = {row["id"]: row["former"] for row in rows}
    now = as_time(snapshot.office.now())
    found = []
    for row in rows:
        # Names that were opened once were due; only of the other draws the plan has to be looked at.
        due = row["names_opened_at"] is not None or (await read_plan(snapshot.connection, row["plan"])).names_open <= now
        record = key_of(row["state"], row["record"], row["names"], due)
        group = (f"{row['year']}/{row['number']}", _first(row["id"], former))
        drawn = row["state"] in ("drawn", "sealed", "opened")
        found.append(_Draw(row["id"], group, row["plan"], drawn, record, str(row["results"]), str(row["redactions"]),
                           row["cosigned"]))  # fmt: skip
    return found


def _first(draw: str, former: dict[str, str | None]) -> str:
    """Return the draw whose missing teams `draw`, or the plans before it, draw; itself if it draws targets of its own."""
    while (before := former.get(draw)) is not None and before in former:
        draw = before
    return draw
