"""One process that serves an office with the keys of tests; `python ceremony_server.py <dsn> <port> <file with the time> <folder>`."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

import uvicorn
from joint import joint_office

from service.config import Config
from service.database import open_pool
from service.web.app import create_app


async def serve(dsn: str, port: str, time: Path, folder: Path) -> None:
    pool = await open_pool(dsn)
    office = joint_office(pool, lambda: datetime.fromisoformat(time.read_text()))
    config = Config(
        database_url=dsn, database_password_file=None, data=folder, listen=("127.0.0.1", int(port)), public_url=f"http://127.0.0.1:{port}",
        bureau_key_file=folder / "bureau.pem", log_key_file=folder / "log.pem", publish_dir=folder / "public",
    )  # fmt: skip
    await uvicorn.Server(uvicorn.Config(create_app(office, config), port=int(port), log_level="error", lifespan="on")).serve()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])))
