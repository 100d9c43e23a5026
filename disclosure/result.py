"""The revisions of a result, and what redacts them (docs/spec/documents.md): result, correction, contest, withdrawal, redaction."""

from typing import Annotated, Literal

from msgspec import Meta

from selection.forms import Date, Digest, Hex64, Id, Label, Nonce16, Positive, Text, Time
from selection.plan import ActorRole, Form

__all__ = [
    "Contest",
    "Correction",
    "Finding",
    "InspectionResult",
    "Redaction",
    "RedactionReason",
    "RequestedBy",
    "ResultCode",
    "Revision",
    "Status",
    "Withdrawal",
]  # fmt: skip

Actors = tuple[ActorRole, ...]
ResultId = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z._-]{1,160}\Z")]
Status = Literal["in_force", "contested", "corrected", "withdrawn"]
RedactionReason = Literal["retention-ended", "subject-request", "court-order", "authority-order", "published-in-error"]
RequestedBy = Literal["subject", "authority", "court", "audit"]
ResultCode = Literal[
    "NO_PROBLEM", "NOT_DISCLOSED", "FALSE_DISCLOSURE", "UNREACHABLE", "FIXED_ON_ORDER", "NO_SUCH_ACTIVITY",
    "CLOSED_OR_LIQUIDATING", "NON_COOPERATION_SERIOUS", "PROBLEM_FOLLOW_UP", "DEREGISTERED", "REVOKED", "RESCINDED",
    "MOVED_OUT", "HAZARD_GENERAL", "HAZARD_MAJOR", "CASE_OPENED", "TRANSFERRED", "REFUSED",
]  # fmt: skip


class Finding(Form, frozen=True):
    code: ResultCode
    deadline: Date | None
    item: Id
    measure: Text | None
    responsible: Text | None


class Revision(Form, frozen=True):
    """What every revision of a result has; `id` is `<draw>.<target>`, and one chain of `rev` and `supersedes`."""

    _sd: tuple[Digest, ...]
    _sd_alg: Literal["sha-256"]
    actors: Actors
    draw: Id
    id: ResultId
    issued_at: Time
    nonce: Nonce16
    plan: Hex64
    rev: Positive
    sections: Annotated[tuple[Label, ...], Meta(min_length=1)]
    target: Id

    @property
    def digests(self) -> tuple[str, ...]:
        """The digests of the fields kept outside this document."""
        return self._sd


class _Found(Revision, frozen=True):
    findings: tuple[Finding, ...]
    inspected_on: Date
    legal_basis: Annotated[tuple[Text, ...], Meta(min_length=1)]
    result: ResultCode
    status: Status


class InspectionResult(_Found, frozen=True):
    supersedes: None
    type: Literal["inspection-result/v1"] = "inspection-result/v1"


class Correction(_Found, frozen=True):
    reason: Text
    requested_by: RequestedBy
    supersedes: Hex64
    type: Literal["correction/v1"] = "correction/v1"


class Contest(Revision, frozen=True):
    """The subject objects; its words are the disclosure `statement`, never a part of what is signed."""

    received_at: Time
    supersedes: Hex64
    type: Literal["contest/v1"] = "contest/v1"


class Withdrawal(Revision, frozen=True):
    legal_basis: Annotated[tuple[Text, ...], Meta(min_length=1)]
    reason: Text
    requested_by: RequestedBy
    supersedes: Hex64
    type: Literal["withdrawal/v1"] = "withdrawal/v1"


class Redaction(Form, frozen=True):
    """The disclosures with these digests are published no longer. No text of its own: it could name whom it protects."""

    actors: Actors
    digests: Annotated[tuple[Digest, ...], Meta(min_length=1)]
    document: Hex64
    draw: Id
    id: Id
    legal_basis: Annotated[tuple[Text, ...], Meta(min_length=1)]
    plan: Hex64
    reason: RedactionReason
    redacted_at: Time
    type: Literal["redaction/v1"] = "redaction/v1"
