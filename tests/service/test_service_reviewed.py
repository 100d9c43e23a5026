"""Defects that a review of log, keys, cosigning, redaction and static folder found: each was there before it was mended."""

from datetime import timedelta

import msgspec
import pytest
import scene as scenes
from bureau import testing_only_signer as signer_named
from test_cosigners import SHARD, cosigner_in_a_thread, grow, introduce, need, scripted, ticking, vkey_of
from test_key_commands import prepare, run  # noqa: F401 - the fixture
from test_redaction import BOTH, everything_kept, files_of, in_any_form, redaction, revisions
from test_revisions import PUBLISHERS, contest, correction, read
from test_service_command import environment  # noqa: F401 - the fixture

from disclosure.checkpoint import Checkpoint, cosign_checkpoint, sign_checkpoint
from disclosure.cosigning import format_line, parse_request
from disclosure.person import parse_disclosure
from service import log, steps
from service.command.doctor import examine
from service.cosigners import complete
from service.errors import Invalid
from service.key_events import append_key_event
from service.log import publish_checkpoint
from service.publishing import catch_up, run_jobs
from service.shards import _succeed
from service.static_folder.publish import publish_folder


async def test_a_log_whose_key_came_after_the_start_holds_up_no_opening(office, clock, config) -> None:
    """`log-create --succeeds` killed before it signed, while the service runs, which has not got the new key."""
    sealed = await scenes.sealed_scene(office, clock)
    key = signer_named("log-2027")
    async with office.pool.acquire() as connection, connection.transaction():
        await _succeed(connection, msgspec.structs.replace(office, log_signers={"2027": key}), "disclose.yunzhou.example/2027", key)
    clock.now = await office.pool.fetchval("SELECT opens FROM draw WHERE id = $1", sealed.draw) + timedelta(hours=1)
    await run_jobs(office)
    assert await office.pool.fetchval("SELECT state FROM draw WHERE id = $1", sealed.draw) == "opened"
    assert await publish_checkpoint(office, "2027") is None
    await publish_folder(office, config)


@pytest.mark.parametrize("url", ["http://[bad", "http://host:port/", "http://h:0/", "http://h:70000/"])
async def test_an_address_that_is_none_is_refused_in_words(office, url) -> None:
    with pytest.raises(Invalid, match="not an address"):
        await introduce(office, "audit", url)


async def test_an_address_that_cannot_be_asked_is_said_in_words(office) -> None:
    await introduce(office, "audit", "http://xn--/")  # refused by the encoding of host names, with a ValueError
    assert await grow(office, 1)
    assert await office.pool.fetchval("SELECT zh FROM cosigner_answer") == "联署者 audit 无法询问"
    await run_jobs(office)


async def test_the_key_of_another_cosigner_is_refused_in_words(office) -> None:
    await introduce(office, "audit", "http://127.0.0.1:1")
    with pytest.raises(Invalid, match="the cosigner audit has this key"):
        await introduce(office, "court", "http://127.0.0.1:1", vkey_of("audit"))


async def test_doctor_survives_whatever_time_a_cosigner_claims(office, config, dsn) -> None:
    def answer(body: bytes) -> tuple[int, bytes]:
        return 200, format_line(cosign_checkpoint(parse_request(body).note, "audit.example", signer_named("audit"), 1 << 62)).encode()

    with scripted(answer) as url:
        await introduce(office, "audit", url)
        await grow(office, 1)
        said = [finding.what async for finding in examine(msgspec.structs.replace(config, database_url=dsn))]
    assert any(f"cosigner audit {SHARD}, 1: {1 << 62} s" in words for words in said), said


async def test_the_public_page_of_a_halted_log_names_no_path_of_this_machine(office, client, config) -> None:
    file = config.publish_dir / "log/2026/checkpoint"
    file.parent.mkdir(parents=True)
    file.write_bytes(sign_checkpoint(Checkpoint("disclose.yunzhou.example/2026", 50, bytes(32)), office.log_signer))
    office.memory.folder = config.publish_dir
    office.memory.checked.clear()
    await catch_up(office)
    page = await read(client, "/log/2026/")
    assert "停止签发" in page
    assert str(config.publish_dir) not in page


async def test_a_rotation_that_is_refused_leaves_no_key_behind_and_one_that_is_not_names_the_draws(run, tmp_path) -> None:  # noqa: F811
    await prepare(run, tmp_path)
    for _ in range(2):
        await run("key-rotate", "--until", "2020-01-01", status=1)
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["bureau.pem", "log.pem"]


async def test_an_end_that_is_not_moved_is_not_said_to_be(run, tmp_path) -> None:  # noqa: F811
    await prepare(run, tmp_path)
    await run("key-rotate", "--until", "2098-01-01")
    first = (await run("key-list")).split("指纹")[0]
    line = next(line for line in first.splitlines() if line.startswith("  ") and "from" not in line)
    assert "自 from: 2097-12-31T16:00:00Z" in await run("key-retire", "".join(line.split())[:16], "--at", "2099-01-01")


async def test_a_statement_in_a_step_that_was_overtaken_goes_with_the_redaction(office, clock) -> None:
    scene, said = await scenes.open_scene(office, clock), "请复核，电话 13900000000"
    clock.advance(days=1)
    await steps.propose(office, scene.people["reviewer"], scene.draw, "contest/v1", contest(scene, statement=said))
    await scene.take("correction/v1", await correction(scene), *PUBLISHERS)  # overtakes it: it can never be performed
    await scene.take("contest/v1", contest(scene, statement=said), *PUBLISHERS)
    for sha256, digests in await revisions(scene):
        if await office.pool.fetchval("SELECT kind FROM document WHERE sha256 = $1", sha256) == "contest/v1":
            await scene.take("redaction/v1", redaction(sha256, digests), *BOTH)
    for table, kept in (await everything_kept(office)).items():
        assert not any(form in kept for form in in_any_form("13900000000")), table


async def test_a_redaction_does_not_wait_for_cosigners(office, clock, client, config) -> None:
    scene = await scenes.open_scene(office, clock, targets=200)
    await publish_folder(office, config)
    held = [(sha256, digests) for sha256, digests in await revisions(scene) if digests]
    text = await office.pool.fetchval("SELECT text FROM disclosure WHERE digest = $1", held[0][1][0])
    name = parse_disclosure(text)[2]["name"].encode()
    assert [file for file, data in files_of(config.publish_dir).items() if name in data]
    await introduce(office, "audit", "http://127.0.0.1:1")
    await need(office, 1)
    for sha256, digests in held:
        await scene.take("redaction/v1", redaction(sha256, digests), *BOTH)
    assert (await publish_folder(office, config)).waiting
    assert [file for file, data in files_of(config.publish_dir).items() if name in data] == []
    # When all is under a checkpoint again the pages are as the application has them.
    await need(office, 0)
    await grow_nothing(office)
    assert not (await publish_folder(office, config)).waiting
    for file, data in files_of(config.publish_dir).items():
        if not file.startswith("."):
            assert (await client.get("/" + file.removesuffix("index.html"))).content == data, file
    assert (await publish_folder(office, config)).written == 0


async def grow_nothing(office) -> None:
    async with office.pool.acquire() as connection:
        signed = await log.read_signed(connection, SHARD)
        assert signed is not None
        await complete(connection, SHARD, signed[0])


async def test_the_folder_remembers_only_signatures_that_can_still_grow(office, clock, client, config, monkeypatch, tmp_path) -> None:
    """It looked at every cosignature of the log every few seconds: 34 s a run for a million entries with two cosigners."""
    monkeypatch.setattr("service.static_folder.publish.LATE", 2)
    with cosigner_in_a_thread(tmp_path / "audit", "audit", ticking(clock)) as audit:
        await introduce(office, "audit", audit)
        for number in range(6):
            async with office.pool.acquire() as connection, connection.transaction():
                await append_key_event(connection, office, "cosigners", f"第 {number} 次")
            await publish_checkpoint(office, SHARD)
            await publish_folder(office, config)
        state = msgspec.json.decode((config.publish_dir / ".state.json").read_bytes())
        assert [entry.split(":")[0] for entry in state[f"signatures {SHARD}"].split()] == ["5", "6", "7"]
        with cosigner_in_a_thread(tmp_path / "court", "court", ticking(clock)) as court:
            await introduce(office, "court", court)
            office.memory.asked.clear()
            await run_jobs(office)
            await publish_folder(office, config)
    newest = await office.pool.fetchval("SELECT sha256 FROM document WHERE shard = $1 ORDER BY leaf_index DESC LIMIT 1", SHARD)
    assert b"court.example" in (config.publish_dir / f"doc/{newest}.tlog-proof").read_bytes()
