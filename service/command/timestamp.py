"""`timestamp-add`: name an authority that stamps our checkpoints, and ask it at once, so that a wrong address or root shows."""

from pathlib import Path

from service.command.serve import running_office
from service.config import Config
from service.timestamps import add_authority, stamp_checkpoints

__all__ = ["add_timestamp"]


async def add_timestamp(config: Config, name: str, url: str, certificate: Path) -> int:
    """Add the authority; return 1 if its first answer was not good: it stays named and is asked again in an hour."""
    pem = certificate.read_bytes()  # noqa: ASYNC240 (nothing else runs yet)
    async with running_office(config) as office:
        await add_authority(office, name, url, pem)
        await stamp_checkpoints(office)
        trouble = await office.pool.fetchval("SELECT trouble FROM timestamp_authority WHERE name = $1", name)
    if trouble is not None:
        print(f"已登记 {name}，但首次应答不成功，一小时后再试 added, but its first answer was none; asked again in an hour:\n  {trouble}")
        return 1
    print(f"时间戳机构 time-stamping authority: {name} {url}")
    return 0
