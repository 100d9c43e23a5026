"""`/results/<id>/`: what was found at one target and what stands of it; every revision stays at its own address."""

from collections.abc import Sequence

from msgspec import Struct

from disclosure.document import Correction, Finding, InspectionResult, parse_document
from disclosure.result import Contest, Withdrawal
from disclosure.standing import ResultRevision, standing_of, status_after
from selection.plan import Plan
from service.database import Connection
from service.disclosures import Notice, field_of, notices_of
from service.errors import NotFound
from service.language import gettext
from service.office import Office
from service.pages.record import Logged, read_plan
from service.pages.words import CODES, REQUESTERS, STATUSES, Code, Status

__all__ = ["Change", "FindingLine", "Objection", "ResultPage", "Revision", "read_result_page"]


NOTHING_FOUND = ("NO_PROBLEM", "NO_SUCH_ACTIVITY")
TO_MEND = ("HAZARD_GENERAL", "HAZARD_MAJOR", "PROBLEM_FOLLOW_UP")


class FindingLine(Struct, frozen=True):
    item: str
    name: str
    legal_basis: str
    code: Code
    finding: Finding

    @property
    def blank(self) -> str:
        """What stands for a field that was not filled in: nothing is missing where nothing was found."""
        return gettext("不涉及") if self.finding.code in NOTHING_FOUND else gettext("未填")


class Revision(Struct, frozen=True):
    """One line of the history: `says` is what it is in words, `status` what stood after it."""

    rev: int
    logged: Logged
    says: str
    status: Status
    issued_at: str
    reason: str
    requested_by: str | None


class Change(Struct, frozen=True):
    """One thing a correction changed: before and after, in words."""

    what: str
    before: str
    after: str


class Objection(Struct, frozen=True):
    """What the firm says. `statement` is None where it was redacted, and `notice` then says by what."""

    statement: str | None
    notice: Notice | None
    received_at: str


class ResultPage(Struct, frozen=True):
    """One revision of a result, with all revisions, newest first. `found` is the result or correction that it is, or that it is about.

    `name` is None where the name was taken down; `name_notice` then says by what.
    """

    document: ResultRevision
    logged: Logged
    found: InspectionResult | Correction
    plan: Plan
    name: str | None
    name_notice: Notice | None
    code: Code
    status: Status
    standing: Status  # of the newest revision
    objection: Objection | None
    withdrawal: Withdrawal | None
    requested_by: str | None
    sections: tuple[str, ...]
    findings: tuple[FindingLine, ...]
    revisions: tuple[Revision, ...]
    former: int | None  # the result or correction that this correction corrects
    changes: tuple[Change, ...]
    newest: int
    deadlines: tuple[str, ...]  # ascending, while something is to be put right
    shard: str


async def read_result_page(office: Office, id: str, rev: int | None = None) -> ResultPage:
    """Return revision `rev` of result `id`, the newest without one; NotFound if there is none."""
    missing = NotFound(f"没有检查结果 {id[:160]}", f"there is no result {id[:160]}")
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        draw = await connection.fetchrow(
            "SELECT draw, plan FROM result r JOIN draw d ON d.id = r.draw WHERE r.id = $1", id
        )
        if draw is None:
            raise missing
        plan = await read_plan(connection, draw["plan"])
        if plan.rehearsal:
            raise missing
        history = await _history(connection, draw["draw"], id)
        newest = history[-1][1].rev
        shown = [pair for pair in history if pair[1].rev <= (rev or newest)]
        if rev is not None and (not shown or shown[-1][1].rev != rev):
            raise missing
        logged, document = shown[-1]
        founds = [d for _, d in shown if isinstance(d, InspectionResult | Correction)]
        found = founds[-1]
        name = await _text(connection, found.digests, "subject", "name")
        notices = await notices_of(connection, [digest for _, d in history for digest in d.digests])
        objection = await _objection(connection, document, notices)
        shard = await connection.fetchval("SELECT shard FROM document WHERE sha256 = $1", logged.sha256)
    items = {item.id: item for item in plan.items}
    sections = {section.id: section.name for section in plan.sections}
    former = founds[-2] if isinstance(document, Correction) and len(founds) > 1 else None
    status = standing_of([(logged.sha256, d) for logged, d in shown]).status
    assert status is not None
    return ResultPage(
        document=document, logged=logged, found=found, plan=plan, name=name,
        name_notice=_name_notice(founds, notices) if name is None else None, code=CODES[found.result],
        status=STATUSES[status], standing=STATUSES[status_after(history[-1][1])],
        objection=objection, withdrawal=document if isinstance(document, Withdrawal) else None,
        requested_by=_requester(document), sections=tuple(sections[s] for s in document.sections),
        findings=tuple(
            FindingLine(f.item, items[f.item].name, items[f.item].legal_basis, CODES[f.code], f) for f in found.findings
        ),
        revisions=tuple(reversed(_revisions(history))), former=None if former is None else former.rev,
        changes=() if former is None else _changes(former, found, {id: item.name for id, item in items.items()}),
        newest=newest, deadlines=() if status == "withdrawn" else _deadlines(found), shard=shard,
    )  # fmt: skip


def _deadlines(document: InspectionResult | Correction) -> tuple[str, ...]:
    if document.result not in TO_MEND:
        return ()
    return tuple(
        sorted({f.deadline for f in document.findings if f.deadline is not None and f.code in TO_MEND})
    )


async def _history(connection: Connection, draw: str, id: str) -> Sequence[tuple[Logged, ResultRevision]]:
    """Return all revisions in log order, which is their order by number."""
    rows = await connection.fetch(
        "SELECT sha256, data, leaf_index, logged_at FROM document WHERE draw = $1"
        " AND kind IN ('inspection-result/v1', 'correction/v1', 'contest/v1', 'withdrawal/v1')"
        " AND left(subject, length($2) + 1) = $2 || '/' ORDER BY leaf_index",
        draw, id,
    )  # fmt: skip
    history = []
    for row in rows:
        document = parse_document(row["data"])
        assert isinstance(document, ResultRevision)
        history.append((Logged(row["sha256"], document, row["leaf_index"], row["logged_at"]), document))
    return history


async def _text(connection: Connection, digests: Sequence[str], field: str, member: str) -> str | None:
    rows = await connection.fetch(
        "SELECT text FROM disclosure WHERE digest = ANY($1) AND kind = $2", list(digests), field
    )
    found = (field_of(row["text"], field, member) for row in rows)
    return next((text for text in found if text is not None), None)


async def _objection(
    connection: Connection, document: ResultRevision, notices: dict[str, Notice]
) -> Objection | None:
    if not isinstance(document, Contest):
        return None
    statement = await _text(connection, document.digests, "statement", "text")
    notice = next((notices[digest] for digest in document.digests if digest in notices), None)
    return Objection(statement, notice, document.received_at)


def _name_notice(
    founds: Sequence[InspectionResult | Correction], notices: dict[str, Notice]
) -> Notice | None:
    """Return what took the name down; a correction made afterwards has no name of its own, but those before it had."""
    digests = [digest for document in reversed(founds) for digest in document.digests]
    return next((notices[digest] for digest in digests if digest in notices), None)


def _requester(document: ResultRevision) -> str | None:
    return REQUESTERS[document.requested_by] if isinstance(document, Correction | Withdrawal) else None


def _revisions(history: Sequence[tuple[Logged, ResultRevision]]) -> list[Revision]:
    lines: list[Revision] = []
    about = 1  # the newest result or correction so far
    for logged, document in history:
        match document:
            case InspectionResult():
                says, reason = CODES[document.result].word, gettext("首次公布")
            case Correction():
                says, reason = gettext("更正：{word}").format(word=CODES[document.result].word), document.reason
            case Contest():
                says, reason = gettext("对第 {about} 版的异议").format(about=about), gettext("被检查单位提出")
            case Withdrawal():
                says, reason = gettext("撤回第 {about} 版").format(about=about), document.reason
        if isinstance(document, InspectionResult | Correction):
            about = document.rev
        lines.append(Revision(
            document.rev, logged, says, STATUSES[status_after(document)], document.issued_at, reason, _requester(document)
        ))  # fmt: skip
    return lines


def _changes(
    before: InspectionResult | Correction, after: InspectionResult | Correction, names: dict[str, str]
) -> tuple[Change, ...]:
    pairs = [
        (gettext("结果"), CODES[before.result].word, CODES[after.result].word),
        (gettext("状态"), STATUSES[before.status].word, STATUSES[after.status].word),
        (gettext("检查日期"), before.inspected_on, after.inspected_on),
        (gettext("依据"), gettext("；").join(before.legal_basis), gettext("；").join(after.legal_basis)),
    ]
    old, new = {f.item: f for f in before.findings}, {f.item: f for f in after.findings}
    pairs += [
        (gettext("事项：{name}").format(name=names.get(item, item)), _finding_words(old.get(item)), _finding_words(new.get(item)))
        for item in {**old, **new}
    ]
    return tuple(Change(*pair) for pair in pairs if pair[1] != pair[2])


def _finding_words(finding: Finding | None) -> str:
    if finding is None:
        return gettext("（没有登记）")
    parts = [CODES[finding.code].word]
    parts += [finding.measure] if finding.measure else []
    parts += [gettext("期限 {deadline}").format(deadline=finding.deadline)] if finding.deadline else []
    parts += [gettext("责任人 {responsible}").format(responsible=finding.responsible)] if finding.responsible else []
    return gettext("；").join(parts)
