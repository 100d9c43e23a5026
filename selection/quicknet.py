"""The rounds of the public beacon drand quicknet and their times (docs/spec/beacon.md 1).

What its signatures are, `disclosure/beacon/` knows: here nothing is verified.
"""

__all__ = ["CHAIN", "GENESIS", "PERIOD", "round_at", "time_of"]

CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
GENESIS = 1_692_803_367  # seconds since 1970 of round 1
PERIOD = 3  # seconds

_ERA, _DAY = 146_097, 86_400  # days of 400 years; seconds of a day
_EPOCH = 719_468  # days from 0000-03-01 to 1970-01-01


def round_at(instant: str) -> int:
    """Return the first round at or after `instant`, a `time` of docs/spec/README.md; 1 for all times before the beacon began."""
    return 1 + max(0, -((GENESIS - _seconds(instant)) // PERIOD))


def time_of(number: int) -> str:
    """Return when round `number` (1 …) comes into being, as a `time`."""
    days, second = divmod(GENESIS + PERIOD * (number - 1), _DAY)
    era, day = divmod(days + _EPOCH, _ERA)
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153  # counted from March
    day -= (153 * month + 2) // 5
    year, month = 400 * era + year + (month >= 10), month + 3 if month < 10 else month - 9
    return f"{year:04}-{month:02}-{day + 1:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


def _seconds(instant: str) -> int:
    """Return the seconds since 1970; years begin in March here, so that the leap day is a year's last."""
    year, month, day = int(instant[:4]), int(instant[5:7]), int(instant[8:10])
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1 - _EPOCH
    return days * _DAY + int(instant[11:13]) * 3600 + int(instant[14:16]) * 60 + int(instant[17:19])
