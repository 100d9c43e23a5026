"""What `doctor` finds out about cosigning: who remembers more than the database does, who does not answer, what the quorum needs."""

from datetime import UTC, datetime
from pathlib import Path

from disclosure.policy import satisfied
from service import log
from service.command.key_findings import Finding
from service.cosigners import Standing, read_quorum, read_standing
from service.cosigning import PATIENCE, Reply, ask
from service.database import Connection
from service.guard import MEND, compare_folder
from service.office import as_time

__all__ = ["examine_cosigning"]

# A service that runs beside may have signed while we looked.
_MEND = "请再运行一次 doctor 确认 run doctor once more to be sure. " + " ".join(MEND)


async def examine_cosigning(connection: Connection, shard: str, folder: Path, log_key: bytes) -> list[Finding]:
    """Return what is to be said of one log. Every cosigner is asked about the newest signed checkpoint; nothing is stored."""
    found = []
    contradiction = await compare_folder(connection, shard, folder, log_key)
    if contradiction is not None:
        found.append(Finding(f"日志 log {shard}: " + " ".join(contradiction), False, _MEND))
    signed = await log.read_signed(connection, shard)
    standings = await read_standing(connection, shard)
    if signed is None or not standings:
        return found
    replies = [await _ask(connection, shard, signed, standing) for standing in standings]
    found += [_finding(shard, reply, standing) for reply, standing in zip(replies, standings, strict=True)]
    policy = await read_quorum(connection)
    answering = [reply.cosigner.key for reply in replies if reply.line is not None]
    if not satisfied(policy, answering):
        found.append(
            Finding(f"联署不足 too few cosigners answer: {shard}", False,
                    "在此之前不发证明；联系联署者，或 quorum-set N no proof is issued before; call them, or quorum-set N")
        )  # fmt: skip
    return found


async def _ask(connection: Connection, shard: str, signed: tuple[int, bytes], standing: Standing) -> Reply:
    size, note = signed

    async def proof_from(old: int) -> list[bytes]:
        return await log.consistency(connection, shard, old, size)

    return await ask(standing.cosigner, note, size, standing.size or 0, proof_from, PATIENCE)


def _in_words(time: int) -> str:
    """Return a time that a cosigner claims; it may claim any up to 2^63 - 1, and whoever calls it wants to see which."""
    try:
        return as_time(datetime.fromtimestamp(time, UTC))
    except (OverflowError, ValueError, OSError):
        return f"{time} s"


def _finding(shard: str, reply: Reply, standing: Standing) -> Finding:
    since = "" if standing.time is None else f", {standing.size}: {_in_words(standing.time)}"
    what = f"联署者 cosigner {standing.cosigner.name} {shard}{since}"
    if reply.problem is None:
        return Finding(what, True)
    mend = _MEND if reply.contradicts else f"与其运行者联系，或 cosigner-retire {standing.cosigner.name} call its operator, or retire it"
    return Finding(f"{what}: {' '.join(reply.problem)}", False, mend)
