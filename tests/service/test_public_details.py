"""What a reader who trusts nobody needs from the public pages: commands that print the truth, a verifier, a readable log."""

import asyncio
import hashlib
import html
import json
import re
import shutil
from pathlib import Path

import msgspec
import pytest
import scene as scenes
from test_public_pages import HTML, Outline, read, text_of, verdicts

from selection.plan import StatedReason
from service.errors import NotFound
from service.pages import log_entries
from service.pages.commands import one_liners
from service.pages.keys import read_keys_page
from service.pages.log_entries import KINDS, read_log_page
from service.pages.record import read_record
from service.pages.strata import exceptions_of
from service.pages.verification import steps_in_words, undecided_steps

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "spec" / "reference" / "verify.py"


async def printed(command: str) -> str:
    made = await asyncio.create_subprocess_exec("/bin/sh", "-c", command, stdout=asyncio.subprocess.PIPE)
    output, _ = await made.communicate()
    return output.decode().split()[0]


async def test_every_key_on_a_ticket_page_is_printed_by_its_command(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    transcript = await scene.transcript()
    drawn = transcript.targets[0]
    page = html.unescape(await read(client, f"/draws/{scene.draw}/tickets/{drawn.id}/"))
    commands = [c for c in re.findall(r"<code>(printf [^<]*)</code>", page) if c.endswith("sha256sum")]
    async with office.pool.acquire() as connection:
        plan = (await read_record(connection, scene.draw)).plan
    commitment = next(c.commitment for c in plan.contributors if hasattr(c, "commitment"))
    expected = [drawn.ticket, commitment, transcript.draw_key, transcript.stage_key]
    assert [await printed(command) for command in commands] == expected
    assert "第 14 步会全部重算" in page


@pytest.mark.skipif(shutil.which("shasum") is None, reason="shasum is not installed")
async def test_the_command_for_macos_prints_the_same() -> None:
    commands = one_liners("ab" * 32, "91420700MA4KXXXX1A")
    assert await printed(commands.macos) == await printed(commands.linux)


async def test_the_verifier_is_served_as_it_is_under_the_fingerprint_shown(client) -> None:
    answer = await client.get("/verify/verify.py")
    assert answer.content == VERIFIER.read_bytes()
    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"
    assert "verify.py" in answer.headers["content-disposition"]
    page = await client.get("/verify/", headers=HTML)
    assert hashlib.sha256(answer.content).hexdigest() in page.text
    assert "不要只信本站" in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"


async def test_commands_and_downloads_name_the_same_policy_file(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    for path in ("/verify/", "/keys/", f"/draws/{scene.draw}/"):
        page = await read(client, path)
        assert set(re.findall(r'href="/policy" download="([^"]*)"', page)) == {"policy.json"}
        assert not re.findall(r"--policy (?!policy\.json\n|policy\.json<)", page)
        assert 'href="/policy">' not in page


async def test_the_page_foretells_exactly_which_steps_stay_undecided(client, office, clock) -> None:
    opened, sealed = await scenes.open_scene(office, clock), await scenes.sealed_scene(office, clock)
    quorum = (await read_keys_page(office)).quorum
    for scene, closed in ((opened, False), (sealed, True)):
        async with office.pool.acquire() as connection:
            plan = (await read_record(connection, scene.draw)).plan
        foretold = undecided_steps(plan, quorum, closed)
        assert {n for n, verdict in (await verdicts(office, scene.draw)).items() if verdict != "pass"} == set(
            foretold
        )
        assert f"第 {steps_in_words(foretold)} 步“未查”" in text_of(
            await read(client, f"/draws/{scene.draw}/")
        )
    assert steps_in_words((6, 8, 11, 22)) == "6、8、11、22"
    assert steps_in_words((6, 8, *range(14, 23))) == "6、8、14–22"
    assert steps_in_words((6, 7)) == "6、7"


async def test_the_log_page_lists_every_entry_once_newest_first(client, office, clock, monkeypatch) -> None:
    scene = await scenes.open_scene(office, clock)
    await scenes.sealed_scene(office, clock)
    shard, size = await office.pool.fetchrow("SELECT shard, size FROM log_head WHERE active")
    page = await read(client, f"/log/{shard}/")
    for link in {
        link for link in Outline(page).links if link.startswith(("/doc/", "/draws/", "/results/", "/log/"))
    }:
        assert (await client.get(link, headers=HTML)).status_code == 200, link
    for path in re.findall(r"curl -f\S* (?:--create-dirs -o \S+ )?\S+?(/log/\S+)", page):
        assert (await client.get(path)).status_code == 200, path
    assert scene.result.rpartition(".")[2] in page
    monkeypatch.setattr(log_entries, "PAGE", 7)
    seen, page = list((await read_log_page(office, shard)).entries), (await read_log_page(office, shard)).next
    while True:
        part = await read_log_page(office, shard, page)
        # The newest page and the next may share entries: the pages are counted from the first entry.
        seen += [entry for entry in part.entries if entry.number < seen[-1].number]
        assert part.next == (None if page == 1 else page - 1)
        if part.next is None:
            break
        page = part.next
    assert [entry.number for entry in seen] == list(range(size, 0, -1))
    assert {entry.kind for entry in seen} <= set(KINDS.values())
    for entry in seen:
        stored = await office.pool.fetchrow(
            "SELECT draw, leaf_index FROM document WHERE sha256 = $1", entry.sha256
        )
        assert (stored["draw"], stored["leaf_index"] + 1) == (entry.draw, entry.number)
    with pytest.raises(NotFound):
        await read_log_page(office, "nothing")
    for strange in ("0", "x", "-1", "9" * 30):
        assert (await client.get(f"/log/{shard}/page/{strange}/", headers=HTML)).status_code in (400, 404)


async def test_the_sources_name_the_bureaus_own_number_and_who_keeps_it(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    said = text_of(await read(client, f"/draws/{scene.draw}/"))
    assert "本机关事先封存的随机数（封条由" in said
    assert "只要最后的号码没人能操纵，结果就没人能选" in said
    assert re.search(r"共 5 个来源", said)
    assert "检查机关出，" in said
    assert "本日志中同号计划：仅此一份" in said
    form = await office.pool.fetchval(
        "SELECT convert_from(data, 'UTF8')::jsonb ->> 'form' FROM document WHERE draw = $1 AND kind = 'contribution/v1'"
        " AND convert_from(data, 'UTF8')::jsonb ->> 'form' IS NOT NULL LIMIT 1", scene.draw
    )  # fmt: skip
    assert form in said
    assert "表存本机关，可申请查阅" in said


async def test_an_exception_stands_beside_the_real_figure(office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    async with office.pool.acquire() as connection:
        plan = (await read_record(connection, scene.draw)).plan
    stratum, class_ = plan.strata[0], plan.classes[0]
    assert stratum.population >= 20

    def figure(rule: str, subject: str, thin: dict[str, int], **changes: int) -> str:
        changed = msgspec.structs.replace(stratum, **changes)
        stated = StatedReason(reason="理由", rule=rule, subject=subject)
        return exceptions_of(msgspec.structs.replace(plan, exceptions=(stated,), strata=(changed,)), thin)[
            0
        ].figure

    assert figure("small-stratum", stratum.id, {}) == f"实际 {stratum.population} 户，此说明并非必需"
    assert figure("small-stratum", stratum.id, {}, population=19) == "实际 19 户"
    assert figure("small-stratum", stratum.id, {}, population=20).endswith("并非必需")
    assert figure("no-chance", f"{stratum.id}/{stratum.quotas[0].section}", {}).endswith("并非必需")
    seat = f"{class_.id}/inspectors/1"
    assert figure("thin-seat", seat, {seat: 2}) == "实际最少的区域可选 2 人"
    assert figure("thin-seat", seat, {}).endswith("并非必需")


async def test_results_are_listed_by_name_under_their_code(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    page = await read(client, f"/draws/{scene.draw}/")
    results = page.split('id="results"')[1].split("</section>")[0]
    for row in await office.pool.fetch("SELECT id, target FROM result WHERE draw = $1", scene.draw):
        name = await office.pool.fetchval(
            "SELECT name FROM draw_target WHERE draw = $1 AND target = $2", scene.draw, row["target"]
        )
        assert f'<a href="/results/{row["id"]}/">{name}</a>' in results
    assert 'href="#results"' in page
    first = text_of(await read(client, f"/results/{scene.result}/1/"))
    assert "须在期限内整改，最迟 2026-12-15" in first
    newest = await read(client, f"/results/{scene.result}/")
    assert "须在期限内" not in newest
    assert "未填" in text_of(newest)  # something was found, and what was done about it does not stand there
    clean = await office.pool.fetchval(
        "SELECT id FROM result WHERE draw = $1 AND code = 'NO_PROBLEM' LIMIT 1", scene.draw
    )
    assert "未填" not in await read(client, f"/results/{clean}/")


async def test_raw_lists_come_with_the_meaning_of_their_codes(client, office, clock) -> None:
    scene = await scenes.frozen_scene(office, clock)
    page = await read(client, f"/draws/{scene.draw}/")
    async with office.pool.acquire() as connection:
        record = await read_record(connection, scene.draw)
    for named in (*record.plan.reason_codes, *record.plan.areas, *record.plan.strata):
        assert f"<code>{named.id}</code> {named.name}" in page
    stored = json.loads(await office.pool.fetchval("SELECT data FROM document WHERE sha256 = $1", record.s))
    assert f'href="/blob/{stored["blobs"]["excluded"]["sha256"]}">理由逐户公开</a>' in page


async def test_another_plan_of_the_same_number_is_named_with_its_place_in_the_log(
    client, office, clock
) -> None:
    first = await scenes.voided_scene(office, clock)
    task = scenes.draft(26, first.mandatory).task
    second = await scenes.voided_scene(office, clock, day=27, retries=first.draw, task=task)
    assert second.draw == first.draw[:-1] + "2"
    for scene, other in ((first, second), (second, first)):
        said = text_of(await read(client, f"/draws/{scene.draw}/"))
        index = await office.pool.fetchval(
            "SELECT leaf_index FROM document WHERE draw = $1 AND kind = 'draw-plan/v1'", other.draw
        )
        assert f"同号的计划另有 1 份：{other.draw}（第 {index + 1} 条，已作废）" in said
        assert "仅此一份" not in said
