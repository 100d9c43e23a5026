"""The registries as a draw reads them: all at once, with the version they have at that moment."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from asyncpg import Record

from service.candidates import Registries
from service.database import Connection
from service.past import StandingVisit, hidden_visits, read_past, read_standing
from service.registry.records import Conflict, Expert, Inspection, Inspector, Item, Target

__all__ = ["lock_registries", "read_registries", "registry_versions"]


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


def _without_hidden(target: Target, hidden: Mapping[str, str]) -> Target:
    """Return the target without a day of inspection that only a sealed draw explains."""
    since, last = hidden.get(target.id), target.last_inspected
    return target if since is None or last is None or last < since else msgspec.structs.replace(target, last_inspected=None)


async def read_registries(connection: Connection) -> Registries:
    """Return every record of all registries, past inspections with this installation's own among them, and the visits still to come."""
    targets = await connection.fetch(
        "SELECT id, name, area, sector, risk_colour, credit_class, standardisation, entity_type, address, established,"
        " status, last_inspected, headcount FROM target"
    )
    items = await connection.fetch(
        "SELECT id, name, department, legal_basis, mandatory, classes, method FROM item"
    )
    inspectors = await connection.fetch(
        "SELECT number, name, unit, department, areas, specialities, certificate_expires, capacity, lead, status FROM inspector"
    )
    experts = await connection.fetch(
        "SELECT number, name, employer, department, areas, specialities, term_ends, capacity, serves, status FROM expert"
    )
    conflicts = await connection.fetch("SELECT person, target, reason, evidence FROM conflict")
    hidden = await hidden_visits(connection)
    return Registries(
        targets=[_without_hidden(Target(**_values(row)), hidden) for row in targets],
        items=[Item(**_values(row)) for row in items],
        inspectors=[Inspector(**_values(row)) for row in inspectors],
        experts=[Expert(**_values(row)) for row in experts],
        conflicts=[Conflict(**_values(row)) for row in conflicts],
        inspections=[Inspection(**_values(row)) for row in await read_past(connection)],
        standing=[StandingVisit(**_values(row)) for row in await read_standing(connection)],
    )
