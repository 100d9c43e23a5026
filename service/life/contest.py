"""Contest (异议): the inspected firm objects; its own words are published beside the result they are about, and can be redacted."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from disclosure.person import make_disclosure
from disclosure.result import Contest
from selection.forms import Id, Time
from selection.plan import ActorRole
from service.database import Connection
from service.documents import Stored
from service.errors import Conflicting, Invalid
from service.frozen import DrawRow, read_frozen
from service.life.revision import (
    Chain,
    asked_of,
    check_public,
    lock_chain,
    log_revision,
    members_of,
    pin,
    read_found,
)
from service.office import Office, as_time
from service.steps import Prepared, Rule, convert_request

__all__ = ["RULE"]

# As received: line breaks and tabs, but nothing else that no letter holds and no database keeps.
Statement = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=r"\A[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z")]


class ContestRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who objects is the target itself; `received_at` is when its statement came in."""

    target: Id
    received_at: Time
    statement: Statement


def _check(office: Office, chain: Chain, asked: ContestRequest) -> None:
    if datetime.fromisoformat(asked.received_at) > office.now():
        raise Invalid(
            f"收到异议的时间 {asked.received_at} 晚于现在 {as_time(office.now())}",
            f"received_at {asked.received_at} is later than now, {as_time(office.now())}",
        )
    if chain.status == "withdrawn":
        raise Conflicting(
            f"该结果已在第 {chain.rev} 版撤回，没有可提异议的结果",
            f"{chain.id} was withdrawn by revision {chain.rev}: there is no result to contest",
        )


async def _prepare(connection: Connection, office: Office, row: DrawRow, request: Any) -> Prepared:
    asked = convert_request(request, ContestRequest)
    chain = await lock_chain(connection, row, asked.target)
    _check(office, chain, asked)
    # The statement stands under this name alone, so that a redaction finds it (service/life/redact.py).
    return Prepared(
        f"{chain.id}/{chain.rev + 1}", pin(request, chain),
        {"target": asked.target, "rev": chain.rev + 1, "received_at": asked.received_at, "statement": asked.statement},
        (await read_found(connection, chain)).sections,
    )  # fmt: skip


async def _perform(
    connection: Connection, office: Office, row: DrawRow, request: Any, actors: tuple[ActorRole, ...]
) -> Stored:
    request, supersedes = asked_of(request)
    asked = convert_request(request, ContestRequest)
    check_public(row)
    chain = await lock_chain(connection, row, asked.target, supersedes)
    _check(office, chain, asked)
    disclosure = make_disclosure(office.fresh(16), "statement", {"text": asked.statement})
    members = members_of(office, await read_found(connection, chain), actors, disclosure)
    frozen = await read_frozen(connection, row)
    return await log_revision(connection, office, frozen, disclosure, lambda now: Contest(
        **members, issued_at=now, received_at=asked.received_at, rev=chain.rev + 1, supersedes=chain.document
    ))  # fmt: skip


RULE = Rule(_prepare, _perform)
