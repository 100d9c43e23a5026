"""Which people are kept from which firms because they, or whom they work for, served the firm. Pure.

A service counts if it was in force on any day of the `MONTHS` months before the last day of the visits: then the expert who served, and
every expert and inspector whose employer or unit is the organisation that served, may not visit that firm. Three years is what public
procurement asks of those who judge a supplier they worked for (政府采购法实施条例 art. 9); no rule on inspections names another period.
An ended service stops counting by itself, once those months have passed.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from service.registry.normalise import normalise_code
from service.registry.records import Expert, Inspector, Service
from service.registry.search import plain_name

__all__ = ["MONTHS", "Served", "first_day", "served_by"]

MONTHS: Final = 36


class Served(Struct, frozen=True):
    """One person who is kept from one firm. `rule` is `service-by-expert` or `service-by-employer`, `words` say it for auditors."""

    person: str
    target: str
    rule: str
    words: str
    evidence: str


def first_day(last: date) -> date:
    """Return the day from which on a service counts for visits that end on `last`: the same day of the month, or its last one."""
    months = last.year * 12 + last.month - 1 - MONTHS
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(last.day, calendar.monthrange(year, month)[1]))


def served_by(
    services: Iterable[Service], inspectors: Iterable[Inspector], experts: Iterable[Expert], names: Mapping[str, str], last: date
) -> Iterator[Served]:
    """Yield everybody kept from a firm by a service, for visits that end on `last`. `names` are those of registered firms by code, since an
    organisation may be given by its code. Who is named by several services is yielded for each."""
    start, end = first_day(last).isoformat(), last.isoformat()
    staff: defaultdict[str, list[str]] = defaultdict(list)
    for inspector in inspectors:
        staff[plain_name(inspector.unit)].append(inspector.number)
    for expert in experts:
        staff[plain_name(expert.employer)].append(expert.number)
    staff.pop("", None)
    for service in services:
        if service.since > end or (service.until is not None and service.until < start):
            continue
        period = f"{service.since} 至 {service.until or '今'}"
        rule = f"检查截止日前 {MONTHS} 个月内有服务关系的应当回避"
        if service.provider_kind == "expert":
            words = f"专家本人服务该企业（{period}）；{rule}"
            yield Served(service.provider, service.target, "service-by-expert", words, service.evidence)
            continue
        code = normalise_code(service.provider).value
        called = {plain_name(name) for name in (service.provider, code, names.get(code, "")) if name}
        for person in sorted({number for name in called for number in staff.get(name, ())}):
            words = f"所在单位 {service.provider} 服务该企业（{period}）；{rule}"
            yield Served(person, service.target, "service-by-employer", words, service.evidence)
