"""What the steps look at: the bundle, the policy, and what follows from them, each computed once."""

from collections.abc import Callable
from functools import cached_property

from msgspec import UNSET, Struct

from disclosure.bundle import Bundle
from disclosure.leaf import Leaf, parse_leaf
from disclosure.policy import Policy
from selection.draw import draw
from selection.plan import BlobReference, Plan, plan_digest
from selection.pool import (
    Listed,
    OpenedConflicts,
    Pools,
    parse_apart,
    parse_conflicts,
    parse_listed,
    parse_opened,
    parse_people,
    parse_pool,
)
from selection.transcript import Transcript, parse_transcript

__all__ = ["Case", "Lists"]


class Lists(Struct, frozen=True):
    """The parsed blobs. `pools.conflicts` holds what `opened` opens; `commitments` is the blob `conflicts`."""

    pools: Pools
    excluded: list[Listed]
    mandatory: list[Listed]
    commitments: dict[str, str]
    opened: list[OpenedConflicts]


class Case:
    """One verification under way. Properties raise what their parsers raise; a step turns that into a verdict."""

    def __init__(self, bundle: Bundle, policy: Policy | None) -> None:
        self.bundle, self.policy = bundle, policy

    @property
    def plan(self) -> Plan:
        return self.bundle.plan

    @cached_property
    def s(self) -> str:
        return plan_digest(self.plan)

    @property
    def is_open(self) -> bool:
        """Whether the bundle shows a result: an open outcome, or the opening of a sealed one."""
        return self.bundle.shown is not None

    @cached_property
    def leaves(self) -> list[Leaf]:
        return [parse_leaf(entry.leaf) for entry in self.bundle.entries]

    def blob(self, reference: BlobReference) -> bytes:
        return self.bundle.blobs[reference.sha256]

    @cached_property
    def lists(self) -> Lists:
        blobs, shown = self.plan.blobs, self.bundle.shown
        mandatory = parse_listed("mandatory", self.blob(blobs.mandatory))
        opened = parse_opened(self.blob(shown.opened)) if shown is not None else []
        pools = Pools(
            targets=parse_pool(self.blob(blobs.pool)),
            mandatory=frozenset(row.target for row in mandatory),
            people=parse_people(self.blob(blobs.people)),
            apart=frozenset(parse_apart(self.blob(blobs.apart))),
            conflicts={row.target: frozenset(row.people) for row in opened},
        )
        excluded = parse_listed("excluded", self.blob(blobs.excluded))
        return Lists(pools, excluded, mandatory, parse_conflicts(self.blob(blobs.conflicts)), opened)

    @cached_property
    def former(self) -> Transcript | None:
        """The result of the draw whose targets a plan for teams alone takes over; None for any other plan."""
        of = self.plan.teams_of
        return None if of is UNSET else parse_transcript(self.bundle.blobs[of.result])

    @cached_property
    def claimed(self) -> Transcript:
        """The transcript that the bureau published."""
        assert self.bundle.shown is not None
        return parse_transcript(self.bundle.blobs[self.bundle.shown.result.sha256])

    @cached_property
    def recomputed(self) -> Transcript:
        """The transcript that plan, lists and contributions give."""
        assert self.bundle.shown is not None
        return draw(self.plan, self.lists.pools, self.bundle.shown.contributions)


StepFunction = Callable[[Case], tuple[str, str]]
