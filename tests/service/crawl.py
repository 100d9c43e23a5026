"""A reader who follows the links of pages, and what every page has to get right whoever wrote it."""

import re
from collections import Counter
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from catalogues import CHINESE

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
PARTS = re.compile(r"[0-9A-Fa-f-]{8,}|[0-9]+|[a-z]+-[0-9-]+|[0-9A-Z]{18}")


class Seen(HTMLParser):
    """One page: headings, titles, ids, links, inline script or style, and text in a language that its elements do not say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.ways: list[str] = []
        self.inline: list[str] = []
        self.title = ""
        self.html: dict[str, str | None] = {}
        self.foreign: list[str] = []  # Chinese in what calls itself another language
        self.first = ""
        self._languages: list[tuple[str, str]] = []
        self.feed(text)

    @property
    def _language(self) -> str:
        return next((language for _, language in reversed(self._languages) if language), "")

    def handle_starttag(self, tag, attrs) -> None:
        found = dict(attrs)
        if tag == "html":
            self.html = found
        if tag not in VOID:
            self._languages.append((tag, found.get("lang") or ""))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a" and found.get("href"):
            self.first = self.first or found["href"]
            if "hreflang" not in found and not found["href"].startswith("?"):  # these change how the same page is read
                self.links.append(found["href"])
        self.ways += [found[name] for name in ("href", "action") if found.get(name) and "hreflang" not in found]
        meaning = tag == "script" and "src" not in found
        if meaning or tag == "style" or "style" in found or any(name.startswith("on") for name in found):
            self.inline.append(f"{tag} {found}")

    def handle_endtag(self, tag) -> None:
        while self._languages and self._languages.pop()[0] != tag:
            pass

    def handle_data(self, data) -> None:
        if self._languages and self._languages[-1][0] == "title":
            self.title += data
        if CHINESE.search(data) and not self._language.startswith("zh"):
            self.foreign.append(data.strip()[:120])


def kind_of(path: str) -> str:
    """Return the path with every id and number alike."""
    return PARTS.sub("*", path)


async def crawl(client, starts: Iterable[str], of_each_kind: int = 3, most: int = 200, only: str = "") -> dict[str, Seen]:
    """Return the pages that can be reached by links, some of each kind."""
    waiting, pages, kinds = list(starts), {}, Counter()
    while waiting and len(pages) < most:
        address = waiting.pop(0)
        path = urlsplit(address).path
        if address in pages or not path.startswith(only or "/") or kinds[kind_of(path)] >= of_each_kind:
            continue
        answer = await client.get(address, headers={"Accept": "text/html"}, follow_redirects=True)
        assert answer.status_code < 500, (address, answer.text[:500])
        if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/html"):
            continue
        kinds[kind_of(path)] += 1
        address = answer.url.raw_path.decode()
        if address in pages:
            continue
        page = pages[address] = Seen(answer.text)
        found = [urldefrag(urljoin(str(answer.url), link))[0] for link in page.links]
        waiting += [urlsplit(link)._replace(scheme="", netloc="").geturl() for link in found if urlsplit(link).netloc == answer.url.host]
    return pages


def check_page(address: str, page: Seen) -> list[str]:
    """Return what is wrong: W10, and W36 but the uniqueness of titles."""
    wrong = []
    if page.headings.count(1) != 1:
        wrong.append(f"{address}: {page.headings.count(1)} h1")
    if any(after - before > 1 for before, after in zip(page.headings, page.headings[1:], strict=False)):
        wrong.append(f"{address}: a level is skipped, {page.headings}")
    if page.inline:
        wrong.append(f"{address}: inline {page.inline[:2]}")
    if page.first != "#main" or page.ids.count("main") != 1:
        wrong.append(f"{address}: no skip link to one #main")
    if twice := [id for id, times in Counter(page.ids).items() if times > 1]:
        wrong.append(f"{address}: ids {twice} twice")
    if not page.title.strip():
        wrong.append(f"{address}: no title")
    return wrong


def titles_said_twice(pages: dict[str, Seen]) -> list[str]:
    """Return titles that two pages share; what follows `?` shows the same page otherwise."""
    titles: dict[str, set[str]] = {}
    for address, page in pages.items():
        titles.setdefault(page.title, set()).add(urlsplit(address).path.rstrip("/"))
    return [f"{title}: {sorted(paths)}" for title, paths in titles.items() if len(paths) > 1]
