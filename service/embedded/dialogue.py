"""Just enough of PostgreSQL's protocol to ask one question over a Unix socket without a driver.

Used to learn whether a server answers and to create its database before any pool exists. Connections are
trusted by the socket's folder permissions, so there is no password exchange here.
Source: PostgreSQL documentation, "Frontend/Backend Protocol", message formats of version 3.0.
"""

import socket
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

PROTOCOL = 196608  # version 3.0
PORT = 5432  # only names the socket file: .s.PGSQL.5432


class Refusal(Exception):
    """The server answered with an error; `code` is its five-character SQLSTATE."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code


class Dialogue:
    """An open session. Raises OSError if nobody listens, Refusal if the server says no."""

    def __init__(self, folder: Path, user: str, database: str, *, seconds: float = 5.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(seconds)
            self._socket.connect(str(folder / f".s.PGSQL.{PORT}"))
            words = b"\0".join(
                word.encode() for word in ("user", user, "database", database, "client_encoding", "UTF8")
            )
            body = struct.pack("!I", PROTOCOL) + words + b"\0\0"
            self._socket.sendall(struct.pack("!I", len(body) + 4) + body)
            self._rows()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, sql: str) -> int:
        """How many rows the statement answered."""
        body = sql.encode() + b"\0"
        self._socket.sendall(b"Q" + struct.pack("!I", len(body) + 4) + body)
        return self._rows()

    def _rows(self) -> int:
        rows = 0
        refusal: Refusal | None = None
        while True:
            kind = self._read(1)
            body = self._read(struct.unpack("!I", self._read(4))[0] - 4)
            if kind == b"D":
                rows += 1
            elif kind == b"R" and struct.unpack("!I", body[:4])[0] != 0:
                raise Refusal("28000", "the server asks for a password")
            elif kind == b"E":
                fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
                refusal = Refusal(fields.get(b"C", "XX000"), fields.get(b"M", ""))
                if fields.get(b"V") in ("FATAL", "PANIC"):  # the session ends without ReadyForQuery
                    raise refusal
            elif kind == b"Z":
                if refusal is not None:
                    raise refusal
                return rows

    def _read(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            piece = self._socket.recv(count - len(received))
            if not piece:
                raise ConnectionResetError("the server closed the connection")
            received += piece
        return received
