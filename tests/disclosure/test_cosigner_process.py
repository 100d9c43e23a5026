"""The cosigner as another bureau runs it: over HTTP, killed at any moment, asked by many at once, slowly, hugely or wrongly."""

import errno
import os
import random
import socket
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from cosigner_process import ROOT, CosignerProcess
from test_cosigning import NOW, ORIGIN, A, B

from disclosure import cosigning, note
from disclosure.command import cosign, cosigner_keys
from disclosure.command.cosign import Cosigner
from disclosure.errors import CosigningError

TEXT = {"Content-Type": "text/plain"}


@pytest.fixture
def log_vkey(signer):
    return note.format_vkey(note.VerifierKey(ORIGIN, note.KIND_ED25519, signer(1).public_key))


@pytest.fixture
def running(tmp_path, log_vkey):
    cosigner = CosignerProcess(tmp_path, [log_vkey])
    cosigner.start()
    yield cosigner
    cosigner.kill()


@pytest.mark.parametrize("ml_dsa", [False, True])
def test_it_serves_signs_remembers_and_tells(tmp_path, log_vkey, signer, ml_dsa):
    cosigner = CosignerProcess(tmp_path, [log_vkey], ml_dsa=ml_dsa)
    assert stat.S_IMODE(cosigner.key.stat().st_mode) == 0o600
    cosigner.start()
    try:
        with httpx.Client(base_url=cosigner.url) as client:
            assert "no checkpoint seen yet" in client.get("/").text
            body = A.request(signer(1), 0, 5)
            answer = client.post("/add-checkpoint", content=body)
            assert answer.status_code == 200
            key = note.parse_vkey(cosigner.vkey)
            assert key.kind == (6 if ml_dsa else 4)
            _, when = cosigning.read_cosignature(cosigning.parse_request(body).note, answer.content, key)
            assert abs(when - time.time()) < 60
            said = client.get("/").text
            assert ORIGIN in said
            assert f"5 entries, root {A.roots[5].hex()}" in said
            assert cosigner.vkey in said
            stale = client.post("/add-checkpoint", content=A.request(signer(1), 0, 12))
            assert (stale.status_code, stale.content, stale.headers["content-type"]) == (409, b"5\n", "text/x.tlog.size")
            for method, path, status in (
                ("GET", "/add-checkpoint", 405), ("PUT", "/add-checkpoint", 405), ("DELETE", "/", 405), ("POST", "/", 405),
                ("GET", "/x", 404), ("POST", "/x", 404), ("POST", "/add-checkpoint", 400),
            ):  # fmt: skip
                assert client.request(method, path, content=b"" if method == "POST" else None).status_code == status
            assert client.head("/").content == b""
        cosigner.kill()
        cosigner.start()
        assert httpx.post(cosigner.url + "/add-checkpoint", content=B.request(signer(1), 5, 12)).status_code == 200
    finally:
        cosigner.kill()


def test_huge_and_unlengthy_requests_are_refused(running):
    huge = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"
    chunked = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    none = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n\r\n"
    for request, status in ((huge, b"413"), (chunked, b"411"), (none, b"411")):
        with socket.create_connection(("127.0.0.1", running.port), 10) as one:
            one.sendall(request)
            answer = b""
            while part := one.recv(4096):
                answer += part
            assert answer.split(b" ")[1] == status


def test_a_slow_request_is_cut_off_while_others_are_served(make_cosigner, signer, monkeypatch):
    monkeypatch.setattr(cosign, "REQUEST_SECONDS", 1)
    server = cosign.serve(make_cosigner(), ("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        port = server.server_address[1]
        for beginning in (b"", b"POST /add-", b"POST /add-checkpoint HTTP/1.1\r\nX: ", b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 999\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), 10) as slow:
                began = time.monotonic()
                slow.sendall(beginning)
                assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
                slow.settimeout(0.1)
                cut = False
                while not cut and time.monotonic() - began < 10:
                    try:
                        slow.sendall(b"x")  # a byte now and then does not help
                        cut = slow.recv(100) == b""
                    except TimeoutError:
                        pass
                    except OSError:
                        cut = True
                assert cut
                assert time.monotonic() - began < 5
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_it_never_signs_two_histories_however_often_it_is_killed(running, signer, tmp_path):
    """Two histories of one log are pressed on it while it is killed again and again: all signatures ever received are of one."""
    r, received, stop = random.Random(7), [], threading.Event()
    key = note.parse_vkey(running.vkey)
    lock = threading.Lock()

    def press(history, seed):
        mine = random.Random(seed)
        while not stop.is_set():
            size = mine.randrange(41)
            old = mine.choice([0, *(s["size"] for s in running.seen())]) if mine.random() < 0.9 else mine.randrange(41)
            body = history.request(signer(1), min(old, size), size)
            try:
                answer = httpx.post(running.url + "/add-checkpoint", content=body, timeout=5)
            except (httpx.HTTPError, OSError):
                time.sleep(0.01)
                continue
            if answer.status_code == 200:
                _, when = cosigning.read_cosignature(cosigning.parse_request(body).note, answer.content, key)
                with lock:
                    received.append((size, history.roots[size], when))

    threads = [threading.Thread(target=press, args=(history, n)) for n, history in enumerate((A, B, A, B))]
    for thread in threads:
        thread.start()
    for _ in range(12):
        time.sleep(r.uniform(0.02, 0.3))
        running.kill()
        running.start()
    stop.set()
    for thread in threads:
        thread.join()
    roots = {}
    for size, root, _ in received:
        assert roots.setdefault(size, root) == root, f"two roots of {size} entries were signed"
    assert any(all(one.roots[size] == root for size, root in roots.items()) for one in (A, B))
    # Never back: a later time goes with a size at least as large.
    for size, _, when in received:
        assert not any(other < size and later > when for other, _, later in received)
    assert all(running.seen()[0]["size"] >= size for size in roots)
    assert received


@pytest.fixture
def make_cosigner(tmp_path, signer):
    logs = {ORIGIN: note.VerifierKey(ORIGIN, note.KIND_ED25519, signer(1).public_key)}
    folder = tmp_path / "state"
    folder.mkdir()
    return lambda: Cosigner("audit.example", [signer(2)], logs, folder, lambda: NOW)


@pytest.mark.parametrize("step", ["open", "write", "fsync", "replace", "after replace", "fsync folder"])
def test_a_fault_at_any_step_of_remembering_signs_nothing_that_is_forgotten(make_cosigner, signer, monkeypatch, step):
    """The step fails; what was answered is nothing; what the next process remembers lets only one history go on."""
    assert make_cosigner().answer(A.request(signer(1), 0, 12)).status == 200
    dying, count = make_cosigner(), 0
    real = {"fsync": os.fsync, "replace": Path.replace, "open": Path.open}

    def broken(*_, **__):
        raise OSError(errno.ENOSPC, "no space")

    def fsync(descriptor):
        nonlocal count
        count += 1
        if (count, step) in ((1, "fsync"), (2, "fsync folder")):
            broken()
        real["fsync"](descriptor)

    def replace(self, target):
        if step == "replace":
            broken()
        real["replace"](self, target)
        if step == "after replace":
            broken()

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    if step == "open":
        monkeypatch.setattr(Path, "open", broken)
    if step == "write":
        monkeypatch.setattr(cosigner_keys.msgspec.json, "encode", broken)
    answer = dying.answer(A.request(signer(1), 12, 20))
    assert (answer.status, answer.seen) == (500, None)
    assert "—".encode() not in answer.body
    monkeypatch.undo()
    again = make_cosigner()
    assert again.seen[ORIGIN].size in (12, 20)
    assert again.answer(B.request(signer(1), again.seen[ORIGIN].size, 30)).status == 422
    assert again.answer(A.request(signer(1), again.seen[ORIGIN].size, 30)).status == 200


def test_many_requests_at_once_are_one_after_another(make_cosigner, signer):
    """The race of tlog-witness: nobody rolls back what another has just added."""
    cosigner = make_cosigner()
    cosigner.answer(A.request(signer(1), 0, 1))
    bodies = [A.request(signer(1), 1, size) for size in range(1, 41)] + [B.request(signer(1), 1, size) for size in range(1, 41)]
    random.Random(3).shuffle(bodies)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(cosigner.answer, bodies))
    grown = [answer.seen for answer in answers if answer.seen is not None and answer.seen.size > 1]
    assert len(grown) == 1
    assert make_cosigner().seen[ORIGIN] == grown[0]


def test_a_memory_that_cannot_be_read_is_not_taken_for_none(make_cosigner, signer, tmp_path):
    make_cosigner().answer(A.request(signer(1), 0, 5))
    (file,) = (tmp_path / "state").glob("*.json")
    good = file.read_bytes()
    for bad in (b"", good[:-1], good + b"\n", good.replace(b'"size":5', b'"size":"5"'), good.replace(ORIGIN.encode(), b"other")):
        file.write_bytes(bad)
        with pytest.raises(CosigningError, match="nothing is signed"):
            make_cosigner()
    file.write_bytes(good)
    (tmp_path / "state" / "left.part").write_bytes(good[:20])  # what a crash while writing leaves
    assert make_cosigner().seen[ORIGIN].size == 5


def test_one_process_per_memory(running):
    second = subprocess.run(
        running._command(*running.arguments()), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert "in use by another process" in second.stderr


def run(*arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cosign.run([str(a) for a in arguments])
    return ended.value.code


def test_wrong_usage_and_wrong_keys_are_said(tmp_path, log_vkey, signer, capsys, monkeypatch):
    key = tmp_path / "key.pem"
    assert cosign.run(["--keygen", str(key), "--name", "a.example"]) == 0
    assert cosign.run(["--keygen", str(key), "--name", "a.example"]) == 1
    assert "never overwritten" in capsys.readouterr().err
    assert run("--name", "a.example", capsys=capsys) == 64
    assert run("--name", "a.example", "--keygen", key, "--log", log_vkey, capsys=capsys) == 64
    assert run("--name", "a.example", "--key", key, "--log", log_vkey, "--state", tmp_path, "--listen", "x", capsys=capsys) == 64
    serving = ["--key", str(key), "--name", "a.example", "--state", str(tmp_path / "s"), "--listen", "127.0.0.1:0", "--log"]
    wrong = note.format_vkey(note.VerifierKey(ORIGIN, note.KIND_COSIGNATURE, signer(1).public_key))
    for vkeys in (["x"], [wrong], [log_vkey, log_vkey]):
        assert cosign.run([*serving, *vkeys]) == 1
    if sys.platform != "win32":
        key.chmod(0o644)
        assert cosign.run([*serving, log_vkey]) == 1
        assert "chmod 600" in capsys.readouterr().err
