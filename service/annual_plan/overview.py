"""Where every plan stands, and of one what is missing and who is next."""

from datetime import date, datetime

from msgspec import Struct

from service.accounts import Staff
from service.annual_plan.calendars import read_calendars
from service.annual_plan.content import visits_of
from service.annual_plan.difference import Change, difference
from service.annual_plan.editing import PlanDraft, read_known, read_plan_draft
from service.annual_plan.faults import PlanFault, plan_faults
from service.annual_plan.submitting import (
    Submission,
    Version,
    list_versions,
    newest_submission,
    read_submission,
)
from service.annual_plan.tasks import plan_of_year
from service.annual_plan.temporary import Registered, list_temporary
from service.calendar import missing_years
from service.database import Connection
from service.language import gettext
from service.office import Office

__all__ = ["Hub", "Overview", "SubmissionPage", "YearLine", "read_hub", "read_overview", "read_submission_page", "read_waiting",
           "section_names"]  # fmt: skip


class YearLine(Struct, frozen=True):
    """One year: the version that holds (None if none), and the submission under way (None if none)."""

    year: int
    title: str
    changed_by: str
    changed_at: datetime
    version: int | None
    under_way: Submission | None


class Overview(Struct, frozen=True):
    """All years, the temporary tasks that wait for the approver, and the years whose working days are known."""

    years: tuple[YearLine, ...]
    waiting: tuple[Registered, ...]
    calendars: tuple[int, ...]


class Hub(Struct, frozen=True):
    """One plan as it is written: faults that keep it from being submitted, changes against the published version, and its submissions.

    `under_way` is the submission that waits for the approver or the publisher; `sent_back` the last one if it was.
    """

    draft: PlanDraft
    faults: tuple[PlanFault, ...]
    unknown_years: tuple[int, ...]
    visits: int
    key_visits: int
    sections: dict[str, str]
    versions: tuple[Version, ...]
    changes: tuple[Change, ...]
    under_way: Submission | None
    sent_back: Submission | None

    @property
    def unchanged(self) -> bool:
        """Whether there is nothing to submit: the draft is what is published."""
        return bool(self.versions) and not self.changes

    def faults_of(self, part: str) -> list[PlanFault]:
        return [fault for fault in self.faults if fault.part == part]


class SubmissionPage(Struct, frozen=True):
    """What the approver decides on: the submission, and what it changes against the version that holds; `first` if there is none."""

    submission: Submission
    sections: dict[str, str]
    changes: tuple[Change, ...]
    first: bool


def _waits(submission: Submission | None) -> Submission | None:
    return submission if submission is not None and submission.version is None and submission.approved is not False else None


async def read_overview(office: Office) -> Overview:
    """Return every plan and where it stands, the newest year first."""
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        lines = []
        versions = {version.year: version.version for version in reversed(await list_versions(connection))}
        for row in await connection.fetch("SELECT year FROM annual_plan_draft ORDER BY year DESC"):
            draft = await read_plan_draft(connection, row["year"])
            under_way = _waits(await newest_submission(connection, row["year"]))
            lines.append(YearLine(row["year"], draft.plan.title, draft.changed_by, draft.changed_at, versions.get(row["year"]), under_way))
        waiting = tuple(one for one in await list_temporary(connection) if one.approved is None)
        calendar = await read_calendars(connection)
    return Overview(tuple(lines), waiting, tuple(sorted(calendar.years)))


async def read_waiting(office: Office, who: Staff) -> list[tuple[str, str]]:
    """Return (address, words) of what waits for `who`: submissions and temporary tasks to decide on, plans to publish."""
    found = await read_overview(office)
    waiting = []
    for line in found.years:
        if (one := line.under_way) is not None and one.approved is None and "approver" in who.roles and one.by_id != who.id:
            waiting.append((f"/staff/plans/{line.year}/submissions/{one.id}", gettext("批准：%(title)s") % {"title": one.plan.title}))
        if (one := line.under_way) is not None and one.approved and "publisher" in who.roles:
            waiting.append((f"/staff/plans/{line.year}/submissions/{one.id}", gettext("公布：%(title)s") % {"title": one.plan.title}))
    if "approver" in who.roles:
        tasks = (one for one in found.waiting if one.by_id != who.id)
        waiting += [("/staff/plans/temporary", gettext("批准临时任务：%(name)s") % {"name": one.task.name}) for one in tasks]
    return waiting


async def section_names(connection: Connection) -> dict[str, str]:
    """Return the names of all departments, retired ones too, by label."""
    return {row["label"]: row["name"] for row in await connection.fetch("SELECT label, name FROM section ORDER BY place")}


async def read_hub(connection: Connection, office: Office, year: int) -> Hub:
    """Return one plan as it is written; NotFound if nobody began it."""
    draft, known = await read_plan_draft(connection, year), await read_known(connection, office, year)
    sections, published = await section_names(connection), await plan_of_year(connection, year)
    last, calendar = await newest_submission(connection, year), await read_calendars(connection)
    entries = draft.plan.entries
    return Hub(
        draft, tuple(plan_faults(draft.plan, known)), missing_years(calendar, date(year, 1, 1), max(draft.plan.last, date(year, 1, 1))),
        sum(visits_of(entry) for entry in entries), sum(visits_of(entry) for entry in entries if entry.origin == "plan-key"), sections,
        tuple(await list_versions(connection, year)), () if published is None else tuple(difference(published, draft.plan, sections)),
        _waits(last), last if last is not None and last.approved is False else None,
    )  # fmt: skip


async def read_submission_page(connection: Connection, year: int, id: int) -> SubmissionPage:
    """Return a submission with what it changes; NotFound."""
    submission, sections = await read_submission(connection, year, id), await section_names(connection)
    before = await plan_of_year(connection, year) if submission.version is None else None
    changes = () if before is None else tuple(difference(before, submission.plan, sections))
    return SubmissionPage(submission, sections, changes, before is None)
