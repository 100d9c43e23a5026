"""Cosigners of our log: what is asked, stored and served; proofs that wait for the quorum; a whole journey under one."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bureau import testing_only_signer as signer_named
from cosigner_process import CosignerProcess
from journey import TRANSITIONS, begin, draw_of, office_at

from disclosure.checkpoint import open_checkpoint
from disclosure.command.cosign import Cosigner as Software
from disclosure.command.cosign import serve
from disclosure.note import KIND_COSIGNATURE, KIND_ED25519, VerifierKey, format_vkey
from disclosure.policy import parse_policy
from disclosure.proof import parse_proof, verify_proof
from disclosure.verification import Verdict, verify_bundle
from service import cosigners, cosigning, guard, log
from service.bundles import build_proof, read_bundle
from service.errors import Conflicting, Invalid, NotFound
from service.policies import policy_bytes
from service.publishing import run_jobs

ORIGIN, SHARD = "disclose.yunzhou.example/2026", "2026"
LOG = VerifierKey(ORIGIN, KIND_ED25519, signer_named("log").public_key)


def vkey_of(name: str) -> VerifierKey:
    return VerifierKey(f"{name}.example", KIND_COSIGNATURE, signer_named(name).public_key)


@contextmanager
def cosigner_in_a_thread(folder: Path, name: str, clock: Callable[[], float]) -> Iterator[str]:
    """The real software in a thread, with a clock of ours; its address."""
    folder.mkdir(exist_ok=True)
    server = serve(Software(f"{name}.example", [signer_named(name)], {ORIGIN: LOG}, folder, clock), ("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ticking(clock) -> Callable[[], float]:
    def now() -> float:
        return float(clock.now.timestamp())

    return now


@contextmanager
def scripted(answer: Callable[[bytes], tuple[int, bytes]]) -> Iterator[str]:
    """A server that says what it is told to."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def grow(office, count: int, label: str = "leaf") -> bytes | None:
    async with office.pool.acquire() as connection, connection.transaction():
        for number in range(count):
            head = await log.lock_head(connection, SHARD)
            await log.append(connection, head, f"{label} {head.size} {number}".encode(), office.now())
    return await log.publish_checkpoint(office, SHARD)


async def introduce(office, name: str, url: str, vkey: VerifierKey | None = None) -> None:
    async with office.pool.acquire() as connection, connection.transaction():
        await cosigners.add_cosigner(connection, office, name, format_vkey(vkey or vkey_of(name)), url)


async def need(office, number: int) -> None:
    async with office.pool.acquire() as connection, connection.transaction():
        await cosigners.set_quorum(connection, number)


async def served(office) -> bytes:
    async with office.pool.acquire() as connection:
        found = await log.read_newest_checkpoint(connection, SHARD)
    assert found is not None
    return found[1]


async def standing(office) -> cosigners.Standing:
    async with office.pool.acquire() as connection:
        (found,) = await cosigners.read_standing(connection, SHARD)
    return found


@pytest.fixture
def audit(tmp_path, clock) -> Iterator[str]:
    with cosigner_in_a_thread(tmp_path / "audit", "audit", ticking(clock)) as url:
        yield url


async def test_every_publication_is_cosigned_and_the_newest_line_is_served(office, audit, clock, client) -> None:
    await introduce(office, "audit", audit)
    for size in (3, 5):
        await grow(office, size - (0 if size == 3 else 3))
        opened = open_checkpoint((await client.get("/log/2026/checkpoint")).content, LOG, (vkey_of("audit"),))
        assert opened.checkpoint.size == size
        assert [c.time for c in opened.cosignatures] == [int(clock.now.timestamp())]
    first = clock.now
    clock.now += timedelta(minutes=30)
    await run_jobs(office)
    assert open_checkpoint(await served(office), LOG, (vkey_of("audit"),)).cosignatures[0].time == int(first.timestamp())
    clock.now += timedelta(minutes=31)
    office.memory.asked.clear()
    await run_jobs(office)
    # The heartbeat: nothing was logged, yet others can see that nothing was hidden. Proofs keep the first line.
    assert open_checkpoint(await served(office), LOG, (vkey_of("audit"),)).cosignatures[0].time == int(clock.now.timestamp())
    async with office.pool.acquire() as connection:
        proving = await cosigners.read_complete_checkpoint(connection, SHARD, 5)
    assert proving is not None
    assert open_checkpoint(proving.note, LOG, (vkey_of("audit"),)).cosignatures[0].time == int(first.timestamp())


async def test_proofs_wait_for_the_quorum_and_keep_their_checkpoint(office, tmp_path, audit, clock) -> None:
    await grow(office, 2)
    await introduce(office, "audit", audit)
    with cosigner_in_a_thread(tmp_path / "court", "court", ticking(clock)) as court:
        await introduce(office, "court", court)
        await need(office, 2)
        await grow(office, 1)
        async with office.pool.acquire() as connection:
            assert (await cosigners.read_complete_checkpoint(connection, SHARD, 3)).size == 3
    await grow(office, 1)  # the court's machine is off
    async with office.pool.acquire() as connection:
        assert await cosigners.read_complete_checkpoint(connection, SHARD, 4) is None
        # What was provable stays provable, from the same checkpoint: also what was before anyone asked for a quorum.
        assert (await cosigners.read_complete_checkpoint(connection, SHARD, 3)).size == 3
        assert (await cosigners.read_complete_checkpoint(connection, SHARD, 1)).size == 2
    found = {s.cosigner.name: s for s in await _all_standing(office)}
    assert (found["audit"].size, found["audit"].problem) == (4, None)
    assert (found["court"].size, "cannot be reached" in found["court"].problem[1]) == (3, True)
    with cosigner_in_a_thread(tmp_path / "court", "court", ticking(clock)) as court:
        await introduce(office, "court", court)
        office.memory.asked.clear()
        await run_jobs(office)
    async with office.pool.acquire() as connection:
        complete = await cosigners.read_complete_checkpoint(connection, SHARD, 4)
    assert complete is not None
    assert len(open_checkpoint(complete.note, LOG, (vkey_of("audit"), vkey_of("court"))).cosignatures) == 2


async def _all_standing(office) -> list[cosigners.Standing]:
    async with office.pool.acquire() as connection:
        return await cosigners.read_standing(connection, SHARD)


def wavering(body: bytes) -> tuple[int, bytes]:
    """It remembers another size each time it is asked, always less than ours."""
    if b"\n0\n" in body:
        return 500, b""
    return 409, b"2\n" if body.startswith(b"old 1\n") else b"1\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda body: (404, b""), "does not know this log"),
        (lambda body: (403, b""), "does not accept the log's signature"),
        (lambda body: (422, b""), "does not accept the beginning"),
        (lambda body: (500, b""), "answered 500"),
        (lambda body: (302, b""), "answered 302"),
        (lambda body: (200, b""), "refused"),
        (lambda body: (200, b"nonsense\n"), "refused"),
        (lambda body: (200, "— audit.example AAAAAAAAAAAAAAAAAAAA\n".encode()), "refused"),
        (lambda body: (200, b"x" * 100_000), "over"),
        (lambda body: (409, b"no number"), "without a size"),
        (lambda body: (409, b"01\n"), "without a size"),
        (wavering, "keeps answering 409"),
    ],
)
async def test_whatever_a_cosigner_answers_is_said_in_words_and_holds_nothing_up(office, answer, said) -> None:
    with scripted(answer) as url:
        await introduce(office, "audit", url)
        assert await grow(office, 3) is not None
    assert said in (await standing(office)).problem[1]
    assert (await served(office)).count("—".encode()) == 1
    assert office.memory.halted == {}


async def test_a_cosigner_that_hangs_is_waited_for_briefly(office, monkeypatch) -> None:
    monkeypatch.setattr(cosigning, "PROMPT", 0.3)
    monkeypatch.setattr(guard, "PATIENCE", 0.3)
    wait = threading.Event()
    with scripted(lambda body: (wait.wait(5), (500, b""))[1]) as url:
        await introduce(office, "audit", url)
        assert await grow(office, 1) is not None
        assert "no answer within" in (await standing(office)).problem[1]
        wait.set()


async def test_it_is_asked_again_only_after_a_while(office) -> None:
    asked = []
    with scripted(lambda body: (asked.append(body), (500, b""))[1]) as url:
        await introduce(office, "audit", url)
        await grow(office, 1)
        before = len(asked)
        for _ in range(3):
            await run_jobs(office)
        assert len(asked) == before
        office.memory.asked.clear()
        await run_jobs(office)
        assert len(asked) == before + 1


async def test_cosigners_that_cannot_be_are_refused(office) -> None:
    good = format_vkey(vkey_of("audit"))
    async with office.pool.acquire() as connection:
        for name, vkey, url in (
            ("audit", format_vkey(LOG), "https://a.example"),
            ("audit", "nonsense", "https://a.example"),
            ("audit", good, "ftp://a.example"),
            ("audit", good, "https://a.example/?x=1"),
            ("none", good, "https://a.example"),
            ("cosigners", good, "https://a.example"),
            ("Audit", good, "https://a.example"),
        ):
            with pytest.raises(Invalid):
                async with connection.transaction():
                    await cosigners.add_cosigner(connection, office, name, vkey, url)
        with pytest.raises(Conflicting, match="1 cosigners are asked for, 0"):
            async with connection.transaction():
                await cosigners.set_quorum(connection, 1)
    await introduce(office, "audit", "https://a.example")
    async with office.pool.acquire() as connection:
        for name, vkey, kind in (("other", good, Exception), ("audit", format_vkey(vkey_of("court")), Conflicting)):
            with pytest.raises(kind):
                async with connection.transaction():
                    await cosigners.add_cosigner(connection, office, name, vkey, "https://b.example")
    await need(office, 1)
    async with office.pool.acquire() as connection:
        with pytest.raises(Conflicting, match="1 cosigners are asked for, 0"):
            async with connection.transaction():
                await cosigners.retire_cosigner(connection, "audit")
        with pytest.raises(NotFound):
            await cosigners.retire_cosigner(connection, "nobody")
    policy = parse_policy(await policy_bytes(office)).log
    assert (policy.quorum, policy.groups) == ("cosigners", {"cosigners": (1, ("audit",))})


async def test_a_whole_journey_under_a_quorum_verifies_at_every_step(bare_office, tmp_path) -> None:
    """Plan and witnesses are cosigned before T, so what is only claimed without cosigners is proven now."""
    now = [office_at(None, TRANSITIONS[0][1]).now().timestamp()]
    pool = bare_office.pool
    with cosigner_in_a_thread(tmp_path / "audit", "audit", lambda: now[0]) as url:
        await begin(pool)
        await introduce(office_at(pool, TRANSITIONS[0][1]), "audit", url)
        await need(office_at(pool, TRANSITIONS[0][1]), 1)
        for _, time, call in TRANSITIONS:
            office = office_at(pool, time)
            now[0] = office.now().timestamp()
            await call(office)
        policy = parse_policy(await policy_bytes(office))
        for task in ("open", "sealed"):
            draw = await draw_of(office, task)
            bundle = await read_bundle(office, draw)
            report = verify_bundle(bundle, policy)
            wrong = [(s.number, s.sentence.en) for s in report.steps if s.verdict is not Verdict.PASS and s.number != 22]
            assert wrong == []
            # Cosigned again later, the bundle stays the same, byte for byte.
            now[0] += 7200
            await cosigning.cosign(office, SHARD, 5)
            assert await read_bundle(office, draw) == bundle
        async with pool.acquire() as connection:
            for (sha256,) in await connection.fetch("SELECT sha256 FROM document"):
                opened = verify_proof(parse_proof(await build_proof(connection, sha256)), LOG, (vkey_of("audit"),))
                assert len(opened.cosignatures) == 1


@pytest.mark.parametrize("at_once", [1, 100])
async def test_checkpoint_a_is_the_newest_that_cosigners_signed_by_t(office, audit, clock, monkeypatch, at_once) -> None:
    monkeypatch.setattr(cosigners, "_AT_ONCE", at_once)
    await introduce(office, "audit", audit)
    await need(office, 1)
    await grow(office, 3)
    t = clock.now
    clock.now += timedelta(seconds=1)
    await grow(office, 1)  # of another draw, after T, before our dice
    async with office.pool.acquire() as connection:
        assert (await cosigners.read_timed_checkpoint(connection, SHARD, 2, 4, t)).size == 3
        assert (await cosigners.read_timed_checkpoint(connection, SHARD, 4, 4, t)).size == 4  # none by T: the newest
        assert (await cosigners.read_timed_checkpoint(connection, SHARD, 2, 4, clock.now)).size == 4


async def test_the_real_program_cosigns_a_real_log(office, tmp_path) -> None:
    software = CosignerProcess(tmp_path, [format_vkey(LOG)], ml_dsa=True)
    url = software.start()
    try:
        async with office.pool.acquire() as connection, connection.transaction():
            await cosigners.add_cosigner(connection, office, "audit", software.vkey, url)
        await need(office, 1)
        await grow(office, 300)
        assert software.seen()[0]["size"] == 300
    finally:
        software.kill()
    assert software.vkey in json.loads(await policy_bytes(office))["log"]
    async with office.pool.acquire() as connection:
        assert (await cosigners.read_complete_checkpoint(connection, SHARD, 300)).size == 300
