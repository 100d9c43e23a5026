"""Small staffing instances and the exact distribution of a rule over them: integers from first to last.

Six targets with two like seats each, seven people; a person is eligible for a target with 65 %, by ticket. Places come
from a hidden solution, so a complete assignment exists, and are added one by one until places ÷ seats is the tightness.

A rule takes one target after the other and fills its seats one after the other, each from a set of people, all equally
likely: tickets are per (target, person), so nothing of an earlier choice tells about the next set. (The two seats share
one order; the first choice is the first of its set in that order, and what is left of the order is still random.) So the
distribution is computed over states (targets left, places left). `W` and `B` are probabilities times a power of SCALE.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations

from msgspec import Struct

from selection.keys import digest_of, draw_key, stage_key, ticket
from selection.order import in_order

__all__ = ["PEOPLE", "RULES", "TARGETS", "Instance", "Pairs", "best_ratio", "make_instance", "of_rule", "of_uniform"]

TARGETS, PEOPLE, SEATS = 6, 7, 2
# A step's chance is 1 / (targets to choose from · people for seat 1 · people for seat 2): SCALE holds every such product.
SCALE = 60 * 420 * 420
Pairs = Mapping[tuple[int, int], Fraction]
State = tuple[int, ...]


class Instance(Struct, frozen=True):
    """Who is eligible for each target, and how many places each person has."""

    eligible: tuple[tuple[int, ...], ...]
    places: State


def make_instance(number: int, places: int) -> Instance:
    """Return the `number`-th instance with so many places in all; the same people are eligible whatever the places."""
    attempt = 0
    while True:
        key = draw_key(digest_of(b"double-random prove distributions"), [f"instance:{number}:{attempt}"])
        stage = stage_key(key, "eligible")
        limit = 65 * 2**256 // 100
        eligible = tuple(
            tuple(p for p in range(PEOPLE) if int(ticket(stage, f"{t}/{p}"), 16) < limit) for t in range(TARGETS)
        )
        attempt += 1
        if min(map(len, eligible)) < SEATS:
            continue
        left = [0] * PEOPLE
        for t, people in enumerate(eligible):
            order = in_order(stage_key(key, f"hidden/{t}"), [str(p) for p in people])
            for _, person in order[:SEATS]:
                left[int(person)] += 1
        for extra in range(places - sum(left)):
            left[int(ticket(stage_key(key, "places"), str(extra)), 16) % PEOPLE] += 1
        return Instance(eligible, tuple(left))


def _without(state: State, team: Sequence[int]) -> State:
    return tuple(n - (p in team) for p, n in enumerate(state))


def of_uniform(instance: Instance) -> tuple[Pairs, int]:
    """Return each pair's probability if every complete assignment is equally likely, and how many there are.

    Teams without regard to seats; with the two like seats there are 2^6 times as many, in equal proportion.
    """
    ahead: list[dict[State, int]] = [{instance.places: 1}]
    for people in instance.eligible:
        following: dict[State, int] = defaultdict(int)
        for state, ways in ahead[-1].items():
            for team in combinations([p for p in people if state[p]], SEATS):
                following[_without(state, team)] += ways
        ahead.append(following)
    total = sum(ahead[-1].values())
    pairs: dict[tuple[int, int], int] = defaultdict(int)
    back = dict.fromkeys(ahead[-1], 1)
    for t in reversed(range(TARGETS)):
        before: dict[State, int] = defaultdict(int)
        for state, ways in ahead[t].items():
            for team in combinations([p for p in instance.eligible[t] if state[p]], SEATS):
                if on := back.get(_without(state, team)):
                    before[state] += on
                    for p in team:
                        pairs[t, p] += ways * on
        back = before
    return {pair: Fraction(ways, total) for pair, ways in pairs.items()}, total


class _Rule(Struct, frozen=True):
    """Which targets may come next, whether later seats are looked after, and whether the least loaded go first."""

    following: Callable[[Instance, int], list[int]]
    ahead: bool = True
    least_loaded: bool = False


def _left(mask: int) -> list[int]:
    return [t for t in range(TARGETS) if mask >> t & 1]


def _fewest(instance: Instance, mask: int) -> list[int]:
    least = min(len(instance.eligible[t]) for t in _left(mask))
    return [t for t in _left(mask) if len(instance.eligible[t]) == least]


RULES: dict[str, _Rule] = {
    "ours: look-ahead, targets by ticket": _Rule(lambda _, mask: _left(mask)),
    "greedy, new numbers until it works": _Rule(lambda _, mask: _left(mask), ahead=False),
    "look-ahead, targets in list order": _Rule(lambda _, mask: _left(mask)[:1]),
    "look-ahead, fewest eligible first": _Rule(_fewest),
    "least loaded first, with look-ahead": _Rule(lambda _, mask: _left(mask), least_loaded=True),
}


def of_rule(instance: Instance, rule: _Rule) -> tuple[Pairs, Fraction]:
    """Return each pair's probability given that the rule finishes, and the probability that it does."""

    @cache
    def fillable(mask: int, state: State) -> bool:
        if not mask:
            return True
        t = (mask & -mask).bit_length() - 1
        return any(
            fillable(mask & (mask - 1), _without(state, team))
            for team in combinations([p for p in instance.eligible[t] if state[p]], SEATS)
        )

    def idlest(people: list[int], state: State) -> list[int]:
        if not rule.least_loaded or not people:
            return people
        load = {p: instance.places[p] - state[p] for p in people}
        return [p for p in people if load[p] == min(load.values())]

    @cache
    def teams(t: int, rest: int, state: State) -> list[tuple[int, int, int]]:
        """(first, second, number of equally likely choices they came from)"""
        free = [p for p in instance.eligible[t] if state[p]]
        partners = {
            p: [q for q in free if q != p and (not rule.ahead or fillable(rest, _without(state, (p, q))))] for p in free
        }
        found = []
        firsts = idlest([p for p in free if partners[p] or not rule.ahead], state)
        for p in firsts:
            seconds = idlest(partners[p], state)
            found += [(p, q, len(firsts) * len(seconds)) for q in seconds]
        return found

    def steps(mask: int, state: State) -> Iterator[tuple[int, int, int, tuple[int, State], int]]:
        following = rule.following(instance, mask)
        for t in following:
            rest = mask & ~(1 << t)
            for p, q, choices in teams(t, rest, state):
                yield t, p, q, (rest, _without(state, (p, q))), SCALE // (len(following) * choices)

    full = (1 << TARGETS) - 1
    levels: list[dict[tuple[int, State], int]] = [{(full, instance.places): 1}]
    for _ in range(TARGETS):
        following: dict[tuple[int, State], int] = defaultdict(int)
        for at, w in levels[-1].items():
            for _, _, _, to, share in steps(*at):
                following[to] += w * share
        levels.append(following)
    pairs: dict[tuple[int, int], int] = defaultdict(int)
    back = dict.fromkeys(levels[-1], 1)
    for level in reversed(levels[:-1]):
        before: dict[tuple[int, State], int] = defaultdict(int)
        for at, w in level.items():
            for t, p, q, to, share in steps(*at):
                if on := share * back.get(to, 0):
                    before[at] += on
                    pairs[t, p] += w * on
                    pairs[t, q] += w * on
        back = before
    finished = back[full, instance.places]
    return {pair: Fraction(w, finished) for pair, w in pairs.items()}, Fraction(finished, SCALE**TARGETS)


def best_ratio(instance: Instance, possible: Pairs) -> Fraction:
    """Return the largest r such that some lottery over complete assignments gives every possible pair r · 2/|eligible|.

    A fractional assignment is a lottery over whole ones, so r is the optimum of a flow with lower bounds, and by the
    cut condition the least over all sets A of targets and B of people of what the cut leaves over what it must carry.
    """
    fair = {pair: Fraction(SEATS, len(instance.eligible[pair[0]])) for pair in possible}
    best = min(1 / share for share in fair.values())
    for b in range(1, 1 << PEOPLE):
        people = [p for p in range(PEOPLE) if b >> p & 1]
        supply = sum(instance.places[p] for p in people)
        needs = [sum((fair.get((t, p), Fraction(0)) for p in people), Fraction(0)) for t in range(TARGETS)]
        outside = [sum(not b >> p & 1 for p in people_of) for people_of in instance.eligible]
        for a in range(1 << TARGETS):
            need = sum((needs[t] for t in range(TARGETS) if not a >> t & 1), Fraction(0))
            if need:
                room = supply + sum(outside[t] - SEATS for t in range(TARGETS) if a >> t & 1)
                best = min(best, room / need)
    return best
