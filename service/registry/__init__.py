"""The living registries: what spreadsheets say, recognised, normalised and checked. No database, no HTTP."""

from .check import Change, CheckReport, Counts, RowVerdict, check_table
from .credit_code import describe
from .export import format_csv, header_cells, row_cells
from .findings import Finding
from .records import (
    KINDS,
    Conflict,
    Expert,
    Inspection,
    Inspector,
    Item,
    Kind,
    Record,
    Service,
    Target,
    conflicts_of,
    record_key,
)
from .spreadsheet import read_table
from .table import Table, TableError

__all__ = [
    "KINDS",
    "Change",
    "CheckReport",
    "Conflict",
    "Counts",
    "Expert",
    "Finding",
    "Inspection",
    "Inspector",
    "Item",
    "Kind",
    "Record",
    "RowVerdict",
    "Service",
    "Table",
    "TableError",
    "Target",
    "check_table",
    "conflicts_of",
    "describe",
    "format_csv",
    "header_cells",
    "read_table",
    "record_key",
    "row_cells",
]
