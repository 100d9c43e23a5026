"""Team instances whose tightness is exact: capacities come from a hidden complete assignment, plus a stated slack.

Every target lies in a region and has two seats, some three; a third of the seats ask one of four specialities; people
go to two regions and hold one or two specialities; one person in twenty is in conflict with a target. The orders of
candidates are those of a fixed pseudo-random stream, one per target, as tickets would give.
"""

import random

from msgspec import Struct

from selection.eligibility import OpenSeat

__all__ = ["Planted", "plant"]


class Planted(Struct, frozen=True):
    """One stage; `apart` as `assign` wants it of a staff."""

    seats: list[OpenSeat]
    places: dict[str, int]
    apart: dict[str, set[str]]


def plant(
    targets: int, people: int, slack: float, seed: int = 1, conflicts: float = 0.05, apart: float = 0.0
) -> Planted:
    """Return an instance that can be completed, with (1 + slack) places per seat; `apart` is the share of pairs apart."""
    r = random.Random(f"planted {targets} {people} {slack} {seed} {conflicts} {apart}")
    names = [f"p{n:05d}" for n in range(people)]
    partners: dict[str, set[str]] = {}
    for _ in range(round(apart * people * (people - 1) / 2)):
        a, b = r.sample(names, 2)
        partners.setdefault(a, set()).add(b)
        partners.setdefault(b, set()).add(a)
    regions = max(2, round(people**0.5 / 2))
    goes = [set(r.sample(range(regions), 2)) for _ in names]
    knows = [set(r.sample(range(4), r.choice([1, 1, 2]))) for _ in names]
    local = [[n for n in range(people) if region in goes[n]] for region in range(regions)]
    seats, load = list[OpenSeat](), [0] * people
    for number in range(targets):
        able = [n for n in local[r.randrange(regions)] if r.random() >= conflicts]
        r.shuffle(able)
        everyone, team = tuple(names[n] for n in able), list[int]()
        for seat in range(1, r.choice([2, 2, 2, 3]) + 1):
            asked = r.randrange(4) if r.random() < 1 / 3 else None
            fit = able if asked is None else [n for n in able if asked in knows[n]]
            hidden = [n for n in fit if n not in team and not partners.get(names[n], set()) & {names[m] for m in team}]
            if not hidden:
                continue
            team.append(r.choice(hidden))
            load[team[-1]] += 1
            seats.append(OpenSeat(f"t{number:05d}", seat, everyone if asked is None else tuple(names[n] for n in fit)))
    for _ in range(round(slack * len(seats))):
        load[r.randrange(people)] += 1
    return Planted(seats, dict(zip(names, load, strict=True)), partners)
