"""A folder behind a plain file server, and a reader who follows every link of it."""

import contextlib
import functools
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def python_server(folder: Path) -> Iterator[str]:
    """`python -m http.server` of `folder`; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextlib.contextmanager
def caddy(folder: Path, service: str = "127.0.0.1:1") -> Iterator[str]:
    """Caddy with `docker/Caddyfile`, the service where it is told, or stopped; gives its address."""
    program = shutil.which("caddy")
    if program is None:
        if os.environ.get("DOUBLE_RANDOM_REQUIRE_TOOLS"):
            pytest.fail("caddy is not installed")
        pytest.skip("caddy is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    settings = {"DOUBLE_RANDOM_SITE": address, "DOUBLE_RANDOM_FOLDER": str(folder), "DOUBLE_RANDOM_SERVICE": service}
    command = [program, "run", "--config", str(ROOT / "docker" / "Caddyfile"), "--adapter", "caddyfile"]
    environment = {**os.environ, **settings, "XDG_DATA_HOME": str(folder.parent), "XDG_CONFIG_HOME": str(folder.parent)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            _wait_for(address, process)
            yield address
        finally:
            process.terminate()


def _wait_for(address: str, process: subprocess.Popen) -> None:
    for _ in range(200):
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(address)
            return
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.05)
    raise AssertionError("caddy does not answer")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src", "action") and value]


def links_of(page: str, address: str) -> set[str]:
    """Every address on `page`, without fragments, of links, images, style sheets and forms."""
    parser = _Links()
    parser.feed(page)
    return {urldefrag(urljoin(address, link))[0] for link in parser.found}


def dead_links(server: str, dynamic: tuple[str, ...] = ("/staff/",)) -> tuple[set[str], list[tuple[str, str]]]:
    """Follow every link from `/` on; return what was reached, and (page, link) of what does not answer 200."""
    reached, dead, todo = {"/"}, [], [("", "/")]
    with httpx.Client(base_url=server, timeout=20) as client:
        while todo:
            source, address = todo.pop()
            answer = client.get(address)
            if answer.status_code != 200:
                dead.append((source, address))
            elif answer.headers["content-type"].startswith("text/html"):
                for link in links_of(answer.text, server + address):
                    path = link.removeprefix(server)
                    if link.startswith(server) and path not in reached and path not in dynamic:
                        reached.add(path)
                        todo.append((address, path))
    return reached, dead
