"""What a verification says: per step a verdict and a sentence, never one boolean (docs/spec/bundle.md)."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct

from disclosure.errors import DisclosureError
from selection.errors import SelectionError

__all__ = ["Failed", "NotChecked", "Report", "Sentence", "Step", "Verdict", "decide", "exit_status"]


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


def decide(
    number: int, name: Sentence, needed: Sequence[Step], function: Callable[[], tuple[str, str]]
) -> Step:
    """Return the step that `function` decides: its two sentences if it returns, its refusal as *fail*; not run unless all
    `needed` steps passed."""
    if missing := "、".join(str(step.number) for step in needed if step.verdict is not Verdict.PASS):
        sentence = Sentence(f"未检查：需第 {missing} 步先通过", f"not checked: needs step {missing} to pass")
        return Step(number, name, Verdict.NOT_CHECKED, sentence)
    try:
        return Step(number, name, Verdict.PASS, Sentence(*function()))
    except NotChecked as found:
        return Step(number, name, Verdict.NOT_CHECKED, found.sentence)
    except Failed as found:
        return Step(number, name, Verdict.FAIL, found.sentence)
    except (DisclosureError, SelectionError) as error:
        return Step(number, name, Verdict.FAIL, Sentence(f"不符合规定：{error}", str(error)))


class Report(Struct, frozen=True):
    """All steps of one bundle. `fingerprints` are names and key ids of who should have signed, for comparing by eye."""

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
