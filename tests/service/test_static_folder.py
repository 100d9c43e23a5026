"""The static folder: it is what the application answers, complete without it, and cheap to keep."""

import asyncio
import errno
import os
from pathlib import Path

import httpx
import pytest
import scene as scenes
from file_servers import caddy, dead_links, links_of, python_server

from selection.transcript import format_transcript
from service.errors import Conflicting
from service.pages import draw as draw_page
from service.pages import draws as draws_page
from service.pages import log_entries, ticket
from service.publishing import run_jobs
from service.static_folder import FolderError, files, keep_folder, keeping, publish, publish_folder
from service.static_folder.snapshot import Snapshot

LEAF = b'{"at":"2026-11-01T00:00:00Z","doc":{"sha256":""},"id":"","rev":1,"type":""}'


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file a reader sees, by its path; what begins with a dot is not part of it."""
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    return {name: data for name, data in found.items() if not name.startswith(".")}


def address_of(name: str) -> str:
    return "/" + name.removesuffix("index.html")


@pytest.fixture
async def city(client, office, clock, config):
    """An open draw with results, a sealed one and a void one, all published."""
    opened, sealed = await scenes.open_scene(office, clock, targets=200), await scenes.sealed_scene(office, clock)
    await scenes.voided_scene(office, clock)
    await publish_folder(office, config)
    return opened, sealed


async def test_every_file_is_what_the_application_answers(city, client, office, config) -> None:
    found = files_of(config.publish_dir)
    assert len(found) > 600
    for name, data in found.items():
        answer = await client.get(address_of(name))
        assert answer.status_code == 200, name
        assert answer.content == data, name
    again = await publish_folder(office, config, look_around=True)
    assert (again.written, again.removed, again.waiting, again.unfinished, again.strangers) == (0, 0, False, False, ())


async def test_all_that_is_public_is_there(city, office, config) -> None:
    """The other way round: whatever the application would answer of what is in the database is a file."""
    opened, sealed = city
    found = files_of(config.publish_dir)
    for row in await office.pool.fetch("SELECT sha256, kind FROM document"):
        assert {f"doc/{row['sha256']}.{form}" for form in ("json", "dsse.json", "tlog-proof")} <= found.keys()
    assert {f"blob/{r['sha256']}" for r in await office.pool.fetch("SELECT sha256 FROM blob WHERE public")} == {
        name for name in found if name.startswith("blob/")
    }
    for row in await office.pool.fetch("SELECT draw, target FROM draw_target"):
        assert f"draws/{row['draw']}/tickets/{row['target']}/index.html" in found
    for row in await office.pool.fetch("SELECT id, rev FROM result"):
        pages = {f"results/{row['id']}/{rev}/index.html" for rev in range(1, row["rev"] + 1)}
        assert pages | {f"results/{row['id']}/index.html"} <= found.keys()
    bundles = {name for name in found if name.endswith(".bundle.json")}
    assert bundles == {f"draws/{s.draw}/{s.draw}.bundle.json" for s in (opened, sealed)}
    assert sum(name.endswith("/team/index.html") for name in found) > 30
    assert {"index.html", "policy", "keys/index.html", "verify/index.html", "log/2026/checkpoint"} <= found.keys()


@pytest.mark.parametrize("server", [python_server, caddy])
async def test_no_link_is_dead_without_the_service(city, client, office, config, monkeypatch, server) -> None:
    """With lists in many pages, served by plain file servers while nobody answers but them."""
    for module, size in ((draws_page, 1), (publish, 1), (log_entries, 7), (draw_page, 15)):
        monkeypatch.setattr(module, "PAGE" if module is not publish else "DRAWS_ON_PAGE", size)
    (config.publish_dir / files.STATE).unlink()
    await publish_folder(office, config)
    with server(config.publish_dir) as address:
        reached, dead = await asyncio.to_thread(dead_links, address)
    assert dead == []
    assert {"/draws/page/1/", "/log/2026/page/1/", f"/draws/{city[0].draw}/page/2/", "/policy", "/verify/"} <= reached


async def test_a_big_pool_has_the_tickets_that_matter_and_no_dead_link(client, office, clock, config, monkeypatch) -> None:
    monkeypatch.setattr(ticket, "EVERY_TICKET", 100)
    scene = await scenes.open_scene(office, clock)
    await publish_folder(office, config)
    transcript = await scene.transcript()
    pages = {path.name for path in (config.publish_dir / "draws" / scene.draw / "tickets").iterdir() if path.is_dir()}
    drawn = {t.id for t in transcript.targets} | {scene.successor}
    assert pages == drawn | {s.next for s in transcript.strata if s.next}
    assert scene.replaced in pages
    assert "只有抽中" in (config.publish_dir / "draws" / scene.draw / "tickets" / "index.html").read_text()
    with python_server(config.publish_dir) as address:
        reached, dead = await asyncio.to_thread(dead_links, address)
    assert dead == [] and len(reached) > 200


async def test_caddy_names_the_types_the_application_names(city, client, config) -> None:
    """Of every kind of file; and an address without its last slash, hidden files, a search and the staff's pages."""
    kinds: dict[str, str] = {}
    for name in files_of(config.publish_dir):
        kinds.setdefault(name.split("/")[0] + name[-10:] if "tile" not in name else "tile", name)
    with caddy(config.publish_dir) as server:
        async with httpx.AsyncClient(base_url=server) as files_client:
            for name in kinds.values():
                live, static = await client.get(address_of(name)), await files_client.get(address_of(name))
                assert static.status_code == 200, name
                assert static.content == live.content, name
                types = [answer.headers["content-type"].partition(";")[0] for answer in (live, static)]
                assert types[0] == types[1], name
            draw = city[0].draw
            assert (await files_client.get(f"/draws/{draw}", follow_redirects=True)).status_code == 200
            assert (await files_client.get("/.state.json")).status_code != 200
            found = await files_client.get(f"/draws/{draw}/tickets/?q=x")
            assert found.status_code == 200 and "静态文件的镜像" in found.text
            assert (await files_client.get("/staff/")).status_code == 503


async def test_a_sealed_result_is_in_no_file_and_after_the_opening_in_some(city, office, clock, config) -> None:
    _, sealed = city
    transcript = await sealed.transcript()
    secrets = [transcript.draw_key, transcript.stage_key, *(p for t in transcript.targets for p in t.inspectors[:0])]
    shown = b"\n".join(files_of(config.publish_dir).values())
    assert not [secret for secret in secrets if secret.encode() in shown]
    page = config.publish_dir / "draws" / sealed.draw / "index.html"
    assert links_of(page.read_text(), "").isdisjoint({f"/draws/{sealed.draw}/tickets/{t.id}/" for t in transcript.targets})
    clock.set("2026-11-30T00:00:05+00:00")
    await run_jobs(office)
    await publish_folder(office, config)
    assert format_transcript(transcript) in files_of(config.publish_dir).values()
    assert f"/draws/{sealed.draw}/tickets/{transcript.targets[0].id}/" in links_of(page.read_text(), "")


# ---------------------------------------------------------------- cheap


async def asked(office, config, monkeypatch) -> list[str]:
    """Publish; return what the application was asked."""
    seen, ask = [], Snapshot.ask

    async def note(self, address):
        seen.append(address)
        return await ask(self, address)

    with monkeypatch.context() as patch:
        patch.setattr(Snapshot, "ask", note)
        await publish_folder(office, config)
    return seen


async def test_nothing_new_asks_for_nothing_and_a_new_result_for_its_own_pages(city, office, clock, config, monkeypatch) -> None:
    opened, _ = city
    assert await asked(office, config, monkeypatch) == []
    before = files_of(config.publish_dir)
    transcript = await opened.transcript()
    done = {row["target"] for row in await office.pool.fetch("SELECT target FROM result")}
    target = next(t for t in transcript.targets if t.id not in done and t.id != opened.replaced)
    findings = [
        {"item": i, "code": "NO_PROBLEM", "deadline": None, "measure": None, "responsible": None} for i in target.items
    ]
    request = {"target": target.id, "inspected_on": "2026-11-20", "result": "NO_PROBLEM", "findings": findings}
    clock.advance(minutes=5)
    people = ("inspector1", "inspector2", "reviewer", "publisher1", "publisher2")
    await opened.take("inspection-result/v1", request, *people)
    seen = await asked(office, config, monkeypatch)
    ticket = f"/draws/{opened.draw}/tickets/{target.id}/"
    assert {a for a in seen if "/tickets/" in a and not a.endswith("/tickets/")} == {
        language + page for language in ("", "/en") for page in (ticket, f"{ticket}team/")
    }
    assert len(seen) < 80
    after = files_of(config.publish_dir)
    changed = {name for name in after if after[name] != before.get(name)}
    assert f"results/{opened.draw}.{target.id}/index.html" in changed
    assert not [name for name in changed if name.startswith("blob/")]


async def test_a_lost_state_makes_the_same_folder_again(city, office, config) -> None:
    before = files_of(config.publish_dir)
    (config.publish_dir / files.STATE).write_bytes(b"{ half")
    (config.publish_dir / "policy").write_bytes(b"changed by somebody")
    (config.publish_dir / "index.html").unlink()
    assert (await publish_folder(office, config)).written == 2
    assert files_of(config.publish_dir) == before


async def test_tickets_may_take_several_runs_and_hold_nothing_back(client, office, clock, config) -> None:
    scene = await scenes.frozen_scene(office, clock)
    first = await publish_folder(office, config, patience=0)
    found = files_of(config.publish_dir)
    assert first.unfinished and "log/2026/checkpoint" in found and f"draws/{scene.draw}/index.html" in found
    runs = 1
    while (await publish_folder(office, config, patience=0.3)).unfinished:
        runs += 1
    tickets = await office.pool.fetchval("SELECT count(*) FROM draw_target")
    assert runs > 1
    names = [name for name in files_of(config.publish_dir) if "/tickets/" in name]
    assert sum(name.startswith("draws/") for name in names) == tickets + 1
    # Nothing is drawn yet: no English page leads to a ticket.
    assert [name for name in names if name.startswith("en/")] == [f"en/draws/{scene.draw}/tickets/index.html"]


async def test_narrower_tiles_stay_until_the_checkpoint_after_the_full_one(client, office, clock, config) -> None:
    from service import log

    async def grow(count: int) -> None:
        async with office.pool.acquire() as c, c.transaction():
            for _ in range(count):
                await log.append(c, await log.lock_head(c, "2026"), LEAF, clock())
        await publish_folder(office, config)

    tile = config.publish_dir / "log" / "2026" / "tile" / "0"
    await grow(5)
    await grow(250)
    assert {path.name for path in (tile / "000.p").iterdir()} == {"5", "255"}
    await grow(3)
    assert (tile / "000").is_file() and (tile / "000.p" / "255").is_file()
    await grow(1)
    assert (tile / "000").is_file() and not (tile / "000.p").exists()
    assert (tile / "001.p" / "3").is_file()


# ---------------------------------------------------------------- what somebody else does


async def test_strangers_are_named_and_left_alone(city, office, config) -> None:
    folder = config.publish_dir
    strange = ["notes.txt", f"doc/{'0' * 64}.json", f"draws/{city[0].draw}/tickets/nobody/index.html",
               "log/2026/tile/0/000.p/255", "log/2025/checkpoint", f"results/{city[0].draw}.x/9/index.html"]  # fmt: skip
    for name in strange:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"?")
    assert (await publish_folder(office, config, look_around=True)).strangers == tuple(sorted(strange))
    assert all((folder / name).read_bytes() == b"?" for name in strange)


async def test_a_checkpoint_the_public_has_seen_is_never_replaced_by_less(city, office, config) -> None:
    path = config.publish_dir / "log" / "2026" / "checkpoint"
    origin, size, root, *rest = path.read_text().split("\n")
    before = files_of(config.publish_dir)
    for other in ((origin, str(int(size) + 1), root), (origin, size, "A" * 43 + "="), (origin + "x", size, root)):
        path.write_text("\n".join([*other, *rest]))
        with pytest.raises(Conflicting, match="not replaced"):
            await publish_folder(office, config)
        assert files_of(config.publish_dir) == before | {"log/2026/checkpoint": path.read_bytes()}


async def test_two_publishers_take_turns(client, office, clock, config) -> None:
    await scenes.frozen_scene(office, clock)
    first, second = await asyncio.gather(publish_folder(office, config), publish_folder(office, config))
    assert min(first.written, second.written) == 0
    async with files.open_folder(config.publish_dir):
        with pytest.raises(Conflicting, match="another process"):
            async with files.open_folder(config.publish_dir, patience=0.2):
                pass


async def test_the_folder_follows_within_ten_seconds_and_says_when_it_cannot(client, office, clock, config, monkeypatch, caplog) -> None:
    monkeypatch.setattr(keeping, "EVERY", 0.1)
    config.publish_dir.write_bytes(b"a file where the folder should be")
    keeper = asyncio.create_task(keep_folder(office, config))

    async def until(holds) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.05)

    try:
        await until(lambda: "cannot write to the static folder" in caplog.text)
        config.publish_dir.unlink()
        scene = await scenes.frozen_scene(office, clock)
        page = config.publish_dir / "draws" / scene.draw / "index.html"
        await until(page.is_file)
        await until(lambda: "up to date again" in caplog.text)
        assert caplog.text.count("cannot write to the static folder") == 1
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


async def test_a_full_disk_is_said_and_nothing_is_half(client, office, clock, config, monkeypatch) -> None:
    await scenes.frozen_scene(office, clock)
    written = 0

    class Full:
        def __getattr__(self, name):
            return getattr(os, name)

        def write(self, file, data):
            nonlocal written
            written += 1
            if written > 12:
                os.write(file, bytes(data)[: len(data) // 2])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return os.write(file, data)

    with monkeypatch.context() as patch:
        patch.setattr(files, "os", Full())
        with pytest.raises(FolderError, match="No space left"):
            await publish_folder(office, config)
    half = files_of(config.publish_dir)
    assert "log/2026/checkpoint" not in half
    await publish_folder(office, config)
    whole = files_of(config.publish_dir)
    assert all(whole[name] == data for name, data in half.items())
