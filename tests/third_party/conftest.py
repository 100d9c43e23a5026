"""Programs of other authors that check what we publish, and the rule for when one is missing."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from disclosure.checkpoint import Checkpoint, sign_checkpoint
from disclosure.keys import Ed25519Signer, encode_base64
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey
from disclosure.proof import Proof, format_proof
from disclosure.tiles import TILE_WIDTH, bundles, format_bundle, format_tile, tiles
from disclosure.tree import CompactRange, consistency_proof, inclusion_proof, leaf_hash

ORIGIN = "bureau.example/log/2026"
SEED = bytes([1]) * 32


def require_tool(name: str) -> str:
    """Return the path of a program, or of an importable package's folder as `python:<package>`.

    Where it is missing the test is skipped with the reason; under DOUBLE_RANDOM_REQUIRE_TOOLS=1, which
    continuous integration sets, that is a failure instead.
    """
    if name.startswith("python:"):
        spec = importlib.util.find_spec(name.removeprefix("python:"))
        found = str(Path(spec.origin).parent) if spec is not None and spec.origin else None
    else:
        beside = Path(sys.executable).parent / name
        found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        reason = f"{name} is not installed"
        if os.environ.get("DOUBLE_RANDOM_REQUIRE_TOOLS") == "1":
            pytest.fail(f"{reason}, and DOUBLE_RANDOM_REQUIRE_TOOLS=1 forbids skipping")
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session", name="require_tool")
def require_tool_fixture() -> Callable[[str], str]:
    return require_tool


@pytest.fixture(scope="session")
def signer() -> Ed25519Signer:
    """The key whose seed is the byte 1, 32 times. Worthless outside tests."""
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(SEED))


@pytest.fixture(scope="session")
def vkey(signer: Ed25519Signer) -> str:
    return format_vkey(VerifierKey(ORIGIN, KIND_ED25519, signer.public_key))


@pytest.fixture(scope="session")
def write_log(signer: Ed25519Signer) -> Callable[[Path, int], None]:
    """Write the static folder of a log of `size` entries, with proofs of some leaves and older sizes."""

    def write(folder: Path, size: int) -> None:
        entries = [b'{"leaf":%d,"of":"log"}' % number for number in range(size)]
        hashes: dict[tuple[int, int], bytes] = {}
        edge, roots = CompactRange(), {}
        for number, entry in enumerate(entries):
            roots[number] = edge.root() if number in (1, 2, 255, 256, 257, size - 1) else b""
            for level, index, value in edge.append(leaf_hash(entry)):
                hashes[level, index] = value
        roots[size] = edge.root()

        def hash_at(level: int, index: int) -> bytes:
            return hashes[level, index]

        def put(path: str, data: bytes) -> None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)

        for tile in tiles(size):
            first = tile.index * TILE_WIDTH
            put(tile.path, format_tile([hashes[8 * tile.level, first + at] for at in range(tile.width)]))
        for bundle in bundles(size):
            first = bundle.index * TILE_WIDTH
            put(bundle.path, format_bundle(entries[first : first + bundle.width]))
        checkpoint = sign_checkpoint(Checkpoint(ORIGIN, size, edge.root()), signer)
        put("checkpoint", checkpoint)
        for index in sorted({0, 1, 255, 256, size // 2, size - 1} & set(range(size))):
            proof = Proof(entries[index], index, tuple(inclusion_proof(index, size, hash_at)), checkpoint)
            put(f"proofs/{index}.tlog-proof", format_proof(proof))
        for old in sorted({1, 2, 255, 256, 257, size - 1, size} & set(range(1, size + 1))):
            lines = [roots[old], *consistency_proof(old, size, hash_at)]
            put(f"consistency/{old}", "".join(encode_base64(line) + "\n" for line in lines).encode())

    return write


@pytest.fixture(scope="session")
def go_checker(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Build `go/main.go` once against the note and tlog packages that the Go toolchain itself carries."""
    go = require_tool("go")
    environment = {
        **os.environ,
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    root = subprocess.run([go, "env", "GOROOT"], capture_output=True, text=True, check=True, env=environment)
    vendored = Path(root.stdout.strip()) / "src" / "cmd" / "vendor" / "golang.org" / "x" / "mod"
    if not (vendored / "sumdb" / "note").is_dir():
        require_tool("go with its vendored golang.org/x/mod")
    folder = tmp_path_factory.mktemp("go")
    for package in ("note", "tlog"):
        shutil.copytree(vendored / "sumdb" / package, folder / "mod" / "sumdb" / package)
    (folder / "mod" / "go.mod").write_text("module golang.org/x/mod\n\ngo 1.24\n")
    source = Path(__file__).parent / "go"
    for name in ("main.go", "go.mod"):
        shutil.copy(source / name, folder / name)
    built = subprocess.run(
        [go, "build", "-o", "checker", "."],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr

    def check(arguments: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [folder / "checker", *arguments], capture_output=True, text=True, timeout=120, check=False
        )

    return check
