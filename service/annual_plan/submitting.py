"""From a draft to a published version: the operator submits, the approver agrees from their own account, the publisher publishes.

What is submitted is kept word for word, so that what was approved is what is published, whatever becomes of the draft. Every step
is one transaction under the lock of the year's draft; repeating one finds it done.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct

from service import access_log
from service.accounts import Staff
from service.annual_plan.content import AnnualPlan, parse_content
from service.annual_plan.editing import check_lead, check_operator, read_known, read_plan_draft
from service.annual_plan.faults import plan_faults
from service.database import Connection
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.office import Office

__all__ = ["Submission", "Version", "decide_plan", "list_versions", "newest_submission", "publish_plan", "read_submission",
           "submit_plan"]  # fmt: skip


class Submission(Struct, frozen=True):
    """One submission. `approved` is None until the approver decides; `version` None until published. Names of people are theirs."""

    id: int
    plan: AnnualPlan
    reason: str
    by_id: int
    by: str
    at: datetime
    approved: bool | None
    remark: str | None
    decided_by: str | None
    decided_at: datetime | None
    version: int | None


class Version(Struct, frozen=True):
    """A published version; `reason` is '' for the first."""

    year: int
    version: int
    title: str
    document: str
    reason: str
    at: datetime


_SUBMISSIONS = (
    "SELECT s.id, s.content, s.reason, s.by AS by_id, b.name AS by, s.at, v.approved, v.remark, d.name AS decided_by, v.at AS decided_at, p.version"
    " FROM annual_plan_submission s JOIN staff b ON b.id = s.by LEFT JOIN annual_plan_verdict v ON v.submission = s.id"
    " LEFT JOIN staff d ON d.id = v.by LEFT JOIN annual_plan_version p ON p.submission = s.id"
)


def _submission(row: Any) -> Submission:
    id, content, *rest = row
    return Submission(id, parse_content(content), *rest)


async def _lock(connection: Connection, year: int) -> None:
    if await connection.fetchval("SELECT 1 FROM annual_plan_draft WHERE year = $1 FOR UPDATE", year) is None:
        raise NotFound(f"没有 {year} 年度计划", f"there is no plan of {year}")


async def newest_submission(connection: Connection, year: int) -> Submission | None:
    """Return the last submission of a year, whatever became of it."""
    row = await connection.fetchrow(f"{_SUBMISSIONS} WHERE s.year = $1 ORDER BY s.id DESC LIMIT 1", year)
    return None if row is None else _submission(row)


async def read_submission(connection: Connection, year: int, id: int) -> Submission:
    """Return a submission; NotFound."""
    row = await connection.fetchrow(f"{_SUBMISSIONS} WHERE s.year = $1 AND s.id = $2", year, id)
    if row is None:
        raise NotFound("没有这次提请", "there is no such submission")
    return _submission(row)


async def list_versions(connection: Connection, year: int | None = None) -> list[Version]:
    """Return the published versions of a year, or of all years, the newest first."""
    rows = await connection.fetch(
        "SELECT p.year, p.version, s.content, s.reason, p.at FROM annual_plan_version p JOIN annual_plan_submission s ON s.id = p.submission"
        " WHERE $1::int IS NULL OR p.year = $1 ORDER BY p.year DESC, p.version DESC", year
    )  # fmt: skip
    plans = [parse_content(row["content"]) for row in rows]
    return [Version(row["year"], row["version"], plan.title, plan.document, row["reason"], row["at"]) for row, plan in zip(rows, plans, strict=True)]


async def submit_plan(office: Office, who: Staff, year: int, revision: int, reason: str) -> int:
    """Submit the draft seen as `revision` for approval, and return the id; one that waits unchanged is found again.

    Raises Denied, Invalid naming every fault or for a change without a reason, Conflicting if the draft changed, another submission is
    under way, or nothing differs from what is published.
    """
    check_operator(who)
    async with office.pool.acquire() as connection, connection.transaction():
        await check_lead(connection, who)
        await _lock(connection, year)
        draft, last = await read_plan_draft(connection, year), await newest_submission(connection, year)
        if last is not None and last.approved is None and last.plan == draft.plan and last.by_id == who.id:
            return last.id
        if last is not None and last.approved is not False and last.version is None:
            raise Conflicting(f"{year} 年度计划已有一次提请在办理，先办完或退回", f"a submission of {year} is under way; it has to end first")
        if draft.revision != revision:
            raise Conflicting("计划在您查看之后又有修改，请再看一遍后提请", "the plan changed since you looked; look again and submit")
        faults = plan_faults(draft.plan, await read_known(connection, office, year))
        if faults:
            raise Invalid(f"计划还差 {len(faults)} 处，不能提请", f"{len(faults)} things are missing or wrong", tuple(f"{f.part} {f.words}".strip() for f in faults))
        published = await list_versions(connection, year)
        if published:
            if not reason.strip():
                raise Invalid("已公布的计划变更，须写明理由", "a change of a published plan needs a reason", ("reason",))
            if draft.plan == await _published(connection, year):
                raise Conflicting("与已公布的版本相同，没有可提请的变更", "nothing differs from the published version")
        id: int = await connection.fetchval(
            "INSERT INTO annual_plan_submission (year, content, reason, by, at)"
            " SELECT year, content, $2, $3, $4 FROM annual_plan_draft WHERE year = $1 RETURNING id",
            year, reason.strip()[:2000] if published else "", who.id, office.now(),
        )  # fmt: skip
        await access_log.note(connection, who.id, "submit annual plan", f"{year} {id}")
        return id


async def _published(connection: Connection, year: int) -> AnnualPlan | None:
    row = await connection.fetchrow(f"{_SUBMISSIONS} WHERE s.year = $1 AND p.version IS NOT NULL ORDER BY p.version DESC LIMIT 1", year)
    return None if row is None else _submission(row).plan


async def decide_plan(office: Office, who: Staff, year: int, id: int, approved: bool, remark: str) -> None:
    """Approve a submission, or send it back with a remark. The same verdict again changes nothing.

    Raises Denied for who is no approver or submitted it, Invalid for sending back without a remark, Conflicting if decided otherwise.
    """
    if "approver" not in who.roles:
        raise Denied("只有审批人可以批准年度计划", "only an approver approves the annual plan")
    if not approved and not remark.strip():
        raise Invalid("退回须写明理由", "say why it is sent back", ("remark",))
    async with office.pool.acquire() as connection, connection.transaction():
        await check_lead(connection, who)
        await _lock(connection, year)
        found = await read_submission(connection, year, id)
        if found.by_id == who.id:
            raise Denied("提请的人不能自己批准，须由另一人用自己的账户办理", "whoever submitted a plan does not decide on it; another person does")
        if found.approved is not None:
            if found.approved == approved:
                return
            raise Conflicting(f"{found.decided_by} 已经办理了这次提请", f"{found.decided_by} has decided on this already")
        await connection.execute(
            "INSERT INTO annual_plan_verdict (submission, approved, remark, by, at) VALUES ($1, $2, $3, $4, $5)",
            id, approved, remark.strip()[:2000], who.id, office.now(),
        )  # fmt: skip
        await access_log.note(connection, who.id, "approve annual plan" if approved else "send back annual plan", f"{year} {id}")


async def publish_plan(office: Office, who: Staff, year: int, id: int) -> int:
    """Publish an approved submission as the next version, and return its number; publishing again returns the same.

    Raises Denied, NotFound, Conflicting if it was not approved.
    """
    if "publisher" not in who.roles:
        raise Denied("只有发布人可以公布年度计划", "only a publisher publishes the annual plan")
    async with office.pool.acquire() as connection, connection.transaction():
        await check_lead(connection, who)
        await _lock(connection, year)
        found = await read_submission(connection, year, id)
        if found.version is not None:
            return found.version
        if not found.approved:
            raise Conflicting("这次提请没有经审批人批准，不能公布", "this submission was not approved")
        version: int = await connection.fetchval(
            "INSERT INTO annual_plan_version (year, version, submission, by, at)"
            " SELECT $1, 1 + coalesce(max(version), 0), $2, $3, $4 FROM annual_plan_version WHERE year = $1 RETURNING version",
            year, id, who.id, office.now(),
        )  # fmt: skip
        await access_log.note(connection, who.id, "publish annual plan", f"{year} {version}")
        return version
