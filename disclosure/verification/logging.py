"""Steps 5 to 8: the log's signature, cosigners, inclusion and consistency, order and time."""

from calendar import timegm
from collections.abc import Sequence
from contextlib import suppress

from disclosure.bundle import Entry
from disclosure.checkpoint import open_checkpoint, read_unverified
from disclosure.document import (
    Contribution,
    Document,
    DrawOpening,
    DrawOutcome,
    DrawVoid,
    Replacement,
    SealedEvent,
    SealedOutcome,
)
from disclosure.errors import DisclosureError
from disclosure.note import NoteSignature, VerifierKey, key_hash, open_note, parse_note
from disclosure.policy import LogPolicy, Policy, satisfied
from disclosure.signing_rules import contributor_of
from disclosure.tree import leaf_hash, verify_consistency, verify_inclusion
from disclosure.verification.case import Case
from disclosure.verification.report import Failed, NotChecked
from selection.plan import Giver, LastNumber, Plan, Witness

__all__ = ["check_cosigners", "check_log_signature", "cosigned_since", "cosigners", "inclusion", "log_signature", "order_and_time"]


def _policy(policy: Policy | None) -> LogPolicy:
    if policy is None:
        raise NotChecked(
            "未给出策略，不知道应由哪本日志签名",
            "no policy given, so which log should have signed is unknown",
        )
    return policy.log


def _log_key(policy: LogPolicy, notes: Sequence[bytes]) -> VerifierKey:
    """Return the key of the log that the last of `notes` is of, and all the others."""
    origins = [read_unverified(note).origin for note in notes]
    key = next((key for key in policy.logs if key.name == origins[-1]), None)
    if key is None or set(origins) != {key.name}:
        raise Failed(
            f"日志 {origins[-1]} 不是策略所列，或两个检查点不属同一日志",
            f"{origins[-1]} is not a log of the policy, or A is of another log",
        )
    return key


def log_signature(case: Case) -> tuple[str, str]:
    """Step 5."""
    key = check_log_signature(case.policy, (case.bundle.note_a, case.bundle.note_b))
    return (
        f"两个检查点均由日志 {key.name} 签名",
        f"both checkpoints are signed by the log {key.name}",
    )


def check_log_signature(given: Policy | None, notes: Sequence[bytes]) -> VerifierKey:
    """Return the key of the policy's log that signed every one of `notes`, and nobody did whom the policy does not know.

    Raises NotChecked without a policy, or if there is a line by a key the policy does not know: it cannot be verified, and nothing of
    what can be failed. Raises Failed, or what opening a checkpoint raises, if it is not so.
    """
    policy = _policy(given)
    key = _log_key(policy, notes)
    known = {(k.name, key_hash(k.name, k.kind, k.public_key)) for k in policy.cosigners}
    strangers: list[NoteSignature] = []
    for note in notes:
        unknown = open_checkpoint(note, key).unknown
        lines = [(line.name, line.key_hash) for line in unknown]
        for line in unknown:
            if lines.count((line.name, line.key_hash)) > 1:
                raise Failed(f"检查点上有重复的签名行：{line.name}", f"a checkpoint carries a line by {line.name} twice")
        strangers += [line for line in unknown if (line.name, line.key_hash) not in known]
    if strangers:
        names = ", ".join(sorted({f"{line.name} ({line.key_hash:08x})" for line in strangers}))
        raise NotChecked(
            f"日志 {key.name} 的签名无误；但检查点上还有策略不认识的签名行，无法核验：{names}。可向机关索取列有此联署者的策略",
            f"the log {key.name} signed; but a checkpoint carries lines by keys the policy does not know, which nobody can verify with it:"
            f" {names}. Ask the bureau for a policy that lists them",
        )
    return key


def _cosigned(policy: LogPolicy, note: bytes) -> dict[VerifierKey, int]:
    """Return each cosigner of the policy who signed `note`, and when (seconds since 1970)."""
    opened = open_checkpoint(note, _log_key(policy, [note]), policy.cosigners)
    by_name = {key.name: key for key in policy.cosigners}
    return {by_name[cosignature.name]: cosignature.time for cosignature in opened.cosignatures}


def cosigners(case: Case) -> tuple[str, str]:
    """Step 6."""
    return check_cosigners(case.policy, (case.bundle.note_a, case.bundle.note_b))


def check_cosigners(given: Policy | None, notes: Sequence[bytes]) -> tuple[str, str]:
    """Return the sentences of a quorum that is met on the last of `notes`; every cosignature of all of them is good."""
    policy = _policy(given)
    *_, signed = [_cosigned(policy, note) for note in notes]
    if policy.quorum is None:
        raise NotChecked("策略不要求联署", "the policy asks for no cosigners")
    if not satisfied(policy, signed):
        raise Failed("联署未达到策略要求的数目", f"the cosignatures do not meet the quorum {policy.quorum}")
    names = "、".join(sorted(key.name for key in signed))
    return f"联署达到要求：{names}", f"the cosignatures meet the quorum: {names}"


def inclusion(case: Case) -> tuple[str, str]:
    """Step 7."""
    bundle = case.bundle
    a, b = bundle.checkpoint_a, bundle.checkpoint_b
    for entry in bundle.entries:
        verify_inclusion(leaf_hash(entry.leaf), entry.index, b.size, entry.proof, b.root)
    verify_consistency(a.size, a.root, b.size, b.root, bundle.consistency)
    return (
        f"{len(bundle.entries)} 份文书都在日志中，日志只增不改（{a.size} → {b.size} 条）",
        f"all {len(bundle.entries)} documents are in the log, which only grew ({a.size} to {b.size} entries)",
    )


def _seconds(time: str) -> int:
    """Return a time of the specification as seconds since 1970; its form has been checked when it was read."""
    date, clock = time[:10].split("-"), time[11:19].split(":")
    return timegm((int(date[0]), int(date[1]), int(date[2]), int(clock[0]), int(clock[1]), int(clock[2])))


def _place(document: Document) -> int:
    """Return the position of a kind in the life of a draw; what is replaced before an opening is a sealed event."""
    if isinstance(document, Plan):
        return 0
    if isinstance(document, Contribution):
        return 1
    if isinstance(document, DrawOutcome | SealedOutcome):
        return 2
    if isinstance(document, SealedEvent):
        return 3
    return 4 if isinstance(document, DrawOpening) else 5


def order_and_time(case: Case) -> tuple[str, str]:
    """Step 8: order is proven by the log; time only by cosignatures of others."""
    entries, plan, size_a = case.bundle.entries, case.plan, case.bundle.checkpoint_a.size
    _check_order([entry.document for entry in entries])
    for entry, leaf, before in zip(entries, case.leaves, [case.leaves[0], *case.leaves], strict=False):
        if leaf.at < before.at:
            raise Failed(
                "日志所称时间倒退",
                f"the time claimed of entry {entry.index} is before that of the entry above",
            )
        document = entry.document
        giver = contributor_of(plan, document) if isinstance(document, Contribution) else None
        _check_side(entry, size_a, giver)
        _check_claims(plan, document, giver)
    return _check_clock(case)


def _check_order(documents: list[Document]) -> None:
    place, sequence = 0, 0
    for document in documents:
        if isinstance(document, DrawVoid):
            continue  # may come at any time; step 9 says what it means
        here = _place(document)
        if here < place:
            raise Failed("文书次序不合规定", f"a {document.type} is logged after what it must precede")
        place = here
        if isinstance(document, Replacement | SealedEvent):
            number = document.event.sequence if isinstance(document, Replacement) else document.sequence
            if number < sequence:
                raise Failed("递补次序不合规定", f"event {number} is logged after event {sequence}")
            sequence = number


def _check_side(entry: Entry, size_a: int, giver: Giver | None) -> None:
    """Plan and witnesses stand before checkpoint A; the last numbers and the outcome do not."""
    document = entry.document
    if (isinstance(document, Plan) or isinstance(giver, Witness)) and entry.index >= size_a:
        raise Failed(
            "检查点 A 未包含计划及见证数字", f"entry {entry.index} ({document.type}) is not in checkpoint A"
        )
    if (
        isinstance(document, DrawOutcome | SealedOutcome) or isinstance(giver, LastNumber)
    ) and entry.index < size_a:
        raise Failed(
            "检查点 A 已包含开号之后的内容",
            f"entry {entry.index} ({document.type}) is in checkpoint A already",
        )


def _check_claims(plan: Plan, document: Document, giver: Giver | None) -> None:
    t, wrong = plan.instant, False
    if isinstance(document, Plan):
        wrong = document.frozen_at >= t
    elif isinstance(document, Contribution):
        late, witness = isinstance(giver, LastNumber), isinstance(giver, Witness)
        wrong = (late and document.given_at < t) or (witness and document.given_at > t)
    elif isinstance(document, DrawOutcome | SealedOutcome):
        wrong = document.drawn_at < t
    if wrong:
        raise Failed(
            f"{document.type} 所称时间与 T（{t}）矛盾",
            f"the time a {document.type} claims contradicts T, {t}",
        )


def _times_of(note: bytes, policy: LogPolicy) -> dict[VerifierKey, int]:
    """Return when each cosigner signed `note`; a bad cosignature counts for nothing here and fails step 6."""
    times = {}
    for key in policy.cosigners:
        with suppress(DisclosureError):
            times[key] = open_note(parse_note(note), (key,)).verified[0].time or 0
    return times


def cosigned_since(policy: LogPolicy, note: bytes) -> int | None:
    """Return the smallest time (seconds since 1970) by which good cosignatures of `note` meet the quorum; None if they do not,
    or if the policy asks for none."""
    if policy.quorum is not None:
        signed = _times_of(note, policy)
        for time in sorted(signed.values()):
            if satisfied(policy, [key for key, at in signed.items() if at <= time]):
                return time
    return None


def _check_clock(case: Case) -> tuple[str, str]:
    time = None if case.policy is None else cosigned_since(case.policy.log, case.bundle.note_a)
    if time is not None:
        if time > _seconds(case.plan.instant):
            raise Failed("联署证明名单在 T 之后才锁定", "the cosignatures show checkpoint A only after T")
        return "联署证明名单在开号之前已锁定", "cosigners saw the locked list before the numbers existed"
    zh, en = (
        "先后次序由日志证明；早于开号一事仅为机关自称（尚无外部联署）",
        ("the order is proven by the log; that it was before T is claimed by the bureau (no outside quorum)"),
    )
    forms = [
        entry.document.form
        for entry in case.bundle.of_kind(Contribution)
        if isinstance(entry.document, Contribution) and entry.document.label == "dice" and entry.document.form
    ]
    if forms:
        zh += f"。掷骰前签字的纸质表可作证，其扫描件摘要 {forms[0]}"
        en += f"; the paper form signed before the first throw can stand in, SHA-256 of its scan {forms[0]}"
    raise NotChecked(zh, en)
