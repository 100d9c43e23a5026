"""Where a ceremony stands: who has given what, who is missing, what waits to be confirmed. Only what is public, and open steps.

Of the result nothing is read here, sealed or not; what an open draw shows comes from `service.pages.record`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

import msgspec
from msgspec import Struct

from selection.contribution import is_absent, label_of
from selection.plan import Dice, NonceCommitment, Plan, PublicNumber, Witness
from service.database import Connection
from service.frozen import DrawRow, read_draw_row
from service.office import Office
from service.pages.record import PublicRecord, read_record

__all__ = ["NEAR", "Ceremony", "Giver", "OpenStep", "Phase", "groups", "read_ceremony", "read_versions"]

NEAR = timedelta(minutes=10)  # from so long before T a witness may be recorded as absent (service/life/contribute.py)
Phase = Literal["draft", "early", "near", "late", "contributed", "drawn", "sealed", "opened", "voided"]


class OpenStep(Struct, frozen=True):
    """What somebody asked for and somebody else has still to confirm. `digits` is None for a public number: it is typed again, unseen."""

    id: str
    by: str
    digits: str | None
    absent: bool
    form: str | None
    differed_at: datetime | None


class Giver(Struct, frozen=True):
    """Who or what gives a number, and the number once it is logged. `people` are (label, body) of those who throw dice."""

    label: str
    kind: Literal["witness", "dice", "public", "drand"]
    name: str
    about: str
    digits: int | None
    own_key: str | None
    people: tuple[tuple[str, str], ...]
    given: str | None = None
    absent: bool = False
    document: str | None = None
    at: str | None = None
    form: str | None = None
    step: OpenStep | None = None

    @property
    def done(self) -> bool:
        return self.document is not None


class Ceremony(Struct, frozen=True, dict=True):
    """A ceremony at the instant `now`; `record` is None while the draw is a draft."""

    row: DrawRow
    now: datetime
    version: str
    record: PublicRecord | None
    givers: tuple[Giver, ...]
    asked: OpenStep | None  # the draw itself, waiting for the confirmer

    @property
    def plan(self) -> Plan:
        assert self.record is not None
        return self.record.plan

    @property
    def s(self) -> str:
        assert self.record is not None
        return self.record.s

    @property
    def seconds_left(self) -> int:
        """Seconds to T, 0 from T on."""
        return 0 if self.row.instant is None else max(0, int((self.row.instant - self.now).total_seconds()))

    @cached_property
    def phase(self) -> Phase:
        return _phase(self.row.state, self.row.instant, self.now)

    @cached_property
    def witnesses(self) -> tuple[Giver, ...]:
        return tuple(giver for giver in self.givers if giver.kind == "witness")

    @cached_property
    def last(self) -> tuple[Giver, ...]:
        """What comes from T on."""
        return tuple(giver for giver in self.givers if giver.kind != "witness")

    @cached_property
    def present(self) -> int:
        return sum(giver.done and not giver.absent for giver in self.witnesses)

    @cached_property
    def short(self) -> bool:
        """Whether fewer than two witnesses came, so that the draw is void by rule (docs/spec/draw.md 1)."""
        return bool(self.witnesses) and all(giver.done for giver in self.witnesses) and self.present < 2

    def giver(self, label: str) -> Giver | None:
        return next((giver for giver in self.givers if giver.label == label), None)


def groups(digits: str, size: int = 4) -> str:
    """Return `digits` in groups, as people compare and read them aloud."""
    return " ".join(digits[start : start + size] for start in range(0, len(digits), size))


def _phase(state: str, instant: datetime | None, now: datetime) -> Phase:
    if state != "frozen" or instant is None:
        return state  # type: ignore[return-value]  # the other states are phases
    return "late" if now >= instant else "near" if now >= instant - NEAR else "early"


async def read_ceremony(office: Office, draw: str) -> Ceremony:
    """Return the ceremony of `draw` as it stands; NotFound for an unknown draw."""
    now = office.now()
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await read_draw_row(connection, draw)
        version = (await read_versions(connection, [draw], now))[draw]
        if row.plan is None:
            return Ceremony(row, now, version, None, (), None)
        record = await read_record(connection, draw)
        steps = await _open_steps(connection, draw)
    givers = tuple(
        _giver(record, contributor, steps)
        for contributor in record.plan.contributors
        if not isinstance(contributor, NonceCommitment)
    )
    return Ceremony(row, now, version, record, givers, steps.get(("draw-outcome/v1", "outcome")))


def _giver(record: PublicRecord, contributor: object, steps: dict[tuple[str, str], OpenStep]) -> Giver:
    label = label_of(contributor)  # type: ignore[arg-type]
    if isinstance(contributor, Witness):
        giver = Giver(label, "witness", contributor.body, "", None, contributor.key, ())
    elif isinstance(contributor, Dice):
        people = tuple((thrower.label, thrower.body) for thrower in contributor.throwers)
        own = next((thrower.key for thrower in contributor.throwers if thrower.key is not None), None)
        giver = Giver(label, "dice", "、".join(body for _, body in people), "", contributor.digits, own, people)
    elif isinstance(contributor, PublicNumber):
        about = f"{contributor.issue}；{contributor.order}；示例 {contributor.example}"
        giver = Giver(label, "public", contributor.source, about, contributor.digits, None, ())
    else:
        giver = Giver(label, "drand", "drand", str(getattr(contributor, "round", "")), None, None, ())
    step = steps.get(("contribution/v1", label))
    found = record.contributions.get(label)
    if found is None:
        return msgspec.structs.replace(giver, step=step)
    logged, document = found
    absent = is_absent(document.line)
    return msgspec.structs.replace(
        giver, given=None if absent else document.line.rpartition(":")[2], absent=absent, document=logged.sha256,
        at=document.given_at, form=document.form,
    )  # fmt: skip


async def _open_steps(connection: Connection, draw: str) -> dict[tuple[str, str], OpenStep]:
    rows = await connection.fetch(
        "SELECT s.id, s.kind, s.subject, f.login, s.request->'request'->>'line' AS line, s.request->'request'->>'form' AS form, s.differed_at"
        " FROM step s JOIN step_agreement a ON a.step = s.id AND a.position = 0 JOIN staff f ON f.id = a.staff"
        " WHERE s.draw = $1 AND s.done IS NULL AND NOT s.withdrawn AND s.kind IN ('contribution/v1', 'draw-outcome/v1')",
        draw,
    )  # fmt: skip
    steps = {}
    for row in rows:
        line: str = row["line"] or ""
        shown = None if not line or line.startswith(("public:", "absent:")) else line.rpartition(":")[2]
        steps[row["kind"], row["subject"]] = OpenStep(
            str(row["id"]), row["login"], shown, is_absent(line), row["form"], row["differed_at"]
        )
    return steps


async def read_versions(connection: Connection, draws: Sequence[str] | Iterable[str], now: datetime) -> dict[str, str]:
    """Return for each draw a word that changes whenever its ceremony does. It is made of states, public digests, ids of steps and cards,
    and of where `now` stands to T: of numbers and results it says nothing."""
    rows = await connection.fetch(
        "SELECT d.id, d.state, d.instant, CASE d.state WHEN 'draft' THEN md5(d.draft::text) END AS draft,"
        " (SELECT string_agg(o.sha256, ' ' ORDER BY o.leaf_index) FROM document o WHERE o.draw = d.id AND o.kind IN"
        "  ('draw-plan/v1', 'contribution/v1', 'draw-outcome/v1', 'sealed-outcome/v1', 'draw-void/v1', 'draw-opening/v1')) AS documents,"
        " (SELECT string_agg(concat(s.id, s.differed_at), ' ' ORDER BY s.id) FROM step s WHERE s.draw = d.id AND s.done IS NULL"
        "  AND NOT s.withdrawn AND s.kind IN ('contribution/v1', 'draw-outcome/v1', 'draw-void/v1', 'draw-plan/v1')) AS steps,"
        " (SELECT string_agg(concat(w.id, w.key_at), ' ' ORDER BY w.id) FROM witness_card w WHERE w.draw = d.id AND w.revoked_at IS NULL)"
        "  AS cards"
        " FROM draw d WHERE d.id = ANY($1)",
        list(draws),
    )  # fmt: skip
    return {row["id"]: _word(_phase(row["state"], row["instant"], now), *row.values()) for row in rows}


def _word(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]
