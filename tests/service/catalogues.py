"""Every word of the interface as templates and modules write it, and what the English catalogues hold for it."""

import re
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po

SERVICE = Path(__file__).resolve().parents[2] / "service"
LOCALE = SERVICE / "locale" / "en"
KEYWORDS = {"gettext": None, "_": None, "ngettext": (1, 2), "marked": None}
HAN = "\u2e80-\u303f\u3105-\u9fff\uf900-\ufaff\uff01-\uffef\U00020000-\U0003ffff"
CHINESE = re.compile(f"[{HAN}]")
WORDS = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")  # not punctuation, which pages set as their language does

Key = str | tuple[str, ...]


def written() -> dict[str, set[Path]]:
    """Return each message (the singular, where there is a plural) with the files that write it."""
    found: dict[str, set[Path]] = {}
    for method, pattern in (("python", "*.py"), ("jinja2", "*.html")):
        for path in sorted(SERVICE.rglob(pattern)):
            with path.open("rb") as file:
                for _, message, _, _ in extract(method, file, keywords=KEYWORDS, options={"newstyle_gettext": "true", "trimmed": "false", "silent": "false"}):
                    key = message if isinstance(message, str) else message[0]
                    if key:
                        found.setdefault(key, set()).add(path.relative_to(SERVICE))
    return found


def translated() -> dict[str, dict[str, Key]]:
    """Return each message with its English, by the catalogue that holds it."""
    found: dict[str, dict[str, Key]] = {}
    for path in sorted(LOCALE.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="en", abort_invalid=True):
                if message.id:
                    key = message.id if isinstance(message.id, str) else message.id[0]
                    found.setdefault(key, {})[path.name] = message.string
    return found
