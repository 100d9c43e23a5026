"""The signed documents (docs/spec/documents.md): one frozen struct per kind, one byte form each.

A document is published, hashed, signed and logged as exactly the bytes of `format_document`.
`parse_document` accepts nothing else and refuses kinds it does not know.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from disclosure.envelope import Envelope, format_envelope, payload_bytes, sign
from disclosure.errors import DisclosureError
from disclosure.key_event import KeyEvent, Shard
from disclosure.keys import Signer
from disclosure.result import (
    Contest,
    Correction,
    Finding,
    InspectionResult,
    Redaction,
    ResultCode,
    Withdrawal,
)
from selection.canonical import CanonicalError, format_canonical, parse_struct
from selection.forms import Count, Hex64, Id, Label, Positive, Text, Time
from selection.plan import ActorRole, BlobReference, Form, Plan
from selection.replacement import Event

__all__ = ["DOCUMENT_TYPE", "KINDS", "BesideDraw", "Contest", "Contribution", "Correction", "Document", "DocumentError",
           "DrawOpening", "DrawOutcome", "DrawVoid", "Finding", "InspectionResult", "KeyEvent", "Redaction", "Replacement",
           "ResultCode", "ResultReference", "SealedEvent", "SealedOutcome", "Shard", "Withdrawal", "actors_of",
           "document_of", "format_document", "kind_of", "parse_document", "sign_document"]  # fmt: skip

DOCUMENT_TYPE = "application/vnd.double-random.document+json"

Actors = tuple[ActorRole, ...]
_is_keyid = re.compile(r"sha256:[0-9a-f]{64}").fullmatch


class _Typed(msgspec.Struct):
    """The one member that says what the others must be."""

    type: str


class DocumentError(DisclosureError):
    """Bytes are not a document of a known kind, in its one form; the message names the field."""


class ResultReference(Form, frozen=True):
    """The blob `result`, by its digest and its size in bytes."""

    sha256: Hex64
    size: Count


class Contribution(Form, frozen=True):
    """What one contributor gave, signed by them or by the lead for what stands on paper."""

    actors: Actors
    form: Hex64 | None
    given_at: Time
    id: Id
    label: Label
    line: Text
    plan: Hex64
    type: Literal["contribution/v1"] = "contribution/v1"


class DrawOutcome(Form, frozen=True):
    actors: Actors
    contributions: Annotated[tuple[Text, ...], Meta(min_length=1)]
    draw_key: Hex64
    drawn_at: Time
    id: Id
    opened: BlobReference
    plan: Hex64
    result: ResultReference
    type: Literal["draw-outcome/v1"] = "draw-outcome/v1"


class SealedOutcome(Form, frozen=True):
    """A commitment to the result and nothing else: its size is the same for every draw."""

    actors: Actors
    commitment: Hex64
    drawn_at: Time
    id: Id
    plan: Hex64
    type: Literal["sealed-outcome/v1"] = "sealed-outcome/v1"


class DrawVoid(Form, frozen=True):
    actors: Actors
    id: Id
    plan: Hex64
    reason: Literal["list-error", "plan-error", "witness-shortage", "superior-order"]
    statement: Text
    voided_at: Time
    type: Literal["draw-void/v1"] = "draw-void/v1"


class Replacement(Form, frozen=True):
    actors: Actors
    decided_at: Time
    event: Event
    id: Id
    outcome: Hex64
    plan: Hex64
    type: Literal["replacement/v1"] = "replacement/v1"


class SealedEvent(Form, frozen=True):
    actors: Actors
    commitment: Hex64
    decided_at: Time
    id: Id
    outcome: Hex64
    plan: Hex64
    sequence: Positive
    type: Literal["sealed-event/v1"] = "sealed-event/v1"


class DrawOpening(Form, frozen=True):
    cause: Literal["date", "last-visit"]
    contributions: Annotated[tuple[Text, ...], Meta(min_length=1)]
    draw_key: Hex64
    events: tuple[Event, ...]
    id: Id
    opened: BlobReference
    opened_at: Time
    outcome: Hex64
    plan: Hex64
    result: ResultReference
    type: Literal["draw-opening/v1"] = "draw-opening/v1"


Document = (
    Plan | Contribution | DrawOutcome | SealedOutcome | DrawVoid | Replacement | SealedEvent | DrawOpening
    | InspectionResult | Correction | Contest | Withdrawal | Redaction | KeyEvent | Shard
)  # fmt: skip
# What stands beside a draw: never a part of its bundle, and without a place in its order.
BesideDraw = InspectionResult | Correction | Contest | Withdrawal | Redaction | KeyEvent | Shard


def kind_of(document: Document) -> str:
    """Return the document kind, which is the leaf type too."""
    return document.type


def actors_of(document: Document) -> Actors:
    """Return who took the step; empty for an opening, which a job takes, and for what is done at the keyboard of the service."""
    return () if isinstance(document, DrawOpening | KeyEvent | Shard) else document.actors


KINDS: dict[str, type] = {get_args(cls.__annotations__["type"])[0]: cls for cls in get_args(Document)}


def format_document(document: Document) -> bytes:
    """Return the canonical bytes: what is hashed, signed and published."""
    return format_canonical(document)


def parse_document(data: bytes) -> Document:
    """Return the document whose bytes are exactly `data`; DocumentError naming kind and field otherwise."""
    try:
        kind = msgspec.json.decode(data, type=_Typed).type
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise DocumentError(f"document: {error}"[:400]) from error
    if kind not in KINDS:
        raise DocumentError(f"document kind {kind[:80]!r} is not one of {', '.join(KINDS)}")
    try:
        document: Document = parse_struct(data, KINDS[kind])
    except CanonicalError as error:
        raise DocumentError(f"{kind}: {error}") from error
    return document


def document_of(envelope: Envelope) -> tuple[Document, bytes]:
    """Return the document in `envelope`, and its bytes; verifies no signature.

    Raises EnvelopeError for an envelope that is not of our profile, DocumentError for another payload type, a key id that
    cannot be one, or a payload that is no document.
    """
    format_envelope(envelope)
    if envelope.payloadType != DOCUMENT_TYPE:
        raise DocumentError(f"payloadType is {envelope.payloadType[:80]!r}, not {DOCUMENT_TYPE}")
    for signature in envelope.signatures:
        if _is_keyid(signature.keyid) is None:
            raise DocumentError(f"{signature.keyid[:80]!r} is not a key id: sha256: and 64 hex digits")
    data = payload_bytes(envelope)
    return parse_document(data), data


def sign_document(document: Document, signers: Sequence[Signer]) -> Envelope:
    """Return the envelope over the document's bytes with one signature per signer."""
    return sign(format_document(document), DOCUMENT_TYPE, signers)
