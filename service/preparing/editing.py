"""What the buttons of a page do beside saving it: rows added, removed, moved; strata made from what is found; a list pasted. Pure."""

import re
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from service.drafts import EXEMPT_ORIGINS
from service.preparing.answers import (
    Answers,
    CapRow,
    ClassesPage,
    GiverRow,
    MandatoryPage,
    MandatoryRow,
    QuotaAnswer,
    RuleRow,
    RulesPage,
    SeatRow,
    StrataPage,
    StratumRow,
)
from service.preparing.choices import COLUMNS, Choices
from service.preparing.fields import MOST_ROWS
from service.preparing.looking import follow_strata
from service.preparing.rows import add, move, remove
from service.preparing.starting import LOTTERY
from service.stratification import value_words

__all__ = ["added_path", "apply", "follow", "new_seat", "press"]

_RULES: Final = {
    "just-inspected": RuleRow(kind="just-inspected", months="6", exempt=EXEMPT_ORIGINS, version="1"),
    "yearly-cap": RuleRow(kind="yearly-cap", caps=(CapRow(most="2"),), exempt=EXEMPT_ORIGINS, version="1"),
    "punished": RuleRow(kind="punished", version="1"),
    "suspended": RuleRow(kind="suspended", version="1"),
    "closed": RuleRow(kind="closed", version="1"),
}
_GIVERS: Final = {
    "nonce": GiverRow(kind="nonce", label="bureau"), "witness": GiverRow(kind="witness"), "dice": GiverRow(kind="dice", digits="60"), "public": LOTTERY,
    "drand": GiverRow(kind="drand"),
}  # fmt: skip


def added_path(button: str) -> str:
    """Return the list that gets an empty row when the page is shown again; "" for any other button."""
    action, _, path = button.partition(":")
    return path if action == "add" and re.fullmatch(r"[a-z_]+(-[0-9]+-[a-z_]+)*", path) else ""


def new_seat(path: str) -> SeatRow | None:
    """Return the seat that a list of seats gets: with a name, or it would be taken for a row nobody filled in. None for other lists."""
    names = {"inspectors": "检查员", "experts": "专家"}  # what the plan says, in whatever language it is typed
    name = names.get(path.rpartition("-")[2])
    return None if name is None else SeatRow(name=name)


def press(page: Struct, button: str, choices: Choices, pasted: str = "", reason: str = "") -> Struct:
    """Return the page after a button was pressed; saving alone changes nothing. Invalid for a row that is not there."""
    action, _, path = button.partition(":")
    if action == "remove":
        return remove(page, path)
    if action in ("up", "down"):
        return move(page, path, -1 if action == "up" else 1)
    if action == "rule" and path in _RULES and isinstance(page, RulesPage):
        return add(page, "rules", _RULES[path])
    if action == "giver" and path in _GIVERS:
        return _with_giver(page, path)
    if action == "fill" and isinstance(page, StrataPage):
        return _by_values(page, choices)
    if action in ("paste", "take") and isinstance(page, MandatoryPage):
        return _with_targets(page, path if action == "take" else pasted, reason)
    return page


def apply(page: Struct) -> Struct:
    """Return the page with what is filled in by itself when it is saved: ids of classes, labels of witnesses and throwers."""
    if isinstance(page, ClassesPage):
        taken = {row.id for row in page.classes}
        return replace(page, classes=tuple(row if row.id else replace(row, id=_free("c", taken)) for row in page.classes))
    return page


def follow(answers: Answers, page: Struct) -> dict[str, Struct]:
    """Return the other pages that change with this one: reasons stated for a stratum follow it."""
    if not isinstance(page, StrataPage) or not answers.exceptions.exceptions:
        return {}
    return {"exceptions": replace(answers.exceptions, exceptions=follow_strata(answers.strata, page, answers.exceptions.exceptions))}


def _free(prefix: str, taken: set[str]) -> str:
    found = next(name for number in range(1, len(taken) + 2) if (name := f"{prefix}{number}") not in taken)
    taken.add(found)
    return found


def _with_giver(page: Struct, kind: str) -> Struct:
    """A new source before the last one, which ends the ceremony; one that can end it goes to the end."""
    givers: tuple[GiverRow, ...] = page.givers  # type: ignore[attr-defined]
    row = _GIVERS[kind]
    if kind == "witness":
        row = replace(row, label=_free("witness-", {giver.label for giver in givers}))
    page = add(page, "givers", row)
    last = givers[-1].kind if givers else ""
    if kind == "nonce":
        return move(page, f"givers-{len(givers)}", -len(givers))
    before_last = last == "drand" or (kind == "witness" and last in ("public", "dice"))
    return move(page, f"givers-{len(givers)}", -1) if before_last else page


def _by_values(page: StrataPage, choices: Choices) -> StrataPage:
    """One stratum for each value found, keeping what was said of a stratum with the same values."""
    if len(page.attributes) != 1 or page.attributes[0] not in COLUMNS:
        return page
    attribute = page.attributes[0]
    known = {row.values: row for row in page.strata}
    rule = next((row.rule for row in page.strata if row.rule.kind), QuotaAnswer(kind="percent"))
    made = []
    for value, _ in choices.values[attribute]:
        name = value_words(attribute, (value,))
        made.append(known.get((value,), StratumRow(name=name, values=(value,), rule=QuotaAnswer(kind=rule.kind, number=rule.number, period=rule.period))))
    return replace(page, strata=tuple(made))


def _with_targets(page: MandatoryPage, text: str, reason: str) -> MandatoryPage:
    there = {row.target for row in page.targets}
    codes = [code for code in dict.fromkeys(re.split(r"[\s,，;；、]+", text.strip())) if code and code not in there]
    rows = (MandatoryRow(target=code[:200], reason=reason or "key-supervision") for code in codes)
    return replace(page, targets=(*page.targets, *rows)[:MOST_ROWS])
