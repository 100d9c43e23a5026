"""`cosign`: a small cosigner (c2sp.org/tlog-witness) that another bureau or an auditor runs on any machine.

    python -m disclosure cosign --keygen FILE --name NAME [--ml-dsa]
    python -m disclosure cosign --key FILE... --name NAME --log VKEY... --state FOLDER --listen HOST:PORT

It needs no database and no account, keeps a few lines per log, and is reached at `POST /add-checkpoint`.
"""

import argparse
import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any, NoReturn

from disclosure.command.asking import plain
from disclosure.command.cosigner_keys import (
    create_key,
    load_key,
    lock_memory,
    read_memory,
    remember,
    vkey_of,
)
from disclosure.cosigning import (
    MAX_NAME_BYTES,
    MAX_REQUEST_BYTES,
    Answer,
    Seen,
    check_logs,
    decide,
)
from disclosure.errors import CosigningError, DisclosureError
from disclosure.keys import Signer
from disclosure.note import VerifierKey, format_vkey, parse_vkey

__all__ = ["Cosigner", "run", "serve"]

USAGE = 64
REQUEST_SECONDS = 20  # to wait for a request and read it; slow ones are cut off
CONNECTIONS = 64  # at once; one more is closed


class Cosigner:
    """The one cosigner of a process. `answer` is called by many threads; asking, remembering and signing are one step."""

    def __init__(
        self, name: str, signers: Sequence[Signer], logs: dict[str, VerifierKey], folder: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self.name, self.signers, self.logs, self.folder = name, signers, logs, folder
        self.seen = read_memory(folder)
        self._clock, self._lock = clock, threading.Lock()

    def answer(self, body: bytes) -> Answer:
        """Return the answer to a request. What it promises is on the disk when this returns."""
        with self._lock:
            answer = decide(self.logs, self.seen, self.name, self.signers, int(self._clock()), body)
            if answer.seen is not None:
                # A crash before this line: nothing was promised. After it: the log asks again, and gets the same tree signed.
                try:
                    remember(self.folder, answer.seen)
                except OSError as error:
                    return Answer(500, f"nothing is signed, because it cannot be remembered: {error}\n".encode())
                self.seen[answer.seen.origin] = answer.seen
            return answer

    def words(self) -> str:
        """Return what it has seen, for people."""
        lines = [f"{self.name}: 联署服务 a cosigner (c2sp.org/tlog-witness), POST /add-checkpoint", ""]
        lines += [format_vkey(vkey_of(self.name, signer)) for signer in self.signers]
        for origin in sorted(self.logs.keys() | self.seen.keys()):
            lines += ["", origin, f"  {_standing(self.seen.get(origin))}"]
        return "\n".join(lines) + "\n"


def _standing(seen: Seen | None) -> str:
    if seen is None:
        return "还没有见过检查点 no checkpoint seen yet"
    when = datetime.fromtimestamp(seen.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"最近联署：{seen.size} 条，{when} newest cosigned: {seen.size} entries, root {seen.root.hex()}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "cosigner", ""
    server: "_Server"

    def handle_one_request(self) -> None:
        # One limit for waiting, headers and body together: a byte now and then does not keep a thread.
        limit = threading.Timer(REQUEST_SECONDS, self._cut_off)
        limit.daemon = True
        limit.start()
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True
        finally:
            limit.cancel()

    def _cut_off(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_POST(self) -> None:
        if self.path != "/add-checkpoint":
            self.close_connection = True  # the body is not read, and must not be taken for the next request
            return self._send(_plain(405 if self.path == "/" else 404, "POST /add-checkpoint"))
        length = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit() and len(length) < 20):
            self.close_connection = True
            return self._send(_plain(411, "Content-Length is needed"))
        if int(length) > MAX_REQUEST_BYTES:
            self.close_connection = True
            return self._send(_plain(413, f"a request has at most {MAX_REQUEST_BYTES} bytes"))
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return self._send(self.server.cosigner.answer(body))

    def do_GET(self) -> None:
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # as above
        if self.path == "/":
            return self._send(_plain(200, self.server.cosigner.words().rstrip("\n")))
        return self._send(_plain(405 if self.path == "/add-checkpoint" else 404, "GET / or POST /add-checkpoint"))

    def _other(self) -> None:
        self.close_connection = True  # its body, if any, is not read
        self._send(_plain(405, "GET / or POST /add-checkpoint"))

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _other  # noqa: N815
    do_HEAD = do_GET  # noqa: N815

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.status == 405:
            self.send_header("Allow", "GET, HEAD" if self.path == "/" else "POST")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *arguments: Any) -> None:
        words = plain(format % arguments)  # a request line is anybody's
        print(f"{self.log_date_time_string()} {self.address_string()} {words}", file=sys.stderr, flush=True)


def _plain(status: int, words: str) -> Answer:
    return Answer(status, f"{words}\n".encode())


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = CONNECTIONS

    def __init__(self, address: tuple[str, int], cosigner: Cosigner) -> None:
        self.cosigner = cosigner
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            return self.shutdown_request(request)
        return super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()


def serve(cosigner: Cosigner, address: tuple[str, int]) -> ThreadingTCPServer:
    """Return a server bound to `address`; the caller runs `serve_forever`."""
    return _Server(address, cosigner)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m disclosure cosign", description="联署他人的日志 cosign the logs of others")
    parser.add_argument("--name", required=True, help="联署者名称，如 audit.example/cosigner its name, a URL without scheme")
    parser.add_argument("--keygen", metavar="FILE", type=Path, help="生成密钥并显示公钥 make a key and print its vkey")
    parser.add_argument("--ml-dsa", action="store_true", help="ML-DSA-44 instead of Ed25519")
    parser.add_argument("--key", metavar="FILE", type=Path, nargs="+", help="一个或两个密钥 one key, or one of each kind")
    parser.add_argument("--log", metavar="VKEY", nargs="+", action="extend", help="所联署日志的公钥 vkeys of the logs to cosign")
    parser.add_argument("--state", metavar="FOLDER", type=Path, help="记忆所在 where it remembers what it signed")
    parser.add_argument("--listen", metavar="HOST:PORT", type=_address)
    return parser


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 0.0.0.0:8100")
    return host.strip("[]"), int(port)


def run(arguments: Sequence[str]) -> int:
    """Make a key, or serve until stopped; return 0, 1 if refused, 64 for wrong usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    serving = (options.key, options.log, options.state, options.listen)
    if any(serving) if options.keygen else not all(serving):
        parser.error("either --keygen FILE, or all of --key --log --state --listen")
    try:
        if options.keygen is not None:
            return _keygen(options.keygen, options.name, options.ml_dsa)
        return _serve(options)
    except (DisclosureError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _keygen(path: Path, name: str, ml_dsa: bool) -> int:
    try:
        create_key(path, ml_dsa)
    except FileExistsError:
        print(f"{path} 已存在，密钥从不覆盖 exists; a key is never overwritten", file=sys.stderr)
        return 1
    print(f"已写入私钥，切勿外传 private key, never give it away: {path}\n"
          f"公钥，请交给对方机关 vkey, for the bureau and for policies:\n{format_vkey(vkey_of(name, load_key(path)))}")  # fmt: skip
    return 0


def _serve(options: argparse.Namespace) -> int:
    signers = [load_key(path) for path in options.key]
    vkeys = [vkey_of(options.name, signer) for signer in signers]
    if len({key.kind for key in vkeys}) != len(vkeys) or len(options.name.encode()) > MAX_NAME_BYTES:
        raise CosigningError("同类密钥只能有一个 at most one key of each kind, and a name of at most 255 bytes")
    texts = [format_vkey(key) for key in vkeys]
    logs = check_logs([parse_vkey(text) for text in options.log])
    if any(key.public_key in {log.public_key for log in logs.values()} or key.name in logs for key in vkeys):
        raise CosigningError("联署者不能用日志的密钥或名称 a cosigner has neither the key nor the name of a log")
    with lock_memory(options.state):
        cosigner = Cosigner(options.name, signers, logs, options.state)
        with serve(cosigner, options.listen) as server:
            host, port = server.server_address[:2]
            print(f"联署服务已启动 cosigning at http://{host!s}:{port}/  (state: {options.state})\n"
                  "请将本服务的网址和下列公钥交给机关，由其运行 give the bureau this address as it reaches it, and a vkey; it runs\n"
                  "  python -m service cosigner-add NAME VKEY URL\n" + "\n".join(f"  {text}" for text in texts), flush=True)  # fmt: skip
            for origin in logs:
                print(f"日志 log {origin}: {_standing(cosigner.seen.get(origin))}", flush=True)
            server.serve_forever()
    return 0
