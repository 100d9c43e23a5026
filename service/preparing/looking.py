"""What freezing the answers now would give: candidates, strata with their chances, faults by page, and what asks for a reason.

Pages that are not complete yet are taken as something harmless meanwhile, so that numbers show as early as possible; what is said of such a
page is left out. Nothing is kept: ids of people and the nonce are thrown away.
"""

import re
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct

from selection.errors import SelectionError
from selection.plan import Fixed, Plan, Task
from selection.pool import parse_listed
from selection.stated_reasons import unstated_faults
from service.database import Connection
from service.drafting import freeze_now
from service.drafts import DiceGiver, Draft, DraftClass, DraftSeat, DraftStratum, ThrowerName, VisitDays
from service.errors import Invalid, Refused
from service.fault_words import say
from service.freezing import Frozen
from service.frozen import DrawRow, read_draw_row
from service.language import current_language, gettext
from service.office import Office, as_day, as_time
from service.pages.words import EXCEPTIONS
from service.plan_faults import faults_of, wide_exclusions
from service.preparing.answers import StatementRow, StrataPage
from service.preparing.assembling import read_pages
from service.preparing.places import page_of
from service.preparing.store import Preparation
from service.previewing import pool_warnings, rule_lines, strata_lines

__all__ = ["Look", "Needed", "follow_strata", "look", "rule_words"]


class Needed(Struct, frozen=True):
    """Something that asks for a reason: as `Statement` names it, and in words."""

    rule: str
    subject: str
    words: str


class Look(Struct, frozen=True):
    """`faults` are (page, words), the page "" where none mends it. Without a list (`candidates` None) it could not be made."""

    faults: tuple[tuple[str, str], ...] = ()
    candidates: int | None = None
    excluded: int = 0
    drawn: int = 0
    strata: tuple[dict[str, Any], ...] = ()
    rules: tuple[dict[str, Any], ...] = ()
    needed: tuple[Needed, ...] = ()
    warnings: tuple[str, ...] = ()
    complete: bool = False  # of every page something was said

    def of_page(self, slug: str) -> list[str]:
        return [words for page, words in self.faults if page == slug]


_SEEN: dict[tuple[Any, ...], Look] = {}  # the newest looks of this process; a million targets take seconds
_KEPT: Final = 16
_LARGE: Final = 20_000  # targets, about a second


async def look(office: Office, found: Preparation, waits: bool = True) -> Look:
    """Return what freezing would give. The same question over unchanged registries is answered from memory for some minutes.

    Without `waits`, over a registry so large that it would take more than a second, nothing is said unless memory has it.
    """
    if not found.open:
        return Look(complete=True)
    now = office.now()
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        versions = await connection.fetchval(
            "SELECT string_agg(kind || version, ' ' ORDER BY kind) || (SELECT count(*) FROM draw WHERE state <> 'draft') FROM registry_version"
        )
        key = (id(office.pool), current_language(), found.id, found.version, found.draft_sha256, versions, f"{now:%Y%m%d%H%M}"[:-1])
        made = _SEEN.get(key)
        if made is None:
            if not waits and await connection.fetchval("SELECT count(*) = $1 FROM (SELECT FROM target LIMIT $1) AS first", _LARGE):
                return Look()
            made = await _look(connection, office, found)
            for old in list(_SEEN)[: max(0, len(_SEEN) - _KEPT + 1)]:
                _SEEN.pop(old, None)
            _SEEN[key] = made
        return made


async def _look(connection: Connection, office: Office, found: Preparation) -> Look:
    parts, faults = read_pages(found.answers)
    lacking = {fault.page for fault in faults}
    standing_in = _stand_ins(as_day(office.now()), as_time(office.now() + timedelta(days=1)), bool(found.answers.basis.teams_of))
    members = {name: value for slug, part in (standing_in | parts).items() for name, value in part.items()}
    draft = Draft(**members)
    try:
        row = await _row(connection, office, found, draft)
        frozen = await freeze_now(connection, office, row, draft, ())
    except Invalid as error:
        return Look(faults=_placed(error.faults or (error.zh,), lacking), complete=not lacking)
    except Refused as error:
        return Look(faults=_placed((error.zh,), lacking), complete=not lacking)
    except SelectionError as error:
        return Look(faults=_placed((say(str(error)),), lacking), complete=not lacking)
    asked = _needed(frozen)
    stated = {(one.rule, one.subject) for one in draft.exceptions}
    said = [fault for fault in faults_of(frozen) if page_of(fault) != "exceptions" or "no reason is stated" not in fault]
    owed = [gettext("%(what)s：请写明理由") % {"what": need.words} for need in asked if (need.rule, need.subject) not in stated]
    plan = frozen.plan
    return Look(
        faults=(*_placed(said, lacking), *(("exceptions", words) for words in owed if not lacking)),
        candidates=plan.blobs.pool.count, excluded=plan.blobs.excluded.count,
        drawn=sum(max(quota.quota for quota in stratum.quotas) for stratum in plan.strata), strata=tuple(strata_lines(plan)),
        rules=tuple(rule_lines(plan, parse_listed("excluded", frozen.blobs["excluded"]))), needed=tuple(asked) if not lacking else (),
        warnings=tuple(pool_warnings(plan)), complete=not lacking,
    )  # fmt: skip


def _placed(faults: Any, lacking: set[str]) -> tuple[tuple[str, str], ...]:
    return tuple((place, words) for words in faults if (place := page_of(words)) not in lacking)


async def _row(connection: Connection, office: Office, found: Preparation, draft: Draft) -> DrawRow:
    """Return the row of the draw, or one as it would get now."""
    if found.draw is not None:
        return await read_draw_row(connection, found.draw)
    bureau, year = await connection.fetchval("SELECT label FROM bureau"), office.now().year
    number = 1 + await connection.fetchval("SELECT coalesce(max(number), 0) FROM draw WHERE year = $1", year)
    return DrawRow(id=f"{bureau}-{year}-{number}-1", year=year, number=number, attempt=1, state="draft", title=draft.title, task=draft.task.id,
                   plan=None, instant=None, opens=None, sections=())  # fmt: skip


def _stand_ins(today: date, tomorrow: str, teams_alone: bool) -> dict[str, dict[str, Any]]:
    """Return members of a draft by page that say nothing anybody would object to."""
    throwers = tuple(ThrowerName(label=f"t{n}", body=f"{n}", name="-") for n in range(3))
    return {
        "basis": {"title": "-", "task": Task(id="-", name="-"), "legal_basis": ("-",), "rehearsal": True},
        "strata": {"strata": () if teams_alone else (DraftStratum(name="-", rule=Fixed(count=0)),)},
        "classes": {"classes": (DraftClass(id="-", name="-", inspectors=(DraftSeat(), DraftSeat())),)},
        "numbers": {"givers": (DiceGiver(throwers=throwers),)},
        "times": {"instant": tomorrow, "names_open": tomorrow, "visits": VisitDays(first=today + timedelta(days=2), last=today + timedelta(days=30))},
    }  # fmt: skip


_ASKING: Final = (
    (re.compile(r"stratum (?P<a>\S+) has (?P<n>\d+) targets, under \d+"), "small-stratum"),
    (re.compile(r"no firm of stratum (?P<a>\S+) can be drawn by section (?P<b>\S+?),"), "no-chance"),
    (re.compile(r"seat (?P<a>\S+) has (?P<n>\d+) possible people"), "thin-seat"),
    (re.compile(r"the pool holds (?P<n>\d+) targets"), "narrow-pool"),
)


def _needed(frozen: Frozen) -> list[Needed]:
    """Return everything that asks for a reason, stated or not."""
    bare = msgspec.structs.replace(frozen.plan, exceptions=())
    needed = []
    for fault in unstated_faults(bare, frozen.pools):
        for pattern, rule in _ASKING:
            if match := pattern.match(fault):
                groups = match.groupdict()
                subject = "pool" if rule == "narrow-pool" else "/".join(filter(None, (groups.get("a"), groups.get("b"))))
                needed.append(Needed(rule, subject, _in_words(frozen.plan, rule, subject, groups.get("n") or "")))
    wide = gettext("%(number)s 因回避不能检查 %(count)s 户，超过五分之一")
    needed += [Needed("wide-exclusion", number, wide % {"number": number, "count": count}) for _, number, count in wide_exclusions(frozen)]
    return needed


def _in_words(plan: Plan, rule: str, subject: str, number: str) -> str:
    if rule == "narrow-pool":
        return gettext("排除了 %(out)s 户，只剩 %(left)s 户") % {"out": plan.blobs.excluded.count, "left": number}
    head, _, rest = subject.partition("/")
    if rule == "thin-seat":
        class_ = next(class_ for class_ in plan.classes if class_.id == head)
        stage, _, place = rest.partition("/")
        seat = (class_.inspector_seats if stage == "inspectors" else class_.expert_seats)[int(place) - 1]
        return gettext("类别“%(class)s”的席位“%(seat)s”在某个区域只有 %(number)s 人可任") % {"class": class_.name, "seat": seat.name, "number": number}
    stratum = next(stratum for stratum in plan.strata if stratum.id == head)
    if rule == "small-stratum":
        return gettext("分层“%(name)s”只有 %(number)s 户，抽中谁容易预知") % {"name": stratum.name, "number": number}
    section = next((section.name for section in plan.sections if section.id == rest), rest)
    what = gettext("分层“%(name)s”没有一户会被%(section)s抽中") if len(plan.sections) > 1 else gettext("分层“%(name)s”没有一户会被抽中")
    return what % {"name": stratum.name, "section": section}


def rule_words(rule: str) -> str:
    """Return what a stated reason is for, in words."""
    return EXCEPTIONS.get(rule, rule)


def follow_strata(before: StrataPage, after: StrataPage, rows: tuple[StatementRow, ...]) -> tuple[StatementRow, ...]:
    """Return the stated reasons as they read after strata were moved or removed: a reason stays with its stratum, by name, or goes with it."""
    names = [row.name for row in before.strata]
    places = {row.name: number for number, row in enumerate(after.strata, 1)}
    kept = list[StatementRow]()
    for row in rows:
        subject = row.subject
        head, slash, rest = row.subject.partition("/")
        number = int(head[1:]) if row.rule in ("small-stratum", "no-chance") and re.fullmatch(r"s[0-9]{1,6}", head) else 0
        if 1 <= number <= len(names):
            place = places.get(names[number - 1])
            if place is None:
                continue
            subject = f"s{place}{slash}{rest}"
        kept.append(msgspec.structs.replace(row, subject=subject))
    return tuple(kept)
