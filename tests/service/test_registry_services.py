"""Services keep people away by themselves: who served, and who works for whoever served, while it counts and not a day longer."""

from dataclasses import dataclass
from datetime import date

import msgspec
import pytest
import scene as scenes

from selection.pool import parse_opened
from service.registry.importing import check_import, confirm_import
from service.registry.records import Expert, Inspector, Service
from service.registry.store import read_registries
from service.serving import MONTHS, first_day, served_by

LAST = date(2026, 12, 11)


def served(service: Service, last: date = LAST) -> list[tuple[str, str, str]]:
    inspectors = [Inspector("P-1", "王", unit="云州评价（集团）有限公司"), Inspector("P-2", "赵", unit="执法一队"), Inspector("P-3", "无单位")]
    experts = [Expert("E-1", "李", employer="云州评价(集团) 有限公司"), Expert("E-2", "钱", employer="云州大学")]
    names = {"91420000MA4KLQ0X1A": "云州大学"}
    return [(one.person, one.target, one.rule) for one in served_by([service], inspectors, experts, names, last)]


def test_an_expert_is_kept_away_alone_and_an_organisation_keeps_everyone_away_who_works_for_it() -> None:
    assert served(Service("E-1", "expert", "T-1", "2026-01-01")) == [("E-1", "T-1", "service-by-expert")]
    # However the brackets and spaces of the name are written.
    both = [("E-1", "T-1", "service-by-employer"), ("P-1", "T-1", "service-by-employer")]
    assert served(Service("云州评价（集团）有限公司", "organisation", "T-1", "2026-01-01")) == both
    assert served(Service("91420000MA4KLQ0X1A", "organisation", "T-1", "2026-01-01")) == [("E-2", "T-1", "service-by-employer")]
    assert served(Service("别的公司", "organisation", "T-1", "2026-01-01")) == []


@dataclass
class Case:
    since: str
    until: str | None
    counts: bool


@pytest.mark.parametrize(
    "case",
    [
        Case("2010-01-01", None, True),  # still going on
        Case("2010-01-01", "2023-12-11", True),  # ended on the first day that counts
        Case("2010-01-01", "2023-12-10", False),  # a day before
        Case("2026-12-11", None, True),  # begins on the last day of the visits
        Case("2026-12-12", None, False),
    ],
)
def test_a_service_counts_to_the_day(case: Case) -> None:
    assert bool(served(Service("E-1", "expert", "T-1", case.since, case.until))) is case.counts


def test_the_first_day_is_the_same_day_of_the_month_or_its_last() -> None:
    assert MONTHS == 36
    assert first_day(date(2028, 2, 29)) == date(2025, 2, 28)
    assert first_day(date(2026, 1, 31)) == date(2023, 1, 31)


async def test_services_stand_in_the_frozen_lists_with_their_rule(office, clock) -> None:
    """From a file to the freeze: the conflicts of a draw hold everybody a service keeps away, and the reasons say by which rule."""
    await scenes.found_city(office)
    numbers = [r["number"] for r in await office.pool.fetch("SELECT number FROM inspector ORDER BY number LIMIT 2")]
    await office.pool.execute("UPDATE inspector SET unit = '云州安全评价所' WHERE number = ANY($1)", numbers)
    firms = [r["id"] for r in await office.pool.fetch("SELECT id FROM target ORDER BY id LIMIT 60")]
    rows = "".join(f"云州安全评价所,第三方机构,{id},2019-01-01,{('', '2026-01-01', '2020-01-01')[n % 3]}\n" for n, id in enumerate(firms))
    view = await check_import(office, None, "services", "s.csv", (ROWS + rows).encode())
    assert view.counts["refused"] == 0, view.report.findings[:3]
    await confirm_import(office, None, view.id)
    scene = await scenes.frozen_scene(office, clock)
    secret = await office.pool.fetchrow("SELECT opened, disclosures FROM draw_secret WHERE draw = $1", scene.draw)
    ids = {number: id for id, (number, _) in msgspec.json.decode(secret["disclosures"]).items()}
    people = {ids[number] for number in numbers if number in ids}
    pool = {line.split("\t")[0] for r in await office.pool.fetch("SELECT convert_from(data, 'UTF8') AS text FROM blob WHERE public")
            for line in r["text"].splitlines()}  # fmt: skip
    kept = {row.target: set(row.people) for row in parse_opened(secret["opened"])}
    serving = [id for n, id in enumerate(firms) if n % 3 != 2 and id in kept]
    assert people and len(serving) > 20
    assert all(people <= kept[id] for id in serving) and not any(people & kept.get(id, set()) for n, id in enumerate(firms) if n % 3 == 2)
    assert {id for n, id in enumerate(firms) if n % 3 != 2 and id in pool} >= set(serving)
    texts = await office.pool.fetch("SELECT convert_from(data, 'UTF8') AS text FROM blob WHERE NOT public")
    lines = [line.split("\t") for row in texts for line in row["text"].splitlines() if "service-by-employer" in line]
    assert {(line[0], line[1]) for line in lines} == {(id, person) for id in serving for person in people}
    assert all("36 个月" in line[3] and "云州安全评价所" in line[3] for line in lines)


ROWS = "服务提供方,提供方类别,统一社会信用代码,服务开始日期,服务结束日期\n"


@pytest.mark.parametrize(
    ("row", "code", "severity"),
    [
        ("E-9,专家,T-1,2025-01-01,", "expert-unknown", "error"),
        ("云州大学,高校,T-1,2025-01-01,", "provider-unknown", "error"),
        ("云州大学,,T-1,2025-01-01,", "value-missing", "error"),
        (",机构,T-1,2025-01-01,", "value-missing", "error"),
        ("云州大学,机构,,2025-01-01,", "code-missing", "error"),
        ("云州大学,机构,T-1,,", "value-missing", "error"),
        ("云州大学,机构,T-1,去年,", "date-unknown", "error"),
        ("云州大学,机构,T-1,2025-01-02,2025-01-01", "period-reversed", "error"),
        ("云州大学,机构,T-9,2025-01-01,", "target-unknown", "warning"),
        ("91420000MA4KLQ0X1A,机构,T-1,2025-01-01,", "provider-nameless", "warning"),
    ],
)
async def test_every_fault_of_a_service_is_named(office, row, code, severity) -> None:
    await office.pool.execute("INSERT INTO target (id, name) VALUES ('T-1', '一厂')")
    view = await check_import(office, None, "services", "s.csv", (ROWS + row + "\n").encode())
    assert (code, severity) in {(f.code, f.severity) for f in view.report.findings}
    assert view.counts["refused"] == (severity == "error")


async def test_a_number_of_an_expert_is_read_as_one_and_an_end_can_be_entered_later(office) -> None:
    await office.pool.execute("INSERT INTO expert (number, name, areas, specialities, capacity, serves) VALUES ('E-1', '李', '{}', '{}', 0, '{}')")
    for row, fate in (("e-1 ,专家,T-1,2025-01-01,", "new"), ("E-1,专家,T-1,2025-01-01,", "unchanged"), ("E-1,专家,T-1,2025-01-01,2026-05-01", "changed")):
        view = await check_import(office, None, "services", "s.csv", (ROWS + row + "\n").encode())
        assert view.counts[fate] == 1, (row, view.report.findings)
        await confirm_import(office, None, view.id)
    assert await office.pool.fetchval("SELECT until FROM service") == date(2026, 5, 1)


async def test_an_item_that_ended_is_in_no_later_list(office, clock) -> None:
    await scenes.found_city(office)
    (id,) = await office.pool.fetchrow("SELECT id FROM item WHERE NOT mandatory ORDER BY id LIMIT 1")
    await office.pool.execute("UPDATE item SET status = 'inactive' WHERE id = $1", id)
    async with office.pool.acquire() as connection:
        assert id not in {item.id for item in (await read_registries(connection)).items}
