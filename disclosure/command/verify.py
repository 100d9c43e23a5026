"""`python -m disclosure verify BUNDLE [--policy POLICY] [--verdicts]`: check a draw, or one document, without network, account
or database. Which of the two the file holds, it says itself.

Exit status (docs/spec/bundle.md): 0 every step passed · 1 a step failed · 2 unreadable or over a limit · 3 nothing failed,
something was not checked · 64 wrong usage.
"""

from collections.abc import Sequence

from disclosure.bundle import MAX_BUNDLE
from disclosure.command.asking import MARKS, Parser, Unreadable, read_file, read_policy, say
from disclosure.command.timestamp import timestamp_verifier
from disclosure.document_bundle import is_document_bundle
from disclosure.verification import Report, verify_bundle
from disclosure.verification.document import unreadable_document, verify_document_bundle
from disclosure.verification.verify import unreadable

__all__ = ["run"]

_SUMMARY = {
    0: ("全部步骤通过。", "Every step passed."),
    1: ("有步骤不符：这份核验包不足为凭。请联系发布机关及其监督机关。",
        "A step failed: this bundle does not prove what it says. Ask the bureau and whoever supervises it."),
    2: ("文件无法读取，未作任何核验。", "The file could not be read; nothing was checked."),
    3: ("没有不符之处；标“未查”的步骤，仅凭此文件无法判断。",
        "Nothing is wrong; the steps marked not checked cannot be decided from this file alone."),
}  # fmt: skip


def run(arguments: Sequence[str]) -> int:
    """Verify as `arguments` say, print the report, return the exit status."""
    parser = Parser(prog="python -m disclosure verify", description="Verify a draw or a document offline.")
    parser.add_argument("bundle", metavar="BUNDLE", help="<draw id>.bundle.json or <sha256>.proof.json")
    parser.add_argument(
        "--policy", metavar="POLICY", help="your own policy: whose keys and which log you trust"
    )
    parser.add_argument("--verdicts", action="store_true", help="print only `<step> <verdict>` lines")
    options = parser.parse_args(list(arguments))
    data = b""
    try:
        data = read_file(options.bundle, MAX_BUNDLE)
        policy = None if options.policy is None else read_policy(options.policy)
        if is_document_bundle(data):
            report = verify_document_bundle(data, policy, timestamp_verifier())
        else:
            report = verify_bundle(data, policy)
    except Unreadable as error:
        report = (unreadable_document if is_document_bundle(data) else unreadable)(error.zh, error.en)
    say(_verdicts(report) if options.verdicts else _words(report))
    return report.exit_status


def _verdicts(report: Report) -> list[str]:
    return [f"{step.number} {step.verdict}" for step in report.steps]


def _words(report: Report) -> list[str]:
    lines = [f"核验 Verification of {report.id or '(unreadable)'}", ""]
    for step in report.steps:
        if report.exit_status == 2 and step.number > 1:
            break
        lines.append(f"{step.number:>2}  {MARKS[step.verdict.value]}  {step.name.zh} {step.name.en}")
        lines.append(f"      {step.sentence.zh}")
        if step.sentence.en not in step.sentence.zh:
            lines.append(f"      {step.sentence.en}")
    lines.append("")
    for name, keyid in report.fingerprints:
        lines += [f"签名机关 signed by: {name}", f"      {keyid}"]
    return [*lines, *_SUMMARY[report.exit_status]]
