"""Freeze (锁定): the list is locked, signed, logged and published before any number exists."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from selection.plan import ActorRole
from service import log
from service.database import Connection
from service.documents import Stored, add_blob, begin_turn, record
from service.drafting import digest_of_draft, freeze_now, read_draft, summarise
from service.drafts import Draft
from service.errors import Conflicting, Invalid
from service.former import lock_former
from service.freezing import Frozen
from service.frozen import DrawRow
from service.office import Office, as_time
from service.plan_faults import faults_of
from service.registry.store import lock_registries, registry_versions
from service.sections import signers_for
from service.steps import Prepared, Rule

__all__ = ["RULE"]


async def _prepare(connection: Connection, office: Office, row: DrawRow, request: Any) -> Prepared:
    if row.state != "draft":
        raise Conflicting("名单已锁定", "the list is frozen already")
    await lock_registries(connection)
    draft = await read_draft(connection, row.id)
    if draft.rehearsal:
        raise Conflicting(
            "演练不锁定、不写入日志，只能预览", "a rehearsal is never frozen nor logged; it can be previewed"
        )
    frozen = await freeze_now(connection, office, row, draft, ())
    summary = await summarise(connection, office, frozen)
    if summary["faults"]:
        raise Invalid("计划还不能锁定", "the plan cannot be frozen yet", tuple(summary["faults"]))
    return Prepared("plan", _agreed(draft, frozen, summary["registry_versions"]), summary)


def _agreed(draft: Draft, frozen: Frozen, versions: Mapping[str, int]) -> dict[str, Any]:
    """Return what proposer and confirmer agree to: what may not have moved when the last of them agrees.

    Ids and salts of people are fresh every time, so of them only who counts as whose is compared.
    """
    people = Counter(f"{person.section}/{person.role}" for person in frozen.pools.people)
    return {
        "draft": digest_of_draft(draft),
        "pool": frozen.plan.blobs.pool.sha256,
        "excluded": frozen.plan.blobs.excluded.sha256,
        "mandatory": frozen.plan.blobs.mandatory.sha256,
        "people": dict(sorted(people.items())),
        "sections": [[section.id, section.key, section.name] for section in frozen.plan.sections],
        "versions": versions,
    }


async def _perform(
    connection: Connection, office: Office, row: DrawRow, request: Any, actors: tuple[ActorRole, ...]
) -> Stored:
    if row.state != "draft":
        raise Conflicting("名单已锁定", "the list is frozen already")
    await lock_registries(connection)
    # The plan of one bureau after another: nobody may freeze between reading `previous` and logging this plan.
    await connection.execute("SELECT 1 FROM bureau FOR UPDATE")
    draft = await read_draft(connection, row.id)
    if draft.teams_of is not None:
        await lock_former(connection, draft.teams_of)
    frozen = await freeze_now(connection, office, row, draft, actors)
    if _agreed(draft, frozen, await registry_versions(connection)) != request:
        raise Conflicting(
            "提请锁定之后草案或名录已变化，请经办人撤回后重新提请",
            "draft or registries changed since this was proposed; the operator must withdraw it and propose anew",
        )
    if faults := faults_of(frozen):
        raise Invalid("计划还不能锁定", "the plan cannot be frozen yet", tuple(faults))
    turn = await begin_turn(connection, office, await log.active_shard(connection))
    if as_time(turn.now) >= frozen.plan.instant:
        raise Conflicting("已过开号时刻 T，请改期", f"T, {frozen.plan.instant}, has passed; set a later one")
    if as_time(turn.now) != frozen.plan.frozen_at:
        frozen = msgspec.structs.replace(
            frozen, plan=msgspec.structs.replace(frozen.plan, frozen_at=as_time(turn.now))
        )
    for name, blob in frozen.blobs.items():
        await add_blob(connection, blob, public=name != "reasons")
    stored = await record(connection, turn, frozen.plan, frozen.plan, "plan", signers_for(office, frozen.plan, frozen.plan))
    await connection.execute(
        "UPDATE draw SET state = 'frozen', plan = $2, instant = $3, opens = $4 WHERE id = $1",
        row.id, stored.sha256, datetime.fromisoformat(frozen.plan.instant),
        None if frozen.plan.sealed is None else datetime.fromisoformat(frozen.plan.sealed.opens),
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO draw_secret (draw, nonce, opened, disclosures) VALUES ($1, $2, $3, $4)",
        row.id, frozen.nonce, frozen.opened, msgspec.json.encode(frozen.disclosures).decode(),
    )  # fmt: skip
    await connection.copy_records_to_table(
        "draw_target",
        columns=("draw", "target", "name"),
        records=[(row.id, t, n) for t, n in frozen.names.items()],
    )
    return stored


RULE = Rule(_prepare, _perform)
