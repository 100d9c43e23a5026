"""The refusals of `disclosure`: one family, so that a caller can catch all of them at once."""

__all__ = [
    "BeaconError",
    "CheckpointError",
    "CosigningError",
    "DisclosureError",
    "EncodingError",
    "EnvelopeError",
    "KeyFormatError",
    "NoteError",
    "PersonError",
    "ProofError",
    "SignatureError",
    "TileError",
    "TimestampError",
    "TreeError",
]


class DisclosureError(Exception):
    """An artefact was refused; the message says what was found and what was expected."""


class BeaconError(DisclosureError):
    """A signature is not the public beacon's for its round."""


class EncodingError(DisclosureError):
    """Text is not the one base64 or decimal form that our formatters write."""


class KeyFormatError(DisclosureError):
    """A public key is not usable: wrong length, not canonical, or of small order."""


class SignatureError(DisclosureError):
    """A signature does not verify, or is by nobody we know."""


class EnvelopeError(DisclosureError):
    """A DSSE envelope is malformed."""


class PersonError(DisclosureError):
    """A disclosure of a personal field is malformed."""


class NoteError(DisclosureError):
    """A signed note or a verifier key is malformed."""


class TreeError(DisclosureError):
    """A Merkle proof is malformed or proves something else."""


class TileError(DisclosureError):
    """A tile, an entry bundle or a tile path is malformed or not part of the tree."""


class CheckpointError(DisclosureError):
    """A checkpoint is malformed or is not the checkpoint of the expected log."""


class ProofError(DisclosureError):
    """A `.tlog-proof` file is malformed."""


class CosigningError(DisclosureError):
    """A request for a cosignature, or the answer to one, is malformed."""


class TimestampError(DisclosureError):
    """An RFC 3161 response is unreadable, refused, or not over these bytes under a root we trust."""
