"""A log of any size as a static folder, written in one pass: what `bench log` times and `prove log` breaks."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from disclosure.checkpoint import Checkpoint, sign_checkpoint
from disclosure.keys import Ed25519Signer
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey
from disclosure.tiles import Bundle, Tile, format_bundle, format_tile
from disclosure.tree import CompactRange, leaf_hash

__all__ = ["LogWriter", "entries", "policy", "signer"]

ORIGIN = "bench.example/log/2026"
BATCH = 4096


def signer() -> Ed25519Signer:
    """The key whose seed is the byte 1, 32 times. Worthless outside measurements."""
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))


def policy() -> bytes:
    vkey = format_vkey(VerifierKey(ORIGIN, KIND_ED25519, signer().public_key))
    return (
        b'{"authorities":[{"bureau":"bench","key":"GX8I3/8qsa3DmT9OPJTb6Mj6cA1g5e5z9Aq/TNV4ErA=","name":"bench","revoked_at":null,'
        b'"valid_from":"2000-01-01T00:00:00Z","valid_until":null}],"log":"log %s\\nquorum none\\n","type":"policy/v1"}' % vkey.encode()
    )


def entry(number: int) -> bytes:
    sha256 = hashlib.sha256(b"%d" % number).hexdigest()
    at = f"2026-12-{1 + number // 3_600_000:02d}T{number // 150_000 % 24:02d}:00:00Z"
    return (
        f'{{"at":"{at}","author":["sha256:{sha256}"],"doc":{{"sha256":"{sha256}","size":1821}},"id":"yunzhou-2026-9-1",'
        f'"rev":1,"supersedes":null,"type":"inspection-result/v1"}}'
    ).encode()


def entries(size: int) -> Iterator[list[bytes]]:
    """Yield the entries of the log in batches: leaves of the usual length whose documents nobody serves."""
    for first in range(0, size, BATCH):
        yield [entry(number) for number in range(first, min(size, first + BATCH))]


class LogWriter:
    """Appends entries and writes each tile and bundle once it is full; `close` writes the rightmost ones and the checkpoint."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "log" / "2026"
        self.tree = CompactRange()
        self._rows: list[list[bytes]] = [[] for _ in range(8)]
        self._entries: list[bytes] = []

    def append(self, batch: list[bytes]) -> list[tuple[int, int, bytes]]:
        """Add to the tree alone; return the completed subtrees whose hashes stand in tiles."""
        append = self.tree.append
        return [made for data in batch for made in append(leaf_hash(data)) if not made[0] % 8]

    def publish(self, batch: list[bytes], made: list[tuple[int, int, bytes]]) -> None:
        """Write the files that are full by now."""
        self._entries += batch
        for level, index, value in made:
            row = self._rows[level // 8]
            row.append(value)
            if len(row) == 256:
                self._write(Tile(level // 8, index // 256, 256).path, format_tile(row))
                row.clear()
        while len(self._entries) >= 256:
            index = (self.tree.size - len(self._entries)) // 256
            self._write(Bundle(index, 256).path, format_bundle(self._entries[:256]))
            del self._entries[:256]

    def close(self) -> None:
        size = self.tree.size
        for level, row in enumerate(self._rows):
            if row:
                self._write(Tile(level, (size >> 8 * level) // 256, len(row)).path, format_tile(row))
        if self._entries:
            self._write(Bundle(size // 256, len(self._entries)).path, format_bundle(self._entries))
        self._write("checkpoint", sign_checkpoint(Checkpoint(ORIGIN, size, self.tree.root()), signer()))

    def _write(self, path: str, data: bytes) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
