"""Services of the sample: experts under contract with firms, and institutes that evaluate or advise firms."""

import datetime
from typing import Final

from service.registry import Service

from .people import EXPERTS, make_expert
from .stream import Shares, Stream
from .targets import make_target

SERVICES: Final = 24
_WHAT: Final = Shares({"安全现状评价": 10, "标准化评审": 6, "隐患排查技术服务": 5, "应急预案编制": 3})


def make_services(seed: str, targets: int, as_of: datetime.date) -> list[Service]:
    """SERVICES contracts, a third of them of the expert alone, some ended years ago; none if there is no firm."""
    made = []
    for number in range(SERVICES if targets else 0):
        stream = Stream(seed, f"service {number}")
        expert = make_expert(seed, stream.below(EXPERTS), targets, as_of)
        alone = number % 3 == 0 or expert.employer.startswith("退休")
        since = as_of - datetime.timedelta(days=30 + stream.below(2200))
        until = since + datetime.timedelta(days=365 + stream.below(365))
        made.append(
            Service(
                provider=expert.number if alone else expert.employer,
                provider_kind="expert" if alone else "organisation",
                target=make_target(seed, stream.below(targets), as_of).id,
                since=since.isoformat(),
                until=until.isoformat() if until < as_of or stream.below(2) else None,
                what=_WHAT.pick(stream),
                evidence=f"技术服务合同 {since.year}-{number + 1:03d} 号",
            )
        )
    return made
