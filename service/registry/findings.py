"""What a check has to say about a cell, in Chinese and English, always with a way to mend it."""

from typing import Final

import msgspec

from .wordings import WORDINGS, Severity

__all__ = ["WORDINGS", "Finding", "make_finding"]

_SHOWN: Final = 200


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One remark. `row` is the number in the file (0: the whole file); an error refuses its row."""

    row: int
    column: str
    value: str
    code: str
    message_zh: str
    message_en: str
    mend_zh: str
    mend_en: str
    severity: Severity


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def make_finding(
    row: int, column: str, value: str, code: str, detail: str = "", cell: str = "", detail_en: str = ""
) -> Finding:
    """The finding `code` of WORDINGS at a cell; long values and headers are cut for display."""
    wording = WORDINGS[code]
    return Finding(
        row=row,
        column=_shown(column),
        value=_shown(value),
        code=code,
        message_zh=wording.message_zh.format(detail=_shown(detail), cell=cell),
        message_en=wording.message_en.format(detail=_shown(detail_en or detail), cell=cell),
        mend_zh=wording.mend_zh,
        mend_en=wording.mend_en,
        severity=wording.severity,
    )
