"""How far a preparation is: every page with what is done, missing or wrong, who may go on, and what comes next."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from service.language import gettext
from service.preparing.answers import PAGES, Answers, Page, ScopePage
from service.preparing.assembling import faults_of_page
from service.preparing.looking import Look
from service.preparing.reading import Fault
from service.preparing.store import Preparation

__all__ = ["Line", "lines_of", "next_page", "pages_of"]

State: TypeAlias = Literal["done", "default", "missing", "fault", "later"]


class Line(Struct, frozen=True):
    """One page in the list: `words` say what is missing or wrong, the first of `count`."""

    page: Page
    state: State
    words: str
    count: int


def pages_of(answers: Answers, several_departments: bool) -> list[Page]:
    """Return the pages this preparation has: departments only where there are several, no targets where teams alone are drawn."""
    left_out = set() if several_departments or answers.sections.sections else {"sections"}
    if answers.basis.teams_of:
        empty = {"scope": answers.scope == ScopePage(), "rules": not answers.rules.rules, "strata": not answers.strata.strata and not answers.strata.attributes,
                 "mandatory": not answers.mandatory.targets}  # fmt: skip
        left_out |= {slug for slug, is_empty in empty.items() if is_empty}
    return [page for page in PAGES.values() if page.slug not in left_out]


def lines_of(found: Preparation, pages: list[Page], look: Look) -> list[Line]:
    """Return the pages with their standing."""
    return [_line(found, page, look) for page in pages]


def _line(found: Preparation, page: Page, look: Look) -> Line:
    if not found.open:
        return Line(page, "done", "", 0)
    faults: list[Fault] = faults_of_page(found.answers, page.slug)
    wrong = [fault.words for fault in faults if not fault.missing] + look.of_page(page.slug)
    missing = [fault.words for fault in faults if fault.missing]
    if page.slug == "exceptions" and not look.complete:
        return Line(page, "later", gettext("其他页填好以后，这里列出哪些情形要说明理由"), 0)
    if page.slug == "exceptions" and look.candidates is None:
        return Line(page, "later", gettext("先改正其他页的问题，这里再列出哪些情形要说明理由"), 0)
    if page.slug == "exceptions" and look.of_page("exceptions"):
        return Line(page, "missing", look.of_page("exceptions")[0], len(look.of_page("exceptions")))
    if wrong:
        return Line(page, "fault", wrong[0], len(wrong) + len(missing))
    if missing:
        return Line(page, "missing", missing[0], len(missing))
    return Line(page, "done" if page.slug in found.saved or found.draw is not None else "default", "", 0)


def next_page(pages: list[Page], slug: str, saved: Mapping[str, int]) -> str | None:
    """Return the page that follows `slug` if nobody has been there yet; None: back to the list."""
    slugs = [page.slug for page in pages]
    after = slugs[slugs.index(slug) + 1 :] if slug in slugs else []
    return after[0] if after and after[0] not in saved else None
