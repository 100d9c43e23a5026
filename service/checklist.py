"""The check list before a freeze (核对清单): every line done, missing or wrong, who owes it and where it is mended."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from msgspec import Struct

from service import log
from service.accounts import Staff
from service.annual_plan.calendars import read_calendars
from service.calendar import is_working_day
from service.database import Connection
from service.drafting import digest_of_draft, preview, read_draft
from service.drafts import Draft, NonceGiver, WitnessGiver
from service.errors import Conflicting, Invalid, Refused
from service.frozen import read_draw_row
from service.language import gettext, marked
from service.office import Office, as_day
from service.pages.words import beijing
from service.preparing.answers import PAGES
from service.preparing.places import page_of

__all__ = ["Checklist", "Line", "read_checklist"]

State = Literal["done", "advised", "missing", "fault"]
_SHORTEST_NOTICE: Final = timedelta(minutes=15)
_REGISTRIES: Final = {"targets": marked("检查对象"), "items": marked("检查事项"), "inspectors": marked("检查人员")}


class Line(Struct, frozen=True):
    """One line. `words` are what was found and the mend, sentence by sentence; `address` is where it is mended."""

    title: str
    state: State
    who: str
    words: tuple[str, ...]
    address: str | None = None


class Checklist(Struct, frozen=True):
    """`summary` is what freezing gives (`drafting.summarise`), None where it cannot be made; `proposed` the freeze that waits, if one does."""

    lines: tuple[Line, ...]
    summary: dict[str, Any] | None
    proposed: str | None

    @property
    def owed(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.state in ("missing", "fault"))


async def read_checklist(office: Office, who: Staff, draw: str) -> Checklist:
    """Return the check list of a draft; Conflicting once it is frozen, Denied and NotFound as `preview` raises them."""
    async with office.pool.acquire() as connection:
        row = await read_draw_row(connection, draw)
        if row.state != "draft":
            raise Conflicting("名单已锁定", "the list is frozen already")
        proposed = await connection.fetchval(
            "SELECT id FROM step WHERE draw = $1 AND kind = 'draw-plan/v1' AND done IS NULL AND NOT withdrawn", draw
        )
        fixed = [
            await _registries(connection),
            await _accounts(connection, row.sections),
            await _second_factors(connection),
            await _log(connection),
        ]
        summary, lines = None, list[Line]()
        try:
            draft = await read_draft(connection, draw)
        except Invalid:
            pass  # `preview` says the same, with every fault
        else:
            rehearsed = await connection.fetchval(
                "SELECT count(*) FROM rehearsal WHERE draw = $1 AND draft_sha256 = $2", draw, digest_of_draft(draft)
            )
            working = await _working(connection, as_day(datetime.fromisoformat(draft.instant)))
            lines = [*_givers(draw, draft), _instant(draw, draft, office.now(), working), _rehearsed(draw, rehearsed)]
    try:
        summary = await preview(office, who, draw)
    except Invalid as error:
        lines = [*lines, *_draft_lines(draw, error.faults or (error.zh,))]
    except Refused as error:
        lines = [*lines, *_draft_lines(draw, (error.zh,))]
    if summary is not None:
        lines = [*_draft_lines(draw, summary["faults"]), _people(draw, summary["feasibility"]), *lines, _warnings(draw, summary["warnings"])]
    order = {"fault": 0, "missing": 0, "advised": 1, "done": 2}
    return Checklist(tuple(sorted((*lines, *fixed), key=lambda line: order[line.state])), summary, None if proposed is None else str(proposed))


def _operator() -> str:
    return gettext("经办人")


def _draft_lines(draw: str, faults: Sequence[str]) -> list[Line]:
    """Return a line for each page of the preparation that has something to mend, or that all is well."""
    address = f"/staff/draws/{draw}/draft"
    if not faults:
        return [Line(gettext("草案符合规定"), "done", _operator(), (gettext("各项都填好了，没有不合规定的地方。"),), address)]
    by_page: dict[str, list[str]] = {}
    for fault in faults:
        by_page.setdefault(page_of(fault), []).append(fault)
    titles = {slug: page.title for slug, page in PAGES.items()}
    return [
        Line(gettext("草案：%(page)s") % {"page": gettext(titles[slug])} if slug else gettext("草案"), "fault", _operator(), tuple(found),
             f"{address}?page={slug}" if slug else address)
        for slug, found in by_page.items()
    ]  # fmt: skip


def _people(draw: str, feasibility: dict[str, Any]) -> Line:
    title, warnings = gettext("检查人员配得齐"), tuple(feasibility["warnings"])
    sentence = feasibility["rehearsals"]["zh"]
    return Line(title, "advised" if warnings else "done", _operator(), (sentence, *warnings), f"/staff/draws/{draw}/draft?page=classes")


def _warnings(draw: str, warnings: list[str]) -> Line:
    if not warnings:
        return Line(gettext("没有削弱随机性的情形"), "done", _operator(), ())
    return Line(gettext("请留意"), "advised", _operator(), tuple(warnings), f"/staff/draws/{draw}/draft")


def _givers(draw: str, draft: Draft) -> list[Line]:
    witnesses = [giver for giver in draft.givers if isinstance(giver, WitnessGiver)]
    custodian = next((giver.custodian for giver in draft.givers if isinstance(giver, NonceGiver)), None)
    lines = []
    if witnesses:
        paper = [giver.name for giver in witnesses if giver.key is None]
        words = [gettext("见证人 %(count)d 名。") % {"count": len(witnesses)}]
        if paper:
            words.append(gettext("%(names)s没有自备密钥，将用纸质签字表。") % {"names": "、".join(paper)})
        lines.append(Line(gettext("见证人及其见证卡"), "done", _operator(), tuple(words), f"/staff/draws/{draw}/cards"))
    if custodian is not None:
        words_of = gettext("封存随机数交由%(custodian)s保管：锁定后把副本密封交存。") % {"custodian": custodian}
        lines.append(Line(gettext("封存随机数的保管单位"), "done", _operator(), (words_of,)))
    return lines


def _instant(draw: str, draft: Draft, now: datetime, working: bool | None) -> Line:
    title, instant = gettext("开号时刻"), datetime.fromisoformat(draft.instant)
    shown, address = beijing(instant), f"/staff/draws/{draw}/draft"
    if instant <= now:
        return Line(title, "fault", _operator(), (gettext("%(time)s 已过，请改期。") % {"time": shown},), address)
    if instant < now + _SHORTEST_NOTICE:
        sentence = gettext("%(time)s 就要到了：锁定须在此之前完成，来不及就请改期。") % {"time": shown}
        return Line(title, "advised", _operator(), (sentence,), address)
    if working is False:
        return Line(title, "advised", _operator(), (gettext("%(time)s 不是工作日。") % {"time": shown},), address)
    return Line(title, "done", _operator(), (shown,), address)


def _rehearsed(draw: str, times: int) -> Line:
    title, address = gettext("演练"), f"/staff/draws/{draw}/rehearsals"
    if times:
        return Line(title, "done", _operator(), (gettext("已按现在的草案演练 %(times)d 次。") % {"times": times},), address)
    return Line(title, "advised", _operator(), (gettext("还没有按现在的草案演练。演练不是必须的，但能先看到各个画面。"),), address)


async def _working(connection: Connection, day: date) -> bool | None:
    calendars = await read_calendars(connection)
    try:
        return is_working_day(calendars, day)
    except Refused:
        return None  # the year's calendar is not loaded: nothing is claimed


async def _registries(connection: Connection) -> Line:
    empty = [kind for kind, table in (("targets", "target"), ("items", "item"), ("inspectors", "inspector"))
             if not await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})")]  # noqa: S608  # three names of ours
    title, who = gettext("名录"), gettext("登记员")
    if empty:
        names = "、".join(gettext(_REGISTRIES[kind]) for kind in empty)
        return Line(title, "missing", who, (gettext("%(names)s的名录还是空的，请导入。") % {"names": names},), "/staff/registries")
    newest = await connection.fetchval("SELECT max(confirmed_at) FROM import_batch WHERE confirmed_at IS NOT NULL")
    words = gettext("最近一次更新：%(time)s。") % {"time": beijing(newest)} if newest is not None else gettext("已有名录。")
    return Line(title, "done", who, (words,), "/staff/registries")


async def _second_factors(connection: Connection) -> Line:
    """Return whether those who can confirm a freeze or void it can log in as this installation asks: with a one-time code."""
    title, who = gettext("动态码"), gettext("管理员")
    if not await connection.fetchval("SELECT coalesce(bool_or(second_factor), false) FROM bureau"):
        return Line(title, "advised", who, (gettext("本机关没有要求动态码：只凭口令就能同意锁定。"),), "/staff/accounts")
    rows = await connection.fetch(
        "SELECT s.name FROM staff s LEFT JOIN second_factor f ON f.staff = s.id"
        " WHERE s.active AND s.roles && '{operator,confirmer,approver}' AND f.secret IS NULL ORDER BY s.login"
    )
    if rows:
        names = "、".join(row["name"] for row in rows[:5])
        words = gettext("%(names)s等 %(count)d 人还没有设置动态码，登录时须先设置。") % {"names": names, "count": len(rows)}
        return Line(title, "advised", who, (words,), "/staff/accounts")
    return Line(title, "done", who, (gettext("经办、复核、审批的人都设置了动态码。"),))


async def _accounts(connection: Connection, sections: tuple[str, ...]) -> Line:
    """Return whether there are people who can agree: an operator and somebody else who confirms, and a confirmer of every further department."""
    title, who = gettext("复核人"), gettext("管理员")
    rows = await connection.fetch("SELECT department FROM staff WHERE active AND 'confirmer' = ANY(roles)")
    there = {row["department"] for row in rows}
    names = {row["label"]: row["name"] for row in await connection.fetch("SELECT label, name FROM section")}
    if await connection.fetchval(
        "SELECT count(DISTINCT id) = 1 FROM staff WHERE active AND roles && '{operator,confirmer}' HAVING bool_or('confirmer' = ANY(roles))"
    ):
        alone = gettext("经办人和复核人是同一个账户：自己不能复核自己，请另建复核人账户。")
        return Line(title, "missing", who, (alone,), "/staff/accounts")
    lacking = [names.get(section, section) for n, section in enumerate(sections) if section not in there and not (n == 0 and None in there)]
    if not sections and not there:
        lacking = [gettext("本机关")]
    if lacking:
        sentence = gettext("%(names)s没有复核人账户；锁定须由其本人登录同意。") % {"names": "、".join(lacking)}
        return Line(title, "missing", who, (sentence,), "/staff/accounts")
    return Line(title, "done", who, (gettext("参加的部门都有复核人，从各自账户同意。"),))


async def _log(connection: Connection) -> Line:
    title, who = gettext("公开日志"), gettext("管理员")
    try:
        shard = await log.active_shard(connection)
    except Refused as error:
        return Line(title, "missing", who, (error.zh,))
    return Line(title, "done", who, (gettext("日志 %(shard)s 可以写入。") % {"shard": shard},), "/log/")
