"""`python -m service`, as an administrator runs it: in processes of its own, from an empty database to a clean stop."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(empty_dsn: str, tmp_path: Path) -> dict[str, str]:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("云州市应急管理局 2026\n", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("DOUBLE_RANDOM")},
        "DATABASE_URL": empty_dsn, "DOUBLE_RANDOM_KEY_PASSPHRASE_FILE": str(passphrase), "DOUBLE_RANDOM_DATA": str(tmp_path), "DOUBLE_RANDOM_LISTEN": f"127.0.0.1:{port}",
        "PYTHONWARNINGS": "error::DeprecationWarning:service",
    }  # fmt: skip


async def run(environment: dict[str, str], *words: str, given: str = "", status: int = 0) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service", *words, cwd=ROOT, env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate(given.encode())
    text = output.decode()
    assert process.returncode == status, text
    assert "Traceback" not in text
    return text


async def prepare(environment: dict[str, str]) -> None:
    keys = Path(environment["DOUBLE_RANDOM_DATA"]) / "keys"
    for name in ("bureau", "log"):
        await run(environment, "keygen", str(keys / f"{name}.pem"))
    await run(environment, "bureau", "yunzhou", "云州市应急管理局")
    await run(environment, "log-create", "disclose.yunzhou.example/2026")


async def test_an_office_is_set_up_examined_and_filled(environment, tmp_path) -> None:
    before = await run(environment, "doctor", status=1)
    assert "keygen" in before
    assert "尚未建立" in before
    assert "0001_initial.sql" in await run(environment, "migrate")
    assert "nothing to do" in await run(environment, "migrate")
    await prepare(environment)
    key = tmp_path / "keys" / "bureau.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    pem = key.read_bytes()
    await run(environment, "keygen", str(key), status=1)
    assert key.read_bytes() == pem
    await run(environment, "log-create", "disclose.yunzhou.example/2027", status=1)
    await run(environment, "bureau", "yunzhou", "别的机关", status=1)
    words = ("user-create", "chief", "--name", "管理员", "--role", "administrator", "--role", "registrar")
    assert "12" in await run(environment, *words, given="short\n", status=1)
    await run(environment, *words, given="correct horse battery staple\n")
    assert "taken" in await run(environment, *words, given="correct horse battery staple\n", status=1)
    await run(environment, "keygen", "--section", "fire")
    assert (tmp_path / "keys" / "section-fire.pem").stat().st_mode & 0o777 == 0o600
    assert "restart the service" in await run(environment, "section", "fire", "云州市消防救援支队")
    assert "另用一个代号" in await run(environment, "section", "fire", "别的名称", status=1)
    assert "section fire 云州市消防救援支队" in (examined := await run(environment, "doctor"))
    assert "✗" not in examined
    file = tmp_path / "名录.csv"
    file.write_text("统一社会信用代码,企业名称\nT-1,云州一厂\nT-2,\n", encoding="utf-8")
    report = await run(environment, "import", "targets", str(file), status=1)
    assert "nothing was imported" in report
    assert "第3行" in report
    report = await run(environment, "import", "targets", str(file), "--yes")
    assert re.search("新增 new: 1", report)
    assert "未变 unchanged: 1" in await run(environment, "import", "targets", str(file), "--yes")
    assert "files written" in await run(environment, "publish")
    assert (tmp_path / "public" / "log" / "2026" / "checkpoint").exists()
    key.chmod(0o644)
    assert "chmod 600" in await run(environment, "doctor", status=1)


async def test_the_doctor_sees_a_log_that_was_tampered_with(environment, empty_dsn) -> None:
    import asyncpg

    await prepare(environment)
    await run(
        environment,
        "user-create",
        "chief",
        "--name",
        "长",
        "--role",
        "administrator",
        given="correct horse battery staple\n",
    )
    connection = await asyncpg.connect(empty_dsn)
    await connection.execute("INSERT INTO log_entry (shard, index, leaf) VALUES ('2026', 1, 'smuggled in')")
    await connection.close()
    assert "entries and head differ" in await run(environment, "doctor", status=1)


@pytest.mark.parametrize(
    "words",
    [(), ("redraw",), ("import", "firms", "x"), ("user-create", "x", "--name", "x", "--role", "king")],
)
async def test_wrong_usage_is_64(environment, words) -> None:
    assert "usage" in await run(environment, *words, status=64)


async def test_without_keys_nothing_is_served(environment) -> None:
    assert "keygen" in await run(environment, "serve", status=1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_service_answers_and_stops_cleanly(environment, number) -> None:
    await prepare(environment)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service",
        "serve",
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    url = "http://" + environment["DOUBLE_RANDOM_LISTEN"]
    async with httpx.AsyncClient() as client:
        for _ in range(200):
            try:
                answer = await client.get(f"{url}/readyz")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
        assert answer.status_code == 200
        assert "server" not in answer.headers
        assert (await client.get(f"{url}/log/2026/checkpoint")).status_code == 200
        head = await client.head(f"{url}/policy")
        assert (head.status_code, head.content) == (200, b"")
        # The same address is taken: a second service says so and ends.
        assert "cannot listen" in await run(environment, "serve", status=1)
        process.send_signal(number)
        output, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, output.decode()
    assert "stopped" in output.decode()
    assert "Traceback" not in output.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no embedded server on Windows")
async def test_without_a_database_url_everything_is_kept_in_the_data_folder(environment) -> None:
    """Two commands use one embedded server; it ends with the process that started it, and the data stays."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="office-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o711)
        alone = {**environment, "DOUBLE_RANDOM_DATA": folder + "/data"}
        del alone["DATABASE_URL"]
        await prepare(alone)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "service",
            "serve",
            cwd=ROOT,
            env=alone,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None
        assert "serving" in (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        words = ("user-create", "chief", "--name", "长", "--role", "administrator")
        await run(alone, *words, given="correct horse battery staple\n")
        process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0, output.decode()
        assert "✗" not in await run(alone, "doctor")
