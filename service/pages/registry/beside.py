"""What else is known of a target: what was merged into it or it into, its inspections, conflicts and services."""

from typing import Any, Final

from msgspec import Struct

from service.database import Connection
from service.pages.registry.words import called, word_of
from service.registry.fields import FIELDS, Field

__all__ = ["Beside", "Fact", "read_beside"]

_SHOWN: Final = 10


class Fact(Struct, frozen=True):
    """One inspection, conflict or service in words."""

    text: str
    code: str  # of the target it names, where that is an alias


class Beside(Struct, frozen=True):
    """`kept` is what the target was merged into, (code, name); `aliases` what was merged into it. Of each kind of fact the newest few and
    how many there are in all, those of the aliases among them."""

    kept: tuple[str, str] | None
    aliases: tuple[tuple[str, str], ...]
    inspections: tuple[Fact, ...]
    inspections_total: int
    conflicts: tuple[Fact, ...]
    conflicts_total: int
    services: tuple[Fact, ...]
    services_total: int


def _field(kind: Any, name: str) -> Field:
    return next(field for field in FIELDS[kind] if field.name == name)


async def read_beside(connection: Connection, target: str) -> Beside:
    """Return what else is known of a target; of an alias what names itself."""
    kept = await connection.fetchrow("SELECT kept, name FROM target_alias JOIN target ON id = kept WHERE alias = $1", target)
    aliases = await connection.fetch("SELECT alias, name FROM target_alias JOIN target ON id = alias WHERE kept = $1 ORDER BY alias", target)
    ids = [target, *(row["alias"] for row in aliases)]

    def fact(text: str, row: Any) -> Fact:
        return Fact(text, "" if row["target"] == target else row["target"])

    inspections = await connection.fetch(
        "SELECT target, inspected_on, department, origin, outcome, count(*) OVER () AS total FROM inspection WHERE target = ANY($1)"
        " ORDER BY inspected_on DESC, department LIMIT $2", ids, _SHOWN,
    )  # fmt: skip
    conflicts = await connection.fetch(
        "SELECT person, target, reason, coalesce(i.name, e.name, '') AS name, count(*) OVER () AS total FROM conflict"
        " LEFT JOIN inspector i ON i.number = person LEFT JOIN expert e ON e.number = person WHERE target = ANY($1) ORDER BY person LIMIT $2",
        ids, _SHOWN,
    )  # fmt: skip
    services = await connection.fetch(
        "SELECT provider, provider_kind, target, since, until, coalesce(e.name, '') AS name, count(*) OVER () AS total FROM service"
        " LEFT JOIN expert e ON e.number = provider AND provider_kind = 'expert' WHERE target = ANY($1) ORDER BY since DESC, provider LIMIT $2",
        ids, _SHOWN,
    )  # fmt: skip
    origin, reason = _field("inspections", "origin"), _field("conflicts", "reason")
    return Beside(
        (kept["kept"], kept["name"]) if kept else None,
        tuple((row["alias"], row["name"]) for row in aliases),
        tuple(fact(" ".join(filter(None, (str(r["inspected_on"]), r["department"], word_of(origin, r["origin"]), r["outcome"]))), r) for r in inspections),
        inspections[0]["total"] if inspections else 0,
        tuple(fact(f"{called({r['person']: r['name']}, r['person'])} {r['person']} {word_of(reason, r['reason'])}", r) for r in conflicts),
        conflicts[0]["total"] if conflicts else 0,
        tuple(fact(f"{r['name'] or r['provider']} {r['since']} → {r['until'] or '…'}", r) for r in services),
        services[0]["total"] if services else 0,
    )  # fmt: skip
