"""Lists of the registries: what is searched is found and nothing else, page by page, for those who may."""

import re

import pytest

from service.errors import Invalid
from service.pages.registry.finding import PAGE
from service.pages.registry.listing import read_listing
from service.pages.registry.question import parse_key, parse_question
from service.registry.importing import check_import, confirm_import
from service.registry.search import initials_of
from service.registry.writing import fill_marks

HEADER = "统一社会信用代码,企业名称,所属区域,行业领域,风险等级,信用等级,标准化等级,企业类型\n"
FIRMS = """\
91420000MA0000001A,云州重工机械有限公司,东湖区,机械,红,A,一级,有限责任公司
91420000MA0000002B,重庆银行云州分行,东湖区,金融,蓝,B,,股份有限公司
91429999MA0000003C,云州长兴百货商行,西山区,商贸,黄,,三级,个体工商户
SITE-7,ＡＢＣ（云州）音乐厅,西山区,商贸,,C,,个体工商户
"""


async def bring(office, kind: str, text: str) -> None:
    view = await check_import(office, None, kind, "a.csv", text.encode())
    assert view.counts["refused"] == 0, view.report.findings
    await confirm_import(office, None, view.id)


async def found(office, kind: str = "targets", **asked: str) -> list[str]:
    listing = await read_listing(office, parse_question(kind, asked))
    return [row.code for row in listing.rows]


def test_words_decide_how_a_character_is_read() -> None:
    assert [initials_of(name) for name in ("重庆银行", "云州重工", "A1（云州）音乐厅", "")] == ["cqyh", "yzzg", "a1yzyyt", ""]


async def test_a_target_is_found_by_part_of_its_name_its_initials_and_the_beginning_of_its_code(office) -> None:
    await bring(office, "targets", HEADER + FIRMS)
    heavy, bank, shop, hall = (line.split(",")[0] for line in FIRMS.splitlines())
    for words, expected in {
        "重工": [heavy], "云州": [heavy, bank, shop, hall], "州重": [heavy], "工重": [], "云州 重工": [heavy], "cqyh": [bank],
        "YZZGJX": [heavy], "yyt": [hall], "914200": [heavy, bank], "91429999ma": [shop], "site-7": [hall], "9": [heavy, bank, shop],
        "abc（云州": [hall], "ａｂｃ(云州)": [hall], "a&b": [], "有限公司": [heavy], "%%": [], "__": [], "'; --": [],
    }.items():  # fmt: skip
        assert await found(office, q=words) == expected, words


async def test_words_too_short_to_search_are_answered_with_what_to_write(office) -> None:
    for words in ("云", "yz"):
        with pytest.raises(Invalid):
            await found(office, q=words)


async def test_filters_mix_with_words_and_find_what_is_not_filled_in(office) -> None:
    await bring(office, "targets", HEADER + FIRMS)
    heavy, bank, shop, hall = (line.split(",")[0] for line in FIRMS.splitlines())
    assert await found(office, area="西山区", sector="商贸") == [shop, hall]
    assert await found(office, area="西山区", q="音乐") == [hall]
    assert await found(office, risk_colour="-") == [hall]
    assert await found(office, standardisation="-") == [bank, hall]
    assert await found(office, credit_class="C", entity_type="个体工商户", status="active") == [hall]
    assert await found(office, risk_colour="red", q="银行") == []
    assert await found(office, name="无此筛选", limit="1") == [heavy, bank, shop, hall]


async def test_a_changed_name_is_found_anew_and_no_longer_by_the_old_one(office) -> None:
    await bring(office, "targets", HEADER + FIRMS)
    await bring(office, "targets", "统一社会信用代码,企业名称,风险等级\nSITE-7,东湖歌剧院,红\n")
    assert (await found(office, q="音乐厅"), await found(office, q="dhgjy"), await found(office, risk_colour="-")) == ([], ["SITE-7"], [])
    assert await found(office, q="歌剧", area="西山区") == ["SITE-7"]


async def test_targets_of_an_older_version_are_found_once_the_service_marked_them(office) -> None:
    await office.pool.executemany(
        "INSERT INTO target (id, name, area) VALUES ($1, $2, '东湖区')", [(f"OLD-{n}", f"云州老厂{n}号") for n in range(3)]
    )
    assert await found(office, q="老厂") == []
    assert (await fill_marks(office), await fill_marks(office)) == (3, 0)
    assert len(await found(office, q="yzlc", area="东湖区")) == 3


async def test_pages_hold_every_row_once_whatever_the_kind(office) -> None:
    number = 2 * PAGE + 3
    await bring(office, "targets", HEADER + "".join(f"T-{n},云州{n}厂,东湖区,机械,红,A,,\n" for n in range(number)))
    await bring(office, "inspectors", "执法证号,姓名\n" + "".join(f"P-{n},王{n}\n" for n in range(number)))
    await bring(office, "conflicts", "人员编号,统一社会信用代码,回避事由\n" + "".join(f"P-{n % 7},T-{n},近亲属\n" for n in range(number)))
    await bring(office, "inspections", "统一社会信用代码,检查日期\n" + "".join(f"T-{n % 5},2026-{1 + n % 12:02}-{1 + n % 28:02}\n" for n in range(number)))
    for kind in ("targets", "inspectors", "conflicts", "inspections"):
        seen, after = list[str](), ""
        while True:
            listing = await read_listing(office, parse_question(kind, {"after": after}))
            seen += [row.key for row in listing.rows]
            if listing.more is None:
                break
            after = listing.more
        rows = await office.pool.fetchval(f"SELECT count(*) FROM {kind.removesuffix('s')}")
        assert (len(seen), len(set(seen))) == (rows, rows), kind
        assert (listing.found.number, listing.found.exact) == (rows, True), kind


@pytest.mark.parametrize("text", ["x", "[]", '["a"]', '["a","b"]', '["a","2026-13-01","",""]', "[1,2,3,4]", '["\\u0000","2026-01-01","",""]'])
def test_a_place_that_is_none_is_refused(text) -> None:
    with pytest.raises(Invalid):
        parse_key("inspections", text)


async def test_the_pages_show_escape_and_note_who_looked(client, office, enter) -> None:
    await bring(office, "targets", HEADER + FIRMS + "X-1,<b>云州</b>,,,,,,\n")
    await bring(office, "inspectors", "执法证号,姓名\nP-1,王某\n")
    await bring(office, "conflicts", "人员编号,统一社会信用代码,回避事由\nP-1,SITE-7,近亲属\n")
    registrar = await enter("deng", "registrar")
    overview = await client.get("/staff/registries", headers=registrar)
    assert re.search(r"检查对象名录.*?>5<.*?>1<.*?a\.csv", overview.text, re.DOTALL)
    page = await client.get("/staff/registries/targets?q=云州&sector=商贸", headers=registrar)
    assert "音乐厅" in page.text and "重工" not in page.text
    assert "&lt;b&gt;云州" in (await client.get("/staff/registries/targets?q=X-1", headers=registrar)).text
    short = await client.get("/staff/registries/targets?q=云", headers=registrar)
    assert (short.status_code, "至少写两个字" in short.text) == (400, True)
    assert "王某 回避 ＡＢＣ（云州）音乐厅" in (await client.get("/staff/registries/conflicts", headers=registrar)).text
    assert (await client.get("/staff/registries/firms", headers=registrar)).status_code == 404
    assert (await client.get("/staff/registries/targets?after=x&q=%00", headers=registrar)).status_code == 422
    noted = await office.pool.fetch("SELECT action FROM access_log WHERE action LIKE 'read registry%' ORDER BY id")
    assert [row["action"] for row in noted].count("read registry of conflicts") == 1


async def test_frequent_words_and_filters_are_paged_through_without_loss(office, monkeypatch) -> None:
    """What more rows fit than are looked up by marks, by count or by estimate."""
    firms = [f"T-{n},云州{n}厂,东湖区,机械,{'红蓝'[n % 2]},A,,\n" for n in range(4 * PAGE)]
    await bring(office, "targets", HEADER + "".join(firms))
    for full, frequent in ((PAGE, 10**9), (10**9, 0)):
        monkeypatch.setattr("service.pages.registry.finding.FULL", full)
        monkeypatch.setattr("service.pages.registry.finding._FREQUENT", frequent)
        for asked, fits in (({"q": "云州"}, firms), ({"risk_colour": "blue"}, firms[1::2]), ({"q": "T-1", "area": "东湖区"}, [f for f in firms if f[:3] == "T-1"])):
            seen, after = list[str](), ""
            while after is not None:
                listing = await read_listing(office, parse_question("targets", asked | {"after": after}))
                assert (listing.found.shuffled, listing.found.exact) == (True, False)
                seen += [row.code for row in listing.rows]
                after = listing.more
            assert sorted(seen) == sorted(firm.split(",")[0] for firm in fits), asked
