"""Preparations in the database: begun, read, saved page by page, made a draft of, given up. Each change is one transaction.

Two people may work on one preparation. A page that somebody else has saved since it was opened is not overwritten: `ChangedMeanwhile` brings what
they wrote, and what was typed stays with the one who typed it. Different pages do not get in each other's way.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from service import access_log
from service.accounts import Staff
from service.database import Connection
from service.drafting import create_draft, digest_of_draft, read_draft, revise_draft
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.frozen import lock_draw
from service.office import Office
from service.preparing.answers import PAGES, Answers
from service.preparing.assembling import assemble
from service.preparing.writing import answers_of

__all__ = ["ChangedMeanwhile", "Preparation", "begin", "discard", "finish", "list_preparations", "may_prepare", "of_draw", "read_preparation", "reload", "save"]


class Preparation(Struct, frozen=True):
    """`saved` tells at which version a page was last saved; `state` is that of the draw, None before there is one.

    `behind`: the draft was changed elsewhere since (by the API), and these answers know nothing of it.
    """

    id: UUID
    draw: str | None
    state: str | None
    answers: Answers
    saved: Mapping[str, int]
    version: int
    draft_sha256: str | None
    changed_by: str
    changed_at: datetime
    behind: bool = False

    @property
    def open(self) -> bool:
        """Whether it can still be changed: nothing is frozen yet."""
        return self.state in (None, "draft")

    @property
    def unfinished(self) -> bool:
        """Whether the answers say something else than the draft made of them."""
        draft = assemble(self.answers)
        return isinstance(draft, list) or digest_of_draft(draft) != self.draft_sha256


class ChangedMeanwhile(Conflicting):
    """Somebody saved the same page since it was opened; `theirs` is the preparation as it is now."""

    def __init__(self, theirs: Preparation) -> None:
        super().__init__(
            f"{theirs.changed_by}在您填写期间保存过这一页；您填的内容没有保存，也没有丢失，请看下面的对照，再决定",
            f"{theirs.changed_by} saved this page while you were filling it in; yours was not saved and is not lost: compare below, then decide",
        )
        self.theirs = theirs


async def may_prepare(connection: Connection, who: Staff) -> bool:
    """Return whether `who` prepares draws: an operator, of the whole bureau or its leading department (ADR 27)."""
    return "operator" in who.roles and who.department in (None, await connection.fetchval("SELECT section FROM bureau"))


async def _check_operator(connection: Connection, who: Staff) -> None:
    if not await may_prepare(connection, who):
        raise Denied("只有牵头部门的经办人可以准备抽取", "only an operator of the leading department prepares a draw")


_ROWS = (
    "SELECT p.id, p.draw, d.state, p.answers, p.saved, p.version, p.draft_sha256, s.name AS changed_by, p.changed_at"
    " FROM preparation p LEFT JOIN draw d ON d.id = p.draw JOIN staff s ON s.id = p.changed_by"
)


_SEEN = "coalesce(d.state, 'draft') = 'draft' AND ($1::text IS NULL OR $1 = (SELECT section FROM bureau) OR seen_by(d.sections, $1))"


async def begin(connection: Connection, office: Office, who: Staff, answers: Answers, draw: str | None = None, digest: str | None = None) -> UUID:
    """Return the id of a new preparation; that of the one there is already if `draw` has one. Denied."""
    await _check_operator(connection, who)
    return await _begin(connection, office, who, answers, draw, digest)


async def _begin(connection: Connection, office: Office, who: Staff, answers: Answers, draw: str | None, digest: str | None) -> UUID:
    id: UUID | None = await connection.fetchval(
        "INSERT INTO preparation (draw, answers, draft_sha256, created_by, created_at, changed_by, changed_at)"
        " VALUES ($1, $2, $3, $4, $5, $4, $5) ON CONFLICT (draw) DO NOTHING RETURNING id",
        draw, msgspec.json.encode(answers).decode(), digest, who.id, office.now(),
    )  # fmt: skip
    if id is None:
        id = await connection.fetchval("SELECT id FROM preparation WHERE draw = $1", draw)
        assert id is not None
        return id
    await access_log.note(connection, who.id, "begin preparation", str(id))
    return id


async def _read(connection: Connection, id: UUID, lock: bool = False) -> Preparation:
    if lock and (draw := await connection.fetchval("SELECT draw FROM preparation WHERE id = $1 FOR UPDATE", id)) is not None:
        await lock_draw(connection, draw)  # so that nobody changes the draft between looking at it and writing
    row = await connection.fetchrow(f"{_ROWS} WHERE p.id = $1", id)
    if row is None:
        raise NotFound("没有这次准备", "there is no such preparation")
    found = _preparation(row)
    if found.draw is not None and found.state == "draft":
        digest = digest_of_draft(await read_draft(connection, found.draw))
        found = msgspec.structs.replace(found, behind=digest != found.draft_sha256)
    return found


def _preparation(row: Connection) -> Preparation:
    answers, saved = msgspec.json.decode(row["answers"], type=Answers), msgspec.json.decode(row["saved"], type=dict[str, int])
    return Preparation(**{**dict(row), "answers": answers, "saved": saved})


async def read_preparation(office: Office, id: UUID) -> Preparation:
    """Return a preparation; NotFound."""
    async with office.pool.acquire() as connection:
        return await _read(connection, id)


async def list_preparations(office: Office, who: Staff) -> list[Preparation]:
    """Return the preparations that can still be changed and that `who` sees, the last changed first, at most 100. A further department
    sees those that are drafts of a draw it takes part in (ADR 27)."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(f"{_ROWS} WHERE {_SEEN} ORDER BY p.changed_at DESC, p.id LIMIT 100", who.department)
    return [_preparation(row) for row in rows]


def _check_open(found: Preparation) -> None:
    if not found.open:
        raise Conflicting(f"批次 {found.draw} 的名单已锁定，准备内容不能再改", f"the list of {found.draw} is frozen: its preparation cannot be changed")


async def save(office: Office, who: Staff, id: UUID, slug: str, page: Struct, seen: int, more: Mapping[str, Struct] | None = None) -> Preparation:
    """Keep what was typed into a page, right or wrong, and return the preparation. `seen` is the version that was shown; `more` are other pages
    that follow from it. Raises ChangedMeanwhile, Conflicting once the list is frozen, NotFound, Denied."""
    if slug not in PAGES:
        raise NotFound("没有这一页", "there is no such page")
    async with office.pool.acquire() as connection, connection.transaction():
        await _check_operator(connection, who)
        found = await _read(connection, id, lock=True)
        _check_open(found)
        if found.saved.get(slug, 1) > seen:
            if getattr(found.answers, slug) == page:  # sent twice, or both typed the same
                return found
            raise ChangedMeanwhile(found)
        version = found.version + 1
        answers = msgspec.structs.replace(found.answers, **{slug: page}, **(more or {}))
        await connection.execute(
            "UPDATE preparation SET answers = $2, saved = $3, version = $4, changed_by = $5, changed_at = $6 WHERE id = $1",
            id, msgspec.json.encode(answers).decode(), msgspec.json.encode({**found.saved, slug: version}).decode(), version, who.id, office.now(),
        )  # fmt: skip
        await access_log.note(connection, who.id, "save preparation", f"{id} {slug}")
        return await _read(connection, id)


async def finish(office: Office, who: Staff, id: UUID) -> str:
    """Make the draft of the answers, or change the one there is, and return its draw.

    Raises Invalid naming what is missing, Conflicting if the draft was changed elsewhere, or as `create_draft` and `revise_draft` do.
    A crash leaves either no draft or one that the preparation knows.
    """
    async with office.pool.acquire() as connection, connection.transaction():
        await _check_operator(connection, who)
        found = await _read(connection, id, lock=True)
        _check_open(found)
        draft = assemble(found.answers)
        if isinstance(draft, list):
            words = tuple(fault.words for fault in draft)
            raise Invalid(f"还有 {len(words)} 处没有填好：{words[0]}", f"{len(words)} answers are missing or wrong", words)
        if found.behind:
            raise Conflicting(
                "草案在别处修改过，这里的填写不知道；请先按现有草案重新填写",
                "the draft was changed elsewhere; take its present state over first",
            )
        draw = found.draw
        if draw is None:
            draw = await create_draft(office, who, draft, connection)
        else:
            await revise_draft(office, who, draw, draft, connection)
        await connection.execute(
            "UPDATE preparation SET draw = $2, draft_sha256 = $3, changed_by = $4, changed_at = $5 WHERE id = $1",
            id, draw, digest_of_draft(draft), who.id, office.now(),
        )  # fmt: skip
        return draw


async def of_draw(office: Office, who: Staff, draw: str) -> UUID:
    """Return the preparation of a draw, for whoever may read it. A draft that came otherwise gets one here, and one that nobody has touched
    since follows a draft that was changed elsewhere. NotFound."""
    async with office.pool.acquire() as connection, connection.transaction():
        id: UUID | None = await connection.fetchval("SELECT id FROM preparation WHERE draw = $1", draw)
        if id is not None:
            found = await _read(connection, id)
            if found.behind and not found.unfinished:
                found = await _read(connection, id, lock=True)  # somebody may be saving a page of it just now
                if found.behind and not found.unfinished:
                    await _take_over(connection, office, who, found)
            return id
        if await connection.fetchval("SELECT 1 FROM draw WHERE id = $1", draw) is None:
            raise NotFound(f"没有批次 {draw}", f"there is no draw {draw}")
        draft = await read_draft(connection, draw)
        return await _begin(connection, office, who, answers_of(draft), draw, digest_of_draft(draft))


async def reload(office: Office, who: Staff, id: UUID) -> None:
    """Give up what was typed since, and take over the draft as it is now. Conflicting before there is a draft or once it is frozen."""
    async with office.pool.acquire() as connection, connection.transaction():
        await _check_operator(connection, who)
        found = await _read(connection, id, lock=True)
        _check_open(found)
        await _take_over(connection, office, who, found)


async def _take_over(connection: Connection, office: Office, who: Staff, found: Preparation) -> None:
    if found.draw is None:
        raise Conflicting("还没有草案", "there is no draft yet")
    draft, version = await read_draft(connection, found.draw), found.version + 1
    saved = dict.fromkeys(PAGES, version)  # whoever has a page open sees that it changed under them
    await connection.execute(
        "UPDATE preparation SET answers = $2, saved = $3, version = $4, draft_sha256 = $5, changed_by = $6, changed_at = $7 WHERE id = $1",
        found.id, msgspec.json.encode(answers_of(draft)).decode(), msgspec.json.encode(saved).decode(), version, digest_of_draft(draft), who.id,
        office.now(),
    )  # fmt: skip
    await access_log.note(connection, who.id, "reload preparation", str(found.id))


async def discard(office: Office, who: Staff, id: UUID) -> None:
    """Give up a preparation of which no draft was made. Conflicting for one that has a draft: its number is taken."""
    async with office.pool.acquire() as connection, connection.transaction():
        await _check_operator(connection, who)
        found = await _read(connection, id, lock=True)
        if found.draw is not None:
            raise Conflicting(f"已生成草案 {found.draw}，不能放弃；可以继续修改", f"it is the draft {found.draw} already and cannot be given up")
        await connection.execute("DELETE FROM preparation WHERE id = $1", id)
        await access_log.note(connection, who.id, "discard preparation", f"{id} {found.answers.basis.title[:100]}")
