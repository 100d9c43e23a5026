"""`./run demo`: the whole road once, on shipped sample registries, with simulated witnesses, ending in a verified bundle.

Every step goes through the same use cases as the service's pages and API, by separate accounts. Killed at any moment, the
next run continues where this one was. Run again it only serves.
"""

import argparse
import asyncio
import contextlib
import hashlib
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from disclosure.document import ResultCode
from selection.plan import AtLeast, Percent, Task, Witness
from service import step_views, steps
from service.accounts import Staff, create_staff
from service.annual_plan.calendars import check_calendar, confirm_calendar, list_calendars
from service.bundles import read_bundle
from service.command.serve import running_office, serve_office
from service.config import Config, read_config
from service.drafting import create_draft, read_draft, revise_draft
from service.drafts import (
    CapClass,
    DiceGiver,
    Draft,
    DraftClass,
    DraftSeat,
    DraftStratum,
    JustInspected,
    NonceGiver,
    ThrowerName,
    VisitDays,
    WitnessGiver,
    YearlyCap,
)
from service.frozen import FrozenDraw, read_draw_row, read_frozen
from service.office import Office, as_day, as_time
from service.pages.words import CODES
from service.publishing import policy_bytes, run_jobs
from service.registry.importing import check_import, confirm_import
from service.shards import create_first_log
from service.signer import create_key
from service.static_folder import publish_folder

__all__ = ["main"]

SAMPLE = Path(__file__).resolve().parent.parent / "sample"
ORIGIN = "demo.yunzhou.example/log"
# The notices of the State Council from which the sample calendars are taken.
NOTICES = {2025: "国务院办公厅关于2025年部分节假日安排的通知", 2026: "国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）"}
TASK = Task(id="demo-2026-hazardous", name="2026 年度危险化学品等重点行业抽查")
ACCOUNTS = {
    "registrar": ("周登记", ["registrar"]),
    "operator": ("王经办", ["operator"]),
    "confirmer": ("李复核", ["confirmer"]),
    "approver": ("赵审批", ["approver"]),
    "inspector1": ("陈检查", ["inspector"]),
    "inspector2": ("林检查", ["inspector"]),
    "reviewer": ("吴审核", ["reviewer"]),
    "publisher1": ("郑发布", ["publisher"]),
    "publisher2": ("孙发布", ["publisher"]),
}
WAIT = timedelta(seconds=4)  # between freeze and T: what the simulated witnesses need
PAPER = hashlib.sha256("演示：纸质签字表的扫描件".encode()).hexdigest()


def say(text: str) -> None:
    """Print one line of progress at once."""
    print(text, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration; with `--once` end with its verification's status, otherwise serve until stopped."""
    parser = argparse.ArgumentParser(prog="./run demo", description="The whole road once, on sample data.")
    parser.add_argument("--once", action="store_true", help="do not leave the server running")
    options = parser.parse_args(arguments)
    return asyncio.run(_run(read_config(), options.once))


async def _run(config: Config, once: bool) -> int:
    for name, path in (("机关", config.bureau_key_file), ("日志", config.log_key_file)):
        if not path.exists():
            create_key(path)
            say(f"已生成{name}签名密钥 new key: {path}")
    async with _office(config) as office:
        draw, staff = await _prepare(office)
        if await _state(office, draw) in ("draft", "frozen", "contributed"):
            await _carry_through(office, draw, staff)
        await _results(office, draw, staff)
        await run_jobs(office)
        written = (await publish_folder(office, config)).written
        if written:
            say(f"⑥ 发布：写出 {written} 个静态文件 published: {config.publish_dir}")
        status = await _verify(office, config, draw)
        if status not in (0, 3):
            return status
        _say_where(config, draw)
        if not once:
            say(f"\n请用浏览器打开 Open in a browser: {config.public_url}/draws/{draw}/")
            say(f"内部办理 for staff: {config.public_url}/staff/，账户和口令在第一次运行时显示 accounts and password were shown on the first run")
            say("按 Ctrl+C 结束，数据保留 press Ctrl+C to stop; the data stay")
            await serve_office(office, config)
    return 0


def _say_where(config: Config, draw: str) -> None:
    """Say in plain words what happened and where to look."""
    say(
        "\n发生了什么：名单先锁定并公布指纹，然后见证人和骰子给出谁也选不了的数字，由它们算出结果，只算一次，签名并记入日志。"
    )
    say("What happened: the list was locked and its fingerprint published; then witnesses and dice gave numbers nobody could"
        " choose; the result follows from them, was computed once, signed and logged.")  # fmt: skip
    say("到哪里看 where to look:")
    say(f"   核验包 bundle        {config.publish_dir}/draws/{draw}/{draw}.bundle.json")
    say(f"   静态文件 static folder {config.publish_dir}")
    say(f"   页面 pages           ./run demo，然后 then {config.public_url}/draws/{draw}/")
    say("   含义 what it means   README.zh-CN.md, README.md, docs/spec/bundle.md")


@contextlib.asynccontextmanager
async def _office(config: Config) -> AsyncIterator[Office]:
    say("启动数据库 starting the database …")
    async with running_office(config) as office:
        yield office


async def _prepare(office: Office) -> tuple[str, dict[str, Staff]]:
    """Set up bureau, log, accounts and registries once; return the demonstration's draw and its people."""
    async with office.pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO bureau (label, name, section, second_factor) VALUES ('yunzhou', '云州市应急管理局（演示）', 'lead', false)"
            " ON CONFLICT DO NOTHING"
        )
        has_log = await connection.fetchval("SELECT 1 FROM log_head WHERE active")
        known = {
            row["login"]: row for row in await connection.fetch("SELECT id, login, name, roles FROM staff")
        }
    if not has_log:
        await create_first_log(office, ORIGIN)
    missing = [login for login in ACCOUNTS if login not in known]
    if missing:
        password = secrets.token_urlsafe(12)
        say(f"建立 {len(missing)} 个演示账户 accounts: {', '.join(missing)}；口令 password: {password}")
        for login in missing:
            name, roles = ACCOUNTS[login]
            await create_staff(office, login, name, password, roles)
    async with office.pool.acquire() as connection:
        rows = await connection.fetch("SELECT id, login, name, roles FROM staff")
        staff = {
            row["login"]: Staff(row["id"], row["login"], row["name"], frozenset(row["roles"])) for row in rows
        }
        draw = await connection.fetchval(
            "SELECT id FROM draw WHERE task = $1 ORDER BY created_at DESC LIMIT 1", TASK.id
        )
    await _import(office, staff["registrar"])
    await _load_calendars(office, staff["registrar"])
    if draw is None:
        draw = await create_draft(office, staff["operator"], _draft(office))
    return draw, staff


async def _import(office: Office, registrar: Staff) -> None:
    for kind in ("targets", "items", "inspectors", "experts", "conflicts", "services", "inspections"):
        async with office.pool.acquire() as connection:
            if await connection.fetchval("SELECT version FROM registry_version WHERE kind = $1", kind):
                continue
        file = SAMPLE / f"{kind}.csv"
        view = await check_import(office, registrar, kind, file.name, file.read_bytes())
        await confirm_import(office, registrar, view.id)
        c = view.counts
        say(f"① 导入 {file.name}：新增 {c['new']}，变更 {c['changed']}，未变 {c['unchanged']}，退回 {c['refused']}，提示 {c['warned']}"
            f" (new, changed, unchanged, refused, warned)")  # fmt: skip


async def _load_calendars(office: Office, registrar: Staff) -> None:
    known = {load.year for load in await list_calendars(office)}
    for year, notice in NOTICES.items():
        if year not in known:
            file = SAMPLE / f"calendar-{year}.csv"
            load = await check_calendar(office, registrar, file.name, file.read_bytes(), notice)
            await confirm_calendar(office, registrar, load.id)


def _draft(office: Office) -> Draft:
    now = office.now()
    today = as_day(now)
    return Draft(
        title="2026 年第 1 批安全生产“双随机”抽查（演示，时间压缩）",
        task=TASK,
        legal_basis=("《中华人民共和国安全生产法》第六十五条",),
        pool_rules=(
            YearlyCap(
                caps=(CapClass(most=8, risk_colours=("red",)), CapClass(most=4, risk_colours=("orange",)), CapClass(most=2)), version="2026-1"
            ),
            JustInspected(months=1, version="2026-1"),
        ),
        stratify_by="risk_colour",
        strata=(
            DraftStratum(name="红色风险", values=("red",), rule=AtLeast(denominator=100, numerator=30)),
            DraftStratum(name="橙色风险", values=("orange",), rule=Percent(denominator=100, numerator=10)),
            DraftStratum(name="黄色风险", values=("yellow",), rule=Percent(denominator=100, numerator=3)),
            DraftStratum(name="蓝色及未评级", rule=Percent(denominator=100, numerator=1)),
        ),
        classes=(
            DraftClass(
                id="hazardous", name="危险化学品", sectors=("危险化学品",),
                inspectors=(DraftSeat(name="组长", lead=True), DraftSeat(name="检查员")),
                experts=(DraftSeat(name="技术专家"),), optional_items=3,
            ),
            DraftClass(
                id="general", name="一般行业", optional_items=2,
                inspectors=(DraftSeat(name="组长", lead=True), DraftSeat(name="检查员")),
            ),
        ),
        givers=(
            NonceGiver(custodian="云州市公证处"),
            WitnessGiver(label="notary", body="云州市公证处", name="何公证"),
            WitnessGiver(label="discipline", body="驻局纪检监察组", name="罗监察"),
            DiceGiver(
                throwers=(
                    ThrowerName(label="thrower-a", body="云州市消费者协会", name="高会员"),
                    ThrowerName(label="thrower-b", body="云州市企业联合会", name="梁会员"),
                    ThrowerName(label="thrower-c", body="云州市人大代表", name="宋代表"),
                ),
            ),
        ),
        instant=as_time(now + WAIT),
        names_open=as_time(now + WAIT),
        visits=VisitDays(first=today, last=today + timedelta(days=20)),
    )  # fmt: skip


async def _state(office: Office, draw: str) -> str:
    async with office.pool.acquire() as connection:
        return (await read_draw_row(connection, draw)).state


async def _frozen(office: Office, draw: str) -> FrozenDraw:
    async with office.pool.acquire() as connection:
        return await read_frozen(connection, await read_draw_row(connection, draw))


async def _take(
    office: Office, draw: str, kind: str, request: dict[str, Any], people: Sequence[Staff]
) -> step_views.StepView:
    """Take a step by `people`, each from their own account; what was done before is found, not done again."""
    view = await steps.propose(office, people[0], draw, kind, request)
    for who in people[1:]:
        if view.document is None:
            view = await steps.agree(office, who, UUID(view.id))
    return view


async def _carry_through(office: Office, draw: str, staff: dict[str, Staff]) -> None:
    """From draft to drawn: freeze, witnesses before T, dice at T, one draw."""
    pair = (staff["operator"], staff["confirmer"])
    if await _state(office, draw) == "draft":
        async with office.pool.acquire() as connection:
            draft = await read_draft(connection, draw)
        if draft.instant <= as_time(office.now() + WAIT / 2):
            await revise_draft(office, staff["operator"], draw, _draft(office))
        await _withdraw_stale(office, draw, staff["operator"])
        frozen_by = await _take(office, draw, "draw-plan/v1", {}, pair)
        say(f"② 锁定名单 frozen: 候选 {frozen_by.summary['candidates']} 户，指纹 S = {frozen_by.document}")
    frozen = await _frozen(office, draw)
    instant = datetime.fromisoformat(frozen.plan.instant)
    bodies = {c.label: c.body for c in frozen.plan.contributors if isinstance(c, Witness)}
    for label in bodies:
        if label in frozen.contributions:
            continue
        late = office.now() > instant
        digits = None if late else "".join(secrets.choice("0123456789") for _ in range(20))
        await _take(office, draw, "contribution/v1",
                    {"label": label, "digits": digits, "form": None if late else PAPER}, pair)  # fmt: skip
        say(f"③ 见证人（{bodies[label]}）当众给出数字 a witness gives digits: {digits or '缺席 absent'}")
    if (wait := (instant - office.now()).total_seconds()) > 0:
        say(f"   等待开号时刻 T，{wait:.0f} 秒 waiting for T …")
        await asyncio.sleep(wait + 0.5)
    if "dice" not in (await _frozen(office, draw)).contributions:
        digits = "".join(secrets.choice("0123456789") for _ in range(60))
        await _take(office, draw, "contribution/v1", {"label": "dice", "digits": digits, "form": PAPER}, pair)
        say(f"③ 三方掷骰（模拟）dice, simulated: {digits}")
    await _take(office, draw, "draw-outcome/v1", {}, pair)
    transcript = (await _frozen(office, draw)).transcript
    say(f"④ 只抽一次 drawn once: 抽中 {len(transcript.targets)} 户，检查组 teams {transcript.inspectors.outcome}，"
        f"专家 experts {transcript.experts.outcome}")  # fmt: skip


async def _withdraw_stale(office: Office, draw: str, operator: Staff) -> None:
    """Take back a freeze that an interrupted run proposed: draft or registries may have moved since."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT id FROM step WHERE draw = $1 AND kind = 'draw-plan/v1' AND done IS NULL AND NOT withdrawn",
            draw,
        )
    for row in rows:
        await steps.withdraw(office, operator, row["id"])


async def _results(office: Office, draw: str, staff: dict[str, Staff]) -> None:
    """Enter, review and publish results of the first three visits."""
    frozen = await _frozen(office, draw)
    team = [staff[name] for name in ("inspector1", "inspector2", "reviewer", "publisher1", "publisher2")]
    codes: tuple[ResultCode, ...] = ("NO_PROBLEM", "HAZARD_GENERAL", "FIXED_ON_ORDER")
    for target, code in zip(frozen.transcript.targets[:3], codes, strict=True):
        async with office.pool.acquire() as connection:
            if await connection.fetchval(
                "SELECT 1 FROM result WHERE draw = $1 AND target = $2", draw, target.id
            ):
                continue
        findings = [
            {"item": item, "code": code if number == 0 else "NO_PROBLEM", "deadline": None,
             "measure": "责令限期整改" if code == "HAZARD_GENERAL" and number == 0 else None, "responsible": None}
            for number, item in enumerate(target.items)
        ]  # fmt: skip
        request = {
            "target": target.id,
            "inspected_on": frozen.plan.visits.from_,
            "result": code,
            "findings": findings,
        }
        await _take(office, draw, "inspection-result/v1", request, team)
        say(f"⑤ 公布检查结果 result: {target.id} {CODES[code].word}")


async def _verify(office: Office, config: Config, draw: str) -> int:
    """Verify the published bundle with the offline verifier, in a process of its own; return its exit status."""
    folder = config.publish_dir / "draws" / draw
    bundle, policy = folder / f"{draw}.bundle.json", config.publish_dir / "policy"
    if not bundle.exists():
        folder.mkdir(parents=True, exist_ok=True)
        bundle.write_bytes(await read_bundle(office, draw))
        policy.write_bytes(await policy_bytes(office))
    command = [sys.executable, "-m", "disclosure", "verify", str(bundle), "--policy", str(policy)]
    say("⑦ 离线核验 offline verification: python -m disclosure verify " + " ".join(command[4:]))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=SAMPLE.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await process.communicate()
    say("\n".join("   " + line for line in output.decode().splitlines()))
    assert process.returncode is not None
    say(
        f"   退出码 exit status {process.returncode}（0 全部通过 all passed，3 有步骤仅凭此文件无法判断 some not checked）"
    )
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
