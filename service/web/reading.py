"""How the person who asked wants to read: the language of the address, the large view, the high contrast. Once per request.

Asked for in the address (`?view=elder`, `?contrast=high`), kept in a cookie, written into the page by the server: no script. Public
pages have an English twin below `/en/`; pages of staff and witnesses have one address, and the cookie `language`.
"""

import re
from contextvars import ContextVar
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl, urlencode

from litestar.types import HTTPScope
from msgspec import Struct

from service.language import SOURCE, use_language

__all__ = ["CHOICES", "TWINS", "Reading", "begin_reading", "cookie_of", "current_reading", "has_twin"]

TWINS: Final = "en"
"""The language, and the first part of the addresses, of the twins of public pages."""
CHOICES: Final = {"view": "elder", "contrast": "high"}
"""What may be chosen, and the value that is not the default."""
LASTS: Final = 365 * 24 * 3600  # seconds
# Pages, not files: documents, lists, tiles, bundles, tables and programs know no language.
_PAGE = re.compile(r"/|/(?:draws|results|plans|verify|keys)(?:/[^/?#]+)*/?(?<!\.json)(?<!\.csv)(?<!\.py)|/log/[^/?#]+/?(?:page/\d+/?)?")
_BY_COOKIE = ("/staff/", "/w/")  # pages without a twin: for one person, never kept by others


class Reading(Struct, frozen=True):
    """What holds for the page being written. `path` is without the prefix; `asked` is what the address asked for just now."""

    path: str = "/"
    prefix: str = ""
    query: str = ""
    view: str = ""
    contrast: str = ""
    asked: frozenset[str] = frozenset()

    @property
    def has_twin(self) -> bool:
        """Whether this address leads to a page in both languages."""
        return has_twin(self.path)

    @property
    def by_cookie(self) -> bool:
        """Whether the language of this page is chosen by cookie."""
        return self.path.startswith(_BY_COOKIE)

    def switch(self, name: str) -> str:
        """Return the query that turns `name` on, or off again, and leaves what else was asked as it is."""
        rest = [(key, value) for key, value in parse_qsl(self.query) if key != name]
        return "?" + urlencode([*rest, (name, "normal" if getattr(self, name) else CHOICES[name])])

    def address(self, path: str) -> str:
        """Return where `path`, an address of ours, leads from this page: to its twin, if this is one."""
        return self.prefix + path if self.prefix and has_twin(re.split("[?#]", path)[0]) else path


_PLAIN = Reading()
_current: ContextVar[Reading] = ContextVar("reading", default=_PLAIN)


def has_twin(path: str) -> bool:
    """Return whether `path` is a page that can be read below `/en/` too."""
    return _PAGE.fullmatch(path) is not None


def current_reading() -> Reading:
    """Return how the page being written is to be read."""
    return _current.get()


def begin_reading(scope: HTTPScope) -> HTTPScope:
    """Take language and reading aids from the request; return it as the router is to see it, without the language's prefix."""
    path, query = scope["path"], scope["query_string"].decode("latin-1")
    cookies = _cookies(scope)
    prefix = ""
    if path == f"/{TWINS}" or path.startswith(f"/{TWINS}/"):
        # What has no twin keeps its prefix, and is not found: in English.
        bare = path[len(TWINS) + 1 :] or "/"
        prefix, path = f"/{TWINS}", bare if has_twin(bare) else path
        use_language(TWINS)
    else:
        use_language(cookies.get("language", SOURCE) if path.startswith(_BY_COOKIE) else SOURCE)
    asked = {name: value for name, value in parse_qsl(query) if name in CHOICES}
    chosen = {name: value for name, value in CHOICES.items() if (asked.get(name) or cookies.get(name)) == value}
    get = scope["method"] in ("GET", "HEAD")
    # After a form the address may answer nobody who only wants to read: the links of the aids then keep to what was asked alone.
    _current.set(Reading(path, prefix, query if get else "", chosen.get("view", ""), chosen.get("contrast", ""), frozenset(asked)))
    if path == scope["path"]:
        return scope
    return {**scope, "path": path, "raw_path": path.encode()}


def cookie_of(name: str, value: str, https: bool) -> str:
    """Return the header that keeps a choice for a year; it says how to read, and nothing about who reads."""
    return f"{name}={value}; Path=/; Max-Age={LASTS}; SameSite=Lax; HttpOnly" + ("; Secure" if https else "")


def _cookies(scope: HTTPScope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                found |= {key: morsel.value for key, morsel in SimpleCookie(value.decode("latin-1")).items()}
            except CookieError:
                continue
    return found
