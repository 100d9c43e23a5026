"""What is wrong with a field of a request, in Chinese: the validator says it in English, with regular expressions."""

import re
from collections.abc import Callable
from typing import Any, Final, get_args

from selection.forms import Date, Hex64, Id, Key, Label, Text, Time
from service.drafts import Word
from service.fault_words import clip

__all__ = ["clip_field", "in_chinese"]

_LONGEST: Final = 200  # characters; a value stands in the message only where it was one of a few words


def _pattern(form: Any) -> str:
    return str(get_args(form)[1].pattern)


_FORMS: Final = {
    _pattern(Text): "应为 1 至 4000 个字符的一行文字，不得有制表符、换行等控制字符",
    _pattern(Word): "应为不超过 200 个字符的一行文字，不得有制表符、换行等控制字符",
    _pattern(Id): "应为 1 至 64 个字母、数字和 . _ -（半角）",
    _pattern(Label): "应为 1 至 32 个小写字母、数字和 -（半角）",
    _pattern(Time): "应为世界时，写作 2026-11-24T02:00:00Z（北京时间减 8 小时）",
    _pattern(Date): "应为日期，写作 2026-03-01",
    _pattern(Hex64): "应为 64 位小写十六进制数字",
    _pattern(Key): "应为 44 个字符的 Ed25519 公钥（Base64）",
}
_KINDS: Final = {"str": "文字", "int": "整数", "float": "小数", "bool": "true 或 false", "array": "列表", "object": "对象", "null": "空值"}


def _kind(word: str) -> str:
    return " 或 ".join(_KINDS.get(part.strip(), part.strip()) for part in word.split("|"))


_WORDINGS: Final[tuple[tuple[re.Pattern[str], Callable[..., str]], ...]] = (
    (re.compile(r"Expected `int` <= (-?\d+)"), lambda most: f"应为不大于 {most} 的整数"),
    (re.compile(r"Expected `int` >= (-?\d+)"), lambda least: f"应为不小于 {least} 的整数"),
    (re.compile(r"Expected `array` of length >= (\d+)"), lambda least: f"至少要有 {least} 项"),
    (re.compile(r"Expected `array` of length <= (\d+)"), lambda most: f"至多 {most} 项"),
    (re.compile(r"Expected `array` of length (\d+)(?:, got \d+)?"), lambda exact: f"应恰有 {exact} 项"),
    (re.compile(r"Expected `(.{1,60})`, got `(.{1,60})`"), lambda asked, got: f"应为{_kind(asked)}，收到的是{_kind(got)}"),
    (re.compile(r"Invalid (?:enum )?value '(.*)'", re.DOTALL), lambda value: f"不认得“{clip(value)}”，请改为接口说明列出的值"),
    (re.compile(r"Object contains unknown field `(.*)`", re.DOTALL), lambda field: f"不认得字段“{clip(field)}”，请删去或改正"),
    (re.compile(r"Object missing required field `(.*)`", re.DOTALL), lambda field: f"缺少字段“{clip(field)}”，请补上"),
    (re.compile(r"Invalid RFC3339 encoded date"), lambda: "不是日期，应写作 2026-03-01"),
    (re.compile(r"Integer value out of range"), lambda: "整数太大"),
)  # fmt: skip


def in_chinese(message: str) -> str:
    """Return the validator's message about one field in Chinese, or cut as it is where no wording knows it."""
    if message.startswith("Expected `str` matching regex"):
        for pattern, words in _FORMS.items():
            if repr(pattern) in message or pattern in message:
                return words
    for wording, say in _WORDINGS:
        if match := wording.fullmatch(message):
            return say(*match.groups())
    return clip(message, _LONGEST)


def clip_field(text: str) -> str:
    """Return the name or message of a field, short enough to be shown."""
    return clip(text, _LONGEST)
