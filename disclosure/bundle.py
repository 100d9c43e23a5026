"""The file an auditor keeps: a whole draw, complete in itself (docs/spec/bundle.md, "Files").

`format_bundle` is what the service publishes, `parse_bundle` step 1 of the verification.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta, Struct

from disclosure.checkpoint import Checkpoint, read_unverified
from disclosure.document import (
    BesideDraw,
    Document,
    DrawOpening,
    DrawOutcome,
    SealedOutcome,
    document_of,
)
from disclosure.envelope import Envelope
from disclosure.errors import DisclosureError
from disclosure.keys import decode_base64, encode_base64
from selection.canonical import CanonicalError, format_canonical, parse_struct
from selection.errors import SelectionError
from selection.forms import Count, Hex64, Id
from selection.keys import digest_of
from selection.plan import Form, Plan

__all__ = [
    "MAX_BUNDLE",
    "Bundle",
    "BundleError",
    "Entry",
    "Record",
    "format_bundle",
    "make_bundle",
    "parse_bundle",
]

MAX_BUNDLE = 512 << 20  # bytes


class BundleError(DisclosureError):
    """A file is not a draw bundle of this version, in its one form."""


class _Entry(Form, frozen=True):
    dsse: Envelope
    index: Count
    leaf: str
    proof: tuple[str, ...]


class _Checkpoints(Form, frozen=True):
    a: str
    b: str


class _BundleFile(Form, frozen=True):
    blobs: dict[Hex64, str]
    checkpoints: _Checkpoints
    consistency: tuple[str, ...]
    disclosures: tuple[str, ...]
    documents: Annotated[tuple[_Entry, ...], Meta(min_length=1)]
    id: Id
    type: Literal["draw-bundle/v1"]


class Entry(Struct, frozen=True):
    """One document with its signatures and its place in the log; nothing about it is verified."""

    document: Document
    data: bytes
    envelope: Envelope
    index: int
    leaf: bytes
    proof: tuple[bytes, ...]

    @property
    def sha256(self) -> str:
        return digest_of(self.data)


class Record(Struct, frozen=True):
    """What was logged about one document, as the service hands it over."""

    envelope: Envelope
    index: int
    leaf: bytes
    proof: Sequence[bytes]


class Bundle(Struct, frozen=True, dict=True):
    """A read bundle. Its parts are well formed; whether they are true is for the steps to say."""

    id: str
    entries: tuple[Entry, ...]
    blobs: Mapping[str, bytes]
    disclosures: tuple[str, ...]
    note_a: bytes
    note_b: bytes
    consistency: tuple[bytes, ...]

    @cached_property
    def checkpoint_a(self) -> Checkpoint:
        return read_unverified(self.note_a)

    @cached_property
    def checkpoint_b(self) -> Checkpoint:
        return read_unverified(self.note_b)

    @cached_property
    def plan(self) -> Plan:
        plan = self.entries[0].document
        assert isinstance(plan, Plan)
        return plan

    def of_kind(self, kind: type | tuple[type, ...]) -> list[Entry]:
        """Return the entries whose document is of `kind`, in log order."""
        return [entry for entry in self.entries if isinstance(entry.document, kind)]

    @cached_property
    def outcome(self) -> Entry | None:
        """The first outcome, sealed or open; step 9 sees that there is exactly one."""
        return next(iter(self.of_kind((DrawOutcome, SealedOutcome))), None)

    @cached_property
    def shown(self) -> DrawOutcome | DrawOpening | None:
        """The document that shows the result: an open outcome or the opening; None while sealed."""
        found = self.of_kind((DrawOutcome, DrawOpening))
        document = found[0].document if found else None
        assert document is None or isinstance(document, DrawOutcome | DrawOpening)
        return document


def make_bundle(
    id: str,
    records: Iterable[Record],
    blobs: Iterable[bytes],
    disclosures: Iterable[str],
    note_a: bytes,
    note_b: bytes,
    consistency: Sequence[bytes],
) -> bytes:
    """Return the bytes of the bundle made of these parts; records ascend by index, the plan's first."""
    named = {digest_of(blob): blob for blob in blobs}
    return _format(id, records, named, disclosures, note_a, note_b, consistency)


def _format(
    id: str,
    records: Iterable[Record | Entry],
    blobs: Mapping[str, bytes],
    disclosures: Iterable[str],
    note_a: bytes,
    note_b: bytes,
    consistency: Sequence[bytes],
) -> bytes:
    entries = [
        _Entry(
            record.envelope, record.index, record.leaf.decode(), tuple(encode_base64(h) for h in record.proof)
        )
        for record in records
    ]
    return format_canonical(
        _BundleFile(
            blobs={name: blob.decode() for name, blob in blobs.items()},
            checkpoints=_Checkpoints(note_a.decode(), note_b.decode()),
            consistency=tuple(encode_base64(h) for h in consistency),
            disclosures=tuple(sorted(set(disclosures))),
            documents=tuple(entries),
            id=id,
            type="draw-bundle/v1",
        )
    )


def format_bundle(bundle: Bundle) -> bytes:
    """Return the bytes that `parse_bundle` reads as `bundle`; a blob stands under the name it was read with, be that false."""
    return _format(
        bundle.id,
        bundle.entries,
        bundle.blobs,
        bundle.disclosures,
        bundle.note_a,
        bundle.note_b,
        bundle.consistency,
    )


def parse_bundle(data: bytes) -> Bundle:
    """Return the bundle whose bytes are exactly `data` (step 1); BundleError says what is not as it must be."""
    if len(data) > MAX_BUNDLE:
        raise BundleError(f"a bundle of {len(data)} bytes is over the limit of {MAX_BUNDLE}")
    try:
        file = parse_struct(data, _BundleFile)
        entries = tuple(_entry(entry) for entry in file.documents)
        consistency = tuple(_hash(text) for text in file.consistency)
    except (CanonicalError, DisclosureError, SelectionError) as error:
        raise BundleError(f"bundle: {error}") from error
    if not isinstance(entries[0].document, Plan) or any(isinstance(e.document, Plan) for e in entries[1:]):
        raise BundleError("bundle: the first document, and no other, is the plan")
    if any(a.index >= b.index for a, b in zip(entries, entries[1:], strict=False)):
        raise BundleError("bundle: documents do not strictly ascend by index")
    if any(a >= b for a, b in zip(file.disclosures, file.disclosures[1:], strict=False)):
        raise BundleError("bundle: disclosures do not strictly ascend")
    blobs = {sha256: text.encode() for sha256, text in file.blobs.items()}
    bundle = Bundle(
        file.id,
        entries,
        blobs,
        file.disclosures,
        file.checkpoints.a.encode(),
        file.checkpoints.b.encode(),
        consistency,
    )
    try:
        _ = bundle.checkpoint_a, bundle.checkpoint_b
    except DisclosureError as error:
        raise BundleError(f"bundle: {error}") from error
    return bundle


def _entry(entry: _Entry) -> Entry:
    document, data = document_of(entry.dsse)
    if isinstance(document, BesideDraw):
        raise BundleError(f"a {document.type} is not part of a draw bundle")
    proof = tuple(_hash(text) for text in entry.proof)
    return Entry(document, data, entry.dsse, entry.index, entry.leaf.encode(), proof)


def _hash(text: str) -> bytes:
    value = decode_base64(text)
    if len(value) != 32:
        raise BundleError(f"a hash has 32 bytes, not {len(value)}: {text[:80]!r}")
    return value
