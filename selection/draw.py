"""The whole draw on one page (docs/spec/draw.md). Values in, values out; the same inputs give the same bytes for ever.

Before: the plan and its lists are frozen, published and checked (`plan_rules.py`).
After: the transcript is signed and logged, once (`disclosure`). Nothing here can be asked twice with another answer.
"""

from collections.abc import Mapping, Sequence

from selection.contribution import check_contributions
from selection.eligibility import Staff
from selection.items import draw_items
from selection.keys import draw_key, stage_key
from selection.order import DrawnTarget, draw_targets
from selection.plan import Plan, plan_digest
from selection.pool import Pools
from selection.teams import assign
from selection.transcript import Cut, StageOutcome, StratumResult, TargetResult, Transcript

__all__ = ["draw", "draw_stage"]


def draw(plan: Plan, pools: Pools, contributions: Sequence[str]) -> Transcript:
    """Return the transcript of the draw of `plan` over `pools` with one contribution line per contributor, in plan order.

    `pools.conflicts` must hold the people kept from every target that is drawn; more does no harm.
    Raises ContributionError for a line that is not lawful. The plan is taken as checked by `plan_rules`.
    """
    # 1, 2: contributions and keys
    check_contributions(plan, contributions)
    s = plan_digest(plan)
    key = draw_key(s, contributions)
    targets_key = stage_key(key, "targets")

    # 3: targets
    strata, drawn = draw_targets(plan, pools, targets_key)

    # 4: items
    items = {d.target.id: draw_items(plan, key, d.target.id, d.target.class_, d.sections) for d in drawn}

    # 5: teams; targets and items stand whatever they return
    staff = Staff(plan, pools, key)
    inspectors, teams = draw_stage(staff, "inspector", drawn, {})
    if inspectors.outcome == "COMPLETE":
        experts, advisers = draw_stage(staff, "expert", drawn, teams)
    else:
        experts, advisers = StageOutcome(None, "NOT_RUN"), {}

    # 6: the result
    return Transcript(
        draw_key=key,
        experts=experts,
        inspectors=inspectors,
        plan=s,
        stage_key=targets_key,
        strata=tuple(
            StratumResult(o.stratum, o.next, o.order, tuple(Cut(cut, section) for section, cut in o.cuts))
            for o in strata
        ),
        targets=tuple(
            TargetResult(
                experts=advisers.get(d.target.id, ()),
                id=d.target.id,
                inspectors=teams.get(d.target.id, ()),
                items=items[d.target.id],
                rank=d.rank,
                sections=d.sections,
                stratum=d.target.stratum,
                ticket=d.ticket,
            )
            for d in drawn
        ),
    )


def draw_stage(
    staff: Staff, role: str, drawn: Sequence[DrawnTarget], mates: Mapping[str, tuple[str, ...]]
) -> tuple[StageOutcome, dict[str, tuple[str, ...]]]:
    """Return the outcome of one stage over all drawn targets, and the team of each target if it is COMPLETE."""
    seats = [
        seat
        for d in drawn
        for seat in staff.open_seats(role, d.target.id, d.target.class_, d.target.area, d.sections)
    ]
    assignment = assign(seats, staff.places, staff, mates)
    teams: dict[str, tuple[str, ...]] = {}
    for seat, person in zip(seats, assignment.people, strict=False):
        teams[seat.target] = (*teams.get(seat.target, ()), person)
    return StageOutcome(assignment.certificate, assignment.outcome), teams
