"""Cosigners as an administrator names them, with the real program on the other side."""

import json
import re

import asyncpg
from cosigner_process import CosignerProcess
from test_service_command import environment, prepare, run  # noqa: F401  (environment is a fixture)

from disclosure.policy import parse_log_policy


async def test_a_cosigner_is_added_asked_for_examined_and_retired(environment, tmp_path) -> None:  # noqa: F811
    await prepare(environment)
    said = await run(environment, "key-list")
    log_vkey = re.search(r"disclose\.yunzhou\.example/2026\+[0-9a-f]{8}\+\S+", said)
    assert log_vkey is not None
    (tmp_path / "cosigner").mkdir()
    audit = CosignerProcess(tmp_path / "cosigner", [log_vkey[0]])
    try:
        url = audit.start()
        refused = await run(environment, "cosigner-add", "audit", log_vkey[0], url, status=1)
        assert "that of a log" in refused
        assert "2 cosigners are asked for, 0" in await run(environment, "quorum-set", "2", status=1)
        assert "it signed the newest checkpoint" in await run(environment, "cosigner-add", "audit", audit.vkey, url)
        await run(environment, "quorum-set", "1")
        assert audit.seen()[0]["size"] == 3  # founded, added, quorum: each logged, each cosigned
        assert "cosigner audit 2026, 3: " in await run(environment, "doctor", status=1)  # 1: no administrator yet
        audit.kill()
        said = await run(environment, "doctor", status=1)
        assert "cannot be reached" in said
        assert "too few cosigners answer" in said
        assert "fewer with quorum-set" in await run(environment, "cosigner-retire", "audit", status=1)
        said = await run(environment, "quorum-set", "0")
        assert "cannot be reached" in said  # nothing could be signed before the quorum was lowered; it says so
        await run(environment, "cosigner-retire", "audit")
        assert "cosigner audit" not in await run(environment, "doctor", status=1)
    finally:
        audit.kill()
    connection = await asyncpg.connect(environment["DATABASE_URL"])
    try:
        rows = await connection.fetch("SELECT data FROM document WHERE kind = 'key-event/v1' ORDER BY leaf_index")
    finally:
        await connection.close()
    events = [json.loads(row["data"]) for row in rows]
    assert [event["cause"] for event in events] == ["founded", *["cosigners"] * 4]
    policies = [parse_log_policy(event["log"]) for event in events]
    assert [policy.quorum for policy in policies] == [None, None, "cosigners", None, None]
    assert list(policies[-1].witnesses) == ["audit"]  # what it signed stays signed
