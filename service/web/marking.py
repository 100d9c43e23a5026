"""Pages in another language than Chinese: what stays Chinese in them is marked, and their links lead to pages like them.

Names, laws and what people typed are data: they are shown as they are, inside `lang="zh-CN"`, so that a screen reader changes its
voice. What a template prints is not yet known to stand in a text or in an attribute; so it is marked with two characters of
Unicode's private use first, and these become elements, or nothing, when the page is whole. Words of our own are not marked: if one
has no translation, a crawl finds bare Chinese. Full-width punctuation between them is typesetting, and is set as the language sets it.
"""

import re
from collections.abc import Callable

__all__ = ["finish", "mark"]

_OPEN, _CLOSE = "\ue000", "\ue001"
_HAN = "\u2e80-\u303f\u3105-\u9fff\uf900-\ufaff\uff01-\uffef\U00020000-\U0003ffff"
_WORDS = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PUNCTUATION = str.maketrans({"（": " (", "）": ")", "：": ": ", "；": "; ", "，": ", ", "、": ", ", "。": ". ", "！": "! ", "？": "? ", "\u3000": " "})
_RUN = re.compile(f"[{_HAN}](?:[^A-Za-z\n]*[{_HAN}])?")
_MARKED = re.compile(f"{_OPEN}[^{_CLOSE}]*{_CLOSE}|[^{_OPEN}]+")
_PART = re.compile(r"<[^>]*>|[^<]+")
_WHOLE = re.compile(r"(<(?:title|option|textarea)\b[^>]*)(>[^<]*)")  # elements that hold text alone
_ADDRESS = re.compile(r' (href|action)="(/[^"]*)"')


def mark(value: str) -> str:
    """Return `value` with its Chinese marked."""
    bare = value.replace(_OPEN, "").replace(_CLOSE, "")
    return _RUN.sub(lambda run: f"{_OPEN}{run[0]}{_CLOSE}" if _WORDS.search(run[0]) else run[0], bare)


def finish(page: str, address: Callable[[str], str]) -> str:
    """Return the page with marks as elements, and every link to an own page as `address` gives it."""
    page = _WHOLE.sub(_language_of_whole, page)
    return _PART.sub(lambda part: _finish_part(part[0], address), page)


def _language_of_whole(match: re.Match[str]) -> str:
    if _OPEN not in match[2]:
        return match[0]
    return f'{match[1]} lang="zh-CN"' + match[2].replace(_OPEN, "").replace(_CLOSE, "")


def _finish_text(match: re.Match[str]) -> str:
    text = match[0]
    if text.startswith(_OPEN):
        return f'<span lang="zh-CN">{text[1:-1]}</span>'
    return text.translate(_PUNCTUATION)


def _finish_part(part: str, address: Callable[[str], str]) -> str:
    if not part.startswith("<"):
        return _MARKED.sub(_finish_text, part)
    if _OPEN in part:
        part = part.replace(_OPEN, "").replace(_CLOSE, "")
    if " hreflang=" in part:  # says itself which language it leads to
        return part
    return _ADDRESS.sub(lambda link: f' {link[1]}="{address(link[2])}"', part)
