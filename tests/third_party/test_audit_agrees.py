"""`audit` and the Go project's note and tlog packages say the same of the same folders, honest and broken."""

import bureau
import publication
import pytest
from publication import ORIGIN, SHARD

from disclosure.__main__ import main
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey

LOG = f"log/{SHARD}"
VKEY = format_vkey(VerifierKey(ORIGIN, KIND_ED25519, bureau.testing_only_signer("log").public_key))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("publication")
    publication.write(folder, 70_000, with_draw=False)
    (folder / "mine").write_bytes(bureau.policy_bytes())
    return folder


PATHS = [
    "checkpoint", "tile/0/000", "tile/0/136", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/000",
    "tile/entries/273.p/112",
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "change"), [(None, None), *((path, change) for path in PATHS for change in ("bit", "cut", "longer"))]
)
def test_both_refuse_the_same_folders(go_checker, folder, path, change, capsys):
    if path is None:
        before = b""
    else:
        place = folder / LOG / path
        before = place.read_bytes()
        bit = before[:-1] + bytes([before[-1] ^ 1]) if path != "checkpoint" else before.replace(b"70000", b"70001", 1)
        place.write_bytes({"bit": bit, "cut": before[:-1], "longer": before + b"x"}[change])
    try:
        theirs = go_checker([folder / LOG, VKEY]).returncode
        ours = main(["audit", str(folder), "--policy", str(folder / "mine"), "--no-documents"])
    finally:
        if path is not None:
            (folder / LOG / path).write_bytes(before)
    assert (ours, theirs) == ((0, 0) if path is None else (1, 1)), capsys.readouterr().out
