"""What a dishonest bureau can do: every lie is signed and logged as properly as the truth.

`LIES` maps a name to a lie: `tell(seed, **wishes)` returns the bundle, `step` is the first step to fail with
the policy of `policy_bytes("audit")`. docs/spec/bundle.md, "What fails where".
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from unittest import mock

from bureau import (
    BEACON_QUORUM_TIME,
    QUORUM_TIME,
    Bureau,
    MemoryLog,
    actor,
    freeze,
    hexed,
    roles,
    testing_only_signer,
)
from bureau_teams import former_of, freeze_teams
from msgspec import UNSET
from msgspec.structs import replace

from disclosure.blob import refer
from disclosure.checkpoint import add_cosignature, cosign_checkpoint
from disclosure.document import (
    Contribution,
    DrawOpening,
    DrawOutcome,
    DrawVoid,
    Replacement,
    ResultReference,
    SealedEvent,
    SealedOutcome,
)
from disclosure.keys import encode_base64
from disclosure.leaf import format_leaf, leaf_of, parse_leaf
from disclosure.person import make_disclosure
from selection.canonical import format_canonical
from selection.keys import digest_of, draw_key, sealed_commitment, stage_key
from selection.plan import (
    ActorRole,
    Dice,
    Fixed,
    Item,
    LargestRemainder,
    PercentOrOne,
    PerOfficer,
    PerPeriod,
    PoolRule,
    SealedUntil,
    StatedReason,
    Witness,
)
from selection.pool import Listed, OpenedConflicts, format_listed, format_opened, format_people, format_pool
from selection.quota import Population, base_of, officers_of, split_total, state_quota
from selection.replacement import PersonEvent, Successor, TargetEvent
from selection.transcript import format_transcript, parse_transcript


@dataclass(frozen=True)
class Lie:
    step: int
    tell: Callable[..., bytes]


LIES: dict[str, Lie] = {}


def lie(step: int, **fixed):
    """Register a lie: `cheat(bureau)` changes an honest bureau, or returns the bytes of another bundle.

    With `teams` the bureau draws teams alone, for a former draw in which the stage of that role was impossible.
    """

    def register(cheat):
        def tell(seed: int, **wishes) -> bytes:
            bureau = (honest_teams if "teams" in fixed else honest)(seed, **{**fixed, **wishes})
            return cheat(bureau) or bureau.bundle()

        LIES[cheat.__name__.replace("_", "-")] = Lie(step, tell)
        return cheat

    return register


def honest(seed: int, events: int = 0, opening: bool = True, **wishes) -> Bureau:
    """Return a bureau whose draw is complete, has optional items and reserves, and opens conflicts."""
    wishes = {
        "area_rule": "any",
        "places": 12,
        "sealed": False,
        "last": "dice",
        "sections": 1,
        "targets": 40,
        "apart": 0,
        **wishes,
    }
    asks = [wishes.pop(name, False) for name in ("witnesses", "moves", "two_strata")]
    for attempt in range(200):
        quorum_time = BEACON_QUORUM_TIME if wishes["last"] == "drand" else QUORUM_TIME
        bureau = Bureau(freeze(1000 * seed + attempt, **wishes), events, opening, quorum_time)
        drawn, transcript = bureau.transcript.targets, bureau.transcript
        if (
            transcript.experts.outcome == "COMPLETE"
            and any(t.rank for t in drawn)
            and len(bureau.opened) > 1
            and any(len(t.items) > 1 and t.rank for t in drawn)
            and all(stratum.next for stratum in transcript.strata)
            and (not asks[0] or any(isinstance(c, Witness) for c in bureau.frozen.plan.contributors))
            and (not asks[1] or _moved(bureau))
            and (not asks[2] or len(transcript.strata) == 2)
        ):
            return bureau
    raise AssertionError("no seed gives such a draw")


def honest_teams(seed: int, teams: str = "inspector", events: int = 0, **wishes) -> Bureau:
    """Return a bureau that draws teams alone and completes them, that opens conflicts, and whose events find successors."""
    former = {name: wishes.pop(name) for name in ("targets", "sections") if name in wishes}
    wishes = {"area_rule": "any", "places": 12, "apart": 0, **wishes, "people": 27}
    for attempt in range(50):
        frozen = freeze_teams(1000 * seed + attempt, teams, former, **wishes)
        bureau = Bureau(frozen, events, quorum_time=QUORUM_TIME)
        if bureau.transcript.experts.outcome == "COMPLETE" and len(bureau.opened) > 1 and (not events or events_of(bureau)):
            return bureau
    raise AssertionError("no seed gives such a draw")


def _moved(bureau: Bureau) -> bool:
    return bool(events_of(bureau)) and all(event.successor for event in events_of(bureau))


def events_of(bureau: Bureau) -> list:
    events = [d.event for d in bureau.later if isinstance(d, Replacement)]
    return events + [event for d in bureau.later if isinstance(d, DrawOpening) for event in d.events]


def _new_plan(bureau: Bureau, **changes) -> None:
    """The bureau freezes another plan and draws by it."""
    frozen = bureau.frozen
    frozen.plan = replace(frozen.plan, **changes)
    bureau.__post_init__()


def _claim(bureau: Bureau, position: int, **changes) -> None:
    """Publish another target result at `position` and go on from there."""
    targets = list(bureau.transcript.targets)
    targets[position] = replace(targets[position], **changes)
    bureau.transcript = replace(bureau.transcript, targets=tuple(targets))
    bureau.outcome()


def _later(bureau: Bureau, kind: type, **changes) -> None:
    bureau.later = [replace(d, **changes) if isinstance(d, kind) else d for d in bureau.later]


def _position(bureau: Bureau, test) -> int:
    return next(n for n, target in enumerate(bureau.transcript.targets) if test(target))


def _digit(line: str) -> str:
    return line[:-1] + str((int(line[-1]) + 1) % 10)


def _flip(kind: type):
    def change(document):
        return replace(document, line=_digit(document.line)) if isinstance(document, kind) else document

    return change


# Step 2: signatures


@lie(2, sections=2)
def signer_missing(bureau):
    lead = testing_only_signer("section-lead")
    bureau.signers = lambda document: [lead]


@lie(2)
def signature_by_another(bureau):
    bureau.signers = lambda document: [testing_only_signer("section-fire")]


@lie(2)
def section_key_that_anyone_can_sign_for(bureau):
    first, *others = bureau.frozen.plan.sections
    bureau.frozen.plan = bureau.before[0] = replace(
        bureau.frozen.plan, sections=(replace(first, key=encode_base64(bytes(32))), *others)
    )
    bureau.signers = lambda document: [testing_only_signer("section-lead")]


@lie(2)
def signature_too_many(bureau):
    both = [testing_only_signer("section-lead"), testing_only_signer("section-fire")]
    bureau.signers = lambda document: both


@lie(2)
def signature_of_other_bytes(bureau):
    def edit(parts):
        a, b = parts["records"][0], parts["records"][-1]
        envelope = replace(a.envelope, signatures=b.envelope.signatures)
        parts["records"][0] = replace(a, envelope=envelope)

    return bureau.bundle(edit)


@lie(2)
def one_person_in_two_roles(bureau):
    one = actor("operator")
    _later(
        bureau, DrawOutcome, actors=(ActorRole(id=one, role="operator"), ActorRole(id=one, role="confirmer"))
    )


@lie(2, events=1)
def reviewer_was_operator(bureau):
    who = (
        ActorRole(id=actor("operator"), role="reviewer"),
        ActorRole(id=actor("confirmer"), role="confirmer"),
    )
    _later(bureau, Replacement, actors=who)


@lie(2)
def roles_missing(bureau):
    _later(bureau, DrawOutcome, actors=())


@lie(2)
def paper_without_form(bureau):
    bureau.after = [replace(d, form=None) for d in bureau.after]
    bureau.signers = lambda document: [testing_only_signer("section-lead")]


@lie(2)
def undeclared_contributor(bureau):
    bureau.after.insert(0, replace(bureau.after[-1], label="somebody"))
    bureau.signers = lambda document: [testing_only_signer("section-lead")]


# Steps 3, 4: leaves, authority


@lie(3)
def leaf_of_another_document(bureau):
    def leaf(document, envelope, number):
        true = leaf_of(document, envelope, f"2026-11-24T03:{number:02d}:00Z")
        return format_leaf(replace(true, doc=replace(true.doc, sha256=hexed("another"))))

    bureau.leaf = leaf


@lie(3)
def leaf_changed_in_the_bundle(bureau):
    def edit(parts):
        record = parts["records"][-1]
        leaf = format_leaf(replace(parse_leaf(record.leaf), rev=2))
        parts["records"][-1] = replace(record, leaf=leaf)

    return bureau.bundle(edit)


@lie(3)
def leaf_with_a_space(bureau):
    true = bureau.leaf
    bureau.leaf = lambda *what: true(*what).replace(b'"rev":1', b'"rev": 1')


@lie(4)
def signed_before_the_key_was_valid(bureau):
    def leaf(document, envelope, number):
        return format_leaf(leaf_of(document, envelope, f"2025-11-24T03:{number:02d}:00Z"))

    bureau.leaf = leaf


# Steps 5, 6, 7: the log


def _note(bureau, name: str, old: str, new: str) -> bytes:
    def edit(parts):
        lines = parts[name].decode().split("\n")
        lines[1] = str(int(lines[1]) + 1) if old == "size" else lines[1]
        if old == "root":
            lines[2] = new
        parts[name] = "\n".join(lines).encode()

    return bureau.bundle(edit)


@lie(5)
def checkpoint_size(bureau):
    return _note(bureau, "note_b", "size", "")


@lie(5)
def checkpoint_root(bureau):
    return _note(bureau, "note_a", "root", "A" * 43 + "=")


@lie(5)
def checkpoint_of_another_log(bureau):
    true = MemoryLog.__init__
    with mock.patch.object(MemoryLog, "__init__", lambda self: true(self, "disclose.elsewhere.example/2026")):
        return bureau.bundle()


@lie(5)
def line_of_a_stranger_twice(bureau):
    def edit(parts):
        stranger = cosign_checkpoint(parts["note_b"], "stranger.example", testing_only_signer("stranger"), QUORUM_TIME)
        parts["note_b"] = add_cosignature(parts["note_b"], stranger)
        line = parts["note_b"].splitlines(keepends=True)[-1]
        parts["note_b"] += line

    return bureau.bundle(edit)


@lie(6)
def quorum_unmet(bureau):
    bureau.quorum_time = None


@lie(7)
def proof_of_another_leaf(bureau):
    def edit(parts):
        a, b = parts["records"][0], parts["records"][-1]
        parts["records"][-1] = replace(b, proof=a.proof)

    return bureau.bundle(edit)


@lie(7)
def consistency_proof_changed(bureau):
    def edit(parts):
        parts["consistency"] = [*parts["consistency"], bytes(32)]

    return bureau.bundle(edit)


# Step 8: order and time


@lie(8)
def dice_before_the_checkpoint(bureau):
    bureau.before, bureau.after = [*bureau.before, *bureau.after], []


@lie(8)
def outcome_before_the_dice(bureau):
    bureau.after, bureau.later = [], [*bureau.later, *bureau.after]


@lie(8, witnesses=True)
def witness_after_the_checkpoint(bureau):
    bureau.after = [bureau.before.pop(), *bureau.after]


@lie(8)
def frozen_after_the_instant(bureau):
    _new_plan(bureau, frozen_at="2026-11-24T02:00:00Z")


@lie(8, last="drand")
def beacon_before_the_checkpoint(bureau):
    bureau.before, bureau.after = [*bureau.before, *bureau.after], []


@lie(8, last="drand")
def beacon_given_before_the_instant(bureau):
    bureau.after = [replace(d, given_at="2024-10-14T17:13:32Z") for d in bureau.after]


@lie(8)
def dice_given_before_the_instant(bureau):
    bureau.after = [replace(d, given_at="2026-11-24T01:59:59Z") for d in bureau.after]


@lie(8)
def drawn_before_the_instant(bureau):
    _later(bureau, DrawOutcome, drawn_at="2026-11-24T01:59:59Z")


@lie(8)
def log_time_falls(bureau):
    def leaf(document, envelope, number):
        return format_leaf(leaf_of(document, envelope, f"2026-11-24T03:{30 - number:02d}:00Z"))

    bureau.leaf = leaf


@lie(8)
def cosigned_after_the_instant(bureau):
    bureau.quorum_time = QUORUM_TIME + 601


# Step 9: one draw


@lie(9)
def rehearsal(bureau):
    _new_plan(bureau, rehearsal=True)


def _void(bureau):
    return DrawVoid(
        actors=roles("confirmer", "approver"),
        id=bureau.frozen.plan.id,
        plan=bureau.s,
        reason="plan-error",
        statement="作废",
        voided_at="2026-11-24T02:10:00Z",
    )


@lie(9)
def void(bureau):
    bureau.later.append(_void(bureau))


@lie(9)
def void_and_drawn_all_the_same(bureau):
    bureau.later.insert(0, _void(bureau))


@lie(9)
def outcome_twice(bureau):
    bureau.later.append(replace(bureau.later[0], drawn_at="2026-11-24T02:06:00Z"))


@lie(9)
def no_outcome(bureau):
    bureau.later = []
    bureau.is_shown = lambda: False


@lie(9)
def outcome_of_another_plan(bureau):
    _later(bureau, DrawOutcome, plan=hexed("another"))


@lie(9)
def bundle_id(bureau):
    return bureau.bundle(lambda parts: parts.update(id=parts["id"] + "0"))


@lie(9, sealed=True)
def open_outcome_of_a_sealed_plan(bureau):
    opening = bureau.later.pop()
    shown = {
        name: getattr(opening, name)
        for name in ("contributions", "draw_key", "id", "opened", "plan", "result")
    }
    bureau.later = [
        DrawOutcome(actors=roles("operator", "confirmer"), drawn_at="2026-11-24T02:05:00Z", **shown)
    ]


@lie(9, events=2, moves=True)
def event_left_out(bureau):
    del bureau.later[1]


@lie(9, events=1)
def event_of_another_outcome(bureau):
    _later(bureau, Replacement, outcome=hexed("another"))


# Step 10: contributions


@lie(10, witnesses=True)
def witness_left_out(bureau):
    bureau.before = [d for d in bureau.before if getattr(d, "label", "") != "witness-1"]


@lie(10)
def contribution_twice(bureau):
    bureau.after.append(replace(bureau.after[-1], given_at="2026-11-24T02:01:00Z"))


@lie(10)
def dice_digits_short(bureau):
    bureau.after = [replace(d, line=d.line[:-1]) for d in bureau.after]


@lie(10, last="drand")
def beacon_of_another_round(bureau):
    bureau.after = [replace(d, line=d.line.replace(":12040883:", ":12040884:")) for d in bureau.after]


@lie(10, last="drand")
def beacon_without_a_signature(bureau):
    bureau.after = [replace(d, line=d.line.rpartition(":")[0] + ":") for d in bureau.after]


@lie(10, last="drand")
def beacon_left_out(bureau):
    bureau.after = []


@lie(10, witnesses=True)
def witnesses_absent(bureau):
    absent = [replace(d, line=f"absent:{d.label}") for d in bureau.before[1:]]
    bureau.before = [bureau.before[0], *(replace(d, actors=roles("operator", "confirmer")) for d in absent)]


# Step 11: the beacon


@lie(11, last="drand")
def beacon_signature_of_another_round(bureau):
    # That of round 1000, and everything computed from it.
    signature = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
    bureau.frozen.lines[-1] = bureau.frozen.lines[-1].rpartition(":")[0] + ":" + signature
    bureau.__post_init__()


@lie(11, last="drand")
def beacon_signature_at_infinity(bureau):
    bureau.frozen.lines[-1] = bureau.frozen.lines[-1].rpartition(":")[0] + ":c0" + "0" * 94
    bureau.__post_init__()


# Steps 12, 13: lists and rules


@lie(12)
def pool_firm_swapped(bureau):
    blob = bureau.frozen.blobs["pool"].replace(b"9142", b"9143", 1)
    bureau.frozen.blobs["pool"] = b"".join(sorted(blob.splitlines(keepends=True)))


@lie(12)
def blob_too_many(bureau):
    bureau.frozen.blobs["further"] = b"nobody names me\n"


@lie(12)
def reasons_published(bureau):
    bureau.frozen.blobs["published"] = bureau.frozen.blobs["reasons"]


def _blobs(bureau, **changed) -> None:
    bureau.frozen.blobs.update(changed)
    names = ("pool", "mandatory", "excluded", "people", "apart", "conflicts", "reasons")
    references = {name: refer(bureau.frozen.blobs[name]) for name in names}
    _new_plan(bureau, blobs=replace(bureau.frozen.plan.blobs, **references))


@lie(12)
def pool_unsorted(bureau):
    lines = bureau.frozen.blobs["pool"].splitlines(keepends=True)
    _blobs(bureau, pool=b"".join(reversed(lines)))


@lie(12)
def pool_names_an_unknown_area(bureau):
    _blobs(bureau, pool=bureau.frozen.blobs["pool"].replace(b"\t42", b"\t43", 1))


@lie(12)
def excluded_and_drawn(bureau):
    _blobs(bureau, excluded=bureau.transcript.targets[0].id.encode() + b"\tcap-reached\n")


@lie(12)
def reference_count(bureau):
    pool = bureau.frozen.plan.blobs.pool
    _new_plan(bureau, blobs=replace(bureau.frozen.plan.blobs, pool=replace(pool, count=pool.count + 1)))


@lie(12)
def reference_root(bureau):
    people = bureau.frozen.plan.blobs.people
    _new_plan(bureau, blobs=replace(bureau.frozen.plan.blobs, people=replace(people, root=hexed("another"))))


@lie(12)
def result_size(bureau):
    result = bureau.later[0].result
    _later(bureau, DrawOutcome, result=replace(result, size=result.size + 1))


@lie(12)
def result_not_canonical(bureau):
    bureau.result += b"\n"
    _later(bureau, DrawOutcome, result=ResultReference(digest_of(bureau.result), len(bureau.result)))


def _strata(bureau, **changes) -> None:
    first, *others = bureau.frozen.plan.strata
    quotas = [replace(first.quotas[0], **changes), *first.quotas[1:]]
    _new_plan(bureau, strata=(replace(first, quotas=tuple(quotas)), *others))


@lie(13)
def quota(bureau):
    quota = bureau.frozen.plan.strata[0].quotas[0]
    _strata(bureau, quota=quota.quota + 1, by_lot=quota.by_lot + 1)


@lie(13)
def chance(bureau):
    _strata(bureau, chance="1/1")


@lie(13)
def population(bureau):
    first, *others = bureau.frozen.plan.strata
    _new_plan(bureau, strata=(replace(first, population=first.population + 1), *others))


@lie(13)
def thin_seat_unstated(bureau):
    frozen = bureau.frozen
    people = [replace(p, places=0) if p.role == "inspector" else p for p in frozen.pools.people]
    keep = [p for p in people if p.role == "inspector"][:2]
    people = [replace(p, places=12) if p in keep else p for p in people]
    frozen.pools = replace(frozen.pools, people=people)
    frozen.blobs["people"] = format_people(people)
    frozen.plan = replace(
        frozen.plan, exceptions=tuple(e for e in frozen.plan.exceptions if e.rule != "thin-seat")
    )
    _blobs(bureau)


@lie(13, last="drand")
def beacon_round_of_another_instant(bureau):
    _new_plan(bureau, instant="2024-10-14T17:13:34Z")


@lie(13, last="drand")
def beacon_of_another_chain(bureau):
    drand, line = bureau.frozen.plan.contributors[-1], bureau.frozen.lines[-1]
    chain = hexed("chain")
    bureau.frozen.lines[-1] = line.replace(drand.chain, chain)
    _new_plan(bureau, contributors=(*bureau.frozen.plan.contributors[:-1], replace(drand, chain=chain)))


@lie(13, last="drand")
def beacon_before_the_others(bureau):
    bureau.frozen.lines.reverse()
    _new_plan(bureau, contributors=bureau.frozen.plan.contributors[::-1])


@lie(13)
def throwers_of_one_body(bureau):
    plan = bureau.frozen.plan
    dice = plan.contributors[-1]
    throwers = tuple(replace(t, body="同一单位") for t in dice.throwers)
    _new_plan(bureau, contributors=(*plan.contributors[:-1], replace(dice, throwers=throwers)))


@lie(13)
def names_open_too_early(bureau):
    _new_plan(bureau, names_open="2026-11-24T01:00:00Z")


@lie(13)
def id_of_another_number(bureau):
    plan = bureau.frozen.plan
    _new_plan(bureau, id=plan.id[:-1] + "2")


# Steps 1 and 13: optional members, kinds of quotas, pool rules


@lie(1)
def pool_rules_empty(bureau):
    """An optional member that says nothing is left out, not written empty."""
    _new_plan(bureau, pool_rules=())


@lie(1)
def pool_rules_null(bureau):
    _new_plan(bureau, pool_rules=None)


def _ruled(bureau, rules, officers: int = 0, parts=None, add=0) -> None:
    """Give the first section's quota of every stratum its rule, with the numbers these officers and parts would give."""
    plan = bureau.frozen.plan
    section, strata = plan.sections[0].id, []
    for h, (stratum, rule) in enumerate(zip(plan.strata, rules, strict=True)):
        population = Population(stratum.population, stratum.mandatory)
        stated = state_quota(section, rule, population, plan.mandatory_counts, officers, parts[h] if parts else 0)
        if add:
            stated = replace(state_quota(section, Fixed(stated.quota + add), population, plan.mandatory_counts), rule=rule)
        strata.append(replace(stratum, quotas=(stated, *stratum.quotas[1:])))
    _new_plan(bureau, strata=tuple(strata))


def _excused(bureau) -> tuple:
    """A reason for every quota that draws nobody, so that it is not this that is refused."""
    plan = bureau.frozen.plan
    more = [StatedReason(reason="只查必查对象", rule="no-chance", subject=f"{s.id}/{q.section}") for s in plan.strata for q in s.quotas]
    return (*plan.exceptions, *(e for e in more if e not in plan.exceptions))


def _every(bureau, rule) -> list:
    return [rule] * len(bureau.frozen.plan.strata)


@lie(13)
def officers_counted_without_places(bureau):
    """One inspector for each target, and one inspector who may not get any is counted too."""
    people = bureau.frozen.pools.people
    one = next(p for p in people if p.role == "inspector")
    people = [replace(p, places=0) if p is one else p for p in people]
    bureau.frozen.pools = replace(bureau.frozen.pools, people=people)
    _blobs(bureau, people=format_people(people))
    _ruled(bureau, _every(bureau, PerOfficer(targets=1)), officers_of(people)["lead"] + 1)


@lie(13)
def experts_counted_as_officers(bureau):
    people = bureau.frozen.pools.people
    _ruled(bureau, _every(bureau, PerOfficer(targets=1)), sum(p.places > 0 for p in people))


@lie(13)
def period_rounded_by_itself(bureau):
    """The first of seven periods gets one more than its part of the year."""
    _ruled(bureau, _every(bureau, PerPeriod(denominator=2, numerator=1, period=1, periods=7)), add=1)


@lie(13)
def period_after_the_last(bureau):
    _ruled(bureau, _every(bureau, PerPeriod(denominator=2, numerator=1, period=4, periods=4)))
    strata = []
    for stratum in bureau.frozen.plan.strata:
        quota = replace(stratum.quotas[0], rule=replace(stratum.quotas[0].rule, period=5))
        strata.append(replace(stratum, quotas=(quota, *stratum.quotas[1:])))
    _new_plan(bureau, strata=tuple(strata))


@lie(13)
def percent_or_one_without_the_one(bureau):
    rules = _every(bureau, PercentOrOne(denominator=1000, numerator=1))
    _ruled(bureau, rules)
    strata = []
    for stratum in bureau.frozen.plan.strata:
        free = stratum.population - stratum.mandatory
        quota = replace(stratum.quotas[0], quota=0, by_lot=0, chance=f"0/{free}")
        strata.append(replace(stratum, quotas=(quota, *stratum.quotas[1:])))
    _new_plan(bureau, strata=tuple(strata), exceptions=_excused(bureau))


def _bases(bureau) -> list[int]:
    plan = bureau.frozen.plan
    return [base_of(Population(s.population, s.mandatory), plan.mandatory_counts) for s in plan.strata]


@lie(13, two_strata=True)
def remainder_given_to_another_stratum(bureau):
    bases = _bases(bureau)
    total = sum(bases) - 1
    parts = split_total(total, bases)
    short = next(h for h, (part, base) in enumerate(zip(parts, bases, strict=True)) if part < base)
    parts[short], parts[1 - short] = parts[short] + 1, parts[1 - short] - 1
    _ruled(bureau, _every(bureau, LargestRemainder(total=total)), parts=parts)


@lie(13, two_strata=True)
def totals_of_one_split_differ(bureau):
    bases = _bases(bureau)
    total = sum(bases) - 1
    rules = [LargestRemainder(total=total), LargestRemainder(total=total - 1)]
    _ruled(bureau, rules, parts=split_total(total, bases))


@lie(13, two_strata=True)
def stratum_too_small_to_be_split_over(bureau):
    _new_plan(bureau, exceptions=_excused(bureau))
    _ruled(bureau, _every(bureau, LargestRemainder(total=1)), parts=[1, 0])


@lie(13, kinds=True)
def pool_rule_of_no_reason(bureau):
    rule = PoolRule(id="whim", parameters=(), text="领导说不查", version="1")
    _new_plan(bureau, pool_rules=(*bureau.frozen.plan.pool_rules, rule))


@lie(13, kinds=True)
def pool_rule_twice(bureau):
    rules = bureau.frozen.plan.pool_rules
    _new_plan(bureau, pool_rules=(*rules, replace(rules[0], version="2")))


@lie(13, kinds=True)
def pool_rule_parameters_in_another_order(bureau):
    first, *others = bureau.frozen.plan.pool_rules
    _new_plan(bureau, pool_rules=(replace(first, parameters=first.parameters[::-1]), *others))


@lie(13, narrow=True)
def narrow_pool_unstated(bureau):
    kept = tuple(e for e in bureau.frozen.plan.exceptions if e.rule != "narrow-pool")
    _new_plan(bureau, exceptions=kept)


@lie(13)
def class_without_an_inspector_seat(bureau):
    plan = bureau.frozen.plan
    items = tuple(replace(rule, optional=0) for rule in plan.classes[0].items)
    _new_plan(bureau, classes=(*plan.classes, replace(plan.classes[0], id="unused", inspector_seats=(), items=items)))


# Steps 1, 12, 13: teams alone


@lie(1, teams="inspector")
def teams_of_null(bureau):
    _new_plan(bureau, teams_of=None)


@lie(12, teams="inspector")
def former_result_left_out(bureau):
    del bureau.frozen.blobs["former"]


@lie(12, teams="inspector")
def former_result_named_by_none(bureau):
    """The result of the former draw goes with the bundle of a plan that does not name it."""
    _new_plan(bureau, teams_of=UNSET)


@lie(12, teams="inspector")
def former_result_changed(bureau):
    bureau.frozen.blobs["former"] = bureau.frozen.blobs["former"].replace(b'"IMPOSSIBLE"', b'"SEARCH_LIMIT"', 1)


@lie(12, teams="inspector")
def former_result_not_canonical(bureau):
    _former(bureau, bureau.frozen.blobs["former"] + b"\n")


def _former(bureau, data: bytes, **changes) -> None:
    """Name another former result, and give it with the bundle."""
    bureau.frozen.blobs["former"] = data
    of = bureau.frozen.plan.teams_of
    _new_plan(bureau, teams_of=replace(of, result=digest_of(data), **changes))


def _told_former(bureau, **changes) -> None:
    _former(bureau, format_transcript(replace(parse_transcript(former_of(bureau.frozen)[1]), **changes)))


@lie(13, teams="inspector")
def former_result_of_another_plan(bureau):
    of = bureau.frozen.plan.teams_of
    _new_plan(bureau, teams_of=replace(of, plan=hexed("another")))


@lie(13, teams="inspector", ended=1)
def former_target_left_out(bureau):
    """A firm that was drawn disappears between the draw and its teams."""
    _blobs(bureau, excluded=b"")


@lie(13, teams="inspector")
def former_target_added(bureau):
    excluded, _ = former_of(bureau.frozen)
    _blobs(bureau, excluded=format_listed([*excluded, Listed("elsewhere", "ended")]))


@lie(13, teams="inspector")
def target_added_to_the_teams(bureau):
    pools = bureau.frozen.pools
    targets = [*pools.targets, replace(pools.targets[0], id="91429999999999999X")]
    _teams_for(bureau, targets, [t.id for t in targets])


def _teams_for(bureau, targets, mandatory) -> None:
    """Draw the teams for these targets, of which these are mandatory; strata say what the lists hold."""
    frozen = bureau.frozen
    frozen.pools = replace(frozen.pools, targets=targets, mandatory=frozenset(mandatory))
    strata = []
    for stratum in frozen.plan.strata:
        own = [t.id for t in targets if t.stratum == stratum.id]
        population = Population(len(own), len(set(own) & set(mandatory)))
        quotas = tuple(state_quota(q.section, q.rule, population, False) for q in stratum.quotas)
        strata.append(replace(stratum, population=population.all, mandatory=population.mandatory, quotas=quotas))
    frozen.plan = replace(frozen.plan, strata=tuple(strata))
    _blobs(bureau, pool=format_pool(targets), mandatory=format_listed(Listed(id, "complaint") for id in mandatory))


@lie(13, teams="inspector")
def former_target_not_mandatory(bureau):
    targets = bureau.frozen.pools.targets
    bureau.frozen.plan = replace(bureau.frozen.plan, exceptions=_excused(bureau))
    _teams_for(bureau, targets, [t.id for t in targets[1:]])


@lie(13, teams="inspector")
def mandatory_ones_fill_the_quota_of_teams_alone(bureau):
    plan = bureau.frozen.plan
    strata = []
    for stratum in plan.strata:
        population = Population(stratum.population, stratum.mandatory)
        quotas = tuple(state_quota(q.section, q.rule, population, True) for q in stratum.quotas)
        strata.append(replace(stratum, quotas=quotas))
    _new_plan(bureau, strata=tuple(strata), mandatory_counts=True)


@lie(13, teams="inspector")
def quota_of_teams_alone_not_fixed(bureau):
    """Of nobody half is nobody, yet the rule is not the one asked."""
    first, *others = bureau.frozen.plan.strata
    quota = replace(first.quotas[0], rule=PercentOrOne(denominator=2, numerator=1))
    _new_plan(bureau, strata=(replace(first, quotas=(quota, *first.quotas[1:])), *others))


@lie(13, teams="inspector", sections=2)
def target_of_one_section_less(bureau):
    plan = bureau.frozen.plan
    strata = tuple(replace(s, quotas=s.quotas[:1]) for s in plan.strata)
    if strata == plan.strata:
        strata = (replace(strata[0], quotas=(replace(strata[0].quotas[0], section="fire"),)), *strata[1:])
    _new_plan(bureau, strata=strata)


@lie(13, teams="inspector")
def item_of_teams_alone(bureau):
    plan = bureau.frozen.plan
    item = Item(classes=(plan.classes[0].id,), id="item-more", legal_basis="《安全生产法》", mandatory=False, name="加查", section="lead")
    _new_plan(bureau, items=(item,))


@lie(13, teams="inspector")
def teams_alone_sealed(bureau):
    _new_plan(bureau, sealed=SealedUntil(opens="2026-12-01T00:00:00Z"))


@lie(13, teams="inspector")
def teams_drawn_a_second_time(bureau):
    """Complete teams are thrown away and drawn anew."""
    former = parse_transcript(former_of(bureau.frozen)[1])
    complete = replace(former.inspectors, outcome="COMPLETE", certificate=None)
    _told_former(bureau, inspectors=complete, experts=complete)


@lie(13, teams="inspector")
def inspectors_drawn_again_with_the_experts(bureau):
    former = parse_transcript(former_of(bureau.frozen)[1])
    complete = replace(former.inspectors, outcome="COMPLETE", certificate=None)
    _told_former(bureau, inspectors=complete, experts=former.inspectors)


@lie(13, teams="expert")
def class_of_teams_alone_without_inspectors(bureau):
    """The former inspectors do not stand, and only experts are drawn."""
    former = parse_transcript(former_of(bureau.frozen)[1])
    _told_former(bureau, inspectors=former.experts, experts=replace(former.experts, outcome="NOT_RUN", certificate=None))


# Step 14: the draw key


def _redraw(bureau, lines: list[str], lawful: bool = True) -> None:
    bureau.frozen.lines = lines
    before, after = bureau.before, bureau.after
    with nullcontext() if lawful else mock.patch("selection.draw.check_contributions"):
        bureau.__post_init__()
    bureau.before, bureau.after = before, after


@lie(14)
def dice_digit_in_the_outcome(bureau):
    _redraw(bureau, [*bureau.frozen.lines[:-1], _digit(bureau.frozen.lines[-1])])


@lie(14)
def dice_digit_everywhere_outcome_kept(bureau):
    lines = [*bureau.frozen.lines[:-1], _digit(bureau.frozen.lines[-1])]
    bureau.after = [_flip(Contribution)(d) for d in bureau.after]
    _later(bureau, DrawOutcome, contributions=tuple(lines))


@lie(14)
def dice_digit_everywhere_result_kept(bureau):
    lines = [*bureau.frozen.lines[:-1], _digit(bureau.frozen.lines[-1])]
    bureau.after = [_flip(Contribution)(d) for d in bureau.after]
    _later(bureau, DrawOutcome, contributions=tuple(lines), draw_key=draw_key(bureau.s, lines))


@lie(14)
def nonce_other_than_committed(bureau):
    _redraw(bureau, ["nonce:bureau:" + hexed("another"), *bureau.frozen.lines[1:]], lawful=False)


@lie(14)
def contributions_in_another_order(bureau):
    _redraw(bureau, bureau.frozen.lines[::-1], lawful=False)


@lie(14)
def result_of_another_plan(bureau):
    bureau.transcript = replace(bureau.transcript, plan=hexed("another"))
    bureau.outcome()


@lie(14)
def result_with_the_key_of_another_stage(bureau):
    other = stage_key(bureau.transcript.draw_key, "items/x")
    bureau.transcript = replace(bureau.transcript, stage_key=other)
    bureau.outcome()


# Steps 15 to 18: targets, items, conflicts, teams


@lie(15)
def drawn_firm_swapped(bureau):
    """The first firm drawn by lot gives way to the reserve of its stratum, wherever it stands."""
    at = _position(bureau, lambda target: target.rank)
    drawn = bureau.transcript.targets[at]
    strata = []
    for stratum in bureau.transcript.strata:
        if stratum.id == drawn.stratum:
            friend = stratum.next
            stratum = replace(stratum, order=tuple(friend if id == drawn.id else id for id in stratum.order))  # noqa: PLW2901
        strata.append(stratum)
    bureau.transcript = replace(bureau.transcript, strata=tuple(strata))
    _claim(bureau, at, id=friend)


@lie(15)
def drawn_firm_left_out(bureau):
    bureau.transcript = replace(bureau.transcript, targets=bureau.transcript.targets[1:])
    bureau.outcome()


@lie(15)
def ticket(bureau):
    _claim(bureau, 0, ticket=hexed("another"))


@lie(15)
def rank(bureau):
    at = _position(bureau, lambda target: target.rank)
    _claim(bureau, at, rank=bureau.transcript.targets[at].rank + 1)


@lie(15)
def next_reserve(bureau):
    first, *others = bureau.transcript.strata
    bureau.transcript = replace(bureau.transcript, strata=(replace(first, next=None), *others))
    bureau.outcome()


@lie(15)
def cut(bureau):
    first, *others = bureau.transcript.strata
    quotas = (replace(first.quotas[0], cut=hexed("another")), *first.quotas[1:])
    bureau.transcript = replace(bureau.transcript, strata=(replace(first, quotas=quotas), *others))
    bureau.outcome()


@lie(16)
def item_changed(bureau):
    at = _position(bureau, lambda target: len(target.items) > 1)
    _claim(bureau, at, items=(*bureau.transcript.targets[at].items[:-1], "item-lead-9"))


@lie(16)
def item_dropped(bureau):
    at = _position(bureau, lambda target: len(target.items) > 1)
    _claim(bureau, at, items=bureau.transcript.targets[at].items[:-1])


@lie(16, teams="inspector")
def item_added_to_a_team_alone(bureau):
    _claim(bureau, 0, items=("item-lead-1",))


def _open(bureau, opened) -> None:
    bureau.opened_blob = format_opened(opened)
    shown = DrawOutcome if bureau.frozen.plan.sealed is None else DrawOpening
    _later(bureau, shown, opened=refer(bureau.opened_blob))


@lie(17)
def conflict_left_out(bureau):
    """The bureau forgets a target's conflicts, draws without them, and does not open them."""
    gone = bureau.opened[0].target
    del bureau.frozen.opened[gone]
    pools = bureau.frozen.pools
    away = {t: people for t, people in pools.conflicts.items() if t != gone}
    bureau.frozen.pools = replace(pools, conflicts=away)
    bureau.__post_init__()


@lie(17)
def conflict_added(bureau):
    target = next(t.id for t in bureau.transcript.targets if t.id not in bureau.frozen.opened)
    person = bureau.frozen.pools.people[0].id
    bureau.frozen.opened[target] = OpenedConflicts(target, hexed("salt"), (person,))
    pools = bureau.frozen.pools
    bureau.frozen.pools = replace(pools, conflicts={**pools.conflicts, target: frozenset([person])})
    bureau.__post_init__()


@lie(17)
def conflict_person_left_out(bureau):
    """One more person is kept away than was committed; the salt is the true one."""
    row = bureau.opened[0]
    more = tuple(
        sorted({*row.people, max(p.id for p in bureau.frozen.pools.people if p.id not in row.people)})
    )
    _open(bureau, [replace(row, people=more), *bureau.opened[1:]])


@lie(17)
def conflict_of_an_undrawn_target_opened(bureau):
    drawn = {t.id for t in bureau.transcript.targets}
    other = next(o for t, o in sorted(bureau.frozen.opened.items()) if t not in drawn)
    _open(bureau, [*bureau.opened, other])


@lie(17)
def conflict_salt(bureau):
    _open(bureau, [replace(bureau.opened[0], salt=hexed("another")), *bureau.opened[1:]])


@lie(18)
def team_member_changed(bureau):
    first = bureau.transcript.targets[0]
    staff = [p.id for p in bureau.frozen.pools.people if p.role == "inspector"]
    friend = next(p for p in staff if p not in first.inspectors)
    _claim(bureau, 0, inspectors=(friend, *first.inspectors[1:]))


@lie(18)
def team_in_another_order(bureau):
    _claim(bureau, 0, inspectors=bureau.transcript.targets[0].inspectors[::-1])


@lie(18)
def teams_said_impossible(bureau):
    targets = tuple(replace(t, inspectors=(), experts=()) for t in bureau.transcript.targets)
    bureau.transcript = replace(
        bureau.transcript,
        targets=targets,
        inspectors=replace(bureau.transcript.inspectors, outcome="SEARCH_LIMIT"),
        experts=replace(bureau.transcript.experts, outcome="NOT_RUN"),
    )
    bureau.outcome()


# Steps 19 to 21: replacements, names, sealed draws


def _events(bureau, change) -> None:
    """Change every event, in the documents and, for a sealed draw, in the commitments too."""
    later = []
    for document in bureau.later:
        if isinstance(document, Replacement):
            document = replace(document, event=change(document.event))  # noqa: PLW2901
        if isinstance(document, DrawOpening):
            document = replace(document, events=tuple(change(event) for event in document.events))  # noqa: PLW2901
            key = bureau.transcript.draw_key
            for event in document.events:
                at = next(
                    n
                    for n, d in enumerate(later)
                    if isinstance(d, SealedEvent) and d.sequence == event.sequence
                )
                later[at] = replace(later[at], commitment=sealed_commitment(key, format_canonical(event)))
        later.append(document)
    bureau.later = later


def _other_successor(bureau):
    def change(event):
        if isinstance(event, TargetEvent):
            return replace(event, successor=None)
        people = [p.id for p in bureau.frozen.pools.people if p.role == event.role]
        return replace(event, successor=next(p for p in people if p not in (event.successor, event.person)))

    return change


@lie(19, events=1, moves=True)
def successor(bureau):
    _events(bureau, _other_successor(bureau))


@lie(19, events=2, moves=True, sealed=True)
def successor_while_sealed(bureau):
    _events(bureau, _other_successor(bureau))


@lie(19, events=1, moves=True)
def reason_of_no_rule(bureau):
    _events(bureau, lambda event: replace(event, reason="dislike"))


@lie(19, events=1, moves=True)
def reason_for_the_other_kind(bureau):
    def change(event):
        return replace(event, reason="not-existing" if isinstance(event, PersonEvent) else "ill")

    _events(bureau, change)


@lie(19, events=1, moves=True)
def replaced_target_not_standing(bureau):
    _events(bureau, lambda event: replace(event, target="elsewhere"))


@lie(19, teams="inspector", events=1)
def target_added_by_a_replacement_of_teams_alone(bureau):
    """Who is inspected was drawn before: a target that is ended here has no reserve."""
    target = bureau.frozen.pools.targets[0]
    new = Successor(experts=(), id=target.id, inspectors=(), items=(), opened=None, rank=1, ticket=hexed("ticket"))
    event = TargetEvent(evidence=hexed("evidence"), reason="not-existing", sequence=1, successor=new, target=target.id)
    _events(bureau, lambda _: event)


@lie(20)
def name(bureau):
    value = {"certificate": "C0", "name": "另一人", "unit": "云州市应急管理局"}
    bureau.names = lambda: [make_disclosure(bytes(16), "person", value)]


@lie(20)
def name_of_somebody_not_drawn(bureau):
    chosen = {p for t in bureau.transcript.targets for p in (*t.inspectors, *t.experts)}
    witnesses = {t.person for c in bureau.frozen.plan.contributors if isinstance(c, Dice) for t in c.throwers}
    idle = [p for p in bureau.frozen.pools.people if p.id not in chosen and p.digest not in witnesses]
    value = {"certificate": "", "name": "无人", "unit": "无"}
    bureau.names = lambda: (
        [bureau.frozen.disclosures[p.id] for p in idle[:1]] or [make_disclosure(bytes(16), "person", value)]
    )


@lie(21, sealed=True)
def sealed_result_other_than_committed(bureau):
    _later(bureau, SealedOutcome, commitment=hexed("another"))
    bureau.relink()


@lie(21, sealed=True)
def opened_too_early(bureau):
    _later(bureau, DrawOpening, opened_at="2026-11-30T23:59:59Z")


@lie(21, sealed=True, events=1)
def sealed_event_other_than_committed(bureau):
    _later(bureau, SealedEvent, commitment=hexed("another"))
