"""What stands of a result (docs/spec/documents.md, "The revisions of a result"), and every fault in the chain of its revisions.

Result, corrections, contests and withdrawals of one id are one chain: `rev` rises by one, and each revision names the one
before it. The bureau's pages and a monitor of its log both ask here.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from disclosure.result import Contest, Correction, InspectionResult, Status, Withdrawal

__all__ = ["ChainFault", "FaultCode", "ResultRevision", "Standing", "standing_of", "status_after"]

ResultRevision = InspectionResult | Correction | Contest | Withdrawal
FaultCode = Literal["beginning", "doubled", "gap", "superseded", "subject", "time"]


class ChainFault(Struct, frozen=True):
    """One fault: `place` and `sha256` say at which revision of those given, counted from 0."""

    code: FaultCode
    place: int
    sha256: str
    zh: str
    en: str


class Standing(Struct, frozen=True):
    """What stands: `found` is the newest result or correction and `place` where it is among the revisions given, both None if
    there is none; `status` is what the newest revision makes of it. Of a chain with faults this is the last word in the log."""

    found: InspectionResult | Correction | None
    place: int | None
    status: Status | None
    faults: tuple[ChainFault, ...]


def standing_of(revisions: Sequence[tuple[str, ResultRevision]]) -> Standing:
    """Return what stands of one result, from its revisions in log order, each with its SHA-256. Never raises."""
    found, place, status = None, None, None
    faults: list[ChainFault] = []
    numbers: dict[int, int] = {}
    for here, (sha256, revision) in enumerate(revisions):
        for code, zh, en in _faults(revisions, here, numbers):
            faults.append(ChainFault(code, here, sha256, zh, en))
        numbers.setdefault(revision.rev, here)
        if isinstance(revision, InspectionResult | Correction):
            found, place = revision, here
        status = status_after(revision)
    return Standing(found, place, status if found is not None else None, tuple(faults))


def status_after(revision: ResultRevision) -> Status:
    """Return the status of a result whose newest revision this is."""
    match revision:
        case Contest():
            return "contested"
        case Withdrawal():
            return "withdrawn"
    return revision.status


def _faults(
    revisions: Sequence[tuple[str, ResultRevision]], here: int, numbers: dict[int, int]
) -> list[tuple[FaultCode, str, str]]:
    """Return what is wrong with the revision at `here`, given where each number first stood."""
    revision = revisions[here][1]
    faults: list[tuple[FaultCode, str, str]] = []
    if here == 0:
        if not isinstance(revision, InspectionResult):
            faults.append((
                "beginning", f"第一份是 {revision.type}，应为 inspection-result/v1",
                f"the chain begins with {revision.type}, not with inspection-result/v1",
            ))  # fmt: skip
        if revision.rev != 1:
            faults.append((
                "gap", f"第一份的版次是 {revision.rev}，应为 1", f"the first revision has number {revision.rev}, not 1"
            ))  # fmt: skip
        return faults
    before_sha256, before = revisions[here - 1]
    if isinstance(revision, InspectionResult):
        faults.append((
            "beginning", "同一对象有第二份首次结果，应为更正",
            "a second inspection-result/v1 of one id; what follows the first is a correction",
        ))  # fmt: skip
    if revision.rev in numbers:
        faults.append((
            "doubled", f"版次 {revision.rev} 有两份文书，前一份是 {revisions[numbers[revision.rev]][0]}",
            f"two documents have number {revision.rev}; the earlier is {revisions[numbers[revision.rev]][0]}",
        ))  # fmt: skip
    elif revision.rev != before.rev + 1:
        faults.append((
            "gap", f"版次 {before.rev} 之后是 {revision.rev}，应为 {before.rev + 1}",
            f"number {revision.rev} follows {before.rev}; {before.rev + 1} was expected",
        ))  # fmt: skip
    if revision.supersedes != before_sha256:
        faults.append((
            "superseded", f"所取代的是 {revision.supersedes}，应为前一份 {before_sha256}",
            f"it supersedes {revision.supersedes}; the revision before it is {before_sha256}",
        ))  # fmt: skip
    if (revision.id, revision.draw, revision.target, revision.plan) != (before.id, before.draw, before.target, before.plan):
        faults.append((
            "subject", f"对象是批次 {revision.draw} 的 {revision.target}，前一份是批次 {before.draw} 的 {before.target}",
            f"it is about {revision.target} of {revision.draw}; the one before is about {before.target} of {before.draw}",
        ))  # fmt: skip
    if revision.issued_at < before.issued_at:
        faults.append((
            "time", f"签发时间 {revision.issued_at} 早于前一份的 {before.issued_at}",
            f"issued at {revision.issued_at}, before the revision it follows ({before.issued_at})",
        ))  # fmt: skip
    return faults
