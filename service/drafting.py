"""Drafts: preparing a draw, and seeing what freezing it now would give. Nothing here is signed or published."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from msgspec import Struct, UnsetType

from selection.errors import SelectionError
from selection.keys import digest_of
from selection.plan import ActorRole
from service import access_log
from service.accounts import Staff
from service.annual_plan.tasks import task_fault, task_warning
from service.candidates import Registries
from service.database import Connection
from service.draft_rules import DraftFault, draft_faults
from service.draft_sections import section_faults
from service.drafts import Draft
from service.errors import Conflicting, Denied, Invalid
from service.fault_words import LONGEST, clip, say
from service.field_words import in_chinese
from service.former import FormerDraw, former_faults, read_former
from service.freezing import Frozen, Identity, freeze
from service.frozen import DrawRow, lock_draw, read_draw_row
from service.keys import holding_faults
from service.language import SOURCE, speaking
from service.office import Office, as_time
from service.plan_faults import faults_of, wide_exclusions
from service.planning.feasibility_words import read_feasibility
from service.previewing import calendar_warnings, pool_warnings, rule_lines, strata_lines, uncounted_warnings
from service.registry.store import read_registries, registry_versions
from service.sections import Departments, confirmer_faults, key_fault, read_departments, sections_of
from service.visibility import is_of_lead

__all__ = ["Inputs", "create_draft", "digest_of_draft", "freeze_now", "freeze_over", "preview", "read_draft", "read_inputs",
           "revise_draft", "summarise"]  # fmt: skip


@asynccontextmanager
async def _transaction(office: Office, within: Connection | None) -> AsyncIterator[Connection]:
    """The caller's transaction, or one of our own."""
    if within is not None:
        yield within
    else:
        async with office.pool.acquire() as connection, connection.transaction():
            yield connection


async def create_draft(office: Office, who: Staff, draft: Draft, within: Connection | None = None) -> str:
    """Store a draft and return its draw id, the next of the bureau's without a gap; `within` a transaction of the caller, if there is one.

    A draft that `retries` a voided draw takes its number and the next attempt. Raises Conflicting if the task has an
    unfinished draw already, Denied if `who` is no operator.
    """
    if "operator" not in who.roles:
        raise Denied("只有经办人可以起草", "only an operator prepares a draw")
    async with _transaction(office, within) as connection:
        # One drafter at a time: numbers must run without gaps.
        bureau = await connection.fetchval("SELECT label FROM bureau FOR UPDATE")
        if bureau is None:
            raise Conflicting(
                "尚未登记机关，请运行 bureau 命令", "the bureau is not set up; run `python -m service bureau`"
            )
        if who.department not in (None, await connection.fetchval("SELECT section FROM bureau")):
            raise Denied("批次由牵头部门的经办人起草", "a draw is prepared by an operator of the leading department")
        waiting = await connection.fetchval(
            "SELECT id FROM draw WHERE task = $1 AND state IN ('draft', 'frozen', 'contributed')",
            draft.task.id,
        )
        if waiting is not None:
            raise Conflicting(
                f"任务 {draft.task.id} 已有未完成的批次 {waiting}",
                f"task {draft.task.id} has the unfinished draw {waiting}",
            )
        await read_former(connection, "", draft)
        year = office.now().year
        if draft.retries is None:
            number = 1 + await connection.fetchval(
                "SELECT coalesce(max(number), 0) FROM draw WHERE year = $1", year
            )
            attempt = 1
        else:
            year, number, attempt = await _next_attempt(connection, draft)
        id = f"{bureau}-{year}-{number}-{attempt}"
        await connection.execute(
            "INSERT INTO draw (id, year, number, attempt, state, title, task, draft) VALUES ($1,$2,$3,$4,'draft',$5,$6,$7)",
            id, year, number, attempt, draft.title, draft.task.id, msgspec.json.encode(draft).decode(),
        )  # fmt: skip
        await access_log.note(connection, who.id, "draft", id)
        return id


async def revise_draft(office: Office, who: Staff, draw: str, draft: Draft, within: Connection | None = None) -> None:
    """Replace a draft that is not frozen, `within` a transaction of the caller if there is one.

    A freeze proposed for the former one can no longer be agreed to."""
    if "operator" not in who.roles:
        raise Denied("只有经办人可以修改", "only an operator revises a draft")
    async with _transaction(office, within) as connection:
        row = await lock_draw(connection, draw)
        if not is_of_lead(who, row.sections):
            raise Denied("批次由牵头部门的经办人修改", "a draft is revised by an operator of the leading department")
        if row.state != "draft" or draft.task.id != row.task:
            raise Conflicting(
                "名单已锁定，或任务不同", "the list is frozen already, or the draft is of another task"
            )
        # One drafter at a time: two drafts never draw teams for one draw.
        await connection.execute("SELECT 1 FROM bureau FOR UPDATE")
        await read_former(connection, draw, draft)
        await connection.execute(
            "UPDATE draw SET draft = $2, title = $3 WHERE id = $1",
            draw,
            msgspec.json.encode(draft).decode(),
            draft.title,
        )
        await access_log.note(connection, who.id, "revise draft", draw)


async def _next_attempt(connection: Connection, draft: Draft) -> tuple[int, int, int]:
    row = await connection.fetchrow(
        "SELECT year, number, attempt, state, task FROM draw WHERE id = $1", draft.retries
    )
    if row is None or row["state"] != "voided":
        raise Conflicting(
            f"{draft.retries} 没有作废", f"{draft.retries} was not voided, so nothing retries it"
        )
    if row["task"] != draft.task.id:
        raise Conflicting(
            f"{draft.retries} 属于任务 {row['task']}，不能用于另一任务",
            f"{draft.retries} is of task {row['task']}; it is retried for that task only",
        )
    if await connection.fetchval(
        "SELECT 1 FROM draw WHERE year = $1 AND number = $2 AND attempt > $3",
        row["year"], row["number"], row["attempt"],
    ):  # fmt: skip
        raise Conflicting(
            f"{draft.retries} 之后已有另一次", f"{draft.retries} was retried already; name its newest attempt"
        )
    return row["year"], row["number"], row["attempt"] + 1


async def read_draft(connection: Connection, draw: str) -> Draft:
    """Return the draft of a draw. Raises Invalid, naming the field, for one kept by a release that asked less."""
    data = await connection.fetchval("SELECT draft FROM draw WHERE id = $1", draw)
    try:
        return msgspec.json.decode(data, type=Draft)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        fault = f"草案的 {clip(place.strip('`'))}：{in_chinese(message)}；请经办人修改草案"
        raise Invalid(f"草案不合规定：{fault}", clip(str(error), LONGEST), (fault,)) from error


def digest_of_draft(draft: Draft) -> str:
    """Return a digest that changes with any wish of the draft: what a confirmer agrees to."""
    return digest_of(msgspec.json.encode(draft, order="sorted"))


async def _identity(
    connection: Connection,
    office: Office,
    row: DrawRow,
    departments: Departments,
    labels: Sequence[str],
    actors: tuple[ActorRole, ...],
) -> Identity:
    bureau = await connection.fetchval("SELECT label FROM bureau")
    previous = await connection.fetchval(
        "SELECT d.sha256 FROM document d JOIN log_head h USING (shard) WHERE d.kind = 'draw-plan/v1'"
        " ORDER BY h.place DESC, d.leaf_index DESC LIMIT 1"
    )
    return Identity(
        bureau=bureau,
        sections=sections_of(departments, labels),
        departments=departments,
        year=row.year,
        number=row.number,
        attempt=row.attempt,
        previous=previous,
        frozen_at=as_time(office.now()),
        actors=actors,
    )


async def preview(office: Office, who: Staff, draw: str) -> dict[str, Any]:
    """Return what freezing the draft now would give: counts, strata with quotas, faults; for operator and confirmer.

    Nothing is kept: ids of people and the nonce are thrown away.
    """
    if not {"operator", "confirmer", "approver"} & who.roles:
        raise Denied(
            "只有经办人、复核人和审批人可以查看", "only operator, confirmer and approver see a preview"
        )
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await _read_draft_row(connection, draw)
        draft = await read_draft(connection, draw)
        frozen = await freeze_now(connection, office, row, draft, ())
        return await summarise(connection, office, frozen)


async def _read_draft_row(connection: Connection, draw: str) -> DrawRow:
    row = await read_draw_row(connection, draw)
    if row.state != "draft":
        raise Conflicting("名单已锁定", "the list is frozen already")
    return row


class Inputs(Struct, frozen=True):
    """What a draft is frozen over: the registries of one moment, the plan's place in the bureau's sequence, and whose teams are drawn."""

    registries: Registries
    identity: Identity
    former: FormerDraw | None


async def freeze_now(
    connection: Connection, office: Office, row: DrawRow, draft: Draft, actors: tuple[ActorRole, ...]
) -> Frozen:
    """Return what the draft gives as of this transaction; Invalid with every fault of a draft that gives nothing."""
    return await freeze_over(office, draft, await read_inputs(connection, office, row, draft, actors))


async def read_inputs(
    connection: Connection, office: Office, row: DrawRow, draft: Draft, actors: tuple[ActorRole, ...]
) -> Inputs:
    """Return what the draft would be frozen over as of this transaction; Invalid with every fault of the draft itself."""
    former = await read_former(connection, row.id, draft)
    registries: Registries = await read_registries(connection)
    departments = await read_departments(connection, office)
    faults = [*former_faults(draft, former), *section_faults(draft, departments)]
    faults += await asyncio.to_thread(draft_faults, draft, registries)
    if (unplanned := await task_fault(connection, draft)) is not None:
        faults.append(DraftFault(unplanned, f"task {draft.task.id} is no approved one that is drawn, or of another origin"))
    if faults:
        en = "; ".join(fault.en for fault in faults)
        raise Invalid(f"草案不合规定：{faults[0].zh}", clip(en, LONGEST), tuple(map(str, faults)))
    labels = departments.labels_of(draft.sections) if former is None else [s.id for s in former.plan.sections]
    return Inputs(registries, await _identity(connection, office, row, departments, labels, actors), former)


async def freeze_over(office: Office, draft: Draft, inputs: Inputs) -> Frozen:
    """Return what the draft gives over these inputs; Invalid with the fault of a draft that gives nothing."""
    try:
        return await asyncio.to_thread(freeze, draft, inputs.registries, inputs.identity, office.fresh, inputs.former)
    except SelectionError as error:
        fault = say(str(error))
        raise Invalid(f"计划不合规定：{fault}", clip(str(error), LONGEST), (fault,)) from error


async def summarise(connection: Connection, office: Office, frozen: Frozen) -> dict[str, Any]:
    with speaking(SOURCE):  # a step keeps it for several people, whatever language whoever proposed it reads
        return await _summarise(connection, office, frozen)


async def _summarise(connection: Connection, office: Office, frozen: Frozen) -> dict[str, Any]:
    plan = frozen.plan
    stated = {(s.rule, s.subject) for s in plan.exceptions}
    wide = [f"{number} 被排除于 {count} 个对象" for person, number, count in wide_exclusions(frozen)
            if ("wide-exclusion", person) not in stated]  # fmt: skip
    return {
        "id": plan.id,
        "candidates": plan.blobs.pool.count,
        "excluded": plan.blobs.excluded.count,
        "mandatory": plan.blobs.mandatory.count,
        "people": {
            role: sum(p.role == role for p in frozen.pools.people) for role in ("inspector", "expert")
        },
        "strata": strata_lines(plan),
        "pool_rules": rule_lines(plan, frozen.excluded),
        "sections": [{"label": section.id, "name": section.name} for section in plan.sections],
        # Of departments that take no part: nobody is left out in silence.
        "elsewhere": [
            {"department": name, "people": people, "items": items} for name, (people, items) in frozen.elsewhere.items()
        ],
        "teams_of": None if isinstance(plan.teams_of, UnsetType) else plan.teams_of.draw,
        "faults": [
            *faults_of(frozen), *wide,
            *(fault for section in plan.sections if (fault := key_fault(office, section)) is not None),
            *await holding_faults(connection, [section.key for section in plan.sections], office.now()),
            *await confirmer_faults(connection, plan.sections),
        ],
        "warnings": [
            *pool_warnings(plan), *await uncounted_warnings(connection, plan), *await calendar_warnings(connection, plan),
            *([warning] if (warning := await task_warning(connection, plan.task.id, int(plan.visits.from_[:4]))) is not None else []),
        ],
        "feasibility": await read_feasibility(office, frozen),
        "pool_sha256": plan.blobs.pool.sha256,
        "excluded_sha256": plan.blobs.excluded.sha256,
        "registry_versions": await registry_versions(connection),
    }  # fmt: skip
