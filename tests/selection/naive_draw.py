"""A second way to teams, written from docs/spec/draw.md 5 alone: no cleverness, every flow from scratch.

`naive` is DRAW with FILLABLE as a general maximum flow; `brute` the first complete assignment by
trying all of them. Both take seats as (target, number, candidates).
"""

from collections import defaultdict, deque


def clash(apart, person, others):
    return any((min(person, other), max(person, other)) in apart for other in others)


def max_flow(edges):
    """Edmonds-Karp from "source" to "sink"; return the flow and what the source still reaches."""
    residual, neighbours = defaultdict(int), defaultdict(list)
    for (a, b), capacity in edges.items():
        residual[a, b] += capacity
        neighbours[a].append(b)
        neighbours[b].append(a)
    value = 0
    while True:
        came, queue = {"source": None}, deque(["source"])
        while queue and "sink" not in came:
            a = queue.popleft()
            for b in neighbours[a]:
                if residual[a, b] > 0 and b not in came:
                    came[b] = a
                    queue.append(b)
        if "sink" not in came:
            return value, set(came)
        b = "sink"
        while (a := came[b]) is not None:
            residual[a, b] -= 1
            residual[b, a] += 1
            b = a
        value += 1


def flow_of(seats, left, apart, mates, chosen):
    """Return (maximum flow, what the source reaches) of FILLABLE; `chosen` are the people of the first seats."""
    edges = {}
    for t, k, candidates in seats[len(chosen) :]:
        team = {p for p, (other, _, _) in zip(chosen, seats, strict=False) if other == t}
        edges["source", ("seat", t, k)] = 1
        for p in candidates:
            if p not in team and not clash(apart, p, team) and not clash(apart, p, mates.get(t, ())):
                edges[("seat", t, k), ("pair", t, p)] = 1
                edges[("pair", t, p), ("person", p)] = 1
                edges[("person", p), "sink"] = left[p]
    return max_flow(edges)


def shortage(seats, left, reached):
    """Return the certificate of what the source reaches, as a dictionary."""
    order = list(dict.fromkeys(t for t, _, _ in seats))
    people = sorted(x[1] for x in reached if x[0] == "person")
    pairs = sorted(
        ((x[1], x[2]) for x in reached if x[0] == "pair" and x[2] not in people),
        key=lambda pair: (order.index(pair[0]), pair[1]),
    )
    short_seats = [(t, k) for t, k, _ in seats if ("seat", t, k) in reached]
    supply = sum(left[p] for p in people) + len(pairs)
    return {
        "seats": short_seats,
        "people": [(p, left[p]) for p in people],
        "pairs": pairs,
        "supply": supply,
        "short": len(short_seats) - supply,
    }


def naive(seats, places, apart, mates, limit=None):
    """Return (outcome, people, certificate as a dictionary or None)."""
    n, left = len(seats), dict(places)
    limit = 20 * n + 10_000 if limit is None else limit
    chosen = [None] * n

    def of_target(t):
        return {chosen[j] for j in range(n) if seats[j][0] == t and chosen[j] is not None}

    def fillable(i):
        return flow_of(seats, left, apart, mates, chosen[:i])[0] == n - i

    if not fillable(0):
        return "IMPOSSIBLE", (), shortage(seats, left, flow_of(seats, left, apart, mates, [])[1])
    i, position, nodes = 1, [0] * (n + 2), 0
    while i <= n:
        t, _, candidates = seats[i - 1]
        found = False
        while position[i] < len(candidates):
            p = candidates[position[i]]
            position[i] += 1
            if left[p] == 0 or p in of_target(t) or clash(apart, p, of_target(t) | set(mates.get(t, ()))):
                continue
            nodes += 1
            if nodes > limit:
                return "SEARCH_LIMIT", (), None
            chosen[i - 1] = p
            left[p] -= 1
            if fillable(i):
                found = True
                break
            chosen[i - 1] = None
            left[p] += 1
        if found:
            i += 1
            position[i] = 0
        elif i == 1:
            return "IMPOSSIBLE_PAIRS", (), None
        else:
            i -= 1
            left[chosen[i - 1]] += 1
            chosen[i - 1] = None
    return "COMPLETE", tuple(chosen), None


def brute(seats, places, apart, mates):
    """Return the lexicographically first complete assignment, or None if there is none."""
    left, chosen = dict(places), []

    def fill(i):
        if i == len(seats):
            return True
        t, _, candidates = seats[i]
        team = {p for p, (other, _, _) in zip(chosen, seats, strict=False) if other == t}
        for p in candidates:
            if left[p] and p not in team and not clash(apart, p, team | set(mates.get(t, ()))):
                chosen.append(p)
                left[p] -= 1
                if fill(i + 1):
                    return True
                chosen.pop()
                left[p] += 1
        return False

    return tuple(chosen) if fill(0) else None
