"""Who signs which document, and who may take which step (docs/spec/documents.md, "Kinds").

The service asks before it signs; the verifier asks again at step 2. Keys come from the plan; whether the plan's
section keys belong to an authority is the policy's to say (step 4).
"""

from collections.abc import Iterable
from itertools import combinations

from disclosure.document import (
    Contest,
    Contribution,
    Correction,
    Document,
    InspectionResult,
    KeyEvent,
    Shard,
    Withdrawal,
    actors_of,
    kind_of,
)
from disclosure.errors import DisclosureError
from disclosure.keys import check_public_key, decode_base64
from selection.contribution import is_absent, label_of
from selection.plan import Dice, Drand, Giver, Plan, PublicNumber, Section, Thrower, Witness

__all__ = [
    "CHECKING_ROLES",
    "ROLES",
    "SignerError",
    "check_actors",
    "check_plan_keys",
    "check_separation",
    "contributor_of",
    "lead_key",
    "required_keys",
]

ROLES: dict[str, tuple[str, ...]] = {
    "draw-plan/v1": ("operator", "confirmer"),
    "draw-outcome/v1": ("operator", "confirmer"),
    "sealed-outcome/v1": ("operator", "confirmer"),
    "draw-void/v1": ("confirmer", "approver"),
    "replacement/v1": ("reviewer", "confirmer"),
    "sealed-event/v1": ("reviewer", "confirmer"),
    "draw-opening/v1": (),
    "inspection-result/v1": ("inspector", "inspector", "reviewer", "publisher", "publisher"),
    "correction/v1": ("reviewer", "publisher", "publisher"),
    "contest/v1": ("reviewer", "publisher", "publisher"),
    "withdrawal/v1": ("reviewer", "publisher", "publisher"),
    "redaction/v1": ("reviewer", "publisher"),
    "key-event/v1": (),
    "shard/v1": (),
}
# No one holds two roles that check each other in one draw.
CHECKING_ROLES = frozenset(
    frozenset(pair)
    for pair in (
        ("operator", "confirmer"), ("operator", "approver"), ("confirmer", "approver"), ("operator", "reviewer"),
        ("inspector", "reviewer"), ("reviewer", "publisher"), ("reviewer", "confirmer"),
    )
)  # fmt: skip


class SignerError(DisclosureError):
    """A document is not signed, or not taken, by those who must."""


def lead_key(plan: Plan) -> bytes:
    """Return the raw public key of the plan's first section."""
    return decode_base64(plan.sections[0].key)


def required_keys(plan: Plan, document: Document) -> list[bytes]:
    """Return the raw public keys that must sign `document`, no more and no fewer.

    Raises SignerError if that cannot be told: an undeclared contributor or section, or a paper contribution
    without the digest of its form; or a key event or shard, which belongs to no draw.
    """
    if isinstance(document, KeyEvent | Shard):
        raise SignerError(f"{kind_of(document)} belongs to no draw; who may sign it is told by the key list")
    if isinstance(document, Plan):
        return [decode_base64(section.key) for section in plan.sections]
    if isinstance(document, Contribution):
        return _of_contribution(plan, document)
    if isinstance(document, InspectionResult | Correction | Contest | Withdrawal):
        keys = {section.id: decode_base64(section.key) for section in plan.sections}
        unknown = [section for section in document.sections if section not in keys]
        if unknown:
            raise SignerError(f"section {unknown[0]} is not declared in the plan")
        return [keys[section] for section in document.sections]
    return [lead_key(plan)]


def contributor_of(plan: Plan, document: Contribution) -> Giver | None:
    """Return who gave `document`, or None unless its label is that of exactly one witness, dice, public number or beacon."""
    found = [
        c
        for c in plan.contributors
        if isinstance(c, Giver) and label_of(c) == document.label
    ]
    return found[0] if len(found) == 1 else None


def _of_contribution(plan: Plan, document: Contribution) -> list[bytes]:
    contributor = contributor_of(plan, document)
    if isinstance(contributor, Dice):
        own = [thrower.key for thrower in contributor.throwers]
    elif isinstance(contributor, Witness):
        if is_absent(document.line):
            return [lead_key(plan)]
        if not document.line.startswith("witness:"):
            raise SignerError(
                f"{document.label}: the line says neither witness nor absent, so who must sign is unknown"
            )
        own = [contributor.key]
    elif isinstance(contributor, PublicNumber | Drand):
        return [lead_key(plan)]
    else:
        raise SignerError(f"the plan declares no contributor {document.label!r} who gives a contribution")
    if None in own and document.form is None:
        raise SignerError(f"{document.label}: someone signs on paper, but the digest of the form is missing")
    keys = [decode_base64(key) for key in own if key is not None]
    return [*keys, lead_key(plan)] if None in own else keys


def check_plan_keys(plan: Plan) -> None:
    """Raise KeyFormatError if a key the plan declares is not a canonical point, or is of small order."""
    people: list[Section | Witness | Thrower] = [*plan.sections]
    for contributor in plan.contributors:
        if isinstance(contributor, Witness):
            people.append(contributor)
        elif isinstance(contributor, Dice):
            people.extend(contributor.throwers)
    for person in people:
        if person.key is not None:
            check_public_key(decode_base64(person.key))


def check_actors(plan: Plan, document: Document) -> None:
    """Raise SignerError unless the document's actors have exactly the roles of its kind, each another person."""
    actors = actors_of(document)
    if isinstance(document, Contribution):
        by_lead = lead_key(plan) in required_keys(plan, document)
        wanted: tuple[str, ...] = ("operator", "confirmer") if by_lead else ()
    else:
        wanted = ROLES[kind_of(document)]
    found = tuple(actor.role for actor in actors)
    if found != wanted:
        raise SignerError(f"{kind_of(document)} is taken by {found or 'nobody'}, not by {wanted or 'nobody'}")
    if len({actor.id for actor in actors}) != len(actors):
        raise SignerError(f"{kind_of(document)}: one person stands in two roles")


def check_separation(documents: Iterable[Document]) -> None:
    """Raise SignerError if one actor holds two roles that check each other in the documents of one draw."""
    roles: dict[str, set[str]] = {}
    for document in documents:
        for actor in actors_of(document):
            roles.setdefault(actor.id, set()).add(actor.role)
    for actor_id, held in roles.items():
        for pair in combinations(sorted(held), 2):
            if frozenset(pair) in CHECKING_ROLES:
                raise SignerError(f"{actor_id} is both {pair[0]} and {pair[1]} in this draw")
