"""What must hold for every plan there can be: Hypothesis makes whole plans with their lists, and tries to break the draw.

`draw_key` depends on the plan's digest. Where a property says "at a fixed key", the stages are run under one key.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass

import pytest
from bureau import freeze, hexed
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from naive_draw import naive

from disclosure.blob import refer
from selection.draw import draw, draw_stage
from selection.eligibility import Staff
from selection.errors import ReplacementError
from selection.items import draw_items
from selection.keys import stage_key
from selection.order import draw_targets
from selection.plan import (
    AtLeast,
    Blobs,
    Class,
    Fixed,
    Item,
    Named,
    Percent,
    PercentOrOne,
    Plan,
    Seat,
    Section,
    SectionItems,
    StatedReason,
    Stratum,
    format_plan,
    parse_plan,
)
from selection.plan_rules import list_faults, plan_faults
from selection.pool import (
    Listed,
    OpenedConflicts,
    Person,
    Pools,
    Target,
    format_apart,
    format_conflicts,
    format_listed,
    format_people,
    format_pool,
)
from selection.quota import Population, state_quota
from selection.replacement import (
    PersonEvent,
    TargetEvent,
    apply_event,
    replace_person,
    replace_target,
    standing_after_draw,
)
from selection.transcript import format_transcript, parse_transcript

TEMPLATE = freeze(4, last="dice", sections=1, targets=25, sealed=False)
PLAN = TEMPLATE.plan
KEYS = [section.key for section in freeze(1, sections=3).plan.sections]
EVIDENCE = hexed("evidence")
DIGEST = TEMPLATE.pools.people[0].digest
few = settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
small = st.integers(0, 2)


@dataclass(frozen=True)
class World:
    plan: Plan
    pools: Pools
    opened: dict[str, OpenedConflicts]
    lines: tuple[str, ...]


def chosen(flags: int, of: list) -> list:
    """Those of `of` whose bit is set: one drawn number instead of one draw each."""
    return [one for place, one in enumerate(of) if flags >> place & 1]


def bits(of) -> st.SearchStrategy[int]:
    return st.integers(0, 2 ** len(of) - 1)


@st.composite
def worlds(draw_, places: int = 4, most_targets: int = 14) -> World:
    """A lawful plan: one to three sections, strata and classes, some strata empty, some seats that nobody can take."""
    sections = ["lead", "fire", "market"][: draw_(st.integers(1, 3))]
    strata, classes = ["s1", "s2", "s3"][: draw_(st.integers(1, 3))], ["general", "chemical"][: draw_(st.integers(1, 2))]
    areas, codes = ["a1", "a2", "a3"][: draw_(st.integers(1, 3))], ["boiler", "lifts"]
    rows = draw_(st.lists(st.tuples(st.integers(0, 999), small, small, small), min_size=1, max_size=most_targets,
                          unique_by=lambda row: row[0]))  # fmt: skip
    targets = [
        Target(f"{'tT'[n % 2]}-{n}", strata[s % len(strata)], classes[c % len(classes)], areas[a % len(areas)]) for n, s, c, a in rows
    ]
    ids = [target.id for target in targets]
    mandatory = chosen(draw_(bits(ids)) & draw_(bits(ids)), ids)
    # Half of the bureaus have people enough; where all is scarce hardly any team is ever complete.
    generous = draw_(st.booleans())
    staff = draw_(
        st.lists(
            st.tuples(st.integers(0, 2**20), st.integers(0, 3), st.integers(0, 3), st.integers(0, 7), st.integers(0, places)),
            min_size=6 * len(sections) if generous else 1, max_size=8 * len(sections), unique_by=lambda row: row[0],
        )
    )  # fmt: skip
    area_rule = draw_(st.sampled_from(["any", "same", "other"]))
    everywhere = () if area_rule == "other" else tuple(areas)
    people = [
        Person(
            f"p-{n:032x}", sections[place % len(sections)], "expert" if role == 0 else "inspector",
            tuple(codes) if generous else tuple(chosen(c, codes)), everywhere if generous else tuple(chosen(a, areas)),
            places + held if generous else held, DIGEST,
        )
        for place, (n, role, c, a, held) in enumerate(staff)
    ]  # fmt: skip
    names = sorted(p.id for p in people)
    pairs = [(a, b) for a in names for b in names if a < b]
    apart = draw_(st.lists(st.sampled_from(pairs), max_size=8, unique=True)) if pairs else []
    away = draw_(st.lists(st.tuples(st.sampled_from(ids), bits(names)), max_size=6, unique_by=lambda row: row[0]))
    opened = {
        target: OpenedConflicts(target, hexed("salt", target), tuple(chosen(flags, names))) for target, flags in away if flags
    }
    counts, exceptions, stated = draw_(st.booleans()), [], []
    for id in strata:
        n = sum(t.stratum == id for t in targets)
        m = sum(t.stratum == id and t.id in mandatory for t in targets)
        base, quotas = (n if counts else n - m), []
        for section in sections:
            rule = draw_(st.one_of(
                st.integers(0, base).map(Fixed),
                st.tuples(st.integers(1, 9), st.sampled_from([Percent, AtLeast, PercentOrOne])).map(lambda r: r[1](9, r[0])),
            ))  # fmt: skip
            quotas.append(state_quota(section, rule, Population(n, m), counts))
            exceptions.append(StatedReason(rule="no-chance", subject=f"{id}/{section}", reason="本次不抽"))
        exceptions.append(StatedReason(rule="small-stratum", subject=id, reason="全市仅此数户"))
        stated.append(Stratum(id=id, mandatory=m, name=id, population=n, quotas=tuple(quotas), rule="按风险"))
    items = [
        Item(classes=tuple(sorted(classes)), id=f"must-{s}", legal_basis="《安全生产法》", mandatory=True, name="必查", section=s)
        for s in sections
    ]
    optional = draw_(st.integers(0, 3))
    items += [replace(items[0], id=f"item-{s}-{n}", mandatory=False, section=s) for s in sections for n in range(optional)]
    made = []
    for id in classes:
        seats = [
            Seat(codes=tuple(chosen(draw_(small), codes)), name="检查员", section=s)
            for s in sections
            for _ in range(draw_(st.integers(1, 2)))
        ]
        experts = [Seat(codes=(), name="专家", section=sections[-1])] * draw_(small)
        wished = tuple(SectionItems(optional=draw_(st.integers(0, optional)), section=s) for s in sections)
        made.append(Class(expert_seats=tuple(experts), id=id, inspector_seats=tuple(seats), items=wished, name=id))
        exceptions += [
            StatedReason(rule="thin-seat", subject=f"{id}/{stage}/{n}", reason="编制所限")
            for stage, listed in (("inspectors", seats), ("experts", experts)) for n in range(1, len(listed) + 1)
        ]  # fmt: skip
    listed = [Listed(id, "complaint") for id in mandatory]
    blobs = {
        "apart": format_apart(apart), "conflicts": format_conflicts(opened.values()), "excluded": b"",
        "mandatory": format_listed(listed), "people": format_people(people), "pool": format_pool(targets), "reasons": b"",
    }  # fmt: skip
    plan = replace(
        PLAN, area_rule=area_rule, areas=tuple(Named(id=a, name=a) for a in areas),
        blobs=Blobs(**{name: refer(blob) for name, blob in blobs.items()}), classes=tuple(made),
        codes=tuple(Named(id=c, name=c) for c in codes), exceptions=tuple(exceptions), items=tuple(items), mandatory_counts=counts,
        sections=tuple(Section(id=s, key=key, name=s) for s, key in zip(sections, KEYS, strict=False)), strata=tuple(stated),
    )  # fmt: skip
    pools = Pools(targets, frozenset(mandatory), people, frozenset(apart), {t: frozenset(o.people) for t, o in opened.items()})
    digits = draw_(st.integers(0, 10**12))
    return World(plan, pools, opened, (*TEMPLATE.lines[:-1], f"dice:{digits:060d}"))


def at_key(plan: Plan, pools: Pools, key: str) -> dict:
    """Everything the draw computes, under a key that is given instead of derived from the plan."""
    strata, drawn = draw_targets(plan, pools, stage_key(key, "targets"))
    staff = Staff(plan, pools, key)
    inspectors, teams = draw_stage(staff, "inspector", drawn, {})
    experts, advisers = draw_stage(staff, "expert", drawn, teams) if inspectors.outcome == "COMPLETE" else (None, {})
    items = {d.target.id: draw_items(plan, key, d.target.id, d.target.class_, d.sections) for d in drawn}
    return {"strata": strata, "drawn": drawn, "items": items, "inspectors": (inspectors, teams), "experts": (experts, advisers)}


KEY = hexed("one key for all")


@settings(few, max_examples=20)
@given(worlds())
def test_every_made_plan_is_lawful(world):
    """Otherwise the properties below would speak of plans that nobody can freeze."""
    listed = [Listed(id, "complaint") for id in world.pools.mandatory]
    assert list_faults(world.plan, world.pools, [], listed) == []
    assert plan_faults(world.plan, world.pools) == []
    assert parse_plan(format_plan(world.plan)) == world.plan


@few
@given(worlds(), st.randoms(use_true_random=False))
def test_shuffled_input_changes_no_byte(world, random):
    """Neither of the lists before they are written, nor of the values handed to the draw."""
    plan, pools = world.plan, world.pools

    def shuffled(of):
        return random.sample(sorted(of, key=repr), len(of))

    other = Pools(shuffled(pools.targets), frozenset(shuffled(pools.mandatory)), shuffled(pools.people),
                  frozenset(random.choice([pair, pair]) for pair in shuffled(pools.apart)), dict(shuffled(pools.conflicts.items())))  # fmt: skip
    assert format_transcript(draw(plan, other, world.lines)) == format_transcript(draw(plan, pools, world.lines))
    assert refer(format_pool(other.targets)) == plan.blobs.pool
    assert refer(format_people(other.people)) == plan.blobs.people
    turned = [random.choice([pair, pair[::-1]]) for pair in other.apart]
    assert refer(format_apart(turned)) == plan.blobs.apart
    assert refer(format_conflicts(shuffled(world.opened.values()))) == plan.blobs.conflicts
    assert refer(format_listed(Listed(id, "complaint") for id in other.mandatory)) == plan.blobs.mandatory
    relisted = replace(plan, items=tuple(shuffled(plan.items)), classes=tuple(shuffled(plan.classes)))
    assert at_key(relisted, other, KEY) == at_key(plan, pools, KEY)


@few
@given(worlds(), st.data())
def test_removing_an_unselected_target_changes_nothing_else(world, data):
    before = at_key(world.plan, world.pools, KEY)
    selected = {d.target.id for d in before["drawn"]}
    idle = [t for t in world.pools.targets if t.id not in selected]
    assume(idle)
    gone = data.draw(st.sampled_from(idle))
    rest = [t for t in world.pools.targets if t.id != gone.id]
    after = at_key(world.plan, replace(world.pools, targets=rest), KEY)
    assert {**after, "strata": None} == {**before, "strata": None}
    for old, new in zip(before["strata"], after["strata"], strict=True):
        assert (new.stratum, new.order, new.cuts) == (old.stratum, old.order, old.cuts)
        assert new.next == old.next or old.next == gone.id


@few
@given(worlds(), st.data())
def test_one_persons_conflicts_change_no_target_item_or_ticket(world, data):
    """Nor the order in which anybody else is asked for a seat."""
    person = data.draw(st.sampled_from(world.pools.people)).id
    kept = chosen(data.draw(bits(world.pools.targets)), [t.id for t in world.pools.targets])
    conflicts = {t: people - {person} for t, people in world.pools.conflicts.items()}
    for target in kept:
        conflicts[target] = conflicts.get(target, frozenset()) | {person}
    other = replace(world.pools, conflicts=conflicts)
    before, after = at_key(world.plan, world.pools, KEY), at_key(world.plan, other, KEY)
    for untouched in ("strata", "drawn", "items"):
        assert after[untouched] == before[untouched]
    for role in ("inspector", "expert"):
        for d in before["drawn"]:
            asked = (role, d.target.id, d.target.class_, d.target.area, d.sections)
            seats = zip(Staff(world.plan, world.pools, KEY).open_seats(*asked), Staff(world.plan, other, KEY).open_seats(*asked), strict=True)
            for old, new in seats:
                assert [p for p in old.candidates if p != person] == [p for p in new.candidates if p != person]
    drawn = {d.target.id for d in before["drawn"]}
    same_where_drawn = all(conflicts.get(t, frozenset()) == world.pools.conflicts.get(t, frozenset()) for t in drawn)
    assert not same_where_drawn or after == before


@few
@given(worlds(), st.data())
def test_a_person_who_got_no_seat_could_as_well_be_absent(world, data):
    """What is first among all complete assignments stays first among those without that person."""
    before = at_key(world.plan, world.pools, KEY)
    assume(before["experts"][0] is not None and before["experts"][0].outcome == "COMPLETE")
    seated = {p for stage in ("inspectors", "experts") for team in before[stage][1].values() for p in team}
    idle = [p for p in world.pools.people if p.id not in seated]
    assume(idle)
    gone = data.draw(st.sampled_from(idle))
    fewer = replace(world.pools, people=[p for p in world.pools.people if p != gone])
    assert at_key(world.plan, fewer, KEY) == before


@few
@given(worlds(), st.data())
def test_one_more_place_never_makes_a_possible_draw_impossible(world, data):
    before = at_key(world.plan, world.pools, KEY)
    assume(before["inspectors"][0].outcome == "COMPLETE")
    lucky = data.draw(st.sampled_from(world.pools.people))
    more = [replace(p, places=p.places + 1) if p == lucky else p for p in world.pools.people]
    assert at_key(world.plan, replace(world.pools, people=more), KEY)["inspectors"][0].outcome == "COMPLETE"


def sha256hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def order(key: str, stage: str, ids) -> list[tuple[str, str]]:
    under = sha256hex(f"double-random/1\nstage\n{key}\n{stage}\n")
    return sorted((sha256hex(f"{under}:{id}"), id) for id in ids)


def seats_and_people(world, drawn, role, people):
    """(seat, person) of the sections that draw the target; nothing for a stage that is not complete."""
    firm = next(t for t in world.pools.targets if t.id == drawn.id)
    class_ = next(c for c in world.plan.classes if c.id == firm.class_)
    seats = class_.inspector_seats if role == "inspector" else class_.expert_seats
    seats = [seat for seat in seats if seat.section in drawn.sections]
    return firm, seats, list(zip(seats, people, strict=bool(people)))


def may_sit(world, firm, role, seat, person) -> bool:
    rule, who = world.plan.area_rule, next(p for p in world.pools.people if p.id == person)
    return (
        who.role == role
        and who.section == seat.section
        and set(seat.codes) <= set(who.codes)
        and person not in world.pools.conflicts.get(firm.id, ())
        and (rule == "any" or (firm.area in who.areas) == (rule == "same"))
    )


def items_of(world, key, firm, sections) -> tuple[str, ...]:
    """All obliged items by id, then the first optional ones of each section in the order of their tickets."""
    usable = [i for i in world.plan.items if firm.class_ in i.classes and i.section in sections]
    ordered = [id for _, id in order(key, f"items/{firm.id}", [i.id for i in usable if not i.mandatory])]
    wished = {w.section: w.optional for w in next(c for c in world.plan.classes if c.id == firm.class_).items}
    own = {s: [id for id in ordered if any(i.id == id and i.section == s for i in usable)][: wished.get(s, 0)] for s in sections}
    return (*sorted(i.id for i in usable if i.mandatory), *(id for id in ordered if any(id in ids for ids in own.values())))


def successor_teams(world, standing, ended, firm) -> tuple:
    """The teams of a successor by DRAW as written, over its seats alone: the ended target's people have their places back."""
    left = standing.left()
    for person in {p for team in ended.teams.values() for _, p in team if p}:
        left[person] += 1
    conflicts = world.opened[firm.id].people if firm.id in world.opened else ()
    teams, mates, go_on = [], (), True
    class_ = next(c for c in world.plan.classes if c.id == firm.class_)
    for role, listed in (("inspector", class_.inspector_seats), ("expert", class_.expert_seats)):
        seats = []
        for number, seat in enumerate(listed, 1):
            if seat.section in ended.sections:
                able = [p.id for p in world.pools.people if p.id not in conflicts and may_sit(world, firm, role, seat, p.id)]
                seats.append((firm.id, number, [id for _, id in order(standing.draw_key, f"{role}s/{firm.id}", able)]))
        if not standing.complete[role]:
            teams.append(())
            continue
        outcome, people, _ = naive(seats, left, world.pools.apart, {firm.id: mates}) if go_on else ("NOT_RUN", (), None)
        go_on = outcome == "COMPLETE"
        teams.append(tuple(people) if go_on else (None,) * len(seats))
        mates = tuple(people)
    return tuple(teams)


def clash(world, team) -> bool:
    return any((a, b) in world.pools.apart for a in team for b in team)


@settings(few, max_examples=150)
@given(worlds())
def test_every_rule_holds_in_every_outcome(world):
    plan, pools = world.plan, world.pools
    transcript = draw(plan, pools, world.lines)
    assert parse_transcript(format_transcript(transcript)) == transcript
    by_id = {t.id: t for t in transcript.targets}
    assert len(by_id) == len(transcript.targets)
    assert pools.mandatory <= by_id.keys()
    assert [(t.ticket, t.id) for t in transcript.targets] == order(transcript.draw_key, "targets", by_id)
    for stratum, outcome in zip(plan.strata, transcript.strata, strict=True):
        free = [t.id for t in pools.targets if t.stratum == stratum.id and t.id not in pools.mandatory]
        ordered, samples = order(transcript.draw_key, "targets", free), {}
        for quota, cut in zip(stratum.quotas, outcome.quotas, strict=True):
            obliged = {id for id in pools.mandatory if by_id[id].stratum == stratum.id}
            lot = {t.id for t in transcript.targets if t.stratum == stratum.id and t.rank and quota.section in t.sections}
            assert lot == {id for _, id in ordered[: quota.by_lot]}
            assert len(lot) + (len(obliged) if plan.mandatory_counts else 0) >= quota.quota
            assert all(quota.section in by_id[id].sections for id in obliged)
            assert cut.cut == (ordered[quota.by_lot - 1][0] if quota.by_lot else None)
            assert quota.chance == f"{quota.by_lot}/{len(free)}"
            samples[quota.by_lot] = lot
        nested = [samples[size] for size in sorted(samples)]
        assert all(a <= b for a, b in zip(nested, nested[1:], strict=False))
        depth = max(samples)
        assert list(outcome.order) == [id for _, id in ordered[:depth]]
        assert outcome.next == (ordered[depth][1] if len(ordered) > depth else None)
        assert all(by_id[id].rank == rank for rank, id in enumerate(outcome.order, 1))
    assert (transcript.experts.outcome == "NOT_RUN") == (transcript.inspectors.outcome != "COMPLETE")
    load = Counter()
    for drawn in transcript.targets:
        assert (drawn.rank is None) == (drawn.id in pools.mandatory)
        assert drawn.sections
        team = (*drawn.inspectors, *drawn.experts)
        for role, people, stage in (("inspector", drawn.inspectors, transcript.inspectors), ("expert", drawn.experts, transcript.experts)):
            firm, seats, taken = seats_and_people(world, drawn, role, people)
            assert len(people) == (len(seats) if stage.outcome == "COMPLETE" else 0)
            assert all(may_sit(world, firm, role, seat, person) for seat, person in taken)
        assert len(set(team)) == len(team)
        assert not clash(world, team)
        load.update(team)
        assert drawn.items == items_of(world, transcript.draw_key, firm, drawn.sections)
    assert all(load[p.id] <= p.places for p in pools.people)


def alterations(standing, event):
    """Events that differ in one thing the rules decide."""
    for sequence in (event.sequence - 1, event.sequence + 1):
        yield replace(event, sequence=max(0, sequence))
    yield replace(event, reason="whim")
    yield replace(event, reason="not-existing" if isinstance(event, PersonEvent) else "ill")
    yield replace(event, target="nowhere")
    people = [p.id for p in standing.pools.people]
    if isinstance(event, PersonEvent):
        yield from (replace(event, successor=p) for p in (*people, None) if p != event.successor)
        yield from (replace(event, person=p) for p in people if p != event.person)
        yield replace(event, seat=99)
        yield replace(event, seat=0)
        return
    new = event.successor
    if new is None:
        return
    yield replace(event, successor=None)
    yield replace(event, successor=replace(new, rank=new.rank + 1))
    yield replace(event, successor=replace(new, ticket=hexed("other")))
    yield replace(event, successor=replace(new, items=(*new.items, "item-more")))
    yield from (replace(event, successor=replace(new, items=new.items[1:])) for _ in new.items[:1])
    yield from (replace(event, successor=replace(new, id=id)) for id in standing.ranks if id != new.id)
    for name in ("inspectors", "experts"):
        team = getattr(new, name)
        yield replace(event, successor=replace(new, **{name: (*team, None)}))
        for place in range(len(team)):
            for person in (*people, None):
                if person != team[place]:
                    yield replace(event, successor=replace(new, **{name: (*team[:place], person, *team[place + 1 :])}))


wishes = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.booleans()), min_size=1, max_size=25)


@settings(few, max_examples=100)
@given(st.one_of(worlds(places=6), worlds(places=1)), wishes)
def test_any_sequence_of_replacements_keeps_every_rule(world, sequence):
    transcript = draw(world.plan, world.pools, world.lines)
    standing = standing_after_draw(world.plan, world.pools, transcript)
    drawn, used, gone, ended = {t.id for t in transcript.targets}, set(), set(), set()
    removed = Counter()
    for number, (which, where, person_first) in enumerate(sequence):
        if not standing.targets:
            break
        target = sorted(standing.targets)[which % len(standing.targets)]
        place = standing.targets[target]
        held = [(role, seat) for role, team in sorted(place.teams.items()) for seat, p in team if p]
        if held and person_first:
            event = replace_person(standing, target, *held[where % len(held)], "ill", EVIDENCE)
        else:
            event = replace_target(standing, target, "not-existing", EVIDENCE, world.opened)
        if number < 4:
            for altered in alterations(standing, event):
                with pytest.raises(ReplacementError):
                    apply_event(standing, altered)
        after = apply_event(standing, event)
        if isinstance(event, PersonEvent):
            gone.add((target, event.person))
            removed[event.person] += 1
            assert (target, event.successor) not in gone
        else:
            assert isinstance(event, TargetEvent)
            ended.add(target)
            if (new := event.successor) is not None:
                assert new.id not in drawn | used | ended | world.pools.mandatory
                firm = next(t for t in world.pools.targets if t.id == new.id)
                assert firm.stratum == place.target.stratum
                free = [t.id for t in world.pools.targets if t.stratum == firm.stratum and t.id not in world.pools.mandatory]
                ordered = [id for _, id in order(transcript.draw_key, "targets", free)]
                assert new.id == next(id for id in ordered if id not in drawn | used)
                used.add(new.id)
                assert new.items == items_of(world, transcript.draw_key, firm, place.sections)
                assert (new.inspectors, new.experts) == successor_teams(world, standing, place, firm)
        assert ended.isdisjoint(after.targets)
        load = Counter(p for one in after.targets.values() for team in one.teams.values() for _, p in team if p)
        for p in world.pools.people:
            assert load[p.id] + removed[p.id] <= p.places
            assert after.left()[p.id] == p.places - load[p.id] - removed[p.id]
        for id, one in after.targets.items():
            class_ = next(c for c in world.plan.classes if c.id == one.target.class_)
            team = [p for role in one.teams for _, p in one.teams[role] if p]
            assert len(set(team)) == len(team)
            assert not clash(world, team)
            assert not any((id, p) in gone for p in team)
            for role, seated in one.teams.items():
                listed = class_.inspector_seats if role == "inspector" else class_.expert_seats
                assert all(may_sit(world, one.target, role, listed[n - 1], p) for n, p in seated if p)
        standing = after


def test_the_made_plans_reach_every_kind_of_outcome():
    """A property that never meets an expert, a clash or a shortage shows nothing."""
    met = Counter()

    @settings(few, max_examples=120)
    @given(worlds(places=6))
    def look(world):
        transcript = draw(world.plan, world.pools, world.lines)
        met[transcript.inspectors.outcome] += bool(transcript.targets)
        met["experts"] += any(t.experts for t in transcript.targets)
        met["expert shortage"] += transcript.experts.outcome in ("IMPOSSIBLE", "IMPOSSIBLE_PAIRS")
        met["sections"] += len(world.plan.sections) > 1
        met["nested"] += any(len({q.by_lot for q in s.quotas}) > 1 for s in world.plan.strata)
        met["empty stratum"] += any(s.population == 0 for s in world.plan.strata)
        met["mandatory"] += bool(world.pools.mandatory)
        met["reserve"] += any(s.next for s in transcript.strata)
        met["apart"] += bool(world.pools.apart) and transcript.inspectors.outcome == "COMPLETE"
        met[world.plan.area_rule] += 1

    look()
    wanted = ("COMPLETE", "IMPOSSIBLE", "experts", "expert shortage", "sections", "nested", "empty stratum", "mandatory", "reserve",
              "apart", "any", "same", "other")  # fmt: skip
    assert {what: met[what] for what in wanted if met[what] < 3} == {}, met
