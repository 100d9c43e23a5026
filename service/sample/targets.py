"""Firm number n of the sample, computed on its own, so that a million need no memory."""

import datetime
from typing import Final

from service.registry import Target
from service.registry.credit_code import ALPHABET, check_character, organisation_check_character

from .city import CITY, DISTRICTS, ROADS, District
from .names import firm_name
from .sectors import COLOUR_SHARES, SECTOR_SHARES
from .stream import Shares, Stream

# Steps prime to the number of codes, so that neighbours get distant codes and no two firms the same one.
_DIGITS: Final = 10**8
_DIGITS_STEP: Final = 61_803_399
_LETTERS: Final = 31**6
_LETTERS_STEP: Final = 548_497_301

# entity type, end of the firm's name, first two characters of its code
_MAKERS: Final = Shares(
    {
        ("有限责任公司", "有限公司", "91"): 74,
        ("股份有限公司", "股份有限公司", "91"): 6,
        ("个人独资企业", "厂", "91"): 16,
        ("有限责任公司分公司", "有限公司{}分公司", "91"): 4,
    }
)
_TRADERS: Final = Shares(
    {
        ("有限责任公司", "有限公司", "91"): 57,
        ("股份有限公司", "股份有限公司", "91"): 3,
        ("有限责任公司分公司", "有限公司{}分公司", "91"): 5,
        ("个体工商户", "经营部", "92"): 35,
    }
)
_TRADING: Final = frozenset({"商贸", "烟花爆竹"})
_CREDIT: Final = Shares({"A": 38, "B": 42, "C": 14, "D": 6})
_GRADES: Final = Shares({"一级": 3, "二级": 15, "三级": 34, "小微": 18, "": 30})
# least and most people of a firm that is not a shop
_SIZES: Final = Shares({(1, 19): 52, (20, 99): 30, (100, 299): 13, (300, 2400): 5})
_STATUSES: Final = Shares({"active": 95, "suspended": 3, "closed": 1, "deregistered": 1})


def make_target(seed: str, number: int, as_of: datetime.date) -> Target:
    """Firm `number` (from 0) as it stands on `as_of`; its code passes both checks and is its alone."""
    stream = Stream(seed, f"target {number}")
    district = stream.pick(DISTRICTS)
    township = stream.pick(district.townships)
    sector = SECTOR_SHARES.pick(stream)
    entity_type, form, institution = (_TRADERS if sector.name in _TRADING else _MAKERS).pick(stream)
    place = (CITY, CITY.removesuffix("市"), district.name, district.short)[stream.below(4)]
    age = 200 + stream.below(365 * 28)
    last = stream.below(900)
    # A stream of its own: what was there before keeps its values.
    people = Stream(seed, f"headcount {number}")
    least, most = (1, 12) if entity_type == "个体工商户" else _SIZES.pick(people)
    return Target(
        id=_code(number, stream, district, institution),
        name=firm_name(stream, place, stream.pick(sector.trades), form.format(district.short)),
        area=township,
        sector=sector.name,
        risk_colour=COLOUR_SHARES[sector.name].pick(stream),
        credit_class=_CREDIT.pick(stream),
        standardisation=_GRADES.pick(stream),
        entity_type=entity_type,
        address=f"{CITY}{district.name}{township}{stream.pick(ROADS)}{1 + stream.below(398)}号",
        established=(as_of - datetime.timedelta(days=age)).isoformat(),
        status=_STATUSES.pick(stream),
        last_inspected=(as_of - datetime.timedelta(days=last)).isoformat() if last < min(age, 560) else None,
        headcount=least + people.below(most - least + 1) if people.below(40) else None,
    )


def _code(number: int, stream: Stream, district: District, institution: str) -> str:
    if stream.below(3) == 0:  # firms older than the unified code kept their numeric organisation code
        organisation = f"{(number * _DIGITS_STEP + 7_182_818) % _DIGITS:08d}"
    else:
        rest = (number * _LETTERS_STEP + 314_159_265) % _LETTERS
        organisation = "MA"
        for _ in range(6):
            rest, digit = divmod(rest, 31)
            organisation += ALPHABET[digit]
    first = institution + district.code + organisation + organisation_check_character(organisation)
    return first + check_character(first)
