"""What follows from a maximal flow: the minimal cut, what would mend it, and which choices are free.

All three read the residual network of FILLABLE (docs/spec/draw.md 5). A pair (t, p) has one unit, so

    a seat of t reaches   each candidate p who does not sit in t, through an empty pair;
                          the seat of t that p holds, through the full pair (the two seats swap)
    a person reaches      the seats they hold, through their full pairs; and the sink if they have a place to spare

Open seats only; what is fixed is no part of the network.
"""

from collections.abc import Iterator

from msgspec import Struct

from selection.flow import NOBODY, Network, members

__all__ = ["Reached", "Reaching", "able", "components", "reached", "reaching"]


class Reached(Struct, frozen=True):
    """What the source reaches: seats, people as bits, and the pairs (target, person) whose person is not reached."""

    seats: tuple[int, ...]
    people: int
    pairs: tuple[tuple[int, int], ...]


class Reaching(Struct, frozen=True):
    """What reaches the sink: seats, and people as bits."""

    seats: frozenset[int]
    people: int


def able(network: Network, seat: int) -> int:
    """Return A(t, k) of FILLABLE as bits: the candidates who may join what is fixed of the team."""
    return network.candidates(seat) & ~network.barred[network.target_of[seat]]


def _swaps(network: Network, seat: int, may: int) -> Iterator[int]:
    """Yield the other open seats of the target whose holders are among the bits `may`."""
    for mate in network.seats_of[network.target_of[seat]]:
        holder = network.holder[mate]
        if mate != seat and mate >= network.fixed and holder != NOBODY and may & network.bit[holder]:
            yield mate


def reached(network: Network) -> Reached:
    """Return R, what the source reaches. The flow must be maximal; every maximal one gives the same R."""
    queue = [seat for seat in range(network.fixed, len(network.seats)) if network.holder[seat] == NOBODY]
    seats, people, pairs = set(queue), 0, dict[int, int]()
    for seat in queue:
        target, may = network.target_of[seat], able(network, seat)
        pairs[target] = pairs.get(target, 0) | may
        new = may & ~(people | network.sitting[target])
        people |= new
        found = [*_swaps(network, seat, may)]
        for person in members(new):
            found += network.held[person]
        queue += [other for other in dict.fromkeys(found) if other not in seats]
        seats.update(found)
    single = [(target, p) for target in sorted(pairs) for p in members(pairs[target] & ~people)]
    return Reached(tuple(sorted(seats)), people, tuple(single))


def reaching(network: Network) -> Reaching:
    """Return what reaches the sink: whoever could still take one seat more, directly or by passing another on.

    Searched backwards from those with a place to spare, so every pair is looked at once however long the chains are.
    """
    lead_to: dict[int, list[int]] = {}  # person -> the open seats that reach them
    swap_to: dict[int, list[int]] = {}  # seat -> the seats of its target that reach it
    for seat in range(network.fixed, len(network.seats)):
        may = able(network, seat)
        for person in members(may & ~network.sitting[network.target_of[seat]]):
            lead_to.setdefault(person, []).append(seat)
        for mate in _swaps(network, seat, may):
            swap_to.setdefault(mate, []).append(seat)
    people, seats = network.free, set[int]()
    queue = [seat for person in members(people) for seat in lead_to.get(person, ())]
    for seat in queue:
        if seat in seats:
            continue
        seats.add(seat)
        queue += swap_to.get(seat, ())
        holder = network.holder[seat]
        if holder != NOBODY and not people & network.bit[holder]:
            people |= network.bit[holder]
            queue += lead_to.get(holder, ())
    return Reaching(frozenset(seats), people)


def components(network: Network) -> tuple[list[int], list[int]]:
    """Return the strongly connected component of every seat and of every person, by one sweep (Tarjan, without recursion).

    An edge lies on a cycle exactly if both its ends are in one component, and only along cycles does one maximum flow
    become another. The flow must fill every open seat. Components are numbered arbitrarily.
    """
    n = len(network.seats)
    sink = n + len(network.names)

    def next_to(node: int) -> Iterator[int]:
        if node < n:
            may = able(network, node)
            yield from _swaps(network, node, may)
            for person in members(may & ~network.sitting[network.target_of[node]]):
                yield n + person
        elif node < sink:
            yield from network.held[node - n]
            if network.spare[node - n] > 0:
                yield sink
        else:
            for person, seats in enumerate(network.held):
                if seats:
                    yield n + person

    unseen, done = -1, sink + 2
    index, low, component, count, number = [unseen] * (sink + 1), [0] * (sink + 1), [0] * (sink + 1), 0, 0
    for root in range(network.fixed, sink + 1):
        if index[root] != unseen:
            continue
        path, open_nodes = [(root, next_to(root))], [root]
        count += 1
        index[root] = low[root] = count
        while path:
            node, edges = path[-1]
            for other in edges:
                if index[other] == unseen:
                    count += 1
                    index[other] = low[other] = count
                    open_nodes.append(other)
                    path.append((other, next_to(other)))
                    break
                low[node] = min(low[node], index[other])  # of a finished component it is `done`, which changes nothing
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    number += 1
                    while True:
                        member = open_nodes.pop()
                        index[member], component[member] = done, number
                        if member == node:
                            break
    return component[:n], component[n:sink]
