"""Steps 9 to 13: one draw, contributions, public number, lists, rules."""

from collections import Counter
from collections.abc import Mapping

from msgspec import UNSET

from disclosure.beacon import check_round
from disclosure.blob import refer
from disclosure.document import (
    Contribution,
    DrawOpening,
    DrawOutcome,
    DrawVoid,
    Replacement,
    SealedEvent,
    SealedOutcome,
)
from disclosure.errors import BeaconError
from disclosure.verification.case import Case
from disclosure.verification.report import Failed, NotChecked
from selection.contribution import check_line, is_absent, label_of
from selection.keys import digest_of
from selection.plan import Drand, Giver, Plan, PublicNumber, Witness
from selection.plan_rules import list_faults, plan_faults
from selection.pool import parse_opened
from selection.quicknet import time_of
from selection.transcript import parse_transcript

__all__ = ["contributions", "lists", "one_draw", "public_number", "rules"]


def one_draw(case: Case) -> tuple[str, str]:
    """Step 9."""
    bundle, plan = case.bundle, case.plan
    if bundle.id != plan.id or any(entry.document.id != plan.id for entry in bundle.entries):
        raise Failed("文书编号与计划不一致", "a document, or the bundle, has another draw id than the plan")
    for entry in bundle.entries[1:]:
        assert not isinstance(entry.document, Plan)
        if getattr(entry.document, "plan", None) != case.s:
            raise Failed("有文书不属于本计划", f"document {entry.index} names another plan")
    if plan.rehearsal:
        raise Failed("这是一次演练，不是真实抽取", "this is a rehearsal, not a draw")
    if bundle.of_kind(DrawVoid):
        raise Failed("本次抽取已作废", "this draw was voided")
    outcomes = bundle.of_kind((DrawOutcome, SealedOutcome))
    if len(outcomes) != 1 or isinstance(outcomes[0].document, SealedOutcome) != (plan.sealed is not None):
        raise Failed(
            f"应恰有一份抽取结果，实有 {len(outcomes)} 份，或封存与否与计划不符",
            f"a plan has exactly one outcome of its kind; there are {len(outcomes)}",
        )
    openings = bundle.of_kind(DrawOpening)
    if len(openings) > (plan.sealed is not None) or any(o.index < outcomes[0].index for o in openings):
        raise Failed("启封文书过多，或早于封存", "there is an opening too many, or before the sealed outcome")
    if plan.sealed is None and bundle.of_kind(SealedEvent):
        raise Failed("未封存的批次不应有封存登记", "a draw that is not sealed has no sealed events")
    if plan.sealed is not None and not openings and bundle.of_kind(Replacement):
        raise Failed("启封之前不应公布递补", "a replacement is shown before the opening of a sealed draw")
    _check_events(case, outcomes[0].sha256)
    return (
        "锁定一次、抽取一次，无作废、无重抽",
        "locked once, drawn once; nothing voided, nothing drawn again",
    )


def _check_events(case: Case, outcome: str) -> None:
    logged, opened = [], []
    for entry in case.bundle.entries:
        document = entry.document
        if isinstance(document, Replacement | SealedEvent | DrawOpening) and document.outcome != outcome:
            raise Failed("有文书指向另一份抽取结果", f"document {entry.index} names another outcome")
        if isinstance(document, Replacement | SealedEvent):
            logged.append(document.event.sequence if isinstance(document, Replacement) else document.sequence)
        if isinstance(document, DrawOpening):
            opened = [event.sequence for event in document.events]
    for numbers in (sorted(logged), opened):
        if numbers != list(range(1, len(numbers) + 1)):
            raise Failed(
                "递补编号不连续", f"events are numbered {numbers}, not 1, 2, … without gaps or repeats"
            )


def contributions(case: Case) -> tuple[str, str]:
    """Step 10."""
    given = [entry.document for entry in case.bundle.of_kind(Contribution)]
    lines = {document.label: document.line for document in given if isinstance(document, Contribution)}
    asked = [c for c in case.plan.contributors if isinstance(c, Giver)]
    declared = {label_of(c): c for c in asked}
    counted = Counter(document.label for document in given if isinstance(document, Contribution))
    if counted != Counter(declared.keys()) or len(declared) != len(asked):
        raise Failed(
            "见证人、骰子、公共号码、公共信标应各有且仅有一份文书",
            f"contributions are by {sorted(counted.elements())}; the plan asks one each of {sorted(declared)}",
        )
    for label, contributor in declared.items():
        check_line(case.plan, contributor, lines[label])
    witnesses = [label for label, contributor in declared.items() if isinstance(contributor, Witness)]
    present = sum(not is_absent(lines[label]) for label in witnesses)
    if witnesses and present < 2:
        raise Failed(
            "到场见证人不足两名，按规定应作废", "fewer than two witnesses were present: void by rule"
        )
    return (
        f"除机关封存的随机数外，{len(declared)} 项数字来源齐全、格式合规",
        f"beside the bureau's nonce, {len(declared)} contributions are complete and lawful",
    )


def public_number(case: Case) -> tuple[str, str]:
    """Step 11: the beacon's number verifies itself; of others a person compares, no program can from a bundle alone."""
    lines = {e.document.label: e.document.line for e in case.bundle.of_kind(Contribution)
             if isinstance(e.document, Contribution)}  # fmt: skip
    verified = _beacon(case.plan, lines)
    named = [c for c in case.plan.contributors if isinstance(c, PublicNumber)]
    if not named:
        return verified or ("本次未使用公共号码", "this draw uses no public number")
    shown = "；".join(f"{c.source} {c.issue}，{case.plan.instant}：{lines[c.label].rsplit(':', 1)[1]}（{c.order}）"
                      for c in named)  # fmt: skip
    raise NotChecked(f"请与官方公布的号码比对：{shown}", f"compare with the official number: {shown}")


def _beacon(plan: Plan, lines: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the words for a beacon that verified, None if the plan names none; Failed if it did not."""
    for contributor in plan.contributors:
        if isinstance(contributor, Drand):
            try:
                check_round(contributor.round, bytes.fromhex(lines[label_of(contributor)].rpartition(":")[2]))
            except BeaconError as error:
                raise Failed(
                    f"公共信标的签名不是第 {contributor.round} 轮的", f"the beacon's line for round {contributor.round}: {error}"
                ) from error
            when = time_of(contributor.round)
            return (
                f"公共信标 drand quicknet（链 {contributor.chain}）第 {contributor.round} 轮（{when}）的签名核验无误，无人可以选定",
                f"the signature of drand quicknet (chain {contributor.chain}), round {contributor.round} ({when}), verifies: nobody could choose it",
            )
    return None


def lists(case: Case) -> tuple[str, str]:
    """Step 12."""
    plan, bundle = case.plan, case.bundle
    blobs = plan.blobs
    named = {
        "pool": blobs.pool, "excluded": blobs.excluded, "mandatory": blobs.mandatory, "people": blobs.people,
        "apart": blobs.apart, "conflicts": blobs.conflicts,
    }  # fmt: skip
    references = list(named.items())
    results = []
    for entry in bundle.of_kind((DrawOutcome, DrawOpening)):
        assert isinstance(entry.document, DrawOutcome | DrawOpening)
        references.append(("opened", entry.document.opened))
        results.append(entry.document.result)
    named_alone = {result.sha256 for result in results}
    if plan.teams_of is not UNSET:
        named_alone.add(plan.teams_of.result)
    if set(bundle.blobs) != {reference.sha256 for _, reference in references} | named_alone:
        raise Failed(
            "附带的名单与文书所列不一致", "the blobs of the bundle are not exactly those its documents name"
        )
    for sha256, data in bundle.blobs.items():
        if digest_of(data) != sha256:
            raise Failed(f"名单内容与指纹 {sha256[:16]}… 不符", f"a blob does not have the digest {sha256}")
    for name, reference in references:
        data = bundle.blobs[reference.sha256]
        if refer(data) != reference:
            raise Failed(
                f"名单 {name} 的行数、大小或树根不符", f"count, size or root of {name} is not as stated"
            )
        if name == "opened":
            parse_opened(data)
    for result in results:
        data = bundle.blobs[result.sha256]
        if len(data) != result.size:
            raise Failed("结果文件大小不符", "the size of the result is not as stated")
        parse_transcript(data)
    _ = case.former  # raises unless it has the form of a result
    read = case.lists
    commitments = dict.fromkeys(read.commitments, frozenset[str]())
    pools = type(read.pools)(
        read.pools.targets, read.pools.mandatory, read.pools.people, read.pools.apart, commitments
    )
    faults = list_faults(plan, pools, read.excluded, read.mandatory)
    if faults:
        raise Failed(
            f"名单不合规定：{faults[0]}", f"{len(faults)} faults in the lists, the first: {faults[0]}"
        )
    return (
        f"名单与锁定时的指纹一致：对象 {blobs.pool.count}，人员 {blobs.people.count}",
        f"the lists are those of the freeze: {blobs.pool.count} targets, {blobs.people.count} people",
    )


def rules(case: Case) -> tuple[str, str]:
    """Step 13."""
    faults = plan_faults(case.plan, case.lists.pools, case.lists.excluded, case.former)
    if faults:
        raise Failed(f"计划不合规定：{faults[0]}", f"{len(faults)} rules broken, the first: {faults[0]}")
    stated = len(case.plan.exceptions)
    return (
        f"各层总数、数量和比例按所列规则计算无误，例外说明 {stated} 条",
        f"populations and quotas follow their stated rules; {stated} exceptions are stated with reasons",
    )
