"""Bad plans and lists: each is refused with a short sentence that names place and value, or does what the specification says."""

import json
import time
from contextlib import contextmanager

import pytest
from bureau import freeze
from msgspec.structs import replace

from selection.canonical import CanonicalError, format_canonical, parse_canonical
from selection.draw import draw
from selection.errors import PlanError, PoolError
from selection.plan import AtLeast, Fixed, Percent, StatedReason, format_plan, parse_plan
from selection.plan_rules import list_faults, plan_faults
from selection.pool import (
    Listed,
    OpenedConflicts,
    Person,
    Target,
    format_apart,
    format_conflicts,
    format_listed,
    format_opened,
    format_people,
    format_pool,
    format_reasons,
    parse_apart,
    parse_conflicts,
    parse_listed,
    parse_opened,
    parse_people,
    parse_pool,
)
from selection.quota import Population, state_quota

LONGEST = 500  # characters of one fault
HUGE = 10**6
FROZEN = freeze(2, sections=2, last="dice", sealed=False, area_rule="any", places=8, people=60, apart=2)
PLAN, POOLS = FROZEN.plan, FROZEN.pools
P = [f"p-{n:032x}" for n in range(4)]
DIGEST = "A" * 43
PERSON = Person(P[0], "lead", "inspector", (), (), 1, DIGEST)


@contextmanager
def refused(kind, *words):
    """The block raises `kind` within a second, in one short sentence that has all the words."""
    begun = time.perf_counter()
    with pytest.raises(kind) as caught:
        yield
    assert time.perf_counter() - begun < 1
    assert len(str(caught.value)) < LONGEST, str(caught.value)[:1000]
    for word in words:
        assert word in str(caught.value)


def with_rule(rule):
    """The plan whose first quota states `rule` and nothing that follows from it."""
    stratum = PLAN.strata[0]
    quotas = (replace(stratum.quotas[0], rule=rule), *stratum.quotas[1:])
    return replace(PLAN, strata=(replace(stratum, quotas=quotas), *PLAN.strata[1:]))


# ---------------------------------------------------------------- quotas


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Fixed(10**4), ("10000", "exceeds")),
        (Fixed(2**53 - 1), ("9007199254740991", "exceeds")),
        (Percent(denominator=2, numerator=3), ("3/2", "not between 0 and 1")),
        (AtLeast(denominator=0, numerator=0), ("0/0", "not between 0 and 1")),
        (Percent(denominator=0, numerator=2**53 - 1), ("not between 0 and 1",)),
    ],
)
def test_impossible_quota_is_named_with_its_stratum_and_value(rule, words):
    faults = [fault for fault in plan_faults(with_rule(rule), POOLS) if words[-1] in fault]
    assert len(faults) == 1
    assert PLAN.strata[0].id in faults[0]
    assert all(word in faults[0] for word in words)
    assert len(faults[0]) < LONGEST


@pytest.mark.parametrize("number", [-1, 2**53, 2**64, 10**400, 1.5, 1e300, True, "5", None])
def test_number_that_is_no_count_is_refused_where_it_stands(number):
    data = json.loads(format_plan(PLAN))
    data["strata"][0]["quotas"][0]["rule"] = {"count": number, "kind": "fixed"}
    with refused(PlanError, "" if number in (2**64, 10**400, 2**53, 1.5, 1e300) else "strata[0].quotas[0].rule"):
        parse_plan(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def test_largest_numbers_are_counted_exactly():
    """2^53 - 1 of 2^53 - 1 is all, and one less rounds as fractions do: no float comes near."""
    top = 2**53 - 1
    assert state_quota("lead", Percent(denominator=top, numerator=top), Population(7, 0), True).quota == 7
    assert state_quota("lead", Percent(denominator=top, numerator=top // 2), Population(7, 0), True).quota == 3
    assert state_quota("lead", AtLeast(denominator=top, numerator=1), Population(7, 0), True).quota == 1


# ---------------------------------------------------------------- small and empty strata


def of_size(size: int, rule, reasons=()):
    stratum = PLAN.strata[0]
    pools = replace(POOLS, targets=[Target(f"t-{n}", stratum.id, PLAN.classes[0].id, "4207") for n in range(size)],
                    mandatory=frozenset(), conflicts={})  # fmt: skip
    base = Population(size, 0)
    quotas = tuple(state_quota(q.section, rule, base, PLAN.mandatory_counts) for q in stratum.quotas)
    only = replace(stratum, population=size, mandatory=0, quotas=quotas)
    kept = tuple(e for e in PLAN.exceptions if e.rule not in ("small-stratum", "no-chance"))
    return replace(PLAN, strata=(only,), exceptions=(*kept, *reasons)), pools


SMALL = StatedReason(rule="small-stratum", subject=PLAN.strata[0].id, reason="全市仅此一户")


def test_empty_stratum_is_refused_without_a_stated_reason_and_yields_nobody_with_one():
    plan, pools = of_size(0, Percent(denominator=2, numerator=1))
    (fault,) = plan_faults(plan, pools)
    assert f"stratum {plan.strata[0].id} has 0 targets" in fault
    plan, pools = of_size(0, Percent(denominator=2, numerator=1), [SMALL])
    assert plan_faults(plan, pools) == []
    transcript = draw(plan, pools, FROZEN.lines)
    assert (transcript.targets, transcript.strata[0].order, transcript.strata[0].next) == ((), (), None)
    assert plan.strata[0].quotas[0].chance == "0/0"
    with refused(PlanError, "quota 1", "0 targets"):
        of_size(0, Fixed(1), [SMALL])


def test_stratum_of_one_is_drawn_with_chance_one_of_one_and_a_stated_reason():
    plan, pools = of_size(1, Fixed(1))
    assert any("has 1 targets, under 20" in fault for fault in plan_faults(plan, pools))
    plan, pools = of_size(1, Fixed(1), [SMALL])
    assert plan_faults(plan, pools) == []
    assert {quota.chance for quota in plan.strata[0].quotas} == {"1/1"}
    transcript = draw(plan, pools, FROZEN.lines)
    assert [(t.id, t.rank) for t in transcript.targets] == [("t-0", 1)]


def test_more_than_there_are_is_refused_by_count():
    for size in (1, 5, 20):
        with refused(PlanError, f"quota {size + 1}", f"{size} targets"):
            of_size(size, Fixed(size + 1), [SMALL])


# ---------------------------------------------------------------- ids

LINES = {
    "pool": (parse_pool, "a\ts1\tc\t1\n", "a\ts2\tc\t1\n"),
    "excluded": (lambda b: parse_listed("excluded", b), "a\tcap\n", "a\tdup\n"),
    "mandatory": (lambda b: parse_listed("mandatory", b), "a\tcap\n", "a\tdup\n"),
    "people": (parse_people, f"{P[0]}\tlead\texpert\t\t\t1\t{DIGEST}\n", f"{P[0]}\tlead\tinspector\t\t\t1\t{DIGEST}\n"),
    "apart": (parse_apart, f"{P[0]}\t{P[1]}\n", f"{P[0]}\t{P[1]}\n"),
    "conflicts": (parse_conflicts, "a\t" + "0" * 64 + "\n", "a\t" + "1" * 64 + "\n"),
    "opened": (parse_opened, "a\t" + "0" * 64 + f"\t{P[0]}\n", "a\t" + "1" * 64 + f"\t{P[0]}\n"),
}


@pytest.mark.parametrize("name", LINES)
def test_one_id_on_two_lines_is_refused_by_line_number(name):
    """So an id is in one stratum only, and nobody has two chances."""
    parse, first, second = LINES[name]
    parse(first.encode())
    with refused(PoolError, f"{name}: line 2"):
        parse((first + second).encode())


def test_ids_that_differ_by_case_are_two_and_by_width_are_none():
    """`pools.md`: ids are compared exactly as they stand. It is the import that mends them to one form."""
    both = [Target("91MA4K", "s", "c", "1"), Target("91ma4k", "s", "c", "1")]
    assert parse_pool(format_pool(both)) == both
    for wide in ("９１MA4K", "91ＭA4K", "91MA4K\u3000", "91\u00adMA4K"):
        with refused(PoolError, "not a target id"):
            format_pool([Target(wide, "s", "c", "1")])
        with refused(PoolError, "pool: line 1"):
            parse_pool(f"{wide}\ts\tc\t1\n".encode())


def test_a_target_like_a_person_is_refused_in_every_list():
    with refused(PoolError, "p-1", "not beginning with p-"):
        format_pool([Target("p-1", "s", "c", "1")])
    for parse, line in (
        (parse_pool, "p-1\ts\tc\t1\n"),
        (lambda b: parse_listed("excluded", b), "p-1\tcap\n"),
        (lambda b: parse_listed("mandatory", b), "p-1\tcap\n"),
        (parse_conflicts, "p-1\t" + "0" * 64 + "\n"),
        (parse_opened, "p-1\t" + "0" * 64 + f"\t{P[0]}\n"),
    ):
        with refused(PoolError, "line 1", "p-1"):
            parse(line.encode())
    assert parse_pool(b"P-1\ts\tc\t1\n")[0].id == "P-1"


def test_a_row_of_a_million_characters_is_refused_without_an_echo():
    long = "a" * HUGE
    with refused(PoolError, "not a target id"):
        format_pool([Target(long, "s", "c", "1")])
    for name, (parse, *_) in LINES.items():
        with refused(PoolError, f"{name}: line 1"):
            parse(f"{long}\t{long}\n".encode())
        with refused(PoolError, name):
            parse(long.encode())


WRITERS = {
    "pool": (format_pool, Target("a", "s", "c", "1"), ("stratum", "class_", "area")),
    "excluded": (format_listed, Listed("a", "cap"), ("target", "reason")),
    "people": (format_people, PERSON, ("id", "section", "role", "digest")),
    "opened": (format_opened, OpenedConflicts("a", "0" * 64, (P[0],)), ("target", "salt")),
    "conflicts": (format_conflicts, OpenedConflicts("a", "0" * 64, (P[0],)), ("target",)),
}


@pytest.mark.parametrize("text", ["x\ty", "x\ny", "1\nb\ts\tc\t1", "\n", "x\t"])
@pytest.mark.parametrize("name", WRITERS)
def test_no_list_is_written_with_tab_or_line_feed_in_a_field(name, text):
    """A line feed in an area would else write a second, lawful line: a firm nobody put on the list."""
    write, row, fields = WRITERS[name]
    for field in fields:
        with refused(PoolError):
            write([replace(row, **{field: text})])
    with refused(PoolError):
        format_people([replace(PERSON, codes=(text,))])
    with refused(PoolError):
        format_people([replace(PERSON, areas=(text,))])
    with refused(PoolError):
        format_apart([(P[0], text)])
    with refused(PoolError):
        format_reasons([("a", P[0], "kinship", text, "")])


# ---------------------------------------------------------------- any field of the plan


def places(value, path=()):
    """Every text of a JSON value with the way to it."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list):
        for index, child in enumerate(value[:1]):
            yield from places(child, (*path, index))


def changed(path, text):
    data = json.loads(format_plan(PLAN))
    node = data
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = text(node[path[-1]])
    return format_canonical(data)


TEXTS = list(places(parse_canonical(format_plan(PLAN))))


@pytest.mark.parametrize("character", ["\t", "\n", "\r", "\x00", "\x7f"])
def test_no_text_of_a_plan_holds_a_control_character(character):
    """Wherever a text stands, at its end or alone; a closed choice is refused for being another word."""
    assert len(TEXTS) > 60
    for path in TEXTS:
        for text in (lambda old: old + character, lambda old: character):
            with refused(PlanError, str(path[-1] if isinstance(path[-1], str) else path[-2])):
                parse_plan(changed(path, text))


def test_no_text_of_a_plan_is_a_million_characters_long_nor_empty():
    for path in TEXTS:
        with refused(PlanError):
            parse_plan(changed(path, lambda old: "9" * HUGE))
        with refused(PlanError):
            parse_plan(changed(path, lambda old: ""))


def test_a_name_of_a_million_characters_is_refused_without_an_echo():
    long = "x" * HUGE
    for data in ({**json.loads(format_plan(PLAN)), long: 1}, {long: {long: 1}}):
        with refused(PlanError):
            parse_plan(format_canonical(data))
    with refused(CanonicalError):
        format_canonical({"区" * HUGE: 1})
    with refused(PlanError):
        parse_plan(b"[" * HUGE)
    with refused(PlanError):
        parse_plan(b"9" * HUGE)


def test_faults_stay_short_where_texts_are_long():
    """Texts of a plan go up to 4,000 characters; a fault shows the beginning of them."""
    long = "长" * 4000
    dice = PLAN.contributors[-1]
    plan = replace(
        PLAN,
        contributors=(*PLAN.contributors[:-1], replace(dice, throwers=tuple(replace(t, body=long) for t in dice.throwers))),
        exceptions=(*PLAN.exceptions, StatedReason(rule="a" * 32, subject=long, reason=long)),
        id="a" * 64,
    )
    faults = plan_faults(plan, POOLS)
    assert len(faults) == 3
    assert all(len(fault) < LONGEST for fault in faults)


# ---------------------------------------------------------------- unknown references


def test_everything_a_list_names_is_declared_or_the_fault_names_it():
    some, who = POOLS.targets[0], POOLS.people[0]
    excluded = [Listed("gone", "cap-reached")]
    cases = {
        "stratum zzz": {"targets": [*POOLS.targets, replace(some, id="new", stratum="zzz")]},
        "class zzz": {"targets": [*POOLS.targets, replace(some, id="new", class_="zzz")]},
        "area zzz": {"targets": [*POOLS.targets, replace(some, id="new", area="zzz")]},
        "section zzz": {"people": [*POOLS.people, replace(who, id=P[0], section="zzz")]},
        "code zzz": {"people": [*POOLS.people, replace(who, id=P[0], codes=("zzz",))]},
        f"apart names {P[1]}": {"apart": frozenset([(P[1], "p-" + "f" * 32)])},
        "conflicts name zzz": {"conflicts": {"zzz": frozenset()}},
    }
    for words, change in cases.items():
        faults = list_faults(PLAN, replace(POOLS, **change), excluded, [])
        assert any(fault.startswith(words) for fault in faults), (words, faults)
    for target in ("zzz", "gone"):
        (fault,) = list_faults(PLAN, POOLS, excluded, [Listed(target, "complaint")])
        assert fault == f"mandatory target {target} is not in pool"
    (fault,) = list_faults(PLAN, POOLS, [Listed(some.id, "cap-reached")], [])
    assert some.id in fault
    (fault,) = list_faults(PLAN, POOLS, [Listed("gone", "whim")], [])
    assert fault == "reason whim of gone is not declared"
