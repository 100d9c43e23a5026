"""`mirror` and `diff`: a copy that is authenticated, resumable, and never replaced by what contradicts it; over real HTTP."""

import contextlib
import http.server
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import bureau
import publication
import pytest
from publication import SHARD

from disclosure.__main__ import main
from disclosure.command import source
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey

ROOT = Path(__file__).resolve().parents[2]
LOG = f"log/{SHARD}"


@pytest.fixture(scope="module")
def policy(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("policy") / "policy"
    path.write_bytes(bureau.policy_bytes("audit"))
    return str(path)


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    publication.write(folder, 300)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """For what does not need a second tile: five files of each entry are asked for over HTTP."""
    folder = tmp_path_factory.mktemp("small")
    publication.write(folder, 40)
    return folder


@pytest.fixture
def run(capsys, policy):
    """Return (exit status, output) of a command under the policy."""

    def call(*words: object, trusted: bool = True) -> tuple[int, str]:
        status = main([*map(str, words), *(("--policy", policy) if trusted else ())])
        return status, capsys.readouterr().out

    return call


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(source, "SECONDS", 0.7)
    monkeypatch.setattr(source, "PAUSES", (0.01, 0.05))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Site:
    """A file server on loopback that may misbehave: `faults` maps a part of a path to what is done there, so many times."""

    def __init__(self, folder: Path) -> None:
        site = self
        self.faults: dict[str, tuple[str, int]] = {}
        self.asked: list[str] = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments: object) -> None:
                super().__init__(*arguments, directory=str(folder))

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                site.asked.append(self.path)
                for part, (fault, times) in site.faults.items():
                    if part in self.path and times:
                        site.faults[part] = fault, times - 1
                        self.misbehave(fault)
                        return
                super().do_GET()

            def misbehave(self, fault: str) -> None:
                if fault in ("500", "404", "403", "503"):
                    return self.send_error(int(fault))
                if fault == "hang":
                    time.sleep(1.5)
                    return None
                if fault == "elsewhere":
                    self.send_response(302)
                    self.send_header("Location", "http://127.0.0.2:1/secret")
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                body = (folder / self.path.lstrip("/")).read_bytes()
                kind = "application/octet-stream"
                if fault == "html":
                    body, kind = b"<html>not found</html>", "text/html; charset=utf-8"
                self.send_response(200)
                self.send_header("Content-Type", kind)
                if fault == "lies":
                    self.send_header("Content-Length", str(len(body) + 500))
                elif fault == "endless":
                    pass
                else:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if fault == "endless":
                    with contextlib.suppress(OSError):
                        while True:
                            self.wfile.write(bytes(1 << 20))
                if fault == "other":
                    body = bytes([body[0] ^ 1]) + body[1:]
                self.wfile.write(body[: len(body) // 2] if fault == "truncates" else body)
                return None

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_the_copy_is_the_publication_and_the_second_run_writes_nothing(run, served, tmp_path):
    with Site(served) as site:
        status, output = run("mirror", site.url, tmp_path, "--shard", SHARD)
        assert status == 3 and "FAIL" not in output, output  # documents of cheap leaves are absent
        copy = files(tmp_path)
        assert copy.pop(f"checkpoints/{SHARD}/300") == copy[f"{LOG}/checkpoint"]
        assert copy == files(served)
        site.asked.clear()
        status, output = run("mirror", site.url, tmp_path, "--shard", SHARD)
        assert status == 3 and "files written 0" in output
        kept = [path for path in site.asked if "/tile/" in path or path.endswith((".dsse.json", ".tlog-proof"))]
        assert not [path for path in kept if (served / path.lstrip("/")).exists()]  # what is here already is not fetched
    assert run("audit", tmp_path)[0] == 3
    assert run("audit", site.url, "--shard", SHARD)[0] == 2  # the site is gone


def test_audit_over_http_is_audit_of_the_folder(run, served):
    with Site(served) as site:
        for words in ((), ("--no-documents",)):
            there = run("audit", site.url, *words)
            here = run("audit", served, *words)
            assert there[0] == here[0]
            assert [line for line in there[1].splitlines() if "其他" not in line] == [line for line in here[1].splitlines() if "其他" not in line]
        site.faults["tile/0/000"] = "other", 99
        status, output = run("audit", site.url)
        assert status == 1 and f"FAIL         {LOG}/tile/0/000" in output


@pytest.mark.parametrize("fault", ["500", "503", "truncates", "lies", "hang"])
def test_what_fails_once_is_asked_again(run, small, tmp_path, fault):
    with Site(small) as site:
        site.faults = {"tile/0/000.p/40": (fault, 1), "checkpoint": (fault, 2), ".dsse.json": (fault, 1)}
        status, output = run("mirror", site.url, tmp_path)
        assert status == 3 and "FAIL" not in output, output
    assert {k: v for k, v in files(tmp_path).items() if not k.startswith("checkpoints/")} == files(small)


@pytest.mark.parametrize("fault", ["500", "403", "truncates", "lies", "hang", "elsewhere", "endless"])
def test_what_fails_always_ends_in_words_and_the_next_run_completes(run, small, tmp_path, fault, monkeypatch):
    monkeypatch.setattr(source, "MAX_FILE", 4 << 20)
    with Site(small) as site:
        site.faults["tile/entries/000"] = fault, 10_000
        status, output = run("mirror", site.url, tmp_path)
        assert status == 2, output
        assert "tile/entries/000" in output and "再次运行" in output
        assert not (tmp_path / LOG / "checkpoint").exists()  # never ahead of what it promises
        site.faults.clear()
        assert run("mirror", site.url, tmp_path)[0] == 3
    assert {k: v for k, v in files(tmp_path).items() if not k.startswith("checkpoints/")} == files(small)


@pytest.mark.parametrize("fault", ["other", "html", "404"])
def test_what_is_false_or_missing_is_named_and_not_copied(run, small, tmp_path, fault):
    with Site(small) as site:
        site.faults = {"tile/entries/000": (fault, 99)}
        status, output = run("mirror", site.url, tmp_path)
        assert status == 1 and f"{LOG}/tile/entries/000.p/40" in output, output
        assert not (tmp_path / LOG / "tile/entries/000.p/40").exists()
        assert not (tmp_path / LOG / "checkpoint").exists()
    tmp_path = tmp_path / "documents"
    document = next((small / "doc").glob("*.dsse.json")).name
    with Site(small) as site:
        site.faults = {document: (fault, 99)}
        status, output = run("mirror", site.url, tmp_path)
        assert status == (1 if fault == "other" else 3), output
        assert not (tmp_path / "doc" / document).exists()
        assert (tmp_path / LOG / "checkpoint").exists()


def test_a_file_that_rotted_in_the_copy_is_fetched_again(run, served, tmp_path):
    run("mirror", served, tmp_path)
    whole = files(tmp_path)
    for path in (f"{LOG}/tile/0/000", f"{LOG}/tile/1/000.p/1", f"{LOG}/tile/entries/001.p/44", next(p for p in whole if p.endswith(".tlog-proof")),
                 next(p for p in whole if p.startswith("blob/") and whole[p])):  # fmt: skip
        (tmp_path / path).write_bytes(whole[path][:-1] + bytes([whole[path][-1] ^ 4]))
    (tmp_path / LOG / "tile/0/.000.part").write_bytes(b"half")
    status, output = run("mirror", served, tmp_path)
    assert status == 3 and "files written 5" in output, output
    assert files(tmp_path) == whole


def test_a_mirror_follows_a_growing_log_and_keeps_every_checkpoint(run, tmp_path):
    for size in (1, 40, 255, 256, 300, 600):
        shutil.rmtree(tmp_path / "served", ignore_errors=True)
        publication.write(tmp_path / "served", size, with_draw=False)
        assert run("mirror", tmp_path / "served", tmp_path / "copy")[0] in (0, 3)
        assert "FAIL" not in run("audit", tmp_path / "copy")[1]
    assert sorted(path.name for path in (tmp_path / "copy/checkpoints" / SHARD).iterdir()) == ["1", "255", "256", "300", "40", "600"]
    status, output = run("diff", *(tmp_path / "copy/checkpoints" / SHARD).iterdir(), "--log", tmp_path / "copy")
    assert status == 0, output


def other_history(folder: Path, size: int, at: int) -> None:
    """The log signs another entry at one place."""
    publication.write(folder, size, lambda entries: entries.__setitem__(at, publication.cheap_leaf(at, "other")), with_draw=False)


@pytest.mark.parametrize(("size", "at"), [(300, 5), (300, 299), (600, 5), (600, 280), (40, 5)])
def test_a_fork_is_never_taken_over_and_both_views_are_kept(run, tmp_path, size, at):
    publication.write(tmp_path / "served", 300, with_draw=False)
    run("mirror", tmp_path / "served", tmp_path / "copy")
    before = files(tmp_path / "copy")
    other_history(tmp_path / "other", size, at)
    status, output = run("mirror", tmp_path / "other", tmp_path / "copy")
    assert status == 1 and "FORK" in output, output
    theirs = (tmp_path / "other" / LOG / "checkpoint").read_bytes()
    after = files(tmp_path / "copy")
    assert {path: after[path] for path in before} == before
    assert [data for path, data in after.items() if path not in before] == [theirs]
    for text in (before[f"{LOG}/checkpoint"], theirs):
        assert text.decode() in output


def test_an_older_head_is_no_fork_and_replaces_nothing(run, tmp_path):
    publication.write(tmp_path / "new", 300, with_draw=False)
    publication.write(tmp_path / "old", 200, with_draw=False)
    run("mirror", tmp_path / "new", tmp_path / "copy")
    before = files(tmp_path / "copy")
    status, output = run("mirror", tmp_path / "old", tmp_path / "copy")
    assert status == 3 and "FORK" not in output and "older" in output
    assert files(tmp_path / "copy") == before


def test_names_that_were_redacted_go_from_the_copy_too(run, tmp_path):
    publication.write(tmp_path / "served", 60)
    run("mirror", tmp_path / "served", tmp_path / "copy")
    names = next((tmp_path / "copy/doc").glob("*.sd.json"))
    assert b"[\"" in names.read_bytes()
    (tmp_path / "served/doc" / names.name).write_bytes(b"[]")
    run("mirror", tmp_path / "served", tmp_path / "copy")
    assert names.read_bytes() == b"[]"


def test_killed_anywhere_the_next_run_goes_on(run, tmp_path, policy):
    """`kill -9` of a real process at many moments: never a checkpoint ahead of its files, and in the end the same bytes."""
    publication.write(tmp_path / "served", 3000, with_draw=False)
    command = [sys.executable, "-m", "disclosure", "mirror", str(tmp_path / "served"), str(tmp_path / "copy"), "--policy", policy]
    whole = files(tmp_path / "served")
    kills = 0
    for delay in (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.8):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        here = files(tmp_path / "copy") if (tmp_path / "copy").exists() else {}
        assert all(here[path] == whole[path] for path in here if path in whole), "half a file under its own name"
        if f"{LOG}/checkpoint" in here:
            assert {path for path in whole if "/tile/" in path} <= here.keys()
    assert kills
    assert run("mirror", tmp_path / "served", tmp_path / "copy")[0] == 3
    assert {k: v for k, v in files(tmp_path / "copy").items() if not k.startswith("checkpoints/")} == whole


def test_paths_cannot_lead_out_of_the_folder(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "in").mkdir()
    reader = source.open_source(str(tmp_path / "in"))
    for path in ("../secret", "/etc/passwd", "doc/../../secret", "doc//x", "", ".hidden", "doc/\n", "a\0b", "C:\\x", "doc/é"):
        with pytest.raises(source.SourceError):
            reader.read(path)


@pytest.fixture
def shown(tmp_path):
    """Checkpoints of one history at 200, 300 and 300 again, and of another at 200 and 300."""
    publication.write(tmp_path / "a", 300, with_draw=False)
    other_history(tmp_path / "b", 300, 150)
    tree = publication.write(tmp_path / "tree", 300, with_draw=False)
    (tmp_path / "a200").write_bytes(tree.checkpoint(200))
    (tmp_path / "a300").write_bytes(tree.checkpoint(300, cosigned=False))
    (tmp_path / "a150").write_bytes(tree.checkpoint(150))
    shutil.copy(tmp_path / "b" / LOG / "checkpoint", tmp_path / "b300")
    (tmp_path / "unsigned").write_bytes(tree.checkpoint(200).replace(b"\n200\n", b"\n201\n"))
    return tmp_path


@pytest.mark.parametrize(("words", "status"), [
    (("a200", "a300", "--log", "a"), 0),
    (("a300", "a/log/2026/checkpoint"), 0),
    (("a200", "--log", "a"), 0),
    (("a200", "a300"), 3),  # without tiles nobody can tell
    (("a300", "b300"), 1),  # two roots of one size need none
    (("a200", "--log", "b"), 1),
    (("a150", "--log", "b"), 0),  # before they part, both are one
    (("a200", "b300", "--log", "a"), 1),
    (("a200", "unsigned"), 1),
    (("a200", "nowhere"), 2),
    (("a200",), 64),
])  # fmt: skip
def test_diff(run, shown, monkeypatch, words, status):
    monkeypatch.chdir(shown)
    try:
        found, output = run("diff", *words)
    except SystemExit as usage:
        found, output = usage.code, ""
    assert found == status, output
    if status == 1:
        assert ("FORK" in output) == ("unsigned" not in words)


def test_diff_with_a_key_alone_and_with_none(run, shown):
    log = format_vkey(VerifierKey(publication.ORIGIN, KIND_ED25519, bureau.testing_only_signer("log").public_key))
    other = format_vkey(VerifierKey(publication.ORIGIN, KIND_ED25519, bureau.testing_only_signer("section-lead").public_key))
    words = ("diff", shown / "a200", shown / "a300", "--log", shown / "a")
    assert run(*words, "--vkey", log, trusted=False)[0] == 0
    assert run(*words, "--vkey", other, trusted=False)[0] == 1
    assert run(*words, trusted=False)[0] == 3
    status, output = run("diff", shown / "a300", shown / "b300", trusted=False)
    assert status == 1 and "No key was given" in output
    with Site(shown) as site:
        assert run("diff", f"{site.url}/a200", f"{site.url}/a300", "--log", f"{site.url}/a")[0] == 0
