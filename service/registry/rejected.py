"""The file of refused rows a person mends and imports again."""

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable

from .export import BYTE_ORDER_MARK, inert
from .findings import Finding
from .table import Table


def format_rejected(
    table: Table, header_row: int, refused: Collection[int], findings: Iterable[Finding]
) -> bytes:
    """The original cells of the refused rows, before them the row number, after them reasons and mends.

    The added columns are unknown to the import, so the mended file can be uploaded as it is.
    """
    reasons: dict[int, list[Finding]] = defaultdict(list)
    whole: list[Finding] = []
    for finding in findings:
        if finding.severity == "error":
            (reasons[finding.row] if finding.row in refused else whole).append(finding)
    headers = table.rows[table.numbers.index(header_row)] if header_row else []
    rows = [
        (number, cells) for number, cells in zip(table.numbers, table.rows, strict=True) if number in refused
    ]
    width = max([len(headers), *(len(cells) for _, cells in rows)])
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    padding = [""] * (width - len(headers))
    writer.writerow(["原行号", *map(inert, headers), *padding, "未导入原因", "修改办法", "Why not imported"])
    for number, cells in rows:
        found = reasons[number] or whole
        writer.writerow(
            [
                str(number),
                *map(inert, cells),
                *[""] * (width - len(cells)),
                _joined(f"{finding.column}：{finding.message_zh}".removeprefix("：") for finding in found),
                _joined(finding.mend_zh for finding in found),
                _joined((f"{finding.message_en} {finding.mend_en}" for finding in found), " "),
            ]
        )
    return (BYTE_ORDER_MARK + buffer.getvalue()).encode()


def _joined(texts: Iterable[str], between: str = "") -> str:
    return inert(between.join(dict.fromkeys(texts)))
