"""Downloads of the registries: exactly what the list shows, nothing that a spreadsheet program would calculate, and who took it is noted."""

from service.registry import check_table, read_table
from service.registry.importing import check_import, confirm_import

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
    for kind in ("targets", "items", "inspectors", "experts", "conflicts", "inspections"):
        for form in ("csv", "xlsx"):
            assert (await client.get(f"/staff/registries/{kind}/export.{form}", headers=auditor)).status_code == 200
