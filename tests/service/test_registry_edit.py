"""One row typed into a form: the checks of an import, the difference before anything is written, and nothing typed is lost."""

import html
import re
from urllib.parse import quote

import pytest

from service.registry.fields import FIELDS
from service.registry.importing import check_import, confirm_import
from service.registry.records import KINDS

FILES = {
    "targets": "统一社会信用代码,企业名称,所属区域,风险等级,从业人数\nT-1,云州一厂,东湖区,红,0\n",
    "items": "事项编号,事项名称,检查依据,必查,适用类别\nI-1,消防通道,《消防法》,是,机械、化工\n",
    "inspectors": "执法证号,姓名,单位,执法区域,专业,证件有效期,组长\nP-1,王某,执法队,东湖区,危化,2030-01-01,是\n",
    "experts": "专家编号,姓名,专业,聘期截止,服务企业\nE-1,李某,危化,2030-01-01,T-1\n",
    "conflicts": "人员编号,统一社会信用代码,回避事由\nP-1,T-1,近亲属\n",
    "services": "服务提供方,提供方类别,信用代码,服务开始日期\nE-1,专家,T-1,2025-01-01\n",
    "inspections": "统一社会信用代码,检查日期,检查机关,检查来源\nT-1,2026-03-04,市消防救援支队,投诉举报\n",
}
KEYS = {"targets": '["T-1"]', "items": '["I-1"]', "inspectors": '["P-1"]', "experts": '["E-1"]', "conflicts": '["P-1","T-1"]',
        "services": '["E-1","T-1","2025-01-01"]', "inspections": '["T-1","2026-03-04","市消防救援支队",""]'}  # fmt: skip
# What a person changes in each: field, as it is typed, as the page then shows it.
CHANGED = {
    "targets": ("headcount", "35人", "35"), "items": ("method", "现场检查", "现场检查"), "inspectors": ("certificate_expires", "2031/1/1", "2031-01-01"),
    "experts": ("specialities", "危化、机械", "危化、机械"), "conflicts": ("evidence", "本人申报", "本人申报"), "services": ("what", "评价", "评价"),
    "inspections": ("outcome", "未发现问题", "未发现问题"),
}  # fmt: skip


async def fill(office) -> None:
    for kind in KINDS:
        view = await check_import(office, None, kind, f"{kind}.csv", FILES[kind].encode())
        await confirm_import(office, None, view.id)


def typed_in(page: str) -> dict[str, str]:
    """What the form would send: name -> text."""
    form = re.search(r'<form method="post" action="/staff/registries/.*?</form>', page, re.DOTALL)[0]
    sent = {html.unescape(n): html.unescape(v) for n, v in re.findall(r'<input[^>]* name="([^"]*)" value="([^"]*)"', form)}
    sent |= {n: html.unescape(t) for n, t in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL)}
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        values = re.findall(r'<option value="([^"]*)"( selected)?', options)
        sent[name] = html.unescape(next((value for value, chosen in values if chosen), values[0][0]))
    return sent


@pytest.mark.parametrize("kind", KINDS)
async def test_a_form_sent_as_it_is_changes_nothing_and_one_changed_field_is_shown_and_written(client, office, enter, kind) -> None:
    await fill(office)
    registrar = await enter("deng", "registrar")
    sent = typed_in((await client.get(f"/staff/registries/{kind}/edit?key={quote(KEYS[kind])}", headers=registrar)).text)
    same = await client.post(f"/staff/registries/{kind}/edit", data=sent, headers=registrar)
    assert (same.status_code, "没有要写入的变化" in same.text) == (200, True), same.text[:2000]
    field, text, shown = CHANGED[kind]
    answer = await client.post(f"/staff/registries/{kind}/edit", data=sent | {field: text}, headers=registrar)
    assert answer.status_code == 303, answer.text
    checked = (await client.get(answer.headers["location"], headers=registrar)).text
    label = next(f.label for f in FIELDS[kind] if f.name == field)
    changes = re.findall(r'<td class="full">([^<]*)</td><td[^>]*><del>([^<]*)</del></td><td[^>]*><ins>([^<]*)</ins>', checked)
    assert [(changed, new) for changed, _, new in changes] == [(label, shown)]  # that field and no other
    assert await office.pool.fetchval("SELECT version FROM registry_version WHERE kind = $1", kind) == 1  # nothing is written yet
    back = typed_in((await client.get(f"/staff/registries/{kind}/edit?typed={answer.headers['location'].split('/')[-1]}", headers=registrar)).text)
    assert (back[field], back["key"]) == (text, KEYS[kind].replace(",", ","))
    assert (await client.post(f"{answer.headers['location']}/confirm", headers=registrar)).status_code == 303
    row = (await client.get(f"/staff/registries/{kind}/row?key={quote(KEYS[kind])}", headers=registrar)).text
    assert shown in row and "单条修改" in row


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_form_names_every_field_that_is_missing(client, office, enter, kind) -> None:
    registrar = await enter("deng", "registrar")
    sent = typed_in((await client.get(f"/staff/registries/{kind}/edit", headers=registrar)).text)
    answer = await client.post(f"/staff/registries/{kind}/edit", data=sent, headers=registrar)
    assert answer.status_code == 422
    for field in FIELDS[kind]:
        wrong = f'<a href="#f-{field.name}">' in answer.text
        expected = field.required and not sent.get(field.name)
        assert wrong == expected, field.name
        assert (f'id="e-{field.name}"' in answer.text) >= wrong
    assert await office.pool.fetchval("SELECT count(*) FROM import_batch") == 0


async def test_what_was_typed_is_kept_with_the_fault_at_its_field(client, office, enter) -> None:
    await fill(office)
    registrar = await enter("deng", "registrar")
    typed = {"id": "T-2", "name": "二\"厂<b>", "established": "31/12/2020", "headcount": "若干", "risk_colour": "红", "status": "正常", "address": "某路, 1号；\t乙"}
    answer = await client.post("/staff/registries/targets/edit", data=typed, headers=registrar)
    assert answer.status_code == 422
    again = typed_in(answer.text)
    assert {name: again[name] for name in typed} == typed
    for name in ("established", "headcount"):
        assert f'<a href="#f-{name}">' in answer.text and re.search(rf'id="f-{name}"[^>]*aria-invalid="true"', answer.text)


async def test_a_new_row_never_changes_one_that_is_there(client, office, enter) -> None:
    await fill(office)
    registrar = await enter("deng", "registrar")
    answer = await client.post("/staff/registries/targets/edit", data={"id": "t-1", "name": "另一家"}, headers=registrar)
    assert (answer.status_code, "已有这个编号" in answer.text) == (422, True)
    answer = await client.post("/staff/registries/targets/edit", data={"id": "T-2", "name": "另一家"}, headers=registrar)
    page = (await client.get(answer.headers["location"], headers=registrar)).text
    assert "另一家" in page and "确认登记" in page
    await client.post(f"{answer.headers['location']}/confirm", headers=registrar)
    assert await office.pool.fetchval("SELECT name FROM target WHERE id = 'T-2'") == "另一家"


@pytest.mark.parametrize(
    ("kind", "typed", "field", "value"),
    [("targets", {"status": "注销"}, "status", "deregistered"), ("items", {"status": "失效"}, "status", "inactive"), ("inspectors", {"status": "暂停"}, "status", "suspended"),
     ("experts", {"status": "失效"}, "status", "inactive"), ("services", {"until": "2026-05-06"}, "until", "2026-05-06")],
)  # fmt: skip
async def test_a_row_ends_and_keeps_all_else(client, office, enter, kind, typed, field, value) -> None:
    await fill(office)
    registrar = await enter("deng", "registrar")
    table = kind.removesuffix("s")
    before = dict(await office.pool.fetchrow(f"SELECT * FROM {table}"))
    page = (await client.get(f"/staff/registries/{kind}/edit?key={quote(KEYS[kind])}&ends=1", headers=registrar)).text
    assert set(typed_in(page)) == {"csrf", "key", "ends", field}
    answer = await client.post(f"/staff/registries/{kind}/edit", data=typed_in(page) | typed, headers=registrar)
    await client.post(f"{answer.headers['location']}/confirm", headers=registrar)
    after = dict(await office.pool.fetchrow(f"SELECT * FROM {table}"))
    apart = {"changed_at", "marks", field}
    assert str(after[field]) == value
    assert {n: v for n, v in after.items() if n not in apart} == {n: v for n, v in before.items() if n not in apart}


async def test_the_key_of_a_row_is_not_edited_and_what_is_not_there_is_not_found(client, office, enter) -> None:
    await fill(office)
    registrar = await enter("deng", "registrar")
    answer = await client.post("/staff/registries/targets/edit", data={"key": '["T-1"]', "id": "T-7", "name": "新名"}, headers=registrar)
    await client.post(f"{answer.headers['location']}/confirm", headers=registrar)
    assert [tuple(r) for r in await office.pool.fetch("SELECT id, name FROM target")] == [("T-1", "新名")]
    for path in ('targets/edit?key=["no"]', 'conflicts/edit?key=["P-1","T-1"]&ends=1', "targets/edit?typed=00000000-0000-0000-0000-000000000000"):
        assert (await client.get(f"/staff/registries/{path}", headers=registrar)).status_code == 404, path
