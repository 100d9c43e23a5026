"""What a company keeps about its own result: one document with everything needed to check it (docs/spec/document-bundle.md).

`make_document_bundle` is what the service publishes, `parse_document_bundle` step 1 of the verification.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Literal

from msgspec import Struct

from disclosure.bundle import BundleError
from disclosure.checkpoint import Checkpoint, format_checkpoint, read_unverified
from disclosure.document import (
    Contest,
    Correction,
    Document,
    InspectionResult,
    KeyEvent,
    Redaction,
    Shard,
    Withdrawal,
    document_of,
)
from disclosure.envelope import Envelope
from disclosure.errors import DisclosureError
from disclosure.keys import decode_base64, encode_base64
from disclosure.leaf import Leaf, parse_leaf
from disclosure.policy import parse_log_policy
from disclosure.proof import Proof, format_proof, parse_proof
from selection.canonical import CanonicalError, format_canonical, parse_struct
from selection.errors import SelectionError
from selection.keys import digest_of
from selection.plan import Form, Plan

__all__ = [
    "MAX_DOCUMENT_BUNDLE",
    "DocumentBundle",
    "format_document_bundle",
    "is_document_bundle",
    "make_document_bundle",
    "parse_document_bundle",
]

MAX_DOCUMENT_BUNDLE = 4 << 20  # bytes


class _DocumentBundleFile(Form, frozen=True):
    disclosures: tuple[str, ...]
    dsse: Envelope
    plan: Envelope | None
    timestamp: str | None
    tlogProof: str  # noqa: N815 (a member's name)
    type: Literal["document-bundle/v1"]


class DocumentBundle(Struct, frozen=True, dict=True):
    """A read bundle. Its parts are well formed; whether they are true is for the steps to say."""

    document: Document
    data: bytes
    envelope: Envelope
    plan: Plan | None
    plan_envelope: Envelope | None
    proof: Proof
    leaf: Leaf
    disclosures: tuple[str, ...]
    timestamp: bytes | None

    @property
    def sha256(self) -> str:
        """The name of the document."""
        return digest_of(self.data)

    @cached_property
    def checkpoint(self) -> Checkpoint:
        return read_unverified(self.proof.checkpoint)

    @property
    def stamped(self) -> bytes:
        """What a time stamp is over: the three lines of the checkpoint, without any signature."""
        return format_checkpoint(self.checkpoint).encode()


def make_document_bundle(
    envelope: Envelope,
    plan: Envelope | None,
    proof: bytes,
    disclosures: Iterable[str],
    timestamp: bytes | None,
) -> bytes:
    """Return the bytes of the bundle made of these parts; `proof` is the `.tlog-proof` as published, `plan` None if the
    document belongs to no draw or is the plan itself."""
    return format_canonical(
        _DocumentBundleFile(
            disclosures=tuple(sorted(set(disclosures))),
            dsse=envelope,
            plan=plan,
            timestamp=None if timestamp is None else encode_base64(timestamp),
            tlogProof=proof.decode(),
            type="document-bundle/v1",
        )
    )


def format_document_bundle(bundle: DocumentBundle) -> bytes:
    """Return the bytes that `parse_document_bundle` reads as `bundle`."""
    return make_document_bundle(
        bundle.envelope, bundle.plan_envelope, format_proof(bundle.proof), bundle.disclosures, bundle.timestamp
    )


def is_document_bundle(data: bytes) -> bool:
    """Return whether canonical JSON `data` says of itself that it is a document bundle: `type` is the last member of both kinds."""
    return data.endswith(b',"type":"document-bundle/v1"}')


def parse_document_bundle(data: bytes) -> DocumentBundle:
    """Return the bundle whose bytes are exactly `data` (step 1); BundleError says what is not as it must be."""
    if len(data) > MAX_DOCUMENT_BUNDLE:
        raise BundleError(f"a document bundle of {len(data)} bytes is over the limit of {MAX_DOCUMENT_BUNDLE}")
    try:
        return _parts(parse_struct(data, _DocumentBundleFile))
    except (CanonicalError, DisclosureError, SelectionError) as error:
        raise BundleError(f"document bundle: {error}") from error


def _parts(file: _DocumentBundleFile) -> DocumentBundle:
    document, data = document_of(file.dsse)
    plan = None if file.plan is None else document_of(file.plan)[0]
    if plan is not None and not isinstance(plan, Plan):
        raise BundleError(f"the member plan holds a {plan.type}, not a plan")
    of_a_draw = not isinstance(document, Plan | KeyEvent | Shard)
    if of_a_draw != (plan is not None):
        raise BundleError(f"a {document.type} is carried {'with' if of_a_draw else 'without'} a plan")
    if any(a >= b for a, b in zip(file.disclosures, file.disclosures[1:], strict=False)):
        raise BundleError("disclosures do not strictly ascend")
    _check_members(document)
    proof = parse_proof(file.tlogProof.encode())
    return DocumentBundle(
        document=document,
        data=data,
        envelope=file.dsse,
        plan=plan,
        plan_envelope=file.plan,
        proof=proof,
        leaf=parse_leaf(proof.leaf),
        disclosures=file.disclosures,
        timestamp=None if file.timestamp is None else decode_base64(file.timestamp),
    )


def _check_members(document: Document) -> None:
    """Raise BundleError, or PolicyError for the log policy of a key event, unless the members hold what docs/spec/documents.md says of them beyond their types."""
    wrong = None
    if isinstance(document, InspectionResult | Correction | Contest | Withdrawal):
        digests, first = document.digests, isinstance(document, InspectionResult)
        if first != (document.rev == 1):
            wrong = f"rev {document.rev}"
        elif list(digests) != sorted(set(digests)):
            wrong = "_sd does not strictly ascend"
        elif isinstance(document, Contest) and (len(digests) != 1 or document.received_at > document.issued_at):
            wrong = "not exactly one digest, or received after it was issued"
        elif isinstance(document, Withdrawal) and digests:
            wrong = "_sd is not empty"
    elif isinstance(document, Redaction):
        if list(document.digests) != sorted(set(document.digests)):
            wrong = "digests do not strictly ascend"
    elif isinstance(document, KeyEvent):
        parse_log_policy(document.log)
        if document.id != f"{document.bureau}.keys" or (document.rev == 1) != (document.supersedes is None):
            wrong = f"id {document.id}, or rev {document.rev} and what it supersedes"
    elif isinstance(document, Shard):
        older = document.event == "succeeds"
        if document.id != f"{document.bureau}.log" or {older} != {
            document.other.root is not None,
            document.other.size is not None,
        }:
            wrong = f"id {document.id}, or root and size of the other log"
    if wrong is not None:
        raise BundleError(f"{document.type}: {wrong}")
