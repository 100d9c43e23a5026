"""Where a draw stands, for those who work on it: what is done, what comes next, who owes it, and until when."""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from service.accounts import Staff
from service.frozen import DrawRow, read_draw_row
from service.language import gettext, marked
from service.office import Office
from service.step_views import StepView, may_see, read_step

__all__ = ["OVERDUE", "Hub", "Logged", "Next", "Returned", "Stage", "read_hub"]

OVERDUE: Final = timedelta(hours=24)  # unfinished so long after T is publicly overdue (protocol 1)
_STAGES: Final = (marked("起草"), marked("锁定名单"), marked("数字"), marked("抽取"), marked("公布结果"))
_REACHED: Final = {"draft": 0, "frozen": 2, "contributed": 3, "sealed": 4, "drawn": 4, "opened": 4, "voided": -1}


class Stage(Struct, frozen=True):
    """One step of a draw's life; `word` is translated where it is shown."""

    word: str
    state: Literal["done", "now", "later"]
    at: datetime | None


class Next(Struct, frozen=True):
    """The one thing to do now, by whom and where; `address` is None where one can only wait."""

    words: str
    who: str
    address: str | None
    button: str = ""


class Returned(Struct, frozen=True):
    """A step that was sent back."""

    kind: str
    by: str
    note: str


class Logged(Struct, frozen=True):
    """A document of the draw; `index` its place in the log."""

    sha256: str
    kind: str
    subject: str
    index: int
    at: datetime


class Hub(Struct, frozen=True):
    """`open_steps` are those `who` may see; `returned` the newest one sent back while the draw is a draft."""

    row: DrawRow
    stages: tuple[Stage, ...]
    next: Next
    open_steps: tuple[StepView, ...]
    returned: Returned | None
    documents: tuple[Logged, ...]
    overdue: bool
    rehearsals: int
    may_void: bool


async def read_hub(office: Office, who: Staff, draw: str) -> Hub:
    """Return everything about a draw on one page; NotFound for an unknown one. Nothing in it depends on a sealed result."""
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        row = await read_draw_row(connection, draw)
        documents = tuple(
            Logged(d["sha256"], d["kind"], d["subject"], d["leaf_index"], d["logged_at"])
            for d in await connection.fetch(
                "SELECT sha256, kind, subject, leaf_index, logged_at FROM document WHERE draw = $1 ORDER BY logged_at, leaf_index", draw
            )
        )
        waiting = await connection.fetch(
            "SELECT id, kind FROM step WHERE draw = $1 AND done IS NULL AND NOT withdrawn ORDER BY created_at, id", draw
        )
        returned = await connection.fetchrow(
            "SELECT s.kind, staff.name AS by, s.returned_note AS note FROM step s JOIN staff ON staff.id = s.returned_by"
            " WHERE s.draw = $1 AND s.created_at = (SELECT max(created_at) FROM step WHERE draw = $1)", draw
        )
        rehearsals = await connection.fetchval("SELECT count(*) FROM rehearsal WHERE draw = $1", draw)
        created = await connection.fetchval("SELECT created_at FROM draw WHERE id = $1", draw)
    seen = [step["id"] for step in waiting if may_see(row.state, step["kind"], who)]
    steps = tuple([await read_step(office, who, UUID(str(id))) for id in seen])
    now = office.now()
    instant = row.instant if row.state in ("frozen", "contributed") else None
    return Hub(
        row=row, stages=_stages(row, documents, created), next=_next(row, steps, now), open_steps=steps,
        returned=None if returned is None else Returned(**dict(returned)), documents=documents,
        overdue=instant is not None and now > instant + OVERDUE, rehearsals=rehearsals,
        may_void=instant is not None and now < instant,
    )  # fmt: skip


def _stages(row: DrawRow, documents: tuple[Logged, ...], created: datetime) -> tuple[Stage, ...]:
    at: dict[str, datetime] = {}
    for document in documents:
        at[document.kind.partition("/")[0]] = document.at
    times = (created, at.get("draw-plan"), at.get("contribution"), at.get("draw-outcome") or at.get("sealed-outcome"), at.get("inspection-result"))
    if row.state == "voided":
        return (*(Stage(word, "done", time) for word, time in zip(_STAGES, times, strict=True) if time is not None),
                Stage(marked("已作废"), "now", at.get("draw-void")))  # fmt: skip
    reached = _REACHED[row.state]
    states: list[Literal["done", "now", "later"]] = ["done" if n < reached else "now" if n == reached else "later" for n in range(len(_STAGES))]
    return tuple(Stage(word, state, time if state != "later" else None) for word, state, time in zip(_STAGES, states, times, strict=True))


def _next(row: DrawRow, steps: tuple[StepView, ...], now: datetime) -> Next:
    here = f"/staff/draws/{row.id}"
    of_kind = {step.kind: step for step in steps}
    match row.state:
        case "draft":
            if (step := of_kind.get("draw-plan/v1")) is not None:
                return Next(gettext("已提请锁定名单，等待核对和签署。"), gettext("复核人"), f"/staff/steps/{step.id}", gettext("核对并签署"))
            return Next(gettext("核对清单上的各项都办妥以后，锁定名单。"), gettext("经办人"), f"{here}/checklist", gettext("打开核对清单"))
        case "frozen":
            assert row.instant is not None
            if now < row.instant:
                return Next(gettext("见证人须在开号时刻之前给出数字。"), gettext("经办人、见证人"), f"{here}/ceremony", gettext("登记见证人的数字"))
            return Next(gettext("开号时刻已到，登记最后的数字：一人录入，另一人核对。"), gettext("经办人、复核人"), f"{here}/ceremony", gettext("登记数字"))
        case "contributed":
            return Next(gettext("数字已齐，只抽一次：经办人和复核人各按一次。"), gettext("经办人、复核人"), f"{here}/stage", gettext("到抽取现场"))
        case "sealed":
            return Next(gettext("结果封存。到启封时刻由系统自动公布；全部检查完毕的，可以提前启封。"), gettext("系统"), None)
        case "voided":
            return Next(gettext("本批次已作废。可以另行准备，任务不变，次数加一。"), gettext("经办人"), "/staff/preparations/new", gettext("另行准备"))
        case _:
            return Next(gettext("名单和检查组已公布。检查完成后录入结果，审核后公布。"), gettext("检查人员"), f"/draws/{row.id}/", gettext("打开公示页"))
