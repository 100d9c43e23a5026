"""docs/spec/example.md is what the program gives, and what anyone can recompute with coreutils."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import example
import pytest

PATH = Path(__file__).resolve().parents[2] / "docs" / "spec" / "example.md"
PAGE = PATH.read_text(encoding="utf-8")
STAGE = re.compile(
    r"### Stage `([^`]+)`\n\nStage key: `([0-9a-f]{64})`\n\n```text\n((?:[0-9a-f]{64}  \S+\n)+)```"
)
STAGES = {
    stage: (key, [line.split("  ") for line in lines.splitlines()])
    for stage, key, lines in STAGE.findall(PAGE)
}
TICKETS = [(key, id, ticket) for key, tickets in STAGES.values() for ticket, id in tickets]


def blocks() -> list[str]:
    return re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_page_is_what_the_program_makes():
    """Run `python tests/make_vectors.py` after a change that is meant."""
    assert example.page() == PAGE


def test_page_holds_every_stage():
    drawn = [target["id"] for target in json.loads(blocks()[-1])["targets"]]
    assert len(drawn) == 3
    assert STAGES.keys() == {
        "targets",
        *(f"{stage}/{id}" for id in drawn for stage in ("items", "inspectors", "experts")),
    }
    assert len(TICKETS) == 5 + 3 * 3 + 11 + 3


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="coreutils' sha256sum is not installed")
@pytest.mark.parametrize(
    ("key", "id", "ticket"), TICKETS, ids=[f"{id}-{ticket[:6]}" for _, id, ticket in TICKETS]
)
def test_ticket_is_what_printf_and_sha256sum_give(key, id, ticket):
    done = subprocess.run(
        ["sh", "-c", f"printf '%s' '{key}:{id}' | sha256sum"], capture_output=True, check=True
    )
    assert done.stdout.decode().split()[0] == ticket


def test_tickets_stand_in_the_order_of_their_stage():
    for _, tickets in STAGES.values():
        assert tickets == sorted(tickets)


def test_printed_inputs_hash_to_the_printed_values():
    """Blobs, plan, commitment, nonce, draw key and one stage key, from the text of the page alone."""
    hashed = {sha256(block.replace("⇥", "\t")) for block in blocks()} | {
        sha256(block.rstrip("\n")) for block in blocks()
    }
    named = set(re.findall(r"(?:SHA-256|S =|draw_key =) `([0-9a-f]{64})`", PAGE)) | {STAGES["targets"][0]}
    assert named <= hashed
    assert len(named) == 13
    conflicts = next(block for block in blocks() if block.startswith("double-random/1\nconflicts"))
    assert sha256(conflicts) in PAGE


def test_keys_of_stages_follow_from_the_draw_key():
    key = re.search(r"draw_key = `([0-9a-f]{64})`", PAGE)[1]
    for stage, (stage_key, _) in STAGES.items():
        assert stage_key == sha256(f"double-random/1\nstage\n{key}\n{stage}\n")


def test_result_follows_from_the_printed_orders():
    """Targets by rank, items by ticket, and the teams by trying all of them, from the page alone."""
    result = json.loads(blocks()[-1])
    order = [id for _, id in STAGES["targets"][1]]
    mandatory = "91420700MA4EXAMP5X"
    by_rank = [id for id in order if id != mandatory]
    assert result["strata"][0]["order"] == by_rank[:2]
    assert result["strata"][0]["next"] == by_rank[2]
    assert [t["id"] for t in result["targets"]] == [id for id in order if id in {*by_rank[:2], mandatory}]
    for target in result["targets"]:
        assert target["items"] == ["item-1", *(id for _, id in STAGES[f"items/{target['id']}"][1][:2])]
    apart, left = ("p-" + "1" * 32, "p-" + "2" * 32), {"p-" + digit * 32: 2 for digit in "1234"}
    seats = [
        (t["id"], [id for _, id in STAGES[f"inspectors/{t['id']}"][1]])
        for t in result["targets"]
        for _ in "ab"
    ]

    def fill(number, chosen):
        if number == len(seats):
            return chosen
        target, candidates = seats[number]
        team = {p for p, (other, _) in zip(chosen, seats, strict=False) if other == target}
        for person in candidates:
            if chosen.count(person) == left[person] or person in team or {person, *team} == set(apart):
                continue
            if (found := fill(number + 1, [*chosen, person])) is not None:
                return found
        return None

    assert [p for t in result["targets"] for p in t["inspectors"]] == fill(0, [])
