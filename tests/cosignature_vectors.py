"""The vector file of cosignatures: good ones of both kinds, and bad ones named for their defect.

An ML-DSA-44 signature is another one each time it is made, so the file that is there is kept while it says what this page says.
"""

import json
from pathlib import Path

from bureau import testing_only_signer
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from disclosure.checkpoint import Checkpoint, cosign_checkpoint, sign_checkpoint
from disclosure.cosignature import MLDSA44Signer, ed25519_message, ml_dsa_44_message
from disclosure.cosigning import format_line
from disclosure.note import (
    KIND_COSIGNATURE,
    KIND_ED25519,
    KIND_ML_DSA_44,
    NoteSignature,
    VerifierKey,
    format_vkey,
    key_hash,
    parse_note,
)
from disclosure.tree import leaf_hash, root

FILE = Path(__file__).resolve().parents[1] / "docs" / "spec" / "vectors" / "cosignatures.json"
ORIGIN, NAME, TIME = "bureau.example/log/2026", "cosigner.example", 1_790_000_000
LOG, SEED = testing_only_signer("log"), bytes(range(32))
PRIVATE = MLDSA44PrivateKey.from_seed_bytes(SEED)
SIGNERS = {"04": testing_only_signer("cosigner"), "06": MLDSA44Signer(PRIVATE)}
KINDS = {"04": KIND_COSIGNATURE, "06": KIND_ML_DSA_44}


def note_of(entries: list[bytes]) -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, len(entries), root(map(leaf_hash, entries))), LOG)


def _line(kind: str, material: bytes, name: str = NAME) -> str:
    return format_line(NoteSignature(name, key_hash(name, KINDS[kind], SIGNERS[kind].public_key), material))


def _cases() -> dict[str, tuple[str, str]]:
    """Name -> (kind, line). The line belongs under the note of three entries; only those called good verify."""
    note, other = note_of([b"zero", b"one", b"two"]), note_of([b"zero", b"one", b"other"])
    text, stamp = parse_note(note).text, TIME.to_bytes(8, "big")
    cases = {}
    for kind, signer in SIGNERS.items():
        good = cosign_checkpoint(note, NAME, signer, TIME).signature
        message = ed25519_message(text, TIME) if kind == "04" else ml_dsa_44_message(text, NAME, TIME)
        made = {
            "good": good,
            "good at the last time": cosign_checkpoint(note, NAME, signer, 2**63 - 1).signature,
            "signature bit flipped": good[:-40] + bytes([good[-40] ^ 1]) + good[-39:],
            "time other than signed": (TIME + 1).to_bytes(8, "big") + good[8:],
            "time zero": bytes(8) + signer.sign(message.replace(stamp, bytes(8)).replace(str(TIME).encode(), b"0")),
            "time past 2^63 - 1": (2**63).to_bytes(8, "big")
            + signer.sign(message.replace(stamp, (2**63).to_bytes(8, "big")).replace(str(TIME).encode(), str(2**63).encode())),
            "one byte short": good[:-1],
            "one byte more": good + b"\0",
            "another root": cosign_checkpoint(other, NAME, signer, TIME).signature,
            "text signed without the time": stamp + signer.sign(text.encode()),
        }
        cases |= {f"{kind} {name}": (kind, _line(kind, material)) for name, material in made.items()}
    named = stamp + SIGNERS["06"].sign(ml_dsa_44_message(text, "other.example", TIME))
    start = ml_dsa_44_message(text, NAME, TIME)
    at = start.index(ORIGIN.encode()) + len(ORIGIN)
    start = start[:at] + (1).to_bytes(8, "big") + start[at + 8 :]
    cases["06 another name signed"] = "06", _line("06", named)
    cases["06 subtree not from the start"] = "06", _line("06", stamp + SIGNERS["06"].sign(start))
    context = PRIVATE.sign(ml_dsa_44_message(text, NAME, TIME), b"subtree")
    cases["06 context not empty"] = "06", _line("06", stamp + context)
    cases["06 message of kind 04"] = "06", _line("06", stamp + SIGNERS["06"].sign(ed25519_message(text, TIME)))
    return cases


def _file() -> dict:
    return {
        "about": "Lines under the note, by the cosigner's key of the kind named. Only those called good verify. Test keys, worthless.",
        "cosigners": {kind: format_vkey(VerifierKey(NAME, KINDS[kind], signer.public_key)) for kind, signer in SIGNERS.items()},
        "lines": [{"kind": kind, "line": line, "name": name} for name, (kind, line) in _cases().items()],
        "log": format_vkey(VerifierKey(ORIGIN, KIND_ED25519, LOG.public_key)),
        "note": note_of([b"zero", b"one", b"two"]).decode(),
        "times": {"good": TIME, "good at the last time": 2**63 - 1},
    }


def _stable(file: dict) -> dict:
    """The file without what differs each time it is made."""
    return {**file, "lines": [{**one, "line": one["line"] if one["kind"] == "04" else ""} for one in file["lines"]]}


def files() -> dict[str, bytes]:
    made = _file()
    if FILE.exists() and _stable(json.loads(FILE.read_bytes())) == _stable(made):
        return {"vectors/cosignatures.json": FILE.read_bytes()}
    return {"vectors/cosignatures.json": (json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()}
