"""Before a draw: who is eligible for each seat, who is possible, who is forced.

Someone is *possible* for a seat if at least one complete assignment seats them there. One maximum flow and one sweep for
strongly connected components answer that for all seats at once: an unused choice occurs in some other maximum flow
exactly if it lies on a cycle of the residual network.
"""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from selection.eligibility import OpenSeat
from selection.flow import NOBODY, Network, members
from selection.residual import able, components
from selection.teams import Separations, first_come

__all__ = ["SeatReport", "report_seats"]


class SeatReport(Struct, frozen=True):
    """One seat; people by id. `forced` is the only possible person, if there is but one."""

    target: str
    seat: int
    eligible: tuple[str, ...]
    possible: tuple[str, ...]
    forced: str | None


def report_seats(
    seats: Sequence[OpenSeat],
    places: Mapping[str, int],
    staff: Separations,
    mates: Mapping[str, Collection[str]],
) -> tuple[SeatReport, ...] | None:
    """Return one report per seat in order, or None if the seats cannot all be filled (`explain_shortage` says why).

    As in FILLABLE, `apart` is not asked between two seats that are both still open, only towards `mates`: with pairs
    apart inside a team, someone possible here may turn out not to be; someone who is not possible here never is.
    """
    network = Network(seats, places, staff.apart, mates, first_come(seats, places, staff.apart, mates))
    if not network.fill():
        return None
    of_seat, of_person = components(network)
    together: dict[int, int] = {}  # component -> its people as bits
    for person, component in enumerate(of_person):
        together[component] = together.get(component, 0) | network.bit[person]
    reports = []
    for index, seat in enumerate(seats):
        target, may = network.target_of[index], able(network, index)
        free = may & ~network.sitting[target] & together.get(of_seat[index], 0)
        # Who sits in the team already can come to this seat only by a swap with the seat they hold.
        for mate in network.seats_of[target]:
            if of_seat[mate] == of_seat[index] and network.holder[mate] != NOBODY:
                free |= network.bit[network.holder[mate]] & may
        possible = tuple(network.names[person] for person in members(free))
        reports.append(
            SeatReport(
                seat.target,
                seat.number,
                tuple(network.names[person] for person in members(may)),
                possible,
                possible[0] if len(possible) == 1 else None,
            )
        )
    return tuple(reports)
