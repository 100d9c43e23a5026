"""A bureau's whole publication for software of other authors to read: two yearly logs with two cosigners, one of each kind of key, every
kind of document, names opened and redacted, time stamps. `publish` makes it with the service; nothing of it is made by hand."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from msgspec.structs import replace

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "service"))

from bureau import testing_only_signer  # noqa: E402
from journey import TRANSITIONS, begin, draw_of, office_at, take  # noqa: E402
from tsa import Authority, serve  # noqa: E402

from disclosure.command.cosign import Cosigner  # noqa: E402
from disclosure.command.cosign import serve as serve_cosigner  # noqa: E402
from disclosure.cosignature import MLDSA44Signer  # noqa: E402
from disclosure.note import (  # noqa: E402
    KIND_COSIGNATURE,
    KIND_ED25519,
    KIND_ML_DSA_44,
    VerifierKey,
    format_vkey,
)
from disclosure.person import digest  # noqa: E402
from service.config import read_config  # noqa: E402
from service.cosigners import add_cosigner, set_quorum  # noqa: E402
from service.database import migrate, open_pool  # noqa: E402
from service.embedded.server import EmbeddedPostgres  # noqa: E402
from service.publishing import run_jobs  # noqa: E402
from service.shards import succeed_log  # noqa: E402
from service.static_folder import publish_folder  # noqa: E402
from service.timestamps import add_authority  # noqa: E402

LAW = "《中华人民共和国行政处罚法》"


COSIGNERS = {
    "audit": (KIND_COSIGNATURE, testing_only_signer("cosigner")),
    "university": (KIND_ML_DSA_44, MLDSA44Signer(MLDSA44PrivateKey.from_seed_bytes(bytes(range(32))))),
}
LOGS = {
    f"disclose.yunzhou.example/{shard}": VerifierKey(
        f"disclose.yunzhou.example/{shard}", KIND_ED25519, testing_only_signer(key).public_key
    )
    for shard, key in (("2026", "log"), ("2027", "log-2027"))
}


class Now:
    """The time it is for cosigners: that of the office asked last."""

    time = "2026-11-01T00:00:00Z"

    def __call__(self) -> float:
        return datetime.fromisoformat(self.time).timestamp()


NOW = Now()


@contextmanager
def cosigner(folder: Path, name: str) -> Iterator[str]:
    """The cosigner's own software in a thread; its address."""
    folder.mkdir()
    server = serve_cosigner(Cosigner(f"{name}.example", [COSIGNERS[name][1]], LOGS, folder, NOW), ("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def office_of(pool, time: str):
    NOW.time = time
    return replace(office_at(pool, time), log_signers={"2027": testing_only_signer("log-2027")})


async def _after_the_draws(pool) -> None:
    """Open all names, redact one of them, let the log of the next year follow."""
    office = office_of(pool, "2027-01-02T00:00:00Z")
    await run_jobs(office)
    draw = await draw_of(office, "open")
    plan = await pool.fetchval("SELECT plan FROM draw WHERE id = $1", draw)
    texts = await pool.fetch("SELECT text FROM disclosure WHERE draw = $1 AND kind = 'person' ORDER BY digest", draw)
    assert len(texts) > 5
    redaction = {"document": plan, "digests": [digest(texts[0]["text"])], "reason": "subject-request", "legal_basis": [LAW]}
    await take(office, draw, "redaction/v1", redaction, "reviewer", "publisher1")
    await succeed_log(office, "disclose.yunzhou.example/2027")


async def _ask_for(pool, addresses: dict[str, str]) -> None:
    office = office_of(pool, "2026-11-01T00:00:00Z")
    async with pool.acquire() as connection, connection.transaction():
        for name, url in addresses.items():
            kind, signer = COSIGNERS[name]
            await add_cosigner(connection, office, name, format_vkey(VerifierKey(f"{name}.example", kind, signer.public_key)), url)
        await set_quorum(connection, len(addresses))


async def publish(folder: Path, work: Path, authority: Authority) -> None:
    """Publish everything into `folder`; `work` is for the memories of the cosigners."""
    with (
        EmbeddedPostgres.temporary() as server,
        serve(authority) as tsa,
        cosigner(work / "audit", "audit") as audit,
        cosigner(work / "university", "university") as university,
    ):
        pool = await open_pool(server.dsn)
        await migrate(pool)
        await begin(pool)
        await _ask_for(pool, {"audit": audit, "university": university})
        await add_authority(office_of(pool, TRANSITIONS[0][1]), "national", tsa.url, authority.pem.read_bytes())
        for name, time, call in TRANSITIONS:
            await call(office_of(pool, time))
            if name in ("open draw", "open correction", "sealed opening"):
                await run_jobs(office_of(pool, time))
        await _after_the_draws(pool)
        office = office_of(pool, "2027-01-03T00:00:00Z")
        await run_jobs(office)
        config = read_config({"DOUBLE_RANDOM_PUBLISH_DIR": str(folder)})
        assert (await publish_folder(office, config)).written > 50
        assert (await publish_folder(office, config)).written == 0  # nothing new, nothing written
        await pool.close()
