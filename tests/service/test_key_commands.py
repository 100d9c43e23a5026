"""Keys at the keyboard: encrypted from the first, listed, rotated, revoked; a new log each year."""

import asyncio
import json
import re

import pytest
from test_service_command import environment  # noqa: F401 - the fixture

from disclosure.policy import parse_policy
from service.__main__ import main


@pytest.fixture
def run(environment, monkeypatch, capsys):  # noqa: F811
    """Run one command in a thread of this process, which spares the start of another; return what it printed."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def command(words: tuple[str, ...]) -> int:
        try:
            return main(words)
        except SystemExit as usage:
            return int(usage.code)

    async def call(*words: str, status: int = 0) -> str:
        done = await asyncio.to_thread(command, words)
        printed = "".join(capsys.readouterr())
        assert done == status, printed
        return printed

    return call


async def prepare(run, tmp_path) -> None:
    for name in ("bureau", "log"):
        await run("keygen", str(tmp_path / "keys" / f"{name}.pem"))
    await run("bureau", "yunzhou", "云州市应急管理局")
    await run("log-create", "disclose.yunzhou.example/2026")


async def policy_of(run, tmp_path):
    await run("publish")
    return parse_policy((tmp_path / "public" / "policy").read_bytes())


async def test_a_bureau_lists_a_standby_key_rotates_loses_its_key_and_begins_a_new_year(run, tmp_path) -> None:
    await prepare(run, tmp_path)
    keys = tmp_path / "keys"
    assert all("ENCRYPTED" in (keys / f"{name}.pem").read_text() for name in ("bureau", "log"))
    listed = await run("key-list")
    assert re.search(r"云州市应急管理局（yunzhou）\n .*\n  ([0-9a-f]{4} ){7}[0-9a-f]{4}\n  ([0-9a-f]{4} ){7}[0-9a-f]{4}\n", listed)
    assert "rev 1" in listed
    # The standby key is made bare, on a machine of its own, and kept elsewhere.
    standby = tmp_path / "elsewhere" / "standby.pem"
    assert "warning" in await run("keygen", "--unencrypted", str(standby))
    assert "指纹" in await run("key-add", "--standby", str(standby), "--name", "备用密钥（公证处保管）")
    assert "already" in await run("key-add", "--standby", str(standby), "--name", "又一把", status=1)
    assert "neither" in await run("key-add", "--standby", "AAAA", "--name", "又一把", status=1)
    await run("key-rotate", "--until", "later", status=64)
    rotated = await run("key-rotate", "--until", "2099-01-01")
    assert "bureau-2.pem" in rotated
    assert "2098-12-31T16:00:00Z" in rotated
    assert "ENCRYPTED" in (keys / "bureau-2.pem").read_text()
    policy = await policy_of(run, tmp_path)
    assert [a.valid_until for a in policy.authorities] == ["2098-12-31T16:00:00Z", None, None]
    # Stolen: only the standby key is left to say so.
    stolen = policy.authorities[2].key
    (keys / "bureau.pem").rename(tmp_path / "away.pem")
    assert "standby" in await run("key-revoke", stolen, "--at", "now", "--reason", "被盗", status=1)
    (keys / "bureau-standby.pem").write_bytes(standby.read_bytes())
    (keys / "bureau-standby.pem").chmod(0o600)
    assert "REVOKED" not in await run("key-list")
    assert "吊销" in await run("key-revoke", stolen, "--at", "now", "--reason", "被盗")
    assert "REVOKED" in await run("key-list")
    examined = await run("doctor", status=1)
    assert "has ended" in examined
    assert "key-encrypt" in examined
    assert "encrypted" in await run("key-encrypt", str(keys / "bureau-standby.pem"))
    assert "already" in await run("key-encrypt", str(keys / "bureau-standby.pem"))
    # A new log: no key, then one.
    assert "keygen --log 2027" in await run("log-create", "--succeeds", "disclose.yunzhou.example/2027", status=1)
    await run("keygen", "--log", "2027")
    assert "/log/2027/" in await run("log-create", "--succeeds", "disclose.yunzhou.example/2027")
    await run("log-create", "disclose.yunzhou.example/2028", status=1)
    policy = await policy_of(run, tmp_path)
    assert [key.name.rpartition("/")[2] for key in policy.log.logs] == ["2026", "2027"]
    for shard in ("2026", "2027"):
        assert (tmp_path / "public" / "log" / shard / "checkpoint").exists()
    examined = await run("doctor", status=1)  # nobody administers it yet, and nothing else is wrong
    assert examined.count("✗") == 1
    assert "rev 5" in examined


async def test_without_a_passphrase_nothing_is_made_and_nothing_is_opened(run, tmp_path, monkeypatch) -> None:
    await prepare(run, tmp_path)
    monkeypatch.delenv("DOUBLE_RANDOM_KEY_PASSPHRASE_FILE")
    assert "DOUBLE_RANDOM_KEY_PASSPHRASE_FILE" in await run("keygen", str(tmp_path / "new.pem"), status=1)
    assert not (tmp_path / "new.pem").exists()
    assert "DOUBLE_RANDOM_KEY_PASSPHRASE_FILE" in await run("serve", status=1)
    wrong = tmp_path / "wrong"
    wrong.write_text("something else entirely")
    monkeypatch.setenv("DOUBLE_RANDOM_KEY_PASSPHRASE_FILE", str(wrong))
    assert "wrong passphrase" in await run("key-list", status=1)


async def test_every_document_of_the_list_is_published_with_its_proof(run, tmp_path) -> None:
    await prepare(run, tmp_path)
    await run("key-add", "--standby", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "--name", "备用")
    await policy_of(run, tmp_path)
    found = {json.loads(path.read_bytes())["rev"]: path for path in (tmp_path / "public" / "doc").glob("*.json") if path.suffixes == [".json"]}
    assert sorted(found) == [1, 2]
    for path in found.values():
        assert path.with_suffix(".dsse.json").exists()
        assert path.with_suffix(".tlog-proof").exists()
