"""What a hostile reviewer of the bureau at work tried: two-person rules, cards, preparations, languages, merges, sealed draws."""

import asyncio
import re
from uuid import UUID

import bureau
import httpx
import msgspec
import pytest
import scene as scenes
from browser.conftest import serving
from ceremony_room import CONSUMERS, DICE, DISCIPLINE, NONCE, NOTARY, SCAN, begin, employ_everybody
from test_route_matrix import address, log_in, read_table

from service import draft_lists, steps
from service.accounts import ROLES
from service.ceremony.cards import issue_card, offer_key, take_key
from service.drafting import read_draft, revise_draft
from service.drafts import WitnessGiver
from service.errors import Conflicting
from service.language import speaking
from service.office import as_day
from service.preparing import store
from service.preparing.looking import look
from service.registry.records import KINDS
from service.rehearsing import rehearse

SCANNED = {"scan": ("form.pdf", SCAN, "application/pdf")}


# ---------------------------------------------------------------- two people


async def test_a_confirmer_confirms_the_digits_that_were_shown_and_no_others(client, office, clock, employ) -> None:
    """The operator takes back what the confirmer has on the screen and types something else before the button is pressed."""
    room = await begin(client, office, clock, employ, NOTARY, DISCIPLINE, DICE)
    await room.post("operator", "/ceremony/notary", files=SCANNED, digits="1111111111")
    seen = await room.get("confirmer", "/ceremony")
    form = re.search(r'<form method="post" action="\S+/ceremony/notary/confirm">(.*?)</form>', seen, re.DOTALL)[1]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    await room.post("operator", "/ceremony/notary/withdraw")
    await room.post("operator", "/ceremony/notary", files=SCANNED, digits="9999999999")
    answer = await client.post(f"{room.base}/ceremony/notary/confirm", headers=await room.headers("confirmer"), data=fields)
    assert not await office.pool.fetchval("SELECT count(*) FROM document WHERE kind = 'contribution/v1'"), answer.text
    assert answer.status_code == 409
    assert "99999 99999" in answer.text
    await room.post("confirmer", "/ceremony/notary/confirm", 409)  # a form that does not say what it confirms


# ---------------------------------------------------------------- cards


async def test_the_card_of_somebody_who_is_no_longer_named_says_so(client, office, clock, employ) -> None:
    room = await begin(client, office, clock, employ, NOTARY, DISCIPLINE, CONSUMERS, DICE, freeze=False)
    cards = await room.cards()
    operator = room.scene.people["operator"]
    async with office.pool.acquire() as connection:
        draft = await read_draft(connection, room.scene.draw)
    left = tuple(giver for giver in draft.givers if getattr(giver, "label", "") != "notary")
    await revise_draft(office, operator, room.scene.draw, msgspec.structs.replace(draft, givers=left))
    answer = await client.get(cards["何公证"], headers={"Accept": "text/html"})
    assert answer.status_code == 404, answer.text
    assert (await client.get(cards["何公证"] + "/events")).status_code == 404


async def test_the_events_of_a_card_asked_by_head_end(office, config, clock, employ) -> None:
    await employ_everybody(employ)
    scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DICE))
    token = await issue_card(office, scene.people["operator"], scene.draw, "notary")
    async with serving(office, config) as site, httpx.AsyncClient(base_url=site, timeout=5) as client:
        assert (await client.head(f"/w/{token}/events")).status_code in (200, 405)
        for _ in range(30):
            with pytest.raises(httpx.ReadTimeout):
                await client.get(f"/w/{token}/events", timeout=0.05)
        await asyncio.sleep(2)
        async with client.stream("GET", f"/w/{token}/events") as answer:
            assert answer.status_code == 200


# ---------------------------------------------------------------- languages


@pytest.mark.parametrize("back", ["/staff/批次", "/staff/\x00", "/staff/\x0b", "/staff/\x85", "/staff/..//evil", "//evil", "/staff/\\evil", "/staff/ x", "https://evil"])
async def test_whatever_page_a_language_is_chosen_on_one_is_sent_back_to_ours(client, back) -> None:
    answer = await client.post("/staff/language", data={"language": "en", "back": back})
    assert answer.status_code == 303
    assert re.fullmatch(r"/staff/[\x21-\x7e]*", answer.headers["location"])
    assert "//" not in answer.headers["location"]


@pytest.mark.parametrize("path", ["/en//evil.example", "/en//evil.example/", "/en/staff/", "/en/staff/login", "/en/en/", "/en/w/x", "/en/api/v1", "/en/draws//x/", "/en/%2fevil.example", "/en/draws/..//evil", "/en/draws/../staff/login"])
async def test_the_english_prefix_leads_to_public_pages_alone(client, path) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404, (path, answer.status_code, answer.headers)
    assert "location" not in answer.headers


async def test_a_public_page_is_not_kept_in_the_language_or_view_of_a_cookie(client, office) -> None:
    plain = await client.get("/draws/")
    for cookie in ("language=en", "view=elder", "contrast=high", "language=en; view=elder"):
        other = await client.get("/draws/", headers={"Cookie": cookie})
        assert "lang=\"zh-CN\"" in other.text
        if other.text != plain.text:
            assert "cookie" in other.headers["vary"].lower()
            assert other.headers["etag"] != plain.headers["etag"]
    asked = await client.get("/draws/?view=elder")
    assert asked.headers["cache-control"] == "no-store"


# ---------------------------------------------------------------- preparations and drafts: nobody's work is written over


async def waits_for(connection, what: asyncio.Task) -> None:
    """Until another connection waits for a lock, or `what` has ended."""
    for _ in range(200):
        if what.done() or await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            return
        await asyncio.sleep(0.02)


async def test_a_key_taken_into_a_draft_writes_over_no_change_of_it(office, clock, employ) -> None:
    await employ_everybody(employ)
    scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DICE))
    operator = scene.people["operator"]
    offered = await offer_key(office, await issue_card(office, operator, scene.draw, "notary"), bureau.public_text("notary"))
    async with office.pool.acquire() as connection:
        draft = await read_draft(connection, scene.draw)
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM draw WHERE id = $1 FOR UPDATE", scene.draw)
            taking = asyncio.create_task(take_key(office, operator, scene.draw, "notary", offered.fingerprint))
            await waits_for(connection, taking)
            await revise_draft(office, operator, scene.draw, msgspec.structs.replace(draft, title="改过的标题"), connection)
        await taking
        now = await read_draft(connection, scene.draw)
    assert now.title == "改过的标题"
    assert next(g.key for g in now.givers if isinstance(g, WitnessGiver) and g.label == "notary") == bureau.public_text("notary")


async def test_a_preparation_writes_over_no_key_taken_meanwhile(office, clock, employ) -> None:
    await employ_everybody(employ)
    scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DICE))
    operator = scene.people["operator"]
    id = await store.of_draw(office, operator, scene.draw)
    async with office.pool.acquire() as connection:
        draft = await read_draft(connection, scene.draw)
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM draw WHERE id = $1 FOR UPDATE", scene.draw)
            finishing = asyncio.create_task(store.finish(office, operator, id))
            await waits_for(connection, finishing)
            keyed = tuple(msgspec.structs.replace(g, key=bureau.public_text("notary")) if g == NOTARY else g for g in draft.givers)
            await revise_draft(office, operator, scene.draw, msgspec.structs.replace(draft, givers=keyed), connection)
        with pytest.raises(Conflicting):
            await finishing
        assert (await read_draft(connection, scene.draw)).givers == keyed


async def test_whoever_only_looks_writes_over_no_page_that_is_being_saved(office, clock, employ) -> None:
    """A draft changed elsewhere is taken over by the preparation that nobody has touched; not by one that somebody is touching."""
    await employ_everybody(employ)
    scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DICE))
    operator = scene.people["operator"]
    id = await store.of_draw(office, operator, scene.draw)
    async with office.pool.acquire() as connection:
        draft = await read_draft(connection, scene.draw)
        await revise_draft(office, operator, scene.draw, msgspec.structs.replace(draft, title="别处改的"))
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM preparation WHERE id = $1 FOR UPDATE", id)
            looking = asyncio.create_task(store.of_draw(office, operator, scene.draw))
            await waits_for(connection, looking)
            answers = (await store.read_preparation(office, id)).answers
            typed = msgspec.structs.replace(answers, people=msgspec.structs.replace(answers.people, places="7"))
            await connection.execute("UPDATE preparation SET answers = $2, version = version + 1 WHERE id = $1", id, msgspec.json.encode(typed).decode())
        await looking
    assert (await store.read_preparation(office, id)).answers.people.places == "7"


async def test_what_a_preparation_lacks_is_said_to_each_in_their_language(office, clock, employ, client) -> None:
    await employ_everybody(employ)
    scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DICE), exceptions=())
    await office.pool.execute("INSERT INTO conflict (person, target, reason) SELECT '42190003', id, 'kinship' FROM target ON CONFLICT DO NOTHING")
    id = await store.of_draw(office, scene.people["operator"], scene.draw)
    found = await store.read_preparation(office, id)
    said = {}
    for language in ("zh", "en"):
        with speaking(language):
            said[language] = [words for _, words in (await look(office, found)).faults]
    assert said["zh"] and said["en"]
    assert "请写明理由" in "".join(said["zh"])
    assert "请写明理由" not in "".join(said["en"])


# ---------------------------------------------------------------- sealed draws


def addresses(draw: str, names: dict[str, str]) -> list[str]:
    """Every page that is read, with what there is put in its place."""
    paths = []
    for (method, path), _ in sorted(read_table().items()):
        if method != "GET" or path.endswith("/events") or path in ("/staff/login", "/w/{token}"):
            continue
        for form in ("dice", "witness", "record") if "{form}" in path else ("",):
            for kind in KINDS if "{kind}" in path else ("",):
                for file in (f"{draw}.bundle.json", "names.json", "targets.csv") if path == "/draws/{draw}/{file}" else ("",):
                    there = path.replace("{form}", form).replace("{kind}", kind).replace("{draw}", draw).replace("{file}", file)
                    for name, value in names.items():
                        there = there.replace(f"{{{name}}}", value)
                    paths.append(address(there))
    return paths


async def test_no_page_of_any_role_names_a_firm_or_person_since_the_seal_that_it_did_not_before(client, office, clock, employ) -> None:
    """Firms of the list are named in many places: none may become fewer, more or others by the draw, replacements and results entered."""
    await employ_everybody(employ)
    for role in ROLES:
        await employ(f"of-{role}", role)
    scene = await scenes.begin(office, clock, 25, sealed_until="2026-11-30T00:00:00Z")
    await rehearse(office, scene.people["operator"], scene.draw)
    await office.pool.execute("UPDATE inspector SET name = '姓' || number || '名'")
    await scenes.freeze(scene)
    await scenes.contribute(scene, clock, 25)
    firms = {row["id"]: row["name"] for row in await office.pool.fetch("SELECT id, name FROM target")}
    people = [row["number"] for row in await office.pool.fetch("SELECT number FROM inspector UNION ALL SELECT number FROM expert")]
    preparation = str(await store.of_draw(office, scene.people["operator"], scene.draw))
    paths = addresses(scene.draw, {"preparation": preparation, "year": "2026", "login": "confirmer"})

    async def read_all() -> dict[tuple[str, str], set[str]]:
        found = {}
        for role in ("", *ROLES):
            headers = {"Accept": "text/html"} | ({} if not role else await log_in(client, f"of-{role}"))
            for path in paths:
                if not role and path.startswith("/staff"):
                    continue
                text = (await client.get(path, headers=headers)).text
                bare = re.sub(r"\s", "", text)
                found[role, path] = {word for id, name in firms.items() for word in (id, name) if word in bare} | {p for p in people if p in bare}
                assert not [secret for secret in secrets if secret in bare], (role, path)
        return found

    secrets: list[str] = []
    before = await read_all()
    await scenes.draw(scene, clock)
    result = await scene.transcript()
    secrets += [result.draw_key, result.stage_key, *(t.ticket for t in result.targets)]
    await scenes.replace(scene, clock)
    drawn = next(t for t in result.targets if t.rank is not None and t.id != scene.replaced)
    on = as_day(office.now()).isoformat()
    view = await steps.propose(office, scene.people["inspector1"], scene.draw, "inspection-result/v1", scenes.result_request(result, drawn.id, "NO_PROBLEM", on))
    after = await read_all()
    theirs = {"of-inspector", "of-reviewer", "of-publisher"}
    wrong = {place: (after[place] - before[place], before[place] - after[place]) for place in before if after[place] != before[place]}
    # Whoever takes steps about results sees the one that waits.
    wrong = {place: found for place, found in wrong.items() if not (f"of-{place[0]}" in theirs and found == ({drawn.id}, set()))}
    # There is no bundle before the draw; it has the whole list in it.
    wrong = {place: found for place, found in wrong.items() if not place[1].endswith(".bundle.json")}
    assert wrong == {}, "\n".join(f"{place}: {[sorted(words)[:3] for words in found]}" for place, found in wrong.items())
    assert view.document is None


async def test_a_result_sent_back_while_sealed_is_told_to_nobody_else(client, office, clock, employ) -> None:
    await employ_everybody(employ)
    scene = await scenes.sealed_scene(office, clock)
    result = await scene.transcript()
    drawn = next(t for t in result.targets if t.rank is not None and t.id != scene.replaced)
    request = scenes.result_request(result, drawn.id, "NO_PROBLEM", as_day(office.now()).isoformat())
    view = await steps.propose(office, scene.people["inspector1"], scene.draw, "inspection-result/v1", request)
    await steps.agree(office, scene.people["inspector2"], UUID(view.id))
    await steps.send_back(office, scene.people["reviewer"], UUID(view.id), f"{drawn.id} 写错")
    for login in ("operator", "confirmer", "approver", "auditor"):
        headers = await log_in(client, login) | {"Accept": "text/html"}
        for path in ("/staff/", f"/staff/draws/{scene.draw}", "/staff/draws", f"/staff/steps/{view.id}", f"/api/v1/draws/{scene.draw}", "/staff/access-log"):
            assert drawn.id not in (await client.get(path, headers=headers)).text, (login, path)


# ---------------------------------------------------------------- what is typed, and many at once


async def test_a_page_of_a_preparation_can_be_opened_whatever_was_kept_on_it(client, office, clock, employ) -> None:
    """Otherwise one odd request leaves a preparation that nobody can open, and so nobody can mend."""
    await employ_everybody(employ)
    scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DICE))
    headers = await log_in(client, "operator") | {"Accept": "text/html"}
    page = f"/staff/preparations/{await store.of_draw(office, scene.people['operator'], scene.draw)}/strata"
    kept = {"attributes": "<b>", "strata-0-name": "x", "strata-0-values": "y", "seen": "9", "do": "save"}
    assert (await client.post(page, data=kept, headers=headers)).status_code == 303
    answer = await client.get(page, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "<b>" not in answer.text


async def test_who_waits_for_long_lists_keeps_nobody_from_the_database(office, clock, employ) -> None:
    await employ_everybody(employ)
    scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DICE))
    async with draft_lists._MAKING:  # somebody else's lists are being made, which may take half a minute
        waiting = [asyncio.create_task(draft_lists.read_lists(office, scene.people["operator"], scene.draw)) for _ in range(12)]
        await asyncio.sleep(0.3)
        assert await asyncio.wait_for(office.pool.fetchval("SELECT 1"), 3) == 1
    assert len({len((await one).candidates) for one in waiting}) == 1
