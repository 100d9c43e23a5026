"""Rehearsals (演练): the whole draw on a draft, with throw-away people, numbers and keys (protocol 1).

A rehearsal uses the code of the draw itself on a plan that says `"rehearsal": true`, which every verifier refuses, under a bureau's label and
a number of its own. It takes no number of the bureau's, signs with no key of it, and leaves nothing but a row in a table of its own: what its
page shows, and a bundle for training. It cannot steer the draw: ids, salts, nonce and every digit of the real one come into being later and
are unrelated to what is thrown away here, however often anybody rehearses.
"""

import asyncio
import secrets
from collections import Counter
from typing import Final

import msgspec
from msgspec import Struct, structs

from disclosure.person import parse_disclosure
from selection.contribution import beacon_prefix
from selection.draw import draw as compute
from selection.errors import SelectionError
from selection.plan import (
    ActorRole,
    Contributor,
    Dice,
    Drand,
    NonceCommitment,
    Plan,
    Witness,
    plan_digest,
)
from selection.pool import Person
from selection.transcript import TargetResult, Transcript
from service import access_log
from service.accounts import Staff
from service.drafting import digest_of_draft, freeze_over, read_draft, read_inputs
from service.drafts import DiceGiver, Draft, WitnessGiver
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.freezing import Frozen
from service.frozen import read_draw_row
from service.office import Office, as_time
from service.plan_faults import faults_of
from service.rehearsal_bundle import (
    MOST_LINES,
    NAMESPACE,
    ThrowAwayKeys,
    rehearsal_bundle,
)

__all__ = ["MOST_SHOWN", "Rehearsal", "RehearsalLine", "list_rehearsals", "read_rehearsal", "read_training_bundle", "rehearse"]

MOST_SHOWN: Final = 200  # targets of one rehearsal; the counts are of all


class RehearsedTarget(Struct, frozen=True):
    """A target as the draw's page would show it, with names."""

    id: str
    name: str
    stratum: str
    rank: int | None
    inspectors: tuple[str, ...]
    experts: tuple[str, ...]
    items: tuple[str, ...]


class Shown(Struct, frozen=True):
    """What a rehearsal's page shows. `strata` are (name, candidates, drawn); `outcomes` the ends of the stages of inspectors and experts."""

    lines: tuple[str, ...]
    draw_key: str
    candidates: int
    strata: tuple[tuple[str, int, int], ...]
    outcomes: tuple[str, str]
    drawn: int
    targets: tuple[RehearsedTarget, ...]


class RehearsalLine(Struct, frozen=True):
    """One rehearsal in a list; `stale` if the draft has been changed since."""

    number: int
    at: str
    by: str
    stale: bool


class Rehearsal(Struct, frozen=True):
    """`bundle` says whether there is one for training."""

    line: RehearsalLine
    plan_sha256: str
    shown: Shown
    bundle: bool


async def rehearse(office: Office, who: Staff, draw: str) -> int:
    """Rehearse the draft of `draw` and return which rehearsal of it this is. Raises Conflicting once the list is frozen, Invalid with every
    fault for a draft that could not be frozen either."""
    if not {"operator", "confirmer", "approver"} & who.roles:
        raise Denied("只有经办人、复核人和审批人可以演练", "only operator, confirmer and approver rehearse")
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        row = await read_draw_row(connection, draw)
        if row.state != "draft":
            raise Conflicting("名单已锁定，不再演练", "the list is frozen; there is nothing left to rehearse")
        draft = await read_draft(connection, draw)
        wanted = _on_paper(draft)
        actors = tuple(ActorRole(id="s-" + secrets.token_hex(16), role=role) for role in ("operator", "confirmer"))
        inputs = await read_inputs(connection, office, row, wanted, actors)
        place = 1 + await connection.fetchval("SELECT coalesce(max(number), 0) FROM rehearsal WHERE draw = $1", draw)
    keys = ThrowAwayKeys()
    identity = structs.replace(
        inputs.identity, bureau=NAMESPACE, sections=keys.of_sections(inputs.identity.sections), number=place, attempt=1, previous=None
    )
    frozen = await freeze_over(office, wanted, structs.replace(inputs, identity=identity))
    if faults := faults_of(frozen):
        raise Invalid("草案还不能演练：先改正这些问题", "the draft cannot be rehearsed yet", tuple(faults))
    try:
        lines = [_line(frozen.plan, contributor, frozen.nonce) for contributor in frozen.plan.contributors]
        transcript = await asyncio.to_thread(compute, frozen.plan, frozen.pools, lines)
    except SelectionError as error:
        raise Conflicting(f"不能演练：{error}", str(error)) from error
    shown, bundle = _shown(frozen, transcript, lines), None
    if frozen.plan.blobs.pool.count <= MOST_LINES:
        bundle = await asyncio.to_thread(rehearsal_bundle, frozen, lines, transcript, keys)
    async with office.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow("SELECT state FROM draw WHERE id = $1 FOR UPDATE", draw)
        if row["state"] != "draft":
            raise Conflicting("名单已锁定，不再演练", "the list is frozen; there is nothing left to rehearse")
        number: int = await connection.fetchval(
            "INSERT INTO rehearsal (draw, number, staff, at, draft_sha256, plan_sha256, shown, bundle)"
            " SELECT $1, 1 + coalesce(max(number), 0), $2, $3, $4, $5, $6, $7 FROM rehearsal WHERE draw = $1 RETURNING number",
            draw, who.id, office.now(), digest_of_draft(draft), plan_digest(frozen.plan), msgspec.json.encode(shown).decode(), bundle,
        )  # fmt: skip
        await access_log.note(connection, who.id, "rehearse", f"{draw} {number}")
    return number


def _on_paper(draft: Draft) -> Draft:
    """Return the draft as a rehearsal, its witnesses signing on paper: nobody's own key is at hand in one."""
    givers = tuple(
        structs.replace(giver, key=None) if isinstance(giver, WitnessGiver)
        else structs.replace(giver, throwers=tuple(structs.replace(one, key=None) for one in giver.throwers)) if isinstance(giver, DiceGiver)
        else giver
        for giver in draft.givers
    )  # fmt: skip
    return structs.replace(draft, rehearsal=True, givers=givers)


def _line(plan: Plan, contributor: Contributor, nonce: str) -> str:
    """Return a lawful line of throw-away digits."""

    def digits(count: int) -> str:
        return "".join(str(secrets.randbelow(10)) for _ in range(count))

    if isinstance(contributor, NonceCommitment):
        return f"nonce:{contributor.label}:{nonce}"
    if isinstance(contributor, Dice):
        return f"dice:{digits(contributor.digits)}"
    if isinstance(contributor, Witness):
        return f"witness:{contributor.label}:{digits(12)}"
    if isinstance(contributor, Drand):
        return beacon_prefix(contributor) + secrets.token_hex(48)
    return f"public:{contributor.label}:{digits(contributor.digits)}"


def _shown(frozen: Frozen, transcript: Transcript, lines: list[str]) -> Shown:
    names = {id: _name_in(text) for id, (_, text) in frozen.disclosures.items()}
    people: dict[str, Person] = {person.id: person for person in frozen.pools.people}
    items = {item.id: item.name for item in frozen.plan.items}
    strata = {stratum.id: stratum.name for stratum in frozen.plan.strata}
    drawn = Counter(target.stratum for target in transcript.targets)

    def of(target: TargetResult) -> RehearsedTarget:
        def called(ids: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(names[id] for id in ids if id in people)

        return RehearsedTarget(
            target.id, frozen.names.get(target.id, target.id), strata[target.stratum], target.rank, called(target.inspectors),
            called(target.experts), tuple(items[item] for item in target.items),
        )  # fmt: skip

    return Shown(
        tuple(lines), transcript.draw_key, frozen.plan.blobs.pool.count,
        tuple((stratum.name, stratum.population, drawn[stratum.id]) for stratum in frozen.plan.strata),
        (transcript.inspectors.outcome, transcript.experts.outcome), len(transcript.targets),
        tuple(of(target) for target in transcript.targets[:MOST_SHOWN]),
    )  # fmt: skip


def _name_in(disclosure: str) -> str:
    value = parse_disclosure(disclosure)[2]
    assert isinstance(value, dict)
    return str(value["name"])


_LINES = (
    "SELECT r.number, r.at, s.name, r.draft_sha256, r.plan_sha256, r.shown, r.bundle IS NOT NULL AS bundle FROM rehearsal r JOIN staff s ON s.id = r.staff WHERE r.draw = $1"
)


async def list_rehearsals(office: Office, draw: str) -> list[RehearsalLine]:
    """Return the rehearsals of a draw, newest first."""
    async with office.pool.acquire() as connection:
        now = digest_of_draft(await read_draft(connection, draw))
        rows = await connection.fetch(f"{_LINES} ORDER BY r.number DESC", draw)
    return [RehearsalLine(row["number"], as_time(row["at"]), row["name"], row["draft_sha256"] != now) for row in rows]


async def read_rehearsal(office: Office, draw: str, number: int) -> Rehearsal:
    """Return one rehearsal; NotFound if there is none of this number."""
    async with office.pool.acquire() as connection:
        row = await connection.fetchrow(f"{_LINES} AND r.number = $2", draw, number)
        if row is None:
            raise NotFound(f"批次 {draw} 没有第 {number} 次演练", f"draw {draw} has no rehearsal {number}")
        now = digest_of_draft(await read_draft(connection, draw))
    line = RehearsalLine(row["number"], as_time(row["at"]), row["name"], row["draft_sha256"] != now)
    return Rehearsal(line, row["plan_sha256"], msgspec.json.decode(row["shown"], type=Shown), row["bundle"])


async def read_training_bundle(office: Office, who: Staff, draw: str, number: int) -> bytes:
    """Return the bundle of a rehearsal and note who took it; NotFound if there is none."""
    async with office.pool.acquire() as connection, connection.transaction():
        data: bytes | None = await connection.fetchval("SELECT bundle FROM rehearsal WHERE draw = $1 AND number = $2", draw, number)
        if data is None:
            raise NotFound(f"批次 {draw} 的第 {number} 次演练没有练习用的文件", f"rehearsal {number} of {draw} has no bundle")
        await access_log.note(connection, who.id, "read rehearsal bundle", f"{draw} {number}")
    return data

