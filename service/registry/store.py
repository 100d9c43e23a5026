"""The registries as a draw reads them: all at once, with the version they have at that moment."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
from asyncpg import Record

from service.annual_plan.calendars import read_calendars
from service.candidates import Registries
from service.database import Connection
from service.past import StandingVisit, hidden_visits, read_past, read_standing
from service.registry.records import Conflict, Expert, Inspection, Inspector, Item, Service, Target

__all__ = ["lock_registries", "read_aliases", "read_registries", "registry_versions"]


async def lock_registries(connection: Connection) -> None:
    """Keep every import from being confirmed until the transaction ends: all registries are read as of one moment."""
    await connection.execute("SELECT 1 FROM registry_version ORDER BY kind FOR SHARE")


async def registry_versions(connection: Connection) -> dict[str, int]:
    """Return kind -> version; it rises with every confirmed import."""
    rows = await connection.fetch("SELECT kind, version FROM registry_version ORDER BY kind")
    return {row["kind"]: row["version"] for row in rows}


def _values(row: Record) -> dict[str, Any]:
    """Return the columns of a row as the records hold them: dates as text, lists as tuples."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return tuple(value) if isinstance(value, list) else value


def _without_hidden(target: Target, hidden: Mapping[str, str], kept: str) -> Target:
    """Return the target without a day of inspection that only a sealed draw explains; `kept` is what it counts for."""
    since, last = hidden.get(kept), target.last_inspected
    return target if since is None or last is None or last < since else msgspec.structs.replace(target, last_inspected=None)


async def read_aliases(connection: Connection) -> dict[str, str]:
    """Return alias -> the target it was merged into, as it stands now (ADR 26)."""
    return {row["alias"]: row["kept"] for row in await connection.fetch("SELECT alias, kept FROM target_alias")}


def _merged(targets: Iterable[Target], aliases: Mapping[str, str]) -> list[Target]:
    """Return the targets without the aliases; the last day of inspection of an alias counts for what it was merged into."""
    kept, last = list[Target](), dict[str, str]()
    for target in targets:
        if target.id not in aliases:
            kept.append(target)
        elif target.last_inspected is not None:
            last[aliases[target.id]] = max(last.get(aliases[target.id], ""), target.last_inspected)
    if not last:
        return kept
    days = (max(last.get(target.id, ""), target.last_inspected or "") or None for target in kept)
    return [msgspec.structs.replace(target, last_inspected=day) for target, day in zip(kept, days, strict=True)]


async def read_registries(connection: Connection) -> Registries:
    """Return every record of all registries, past inspections with this installation's own among them, and the visits still to come.

    A target that was merged into another is not among them, and everything that names it names the other; items that ended are left out.
    """
    targets = await connection.fetch(
        "SELECT id, name, area, sector, risk_colour, credit_class, standardisation, entity_type, address, established,"
        " status, last_inspected, headcount FROM target"
    )
    items = await connection.fetch(
        "SELECT id, name, department, legal_basis, mandatory, classes, method, status FROM item WHERE status = 'active'"
    )
    inspectors = await connection.fetch(
        "SELECT number, name, unit, department, areas, specialities, certificate_expires, capacity, lead, status FROM inspector"
    )
    experts = await connection.fetch(
        "SELECT number, name, employer, department, areas, specialities, term_ends, capacity, serves, status FROM expert"
    )
    conflicts = await connection.fetch("SELECT person, target, reason, evidence FROM conflict")
    services = await connection.fetch("SELECT provider, provider_kind, target, since, until, what, evidence FROM service")
    hidden, aliases = await hidden_visits(connection), await read_aliases(connection)

    def of_kept(row: Record) -> dict[str, Any]:
        values = _values(row)
        return values if values["target"] not in aliases else values | {"target": aliases[values["target"]]}

    def expert(row: Record) -> Expert:
        values = _values(row)
        return Expert(**values | {"serves": tuple(dict.fromkeys(aliases.get(code, code) for code in values["serves"]))})

    shown = [Target(**_values(row)) for row in targets]
    return Registries(
        targets=_merged((_without_hidden(target, hidden, aliases.get(target.id, target.id)) for target in shown), aliases),
        items=[Item(**_values(row)) for row in items],
        inspectors=[Inspector(**_values(row)) for row in inspectors],
        experts=[expert(row) for row in experts],
        conflicts=[Conflict(**of_kept(row)) for row in conflicts],
        inspections=[Inspection(**_values(row)) for row in await read_past(connection)],
        standing=[StandingVisit(**_values(row)) for row in await read_standing(connection)],
        services=[Service(**of_kept(row)) for row in services],
        calendar=await read_calendars(connection),
        aliases=aliases,
        alias_names={target.id: target.name for target in shown if target.id in aliases},
    )
