"""The entry that the log holds of a document (docs/spec/documents.md, "Leaf"): hashes and ids, never a name.

{"at":"2026-11-24T02:00:00Z","author":["sha256:…"],"doc":{"sha256":"…","size":1821},"id":"…","rev":1,
 "supersedes":null,"type":"draw-plan/v1"}
"""

from contextlib import suppress
from typing import Annotated

import msgspec
from msgspec import Meta

from disclosure.document import (
    Contest,
    Correction,
    Document,
    InspectionResult,
    KeyEvent,
    Withdrawal,
    format_document,
)
from disclosure.envelope import Envelope
from disclosure.errors import DisclosureError
from selection.canonical import CanonicalError, format_canonical, parse_struct
from selection.forms import Count, Hex64, KeyId, Positive, Text, Time
from selection.keys import digest_of
from selection.plan import Form

__all__ = ["MAX_LEAF", "Leaf", "LeafDocument", "LeafError", "format_leaf", "leaf_of", "parse_leaf"]

MAX_LEAF = 4096  # bytes


class LeafError(DisclosureError):
    """Bytes are not a leaf, or a leaf does not match its document."""


class LeafDocument(Form, frozen=True):
    sha256: Hex64
    size: Count


class Leaf(Form, frozen=True):
    at: Time
    author: Annotated[tuple[KeyId, ...], Meta(min_length=1)]
    doc: LeafDocument
    id: Annotated[str, Meta(pattern=r"\A[0-9A-Za-z._-]{1,160}\Z")]
    rev: Positive
    supersedes: Hex64 | None
    type: Text


def leaf_of(document: Document, envelope: Envelope, at: str) -> Leaf:
    """Return the leaf of `document` signed as `envelope`, claiming to be logged at `at`."""
    data = format_document(document)
    rev, supersedes = 1, None
    if isinstance(document, InspectionResult | Correction | Contest | Withdrawal | KeyEvent):
        rev, supersedes = document.rev, document.supersedes
    return Leaf(
        at=at,
        author=tuple(signature.keyid for signature in envelope.signatures),
        doc=LeafDocument(sha256=digest_of(data), size=len(data)),
        id=document.id,
        rev=rev,
        supersedes=supersedes,
        type=document.type,
    )


def format_leaf(leaf: Leaf) -> bytes:
    """Return the log entry; LeafError if it is over 4,096 bytes."""
    data = format_canonical(leaf)
    if len(data) > MAX_LEAF:
        raise LeafError(f"a leaf of {len(data)} bytes is over the limit of {MAX_LEAF}")
    return data


def parse_leaf(data: bytes) -> Leaf:
    """Return the leaf whose bytes are exactly `data`; LeafError otherwise."""
    if len(data) > MAX_LEAF:
        raise LeafError(f"a leaf of {len(data)} bytes is over the limit of {MAX_LEAF}")
    # A log has millions of leaves. What decodes strictly to a leaf and encodes to the same bytes is canonical; for
    # everything else the slow way finds the words.
    with suppress(msgspec.DecodeError, UnicodeError):
        leaf = _decoder.decode(data)
        if msgspec.json.encode(leaf, order="sorted") == data:
            return leaf
    try:
        return parse_struct(data, Leaf)
    except CanonicalError as error:
        raise LeafError(f"leaf: {error}") from error


_decoder = msgspec.json.Decoder(Leaf)
