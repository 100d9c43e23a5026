"""`audit`: a whole log from a folder. One bit changed in any kind of file, at any level of tile, and that very file is named.

"Named" is a line that says FAIL and the path. One place cannot fail: the name and key hash of a *cosigner's* line. Changed, it is the
line of somebody unknown, which readers of a log ignore (docs/spec/log.md 6); it is still named, as not checked.
"""

import random
import shutil
from pathlib import Path

import bureau
import publication
import pytest
from publication import ORIGIN, SHARD, Tree, cheap_leaf

from disclosure.__main__ import main
from disclosure.checkpoint import Checkpoint, sign_checkpoint
from disclosure.command.asking import MARKS
from disclosure.proof import Proof, format_proof, parse_proof
from disclosure.tiles import parse_bundle
from disclosure.tree import EMPTY_ROOT, inclusion_proof

SMALL = (0, 1, 2, 40, 255, 256, 257)
LARGE = 70_000
LOG = f"log/{SHARD}"


@pytest.fixture(scope="module")
def policy(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("policy") / "policy"
    path.write_bytes(bureau.policy_bytes("audit"))
    return str(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder of a publication of a size; made once, and put back by whoever changes it."""
    folders: dict[int, Path] = {}

    def make(size: int) -> Path:
        if size not in folders:
            folders[size] = tmp_path_factory.mktemp(f"log{size}")
            publication.write(folders[size], size, with_draw=size not in (255, 256))
        return folders[size]

    return make


@pytest.fixture
def audit(capsys, policy):
    """Return (exit status, {path: verdict}, whole output) of an audit."""

    def run(folder: Path, *words: str, trusted: bool = True):
        status = main(["audit", str(folder), *(("--policy", policy) if trusted else ()), *words])
        output = capsys.readouterr().out
        named = {}
        for line in output.splitlines():
            for mark in ("FAIL", "not checked", "absent"):
                if line.startswith(MARKS[mark.replace(" ", "-").lower()] + "  "):
                    named.setdefault(line.split()[-1], set()).add(mark)
        return status, named, output

    return run


class Changed:
    """One file changed for the length of a block."""

    def __init__(self, path: Path, data: bytes | None) -> None:
        self.path, self.data, self.before = path, data, path.read_bytes()

    def __enter__(self) -> None:
        if self.data is None:
            self.path.unlink()
        else:
            self.path.write_bytes(self.data)

    def __exit__(self, *_: object) -> None:
        self.path.write_bytes(self.before)


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


def is_cosigner_line(path: str, data: bytes, at: int) -> bool:
    """Whether a position lies in the cosigner's line of a note: checkpoint, proof, or a bundle that carries one."""
    line = "— audit.example ".encode()
    return any(0 <= at - found < len(line) + 6 for found in _finds(data, line)) and path.endswith(
        ("checkpoint", "tlog-proof", "bundle.json", "proof.json")
    )


def _finds(data: bytes, part: bytes) -> list[int]:
    found, at = [], data.find(part)
    while at >= 0:
        found.append(at)
        at = data.find(part, at + 1)
    return found


@pytest.mark.parametrize("size", SMALL)
def test_an_honest_log_passes(audit, made, size):
    status, named, output = audit(made(size))
    assert "FAIL" not in str(named) and "not checked" not in str(named), output
    assert status == (0 if size <= 1 else 3)  # documents of cheap leaves are absent, and said to be
    assert f"{size:,}  条目 entries" in output or not size


def test_without_a_policy_the_signatures_are_not_checked_and_said_to_be(audit, made):
    status, named, output = audit(made(1), trusted=False)
    assert status == 3
    assert named == {f"{LOG}/checkpoint": {"not checked"}}
    assert ORIGIN in output and "audit.example" in output


@pytest.mark.parametrize("size", [size for size in SMALL if size])
def test_one_bit_anywhere_is_noticed_and_its_file_named(audit, made, size):
    folder = made(size)
    r = random.Random(size)
    tried = 0
    for place in sorted(path for path in folder.rglob("*") if path.is_file()):
        path, data = str(place.relative_to(folder)), place.read_bytes()
        if path == "policy" or not data:
            continue  # the policy may be laid out by hand: see below; an empty list has no bit
        positions = {0, 1, len(data) // 2, len(data) - 1, *(r.randrange(len(data)) for _ in range(4))}
        if path == f"{LOG}/checkpoint":
            positions = set(range(len(data)))
        for at in sorted(positions & set(range(len(data)))):
            changed = flipped(data, at, r.randrange(8))
            with Changed(place, changed):
                status, named, output = audit(folder)
            tried += 1
            if is_cosigner_line(path, data, at):
                assert path in named, (path, at, output)
                continue
            assert status == 1, (path, at, output)
            assert "FAIL" in named.get(path, ()), (path, at, output)
            others = {p for p, marks in named.items() if "FAIL" in marks} - {path}
            # A checkpoint that promises another size has other files missing; nothing else is ever blamed.
            assert not others or path.endswith("checkpoint"), (path, at, output)
    assert tried > 60


def test_every_byte_of_every_tile_and_bundle_of_a_small_log(audit, made):
    folder = made(2)
    for place in sorted((folder / LOG / "tile").rglob("*")):
        if place.is_file():
            data = place.read_bytes()
            for at in range(len(data)):
                with Changed(place, flipped(data, at, at % 8)):
                    status, named, output = audit(folder, "--no-documents")
                assert status == 1 and "FAIL" in named[str(place.relative_to(folder))], (place, at, output)


@pytest.mark.parametrize("size", [2, 40, 257])
def test_files_cut_lengthened_swapped_emptied_or_taken_away_are_named(audit, made, size):
    folder = made(size)
    for place in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "policy"):
        path, data = str(place.relative_to(folder)), place.read_bytes()
        changes = {data[:-1], data[: len(data) // 2], data + b"\0", data + data, b"", b"<html>not found</html>"}
        for change in changes - {data}:
            with Changed(place, change):
                status, named, output = audit(folder)
            assert status == 1 and "FAIL" in named[path], (path, len(change), output)
        if path.startswith(f"{LOG}/tile"):
            with Changed(place, None):
                status, named, output = audit(folder)
            assert status == 1 and "FAIL" in named[path], (path, output)
        elif path.startswith(("doc/", "blob/")) and not path.endswith((".sd.json", ".proof.json")):
            with Changed(place, None):  # may be withheld by law: said, and not called false
                status, named, output = audit(folder)
            assert status == 3 and "FAIL" not in str(named), (path, output)
            assert place.name.split(".")[0] in output
    documents = sorted((folder / "doc").glob("*.dsse.json"))
    for one, other in ((documents[0], documents[-1]), *(((folder / LOG / f"tile/{k}/000"), (folder / LOG / f"tile/{k}/001.p/1")) for k in ("0", "entries") if size > 256)):
        if one != other:
            with Changed(one, other.read_bytes()):
                status, named, output = audit(folder)
            assert status == 1 and "FAIL" in named[str(one.relative_to(folder))], output


def large_places() -> list[str]:
    """First, middle and last tile of every level and of the entries, partial and full, and one of each other kind."""
    return [
        "tile/0/000", "tile/0/136", "tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1",
        "tile/entries/000", "tile/entries/136", "tile/entries/273.p/112", "checkpoint",
    ]  # fmt: skip


@pytest.mark.parametrize("path", large_places())
def test_one_bit_in_a_log_of_70000(audit, made, path):
    """Six hashes on the right edge against three edge tiles: where a well-known reader trusted some (CVE-2026-56865)."""
    folder = made(LARGE)
    place = folder / LOG / path
    data = place.read_bytes()
    at = {"checkpoint": len(ORIGIN) + 10}.get(path, random.Random(path).choice([0, len(data) // 2, len(data) - 1]))
    with Changed(place, flipped(data, at, 3)):
        status, named, output = audit(folder)
    assert status == 1 and "FAIL" in named[f"{LOG}/{path}"], output
    assert [p for p, marks in named.items() if "FAIL" in marks] == [f"{LOG}/{path}"]


def test_many_files_of_a_log_of_70000_at_once(audit, made, tmp_path):
    """One bit in each of forty files: all are named, nothing else is, and what lies below the false ones is still looked at."""
    folder = made(LARGE)
    r = random.Random(70_000)
    chosen = [f"tile/{kind}/{index:03d}" for kind in ("0", "entries") for index in r.sample(range(273), 20)]
    chosen = [path for path in chosen if path.replace("entries", "0") == path or path.replace("entries", "0") not in chosen]
    blocks = [Changed(folder / LOG / path, flipped(d := (folder / LOG / path).read_bytes(), r.randrange(len(d)), 5)) for path in chosen]
    for block in blocks:
        block.__enter__()
    status, named, _ = audit(folder, "--no-documents")
    for block in blocks:
        block.__exit__()
    assert status == 1
    assert sorted(p for p, marks in named.items() if "FAIL" in marks) == sorted(f"{LOG}/{path}" for path in chosen)


def test_two_false_tiles_above_one_another_are_not_hidden(audit, made):
    """The upper one is named and what it hides is said to be unknown; nothing below it passes for checked."""
    folder = made(LARGE)
    upper, lower = folder / LOG / "tile/1/000", folder / LOG / "tile/0/007"
    with Changed(upper, flipped(upper.read_bytes(), 9, 1)), Changed(lower, flipped(lower.read_bytes(), 9, 1)):
        status, named, _ = audit(folder, "--no-documents")
    assert status == 1 and "FAIL" in named[f"{LOG}/tile/1/000"]
    assert "not checked" in str(named) or "FAIL" in named.get(f"{LOG}/tile/0/007", ())


@pytest.mark.parametrize(("what", "leaf"), [
    ("laid out", cheap_leaf(300).replace(b",", b", ", 1)),
    ("another member", cheap_leaf(300).replace(b'"rev":1', b'"note":1,"rev":1')),
    ("not JSON", b"entry 300"),
    ("empty", b""),
    ("too long", cheap_leaf(300).replace(b"yunzhou-2026-9-1", b"y" * 4096)),
    ("a number with a fraction", cheap_leaf(300).replace(b'"rev":1', b'"rev":1.0')),
    ("twice", cheap_leaf(300).replace(b'"rev":1', b'"rev":1,"rev":1')),
    ("back in time", cheap_leaf(300).replace(b"2026-12-01", b"2026-11-01")),
])  # fmt: skip
def test_a_log_whose_own_entries_are_wrong_is_refused_though_every_hash_fits(audit, tmp_path, what, leaf):
    """The bureau itself logged and signed it."""

    def also(entries: list[bytes]) -> None:
        entries[300] = leaf

    publication.write(tmp_path, 301, also, with_draw=False)
    status, named, output = audit(tmp_path)
    assert status == 1, output
    assert "FAIL" in named[f"{LOG}/tile/entries/001.p/45"] and "300" in output


def test_a_leaf_that_says_something_else_than_its_document_is_refused(audit, tmp_path):
    for old, new in ((b'"rev":1', b'"rev":2'), (b"key-event/v1", b"key-event/v2"), (b"yunzhou.keys", b"yunzhou.logs")):
        def also(entries: list[bytes], old: bytes = old, new: bytes = new) -> None:
            entries[0] = entries[0].replace(old, new)

        publication.write(tmp_path, 1, also)
        status, named, output = audit(tmp_path)
        assert status == 1 and "FAIL" in named[f"{LOG}/tile/entries/000.p/1"], output


def test_a_proof_from_another_history_is_called_a_fork(audit, tmp_path, made):
    """Its checkpoint is signed by the log and its path is right, yet the log's own tiles say otherwise."""
    publication.write(tmp_path / "a", 40)
    publication.write(tmp_path / "b", 40, lambda entries: entries.__setitem__(1, entries[1].replace(b'"at":"2026-11-24T03:01', b'"at":"2026-11-24T03:02')))
    first = next(path for path in (tmp_path / "a/doc").glob("*.tlog-proof") if b"index 0\n" in path.read_bytes())
    other = tmp_path / "b/doc" / first.name
    # Entry 0 is the same in both; a proof under a head of two entries belongs to one of them only.
    entries = parse_bundle((tmp_path / "b" / LOG / "tile/entries/000.p/40").read_bytes(), 40)
    theirs = Tree(entries)
    proof = parse_proof(other.read_bytes())
    forged = format_proof(Proof(proof.leaf, 0, tuple(inclusion_proof(0, 2, theirs.hash_at)), theirs.checkpoint(2)))
    first.write_bytes(forged)
    status, named, output = audit(tmp_path / "a")
    assert status == 1 and "FAIL" in named[str(first.relative_to(tmp_path / "a"))]
    assert "FORK" in output


def test_old_partial_tiles_and_strangers_in_the_folder(audit, made, tmp_path):
    folder = tmp_path / "log"
    shutil.copytree(made(257), folder)
    tree = publication.write(folder, 257)
    for path, data in tree.files(200).items():
        publication.Putter(folder / LOG)(path, data)
    status, named, output = audit(folder)
    assert status == 3 and "FAIL" not in str(named) and "2  其他文件 other files" in output, output
    for old in ("tile/0/000.p/200", "tile/entries/000.p/200"):
        place = folder / LOG / old
        data = place.read_bytes()
        for at in (0, len(data) // 2, len(data) - 1):
            with Changed(place, flipped(data, at, 0)):
                status, named, output = audit(folder)
            assert status == 1 and "FAIL" in named[f"{LOG}/{old}"], output
    strange = ("tile/0/002.p/1", "tile/0/notes.txt", "tile/0/.000.part")
    for path in strange:
        publication.Putter(folder / LOG)(path, bytes(32))
    publication.Putter(folder)("doc/readme.txt", b"?")
    publication.Putter(folder)("doc/" + "0" * 64 + ".json", b"{}")
    publication.Putter(folder)("blob/" + "1" * 64, b"{}")
    status, named, output = audit(folder)
    assert status == 1
    assert all("not checked" in named[f"{LOG}/{path}"] for path in strange)
    assert "not checked" in named["doc/readme.txt"]
    assert "FAIL" in named["doc/" + "0" * 64 + ".json"] and "FAIL" in named["blob/" + "1" * 64]


def test_a_policy_that_is_not_the_one_logged_is_named(audit, tmp_path):
    publication.write(tmp_path, 1)
    data = (tmp_path / "policy").read_bytes()
    (tmp_path / "policy").write_bytes(data.replace(b"2026-01-01", b"2025-01-01", 1))
    status, named, _ = audit(tmp_path)
    assert status == 1 and "FAIL" in named["policy"]


def test_an_empty_log_has_one_root(audit, tmp_path):
    head = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    publication.Putter(tmp_path)(f"{LOG}/checkpoint", sign_checkpoint(head, bureau.testing_only_signer("log")))
    assert audit(tmp_path)[0] == 0
    text = (tmp_path / LOG / "checkpoint").read_bytes()
    (tmp_path / LOG / "checkpoint").write_bytes(text.replace(b"47DEQ", b"47DEZ"))
    assert audit(tmp_path)[0] == 1


NASTY = (
    b"\xff" * 64, b"[" * 100_000, b'{"a":' * 50_000, b"null", b"[]", b"{}", b'""', b"9" * 5_000, b'["\\ud800"]', b'[""]', b'["e30"]',
    b"\n\n", b"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n", "a\n1\nb\n\n\u2014 a AAAAAAA=\n".encode(), bytes(100_000), b'{"payload":"","payloadType":"","signatures":[]}',
)  # fmt: skip


def test_no_content_of_any_file_makes_it_stumble(audit, made):
    folder, r = made(40), random.Random(40)
    for place in sorted(path for path in folder.rglob("*") if path.is_file()):
        path = str(place.relative_to(folder))
        for content in r.sample(NASTY, 5):
            if path.endswith(".sd.json") and content == b"[]":
                continue  # all names redacted: as it may be
            with Changed(place, content):
                status, named, output = audit(folder)
            assert status == 1 and "FAIL" in named[path], (path, content[:20], output)


def test_what_cannot_be_audited_is_said_in_words(audit, tmp_path, capsys):
    assert main(["audit", str(tmp_path / "nowhere")]) == 2
    assert main(["audit", str(tmp_path)]) == 2  # a folder without a log: nothing wrong must not mean nothing found
    assert main(["audit", "ftp://example/"]) == 2
    assert main(["audit", str(tmp_path), "--shard", "../.."]) == 2
    with pytest.raises(SystemExit) as usage:
        main(["audit"])
    assert usage.value.code == 64
    assert "Traceback" not in capsys.readouterr().err


def test_links_are_not_followed(audit, tmp_path):
    publication.write(tmp_path / "log", 1)
    place = tmp_path / "log" / LOG / "tile/0/000.p/1"
    (tmp_path / "elsewhere").write_bytes(place.read_bytes())
    place.unlink()
    place.symlink_to(tmp_path / "elsewhere")
    status, _, output = audit(tmp_path / "log")
    assert status == 2 and "tile/0/000.p/1" in output
