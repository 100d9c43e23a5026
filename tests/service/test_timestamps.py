"""Checkpoints are stamped once a day by an authority over HTTP; one that is down, wrong or slow is noted and harms nothing."""

import threading

import pytest
from journey import TRANSITIONS, begin, draw_of, office_at
from msgspec.structs import replace
from tsa import Authority, serve

from disclosure.checkpoint import read_unverified
from disclosure.command.timestamp import verify_timestamp
from disclosure.document import InspectionResult
from disclosure.document_bundle import parse_document_bundle
from disclosure.policy import parse_policy
from disclosure.proof import parse_proof
from disclosure.verification import Verdict
from disclosure.verification.document import verify_document_bundle
from service.command.doctor import examine
from service.documents import documents_of
from service.errors import Conflicting, Invalid
from service.log import append, lock_head, publish_checkpoint
from service.policies import policy_bytes
from service.publishing import run_jobs
from service.timestamps import add_authority, stamp_checkpoints
from service.web.app import create_app


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def tsa(authority):
    with serve(authority) as server:
        yield server


async def grow(office, leaf: bytes) -> None:
    async with office.pool.acquire() as connection, connection.transaction():
        await append(connection, await lock_head(connection, "2026"), leaf, office.now())
    await publish_checkpoint(office, "2026")


async def tokens(office) -> list:
    return await office.pool.fetch("SELECT * FROM timestamp_token ORDER BY size")


async def trouble(office) -> str | None:
    return await office.pool.fetchval("SELECT trouble FROM timestamp_authority")


async def test_the_newest_checkpoint_is_stamped_once_a_day(office, clock, authority, tsa) -> None:
    await add_authority(office, "national", tsa.url, authority.pem.read_bytes())
    await grow(office, b"one")
    await run_jobs(office)
    await run_jobs(office)
    await grow(office, b"two")
    await run_jobs(office)
    assert ([row["size"] for row in await tokens(office)], tsa.asked) == ([1], 1)
    clock.advance(hours=24)
    await run_jobs(office)
    clock.advance(hours=24)
    await run_jobs(office)  # nothing was logged since: the stamp that is there says all
    stored = await tokens(office)
    assert ([row["size"] for row in stored], tsa.asked) == ([1, 2], 2)
    for row in stored:
        note = await office.pool.fetchval("SELECT note FROM log_checkpoint WHERE size = $1", row["size"])
        lines = note.partition(b"\n\n")[0] + b"\n"
        assert lines.count(b"\n") == 3
        # The other way round: `openssl ts -verify` takes what we stored, for the lines anyone can read.
        assert authority.accepts(lines, row["response"])
        assert verify_timestamp(row["response"], lines, [authority.root]) == f"{row['at']:%Y-%m-%dT%H:%M:%SZ}"
    with pytest.raises(Exception, match="only ever added"):
        await office.pool.execute("DELETE FROM timestamp_token")


BAD = {
    "down": lambda authority: lambda _: b"",
    "no response at all": lambda authority: lambda _: b"<html>busy</html>",
    "too long": lambda authority: lambda _: bytes(70_000),
    "of another request": lambda authority: lambda _: authority.stamp(b"something else"),
    "cut": lambda authority: lambda request: authority.answer(request)[:-9],
}


@pytest.mark.parametrize("bad", BAD)
async def test_a_bad_answer_is_noted_not_stored_and_asked_again_in_an_hour(office, clock, authority, tsa, bad) -> None:
    await add_authority(office, "national", tsa.url, authority.pem.read_bytes())
    await grow(office, b"one")
    tsa.answers = BAD[bad](authority)
    await run_jobs(office)
    await run_jobs(office)
    assert (await tokens(office), tsa.asked) == ([], 1)
    assert await trouble(office)
    clock.advance(hours=1)
    tsa.answers = authority.answer
    await run_jobs(office)
    assert len(await tokens(office)) == 1
    assert await trouble(office) is None


async def test_an_authority_that_cannot_be_reached_or_answers_for_ever_holds_nothing_up(
    office, authority, tsa, monkeypatch
) -> None:
    monkeypatch.setattr("service.timestamps.PATIENCE", 0.5)
    wait = threading.Event()
    tsa.answers = lambda _: wait.wait(20) and b""
    await add_authority(office, "slow", tsa.url, authority.pem.read_bytes())
    await add_authority(office, "gone", "http://127.0.0.1:9/tsa", authority.pem.read_bytes())
    await grow(office, b"one")
    await run_jobs(office)
    wait.set()
    rows = await office.pool.fetch("SELECT name, trouble FROM timestamp_authority ORDER BY name")
    assert [row["name"] for row in rows if row["trouble"]] == ["gone", "slow"]


async def test_an_answer_under_another_root_is_refused(office, tsa, tmp_path) -> None:
    other = Authority(tmp_path, "Another root")
    await add_authority(office, "national", tsa.url, other.pem.read_bytes())
    await grow(office, b"one")
    await stamp_checkpoints(office)
    assert await tokens(office) == []
    assert "时间戳无效" in (await trouble(office) or "")


async def test_doctor_says_who_does_not_answer(office, config, dsn, authority) -> None:
    await add_authority(office, "gone", "http://127.0.0.1:9/tsa", authority.pem.read_bytes())
    await grow(office, b"one")
    await run_jobs(office)
    findings = [finding async for finding in examine(replace(config, database_url=dsn))]
    (found,) = [finding for finding in findings if "gone" in finding.what]
    assert not found.good
    assert "ConnectError" in found.what


async def test_what_cannot_be_an_authority_is_refused_in_words(office, authority) -> None:
    pem = authority.pem.read_bytes()
    for url, file in [("ftp://x/", pem), ("tsa", pem), ("http://x/", b"none"), ("http://x/", pem * 2)]:
        with pytest.raises(Invalid):
            await add_authority(office, "national", url, file)
    await add_authority(office, "national", "http://x/", pem)
    with pytest.raises(Conflicting):
        await add_authority(office, "national", "http://y/", pem)


async def test_a_document_bundle_carries_the_stamp_of_its_checkpoint(bare_office, config, authority, tsa) -> None:
    from application import browser

    pool = bare_office.pool
    await begin(pool)
    for name, time, call in TRANSITIONS:
        if name == "sealed draft":
            break
        await call(office_at(pool, time))
    office = office_at(pool, "2026-11-13T00:00:00Z")
    await add_authority(office, "national", tsa.url, authority.pem.read_bytes())
    await run_jobs(office)
    policy = parse_policy(await policy_bytes(office))
    assert policy.timestamp_roots == (authority.root,)
    async with pool.acquire() as connection:
        stored = await documents_of(connection, await draw_of(office, "open"))
    async with browser(create_app(office, config)) as client:
        for document in stored:
            answer = await client.get(f"/doc/{document.sha256}.proof.json")
            assert "immutable" not in answer.headers["cache-control"]
            bundle = parse_document_bundle(answer.content)
            report = verify_document_bundle(answer.content, policy, verify_timestamp)
            assert [s.number for s in report.steps if s.verdict is Verdict.FAIL] == []
            # Verbatim: the proof inside is the file beside.
            proof = (await client.get(f"/doc/{document.sha256}.tlog-proof")).content
            assert bundle.proof == parse_proof(proof)
            newest = document is stored[-1]
            assert (bundle.timestamp is not None) == newest
            assert (read_unverified(parse_proof(proof).checkpoint).size == len(stored)) == newest
        assert (await client.get(f"/doc/{'0' * 64}.proof.json")).status_code == 404
        result = next(d for d in stored if isinstance(d.document, InspectionResult))
        page = await client.get(f"/results/{result.document.id}/1/")
        assert f"/doc/{result.sha256}.proof.json" in page.text
