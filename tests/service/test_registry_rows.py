"""One row of a registry: every kind opens from its list, and what each import changed stands there for ever."""

import html
import re

import scene as scenes

from service.registry.importing import check_import, confirm_import

ROWS = {
    "targets": "统一社会信用代码,企业名称,所属区域\nT-1,云州一厂,东湖区\n",
    "items": "事项编号,事项名称,检查依据\nI-1,消防通道,《消防法》\n",
    "inspectors": "执法证号,姓名\nP-1,王某\n",
    "experts": "专家编号,姓名\nE-1,李某\n",
    "conflicts": "人员编号,统一社会信用代码,回避事由\nP-1,T-1,近亲属\n",
    "services": "服务提供方,提供方类别,信用代码,服务开始日期\n消防|评价\\公司,机构,T-1,2025-01-01\n",
    "inspections": "统一社会信用代码,检查日期,检查机关,检查编号\nT-1,2026-03-04,消防|支队\\甲,〔2026〕1号\n",
}


async def bring(office, kind: str, text: str) -> None:
    view = await check_import(office, None, kind, f"{kind}.csv", text.encode())
    await confirm_import(office, None, view.id)


async def test_every_kind_of_row_opens_from_its_list_with_its_history(client, office, enter) -> None:
    auditor = await enter("shen", "auditor")
    for kind, text in ROWS.items():
        await bring(office, kind, text)
        listed = (await client.get(f"/staff/registries/{kind}", headers=auditor)).text
        (link,) = re.findall(rf'href="(/staff/registries/{kind}/row\?[^"]*)"', listed)
        page = await client.get(html.unescape(link), headers=auditor)
        assert page.status_code == 200, (kind, page.text[:300])
        assert f"{kind}.csv" in page.text and "新增" in page.text, kind
    assert await office.pool.fetchval("SELECT count(*) FROM access_log WHERE action LIKE 'read row of %'") == len(ROWS)


async def test_changes_stand_with_version_import_and_values_newest_first(client, office, enter) -> None:
    auditor = await enter("shen", "auditor")
    await bring(office, "targets", ROWS["targets"])
    await bring(office, "targets", "信用代码,企业名称\nT-2,另一家\n")
    await bring(office, "targets", "信用代码,企业名称,所属区域\nT-1,云州<一>厂,\n")
    page = (await client.get('/staff/registries/targets/row?key=["T-1"]', headers=auditor)).text
    assert "<del>云州一厂</del> → <ins>云州&lt;一&gt;厂</ins>" in page and "<del>东湖区</del> → <ins>（空）</ins>" in page
    assert re.findall(r'data-label="名录版本">(\d+)<', page) == ["3", "1"]


async def test_a_row_that_is_not_there_or_named_badly_is_said_so(client, enter) -> None:
    auditor = await enter("shen", "auditor")
    for key, status in (('["NO-1"]', 404), ("x", 422), ('["a","b"]', 422), ("", 422)):
        assert (await client.get(f"/staff/registries/targets/row?key={key}", headers=auditor)).status_code == status, key
    assert (await client.get('/staff/registries/inspections/row?key=["a","b","c","d"]', headers=auditor)).status_code == 422


async def test_a_target_names_the_draws_that_listed_it_and_not_who_was_drawn_while_sealed(client, office, clock, enter) -> None:
    sealed = await scenes.sealed_scene(office, clock)
    auditor = await enter("shen", "auditor")
    targets = [row["target"] for row in await office.pool.fetch("SELECT target FROM draw_target WHERE draw = $1", sealed.draw)]
    pages = {target: (await client.get(f'/staff/registries/targets/row?key=["{target}"]', headers=auditor)).text for target in targets[:40]}
    there = {target: text for target, text in pages.items() if f"/draws/{sealed.draw}/tickets/{target}/" in text}
    assert there.keys() == pages.keys()
    shapes = {re.sub(r"<dl.*?</dl>", "", text, flags=re.DOTALL).replace(target, "").count("<") for target, text in pages.items()}
    assert len(shapes) == 1  # drawn or not, the page is the same
