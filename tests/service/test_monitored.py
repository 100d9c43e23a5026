"""What the service logs and publishes, seen by the monitor: a lawful bureau shows nothing."""

from collections.abc import Callable

import pytest
import scene as scenes
from test_redaction import BOTH, redaction, revisions

from disclosure.monitoring import Report, monitor
from disclosure.policy import parse_policy
from service.key_events import found_key_list
from service.office import as_time
from service.publishing import catch_up, run_jobs
from service.static_folder import publish_folder


@pytest.fixture(autouse=True)
async def key_list(office) -> None:
    """As at the setup of a bureau: its key list is the first entry of its log."""
    async with office.pool.acquire() as connection, connection.transaction():
        await found_key_list(connection, office)
    await catch_up(office)


@pytest.fixture
def watch(office, config) -> Callable[[], Report]:
    """Monitor the published folder, at the time of the office."""

    def look() -> Report:
        def read(path: str) -> bytes | None:
            place = config.publish_dir / path
            return place.read_bytes() if place.is_file() else None

        policy = read("policy")
        assert policy is not None
        return monitor(read, parse_policy(policy), as_time(office.now()))

    return look


async def test_a_lawful_bureau_shows_nothing(client, office, clock, config, watch) -> None:
    opened = await scenes.open_scene(office, clock)
    await publish_folder(office, config)
    assert watch().findings == ()
    await scenes.sealed_scene(office, clock)
    await scenes.voided_scene(office, clock)
    sha256, digests = (await revisions(opened))[0]
    await opened.take("redaction/v1", redaction(sha256, digests), *BOTH)
    await run_jobs(office)
    await publish_folder(office, config)
    report = watch()
    assert report.findings == ()
    assert len(report.draws) == 3
    assert [state for *_, state in report.draws].count("void") == 1


async def test_what_was_redacted_and_put_back_is_found(client, office, clock, config, watch) -> None:
    opened = await scenes.open_scene(office, clock)
    sha256, digests = (await revisions(opened))[0]
    path = config.publish_dir / f"doc/{sha256}.sd.json"
    await publish_folder(office, config)
    before = path.read_bytes()
    await opened.take("redaction/v1", redaction(sha256, digests), *BOTH)
    await publish_folder(office, config)
    assert watch().findings == ()
    path.write_bytes(before)
    assert [finding.code for finding in watch().findings] == ["redacted-still-served"] * len(digests)
