"""A time-stamping authority (RFC 3161) made with the `openssl` command: its own root, one certificate that signs.

OpenSSL 3.0 writes two or more certificates in an order that is not DER; with one certificate there is no order to get wrong.
"""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Test root
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[signer]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = this
[this]
serial = serial
crypto_device = builtin
signer_cert = signer.pem
signer_key = signer.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """`stamp` answers for bytes, `answer` a request as HTTP carries it; `root` is the DER certificate to trust."""

    def __init__(self, folder: Path, name: str = "Test root", days: int = 30) -> None:
        self.folder = folder
        assert shutil.which("openssl")
        (folder / "openssl.cnf").write_text(_CONFIGURATION.replace("Test root", name))
        (folder / "serial").write_text("01\n")
        self._run("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-days", "30",
                  "-config", "openssl.cnf", "-extensions", "root")  # fmt: skip
        self._run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "signer.key")
        self._run("req", "-new", "-key", "signer.key", "-subj", f"/CN={name} signer", "-out", "signer.csr", "-config", "openssl.cnf")
        self._run("x509", "-req", "-in", "signer.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", str(days),
                  "-extfile", "openssl.cnf", "-extensions", "signer", "-out", "signer.pem")  # fmt: skip
        self._run("x509", "-in", "root.pem", "-outform", "DER", "-out", "root.der")
        self.root = (folder / "root.der").read_bytes()
        self.pem = folder / "root.pem"

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def stamp(self, data: bytes) -> bytes:
        (self.folder / "data").write_bytes(data)
        self._run("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "request.tsq", "-config", "openssl.cnf")
        return self.answer((self.folder / "request.tsq").read_bytes())

    def refuse(self, data: bytes) -> bytes:
        """A response that is not granted: this authority takes no SHA-384."""
        (self.folder / "data").write_bytes(data)
        self._run("ts", "-query", "-data", "data", "-sha384", "-cert", "-out", "request.tsq", "-config", "openssl.cnf")
        return self.answer((self.folder / "request.tsq").read_bytes())

    def answer(self, request: bytes) -> bytes:
        (self.folder / "request.tsq").write_bytes(request)
        self._run("ts", "-reply", "-config", "openssl.cnf", "-section", "this", "-queryfile", "request.tsq", "-out", "response.tsr")
        return (self.folder / "response.tsr").read_bytes()

    def accepts(self, data: bytes, response: bytes) -> bool:
        """Whether `openssl ts -verify` takes `response` for `data` under this root."""
        (self.folder / "data").write_bytes(data)
        (self.folder / "response.tsr").write_bytes(response)
        command = ["openssl", "ts", "-verify", "-data", "data", "-in", "response.tsr", "-CAfile", "root.pem"]
        return subprocess.run(command, cwd=self.folder, capture_output=True, check=False).returncode == 0


class Server(ThreadingHTTPServer):
    """An authority behind HTTP: `answers` makes a response of a request (none: status 503), `asked` counts."""

    answers: Callable[[bytes], bytes]
    asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/tsa"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.asked += 1
        assert self.headers["Content-Type"] == "application/timestamp-query"
        body = self.server.answers(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200 if body else 503)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(authority: Authority) -> Iterator[Server]:
    """Serve `authority` on a free port of this machine."""
    server = Server(("127.0.0.1", 0), _Handler)
    server.answers = authority.answer
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
