"""A real cosigner in a process of its own, to be asked, killed and started again on the same memory."""

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]
NAME = "audit.example/cosigner"


class CosignerProcess:
    """`python -m disclosure cosign` for the logs `vkeys`, its key and memory in `folder`. Always on the same port once started."""

    def __init__(self, folder: Path, vkeys: list[str], name: str = NAME, ml_dsa: bool = False) -> None:
        self.folder, self.vkeys, self.name, self.port = folder, vkeys, name, 0
        self.key = folder / "cosigner.pem"
        kind = ["--ml-dsa"] if ml_dsa else []
        made = self._run("--keygen", str(self.key), "--name", name, *kind)
        self.vkey = made.strip().splitlines()[-1]
        self.process: subprocess.Popen[bytes] | None = None

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-W", "ignore", "-m", "disclosure", "cosign", *arguments]

    def _run(self, *arguments: str) -> str:
        return subprocess.run(self._command(*arguments), cwd=ROOT, check=True, capture_output=True, text=True).stdout

    def arguments(self) -> list[str]:
        return ["--key", str(self.key), "--name", self.name, "--log", *self.vkeys, "--state", str(self.folder / "state"),
                "--listen", f"127.0.0.1:{self.port}"]  # fmt: skip

    def start(self) -> str:
        """Start, wait until it listens, and return its address."""
        with (self.folder / "stderr").open("ab") as errors:
            self.process = subprocess.Popen(
                self._command(*self.arguments()), cwd=ROOT, stdout=subprocess.PIPE, stderr=errors
            )
        assert self.process.stdout is not None
        said = b""
        while (found := re.search(rb"http://127.0.0.1:([0-9]+)/", said)) is None:
            assert select.select([self.process.stdout], [], [], 30)[0], "the cosigner says nothing"
            part = os.read(self.process.stdout.fileno(), 65536)
            assert part, f"the cosigner ended: {(self.folder / 'stderr').read_text()}"
            said += part
        self.port = int(found[1])
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def seen(self) -> list[dict]:
        """What its files say it has signed."""
        return [msgspec.json.decode(path.read_bytes()) for path in sorted((self.folder / "state").glob("*.json"))]
