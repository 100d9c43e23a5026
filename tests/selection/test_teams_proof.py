"""A small slice of `./run prove teams`, and the costs that the fast method promises, counted instead of timed."""

from benchmarks.planted import plant
from benchmarks.prove import teams as proof
from selection.eligibility import OpenSeat
from selection.flow import Network
from selection.seat_report import report_seats
from selection.teams import assign


def test_slice_of_each_comparison_holds():
    assert proof.tiny(1_000)
    assert proof.medium(20)
    assert proof.whole(150)


def test_planted_instances_are_exactly_as_tight_as_stated():
    for slack in (0.0, 0.02, 0.10):
        planted = plant(100, 40, slack)
        n = len(planted.seats)
        assert sum(planted.places.values()) == n + round(slack * n)
        assert assign(planted.seats, planted.places, planted, {}).outcome == "COMPLETE"


def test_searches_grow_no_faster_than_seats(monkeypatch):
    """Four times the instance at no slack asks for at most about four times the searches; nothing is asked twice."""
    asked = [0]
    augment = Network.augment

    def counted(self, start, cut_holds):
        asked[0] += 1
        return augment(self, start, cut_holds)

    monkeypatch.setattr(Network, "augment", counted)
    per_seat = []
    for scale in (1, 4):
        asked[0] = seats = 0
        for seed in range(4):
            planted = plant(250 * scale, 75 * scale, 0.0, seed)
            assert assign(planted.seats, planted.places, planted, {}).outcome == "COMPLETE"
            seats += len(planted.seats)
        per_seat.append(asked[0] / seats)
    assert per_seat[1] < 2 * per_seat[0]
    assert per_seat[1] < 1


def test_stepping_back_undoes_exactly():
    """After a choice that failed or was taken back the network is as it was, so no error can build up."""
    for seed in range(8):
        planted = plant(30, 14, 0.05, seed, apart=0.1)
        network = Network(planted.seats, planted.places, planted.apart, {})
        if not network.fill():
            continue
        before = state(network)
        for number in range(len(network.names)):
            may = network.candidates(0) & network.bit[number] and network.left[number]
            if may and network.choose(0, number):
                network.unfix(0)
                assert sum(network.spare) == sum(network.left) - len(network.seats)
            elif may:
                assert state(network) == before
            before = state(network)


def state(network):
    return (
        list(network.holder), [set(h) for h in network.held], list(network.left), list(network.spare), network.free,
        list(network.sitting), list(network.barred), network.fixed,
    )  # fmt: skip


def test_depth_is_no_hazard():
    """A single path through 3,000 people: the last seat makes every other one move, in the draw and in the sweep."""
    n = 3_000
    names = [f"p{i:05d}" for i in range(n + 1)]
    seats = [OpenSeat(f"t{i:05d}", 1, (names[i], names[i + 1])) for i in range(n)]
    seats.append(OpenSeat("z", 1, (names[0],)))
    places = dict.fromkeys(names, 1)
    nobody = plant(2, 2, 0.0)
    assert assign(seats, places, nobody, {}).people == (*names[1:], names[0])
    reports = report_seats(seats, places, nobody, {})
    assert reports is not None and all(r.forced for r in reports)
