"""What the public pages say in every state of a draw, and what they never say."""

import asyncio
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
import scene as scenes
from application import browser

from disclosure.policy import parse_policy
from disclosure.tree import leaf_hash, node_hash
from disclosure.verification import verify_bundle
from service.bundles import read_bundle
from service.drafts import DiceGiver, PublicGiver
from service.errors import Conflicting
from service.pages.draws import PAGE, read_draws
from service.pages.shelf import Shelf
from service.pages.ticket import read_ticket_page
from service.pages.words import CODES, STATES, chance_in_words
from service.publishing import policy_bytes, run_jobs

HTML = {"Accept": "text/html"}
UNDECIDABLE = {6, 8, 11, 22}  # without cosigners; see docs/spec/bundle.md


class Outline(HTMLParser):
    """Collects what every page has to get right: headings, labels, ids, links, inline script or style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.inputs: list[dict] = []
        self.labels: set[str | None] = set()
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        found = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "label":
            self.labels.add(found.get("for"))
        if tag in ("input", "select"):
            self.inputs.append(found)
        if tag in ("script", "style") or "style" in found or any(name.startswith("on") for name in found):
            self.inline.append(f"{tag} {found}")
        self.links += [found[name] for name in ("href", "src", "action") if found.get(name)]


def check_outline(text: str, path: str) -> Outline:
    """One h1, no level skipped, unique ids, every field labelled, nothing inline, nothing from elsewhere."""
    outline = Outline(text)
    assert outline.headings.count(1) == 1, path
    assert all(b - a <= 1 for a, b in zip(outline.headings, outline.headings[1:], strict=False)), path
    assert len(set(outline.ids)) == len(outline.ids), path
    assert {field["id"] for field in outline.inputs if field.get("type") != "hidden"} <= outline.labels, path
    assert not outline.inline, path
    assert not [link for link in outline.links if re.match("[a-z]+:|//", link)], path
    return outline


async def read(client, path: str) -> str:
    answer = await client.get(path, headers=HTML)
    assert answer.status_code == 200, (path, answer.text[:2000])
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.headers["etag"]
    check_outline(answer.text, path)
    return answer.text


async def verdicts(office, draw: str) -> dict[int, str]:
    report = verify_bundle(await read_bundle(office, draw), parse_policy(await policy_bytes(office)))
    return {step.number: str(step.verdict) for step in report.steps}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


# ---- the scenes themselves


async def test_the_bundle_of_every_scene_verifies(office, clock) -> None:
    opened = await scenes.open_scene(office, clock)
    sealed = await scenes.sealed_scene(office, clock)
    assert {
        n for n, verdict in (await verdicts(office, opened.draw)).items() if verdict != "pass"
    } <= UNDECIDABLE
    while_sealed = await verdicts(office, sealed.draw)
    assert "fail" not in while_sealed.values()
    assert {n for n, verdict in while_sealed.items() if verdict != "pass"} <= UNDECIDABLE | set(range(14, 22))
    clock.set("2026-11-30T00:00:01+00:00")
    await run_jobs(office)
    assert {
        n for n, verdict in (await verdicts(office, sealed.draw)).items() if verdict != "pass"
    } <= UNDECIDABLE


# ---- one open draw, read by many tests


async def test_a_fresh_reader_finds_five_answers(client, office, clock) -> None:
    """What was drawn, when the list was locked, who made the numbers, whether twice, how to check."""
    scene = await scenes.open_scene(office, clock)
    page = await read(client, f"/draws/{scene.draw}/")
    answers = dict(
        re.findall(
            r"<dt>(.*?)</dt><dd>\s*(.*?)</dd>", page.split('class="answers"')[1].split("</dl>")[0], re.DOTALL
        )
    )
    assert list(answers) == [
        "抽的是什么？",
        "名单什么时候锁定？",
        "号码是谁出的？",
        "会不会抽了两次？",
        "我怎样自己核验？",
    ]
    said = {question: text_of(answer) for question, answer in answers.items()}
    transcript = await scene.transcript()
    assert f"抽 {len(transcript.targets)} 户" in said["抽的是什么？"]
    assert "2026-11-10 09:00 锁定" in said["名单什么时候锁定？"]
    assert "市消费者协会" in said["号码是谁出的？"]
    assert "60 位骰子数" in said["号码是谁出的？"]
    assert "第 1 次" in said["会不会抽了两次？"]
    assert "核验包" in said["我怎样自己核验？"]
    for anchor in re.findall(r'href="#([a-z]+)"', page):
        assert f'id="{anchor}"' in page


async def test_the_draw_page_shows_chain_numbers_chances_and_fingerprints(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    page = await read(client, f"/draws/{scene.draw}/")
    transcript = await scene.transcript()
    for said in (
        "31415926535897932384", "缺席", transcript.draw_key, transcript.stage_key, "约每 3.3 户抽 1 户", "15/50",
        "51 × 30% = 15.3，取 16；其中必查 1 户，抽签 15 户", "15.5%，四舍五入", "不少于 30%，不足一户的进一", "何公证",
        f"double-random-verify verify {scene.draw}.bundle.json --policy policy.json", f"python3 verify.py {scene.draw}.bundle.json",
    ):  # fmt: skip
        assert said in page, said
    plan = await office.pool.fetchval("SELECT plan FROM draw WHERE id = $1", scene.draw)
    assert page.count(plan) >= 3
    # Everything the page points to is there.
    for link in sorted(
        {
            link
            for link in Outline(page).links
            if link.startswith(("/doc/", "/blob/", "/log/", "/policy", "/draws/"))
        }
    ):
        answer = await client.get(link, headers=HTML)
        assert answer.status_code in (200, 303), link


async def test_every_drawn_firm_is_listed_once_and_found_by_part_of_its_name(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    pages = [await read(client, f"/draws/{scene.draw}/?page={number}") for number in (1, 2)]
    listed = [code for page in pages for code in re.findall(r'<small class="mono">(\w+)</small>', page)]
    transcript = await scene.transcript()
    assert len(listed) == len(set(listed))
    assert set(listed) == {target.id for target in transcript.targets} | {scene.successor}
    assert len(re.findall("<tr", pages[0].split('class="stack drawn"')[1].split("</table>")[0])) == 1 + 50
    name = await office.pool.fetchval("SELECT name FROM target WHERE id = $1", listed[0])
    found = await read(client, f"/draws/{scene.draw}/?q={name[2:6]}")
    assert listed[0] in re.findall(r'<small class="mono">(\w+)</small>', found)
    assert "未抽中的企业请用上面的" in await read(client, f"/draws/{scene.draw}/?q=%3Cb%3E%25")
    beyond = await read(client, f"/draws/{scene.draw}/?page=999")
    assert "第 2 / 2 页" in beyond


async def test_names_of_the_chosen_appear_only_when_the_plan_says(client, office, clock) -> None:
    scene = await scenes.begin(office, clock, 10)
    await scenes.freeze(scene)
    await scenes.contribute(scene, clock, 10)
    await scenes.draw(scene, clock)
    before = await read(client, f"/draws/{scene.draw}/")
    names = [
        row["name"]
        for row in await office.pool.fetch("SELECT name FROM inspector UNION SELECT name FROM expert")
    ]
    assert not [name for name in [*names, "何公证", "高会员"] if name in before]
    assert "检查时公布" in before
    clock.set("2026-11-10T06:00:00+00:00")
    await run_jobs(office)
    after = await read(client, f"/draws/{scene.draw}/")
    assert [name for name in names if name in after]
    assert "何公证" in after
    # A disclosure that is taken down takes the name off the pages.
    await office.pool.execute("DELETE FROM disclosure WHERE draw = $1", scene.draw)
    redacted = await read(client, f"/draws/{scene.draw}/")
    assert not [name for name in names if name in redacted]


# ---- tickets


async def test_a_ticket_page_is_recomputed_by_the_command_it_prints(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    transcript = await scene.transcript()
    drawn = next(t for t in transcript.targets if t.rank == 2)
    page = await read(client, f"/draws/{scene.draw}/tickets/{drawn.id}/")
    command = re.search(r"<code>(printf .*?)</code>", page)[1].replace("&#39;", "'")
    made = await asyncio.create_subprocess_exec("/bin/sh", "-c", command, stdout=asyncio.subprocess.PIPE)
    output, _ = await made.communicate()
    assert output.decode().split()[0] == drawn.ticket
    assert drawn.ticket in page
    assert "排第 2 位" in page
    assert "因此被抽中" in page


async def test_every_firm_of_the_pool_has_the_rank_and_answer_that_the_tickets_give(office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    transcript = await scene.transcript()
    drawn = {t.id for t in transcript.targets} - {scene.replaced} | {scene.successor}
    rows = await office.pool.fetch("SELECT target FROM draw_target WHERE draw = $1", scene.draw)
    by_stratum: dict[str, list[tuple[int, str]]] = {}
    for target in (row["target"] for row in rows):
        page = await read_ticket_page(office, scene.draw, target)
        if page.candidate is None:
            assert page.excluded == "已关闭、注销或迁出"
            assert page.drawn is False
            continue
        assert page.drawn is (target in drawn)
        assert ("没有被抽中" in page.answer) is (target not in drawn | {scene.replaced})
        assert page.place.ticket == hashlib.sha256(f"{transcript.stage_key}:{target}".encode()).hexdigest()
        if page.mandatory is None:
            by_stratum.setdefault(page.stratum.id, []).append((page.place.rank, page.place.ticket))
        node = leaf_hash(page.proof.line.encode())
        for hop in page.proof.hops:
            sibling = bytes.fromhex(hop.sibling)
            node = node_hash(sibling, node) if hop.left else node_hash(node, sibling)
            assert node.hex() == hop.node
        assert node.hex() == page.plan.blobs.pool.root
    for places in by_stratum.values():
        assert [rank for rank, _ in sorted(places)] == list(range(1, len(places) + 1))
        assert [ticket for _, ticket in sorted(places)] == sorted(ticket for _, ticket in places)


async def test_a_successor_and_the_one_it_replaced_say_so(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    new, old = [
        await read(client, f"/draws/{scene.draw}/tickets/{id}/") for id in (scene.successor, scene.replaced)
    ]
    assert "依次递补为检查对象" in new
    assert "原在候补，后递补" in new
    assert "没有抽中" not in new
    assert "后按规定的事由移出" in old
    assert "检查什么" in new
    assert "检查什么" not in old


async def test_a_public_number_is_told_with_its_source_and_how_it_is_read(client, office, clock) -> None:
    given = PublicGiver(label="lottery", source="福利彩票双色球", issue="第 2026131 期", digits=14,
                        order="红球由小到大每球两位，再接蓝球两位", example="01020304050607")  # fmt: skip
    witnesses = [g for g in scenes.draft(10, "x").givers if not isinstance(g, DiceGiver)][:3]
    scene = await scenes.begin(office, clock, 10, givers=(*witnesses, given))
    await scenes.freeze(scene)
    for label in ("notary", "discipline"):
        await scenes.take_paper(scene, label, "1234567890")
    clock.set("2026-11-10T02:00:00+00:00")
    waiting = await read(client, f"/draws/{scene.draw}/")
    await scene.take("contribution/v1", {"label": "lottery", "digits": "05081119273203"}, *scenes.BOTH)
    assert STATES["contributed"].word in await read(client, f"/draws/{scene.draw}/")
    await scenes.draw(scene, clock)
    page = await read(client, f"/draws/{scene.draw}/")
    for said in ("福利彩票双色球", "第 2026131 期", "红球由小到大每球两位"):
        assert said in waiting
        assert said in page
    assert "05081119273203" in page
    assert {n for n, v in (await verdicts(office, scene.draw)).items() if v != "pass"} == UNDECIDABLE


async def test_a_firm_finds_itself_before_and_after_the_outcome(client, office, clock) -> None:
    scene = await scenes.frozen_scene(office, clock)
    excluded = await read(client, f"/draws/{scene.draw}/tickets/{scene.excluded}/")
    assert "已关闭、注销或迁出" in excluded
    code = await office.pool.fetchval(
        "SELECT id FROM target WHERE status = 'active' AND id <> $1 ORDER BY id LIMIT 1", scene.mandatory
    )
    answer = await client.get(f"/draws/{scene.draw}/tickets/?q={code.lower()}", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/draws/{scene.draw}/tickets/{code}/")
    page = await read(client, answer.headers["location"])
    assert "等待开号" in page
    assert "号码还没有产生" in page
    assert "必查对象" in await read(client, f"/draws/{scene.draw}/tickets/{scene.mandatory}/")
    assert "只列出前 50 户" in await read(client, f"/draws/{scene.draw}/tickets/?q=云州")
    assert "没有找到" in await read(client, f"/draws/{scene.draw}/tickets/?q=nobody")
    missing = await client.get(f"/draws/{scene.draw}/tickets/91000000000000000X/", headers=HTML)
    assert missing.status_code == 404
    assert "不在批次" in missing.text


# ---- states


async def test_a_frozen_draw_says_what_comes_next(client, office, clock) -> None:
    scene = await scenes.frozen_scene(office, clock)
    page = await read(client, f"/draws/{scene.draw}/")
    assert STATES["frozen"].word in page
    assert "预定 <time" in page
    assert "1 / 3 位见证人" in page
    assert "尚未开封" in page
    assert "bundle.json" not in page
    assert 'id="drawn"' not in page


def told_by_a_sealed_draw(pages: str, secrets: set[str]) -> set[str]:
    return {secret for secret in secrets if secret in pages}


async def test_a_sealed_draw_tells_nothing_before_its_opening_and_everything_after(
    client, office, clock
) -> None:
    """No ticket, key, nonce or team; a firm's page reads the same whether it was drawn or not."""
    scene = await scenes.sealed_scene(office, clock)
    transcript = await scene.transcript()
    nonce = await office.pool.fetchval("SELECT nonce FROM draw_secret WHERE draw = $1", scene.draw)
    drawn = [t.id for t in transcript.targets if t.id != scene.mandatory]
    rows = await office.pool.fetch("SELECT target FROM draw_target WHERE draw = $1", scene.draw)
    lists = [
        row["target"]
        for row in rows
        if row["target"] not in {t.id for t in transcript.targets} | {scene.mandatory}
    ]
    draw_page = await read(client, f"/draws/{scene.draw}/")
    tickets = [await read(client, f"/draws/{scene.draw}/tickets/{id}/") for id in (*drawn[:5], *lists[:5])]
    secrets = {transcript.draw_key, transcript.stage_key, nonce, *(t.ticket for t in transcript.targets)}
    secrets |= {person for t in transcript.targets for person in (*t.inspectors, *t.experts)}
    assert not told_by_a_sealed_draw(draw_page + "".join(tickets), secrets)
    assert not [id for id in drawn if id in draw_page]
    assert "封存期间另有 2 次递补" in draw_page
    assert all("启封前不公布" in page and "printf" not in page for page in tickets if "已排除" not in page)
    clock.set("2026-11-30T00:00:01+00:00")
    await run_jobs(office)
    opened = await read(client, f"/draws/{scene.draw}/")
    assert STATES["opened"].word in opened
    assert transcript.stage_key in opened
    assert nonce in opened
    assert scene.replaced in opened
    assert "已到计划写明的启封时间" in opened
    assert "由本层候补的" in opened


async def test_a_voided_draw_says_why_and_by_whom(client, office, clock) -> None:
    scene = await scenes.voided_scene(office, clock)
    page = await read(client, f"/draws/{scene.draw}/")
    for said in ("已作废", "名单有误", "核对发现三户", "复核人和审批人"):
        assert said in page
    assert "作废" in await read(client, "/draws/")
    assert "批次已作废" in await read(client, f"/draws/{scene.draw}/tickets/{scene.mandatory}/")


async def test_drafts_and_rehearsals_are_nowhere(client, office, clock) -> None:
    rehearsal = await scenes.rehearsal_scene(office, clock)
    with pytest.raises(Conflicting, match="never frozen"):
        await scenes.freeze(rehearsal)
    for path in ("", "tickets/", f"tickets/{rehearsal.mandatory}/", f"{rehearsal.draw}.bundle.json"):
        assert (await client.get(f"/draws/{rehearsal.draw}/{path}", headers=HTML)).status_code == 404
    for path in ("/", "/draws/"):
        assert rehearsal.draw not in await read(client, path)


# ---- results


async def test_a_corrected_result_shows_every_revision_and_what_changed(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    newest, first = (
        await read(client, f"/results/{scene.result}/"),
        await read(client, f"/results/{scene.result}/1/"),
    )
    assert newest == (await read(client, f"/results/{scene.result}/2/"))
    assert "这是现行的第 2 版" in newest
    assert CODES["FIXED_ON_ORDER"].word in newest
    assert "企业提交整改照片" in newest
    assert "被检查单位申请" in newest
    changed = re.findall(r"<del>(.*?)</del>.*?<ins>(.*?)</ins>", newest, re.DOTALL)
    assert (CODES["HAZARD_GENERAL"].word, CODES["FIXED_ON_ORDER"].word) in changed
    assert len(changed) == 3  # code, status, and the one finding that changed
    assert "这是第 1 版，其后还有 1 版" in first
    assert "2026-12-15" in first
    target = scene.result.rpartition(".")[2]
    name = await office.pool.fetchval("SELECT name FROM target WHERE id = $1", target)
    assert name in newest
    for link in {link for link in Outline(newest).links if link.startswith("/doc/")}:
        assert (await client.get(link)).status_code == 200
    for path in (
        f"/results/{scene.result}/3/",
        f"/results/{scene.result}/0/",
        f"/results/{scene.draw}.x/",
        "/results/x/",
    ):
        assert (await client.get(path, headers=HTML)).status_code in (400, 404), path
    await office.pool.execute("DELETE FROM disclosure WHERE kind = 'subject'")
    assert name not in await read(client, f"/results/{scene.result}/1/")


def test_every_code_and_state_has_words() -> None:
    from typing import get_args

    from disclosure.document import ResultCode
    from disclosure.verification.verify import STEP_NAMES
    from service.pages.verification import STEPS

    assert set(CODES) == set(get_args(ResultCode))
    assert [step.number for step in STEPS] == sorted(STEP_NAMES) == list(range(1, 23))


# ---- the other pages


async def test_verify_and_keys_show_the_policy_that_is_served(client, office) -> None:
    served = (await client.get("/policy")).content
    policy = parse_policy(served)
    verify, keys = await read(client, "/verify/"), await read(client, "/keys/")
    for page in (verify, keys):
        assert hashlib.sha256(served).hexdigest() in page
    assert policy.authorities[0].key in keys
    assert json.loads(served)["log"].split()[1] in keys.replace("&#43;", "+")
    assert verify.count("<li><strong>") >= 22


async def test_the_list_goes_on_by_pages_and_leaves_nothing_out(office, clock) -> None:
    scene = await scenes.voided_scene(office, clock)
    row = dict(await office.pool.fetchrow("SELECT * FROM draw WHERE id = $1", scene.draw))
    drafts = [
        {**row, "id": f"yunzhou-2026-{n}-1", "number": n, "plan": None, "state": "draft", "task": f"t{n}"}
        for n in (50, 51)
    ]
    columns = list(row)
    await office.pool.copy_records_to_table(
        "draw", columns=columns, records=[tuple(d[c] for c in columns) for d in drafts]
    )
    for number in range(2, 2 * PAGE + 6):
        again = await scenes.voided_scene(office, clock, day=27, title=f"第 {number} 批")
        assert again.draw == f"yunzhou-2026-{50 + number}-1"
    seen, number = [], None
    while True:
        page = await read_draws(office, number)
        seen += [line.id for line in page.draws]
        if page.next is None:
            break
        number = page.next
    assert len(seen) == len(set(seen)) == 2 * PAGE + 5
    assert seen[-1] == scene.draw


@pytest.mark.parametrize(
    "path",
    [
        "/draws/nonsense/",
        "/draws/yunzhou-2026-9-9/",
        "/draws/%00/",
        "/draws/yunzhou-2026-9-9/tickets/",
        "/results/%20/",
        "/x",
    ],
)
async def test_what_is_not_there_is_a_page_of_the_same_look(client, path) -> None:
    answer = await client.get(path, headers=HTML)
    assert answer.status_code in (400, 404)
    check_outline(answer.text, path)
    assert 'aria-label="主导航"' in answer.text


async def test_strange_questions_are_refused_not_broken(client, office, clock) -> None:
    scene = await scenes.frozen_scene(office, clock)
    for path in (
        f"/draws/{scene.draw}/?page=0", f"/draws/{scene.draw}/?page=x", "/draws/page/0/", "/draws/page/99/", f"/draws/{scene.draw}/page/x/",
        f"/draws/{scene.draw}/?q={'x' * 101}", f"/draws/{scene.draw}/?page=99999999999999999999",
        f"/results/{scene.draw}.x/99999999999999999999/",
    ):  # fmt: skip
        assert 400 <= (await client.get(path, headers=HTML)).status_code < 500, path
    for strange in ("%25", "_", "'", "%3Cscript%3E", "\\", "%E4%BA"):
        answer = await client.get(f"/draws/{scene.draw}/tickets/?q={strange}", headers=HTML)
        assert answer.status_code in (200, 303), strange
        assert "<script>" not in answer.text
    nothing = await client.get(f"/draws/{scene.draw}/tickets/?q=%00", headers=HTML)
    assert nothing.status_code < 500


async def test_pages_are_the_same_for_everybody_and_not_sent_twice(client, office, clock, enter) -> None:
    scene = await scenes.open_scene(office, clock)
    got = await client.get(f"/draws/{scene.draw}/", headers=HTML)
    again = await client.get(f"/draws/{scene.draw}/", headers={**HTML, "If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    staff = await enter("chief", "administrator")
    assert (await client.get(f"/draws/{scene.draw}/", headers={**HTML, **staff})).text == got.text
    assert "set-cookie" not in got.headers


async def test_without_a_bureau_or_log_the_start_still_answers(dsn, config) -> None:
    from bureau import testing_only_signer

    from service.database import open_pool
    from service.office import Office
    from service.web.app import create_app

    pool = await open_pool(dsn)
    office = Office(pool, testing_only_signer("section-lead"), testing_only_signer("log"))
    async with browser(create_app(office, config)) as client:
        for path in ("/", "/draws/"):
            assert (await client.get(path, headers=HTML)).status_code == 200
    await pool.close()


# ---- small parts


async def test_the_number_of_a_person_never_reaches_a_signed_document(office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    documents = await office.pool.fetch("SELECT data FROM document WHERE draw = $1", scene.draw)
    numbers = await office.pool.fetch("SELECT number FROM inspector UNION SELECT number FROM expert")
    everything = b"".join(row["data"] for row in documents).decode()
    assert not [row["number"] for row in numbers if re.search(rf"\b{row['number']}\b", everything)]
    assert re.search(r'"rule":"wide-exclusion","subject":"p-[0-9a-f]{32}"', everything)


def test_the_shelf_stays_within_its_weight_and_keeps_what_was_used_last() -> None:
    shelf = Shelf(limit=10)
    for key in range(5):
        shelf.put(key, str(key), 4)
        shelf.get(0)
    assert shelf.get(0) == "0"
    assert [key for key in range(5) if shelf.get(key) is not None] == [0, 4]
    shelf.put("big", "big", 100)
    assert shelf.get("big") == "big"
    assert shelf.get(0) is None
    shelf.put("big", "new", 1)
    assert shelf.get("big") == "new"


@pytest.mark.parametrize(
    ("by_lot", "among", "words"),
    [(0, 5, "本层不抽签"), (5, 5, "全部抽中"), (0, 0, "没有参加抽签的对象"), (2, 20, "每 10 户抽 1 户"), (3, 10, "约每 3.3 户抽 1 户"),
     (1, 3, "每 3 户抽 1 户"), (2, 3, "约每 1.5 户抽 1 户"), (999, 1000, "约每 1 户抽 1 户")],
)  # fmt: skip
def test_a_chance_is_told_in_words(by_lot, among, words) -> None:
    assert chance_in_words(by_lot, among) == words
