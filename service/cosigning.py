"""Asking cosigners for their signature on a checkpoint (c2sp.org/tlog-witness), off every transaction.

A cosigner signs only what continues what it saw. So its answer is also a question to us: one that remembers a larger size, or another
root of some size, has seen another history of our log, and then nothing more is signed here (`guard`).
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import cache

import httpx
from msgspec import Struct

from disclosure.cosigning import Request, format_request, read_cosignature, read_size
from disclosure.errors import DisclosureError
from service import log
from service.cosigners import Cosigner, active_cosigners, complete, store_answer, store_line
from service.database import Connection
from service.office import Office

__all__ = ["HEARTBEAT", "Reply", "ask", "cosign", "cosign_due"]

HEARTBEAT = timedelta(hours=1)  # a newest cosignature older than this is asked for again: nothing was hidden since
PROMPT = 2.5  # seconds that people wait for cosigners after a step; what is slower is the job's
PATIENCE = 5.0  # seconds for one cosigner in the job
RETRY = 30.0  # seconds before a cosigner that did not sign is asked again
MAX_ANSWER = 1 << 16  # bytes

ProofFrom = Callable[[int], Awaitable[list[bytes]]]


class Reply(Struct, frozen=True):
    """What became of asking: a `line` that verified; or the `size` the cosigner remembers; `problem` in words, Chinese and English.

    `contradicts`: it remembers another root, or, as `larger`, a larger size than asked about. The latter need not be a fork:
    another process of ours may have signed that size in the meantime.
    """

    cosigner: Cosigner
    line: str | None = None
    size: int | None = None
    problem: tuple[str, str] | None = None
    contradicts: bool = False
    larger: int | None = None


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reading the certificates of all authorities takes a while


async def ask(cosigner: Cosigner, note: bytes, size: int, old: int, proof_from: ProofFrom, seconds: float) -> Reply:
    """Return what `cosigner` says to the checkpoint `note` of `size`, which it is believed to have seen up to `old`. Never raises
    for anything it does."""
    try:
        async with asyncio.timeout(seconds), httpx.AsyncClient(verify=_tls(), timeout=seconds) as client:
            return await _ask(client, cosigner, note, size, min(old, size), proof_from)
    except (TimeoutError, httpx.TimeoutException):
        return _trouble(cosigner, "没有及时回答", f"no answer within {seconds:g} seconds")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return _trouble(cosigner, "无法连接", f"cannot be reached: {type(error).__name__}: {error}"[:300])
    except ValueError as error:  # a host name that the resolver's encoding refuses
        return _trouble(cosigner, "无法询问", f"cannot be asked: {error}"[:300])
    except DisclosureError as error:
        return _trouble(cosigner, "回答不合规定", f"its answer is refused: {error}"[:300])


async def _ask(
    client: httpx.AsyncClient, cosigner: Cosigner, note: bytes, size: int, old: int, proof_from: ProofFrom
) -> Reply:
    # It may have moved on between two answers; three rounds are enough for a cosigner that means well.
    for _ in range(3):
        proof = await proof_from(old)
        status, body = await _post(client, cosigner, format_request(Request(old, tuple(proof), note)))
        if status == 200:
            line, _ = read_cosignature(note, body, cosigner.key)
            return Reply(cosigner, line=line, size=size)
        if status == 422 and old > 0:
            return _contradiction(cosigner, f"在前 {old} 条处见过另一种历史", f"saw another history of the first {old} entries")
        if status != 409:
            return _trouble(cosigner, *_words(status))
        remembered = read_size(body)
        if remembered is None:
            return _trouble(cosigner, "回答 409 而未说明条数", "answered 409 without a size")
        if remembered > size:
            words = f"记得 {remembered} 条，多于 {size} 条", f"remembers {remembered} entries, more than {size}"
            return _contradiction(cosigner, *words, larger=remembered)
        if remembered == old == size:
            return _contradiction(cosigner, f"记得另一个 {size} 条的树根", f"remembers another root of {size} entries")
        old = remembered
    return _trouble(cosigner, "反复回答 409", "keeps answering 409")


async def _post(client: httpx.AsyncClient, cosigner: Cosigner, body: bytes) -> tuple[int, bytes]:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    async with client.stream("POST", f"{cosigner.url}/add-checkpoint", content=body, headers=headers) as response:
        data = b""
        async for part in response.aiter_bytes():
            data += part
            if len(data) > MAX_ANSWER:
                raise httpx.DecodingError(f"the answer has over {MAX_ANSWER} bytes")
        return response.status_code, data


def _words(status: int) -> tuple[str, str]:
    match status:
        case 404:
            return "不认识本日志，请把日志公钥交给它的运行者", "does not know this log (404): give its operator the log's vkey"
        case 403:
            return "不接受本日志的签名，公钥可能不是现用的", "does not accept the log's signature (403): it may have another key of it"
        case 422:
            return "不接受本日志的开头", "does not accept the beginning of this log (422)"
        case _:
            return f"回答 {status}", f"answered {status}"


def _trouble(cosigner: Cosigner, zh: str, en: str) -> Reply:
    return Reply(cosigner, problem=(f"联署者 {cosigner.name} {zh}", f"cosigner {cosigner.name} {en}"))


def _contradiction(cosigner: Cosigner, zh: str, en: str, larger: int | None = None) -> Reply:
    problem = (f"联署者 {cosigner.name} {zh}", f"cosigner {cosigner.name} {en}")
    return Reply(cosigner, problem=problem, contradicts=True, larger=larger)


async def cosign(office: Office, shard: str, seconds: float, wanted: list[Cosigner] | None = None) -> list[Reply]:
    """Ask the `wanted` cosigners, or all, for the newest signed checkpoint of `shard`; store what verifies and return all replies.

    A crash at any line loses at most a signature that the next round asks for again.
    """
    async with office.pool.acquire() as connection:
        found = await log.read_signed(connection, shard)
        asked = await active_cosigners(connection) if wanted is None else wanted
        rows = await connection.fetch("SELECT cosigner, size FROM cosigner_answer WHERE shard = $1", shard)
    if found is None or not asked:
        return []
    size, note = found
    known = {row["cosigner"]: row["size"] for row in rows}

    async def proof_from(old: int) -> list[bytes]:
        async with office.pool.acquire() as connection:
            return await log.consistency(connection, shard, old, size)

    now = asyncio.get_running_loop().time()
    for cosigner in asked:
        office.memory.asked[cosigner.name, shard] = now
    replies = await asyncio.gather(
        *(ask(cosigner, note, size, known.get(cosigner.name) or 0, proof_from, seconds) for cosigner in asked)
    )
    async with office.pool.acquire() as connection:
        await _store(connection, office, shard, size, replies)
    return replies


async def _store(connection: Connection, office: Office, shard: str, size: int, replies: list[Reply]) -> None:
    newest = await log.read_signed(connection, shard)
    for reply in replies:
        if reply.larger is not None and newest is not None and newest[0] >= reply.larger:
            continue  # another process of ours had it signed meanwhile, and stores what was said to it
        if reply.line is not None:
            await store_line(connection, office, shard, size, reply.cosigner, reply.line)
        await store_answer(connection, office, shard, reply.cosigner.name, reply.size, reply.problem)
    await complete(connection, shard, size)


async def cosign_due(office: Office) -> list[tuple[str, list[Reply]]]:
    """Ask again whoever has not signed the newest checkpoint of a log, or not within the last hour; return replies by shard."""
    async with office.pool.acquire() as connection:
        shards = [row["shard"] for row in await connection.fetch("SELECT shard FROM log_head ORDER BY shard")]

    async def of(shard: str) -> tuple[str, list[Reply]]:
        due = await _due(office, shard)
        return shard, await cosign(office, shard, PATIENCE, due) if due else []

    # All logs at once: one that hangs for every log of ten years holds back what else is due by its patience, not ten times that.
    return [(shard, replies) for shard, replies in await asyncio.gather(*map(of, shards)) if replies]


async def _due(office: Office, shard: str) -> list[Cosigner]:
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT c.name, c.vkey, c.url FROM cosigner c WHERE c.active AND NOT EXISTS (SELECT 1 FROM log_cosignature l"
            " WHERE l.cosigner = c.name AND l.shard = $1 AND l.size = (SELECT max(size) FROM log_checkpoint WHERE shard = $1)"
            " AND l.newest_at > $2) ORDER BY c.name",
            shard, office.now() - HEARTBEAT,
        )  # fmt: skip
        newest = await log.read_signed(connection, shard)
        if newest is not None:
            await complete(connection, shard, newest[0])  # another process may have stored what was missing
    now = asyncio.get_running_loop().time()
    waited = [now - office.memory.asked.get((row["name"], shard), -RETRY) >= RETRY for row in rows]
    return [Cosigner(r["name"], r["vkey"], r["url"]) for r, long in zip(rows, waited, strict=True) if long]
