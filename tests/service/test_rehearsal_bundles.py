"""A rehearsal leaves nothing that could pass for a draw: its bundle is refused, its ids, keys and numbers are nobody's."""

import subprocess
import sys
from pathlib import Path

import msgspec
import scene as scenes

from disclosure.bundle import parse_bundle
from disclosure.verification import verify_bundle
from selection.pool import parse_people
from service.rehearsing import read_rehearsal, read_training_bundle, rehearse

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "reference" / "verify.py"
TABLES = ("document", "blob", "log_entry", "checkpoint", "draw", "draw_secret", "draw_target", "draw_result", "draw_actor", "disclosure", "step")


async def everything(office) -> dict[str, list]:
    """All rows of whatever is public, logged or of a draw."""
    there = {row["tablename"] for row in await office.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    return {name: await office.pool.fetch(f"SELECT * FROM {name} t ORDER BY t::text") for name in TABLES if name in there}


async def test_a_rehearsal_touches_nothing_and_the_draw_after_it_is_unrelated(office, clock) -> None:
    made = await scenes.begin(office, clock, 10)
    before = await everything(office)
    assert len(before) > 8
    for number in (1, 2):
        assert await rehearse(office, made.people["operator"], made.draw) == number
    assert await everything(office) == before
    rehearsed = [parse_bundle(await read_training_bundle(office, made.people["operator"], made.draw, n)) for n in (1, 2)]
    assert rehearsed[0].blobs.keys() != rehearsed[1].blobs.keys()
    await scenes.freeze(made)
    row = await office.pool.fetchrow("SELECT nonce, opened, disclosures FROM draw_secret")
    plan = msgspec.json.decode(await office.pool.fetchval("SELECT data FROM document WHERE kind = 'draw-plan/v1'"))
    assert (plan["id"], plan["number"], plan["rehearsal"]) == (made.draw, 1, False)
    people = set(msgspec.json.decode(row["disclosures"]))
    for bundle in rehearsed:
        assert bundle.plan.rehearsal and bundle.plan.bureau == "rehearsal" and bundle.plan.id.startswith("rehearsal-2026-")
        assert bundle.plan.previous is None
        assert people.isdisjoint(person.id for person in parse_people(bundle.blobs[bundle.plan.blobs.people.sha256]))
        assert row["nonce"] not in str(msgspec.to_builtins(bundle.plan)) and row["nonce"] not in str(bundle)
        assert {section.key for section in bundle.plan.sections}.isdisjoint(section["key"] for section in plan["sections"])
        # What does not depend on chance is what will be frozen: that is what a rehearsal is for.
        assert bundle.plan.blobs.pool.sha256 == plan["blobs"]["pool"]["sha256"]
    assert "draft" not in {row["state"] for row in await office.pool.fetch("SELECT state FROM draw")}


async def test_every_verifier_refuses_the_bundle_of_a_rehearsal_because_it_is_one(office, clock, tmp_path) -> None:
    made = await scenes.begin(office, clock, 10)
    number = await rehearse(office, made.people["confirmer"], made.draw)
    file = tmp_path / "REHEARSAL.bundle.json"
    file.write_bytes(await read_training_bundle(office, made.people["confirmer"], made.draw, number))
    root = REFERENCE.parents[3]
    for command in ([sys.executable, "-m", "disclosure", "verify", str(file)], [sys.executable, str(REFERENCE), str(file)]):
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1, (command, done.stdout, done.stderr)
        assert "rehearsal" in done.stdout or "演练" in done.stdout, done.stdout


async def test_but_for_the_word_rehearsal_the_bundle_is_sound_so_that_training_shows_the_real_thing(office, clock) -> None:
    made = await scenes.begin(office, clock, 10)
    number = await rehearse(office, made.people["operator"], made.draw)
    report = verify_bundle(await read_training_bundle(office, made.people["operator"], made.draw, number))
    assert [step.number for step in report.steps if step.verdict == "fail"] == [9], report


async def test_who_rehearsed_is_in_the_access_log_and_no_number_of_the_bureau_is_used_up(office, clock) -> None:
    made = await scenes.begin(office, clock, 10)
    for login in ("operator", "confirmer"):
        await rehearse(office, made.people[login], made.draw)
    rows = await office.pool.fetch("SELECT s.login, a.subject FROM access_log a JOIN staff s ON s.id = a.staff WHERE a.action = 'rehearse' ORDER BY a.id")
    assert [tuple(row) for row in rows] == [("operator", f"{made.draw} 1"), ("confirmer", f"{made.draw} 2")]
    assert (await read_rehearsal(office, made.draw, 2)).bundle
    later = await scenes.begin(office, clock, 11)
    assert later.draw == "yunzhou-2026-2-1"
