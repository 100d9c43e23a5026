"""Plans for teams alone, for tests: the in-memory bureau draws, its teams do not work out, and it draws them again.

Everything is deterministic in the seed. docs/spec/plan.md, "Teams alone".
"""

import random
from functools import cache

from bureau import Bureau, Frozen, freeze, hexed, sources, staff
from msgspec.structs import replace

from disclosure.blob import refer
from selection.keys import digest_of
from selection.plan import (
    Blobs,
    Fixed,
    Former,
    Reason,
    SectionItems,
    StatedReason,
    Stratum,
    plan_digest,
)
from selection.pool import (
    Listed,
    OpenedConflicts,
    Pools,
    Target,
    format_apart,
    format_conflicts,
    format_listed,
    format_people,
    format_pool,
    format_reasons,
)
from selection.quota import Population, state_quota
from selection.transcript import Transcript, format_transcript

__all__ = ["former_of", "freeze_teams", "unfinished"]

FIRST = 5000  # number of the first plan for teams alone
ENDED = Reason(id="ended", name="对象已更换")


@cache
def unfinished(seed: int, role: str = "inspector", **wishes) -> tuple[Frozen, Transcript]:
    """Return a draw whose stage of `role` is IMPOSSIBLE (an expert stage after inspectors that are complete)."""
    few = {"places": 1, "people": 9} if role == "inspector" else {"places": 40, "expert_places": 0, "area_rule": "any", "apart": 0}
    for attempt in range(300):
        frozen = freeze(100 * seed + attempt, **{**few, **wishes})
        bureau = Bureau(frozen)
        found = bureau.transcript
        if (
            (found.inspectors if role == "inspector" else found.experts).outcome == "IMPOSSIBLE"
            and len(found.targets) > 2
            and any(t.rank for t in found.targets)
        ):
            return frozen, found
    raise AssertionError("no seed gives such a draw")


def freeze_teams(seed: int, role: str = "inspector", former: dict | None = None, **wishes) -> Frozen:
    """Return a lawful plan that draws teams alone for `unfinished(seed, role, **former)`.

    `wishes` as for `bureau.freeze`, as far as they are about people, contributors and areas; `ended`: how many of the former
    targets a replacement has ended since.
    """
    old, result = unfinished(seed, role, **(former or {}))
    r, plan, firms = random.Random(f"teams {seed}"), old.plan, {t.id: t for t in old.pools.targets}
    sections = [section.id for section in plan.sections]
    areas, codes = [area.id for area in plan.areas], [code.id for code in plan.codes]
    gone = {t.id for t in r.sample(result.targets, wishes.get("ended", 1 if len(result.targets) > 3 else 0))}
    sections_of = {t.id: t.sections for t in result.targets}
    targets = [
        Target(id, ".".join(sections_of[id]), firms[id].class_, firms[id].area)
        for id in sorted(sections_of) if id not in gone
    ]  # fmt: skip
    people, disclosures = staff(r, f"teams {seed}", sections, areas, codes, {"people": 30 * len(sections), "kinds": True, **wishes})
    apart = r.sample([(a.id, b.id) for a in people for b in people if a.id < b.id], wishes.get("apart", r.choice([0, 4])))
    opened = {}
    for target in r.sample(targets, (len(targets) + 1) // 2):
        away = tuple(sorted(p.id for p in r.sample(people, r.choice([1, 2]))))
        opened[target.id] = OpenedConflicts(target.id, hexed("teams", seed, "salt", target.id), away)
    blobs = {
        "pool": format_pool(targets), "mandatory": format_listed(Listed(t.id, "complaint") for t in targets),
        "excluded": format_listed(Listed(id, ENDED.id) for id in gone), "people": format_people(people),
        "apart": format_apart(apart), "conflicts": format_conflicts(opened.values()),
        "reasons": format_reasons([(t, p, "kinship", "亲属关系", "") for t, o in opened.items() for p in o.people]),
        "former": format_transcript(result),
    }  # fmt: skip
    pools = Pools(targets, frozenset(t.id for t in targets), people, frozenset(apart),
                  {t: frozenset(o.people) for t, o in opened.items()})  # fmt: skip
    stands = result.inspectors.outcome == "COMPLETE"
    classes = tuple(
        replace(c, inspector_seats=() if stands else c.inspector_seats,
                items=tuple(SectionItems(optional=0, section=rule.section) for rule in c.items))
        for c in plan.classes
    )  # fmt: skip
    strata = []
    for id in sorted({t.stratum for t in targets}):
        n = sum(t.stratum == id for t in targets)
        quotas = tuple(state_quota(s, Fixed(count=0), Population(n, n), False) for s in id.split("."))
        strata.append(Stratum(id=id, mandatory=n, name=id, population=n, quotas=quotas, rule="原批次抽中"))
    exceptions = tuple(
        StatedReason(rule="thin-seat", subject=f"{c.id}/{stage}/{n}", reason="编制所限")
        for c in classes for stage, seats in (("inspectors", c.inspector_seats), ("experts", c.expert_seats))
        for n in range(1, len(seats) + 1)
    )  # fmt: skip
    number = FIRST + seed
    contributors, lines, own_keys = sources(r, f"teams {seed}", number, people, disclosures, wishes)
    again = replace(
        plan, blobs=Blobs(**{name: refer(blob) for name, blob in blobs.items() if name != "former"}), classes=classes,
        contributors=tuple(contributors), exceptions=exceptions, id=f"yunzhou-2026-{number}-1", items=(),
        mandatory_counts=False, number=number, previous=plan_digest(plan), sealed=None, strata=tuple(strata),
        reason_codes=(*plan.reason_codes, ENDED), area_rule=wishes.get("area_rule", plan.area_rule),
        title="仅派组", teams_of=Former(draw=plan.id, plan=plan_digest(plan), result=digest_of(blobs["former"])),
    )  # fmt: skip
    return Frozen(again, pools, blobs, opened, lines, disclosures, own_keys, old)


def former_of(frozen: Frozen) -> tuple[list[Listed], bytes]:
    """Return the excluded lines and the former result of a plan for teams alone, as its blobs hold them."""
    rows = [line.split("\t") for line in frozen.blobs["excluded"].decode().splitlines()]
    return [Listed(*row) for row in rows], frozen.blobs["former"]
