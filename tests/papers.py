"""Single documents of every kind with their bundles (docs/spec/document-bundle.md), made by a bureau that can cheat.

`Paper(kind)` is honest; whatever is changed before `bundle` is signed, logged and cosigned as properly as the truth. `LIES` maps a name
to the step that has to fail and what changes the paper; `tests/tsa.py` makes the time stamps.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from bureau import (
    QUORUM_TIME,
    Bureau,
    MemoryLog,
    actor,
    freeze,
    hexed,
    policy_bytes,
    public_text,
    roles,
    testing_only_signer,
)
from msgspec.structs import replace

from disclosure.checkpoint import (
    Checkpoint,
    add_cosignature,
    cosign_checkpoint,
    read_unverified,
    sign_checkpoint,
)
from disclosure.document import (
    Contest,
    Correction,
    Finding,
    InspectionResult,
    KeyEvent,
    Redaction,
    Shard,
    Withdrawal,
    kind_of,
    sign_document,
)
from disclosure.document_bundle import make_document_bundle
from disclosure.key_event import OtherLog
from disclosure.keys import encode_base64
from disclosure.leaf import format_leaf, leaf_of, parse_leaf
from disclosure.person import digest, make_disclosure
from disclosure.policy import Authority
from disclosure.proof import Proof, format_proof
from disclosure.signing_rules import required_keys
from disclosure.tree import inclusion_proof
from selection.keys import digest_of
from selection.plan import Plan, plan_digest

FROZEN = freeze(41, sections=2, targets=25, sealed=False, last="dice")
PLAN = FROZEN.plan
AT = "2026-12-10T03:00:00Z"
TARGET = "91420100MA4KTEST1X"
SUBJECT = make_disclosure(bytes(range(16)), "subject", {"name": "云州市某某化工有限公司"})
PERSON = make_disclosure(bytes(range(1, 17)), "person", {"certificate": "E1", "name": "张三", "unit": "云州市应急管理局"})
STATEMENT = make_disclosure(bytes(range(2, 18)), "statement", {"text": "我单位对第二项结论有异议：\n检查当日该设备已报停。"})
POLICY = policy_bytes("audit")


def _revision(rev: int, disclosures: list[str], *actors: str) -> dict:
    return {
        "_sd": tuple(sorted(digest(one) for one in disclosures)), "_sd_alg": "sha-256", "actors": roles(*actors), "draw": PLAN.id,
        "id": f"{PLAN.id}.{TARGET}", "issued_at": AT, "nonce": "AAECAwQFBgcICQoLDA0ODw", "plan": plan_digest(PLAN), "rev": rev,
        "sections": ("lead", "fire"), "target": TARGET,
    }  # fmt: skip


def _found(rev: int) -> dict:
    actors = ("inspector", "inspector") if rev == 1 else ()
    return {
        **_revision(rev, [SUBJECT, PERSON], *actors, "reviewer", "publisher", "publisher"),
        "findings": (
            Finding(code="HAZARD_GENERAL", deadline="2026-12-31", item="must-lead", measure="限期整改", responsible=None),
            Finding(code="NO_PROBLEM", deadline=None, item="must-fire", measure=None, responsible=None),
        ),
        "inspected_on": "2026-12-08", "legal_basis": ("《安全生产法》第六十五条",), "result": "HAZARD_GENERAL",
        "status": "in_force" if rev == 1 else "corrected",
    }  # fmt: skip


def _authorities() -> tuple[Authority, ...]:
    return tuple(
        Authority("yunzhou", public_text(f"section-{s}"), s, None, "2026-01-01T00:00:00Z", None)
        for s in ("lead", "fire", "market")
    )


def document(kind: str):
    """An honest document of `kind`, after the draw of `PLAN` where it belongs to one."""
    past, before = {"reason": "复查", "requested_by": "subject"}, hexed("the revision before")
    checking = ("reviewer", "publisher", "publisher")
    match kind:
        case "draw-plan/v1":
            return PLAN
        case "inspection-result/v1":
            return InspectionResult(**_found(1), supersedes=None)
        case "correction/v1":
            return Correction(**_found(2), supersedes=before, **past)
        case "contest/v1":
            return Contest(**_revision(2, [STATEMENT], *checking), received_at="2026-12-09T03:00:00Z", supersedes=before)
        case "withdrawal/v1":
            return Withdrawal(**_revision(3, [], *checking), legal_basis=("《行政处罚法》",), supersedes=before, **past)
        case "redaction/v1":
            return Redaction(
                actors=roles("reviewer", "publisher"), digests=(digest(PERSON),), document=before, draw=PLAN.id, id=PLAN.id,
                legal_basis=("《个人信息保护法》第四十七条",), plan=plan_digest(PLAN), reason="retention-ended", redacted_at=AT,
            )  # fmt: skip
        case "key-event/v1":
            return KeyEvent(
                authorities=_authorities(), bureau="yunzhou", cause="founded", id="yunzhou.keys", issued_at=AT,
                log=json.loads(POLICY)["log"], reason="建立", rev=1, supersedes=None,
            )  # fmt: skip
        case "shard/v1":
            other = OtherLog(key=public_text("log-2027"), origin="disclose.yunzhou.example/2027", root=None, size=None)
            return Shard(bureau="yunzhou", event="succeeded", id="yunzhou.log", issued_at=AT, origin="disclose.yunzhou.example/2026",
                         other=other)  # fmt: skip
    bureau = Bureau(FROZEN, events=2)
    return next(d for d in [*bureau.before, *bureau.after, *bureau.later] if kind_of(d) == kind)


KINDS = ("draw-plan/v1", "contribution/v1", "draw-outcome/v1", "replacement/v1", "inspection-result/v1", "correction/v1", "contest/v1",
         "withdrawal/v1", "redaction/v1", "key-event/v1", "shard/v1")  # fmt: skip
DISCLOSED = {
    "inspection-result/v1": (SUBJECT, PERSON),
    "correction/v1": (SUBJECT, PERSON),
    "contest/v1": (STATEMENT,),
}


class Paper:
    """One document, with everything its bundle is made of; change what a lie needs, then call `bundle`."""

    def __init__(self, kind: str = "inspection-result/v1") -> None:
        self.document = document(kind)
        self.plan: Plan | None = None if kind in ("draw-plan/v1", "key-event/v1", "shard/v1") else PLAN
        self.signers = self.plan_signers = None
        self.disclosures = list(DISCLOSED.get(kind, ()))
        self.edit_leaf: Callable = lambda leaf: leaf
        self.at = AT
        self.log = MemoryLog()
        self.log.leaves += [b'{"somebody":"else %d"}' % n for n in range(4)]
        self.edit_head: Callable[[Checkpoint], Checkpoint] = lambda head: head
        self.edit_note: Callable[[bytes], bytes] = lambda note: note
        self.edit_proof: Callable[[Proof], Proof] = lambda proof: proof
        self.quorum_time: int | None = QUORUM_TIME
        self.stamp: Callable[[bytes], bytes] | None = None

    def _signers(self, plan: Plan, document) -> list:
        if isinstance(document, KeyEvent | Shard):
            return [testing_only_signer("section-lead")]
        names = [*(f"section-{s}" for s in ("lead", "fire", "market")), *FROZEN.own_keys.values()]
        by_key = {testing_only_signer(name).public_key: testing_only_signer(name) for name in names}
        return [by_key[key] for key in required_keys(plan, document)]

    def bundle(self) -> bytes:
        envelope = sign_document(self.document, self.signers or self._signers(PLAN, self.document))
        plan = self.plan and sign_document(self.plan, self.plan_signers or self._signers(self.plan, self.plan))
        leaf = format_leaf(self.edit_leaf(leaf_of(self.document, envelope, self.at)))
        index = len(self.log.leaves)
        self.log.leaves += [leaf, b'{"somebody":"later"}']
        size = len(self.log.leaves)
        head = self.edit_head(read_unverified(self.log.checkpoint(size, None)))
        note = sign_checkpoint(head, self.log.signer)
        if self.quorum_time is not None:
            note = add_cosignature(note, cosign_checkpoint(note, "audit.example", self.log.cosigner, self.quorum_time))
        proof = Proof(leaf, index, tuple(inclusion_proof(index, size, self.log.hash_at)), self.edit_note(note))
        stamp = None if self.stamp is None else self.stamp(note.split(b"\n\n")[0] + b"\n")
        return make_document_bundle(envelope, plan, format_proof(self.edit_proof(proof)), self.disclosures, stamp)


@dataclass(frozen=True)
class Lie:
    step: int
    kind: str
    cheat: Callable[[Paper], None]

    def tell(self, kind: str | None = None) -> bytes:
        """Return the bundle of this lie, about a document of another kind if one is given."""
        paper = Paper(kind or self.kind)
        self.cheat(paper)
        return paper.bundle()


LIES: dict[str, Lie] = {}


def lie(step: int, kind: str = "inspection-result/v1"):
    def register(cheat):
        LIES[cheat.__name__.replace("_", "-")] = Lie(step, kind, cheat)
        return cheat

    return register


# ------------------------------------------------------------------ 1 read


@lie(1)
def plan_left_out(paper):
    paper.plan = None


@lie(1, "draw-plan/v1")
def plan_twice(paper):
    paper.plan = PLAN


@lie(1)
def something_else_in_place_of_the_plan(paper):
    paper.plan = document("draw-outcome/v1")
    paper.plan_signers = [testing_only_signer("section-lead")]


@lie(1, "key-event/v1")
def plan_beside_a_key_event(paper):
    paper.plan = PLAN


@lie(1, "correction/v1")
def correction_without_a_number_of_its_own(paper):
    paper.document = replace(paper.document, rev=1)


@lie(1)
def result_that_is_not_the_first(paper):
    paper.document = replace(paper.document, rev=2)


@lie(1)
def digests_out_of_order(paper):
    paper.document = replace(paper.document, _sd=paper.document._sd[::-1])


@lie(1, "contest/v1")
def contest_with_two_digests(paper):
    paper.document = replace(paper.document, _sd=tuple(sorted((digest(SUBJECT), digest(STATEMENT)))))


@lie(1, "contest/v1")
def contest_received_after_it_was_issued(paper):
    paper.document = replace(paper.document, received_at="2026-12-11T00:00:00Z")


@lie(1, "withdrawal/v1")
def withdrawal_with_a_digest(paper):
    paper.document = replace(paper.document, _sd=(digest(SUBJECT),))


@lie(1, "redaction/v1")
def redaction_of_one_digest_twice(paper):
    paper.document = replace(paper.document, digests=paper.document.digests * 2)


@lie(1, "key-event/v1")
def key_event_under_another_id(paper):
    paper.document = replace(paper.document, id="wuhan.keys")


@lie(1, "key-event/v1")
def first_key_event_that_supersedes(paper):
    paper.document = replace(paper.document, supersedes=hexed("before"))


@lie(1, "key-event/v1")
def key_event_with_a_log_policy_that_is_none(paper):
    paper.document = replace(paper.document, log=paper.document.log.replace("quorum", "quora"))


@lie(1, "shard/v1")
def link_forward_with_a_root(paper):
    paper.document = replace(paper.document, other=replace(paper.document.other, root=hexed("root"), size=9))


# ------------------------------------------------------------------ 2 signatures


@lie(2)
def section_that_did_not_sign(paper):
    paper.signers = [testing_only_signer("section-lead")]


@lie(2)
def signed_by_a_section_too_many(paper):
    paper.document = replace(paper.document, sections=("lead",))
    paper.signers = [testing_only_signer("section-lead"), testing_only_signer("section-fire")]


@lie(2)
def signed_by_a_stranger(paper):
    paper.signers = [testing_only_signer("section-lead"), testing_only_signer("stranger")]


@lie(2)
def section_named_twice(paper):
    paper.document = replace(paper.document, sections=("lead", "fire", "fire"))
    paper.signers = [testing_only_signer("section-lead"), testing_only_signer("section-fire")]


@lie(2)
def section_of_no_plan(paper):
    paper.document = replace(paper.document, sections=("lead", "market"))
    paper.signers = [testing_only_signer("section-lead"), testing_only_signer("section-market")]


@lie(2)
def plan_of_another_draw(paper):
    paper.plan = replace(PLAN, id="yunzhou-2026-43-1", number=43)


@lie(2)
def plan_changed_afterwards(paper):
    paper.plan = replace(PLAN, title="另一次抽查")


@lie(2)
def plan_signed_by_one_section_only(paper):
    paper.plan_signers = [testing_only_signer("section-lead")]


@lie(2)
def section_with_a_key_that_anyone_can_sign_for(paper):
    first, *others = PLAN.sections
    paper.plan = replace(PLAN, sections=(replace(first, key=encode_base64(bytes(32))), *others))
    paper.plan_signers = paper.signers = [testing_only_signer("section-lead"), testing_only_signer("section-fire")]
    paper.document = replace(paper.document, plan=plan_digest(paper.plan))


@lie(2)
def plan_with_one_person_in_two_roles(paper):
    both = tuple(replace(one, id=actor("operator")) for one in PLAN.actors)
    paper.plan = replace(PLAN, actors=both)
    paper.document = replace(paper.document, plan=plan_digest(paper.plan))


@lie(2)
def result_of_another_draw(paper):
    paper.document = replace(paper.document, draw="yunzhou-2026-43-1", id=f"yunzhou-2026-43-1.{TARGET}")


@lie(2)
def result_under_the_id_of_another_firm(paper):
    paper.document = replace(paper.document, id=f"{PLAN.id}.91420100MA4KTEST2X")


@lie(2)
def one_publisher(paper):
    paper.document = replace(paper.document, actors=paper.document.actors[:-1])


@lie(2)
def one_person_publishes_twice(paper):
    paper.document = replace(paper.document, actors=(*paper.document.actors[:-1], paper.document.actors[-2]))


@lie(2, "redaction/v1")
def redaction_that_the_lead_did_not_sign(paper):
    paper.signers = [testing_only_signer("section-fire")]


@lie(2, "redaction/v1")
def redaction_under_another_draw(paper):
    paper.document = replace(paper.document, id="yunzhou-2026-43-1")


@lie(2, "key-event/v1")
def key_event_by_a_key_it_does_not_list(paper):
    paper.signers = [testing_only_signer("stranger")]


@lie(2, "key-event/v1")
def key_event_by_two_keys(paper):
    paper.signers = [testing_only_signer("section-lead"), testing_only_signer("section-fire")]


@lie(2, "key-event/v1")
def key_event_by_a_key_it_revokes(paper):
    first, *others = paper.document.authorities
    paper.document = replace(paper.document, authorities=(replace(first, revoked_at=AT), *others))


@lie(2, "shard/v1")
def link_by_a_stranger(paper):
    paper.signers = [testing_only_signer("stranger")]


# ------------------------------------------------------------------ 3 leaf


@lie(3)
def leaf_of_another_document(paper):
    paper.edit_leaf = lambda leaf: replace(leaf, doc=replace(leaf.doc, sha256=digest_of(b"another")))


@lie(3)
def leaf_of_another_size(paper):
    paper.edit_leaf = lambda leaf: replace(leaf, doc=replace(leaf.doc, size=leaf.doc.size + 1))


@lie(3)
def leaf_by_another_author(paper):
    paper.edit_leaf = lambda leaf: replace(leaf, author=leaf.author[:1])


@lie(3, "correction/v1")
def leaf_of_another_revision(paper):
    paper.edit_leaf = lambda leaf: replace(leaf, rev=3)


@lie(3, "correction/v1")
def leaf_that_supersedes_nothing(paper):
    paper.edit_leaf = lambda leaf: replace(leaf, supersedes=None)


@lie(3, "contest/v1")
def leaf_of_another_kind(paper):
    paper.edit_leaf = lambda leaf: replace(leaf, type="correction/v1")


@lie(3)
def leaf_under_another_id(paper):
    paper.edit_leaf = lambda leaf: replace(leaf, id=PLAN.id)


# ------------------------------------------------------------------ 4 authority


@lie(4)
def logged_before_the_key_was_valid(paper):
    paper.at = "2025-12-31T23:59:59Z"


@lie(4, "key-event/v1")
def key_event_before_the_key_was_valid(paper):
    paper.at = "2025-12-31T23:59:59Z"


@lie(4)
def plan_of_a_bureau_nobody_knows(paper):
    paper.plan = replace(PLAN, bureau="wuhan")
    paper.document = replace(paper.document, plan=plan_digest(paper.plan))


@lie(4, "shard/v1")
def link_of_another_bureau(paper):
    paper.document = replace(paper.document, bureau="wuhan", id="wuhan.log")


# ------------------------------------------------------------------ 5 log


@lie(5)
def checkpoint_by_another_key(paper):
    paper.log.signer = testing_only_signer("log-2027")


@lie(5)
def checkpoint_of_another_log(paper):
    paper.edit_head = lambda head: replace(head, origin="disclose.yunzhou.example/2027")


@lie(5)
def cosigner_twice(paper):
    paper.edit_note = lambda note: note + note.split(b"\n")[-2] + b"\n"


# ------------------------------------------------------------------ 6 cosigners


@lie(6)
def nobody_cosigned(paper):
    paper.quorum_time = None


@lie(6)
def cosignature_by_another_key(paper):
    def forge(note: bytes) -> bytes:
        real = cosign_checkpoint(note, "audit.example", testing_only_signer("cosigner"), QUORUM_TIME)
        forged = cosign_checkpoint(note, "audit.example", testing_only_signer("stranger"), QUORUM_TIME)
        return add_cosignature(note, replace(forged, key_hash=real.key_hash))

    paper.edit_note = forge


@lie(6)
def cosignature_of_another_time(paper):
    def move(note: bytes) -> bytes:
        line = cosign_checkpoint(note, "audit.example", testing_only_signer("cosigner"), QUORUM_TIME)
        return add_cosignature(note, replace(line, signature=(1).to_bytes(8) + line.signature[8:]))

    paper.edit_note = move


# ------------------------------------------------------------------ 7 inclusion


@lie(7)
def root_of_another_tree(paper):
    paper.edit_head = lambda head: replace(head, root=bytes(32))


@lie(7)
def place_of_another_leaf(paper):
    paper.edit_proof = lambda proof: replace(proof, index=proof.index - 1)


@lie(7)
def path_changed(paper):
    paper.edit_proof = lambda proof: replace(proof, path=(bytes(32), *proof.path[1:]))


@lie(7)
def path_cut_short(paper):
    paper.edit_proof = lambda proof: replace(proof, path=proof.path[:-1])


@lie(7)
def leaf_never_logged(paper):
    paper.edit_proof = lambda proof: replace(
        proof, leaf=format_leaf(replace(parse_leaf(proof.leaf), at="2026-12-10T03:00:01Z"))
    )


# ------------------------------------------------------------------ 10 disclosures


@lie(10)
def name_of_another_firm(paper):
    paper.disclosures[0] = make_disclosure(bytes(range(16)), "subject", {"name": "另一家企业"})


@lie(10)
def disclosure_that_the_kind_does_not_have(paper):
    paper.document = replace(paper.document, _sd=(digest(STATEMENT),))
    paper.disclosures = [STATEMENT]


@lie(10)
def disclosure_of_more_than_a_name(paper):
    more = make_disclosure(bytes(range(16)), "subject", {"name": "某企业", "telephone": "0711-0000000"})
    paper.document = replace(paper.document, _sd=(digest(more),))
    paper.disclosures = [more]


@lie(10, "contest/v1")
def statement_without_words(paper):
    empty = make_disclosure(bytes(range(16)), "statement", {"text": ""})
    paper.document = replace(paper.document, _sd=(digest(empty),))
    paper.disclosures = [empty]


@lie(10, "withdrawal/v1")
def name_beside_a_withdrawal(paper):
    paper.disclosures = [SUBJECT]


@lie(10, "key-event/v1")
def name_beside_a_key_event(paper):
    paper.disclosures = [SUBJECT]


@lie(10)
def disclosure_that_is_none(paper):
    paper.document = replace(paper.document, _sd=(digest("bm90aGluZw"),))
    paper.disclosures = ["bm90aGluZw"]
