"""The flow network of FILLABLE (docs/spec/draw.md 5) with one flow in it, kept and repaired instead of found anew.

A flow is written as who holds which seat. `augment` fills one seat, moving others along a path if need be; `choose`
fixes one person in the next seat if the seats behind it can still be filled, and else leaves everything as it was.

People are numbered, and a set of people is one integer with a bit for each. "Whom could this seat still reach?" is then
a handful of operations on integers however many people there are. What a search finds used up is kept as a cut:

    A search that fails has met people V and seats W. Everyone in V is full, and holds only seats of W; what W lacks is one
    place. So in every way to fill the seats, all places of V go to W, and nobody of V may ever take another seat. That
    holds while the seats fixed so far stay fixed, hence `unfix` drops the cuts that were found under what it takes back.
"""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from selection.eligibility import OpenSeat

__all__ = ["NOBODY", "Network", "members"]

NOBODY = -1


class _Cut(Struct, frozen=True):
    people: int  # bits
    seats: bytes  # 1 for every seat that belongs to it
    fixed: int  # it holds as long as this many seats stay as they were


class Network:
    """One flow over the open seats. Seats and targets are numbers in drawn order, people numbers by id.

    `holders` may give a first, partial flow; it must obey places, teams and, for fixed seats, `apart`.
    """

    def __init__(
        self,
        seats: Sequence[OpenSeat],
        places: Mapping[str, int],
        apart: Mapping[str, Collection[str]],
        mates: Mapping[str, Collection[str]],
        holders: Sequence[str | None] = (),
    ) -> None:
        self.names = sorted(places)
        self.number = {name: number for number, name in enumerate(self.names)}
        self.bit = [1 << number for number in range(len(self.names))]
        self._bit_of = dict(zip(self.names, self.bit, strict=True))
        self.seats = seats
        self.targets = list(dict.fromkeys(seat.target for seat in seats))
        position = {target: number for number, target in enumerate(self.targets)}
        self.target_of = [position[seat.target] for seat in seats]
        self.seats_of: list[list[int]] = [[] for _ in self.targets]
        for seat, target in enumerate(self.target_of):
            self.seats_of[target].append(seat)
        self.apart = {number: self.bits(apart[p]) for p, number in self.number.items() if apart.get(p)}

        self.left = [places[name] for name in self.names]  # DRAW's left: places less fixed seats
        self.spare = list(self.left)  # places less all seats held
        self.holder = [NOBODY] * len(seats)
        self.held: list[set[int]] = [set() for _ in self.names]  # open seats only
        self.sitting = [0] * len(self.targets)  # bits of who holds a seat there, fixed or open
        self.barred = [0] * len(self.targets)  # bits of the fixed team, and of whoever clashes with it or with mates
        for team, index in position.items():
            for mate in mates.get(team, ()):
                self.barred[index] |= self.bits(apart.get(mate, ()))
        self.fixed = 0  # the seats before this one are fixed
        self._undo: list[tuple[int, int]] = []  # (seat, holder before) of every move since the last choice
        self._masks: list[int] = [NOBODY] * len(seats)  # candidates as bits, less what cuts forbid; made when asked for
        self._seen_cuts = [0] * len(seats)  # how many cuts `_masks` of the seat knows
        self._cuts: list[_Cut] = []
        self._of_list: dict[int, int] = {}
        for seat, name in enumerate(holders):
            if name is not None:
                person = self.holder[seat] = self.number[name]
                self.held[person].add(seat)
                self.sitting[self.target_of[seat]] |= self.bit[person]
                self.spare[person] -= 1
        self.free = sum(self.bit[p] for p, spare in enumerate(self.spare) if spare > 0)  # bits of spare > 0

    def bits(self, names: Collection[str]) -> int:
        """Return the known of `names` as bits."""
        mask = 0
        for name in names:
            mask |= self._bit_of.get(name, 0)
        return mask

    def candidates(self, seat: int) -> int:
        """Return the seat's candidates as bits, fixed seats and cuts not considered."""
        listed = self.seats[seat].candidates
        mask = self._of_list.get(id(listed))
        if mask is None:
            mask = self._of_list[id(listed)] = sum(map(self._bit_of.__getitem__, listed))
        return mask

    def _reachable(self, seat: int) -> int:
        """Return the candidates of a seat that no cut keeps for other seats, as bits."""
        mask = self._masks[seat]
        if mask < 0:
            mask = self._masks[seat] = self.candidates(seat)
        if self._seen_cuts[seat] < len(self._cuts):
            for cut in self._cuts[self._seen_cuts[seat] :]:
                if not cut.seats[seat]:
                    mask &= ~cut.people
            self._masks[seat], self._seen_cuts[seat] = mask, len(self._cuts)
        return mask

    def _move(self, seat: int, person: int) -> None:
        """Give an open seat to `person`, or to NOBODY. Places may fall below zero until the caller has mended it."""
        before, target = self.holder[seat], self.target_of[seat]
        self._undo.append((seat, before))
        if before >= 0:
            self.held[before].discard(seat)
            self.sitting[target] ^= self.bit[before]
            self.spare[before] += 1
            if self.spare[before] == 1:
                self.free ^= self.bit[before]
        if person >= 0:
            self.held[person].add(seat)
            self.sitting[target] ^= self.bit[person]
            self.spare[person] -= 1
            if self.spare[person] == 0:
                self.free ^= self.bit[person]
        self.holder[seat] = person

    def fill(self) -> bool:
        """Make the flow maximal; return whether every open seat is filled."""
        empty = [seat for seat in range(self.fixed, len(self.seats)) if self.holder[seat] < 0]
        filled = [self.augment(seat, self.fixed) for seat in empty]
        self._undo.clear()
        return all(filled)

    def augment(self, start: int, cut_holds: int | None) -> bool:
        """Fill the empty seat `start`, moving others along one shortest path if need be; return whether that can be done.

        From a seat the search goes to every candidate who does not sit in the team and from a full one of these to the
        seats held; one who sits in the team is no second seat for the target, only the holder may swap with the seat.
        If it fails, the cut is kept for as long as the first `cut_holds` seats stay as they are; None if it holds nowhere.
        """
        came: dict[int, tuple[int, int]] = {start: (NOBODY, NOBODY)}  # seat -> (seat that wants its holder, holder)
        queue, met = [start], 0
        free, target_of, holder, held, bit = self.free, self.target_of, self.holder, self.held, self.bit
        masks, seen_cuts, cuts = self._masks, self._seen_cuts, len(self._cuts)
        for seat in queue:
            target = target_of[seat]
            mask = masks[seat] if masks[seat] >= 0 and seen_cuts[seat] == cuts else self._reachable(seat)
            able = mask & ~self.barred[target]
            team = able & self.sitting[target]
            new = able & ~(met | team)
            if ends := new & free:
                self._walk(came, seat, ends.bit_length() - 1)
                return True
            met |= new
            if team:
                for mate in self.seats_of[target]:
                    person = holder[mate]
                    if mate not in came and mate >= self.fixed and person >= 0 and team & bit[person]:
                        came[mate] = (seat, person)
                        queue.append(mate)
            while new:
                person = new.bit_length() - 1
                new ^= bit[person]
                for other in held[person]:
                    if other not in came:
                        came[other] = (seat, person)
                        queue.append(other)
        if cut_holds is not None and met:
            inside = bytearray(len(self.seats))
            for seat in came:
                inside[seat] = 1
            self._cuts.append(_Cut(met, bytes(inside), cut_holds))
        return False

    def _walk(self, came: Mapping[int, tuple[int, int]], seat: int, person: int) -> None:
        """Let `person` take `seat`, its holder the seat that wants them, and so on back to the empty one."""
        while seat >= 0:
            self._move(seat, person)
            seat, person = came[seat]

    def choose(self, seat: int, person: int) -> bool:
        """Fix `person`, who may take it, in the first open seat if all later seats can then be filled; else change nothing."""
        held_before, target, bit = self.holder[seat], self.target_of[seat], self.bit[person]
        barred, clashing = self.barred[target], self.apart.get(person, 0)
        if person != held_before and self._cuts and not self._reachable(seat) & bit:
            return False
        self._undo.clear()
        empty = []
        if (bit | clashing) & self.sitting[target]:
            for mate in self.seats_of[target]:
                if mate > seat and (bit | clashing) & self.bit[self.holder[mate]]:
                    self._move(mate, NOBODY)
                    empty.append(mate)
        if person != held_before:
            self._move(seat, person)
        self.fix(seat, person, bit | clashing)
        if self.spare[person] < 0:
            other = next(iter(self.held[person]))
            self._move(other, NOBODY)
            empty.append(other)
        # A cut found now outlives this choice if the choice took from its seats nothing but the one place or pair.
        cut_holds = seat if not clashing or self.seats_of[target][-1] == seat else None
        if all(self.augment(each, cut_holds) for each in empty):
            return True
        self.unfix(barred)
        for each, before in reversed(self._undo[:]):
            self._move(each, before)
        return False

    def fix(self, seat: int, person: int, barred: int) -> None:
        """Fix the holder of the first open seat; `barred` is who may not join the team from now on, as bits."""
        self.fixed = seat + 1
        self.left[person] -= 1
        self.held[person].discard(seat)
        self.barred[self.target_of[seat]] |= barred

    def unfix(self, barred: int) -> None:
        """Open the last fixed seat again, its person still the holder; `barred` is what it was before for the target."""
        self.fixed -= 1
        person = self.holder[self.fixed]
        self.left[person] += 1
        self.held[person].add(self.fixed)
        self.barred[self.target_of[self.fixed]] = barred
        if self._cuts and self._cuts[-1].fixed > self.fixed:
            self._cuts = [cut for cut in self._cuts if cut.fixed <= self.fixed]
            self._masks, self._seen_cuts = [NOBODY] * len(self.seats), [0] * len(self.seats)


def members(mask: int) -> list[int]:
    """Return the numbers of the bits that are set, ascending."""
    digits, found = f"{mask:b}"[::-1], list[int]()
    at = digits.find("1")
    while at >= 0:
        found.append(at)
        at = digits.find("1", at + 1)
    return found
