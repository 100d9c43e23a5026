"""Inspections that were, and visits that are still to come, of all draws of this installation: what yearly caps count.

A published result is an inspection, unless nobody was found to be inspected (unreachable, closed, moved away): hiding earns no rest. Where the same visit was imported too (same target and date), the imported one stands. A drawn
target without a result is a visit still to come, unless a replacement ended it; of a plan for teams alone nothing is counted, because the
visits are those of the draw it names.
"""

from typing import Any, Final

from msgspec import Struct

from service.database import Connection

__all__ = ["StandingVisit", "hidden_visits", "read_past", "read_standing", "sealed_draws"]


class StandingVisit(Struct, frozen=True, gc=False):
    """A target that was drawn and not yet visited; `first` and `last` are the days (YYYY-MM-DD) planned for it."""

    target: str
    first: str
    last: str


# Draws that count: real ones whose outcome anyone can see, with the visits they stand for.
_PLANS: Final = """
    plan AS MATERIALIZED (
        SELECT draw.id AS draw, draw.state, body ->> 'origin' AS origin, coalesce(body -> 'teams_of' ->> 'draw', draw.id) AS visits_of,
               body ? 'teams_of' AS teams_only, body -> 'visits' ->> 'from' AS first, body -> 'visits' ->> 'to' AS last
        FROM draw JOIN document ON document.sha256 = draw.plan
        CROSS JOIN LATERAL (SELECT convert_from(document.data, 'UTF8')::jsonb AS body) AS read
        WHERE draw.state IN ('drawn', 'sealed', 'opened') AND NOT (body ->> 'rehearsal')::boolean
    )"""

# Who is visited for a draw that is still sealed, and from which day: whatever is known of them from then on would betray the list.
_HIDDEN: Final = """
    hidden AS MATERIALIZED (
        SELECT coalesce(kept, target) AS target, since FROM (
        SELECT chosen ->> 'id' AS target, since
        FROM (SELECT id AS draw, instant::date AS since FROM draw WHERE state = 'sealed') AS closed JOIN draw_result USING (draw)
        CROSS JOIN LATERAL jsonb_array_elements(convert_from(result, 'UTF8')::jsonb -> 'targets') AS chosen
        UNION
        SELECT event -> 'successor' ->> 'id', instant::date FROM sealed_event JOIN draw ON draw.id = sealed_event.draw
        WHERE draw.state = 'sealed' AND event ->> 'kind' = 'target' AND event -> 'successor' ->> 'id' IS NOT NULL
        ) AS visited LEFT JOIN target_alias ON alias = target
    )"""

# What an alias was inspected counts for the target it was merged into (ADR 26): both sides are asked by the target that was kept. So is
# the number of a result of ours, by which `History.visits` knows it for one.
_PAST: Final = f"""
    WITH {_PLANS}, {_HIDDEN}, imported AS MATERIALIZED (
        SELECT target, inspected_on, department, number, origin, outcome, punished
        FROM inspection LEFT JOIN target_alias ON alias = target WHERE kept IS NULL
        UNION ALL  -- one visit that was entered for several of them is one visit
        (SELECT DISTINCT ON (kept, inspected_on, department, number) kept, inspected_on, department,
            CASE WHEN right(number, length(alias) + 1) = '.' || alias THEN left(number, -length(alias)) || kept ELSE number END,
            origin, outcome, punished
        FROM inspection JOIN target_alias ON alias = target
        WHERE NOT EXISTS (
            SELECT FROM inspection AS own WHERE own.target = kept AND own.inspected_on = inspection.inspected_on
                AND own.department = inspection.department AND own.number = inspection.number)
        ORDER BY kept, inspected_on, department, number, target)
    )
    SELECT target, inspected_on, department, number, origin, outcome, punished FROM imported
    WHERE NOT EXISTS (SELECT FROM hidden WHERE hidden.target = imported.target AND inspected_on >= since)
    UNION ALL
    SELECT coalesce(kept, result.target), day, (SELECT name FROM bureau), result.draw || '.' || coalesce(kept, result.target),
           CASE plan.origin WHEN 'special-campaign' THEN 'special' ELSE 'plan-random' END, result.code, false
    FROM result JOIN plan USING (draw) JOIN document ON document.sha256 = result.found
    LEFT JOIN target_alias ON alias = result.target
    CROSS JOIN LATERAL (SELECT convert_from(document.data, 'UTF8')::jsonb AS body) AS read
    CROSS JOIN LATERAL (SELECT (body ->> 'inspected_on')::date AS day) AS dated
    WHERE result.status <> 'withdrawn' AND result.code <> ALL ('{{UNREACHABLE,NO_SUCH_ACTIVITY,CLOSED_OR_LIQUIDATING,DEREGISTERED,REVOKED,RESCINDED,MOVED_OUT}}')
      AND NOT EXISTS (SELECT FROM imported WHERE imported.target = coalesce(kept, result.target) AND inspected_on = day)
"""  # noqa: S608 (constants only)

# A sealed draw is left out: who is excluded for it would be named in a public list before the opening.
_STANDING: Final = f"""
    WITH {_PLANS}, event AS (
        SELECT draw, convert_from(data, 'UTF8')::jsonb -> 'event' AS event FROM document WHERE kind = 'replacement/v1'
        UNION ALL SELECT draw, event FROM sealed_event
    ), chosen AS (
        SELECT draw, chosen ->> 'id' AS target
        FROM (SELECT draw FROM plan WHERE state <> 'sealed' AND NOT teams_only) AS open JOIN draw_result USING (draw)
        CROSS JOIN LATERAL jsonb_array_elements(convert_from(result, 'UTF8')::jsonb -> 'targets') AS chosen
        UNION SELECT draw, event -> 'successor' ->> 'id' FROM event WHERE event ->> 'kind' = 'target'
    )
    SELECT coalesce(kept, target) AS target, plan.first, plan.last
    FROM chosen JOIN plan USING (draw) LEFT JOIN target_alias ON alias = target
    WHERE target IS NOT NULL AND state <> 'sealed' AND NOT teams_only
      AND NOT EXISTS (SELECT FROM event WHERE event.draw = chosen.draw AND event ->> 'kind' = 'target' AND event ->> 'target' = target)
      AND NOT EXISTS (SELECT FROM result JOIN plan AS done USING (draw) WHERE result.target = chosen.target AND done.visits_of = chosen.draw)
"""  # noqa: S608 (constants only)


async def read_past(connection: Connection) -> list[Any]:
    """Return the rows of all past inspections: those imported, and this installation's published results that are not among them."""
    return list(await connection.fetch(_PAST))


async def read_standing(connection: Connection) -> list[Any]:
    """Return the rows of all visits drawn and still to come, of draws that are not sealed."""
    return list(await connection.fetch(_STANDING))


async def hidden_visits(connection: Connection) -> dict[str, str]:
    """Return target -> day (YYYY-MM-DD) from which nothing known of it may be used: it is visited for a draw that is still sealed."""
    rows = await connection.fetch(f"WITH {_HIDDEN} SELECT target, min(since)::text AS since FROM hidden GROUP BY target")  # noqa: S608
    return {row["target"]: row["since"] for row in rows}


async def sealed_draws(connection: Connection) -> list[str]:
    """Return the ids of draws still sealed, whose visits no cap can count before the opening."""
    rows = await connection.fetch("SELECT id FROM draw WHERE state = 'sealed' ORDER BY id")
    return [row["id"] for row in rows]
