"""Withdrawal (撤回结果): a published result stands no longer, for a reason that is published; it can still be read."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from disclosure.result import RequestedBy, Withdrawal
from selection.forms import Id, Text
from selection.plan import ActorRole
from service.database import Connection
from service.documents import Stored
from service.errors import Conflicting
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
from service.office import Office
from service.steps import Prepared, Rule, convert_request

__all__ = ["RULE"]


class WithdrawalRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    target: Id
    reason: Text
    requested_by: RequestedBy
    legal_basis: Annotated[tuple[Text, ...], Meta(min_length=1)]


def _check(chain: Chain) -> None:
    if chain.status == "withdrawn":
        raise Conflicting(
            f"该结果已在第 {chain.rev} 版撤回", f"{chain.id} was withdrawn by revision {chain.rev} already"
        )


async def _prepare(connection: Connection, office: Office, row: DrawRow, request: Any) -> Prepared:
    asked = convert_request(request, WithdrawalRequest)
    chain = await lock_chain(connection, row, asked.target)
    _check(chain)
    return Prepared(
        f"{chain.id}/{chain.rev + 1}", pin(request, chain),
        {"target": asked.target, "rev": chain.rev + 1, "reason": asked.reason, "requested_by": asked.requested_by,
         "legal_basis": list(asked.legal_basis)},
        (await read_found(connection, chain)).sections,
    )  # fmt: skip


async def _perform(
    connection: Connection, office: Office, row: DrawRow, request: Any, actors: tuple[ActorRole, ...]
) -> Stored:
    request, supersedes = asked_of(request)
    asked = convert_request(request, WithdrawalRequest)
    check_public(row)
    chain = await lock_chain(connection, row, asked.target, supersedes)
    _check(chain)
    members = members_of(office, await read_found(connection, chain), actors, None)
    frozen = await read_frozen(connection, row)
    return await log_revision(connection, office, frozen, None, lambda now: Withdrawal(
        **members, issued_at=now, legal_basis=asked.legal_basis, reason=asked.reason, requested_by=asked.requested_by,
        rev=chain.rev + 1, supersedes=chain.document,
    ))  # fmt: skip


RULE = Rule(_prepare, _perform)
