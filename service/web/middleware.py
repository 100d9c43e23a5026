"""What holds for every answer, 404 and 500 included: headers, request ids, HEAD, and conditional requests.

It stands outside Litestar's router, because Litestar answers an unknown address before its own middleware.
"""

import asyncio
import hashlib
import secrets
from typing import Any, cast

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from service.web.reading import begin_reading, cookie_of, current_reading

__all__ = ["CONTENT_SECURITY_POLICY", "Envelope"]

CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Nothing is kept by anyone unless its handler says so.
    "cache-control": "no-store",
}
_THREAD_FROM = 1 << 20  # bytes from which hashing leaves the event loop


class Envelope:
    """ASGI application around `inner`; `https` says whether browsers may be told to insist on it."""

    def __init__(self, inner: ASGIApp, https: bool) -> None:
        self._inner, self._https = inner, https
        self._headers = dict(_HEADERS)
        if https:
            self._headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope["state"]["request_id"] = request_id
        scope = begin_reading(scope)
        method = scope["method"]
        known = _if_none_match(scope) if method in ("GET", "HEAD") else None
        answer = _Answer(send, self._headers | {"x-request-id": request_id}, method == "HEAD", known, self._https)
        if method == "HEAD":
            # A copy: the server reads the method again, to know that a length without a body is right.
            scope = cast("Scope", {**scope, "method": "GET"})
        await self._inner(scope, receive, answer)


def _if_none_match(scope: Scope) -> str | None:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"]
    return ", ".join(values) or None


class _Answer:
    """The `send` of one request: completes the headers, and holds back a public body until its ETag is known."""

    def __init__(self, send: Send, headers: dict[str, str], head: bool, known: str | None, https: bool) -> None:
        self._send, self._headers, self._head, self._known, self._https = send, headers, head, known, https
        self._start: Any = None
        self._body: list[bytes] = []
        self._hold = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            self._as_read(headers)
            self._start = message
            public = headers["cache-control"].startswith("public")
            self._hold = message["status"] == 200 and public
            if not self._hold:
                await self._send(message)
        elif message["type"] == "http.response.body":
            if not self._hold:
                await self._send({**message, "body": b""} if self._head else message)
                return
            self._body.append(message["body"])
            if not message.get("more_body", False):
                await self._finish(b"".join(self._body))
        else:
            await self._send(message)

    def _as_read(self, headers: MutableScopeHeaders) -> None:
        """Tell caches that pages differ by cookie, keep what the address chose, and stay in the language when sent elsewhere."""
        reading = current_reading()
        if headers.get("content-type", "").startswith("text/html"):
            headers.add("vary", "Cookie")
            for name in reading.asked:
                headers.add("set-cookie", cookie_of(name, getattr(reading, name) or "normal", self._https))
                headers["cache-control"] = "no-store"
        if "location" in headers:
            headers["location"] = reading.address(headers["location"])

    async def _finish(self, body: bytes) -> None:
        headers = MutableScopeHeaders.from_message(self._start)
        if "etag" not in headers:
            hash = await asyncio.to_thread(_sha256, body) if len(body) >= _THREAD_FROM else _sha256(body)
            headers["etag"] = f'"{hash[:32]}"'
        if self._known is not None and _matches(self._known, headers["etag"]):
            self._start["status"] = 304
            for name in ("content-length", "content-type"):
                if name in headers:
                    del headers[name]
            body = b""
        await self._send(self._start)
        await self._send(
            {"type": "http.response.body", "body": b"" if self._head else body, "more_body": False}
        )


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _matches(known: str, etag: str) -> bool:
    """Return whether If-None-Match names `etag`; weakly, as RFC 9110 13.1.2 asks (a proxy that compresses weakens it)."""
    return known.strip() == "*" or etag in {part.strip().removeprefix("W/") for part in known.split(",")}
