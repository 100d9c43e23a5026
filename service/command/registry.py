"""`import KIND FILE`: the same check and confirmation as in the browser, in words at the keyboard."""

import asyncio
import sys
from pathlib import Path

from service.command.serve import running_office
from service.config import Config
from service.errors import Invalid
from service.registry.importing import ImportView, check_import, confirm_import

__all__ = ["import_file"]

SHOWN = 20
WORDS = {
    "rows": "数据行 rows", "new": "新增 new", "changed": "变更 changed", "unchanged": "未变 unchanged", "refused": "不予导入 refused",
    "merged": "重复合并 merged", "blank": "空行 blank", "warned": "有提醒 warned",
}  # fmt: skip


async def import_file(config: Config, kind: str, path: Path, yes: bool) -> int:
    """Check the file, say what importing it would do, and do it if `yes` or if the person says so; 1 if not imported."""
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise Invalid(f"无法读取 {path}", f"cannot read {path}: {error.strerror}") from error
    async with running_office(config) as office:
        view = await check_import(office, None, kind, path.name, content)
        print("\n".join(describe(view)))
        if not view.report.usable:
            return 1
        if not yes and not _agreed():
            print("未导入，名录没有变化 nothing was imported")
            return 1
        await confirm_import(office, None, view.id)
    print("已导入 imported")
    return 0


def describe(view: ImportView) -> list[str]:
    """Return the report as lines."""
    lines = [f"{view.filename}  SHA-256 {view.sha256}"]
    lines += [f"  {word}: {view.counts[name]}" for name, word in WORDS.items()]
    report = view.report
    if report.absent_total:
        lines.append(f"  名录中有而文件中没有（保留不动）absent, kept as they are: {report.absent_total}")
    for finding in report.findings[:SHOWN]:
        mark = "✗" if finding.severity == "error" else "!"
        lines.append(
            f"  {mark} 第{finding.row}行 {finding.column} {finding.value}：{finding.message_zh}{finding.mend_zh}"
        )
        lines.append(f"      {finding.message_en} {finding.mend_en}")
    if report.findings_total > SHOWN:
        lines.append(f"  …… 另有 {report.findings_total - SHOWN} 条 more")
    return lines


def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("请加 --yes 以确认导入 add --yes to confirm", file=sys.stderr)
        return False
    return input("导入以上内容？输入 yes 确认 import this? type yes: ").strip().lower() == "yes"
