"""Keys that come and go: what each may still sign, who may say so, and that everything said is in the log."""

import asyncio
import hashlib

import msgspec
import pytest
from journey import TRANSITIONS, begin, draw_of, office_at
from several_keys import (
    AT,
    HONEST,
    OPEN,
    SEALED,
    check_key_events,
    key_of,
    office_with,
    run,
    signer,
    verdicts,
)

from disclosure.document import Contribution, DrawOutcome, Replacement
from disclosure.keys import key_id, verify
from disclosure.policy import parse_policy
from service.database import open_pool
from service.documents import documents_of
from service.errors import Conflicting, Invalid, NotFound
from service.key_events import append_key_event, ending, find_key, found_key_list, register_section, rotated
from service.keys import choose_signer, read_key_event
from service.log import publish_checkpoint
from service.pages.keys import read_keys_page
from service.policies import policy_bytes
from service.sections import order_signers

ROTATED = "2026-11-12T12:00:00Z"  # after the first draw and its result, before its correction and the second draw
LEAD_NAME = "云州市应急管理局"


@pytest.fixture
async def pool(dsn):
    pool = await open_pool(dsn)
    await begin(pool)
    yield pool
    await pool.close()


async def change(office, cause: str, how) -> None:
    async with office.pool.acquire() as c:
        async with c.transaction():
            stored = await append_key_event(c, office, cause, "试验", how)
        await publish_checkpoint(office, stored.shard)


def listing(name: str, words: str, **ends):
    def added(authorities, now):
        return (*authorities, msgspec.structs.replace(authorities[0], key=key_of(name), name=words, valid_from=now, **ends))

    return added


async def list_standby(pool, time: str) -> None:
    await change(office_with(pool, time), "key-added", listing("standby", "备用密钥"))


async def rotate(pool, until: str = "2026-12-31T00:00:00Z", first: str = "section-lead") -> None:
    def change_list(authorities, now):
        return rotated(authorities, key_of("section-lead-2"), LEAD_NAME, now, until)

    await change(office_with(pool, ROTATED, first=first), "key-added", change_list)


def revoking(name: str, at: str):
    return lambda authorities, now: ending(authorities, key_of(name), "revoked_at", at)


class Device:
    """A device that signs: its key never leaves it."""

    def __init__(self, name: str) -> None:
        self.public_key = signer(name).public_key
        self.signed: list[bytes] = []
        self._sign = signer(name).sign

    def sign(self, message: bytes) -> bytes:
        self.signed.append(message)
        return self._sign(message)


async def test_two_devices_carry_an_office_from_draft_to_correction(pool, tmp_path) -> None:
    bureau, log = Device("section-lead"), Device("log")
    for _, time, call in TRANSITIONS:
        office = msgspec.structs.replace(office_at(pool, time), signer=bureau, log_signer=log)
        await call(office)
    assert await verdicts(office, "open", tmp_path) == HONEST
    assert await verdicts(office, "sealed", tmp_path) == HONEST
    async with pool.acquire() as c:
        documents = await c.fetchval("SELECT count(*) FROM document")
    assert len(set(bureau.signed)) == documents
    assert all(message.startswith(b"DSSEv1 ") for message in bureau.signed)
    assert all(message.startswith(b"disclose.yunzhou.example/2026\n") for message in log.signed)


async def test_an_old_draw_goes_on_with_its_key_and_a_new_one_begins_with_the_new_key(pool, tmp_path) -> None:
    await run(pool, *[name for name in OPEN if name != "open correction"])
    await rotate(pool)
    both = {"first": "section-lead-2", "former": ("section-lead",)}
    office = await run(pool, "open correction", *SEALED, **both)
    assert await verdicts(office, "open", tmp_path) == HONEST
    assert await verdicts(office, "sealed", tmp_path) == HONEST
    async with pool.acquire() as c:
        for task, key in (("open", "section-lead"), ("sealed", "section-lead-2")):
            documents = await documents_of(c, await draw_of(office, task))
            assert {s.keyid for d in documents for s in d.envelope.signatures} == {key_id(signer(key).public_key)}
    events = await check_key_events(office)
    assert [event.cause for event in events] == ["founded", "key-added"]
    # What was signed before there was a list stays signed: the founding lists the key from before any leaf.
    assert events[0].authorities[0].valid_from < "2026-11-01T00:00:00Z"


async def test_a_draw_waits_in_words_for_the_old_key_if_only_the_new_one_is_here(pool) -> None:
    await run(pool, *OPEN[:4])
    await rotate(pool)
    with pytest.raises(Conflicting, match="is not here"):
        await run(pool, "open dice", first="section-lead-2")
    await run(pool, "open dice", "open draw", first="section-lead-2", former=("section-lead",))


async def test_after_its_revocation_a_key_signs_nothing_here_and_what_it_signs_elsewhere_is_refused(pool, tmp_path, monkeypatch) -> None:
    """issue 4: a document signed after its key's revocation is refused, one before is not."""
    await run(pool, *OPEN[:6])
    await list_standby(pool, "2026-11-10T12:00:00Z")
    office = office_with(pool, "2026-11-10T12:00:00Z", "standby")
    await change(office, "key-revoked", revoking("section-lead", "2026-11-10T12:00:00Z"))
    assert await verdicts(office, "open", tmp_path) == HONEST
    before = await pool.fetchval("SELECT count(*) FROM document")
    with pytest.raises(Conflicting, match=r"revoked since 2026-11-10T12:00:00Z.*key-list"):
        await run(pool, "open person", former=("standby",))
    assert await pool.fetchval("SELECT count(*) FROM document") == before
    # The thief has the key, and a copy of the service that asks nobody.
    async def believing(*_: object) -> None:
        return None

    monkeypatch.setattr("service.documents.check_holding", believing)
    office = await run(pool, "open person", former=("standby",))
    async with pool.acquire() as c:
        (late,) = [d for d in await documents_of(c, await draw_of(office, "open")) if isinstance(d.document, Replacement)]
    assert late.leaf
    assert (4, "fail") in await verdicts(office, "open", tmp_path)


async def test_a_plan_is_not_frozen_with_a_key_that_ended_and_its_preview_says_so(pool) -> None:
    await run(pool, OPEN[0])
    await list_standby(pool, AT["open draft"][0])
    office = office_with(pool, AT["open freeze"][0], "standby")
    await change(office, "key-retired", lambda authorities, now: ending(authorities, key_of("section-lead"), "valid_until", now))
    with pytest.raises(Invalid) as refused:
        await run(pool, "open freeze")
    assert any("key-rotate" in fault and "holds from" in fault for fault in refused.value.faults)
    async with pool.acquire() as c:
        first, *_ = await order_signers(c, [office.signer, *office.former_signers])
    assert first.public_key == signer("standby").public_key


async def test_a_revocation_may_reach_back_and_then_refuses_what_was_logged_since(pool, tmp_path) -> None:
    await run(pool, *OPEN[:6])
    await list_standby(pool, "2026-11-10T12:00:00Z")
    office = office_with(pool, "2026-11-10T12:00:00Z", "standby")
    await change(office, "key-revoked", revoking("section-lead", "2026-11-10T02:00:00Z"))
    async with pool.acquire() as c:
        documents = await documents_of(c, await draw_of(office, "open"))
    assert any(isinstance(d.document, Contribution | DrawOutcome) for d in documents)
    assert (4, "fail") in await verdicts(office, "open", tmp_path)


async def test_the_only_key_cannot_revoke_itself_and_a_stranger_nothing(pool) -> None:
    office = office_with(pool, "2026-11-10T12:00:00Z")
    with pytest.raises(Invalid, match="nobody may sign"):
        await change(office, "key-revoked", revoking("section-lead", "2026-11-10T12:00:00Z"))
    assert await pool.fetchval("SELECT count(*) FROM document") == 0
    await list_standby(pool, "2026-11-10T12:00:00Z")
    with pytest.raises(Conflicting, match="standby"):
        await change(office_with(pool, "2026-11-10T12:00:00Z"), "key-revoked", revoking("section-lead", "2026-11-10T12:00:00Z"))
    with pytest.raises(Conflicting, match="standby"):
        await change(office_with(pool, "2026-11-10T12:00:00Z", first="thief"), "key-added", listing("thief", "局"))
    events = await check_key_events(office)
    assert [event.rev for event in events] == [1, 2]
    with pytest.raises(Invalid, match="is gone"):
        await change(office, "key-retired", lambda authorities, now: authorities[:1])


async def test_a_lost_key_is_replaced_by_the_standby_key_which_goes_on_standing_by(pool, tmp_path) -> None:
    await run(pool, *OPEN)
    await list_standby(pool, ROTATED)
    await rotate(pool, ROTATED, first="standby")
    office = office_with(pool, ROTATED, first="standby")
    await change(office, "key-revoked", revoking("section-lead", ROTATED))
    lost, standby, new = (await check_key_events(office))[-1].authorities
    assert (lost.valid_until, lost.revoked_at, standby.valid_until, new.valid_until) == (ROTATED, ROTATED, None, None)
    office = await run(pool, *SEALED, first="section-lead-2")
    assert await verdicts(office, "sealed", tmp_path) == HONEST


async def test_two_changes_at_once_come_one_after_the_other(pool) -> None:
    office = office_with(pool, "2026-11-10T12:00:00Z")
    await asyncio.gather(*(change(office, "key-added", listing(f"standby-{n}", f"备用 {n}")) for n in range(4)))
    assert [event.rev for event in await check_key_events(office)] == [1, 2, 3, 4, 5]
    assert len((await read_keys_page(office)).authorities) == 5


async def test_the_newest_holding_key_of_the_bureau_signs_whatever_the_files_are_called(pool) -> None:
    await list_standby(pool, "2026-11-10T12:00:00Z")
    await rotate(pool)
    lead, second, standby, orphan = (signer(n) for n in ("section-lead", "section-lead-2", "standby", "orphan"))
    async with pool.acquire() as c:
        event = await read_key_event(c)
        # The present instant is of no matter here: the list was made in the past.
        assert await order_signers(c, [lead]) == [lead]

    def order(signers, now="2026-11-20T00:00:00Z", others=()):
        return choose_signer(signers, event, LEAD_NAME, others, now)[0]

    assert order([orphan, lead, standby, second]) is second
    assert order([orphan, standby, lead]) is lead
    assert order([orphan, standby, lead], "2027-01-01T00:00:00Z") is standby
    assert order([orphan, standby, second], others=[key_of("standby")]) is second
    assert choose_signer([orphan, lead], None, LEAD_NAME, (), ROTATED)[0] is orphan


async def test_a_department_is_listed_with_its_registration_and_not_taken_back_with_a_key_that_ended(pool) -> None:
    office = office_with(pool, "2026-11-10T12:00:00Z")
    fire = key_of("section-fire")
    assert await register_section(office, "fire", "消防", fire)
    assert not await register_section(office, "fire", "消防", fire)
    events = await check_key_events(office)
    assert [[a.name for a in event.authorities] for event in events] == [[LEAD_NAME], [LEAD_NAME, "消防"]]
    await change(office, "key-retired", lambda authorities, now: ending(authorities, fire, "valid_until", now))
    with pytest.raises(Conflicting, match="under another label"):
        await register_section(office, "fire", "消防", fire)
    with pytest.raises(Invalid):
        await register_section(office, "water", "水务", "AAAA")
    assert len(await check_key_events(office)) == 3


async def test_a_key_is_named_by_its_base64_or_the_beginning_of_its_fingerprint(pool) -> None:
    async with pool.acquire() as c, c.transaction():
        authorities = (await found_key_list(c, office_with(pool, ROTATED))).authorities
    fingerprint = key_id(signer("section-lead").public_key)
    groups = (await read_keys_page(office_with(pool, ROTATED))).authorities[0].groups
    for words in (key_of("section-lead"), fingerprint, groups, groups[:9], fingerprint[:15].upper().replace("SHA256", "sha256")):
        assert find_key(authorities, words) == key_of("section-lead"), words
    for words in (fingerprint[:14], "deadbeef", "", key_of("standby")):
        with pytest.raises(NotFound):
            find_key(authorities, words)


async def test_the_policy_before_the_first_key_event_is_what_that_event_then_says(pool) -> None:
    await run(pool, *OPEN[:2])
    office = office_with(pool, ROTATED)
    before = await policy_bytes(office)
    async with pool.acquire() as c, c.transaction():
        await found_key_list(c, office)
    assert await policy_bytes(office) == before
    assert parse_policy(before).authorities[0].name == LEAD_NAME


async def test_every_signature_in_a_key_event_is_over_the_bytes_that_are_published(pool) -> None:
    await list_standby(pool, "2026-11-10T12:00:00Z")
    for row in await pool.fetch("SELECT sha256, data, envelope FROM document WHERE kind = 'key-event/v1'"):
        (signature,) = msgspec.json.decode(row["envelope"])["signatures"]
        kind = b"application/vnd.double-random.document+json"
        signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(row["data"]), row["data"])
        assert verify(signer("section-lead").public_key, msgspec.convert(signature["sig"], bytes, strict=False), signed)
        assert hashlib.sha256(row["data"]).hexdigest() == row["sha256"]
