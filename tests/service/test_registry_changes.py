"""Versions of a registry: what any two of them differ in, page by page, as a file, and what a row was at each."""

import csv
import html
import io
import re

import pytest

from service.registry.importing import check_import, confirm_import
from service.registry.records import split_key

HEAD = "统一社会信用代码,企业名称,所属区域,经营状态\n"


async def bring(office, text: str, kind: str = "targets") -> None:
    view = await check_import(office, None, kind, f"{kind}.csv", text.encode())
    await confirm_import(office, None, view.id)


async def history(office) -> None:
    """Five versions: two firms; one renamed; a third comes and the second closes; the first gets its old name back; areas."""
    await bring(office, HEAD + "T-1,甲厂,东湖区,正常\nT-2,乙厂,东湖区,正常\n")
    await bring(office, HEAD + "T-1,甲新厂,东湖区,正常\n")
    await bring(office, HEAD + "T-3,丙厂,西山区,正常\nT-2,乙厂,东湖区,注销\n")
    await bring(office, HEAD + "T-1,甲厂,东湖区,正常\n")
    await bring(office, HEAD + "T-3,丙厂,南浦区,正常\n")


def cells(page: str) -> list[list[str]]:
    """The rows of the page's table of changes: code, fate, changes."""
    rows = re.findall(r"<tr><th scope=\"row\".*?</tr>", page, re.DOTALL)
    found = []
    for row in rows:
        code = re.search(r'<small class="mono">([^<]*)</small>', row)[1]
        fate = re.search(r'<span class="tag[^"]*">([^<]*)</span>', row)[1]
        changes = [html.unescape(re.sub(r"<[^>]*>", "", c)) for c in re.findall(r"<div>(.*?)</div>", row)]
        found.append([code, fate, *changes])
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("since=1", [["T-1", "改后又改回"], ["T-2", "停用或合并", "经营状态：正常 → 注销"], ["T-3", "新增", "所属区域：西山区 → 南浦区"]]),
        ("since=1&until=2", [["T-1", "变更", "企业名称：甲厂 → 甲新厂"]]),
        ("since=2&until=3", [["T-2", "停用或合并", "经营状态：正常 → 注销"], ["T-3", "新增"]]),
        ("since=3&until=5", [["T-1", "变更", "企业名称：甲新厂 → 甲厂"], ["T-3", "变更", "所属区域：西山区 → 南浦区"]]),
        ("since=0&until=5&only=ended", [["T-2", "停用或合并", "经营状态：正常 → 注销"]]),
        ("since=2&until=5&only=new", [["T-3", "新增"]]),
        ("since=2&until=4&only=changed", [["T-1", "变更", "企业名称：甲新厂 → 甲厂"], ["T-2", "停用或合并", "经营状态：正常 → 注销"]]),
        ("since=5&until=5", []),
    ],
)
async def test_two_versions_differ_in_what_the_steps_between_them_add_up_to(client, office, enter, query, expected) -> None:
    await history(office)
    auditor = await enter("shen", "auditor")
    page = (await client.get(f"/staff/registries/targets/changes?{query}", headers=auditor)).text
    assert cells(page) == expected
    file = await client.get(f"/staff/registries/targets/changes.csv?{query}", headers=auditor)
    assert file.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))[1:]
    shown = [[code, fate, *([f"{label}：{old or '（空）'} → {new or '（空）'}"] if label else [])] for _, code, fate, label, old, new, *_ in lines]
    assert shown == expected  # here every row has one change at most: a line of the file is a row of the page


async def test_a_row_is_shown_as_it_was_at_every_version(client, office, enter) -> None:
    await history(office)
    auditor = await enter("shen", "auditor")
    names = []
    for version in range(5):
        page = (await client.get(f'/staff/registries/targets/row?key=["T-1"]&at={version}', headers=auditor)).text
        found = re.search(r"<dt>企业名称</dt><dd>([^<]*)</dd>", page)
        names.append(found[1] if found else "没有" if "还没有这一行" in page else "?")
    assert names == ["没有", "甲厂", "甲新厂", "甲新厂", "甲厂"]


async def test_pages_hold_every_changed_row_once(client, office, enter, monkeypatch) -> None:
    monkeypatch.setattr("service.pages.registry.changes.PAGE", 7)
    await bring(office, HEAD + "".join(f"T-{n},厂{n},,\n" for n in range(40)))
    await bring(office, HEAD + "".join(f"T-{n},新厂{n},,\n" for n in range(0, 40, 2)))
    auditor, seen, path = await enter("shen", "auditor"), [], "/staff/registries/targets/changes?since=0"
    while path:
        page = (await client.get(path, headers=auditor)).text
        seen += [code for code, *_ in cells(page)]
        following = re.search(r'<a href="([^"]*)" rel="next">', page)
        path = html.unescape(following[1]) if following else ""
    assert sorted(seen) == sorted(f"T-{n}" for n in range(40)) and len(set(seen)) == 40


async def test_versions_stand_with_who_and_how_many_and_lead_to_their_changes(client, office, enter) -> None:
    await history(office)
    page = (await client.get("/staff/registries/targets/versions", headers=await enter("shen", "auditor"))).text
    rows = [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in re.findall(r"<tr><th scope=\"row\".*?</tr>", page, re.DOTALL)]
    assert [row.split()[0] for row in rows] == ["5", "4", "3", "2", "1"]
    assert "命令行" in rows[0] and "targets.csv" in rows[0]
    assert re.search(r"targets.csv 1 1 ", rows[2]) and re.search(r"targets.csv 2 0 ", rows[4])


@pytest.mark.parametrize("query", ["since=6", "since=3&until=2", "since=x", "until=-1", "since=²"])
async def test_a_version_there_is_not_is_said_so(client, office, enter, query) -> None:
    await history(office)
    auditor = await enter("shen", "auditor")
    answer = await client.get(f"/staff/registries/targets/changes?{query}", headers=auditor)
    assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)
    assert (await client.get(f"/staff/registries/targets/changes.csv?{query}", headers=auditor)).status_code == 422


async def test_rows_named_by_several_parts_are_found_by_their_changes(client, office, enter) -> None:
    await bring(office, HEAD + "T-1,甲厂,,\n")
    await bring(office, "统一社会信用代码,检查日期,检查机关,检查编号\nT-1,2026-03-04,消防|支队\\甲,〔2026〕1号\n", "inspections")
    await bring(office, "服务提供方,提供方类别,信用代码,服务开始日期\n评价|公司,机构,T-1,2025-01-01\n", "services")
    auditor = await enter("shen", "auditor")
    for kind in ("inspections", "services"):
        page = (await client.get(f"/staff/registries/{kind}/changes?since=0", headers=auditor)).text
        (link,) = re.findall(rf'href="(/staff/registries/{kind}/row\?[^"]*)"', page)
        assert "甲厂" in page and (await client.get(html.unescape(link), headers=auditor)).status_code == 200
    assert split_key("conflicts", r"a\|b|c\\") == ("a|b", "c\\")
