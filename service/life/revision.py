"""The chain of a result's revisions (docs/spec/documents.md, "The revisions of a result"): what every revision does alike.

Corrections, contests and withdrawals are proposed about the revision that is the newest then. If another one comes between,
the people who agree would agree to something they have not seen: the step is refused, withdrawn and proposed anew.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from disclosure.keys import encode_base64url
from disclosure.person import digest
from disclosure.result import Contest, Correction, InspectionResult
from disclosure.standing import ResultRevision, status_after
from selection.plan import ActorRole
from service.database import Connection
from service.documents import Stored, begin_turn, read_document, record
from service.errors import Conflicting
from service.frozen import DrawRow, FrozenDraw
from service.office import Office, as_time
from service.sections import signers_for

__all__ = ["Chain", "asked_of", "check_public", "lock_chain", "log_revision", "members_of", "pin", "read_found"]


class Chain(Struct, frozen=True):
    """The newest revision of a result, its number, and the newest result or correction, `found`."""

    id: str
    rev: int
    document: str
    found: str
    status: str


async def lock_chain(
    connection: Connection, row: DrawRow, target: str, supersedes: str | None = None
) -> Chain:
    """Return the chain of the result of `target`, locked; Conflicting if there is none, or if its newest revision is not `supersedes`."""
    id = f"{row.id}.{target}"
    found = await connection.fetchrow(
        "SELECT id, rev, document, found, status FROM result WHERE id = $1 FOR UPDATE", id
    )
    if found is None:
        raise Conflicting("该对象还没有结果", f"{id} has no result yet")
    chain = Chain(*found)
    if supersedes not in (None, chain.document):
        raise Conflicting(
            f"提出之后又公布了第 {chain.rev} 版；请核对新的一版，撤回此申请后重新提出",
            f"revision {chain.rev} of {id} was published since this was proposed; withdraw it, read that revision and propose anew",
        )
    return chain


def pin(asked: Any, chain: Chain) -> dict[str, Any]:
    """Return the request as it is kept: what was asked for, and the revision it is about."""
    return {"asked": asked, "supersedes": chain.document}


def asked_of(request: Mapping[str, Any]) -> tuple[Any, str | None]:
    """Return what was asked for and the revision it is about; None in a step proposed before steps said so."""
    return (request["asked"], request["supersedes"]) if "supersedes" in request else (request, None)


def check_public(row: DrawRow) -> None:
    """Raise Conflicting while the draw is sealed: the leaf of a revision names its target. Till the opening it waits."""
    if row.state == "sealed":
        raise Conflicting(
            "封存期间不公布结果，启封后再发布", "results are published after the opening, not while sealed"
        )


async def read_found(connection: Connection, chain: Chain) -> InspectionResult | Correction:
    """Return the newest result or correction of the chain."""
    stored = await read_document(connection, chain.found)
    assert stored is not None
    assert isinstance(stored.document, InspectionResult | Correction)
    return stored.document


def members_of(
    office: Office, found: InspectionResult | Correction, actors: tuple[ActorRole, ...], disclosure: str | None
) -> dict[str, Any]:
    """Return the members that a contest or a withdrawal of `found` takes over from it, and those made anew."""
    return {
        "_sd": () if disclosure is None else (digest(disclosure),), "_sd_alg": "sha-256", "actors": actors, "draw": found.draw,
        "id": found.id, "nonce": encode_base64url(office.fresh(16)), "plan": found.plan, "sections": found.sections,
        "target": found.target,
    }  # fmt: skip


async def log_revision(
    connection: Connection, office: Office, frozen: FrozenDraw, disclosure: str | None,
    make: Callable[[str], ResultRevision],
) -> Stored:  # fmt: skip
    """Sign, log and store the revision that `make` gives for the time of the log, publish its disclosure, and make it the newest."""
    turn = await begin_turn(connection, office, frozen.documents[0].shard)
    document = make(as_time(turn.now))
    signers = signers_for(office, frozen.plan, document)
    stored = await record(connection, turn, frozen.plan, document, f"{document.id}/{document.rev}", signers)
    if disclosure is not None:
        await connection.execute(
            "INSERT INTO disclosure (digest, draw, kind, text, opened_at) VALUES ($1, $2, $3, $4, $5)",
            digest(disclosure), document.draw, "statement" if isinstance(document, Contest) else "subject", disclosure,
            stored.logged_at,
        )  # fmt: skip
    await _point_at(connection, stored, document)
    return stored


async def _point_at(connection: Connection, stored: Stored, document: ResultRevision) -> None:
    """Make `stored` the newest revision; the earlier ones stay where they are."""
    status = status_after(document)
    if isinstance(document, InspectionResult | Correction):
        await connection.execute(
            "INSERT INTO result (id, draw, target, rev, document, found, code, status, issued_at)"
            " VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET rev = excluded.rev,"
            " document = excluded.document, found = excluded.found, code = excluded.code, status = excluded.status,"
            " issued_at = excluded.issued_at",
            document.id, document.draw, document.target, document.rev, stored.sha256, document.result, status,
            stored.logged_at,
        )  # fmt: skip
        return
    await connection.execute(
        "UPDATE result SET rev = $2, document = $3, status = $4, issued_at = $5 WHERE id = $1",
        document.id, document.rev, stored.sha256, status, stored.logged_at,
    )  # fmt: skip
