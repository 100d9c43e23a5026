"""What a dishonest bureau, web server or cosigner does to whoever reads a log from outside: nothing passes in silence, nothing said
by others writes to a terminal, nothing read by others takes more time or memory than was granted."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import bureau
import msgspec
import publication
import pytest
from cosigner_process import CosignerProcess
from publication import ORIGIN, SHARD, Tree, cheap_leaf

from disclosure import note
from disclosure.__main__ import main
from disclosure.auditing import LogAudit, Seen
from disclosure.checkpoint import Checkpoint, Cosignature, read_unverified, sign_checkpoint
from disclosure.command import source
from disclosure.document import format_document, sign_document
from disclosure.envelope import format_envelope
from disclosure.keys import encode_base64
from disclosure.leaf import format_leaf, leaf_of
from disclosure.monitoring.logs import Log
from disclosure.monitoring.shards import stale
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey
from disclosure.person import make_disclosure
from disclosure.policy import parse_policy
from disclosure.tree import leaf_hash, root_at
from selection.canonical import format_canonical
from selection.keys import digest_of

LOG = f"log/{SHARD}"
OTHER = "disclose.yunzhou.example/2027"


@pytest.fixture(scope="module")
def policy(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("policy") / "policy"
    path.write_bytes(bureau.policy_bytes("audit"))
    return str(path)


def log_line(origin: str) -> str:
    """The line of a policy for a second log."""
    return f"log {format_vkey(VerifierKey(origin, KIND_ED25519, bureau.testing_only_signer('log2').public_key))}\n"


@pytest.fixture(scope="module")
def policy_of_two(tmp_path_factory) -> str:
    """The policy with a second log, of the next year."""
    file = json.loads(bureau.policy_bytes("audit"))
    file["log"] = log_line(OTHER) + file["log"]
    path = tmp_path_factory.mktemp("policy") / "policy"
    path.write_text(json.dumps(file))
    return str(path)


@pytest.fixture
def served(tmp_path) -> Path:
    publication.write(tmp_path / "served", 40)
    return tmp_path / "served"


@pytest.fixture
def run(capsys):
    def call(*words: object) -> tuple[int, str]:
        status = main([*map(str, words)])
        return status, capsys.readouterr().out

    return call


def lines_at(output: str, path: str) -> list[str]:
    """The lines with a verdict on the file at `path`."""
    return [line for line in output.splitlines() if line.endswith(f"  {path}")]


@contextlib.contextmanager
def server(answer):
    """Serve connections by `answer(connection)`; yield the address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.recv(4096)
            answer(connection)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=listening.accept()[:1], daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.close()


# ------------------------------------------------------------ another view of the log


def test_a_head_that_no_quorum_saw_is_never_read_in_silence(run, served, policy, tmp_path):
    tree = Tree([cheap_leaf(number) for number in range(3)])
    publication.write(tmp_path / "three", 3, with_draw=False)
    (tmp_path / "three" / LOG / "checkpoint").write_bytes(tree.checkpoint(3, cosigned=False))
    for words in (("audit", tmp_path / "three"), ("mirror", tmp_path / "three", tmp_path / "copy")):
        status, output = run(*words, "--policy", policy)
        assert status in (1, 3) and "quorum" in output


def test_a_log_in_the_place_of_another_is_refused(run, served, policy_of_two, tmp_path):
    shutil.copytree(served / "log/2026", served / "log/2027")
    for words in (("audit", served), ("mirror", served, tmp_path / "copy")):
        status, output = run(*words, "--policy", policy_of_two)
        assert status == 1 and any("FAIL" in line for line in lines_at(output, "log/2027/checkpoint")), output


def test_a_log_of_the_policy_that_is_not_there_is_named(run, served, policy_of_two, tmp_path):
    for words in (("audit", served), ("mirror", served, tmp_path / "copy")):
        status, output = run(*words, "--policy", policy_of_two)
        assert status == 3 and f"names the log {OTHER}" in output


def test_the_checkpoint_of_another_log_is_no_fork(run, served, tmp_path):
    """Two bureaus name their logs by the year: one's checkpoint and the other's tiles contradict nothing."""
    origin = "other.example/2026"
    file = json.loads(bureau.policy_bytes("audit"))
    file["log"] = log_line(origin) + file["log"]
    (tmp_path / "policy").write_text(json.dumps(file))
    head = sign_checkpoint(Checkpoint(origin, 1, leaf_hash(b"x")), bureau.testing_only_signer("log2"))
    (tmp_path / "theirs").write_bytes(head)
    status, output = run("diff", tmp_path / "theirs", "--log", served, "--policy", tmp_path / "policy")
    assert status == 3 and "FORK" not in output


def test_tiles_that_change_between_two_questions_do_not_hide_that_heads_were_not_compared(served):
    """The first answer for a tile is false, so no head in a proof can be compared; the second is true, so nothing else is wrong."""
    asked: dict[str, int] = {}

    def read(path: str) -> bytes | None:
        asked[path] = asked.get(path, 0) + 1
        place = served / path
        data = place.read_bytes() if place.is_file() else None
        false = path.endswith("tile/0/000.p/40") and asked[path] == 2
        return bytes(len(data)) if false and data is not None else data

    remarks = []
    head = read_unverified((served / LOG / "checkpoint").read_bytes())
    for _ in LogAudit(head, SHARD, read, remarks.append, Seen(), parse_policy(bureau.policy_bytes("audit")), True).run():
        pass
    assert any(remark.path == f"{LOG}/checkpoint" and "cannot be compared" in remark.en for remark in remarks)


def test_a_cosignature_of_the_far_future_is_not_fresh():
    policy = parse_policy(bureau.policy_bytes("audit")).log
    (key,) = policy.cosigners
    for seconds in (note.MAX_TIME, 1_795_485_000 + 2 * 86_400):
        log = Log(SHARD, policy.logs[0], Checkpoint(ORIGIN, 1, bytes(32)), (Cosignature(key.name, seconds),), None, None)
        assert [finding.code for finding in stale(log, policy, "2026-11-24T02:00:00Z")] == ["checkpoint-stale"]


def test_a_copy_made_without_a_policy_accuses_nobody(run, served, policy, tmp_path):
    forged = tmp_path / "forged"
    tree = publication.write(forged, 3, with_draw=False, also=lambda entries: entries.__setitem__(2, cheap_leaf(9, "forged")))
    (forged / LOG / "checkpoint").write_bytes(
        sign_checkpoint(Checkpoint(ORIGIN, 3, root_at(3, tree.hash_at)), bureau.testing_only_signer("forger"))
    )
    run("mirror", forged, tmp_path / "copy")
    status, output = run("mirror", served, tmp_path / "copy", "--policy", policy)
    assert status == 2 and "FORK" not in output and not (tmp_path / "copy/forks").exists()


# ------------------------------------------------------------ what is logged, and what is served of it


def test_an_entry_against_the_rules_is_kept_by_the_mirror_as_evidence(run, policy, tmp_path):
    """Else one such entry would end every mirror of the log, and with it what mirrors are for."""

    def backwards(entries: list[bytes]) -> None:
        entries[38] = entries[38].replace(b'"2026-12-01', b'"2026-01-01')
        entries[39] = b"no leaf at all"

    publication.write(tmp_path / "served", 40, also=backwards)
    status, output = run("mirror", tmp_path / "served", tmp_path / "copy", "--policy", policy)
    assert status == 1 and len(lines_at(output, f"{LOG}/tile/entries/000.p/40")) == 2
    for path in ("checkpoint", "tile/entries/000.p/40"):
        assert (tmp_path / "copy" / LOG / path).read_bytes() == (tmp_path / "served" / LOG / path).read_bytes()


def test_a_name_that_is_not_of_the_document_is_refused_though_the_document_is_withheld(run, served, policy, tmp_path):
    names = min((served / "doc").glob("*.sd.json"))
    names.write_bytes(format_canonical([make_disclosure(bytes(16), "person", {"certificate": "", "name": "李四", "unit": "某局"})]))
    names.with_name(names.name.replace(".sd.", ".")).unlink()
    for withheld in (".", ".dsse."):
        names.with_name(names.name.replace(".sd.", withheld)).unlink(missing_ok=True)
        for words in (("audit", served), ("mirror", served, tmp_path / withheld.strip("."))):
            status, output = run(*words, "--policy", policy)
            assert status == 1 and lines_at(output, f"doc/{names.name}"), output
        assert not list((tmp_path / withheld.strip(".")).glob("doc/*.sd.json"))


def test_a_plan_of_strangers_is_told(run, policy, tmp_path):
    """Whoever has the log's key alone can log a plan signed with keys of their own: that plan declares them."""
    stranger = bureau.testing_only_signer("stranger")
    plan = bureau.freeze(1, last="dice").plan
    section = msgspec.structs.replace(plan.sections[0], key=encode_base64(stranger.public_key))
    plan = msgspec.structs.replace(plan, sections=(section,))
    envelope = sign_document(plan, [stranger])
    tree = Tree([format_leaf(leaf_of(plan, envelope, "2026-11-24T04:00:00Z"))])
    put, data = publication.Putter(tmp_path), format_document(plan)
    put(f"doc/{digest_of(data)}.json", data)
    put(f"doc/{digest_of(data)}.dsse.json", format_envelope(envelope))
    for path, content in {**tree.files(1), "checkpoint": tree.checkpoint(1)}.items():
        put(f"{LOG}/{path}", content)
    status, output = run("audit", tmp_path, "--policy", policy)
    assert status == 3 and "that the policy does not list" in output


def test_one_file_that_nobody_may_read_does_not_end_the_audit(run, served, policy, tmp_path, monkeypatch):
    large = min((served / "doc").glob("*.proof.json"))
    monkeypatch.setattr(source, "MAX_FILE", 1 << 20)
    large.write_bytes(bytes((1 << 20) + 1))
    for words in (("audit", served), ("mirror", served, tmp_path / "copy")):
        status, output = run(*words, "--policy", policy)
        assert status == 1 and [f"doc/{large.name}" in line for line in output.splitlines() if "FAIL" in line] == [True]
    assert (tmp_path / "copy" / LOG / "checkpoint").exists() and not (tmp_path / "copy/doc" / large.name).exists()


def test_a_bundle_of_a_draw_that_was_never_logged_is_named(run, served, policy):
    path = "draws/yunzhou-2026-77-1/yunzhou-2026-77-1.bundle.json"
    publication.Putter(served)(path, min((served / "draws").rglob("*.bundle.json")).read_bytes())
    assert lines_at(run("audit", served, "--policy", policy)[1], path)


def test_a_folder_within_a_thousand_folders_is_listed(run, served, policy):
    place = "doc" + "/a" * 1100
    for depth in range(1, 1101):
        (served / ("doc" + "/a" * depth)).mkdir()
    (served / place / "x").write_bytes(b"")
    output = run("audit", served, "--policy", policy)[1]
    (served / place / "x").unlink()
    for depth in range(1100, 0, -1):  # what clears temporary folders away recurses
        (served / ("doc" + "/a" * depth)).rmdir()
    assert lines_at(output, f"{place}/x")


def test_a_mirror_removes_only_its_own_half_written_files(run, served, policy, tmp_path):
    put = publication.Putter(tmp_path / "copy")
    put("mine/.film.part", b"x")
    put(f"{LOG}/.checkpoint.part", b"x")
    run("mirror", served, tmp_path / "copy", "--policy", policy)
    assert [path.name for path in (tmp_path / "copy").rglob("*.part")] == [".film.part"]


# ------------------------------------------------------------ what others write, shown to people


def test_nothing_that_others_wrote_reaches_the_terminal_as_more_than_text(run, served, policy, tmp_path):
    (served / "doc" / "\x1b[2J\u202egood\n通过 pass").write_bytes(b"x")
    (tmp_path / "bundle").write_bytes(b'{"\\u001b[2J\\u009b2J\\u202e":1,"type":"draw-bundle/v1"}')
    outputs = [run("audit", served, "--policy", policy)[1], run("verify", tmp_path / "bundle")[1]]
    with server(lambda connection: connection.sendall(b"HTTP/1.1 403 \x1b[2J\x9b2J\r\nContent-Length: 0\r\n\r\n")) as url:
        outputs += [run(command, url, *more)[1] for command, *more in (["audit"], ["mirror", tmp_path / "copy"], ["monitor"])]
    for output in outputs:
        assert not set(output) & set("\x1b\x9b\u202e")
        assert not any(line.startswith("通过") for line in output.splitlines())
    assert "\\u001b[2J\\u202egood\\u000a" in outputs[0]


def test_a_request_line_writes_no_escape_into_the_log_of_the_cosigner_and_a_body_is_no_second_request(tmp_path):
    vkey = format_vkey(VerifierKey(ORIGIN, KIND_ED25519, bureau.testing_only_signer("log").public_key))
    cosigner = CosignerProcess(tmp_path, [vkey])
    cosigner.start()
    try:
        place = cosigner.url.removeprefix("http://").rstrip("/").rpartition(":")
        hidden = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
        for first in (b"GET / HTTP/1.1", b"POST /elsewhere HTTP/1.1"):
            with socket.create_connection((place[0], int(place[2])), timeout=5) as connection:
                connection.sendall(first + b"\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(hidden) + hidden)
                connection.settimeout(5)
                answered = b""
                with contextlib.suppress(OSError):
                    while part := connection.recv(65536):
                        answered += part
            assert answered.count(b"HTTP/1.1 ") == 1, answered
    finally:
        cosigner.kill()


# ------------------------------------------------------------ time and memory


def _forever(beginning: bytes, again: bytes):
    def answer(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while True:
            connection.sendall(again)
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        _forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        _forever(b"HTTP/1.1 200 OK\r\nX: ", b"a"),
        _forever(b"HTTP/1.1 200 OK\r\n\r\n", b"a"),
    ],
    ids=["interim", "header", "body"],
)
def test_a_server_that_never_ends_is_cut_off(answer, monkeypatch):
    monkeypatch.setattr(source, "WHOLE", 0.5)
    monkeypatch.setattr(source, "PAUSES", ())
    begun = time.monotonic()
    with server(answer) as url, pytest.raises(source.SourceError):
        source.fetch(f"{url}/policy", 1000)
    assert time.monotonic() - begun < 5


def test_the_body_of_a_redirect_is_not_read(monkeypatch):
    monkeypatch.setattr(source, "PAUSES", ())
    sent = [0]

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n")
        while sent[0] < 200:
            connection.sendall(bytes(1 << 20))
            sent[0] += 1

    with server(answer) as url, pytest.raises(source.SourceError):
        source.fetch(f"{url}/policy", 1000)
    assert sent[0] < 100


@pytest.mark.skipif(os.name != "posix", reason="the folder is held with flock")
def test_two_mirrors_do_not_work_in_one_folder(run, served, policy, tmp_path):
    (tmp_path / "copy").mkdir()
    holds = "import fcntl,os,sys; fd=os.open(sys.argv[1],os.O_RDONLY); fcntl.flock(fd,2); print(1,flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", holds, tmp_path / "copy"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert run("mirror", served, tmp_path / "copy", "--policy", policy)[0] == 2
        other.communicate(b"")
    assert run("mirror", served, tmp_path / "copy", "--policy", policy)[0] == 3
