"""What the commands share: reading what the auditor names, and saying what was found."""

import argparse
import stat
import sys
import unicodedata
from collections.abc import Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from disclosure.errors import DisclosureError
from disclosure.policy import MAX_POLICY, Policy, parse_policy

__all__ = ["MARKS", "USAGE", "Parser", "Unreadable", "plain", "read_file", "read_policy", "say"]

USAGE = 64
MARKS = {
    "pass": "通过 pass       ",
    "fail": "不符 FAIL       ",
    "absent": "缺   absent     ",
    "not-checked": "未查 not checked",
}


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


class Unreadable(Exception):
    """A file the auditor named cannot be read; `zh` and `en` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def read_policy(path: str) -> Policy:
    """Return the policy in the file at `path`; Unreadable if there is none."""
    try:
        return parse_policy(read_file(path, MAX_POLICY))
    except DisclosureError as error:
        raise Unreadable("策略文件无法读取", f"{path}: {error}") from error


def read_file(path: str, limit: int) -> bytes:
    """Return the file's bytes; Unreadable for a directory, a device, nothing there, or more than `limit` bytes."""
    try:
        # Looked at before it is opened: opening a pipe would wait for ever.
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("不是普通文件", f"{path} is not a regular file")
        with Path(path).open("rb") as file:
            if found.st_size > limit:
                raise Unreadable("文件超过上限", f"{path} has {found.st_size} bytes, over the limit of {limit}")
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unreadable("无法打开", f"cannot read {path}: {reason}") from error
    if len(data) > limit:
        raise Unreadable("文件超过上限", f"{path} is over the limit of {limit} bytes")
    return data


def plain(line: str) -> str:
    """Return `line` with every character that is not seen written as `\\uXXXX`, a line end too.

    Names, titles and what servers answer come from those who are checked: an escape sequence could clear the screen and a line end
    could write a verdict of their own; a change of direction makes one name look like another.
    """
    if line.isprintable():
        return line
    return "".join(_written(character) if unicodedata.category(character) in _UNSEEN else character for character in line)


_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def _written(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def say(lines: Iterable[str]) -> None:
    """Print lines on standard output, each as `plain` writes it; a terminal of another encoding still shows everything."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    for line in lines:
        print(plain(line))
