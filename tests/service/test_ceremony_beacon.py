"""The public beacon at the ceremony: pasted or uploaded, verified at once, shown to the room and drawn with."""

import json

import pytest
import scene as scenes
from application import Clock
from bureau import BEACON, BEACON_INSTANT
from ceremony_room import DIGITS, DISCIPLINE, NONCE, NOTARY, Room, employ_everybody

from service.ceremony.state import groups
from service.drafts import DrandGiver

SIGNATURE = BEACON.rpartition(":")[2]


@pytest.fixture
def clock() -> Clock:
    """Before the round comes into being, from the founding of the log on."""
    clock = Clock()
    clock.set("2024-10-01T00:00:00+00:00")
    return clock


@pytest.mark.parametrize("upload", [False, True])
async def test_a_real_round_is_pasted_or_uploaded_and_a_false_one_refused(client, office, clock, employ, upload) -> None:
    await employ_everybody(employ)
    times = {"instant": BEACON_INSTANT, "names_open": BEACON_INSTANT}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "set", lambda text: None)  # the scene would go to 2026
        scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DrandGiver()), **times)
    room = Room(client, clock, office, scene)
    clock.set(BEACON_INSTANT)
    clock.advance(hours=-1)
    await scenes.freeze(scene)
    for label, digits in DIGITS.items():
        await scenes.take_paper(scene, label, digits)
    assert "才产生" in await room.post("operator", "/ceremony/drand", 422, digits=SIGNATURE)
    clock.advance(hours=2)
    room._headers.clear()
    assert "公共信标" in await room.get("operator", "/stage")
    false = SIGNATURE[:-1] + ("0" if SIGNATURE[-1] != "0" else "1")
    refused = await room.post("operator", "/ceremony/drand", 422, digits=false)
    assert false in refused
    assert await office.pool.fetchval("SELECT count(*) FROM step WHERE subject = 'drand'") == 0
    if upload:
        file = json.dumps({"signature": SIGNATURE}).encode()
        await room.post("operator", "/ceremony/drand", files={"file": ("round.json", file, "application/json")}, digits="")
    else:
        await room.post("operator", "/ceremony/drand", digits=f" {SIGNATURE}\n")
    assert groups(SIGNATURE, 5) in await room.get("confirmer", "/ceremony")
    await room.confirm("drand")
    assert groups(SIGNATURE) in await room.get("confirmer", "/stage")
    await room.draw()
    assert await room.state() == "drawn"
