"""Writes the sample into a folder, targets row by row so that a million fit any memory."""

import csv
import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from service.registry import Kind, Record, header_cells, row_cells
from service.registry.export import BYTE_ORDER_MARK, inert

from .damaged import format_damaged
from .inspections import make_inspections
from .items import make_items
from .people import EXPERTS, INSPECTORS, make_conflicts, make_expert, make_inspector
from .services import make_services
from .targets import make_target

SEED: Final = "云州"
TARGETS: Final = 2000
MAXIMUM_TARGETS: Final = 1_000_000
AS_OF: Final = datetime.date(2026, 3, 1)


def write_sample(
    folder: Path, targets: int = TARGETS, seed: str = SEED, as_of: datetime.date = AS_OF
) -> list[Path]:
    """Write the eight files of the sample; their paths. Raises ValueError for a number out of range."""
    if not 1 <= targets <= MAXIMUM_TARGETS:
        raise ValueError(f"targets must be from 1 to {MAXIMUM_TARGETS}, not {targets}")
    folder.mkdir(parents=True, exist_ok=True)
    damaged = folder / "targets-damaged.xlsx"
    damaged.write_bytes(format_damaged(seed, as_of))
    return [
        _write(folder, "targets", (make_target(seed, number, as_of) for number in range(targets))),
        _write(folder, "items", make_items()),
        _write(folder, "inspectors", (make_inspector(seed, number, as_of) for number in range(INSPECTORS))),
        _write(folder, "experts", (make_expert(seed, number, targets, as_of) for number in range(EXPERTS))),
        _write(folder, "conflicts", make_conflicts(seed, targets, as_of)),
        _write(folder, "services", make_services(seed, targets, as_of)),
        _write(folder, "inspections", make_inspections(seed, targets, as_of)),
        damaged,
    ]


def _write(folder: Path, kind: Kind, records: Iterable[Record]) -> Path:
    path = folder / f"{kind}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(BYTE_ORDER_MARK)
        writer = csv.writer(file)
        writer.writerow(header_cells(kind))
        for record in records:
            writer.writerow([inert(cell) for cell in row_cells(kind, record)])
    return path
