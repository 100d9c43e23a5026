"""The pages and files of the annual plans, written again when a version, a task outside the plan, a draw or a visit was added."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.static_folder.keys import DrawKeys, key_of
from service.static_folder.snapshot import Snapshot

__all__ = ["addresses_of_plans", "publish_plans"]


async def addresses_of_plans(snapshot: Snapshot) -> list[str]:
    """Return every address of published plans, versions before the pages that lead to them."""
    rows = await snapshot.connection.fetch("SELECT year, version FROM annual_plan_version ORDER BY year, version")
    versions = [f"/plans/{row['year']}/{row['version']}/" for row in rows]
    years = dict.fromkeys(row["year"] for row in rows)
    return [*versions, *(f"/plans/{year}/{file}" for year in years for file in ("plan.csv", "plan.json", "")), "/plans/"]


async def publish_plans(
    snapshot: Snapshot, draws: list[DrawKeys], base: str, is_done: Callable[[str, str], bool], publish: Callable[[str], Awaitable[Any]]
) -> None:
    """Write the plans unless nothing they tell of has changed."""
    told = await snapshot.connection.fetchval(
        "SELECT concat_ws(' ', (SELECT count(*) FROM annual_plan_version), (SELECT count(*) FROM temporary_task_verdict),"
        " (SELECT string_agg(version::text, ',' ORDER BY kind) FROM registry_version WHERE kind IN ('inspections', 'targets')))"
    )
    if not is_done("plans", key_of(base, told, *((draw.id, draw.everything) for draw in draws))):
        for address in await addresses_of_plans(snapshot):
            await publish(address)
