"""The bundle of a rehearsal, for training: signed, logged and proved like that of a draw, with keys that end with the call.

Whoever practises verifying gets the very file format, and sees it refused: the plan in it says that it is a rehearsal.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from disclosure.blob import refer
from disclosure.bundle import Record, make_bundle
from disclosure.checkpoint import Checkpoint, sign_checkpoint
from disclosure.document import (
    Contribution,
    Document,
    DrawOutcome,
    ResultReference,
    SealedOutcome,
    sign_document,
)
from disclosure.keys import Ed25519Signer, encode_base64
from disclosure.leaf import format_leaf, leaf_of
from disclosure.signing_rules import required_keys
from disclosure.tree import consistency_proof, inclusion_proof, leaf_hash, node_hash, root
from selection.contribution import label_of
from selection.keys import digest_of, sealed_commitment
from selection.plan import Dice, LastNumber, NonceCommitment, Section, Witness, plan_digest
from selection.pool import format_opened, parse_opened
from selection.transcript import Transcript, format_transcript
from service.freezing import Frozen
from service.office import as_time

__all__ = ["MOST_LINES", "NAMESPACE", "ThrowAwayKeys", "rehearsal_bundle"]

NAMESPACE: Final = "rehearsal"  # in the place of the bureau's label: no id of a rehearsal is one of a draw
MOST_LINES: Final = 50_000  # of a pool; the bundle of a larger one is too big a file for training
_PAPER: Final = digest_of(b"rehearsal: nobody signed a form\n")


class ThrowAwayKeys:
    """Keys for the sections of one rehearsal and for its log. They are nowhere but in this object."""

    def __init__(self) -> None:
        self._signers: dict[bytes, Ed25519Signer] = {}
        self.log = Ed25519Signer(Ed25519PrivateKey.generate())

    def of_sections(self, sections: Sequence[Section]) -> tuple[Section, ...]:
        """Return the sections with a new key each."""
        made = []
        for section in sections:
            signer = Ed25519Signer(Ed25519PrivateKey.generate())
            self._signers[signer.public_key] = signer
            made.append(structs.replace(section, key=encode_base64(signer.public_key)))
        return tuple(made)

    def signers_for(self, frozen: Frozen, document: Document) -> list[Ed25519Signer]:
        """Return who signs `document` of this rehearsal."""
        return [self._signers[key] for key in required_keys(frozen.plan, document)]


def rehearsal_bundle(frozen: Frozen, lines: Sequence[str], transcript: Transcript, keys: ThrowAwayKeys) -> bytes:
    """Return the bundle of a rehearsal. The plan must say that it is one, or ValueError: nothing that looks real is ever made here."""
    if not frozen.plan.rehearsal or frozen.plan.bureau != NAMESPACE:
        raise ValueError("this plan is no rehearsal")
    plan, result = frozen.plan, format_transcript(transcript)
    drawn = {target.id for target in transcript.targets}
    opened = format_opened([row for row in parse_opened(frozen.opened) if row.target in drawn])
    before, late = _contributions(frozen, lines)
    outcome = _outcome(frozen, lines, transcript, result, opened)
    leaves: list[bytes] = []
    signed = []
    for number, document in enumerate([plan, *before, *late, outcome]):
        envelope = sign_document(document, keys.signers_for(frozen, document))
        at = as_time(datetime.fromisoformat(plan.instant if number > len(before) else plan.frozen_at) + timedelta(seconds=number))
        leaves.append(format_leaf(leaf_of(document, envelope, at)))
        signed.append(envelope)

    def hash_at(level: int, index: int) -> bytes:
        return leaf_hash(leaves[index]) if level == 0 else node_hash(hash_at(level - 1, 2 * index), hash_at(level - 1, 2 * index + 1))

    def note(size: int) -> bytes:
        return sign_checkpoint(Checkpoint(f"{NAMESPACE}.invalid/{plan.year}", size, root(map(leaf_hash, leaves[:size]))), keys.log)

    first, size = 1 + len(before), len(leaves)
    blobs = [blob for name, blob in frozen.blobs.items() if name != "reasons"]
    if isinstance(outcome, DrawOutcome):
        blobs += [result, opened]
    records = [Record(envelope, n, leaves[n], inclusion_proof(n, size, hash_at)) for n, envelope in enumerate(signed)]
    unique: Mapping[str, bytes] = {digest_of(blob): blob for blob in blobs}
    return make_bundle(plan.id, records, list(unique.values()), [], note(first), note(size), consistency_proof(first, size, hash_at))


def _contributions(frozen: Frozen, lines: Sequence[str]) -> tuple[list[Contribution], list[Contribution]]:
    """Return what was given before T and from T on, all as if it had been on paper."""
    plan = frozen.plan
    before, late = list[Contribution](), list[Contribution]()
    for contributor, line in zip(plan.contributors, lines, strict=True):
        if isinstance(contributor, NonceCommitment):
            continue
        last = isinstance(contributor, LastNumber)
        (late if last else before).append(
            Contribution(
                actors=plan.actors, form=_PAPER if isinstance(contributor, Witness | Dice) else None,
                given_at=plan.instant if last else plan.frozen_at, id=plan.id, label=label_of(contributor), line=line, plan=plan_digest(plan),
            )
        )  # fmt: skip
    return before, late


def _outcome(frozen: Frozen, lines: Sequence[str], transcript: Transcript, result: bytes, opened: bytes) -> DrawOutcome | SealedOutcome:
    plan, s = frozen.plan, plan_digest(frozen.plan)
    at = as_time(datetime.fromisoformat(plan.instant) + timedelta(minutes=5))
    if plan.sealed is not None:
        return SealedOutcome(actors=plan.actors, commitment=sealed_commitment(transcript.draw_key, result), drawn_at=at, id=plan.id, plan=s)
    return DrawOutcome(
        actors=plan.actors, contributions=tuple(lines), draw_key=transcript.draw_key, drawn_at=at, id=plan.id, opened=refer(opened), plan=s,
        result=ResultReference(digest_of(result), len(result)),
    )  # fmt: skip
