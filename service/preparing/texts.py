"""How people write bands, shares, days and moments, and how the forms write them back. Pure: `parse_x(format_x(value)) == value`.

Every `parse_` returns None for a text that it does not understand.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final

from service.drafts import Band
from service.office import BEIJING, as_time
from service.registry.normalise import normalise_date

__all__ = ["format_bands", "format_moment", "format_share", "parse_bands", "parse_day", "parse_moment", "parse_number", "parse_period", "parse_share"]

_MOST_BAND: Final = 9_999_999
_BAND = re.compile(r"([0-9]{0,7})(-)?([0-9]{0,7})(\?)?", re.ASCII)
_SHARE = re.compile(r"([0-9]{1,16})(?:\.([0-9]{1,13}))?%?|([0-9]{1,16})/([0-9]{1,16})", re.ASCII)
_MOMENT = re.compile(r"(.+?)[ T]+([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)
_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def parse_number(text: str) -> int | None:
    """Return a whole number, thousands separated or not."""
    plain = _folded(text).replace(",", "")
    return int(plain) if re.fullmatch(r"[0-9]{1,16}", plain, re.ASCII) else None


def format_bands(bands: Sequence[Band]) -> str:
    """Return bands as the plan's parameters write them: `20-299`, `300-`, `-19?`; `?` takes in what has no number."""
    return " ".join(
        f"{'' if band.from_ is None else band.from_}-{'' if band.to is None else band.to}{'?' if band.unknown else ''}" for band in bands
    )


def parse_bands(text: str) -> tuple[Band, ...] | None:
    """Return bands: `20-299`, `300-`, `-19`, `5` (5 alone), `?` (only what has no number), separated by spaces or commas."""
    words = re.sub(r"\s*[~—至到]+\s*", "-", re.sub("未填|从未检查", "?", _folded(text)))
    bands = []
    for word in re.split(r"[\s,;、]+", words):
        if not word:
            continue
        found = _BAND.fullmatch(word)
        if found is None or not any(found.groups()):
            return None
        low, dash, high, unknown = found.groups()
        if not dash and high:
            return None
        first = int(low) if low else None
        last = (int(high) if high else None) if dash else first
        bands.append(Band(from_=first, to=last, unknown=bool(unknown)))
    return tuple(bands)


def format_share(numerator: int, denominator: int) -> str:
    """Return a share in per cent if the denominator is 100, 1000, …, else as a fraction."""
    places = len(str(denominator)) - 3
    if 0 <= places <= 13 and denominator == 100 * 10**places:
        whole, part = divmod(numerator, 10**places)
        return f"{whole}.{part:0{places}d}%" if places else f"{whole}%"
    return f"{numerator}/{denominator}"


def parse_share(text: str) -> tuple[int, int] | None:
    """Return (numerator, denominator) of `5%`, `15.5`, `1/20`; without a sign it is per cent."""
    found = _SHARE.fullmatch(_folded(text).replace(" ", ""))
    if found is None:
        return None
    whole, part, numerator, denominator = found.groups()
    if numerator is not None:
        return int(numerator), int(denominator)
    part = part or ""
    return int(whole + part), 100 * 10 ** len(part)


def parse_period(text: str) -> tuple[int, int] | None:
    """Return (period, periods) of `1/4`: the first of four."""
    found = re.fullmatch(r"([0-9]{1,16})/([0-9]{1,16})", _folded(text).replace(" ", ""), re.ASCII)
    return (int(found[1]), int(found[2])) if found else None


def parse_day(text: str) -> date | None:
    """Return a day written year first in any usual way."""
    plain = _folded(text)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", plain, re.ASCII):
        try:
            return date.fromisoformat(plain)
        except ValueError:
            return None
    found = normalise_date(plain) if re.search("[-/.年]|^[0-9]{8}$", plain) else None
    return date.fromisoformat(found.value) if found is not None and found.value and not found.ranged else None


def format_moment(instant: str) -> str:
    """Return a moment as the clock shows it in Beijing; as it is where no calendar reaches."""
    try:
        local = datetime.fromisoformat(instant).replace(tzinfo=UTC).astimezone(BEIJING)
    except (OverflowError, ValueError):
        return instant
    return f"{local:%Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second else "")


def parse_moment(text: str) -> str | None:
    """Return a moment of Beijing as documents write it, in UTC; one that ends in Z is UTC already."""
    plain = _folded(text)
    if _UTC.fullmatch(plain):
        return plain
    found = _MOMENT.fullmatch(re.sub(r"(?<=[0-9])[时点](?=[0-9])", ":", re.sub(r"(?<=日)(?=[0-9])", " ", plain)).removesuffix("分"))
    day = parse_day(found[1]) if found else None
    if found is None or day is None:
        return None
    try:
        return as_time(datetime(day.year, day.month, day.day, int(found[2]), int(found[3]), int(found[4] or 0), tzinfo=BEIJING))
    except OverflowError:
        return None

