"""What a rule about recently inspected firms does over the years: an exact simulation that anyone can repeat."""

import hashlib
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.prove import recency as proof
from service.errors import Invalid
from service.planning.explanation import describe, explain, hundredths, percent
from service.planning.recency import (
    MAXIMUM_TICKETS,
    NEVER,
    FrequencyCap,
    FreshDraw,
    PermanentNumbers,
    Question,
    RecencyStrata,
    Rule,
    Share,
    faults_of,
    groups_of,
    places_of,
    simulate,
)

TENTH = Share(1, 10)
RULES = st.one_of(
    st.just(FreshDraw()),
    st.builds(FrequencyCap, years=st.integers(1, 6)),
    st.builds(
        RecencyStrata,
        share=st.integers(1, 20).flatmap(lambda d: st.builds(Share, st.integers(1, d), st.just(d))),
        years=st.integers(1, 6),
    ),
    st.just(PermanentNumbers()),
)
QUESTIONS = st.builds(
    Question,
    firms=st.integers(3, 60),
    share=st.builds(Share, st.integers(1, 3), st.integers(3, 6)),
    years=st.integers(1, 8),
    rule=RULES,
    seed=st.text("ab", min_size=1, max_size=3),
    repetitions=st.integers(1, 3),
)


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def by_hand(question, candidates_of):
    """The simulation as its docstring writes it, with hashlib alone; the rule is `candidates_of(year, last)`."""
    counts = []
    for repetition in range(1, question.repetitions + 1):
        last, count = {}, dict.fromkeys(range(1, question.firms + 1), 0)
        for year in range(1, question.years + 1):
            key = sha(f"double-random/1\nkey\n{sha(question.seed)}\nrecency:{repetition}:{year}\n")
            stage = sha(f"double-random/1\nstage\n{key}\ntargets\n")
            free = candidates_of(year, last)
            for firm in sorted(free, key=lambda n: sha(f"{stage}:firm-{n}"))[: places_of(question)]:
                last[firm] = year
                count[firm] += 1
        counts += count.values()
    return tuple(counts.count(n) for n in range(max(counts) + 1))


@pytest.mark.parametrize("cap", [0, 1, 3])
def test_anyone_can_repeat_it_from_the_seed_text(cap):
    rule = FrequencyCap(cap) if cap else FreshDraw()
    question = Question(70, TENTH, 9, rule, "随机 2026", 3)
    firms = range(1, question.firms + 1)
    wanted = by_hand(question, lambda year, last: [n for n in firms if year - last.get(n, -99) > cap])
    assert simulate(question).by_count == wanted


@given(QUESTIONS)
def test_figures_agree_with_one_another(question):
    outcome = simulate(question)
    assert sum(outcome.by_count) == outcome.cases == question.firms * question.repetitions
    assert sum(n * firms for n, firms in enumerate(outcome.by_count)) == outcome.visits
    assert outcome.visits + outcome.unfilled == outcome.places * question.years * question.repetitions
    assert outcome.unfilled == 0 or isinstance(question.rule, FrequencyCap)
    assert 0 <= outcome.repeats <= outcome.later_visits <= outcome.visits
    assert 0 <= outcome.safe + outcome.certain <= outcome.cases
    assert 0 <= outcome.lowest <= outcome.highest <= Fraction(question.firms, outcome.places)
    assert simulate(question) == outcome


@given(RULES, st.integers(2, 12), st.integers(1, 8), st.data())
def test_groups_are_what_the_rule_says(rule, year, places, data):
    last = data.draw(st.lists(st.sampled_from([NEVER, *range(1, year)]), min_size=places, max_size=12))
    permanent = list(reversed(range(len(last))))
    groups = groups_of(rule, places, year, last, permanent)
    members = [firm for group in groups for firm in group.members]
    assert len(members) == len(set(members))
    assert all(0 <= group.places <= len(group.members) for group in groups)
    total = sum(group.places for group in groups)
    if isinstance(rule, FrequencyCap):
        assert set(members) == {f for f, seen in enumerate(last) if seen == NEVER or year - seen > rule.years}
        assert total == min(places, len(members))
    else:
        assert total == places
    if isinstance(rule, RecencyStrata):
        assert set(members) == set(range(len(last)))
        long_ago = set(groups[0].members)
        assert long_ago == {f for f, seen in enumerate(last) if seen == NEVER or year - seen > rule.years}


def test_cap_keeps_its_promise_and_its_price_is_known():
    outcome = simulate(Question(500, TENTH, 12, FrequencyCap(2), "cap", 2))
    assert outcome.repeats == 0
    assert outcome.knows_safe == Fraction(1, 5)
    assert outcome.lowest == outcome.highest == Fraction(10, 8)


def test_cap_that_leaves_too_few_firms_says_so():
    question = Question(10, Share(1, 2), 6, FrequencyCap(3), "cap", 1)
    outcome = simulate(question)
    assert outcome.unfilled == 10  # years 3 and 4 find nobody
    assert any("落空" in s.zh and "33.3%" in s.zh and "33.3%" in s.en for s in explain(question, outcome))


def test_permanent_numbers_tell_everybody_everything():
    outcome = simulate(Question(200, TENTH, 20, PermanentNumbers(), "prn", 2))
    assert outcome.by_count == (0, 0, 400)
    assert (outcome.knows_safe, outcome.knows_certain) == (Fraction(9, 10), Fraction(1, 10))


def test_fresh_draw_leaves_the_share_that_arithmetic_says():
    outcome = simulate(Question(2_000, TENTH, 20, FreshDraw(), "fresh", 5))
    wanted, cases = Fraction(9, 10) ** 20, 10_000
    assert abs(outcome.never - wanted) < 5 * (float(wanted) * (1 - float(wanted)) / cases) ** 0.5
    assert outcome.safe == outcome.certain == 0


@pytest.mark.parametrize("name", ["cap 3 years", "strata 90 % / > 8 years"])
def test_checked_in_line_is_what_the_simulation_gives(name):
    question = Question(proof.FIRMS, TENTH, proof.YEARS, proof.RULES[name], proof.SEED, proof.REPETITIONS)
    assert proof.line_of(simulate(question)) == proof.FOUND[name]


def test_rules_are_told_apart_by_their_tag():
    for rule in (FreshDraw(), FrequencyCap(2), RecencyStrata(Share(4, 5), 5), PermanentNumbers()):
        assert msgspec.json.decode(msgspec.json.encode(rule), type=Rule) == rule


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"firms": 0}, "the number of firms is 1 to"),
        ({"firms": 3}, "no firm is drawn in any year"),
        ({"years": 51}, "the number of years is 1 to 50, not 51"),
        ({"repetitions": 0}, "the number of repetitions"),
        ({"seed": ""}, "the length of the seed text"),
        ({"share": Share(0, 10)}, "the yearly share is above 0 and at most 1, not 0/10"),
        ({"share": Share(11, 10)}, "not 11/10"),
        ({"share": Share(1, 0)}, "not 1/0"),
        ({"rule": FrequencyCap(0)}, "the number of years in the rule is 1 to 50, not 0"),
        ({"rule": RecencyStrata(Share(5, 4), 3)}, "not 5/4"),
        ({"firms": MAXIMUM_TICKETS}, "over 12,000,000; ask for fewer"),
    ],
)
def test_question_that_cannot_be_asked_names_the_fault(change, word):
    question = msgspec.structs.replace(Question(100, TENTH, 5, FreshDraw(), "x"), **change)
    with pytest.raises(Invalid) as refusal:
        simulate(question)
    assert word in str(refusal.value)
    assert [en for _, en in faults_of(question)] == list(refusal.value.faults)
    assert refusal.value.zh and not refusal.value.zh.isascii()


def test_all_faults_are_named_at_once():
    question = Question(0, Share(0, 1), 0, FrequencyCap(0), "", 0)
    assert len(faults_of(question)) == 6


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(0), "0.0"),
        (Fraction(1), "100.0"),
        (Fraction(1, 8), "12.5"),
        (Fraction(1, 2000), "0.1"),
        (Fraction(1, 2001), "<0.1"),
        (Fraction(1, 3), "33.3"),
        (Fraction(9995, 10000), ">99.9"),
    ],
)
def test_percent_rounds_halves_up_and_never_to_nothing_or_all(share, text):
    assert percent(share) == text


def test_hundredths():
    assert [hundredths(r) for r in (Fraction(10, 9), Fraction(1), Fraction(43, 200), Fraction(10))] == ["1.11", "1.00", "0.22", "10.00"]


@given(QUESTIONS)
def test_words_say_the_figures_in_both_languages(question):
    outcome = simulate(question)
    sentences = explain(question, outcome)
    assert sentences[0] == describe(question.rule)
    zh, en = "".join(s.zh for s in sentences), " ".join(s.en for s in sentences)
    for figure in (percent(outcome.never), percent(outcome.knows_safe)):
        if figure != "0.0":
            assert f"{figure}%" in zh and f"{figure}%" in en
    assert ("从未被查" in zh) == bool(outcome.by_count[0])
    assert ("确知不会被查" in zh) == bool(outcome.safe)
    assert all(s.zh.endswith("。") and s.en.endswith(".") and s.en.isascii() for s in sentences)
