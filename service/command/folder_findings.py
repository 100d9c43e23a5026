"""What `doctor` finds about the static folder: whether it can be written, and follows the log."""

import os
import shutil
from datetime import datetime
from pathlib import Path

from disclosure.checkpoint import read_unverified
from disclosure.errors import DisclosureError
from service.command.key_findings import Finding
from service.database import Connection

__all__ = ["examine_folder"]

PATIENCE = 60  # seconds the folder may be behind the newest checkpoint
ROOM = 1 << 28  # bytes
_MEND = "运行 python -m service publish，它会说明原因 run `python -m service publish`, which says why"


async def examine_folder(connection: Connection, folder: Path, now: datetime) -> list[Finding]:
    """Return one finding about the folder, and one for every log whose checkpoint it lacks, or has not had for a minute."""
    findings = [_examine(folder)]
    for row in await connection.fetch(
        "SELECT shard, (SELECT max(size) FROM log_checkpoint c WHERE c.shard = h.shard) AS size FROM log_head h ORDER BY shard"
    ):
        if row["size"] is None:
            continue
        known = _size_of(folder / "log" / row["shard"] / "checkpoint")
        since = await connection.fetchval(
            "SELECT min(signed_at) FROM log_checkpoint WHERE shard = $1 AND size > $2", row["shard"], known
        )
        late = since is not None and (now - since).total_seconds() > PATIENCE
        said = f"静态文件夹中的日志 log in the static folder {row['shard']}: {max(known, 0)} / {row['size']}"
        findings.append(Finding(said, not late, _MEND if late else ""))
    return findings


def _examine(folder: Path) -> Finding:
    what = f"静态文件夹 static folder {folder}"
    if not folder.exists():
        return Finding(f"{what}: 尚未写出 not written yet", True, "python -m service publish")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(what, False, "不能写入，请改权限 cannot be written: mend its permissions")
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        return Finding(f"{what}: 只剩 {free >> 20} MB left", False, "腾出磁盘空间 make room")
    return Finding(what, True)


def _size_of(checkpoint: Path) -> int:
    """Return how many entries the checkpoint file tells of; -1 where there is none that can be read."""
    try:
        return read_unverified(checkpoint.read_bytes()).size
    except (OSError, DisclosureError):
        return -1
