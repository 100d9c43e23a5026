"""A bureau's journey as data: every transition of an open, a sealed and a voided draw, each a call that may be repeated.

`begin` fills an empty database; `TRANSITIONS` are (name, time, call). A call takes the office and does what people would do,
from wherever things stand: asking for a step, agreeing to it. `attempt` carries out one transition and kills its own process or PostgreSQL
around a COMMIT; see `test_crashes.py`.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from uuid import UUID

from bureau import testing_only_signer

from disclosure.document import parse_document
from selection.plan import Percent, Task
from service import log, step_views, steps
from service.accounts import Staff
from service.database import migrate, open_pool
from service.drafting import create_draft
from service.drafts import (
    DiceGiver,
    Draft,
    DraftClass,
    DraftSeat,
    DraftStratum,
    NonceGiver,
    ThrowerName,
    VisitDays,
    WitnessGiver,
)
from service.frozen import read_draw_row, read_frozen
from service.life.open import open_draw
from service.office import Office

ROLES = {
    "operator": ["operator"], "operator2": ["operator"], "confirmer": ["confirmer"], "approver": ["approver"],
    "inspector1": ["inspector"], "inspector2": ["inspector"], "reviewer": ["reviewer"],
    "publisher1": ["publisher"], "publisher2": ["publisher"],
}  # fmt: skip


def office_at(pool, time: str) -> Office:
    instant = datetime.fromisoformat(time)
    return Office(pool, testing_only_signer("section-lead"), testing_only_signer("log"), lambda: instant)


async def begin(pool, targets: int = 200) -> None:
    """Bureau, log, staff and small registries."""
    office = office_at(pool, "2026-11-01T00:00:00Z")
    await log.create_log(office, "disclose.yunzhou.example/2026")
    async with pool.acquire() as c:
        await c.execute("INSERT INTO bureau (label, name, section, second_factor) VALUES ('yunzhou', '云州市应急管理局', 'lead', false)")
        for login, roles in ROLES.items():
            await c.execute(
                "INSERT INTO staff (login, name, password_hash, roles) VALUES ($1, $1, 'none', $2)", login, roles
            )
        await c.executemany(
            "INSERT INTO target (id, name, area, sector) VALUES ($1, $2, $3, $4)",
            [(f"9142{i:014d}", f"云州第{i}厂", "东湖区" if i % 2 else "西山区", "机械") for i in range(targets)],
        )
        await c.executemany(
            "INSERT INTO inspector (number, name, areas, specialities, capacity, lead) VALUES ($1, $2, '{}', '{}', 9, $3)",
            [(f"I{i}", f"检查员{i}", i % 3 == 0) for i in range(20)],
        )
        await c.executemany(
            "INSERT INTO item (id, name, legal_basis, mandatory, classes) VALUES ($1, $2, '《安全生产法》', $3, '{}')",
            [(f"item-{i}", f"事项{i}", i < 2) for i in range(8)],
        )
        await c.execute("INSERT INTO conflict (person, target, reason) SELECT 'I1', id, 'kinship' FROM target LIMIT 20")


def draft(task: str, instant: str, sealed_until: str | None) -> Draft:
    return Draft(
        title=f"抽查 {task}", task=Task(id=task, name=task), legal_basis=("《安全生产法》",), stratify_by="area",
        strata=(DraftStratum(name="东湖", values=("东湖区",), rule=Percent(denominator=100, numerator=5)),
                DraftStratum(name="西山", values=("西山区",), rule=Percent(denominator=100, numerator=10))),
        classes=(DraftClass(id="general", name="一般", inspectors=(DraftSeat(lead=True), DraftSeat()), optional_items=2),),
        givers=(
            NonceGiver(custodian="公证处"), WitnessGiver(label="notary", body="公证处", name="王"),
            WitnessGiver(label="audit", body="审计局", name="李"),
            DiceGiver(throwers=tuple(ThrowerName(label=f"t{n}", body=f"单位{n}", name="甲") for n in range(3))),
        ),
        instant=instant, names_open="2027-01-01T00:00:00Z", visits=VisitDays(first=date(2026, 12, 20), last=date(2026, 12, 30)),
        sealed_until=sealed_until,
    )  # fmt: skip


async def person(office: Office, login: str) -> Staff:
    async with office.pool.acquire() as c:
        row = await c.fetchrow("SELECT id, login, name, roles FROM staff WHERE login = $1", login)
    return Staff(row["id"], row["login"], row["name"], frozenset(row["roles"]))


async def draw_of(office: Office, task: str) -> str:
    async with office.pool.acquire() as c:
        return await c.fetchval("SELECT id FROM draw WHERE task = $1", task)


async def take(office: Office, draw: str, kind: str, request: dict, *logins: str) -> step_views.StepView:
    view = await steps.propose(office, await person(office, logins[0]), draw, kind, request)
    for login in logins[1:]:
        if view.document is None:
            view = await steps.agree(office, await person(office, login), UUID(view.id), request.get("digits"))
    return view


async def frozen_of(office: Office, task: str):
    async with office.pool.acquire() as c:
        return await read_frozen(c, await read_draw_row(c, await draw_of(office, task)))


Call = Callable[[Office], Awaitable[object]]


def _drafted(task: str, instant: str, sealed: str | None) -> Call:
    async def call(office: Office) -> object:
        if await draw_of(office, task) is None:
            await create_draft(office, await person(office, "operator"), draft(task, instant, sealed))
        return None

    return call


def _step(task: str, kind: str, request: dict, *logins: str) -> Call:
    async def call(office: Office) -> object:
        return await take(office, await draw_of(office, task), kind, request, *logins)

    return call


def _replace(task: str, number: int) -> Call:
    async def call(office: Office) -> object:
        target = (await frozen_of(office, task)).transcript.targets[number].id
        if number == 0:
            request = {"kind": "person", "target": target, "role": "inspector", "seat": 2, "reason": "ill",
                       "evidence": "e" * 64}  # fmt: skip
        else:
            request = {"kind": "target", "target": target, "reason": "not-existing", "evidence": "e" * 64}
        return await take(office, await draw_of(office, task), "replacement/v1", request, "reviewer", "confirmer")

    return call


def _result(task: str, kind: str, *logins: str, **more: str) -> Call:
    async def call(office: Office) -> object:
        target = (await frozen_of(office, task)).transcript.targets[0]
        findings = [
            {"item": i, "code": "NO_PROBLEM", "deadline": None, "measure": None, "responsible": None} for i in target.items
        ]
        request = {"target": target.id, "inspected_on": "2026-11-10", "result": "NO_PROBLEM", "findings": findings, **more}
        return await take(office, await draw_of(office, task), kind, request, *logins)

    return call


def _revise(kind: str, **asked: object) -> Call:
    async def call(office: Office) -> object:
        target = (await frozen_of(office, "open")).transcript.targets[0].id
        return await take(office, await draw_of(office, "open"), kind, {"target": target, **asked}, *PUBLISHERS)

    return call


def _redact(task: str) -> Call:
    """Redact the name of the firm in its first result."""

    async def call(office: Office) -> object:
        draw = await draw_of(office, task)
        row = await office.pool.fetchrow("SELECT sha256, data FROM document WHERE draw = $1 AND kind = 'inspection-result/v1'", draw)
        request = {"document": row["sha256"], "digests": list(parse_document(row["data"]).digests), "reason": "court-order",
                   "legal_basis": ["《安全生产法》"]}  # fmt: skip
        return await take(office, draw, "redaction/v1", request, *PUBLISHERS[:2])

    return call


def _opened(task: str) -> Call:
    async def call(office: Office) -> object:
        return await open_draw(office, None, await draw_of(office, task), "date")

    return call


BOTH = ("operator", "confirmer")
PUBLISHERS = ("reviewer", "publisher1", "publisher2")


def _until_drawn(task: str, day: int, sealed: str | None) -> list[tuple[str, str, Call]]:
    before, after = f"2026-11-{day:02d}T01:00:00Z", f"2026-11-{day:02d}T02:00:05Z"
    given = [
        (f"{task} {label}", before, _step(task, "contribution/v1",
                                          {"label": label, "digits": f"{day:02d}12345678", "form": "f" * 64}, *BOTH))
        for label in ("notary", "audit")
    ]  # fmt: skip
    dice = {"label": "dice", "digits": "0123456789" * 6, "form": "d" * 64}
    return [
        (f"{task} draft", before, _drafted(task, f"2026-11-{day:02d}T02:00:00Z", sealed)),
        (f"{task} freeze", before, _step(task, "draw-plan/v1", {}, *BOTH)),
        *given,
        (f"{task} dice", after, _step(task, "contribution/v1", dice, *BOTH)),
        (f"{task} draw", after, _step(task, "draw-outcome/v1", {}, *BOTH)),
    ]


VOID = {"reason": "list-error", "statement": "名单有误"}
TRANSITIONS: list[tuple[str, str, Call]] = [
    *_until_drawn("open", 10, None),
    ("open person", "2026-11-11T00:00:00Z", _replace("open", 0)),
    ("open target", "2026-11-11T00:00:00Z", _replace("open", 1)),
    ("open result", "2026-11-12T00:00:00Z",
     _result("open", "inspection-result/v1", "inspector1", "inspector2", "reviewer", "publisher1", "publisher2")),
    ("open correction", "2026-11-13T00:00:00Z",
     _result("open", "correction/v1", "reviewer", "publisher1", "publisher2", reason="复核", requested_by="audit")),
    ("open contest", "2026-11-13T01:00:00Z", _revise("contest/v1", received_at="2026-11-13T00:00:00Z", statement="有异议")),
    ("open withdrawal", "2026-11-13T02:00:00Z",
     _revise("withdrawal/v1", reason="有误", requested_by="court", legal_basis=["《安全生产法》"])),
    ("open redaction", "2026-11-13T03:00:00Z", _redact("open")),
    *_until_drawn("sealed", 14, "2026-11-16T00:00:00Z"),
    ("sealed event", "2026-11-15T00:00:00Z", _replace("sealed", 0)),
    ("sealed opening", "2026-11-16T00:00:05Z", _opened("sealed")),
    *_until_drawn("void", 18, None)[:2],
    ("void void", "2026-11-18T01:30:00Z", _step("void", "draw-void/v1", VOID, "confirmer", "approver")),
]  # fmt: skip


async def _gone(connection) -> None:
    """Wait for the backends of a dead postmaster: they outlive it for a moment, longer on a busy machine, and would go on answering."""
    async with asyncio.timeout(10):
        while not connection.is_closed():
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)


def arm(point: str, commit: int, postmaster: int) -> None:
    """From the `commit`-th COMMIT on: kill this process or PostgreSQL, right before or right after it."""
    from asyncpg.transaction import Transaction

    genuine, seen = Transaction._Transaction__commit, [0]

    async def commit_and_die(self):
        seen[0] += 1
        victim = os.getpid() if point.startswith("service") else postmaster
        if seen[0] == commit and point.endswith("before"):
            os.kill(victim, signal.SIGKILL)
            if victim != os.getpid():
                await _gone(self._connection)
        await genuine(self)
        if seen[0] == commit and point.endswith("after"):
            os.kill(victim, signal.SIGKILL)
            await _gone(self._connection)

    Transaction._Transaction__commit = commit_and_die


async def attempt(dsn: str, number: int, point: str, commit: int, postmaster: int) -> None:
    _, time, call = TRANSITIONS[number]
    pool = await open_pool(dsn)
    arm(point, commit, postmaster)
    await call(office_at(pool, time))
    await pool.close()


async def prepare(dsn: str) -> None:
    pool = await open_pool(dsn)
    await migrate(pool)
    await begin(pool)
    await pool.close()

