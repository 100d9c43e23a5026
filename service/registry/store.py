"""The registries as a draw reads them: all at once, with the version they have at that moment."""

from datetime import date

from service.database import Connection
from service.freezing import Registries
from service.registry.records import Conflict, Expert, Inspector, Item, Target

__all__ = ["read_registries", "registry_versions"]


async def registry_versions(connection: Connection) -> dict[str, int]:
    """Return kind -> version; it rises with every confirmed import."""
    rows = await connection.fetch("SELECT kind, version FROM registry_version ORDER BY kind")
    return {row["kind"]: row["version"] for row in rows}


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


async def read_registries(connection: Connection) -> Registries:
    """Return every record of all five registries."""
    targets = await connection.fetch(
        "SELECT id, name, area, sector, risk_colour, credit_class, standardisation, entity_type, address, established,"
        " status, last_inspected FROM target"
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
    return Registries(
        targets=[Target(*row[:9], _day(row["established"]), row["status"], _day(row["last_inspected"])) for row in targets],
        items=[Item(*row[:5], tuple(row["classes"]), row["method"]) for row in items],
        inspectors=[
            Inspector(*row[:4], tuple(row["areas"]), tuple(row["specialities"]), _day(row["certificate_expires"]), *row[7:])
            for row in inspectors
        ],
        experts=[
            Expert(*row[:4], tuple(row["areas"]), tuple(row["specialities"]), _day(row["term_ends"]), row["capacity"],
                   tuple(row["serves"]), row["status"])
            for row in experts
        ],
        conflicts=[Conflict(*row) for row in conflicts],
    )  # fmt: skip
