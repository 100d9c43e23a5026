"""The published plan as everybody reads it: page, CSV and JSON are made of one value, so that they say the same."""

import csv
import io
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from service.annual_plan.content import AnnualPlan
from service.annual_plan.difference import Change, difference
from service.annual_plan.progress import Progress, TaskProgress, read_progress
from service.annual_plan.submitting import Version, list_versions
from service.annual_plan.words import batch_words, scope_words, strata_words
from service.database import Connection
from service.errors import NotFound
from service.language import gettext
from service.office import Office, as_time
from service.registry.export import inert

__all__ = ["CSV_COLUMNS", "PublishedPlan", "VersionPage", "csv_rows", "format_plan_csv", "format_plan_json", "read_published", "read_version",
           "read_years"]  # fmt: skip


class PublishedPlan(Struct, frozen=True):
    """The version that holds, with what became of its tasks; `versions` are all, the newest first."""

    plan: AnnualPlan
    version: int
    reason: str
    at: datetime
    versions: tuple[Version, ...]
    sections: dict[str, str]
    progress: Progress


class VersionPage(Struct, frozen=True):
    """One version as it was published, for ever the same; `changes` are from the version before, empty for the first."""

    plan: AnnualPlan
    version: int
    reason: str
    at: datetime
    sections: dict[str, str]
    changes: tuple[Change, ...]


async def read_years(office: Office) -> list[Version]:
    """Return the version that holds of every year with a published plan, the newest year first."""
    async with office.pool.acquire() as connection:
        newest: dict[int, Version] = {}
        for version in await list_versions(connection):
            newest.setdefault(version.year, version)
    return list(newest.values())


async def _read(connection: Connection, year: int, version: int | None) -> tuple[AnnualPlan, int, str, datetime]:
    row = await connection.fetchrow(
        "SELECT s.content, p.version, s.reason, p.at FROM annual_plan_version p JOIN annual_plan_submission s ON s.id = p.submission"
        " WHERE p.year = $1 AND ($2::int IS NULL OR p.version = $2) ORDER BY p.version DESC LIMIT 1", year, version
    )  # fmt: skip
    if row is None:
        raise NotFound(f"没有公布过 {year} 年度计划{f'第 {version} 版' if version else ''}", f"no such plan of {year} was published")
    return msgspec.json.decode(row["content"], type=AnnualPlan), row["version"], row["reason"], row["at"]


async def _sections(connection: Connection) -> dict[str, str]:
    return {row["label"]: row["name"] for row in await connection.fetch("SELECT label, name FROM section ORDER BY place")}


async def read_published(office: Office, year: int) -> PublishedPlan:
    """Return the plan of a year as it holds, with progress; NotFound before one was published."""
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        plan, version, reason, at = await _read(connection, year, None)
        versions = tuple(await list_versions(connection, year))
        return PublishedPlan(plan, version, reason, at, versions, await _sections(connection), await read_progress(connection, plan))


async def read_version(office: Office, year: int, version: int) -> VersionPage:
    """Return one version with what it changed; NotFound."""
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        plan, _, reason, at = await _read(connection, year, version)
        sections = await _sections(connection)
        before = (await _read(connection, year, version - 1))[0] if version > 1 else None
    changes = () if before is None else tuple(difference(before, plan, sections))
    return VersionPage(plan, version, reason, at, sections, changes)


CSV_COLUMNS = ("任务编号", "任务名称", "类别", "定向或不定向", "抽查范围", "比例或户数", "检查事项", "批次", "计划户数", "已检查户数", "进展", "批次编号和状态")


def csv_rows(found: PublishedPlan) -> list[list[str]]:
    """Return one row per task, as the page shows it: of the plan, then temporary tasks, then draws of neither."""
    return [_csv_row(task) for task in found.progress.all]


def _csv_row(task: TaskProgress) -> list[str]:
    entry = task.entry
    kinds = {"temporary": gettext("临时任务"), "outside": gettext("计划外")}
    drawn = entry is not None and entry.origin == "plan-random"
    draws = "；".join(f"{draw.id} {draw.word}{f'（{draw.void_reason}）' if draw.void_reason else ''}" for draw in task.draws)
    return [
        task.id, task.name,
        kinds.get(task.kind) or (gettext("双随机抽查") if drawn else gettext("重点检查")),
        "" if entry is None or not drawn else gettext("定向") if entry.directed else gettext("不定向"),
        scope_words(entry.scope) if entry else "", strata_words(entry) if entry else "",
        "；".join(item.name for item in entry.items) if entry else "", batch_words(entry.batches) if entry else "",
        "" if task.planned is None else str(task.planned), str(task.inspected), task.state_word, draws,
    ]  # fmt: skip


def format_plan_csv(found: PublishedPlan) -> bytes:
    """Return the tasks as CSV: UTF-8 with BOM, CRLF, formulas made inert."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([CSV_COLUMNS, *([inert(cell) for cell in row] for row in csv_rows(found))])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def format_plan_json(found: PublishedPlan) -> bytes:
    """Return the plan as data: the version word for word, and what became of every task."""
    answer: dict[str, Any] = {
        "year": found.plan.year, "version": found.version, "published_at": as_time(found.at), "reason": found.reason,
        "plan": found.plan, "sections": found.sections, "voided_draws": found.progress.voided,
        "tasks": [_json_task(task) for task in found.progress.all],
        "versions": [{"version": one.version, "published_at": as_time(one.at), "reason": one.reason} for one in found.versions],
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"


def _json_task(task: TaskProgress) -> dict[str, Any]:
    draws = [{"id": d.id, "title": d.title, "state": d.state, "void_reason": d.void_reason, "drawn": d.drawn, "inspected": d.inspected} for d in task.draws]
    return {"id": task.id, "name": task.name, "kind": task.kind, "reason": task.reason, "state": task.state, "planned": task.planned,
            "inspected": task.inspected, "draws": draws}  # fmt: skip
