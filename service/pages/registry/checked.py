"""`/staff/imports/<id>`: a checked file as its registrar reads it before confirming."""

from collections import Counter
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.language import SOURCE, current_language, marked
from service.office import Office
from service.pages.registry.question import known_kind
from service.pages.registry.words import label_of, registry_label
from service.registry.editing import read_typed
from service.registry.fields import FIELDS
from service.registry.findings import Finding
from service.registry.importing import ImportView, read_import
from service.registry.records import KINDS
from service.registry.wordings import WORDINGS

__all__ = ["VERDICTS", "CheckedPage", "Remark", "read_checked"]

VERDICTS: Final = {
    "new": (marked("新增"), marked("名录里还没有")), "changed": (marked("变更"), marked("下面列出每处变化")),
    "unchanged": (marked("不变"), marked("与名录相同")), "merged": (marked("合并"), marked("与文件中另一行相同")),
    "refused": (marked("不导入"), marked("有错误，可下载改好后再导入")),
}  # fmt: skip


class Remark(Struct, frozen=True):
    """One kind of finding and how many of those shown are of it."""

    message: str
    count: int


class CheckedPage(Struct, frozen=True):
    """The check, its errors and warnings apart, those kinds that are frequent first, and the registry's label. `typed` is the row that was
    typed into a form, as (label, text); none of an uploaded file."""

    view: ImportView
    label: str
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    kinds: tuple[Remark, ...]
    typed: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> list[str]:
        """Return the headers made out, in the order of our own files: the database forgets that of the file."""
        order = [field.name for kind in KINDS if kind == self.view.kind for field in FIELDS[kind]]
        return sorted(self.view.report.columns, key=lambda header: order.index(self.view.report.columns[header]))

    @property
    def waits(self) -> bool:
        """Whether it can be confirmed."""
        return self.view.confirmed_at is None and self.view.report.usable

    @property
    def writes(self) -> int:
        """How many rows a confirmation writes."""
        return self.view.counts["new"] + self.view.counts["changed"]


async def read_checked(office: Office, id: UUID) -> CheckedPage:
    """Return the page of a checked file; NotFound if there is none."""
    view = await read_import(office, id)
    errors = tuple(finding for finding in view.report.findings if finding.severity == "error")
    warnings = tuple(finding for finding in view.report.findings if finding.severity != "error")
    kinds = Counter(finding.code for finding in view.report.findings)
    words = (Remark(_without_detail(code), count) for code, count in kinds.most_common())
    typed: tuple[tuple[str, str], ...] = ()
    kind = known_kind(view.kind)
    if view.by_hand:
        texts = (await read_typed(office, id))[1]
        typed = tuple((label_of(field), texts[field.name]) for field in FIELDS[kind])
    return CheckedPage(view, registry_label(kind), errors, warnings, tuple(words), typed)


def _without_detail(code: str) -> str:
    wording = WORDINGS[code]
    message = wording.message_zh if current_language() == SOURCE else wording.message_en
    return message.format(detail="…", cell="…")
