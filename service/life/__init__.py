"""The life of a draw, one module per step (protocol 1): freeze, contribute, draw, void, replace, open, result, contest, withdraw, redact.

    draft → frozen → contributed → drawn                      → inspected → disclosed
                                   sealed → (events) → opened ↗

Each module gives a `RULE`: how a request is checked when one person proposes it, and how it is performed, in one
transaction, when the last of the people concerned has agreed (`service/steps.py`). Locks are always taken in one order:
the draw, then what it reads, then the head of the log.
"""

from service.life import contest, contribute, draw, freeze, redact, replace, result, void, withdraw
from service.steps import Rule

__all__ = ["RULES"]

RULES: dict[str, Rule] = {
    "draw-plan/v1": freeze.RULE,
    "contribution/v1": contribute.RULE,
    "draw-outcome/v1": draw.RULE,
    "draw-void/v1": void.RULE,
    "replacement/v1": replace.RULE,
    "inspection-result/v1": result.RULE,
    "correction/v1": result.CORRECTION_RULE,
    "contest/v1": contest.RULE,
    "withdrawal/v1": withdraw.RULE,
    "redaction/v1": redact.RULE,
}
