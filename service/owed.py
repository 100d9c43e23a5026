"""What somebody owes today (待办), by deadline: draws that are overdue or come up, results to be opened, drafts, steps that came back."""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from service.accounts import Staff
from service.draw_hub import OVERDUE
from service.language import gettext
from service.office import Office
from service.step_views import PLAN_READERS

__all__ = ["Duty", "Returned", "deadline_of_step", "read_duties", "read_returned", "time_left"]

_MOST: Final = 100


class Duty(Struct, frozen=True):
    """A draw that somebody has to move on; `due` is its deadline, None for a draft without one."""

    draw: str
    title: str
    kind: Literal["overdue", "late", "coming", "sealed", "draft"]
    words: str
    address: str
    due: datetime | None


class Returned(Struct, frozen=True):
    """A step that somebody proposed and another sent back, while nothing newer was proposed about the same thing."""

    step: UUID
    draw: str
    kind: str
    by: str
    note: str


async def read_duties(office: Office, who: Staff) -> list[Duty]:
    """Return the draws that `who` works on and that are not over, the most urgent first, at most 100; none for those who only inspect."""
    if who.roles.isdisjoint(PLAN_READERS):
        return []
    now = office.now()
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT id, title, state, instant, opens FROM draw WHERE state IN ('draft', 'frozen', 'contributed', 'sealed')"
            " AND seen_by(sections, $1) ORDER BY (state = 'draft'), coalesce(CASE state WHEN 'sealed' THEN opens ELSE instant END, created_at), id LIMIT $2",
            who.department, _MOST,
        )  # fmt: skip
    order = {"overdue": 0, "late": 1, "coming": 2, "sealed": 2, "draft": 3}
    duties = [_duty(row["id"], row["title"], row["state"], row["instant"], row["opens"], now) for row in rows]
    return sorted(duties, key=lambda duty: (order[duty.kind], duty.due or now, duty.draw))


def _duty(draw: str, title: str, state: str, instant: datetime | None, opens: datetime | None, now: datetime) -> Duty:
    here = f"/staff/draws/{draw}"
    if state == "draft":
        return Duty(draw, title, "draft", gettext("起草中，还没有锁定名单"), f"{here}/checklist", None)
    if state == "sealed":
        return Duty(draw, title, "sealed", gettext("结果封存，到时由系统启封"), here, opens)
    assert instant is not None
    if now > instant + OVERDUE:
        return Duty(draw, title, "overdue", gettext("已逾期，公示页已标明；仍须完成这一次抽取"), f"{here}/ceremony", instant + OVERDUE)
    if now >= instant:
        words = gettext("数字已齐，等待抽取") if state == "contributed" else gettext("开号时刻已到，登记最后的数字")
        return Duty(draw, title, "late", words, f"{here}/{'stage' if state == 'contributed' else 'ceremony'}", instant + OVERDUE)
    return Duty(draw, title, "coming", gettext("名单已锁定，等待开号"), f"{here}/ceremony", instant)


def time_left(due: datetime, now: datetime) -> str:
    """Return how long it is to `due`, roughly, in words; or how long it has been."""
    gone, left = due < now, abs(due - now)
    if left >= timedelta(days=2):
        span = gettext("%(n)d 天") % {"n": left.days}
    elif left >= timedelta(hours=2):
        span = gettext("%(n)d 小时") % {"n": left // timedelta(hours=1)}
    else:
        span = gettext("%(n)d 分钟") % {"n": left // timedelta(minutes=1)}
    return gettext("已过 %(span)s") % {"span": span} if gone else gettext("还有 %(span)s") % {"span": span}


async def deadline_of_step(office: Office, draws: set[str]) -> dict[str, datetime]:
    """Return until when steps of these draws have to be taken, as far as that is set: T, or 24 hours after it once it has come; of a draft the
    T it names."""
    now = office.now()
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT id, state, coalesce(instant, (draft ->> 'instant')::timestamptz) AS instant FROM draw WHERE id = ANY($1)"
            " AND state IN ('draft', 'frozen', 'contributed')", list(draws)
        )  # fmt: skip
    return {
        row["id"]: row["instant"] + OVERDUE if row["state"] != "draft" and now >= row["instant"] else row["instant"]
        for row in rows if row["instant"] is not None
    }  # fmt: skip


async def read_returned(office: Office, who: Staff) -> list[Returned]:
    """Return what `who` proposed and got back, and has not proposed anew, newest first, at most 100. Of draws that are over nothing comes back."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT s.id, s.draw, s.kind, b.name, s.returned_note FROM step s JOIN step_agreement a ON a.step = s.id AND a.position = 0"
            " JOIN staff b ON b.id = s.returned_by JOIN draw d ON d.id = s.draw"
            " WHERE a.staff = $1 AND seen_by(d.sections, $2) AND d.state <> 'voided' AND (s.kind <> 'draw-plan/v1' OR d.state = 'draft')"
            " AND NOT EXISTS (SELECT FROM step n WHERE n.draw = s.draw AND n.kind = s.kind AND n.subject = s.subject AND n.created_at > s.created_at)"
            " ORDER BY s.created_at DESC LIMIT $3",
            who.id, who.department, _MOST,
        )  # fmt: skip
    return [Returned(*row) for row in rows]
