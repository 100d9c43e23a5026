"""Answers to a draft, a draft to answers: `assemble(answers_of(draft)) == draft`, so that no member of a draft is lost. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from service.drafts import Draft
from service.preparing.answers import Answers
from service.preparing.reading import (
    Fault,
    Reader,
    read_basis,
    read_exceptions,
    read_mandatory,
    read_people,
    read_reasons,
    read_scope,
    read_sections,
    read_times,
)
from service.preparing.reading_rows import read_classes, read_numbers, read_rules, read_strata

__all__ = ["assemble", "faults_of_page", "read_pages"]

_READERS: Final[Mapping[str, Callable[[Reader, Answers], dict[str, Any]]]] = {
    "basis": read_basis, "sections": read_sections, "scope": read_scope, "rules": read_rules, "strata": read_strata, "classes": read_classes,
    "mandatory": read_mandatory, "people": read_people, "numbers": read_numbers, "times": read_times, "reasons": read_reasons,
    "exceptions": read_exceptions,
}  # fmt: skip


def read_pages(answers: Answers) -> tuple[dict[str, dict[str, Any]], list[Fault]]:
    """Return the members of a draft by page, of those pages that are complete, and the faults of the others."""
    parts, faults = {}, []
    for slug, read in _READERS.items():
        reader = Reader(slug)
        members = read(reader, answers)
        faults += reader.faults
        if not reader.faults:
            parts[slug] = members
    return parts, faults


def faults_of_page(answers: Answers, slug: str) -> list[Fault]:
    """Return what is missing or wrong on one page, by itself."""
    reader = Reader(slug)
    _READERS[slug](reader, answers)
    return reader.faults


def assemble(answers: Answers) -> Draft | list[Fault]:
    """Return the draft that the answers make; or what is missing and what is wrong, page by page."""
    parts, faults = read_pages(answers)
    return faults or Draft(**{name: value for members in parts.values() for name, value in members.items()})
