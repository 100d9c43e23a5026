"""`python -m disclosure monitor SOURCE [--policy POLICY] [--now TIME] [--result-days N] [--json]`: what only the whole log can show.

Exit status as `audit`: 0 no finding · 1 findings (docs/spec/monitoring.md) · 2 a log cannot be read or is not authentic · 3 no
finding, but something could not be looked at · 64 wrong usage. Fit for a daily job: it keeps nothing and changes nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import get_args

from msgspec import Meta

from disclosure.command.asking import Parser, Unreadable, read_policy, say
from disclosure.command.source import Source, SourceError, open_source
from disclosure.errors import DisclosureError
from disclosure.monitoring import KINDS, NOT_LOOKED_AT, Finding, Read, Report, Unavailable, monitor
from disclosure.policy import Policy, parse_policy
from selection.canonical import format_canonical
from selection.forms import Time

__all__ = ["run"]

SHOWN = 5  # findings of one kind in one draw; --json gives all
STATES = {
    "done": ("已完成", "done"), "drawn": ("已抽取，结果待公开", "drawn, results to come"), "sealed": ("封存中", "sealed"),
    "running": ("进行中", "running"), "late": ("逾期", "late"), "void": ("已作废", "void"), "unknown": ("计划未公布", "plan not served"),
}  # fmt: skip
SUMMARY = {
    0: ("未发现问题。", "Nothing was found."),
    1: ("以上各项请向发布机关及其监督机关询问。日志只增不改，发生过的情形今后仍会列出。",
        "Ask the bureau, and whoever supervises it, about the findings above. A log only grows: what happened once is listed for ever."),
    3: ("未发现问题，但有内容未能查看，见上。", "Nothing was found, but something could not be looked at; see above."),
}  # fmt: skip
LAW = (
    "结果公开的法定期限是信息形成后 20 个工作日（《政府信息公开条例》第二十六条）；工作日依当年放假安排由人核对，此处按 {} 个自然日提示。",
    "The law gives 20 working days for a result; holidays are a person's to count, {} calendar days are used here.",
)


def run(arguments: Sequence[str]) -> int:
    """Monitor as `arguments` say, print what was found, return the exit status."""
    parser = Parser(prog="python -m disclosure monitor", description="Look for what only the whole log can show.")
    parser.add_argument("source", metavar="SOURCE", help="the publication: a folder, or an http(s) address")
    parser.add_argument("--policy", metavar="POLICY", help="your own policy; without it, the one that the bureau proposes")
    parser.add_argument("--now", metavar="TIME", type=_time, default=None, help="as of when, like 2026-11-24T02:00:00Z; else the clock")
    parser.add_argument("--result-days", metavar="N", type=_days, default=30, help="days after the last visit for a result (30)")
    parser.add_argument("--json", action="store_true", help="one line of JSON per finding, nothing else")
    options = parser.parse_args(list(arguments))
    now = options.now or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        own = None if options.policy is None else read_policy(options.policy)
        source = open_source(options.source)
        report = monitor(_reader(source), own or _proposed(source), now, options.result_days)
    except (SourceError, Unreadable) as error:
        say([f"无法读取，未作任何判断：{error.zh}", f"Cannot be read, nothing was looked at: {error}"])
        return 2
    except DisclosureError as error:
        say([f"日志无法认证，未作任何判断：{error}", f"Not authentic, nothing was concluded: {error}", "python -m disclosure audit"])
        return 2
    findings = [*report.findings, *([] if own is not None else [_unproven()])]
    status = 1 if any(f.code != NOT_LOOKED_AT for f in findings) else 3 if findings else 0
    say(_machine(findings) if options.json else _words(report, findings, now, options.result_days, status))
    return status


def _time(text: str) -> str:
    (form,) = (meta.pattern for meta in get_args(Time) if isinstance(meta, Meta))
    if re.match(form or "", text) is None:
        raise ValueError(text)
    return text


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise ValueError(text)
    return int(text)


def _reader(source: Source) -> Read:
    def read(path: str) -> bytes | None:
        try:
            return source.read(path)
        except SourceError as error:
            raise Unavailable(str(error)) from error

    return read


def _proposed(source: Source) -> Policy:
    data = source.read("policy")
    if data is None:
        raise SourceError("来源没有公布策略；请用 --policy 指定您自己的", f"{source.name} serves no policy; name your own with --policy")
    return parse_policy(data)


def _unproven() -> Finding:
    return Finding(
        NOT_LOOKED_AT, None, None, None, "policy", "密钥取自来源自己公布的策略；请核对指纹，保存为您自己的策略，用 --policy 指定",
        "the keys are those the source itself proposes; compare the fingerprints, keep the file and name it with --policy",
    )  # fmt: skip


def _machine(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield format_canonical(finding).decode()


def _words(report: Report, findings: Sequence[Finding], now: str, days: int, status: int) -> Iterator[str]:
    yield f"截至 as of {now}"
    for origin, size in report.logs:
        yield f"日志 log {origin}：{size} 条 entries"
    counts = Counter(state for *_, state in report.draws)
    there = [(STATES[state], counts[state]) for state in STATES if counts[state]]
    yield f"批次 {len(report.draws)} 个" + "：" * bool(there) + "，".join(f"{zh} {count}" for (zh, _), count in there) + "。"
    yield f"draws: {len(report.draws)}" + "; " * bool(there) + ", ".join(f"{count} {en}" for (_, en), count in there) + "."
    titles = {id: title for id, title, _ in report.draws}
    subjects = {finding.subject: place for place, finding in reversed(list(enumerate(findings)))}
    for subject, group in groupby(sorted(findings, key=lambda f: subjects[f.subject]), key=lambda f: f.subject):
        yield ""
        yield f"【{subject}】 {titles.get(subject, '')}".rstrip()
        yield from _group(list(group))
    yield ""
    if any(finding.code == "result-overdue" for finding in findings):
        yield from (sentence.format(days) for sentence in LAW)
    yield from SUMMARY[status]


def _group(findings: Sequence[Finding]) -> Iterator[str]:
    told = Counter[str]()
    for finding in findings:
        told[finding.code] += 1
        if told[finding.code] > SHOWN:
            continue
        number, zh, en = KINDS[finding.code]
        place = "" if finding.index is None else f"（{finding.log} 第 {finding.index} 号条目 entry {finding.index}）"
        yield f"  {number:>2}  {zh} {en}{place}"
        yield f"      {finding.zh}"
        yield f"      {finding.en}"
    for code, count in told.items():
        if count > SHOWN:
            yield f"  {KINDS[code][0]:>2}  另有 {count - SHOWN} 项同类 and {count - SHOWN} more of this kind; --json lists them all"
