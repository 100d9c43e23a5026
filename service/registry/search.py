"""What a target is found by: marks, each a short text; a search asks for rows that hold all of its marks.

    云州            two neighbouring characters of the name
    /yzj            three neighbouring letters of its pinyin initials
    sector=机械      the value of a field that filters, empty ones too

One inverted index over the marks answers every mixture of a part of the name and filters.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from .normalise import normalise_text
from .records import Target

__all__ = ["TARGET_FILTERS", "filter_mark", "initials_of", "letter_marks", "marks_of", "name_marks", "plain_name"]

TARGET_FILTERS: Final = ("risk_colour", "credit_class", "standardisation", "sector", "area", "entity_type", "status")
_AROUND: Final = 1  # characters to each side that decide how a character of several readings is read: most such words have two


def plain_name(name: str) -> str:
    """Return the name as it is compared: no spaces, small letters, of one width. The query of a list says the same in SQL."""
    return unicodedata.normalize("NFKC", normalise_text(name)).replace(" ", "").lower()


@lru_cache(maxsize=65_536)
def _letters(character: str) -> tuple[str, ...]:
    """Return the first letters of all readings of a character; of a letter or digit itself, of other signs none."""
    if character.isascii():
        return (character,) if character.isalnum() else ()
    from pypinyin import (  # its dictionaries take a fifth of a second: not at the start of every command
        Style,
        pinyin,
    )

    readings = pinyin(character, style=Style.FIRST_LETTER, heteronym=True, errors="ignore")
    return tuple(dict.fromkeys(readings[0])) if readings else ()


@lru_cache(maxsize=65_536)
def _read(around: str, place: int) -> str:
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(around, style=Style.FIRST_LETTER, errors=list)[place]  # type: ignore[arg-type]  # a list is one entry per sign


def initials_of(name: str) -> str:
    """Return the first letters of a name's pinyin, small: 云州重工 -> yzzg. Words decide between readings: 重庆银行 -> cqyh."""
    plain, letters = plain_name(name), list[str]()
    for place, character in enumerate(plain):
        found = _letters(character)
        if len(found) > 1:
            start = max(0, place - _AROUND)
            found = (_read(plain[start : place + _AROUND + 1], place - start),)
        letters += found[:1]
    return "".join(letters)


def _neighbours(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(len(text) - size + 1))


def name_marks(part: str) -> list[str]:
    """Return the marks of a part of a name; none if it is shorter than two characters."""
    return list(dict.fromkeys(_neighbours(plain_name(part), 2)))


def letter_marks(part: str) -> list[str]:
    """Return the marks of a part of the initials; none if it is shorter than three letters."""
    return list(dict.fromkeys("/" + three for three in _neighbours(part.lower(), 3)))


def filter_mark(field: str, value: str) -> str:
    """Return the mark of a value in a field that filters."""
    return f"{field}={value}"


def marks_of(target: Target, initials: str) -> list[str]:
    """Return every mark of a target."""
    filters = (filter_mark(field, getattr(target, field)) for field in TARGET_FILTERS)
    return [*name_marks(target.name), *letter_marks(initials), *filters]
