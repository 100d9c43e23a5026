"""Live pages before a real server: many streams and few connections, and each ends when it has to."""

import asyncio
import time

import asyncpg
import httpx
import pytest
import scene as scenes
from application import PASSWORD
from browser.conftest import serving
from ceremony_room import DICE, DISCIPLINE, NONCE, NOTARY, employ_everybody

from service.ceremony import streams as module
from service.ceremony.cards import issue_card

STREAMS = 200


async def told(reader) -> str:
    """The next line of a stream that tells something; "" if the stream ends first."""
    async with asyncio.timeout(40):
        async for line in reader:
            if line.startswith("data:"):
                return line
    return ""


@pytest.fixture
async def frozen(office, clock, employ, monkeypatch):
    monkeypatch.setattr(module, "EVERY", 0.1)
    await employ_everybody(employ)
    scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DICE))
    await scenes.freeze(scene)
    return scene


async def log_in(client, login: str) -> dict[str, str]:
    answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def test_two_hundred_streams_ask_the_database_as_one_and_all_hear_of_a_change(office, config, dsn, frozen, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_OF_ONE", STREAMS)
    async with serving(office, config) as site, httpx.AsyncClient(base_url=site, limits=httpx.Limits(max_connections=None), timeout=60) as client:
        headers = await log_in(client, "operator")
        path = f"/staff/draws/{frozen.draw}/events"
        requests = [client.build_request("GET", path, headers=headers) for _ in range(STREAMS)]
        opened = await asyncio.gather(*(client.send(request, stream=True) for request in requests))
        assert {answer.status_code for answer in opened} == {200}
        assert opened[0].headers["content-type"].startswith("text/event-stream")
        readers = [answer.aiter_lines() for answer in opened]
        before = await asyncio.gather(*map(told, readers))
        assert len(set(before)) == 1
        watcher = await asyncpg.connect(dsn)
        held = await watcher.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        await watcher.close()
        assert held <= 20
        assert (await client.get("/readyz", headers=headers)).status_code == 200
        await frozen.take("contribution/v1", {"label": "notary", "digits": "31415926535", "form": scenes.PAPER}, *scenes.BOTH)
        after = await asyncio.gather(*map(told, readers))
        assert len(set(after)) == 1
        assert set(after) != set(before)
        for text in (*before, *after):
            assert "31415" not in text
        await asyncio.gather(*(answer.aclose() for answer in opened))


async def test_streams_end_with_log_out_with_the_card_after_an_hour_and_with_the_server(office, config, frozen, clock, monkeypatch) -> None:
    operator = frozen.people["operator"]
    token, other = [await issue_card(office, operator, frozen.draw, label) for label in ("notary", "discipline")]
    opened: list[httpx.Response] = []
    async with httpx.AsyncClient(timeout=60) as client:
        async with serving(office, config) as site:
            client.base_url = site
            headers = await log_in(client, "operator")

            async def open_one(path: str, **more):
                answer = await client.send(client.build_request("GET", path, **more), stream=True)
                opened.append(answer)
                return answer.aiter_lines()

            staff = await open_one(f"/staff/draws/{frozen.draw}/events", headers=headers)
            card = await open_one(f"/w/{token}/events")
            assert await told(staff)
            assert await told(card)
            await client.delete("/api/v1/session", headers=headers)
            assert await told(staff) == ""
            assert (await client.get(f"/staff/draws/{frozen.draw}/events", headers=headers)).status_code == 401
            await issue_card(office, operator, frozen.draw, "notary")
            assert await told(card) == ""
            assert (await client.get(f"/w/{token}/events")).status_code == 404
            monkeypatch.setattr(module, "MOST_OF_ONE", 1)
            long = await open_one(f"/w/{other}/events")
            assert await told(long)
            refused = await client.get(f"/w/{other}/events")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
            begun = time.monotonic()
        assert await told(long) == ""
        assert time.monotonic() - begun < 20
        await asyncio.gather(*(answer.aclose() for answer in opened))
    streams = module.Streams(office)
    monkeypatch.setattr(module, "LONGEST", type(module.LONGEST)(0))
    body = [part async for part in streams.begin(frozen.draw, "card", other)]
    assert body == [b"retry: 2000\n\n"]
    assert len(streams) == 0
