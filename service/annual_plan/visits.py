"""Every inspection has an origin: one visit that was not drawn is entered, and the visits of a year are counted by origin and by cap.

Only `plan-random` comes from a draw, by its published result; the others are written down, so that caps and repeats are true.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from msgspec import Struct

from service.accounts import Staff
from service.annual_plan.tasks import plan_of_year
from service.database import Connection
from service.drafts import EXEMPT_ORIGINS, YearlyCap
from service.errors import Denied, Invalid
from service.language import gettext
from service.office import Office, as_day
from service.past import StandingVisit, read_past, read_standing, sealed_draws
from service.pool_rules import History, cap_of
from service.registry.editing import check_typed
from service.registry.importing import confirm_import
from service.registry.normalise import normalise_date
from service.registry.records import ORIGINS, Inspection, Target

__all__ = ["REGISTERED_ORIGINS", "Capped", "VisitsOfYear", "read_visits", "register_visit"]

REGISTERED_ORIGINS: Final = {origin: word for origin, word in ORIGINS.items() if origin != "plan-random"}
_SHOWN: Final = 200
_FIELDS: Final = ("target", "inspected_on", "origin", "department", "number", "outcome", "punished")


class Capped(Struct, frozen=True):
    """A target at its yearly cap, or over it: `counted` visits, those still to come among them, of `most`."""

    id: str
    name: str
    counted: int
    most: int


class VisitsOfYear(Struct, frozen=True):
    """The visits of a year by origin ('' where nobody said), each with whether caps count it, and the targets at or over the cap.

    `capped` are the fullest 200 of `at_cap`; `caps` None where the plan sets none. `sealed` draws are not counted before they open.
    """

    year: int
    origins: tuple[tuple[str, int, bool], ...]
    total: int
    standing: int
    caps: YearlyCap | None
    capped: tuple[Capped, ...]
    at_cap: int
    over: int
    sealed: tuple[str, ...]


async def register_visit(office: Office, who: Staff, texts: Mapping[str, str]) -> None:
    """Enter one visit that was not drawn into the registry of inspections, with a version of its own as any import.

    Raises Denied for anyone but a registrar, Invalid with `field\\nwords` as `faults` for everything that is wrong at once.
    """
    if "registrar" not in who.roles:
        raise Denied("只有登记员可以登记检查", "only a registrar registers an inspection")
    typed = {name: texts.get(name, "").strip() for name in _FIELDS}
    faults = await _faults(office, typed)
    if not faults:
        checked = await check_typed(office, who, "inspections", None, typed | {"origin": ORIGINS[typed["origin"]]})
        if checked.waits is not None:
            await confirm_import(office, who, checked.waits)
            return
        for field, findings in checked.findings.items():
            faults += [(field if field in _FIELDS else "target", f"{one.message_zh}{one.mend_zh}") for one in findings if one.severity == "error"]
    raise Invalid("没有登记，名录没有变化", "nothing was registered", tuple(f"{field}\n{fault}" for field, fault in faults))


async def _faults(office: Office, typed: Mapping[str, str]) -> list[tuple[str, str]]:
    faults = []
    if not typed["target"]:
        faults.append(("target", gettext("请填写检查对象的代码")))
    elif await office.pool.fetchval("SELECT 1 FROM target WHERE id = $1", typed["target"]) is None:
        faults.append(("target", gettext("名录里没有检查对象 %(id)s；请核对代码，或先登记该对象") % {"id": typed["target"][:64]}))
    day = normalise_date(typed["inspected_on"])
    if day.value is None or day.ranged:
        faults.append(("inspected_on", gettext("请填写检查日期，写成 2026-01-01 这样")))
    elif date.fromisoformat(day.value) > as_day(office.now()):
        faults.append(("inspected_on", gettext("%(day)s 还没有到；只登记已经做过的检查") % {"day": day.value}))
    if typed["origin"] not in REGISTERED_ORIGINS:
        faults.append(("origin", gettext("请选择检查来源；双随机抽查的结果由抽查批次公布，不在这里登记")))
    if not typed["department"]:
        faults.append(("department", gettext("请填写检查机关")))
    if not typed["number"]:
        faults.append(("number", gettext("请填写文书号，没有文书的写“无”")))
    return faults


async def read_visits(office: Office, year: int) -> VisitsOfYear:
    """Return the visits of a year by origin, and who is at or over the caps of its published plan."""
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        past = [Inspection(**_plain(row)) for row in await read_past(connection)]
        standing = [StandingVisit(**_plain(row)) for row in await read_standing(connection)]
        plan, sealed = await plan_of_year(connection, year), await sealed_draws(connection)
        in_year = [one for one in past if one.inspected_on.startswith(f"{year:04d}-")]
        coming = [one for one in standing if one.first[:4] <= f"{year:04d}" <= one.last[:4]]
        seen = sorted({one.target for one in in_year} | {one.target for one in coming})
        targets = await _read_targets(connection, seen) if plan is not None and plan.caps else []
    counted = Counter(one.origin for one in in_year)
    caps = YearlyCap(caps=plan.caps) if plan is not None and plan.caps else None
    capped = [] if caps is None else _capped(targets, History.of(past, standing), caps, year)
    return VisitsOfYear(
        year, tuple((origin, counted[origin], origin not in EXEMPT_ORIGINS) for origin in (*ORIGINS, "") if counted[origin]), len(in_year),
        len(coming), caps, tuple(capped[:_SHOWN]), len(capped), sum(one.counted > one.most for one in capped), tuple(sealed),
    )  # fmt: skip


def _plain(row: Any) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


async def _read_targets(connection: Connection, ids: Sequence[str]) -> list[Target]:
    rows = await connection.fetch(
        "SELECT id, name, area, sector, risk_colour, credit_class, standardisation, entity_type, last_inspected FROM target WHERE id = ANY($1)", ids
    )
    return [Target(**_plain(row)) for row in rows]


def _capped(targets: Sequence[Target], history: History, caps: YearlyCap, year: int) -> list[Capped]:
    found = []
    for target in targets:
        most = cap_of(caps, target)
        counted = 0 if most is None else history.visits(target, year, caps.exempt_origins)
        if most is not None and counted >= most:
            found.append(Capped(target.id, target.name, counted, most))
    return sorted(found, key=lambda one: (one.most - one.counted, one.id))


