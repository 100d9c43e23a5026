"""The worked example of docs/spec/example.md: five firms, five people, every hash printed."""

import hashlib

from bureau import INSTANT, actor, hexed, public_text

from disclosure.blob import refer
from disclosure.person import digest, make_disclosure
from selection.draw import draw
from selection.keys import digest_of, draw_key, nonce_commitment, stage_key, ticket
from selection.plan import (
    ActorRole,
    Blobs,
    Class,
    Dice,
    Fixed,
    Item,
    Named,
    NonceCommitment,
    Plan,
    PublicNumber,
    Reason,
    ReplacementReason,
    Seat,
    Section,
    SectionItems,
    StatedReason,
    Stratum,
    Task,
    Thrower,
    Visits,
    format_plan,
    plan_digest,
)
from selection.plan_rules import list_faults, plan_faults
from selection.pool import (
    Listed,
    OpenedConflicts,
    Person,
    Pools,
    Target,
    format_apart,
    format_conflicts,
    format_listed,
    format_opened,
    format_people,
    format_pool,
    format_reasons,
)
from selection.quota import Population, state_quota
from selection.transcript import format_transcript

FIRMS = [f"91420700MA4EXAMP{n}X" for n in range(1, 6)]
PEOPLE = ["p-" + digit * 32 for digit in "12345"]
NAMES = ("赵一", "钱二", "孙三", "李四", "周五")
NONCE, SALT = hexed("example", "nonce"), hexed("example", "salt")
LINES = [f"nonce:bureau:{NONCE}", "dice:" + "314159265358979323846264338327950288419716939937510582097494"]


def disclosures() -> list[str]:
    """Return the disclosure strings of the five people; their salts count up."""
    return [
        make_disclosure(
            bytes([n]) * 16,
            "person",
            {"certificate": f"鄂A-{n:03d}", "name": name, "unit": "云州市应急管理局"},
        )
        for n, name in enumerate(NAMES, 1)
    ]


def frozen() -> tuple[Plan, Pools, dict[str, bytes], list[OpenedConflicts]]:
    """Return plan, lists, blobs by name, and all conflicts."""
    targets = [Target(firm, "high", "chemical", "420704") for firm in FIRMS]
    mandatory = [Listed(FIRMS[4], "complaint")]
    people = [
        Person(
            id,
            "lead",
            "expert" if n == 4 else "inspector",
            (),
            ("420704",),
            3 if n == 4 else 2,
            digest(disclosure),
        )
        for n, (id, disclosure) in enumerate(zip(PEOPLE, disclosures(), strict=True))
    ]
    apart = [(PEOPLE[0], PEOPLE[1])]
    conflicts = [
        OpenedConflicts(firm, hexed("example", "salt", firm), (PEOPLE[2],)) for firm in (FIRMS[0], FIRMS[3])
    ]
    blobs = {
        "apart": format_apart(apart),
        "conflicts": format_conflicts(conflicts),
        "excluded": format_listed([]),
        "mandatory": format_listed(mandatory),
        "people": format_people(people),
        "pool": format_pool(targets),
        "reasons": format_reasons([(c.target, c.people[0], "kinship", "亲属关系", "") for c in conflicts]),
    }
    pools = Pools(
        targets,
        frozenset([FIRMS[4]]),
        people,
        frozenset(apart),
        {c.target: frozenset(c.people) for c in conflicts},
    )
    quota = state_quota("lead", Fixed(3), Population(5, 1), True)
    seat = Seat(codes=(), name="检查员", section="lead")
    items = [
        Item(
            classes=("chemical",),
            id=f"item-{n}",
            legal_basis="《安全生产法》第六十五条",
            mandatory=n == 1,
            name=f"事项{n}",
            section="lead",
        )
        for n in range(1, 5)
    ]
    throwers = tuple(
        Thrower(body=body, key=None, label=f"thrower-{n}", person=digest(disclosure))
        for n, (body, disclosure) in enumerate(
            zip(("应急管理局", "监察委员会", "公证处"), disclosures(), strict=False), 1
        )
    )
    plan = Plan(
        actors=(
            ActorRole(id=actor("operator"), role="operator"),
            ActorRole(id=actor("confirmer"), role="confirmer"),
        ),
        algorithm="double-random/1",
        area_rule="any",
        areas=(Named(id="420704", name="鄂城区"),),
        attempt=1,
        blobs=Blobs(**{name: refer(blob) for name, blob in blobs.items()}),
        bureau="yunzhou",
        classes=(
            Class(
                expert_seats=(Seat(codes=(), name="专家", section="lead"),),
                id="chemical",
                inspector_seats=(seat, seat),
                items=(SectionItems(optional=2, section="lead"),),
                name="危险化学品生产",
            ),
        ),
        codes=(),
        contributors=(
            NonceCommitment(
                commitment=nonce_commitment("yunzhou", 1, 1, NONCE), custodian="云州市公证处", label="bureau"
            ),
            Dice(digits=60, throwers=throwers),
        ),
        exceptions=(
            StatedReason(reason="全市仅此五户", rule="small-stratum", subject="high"),
            StatedReason(reason="全市仅一名专家", rule="thin-seat", subject="chemical/experts/1"),
        ),
        frozen_at="2026-11-23T02:00:00Z",
        hash="sha256",
        id="yunzhou-2026-1-1",
        instant=INSTANT,
        items=tuple(items),
        legal_basis=("《安全生产法》",),
        mandatory_counts=True,
        names_open="2026-12-01T00:00:00Z",
        number=1,
        origin="annual-plan",
        previous=None,
        rehearsal=False,
        reason_codes=(Reason(id="complaint", name="投诉举报"),),
        replacement_reasons=(
            ReplacementReason(applies="target", id="not-existing", name="锁定时已不存在"),
            ReplacementReason(applies="person", id="ill", name="患病"),
        ),
        sealed=None,
        sections=(Section(id="lead", key=public_text("section-lead"), name="云州市应急管理局"),),
        strata=(
            Stratum(
                id="high", mandatory=1, name="较高风险", population=5, quotas=(quota,), rule="按风险等级"
            ),
        ),
        task=Task(id="task-1", name="危险化学品企业抽查"),
        title="云州市应急管理局双随机抽查",
        type="draw-plan/v1",
        visits=Visits(from_="2026-12-01", to="2026-12-20"),
        year=2026,
    )
    assert not plan_faults(plan, pools)
    assert not list_faults(plan, pools, [], mandatory)
    assert PublicNumber not in map(type, plan.contributors)
    return plan, pools, blobs, conflicts


def _text(data: bytes) -> str:
    return (
        "```text\n"
        + data.decode().replace("\t", "⇥")
        + ("" if data.endswith(b"\n") or not data else "\n")
        + "```"
    )


def _stage(key: str, stage: str, ids: list[str]) -> list[str]:
    """The section of one stage: its key and all tickets in order."""
    of_stage = stage_key(key, stage)
    order = sorted((ticket(of_stage, id), id) for id in ids)
    lines = "".join(f"{found}  {id}\n" for found, id in order)
    return [f"### Stage `{stage}`", f"Stage key: `{of_stage}`", _text(lines.encode())]


def page() -> str:
    """Return the whole of example.md."""
    plan, pools, blobs, conflicts = frozen()
    s, lines = plan_digest(plan), LINES
    key = draw_key(s, lines)
    transcript = draw(plan, pools, lines)
    stratum, drawn = transcript.strata[0], [target.id for target in transcript.targets]
    opened = format_opened(sorted((c for c in conflicts if c.target in drawn), key=lambda c: c.target))
    free = [firm for firm in FIRMS if firm not in pools.mandatory]
    assert transcript.experts.outcome == "COMPLETE"
    parts = [
        "# A worked example",
        (
            "Five firms, four inspectors, one expert; one of the firms must be visited, two more are drawn."
            " Made by `tests/make_vectors.py`; a test makes it anew and compares every byte, and runs"
            " `printf` and `sha256sum` for every ticket. In the lists ⇥ stands for a TAB,"
            " and every line ends with LF. All is invented."
        ),
        "## The blobs",
    ]
    for name, blob in sorted(blobs.items()):
        reference = refer(blob)
        parts += [
            f"`{name}`, {reference.count} lines, {reference.size} bytes",
            _text(blob),
            f"SHA-256 `{reference.sha256}`, root `{reference.root}`",
        ]
    parts += [
        (
            f"`reasons` is shown here alone; it is never published. The conflict of"
            f" {conflicts[0].target} is committed with salt `{conflicts[0].salt}`, as the SHA-256 of"
        ),
        _text(f"double-random/1\nconflicts\n{conflicts[0].salt}\n{conflicts[0].people[0]}\n".encode()),
        "## The plan",
        "One line without a LF at its end:",
        _text(format_plan(plan)),
        f"S = `{s}`",
        "## The numbers",
        "The nonce opens its commitment:",
        _text(f"double-random/1\nnonce\nyunzhou\n1\n1\n{NONCE}\n".encode()),
        f"SHA-256 `{nonce_commitment('yunzhou', 1, 1, NONCE)}`. The key of the draw is the SHA-256 of",
        _text(("double-random/1\nkey\n" + s + "\n" + "".join(line + "\n" for line in lines)).encode()),
        f"draw_key = `{key}`. The key of a stage is the SHA-256 of, for example,",
        _text(f"double-random/1\nstage\n{key}\ntargets\n".encode()),
        "## Tickets",
        "In the order of their stage. Check one with `printf '%s' '<stage key>:<id>' | sha256sum`.",
        *_stage(key, "targets", FIRMS),
        (
            f"{FIRMS[4]} is mandatory and takes no rank. Of the other four the quota 3 leaves"
            f" by_lot = 3 − 1 = 2: ranks 1 and 2 are {' and '.join(stratum.order)}; the first reserve is"
            f" {stratum.next}. The cut is the ticket of rank 2, `{stratum.quotas[0].cut}`."
            f" Drawn order, the mandatory one included: {', '.join(drawn)}."
        ),
    ]
    assert len(free) == 4
    optional = [item.id for item in plan.items if not item.mandatory]
    inspectors, experts = PEOPLE[:4], PEOPLE[4:]
    for target in transcript.targets:
        away = pools.conflicts.get(target.id, frozenset())
        parts += [f"## {target.id}", *_stage(key, f"items/{target.id}", optional)]
        parts.append(f"item-1 is mandatory; with the first two: {', '.join(target.items)}.")
        parts += _stage(key, f"inspectors/{target.id}", [p for p in inspectors if p not in away])
        if away:
            parts.append(f"{', '.join(sorted(away))} may not inspect this firm and is no candidate.")
        parts += _stage(key, f"experts/{target.id}", experts)
    parts += ["## Teams", _teams(transcript)]
    result = format_transcript(transcript)
    parts += [
        "## The opened conflicts",
        "Blob `opened`, for drawn firms only:",
        _text(opened),
        f"SHA-256 `{digest_of(opened)}`, root `{refer(opened).root}`",
        "## The result",
        f"One line without a LF at its end, {len(result)} bytes:",
        _text(result),
        f"SHA-256 `{digest_of(result)}`",
    ]
    assert hashlib.sha256(result).hexdigest() == digest_of(result)
    return "\n\n".join(parts) + "\n"


def _teams(transcript) -> str:
    """Say seat by seat who is taken, with the places left before."""
    left = dict.fromkeys(PEOPLE[:4], 2)
    rows = ["| firm | seat | person | places left before |", "| --- | --- | --- | --- |"]
    for target in transcript.targets:
        for number, person in enumerate(target.inspectors, 1):
            rows.append(f"| {target.id} | inspector {number} | {person} | {left[person]} |")
            left[person] -= 1
    for target in transcript.targets:
        rows.append(f"| {target.id} | expert 1 | {target.experts[0]} | |")
    note = (
        f"{PEOPLE[0]} and {PEOPLE[1]} are kept apart. Every inspector has two places, so each of the six"
        " inspector seats takes the first candidate of its order who has a place left, is not in the team,"
        " clashes with nobody in it, and after whom all later seats can still be filled."
    )
    return note + "\n\n" + "\n".join(rows)
