"""Drafts as forms: every draft becomes answers, form fields, answers and the same draft again, so that no member is lost on the way."""

import string
from datetime import date, datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from selection.plan import (
    AtLeast,
    Fixed,
    LargestRemainder,
    Percent,
    PercentOrOne,
    PerOfficer,
    PerPeriod,
    ReplacementReason,
    Task,
)
from service import drafts as d
from service.preparing.answers import PAGES, Answers
from service.preparing.assembling import assemble
from service.preparing.fields import from_fields, to_fields
from service.preparing.texts import parse_bands, parse_day, parse_moment, parse_share
from service.preparing.writing import answers_of

# As people write them: one line without spaces at its ends, also of characters that HTML and URLs mind.
TEXT = st.text(st.sampled_from("云州市应急 &=%+<>\"'-、，·#\u3000" + string.ascii_letters), min_size=1, max_size=8).filter(lambda text: text == text.strip())
WORD = st.one_of(st.just(""), TEXT)
WORDS = st.lists(WORD, max_size=3).map(tuple)
LABEL = st.from_regex(r"\A[a-z0-9-]{1,6}\Z")
ID = st.from_regex(r"\A[0-9A-Za-z._-]{1,8}\Z")
COUNT = st.one_of(st.integers(0, 200), st.integers(0, 2**53 - 1))
DENOMINATOR = st.one_of(COUNT, st.integers(0, 15).map(lambda n: 10**n))
DAY = st.dates(date(2000, 1, 1), date(2199, 12, 31))
TIME = st.datetimes(datetime(2000, 1, 2), datetime(9999, 12, 31, 23, 59, 59)).map(lambda instant: instant.strftime("%Y-%m-%dT%H:%M:%SZ"))  # noqa: DTZ001
KEY = st.one_of(st.none(), st.just("A" * 43 + "="))
NUMBER = st.one_of(st.none(), st.integers(0, 9_999_999))
BANDS = st.lists(st.builds(d.Band, from_=NUMBER, to=NUMBER, unknown=st.booleans()), max_size=3).map(tuple)
RULE = st.one_of(
    st.builds(Fixed, count=COUNT), st.builds(PerOfficer, targets=COUNT), st.builds(LargestRemainder, total=COUNT),
    *(st.builds(kind, denominator=DENOMINATOR, numerator=COUNT) for kind in (Percent, PercentOrOne, AtLeast)),
    st.builds(PerPeriod, denominator=DENOMINATOR, numerator=COUNT, period=COUNT, periods=COUNT),
)  # fmt: skip


def rows(strategy, least: int = 0, most: int = 3):
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


ORIGINS = rows(st.sampled_from(msgspec.structs.fields(d.YearlyCap)[1].default))
CAPS = st.builds(d.CapClass, most=st.integers(0, 366), risk_colours=WORDS, standardisations=WORDS, sectors=WORDS)
POOL_RULES = st.one_of(
    st.builds(d.YearlyCap, caps=rows(CAPS, 1), exempt_origins=ORIGINS | st.just(("",)), spares_mandatory=st.booleans(), version=TEXT),
    st.builds(d.JustInspected, months=st.integers(1, 120), exempt_origins=ORIGINS, spares_mandatory=st.booleans(), version=TEXT),
    st.builds(d.Punished, spares_mandatory=st.booleans(), version=TEXT), st.builds(d.Closed, version=TEXT),
    st.builds(d.Suspended, spares_mandatory=st.booleans(), version=TEXT),
)  # fmt: skip
WHERE = st.builds(d.Where, area=WORDS, sector=WORDS, risk_colour=WORDS, credit_class=WORDS, standardisation=WORDS, entity_type=WORDS, size=BANDS, recency=BANDS)
ATTRIBUTE = st.sampled_from(["area", "sector", "risk_colour", "credit_class", "standardisation", "entity_type", "size", "recency"])
SEAT = st.builds(d.DraftSeat, name=TEXT, specialities=WORDS, lead=st.booleans(), section=st.none() | LABEL)
PERSON = {"label": LABEL, "body": TEXT, "name": TEXT, "key": KEY}
GIVER = st.one_of(
    st.just(d.DrandGiver()), st.builds(d.NonceGiver, label=LABEL, custodian=TEXT), st.builds(d.WitnessGiver, **PERSON),
    st.builds(d.DiceGiver, digits=st.integers(40, 200), throwers=rows(st.builds(d.ThrowerName, **PERSON), 3, 5)),
    st.builds(d.PublicGiver, label=LABEL, source=TEXT, issue=TEXT, digits=st.integers(1, 200), order=TEXT, example=TEXT),
)  # fmt: skip
STRATUM = st.builds(
    d.DraftStratum, name=TEXT, values=WORDS, where=st.none() | WHERE | st.just(d.Where()), rule=RULE,
    section_rules=rows(st.builds(d.SectionRule, section=LABEL, rule=RULE)),
) | st.builds(d.DraftStratum, name=TEXT, rule=st.none(), section_rules=rows(st.builds(d.SectionRule, section=LABEL, rule=RULE), 1))  # fmt: skip
CLASS = st.builds(
    d.DraftClass, id=ID, name=TEXT, sectors=WORDS, inspectors=rows(SEAT), experts=rows(SEAT), optional_items=st.integers(0, 1000),
    section_items=rows(st.builds(d.SectionItemCount, section=LABEL, optional_items=st.integers(0, 1000))),
)  # fmt: skip
DRAFT = {
    "title": TEXT, "task": st.builds(Task, id=ID, name=TEXT), "origin": st.sampled_from(["annual-plan", "special-campaign", "temporary-task"]),
    "legal_basis": rows(TEXT, 1), "pool_rules": rows(POOL_RULES), "stratify_by": st.none() | ATTRIBUTE | rows(ATTRIBUTE, 1, 8),
    "scope": st.builds(
        d.Scope, areas=WORDS, sectors=WORDS, risk_colours=WORDS, credit_classes=WORDS, standardisations=WORDS, entity_types=WORDS, sizes=BANDS,
        version=TEXT, not_inspected_within_months=st.integers(0, 120),
    ),
    "strata": rows(STRATUM, 1), "classes": rows(CLASS, 1),
    "mandatory": rows(st.builds(d.Mandatory, target=ID, reason=st.sampled_from(["complaint", "key-supervision", "follow-up"]))),
    "mandatory_counts": st.booleans(), "area_rule": st.sampled_from(["any", "same", "other"]), "default_places": st.integers(1, 9999),
    "most_per_day": st.none() | st.integers(1, 100), "leave": rows(st.builds(d.Leave, person=TEXT, first=DAY, last=DAY)),
    "apart": rows(st.tuples(TEXT, TEXT)), "givers": rows(GIVER, 1), "instant": TIME, "names_open": TIME,
    "visits": st.builds(d.VisitDays, first=DAY, last=DAY), "sealed_until": st.none() | TIME,
    "exceptions": rows(st.builds(d.Statement, rule=st.sampled_from(["small-stratum", "no-chance", "thin-seat"]), subject=TEXT, reason=TEXT)),
    "replacement_reasons": rows(st.builds(ReplacementReason, applies=st.sampled_from(["target", "person"]), id=LABEL, name=TEXT)),
    "rehearsal": st.booleans(), "retries": st.none() | ID, "sections": rows(LABEL), "teams_of": st.none() | ID,
}  # fmt: skip


def test_the_strategy_names_every_member_of_a_draft() -> None:
    assert set(DRAFT) == {field.name for field in msgspec.structs.fields(d.Draft)}
    assert {page.kind for page in PAGES.values()} == {field.type for field in msgspec.structs.fields(Answers)}


@settings(max_examples=150, deadline=None)
@given(st.builds(d.Draft, **DRAFT))
def test_a_draft_comes_back_from_its_forms(draft: d.Draft) -> None:
    answers = answers_of(draft)
    assert assemble(answers) == draft
    kept = msgspec.json.decode(msgspec.json.encode(answers), type=Answers)
    sent = {slug: from_fields(page.kind, to_fields(getattr(kept, slug))) for slug, page in PAGES.items()}
    assert Answers(**sent) == answers
    assert assemble(Answers(**sent)) == draft


def test_what_people_write_is_understood() -> None:
    assert parse_moment("2026年11月24日 10:00") == parse_moment("2026/11/24 10:00") == parse_moment("２０２６-11-24　10：00") == "2026-11-24T02:00:00Z"
    assert parse_moment("2026-11-24") is None and parse_moment("2026-02-30 10:00") is None and parse_moment("明天 10:00") is None
    assert parse_day("2026.11.24") == parse_day("20261124") == date(2026, 11, 24)
    assert parse_day("42801") is None and parse_day("11/24") is None
    assert parse_share("5") == parse_share("５％") == (5, 100) and parse_share("2.5%") == (25, 1000) and parse_share("1/20") == (1, 20)
    assert parse_share("五成") is None and parse_share("-5%") is None
    assert parse_bands("20至299、300-，未填") == (d.Band(from_=20, to=299), d.Band(from_=300), d.Band(unknown=True))
    assert parse_bands("约20") is None


def test_what_cannot_be_read_is_kept_and_named() -> None:
    """An answer that is no number is not lost: it is stored as typed, and its fault names page, field and value."""
    typed = [("strata-0-name", "红色"), ("strata-0-rule-kind", "percent"), ("strata-0-rule-number", "五成")]
    page = from_fields(PAGES["strata"].kind, typed)
    faults = assemble(Answers(strata=page))
    assert isinstance(faults, list)
    fault = next(fault for fault in faults if fault.field == "strata-0-rule-number")
    assert fault.page == "strata" and "五成" in fault.words and "5%" in fault.words and not fault.missing
    assert set(typed) <= set(to_fields(page))
