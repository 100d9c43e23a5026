"""What a well-formed plan and its lists may not say (docs/spec/plan.md "A plan that is refused", pools.md 4 and 5).

One rule, one function, each yielding sentences; all of them are collected, so that the bureau mends a plan once. The
service asks before the freeze, the verifier again at steps 12 and 13.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from selection.eligibility import area_allows
from selection.errors import PlanError
from selection.plan import Dice, Drand, NonceCommitment, Plan, PublicNumber, Seat, Stratum, Witness
from selection.pool import Listed, Person, Pools, Target
from selection.quota import Population, state_quota

__all__ = ["EXCEPTION_RULES", "FEW_PEOPLE", "SMALL_STRATUM", "list_faults", "plan_faults"]

SMALL_STRATUM = 20  # targets (protocol: under this a stratum needs a stated reason)
FEW_PEOPLE = 3  # people who could take a seat
EXCEPTION_RULES = ("small-stratum", "no-chance", "thin-seat", "wide-exclusion")


def plan_faults(plan: Plan, pools: Pools) -> list[str]:
    """Return every rule of "A plan that is refused" that applies, as sentences; empty if none does.

    Expects lists without `list_faults`.
    """
    return [
        *_identity(plan),
        *_names(plan),
        *_times(plan),
        *_quotas(plan, pools),
        *_classes(plan, pools),
        *_contributors(plan),
        *_unstated(plan, pools),
    ]


def list_faults(
    plan: Plan, pools: Pools, excluded: Sequence[Listed], mandatory: Sequence[Listed]
) -> list[str]:
    """Return what the lists say that the plan does not declare, or that contradicts between lists (pools.md 3-5)."""
    targets = {target.id for target in pools.targets}
    people = {person.id for person in pools.people}
    reasons = {reason.id for reason in plan.reason_codes}
    faults = [f"{row.target} is both in pool and excluded" for row in excluded if row.target in targets]
    faults += [
        f"mandatory target {row.target} is not in pool" for row in mandatory if row.target not in targets
    ]
    faults += [f"reason {row.reason} of {row.target} is not declared" for row in (*excluded, *mandatory)
               if row.reason not in reasons]  # fmt: skip
    faults += [
        f"conflicts name {target}, which is not in pool"
        for target in pools.conflicts
        if target not in targets
    ]
    faults += [f"apart names {person}, who is not in people" for pair in sorted(pools.apart) for person in pair
               if person not in people]  # fmt: skip
    areas, codes = {area.id for area in plan.areas}, {code.id for code in plan.codes}
    for what, declared, used in (
        ("stratum", {s.id for s in plan.strata}, {t.stratum for t in pools.targets}),
        ("class", {c.id for c in plan.classes}, {t.class_ for t in pools.targets}),
        ("area", areas, {t.area for t in pools.targets} | {a for p in pools.people for a in p.areas}),
        ("section", {s.id for s in plan.sections}, {p.section for p in pools.people}),
        ("code", codes, {c for p in pools.people for c in p.codes}),
    ):
        faults += [f"{what} {id} is used but not declared in the plan" for id in sorted(used - declared)]
    return faults


def _repeats(what: str, ids: Iterable[str]) -> Iterator[str]:
    for id, count in Counter(ids).items():
        if count > 1:
            yield f"{what} {id} stands {count} times"


def _identity(plan: Plan) -> Iterator[str]:
    wanted = f"{plan.bureau}-{plan.year}-{plan.number}-{plan.attempt}"
    if plan.id != wanted:
        yield f"id {plan.id} is not {wanted}"
    yield from _repeats("section", (s.id for s in plan.sections))
    yield from _repeats("area", (a.id for a in plan.areas))
    yield from _repeats("code", (c.id for c in plan.codes))
    yield from _repeats("class", (c.id for c in plan.classes))
    yield from _repeats("stratum", (s.id for s in plan.strata))
    yield from _repeats("item", (i.id for i in plan.items))
    yield from _repeats("reason code", (r.id for r in plan.reason_codes))
    yield from _repeats("replacement reason", (r.id for r in plan.replacement_reasons))
    labels = [c.label for c in plan.contributors if isinstance(c, NonceCommitment | Witness | PublicNumber)]
    throwers = [thrower for c in plan.contributors if isinstance(c, Dice) for thrower in c.throwers]
    labels += [thrower.label for thrower in throwers] + [
        "dice" for c in plan.contributors if isinstance(c, Dice)
    ]
    yield from _repeats("contributor label", labels)
    witnesses = [c for c in plan.contributors if isinstance(c, Witness)]
    keys = [s.key for s in plan.sections] + [w.key for w in witnesses] + [t.key for t in throwers]
    yield from _repeats("key", (key for key in keys if key is not None))


def _ascends(ids: Sequence[str]) -> bool:
    return all(a < b for a, b in zip(ids, ids[1:], strict=False))


def _names(plan: Plan) -> Iterator[str]:
    sections, classes = {s.id for s in plan.sections}, {c.id for c in plan.classes}
    codes = {code.id for code in plan.codes}
    for class_ in plan.classes:
        for seat in (*class_.inspector_seats, *class_.expert_seats):
            if seat.section not in sections:
                yield f"a seat of class {class_.id} names section {seat.section}, which is not declared"
            yield from (f"a seat of class {class_.id} asks code {c}, which is not declared"
                        for c in seat.codes if c not in codes)  # fmt: skip
            if not _ascends(seat.codes):
                yield f"the codes of a seat of class {class_.id} do not strictly ascend"
        yield from _plan_order(
            plan, f"the items of class {class_.id}", [rule.section for rule in class_.items]
        )
    for item in plan.items:
        if item.section not in sections:
            yield f"item {item.id} names section {item.section}, which is not declared"
        yield from (
            f"item {item.id} names class {c}, which is not declared" for c in item.classes if c not in classes
        )
        if not _ascends(item.classes):
            yield f"the classes of item {item.id} do not strictly ascend"
    for stratum in plan.strata:
        yield from _plan_order(
            plan, f"the quotas of stratum {stratum.id}", [q.section for q in stratum.quotas]
        )


def _plan_order(plan: Plan, what: str, sections: list[str]) -> Iterator[str]:
    position = {section.id: number for number, section in enumerate(plan.sections)}
    unknown = [section for section in sections if section not in position]
    if unknown:
        yield f"{what} name section {unknown[0]}, which is not declared"
    elif not all(position[a] < position[b] for a, b in zip(sections, sections[1:], strict=False)):
        yield f"{what} do not name sections in plan order, each once"


def _times(plan: Plan) -> Iterator[str]:
    # Times of one form and zone sort as text.
    if plan.frozen_at >= plan.instant:
        yield f"frozen_at {plan.frozen_at} is not before T {plan.instant}"
    if plan.names_open < plan.instant:
        yield f"names_open {plan.names_open} is before T {plan.instant}"
    if plan.sealed is not None and plan.sealed.opens <= plan.instant:
        yield f"the sealed draw opens at {plan.sealed.opens}, not after T {plan.instant}"
    if plan.visits.from_ > plan.visits.to:
        yield f"visits from {plan.visits.from_} to {plan.visits.to} end before they begin"


def _quotas(plan: Plan, pools: Pools) -> Iterator[str]:
    everyone = Counter(target.stratum for target in pools.targets)
    obliged = Counter(target.stratum for target in pools.targets if target.id in pools.mandatory)
    for stratum in plan.strata:
        true = Population(everyone[stratum.id], obliged[stratum.id])
        if (stratum.population, stratum.mandatory) != (true.all, true.mandatory):
            yield (
                f"stratum {stratum.id} states {stratum.population} targets, {stratum.mandatory} mandatory;"
                f" the lists hold {true.all} and {true.mandatory}"
            )
            continue
        for stated in stratum.quotas:
            try:
                lawful = state_quota(stated.section, stated.rule, true, plan.mandatory_counts)
            except PlanError as error:
                yield f"stratum {stratum.id}: {error}"
                continue
            if stated != lawful:
                yield (
                    f"stratum {stratum.id}, section {stated.section}: the rule gives base {lawful.base}, quota"
                    f" {lawful.quota}, by lot {lawful.by_lot}, chance {lawful.chance}; stated {stated.base},"
                    f" {stated.quota}, {stated.by_lot}, {stated.chance}"
                )


def _classes(plan: Plan, pools: Pools) -> Iterator[str]:
    strata, classes = {s.id: s for s in plan.strata}, {c.id: c for c in plan.classes}
    items = defaultdict(list)
    for item in plan.items:
        for class_id in item.classes:
            items[class_id, item.section, item.mandatory].append(item)
    for class_ in plan.classes:
        for rule in class_.items:
            there = len(items[class_.id, rule.section, False])
            if rule.optional > there:
                yield f"class {class_.id} asks {rule.optional} optional items of {rule.section}, there are {there}"
    for stratum_id, class_id in sorted({(t.stratum, t.class_) for t in pools.targets}):
        if class_id not in classes or stratum_id not in strata:
            continue
        class_, stratum = classes[class_id], strata[stratum_id]
        for section in (quota.section for quota in stratum.quotas):
            if not any(seat.section == section for seat in class_.inspector_seats):
                yield f"class {class_id} has no inspector seat of section {section}, which draws stratum {stratum_id}"
            optional = [rule.optional for rule in class_.items if rule.section == section]
            if not optional:
                yield f"class {class_id} has no items entry of section {section}, which draws stratum {stratum_id}"
            elif not items[class_id, section, True] and optional[0] == 0:
                yield f"a target of class {class_id} gets no item of section {section}"


def _contributors(plan: Plan) -> Iterator[str]:
    kinds = [type(contributor) for contributor in plan.contributors]
    if kinds[-1] not in (Dice, PublicNumber, Drand):
        yield "the last contributor is not dice, public or drand"
    if kinds.count(Dice) > 1:
        yield "more than one contributor throws dice"
    if kinds.count(Witness) == 1:
        yield "exactly one witness is declared; at least two, or none"
    if Drand in kinds:
        yield "drand is named, and this version cannot verify it"
    if plan.sealed is not None and NonceCommitment not in kinds:
        yield "a sealed plan needs a nonce"
    for contributor in plan.contributors:
        if isinstance(contributor, Dice):
            yield from _repeats("the body of a dice thrower", (t.body for t in contributor.throwers))
        if isinstance(contributor, PublicNumber):
            example = contributor.example
            if len(example) != contributor.digits or not (example.isascii() and example.isdigit()):
                yield f"the example {example!r} of {contributor.label} is not {contributor.digits} digits"


def _unstated(plan: Plan, pools: Pools) -> Iterator[str]:
    stated = {(reason.rule, reason.subject) for reason in plan.exceptions}
    yield from (
        f"no rule {rule} knows an exception" for rule, _ in sorted(stated) if rule not in EXCEPTION_RULES
    )
    for stratum in plan.strata:
        if stratum.population < SMALL_STRATUM and ("small-stratum", stratum.id) not in stated:
            yield f"stratum {stratum.id} has {stratum.population} targets, under {SMALL_STRATUM}, and no reason is stated"
        yield from (f"no firm of stratum {stratum.id} can be drawn by section {section}, and no reason is stated"
                    for section in _without_chance(stratum)
                    if ("no-chance", f"{stratum.id}/{section}") not in stated)  # fmt: skip
    for subject, people in thin_seats(plan, pools.targets, pools.people):
        if ("thin-seat", subject) not in stated:
            yield f"seat {subject} has {people} possible people, fewer than {FEW_PEOPLE}, and no reason is stated"


def _without_chance(stratum: Stratum) -> list[str]:
    free = stratum.population - stratum.mandatory
    return [quota.section for quota in stratum.quotas if quota.by_lot == 0 and free > 0]


def thin_seats(plan: Plan, targets: Sequence[Target], people: Sequence[Person]) -> Iterator[tuple[str, int]]:
    """Yield (`<class>/inspectors/<number>` or `…/experts/…`, people) for each seat too few could take in some area."""
    areas = defaultdict(set)
    for target in targets:
        areas[target.class_].add(target.area if plan.area_rule != "any" else "")
    for class_ in plan.classes:
        if class_.id not in areas:
            continue
        for role, stage, seats in (
            ("inspector", "inspectors", class_.inspector_seats),
            ("expert", "experts", class_.expert_seats),
        ):
            for number, seat in enumerate(seats, 1):
                fewest = min(_able(plan, role, seat, area, people) for area in areas[class_.id])
                if fewest < FEW_PEOPLE:
                    yield f"{class_.id}/{stage}/{number}", fewest


def _able(plan: Plan, role: str, seat: Seat, area: str, people: Sequence[Person]) -> int:
    return sum(
        person.role == role
        and person.section == seat.section
        and person.places >= 1
        and set(seat.codes) <= set(person.codes)
        and area_allows(plan.area_rule, person, area)
        for person in people
    )
