"""What `feasibility` found, in words: for the preview and the page on which the freeze is agreed to. Staff see names."""

import asyncio
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from selection.plan import Plan, Seat
from service.freezing import Frozen
from service.office import Office
from service.pages.shortage_words import Naming, outcome_words, words_of
from service.planning.feasibility import MOST, PAIRS, Feasibility, SeatLine, measure
from service.planning.load_reading import name_of

__all__ = ["feasibility_summary", "read_feasibility"]

_STAGES = {"inspectors": "检查人员", "experts": "专家"}
LINES = 200  # seat lines in the summary, the scarcest first
THIN = 3  # possible people under which a seat is as good as given away (docs/spec/plan.md, thin seats)


async def read_feasibility(office: Office, frozen: Frozen) -> dict[str, Any]:
    """Return the summary for what freezing now would give; it takes seconds, outside the loop."""
    found = await asyncio.to_thread(measure, frozen.plan, frozen.pools, office.fresh)
    return feasibility_summary(frozen, found)


def feasibility_summary(frozen: Frozen, found: Feasibility) -> dict[str, Any]:
    """Return rehearsals, seats, shortage and warnings as plain data. Warnings keep nothing from being frozen."""
    plan = frozen.plan
    lines = sorted(found.seats, key=_scarcity)
    return {
        "rehearsals": _rehearsals(found),
        "seats": [_seat(plan, line) for line in lines[:LINES]],
        "seats_in_all": len(lines),
        "people": [
            {"role": _STAGES[line.stage], "section": _section(plan, line.section), "people": line.people, "places": line.places,
             "most_seats": line.seats, "enough": line.places >= line.seats}
            for line in found.staff
        ],
        "shortage": _shortage(frozen, found),
        "warnings": _warnings(plan, found),
    }  # fmt: skip


def _scarcity(line: SeatLine) -> tuple[Any, ...]:
    return line.places >= line.targets, line.possible if line.possible is not None else line.eligible, line.eligible, line.class_, line.number, line.area


def _section(plan: Plan, id: str) -> str:
    return next(section.name for section in plan.sections if section.id == id)


def _rehearsals(found: Feasibility) -> dict[str, Any]:
    rehearsals = found.rehearsals
    if rehearsals is None:
        return {
            "run": 0, "complete": 0, "share": None,
            "zh": f"没有演练：一次演练要比较 {found.pairs} 组“席位和可选人员”，超过 {PAIRS} 组，太慢；请看下面各席位在最坏情况下是否够用。",
            "en": f"No rehearsal: one alone has {found.pairs} pairs of seat and candidate, more than {PAIRS}; see the worst case per seat.",
        }  # fmt: skip
    run, complete = rehearsals.run, rehearsals.complete
    share = Fraction(complete, run)
    stopped = "；".join(f"{_STAGES[stage]}没有配齐 {count} 次（{_OUTCOMES[outcome]}）" for stage, outcome, count in rehearsals.stopped)
    return {
        "run": run, "complete": complete, "share": f"{share.numerator}/{share.denominator}",
        "zh": f"用随用随弃的号码演练 {run} 次，{complete} 次配齐全部席位（{complete}/{run}）{'；' if stopped else '。'}{stopped}{'。' if stopped else ''}"
              + ("" if run == MOST else f"时间所限，没有做满 {MOST} 次。"),
        "en": f"Of {run} rehearsals with throw-away keys, {complete} filled every seat ({complete}/{run}).",
    }  # fmt: skip


_OUTCOMES = {"IMPOSSIBLE": "人手不足", "IMPOSSIBLE_PAIRS": "不得同组的人配不开", "SEARCH_LIMIT": "试到上限仍未配齐"}


def _plan_seat(plan: Plan, line: SeatLine) -> tuple[str, Seat]:
    class_ = next(c for c in plan.classes if c.id == line.class_)
    seats = class_.inspector_seats if line.stage == "inspectors" else class_.expert_seats
    return class_.name, seats[line.number - 1]


def _seat(plan: Plan, line: SeatLine) -> dict[str, Any]:
    name, seat = _plan_seat(plan, line)
    areas = {area.id: area.name for area in plan.areas}
    return {
        "role": _STAGES[line.stage], "class": name, "seat": f"第 {line.number} 席{seat.name}", "section": _section(plan, seat.section),
        "area": areas[line.area] if line.area else "", "eligible": line.eligible, "most_targets": line.targets, "places": line.places,
        "enough": line.places >= line.targets, "possible": line.possible, "forced": line.forced, "looked": line.looked,
    }  # fmt: skip


def _called(plan: Plan, line: SeatLine) -> str:
    seat = _seat(plan, line)
    return f"类别“{seat['class']}”{'、' + seat['area'] if seat['area'] else ''}的{seat['seat']}（{seat['role']}）"


def _warnings(plan: Plan, found: Feasibility) -> list[str]:
    warnings = []
    rehearsals = found.rehearsals
    if rehearsals is not None and rehearsals.complete < rehearsals.run:
        warnings.append(
            f"{rehearsals.run} 次演练中有 {rehearsals.run - rehearsals.complete} 次配不齐检查组：真的抽取也可能这样，届时对象和事项照样有效，检查组须另行补抽"
        )
    for staff in found.staff:
        if staff.places < staff.seats:
            warnings.append(
                f"{_section(plan, staff.section)}的{_STAGES[staff.stage]}名额合计 {staff.places} 个，最坏情况下要 {staff.seats} 席；请增加名额或人员"
            )
    for line in found.seats:
        called = _called(plan, line)
        if line.places < line.targets:
            warnings.append(f"{called}最坏情况下要 {line.targets} 人次，可选人员的名额只有 {line.places} 个")
        if line.possible is not None and line.possible < THIN <= line.eligible:
            forced = f"，{line.looked} 个席位中有 {line.forced} 个只剩一人可派，等于指定" if line.forced else ""
            warnings.append(f"{called}可选 {line.eligible} 人，但为配齐其他席位，演练中最少只有 {line.possible} 人真能派到{forced}")
    return warnings


def _shortage(frozen: Frozen, found: Feasibility) -> dict[str, Any] | None:
    rehearsals = found.rehearsals
    if rehearsals is None:
        return None
    if rehearsals.shortage is None:
        stage, outcome = next(((s, o) for s, o, _ in rehearsals.stopped), ("inspectors", "COMPLETE"))
        people = [p for p in frozen.pools.people if p.role == stage.removesuffix("s")]
        words = outcome_words(outcome, 0, sum(p.places for p in people))
        return None if words is None else {"stage": _STAGES[stage], "parts": [_part({"missing": words})]}
    stage, parts = rehearsals.shortage
    naming = _naming(frozen, stage)
    words_by_part = [
        {"missing": w.missing, "excluded": w.excluded, "helps": w.helps, "forbidden": w.forbidden} for w in words_of(parts, naming)
    ]
    return {"stage": _STAGES[stage], "parts": [_part(words) for words in words_by_part]}


def _part(words: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    said = [each for each in words.values() if each is not None]
    return {"zh": [each.zh for each in said], "en": [each.en for each in said]}


def _naming(frozen: Frozen, stage: str) -> Naming:
    classes = {c.id: c for c in frozen.plan.classes}
    class_of = {target.id: target.class_ for target in frozen.pools.targets}

    def person(id: str) -> str:
        number, text = frozen.disclosures[id]
        return f"{name_of(text)}（{number}）"

    def seat(target: str, number: int) -> str:
        of = classes[class_of[target]]
        return f"第 {number} 席{(of.inspector_seats if stage == 'inspectors' else of.expert_seats)[number - 1].name}"

    return Naming(lambda id: frozen.names.get(id, id), person, seat, stage.removesuffix("s"))
