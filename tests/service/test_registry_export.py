"""Downloads of the registries: exactly what the list shows, nothing that a spreadsheet program would calculate, and who took it is noted."""

import csv
import html
import io
import re

import pytest

from service.registry import check_table, read_table
from service.registry.fields import FIELDS
from service.registry.importing import check_import, confirm_import
from service.registry.records import KEYS as RECORD_KEYS
from service.registry.records import KINDS

HEADER = "统一社会信用代码,企业名称,所属区域,风险等级\n"
FIRMS = HEADER + "".join(f"T-{n},云州{n}厂,{'东湖区' if n % 3 else '西山区'},红\n" for n in range(120)) + "Z-1,=1+1,@区,\nZ-2,\"一,\"\"二\"\"\",,\n"


async def bring(office, kind: str, text: str) -> None:
    view = await check_import(office, None, kind, "a.csv", text.encode())
    await confirm_import(office, None, view.id)


async def test_a_download_holds_the_rows_of_the_filter_and_reads_back_unchanged(client, office, enter) -> None:
    await bring(office, "targets", FIRMS)
    registrar = await enter("deng", "registrar")
    for query, rows in (("", 122), ("?area=东湖区&q=云州&after=[\"T-50\"]", 80), ("?risk_colour=-", 2), ("?q=没有这家", 0)):
        for form in ("csv", "xlsx"):
            answer = await client.get(f"/staff/registries/targets/export.{form}{query}", headers=registrar)
            assert answer.status_code == 200 and f"targets.{form}" in answer.headers["content-disposition"]
            report = check_table("targets", read_table(answer.content, "x"), {})
            assert report.counts.new == report.counts.rows == rows, (query, form)
            again = await check_import(office, None, "targets", "b", answer.content)
            assert again.counts["unchanged"] == rows, (query, form)
    noted = await office.pool.fetch("SELECT subject FROM access_log WHERE action = 'export registry of targets' ORDER BY id")
    assert [row["subject"].split(",")[:2] for row in noted[:4]] == [["csv", " 122 rows"], ["xlsx", " 122 rows"], ["csv", " 80 rows"], ["xlsx", " 80 rows"]]


async def test_no_cell_of_a_csv_begins_like_a_formula(client, office, enter) -> None:
    await bring(office, "targets", FIRMS)
    text = (await client.get("/staff/registries/targets/export.csv?q=Z-1", headers=await enter("deng", "registrar"))).text
    cells = text.splitlines()[1].split(",")
    assert cells[1:3] == ["'=1+1", "'@区"]


async def test_too_many_rows_for_a_workbook_are_refused_with_the_way_out(client, office, enter, monkeypatch) -> None:
    monkeypatch.setattr("service.pages.registry.exporting.MOST_IN_WORKBOOK", 100)
    await bring(office, "targets", FIRMS)
    registrar = await enter("deng", "registrar")
    answer = await client.get("/staff/registries/targets/export.xlsx", headers=registrar)
    assert (answer.status_code, "CSV" in answer.json()["detail"]) == (422, True)
    assert (await client.get("/staff/registries/targets/export.csv?q=云", headers=registrar)).status_code == 422
    assert await office.pool.fetchval("SELECT count(*) FROM access_log WHERE action LIKE 'export%'") == 0


async def test_every_kind_can_be_taken_away_by_auditors_too(client, enter) -> None:
    auditor = await enter("shen", "auditor")
    for kind in ("targets", "items", "inspectors", "experts", "conflicts", "services", "inspections"):
        for form in ("csv", "xlsx"):
            assert (await client.get(f"/staff/registries/{kind}/export.{form}", headers=auditor)).status_code == 200


KINDS_FILES = {
    "targets": "统一社会信用代码,企业名称,所属区域,风险等级,成立日期\n" + "".join(f"T-{n},云州{n}厂,{'东湖区' if n % 2 else ''},{'红' if n % 3 else '蓝'},2001-02-03\n" for n in range(60)),
    "items": "事项编号,事项名称,检查依据,必查,部门,状态\n" + "".join(f"I-{n},通道{n},《消防法》,{'是' if n % 2 else '否'},甲,{'失效' if n % 5 == 0 else ''}\n" for n in range(60)),
    "inspectors": "执法证号,姓名,单位,执法区域,证件有效期,状态\n" + "".join(f"P-{n},王{n},执法{n % 3}队,东湖区、西山区,2030-01-01,{'暂停' if n % 2 else ''}\n" for n in range(60)),
    "experts": "专家编号,姓名,工作单位,专业,聘期截止\n" + "".join(f"E-{n},李{n},=单位,危化,\n" for n in range(60)),
    "conflicts": "人员编号,统一社会信用代码,回避事由\n" + "".join(f"P-{n},T-{n},{'近亲属' if n % 2 else '曾任职'}\n" for n in range(60)),
    "services": "服务提供方,提供方类别,信用代码,服务开始日期\n" + "".join(f"{f'E-{n},专家' if n % 2 else f'@公司{n},机构'},T-{n},2025-01-01\n" for n in range(60)),
    "inspections": "统一社会信用代码,检查日期,检查机关,检查来源,是否处罚,检查结果\n" + "".join(f"T-{n},2026-03-04,甲,投诉举报,{'是' if n % 2 else '否'},+无\n" for n in range(60)),
}  # fmt: skip
FILTERED = {"targets": "risk_colour=red&area=东湖区", "items": "mandatory=yes&status=active", "inspectors": "status=suspended&unit=执法1队", "experts": "q=李1",
            "conflicts": "reason=kinship", "services": "provider_kind=organisation", "inspections": "punished=yes"}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_of_every_kind_holds_the_rows_of_the_pages_in_their_order(client, office, enter, kind) -> None:
    """W29: page after page against CSV and workbook of the same query, cell by cell; a CSV opens in Excel and calculates nothing."""
    for each in KINDS:
        if each == kind or each in ("targets", "inspectors", "experts"):
            await bring(office, each, KINDS_FILES[each])
    auditor = await enter("shen", "auditor")
    for query in ("", FILTERED[kind]):
        shown, path = [], f"/staff/registries/{kind}?{query}"
        while path:
            page = (await client.get(path, headers=auditor)).text
            head = re.findall(r"<th scope=\"col\">([^<]*)</th>", page)[1:]
            for row in re.findall(r'<tr><th scope="row" class="wide">.*?</tr>', page, re.DOTALL):
                code = html.unescape(re.search(r'<small class="mono">([^<]*)</small>', row)[1])
                shown.append((code, dict(zip(head, map(html.unescape, re.findall(r"<td[^>]*>([^<]*)</td>", row)), strict=True))))
            following = re.search(r'<a href="([^"]*)" rel="next">', page)
            path = html.unescape(following[1]) if following else ""
        assert 0 < len(shown) < 60 if query else len(shown) == 60
        answer = await client.get(f"/staff/registries/{kind}/export.csv?{query}", headers=auditor)
        assert answer.content.startswith(b"\xef\xbb\xbf")
        lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert not [cell for line in lines for cell in line.values() if cell[:1] in ("=", "+", "-", "@")]
        plain = [{label: cell.removeprefix("'") for label, cell in line.items()} for line in lines]
        workbook = read_table((await client.get(f"/staff/registries/{kind}/export.xlsx?{query}", headers=auditor)).content, "x").rows
        width = len(workbook[0])
        assert [dict(zip(workbook[0], row + [""] * (width - len(row)), strict=True)) for row in workbook[1:]] == plain
        keys = [field.label for field in FIELDS[kind] if field.name in RECORD_KEYS[kind]]
        for (code, cells), line in zip(shown, plain, strict=True):
            assert code.split()[0] == line[keys[0]]
            assert cells == {label: line[label] for label in cells}
