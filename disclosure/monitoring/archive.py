"""What the source serves beside the log. Nothing is believed: documents and blobs are taken by their SHA-256 alone."""

from collections.abc import Callable

import msgspec

from disclosure.envelope import Envelope, parse_envelope, payload_bytes
from disclosure.errors import DisclosureError
from disclosure.monitoring.finding import NOT_LOOKED_AT, Finding
from selection.keys import digest_of

__all__ = ["Archive", "Read", "Unavailable"]

Read = Callable[[str], bytes | None]  # a path below the root of the publication → its bytes, None if there is no such file


class Unavailable(DisclosureError):
    """A file could be neither read nor said to be absent: a timeout, an error of the server."""


class _Shown(msgspec.Struct):
    """The one member of a bundle that matters here."""

    disclosures: tuple[str, ...]


class Archive:
    """Reads the source, and remembers what could not be looked at."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.missed: list[Finding] = []

    def miss(self, subject: str, zh: str, en: str) -> None:
        """Remember that something could not be looked at, and why."""
        self.missed.append(Finding(NOT_LOOKED_AT, None, None, None, subject, zh, en))

    def fetch(self, path: str, subject: str) -> bytes | None:
        """Return the bytes at `path`, None if there is nothing. Raises Unavailable, having remembered it."""
        try:
            return self._read(path)
        except Unavailable as error:
            self.miss(subject, f"{path} 无法读取：{error}", f"{path} cannot be read: {error}")
            raise

    def optional(self, path: str, subject: str) -> bytes | None:
        """Return the bytes at `path`; None, remembered, also if that cannot be told."""
        try:
            return self.fetch(path, subject)
        except Unavailable:
            return None

    def blob(self, sha256: str, subject: str) -> bytes | None:
        """Return the blob of this digest; None, and remembered, if it is not served or is another."""
        path = f"blob/{sha256}"
        missed = len(self.missed)
        data = self.optional(path, subject)
        if data is not None and digest_of(data) == sha256:
            return data
        if len(self.missed) > missed:
            return None
        zh, en = ("没有公布", "is not served") if data is None else ("内容与其名称不符", "is not what its name says")
        self.miss(subject, f"{path} {zh}", f"{path} {en}")
        return None

    def envelope(self, sha256: str, subject: str) -> Envelope | None:
        """Return the envelope whose payload has this digest, None if nothing is served.

        Raises Unavailable, or DisclosureError if what is served is not an envelope of that document.
        """
        data = self.fetch(f"doc/{sha256}.dsse.json", subject)
        if data is None:
            return None
        envelope = parse_envelope(data)
        if (found := digest_of(payload_bytes(envelope))) != sha256:
            raise DisclosureError(f"the payload served has SHA-256 {found}")
        return envelope

    def disclosures(self, path: str, subject: str) -> tuple[str, ...]:
        """Return the disclosure strings in a `.sd.json` or a bundle; none if it is not served, remembered if it cannot be read."""
        try:
            data = self.fetch(path, subject)
            if data is None:
                return ()
            if path.endswith(".sd.json"):
                return msgspec.json.decode(data, type=tuple[str, ...])
            return msgspec.json.decode(data, type=_Shown).disclosures
        except Unavailable:
            return ()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.miss(subject, f"{path} 无法读取：{error}", f"{path} cannot be read: {error}")
            return ()
