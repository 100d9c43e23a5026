"""What a cosigner signs over a checkpoint (c2sp.org/tlog-cosignature, docs/spec/log.md 6), and ML-DSA-44 (FIPS 204).

A cosignature is eight bytes of time and a signature over a message that holds the time. The message of an Ed25519 key
(kind 0x04) is two lines and the note's text, and does not name the cosigner. That of an ML-DSA-44 key (kind 0x06) names
it, and holds size and root as numbers and bytes, so nothing but the three lines of a checkpoint can be cosigned with it.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from disclosure.checkpoint_text import parse_checkpoint
from disclosure.errors import NoteError

__all__ = ["ML_DSA_44_KEY_BYTES", "ML_DSA_44_SIGNATURE_BYTES", "MLDSA44Signer", "ed25519_message", "ml_dsa_44_message",
           "verify_ml_dsa_44"]  # fmt: skip

ML_DSA_44_KEY_BYTES = 1312
ML_DSA_44_SIGNATURE_BYTES = 2420


class MLDSA44Signer:
    """A `Signer` over an ML-DSA-44 private key in memory. Two signatures of one message differ: each takes fresh randomness."""

    def __init__(self, private_key: MLDSA44PrivateKey) -> None:
        self._private_key = private_key
        self._public_key = private_key.public_key().public_bytes_raw()

    @property
    def public_key(self) -> bytes:
        """The raw public key, 1,312 bytes."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Return the 2,420 byte signature of `message`, with the empty context."""
        return self._private_key.sign(message)


def verify_ml_dsa_44(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether `signature` is by `public_key` (1,312 bytes) over `message`, with the empty context."""
    if len(public_key) != ML_DSA_44_KEY_BYTES or len(signature) != ML_DSA_44_SIGNATURE_BYTES:
        return False
    try:
        MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def ed25519_message(text: str, time: int) -> bytes:
    """Return what kind 0x04 signs over the note `text` at `time`."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def ml_dsa_44_message(text: str, name: str, time: int) -> bytes:
    """Return what kind 0x06 signs over the checkpoint `text`, by the cosigner `name`, at `time`.

    Raises CheckpointError if the text is not a checkpoint, NoteError if name or origin is over 255 bytes.
    """
    checkpoint = parse_checkpoint(text)
    return b"".join(
        (b"subtree/v1\n\0", _short(name), time.to_bytes(8), _short(checkpoint.origin), bytes(8),
         checkpoint.size.to_bytes(8), checkpoint.root)
    )  # fmt: skip


def _short(text: str) -> bytes:
    data = text.encode()
    if len(data) > 255:
        raise NoteError(f"{text[:80]!r} has {len(data)} bytes, over the 255 of an ML-DSA-44 cosignature")
    return bytes([len(data)]) + data
