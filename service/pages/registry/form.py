"""The fields of the form for one row: what kind of entry each is, what it offers, what stands in it, and what the check says of it."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from service.language import SOURCE, current_language, gettext
from service.office import Office
from service.pages.registry.listing import OFFERED
from service.pages.registry.words import label_of, word_of
from service.registry.editing import ENDS, Checked
from service.registry.export import VOCABULARIES
from service.registry.fields import FIELDS, Field
from service.registry.findings import Finding
from service.registry.records import KEYS, Kind

__all__ = ["Entry", "Remark", "entries_of"]

_LONG: Final = 500  # characters; a field that takes as many is written in several lines


class Remark(Struct, frozen=True):
    """One finding at a field, in the language of the page."""

    text: str
    is_error: bool


class Entry(Struct, frozen=True):
    """One field. `options` are (text that is sent, text that is shown) of a choice; `offers` are what others have written."""

    name: str
    label: str
    form: Literal["choice", "day", "lines", "line"]
    required: bool
    fixed: bool
    text: str
    limit: int
    hint: str
    options: tuple[tuple[str, str], ...]
    offers: tuple[str, ...]
    remarks: tuple[Remark, ...]


async def entries_of(
    office: Office, kind: Kind, texts: Mapping[str, str], checked: Checked | None, *, fixed: bool, only: str | None
) -> tuple[Entry, ...]:
    """Return the entries of a form; with `fixed` the key cannot be changed, with `only` just that field by which the row ends."""
    rows = await office.pool.fetch("SELECT field, value FROM registry_value WHERE kind = $1 AND value <> '' ORDER BY value", kind)
    offers: dict[str, list[str]] = {}
    for row in rows:
        offers.setdefault(row["field"], []).append(row["value"])
    fields = [field for field in FIELDS[kind] if only is None or field.name == only]
    return tuple(_entry(kind, field, texts, checked, fixed, only is not None, offers.get(field.name, [])) for field in fields)


def _entry(
    kind: Kind, field: Field, texts: Mapping[str, str], checked: Checked | None, fixed: bool, ends: bool, offers: list[str]
) -> Entry:
    text = texts.get(field.name, "")
    remarks = tuple(_remark(finding) for finding in (checked.findings.get(field.name, ()) if checked else ()))
    options = _options(kind, field, ends)
    form: Literal["choice", "day", "lines", "line"] = (
        "choice" if options else "day" if field.form == "date" else "lines" if field.limit >= _LONG else "line"
    )
    hint = gettext("多个之间用顿号隔开") if field.form in ("list", "codes") else ""
    return Entry(
        field.name, label_of(field), form, field.required or (ends and field.name == "until"), fixed and field.name in KEYS[kind], text,
        field.limit, hint, options, tuple(offers) if len(offers) <= OFFERED else (), remarks,
    )  # fmt: skip


def _remark(finding: Finding) -> Remark:
    mended = finding.code in ("code-missing", "value-missing")  # a field that is empty says itself what to do
    if current_language() == SOURCE:
        return Remark(finding.message_zh + ("" if mended else finding.mend_zh), finding.severity == "error")
    return Remark(finding.message_en + ("" if mended else f" {finding.mend_en}"), finding.severity == "error")


def _options(kind: Kind, field: Field, ends: bool) -> tuple[tuple[str, str], ...]:
    if field.form == "flag":
        return (("否", gettext("否")), ("是", gettext("是")))
    words = VOCABULARIES.get(field.form, {})
    options = tuple((text, word_of(field, word)) for word, text in words.items() if not (ends and word == "active"))
    if not options or field.name == ENDS.get(kind) or field.required:
        return options
    return (("", gettext("（未填）")), *options)
