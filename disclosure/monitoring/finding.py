"""A finding: one fault of the log, at the entry that shows it (docs/spec/monitoring.md, the numbered table)."""

from typing import Any

from msgspec import Struct

__all__ = ["KINDS", "NOT_LOOKED_AT", "Finding", "sort_key"]

NOT_LOOKED_AT = "not-looked-at"
# Code → number in the specification, and its name for people.
KINDS: dict[str, tuple[int, str, str]] = {
    NOT_LOOKED_AT: (0, "未能查看", "could not be looked at"),
    "number-missing": (1, "编号缺失", "a number is missing"),
    "number-doubled": (2, "编号重复", "a number is used twice"),
    "attempt-unvoided": (3, "前次未作废", "a new attempt while the former stands"),
    "chain-broken": (4, "前后不接", "the chain of plans is broken"),
    "two-unfinished": (5, "同一任务两批未完", "two unfinished draws of one task"),
    "rehearsal-logged": (6, "演练进入日志", "a rehearsal in the log"),
    "former-wrong": (7, "补抽人员的依据不符", "the draw it gives teams to is not as stated"),
    "unfinished-late": (8, "逾期未完成", "not finished in time"),
    "outcome-doubled": (9, "结果不止一份", "more than one outcome"),
    "document-doubled": (10, "文书重复", "a document twice"),
    "outcome-and-void": (11, "既有结果又作废", "both drawn and voided"),
    "void-after-instant": (12, "开号后作废", "voided after the numbers"),
    "out-of-order": (13, "次序颠倒", "out of order"),
    "plan-unknown": (14, "计划不在日志中", "of a plan that is not in the log"),
    "other-shard": (15, "不在计划所在的日志", "in another log than its plan"),
    "sealed-late": (16, "逾期未启封", "not opened in time"),
    "two-revisions": (17, "同一版次两份", "two revisions with one number"),
    "revision-unlinked": (18, "版次不相衔接", "a revision that does not follow the one before"),
    "revision-gap": (19, "版次缺失", "a revision is missing"),
    "result-overdue": (20, "结果逾期未公开", "a result is overdue"),
    "redaction-of-nothing": (21, "隐去了不存在的内容", "a redaction of what is not there"),
    "redacted-still-served": (22, "已隐去的内容仍在公开", "redacted, but still served"),
    "key-list-broken": (23, "密钥表变更不合规定", "the key list breaks its rules"),
    "key-not-listed": (24, "密钥不在密钥表中", "a key that is not listed"),
    "key-not-valid": (25, "密钥不在有效期内", "a key outside its validity"),
    "key-after-revocation": (26, "使用已吊销的密钥", "a key used after its revocation"),
    "policy-not-logged": (27, "公布的策略未登记", "the policy served is not the logged one"),
    "time-backwards": (28, "时间倒退", "time runs backwards"),
    "time-claimed": (29, "所称时间不可能", "a claimed time that cannot be"),
    "leaf-unreadable": (30, "日志条目无法读取", "an entry that cannot be read"),
    "leaf-mismatch": (31, "条目与文书不符", "entry and document differ"),
    "document-absent": (32, "文书不再公布", "the document is not served"),
    "shard-unlinked": (33, "日志之间没有链接", "a log without a link to another"),
    "shard-mismatch": (34, "日志链接不符", "a link between logs is not true"),
    "plan-after-succession": (35, "旧日志中另起计划", "a plan begun in a log that was succeeded"),
    "checkpoint-stale": (36, "联署陈旧", "no fresh cosignatures"),
}  # fmt: skip


class Finding(Struct, frozen=True):
    """`code` of KINDS; `log` and `index` of the entry that shows it, None where no single one does; `sha256` of its document;
    `subject`: the draw id, else the bureau or the log; what was found and what was expected, in two languages."""

    code: str
    log: str | None
    index: int | None
    sha256: str | None
    subject: str
    zh: str
    en: str


def sort_key(finding: Finding) -> tuple[Any, ...]:
    """Order by place in the log, what has no place last, then by number."""
    index = finding.index
    return (index is None, finding.log or "", index or 0, KINDS[finding.code][0], finding.subject, finding.en)
