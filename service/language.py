"""In which language the page being written speaks: Chinese, in which all words are written, or what a catalogue says instead.

The key of every word is its Chinese (ADR 24). `service/locale/<language>/*.po` hold the others, one file per part of the
interface; a word that a catalogue lacks stays Chinese, and a test says which. The language is set once per request.
"""

import gettext as catalogues
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

__all__ = ["LANGUAGES", "SOURCE", "Table", "current_language", "gettext", "marked", "ngettext", "speaking", "use_language"]

SOURCE: Final = "zh"
LANGUAGES: Final = {"zh": "中文", "en": "English"}
_LOCALE = Path(__file__).resolve().parent / "locale"
_current: ContextVar[str] = ContextVar("language", default=SOURCE)


def current_language() -> str:
    """Return the language of what is being written now, a key of `LANGUAGES`."""
    return _current.get()


def use_language(language: str) -> None:
    """Speak `language` for the rest of this request; one we do not have is Chinese."""
    _current.set(language if language in LANGUAGES else SOURCE)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak `language` inside the block: for whoever writes pages of several languages, one after another."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    # Not before a page asks for it: commands that write no page need neither the library nor the files.
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    whole = Catalog(locale=language)
    for path in sorted((_LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    whole.add(message.id, message.string)
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return catalogues.GNUTranslations(compiled)


def gettext(text: str) -> str:
    """Return `text`, written in Chinese, in the language being spoken."""
    language = _current.get()
    return text if language == SOURCE else _catalogue(language).gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form for `number` things; in Chinese both are written alike."""
    language = _current.get()
    return many if language == SOURCE else _catalogue(language).ngettext(one, many, number)


class Table(Mapping[str, str]):
    """Words by code: written in Chinese with `marked`, read in the language being spoken."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = dict(words)

    def __getitem__(self, code: str) -> str:
        return gettext(self._words[code])

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


def marked(text: str) -> str:
    """Return `text` as it is: it is only marked for the catalogues, and translated where it is shown."""
    return text
