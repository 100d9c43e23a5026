"""A running office: database started or reached, migrated, keys loaded, left-overs of a crash finished."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import uvicorn

from service.config import Config
from service.database import migrate, open_pool
from service.embedded import EmbeddedPostgres
from service.office import Office
from service.publishing import catch_up, run_jobs
from service.signer import load_signer

__all__ = ["running_office", "serve_office"]

JOB_SECONDS = 5.0  # how long something due may wait
_log = logging.getLogger("service.jobs")


@contextlib.asynccontextmanager
async def running_office(config: Config) -> AsyncIterator[Office]:
    """Give an office whose database runs for as long as the context: the embedded one unless `DATABASE_URL` names another."""
    signer, log_signer = load_signer(config.bureau_key_file), load_signer(config.log_key_file)
    with contextlib.ExitStack() as stack:
        if config.database_url is None:
            config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
            server = stack.enter_context(EmbeddedPostgres(config.data / "postgresql"))
            dsn = server.dsn
        else:
            dsn = config.database_url
        pool = await open_pool(dsn, config.database_password_file)
        try:
            await migrate(pool)
            office = Office(pool, signer, log_signer)
            await catch_up(office)
            yield office
        finally:
            await pool.close()


async def serve_office(office: Office, config: Config) -> None:
    """Serve pages and API until SIGINT or SIGTERM, and do what falls due meanwhile."""
    from service.web.app import create_app

    host, port = config.listen
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(office, config),
            host=host,
            port=port,
            log_level="warning",
            timeout_graceful_shutdown=10,
        )
    )
    jobs = asyncio.create_task(_jobs(office))
    try:
        await server.serve()
    finally:
        jobs.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await jobs


async def _jobs(office: Office) -> None:
    """Run what is due, for ever. A failure is told and tried again: nothing is lost by waiting."""
    while True:
        try:
            await run_jobs(office)
        except Exception:
            _log.exception("a job failed and will be tried again")
        await asyncio.sleep(JOB_SECONDS)
