"""A real PostgreSQL, one database per test, fixed keys, a clock that only tests move, and an application to ask.

`DATABASE_URL` names a server to use instead of an embedded one; its role has to be allowed to create databases.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from application import PASSWORD, Clock, browser, execute, in_database
from argon2 import PasswordHasher
from joint import Desk, employ_all, found, joint_office, register_fire

from service.accounts import create_staff
from service.config import Config
from service.database import migrate, open_pool
from service.embedded import EmbeddedPostgres
from service.log import create_log
from service.office import Office


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    if url := os.environ.get("DATABASE_URL"):
        yield url
    else:
        with EmbeddedPostgres.temporary() as server:
            yield server.dsn


@pytest.fixture(scope="session")
def template(server_dsn: str) -> Iterator[str]:
    """The name of a migrated database that every test gets a copy of."""
    name = f"template_{uuid4().hex}"

    async def make() -> None:
        await execute(server_dsn, f"CREATE DATABASE {name}")
        pool = await open_pool(in_database(server_dsn, name), size=1)
        await migrate(pool)
        await pool.close()

    asyncio.run(make())
    yield name
    asyncio.run(execute(server_dsn, f"DROP DATABASE {name}"))


@asynccontextmanager
async def fresh_database(server_dsn: str, template: str) -> AsyncIterator[str]:
    """The address of a new database, dropped at the end."""
    name = f"test_{uuid4().hex}"
    await execute(server_dsn, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        yield in_database(server_dsn, name)
    finally:
        await execute(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def dsn(server_dsn: str, template: str) -> AsyncIterator[str]:
    async with fresh_database(server_dsn, template) as address:
        yield address


@pytest.fixture
async def empty_dsn(server_dsn: str) -> AsyncIterator[str]:
    """The address of a database without any migration."""
    async with fresh_database(server_dsn, "template1") as address:
        yield address


@pytest.fixture(autouse=True)
def short_rehearsals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every freeze rehearses the draw for a second or two; a few rehearsals are enough where that is not what is tested."""
    monkeypatch.setattr("service.planning.feasibility.PATIENCE", 0.05)


@pytest.fixture(autouse=True)
def cheap_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password costs a tenth of a second and 64 MiB on purpose; not where hundreds of people log in."""
    if request.node.get_closest_marker("costly_passwords") is None:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        monkeypatch.setattr("service.passwords._HASHER", cheap)
        monkeypatch.setattr("service.passwords._NOBODY", cheap.hash(b"nobody"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bare_office(dsn: str, clock: Clock) -> AsyncIterator[Office]:
    """An office with keys that are the same in every run, that of a second department among them, and an empty database."""
    pool = await open_pool(dsn)
    yield joint_office(pool, clock)
    await pool.close()


@pytest.fixture
async def office(bare_office: Office) -> Office:
    """An office with a bureau and an empty log, and nobody in it yet."""
    await bare_office.pool.execute(
        "INSERT INTO bureau (label, name, section, second_factor) VALUES ('yunzhou', '云州市应急管理局', 'lead', false)"
    )
    await create_log(bare_office, "disclose.yunzhou.example/2026")
    return bare_office


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        database_url=None, database_password_file=None, data=tmp_path, listen=("127.0.0.1", 8000), public_url="https://t",
        bureau_key_file=tmp_path / "bureau.pem", log_key_file=tmp_path / "log.pem", publish_dir=tmp_path / "public",
    )  # fmt: skip


@pytest.fixture
async def client(office: Office, config: Config) -> AsyncIterator[httpx.AsyncClient]:
    from service.web.app import create_app

    async with browser(create_app(office, config)) as found:
        yield found


@pytest.fixture
def employ(office: Office):
    """Create accounts: `await employ("wang", "operator", "registrar")`."""

    async def create(login: str, *roles: str) -> int:
        return await create_staff(office, login, f"{login} 某", PASSWORD, roles)

    return create


@pytest.fixture
def enter(office: Office, client: httpx.AsyncClient, employ):
    """Create an account with roles, log it in, and return the header that a program sends."""

    async def create_and_log_in(login: str, *roles: str) -> dict[str, str]:
        await employ(login, *roles)
        answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    return create_and_log_in


@pytest.fixture
async def desk(client: httpx.AsyncClient, office: Office, clock: Clock, employ) -> Desk:
    """A campaign's two departments with their registries, and everybody logged in."""
    await register_fire(office)
    await found(office)
    await employ_all(office, employ)
    desk = Desk(client, clock, office)
    await desk.at("2026-11-09T00:00:00Z")
    return desk
