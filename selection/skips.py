"""Why somebody ordered before the chosen person did not get the seat: asked for one target of a finished draw.

Nothing is recorded during the draw. The seats before are fixed as the result has them, and each test that the person
failed is made again, with the certificate of FILLABLE where that was the test.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from selection.eligibility import OpenSeat
from selection.flow import Network
from selection.residual import reached
from selection.teams import Separations, certificate_of
from selection.transcript import Certificate

__all__ = ["Skip", "SkipReason", "explain_skips"]

SkipReason = Literal["no place left", "already in this team", "apart", "needed", "no team found"]


class Skip(Struct, frozen=True):
    """One person passed over for one seat.

    `apart_from` names the first team mate by id whom `apart` pairs them with. `certificate` with `needed`: were the person
    given this seat, these later seats would have only this supply. `no team found` occurs only with people apart: the
    later seats could each be filled, but no team without a pair apart was among the ways.
    """

    seat: int
    person: str
    reason: SkipReason
    apart_from: str | None = None
    certificate: Certificate | None = None


def explain_skips(
    seats: Sequence[OpenSeat],
    places: Mapping[str, int],
    staff: Separations,
    mates: Mapping[str, Collection[str]],
    chosen: Sequence[str],
    target: str,
) -> tuple[Skip, ...]:
    """Return, for each seat of `target` in order, every candidate ordered before the chosen one with the reason.

    All but `chosen` and `target` are what `assign` was given; `chosen` are its `people`, a COMPLETE result.
    """
    network = Network(seats, places, staff.apart, mates, chosen)
    skips, team = list[Skip](), set[str]()
    for index, (seat, person) in enumerate(zip(seats, chosen, strict=True)):
        if seat.target == target:
            for other in seat.candidates[: seat.candidates.index(person)]:
                skips.append(_skip(network, index, other, team, mates.get(target, ()), staff, (places, mates, chosen)))
            team.add(person)
        number = network.number[person]
        network.fix(index, number, network.bit[number] | network.apart.get(number, 0))
    return tuple(skips)


def _skip(
    network: Network,
    index: int,
    person: str,
    team: Collection[str],
    mates: Collection[str],
    staff: Separations,
    draw: tuple[Mapping[str, int], Mapping[str, Collection[str]], Sequence[str]],
) -> Skip:
    seat = network.seats[index].number
    if network.left[network.number[person]] == 0:
        return Skip(seat, person, "no place left")
    if person in team:
        return Skip(seat, person, "already in this team")
    if apart := sorted(set(staff.apart.get(person, ())) & {*team, *mates}):
        return Skip(seat, person, "apart", apart_from=apart[0])
    places, all_mates, chosen = draw
    # FILLABLE after this choice. What the result has on later seats is a start that saves finding most of the flow anew.
    target = network.seats[index].target
    later = (
        None if other == person or open_seat.target == target else other
        for open_seat, other in zip(network.seats[index + 1 :], chosen[index + 1 :], strict=True)
    )
    trial = Network(network.seats, places, staff.apart, all_mates, [*chosen[:index], person, *later])
    for fixed in range(index + 1):
        number = trial.holder[fixed]
        trial.fix(fixed, number, trial.bit[number] | trial.apart.get(number, 0))
    if trial.fill():
        return Skip(seat, person, "no team found")
    return Skip(seat, person, "needed", certificate=certificate_of(trial, reached(trial)))
