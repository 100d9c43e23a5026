"""The draw whose targets a plan for teams alone takes over (docs/spec/plan.md, "Teams alone"), and what a draft of such a plan may not say.

Targets and items of a draw stand whatever its team stages return. Where one was not COMPLETE, its teams are drawn again with fresh
people, lists and contributions. Whatever a target is (class, area, departments that visit it) was frozen then and is not asked again.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, UnsetType

from selection.keys import digest_of
from selection.plan import Fixed, Former, Plan, Stratum
from selection.pool import Listed, Pools, Target
from selection.quota import Population, state_quota
from selection.replacement import Event, TargetEvent
from selection.transcript import Transcript
from service.candidates import Sorted
from service.database import Connection
from service.draft_rules import DraftFault
from service.drafts import Draft, Scope
from service.errors import Conflicting, NotFound
from service.fault_words import clip
from service.frozen import FrozenDraw, read_draw_row, read_frozen, read_sealed_events

__all__ = ["DRAWN", "FormerDraw", "FormerVisit", "complete_stages", "conflicts_beside", "former_candidates", "former_faults",
           "lock_former", "read_former", "strata_of_former"]  # fmt: skip

DRAWN = "drawn"  # reason code of every target of such a plan


class FormerVisit(Struct, frozen=True):
    """One target of the former draw: as it was frozen and drawn; `ended` is the reason of the replacement that ended it, or None."""

    target: str
    name: str
    area: str  # its name
    class_: str
    sections: tuple[str, ...]
    ended: str | None
    inspectors: tuple[str, ...]  # registry numbers of the inspectors who stand


class FormerDraw(Struct, frozen=True):
    plan: Plan
    s: str
    transcript: Transcript
    result: str  # digest
    visits: tuple[FormerVisit, ...]
    apart: frozenset[tuple[str, str]]  # registry numbers

    @property
    def reference(self) -> Former:
        return Former(draw=self.plan.id, plan=self.s, result=self.result)

    @property
    def inspectors_stand(self) -> bool:
        """Whether only experts are missing."""
        return self.transcript.inspectors.outcome == "COMPLETE"

    @property
    def reasons(self) -> dict[str, str]:
        """Codes of replacements that ended a target, with their names."""
        ended = {visit.ended for visit in self.visits}
        return {reason.id: reason.name for reason in self.plan.replacement_reasons if reason.id in ended}


def complete_stages(transcript: Transcript) -> bool:
    """Return whether both team stages of a draw are complete: nothing is left to draw."""
    return transcript.inspectors.outcome == "COMPLETE" and transcript.experts.outcome == "COMPLETE"


async def lock_former(connection: Connection, draw: str) -> None:
    """Keep every replacement of the former draw from being decided until the transaction ends."""
    await connection.execute("SELECT 1 FROM draw WHERE id = $1 FOR SHARE", draw)


async def read_former(connection: Connection, draw: str, draft: Draft) -> FormerDraw | None:
    """Return the draw that `draft` names in `teams_of`, None if it names none; `draw` is the draft's own id.

    Raises Conflicting, with the mend, where no teams can be drawn for it: unknown, not drawn or still sealed, complete, of another
    task, or while another plan draws or has drawn them.
    """
    of = draft.teams_of
    if of is None:
        return None
    try:
        row = await read_draw_row(connection, of)
    except NotFound as error:
        raise Conflicting(
            f"没有批次 {clip(of)}；请把 teams_of 改为要补抽检查组的批次编号", f"there is no draw {clip(of)} to draw teams for"
        ) from error
    if row.state not in ("drawn", "opened"):
        wait = "请启封后再补抽检查组" if row.state == "sealed" else "请在抽取之后再办理"
        raise Conflicting(
            f"批次 {of} 还没有公布的抽取结果，不能单独抽检查组；{wait}", f"draw {of} is {row.state}: its targets are not shown yet"
        )
    if row.task != draft.task.id:
        raise Conflicting(
            f"批次 {of} 属于任务 {row.task}；补抽检查组须属于同一任务，请改正任务编号",
            f"draw {of} is of task {row.task}; its teams are drawn within that task",
        )
    other = await connection.fetchrow(
        "SELECT id, state FROM draw WHERE draft ->> 'teams_of' = $1 AND state <> 'voided' AND id <> $2", of, draw
    )
    if other is not None:
        done = other["state"] in ("drawn", "sealed", "opened")
        mend = f"如其结果仍不完整，请把 teams_of 改为 {other['id']}" if done else "请继续办理该批次，或先将其作废"
        raise Conflicting(
            f"批次 {of} 的检查组已由 {other['id']} {'抽取' if done else '办理'}；{mend}",
            f"teams of {of} {'were' if done else 'are being'} drawn by {other['id']}",
        )
    frozen = await read_frozen(connection, row)
    if complete_stages(frozen.transcript):
        raise Conflicting(
            f"批次 {of} 的检查组和专家都已产生，无须补抽；人员变动请用递补", f"all teams of {of} are complete; people are replaced one by one"
        )
    names = await connection.fetch("SELECT target, name FROM draw_target WHERE draw = $1", of)
    events = await read_sealed_events(connection, of)
    return _former(frozen, events, {row["target"]: row["name"] for row in names}, await _crew_of(connection, frozen))


class _Crew(Struct, frozen=True):
    """Inspectors who stand, by target, and who must be kept apart: registry numbers."""

    inspectors: Mapping[str, set[str]]
    apart: frozenset[tuple[str, str]]


async def _crew_of(connection: Connection, frozen: FrozenDraw) -> _Crew:
    """Return the standing inspectors of a draw and, if it drew teams alone, of those before it: experts may have been missing twice."""
    inspectors: dict[str, set[str]] = {}
    apart: set[tuple[str, str]] = set()
    while True:
        numbers = {id: number for id, (number, _) in frozen.disclosures.items()}
        apart.update((numbers[one], numbers[other]) for one, other in frozen.pools.apart)
        for id, target in frozen.standing(await read_sealed_events(connection, frozen.row.id)).targets.items():
            team = target.teams["inspector"]
            inspectors.setdefault(id, set()).update(numbers[person] for _, person in team if person is not None)
        of = frozen.plan.teams_of
        if isinstance(of, UnsetType):
            return _Crew(inspectors, frozenset(apart))
        frozen = await read_frozen(connection, await read_draw_row(connection, of.draw))


def _former(frozen: FrozenDraw, sealed_events: list[Event], names: Mapping[str, str], crew: _Crew) -> FormerDraw:
    assert frozen.result is not None
    ended = {event.target: event.reason for event in frozen.events(sealed_events) if isinstance(event, TargetEvent)}
    targets = {target.id: target for target in frozen.pools.targets}
    areas = {area.id: area.name for area in frozen.plan.areas}
    return FormerDraw(
        plan=frozen.plan, s=frozen.s, transcript=frozen.transcript, result=digest_of(frozen.result),
        visits=tuple(
            FormerVisit(drawn.id, names.get(drawn.id, drawn.id), areas[targets[drawn.id].area], targets[drawn.id].class_, drawn.sections,
                        ended.get(drawn.id), tuple(sorted(crew.inspectors.get(drawn.id, ()))))
            for drawn in frozen.transcript.targets
        ),
        apart=crew.apart,
    )  # fmt: skip


def _section_sets(former: FormerDraw) -> list[tuple[str, ...]]:
    """Return each set of departments that visit some standing target, in plan order: the strata of a plan for its teams alone."""
    sets = {visit.sections for visit in former.visits if visit.ended is None}
    place = {section.id: number for number, section in enumerate(former.plan.sections)}
    return sorted(sets, key=lambda sections: [place[section] for section in sections])


def former_candidates(former: FormerDraw, areas_of_people: Sequence[str]) -> Sorted:
    """Return the targets of the former draw as candidates: those that stand, and those that a replacement ended, excluded with its reason."""
    used = {visit.area for visit in former.visits} | set(areas_of_people)
    areas = {name: f"a{number}" for number, name in enumerate(sorted(used - {""}), 1)} | {"": "a0"}
    strata = {sections: f"s{number}" for number, sections in enumerate(_section_sets(former), 1)}
    targets = [
        Target(visit.target, strata[visit.sections], visit.class_, areas[visit.area])
        for visit in former.visits
        if visit.ended is None
    ]
    excluded = [Listed(visit.target, visit.ended) for visit in former.visits if visit.ended is not None]
    return Sorted(targets, excluded, (), areas, {visit.target: visit.name for visit in former.visits})


def strata_of_former(former: FormerDraw, pools: Pools) -> tuple[Stratum, ...]:
    """Return one stratum for each set of departments that visit a target; nobody is drawn by lot."""
    names = {section.id: section.name for section in former.plan.sections}
    made = []
    for number, sections in enumerate(_section_sets(former), 1):
        there = sum(target.stratum == f"s{number}" for target in pools.targets)
        together = "、".join(names[section] for section in sections)
        made.append(
            Stratum(id=f"s{number}", mandatory=there, name=f"{together}的对象", population=there,
                    quotas=tuple(state_quota(section, Fixed(count=0), Population(there, there), False) for section in sections),
                    rule=f"{former.plan.id} 抽中、由{together}检查的对象")
        )  # fmt: skip
    return tuple(made)


def former_faults(draft: Draft, former: FormerDraw | None) -> Iterator[DraftFault]:
    """Yield what a draft says that a plan of its kind cannot: strata and inspectors are wanted, or not to be given."""
    if former is None:
        if not draft.strata:
            yield DraftFault("草案没有分层；请至少写一层", "the draft has no stratum")
        for class_ in draft.classes:
            if len(class_.inspectors) < 2:
                yield DraftFault(
                    f"类别“{clip(class_.name)}”只有 {len(class_.inspectors)} 个检查人员席位；执法检查不得少于两人，请补足",
                    f"class {class_.id} has fewer than two inspector seats",
                )
        return
    yield from _said_in_vain(draft, former)
    if all(visit.ended is not None for visit in former.visits):
        yield DraftFault(f"批次 {former.plan.id} 的对象都已移出，没有可抽检查组的对象", f"no target of {former.plan.id} stands any more")
    wanted = {visit.class_ for visit in former.visits if visit.ended is None}
    for id in sorted(wanted - {class_.id for class_ in draft.classes}):
        yield DraftFault(
            f"批次 {former.plan.id} 中有类别 {id} 的对象，草案没有这个类别；请按原类别编号写明席位", f"class {id} of {former.plan.id} is missing"
        )
    for class_ in draft.classes:
        if former.inspectors_stand and class_.inspectors:
            yield DraftFault(
                f"批次 {former.plan.id} 的检查人员已经产生，只补抽专家；请删去类别“{clip(class_.name)}”的检查人员席位",
                f"the inspectors of {former.plan.id} stand: class {class_.id} has expert seats alone",
            )
        elif not former.inspectors_stand and len(class_.inspectors) < 2:
            yield DraftFault(
                f"类别“{clip(class_.name)}”只有 {len(class_.inspectors)} 个检查人员席位；执法检查不得少于两人，请补足",
                f"class {class_.id} has fewer than two inspector seats",
            )


def _said_in_vain(draft: Draft, former: FormerDraw) -> Iterator[DraftFault]:
    of = former.plan.id
    own = tuple(section.id for section in former.plan.sections)
    optional = any(c.optional_items or any(asked.optional_items for asked in c.section_items) for c in draft.classes)
    for said, what, en in (
        (bool(draft.strata) or draft.stratify_by is not None, "分层（strata、stratify_by）", "strata"),
        (draft.scope != Scope() or bool(draft.pool_rules), "抽查范围和排除规则（scope、pool_rules）", "scope or pool rules"),
        (bool(draft.mandatory), "必查对象（mandatory）", "mandatory targets"),
        (optional, "选查事项（optional_items）", "optional items"),
    ):
        if said:
            yield DraftFault(
                f"只抽检查组的批次沿用 {of} 的对象和事项，不再规定{what}；请删去", f"teams alone are drawn for {of}: no {en} are given"
            )
    if draft.sealed_until is not None:
        yield DraftFault("只抽检查组的批次不封存：检查谁已经公布；请删去 sealed_until", "teams alone are drawn openly")
    if draft.sections and draft.sections != own:
        yield DraftFault(
            f"只抽检查组的批次由 {of} 的部门办理（{'、'.join(own)}）；请删去 sections，或改为相同", f"the sections are those of {of}"
        )


def conflicts_beside(former: FormerDraw, apart: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return (target, registry number) of everybody who cannot join a team whose inspectors stand: kept apart from one of them,
    by the former plan or by `apart`, or one of them already."""
    partners: dict[str, set[str]] = {}
    for one, other in (*former.apart, *apart):
        partners.setdefault(one, set()).add(other)
        partners.setdefault(other, set()).add(one)
    return {
        (visit.target, number)
        for visit in former.visits
        if visit.ended is None
        for inspector in visit.inspectors
        for number in {inspector, *partners.get(inspector, ())}
    }
