"""Contribution lines (docs/spec/draw.md 1): exactly one per declared contributor, in plan order, lawful or refused.

There is no fallback source and nothing is repaired: a digit too few, a space or a full-width digit is an error.
"""

import re
from collections.abc import Sequence

from selection.errors import ContributionError
from selection.keys import nonce_commitment
from selection.plan import Contributor, Dice, Drand, NonceCommitment, Plan, PublicNumber, Witness

__all__ = ["MAX_LINE", "beacon_prefix", "check_contributions", "check_line", "is_absent", "label_of"]

MAX_LINE = 512  # bytes


def label_of(contributor: Contributor) -> str:
    """Return the name a contribution document gives its contributor: its label, `dice` or `drand`."""
    if isinstance(contributor, NonceCommitment | Witness | PublicNumber):
        return contributor.label
    return "dice" if isinstance(contributor, Dice) else "drand"


def is_absent(line: str) -> bool:
    """Return whether the line says that a witness gave nothing by T."""
    return line.startswith("absent:")


def beacon_prefix(drand: Drand) -> str:
    """Return what the line of `drand` says before the signature: whose chain, and which round of it."""
    return f"drand:{drand.chain}:{drand.round}:"


def check_line(plan: Plan, contributor: Contributor, line: str) -> None:
    """Raise ContributionError unless `line` is a lawful line of `contributor`; a nonce must open its commitment.

    Whether a signature is the beacon's is not seen here: `disclosure.beacon` verifies it.
    """
    if len(line) > MAX_LINE or not re.fullmatch(r"[\x21-\x7e]+", line):
        raise ContributionError(f"{line[:80]!r}: only 1 to {MAX_LINE} bytes of 0x21 to 0x7E are lawful")
    if isinstance(contributor, NonceCommitment):
        found = re.fullmatch(rf"nonce:{contributor.label}:([0-9a-f]{{64}})", line)
        if found is None:
            raise ContributionError(f"{line[:80]!r} is not nonce:{contributor.label}:<64 hex digits>")
        if nonce_commitment(plan.bureau, plan.number, plan.attempt, found[1]) != contributor.commitment:
            raise ContributionError(
                f"the nonce of {contributor.label} does not open the commitment in the plan"
            )
        return
    if isinstance(contributor, Witness):
        wanted = rf"witness:{contributor.label}:[0-9]{{10,80}}|absent:{contributor.label}"
        words = f"witness:{contributor.label}:<10 to 80 digits> or absent:{contributor.label}"
    elif isinstance(contributor, Dice):
        wanted, words = rf"dice:[0-9]{{{contributor.digits}}}", f"dice:<{contributor.digits} digits>"
    elif isinstance(contributor, PublicNumber):
        wanted = rf"public:{contributor.label}:[0-9]{{{contributor.digits}}}"
        words = f"public:{contributor.label}:<{contributor.digits} digits>"
    else:
        wanted, words = f"{beacon_prefix(contributor)}[0-9a-f]{{96}}", f"{beacon_prefix(contributor)}<96 hex digits>"
    if re.fullmatch(wanted, line) is None:
        raise ContributionError(f"{line[:80]!r} is not {words}")


def check_contributions(plan: Plan, lines: Sequence[str]) -> None:
    """Raise ContributionError unless there is one lawful line per contributor and enough witnesses came.

    Fewer than two present witnesses where any are declared: the draw is void by rule (docs/spec/draw.md 1).
    """
    if len(lines) != len(plan.contributors):
        raise ContributionError(f"{len(lines)} lines for {len(plan.contributors)} declared contributors")
    for contributor, line in zip(plan.contributors, lines, strict=True):
        check_line(plan, contributor, line)
    declared = [line for c, line in zip(plan.contributors, lines, strict=True) if isinstance(c, Witness)]
    present = sum(not is_absent(line) for line in declared)
    if declared and present < 2:
        raise ContributionError(
            f"only {present} of {len(declared)} witnesses present: the draw is void by rule"
        )
