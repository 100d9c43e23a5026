"""`/results/<id>/`: what was found at one target; every revision stays at its own address."""

from collections.abc import Sequence

from msgspec import Struct

from disclosure.document import Correction, Finding, InspectionResult, parse_document
from disclosure.errors import PersonError
from disclosure.person import parse_disclosure
from selection.plan import Plan
from service.database import Connection
from service.errors import NotFound
from service.office import Office
from service.pages.record import Logged, read_plan
from service.pages.words import CODES, REQUESTERS, STATUSES, Code, Status

__all__ = ["Change", "FindingLine", "ResultPage", "Revision", "read_result_page"]


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
        return "不涉及" if self.finding.code in NOTHING_FOUND else "未填"


class Revision(Struct, frozen=True):
    rev: int
    logged: Logged
    code: Code
    status: Status
    issued_at: str
    reason: str | None
    requested_by: str | None


class Change(Struct, frozen=True):
    """One thing a correction changed: before and after, in words."""

    what: str
    before: str
    after: str


class ResultPage(Struct, frozen=True):
    """One revision of a result, with all revisions, newest first. `name` is None where the name was taken down."""

    document: InspectionResult | Correction
    logged: Logged
    plan: Plan
    name: str | None
    code: Code
    status: Status
    sections: tuple[str, ...]
    findings: tuple[FindingLine, ...]
    revisions: tuple[Revision, ...]
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
        documents = {d.rev: (logged, d) for logged, d in history}
        newest = max(documents)
        if rev is not None and rev not in documents:
            raise missing
        logged, document = documents[rev or newest]
        name = await _name(connection, document._sd)
        shard = await connection.fetchval("SELECT shard FROM document WHERE sha256 = $1", logged.sha256)
    items = {item.id: item for item in plan.items}
    sections = {section.id: section.name for section in plan.sections}
    former = documents.get(document.rev - 1)
    return ResultPage(
        document=document, logged=logged, plan=plan, name=name, code=CODES[document.result],
        status=STATUSES[document.status], sections=tuple(sections[s] for s in document.sections),
        findings=tuple(
            FindingLine(f.item, items[f.item].name, items[f.item].legal_basis, CODES[f.code], f) for f in document.findings
        ),
        revisions=tuple(_revision(logged, d) for logged, d in sorted(history, key=lambda pair: -pair[1].rev)),
        changes=() if former is None else _changes(former[1], document, {id: item.name for id, item in items.items()}),
        newest=newest, deadlines=_deadlines(document), shard=shard,
    )  # fmt: skip


def _deadlines(document: InspectionResult | Correction) -> tuple[str, ...]:
    if document.result not in TO_MEND or document.status == "withdrawn":
        return ()
    return tuple(
        sorted({f.deadline for f in document.findings if f.deadline is not None and f.code in TO_MEND})
    )


async def _history(
    connection: Connection, draw: str, id: str
) -> Sequence[tuple[Logged, InspectionResult | Correction]]:
    rows = await connection.fetch(
        "SELECT sha256, data, leaf_index, logged_at FROM document WHERE draw = $1"
        " AND kind IN ('inspection-result/v1', 'correction/v1') AND left(subject, length($2) + 1) = $2 || '/'",
        draw, id,
    )  # fmt: skip
    found = []
    for row in rows:
        document = parse_document(row["data"])
        assert isinstance(document, InspectionResult | Correction)
        found.append((Logged(row["sha256"], document, row["leaf_index"], row["logged_at"]), document))
    return found


async def _name(connection: Connection, digests: Sequence[str]) -> str | None:
    rows = await connection.fetch(
        "SELECT text FROM disclosure WHERE digest = ANY($1) AND kind = 'subject'", list(digests)
    )
    for row in rows:
        try:
            _, field, value = parse_disclosure(row["text"])
        except PersonError:
            continue
        if field == "subject" and isinstance(value, dict) and isinstance(value.get("name"), str):
            return str(value["name"])
    return None


def _revision(logged: Logged, document: InspectionResult | Correction) -> Revision:
    corrected = document if isinstance(document, Correction) else None
    return Revision(
        document.rev, logged, CODES[document.result], STATUSES[document.status], document.issued_at,
        None if corrected is None else corrected.reason, None if corrected is None else REQUESTERS[corrected.requested_by],
    )  # fmt: skip


def _changes(
    before: InspectionResult | Correction, after: InspectionResult | Correction, names: dict[str, str]
) -> tuple[Change, ...]:
    pairs = [
        ("结果", CODES[before.result].word, CODES[after.result].word),
        ("状态", STATUSES[before.status].word, STATUSES[after.status].word),
        ("检查日期", before.inspected_on, after.inspected_on),
        ("依据", "；".join(before.legal_basis), "；".join(after.legal_basis)),
    ]
    old, new = {f.item: f for f in before.findings}, {f.item: f for f in after.findings}
    pairs += [
        (f"事项：{names.get(item, item)}", _finding_words(old.get(item)), _finding_words(new.get(item)))
        for item in {**old, **new}
    ]
    return tuple(Change(*pair) for pair in pairs if pair[1] != pair[2])


def _finding_words(finding: Finding | None) -> str:
    if finding is None:
        return "（没有登记）"
    parts = [CODES[finding.code].word]
    parts += [finding.measure] if finding.measure else []
    parts += [f"期限 {finding.deadline}"] if finding.deadline else []
    parts += [f"责任人 {finding.responsible}"] if finding.responsible else []
    return "；".join(parts)
