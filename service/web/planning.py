"""`/staff/planning/`: what the planner asks before there is a plan, and what a year of draws came to. Nothing of it is a draw."""

import asyncio
import re
from fractions import Fraction
from functools import lru_cache
from typing import Annotated

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from service import access_log
from service.errors import Invalid
from service.office import as_day
from service.planning.explanation import Sentence, describe, explain, hundredths, percent
from service.planning.load import report_load
from service.planning.load_reading import read_year, read_years
from service.planning.load_words import chance_words, stands_out
from service.planning.recency import (
    FrequencyCap,
    FreshDraw,
    Outcome,
    PermanentNumbers,
    Question,
    RecencyStrata,
    Rule,
    Share,
    simulate,
)
from service.web.session import StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["PLANNING_ROUTES"]

PLANNERS = only("operator", "confirmer", "approver", "registrar", "auditor")
SEED = "double-random planning"
REPETITIONS = 3
# Shares, not firms, decide what a rule does: beyond this many the figures no longer move and only the waiting grows.
FIRMS_SIMULATED = 2_000
_is_share = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,4}))?%?|([0-9]{1,9})/([0-9]{1,9})").fullmatch


class Line(Struct, frozen=True):
    """One rule in the table; `mine` is the one the planner asked about."""

    rule: Sentence
    outcome: Outcome
    mine: bool


@lru_cache(maxsize=256)
def _answer(question: Question) -> Outcome:
    return simulate(question)


def parse_share(text: str) -> Share:
    """Return the share that `text` writes as per cent (`5`, `2.5`, `5%`) or as a fraction (`1/20`). Invalid otherwise."""
    found = _is_share(text.strip().replace("％", "%").replace("／", "/"))
    if found is None:
        raise Invalid(
            f"比例写成百分数（如 5 或 2.5）或分数（如 1/20），不是“{text[:20]}”",
            f"a share is written in per cent (5, 2.5) or as a fraction (1/20), not {text[:20]!r}",
        )
    whole, part, numerator, denominator = found.groups()
    if numerator is not None:
        if int(denominator) == 0:
            raise Invalid("比例的分母不能是 0", "the denominator of a share is not 0")
        return Share(int(numerator), int(denominator))
    part = part or ""
    return Share(int(whole + part), 100 * 10 ** len(part))


def _rule_of(kind: str, years: int, share: str) -> Rule:
    match kind:
        case "fresh":
            return FreshDraw()
        case "cap":
            return FrequencyCap(years)
        case "strata":
            return RecencyStrata(parse_share(share), years)
        case "permanent":
            return PermanentNumbers()
    raise Invalid(f"没有规则“{kind[:20]}”", f"there is no rule {kind[:20]!r}")


def _compare(firms: int, share: Share, years: int, mine: Rule) -> tuple[Question, list[Line]]:
    """Return what is simulated, and the planner's rule first among the usual ones."""
    usual = (FreshDraw(), FrequencyCap(1), FrequencyCap(3), RecencyStrata(Share(80, 100), 5), RecencyStrata(Share(90, 100), 8))
    questions = [
        Question(min(firms, FIRMS_SIMULATED), share, years, rule, SEED, REPETITIONS)
        for rule in (mine, *(rule for rule in usual if rule != mine))
    ]
    return questions[0], [Line(describe(q.rule), _answer(q), q.rule == mine) for q in questions]


@get("/staff/planning/recency", opt=PLANNERS)
async def get_recency(
    request: StaffRequest,
    firms: FromQuery[int] = 2000,
    share: FromQuery[str] = "10",
    years: FromQuery[int] = 20,
    rule: FromQuery[str] = "strata",
    rule_years: FromQuery[int] = 5,
    rule_share: FromQuery[str] = "80",
) -> Response[str]:
    """What a rule about recently inspected firms does over the years, beside the usual rules."""
    asked = {"firms": firms, "share": share, "years": years, "rule": rule, "rule_years": rule_years, "rule_share": rule_share}
    try:
        mine = _rule_of(rule, rule_years, rule_share)
        question, lines = await asyncio.to_thread(_compare, firms, parse_share(share), years, mine)
    except Invalid as error:
        return await page(request, "staff/recency.html", 400, asked=asked, problem=error, lines=(), sentences=(), simulated=0)
    return await page(
        request, "staff/recency.html", asked=asked, problem=None, lines=lines, sentences=explain(question, lines[0].outcome),
        percent=percent, hundredths=hundredths, simulated=question.firms,
    )  # fmt: skip


PEOPLE_SHOWN = 500


@get("/staff/planning/load", opt=only("operator", "confirmer", "approver", "auditor"))
async def get_load(request: StaffRequest, year: Annotated[int | None, QueryParameter(ge=2000, le=9999)] = None) -> Response[str]:
    """Who went where and with whom in a year, by name, and whether anything stands out."""
    office = office_of(request)
    years = await read_years(office, request.user.department)
    year = year or (years[0] if years else as_day(office.now()).year)
    report = await asyncio.to_thread(report_load, await read_year(office, year, request.user.department))
    async with office.pool.acquire() as connection:
        await access_log.note(connection, request.user.id, "read load", str(year))
    return await page(
        request, "staff/load.html", year=year, years=sorted({*years, year}, reverse=True), report=report, shown=PEOPLE_SHOWN,
        sentences=stands_out(report), hundredths=hundredths, chance=chance_words, percent=lambda share: f"{percent(share)}%",
        distinct_share=Fraction(report.distinct, report.meetings or 1),
    )  # fmt: skip


PLANNING_ROUTES = (get_recency, get_load)
