"""The service: from the confirmer's POST to a committed, logged and signed outcome."""

import asyncio
import os
import secrets
import tempfile
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.county import CITIES
from disclosure.keys import Ed25519Signer
from disclosure.policy import parse_policy
from disclosure.verification import verify_bundle
from service.accounts import create_staff
from service.config import read_config
from service.database import migrate, open_pool
from service.embedded import EmbeddedPostgres
from service.log import create_log
from service.office import Office
from service.web.app import create_app

__all__ = ["run"]

BEFORE, AFTER = datetime(2026, 11, 10, 1, 55, tzinfo=UTC), datetime(2026, 11, 10, 2, 0, 5, tzinfo=UTC)
NAMES = {"ezhou": "鄂州", "huanggang": "黄冈", "jingzhou": "荆州", "shiyan": "十堰"}


def _firms() -> tuple[str, bytes]:
    """Return the real list where it is, otherwise one of the same size made up here."""
    real = Path(os.environ.get("DOUBLE_RANDOM_SHARED", "../shared")) / "data" / "hubei-enterprises.csv"
    if real.exists():
        return "8,019 real firms", real.read_bytes()
    rows = [f"某某{city}第{n}公司,9142{i}{n:013d},{NAMES[city]}" for i, city in enumerate(CITIES) for n in range(CITIES[city])]
    return "8,019 invented firms", "\n".join(["企业名称,统一社会信用代码,地区", *rows]).encode()


def _draft() -> dict:
    percent = {"kind": "percent", "denominator": 100, "numerator": 5}
    throwers = [{"label": f"t{n}", "body": f"单位{n}", "name": "某人"} for n in range(3)]
    return {
        "title": "四市抽查", "task": {"id": "bench", "name": "四市抽查"}, "legal_basis": ["《安全生产法》第六十五条"],
        "stratify_by": "area", "strata": [{"name": n, "values": [n], "rule": percent} for n in NAMES.values()],
        "classes": [{"id": "general", "name": "一般", "inspectors": [{}, {}], "optional_items": 2}],
        "givers": [{"kind": "nonce", "custodian": "公证处"}, {"kind": "dice", "throwers": throwers}],
        "instant": "2026-11-10T02:00:00Z", "names_open": "2026-12-30T00:00:00Z",
        "visits": {"first": "2026-12-01", "last": "2026-12-20"},
    }  # fmt: skip


@asynccontextmanager
async def _client(app):
    """The application with its lifespan, asked in this very loop."""
    arriving, leaving = asyncio.Queue(), asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.create_task(app(scope, arriving.get, leaving.put))
    await arriving.put({"type": "lifespan.startup"})
    await leaving.get()
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as client:
            yield client
    finally:
        await arriving.put({"type": "lifespan.shutdown"})
        await leaving.get()
        await task


class _Timer:
    def __init__(self) -> None:
        self.begun = time.perf_counter()

    def tell(self, what: str) -> None:
        now = time.perf_counter()
        print(f"  {what:<66} {now - self.begun:7.2f} s", flush=True)
        self.begun = time.perf_counter()


async def _carry(office: Office, now: list[datetime], folder: Path) -> None:
    config = read_config({"DOUBLE_RANDOM_DATA": str(folder)})
    password, tokens = secrets.token_urlsafe(12), {}
    async with office.pool.acquire() as c:
        await c.execute("INSERT INTO bureau (label, name, section, second_factor) VALUES ('bench', '某局', 'lead', false)")
    for login in ("registrar", "operator", "confirmer"):
        await create_staff(office, login, login, password, [login])
    async with _client(create_app(office, config)) as client:

        async def ask(who: str, method: str, path: str, **more) -> dict:
            answer = await client.request(method, path, headers={"Authorization": f"Bearer {tokens[who]}"}, **more)
            assert answer.is_success, answer.text
            return answer.json()

        for login in ("registrar", "operator", "confirmer"):
            body = {"login": login, "password": password}
            tokens[login] = (await client.post("/api/v1/session", json=body)).json()["token"]
        name, content = _firms()
        people = "\n".join(["执法证号,姓名,承担上限", *(f"C{n:05d},检查员{n},8" for n in range(120))]).encode()
        items = "\n".join(["事项编号,事项名称,实施依据,是否必查",
                           *(f"item-{n},事项{n},《安全生产法》,{'是' if n < 2 else '否'}" for n in range(20))]).encode()  # fmt: skip
        timer = _Timer()
        for kind, data in (("targets", content), ("inspectors", people), ("items", items)):
            view = await ask("registrar", "POST", f"/api/v1/imports/{kind}?filename={kind}.csv", content=data)
            await ask("registrar", "POST", f"/api/v1/imports/{view['id']}/confirm")
        timer.tell(f"import of {name}, 120 inspectors, 20 items")
        draw = (await ask("operator", "POST", "/api/v1/draws", json=_draft()))["id"]

        async def step(kind: str, request: dict) -> None:
            path = f"/api/v1/draws/{draw}/steps"
            view = await ask("operator", "POST", path, json={"kind": kind, "request": request})
            timer.begun = time.perf_counter()
            view = await ask("confirmer", "POST", f"/api/v1/steps/{view['id']}/agree")
            assert view["document"], view

        await step("draw-plan/v1", {})
        timer.tell("freeze: POST to committed and checkpoint signed")
        now[0] = AFTER
        await step("contribution/v1", {"label": "dice", "digits": "0123456789" * 6, "form": "d" * 64})
        await step("draw-outcome/v1", {})
        timer.tell("draw of 402 with teams of 2: POST to committed and checkpoint signed")
        bundle = (await client.get(f"/draws/{draw}/{draw}.bundle.json")).content
        timer.tell(f"bundle of {len(bundle) // 1024} KiB read")
        policy = parse_policy((await client.get("/policy")).content)
        timer.begun = time.perf_counter()
        report = verify_bundle(bundle, policy)
        timer.tell("verification of the bundle, every ticket and team recomputed")
        assert report.exit_status == 3, report


def run() -> None:
    """Four cities over HTTP and PostgreSQL; target: from POST to committed and signed in under 2 seconds."""
    now = [BEFORE]
    bureau, log = (Ed25519Signer(Ed25519PrivateKey.generate()) for _ in range(2))

    async def main(dsn: str, folder: Path) -> None:
        pool = await open_pool(dsn)
        await migrate(pool)
        office = Office(pool, bureau, log, lambda: now[0])
        await create_log(office, "bench.example/log")
        await _carry(office, now, folder)
        await pool.close()

    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "pg") as server:
        asyncio.run(main(server.dsn, Path(folder)))
