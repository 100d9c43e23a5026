"""What the registries hold, to choose from: values of every attribute with the number of targets, specialities with people, items."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

from service.database import Connection
from service.office import Office
from service.pages.registry.finding import find
from service.pages.registry.question import Question
from service.registry.records import RISK_COLOURS
from service.sections import Department

__all__ = ["COLUMNS", "Choices", "find_targets", "name_targets", "read_choices"]

COLUMNS: Final = ("area", "sector", "risk_colour", "credit_class", "standardisation", "entity_type")
_MOST: Final = 200  # values of one attribute that are offered


class Choices(Struct, frozen=True):
    """`values`: attribute -> (value, targets), the commonest first, risk colours from red; `specialities` -> people; `departments` active."""

    targets: int
    values: Mapping[str, list[tuple[str, int]]]
    specialities: list[tuple[str, int]]
    optional_items: int
    departments: list[Department]


Counted: TypeAlias = tuple[dict[str, list[tuple[str, int]]], list[tuple[str, int]], int]
_COUNTED: dict[str, Counted] = {}  # of the newest registries of a database


async def read_choices(connection: Connection) -> Choices:
    """Return what can be chosen now; targets that were merged into another are not counted. Counted once per version of the registries: a
    million targets take seconds."""
    versions = await connection.fetchval(
        "SELECT string_agg(kind || version, ' ' ORDER BY kind) || (SELECT count(*) FROM target_alias) || current_database() FROM registry_version"
    )
    counted = None if await _is_small(connection) else _COUNTED.get(versions)
    if counted is None:
        counted = await _count(connection)
        _COUNTED.clear()
        _COUNTED[versions] = counted
    values, specialities, optional = counted
    sections = await connection.fetch(
        "SELECT s.label, s.name, coalesce(s.key, '') AS key, s.active FROM section s JOIN bureau b ON true WHERE s.active"
        " ORDER BY s.label <> b.section, s.place"
    )
    return Choices(
        targets=sum(number for _, number in values["area"]), values={name: held[:_MOST] for name, held in values.items()},
        specialities=specialities, optional_items=optional, departments=[Department(**dict(row)) for row in sections],
    )  # fmt: skip


async def _is_small(connection: Connection) -> bool:
    return bool(await connection.fetchval("SELECT count(*) < 1000 FROM (SELECT FROM target LIMIT 1000) AS first"))


async def _count(connection: Connection) -> Counted:
    sets = ", ".join(f"({column})" for column in COLUMNS)
    places = ", ".join(COLUMNS)
    rows = await connection.fetch(
        f"SELECT grouping({places}) AS which, coalesce({places}) AS value, count(*) AS number FROM target"  # noqa: S608
        f" WHERE NOT EXISTS (SELECT FROM target_alias WHERE alias = target.id) GROUP BY GROUPING SETS ({sets})"
    )
    values: dict[str, list[tuple[str, int]]] = {column: [] for column in COLUMNS}
    whole = (1 << len(COLUMNS)) - 1
    for row in rows:
        place = len(COLUMNS) - (whole ^ row["which"]).bit_length()  # the leftmost column has the highest bit
        values[COLUMNS[place]].append((row["value"], row["number"]))
    for held in values.values():
        held.sort(key=lambda one: (-one[1], one[0]))
    colours = list(RISK_COLOURS)
    values["risk_colour"].sort(key=lambda one: colours.index(one[0]) if one[0] in colours else len(colours))
    people = await connection.fetch(
        "SELECT speciality, count(*) AS number FROM (SELECT unnest(specialities) AS speciality FROM inspector"
        " UNION ALL SELECT unnest(specialities) FROM expert) AS held GROUP BY speciality ORDER BY number DESC, speciality"
    )
    optional = await connection.fetchval("SELECT count(*) FROM item WHERE status = 'active' AND NOT mandatory")
    return values, [(row["speciality"], row["number"]) for row in people], optional


async def find_targets(office: Office, words: str) -> list[tuple[str, str]]:
    """Return up to 20 targets (code, name) whose name, initials or code fit; Invalid for words too short."""
    async with office.pool.acquire() as connection:
        found = await find(connection, Question("targets", words[:100], {}))
        codes: list[str] = [row[0] for row in found.rows[:20]]
        names = await name_targets(connection, codes)
    return [(code, names[code]) for code in codes if code in names]


async def name_targets(connection: Connection, codes: Any) -> dict[str, str]:
    """Return code -> name of those that the registry has."""
    rows = await connection.fetch("SELECT id, name FROM target WHERE id = ANY($1::text[])", list(codes))
    return {row["id"]: row["name"] for row in rows}
