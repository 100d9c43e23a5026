"""`python -m disclosure verify BUNDLE [--policy POLICY] [--verdicts]`: check a draw, or one document, without network, account
or database. Which of the two the file holds, it says itself.

Exit status (docs/spec/bundle.md): 0 every step passed · 1 a step failed · 2 unreadable or over a limit · 3 nothing failed,
something was not checked · 64 wrong usage.
"""

import argparse
import stat
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from disclosure.bundle import MAX_BUNDLE
from disclosure.command.asking import plain
from disclosure.command.timestamp import timestamp_verifier
from disclosure.document_bundle import is_document_bundle
from disclosure.errors import DisclosureError
from disclosure.policy import MAX_POLICY, Policy, parse_policy
from disclosure.verification import Report, Verdict, verify_bundle
from disclosure.verification.document import unreadable_document, verify_document_bundle
from disclosure.verification.verify import unreadable

__all__ = ["run"]

USAGE = 64
_MARKS = {
    Verdict.PASS: "通过 pass       ",
    Verdict.FAIL: "不符 FAIL       ",
    Verdict.NOT_CHECKED: "未查 not checked",
}
_SUMMARY = {
    0: ("全部步骤通过。", "Every step passed."),
    1: ("有步骤不符：这份核验包不足为凭。请联系发布机关及其监督机关。",
        "A step failed: this bundle does not prove what it says. Ask the bureau and whoever supervises it."),
    2: ("文件无法读取，未作任何核验。", "The file could not be read; nothing was checked."),
    3: ("没有不符之处；标“未查”的步骤，仅凭此文件无法判断。",
        "Nothing is wrong; the steps marked not checked cannot be decided from this file alone."),
}  # fmt: skip


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


class _Unreadable(Exception):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def run(arguments: Sequence[str]) -> int:
    """Verify as `arguments` say, print the report, return the exit status."""
    parser = _Parser(prog="python -m disclosure verify", description="Verify a draw or a document offline.")
    parser.add_argument("bundle", metavar="BUNDLE", help="<draw id>.bundle.json or <sha256>.proof.json")
    parser.add_argument(
        "--policy", metavar="POLICY", help="your own policy: whose keys and which log you trust"
    )
    parser.add_argument("--verdicts", action="store_true", help="print only `<step> <verdict>` lines")
    options = parser.parse_args(list(arguments))
    data = b""
    try:
        data = _read(options.bundle, MAX_BUNDLE)
        policy = None if options.policy is None else _read_policy(options.policy)
        if is_document_bundle(data):
            report = verify_document_bundle(data, policy, timestamp_verifier())
        else:
            report = verify_bundle(data, policy)
    except _Unreadable as error:
        report = (unreadable_document if is_document_bundle(data) else unreadable)(error.zh, error.en)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(
            errors="backslashreplace"
        )  # a terminal of another encoding still shows every verdict
    print("\n".join(map(plain, _verdicts(report) if options.verdicts else _words(report))))
    return report.exit_status


def _read_policy(path: str) -> Policy:
    try:
        return parse_policy(_read(path, MAX_POLICY))
    except DisclosureError as error:
        raise _Unreadable("策略文件无法读取", f"{path}: {error}") from error


def _read(path: str, limit: int) -> bytes:
    """Return the file's bytes; _Unreadable for a directory, a device, nothing there, or more than `limit` bytes."""
    try:
        # Looked at before it is opened: opening a pipe would wait for ever.
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):
            raise _Unreadable("不是普通文件", f"{path} is not a regular file")
        with Path(path).open("rb") as file:
            if found.st_size > limit:
                raise _Unreadable(
                    "文件超过上限", f"{path} has {found.st_size} bytes, over the limit of {limit}"
                )
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _Unreadable("无法打开", f"cannot read {path}: {reason}") from error
    if len(data) > limit:
        raise _Unreadable("文件超过上限", f"{path} is over the limit of {limit} bytes")
    return data


def _verdicts(report: Report) -> list[str]:
    return [f"{step.number} {step.verdict}" for step in report.steps]


def _words(report: Report) -> list[str]:
    lines = [f"核验 Verification of {report.id or '(unreadable)'}", ""]
    for step in report.steps:
        if report.exit_status == 2 and step.number > 1:
            break
        lines.append(f"{step.number:>2}  {_MARKS[step.verdict]}  {step.name.zh} {step.name.en}")
        lines.append(f"      {step.sentence.zh}")
        if step.sentence.en not in step.sentence.zh:
            lines.append(f"      {step.sentence.en}")
    lines.append("")
    for name, keyid in report.fingerprints:
        lines += [f"签名机关 signed by: {name}", f"      {keyid}"]
    return [*lines, *_SUMMARY[report.exit_status]]
