"""Past inspections enter as every registry does: checked, seen, confirmed; each fault names row, column, value and mend."""

import io
from datetime import date

import pytest
import xlsxwriter

from service.accounts import Staff
from service.registry.importing import check_import, confirm_import
from service.registry.store import read_registries, registry_versions

HEADER = "统一社会信用代码,企业名称,检查日期,检查机关,检查来源,检查结果,是否处罚,检查编号\n"
ROWS = (
    "T-1,云州一厂,2026-03-04,市应急管理局,双随机,未发现问题,否,检〔2026〕1号\n"
    "T-1,云州一厂,2026年5月6日,市消防救援支队,投诉举报核查,发现问题,是,检〔2026〕2号\n"
    "T-9,云州九厂,20260506,,,,,\n"
)
FIRMS = "统一社会信用代码,企业名称,从业人员（人）\nT-1,云州一厂,120人\nT-2,云州二厂,\n"


@pytest.fixture
async def registrar(employ) -> Staff:
    return Staff(await employ("deng", "registrar"), "deng", "登", frozenset({"registrar"}))


async def take_in(office, who: Staff, kind: str, text: str | bytes, filename: str = "a.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    view = await check_import(office, who, kind, filename, content)
    return await confirm_import(office, who, view.id)


async def test_inspections_are_checked_and_confirmed_and_a_draw_reads_them(office, registrar) -> None:
    await take_in(office, registrar, "targets", FIRMS)
    view = await check_import(office, registrar, "inspections", "检查.csv", (HEADER + ROWS).encode())
    assert (view.counts["new"], view.counts["refused"], view.counts["warned"]) == (3, 0, 3)
    assert await office.pool.fetchval("SELECT count(*) FROM inspection") == 0
    unknown = [f for f in view.report.findings if f.code == "target-unknown"]
    assert [(f.row, f.column, f.value, f.severity) for f in unknown] == [(4, "统一社会信用代码", "T-9", "warning")]
    await confirm_import(office, registrar, view.id)
    async with office.pool.acquire() as connection:
        found = await read_registries(connection)
        assert (await registry_versions(connection))["inspections"] == 1
    rows = {(i.target, i.inspected_on): (i.department, i.origin, i.outcome, i.punished, i.number) for i in found.inspections}
    assert rows == {
        ("T-1", "2026-03-04"): ("市应急管理局", "plan-random", "未发现问题", False, "检〔2026〕1号"),
        ("T-1", "2026-05-06"): ("市消防救援支队", "complaint", "发现问题", True, "检〔2026〕2号"),
        ("T-9", "2026-05-06"): ("", "", "", False, ""),
    }
    assert {t.id: t.headcount for t in found.targets} == {"T-1": 120, "T-2": None}


async def test_the_same_file_again_changes_nothing_and_a_mended_row_is_shown_field_by_field(office, registrar) -> None:
    await take_in(office, registrar, "inspections", HEADER + ROWS)
    again = await check_import(office, registrar, "inspections", "a.csv", (HEADER + ROWS).encode())
    assert again.counts["unchanged"] == 3
    mended = HEADER + ROWS.replace("未发现问题,否", "发现问题,是")
    view = await check_import(office, registrar, "inspections", "a.csv", mended.encode())
    assert [(c.row, c.key, c.label, c.old, c.new) for c in view.report.changes] == [
        (2, "T-1|2026-03-04|市应急管理局|检〔2026〕1号", "检查结果", "未发现问题", "发现问题"),
        (2, "T-1|2026-03-04|市应急管理局|检〔2026〕1号", "是否处罚", "否", "是"),
    ]
    await confirm_import(office, registrar, view.id)
    assert await office.pool.fetchval("SELECT count(*) FROM inspection WHERE punished") == 2


@pytest.mark.parametrize(
    ("row", "column", "value", "code"),
    [
        (",厂,2026-03-04,,,,,", "统一社会信用代码", "", "code-missing"),
        ("T-1,厂,,,,,,", "检查日期", "", "value-missing"),
        ("T-1,厂,长期,,,,,", "检查日期", "长期", "value-missing"),
        ("T-1,厂,4/3/2026,,,,,", "检查日期", "4/3/2026", "date-unknown"),
        ("T-1,厂,2026-02-30,,,,,", "检查日期", "2026-02-30", "date-unknown"),
        ("T-1,厂,2026-03-04,,路过看看,,,", "检查来源", "路过看看", "origin-unknown"),
        ("T-1,厂,2026-03-04,,,,也许,", "是否处罚", "也许", "flag-unknown"),
        (f"T-1,厂,2026-03-04,{'长' * 201},,,,", "检查机关", "长" * 200 + "…", "text-long"),
    ],
)
async def test_every_fault_names_row_column_value_and_mend(office, registrar, row, column, value, code) -> None:
    text = HEADER + "T-1,厂,2026-01-01,,,,,\n" + row + "\n"
    view = await check_import(office, registrar, "inspections", "a.csv", text.encode())
    assert (view.counts["new"], view.counts["refused"]) == (1, 1)
    (fault,) = [f for f in view.report.findings if f.severity == "error"]
    assert (fault.row, fault.column, fault.value, fault.code) == (3, column, value, code)
    assert fault.mend_zh
    assert fault.mend_en


async def test_two_visits_of_one_day_stand_beside_each_other_and_contradicting_rows_are_refused(office, registrar) -> None:
    two = "T-1,厂,2026-03-04,甲局,双随机,,,1\nT-1,厂,2026-03-04,乙局,双随机,,,1\nT-1,厂,2026-03-04,甲局,双随机,,,2\n"
    against = "T-2,厂,2026-03-04,甲局,双随机,,,1\nT-2,厂,2026-03-04,甲局,投诉,,,1\n"
    view = await check_import(office, registrar, "inspections", "a.csv", (HEADER + two + against).encode())
    assert (view.counts["new"], view.counts["refused"]) == (3, 2)
    assert {f.code for f in view.report.findings if f.severity == "error"} == {"duplicate-contradiction"}


async def test_a_workbook_with_serial_dates_and_foreign_headers_is_read(office, registrar) -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["云州市涉企行政检查台账"])
    sheet.write_row(1, 0, ["序号", "企业统一社会信用代码（必填）", "检查时间", "检查主体", "任务来源", "行政处罚"])
    sheet.write_row(2, 0, [1, "91330100311348661F", 42801, "市场监管局", "日常巡查", "无"])
    book.close()
    await take_in(office, registrar, "inspections", buffer.getvalue(), "台账.xlsx")
    row = await office.pool.fetchrow("SELECT target, inspected_on, origin, department, punished FROM inspection")
    assert tuple(row) == ("91330100311348661F", date(2017, 3, 7), "plan-key", "市场监管局", False)


async def test_a_file_of_inspections_is_no_list_of_targets_and_the_other_way_round(office, registrar) -> None:
    for kind, text in (("targets", HEADER + ROWS), ("inspections", FIRMS), ("conflicts", HEADER + ROWS)):
        view = await check_import(office, registrar, kind, "a.csv", text.encode())
        assert not view.report.usable, kind
        assert any(f.severity == "error" for f in view.report.findings)


async def test_headcounts_are_whole_numbers(office, registrar) -> None:
    for text, found in (("0", 0), ("1,200人", 1200), ("", None), ("９", 9)):
        await take_in(office, registrar, "targets", f'统一社会信用代码,企业名称,职工人数\nT-1,厂,"{text}"\n')
        assert await office.pool.fetchval("SELECT headcount FROM target WHERE id = 'T-1'") == found
    for text in ("约50", "12345678", "1.5", "-3"):
        view = await check_import(office, registrar, "targets", "a.csv", f"统一社会信用代码,企业名称,员工人数\nT-1,厂,{text}\n".encode())
        assert [f.code for f in view.report.findings if f.severity == "error"] == ["headcount-unknown"], text


async def test_the_api_takes_inspections_as_every_other_registry(client, enter) -> None:
    registrar = await enter("deng", "registrar")
    answer = await client.post("/api/v1/imports/inspections?filename=a.csv", content=(HEADER + ROWS).encode(), headers=registrar)
    assert answer.status_code == 201, answer.text
    done = await client.post(f"{answer.headers['location']}/confirm", headers=registrar)
    assert done.status_code == 200
    assert done.json()["confirmed_at"]
