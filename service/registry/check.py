"""`check_table`: what importing a table would do, row by row, before anything is done.

Every data row gets exactly one verdict, so new + changed + unchanged + refused + merged is the number of data
rows; blank rows are counted apart.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec

from .columns import Layout, find_layout
from .export import cell_text
from .fields import FIELDS
from .findings import Finding, make_finding
from .normalise import CODE_PATTERN
from .records import Conflict, Expert, Inspection, Kind, Record, Service
from .rejected import format_rejected
from .rows import make_record, row_parser
from .table import Table, cell_address

# How many rows with the same code a finding names; with a thousand of them nobody reads further.
_NAMED_ROWS: Final = 8

Verdict: TypeAlias = Literal["new", "changed", "unchanged", "refused", "merged"]


class Change(msgspec.Struct, frozen=True, gc=False):
    """One field that would change, as text a person reads."""

    field: str
    label: str
    old: str
    new: str


class RowVerdict(msgspec.Struct, frozen=True, gc=False):
    """What happens to one row. `record` is what would be stored; None where the row is refused."""

    row: int
    key: str
    verdict: Verdict
    record: Record | None = None
    changes: tuple[Change, ...] = ()


class Counts(msgspec.Struct, frozen=True):
    """Numbers of rows; `rows` is the sum of the five verdicts, `warned` the rows with a warning only."""

    rows: int
    new: int
    changed: int
    unchanged: int
    refused: int
    merged: int
    blank: int
    warned: int


class CheckReport(msgspec.Struct, frozen=True):
    """The preview of an import. `usable` is false where the file as a whole cannot be imported.

    Then every row that is not blank counts as refused, its header too, since none was made out.

    `absent` are the keys registered but not in the file, in the order of `existing`.
    """

    kind: Kind
    table: Table
    usable: bool
    header_row: int
    columns: dict[str, str]
    ignored_columns: tuple[str, ...]
    rows: list[RowVerdict]
    findings: list[Finding]
    blank_rows: int
    absent: tuple[str, ...]

    @property
    def counts(self) -> Counts:
        """The number of rows per verdict."""
        number = dict.fromkeys(("new", "changed", "unchanged", "refused", "merged"), 0)
        for verdict in self.rows:
            number[verdict.verdict] += 1
        refused = {verdict.row for verdict in self.rows if verdict.verdict == "refused"}
        data = {verdict.row for verdict in self.rows}
        warned = {finding.row for finding in self.findings if finding.severity == "warning"} & data - refused
        return Counts(rows=len(self.rows), blank=self.blank_rows, warned=len(warned), **number)

    def accepted(self) -> Iterator[Record]:
        """The records to be stored: of new and of changed rows, in the order of the file."""
        return (
            row.record for row in self.rows if row.record is not None and row.verdict in ("new", "changed")
        )

    def rejected_csv(self) -> bytes:
        """The refused rows as found, with the reasons and how to mend them: CSV in UTF-8 with BOM."""
        refused = {row.row for row in self.rows if row.verdict == "refused"}
        return format_rejected(self.table, self.header_row, refused, self.findings)


@dataclass(slots=True)
class _Row:
    number: int
    key: str
    record: Record | None
    findings: list[Finding]


def check_table(
    kind: Kind,
    table: Table,
    existing: Mapping[str, Record],
    *,
    known_people: Collection[str] | None = None,
    known_targets: Collection[str] | None = None,
    merged: Mapping[str, str] | None = None,
    owns: Callable[[Record], bool] = lambda record: True,
) -> CheckReport:
    """The report on importing `table` into the registry `kind` that holds `existing` (by `record_key`).

    `known_people` and `known_targets`, where given, are the codes conflicts (and firms served) may name: an
    unknown person refuses the row, an unknown target is a warning; for services they are the experts. `merged` are codes of
    targets that were merged into another: a row that would change one is refused, one that names one is told so (ADR 26).
    `owns` says whether a record, as it is or as it would be, is of the registrar's department; rows of others are refused (ADR 27).
    """
    layout, findings = find_layout(kind, table)
    findings = [make_finding(0, "", name, "other-sheet", name) for name in table.other_sheets] + findings
    start = layout.start if layout else 0
    data = [(number, cells) for number, cells in _below(table, start) if any(map(str.strip, cells))]
    blank = len(table.rows) - start - len(data)
    if layout is None:
        refused = [RowVerdict(number, "", "refused") for number, _ in data]
        return CheckReport(kind, table, False, 0, {}, (), refused, findings, blank, ())
    parse = row_parser(kind, layout, table)
    rows: list[_Row] = []
    for number, cells in data:
        parsed = parse(number, cells)
        record = None if parsed.values is None else make_record(kind, parsed.values, existing.get(parsed.key))
        row = _Row(number, parsed.key, record, parsed.findings)
        if record is not None and _refused_for_others(row, record, layout, known_people, known_targets, merged or {}):
            row.record = None
        elif record is not None and not (owns(record) and owns(existing.get(row.key, record))):
            row.findings.append(make_finding(number, _header(layout, FIELDS[kind][0].name), row.key, "other-department"))
            row.record = None
        elif record is not None and kind == "targets" and merged and row.key in merged and record != existing.get(row.key):
            row.findings.append(make_finding(number, _header(layout, "id"), row.key, "target-merged", merged[row.key]))
            row.record = None
        rows.append(row)
    findings += _merged_cells(layout, table)
    verdicts = _verdicts(rows, existing, kind, layout)
    for row in rows:
        findings += row.findings
    absent = tuple(key for key in existing.keys() - {row.key for row in rows} if owns(existing[key])) if existing else ()
    used = {layout.headers[column]: name for name, columns in layout.columns.items() for column in columns}
    order = {key: position for position, key in enumerate(existing)} if absent else {}
    return CheckReport(
        kind=kind,
        table=table,
        usable=True,
        header_row=layout.header_row,
        columns=used,
        ignored_columns=layout.ignored,
        rows=verdicts,
        findings=findings,
        blank_rows=blank,
        absent=tuple(sorted(absent, key=order.__getitem__)),
    )


def _below(table: Table, start: int) -> Iterator[tuple[int, list[str]]]:
    return zip(table.numbers[start:], table.rows[start:], strict=True)


def _merged_cells(layout: Layout, table: Table) -> Iterator[Finding]:
    """A warning for each merged area below the header in a column that is imported; titles above it may be merged."""
    used = {column for columns in layout.columns.values() for column in columns}
    for first, last, column in table.merged:
        if first > layout.header_row and column in used:
            place = cell_address(first, column)
            yield make_finding(first, layout.headers[column], "", "merged-cells", str(last - first + 1), place)


def _refused_for_others(
    row: _Row,
    record: Record,
    layout: Layout,
    known_people: Collection[str] | None,
    known_targets: Collection[str] | None,
    merged: Mapping[str, str],
) -> bool:
    """Whether the row is to be refused for whom or what it names; adds findings for every code nobody knows."""
    refused = False

    def add(field: str, value: str, code: str, detail: str = "") -> None:
        row.findings.append(make_finding(row.number, _header(layout, field), value, code, detail))

    def name_target(field: str, code: str) -> None:
        if code in merged:
            add(field, code, "target-is-alias", merged[code])
        elif known_targets is not None and code not in known_targets:
            add(field, code, "target-unknown")

    if isinstance(record, Conflict):
        if known_people is not None and record.person not in known_people:
            add("person", record.person, "person-unknown")
            refused = True
        name_target("target", record.target)
    elif isinstance(record, Service):
        if record.until is not None and record.until < record.since:
            add("until", record.until, "period-reversed", f"{record.since} → {record.until}")
            refused = True
        if record.provider_kind == "expert":
            if known_people is not None and record.provider not in known_people:
                add("provider", record.provider, "expert-unknown")
                refused = True
        elif known_targets is not None and CODE_PATTERN.fullmatch(record.provider) and record.provider not in known_targets:
            add("provider", record.provider, "provider-nameless")
        name_target("target", record.target)
    elif isinstance(record, Inspection):
        name_target("target", record.target)
    elif isinstance(record, Expert) and "serves" in layout.columns:
        for code in record.serves:
            name_target("serves", code)
    return refused


def _verdicts(
    rows: list[_Row], existing: Mapping[str, Record], kind: Kind, layout: Layout
) -> list[RowVerdict]:
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        if row.key:
            groups.setdefault(row.key, []).append(row)
    column = _header(layout, FIELDS[kind][0].name)
    merged: set[int] = set()
    for key, group in groups.items():
        if len(group) == 1:
            continue
        first = group[0].record
        if first is not None and all(row.record == first for row in group):
            for row in group[1:]:
                merged.add(row.number)
                kept = str(group[0].number)
                row.findings.append(make_finding(row.number, column, key, "duplicate-merged", kept))
            continue
        named = [row.number for row in group[: _NAMED_ROWS + 1]]
        for row in group:
            others = [str(number) for number in named if number != row.number][:_NAMED_ROWS]
            more = "等" if len(group) > _NAMED_ROWS + 1 else ""
            detail, english = "、".join(others) + more, ", ".join(others) + (" …" if more else "")
            row.findings.append(
                make_finding(row.number, column, key, "duplicate-contradiction", detail, detail_en=english)
            )
            row.record = None
    return [
        RowVerdict(row.number, row.key, "merged", row.record)
        if row.number in merged
        else _verdict(row.number, row.key, row.record, existing.get(row.key), kind)
        for row in rows
    ]


def _verdict(number: int, key: str, record: Record | None, known: Record | None, kind: Kind) -> RowVerdict:
    if record is None:
        return RowVerdict(number, key, "refused")
    if known is None:
        return RowVerdict(number, key, "new", record)
    if known == record:
        return RowVerdict(number, key, "unchanged", record)
    changes = tuple(
        Change(field.name, field.label, cell_text(known, field), cell_text(record, field))
        for field in FIELDS[kind]
        if getattr(known, field.name) != getattr(record, field.name)
    )
    return RowVerdict(number, key, "changed", record, changes)


def _header(layout: Layout, field: str) -> str:
    return layout.headers[layout.columns[field][0]]
