"""Importing through pages: everything found is shown at once, nothing is written before the confirmation, and what was written is kept."""

import datetime
import html
import io
import re
import zipfile

import msgspec
import pytest

from service.registry import check_table, read_table
from service.registry.fields import FIELDS
from service.registry.importing import check_import, confirm_import
from service.registry.records import KINDS
from service.registry.sheets import format_template, format_workbook
from service.sample.damaged import format_damaged
from service.sample.targets import make_target

HEADER = "统一社会信用代码,企业名称,所属区域,风险等级\n"
DAY = datetime.date(2026, 6, 1)


async def upload(client, headers, kind: str, content: bytes, name: str = "a.csv"):
    return await client.post(f"/staff/registries/{kind}/import", files={"file": (name, content)}, headers=headers)


def words(page: str) -> str:
    """The text of a page without its marks, spaces collapsed."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


# One fault or more in each row: 33 kinds of fault of one column or another, of the file and of pairs of rows.
FAULTY = f"""\
统一社会信用代码,企业名称,所属区域,行业领域,风险等级,信用等级,标准化等级,企业类型,地址,成立日期,经营状态,上次检查日期,从业人数,联系人
,没有编号
9.14e17,丢了数字
正在办理,中文编号
s1te-1,小写编号
SITE-2
SITE-3,空  格 甲
SITE-4,"=1+1"
SITE-5,乱码�
SITE-6,{"长" * 201}
SITE-7,丁,{"长" * 65}
SITE-8,丁,区,{"长" * 65}
SITE-9,丁,,,紫
SITE-10,丁,,,,优秀
SITE-11,丁,,,,,四星
SITE-12,丁,,,,,,{"长" * 101}
SITE-13,丁,,,,,,,{"长" * 301}
SITE-14,丁,,,,,,,,31/12/2020
SITE-15,丁,,,,,,,,42801
SITE-16,丁,,,,,,,,2020-01-01至2030-01-01
SITE-17,丁,,,,,,,,,不明
SITE-18,丁,,,,,,,,,,2026-02-30
SITE-19,丁,,,,,,,,,,42801
SITE-20,丁,,,,,,,,,,,若干
SITE-21,=丁,-区,+业,,,,@型,=址
SITE-22,双
SITE-22,双
SITE-23,甲
SITE-23,乙
91420000MA4KLQ0X1A,校验
9142000OMA4KLQ0X1A,字母
421902000000019,旧号
"""


async def show_all(client, office, registrar, data: bytes) -> None:
    """Upload and see: every finding of the check is a row of the page, and nothing was written."""
    report = check_table("targets", read_table(data, "x"), {})
    answer = await upload(client, registrar, "targets", data, "企业名录.xlsx")
    assert answer.status_code == 303, words(answer.text)[:500]
    page = await client.get(answer.headers["location"], headers=registrar)
    rows = {words(row) for row in re.findall(r"<tr>.*?</tr>", page.text, re.DOTALL)}
    for f in report.findings:
        shown = f"{f.row or '整份文件'} {f.column} {f.value} {f.message_zh} {f.mend_zh}"
        assert " ".join(shown.split()) in rows, f
    assert await office.pool.fetchval("SELECT count(*) FROM target") == 0
    rejected = await client.get(f"{answer.headers['location']}/rejected.csv", headers=registrar)
    assert rejected.text.count("\r\n") == report.counts.refused + 1


async def test_thirty_kinds_of_fault_in_one_file_are_all_shown_with_place_and_mend(client, office, enter) -> None:
    report = check_table("targets", read_table(FAULTY.encode(), "x.csv"), {})
    assert len({(finding.column, finding.code) for finding in report.findings}) >= 30
    await show_all(client, office, await enter("deng", "registrar"), FAULTY.encode())


async def test_every_fault_of_the_damaged_workbook_is_shown(client, office, enter) -> None:
    await show_all(client, office, await enter("deng", "registrar"), format_damaged("demo", DAY))


async def test_a_list_of_another_registry_is_named_and_cannot_be_confirmed(client, office, enter) -> None:
    registrar = await enter("deng", "registrar")
    answer = await upload(client, registrar, "targets", "执法证号,姓名,证件有效期\nP-1,王某,2030-01-01\n".encode())
    page = words((await client.get(answer.headers["location"], headers=registrar)).text)
    assert "看起来是检查人员名录" in page and "确认导入" not in page
    refused = await client.post(f"{answer.headers['location']}/confirm", headers=registrar)
    assert (refused.status_code, "没有导入，名录没有变化" in refused.text) == (409, True)


@pytest.mark.parametrize(("name", "content"), [("a.pdf", b"%PDF-1.7"), ("a.xlsx", b"PK\x03\x04nothing"), ("a.csv", b"  "), ("", b"")])
async def test_what_is_no_table_is_refused_on_the_page_it_was_sent_from(client, office, enter, name, content) -> None:
    answer = await upload(client, await enter("deng", "registrar"), "targets", content, name)
    assert answer.status_code == 422 and "没有读取这份文件" in answer.text
    assert await office.pool.fetchval("SELECT count(*) FROM import_batch") == 0


async def test_a_file_is_confirmed_once_and_what_it_changed_is_kept_for_ever(client, office, enter) -> None:
    registrar, auditor = await enter("deng", "registrar"), await enter("shen", "auditor")
    first = (await upload(client, registrar, "targets", (HEADER + "T-1,一厂,东湖区,红\nT-2,二厂,,\n").encode())).headers["location"]
    assert "确认导入 2 行" in (await client.get(first, headers=registrar)).text
    assert "确认导入" not in (await client.get(first, headers=auditor)).text
    assert (await client.post(f"{first}/confirm", headers=registrar)).headers["location"] == first
    second = (await upload(client, registrar, "targets", (HEADER + "T-1,一厂,西山区,蓝\nT-2,二厂,,\nT-3,<i>,,\n").encode())).headers["location"]
    page = (await client.get(second, headers=registrar)).text
    assert "<del>东湖区</del>" in page and "<ins>西山区</ins>" in page
    for _ in range(2):
        assert (await client.post(f"{second}/confirm", headers=registrar)).status_code == 303
    assert "已导入检查对象名录" in (await client.get(second, headers=auditor)).text
    kept = await office.pool.fetch("SELECT version, key, changes FROM registry_change ORDER BY version, key")
    assert [(row["version"], row["key"], row["changes"] and msgspec.json.decode(row["changes"])) for row in kept] == [
        (1, "T-1", None), (1, "T-2", None), (2, "T-1", [["所属区域", "东湖区", "西山区"], ["风险等级", "红", "蓝"]]), (2, "T-3", None),
    ]  # fmt: skip
    with pytest.raises(Exception, match="only ever added"):
        await office.pool.execute("DELETE FROM registry_change")
    assert await office.pool.fetch("SELECT kind, version FROM import_batch ORDER BY version") == [("targets", 1), ("targets", 2)]


async def test_a_registry_that_moved_since_the_check_is_said_on_the_page(client, office, enter) -> None:
    registrar = await enter("deng", "registrar")
    seen = (await upload(client, registrar, "targets", (HEADER + "T-1,一厂,,\n").encode())).headers["location"]
    other = await check_import(office, None, "targets", "b.csv", (HEADER + "T-1,别名,,\n").encode())
    await confirm_import(office, None, other.id)
    answer = await client.post(f"{seen}/confirm", headers=registrar)
    assert (answer.status_code, "检查之后名录已变化" in answer.text) == (409, True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_is_recognised_column_by_column(kind) -> None:
    table = read_table(format_template(kind), "t.xlsx")
    report = check_table(kind, table, {})
    assert report.usable and report.ignored_columns == () and not report.findings
    assert list(report.columns.values()) == [field.name for field in FIELDS[kind]]


def test_a_workbook_of_ours_reads_back_to_the_same_records_and_holds_no_formula() -> None:
    targets = [make_target("s", number, DAY) for number in range(50)]
    targets[0] = msgspec.structs.replace(targets[0], name='=HYPERLINK("http://x.invalid","厂")', id="000123456789012345")
    data = format_workbook("targets", targets)
    report = check_table("targets", read_table(data, "x.xlsx"), {target.id: target for target in targets})
    assert (report.counts.unchanged, report.counts.rows) == (50, 50)
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet and b"<v>" not in sheet.replace(b't="s"><v>', b"")
