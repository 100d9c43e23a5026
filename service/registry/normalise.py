"""Cell text to canonical values. Nothing here refuses: a function says what it changed or that it failed."""

import datetime
import re
import unicodedata
from functools import lru_cache
from typing import Final, Literal, NamedTuple

# A code names a folder of the publication: one that begins with a dot would be hidden, or lead out of it.
CODE_PATTERN: Final = re.compile(r"(?!\.)[0-9A-Za-z._-]{1,64}")
_CANONICAL: Final = re.compile(r"[0-9A-Z._-]{1,64}")
# Zero-width and direction characters, which come along when text is copied from web pages and chat windows.
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SPACES: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
# Most cells: letters, digits and CJK characters, with nothing to tidy.
_PLAIN: Final = re.compile(r"[0-9A-Za-z.()\-\u3001-\u303f\u3400-\u9fff\uff01-\uff5e]*")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63]")
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,3}")
_SEPARATORS: Final = re.compile(r"[、，,;；|\n]")
_PLACEHOLDERS: Final = frozenset(
    {"N/A", "#N/A", "NULL", "NONE", "NAN", "-", "--", "—", "——", "/", "\\", "无", "暂无"}
)

Change = Literal["width", "space", "quote", "dash", "case"]


class Code(NamedTuple):
    """A code and what was changed to make it canonical."""

    value: str
    changes: tuple[Change, ...]


def normalise_code(text: str) -> Code:
    """The canonical form of a code: half-width, upper-case, without spaces, quotes or typographic dashes.

    The value may still not match CODE_PATTERN; that is for the caller to refuse.
    """
    if _CANONICAL.fullmatch(text):
        return Code(text, ())
    changes: list[Change] = []
    value = text
    if value.startswith('="') and value.endswith('"'):  # how Excel is made to keep text in a CSV
        value = value[2:-1]
        changes.append("quote")
    if value[:1] in ("'", "\u2018", "\u2019", "`"):
        value = value[1:]
        changes.append("quote")
    spaced = _SPACES.sub("", _INVISIBLE.sub("", value))
    if spaced != value:
        changes.append("space")
    dashed = _DASHES.sub("-", spaced)
    if dashed != spaced:
        changes.append("dash")
    narrow = _SPACES.sub("", unicodedata.normalize("NFKC", dashed))
    if narrow != dashed:
        changes.append("width")
    upper = narrow.upper() if narrow.isascii() else narrow
    if upper != narrow:
        changes.append("case")
    return Code(upper, tuple(dict.fromkeys(changes)))


def is_scientific(text: str) -> bool:
    """Whether a code became scientific notation in a spreadsheet program, so that its digits are lost."""
    return _SCIENTIFIC.fullmatch(text.strip()) is not None


@lru_cache(maxsize=65_536)
def normalise_text(text: str) -> str:
    """One line: invisible characters removed, white space collapsed, placeholders such as `N/A` empty.

    Full-width brackets and the like are kept; they belong to the registered name of a firm.
    """
    value = text if _PLAIN.fullmatch(text) else _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()
    if value[:1] == "'" and value[1:2] in ("=", "+", "-", "@"):
        value = value[1:]  # the guard our own downloads put before such text
    return "" if value.upper() in _PLACEHOLDERS else unicodedata.normalize("NFC", value)


def normalise_name(text: str) -> str:
    """A name: as `normalise_text`, and without the padding between the characters of a short Chinese name."""
    value = normalise_text(text)
    if " " in value and all("\u3400" <= character <= "\u9fff" or character == " " for character in value):
        return value.replace(" ", "")
    return value


@lru_cache(maxsize=65_536)
def normalise_list(text: str) -> tuple[str, ...]:
    """The parts between 、，,;；| and line breaks, in order, each once; brackets keep their content whole."""
    masked = text
    if "(" in text or "（" in text:
        masked, depth = "", 0
        for character in text:
            depth += (character in "(（") - (character in ")）" and depth > 0)
            masked += "\x00" if depth and _SEPARATORS.match(character) else character
    parts: list[str] = []
    start = 0
    for piece in _SEPARATORS.split(masked):
        part = normalise_text(text[start : start + len(piece)])
        start += len(piece) + 1
        if part:
            parts.append(part)
    return tuple(dict.fromkeys(parts))


def code_list(text: str) -> list[str]:
    """The parts of a list of codes, which white space also separates."""
    return [part for part in re.split(r"[、，,;；|\s]+", _INVISIBLE.sub("", text)) if part]


class Date(NamedTuple):
    """A date, or None with `understood` for "no end" and without for text that is no date."""

    value: str | None
    understood: bool
    serial: bool = False
    ranged: bool = False


_NO_END: Final = frozenset(
    {
        "长期",
        "长期有效",
        "永久",
        "永久有效",
        "无固定期限",
        "无期限",
        "9999-09-09",
        "9999-12-31",
        "99991231",
        "99990909",
    }
)
_YEAR_FIRST: Final = re.compile(
    r"([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})[日号]?)"
    r"(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
)
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SERIAL: Final = re.compile(r"([0-9]{5})(?:\.[0-9]+)?")
_EPOCH: Final = datetime.date(1899, 12, 30)
_UNDERSTOOD_NOT: Final = Date(None, False)


@lru_cache(maxsize=65_536)
def normalise_date(text: str) -> Date:
    """The date as YYYY-MM-DD. Year first in any usual form, or Excel's serial number (42801: 2017-03-07).

    Day-first and month-only dates are not understood: they can be read in two ways. Years 1900 to 2199.
    """
    value = unicodedata.normalize("NFKC", normalise_text(text)).strip()
    if not value or value in _NO_END:
        return Date(None, True)
    if serial := _SERIAL.fullmatch(value):
        day = _EPOCH + datetime.timedelta(days=int(serial[1]))
        return Date(day.isoformat(), True, serial=True)
    if match := _YEAR_FIRST.fullmatch(value) or _COMPACT.fullmatch(value):
        year, month, day_of_month = (int(part) for part in match.groups() if part is not None)
        if year == 9999:
            return Date(None, True)
        try:
            return Date(datetime.date(year, month, day_of_month).isoformat(), 1900 <= year < 2200)
        except ValueError:
            return _UNDERSTOOD_NOT
    ends = re.split(r"\s*(?:至|到|~|—+|\s-\s)\s*", value)
    if len(ends) == 2 and ends[0] and ends[1]:
        first, last = normalise_date(ends[0]), normalise_date(ends[1])
        if first.understood and first.value and last.understood:
            return last._replace(ranged=True)
    return _UNDERSTOOD_NOT
