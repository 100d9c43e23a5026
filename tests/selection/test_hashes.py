"""Every hash of a draw is over the bytes the specification writes down (draw.md 1, 2, 8; pools.md 6)."""

import hashlib
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selection import keys

S, NONCE, KEY = "11" * 32, "22" * 32, "33" * 32
LINE = "dice:" + "123456" * 10

# (what ours gives, the bytes as a person would type them)
WRITTEN = {
    "draw key": (
        keys.draw_key(S, [f"nonce:bureau:{NONCE}", "witness:w-1:0123456789", LINE]),
        f"double-random/1\nkey\n{S}\nnonce:bureau:{NONCE}\nwitness:w-1:0123456789\n{LINE}\n",
    ),
    "stage": (keys.stage_key(KEY, "targets"), f"double-random/1\nstage\n{KEY}\ntargets\n"),
    "stage of one target": (
        keys.stage_key(KEY, "items/9142X"),
        f"double-random/1\nstage\n{KEY}\nitems/9142X\n",
    ),
    "ticket": (keys.ticket(KEY, "91420100MA4KABCD1X"), f"{KEY}:91420100MA4KABCD1X"),
    "nonce": (
        keys.nonce_commitment("yunzhou", 12, 1, NONCE),
        f"double-random/1\nnonce\nyunzhou\n12\n1\n{NONCE}\n",
    ),
    "conflicts": (
        keys.conflicts_commitment(NONCE, ["p-" + "0" * 32, "p-" + "1" * 32]),
        f"double-random/1\nconflicts\n{NONCE}\np-{'0' * 32}\np-{'1' * 32}\n",
    ),
    "sealed": (
        keys.sealed_commitment(KEY, b"{}"),
        f"double-random/1\nsealed\n{KEY}\n44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n",
    ),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_hash_is_over_exactly_these_bytes(what):
    ours, written = WRITTEN[what]
    assert ours == hashlib.sha256(written.encode()).hexdigest()


@pytest.mark.parametrize("what", WRITTEN)
@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="coreutils' sha256sum is not installed")
def test_hash_is_what_coreutils_gives(what):
    ours, written = WRITTEN[what]
    done = subprocess.run(["sha256sum"], input=written.encode(), capture_output=True, check=True)
    assert done.stdout.split()[0].decode() == ours


def test_all_uses_have_different_inputs():
    assert (
        len({written for _, written in WRITTEN.values()})
        == len({ours for ours, _ in WRITTEN.values()})
        == len(WRITTEN)
    )


@settings(derandomize=True, deadline=None)
@given(
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.lists(st.text("0aZ._-", min_size=1, max_size=64)),
)
def test_raw_tickets_sort_as_their_hex_text(stage, ids):
    quick = keys.tickets(stage, ids)
    assert [(raw.hex(), id) for raw, id in quick] == [(keys.ticket(stage, id), id) for id in ids]
    assert [id for _, id in sorted(quick)] == sorted(ids, key=lambda id: (keys.ticket(stage, id), id))
    bound = b"\x80" + bytes(31)
    assert keys.tickets(stage, ids, bound) == [pair for pair in quick if pair[0] < bound]
