"""`/staff/imports/<id>`: a checked file as its registrar reads it before confirming."""

from collections import Counter
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.office import Office
from service.registry.fields import FIELDS, REGISTRY_LABELS
from service.registry.findings import Finding
from service.registry.importing import ImportView, read_import
from service.registry.records import KINDS
from service.registry.wordings import WORDINGS

__all__ = ["VERDICTS", "CheckedPage", "Remark", "read_checked"]

VERDICTS: Final = {
    "new": ("新增", "名录里还没有"), "changed": ("变更", "下面列出每处变化"), "unchanged": ("不变", "与名录相同"),
    "merged": ("合并", "与文件中另一行相同"), "refused": ("不导入", "有错误，可下载改好后再导入"),
}  # fmt: skip


class Remark(Struct, frozen=True):
    """One kind of finding and how many of those shown are of it."""

    message: str
    count: int


class CheckedPage(Struct, frozen=True):
    """The check, its errors and warnings apart, those kinds that are frequent first, and the registry's label."""

    view: ImportView
    label: str
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    kinds: tuple[Remark, ...]

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
    label = next(REGISTRY_LABELS[kind][0] for kind in KINDS if kind == view.kind)
    errors = tuple(finding for finding in view.report.findings if finding.severity == "error")
    warnings = tuple(finding for finding in view.report.findings if finding.severity != "error")
    kinds = Counter(finding.code for finding in view.report.findings)
    words = (Remark(_without_detail(code), count) for code, count in kinds.most_common())
    return CheckedPage(view, label, errors, warnings, tuple(words))


def _without_detail(code: str) -> str:
    return WORDINGS[code].message_zh.format(detail="…", cell="…")
