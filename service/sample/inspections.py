"""Inspections of the sample's past two years, by several departments and of several origins."""

import datetime
from collections.abc import Iterator
from typing import Final

from service.registry import Inspection

from .city import DEPARTMENT
from .stream import Shares, Stream
from .targets import make_target

_DEPARTMENTS: Final = Shares({DEPARTMENT: 70, "云州市消防救援支队": 12, "云州市市场监督管理局": 10, "云州市生态环境局": 8})
_ORIGINS: Final = Shares(
    {"plan-random": 52, "plan-key": 14, "special": 12, "complaint": 8, "recheck": 8, "referral": 4, "enterprise-request": 2}
)
_OUTCOMES: Final = Shares({"未发现问题": 62, "发现问题，经责令已改正": 30, "发现问题，待后续处理": 8})
_EARLIER: Final = Shares({0: 60, 1: 28, 2: 9, 3: 3})


def make_inspections(seed: str, targets: int, as_of: datetime.date) -> Iterator[Inspection]:
    """The inspections of the first `targets` firms, the newest of each on the day its own record states."""
    for number in range(targets):
        firm = make_target(seed, number, as_of)
        if firm.last_inspected is None:
            continue
        stream = Stream(seed, f"inspections {number}")
        day = datetime.date.fromisoformat(firm.last_inspected)
        for place in range(1 + _EARLIER.pick(stream)):
            if firm.established is not None and day.isoformat() < firm.established:
                break
            outcome = _OUTCOMES.pick(stream)
            yield Inspection(
                target=firm.id,
                inspected_on=day.isoformat(),
                department=_DEPARTMENTS.pick(stream),
                number=f"检〔{day.year}〕{number + 1}-{place + 1}号",
                origin=_ORIGINS.pick(stream),
                outcome=outcome,
                punished=outcome != "未发现问题" and stream.below(6) == 0,
            )
            day -= datetime.timedelta(days=20 + stream.below(240))
