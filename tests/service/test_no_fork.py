"""A database put back from an older backup, and several processes at once: no second history of the log is ever signed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from application import execute, in_database
from bureau import testing_only_signer as signer_named
from cosigner_process import CosignerProcess
from joint import joint_office
from test_cosigners import LOG, ORIGIN, SHARD, cosigner_in_a_thread, grow, introduce, need, scripted, vkey_of

from disclosure.checkpoint import open_checkpoint, read_unverified
from disclosure.note import format_vkey
from service import cosigners, guard, log
from service.database import open_pool
from service.documents import begin_turn
from service.log import create_log
from service.office import Office
from service.publishing import catch_up, run_jobs
from service.signing_memory import SigningMemory


class Watched:
    """A signer that keeps everything it was asked to sign."""

    def __init__(self) -> None:
        self.signer, self.signed = signer_named("log"), list[bytes]()

    @property
    def public_key(self) -> bytes:
        return self.signer.public_key

    def sign(self, message: bytes) -> bytes:
        self.signed.append(message)
        return self.signer.sign(message)


class Machine:
    """A database server on which one log lives, with copies made like backups. Every `process` is new: it remembers nothing."""

    def __init__(self, server: str, template: str, clock) -> None:
        self.server, self.template, self.clock = server, template, clock
        self.name, self.signer, self.made = "", Watched(), list[str]()

    async def _copy(self, source: str) -> str:
        name = f"fork_{uuid4().hex}"
        await execute(self.server, f"CREATE DATABASE {name} TEMPLATE {source}")
        self.made.append(name)
        return name

    async def install(self) -> None:
        self.name = await self._copy(self.template)
        async with self.process() as office:
            await create_log(office, ORIGIN)
            await log.publish_checkpoint(office, SHARD)

    async def backup(self) -> str:
        return await self._copy(self.name)

    def restore(self, backup: str) -> None:
        self.name = backup

    @asynccontextmanager
    async def process(self, folder: Path | None = None) -> AsyncIterator[Office]:
        pool = await open_pool(in_database(self.server, self.name), size=4)
        try:
            office = joint_office(pool, self.clock)
            yield msgspec.structs.replace(office, log_signer=self.signer, memory=SigningMemory(folder))
        finally:
            await pool.close()


@pytest.fixture
async def machine(server_dsn, template, clock) -> AsyncIterator[Machine]:
    found = Machine(server_dsn, template, clock)
    await found.install()
    yield found
    for name in found.made:
        await execute(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def say(office) -> str:
    """Why nothing is signed, as whoever takes a step is told."""
    async with office.pool.acquire() as connection:
        with pytest.raises(guard.Halted) as refusal:
            async with connection.transaction():
                await begin_turn(connection, office, SHARD)
    assert "停止签发" in refusal.value.zh
    return refusal.value.en


@pytest.fixture
def audit(tmp_path) -> AsyncIterator[CosignerProcess]:
    software = CosignerProcess(tmp_path, [format_vkey(LOG)])
    software.start()
    yield software
    software.kill()


async def introduce_program(office, software: CosignerProcess) -> None:
    async with office.pool.acquire() as connection, connection.transaction():
        await cosigners.add_cosigner(connection, office, "audit", software.vkey, software.url)


@pytest.mark.parametrize("later", [0, 1, 2, 5])
async def test_a_restored_database_signs_nothing_while_a_cosigner_remembers_more(machine, audit, later) -> None:
    """At size 3 a backup; on to 5, cosigned; the backup put back; `later` other entries before the process first signs."""
    async with machine.process() as office:
        await introduce_program(office, audit)
        await grow(office, 3)
    old = await machine.backup()
    async with machine.process() as office:
        await grow(office, 2, "first")
    assert audit.seen()[0]["size"] == 5
    machine.restore(old)
    machine.signer.signed.clear()
    for _ in range(2):  # nor after another start
        async with machine.process() as office:
            if later:
                assert await grow(office, later, "second") is None
            await catch_up(office)
            await run_jobs(office)
            words = await say(office)
            assert "remembers 5 entries, more than 3" in words
            assert "older backup" in words
    assert machine.signer.signed == []
    assert audit.seen()[0]["size"] == 5


async def test_a_restored_database_signs_nothing_against_the_published_folder(machine, tmp_path) -> None:
    file = tmp_path / "log" / SHARD / "checkpoint"
    file.parent.mkdir(parents=True)
    async with machine.process() as office:
        await grow(office, 3)
    old = await machine.backup()
    async with machine.process() as office:
        note = await grow(office, 2, "first")
        assert note is not None
        file.write_bytes(note)
    machine.restore(old)
    machine.signer.signed.clear()
    async with machine.process(tmp_path) as office:
        assert await grow(office, 4, "second") is None  # larger than what was published, and other
        assert "published checkpoint" in await say(office)
    assert machine.signer.signed == []


@pytest.mark.parametrize("later", [0, 1, 2, 3])
async def test_a_database_swapped_under_a_running_process_is_noticed(machine, later) -> None:
    """No cosigner, no folder: the process that signed more remembers it, whatever its connections lead to now."""
    async with machine.process() as office:
        await grow(office, 3)
    old = await machine.backup()
    async with machine.process() as office:
        await grow(office, 2, "first")
        memory = office.memory
    machine.restore(old)
    machine.signer.signed.clear()
    async with machine.process() as other:
        office = msgspec.structs.replace(other, memory=memory)
        if later:
            await grow(office, later, "second")
        await log.publish_checkpoint(office, SHARD)
        assert "this process signed 5 entries" in await say(office)
    assert machine.signer.signed == []


async def test_a_database_that_comes_back_older_is_compared_with_the_cosigners_again(machine, audit) -> None:
    """Another process signed on; ours, which signed only 3, loses its connection and finds the backup behind it."""
    async with machine.process() as office:
        await introduce_program(office, audit)
        await grow(office, 3)
        memory = office.memory
    old = await machine.backup()
    async with machine.process() as office:
        await grow(office, 2, "first")
    machine.restore(old)
    machine.signer.signed.clear()
    async with machine.process() as other:
        office = msgspec.structs.replace(other, memory=memory)
        assert await grow(office, 4, "second") is None
        assert "remembers 5 entries" in await say(office)
    assert machine.signer.signed == []


async def test_with_a_quorum_nothing_is_signed_before_it_has_answered(machine, audit) -> None:
    async with machine.process() as office:
        await introduce_program(office, audit)
        await need(office, 1)
        await grow(office, 3)
    audit.kill()
    machine.signer.signed.clear()
    async with machine.process() as office:
        assert await grow(office, 1) is None
        assert office.memory.halted == {}  # it is not said that anything is wrong: only asked again
        with pytest.raises(guard.Halted, match="not enough cosigners have answered"):
            await guard.check_signing(office, SHARD)
        assert machine.signer.signed == []
        audit.start()
        await run_jobs(office)
        assert machine.signer.signed != []
        assert audit.seen()[0]["size"] == 4


async def test_without_a_quorum_it_goes_on_with_a_warning_and_halts_when_the_cosigner_is_back(machine, audit, caplog) -> None:
    async with machine.process() as office:
        await introduce_program(office, audit)
        await grow(office, 3)
    old = await machine.backup()
    async with machine.process() as office:
        await grow(office, 2, "first")
    machine.restore(old)
    audit.kill()
    async with machine.process() as office:
        assert await grow(office, 6, "second") is not None
        assert "signing without its answer" in caplog.text
        audit.start()
        office.memory.asked.clear()
        await run_jobs(office)
        assert "saw another history of the first 5 entries" in await say(office)
        machine.signer.signed.clear()
        assert await log.publish_checkpoint(office, SHARD) is None
    assert machine.signer.signed == []
    assert audit.seen()[0]["size"] == 5


async def test_a_new_log_of_an_old_name_is_not_begun_beside_a_published_one(machine, tmp_path) -> None:
    """The database is lost altogether and `log-create` is run again with the same name."""
    file = tmp_path / "log" / SHARD / "checkpoint"
    file.parent.mkdir(parents=True)
    async with machine.process() as office:
        note = await grow(office, 2)
        assert note is not None
        file.write_bytes(note)
    machine.restore(await machine._copy(machine.template))
    machine.signer.signed.clear()
    async with machine.process(tmp_path) as office:
        await create_log(office, ORIGIN)
        assert await log.publish_checkpoint(office, SHARD) is None
    assert machine.signer.signed == []


async def test_a_cosigner_that_claims_too_much_halts_until_it_is_retired(machine) -> None:
    """A size is not signed, so anyone may claim one. The words name who did; who retires it goes on."""
    with scripted(lambda body: (409, b"1000000\n")) as url:
        async with machine.process() as office:
            await introduce(office, "audit", url)
            assert await grow(office, 1) is None
            assert "cosigner audit remembers 1000000 entries" in await say(office)
        async with machine.process() as office:
            async with office.pool.acquire() as connection:
                await cosigners.retire_cosigner(connection, "audit")
            await catch_up(office)
            async with office.pool.acquire() as connection:
                assert (await log.read_signed(connection, SHARD))[0] == 1


async def test_several_sequencers_at_once_make_one_chain(machine, tmp_path, clock) -> None:
    with cosigner_in_a_thread(tmp_path / "audit", "audit", clock.now.timestamp) as url:
        async with machine.process() as office:
            await introduce(office, "audit", url)
        async with machine.process() as one, machine.process() as two, machine.process() as three:

            async def work(office, label: str) -> None:
                for _ in range(15):
                    assert await grow(office, 2, label) is not None

            await asyncio.gather(work(one, "one"), work(two, "two"), work(three, "three"))
            await run_jobs(one)
            async with one.pool.acquire() as connection:
                for row in await connection.fetch("SELECT size, note FROM log_checkpoint ORDER BY size"):
                    assert read_unverified(row["note"]).root == await log.root_of(connection, SHARD, row["size"])
                newest = await log.read_newest_checkpoint(connection, SHARD)
        assert newest is not None
        assert newest[0] == 90
        assert len(open_checkpoint(newest[1], LOG, (vkey_of("audit"),)).cosignatures) == 1
    heads = {}
    for message in machine.signer.signed:
        _, size, root, _ = message.decode().split("\n")
        assert heads.setdefault(size, root) == root
