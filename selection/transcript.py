"""The transcript: the whole computed result of a draw as one canonical document (docs/spec/draw.md 6).

It holds facts that follow from plan, lists and contributions, and nothing else: no time, no name, no signature.
"""

from typing import Literal

from selection.canonical import CanonicalError, format_canonical, parse_struct
from selection.errors import SelectionError
from selection.forms import Count, Hex64, Id, Label, Person, Positive
from selection.plan import Form

__all__ = ["Certificate", "CertificatePair", "CertificatePerson", "CertificateSeat", "Cut", "StageOutcome",
           "StratumResult", "TargetResult", "Transcript", "format_transcript", "parse_transcript"]  # fmt: skip


class CertificatePair(Form, frozen=True):
    person: Person
    target: Id


class CertificatePerson(Form, frozen=True):
    person: Person
    places: Count


class CertificateSeat(Form, frozen=True):
    seat: Positive
    target: Id


class Certificate(Form, frozen=True):
    """Why no complete assignment exists: these seats have only this supply (docs/spec/draw.md 5)."""

    pairs: tuple[CertificatePair, ...]
    people: tuple[CertificatePerson, ...]
    seats: tuple[CertificateSeat, ...]
    short: Positive
    supply: Count


class StageOutcome(Form, frozen=True):
    certificate: Certificate | None
    outcome: Literal["COMPLETE", "IMPOSSIBLE", "IMPOSSIBLE_PAIRS", "SEARCH_LIMIT", "NOT_RUN"]


class Cut(Form, frozen=True):
    cut: Hex64 | None
    section: Label


class StratumResult(Form, frozen=True):
    id: Id
    next: Id | None
    order: tuple[Id, ...]
    quotas: tuple[Cut, ...]


class TargetResult(Form, frozen=True):
    experts: tuple[Person, ...]
    id: Id
    inspectors: tuple[Person, ...]
    items: tuple[Id, ...]
    rank: Count | None
    sections: tuple[Label, ...]
    stratum: Id
    ticket: Hex64


class Transcript(Form, frozen=True):
    draw_key: Hex64
    experts: StageOutcome
    inspectors: StageOutcome
    plan: Hex64
    stage_key: Hex64
    strata: tuple[StratumResult, ...]
    targets: tuple[TargetResult, ...]


def format_transcript(transcript: Transcript) -> bytes:
    """Return the bytes of the blob `result`, to which a sealed outcome commits."""
    return format_canonical(transcript)


def parse_transcript(data: bytes) -> Transcript:
    """Return the transcript whose bytes are exactly `data`; SelectionError otherwise."""
    try:
        transcript = parse_struct(data, Transcript)
    except CanonicalError as error:
        raise SelectionError(f"result: {error}") from error
    for stage in (transcript.inspectors, transcript.experts):
        if (stage.certificate is not None) != (stage.outcome == "IMPOSSIBLE"):
            raise SelectionError(
                f"result: a certificate stands exactly with IMPOSSIBLE, not with {stage.outcome}"
            )
    return transcript
