"""Redaction (遮蔽): a name or a statement is published no longer. Every signature and proof stays valid; the string is gone.

What is erased, in the one transaction that logs the redaction: the disclosure, the bureau's own copy of it, the name in the draft and
on the pages of the draw, the statement in the step that brought it. What stays are the living registries, and back-ups
(docs/operations.md).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from disclosure.person import digest
from disclosure.result import Contest, Correction, InspectionResult, Redaction, RedactionReason
from selection.forms import Digest, Hex64, Text
from selection.plan import ActorRole, Dice, Plan, Witness
from selection.pool import parse_people
from service.database import Connection
from service.disclosures import REDACTED, field_of
from service.documents import Stored, begin_turn, document_draw, read_blob, read_document, record
from service.errors import Conflicting, Invalid
from service.frozen import DrawRow
from service.office import Office, as_time
from service.sections import signers_for
from service.steps import Prepared, Rule, convert_request

__all__ = ["RULE"]


class RedactionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`document` is the result, correction or contest in whose `_sd` the digests stand, or the plan for people and contributors."""

    document: Hex64
    digests: Annotated[tuple[Digest, ...], Meta(min_length=1)]
    reason: RedactionReason
    legal_basis: Annotated[tuple[Text, ...], Meta(min_length=1)]


async def _check(connection: Connection, row: DrawRow, asked: RedactionRequest) -> Stored:
    """Return the document that holds all the digests; Invalid or Conflicting naming those it does not, or that are redacted already."""
    stored = await read_document(connection, asked.document)
    if stored is None or document_draw(stored.document) != row.id:
        raise Invalid(
            f"批次 {row.id} 没有文书 {asked.document}", f"draw {row.id} has no document {asked.document}"
        )
    held = await _digests_of(connection, stored.document)
    if held is None:
        raise Invalid(
            f"{stored.document.type} 没有可遮蔽的内容；姓名请指明计划，单位名称和陈述请指明检查结果、更正或异议",
            f"{stored.document.type} discloses nothing; name the plan for people, a result, correction or contest for the rest",
        )
    if unknown := [one for one in asked.digests if one not in held]:
        raise Invalid(
            "有摘要不在这份文书之内", f"document {asked.document} does not hold {', '.join(unknown)}",
            tuple(f"{one} 不在文书 {asked.document} 之内" for one in unknown),
        )  # fmt: skip
    if len(set(asked.digests)) != len(asked.digests):
        raise Invalid("同一摘要写了两次", "a digest stands twice")
    done = await connection.fetch(
        "SELECT digest, redaction, redacted_at FROM redacted WHERE digest = ANY($1) ORDER BY digest",
        list(asked.digests),
    )
    if done:
        first = done[0]
        raise Conflicting(
            f"{first['digest']} 已于 {as_time(first['redacted_at'])} 遮蔽（文书 {first['redaction']}）",
            f"{first['digest']} was redacted at {as_time(first['redacted_at'])} by {first['redaction']}",
        )
    return stored


async def _digests_of(connection: Connection, document: object) -> set[str] | None:
    if isinstance(document, InspectionResult | Correction | Contest):
        return set(document.digests)
    if not isinstance(document, Plan):
        return None
    people = await read_blob(connection, document.blobs.people.sha256)
    assert people is not None
    return {person.digest for person in parse_people(people)} | _contributors(document).keys()


def _contributors(plan: Plan) -> dict[str, str]:
    """Return the labels of those who contribute, by the digest of their name."""
    found = {}
    for contributor in plan.contributors:
        if isinstance(contributor, Witness):
            found[contributor.person] = contributor.label
        elif isinstance(contributor, Dice):
            found |= {thrower.person: thrower.label for thrower in contributor.throwers}
    return found


async def _prepare(connection: Connection, office: Office, row: DrawRow, request: Any) -> Prepared:
    asked = convert_request(request, RedactionRequest)
    if row.plan is None:
        raise Conflicting("名单尚未锁定，没有公布过姓名", "the list is not frozen yet; no name was published")
    stored = await _check(connection, row, asked)
    digests = sorted(asked.digests)
    kept = {"document": asked.document, "digests": digests, "reason": asked.reason, "legal_basis": list(asked.legal_basis)}
    return Prepared(digests[0], kept, {"kind": stored.document.type, **kept})


async def _perform(
    connection: Connection, office: Office, row: DrawRow, request: Any, actors: tuple[ActorRole, ...]
) -> Stored:
    asked = convert_request(request, RedactionRequest)
    holder = await _check(connection, row, asked)
    assert row.plan is not None
    of = await read_document(connection, row.plan)
    assert of is not None
    plan = of.document
    assert isinstance(plan, Plan)
    texts = await _texts(connection, row.id, asked.digests)
    turn = await begin_turn(connection, office, of.shard)
    document = Redaction(
        actors=actors, digests=asked.digests, document=asked.document, draw=row.id, id=row.id, legal_basis=asked.legal_basis,
        plan=row.plan, reason=asked.reason, redacted_at=as_time(turn.now),
    )  # fmt: skip
    stored = await record(connection, turn, plan, document, asked.digests[0], signers_for(office, plan, document))
    await connection.execute(
        "INSERT INTO redacted (digest, document, redaction, redacted_at) SELECT unnest($1::text[]), $2, $3, $4",
        list(asked.digests), asked.document, stored.sha256, turn.now,
    )  # fmt: skip
    await connection.execute("DELETE FROM disclosure WHERE digest = ANY($1)", list(asked.digests))
    await _forget_people(connection, row.id, plan, asked.digests)
    await _forget_in_steps(connection, row.id, holder, texts)
    if isinstance(holder.document, InspectionResult | Correction):
        await _forget_firm(connection, row.id, holder.document.target)
    return stored


async def _forget_firm(connection: Connection, draw: str, target: str) -> None:
    """Take the name of a firm off the pages of the draw, and off those of plans that drew teams for its targets."""
    await connection.execute(
        "WITH RECURSIVE told AS (SELECT $1::text AS id"
        " UNION SELECT d.id FROM draw d JOIN told ON d.draft ->> 'teams_of' = told.id)"
        " UPDATE draw_target SET name = $3 WHERE draw IN (SELECT id FROM told) AND target = $2",
        draw, target, REDACTED,
    )  # fmt: skip


async def _texts(connection: Connection, draw: str, digests: Iterable[str]) -> list[str]:
    """Return the disclosures to be forgotten, published or not."""
    rows = await connection.fetch("SELECT text FROM disclosure WHERE digest = ANY($1)", list(digests))
    secret = await connection.fetchval("SELECT disclosures FROM draw_secret WHERE draw = $1", draw)
    kept = [text for _, text in msgspec.json.decode(secret).values() if text]
    return sorted({row["text"] for row in rows} | {text for text in kept if digest(text) in digests})


async def _forget_people(connection: Connection, draw: str, plan: Plan, digests: Iterable[str]) -> None:
    """Take the names out of the bureau's own drawer, which keeps the registry numbers, and out of the draft of the draw."""
    secret: dict[str, tuple[str, str]] = msgspec.json.decode(
        await connection.fetchval("SELECT disclosures FROM draw_secret WHERE draw = $1", draw)
    )
    known = {
        id: (number, "" if text and digest(text) in digests else text) for id, (number, text) in secret.items()
    }
    await connection.execute(
        "UPDATE draw_secret SET disclosures = $2 WHERE draw = $1", draw, msgspec.json.encode(known).decode()
    )
    labels = {label for one, label in _contributors(plan).items() if one in digests}
    if labels:
        draft = msgspec.json.decode(await connection.fetchval("SELECT draft FROM draw WHERE id = $1", draw))
        for giver in draft["givers"]:
            for person in (giver, *giver.get("throwers", ())):
                if person.get("label") in labels and "name" in person:
                    person["name"] = REDACTED
        await connection.execute(
            "UPDATE draw SET draft = $2 WHERE id = $1", draw, msgspec.json.encode(draft).decode()
        )


async def _forget_in_steps(connection: Connection, draw: str, holder: Stored, texts: Iterable[str]) -> None:
    """Take statements out of the steps that brought them, withdrawn and overtaken ones too, and names out of what people saw of a step."""
    if isinstance(holder.document, Contest):
        rows = await connection.fetch(
            "SELECT id, request FROM step WHERE draw = $1 AND kind = 'contest/v1' AND (done = $2 OR"
            " request->'summary'->>'target' = $3 AND (withdrawn OR (done IS NULL AND request->'request'->>'supersedes' <>"
            " (SELECT document FROM result WHERE draw = $1 AND target = $3))))",
            draw, holder.sha256, holder.document.target,
        )  # fmt: skip
        for row in rows:
            await _rewrite(connection, row["id"], _without_statement(msgspec.json.decode(row["request"])))
    names = {field_of(text, field, "name") for text in texts for field in ("person", "subject")}
    for name in sorted(name for name in names if name):
        rows = await connection.fetch(
            "SELECT id, request FROM step WHERE draw = $1 AND position($2 IN (request->'summary')::text) > 0",
            draw, json.dumps(name, ensure_ascii=False)[1:-1],
        )  # fmt: skip
        for row in rows:
            request = msgspec.json.decode(row["request"])
            await _rewrite(
                connection, row["id"], {**request, "summary": _without_name(request["summary"], name)}
            )


async def _rewrite(connection: Connection, step: object, request: Mapping[str, Any]) -> None:
    await connection.execute(
        "UPDATE step SET request = $2 WHERE id = $1", step, msgspec.json.encode(request).decode()
    )


def _without_statement(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: REDACTED if k == "statement" else _without_statement(v) for k, v in value.items()}
    return value


def _without_name(value: Any, name: str) -> Any:
    match value:
        case str():
            return value.replace(name, REDACTED)
        case list():
            return [_without_name(each, name) for each in value]
        case dict():
            return {k.replace(name, REDACTED): _without_name(v, name) for k, v in value.items()}
    return value


RULE = Rule(_prepare, _perform)
