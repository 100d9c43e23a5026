"""The worked example of docs/spec/log.md is exactly what the code makes from the fixed keys."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from disclosure.checkpoint import (
    Checkpoint,
    add_cosignature,
    cosign_checkpoint,
    open_checkpoint,
    sign_checkpoint,
)
from disclosure.envelope import format_envelope, parse_envelope, sign, verify
from disclosure.keys import Ed25519Signer, encode_base64, key_id
from disclosure.note import KIND_COSIGNATURE, KIND_ED25519, VerifierKey, format_vkey
from disclosure.person import digest, make_disclosure
from disclosure.proof import Proof, format_proof, parse_proof, verify_proof
from disclosure.tiles import bundles, format_bundle, format_tile, tiles
from disclosure.tree import CompactRange, consistency_proof, inclusion_proof, leaf_hash, verify_consistency
from selection.canonical import format_canonical

SPECIFICATION = Path(__file__).resolve().parents[2] / "docs" / "spec" / "log.md"
ORIGIN = "bureau.example/log/2026"
TYPE = "application/vnd.example+json"


def signer(number):
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def example():
    """Return the example section; every artefact in it is verified on the way."""
    author, log, cosigner = signer(1), signer(2), signer(3)
    field = make_disclosure(bytes(range(16)), "inspector", "张三")
    payload = format_canonical({"_sd": [digest(field)], "_sd_alg": "sha-256", "title": "抽查结果"})
    envelope = format_envelope(sign(payload, TYPE, [author]))
    keys = {key_id(author.public_key): author.public_key}
    assert verify(parse_envelope(envelope), TYPE, keys) == set(keys)

    entries = [b"zero", b"one", b"two"]
    edge, hashes = CompactRange(), {}
    roots = [edge.root()]
    for entry in entries:
        hashes |= {(level, index): value for level, index, value in edge.append(leaf_hash(entry))}
        roots.append(edge.root())

    def hash_at(level, index):
        return hashes[level, index]

    (tile,), (bundle,) = tiles(3), bundles(3)
    note = sign_checkpoint(Checkpoint(ORIGIN, 3, roots[3]), log)
    note = add_cosignature(note, cosign_checkpoint(note, "cosigner.example", cosigner, 1_790_000_000))
    log_key = VerifierKey(ORIGIN, KIND_ED25519, log.public_key)
    cosigner_key = VerifierKey("cosigner.example", KIND_COSIGNATURE, cosigner.public_key)
    assert open_checkpoint(note, log_key, (cosigner_key,)).cosignatures[0].time == 1_790_000_000
    proof = format_proof(Proof(entries[1], 1, tuple(inclusion_proof(1, 3, hash_at)), note))
    verify_proof(parse_proof(proof), log_key, (cosigner_key,))
    consistency = consistency_proof(2, 3, hash_at)
    verify_consistency(2, roots[2], 3, roots[3], consistency)

    parts = [
        ("Disclosure of the name 张三 with salt `000102…0f`, then its digest", f"{field}\n{digest(field)}"),
        ("Payload", payload.decode()),
        (f"Envelope, type `{TYPE}`, author's seed `01` × 32", envelope.decode()),
        (
            f"Entries `zero`, `one`, `two`: `{bundle.path}`, then `{tile.path}`, in hex",
            format_bundle(entries).hex() + "\n" + format_tile([hashes[0, at] for at in range(3)]).hex(),
        ),
        (
            "Verifier keys of the log (seed `02` × 32) and the cosigner (`03` × 32)",
            f"{format_vkey(log_key)}\n{format_vkey(cosigner_key)}",
        ),
        (
            "Proof of entry 1; its checkpoint, after the empty line, is also the file `checkpoint`",
            proof.decode(),
        ),
        (
            "Consistency from size 2: old root, then the proof",
            "\n".join(encode_base64(value) for value in (roots[2], *consistency)),
        ),
    ]
    blocks = "\n".join(f"{title}:\n\n```text\n{text.removesuffix(chr(10))}\n```\n" for title, text in parts)
    return "## 8. Worked example\n\nMade from the seeds named; worthless keys, never to be used.\n\n" + blocks


def test_the_worked_example_is_regenerated_from_the_fixed_keys():
    assert SPECIFICATION.read_text(encoding="utf-8").endswith("\n" + example())


def test_the_specification_stays_short():
    assert SPECIFICATION.stat().st_size < 8000
