"""A publication to read (protocol: one tree is both the static folder and the URL scheme): a folder, or an http(s) address.

    source = open_source("https://disclose.example.cn")      or open_source("data/public")
    source.read("log/2026/checkpoint")                       its bytes, or None: there is no such file

Nothing read here is believed; whoever asks authenticates it. What cannot be told (the network fails again and again, a file
may not be opened, a file over its limit) is SourceError, never "there is no such file".
"""

import http.client
import os
import re
import socket
import stat
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

__all__ = ["FolderSource", "Refused", "Source", "SourceError", "UrlSource", "fetch", "open_source"]

MAX_FILE = 16 << 20  # bytes: 256 entries of 65,535
LARGE = 512 << 20  # lists of all firms of a province, and the bundles that hold them
SECONDS = 20.0  # without a byte
WHOLE = 600.0  # for one file
PAUSES = (0.5, 2.0)  # before the second and the third attempt
_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)


class SourceError(Exception):
    """A file could not be read, or told to be absent; `zh` and `en` say which and why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class Refused(SourceError):
    """A file that is there, or is asked for by what others wrote, and that nobody may read: another run would not either."""


class Source(Protocol):
    """What both kinds offer."""

    name: str

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, None if there is none; SourceError if neither can be told, or it is over its limit."""

    def paths(self, below: str) -> Iterator[str] | None:
        """Yield every file below a folder of the source, in order; None where that cannot be asked (over HTTP)."""


def open_source(text: str) -> Source:
    """Return the source at a folder or an http(s) address; SourceError if it is neither."""
    scheme = text.partition(":")[0].lower() if "://" in text else ""
    if scheme in ("http", "https"):
        return UrlSource(text)
    if scheme:
        raise SourceError("只能读取文件夹或 http(s) 网址", f"{text}: a source is a folder or an http(s) address")
    if not Path(text).is_dir():
        raise SourceError("没有这个文件夹", f"{text} is not a folder")
    return FolderSource(Path(text))


class FolderSource:
    """A folder: the regular files below it. Links are not followed: they could lead anywhere."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._root = folder.resolve()
        self._inside: dict[str, bool] = {}

    def read(self, path: str) -> bytes | None:
        limit = _limit(path)
        place = f"{self._root}/{path}"
        try:
            found = os.lstat(place)  # looked at before it is opened: opening a pipe would wait for ever
            if stat.S_ISLNK(found.st_mode) or not self._is_inside(path.rpartition("/")[0]):
                raise Refused(f"{path} 是链接，已拒绝", f"{path} is, or lies behind, a link: not followed")
            if not stat.S_ISREG(found.st_mode):
                return None
            if found.st_size > limit:
                raise _too_long(path, limit)
            with open(place, "rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise SourceError(f"无法读取 {path}", f"cannot read {path}: {error}") from error
        if len(data) > limit:
            raise _too_long(path, limit)
        return data

    def _is_inside(self, folder: str) -> bool:
        """Return whether no part of `folder` is a link; remembered, since a log has many files in few folders."""
        if folder not in self._inside:
            self._inside[folder] = (self._root / folder).resolve() == self._root / folder
        return self._inside[folder]

    def paths(self, below: str) -> Iterator[str] | None:
        _check_path(below)
        return self._walk(self._root / below)

    def _walk(self, folder: Path) -> Iterator[str]:
        waiting = [folder]  # no recursion: folders may lie as deep in one another as somebody likes
        while waiting:
            place = waiting.pop()
            try:
                if place.is_dir() and not place.is_symlink():
                    waiting += sorted(place.iterdir(), reverse=True)
                    continue
                if place == folder and not place.is_symlink():
                    return
            except OSError as error:
                raise SourceError(f"无法列出 {place}", f"cannot list {place}: {error}") from error
            yield str(place.relative_to(self._root))


class UrlSource:
    """An address. Three attempts for what may pass by itself; redirects only within the same host."""

    def __init__(self, address: str) -> None:
        self.name = address.rstrip("/")
        try:
            parts = urllib.parse.urlsplit(self.name)
        except ValueError as error:
            raise SourceError("网址不合格式", f"{address} is not an address: {error}") from error
        if not parts.hostname or parts.query or parts.fragment or parts.username is not None:
            raise SourceError("网址不完整，或带有查询、账号", f"{address}: an address is scheme, host and path, nothing else")

    def read(self, path: str) -> bytes | None:
        return fetch(f"{self.name}/{path}", _limit(path))

    def paths(self, below: str) -> Iterator[str] | None:
        return None


def fetch(url: str, limit: int) -> bytes | None:
    """Return what is at `url`, None for 404 and 410 (or an HTML page in place of a file); SourceError as `Source.read`."""
    problem: Exception | None = None
    for pause in (*PAUSES, None):
        try:
            return _attempt(url, limit)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                return None
            problem = error
            if error.code < 500 and error.code not in (408, 429):
                break
        except (OSError, http.client.HTTPException, _Cut) as error:
            problem = error
        except ValueError as error:  # an address that is none, ours or the one it redirects to
            problem = error
            break
        if pause is not None:
            time.sleep(pause)
    raise SourceError(f"无法取得 {url}", f"cannot fetch {url}: {problem}")


class _Cut(Exception):
    pass


def _attempt(url: str, limit: int) -> bytes | None:
    headers = {"Accept-Encoding": "identity", "User-Agent": "double-random"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 (http and https only, see open_source and _SameHost)
    with _Cutting() as cutting, urllib.request.build_opener(_SameHost(), *cutting.handlers).open(request, timeout=SECONDS) as answer:
        if answer.headers.get_content_type() == "text/html":
            return None  # some servers answer "not found" with a page and status 200
        stated = answer.headers.get("Content-Length", "")
        parts, length = [], 0
        while part := answer.read(1 << 16):
            parts.append(part)
            length += len(part)
            if length > limit:
                raise _too_long(url, limit)
        if re.fullmatch(r"[0-9]{1,19}", stated) and length != int(stated):
            raise _Cut(f"{length} bytes came of the {stated} that were announced")
    return b"".join(parts)


class _Cutting:
    """Ends the connections made by its `handlers` after WHOLE seconds: a byte now and then, of a body, a header or an answer that
    is never the last, would keep a reader for ever. Whoever reads then finds the connection closed."""

    def __init__(self) -> None:
        self._open: list[socket.socket] = []
        self._late = False
        cutting = self

        class Connection(http.client.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                cutting._open.append(self.sock)

        class SafeConnection(http.client.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                cutting._open.append(self.sock)

        class Handler(urllib.request.HTTPHandler):
            def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
                return self.do_open(Connection, req)

        class SafeHandler(urllib.request.HTTPSHandler):
            def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
                return self.do_open(SafeConnection, req)

        self.handlers = (Handler(), SafeHandler())
        self._timer = threading.Timer(WHOLE, self._cut)
        self._timer.daemon = True

    def _cut(self) -> None:
        self._late = True
        for connection in self._open:
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # that of an encrypted one would wait for its end

    def __enter__(self) -> "_Cutting":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._late:
            raise _Cut(f"still incomplete after {WHOLE:.0f} seconds")


class _SameHost(urllib.request.HTTPRedirectHandler):
    max_redirections = 3

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if (old.scheme, old.netloc) != (new.scheme, new.netloc):
            fp.close()
            raise SourceError("网址转向另一台主机，已拒绝", f"{req.full_url} redirects to {newurl}, another host: refused")
        fp.close()  # else the handler reads the body of the redirect to its end, however long that is
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_path(path: str) -> None:
    """Paths come from what others wrote (ids in documents): each part is a plain name, so none leads elsewhere."""
    if _PATH.fullmatch(path) is None:
        raise Refused("路径不合规定", f"{path[:120]!r} is not a path of a publication")


def _limit(path: str) -> int:
    _check_path(path)
    return LARGE if path.startswith(("blob/", "draws/")) else MAX_FILE


def _too_long(path: str, limit: int) -> Refused:
    return Refused(f"{path} 超过上限 {limit} 字节", f"{path} is over the limit of {limit} bytes")
