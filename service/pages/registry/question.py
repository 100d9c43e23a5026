"""What a person asks of a list: words, filters and where the page begins; and the SQL condition that it means."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import msgspec
from msgspec import Struct

from service.errors import Invalid, NotFound
from service.registry.fields import FIELDS, Field
from service.registry.normalise import normalise_code, normalise_text
from service.registry.records import KEYS, KINDS, Kind
from service.registry.search import TARGET_FILTERS, filter_mark, letter_marks, name_marks, plain_name

__all__ = ["BLANK", "FILTERS", "Condition", "Question", "condition_of", "field_of", "known_kind", "order_of", "parse_key",
           "parse_question"]  # fmt: skip

FILTERS: Final[dict[Kind, tuple[str, ...]]] = {
    "targets": TARGET_FILTERS,
    "items": ("department", "mandatory", "status"),
    "inspectors": ("department", "unit", "status"),
    "experts": ("department", "status"),
    "conflicts": ("reason",),
    "services": ("provider_kind",),
    "inspections": ("department", "origin", "punished"),
}
DAYS: Final = frozenset({"inspected_on", "since"})  # parts of keys that are days
BLANK: Final = "-"  # the choice "not filled in"; "" is every value
_LAST: Final = "\U0010ffff"  # after every text with the same beginning
_SEARCHED: Final[dict[Kind, tuple[str, str]]] = {
    "items": ("id", "name"), "inspectors": ("number", "name"), "experts": ("number", "name"),
    "conflicts": ("person", "target"), "services": ("target", "provider"),
}  # fmt: skip


class Question(Struct, frozen=True):
    """A kind, words to find, filters (field -> value, "" never), and the key after which the page begins."""

    kind: Kind
    words: str
    filters: dict[str, str]
    after: tuple[str, ...] | None = None

    def after_values(self) -> list[Any]:
        """Return the parts of `after` as the database compares them."""
        parts = zip(KEYS[self.kind], self.after or (), strict=True)
        return [date.fromisoformat(part) if name in DAYS else part for name, part in parts]


class Condition(Struct, frozen=True):
    """SQL after WHERE and its arguments; `true` without any. `marked` if it asks for marks (service/registry/search.py)."""

    sql: str
    arguments: tuple[Any, ...]
    marked: bool = False


def known_kind(text: str) -> Kind:
    """Return the kind of that name; NotFound if there is no such registry."""
    for kind in KINDS:
        if kind == text:
            return kind
    raise NotFound(f"没有名录 {text[:40]}", f"there is no registry {text[:40]}")


def field_of(kind: Kind, name: str) -> Field:
    """Return the column of that name."""
    return next(field for field in FIELDS[kind] if field.name == name)


def parse_question(kind: Kind, parameters: Mapping[str, str]) -> Question:
    """Return what a page's address asks; what it does not know is left out. Invalid for a place that is none."""
    filters = {name: parameters[name][:200].replace("\0", "") for name in FILTERS[kind] if parameters.get(name)}
    after = parameters.get("after")
    return Question(kind, normalise_text(parameters.get("q", ""))[:100], filters, parse_key(kind, after) if after else None)


def parse_key(kind: Kind, text: str) -> tuple[str, ...]:
    """Return the parts of a key written as a JSON list, as our links carry it; Invalid otherwise."""
    try:
        key = msgspec.json.decode(text.encode("utf-8", "surrogatepass"), type=tuple[str, ...])
        if len(key) != len(KEYS[kind]) or "\0" in text or "\\u0000" in text:
            raise ValueError(text)
        for name, part in zip(KEYS[kind], key, strict=True):
            if name in DAYS:
                date.fromisoformat(part)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Invalid("地址不完整，请从名录页重新打开", "the address is incomplete; open it from the list again") from error
    return key


def order_of(kind: Kind) -> str:
    """Return the columns of the key in the order of pages: by bytes, whatever the language of the database."""
    return ", ".join(name if name in DAYS else f'{name} COLLATE "C"' for name in KEYS[kind])


class _Builder:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.arguments: list[Any] = []

    def add(self, sql: str, *arguments: Any) -> None:
        """Add a condition; `{}` stands for each argument in turn."""
        places = [f"${len(self.arguments) + number}" for number in range(1, len(arguments) + 1)]
        self.parts.append(sql.format(*places))
        self.arguments += arguments

    def built(self) -> Condition:
        sql = " AND ".join(self.parts) or "true"
        return Condition(sql, tuple(self.arguments), "marks @>" in sql)


def condition_of(question: Question) -> Condition:
    """Return the condition a question means, without the place where the page begins.

    Raises Invalid for words too short to be found by: the page says how many there must be.
    """
    builder = _Builder()
    if question.kind == "targets":
        _targets(builder, question)
    else:
        _others(builder, question)
    return builder.built()


def _starts(builder: _Builder, column: str, text: str) -> None:
    builder.add(f'{column} COLLATE "C" >= {{}} AND {column} COLLATE "C" < {{}}', text, text + _LAST)


def _targets(builder: _Builder, question: Question) -> None:
    marks = [filter_mark(name, "" if value == BLANK else value) for name, value in question.filters.items()]
    words = plain_name(question.words)
    if words.isascii() and any(map(str.isdigit, words)):
        _starts(builder, "id", normalise_code(question.words).value)
    elif words.isascii() and words.isalpha():
        if len(words) < 3:
            raise Invalid("拼音首字母至少写三个，例如“云州机械”写 yzjx", "write at least three initials, such as yzjx for 云州机械")
        marks += letter_marks(words)
        # A condition whose share the planner cannot estimate: it would multiply it with that of the marks, which says the same.
        builder.add("position({} IN initials) > 0", words)
    elif words:
        if len(words) < 2:
            raise Invalid("名称至少写两个字", "write at least two characters of the name")
        marks += name_marks(words)
        builder.add("position({} IN lower(replace(normalize(name, NFKC), ' ', ''))) > 0", words)
    if marks:
        builder.add("marks @> {}::text[]", marks)


def _others(builder: _Builder, question: Question) -> None:
    for name, value in question.filters.items():
        if field_of(question.kind, name).form == "flag":
            builder.add(f"{name} = {{}}", value == "yes")
        else:
            builder.add(f"{name} = {{}}", "" if value == BLANK else value)
    if not question.words:
        return
    if question.kind == "inspections":
        _starts(builder, "target", normalise_code(question.words).value)
        return
    first, second = _SEARCHED[question.kind]
    code, words = normalise_code(question.words).value, question.words.lower()
    test = f"starts_with({second}, {{}})" if question.kind == "conflicts" else f"position({{}} IN lower({second})) > 0"
    builder.add(f"(starts_with({first}, {{}}) OR {test})", code, code if question.kind == "conflicts" else words)
