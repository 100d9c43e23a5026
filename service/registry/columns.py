"""Finds the header row of a table and says which column is which field."""

import re
import unicodedata
from typing import Final

import msgspec

from .fields import FIELDS, REGISTRY_LABELS, Field
from .findings import Finding, make_finding
from .records import KINDS, Kind
from .table import Table

HEADER_ROWS: Final = 10
_BRACKETS: Final = re.compile(r"[(\[【<〔][^)\]】>〕]*[)\]】>〕]")
_NOISE: Final = re.compile(r"[\s*＊:：·_\u200b-\u200f\ufeff()\[\]【】〔〕]+")


class Layout(msgspec.Struct, frozen=True):
    """`columns` lists for each field the column indexes to ask in turn; `start` is the first data row."""

    header_row: int
    start: int
    headers: tuple[str, ...]
    columns: dict[str, tuple[int, ...]]
    ignored: tuple[str, ...]


def header_name(text: str) -> str:
    """A header without white space, stars, colons and bracket signs, half-width and lower-case."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).lower()


def _names(field: Field) -> list[str]:
    return [field.label, *field.aliases.split(), field.english, field.name]


_RANKS: Final[dict[Kind, dict[str, tuple[str, int]]]] = {
    kind: {
        header_name(name): (field.name, rank)
        for field in reversed(fields)
        for rank, name in reversed(list(enumerate(_names(field))))
    }
    for kind, fields in FIELDS.items()
}


def recognise(kind: Kind, header: str) -> tuple[str, int] | None:
    """The field a header names and the rank of that name, or None.

    Remarks in brackets (（必填）, （长期有效输入9999-09-09）) are set aside.
    `A/B` is known if either part is.
    """
    ranks = _RANKS[kind]
    bare = _BRACKETS.sub("", unicodedata.normalize("NFKC", header))
    for text in (header, bare):
        if found := ranks.get(header_name(text)):
            return found
    parts = [ranks[name] for part in re.split(r"[/或、]", bare) if (name := header_name(part)) in ranks]
    if parts and len({field for field, _ in parts}) == 1:
        return min(parts, key=lambda part: part[1])
    return None


def find_layout(kind: Kind, table: Table) -> tuple[Layout | None, list[Finding]]:
    """The layout of the table, and what is to be said about it; no layout if any of that is an error.

    The header row is the one of the first ten in which most columns are known.
    """
    best, best_count = -1, 0
    for position, cells in enumerate(table.rows[:HEADER_ROWS]):
        count = len({found[0] for cell in cells if (found := recognise(kind, cell))})
        if count > best_count:
            best, best_count = position, count
    other = _other_kind(kind, table, best_count)
    if best < 0 or (best_count == 1 and other):
        if other:
            return None, [_wrong_kind(0, table, other)]
        known = "、".join(field.label for field in FIELDS[kind])
        return None, [make_finding(0, "", table.filename, "no-header", known)]
    headers = tuple(cell.strip() for cell in table.rows[best])
    number = table.numbers[best]
    findings: list[Finding] = []
    ranked: dict[str, list[tuple[int, int]]] = {}
    ignored: list[str] = []
    seen: set[str] = set()
    for column, header in enumerate(headers):
        if not header:
            continue
        found = recognise(kind, header)
        if found is None:
            ignored.append(header)
            continue
        name = header_name(header)
        if name in seen:
            findings.append(make_finding(number, header, header, "repeated-column", header))
        seen.add(name)
        ranked.setdefault(found[0], []).append((found[1], column))
    missing = [field for field in FIELDS[kind] if field.required and field.name not in ranked]
    if other:
        findings.append(_wrong_kind(number, table, other))
    present = "、".join(filter(None, headers))
    for field in missing:
        findings.append(make_finding(number, field.label, present, "missing-column", field.label))
    failed = any(finding.severity == "error" for finding in findings)
    findings += [make_finding(number, header, header, "ignored-column", header) for header in ignored]
    if failed:
        return None, findings
    columns = {name: tuple(column for _, column in sorted(entries)) for name, entries in ranked.items()}
    return Layout(number, best + 1, headers, columns, tuple(ignored)), findings


def _other_kind(kind: Kind, table: Table, count: int) -> Kind | None:
    """Another registry all of whose required columns are here, with more columns known than for `kind`.

    Experts and inspectors differ in few columns, and an expert must never enter as an inspector.
    """
    best: Kind | None = None
    for other in KINDS:
        if other == kind:
            continue
        required = {field.name for field in FIELDS[other] if field.required}
        for cells in table.rows[:HEADER_ROWS]:
            names = {found[0] for cell in cells if (found := recognise(other, cell))}
            if required <= names and len(names) > count:
                best, count = other, len(names)
    return best


def _wrong_kind(row: int, table: Table, other: Kind) -> Finding:
    label, english = REGISTRY_LABELS[other]
    return make_finding(row, "", table.filename, "wrong-kind", label, detail_en=english)
