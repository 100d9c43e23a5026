"""The draw as a whole: same values, same bytes; every rule holds in every outcome (docs/spec/draw.md)."""

import hashlib
import random
from collections import Counter

import pytest
from bureau import freeze, hexed
from msgspec.structs import replace
from naive_draw import naive

from selection import keys
from selection.contribution import check_contributions
from selection.draw import draw
from selection.errors import ContributionError
from selection.plan import plan_digest
from selection.plan_rules import plan_faults
from selection.pool import Pools
from selection.transcript import format_transcript, parse_transcript

SEEDS = range(60)


def made(seed, **wishes):
    frozen = freeze(seed, **wishes)
    return frozen, draw(frozen.plan, frozen.pools, frozen.lines)


def order(key, stage, ids):
    stage_key = hashlib.sha256(f"double-random/1\nstage\n{key}\n{stage}\n".encode()).hexdigest()
    return sorted(ids, key=lambda id: (hashlib.sha256(f"{stage_key}:{id}".encode()).hexdigest(), id))


def candidates(frozen, seat, role, target):
    rule, away = frozen.plan.area_rule, frozen.pools.conflicts.get(target.id, frozenset())
    return {
        p.id
        for p in frozen.pools.people
        if p.role == role
        and p.section == seat.section
        and set(seat.codes) <= set(p.codes)
        and p.id not in away
        and (rule == "any" or (target.area in p.areas) == (rule == "same"))
    }


def stage_seats(frozen, transcript, role):
    """The seats of a stage as the specification lists them, with their candidates in order."""
    firms, classes = {t.id: t for t in frozen.pools.targets}, {c.id: c for c in frozen.plan.classes}
    seats = []
    for drawn in transcript.targets:
        firm = firms[drawn.id]
        declared = classes[firm.class_]
        listed = declared.inspector_seats if role == "inspector" else declared.expert_seats
        for number, seat in enumerate(listed, 1):
            if seat.section in drawn.sections:
                able = candidates(frozen, seat, role, firm)
                seats.append((drawn.id, number, order(transcript.draw_key, f"{role}s/{drawn.id}", able)))
    return seats


@pytest.mark.parametrize("seed", SEEDS)
def test_order_of_the_lists_changes_no_byte(seed):
    frozen, transcript = made(seed)
    r, pools = random.Random(seed), frozen.pools
    shuffled = Pools(
        r.sample(pools.targets, len(pools.targets)),
        frozenset(sorted(pools.mandatory, reverse=True)),
        r.sample(pools.people, len(pools.people)),
        frozenset(r.sample(sorted(pools.apart), len(pools.apart))),
        dict(r.sample(sorted(pools.conflicts.items()), len(pools.conflicts))),
    )
    assert format_transcript(draw(frozen.plan, shuffled, frozen.lines)) == format_transcript(transcript)


@pytest.mark.parametrize("seed", SEEDS)
def test_conflicts_of_undrawn_targets_change_no_byte(seed):
    """The public knows the conflicts of drawn targets alone, and gets the same result as the bureau."""
    frozen, transcript = made(seed)
    drawn = {t.id for t in transcript.targets}
    opened = {t: people for t, people in frozen.pools.conflicts.items() if t in drawn}
    public = replace(frozen.pools, conflicts=opened)
    assert draw(frozen.plan, public, frozen.lines) == transcript


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_one_persons_conflicts_move_neither_targets_nor_items(seed):
    """With the key held fixed, whom somebody must not inspect decides teams and nothing else."""
    frozen, transcript = made(seed)
    person = frozen.pools.people[seed % len(frozen.pools.people)].id
    more = {t.id: frozen.pools.conflicts.get(t.id, frozenset()) | {person} for t in frozen.pools.targets}
    other = draw(frozen.plan, replace(frozen.pools, conflicts=more), frozen.lines)
    assert other.strata == transcript.strata
    assert [(t.id, t.items, t.sections) for t in other.targets] == [
        (t.id, t.items, t.sections) for t in transcript.targets
    ]
    assert all(person not in (*t.inspectors, *t.experts) for t in other.targets)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_seat_rule_holds(seed):
    frozen, transcript = made(seed)
    firms, load = {t.id: t for t in frozen.pools.targets}, Counter()
    classes = {c.id: c for c in frozen.plan.classes}
    for drawn in transcript.targets:
        firm, team = firms[drawn.id], (*drawn.inspectors, *drawn.experts)
        for role, stage, people in (
            ("inspector", transcript.inspectors, drawn.inspectors),
            ("expert", transcript.experts, drawn.experts),
        ):
            declared = classes[firm.class_]
            seats = declared.inspector_seats if role == "inspector" else declared.expert_seats
            seats = [seat for seat in seats if seat.section in drawn.sections]
            assert len(people) == (len(seats) if stage.outcome == "COMPLETE" else 0)
            for seat, person in zip(seats, people, strict=False):
                assert person in candidates(frozen, seat, role, firm)
        assert len(set(team)) == len(team)
        assert not any((min(a, b), max(a, b)) in frozen.pools.apart for a in team for b in team)
        load.update(team)
    places = {p.id: p.places for p in frozen.pools.people}
    assert all(count <= places[person] for person, count in load.items())
    assert (transcript.inspectors.certificate is not None) == (transcript.inspectors.outcome == "IMPOSSIBLE")
    assert (transcript.experts.outcome == "NOT_RUN") == (transcript.inspectors.outcome != "COMPLETE")


@pytest.mark.parametrize("seed", range(40))
def test_teams_are_those_of_draw_as_written(seed):
    """Tight plans, against flows from scratch: the outcome, every person, the certificate's seats."""
    frozen, transcript = made(seed, targets=25, places=4 if seed % 2 else 8)
    places = {p.id: p.places for p in frozen.pools.people}
    seats = stage_seats(frozen, transcript, "inspector")
    outcome, people, certificate = naive(seats, places, frozen.pools.apart, {})
    assert transcript.inspectors.outcome == outcome
    assert [p for t in transcript.targets for p in t.inspectors] == list(people)
    if certificate is not None:
        found = transcript.inspectors.certificate
        assert [(s.target, s.seat) for s in found.seats] == certificate["seats"]
        assert (found.supply, found.short) == (certificate["supply"], certificate["short"])
    if outcome == "COMPLETE":
        mates = {t.id: t.inspectors for t in transcript.targets}
        outcome, people, _ = naive(
            stage_seats(frozen, transcript, "expert"), places, frozen.pools.apart, mates
        )
        assert transcript.experts.outcome == outcome
        assert [p for t in transcript.targets for p in t.experts] == list(people)


@pytest.mark.parametrize("seed", SEEDS)
def test_items_are_all_obliged_ones_and_the_first_optional_ones(seed):
    frozen, transcript = made(seed)
    firms, classes = {t.id: t for t in frozen.pools.targets}, {c.id: c for c in frozen.plan.classes}
    for drawn in transcript.targets:
        class_ = classes[firms[drawn.id].class_]
        usable = [i for i in frozen.plan.items if class_.id in i.classes and i.section in drawn.sections]
        ordered = order(transcript.draw_key, f"items/{drawn.id}", [i.id for i in usable if not i.mandatory])
        chosen = set()
        for rule in class_.items:
            own = [id for id in ordered if any(i.id == id and i.section == rule.section for i in usable)]
            chosen.update(own[: rule.optional] if rule.section in drawn.sections else [])
        assert list(drawn.items) == sorted(i.id for i in usable if i.mandatory) + [
            id for id in ordered if id in chosen
        ]


@pytest.mark.parametrize("seed", SEEDS)
def test_result_names_its_plan_and_key_and_has_one_form(seed):
    frozen, transcript = made(seed)
    key = keys.draw_key(plan_digest(frozen.plan), frozen.lines)
    assert (transcript.plan, transcript.draw_key) == (plan_digest(frozen.plan), key)
    assert transcript.stage_key == keys.stage_key(key, "targets")
    assert parse_transcript(format_transcript(transcript)) == transcript


def test_seeds_reach_every_kind_of_draw():
    met = Counter()
    for seed in SEEDS:
        frozen, transcript = made(seed)
        met[transcript.inspectors.outcome] += 1
        met["sections"] += len(frozen.plan.sections) > 1
        met["mandatory"] += bool(frozen.pools.mandatory)
        met["apart"] += bool(frozen.pools.apart)
        met[frozen.plan.area_rule] += 1
    assert all(
        met[what] >= 3
        for what in ("COMPLETE", "IMPOSSIBLE", "sections", "mandatory", "apart", "any", "same", "other")
    )


def test_a_bad_line_stops_the_draw():
    frozen = freeze(1)
    check_contributions(frozen.plan, frozen.lines)
    with pytest.raises(ContributionError):
        draw(frozen.plan, frozen.pools, [*frozen.lines[:-1], frozen.lines[-1] + "0"])


def test_one_digit_changes_the_whole_order():
    frozen, transcript = made(5, last="dice")
    line = frozen.lines[-1]
    other = draw(frozen.plan, frozen.pools, [*frozen.lines[:-1], line[:-1] + str(9 - int(line[-1]))])
    assert {t.ticket for t in other.targets}.isdisjoint(t.ticket for t in transcript.targets)


def test_every_seeded_plan_is_lawful():
    assert [seed for seed in SEEDS if plan_faults((frozen := freeze(seed)).plan, frozen.pools)] == []


# Fairness at fixed keys: the same counts on every machine. The bound is the 99.9 % point of chi-square.


def chi_square(counts, expected):
    return sum((count - expected) ** 2 / expected for count in counts)


def test_every_firm_has_the_stated_chance():
    """600 draws of 3 from 20: drawn firms, first places and pairs of a firm and its rank are uniform."""
    ids, drawn, first = [f"firm-{n:02d}" for n in range(20)], Counter(), Counter()
    for number in range(2000):
        chosen = order(hexed("fair", number), "targets", ids)[:3]
        drawn.update(chosen)
        first[chosen[0]] += 1
    assert chi_square([first[id] for id in ids], 100) < 43.8  # 19 degrees of freedom
    assert (
        chi_square([drawn[id] for id in ids], 300) * 19 / 17 < 43.8
    )  # without replacement: variance (1 - 3/20)·20/19


def test_draws_of_a_plan_are_fair_over_its_dice():
    """The whole draw under 400 throws: how often each of 40 firms is drawn fits its stated chance."""
    frozen = freeze(3, last="dice", sections=1, targets=40, people=40, places=12, area_rule="any", apart=0)
    r, counts = random.Random("throws"), Counter()
    for _ in range(400):
        line = "dice:" + "".join(str(r.randint(1, 6)) for _ in range(60))
        transcript = draw(frozen.plan, frozen.pools, [*frozen.lines[:-1], line])
        counts.update(t.id for t in transcript.targets if t.rank)
    for stratum in frozen.plan.strata:
        free = [
            t.id
            for t in frozen.pools.targets
            if t.stratum == stratum.id and t.id not in frozen.pools.mandatory
        ]
        by_lot = max(quota.by_lot for quota in stratum.quotas)
        if 0 < by_lot < len(free):
            share = by_lot / len(free)
            spread = chi_square([counts[id] for id in free], 400 * share) / (1 - share)
            degrees = len(free) - 1
            assert spread < degrees + 4.5 * (2 * degrees) ** 0.5
            assert sum(counts[id] for id in free) == 400 * by_lot
