"""Running: one process owns the embedded database, the jobs and the web server, and stops all three in that order's reverse.

`running_office` gives an office with an open, migrated database; `serve_office` serves it until SIGTERM or SIGINT.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator

import uvicorn

from disclosure.keys import Signer
from service.config import Config
from service.database import migrate, open_pool
from service.embedded import EmbeddedPostgres
from service.key_files import KeyFiles, load_keys
from service.log import check_key
from service.office import Office
from service.publishing import run_jobs
from service.sections import load_section_signers, order_signers
from service.signer import Passphrase
from service.signing_memory import SigningMemory
from service.static_folder import keep_folder, publish_folder
from service.web.app import create_app
from service.web.witness_pages import StreamingServer

__all__ = ["database", "publish", "running_office", "serve", "serve_office"]

JOBS_EVERY = 3.0  # seconds
GRACE = 30  # seconds a request under way has to end
_LOG = logging.getLogger("service")


@contextlib.asynccontextmanager
async def database(config: Config) -> AsyncIterator[str]:
    """Give the address of the database: the one configured, or an embedded server that lives as long as this."""
    if config.database_url is not None:
        yield config.database_url
        return
    server = EmbeddedPostgres(config.data / "postgres")
    dsn = await asyncio.to_thread(server.start)
    try:
        yield dsn
    finally:
        await asyncio.to_thread(server.stop)


@contextlib.asynccontextmanager
async def running_office(
    config: Config, signers: tuple[Signer, Signer] | None = None, without_log_key: bool = False
) -> AsyncIterator[Office]:
    """Give the office of this configuration, its database open and migrated. `signers`, of the bureau and the log, stand in for files;
    `without_log_key` is for abandoning a log whose key is lost.

    Raises ConfigError for a missing key, MigrationError for a database of another history, EmbeddedPostgresError.
    """
    passphrase = Passphrase(config.key_passphrase_file)
    keys = load_keys(config, passphrase) if signers is None else KeyFiles((signers[0],), signers[1], {})
    async with database(config) as dsn:
        pool = await open_pool(dsn, config.database_password_file)
        try:
            await migrate(pool)
            async with pool.acquire() as connection:
                section_signers = await load_section_signers(connection, config, passphrase)
                signer, *former = await order_signers(connection, keys.bureau)
            office = Office(
                pool, signer, keys.log, section_signers=section_signers, former_signers=tuple(former), log_signers=keys.logs,
                memory=SigningMemory(config.publish_dir),
            )
            if not without_log_key:
                await check_key(office)
            yield office
        finally:
            # A request that was cut off may still hold a connection; nobody waits for it for ever.
            try:
                await asyncio.wait_for(pool.close(), 10)
            except TimeoutError:
                pool.terminate()


class _Server(StreamingServer):
    """uvicorn, but a signal ends `serve` instead of the process: what we started has still to be stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        # Asked twice: requests under way are cut off. Their transactions roll back, or are found when asked again.
        self.force_exit, self.should_exit = self.should_exit, True


async def serve_office(office: Office, config: Config) -> None:
    """Serve `office`, with its jobs and its static folder, until SIGTERM or SIGINT; return when the last request is answered."""
    host, port = config.listen
    server = _Server(
        uvicorn.Config(
            create_app(office, config), host=host, port=port, lifespan="on", log_config=None, access_log=False,
            server_header=False, timeout_graceful_shutdown=GRACE,
        )
    )  # fmt: skip
    tasks = [asyncio.create_task(_jobs(office)), asyncio.create_task(keep_folder(office, config))]
    try:
        await server.serve()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _jobs(office: Office) -> None:
    while True:
        try:
            await run_jobs(office)
        except Exception:
            # Tried again in a moment: a database that is away now comes back, and every job continues where it was.
            _LOG.exception("a job failed")
        await asyncio.sleep(JOBS_EVERY)


async def serve(config: Config) -> int:
    """Serve until stopped; return 0, or 1 if the address could not be taken."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    async with running_office(config) as office:
        print(f"服务地址 serving: {config.public_url}  (pid {os.getpid()})", flush=True)
        try:
            await serve_office(office, config)
        except SystemExit:
            print(f"无法监听 {config.listen[0]}:{config.listen[1]} cannot listen there", file=sys.stderr)
            return 1
    print("已停止 stopped", flush=True)
    return 0


async def publish(config: Config) -> int:
    """Bring the static folder up to date; name the files in it that are none of ours."""
    async with running_office(config) as office:
        await run_jobs(office)
        published = await publish_folder(office, config, look_around=True)
    print(f"写出 {published.written} 个文件 files written: {config.publish_dir}")
    if published.removed:
        print(f"撤下 {published.removed} 个不再公布的文件 files removed that are published no longer")
    if published.waiting:
        print("有文书尚未进入公布的检查点，页面留待下次 pages wait: not everything is under a published checkpoint yet")
    if published.strangers:
        print(f"文件夹中有 {len(published.strangers)} 个文件不属于公布的内容，没有动它们，请查明来历 files that are none of ours, left alone:")
        print("\n".join(f"  {path}" for path in published.strangers[:20]))
    return 0
