"""Offline proof that a leaf is in the log: `.tlog-proof` files (c2sp.org/tlog-proof).

    c2sp.org/tlog-proof@v1
    extra <base64 of the leaf>
    index <number of the leaf, from 0>
    <base64 hash>                          as many lines as the inclusion path has, leaf's sibling first

    <the signed checkpoint, verbatim>

Our profile always carries the leaf as `extra`, so that the file and the document are complete together.
`extra` is not authenticated by itself; it is here, because its hash is what the path proves.
"""

import msgspec

from disclosure.checkpoint import OpenedCheckpoint, open_checkpoint, read_unverified
from disclosure.errors import EncodingError, ProofError
from disclosure.keys import decode_base64, encode_base64
from disclosure.note import MAX_NOTE_BYTES, VerifierKey
from disclosure.tree import HASH_BYTES, leaf_hash, verify_inclusion

__all__ = ["MAX_LEAF_BYTES", "MAX_PATH", "Proof", "format_proof", "parse_proof", "verify_proof"]

MAX_LEAF_BYTES = 4096
MAX_PATH = 63

_HEADER = "c2sp.org/tlog-proof@v1"


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A leaf (its bytes), its index, its inclusion path, and a signed checkpoint note (its bytes)."""

    leaf: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes


def format_proof(proof: Proof) -> bytes:
    """Return the bytes of the file; ProofError for a leaf over 4 096 bytes or a path over 63 hashes.

    Raises NoteError or CheckpointError if the checkpoint is malformed.
    """
    size = read_unverified(proof.checkpoint).size
    if not 0 < len(proof.leaf) <= MAX_LEAF_BYTES:
        raise ProofError(f"a leaf has 1 to {MAX_LEAF_BYTES} bytes, not {len(proof.leaf)}")
    if not 0 <= proof.index < size:
        raise ProofError(f"leaf {proof.index} is not in a tree of {size}")
    if len(proof.path) > MAX_PATH or any(len(part) != HASH_BYTES for part in proof.path):
        raise ProofError(f"an inclusion path has at most {MAX_PATH} hashes of {HASH_BYTES} bytes")
    lines = [_HEADER, f"extra {encode_base64(proof.leaf)}", f"index {proof.index}"]
    lines.extend(encode_base64(part) for part in proof.path)
    return ("\n".join(lines) + "\n\n").encode("ascii") + proof.checkpoint


def parse_proof(data: bytes) -> Proof:
    """Return the proof whose bytes are exactly `data`. Verifies nothing.

    Raises ProofError if the lines before the checkpoint are not of our form, NoteError or
    CheckpointError if the checkpoint is not.
    """
    if len(data) > 2 * MAX_NOTE_BYTES:
        raise ProofError(f"a proof of {len(data)} bytes is over the limit of {2 * MAX_NOTE_BYTES}")
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank:
        raise ProofError("a proof has an empty line before its checkpoint")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ProofError(f"a proof is ASCII up to its checkpoint: {error}") from error
    if len(lines) < 3 or lines[0] != _HEADER:
        raise ProofError(f"a proof starts with the lines {_HEADER}, extra, index")
    extra, index = lines[1].removeprefix("extra "), lines[2].removeprefix("index ")
    if not (index.isascii() and index.isdigit() and len(index) <= 19):
        raise ProofError(f"index line {lines[2][:40]!r} is not: index, decimal number")
    try:
        proof = Proof(
            leaf=decode_base64(extra),
            index=int(index),
            path=tuple(decode_base64(line) for line in lines[3:]),
            checkpoint=checkpoint,
        )
    except EncodingError as error:
        raise ProofError(f"proof: {error}") from error
    if format_proof(proof) != data:
        raise ProofError("not the form in which a proof is written")
    return proof


def verify_proof(
    proof: Proof, vkey: VerifierKey, cosigners: tuple[VerifierKey, ...] = ()
) -> OpenedCheckpoint:
    """Return the opened checkpoint in which the leaf is proved to be.

    Raises what `open_checkpoint` raises, and TreeError if the path does not lead from the leaf to the root.
    """
    format_proof(proof)
    opened = open_checkpoint(proof.checkpoint, vkey, cosigners)
    head = opened.checkpoint
    verify_inclusion(leaf_hash(proof.leaf), proof.index, head.size, proof.path, head.root)
    return opened
