"""What a verification says: per step a verdict and a sentence, never one boolean (docs/spec/bundle.md)."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

__all__ = ["Failed", "NotChecked", "Report", "Sentence", "Step", "Verdict", "exit_status"]


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 (a verdict, not a password)
    FAIL = "fail"
    NOT_CHECKED = "not-checked"


class Sentence(Struct, frozen=True):
    """One sentence in both languages of the product."""

    zh: str
    en: str


class Failed(Exception):
    """A step found something untrue."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.sentence = Sentence(zh, en)


class NotChecked(Exception):
    """A step could not be decided from what was given."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.sentence = Sentence(zh, en)


class Step(Struct, frozen=True):
    number: int
    name: Sentence
    verdict: Verdict
    sentence: Sentence


class Report(Struct, frozen=True):
    """All 22 steps of one bundle. `fingerprints` are the key ids of the plan's sections, for comparing by eye."""

    id: str | None
    steps: Sequence[Step]
    fingerprints: Sequence[tuple[str, str]] = ()

    @property
    def exit_status(self) -> int:
        return exit_status([step.verdict for step in self.steps])


def exit_status(verdicts: Sequence[Verdict]) -> int:
    """Return 0 all passed, 1 a step failed, 2 the bundle could not be read, 3 something was not checked."""
    if verdicts[0] is Verdict.FAIL:
        return 2
    if Verdict.FAIL in verdicts:
        return 1
    return 3 if Verdict.NOT_CHECKED in verdicts else 0
