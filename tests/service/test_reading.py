"""How pages can be read: in English throughout, large, with high contrast, and with headings that lead through them (web.md, W10 and W34-W36)."""

import re
import zlib

import httpx
import plan_scene
import pytest
import scene as scenes
from application import PASSWORD
from crawl import Seen, check_page, crawl, kind_of, titles_said_twice

from service.accounts import ROLES
from service.web.reading import has_twin

HTML = {"Accept": "text/html"}


@pytest.fixture
async def town(client, office, clock):
    """Draws in every state, and the draw that is open."""
    opened = await scenes.open_scene(office, clock)
    for make in (scenes.frozen_scene, scenes.sealed_scene, scenes.voided_scene, scenes.short_scene):
        await make(office, clock)
    return opened


@pytest.fixture
async def inside(client, town, office, employ):
    """Somebody with all roles, logged in, with a plan to look at."""
    await plan_scene.publish(office, await plan_scene.appoint(office), plan_scene.plan())
    await employ("somebody", *ROLES)
    answer = await client.post("/staff/login", data={"login": "somebody", "password": PASSWORD})
    assert answer.status_code == 303
    return town


async def speak_english(client: httpx.AsyncClient) -> None:
    answer = await client.post("/staff/language", data={"language": "en", "back": "/staff/"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/")


def check_all(pages: dict[str, Seen], least: int) -> None:
    assert len({kind_of(address.split("?")[0]) for address in pages}) >= least, sorted(pages)
    assert [wrong for address, page in pages.items() for wrong in check_page(address, page)] == []
    assert titles_said_twice(pages) == []


async def test_english_pages_are_english_and_lead_to_english_pages(client, town) -> None:
    tickets = [f"/en/draws/{town.draw}/tickets/{id}/" for id in (town.excluded, town.mandatory, town.replaced)]
    pages = await crawl(client, ["/en/", *tickets, "/en/draws/?q=x", f"/en/draws/{town.draw}/tickets/?q=nobody"], only="/en/")
    check_all(pages, 12)
    for address, page in pages.items():
        assert page.html["lang"] == "en", address
        assert page.foreign == [], address
        strays = [way for way in page.ways if way.startswith("/") and not way.startswith("/en/") and has_twin(re.split("[?#]", way)[0])]
        assert strays == [], address


async def test_chinese_pages_have_their_order_too(client, town) -> None:
    check_all(await crawl(client, ["/"]), 12)


async def test_what_is_no_page_has_no_english_address_and_says_so_in_english(client, town) -> None:
    for path in ("/en/policy", f"/en/doc/{'0' * 64}.json", "/en/staff/login", "/en/log/2026/checkpoint", "/en/nowhere"):
        answer = await client.get(path, headers=HTML)
        assert answer.status_code == 404, path
        page = Seen(answer.text)
        assert page.html["lang"] == "en" and page.foreign == [] and "Not found" in page.title
    found = await client.get(f"/en/draws/{town.draw}/tickets/", params={"q": town.mandatory}, headers=HTML)
    assert found.headers["location"].startswith("/en/draws/")


async def test_a_language_asked_for_by_form_never_leads_to_another_site(client, office) -> None:
    for back in ("https://elsewhere.example/", "//elsewhere.example", "/staff//elsewhere.example", "/\\elsewhere", "/draws/"):
        answer = await client.post("/staff/language", data={"language": "xx", "back": back})
        assert answer.headers["location"] == "/staff/"
        assert "language=zh;" in answer.headers["set-cookie"]
    assert (await client.post("/staff/language", headers={"Origin": "https://elsewhere.example"})).status_code == 403


async def test_pages_of_staff_are_english_when_asked_before_and_after_logging_in(client, inside) -> None:
    await speak_english(client)
    pages = await crawl(client, ["/staff/", "/staff/account"], of_each_kind=2, only="/staff/")
    assert {address: page.foreign for address, page in pages.items() if page.foreign} == {}
    assert [address for address, page in pages.items() if page.html.get("lang") != "en"] == []
    check_all(pages, 20)
    client.cookies.clear()
    await speak_english(client)
    page = Seen((await client.get("/staff/login", headers=HTML)).text)
    assert page.foreign == [] and page.html["lang"] == "en"


async def test_pages_of_staff_have_their_order_too(client, inside) -> None:
    check_all(await crawl(client, ["/staff/"], of_each_kind=2, only="/staff/"), 20)


@pytest.mark.parametrize(("asked", "said"), [("view=elder", "data-view"), ("contrast=high", "data-contrast")])
async def test_large_view_and_high_contrast_stay_on_every_page_until_left(client, inside, asked, said) -> None:
    value = asked.split("=")[1]
    first = await client.get("/", params=asked, headers=HTML)
    assert first.headers["cache-control"] == "no-store"
    pages = await crawl(client, ["/draws/", "/en/"], most=50) | await crawl(client, ["/staff/"], most=50, of_each_kind=2, only="/staff/")
    assert len(pages) > 60
    # Following every link also follows the one that leaves; a page says what its address asked for.
    kept = {address: page.html.get(said) for address, page in pages.items() if "?" not in address}
    await client.get("/", params=asked.split("=")[0] + "=normal", headers=HTML)
    assert Seen((await client.get("/", headers=HTML)).text).html.get(said) is None
    assert {address for address, chosen in kept.items() if chosen != value} == set()


async def test_a_draw_weighs_little_in_both_languages(client, town) -> None:
    """W05: 15 kB on the way; the proxy compresses better than this."""
    for prefix in ("", "/en"):
        page = (await client.get(f"{prefix}/draws/{town.draw}/", headers=HTML)).content
        assert len(zlib.compress(page, 9)) <= 15_000, prefix


async def test_a_cache_keeps_views_apart(client, town) -> None:
    plain = await client.get("/", headers=HTML)
    assert "cookie" in plain.headers["vary"].lower() and "set-cookie" not in plain.headers
    large = await client.get("/", headers={**HTML, "Cookie": "view=elder"})
    assert large.headers["etag"] != plain.headers["etag"]
    assert 'data-view="elder"' in large.text
