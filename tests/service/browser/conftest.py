"""A real browser before a real server: Debian's chromium, driven by playwright, no download of either."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
import uvicorn

from service.web.app import create_app
from service.web.witness_pages import StreamingServer

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip


def _missing(reason: str) -> None:
    if os.environ.get("DOUBLE_RANDOM_REQUIRE_TOOLS") == "1":
        pytest.fail(f"{reason}, and DOUBLE_RANDOM_REQUIRE_TOOLS=1 forbids skipping")
    pytest.skip(reason)


@pytest.fixture(scope="session")
async def chromium():
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        _missing("playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        _missing("chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        await browser.close()


@asynccontextmanager
async def serving(office, config) -> AsyncIterator[str]:
    """The address of a server for `office`, on a port of its own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = create_app(office, msgspec.structs.replace(config, public_url=address))
        server = StreamingServer(uvicorn.Config(app, log_level="error", lifespan="on"))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.02)
            assert not task.done(), task.exception()
        try:
            yield address
        finally:
            server.should_exit = True
            await task


@pytest.fixture
async def site(office, config) -> AsyncIterator[str]:
    async with serving(office, config) as address:
        yield address
