"""Every byte that `publish` writes for a real journey, checked by software of other authors.

Go's own note and tlog read checkpoint, tiles, entries and proofs; securesystemslib and openssl the envelopes; sha256sum the
names of documents and blobs.
"""

import json
import subprocess
import sys
from pathlib import Path

import bureau
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from disclosure.checkpoint import read_unverified
from disclosure.document import DOCUMENT_TYPE
from disclosure.envelope import pae
from disclosure.keys import decode_base64, key_id
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey
from disclosure.proof import parse_proof
from disclosure.tiles import format_bundle, parse_bundle
from service.database import migrate, open_pool
from service.embedded.server import EmbeddedPostgres
from service.publishing import publish_folder

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "service"))

from journey import TRANSITIONS, begin, office_at  # noqa: E402


@pytest.fixture(scope="module")
async def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    with EmbeddedPostgres.temporary() as server:
        pool = await open_pool(server.dsn)
        await migrate(pool)
        await begin(pool)
        for _, time, call in TRANSITIONS:
            await call(office_at(pool, time))
        office = office_at(pool, TRANSITIONS[-1][1])
        assert await publish_folder(office, folder) > 50
        assert await publish_folder(office, folder) == 0  # nothing new, nothing written
        await pool.close()
    return folder


VKEY = format_vkey(
    VerifierKey("disclose.yunzhou.example/2026", KIND_ED25519, bureau.testing_only_signer("log").public_key)
)


def test_go_reads_the_whole_log(published, go_checker) -> None:
    run = go_checker([published / "log" / "2026", VKEY])
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("size 18 tiles 1 bundles 1 ")


def test_go_accepts_every_proof_under_the_checkpoint_it_carries(published, go_checker, tmp_path) -> None:
    """Each proof is put beside the log as it was when its checkpoint was signed: a prefix of today's."""
    log = published / "log" / "2026"
    hashes = (log / "tile" / "0" / "000.p" / "18").read_bytes()
    entries = parse_bundle((log / "tile" / "entries" / "000.p" / "18").read_bytes(), 18)
    proofs = sorted((published / "doc").glob("*.tlog-proof"))
    assert len(proofs) == 18
    for file in proofs:
        proof = parse_proof(file.read_bytes())
        size = read_unverified(proof.checkpoint).size
        then = tmp_path / str(proof.index)
        for name, data in {
            "checkpoint": proof.checkpoint,
            f"tile/0/000.p/{size}": hashes[: 32 * size],
            f"tile/entries/000.p/{size}": format_bundle(entries[:size]),
            f"proofs/{proof.index}.tlog-proof": file.read_bytes(),
        }.items():
            (then / name).parent.mkdir(parents=True, exist_ok=True)
            (then / name).write_bytes(data)
        run = go_checker([then, VKEY])
        assert run.returncode == 0, run.stderr
        assert " proofs 1 " in run.stdout


def test_securesystemslib_and_openssl_verify_every_envelope(published, require_tool, tmp_path) -> None:
    require_tool("python:securesystemslib")
    openssl = require_tool("openssl")
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    raw = bureau.testing_only_signer("section-lead").public_key
    name = key_id(raw)
    public = Ed25519PublicKey.from_public_bytes(raw)
    (tmp_path / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    files = sorted((published / "doc").glob("*.dsse.json"))
    assert len(files) == 18
    for file in files:
        wire = json.loads(file.read_bytes())
        envelope = Envelope.from_dict(json.loads(file.read_bytes()))  # which takes its argument apart
        assert set(envelope.verify([SSlibKey(name, "ed25519", "ed25519", {"public": raw.hex()})], threshold=1)) == {name}
        document = file.with_name(file.name.replace(".dsse.json", ".json")).read_bytes()
        assert envelope.payload == document
        (tmp_path / "message").write_bytes(pae(DOCUMENT_TYPE, document))
        (tmp_path / "signature").write_bytes(decode_base64(wire["signatures"][0]["sig"]))
        command = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "message",
                   "-sigfile", "signature"]  # fmt: skip
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_sha256sum_gives_every_document_and_blob_its_name(published, require_tool) -> None:
    sha256sum = require_tool("sha256sum")
    named = [*(published / "blob").iterdir(), *(f for f in (published / "doc").glob("*.json") if f.name.count(".") == 1)]
    printed = subprocess.run([sha256sum, *map(str, named)], capture_output=True, text=True, check=True).stdout
    assert len(named) > 25
    for line in printed.splitlines():
        digest, _, path = line.partition("  ")
        assert Path(path).name.split(".")[0] == digest


@pytest.mark.parametrize("verifier", [["-m", "disclosure", "verify"], ["docs/spec/reference/verify.py"]])
def test_both_verifiers_accept_the_published_bundles(published, verifier) -> None:
    bundles = sorted((published / "draws").glob("*/*.bundle.json"))
    assert len(bundles) == 2
    for bundle in bundles:
        command = [sys.executable, *verifier, str(bundle), "--policy", str(published / "policy"), "--verdicts"]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 3, run.stdout
        assert "fail" not in run.stdout
        assert {line.split()[0] for line in run.stdout.splitlines() if line.endswith("not-checked")} == {"6", "8", "22"}
