"""Scans of signed paper: the contribution names the digest, auditors read the scan itself."""

import hashlib
from typing import Final

from service import access_log
from service.accounts import Staff
from service.errors import Denied, Invalid, NotFound
from service.frozen import read_draw_row
from service.office import Office

__all__ = ["MOST_BYTES", "check_kept", "keep_scan", "read_scan"]

MOST_BYTES: Final = 20 << 20
_BEGINNINGS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


async def keep_scan(office: Office, who: Staff, draw: str, label: str, data: bytes) -> str:
    """Keep a scan and return its SHA-256; the same file again changes nothing.

    It is kept before the contribution is asked for: no document ever names a scan that nobody has. Raises Invalid for another kind of
    file or a larger one.
    """
    if "operator" not in who.roles:
        raise Denied("只有经办人上传扫描件", "only an operator uploads scans")
    media_type = next((kind for beginning, kind in _BEGINNINGS.items() if data.startswith(beginning)), None)
    if media_type is None:
        raise Invalid("扫描件应为 PDF、JPEG 或 PNG 文件", "a scan is a PDF, JPEG or PNG file")
    if len(data) > MOST_BYTES:
        raise Invalid("扫描件超过 20 MB，请降低分辨率后重新扫描", "the scan is over 20 MB; scan it again, coarser")
    sha256 = hashlib.sha256(data).hexdigest()
    async with office.pool.acquire() as connection, connection.transaction():
        await read_draw_row(connection, draw)
        done = await connection.execute(
            "INSERT INTO paper_scan (draw, sha256, label, media_type, data, kept_by, kept_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            " ON CONFLICT DO NOTHING",
            draw, sha256, label, media_type, data, who.id, office.now(),
        )  # fmt: skip
        if done != "INSERT 0 0":
            await access_log.note(connection, who.id, "keep scan", f"{draw} {label} {sha256}")
    return sha256


async def check_kept(office: Office, draw: str, sha256: str) -> None:
    """Raise Invalid unless a scan of this digest is kept: what a form sends back of an earlier upload is not taken on trust."""
    async with office.pool.acquire() as connection:
        kept = await connection.fetchval("SELECT EXISTS (SELECT FROM paper_scan WHERE draw = $1 AND sha256 = $2)", draw, sha256)
    if not kept:
        raise Invalid("没有收到这份扫描件，请重新上传", "this scan was not received; upload it again")


async def read_scan(office: Office, who: Staff, draw: str, sha256: str) -> tuple[str, bytes]:
    """Return media type and bytes of a scan, and note that it was read; for auditors."""
    if "auditor" not in who.roles:
        raise Denied("只有审计员可以查看扫描件", "only auditors see scans")
    async with office.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow("SELECT media_type, data FROM paper_scan WHERE draw = $1 AND sha256 = $2", draw, sha256)
        if row is None:
            raise NotFound("没有这份扫描件", "there is no such scan")
        await access_log.note(connection, who.id, "read scan", f"{draw} {sha256}")
    return row["media_type"], row["data"]
