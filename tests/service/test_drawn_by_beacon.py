"""A draw whose last number is the public beacon: pasted, verified at once, and a real round from freeze to verification."""

import json

import journey
import msgspec
import pytest
from bureau import BEACON, BEACON_INSTANT
from journey import draft, office_at, person, take

from disclosure.policy import parse_policy
from disclosure.verification import Verdict, verify_bundle
from selection.plan import Drand
from selection.quicknet import CHAIN, round_at, time_of
from service import step_views
from service.beacon import signature_in
from service.bundles import read_bundle
from service.database import migrate, open_pool
from service.drafting import create_draft
from service.drafts import DrandGiver, NonceGiver
from service.embedded.server import EmbeddedPostgres
from service.errors import Conflicting, Invalid
from service.publishing import policy_bytes

ROUND, SIGNATURE = 12040883, BEACON.rpartition(":")[2]
RANDOMNESS = "173df1f57805453a8d2015268205d68147de12cafc2f451f7bc6adadca3571b3"
DRAND = Drand(chain=CHAIN, round=ROUND)
BOTH = ("operator", "confirmer")


def answer(**changes) -> str:
    """What a server of the beacon answers."""
    return json.dumps({"round": ROUND, "randomness": RANDOMNESS, "signature": SIGNATURE} | changes)


@pytest.mark.parametrize(
    "pasted",
    [
        SIGNATURE, f"\n {SIGNATURE} \n", SIGNATURE.upper(), " ".join(SIGNATURE[i : i + 4] for i in range(0, 96, 4)), answer(),
        answer(chain_hash=CHAIN), json.dumps({"signature": SIGNATURE}), json.dumps({"signature": SIGNATURE, "round": str(ROUND)}, indent=2),
    ],
)  # fmt: skip
def test_a_signature_is_found_in_what_people_paste(pasted):
    assert signature_in(DRAND, pasted) == SIGNATURE


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("", "0 个字符"), (SIGNATURE[:-1], "95 个字符"), (SIGNATURE + "00", "98 个字符"), (SIGNATURE[:-1] + "g", "十六进制"),
        (SIGNATURE[:-1] + "６", "十六进制"), (SIGNATURE * 50, "个字符"), ("{", "JSON"), ("{" * 5000, "JSON"), ('{"round":', "JSON"),
        ("[]", "2 个字符"), ('{"a": 1}', "0 个字符"), (answer(signature=None), "4 个字符"), (answer(signature=[]), "2 个字符"),
        (answer(round=ROUND - 1), f"第 {ROUND - 1} 轮；计划写明的是第 {ROUND} 轮"), (answer(round=None), "第 None 轮"),
        (answer(randomness="0" * 64), "SHA-256"), (answer(randomness=7), "SHA-256"),
        (answer(chain_hash="8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce"), "另一条信标链"),
        (answer(previous_signature="8d61d910"), "另一条信标链"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_by_what_it_is(pasted, words):
    with pytest.raises(Invalid) as refused:
        signature_in(DRAND, pasted)
    assert words in refused.value.zh


@pytest.fixture
async def pool(monkeypatch):
    with EmbeddedPostgres.temporary() as server:
        pool = await open_pool(server.dsn)
        await migrate(pool)
        # The city is founded before the round comes into being.
        monkeypatch.setattr(journey, "office_at", lambda pool, _: office_at(pool, "2024-10-01T00:00:00Z"))
        await journey.begin(pool)
        yield pool
        await pool.close()


async def test_a_real_round_from_the_freeze_to_the_verification(pool) -> None:
    office = office_at(pool, "2024-10-14T16:00:00Z")
    wanted = msgspec.structs.replace(draft("beacon", BEACON_INSTANT, None), givers=(NonceGiver(custodian="公证处"), DrandGiver()))
    draw = await create_draft(office, await person(office, "operator"), wanted)
    await take(office, draw, "draw-plan/v1", {}, *BOTH)

    def ask(pasted: str) -> dict[str, str]:
        return {"label": "drand", "digits": pasted}

    for early in (office, office_at(pool, "2024-10-14T17:13:32Z")):
        with pytest.raises(Conflicting, match=f"round {ROUND} of the beacon comes into being at {BEACON_INSTANT}"):
            await take(early, draw, "contribution/v1", ask(SIGNATURE), "operator")
    late = office_at(pool, "2024-10-14T17:14:00Z")
    one_bit = SIGNATURE[:-1] + ("5" if SIGNATURE[-1] == "4" else "4")
    of_another_round = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
    for bad in (one_bit, of_another_round, "c0" + "0" * 94, "0" * 96, answer(round=ROUND + 1), answer(randomness="0" * 64), "12345"):
        with pytest.raises(Invalid):
            await take(late, draw, "contribution/v1", ask(bad), "operator")
    assert await pool.fetchval("SELECT count(*) FROM step WHERE kind = 'contribution/v1'") == 0  # nothing of these was stored

    asked = await take(late, draw, "contribution/v1", ask(answer()), "operator")
    assert (await step_views.read_step(late, await person(late, "confirmer"), asked.id)).summary["line"] == BEACON
    await take(late, draw, "contribution/v1", ask(answer()), *BOTH)
    with pytest.raises(Conflicting):
        await take(late, draw, "contribution/v1", ask(SIGNATURE), "operator")
    await take(late, draw, "draw-outcome/v1", {}, *BOTH)
    report = verify_bundle(await read_bundle(late, draw), parse_policy(await policy_bytes(late)))
    assert [s.number for s in report.steps if s.verdict is not Verdict.PASS] == [6, 8, 22]
    assert f"第 {ROUND} 轮" in report.steps[10].sentence.zh


async def test_a_plan_takes_its_round_from_its_instant_and_the_beacon_comes_last(pool) -> None:
    office = office_at(pool, "2024-10-14T16:00:00Z")
    wanted = draft("order", "2024-10-14T17:13:31Z", None)
    witnesses = wanted.givers[1:3]
    drafts = {
        "good": (NonceGiver(custodian="公证处"), *witnesses, DrandGiver()),
        "bad": (NonceGiver(custodian="公证处"), DrandGiver(), *wanted.givers[3:]),
    }
    who = await person(office, "operator")
    for name, givers in drafts.items():
        made = msgspec.structs.replace(wanted, givers=givers, task=msgspec.structs.replace(wanted.task, id=name))
        draw = await create_draft(office, who, made)
        if name == "bad":
            with pytest.raises(Invalid) as refused:
                await take(office, draw, "draw-plan/v1", {}, "operator")
            assert "公共信标须是最后一个" in "".join(refused.value.faults)
        else:
            await take(office, draw, "draw-plan/v1", {}, *BOTH)
            frozen = await journey.frozen_of(office, name)
            assert frozen.plan.contributors[-1] == DRAND
            assert time_of(round_at(frozen.plan.instant)) == BEACON_INSTANT
