"""Steps 14 to 18: the draw key, targets, items, conflicts, teams, each recomputed and compared."""

from disclosure.document import Contribution
from disclosure.verification.case import Case
from disclosure.verification.report import Failed
from selection.contribution import check_contributions, label_of
from selection.keys import draw_key, stage_key
from selection.plan import Giver

__all__ = ["conflicts", "items", "key", "targets", "teams"]


def key(case: Case) -> tuple[str, str]:
    """Step 14."""
    shown, plan = case.bundle.shown, case.plan
    assert shown is not None
    check_contributions(plan, shown.contributions)
    given = {e.document.label: e.document.line for e in case.bundle.of_kind(Contribution)
             if isinstance(e.document, Contribution)}  # fmt: skip
    for contributor, line in zip(plan.contributors, shown.contributions, strict=True):
        if isinstance(contributor, Giver) and given[label_of(contributor)] != line:
            raise Failed(
                "结果所用数字与当时记录的不同", f"{line[:60]!r} is not what {label_of(contributor)} gave"
            )
    computed = draw_key(case.s, shown.contributions)
    claimed = case.claimed
    if shown.draw_key != computed or claimed.draw_key != computed:
        raise Failed("抽取密钥与数字不符", "the draw key does not follow from plan and contributions")
    if claimed.plan != case.s or claimed.stage_key != stage_key(computed, "targets"):
        raise Failed("结果指向另一份计划或另一密钥", "the result names another plan or stage key")
    return (
        f"抽取密钥由计划与全部数字算出：{computed}",
        f"the draw key follows from plan and numbers: {computed}",
    )


def targets(case: Case) -> tuple[str, str]:
    """Step 15."""
    claimed, computed = case.claimed, case.recomputed
    for ours, theirs in zip(computed.strata, claimed.strata, strict=False):
        if ours != theirs:
            raise Failed(
                f"分层 {ours.id} 的抽取结果与重算不符", f"the order or cut of stratum {ours.id} is another"
            )
    if len(computed.strata) != len(claimed.strata) or [
        (t.id, t.ticket, t.rank, t.stratum, t.sections) for t in computed.targets
    ] != [(t.id, t.ticket, t.rank, t.stratum, t.sections) for t in claimed.targets]:
        raise Failed("抽中对象与重算不符", "the drawn targets are not the recomputed ones")
    return (
        f"{len(case.lists.pools.targets)} 个对象的号签全部重算，抽中 {len(computed.targets)} 个与公布一致",
        f"all {len(case.lists.pools.targets)} tickets recomputed; the {len(computed.targets)} drawn targets agree",
    )


def items(case: Case) -> tuple[str, str]:
    """Step 16."""
    for ours, theirs in zip(case.recomputed.targets, case.claimed.targets, strict=True):
        if ours.items != theirs.items:
            raise Failed(
                f"{ours.id} 的检查事项与重算不符", f"the items of {ours.id} are not the recomputed ones"
            )
    return "检查事项与重算一致", "the items of every target agree"


def conflicts(case: Case) -> tuple[str, str]:
    """Step 17."""
    read, drawn = case.lists, {target.id for target in case.claimed.targets}
    wanted = drawn & set(read.commitments)
    opened = {row.target for row in read.opened}
    if opened != wanted:
        one = min(opened ^ wanted)
        raise Failed(
            f"回避名单漏开或多开：{one}",
            f"the conflicts of {one} are opened and should not be, or the reverse",
        )
    people = {person.id for person in read.pools.people}
    for row in read.opened:
        if row.commitment != read.commitments[row.target] or not people.issuperset(row.people):
            raise Failed(
                f"{row.target} 的回避名单与锁定时不符",
                f"the conflicts of {row.target} are not those committed",
            )
    return (
        f"{len(opened)} 个抽中对象的回避名单与锁定时的承诺一致",
        f"the conflicts of {len(opened)} drawn targets open what was committed at the freeze",
    )


def teams(case: Case) -> tuple[str, str]:
    """Step 18."""
    ours, theirs = case.recomputed, case.claimed
    if (ours.inspectors, ours.experts) != (theirs.inspectors, theirs.experts):
        raise Failed("派组结论与重算不符", "the outcome of the team stages is not the recomputed one")
    for mine, claim in zip(ours.targets, theirs.targets, strict=True):
        if (mine.inspectors, mine.experts) != (claim.inspectors, claim.experts):
            raise Failed(f"{mine.id} 的检查组与重算不符", f"the team of {mine.id} is not the recomputed one")
    return "全部检查组与重算一致", "every team agrees"
