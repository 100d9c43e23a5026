"""The refusals of `selection`: one family, each says what was found and what the specification asks."""

__all__ = ["ContributionError", "PlanError", "PoolError", "ReplacementError", "SelectionError"]


class SelectionError(Exception):
    """An input of a draw was refused. Nothing is ever repaired."""


class PoolError(SelectionError):
    """A frozen list is not in the form of docs/spec/pools.md."""


class PlanError(SelectionError):
    """A plan is one that docs/spec/plan.md refuses; the message names the rule, place and value."""


class ContributionError(SelectionError):
    """A contribution line is not the lawful line of its contributor (docs/spec/draw.md 1)."""


class ReplacementError(SelectionError):
    """A replacement is not possible in the standing state (docs/spec/draw.md 7)."""
