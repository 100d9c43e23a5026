"""What a well-formed plan and its lists may not say (docs/spec/plan.md "A plan that is refused", pools.md 4 and 5).

One rule, one function, each yielding sentences; all of them are collected, so that the bureau mends a plan once. The
service asks before the freeze, the verifier again at steps 12 and 13.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import UNSET

from selection.contribution import label_of
from selection.plan import Class, Dice, Drand, LastNumber, NonceCommitment, Plan, PublicNumber, Witness
from selection.pool import Listed, Pools
from selection.quicknet import CHAIN, round_at
from selection.quota_rules import quota_faults
from selection.stated_reasons import EXCEPTION_RULES, FEW_PEOPLE, SMALL_STRATUM, thin_seats, unstated_faults
from selection.teams_alone import teams_alone_faults
from selection.transcript import Transcript

__all__ = ["EXCEPTION_RULES", "FEW_PEOPLE", "SMALL_STRATUM", "list_faults", "plan_faults", "refusals",
           "thin_seats"]  # fmt: skip


def plan_faults(
    plan: Plan, pools: Pools, excluded: Sequence[Listed] = (), former: Transcript | None = None
) -> list[str]:
    """Return every rule of "A plan that is refused" that applies, as sentences; empty if none does.

    Expects lists without `list_faults`. A plan with `teams_of` is judged with `excluded` and with `former`, the result that
    it names; no other plan is judged by them.
    """
    return [sentence for _, sentence in refusals(plan, pools, excluded, former)]


def refusals(
    plan: Plan, pools: Pools, excluded: Sequence[Listed] = (), former: Transcript | None = None
) -> list[tuple[str, str]]:
    """Return what `plan_faults` does, each with its number on the page: "1" to "8", and "9.1" to "9.6" for teams alone."""
    rules: list[tuple[str, Iterable[str]]] = [
        ("1", _identity(plan)),
        ("1", _names(plan)),
        ("2", _times(plan)),
        ("3", _plan_orders(plan)),
        ("3", quota_faults(plan, pools)),
        ("5", _optional_items(plan)),
        ("6", _contributors(plan)),
        ("7", unstated_faults(plan, pools)),
        ("8", _pool_rules(plan)),
    ]
    if plan.teams_of is UNSET:
        rules += [("4", _inspector_seats(plan, pools)), ("4", _some_item(plan, pools))]
    else:
        rules += [(f"9.{n}", found) for n, found in teams_alone_faults(plan, pools, plan.teams_of, excluded, former)]
        if former is None or former.inspectors.outcome != "COMPLETE":
            rules.append(("9.6", _inspector_seats(plan, pools)))
    return [(number, sentence) for number, sentences in rules for sentence in sentences]


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
            yield f"{what} {id[:100]} stands {count} times"


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
    throwers = [thrower for c in plan.contributors if isinstance(c, Dice) for thrower in c.throwers]
    labels = [label_of(c) for c in plan.contributors] + [thrower.label for thrower in throwers]
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
    for item in plan.items:
        if item.section not in sections:
            yield f"item {item.id} names section {item.section}, which is not declared"
        yield from (
            f"item {item.id} names class {c}, which is not declared" for c in item.classes if c not in classes
        )
        if not _ascends(item.classes):
            yield f"the classes of item {item.id} do not strictly ascend"
    for what, named in _lists_of_sections(plan):
        if unknown := [section for section in named if section not in sections]:
            yield f"{what} name section {unknown[0]}, which is not declared"


def _lists_of_sections(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    for class_ in plan.classes:
        yield f"the items of class {class_.id}", [rule.section for rule in class_.items]
    for stratum in plan.strata:
        yield f"the quotas of stratum {stratum.id}", [quota.section for quota in stratum.quotas]


def _plan_orders(plan: Plan) -> Iterator[str]:
    position = {section.id: number for number, section in enumerate(plan.sections)}
    for what, named in _lists_of_sections(plan):
        places = [position[section] for section in named if section in position]
        if any(a >= b for a, b in zip(places, places[1:], strict=False)):
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


def _optional_items(plan: Plan) -> Iterator[str]:
    for class_ in plan.classes:
        for rule in class_.items:
            there = sum(
                class_.id in item.classes and item.section == rule.section and not item.mandatory
                for item in plan.items
            )
            if rule.optional > there:
                yield f"class {class_.id} asks {rule.optional} optional items of {rule.section}, there are {there}"


def _drawn_by(plan: Plan, pools: Pools) -> Iterator[tuple[Class, str, str]]:
    """Yield (class, stratum, section) for every class of which some target stands in a stratum that the section draws."""
    strata, classes = {s.id: s for s in plan.strata}, {c.id: c for c in plan.classes}
    for stratum_id, class_id in sorted({(t.stratum, t.class_) for t in pools.targets}):
        if class_id in classes and stratum_id in strata:
            for quota in strata[stratum_id].quotas:
                yield classes[class_id], stratum_id, quota.section


def _inspector_seats(plan: Plan, pools: Pools) -> Iterator[str]:
    for class_ in plan.classes:
        if not class_.inspector_seats:
            yield f"class {class_.id} has no inspector seat at all: it has one or more"
    for class_, stratum, section in _drawn_by(plan, pools):
        if class_.inspector_seats and not any(seat.section == section for seat in class_.inspector_seats):
            yield f"class {class_.id} has no inspector seat of section {section}, which draws stratum {stratum}"


def _some_item(plan: Plan, pools: Pools) -> Iterator[str]:
    obliged = {(class_id, item.section) for item in plan.items if item.mandatory for class_id in item.classes}
    for class_, stratum, section in _drawn_by(plan, pools):
        optional = [rule.optional for rule in class_.items if rule.section == section]
        if not optional:
            yield f"class {class_.id} has no items entry of section {section}, which draws stratum {stratum}"
        elif (class_.id, section) not in obliged and optional[0] == 0:
            yield f"a target of class {class_.id} gets no item of section {section}"


def _pool_rules(plan: Plan) -> Iterator[str]:
    if plan.pool_rules is UNSET:
        return
    reasons = {reason.id for reason in plan.reason_codes}
    yield from _repeats("pool rule", (rule.id for rule in plan.pool_rules))
    for rule in plan.pool_rules:
        if rule.id not in reasons:
            yield f"pool rule {rule.id} is not one of the plan's reason codes"
        if not _ascends([parameter.name for parameter in rule.parameters]):
            yield f"the parameters of pool rule {rule.id} do not strictly ascend by name"


def _contributors(plan: Plan) -> Iterator[str]:
    kinds = [type(contributor) for contributor in plan.contributors]
    if not isinstance(plan.contributors[-1], LastNumber):
        yield "the last contributor is not dice, public or drand"
    if kinds.count(Dice) > 1:
        yield "more than one contributor throws dice"
    if kinds.count(Witness) == 1:
        yield "exactly one witness is declared; at least two, or none"
    if Drand in kinds[:-1]:
        yield "drand is named, and not as the last contributor"
    if plan.sealed is not None and NonceCommitment not in kinds:
        yield "a sealed plan needs a nonce"
    for contributor in plan.contributors:
        if isinstance(contributor, Dice):
            yield from _repeats("the body of a dice thrower", (t.body for t in contributor.throwers))
        if isinstance(contributor, Drand):
            yield from _beacon(plan, contributor)
        if isinstance(contributor, PublicNumber):
            example = contributor.example
            if len(example) != contributor.digits or not (example.isascii() and example.isdigit()):
                yield f"the example {example[:40]!r} of {contributor.label} is not {contributor.digits} digits"


def _beacon(plan: Plan, drand: Drand) -> Iterator[str]:
    if drand.chain != CHAIN:
        yield f"the drand chain {drand.chain} is not quicknet, {CHAIN}"
    if drand.round != round_at(plan.instant):
        yield f"drand round {drand.round} is not {round_at(plan.instant)}, the first at or after T {plan.instant}"
