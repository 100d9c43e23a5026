"""The access log: whole, in order, found by person, action, day and subject; taken away only with a trace, and harmless in a spreadsheet."""

import csv
import io
import re

import asyncpg
import pytest

from service import access_log
from service.access_log import ACTIONS, PAGE, Question, describe, read_lines


@pytest.fixture
async def lines(office, employ):
    """Lines of two people and the command line, on either side of a midnight in Beijing."""
    wang, li = await employ("wang", "operator"), await employ("li", "confirmer")
    await office.pool.executemany(
        "INSERT INTO access_log (at, staff, action, subject) VALUES ($1::text::timestamptz, $2, $3, $4)",
        [("2026-11-01T15:59:59Z", wang, "propose draw-plan/v1", "x-2026-1-1 plan"),
         ("2026-11-01T16:00:00Z", li, "agree draw-plan/v1", "x-2026-1-1 plan"),
         ("2026-11-02T15:59:59Z", wang, "read registry of inspectors", "q=%25_"),
         ("2026-11-02T16:00:00Z", None, "open", "x-2026-1-1"),
         ("2026-11-03T00:00:00Z", wang, "opened", "=HYPERLINK(\"http://x\")")],
    )  # fmt: skip


async def found(office, **question) -> list[str]:
    return [line.action for line in (await read_lines(office, Question(**question)))[0]]


@pytest.mark.parametrize(
    ("question", "actions"),
    [
        ({"person": "li"}, ["agree draw-plan/v1"]),
        ({"person": "li 某"}, ["agree draw-plan/v1"]),
        ({"person": "l"}, []),
        ({"action": "agree"}, ["agree draw-plan/v1"]),
        ({"action": "open"}, ["open"]),
        ({"subject": "x-2026-1-1"}, ["open", "agree draw-plan/v1", "propose draw-plan/v1"]),
        ({"subject": "%25_"}, ["read registry of inspectors"]),
        ({"subject": "x_2026"}, []),
    ],
)
async def test_lines_are_found(office, lines, question, actions) -> None:
    assert await found(office, **question) == actions


async def test_days_are_those_of_beijing(client, enter, lines) -> None:
    auditor = await enter("shen", "auditor")
    page = (await client.get("/staff/access-log?first=2026-11-02&last=2026-11-02", headers=auditor)).text
    assert [word in page for word in ("2026-11-01 23:59:59", "2026-11-02 00:00", "2026-11-02 23:59:59", "2026-11-03 00:00")] == [
        False, True, True, False,
    ]  # fmt: skip
    for wrong in ("first=yesterday", "first=2026-11-03&last=2026-11-02"):
        answer = await client.get(f"/staff/access-log?{wrong}", headers=auditor)
        assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)
    assert (await client.get(f"/staff/access-log?before={10**30}", headers=auditor)).status_code == 200


async def test_pages_lead_through_every_line_once(client, enter, office) -> None:
    auditor = await enter("shen", "auditor")
    await office.pool.execute("INSERT INTO access_log (action, subject) SELECT 'open', 'n' || n FROM generate_series(1, 250) n")
    address, seen = "/staff/access-log?action=open", []
    while address:
        page = (await client.get(address, headers=auditor)).text
        seen += re.findall(r'data-label="对象">(n\d+)<', page)
        more = re.search(r'<a href="([^"]+)">更早的', page)
        address = more and more[1].replace("&amp;", "&")
    assert seen == [f"n{n}" for n in range(250, 0, -1)]
    assert len(seen) > 2 * PAGE


async def test_the_export_is_whole_inert_and_leaves_a_trace(client, enter, office, lines) -> None:
    auditor = await enter("shen", "auditor")
    answer = await client.get("/staff/access-log.csv?person=wang", headers=auditor)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row[6] for row in rows[1:]] == ["opened", "read registry of inspectors", "propose draw-plan/v1"]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)
    assert (await found(office, person="shen"))[0] == "export access log"
    assert (await read_lines(office, Question(action="export access log")))[0][0].subject == "3 lines; person wang"


async def test_more_than_can_be_exported_is_refused_whole(client, enter, lines, monkeypatch) -> None:
    auditor = await enter("shen", "auditor")
    monkeypatch.setattr(access_log, "MOST_EXPORTED", 3)
    assert (await client.get("/staff/access-log.csv", headers=auditor)).status_code == 422
    assert (await client.get("/staff/access-log.csv?person=li", headers=auditor)).status_code == 200


async def test_the_log_cannot_be_changed_even_by_sql(office, lines) -> None:
    for sql in ("UPDATE access_log SET subject = ''", "DELETE FROM access_log"):
        with pytest.raises(asyncpg.PostgresError):
            await office.pool.execute(sql)


def test_every_action_the_service_notes_has_chinese_words() -> None:
    from pathlib import Path

    import service

    written = set()
    for path in Path(service.__file__).parent.rglob("*.py"):
        for call in re.findall(r"note\(\s*(.*?)\)", path.read_text(encoding="utf-8"), re.DOTALL):
            written |= set(re.findall(r'f?"([a-z][a-z -]+[a-z])(?: \{[^"]*)?"', call))
    actions = {word for word in written if describe(word) != word}
    assert len(actions) > 20
    assert written - actions <= {"all", "others", "on", "off"}
    assert all(re.search("[\u4e00-\u9fff]", word) for word in ACTIONS.values())
