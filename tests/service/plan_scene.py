"""An annual plan of the invented city, written, approved and published by three people through the use cases."""

from datetime import date
from typing import Any

from selection.plan import Fixed, Percent, PerPeriod
from service.accounts import Staff
from service.annual_plan.content import AnnualPlan, Batch, Entry, KeyTarget, PlannedItem, TimeBudget
from service.annual_plan.editing import read_plan_draft, save_plan, start_plan
from service.annual_plan.submitting import decide_plan, publish_plan, submit_plan
from service.drafts import CapClass, DraftStratum, Scope
from service.office import Office

ROLES = {"operator": ("operator",), "approver": ("approver",), "publisher": ("publisher",), "registrar": ("registrar",),
         "both": ("operator", "approver")}  # fmt: skip


async def appoint(office: Office) -> dict[str, Staff]:
    """The people of a plan, by login; an approver who is an operator too among them."""
    staff = {}
    for login, roles in ROLES.items():
        name = f"plan-{login}"
        id = await office.pool.fetchval(
            "INSERT INTO staff (login, name, password_hash, roles) VALUES ($1, $1, 'none', $2)"
            " ON CONFLICT (login) DO UPDATE SET name = excluded.name RETURNING id", name, list(roles)
        )  # fmt: skip
        staff[login] = Staff(id, name, name, frozenset(roles))
    return staff


def entry(**more: Any) -> Entry:
    wanted: dict[str, Any] = {
        "id": "2026-01", "name": "工贸企业安全生产抽查", "items": (PlannedItem(id="G-01", name="主要负责人履行安全生产职责"),),
        "stratify_by": "risk_colour",
        "strata": (DraftStratum(name="红色风险", values=("red",), rule=Percent(denominator=100, numerator=30)), DraftStratum(name="其余", rule=Fixed(count=20))),
        "batches": (Batch(first=date(2026, 11, 20), last=date(2026, 12, 18), visits=60),),
    }  # fmt: skip
    return Entry(**wanted | more)


def plan(**more: Any) -> AnnualPlan:
    wanted: dict[str, Any] = {
        "year": 2026, "title": "2026 年度安全生产监督检查计划", "document": "云应急〔2026〕3 号", "legal_basis": ("《中华人民共和国安全生产法》第六十二条",),
        "first": date(2026, 1, 1), "last": date(2026, 12, 31), "caps": (CapClass(most=1, risk_colours=("blue",)), CapClass(most=4)),
        "time": TimeBudget(statutory=248, officers=8, other_enforcement=1035, non_enforcement=535),
        "entries": (
            entry(),
            entry(id="2026-02", name="危险化学品企业抽查", directed=True, scope=Scope(sectors=("危险化学品",)), stratify_by=None,
                  strata=(DraftStratum(name="全部", rule=PerPeriod(denominator=100, numerator=20, period=1, periods=4)),)),
        ),
    }  # fmt: skip
    return AnnualPlan(**wanted | more)


def key_entry(target: str, name: str) -> Entry:
    return entry(id="2026-03", name="重点企业检查", origin="plan-key", stratify_by=None, strata=(),
                 key_targets=(KeyTarget(target=target, name=name, reason="一级重大危险源"),))  # fmt: skip


async def write(office: Office, who: Staff, wanted: AnnualPlan) -> int:
    """Let the draft be `wanted`, and return its revision."""
    await start_plan(office, who, wanted.year)
    await save_plan(office, who, await revision(office, wanted.year), wanted)
    return await revision(office, wanted.year)


async def revision(office: Office, year: int = 2026) -> int:
    async with office.pool.acquire() as connection:
        return (await read_plan_draft(connection, year)).revision


async def publish(office: Office, staff: dict[str, Staff], wanted: AnnualPlan, reason: str = "") -> int:
    """Carry `wanted` from a draft to a published version, and return its number."""
    seen = await write(office, staff["operator"], wanted)
    id = await submit_plan(office, staff["operator"], wanted.year, seen, reason)
    await decide_plan(office, staff["approver"], wanted.year, id, True, "")
    return await publish_plan(office, staff["publisher"], wanted.year, id)
