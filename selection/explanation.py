"""The questions a reader asks of one draw, put to `skips`, `shortage` and `seat_report` with what the draw was made from.

Everything is computed again from plan, lists and transcript, so whoever verified a draw can answer the same questions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from selection.eligibility import Exclusion, OpenSeat, Staff, seats_of
from selection.plan import Plan, Seat
from selection.pool import Pools, Target
from selection.seat_report import SeatReport, report_seats
from selection.shortage import ShortagePart, explain_shortage
from selection.skips import Skip, explain_skips
from selection.transcript import Transcript

__all__ = ["NotCandidate", "TargetExplanation", "explain_stage_shortage", "explain_target", "report_stage"]


class NotCandidate(Struct, frozen=True):
    """A person of the role who was no candidate of a seat, with every reason."""

    seat: int
    person: str
    reasons: tuple[Exclusion, ...]


class TargetExplanation(Struct, frozen=True):
    """Everybody of the role who does not hold a seat of the target, per seat: passed over, or never a candidate.

    Candidates ordered after the chosen person were not reached and need no reason.
    """

    skips: tuple[Skip, ...]
    not_candidates: tuple[NotCandidate, ...]


class _Stage:
    """The seats of one stage as the draw had them, and the declaration behind each."""

    def __init__(
        self, plan: Plan, pools: Pools, key: str, role: str, drawn: Iterable[tuple[str, Collection[str]]]
    ) -> None:
        self.role, self.staff = role, Staff(plan, pools, key)
        self.places = {person.id: person.places for person in pools.people if person.role == role}
        self.targets: dict[str, Target] = {target.id: target for target in pools.targets}
        self.declared: dict[tuple[str, int], Seat] = {}
        self.seats: list[OpenSeat] = []
        for id, sections in drawn:
            target = self.targets[id]
            self.seats += self.staff.open_seats(role, id, target.class_, target.area, sections)
            self.declared.update(((id, n), seat) for n, seat in seats_of(plan, target.class_, role, sections))

    def why_not(self, seat: OpenSeat, person: str) -> tuple[Exclusion, ...]:
        area = self.targets[seat.target].area
        return self.staff.why_not(self.role, self.declared[seat.target, seat.number], seat.target, area, person)


def _of_transcript(
    plan: Plan, pools: Pools, transcript: Transcript, role: str
) -> tuple[_Stage, Mapping[str, Sequence[str]]]:
    stage = _Stage(plan, pools, transcript.draw_key, role, ((t.id, t.sections) for t in transcript.targets))
    return stage, {t.id: t.inspectors for t in transcript.targets} if role == "expert" else {}


def explain_target(
    plan: Plan, pools: Pools, transcript: Transcript, role: str, target: str
) -> TargetExplanation:
    """Return why the others do not sit in the team of a drawn target; both lists in seat order, skips in ticket order.

    `pools` as the draw had them (conflicts of the drawn targets opened). Raises ValueError if the stage of `role` was not
    COMPLETE, for then nobody was chosen, or if the target was not drawn.
    """
    if target not in {t.id for t in transcript.targets}:
        raise ValueError(f"{target} was not drawn, so it has no team")
    outcome = (transcript.inspectors if role == "inspector" else transcript.experts).outcome
    if outcome != "COMPLETE":
        raise ValueError(f"the stage of {role}s ended with {outcome}: nobody was chosen, so nobody was passed over")
    stage, mates = _of_transcript(plan, pools, transcript, role)
    chosen = [p for t in transcript.targets for p in (t.inspectors if role == "inspector" else t.experts)]
    excluded = [
        NotCandidate(seat.number, person, reasons)
        for seat in stage.seats
        if seat.target == target
        for person in sorted(stage.places)
        if (reasons := stage.why_not(seat, person))
    ]
    skips = explain_skips(stage.seats, stage.places, stage.staff, mates, chosen, target)
    return TargetExplanation(skips, tuple(excluded))


def explain_stage_shortage(
    plan: Plan, pools: Pools, transcript: Transcript, role: str
) -> tuple[ShortagePart, ...]:
    """Return the parts of the shortage of a stage; ValueError unless it was IMPOSSIBLE: only then there is one to explain."""
    outcome = (transcript.inspectors if role == "inspector" else transcript.experts).outcome
    if outcome != "IMPOSSIBLE":
        raise ValueError(f"the {role} stage is {outcome}, not IMPOSSIBLE")
    stage, mates = _of_transcript(plan, pools, transcript, role)
    return explain_shortage(stage.seats, stage.places, stage.staff, mates, stage.why_not)


def report_stage(
    plan: Plan, pools: Pools, role: str, drawn: Iterable[tuple[str, Collection[str]]]
) -> tuple[SeatReport, ...] | None:
    """Return who is eligible, possible and forced per seat of the given (target, sections), without any draw.

    Before a freeze the targets are known only where none are drawn by lot. None if they cannot all be staffed.
    """
    stage = _Stage(plan, pools, "", role, drawn)
    return report_seats(stage.seats, stage.places, stage.staff, {})
