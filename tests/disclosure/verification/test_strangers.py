"""Step 5 for lines by keys the policy does not know: nobody can verify them, so the log's signature is not vouched for as a whole."""

import pytest
from bureau import QUORUM_TIME, policy_bytes
from bureau import testing_only_signer as signer_named
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from lies import honest

from disclosure.checkpoint import add_cosignature, cosign_checkpoint
from disclosure.cosignature import MLDSA44Signer
from disclosure.policy import parse_policy
from disclosure.verification import Verdict, verify_bundle

SIGNERS = {"04": signer_named("stranger"), "06": MLDSA44Signer(MLDSA44PrivateKey.from_seed_bytes(bytes(32)))}


@pytest.mark.parametrize("which", ["note_a", "note_b"])
@pytest.mark.parametrize("kind", SIGNERS)
def test_a_line_by_a_stranger_makes_the_step_not_checked(which, kind):
    def edit(parts):
        line = cosign_checkpoint(parts[which], "stranger.example", SIGNERS[kind], QUORUM_TIME)
        parts[which] = add_cosignature(parts[which], line)

    steps = {s.number: s for s in verify_bundle(honest(5).bundle(edit), parse_policy(policy_bytes("audit"))).steps}
    assert steps[5].verdict is Verdict.NOT_CHECKED
    assert "stranger.example" in steps[5].sentence.en
    assert steps[6].verdict is Verdict.NOT_CHECKED
    assert [n for n, step in steps.items() if step.verdict is Verdict.FAIL] == []


def test_a_policy_may_name_a_cosigner_of_either_kind():
    """The same checkpoints meet a quorum of an ML-DSA-44 key, and a flipped bit of its line fails step 6, not 5."""
    from disclosure.note import KIND_ML_DSA_44, VerifierKey, format_vkey

    vkey = format_vkey(VerifierKey("stranger.example", KIND_ML_DSA_44, SIGNERS["06"].public_key))
    text = policy_bytes("audit").decode().replace("quorum audit", f"witness other {vkey}\\ngroup both all audit other\\nquorum both")
    policy = parse_policy(text.encode())

    def told(flip):
        def edit(parts):
            for note in ("note_a", "note_b"):
                line = cosign_checkpoint(parts[note], "stranger.example", SIGNERS["06"], QUORUM_TIME)
                signature = bytearray(line.signature)
                signature[1000] ^= flip
                parts[note] = add_cosignature(parts[note], type(line)(line.name, line.key_hash, bytes(signature)))

        bureau = honest(5)
        bureau.quorum_time = QUORUM_TIME
        return {s.number: s.verdict for s in verify_bundle(bureau.bundle(edit), policy).steps}

    good, bad = told(0), told(1)
    assert (good[5], good[6], good[8]) == (Verdict.PASS,) * 3
    assert (bad[5], bad[6], bad[8]) == (Verdict.PASS, Verdict.FAIL, Verdict.NOT_CHECKED)
