"""kill -9 of the service in the middle of a ceremony, through HTTP: whoever comes back, in whatever browser, goes on where it stood."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest
import scene as scenes
from application import PASSWORD
from ceremony_room import (
    DICE,
    DIGITS,
    DISCIPLINE,
    LOTTERY,
    NONCE,
    NOTARY,
    SCAN,
    THROWN,
    employ_everybody,
    step_in,
)

HERE = Path(__file__).parent
FILES = {"scan": ("form.pdf", SCAN, "application/pdf")}


class Server:
    """A service that is killed rather than stopped, and a clock in a file."""

    def __init__(self, dsn: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.dsn, self.folder, self.clock = dsn, folder, folder / "time"
        self.url = f"http://127.0.0.1:{self.port}"
        self.browsers: list[httpx.AsyncClient] = []

    async def start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent), str(HERE.parents[1])])}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, str(HERE / "ceremony_server.py"), self.dsn, str(self.port), str(self.clock), str(self.folder), env=environment
        )
        async with httpx.AsyncClient(base_url=self.url) as client, asyncio.timeout(30):
            while True:
                try:
                    await client.get("/readyz")
                    return
                except httpx.TransportError:
                    assert self.process.returncode is None
                    await asyncio.sleep(0.05)

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def log_in(self, login: str) -> httpx.AsyncClient:
        """A new browser of somebody."""
        client = httpx.AsyncClient(base_url=self.url, timeout=60)
        self.browsers.append(client)
        answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        client.headers.update({"Authorization": f"Bearer {answer.json()['token']}", "Accept": "text/html"})
        return client


@pytest.mark.parametrize("last", [DICE, LOTTERY], ids=["dice", "public"])
async def test_a_ceremony_goes_on_after_every_kill(office, clock, employ, dsn, tmp_path, last) -> None:
    await employ_everybody(employ)
    await employ("second", "operator")
    scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, last))
    await scenes.freeze(scene)
    base = f"/staff/draws/{scene.draw}"
    server = Server(dsn, tmp_path)
    server.clock.write_text("2026-11-10T01:40:00+00:00")
    await server.start()
    try:
        for label in DIGITS:
            operator = await server.log_in("operator")
            await operator.post(f"{base}/ceremony/{label}", data={"digits": DIGITS[label]}, files=FILES)
            await server.kill()
            await server.start()
            # Another browser, and the request itself again: it finds what was typed, and waits for the confirmer.
            confirmer = await server.log_in("confirmer")
            shown = (await confirmer.get(f"{base}/ceremony")).text
            assert "已录入，待复核" in shown
            step = {"step": step_in(shown, label)}
            repeated = await operator.post(f"{base}/ceremony/{label}", data={"digits": DIGITS[label]}, files=FILES)
            assert repeated.status_code == 303
            # Killed while the confirmation is under way, somewhere.
            sending = asyncio.create_task(confirmer.post(f"{base}/ceremony/{label}/confirm", data=step))
            await asyncio.sleep(0.02 if label == "notary" else 0.08)
            await server.kill()
            await asyncio.gather(sending, return_exceptions=True)
            await server.start()
            assert (await confirmer.post(f"{base}/ceremony/{label}/confirm", data=step)).status_code == 303
        server.clock.write_text("2026-11-10T02:00:00+00:00")
        operator, confirmer = await server.log_in("second"), await server.log_in("confirmer")
        digits = THROWN if last is DICE else "05081119273203"
        label = "dice" if last is DICE else "lottery"
        assert (await operator.post(f"{base}/ceremony/{label}", data={"digits": digits}, files=FILES if last is DICE else None)).status_code == 303
        await server.kill()
        await server.start()
        step = {"step": step_in((await confirmer.get(f"{base}/ceremony")).text, label)}
        assert (await confirmer.post(f"{base}/ceremony/{label}/confirm", data={"typed": digits, **step})).status_code == 303
        for _ in range(2):
            await operator.post(f"{base}/stage")
        sending = asyncio.create_task(confirmer.post(f"{base}/stage"))
        await asyncio.sleep(0.1)
        await server.kill()
        await asyncio.gather(sending, return_exceptions=True)
        await server.start()
        assert (await confirmer.post(f"{base}/stage")).status_code == 303
        assert "抽取完成" in (await operator.get(f"{base}/stage")).text
    finally:
        await server.kill()
        await asyncio.gather(*(browser.aclose() for browser in server.browsers))
    kinds = [r["kind"] for r in await office.pool.fetch("SELECT kind FROM document WHERE draw = $1 ORDER BY leaf_index", scene.draw)]
    assert kinds == ["draw-plan/v1", *["contribution/v1"] * 3, "draw-outcome/v1"]
