"""A bureau's log for the monitor: documents in the order they are told, published as a tree of files in memory.

`lawful()` tells a year in which nothing is wrong; a test changes what it tells and says what must be found.
"""

from dataclasses import dataclass, field

import msgspec
from bureau import MemoryLog, hexed, public_text, roles, testing_only_signer
from example import FIRMS, LINES, disclosures, frozen

from disclosure.blob import refer
from disclosure.checkpoint import Checkpoint, add_cosignature, cosign_checkpoint, sign_checkpoint
from disclosure.document import (
    Contest,
    Contribution,
    Correction,
    DrawOpening,
    DrawOutcome,
    DrawVoid,
    InspectionResult,
    KeyEvent,
    Redaction,
    Replacement,
    ResultReference,
    SealedOutcome,
    Shard,
    sign_document,
)
from disclosure.envelope import format_envelope
from disclosure.key_event import OtherLog
from disclosure.keys import encode_base64
from disclosure.leaf import format_leaf, leaf_of
from disclosure.monitoring import Report, monitor
from disclosure.note import KIND_COSIGNATURE, KIND_ED25519, VerifierKey, format_vkey
from disclosure.policy import Authority, parse_policy
from disclosure.tiles import bundles, format_bundle, format_tile, tiles
from disclosure.tree import leaf_hash, root
from selection.canonical import format_canonical
from selection.draw import draw
from selection.keys import digest_of
from selection.plan import SealedUntil, plan_digest
from selection.replacement import TargetEvent
from selection.transcript import format_transcript

ORIGIN, NEWER = "disclose.yunzhou.example/2026", "disclose.yunzhou.example/2027"
NOW = "2026-12-10T00:00:00Z"
PLAN, POOLS, BLOBS, _ = frozen()
RESULT = format_transcript(draw(PLAN, POOLS, LINES))
DRAWN = sorted(target.id for target in draw(PLAN, POOLS, LINES).targets)
RESERVE = next(firm for firm in FIRMS if firm not in DRAWN)
NAMES = disclosures()


def sha(document) -> str:
    return digest_of(format_canonical(document))


def plan_of(number=1, attempt=1, previous=None, **changes):
    return msgspec.structs.replace(
        PLAN, number=number, attempt=attempt, id=f"yunzhou-2026-{number}-{attempt}", previous=previous,
        **{"task": msgspec.structs.replace(PLAN.task, id=f"task-{number}"), **changes},
    )  # fmt: skip


SEALED = SealedUntil(opens="2026-12-01T00:00:00Z")


def _facts(plan):
    return {"id": plan.id, "plan": plan_digest(plan)}


def dice(plan, label="dice"):
    return Contribution(
        actors=roles("operator", "confirmer"), form=hexed("form"), given_at=plan.instant, label=label, line=LINES[1], **_facts(plan)
    )


def outcome(plan, drawn_at="2026-11-24T02:05:00Z"):
    if plan.sealed is not None:
        return SealedOutcome(actors=roles("operator", "confirmer"), commitment=hexed("c"), drawn_at=drawn_at, **_facts(plan))
    return DrawOutcome(
        actors=roles("operator", "confirmer"), contributions=tuple(LINES), draw_key=hexed("key"), drawn_at=drawn_at,
        opened=refer(b""), result=ResultReference(digest_of(RESULT), len(RESULT)), **_facts(plan),
    )  # fmt: skip


def opening(plan, opened_at="2026-12-01T00:00:00Z"):
    return DrawOpening(
        cause="date", contributions=tuple(LINES), draw_key=hexed("key"), events=(), opened=refer(b""), opened_at=opened_at,
        outcome=sha(outcome(plan)), result=ResultReference(digest_of(RESULT), len(RESULT)), **_facts(plan),
    )  # fmt: skip


def void(plan, voided_at="2026-11-23T05:00:00Z"):
    return DrawVoid(
        actors=roles("confirmer", "approver"), reason="list-error", statement="名单有误", voided_at=voided_at, **_facts(plan)
    )


def replaced(plan, target, sequence=1):
    event = TargetEvent(evidence=hexed("e"), reason="not-existing", sequence=sequence, successor=None, target=target)
    return Replacement(
        actors=roles("reviewer", "confirmer"), decided_at="2026-11-25T02:00:00Z", event=event, outcome=sha(outcome(plan)), **_facts(plan)
    )


def _revision(plan, target, rev, issued_at):
    return {
        "_sd": (), "_sd_alg": "sha-256", "draw": plan.id, "id": f"{plan.id}.{target}", "issued_at": issued_at,
        "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "plan": plan_digest(plan), "rev": rev, "sections": ("lead",), "target": target,
        "actors": (),
    }  # fmt: skip


def result(plan, target, rev=1, digests=(), inspected_on="2026-12-02", issued_at="2026-12-05T00:00:00Z"):
    return InspectionResult(
        **_revision(plan, target, rev, issued_at) | {"_sd": tuple(sorted(digests))}, findings=(),
        inspected_on=inspected_on, legal_basis=("《安全生产法》",), result="NO_PROBLEM", status="in_force", supersedes=None,
    )  # fmt: skip


def correction(before, rev=2, supersedes=None):
    shared = {name: getattr(before, name) for name in before.__struct_fields__ if name not in ("type", "supersedes")}
    return Correction(
        **shared | {"rev": rev, "issued_at": "2026-12-07T00:00:00Z", "status": "corrected"}, reason="笔误", requested_by="subject",
        supersedes=supersedes or sha(before),
    )  # fmt: skip


def contest(plan, before, rev):
    return Contest(
        **_revision(plan, before.target, rev, "2026-12-08T00:00:00Z"), received_at="2026-12-07T12:00:00Z", supersedes=sha(before)
    )


def redaction(plan, document, digests):
    return Redaction(
        actors=roles("reviewer", "publisher"), digests=tuple(sorted(digests)), document=document, draw=plan.id,
        legal_basis=("《个人信息保护法》",), reason="subject-request", redacted_at="2026-12-09T00:00:00Z", **_facts(plan),
    )  # fmt: skip


def authority(name, **changes):
    return msgspec.structs.replace(
        Authority("yunzhou", public_text(name), name, None, "2026-01-01T00:00:00Z", None), **changes
    )


AUTHORITIES = tuple(authority(name) for name in ("section-lead", "standby"))


def key_event(story, rev=1, before=None, authorities=AUTHORITIES, **changes):
    return KeyEvent(**{
        "authorities": authorities, "bureau": "yunzhou", "cause": "founded" if rev == 1 else "key-revoked", "id": "yunzhou.keys",
        "issued_at": "2026-11-01T00:00:00Z" if rev == 1 else "2026-12-06T00:00:00Z", "log": story.log_policy(), "reason": "设立",
        "rev": rev, "supersedes": before and sha(before),
    } | changes)  # fmt: skip


@dataclass
class Told:
    """One document as it will be logged."""

    at: str
    document: object
    author: str = "section-lead"
    origin: str = ORIGIN
    served: bool = True
    leaf: dict = field(default_factory=dict)  # members of the leaf to tell otherwise


@dataclass
class Story:
    told: list = field(default_factory=list)
    origins: list = field(default_factory=lambda: [ORIGIN])
    quorum: str = "none"
    cosigned_at: int | None = None
    extra: dict = field(default_factory=dict)  # further files
    hidden: set = field(default_factory=set)  # files not served
    policy: bytes | None = None

    def tell(self, at, document, **how):
        self.told.append(Told(at, document, **how))
        return document

    def sorted(self):
        """Put what was told in the order of its times."""
        self.told.sort(key=lambda told: told.at)
        return self

    def place(self, kind, number=0):
        """Where the document of a kind stands, the first unless `number` says another."""
        return [n for n, told in enumerate(self.told) if getattr(told.document, "type", None) == kind][number]

    def signer(self, origin):
        return testing_only_signer(f"log {origin}")

    def log_policy(self):
        keys = [VerifierKey(origin, KIND_ED25519, self.signer(origin).public_key) for origin in self.origins]
        cosigner = VerifierKey("audit.example", KIND_COSIGNATURE, testing_only_signer("cosigner").public_key)
        return "".join(f"log {format_vkey(key)}\n" for key in keys) + f"witness audit {format_vkey(cosigner)}\nquorum {self.quorum}\n"

    def policy_bytes(self, authorities=AUTHORITIES):
        return msgspec.json.encode({"type": "policy/v1", "log": self.log_policy(), "authorities": list(authorities)})

    def head(self, origin):
        """Size and root of a log as told so far."""
        leaves = [leaf for leaf, of in self._leaves() if of == origin]
        return len(leaves), root(leaf_hash(leaf) for leaf in leaves).hex()

    def _leaves(self):
        for told in self.told:
            if isinstance(told.document, bytes):
                yield told.document, told.origin
                continue
            envelope = sign_document(told.document, [testing_only_signer(told.author)])
            yield format_leaf(msgspec.structs.replace(leaf_of(told.document, envelope, told.at), **told.leaf)), told.origin

    def files(self):
        files = {f"blob/{digest_of(blob)}": blob for blob in (*BLOBS.values(), RESULT)}
        files["policy"] = self.policy or self.policy_bytes()
        for told in self.told:
            if told.served and not isinstance(told.document, bytes):
                envelope = sign_document(told.document, [testing_only_signer(told.author)])
                files[f"doc/{sha(told.document)}.dsse.json"] = format_envelope(envelope)
        for origin in self.origins:
            self._log(files, origin, [leaf for leaf, of in self._leaves() if of == origin])
        files |= self.extra
        return {path: data for path, data in files.items() if path not in self.hidden}

    def _log(self, files, origin, leaves):
        log, prefix = MemoryLog(origin), f"log/{origin.rpartition('/')[2]}"
        log.leaves = leaves
        note = sign_checkpoint(Checkpoint(origin, len(leaves), root(leaf_hash(leaf) for leaf in leaves)), self.signer(origin))
        if self.cosigned_at is not None:
            note = add_cosignature(note, cosign_checkpoint(note, "audit.example", log.cosigner, self.cosigned_at))
        files[f"{prefix}/checkpoint"] = note
        for tile in tiles(len(leaves)):
            first = 256 * tile.index
            hashes = [log.hash_at(8 * tile.level, first + n) for n in range(tile.width)]
            files[f"{prefix}/{tile.path}"] = format_tile(hashes)
        for bundle in bundles(len(leaves)):
            files[f"{prefix}/{bundle.path}"] = format_bundle(leaves[256 * bundle.index :][: bundle.width])

    def report(self, now=NOW, days=30) -> Report:
        return monitor(self.files().get, parse_policy(self.policy_bytes()), now, days)

    def codes(self, now=NOW, days=30):
        return [finding.code for finding in self.report(now, days).findings]


def tell_draw(story, plan, results=True, origin=ORIGIN, until=None, at="2026-11-23T02:01:00Z"):
    """Tell the whole road of one draw; `until` names the kind to stop before."""
    road = [
        (at, plan), ("2026-11-24T02:03:00Z", dice(plan)), ("2026-11-24T02:06:00Z", outcome(plan)),
        *([("2026-12-01T00:01:00Z", opening(plan))] if plan.sealed else []),
        *([("2026-12-05T01:00:00Z", result(plan, target)) for target in DRAWN] if results else []),
    ]  # fmt: skip
    for at, document in road:
        if until is not None and document.type == until:
            break
        story.tell(at, document, origin=origin)
    return plan


def founded(**changes):
    """A log in which only the key list stands."""
    story = Story(**changes)
    story.tell("2026-11-01T00:00:00Z", key_event(story))
    return story


def lawful():
    """An open draw, a voided one with its second attempt, and a sealed one; results of all; a correction and a contest."""
    story = founded()
    one = tell_draw(story, plan_of(1))
    fixed = story.tell("2026-12-07T00:00:00Z", correction(result(one, DRAWN[0])))
    story.tell("2026-12-08T00:00:00Z", contest(one, fixed, 3))
    two = story.tell("2026-11-23T02:02:00Z", plan_of(2, previous=plan_digest(one)))
    story.tell("2026-11-23T05:00:00Z", void(two))
    again = tell_draw(story, plan_of(2, 2, previous=plan_digest(two), task=two.task), at="2026-11-23T06:00:00Z")
    tell_draw(story, plan_of(3, previous=plan_digest(again), sealed=SEALED), at="2026-11-23T07:00:00Z")
    return story.sorted()


def shard(story, event, here, there, head=(None, None), at="2026-12-20T00:00:00Z"):
    size, root_hash = head
    other = OtherLog(key=encode_base64(story.signer(there).public_key), origin=there, root=root_hash, size=size)
    return Shard(bureau="yunzhou", event=event, id="yunzhou.log", issued_at=at, origin=here, other=other)
