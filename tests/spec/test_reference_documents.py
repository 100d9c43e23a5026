"""Self-tests of docs/spec/reference/verify.py: ML-DSA-44, document bundles, policies and cosignatures of kind 06.

What is verified is made here, with the keys and the plan of test_reference_alone; ML-DSA signatures are made, and every verdict on them
is compared, with the `cryptography` package.
"""

import base64
import copy
import hashlib
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import test_reference_alone as alone
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from test_reference_alone import KEYS, SEEDS, b64, b64url, h, mth, path, sign, v

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec"

# ---------------------------------------------------------------------------------------------------------- ML-DSA-44

# RFC 9964, appendix A: the key of 32 zero bytes, its thumbprint, and a JWS by it.
RFC9964_THUMBPRINT = "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o"
RFC9964_JWS = """
eyJhbGciOiJNTC1EU0EtNDQiLCJraWQiOiJUNHhsNzBTN01UNlplcTZyOVY5ZlBKR1ZuNzZ3Zm5YSjIxLWd5bzBHdTZvIn0.SXTigJlzIGEgZGFuZ2Vyb3Vz
IGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4.knI1Q_9CIzLH5Xy94Kkc7WVKqZcAgtJ3mNf0GUj1uLA6YXAWFJfXkh-zQxUtEl3UIC7z
PCiUwKTDR6ZsuUmFj8Ctb_6aH64hElN7weS_1m5okCy8GqHNL2lsfclCH3Y2f4QNP-DLVS1XsuboDA7Dw3ir2IdYKIfWJyIU7ROHgd24nuun1zJbxcLJC2EK
t2M8R0wZudcIE9nm5oPzYXq0z-hPsKoXp9leVYkqgMmO9Lo8SP_1YYIEth3B8v-GuP249KDTFRKPjISmK4aPCknjtjihHsQVv2XePXxKExatHl4qhsiiW-y-
EJXa1Kfw4WYpLA7B4_5Ids--cIJmIx7f6xxAWKh5qoBWq1QIOaaFuzsAraRW3NOEuzThew1En85gI3GcRTZGp-VDGyxHm0Al04cyWo2bxAVOF0fbDc265iP2
mCNw6Qg10jIJeAhGB4OAMYcBUWJAG0l1MN1U_koEmGh5dXKnQTRl461ea_Cq3DLkcA2Dj2woWUFyDTmQ8oO_yheASfJacyRm7_suj88z5XFNo8F53P8OxTG9
xUPlrwvH-TAq7AH3NU4SNXApyVKTU3zhx1tJ34nlTILcTujXVJVo_f0DZfUxr6JSCYqvy4z1Kl0wDQzd55aopyFtQxvOPhcCHbAN34g2Ug750Jm835fl7NOx
cqoMbuTcgH68kr37M-Pdh2K9WazXUJgCupgdIWW8WjfOjmTiF59CrVtfVtK2qDzF40OENCfqtNPQlZe5cN5p0P8arj4USB8HCPh7NdqQBAeWrw0wsYhdiM39
lrSkA8mLRYMhZnqKGCTPCrHXDdEjRKYRNaqIUT44laYl5c27K0v-ozjKPu6tzEhkYSC4XZ3LehEFtmAzOE0mHbhKMgXqjoPJjOrGIPibX3jwK8_Q5RmMOXtX
o8R3vXfBaUdQoLeeyywNYE0nIcsl4z5a8_utwEFiVf0VK2pdviyiOPVSi3zOMAmqz6gFhVy8aMMQOWZAEAuTyDw7ZWG6diwptmrgSXZotW63I19S2ZH7keCX
RIq_pFLuYhOuG6dD4MkouILRdC9bXZMLrNDq7COpUOO86aQVlYd0pR935WpUw-V6obSRnHlRFZSmUSIB7h1Q0ImciRzojN93Xhw7qpzGzdzDEO3OOTayXaSG
_0YHQyy-eH4hBbmgt_LBx120g1eY4XHeHFRfTfetHkL5ZZusX1jQ_nk9ez4XBG_6hRtTNSuVBsYlH8-KUuR5-qTP8dkvRf8Wk2hHoUr2sz5YO_xDFCMMTrt8
ahiMyfjo5ih5Fwo3riFbFUGKibniTLXspFd4spcNK_WchlZLRgkPK4jh6Z_X8JJkHxvQhpyouHQFyGxgBrl24x-_EB1zbWMhJthmm8DiKt-nzKaJz8Cju1-H
wCpg76CRqRsEz2hyKEpbb4M5KQSj3AsENCroVmQ5QIv3K2XNRkve4vjBmP6sV2b6GSY_UeRvPElA7SUgBGTKbn-c0aYhBuB8plPhRTBa55_cFqAmNmavF1-f
dMktJuIaH2f-K0zZCzbHw54998T7kIWgyMsyGCAvynEB_khOqwT7tCjg5HQ8SIjdnRYW0kjZfjt5LJbGA-PnRo8gPVQVGeYDP2vsSXhNJY94AitKCY1srcSs
uYDrhNBKrnoJ1uEsMPVHsgFw_ZHMyAEaVQughSNW4fm8q6_1Nv4zLutDITzmAL6a6i6-WS6QRIs_4VUtwr5cXXIFDDeHVWeGcNivQ6W9urEUP4crguiq7z_D
TiYaGfUksub-T7mw0zU8ZoOSd5pUTpJLv-IYIUAl6CscHvunnRLEKqpW1Sa1dcFZs5VP4AfR3mg7wX4Vlq1AHnpFxE2L1LZiKoTc9jDEOvTDkxr86gMkwMm6
RdyPF_q48AVJ1br8Qp88-4B84X52zZ5cw-IJYe-HiVJ29LpeYm340_rWivpy-UB5i9TKlMrxf94y1okzZTPbP3_v1_XX0nE7RTLz98EA96euJ7l3EpbEqks7
mh6i1FJNnvvlM_u29sYobJ6PUT-i1VlQnF_JBARKEz74pBXm1l5Y5Lo15rsIlaQHinUBCO8fHCHI59LAfKusN4JmodDqLYwkWijEL_sfrC6LtrbXqpM1pw09
zSrs_tS1RQ-LnWHuPrU5KLCzv53JKrh8lU_cdBowe_F-Ib_Ui4bQ2FME-0mnyG0XijHUsrGMZ9dfowvIkr83JpqwlFOZAwMmSGPNPEJRw9kDshjotndUB5S1
UCfv_U4IoVn7WgvxeCS-BBxqyWfh7YTdf73EnmGwVYxVjlXaHCeeTZmUacnT4MQUAcbFjTq6BBlboAQGWP2FZWpd6HNnruv744VeWmfgLk9z5567wFhwuXMk
mE2xvDo4wP80xutjUfsePx5YkLxhY1XsWqTZr19tInxJWWq8RLZsWPmtq5wZ5ucBMasCLpOABenYZdSAcQNhC73wLS0Z2s1HQhBoIl7lr1p372LZs_Seu1u_
8Fo7DoJqRpKaNoc2_JUMmn7TUZS8zLyzxgeq8R8iNbRP20DwDBNXocsTDBKaQrtB-QiEPySQtJa4G61XeNZyh5aGzfoWZ9OmjZG9pbbehcqwIrt-ESjPyeT6
sfSrvOfTZr7fBXwpUs2rS4BrlNse5g_h8CQiik8aaOTOEPkXiyg4s5DewRlgDZHS-3g-YXPUIBNO62_HxknkMpkJvKW-tkvDbgtxvy4nG80ul6W_KeRsoEKD
TRYNKZWxXjZITNa0h6agnwNCJKEbFg3Qhre394c0i60mfP9YIgKTXrCX3Yt2eX-6mPzYmLbSbV5jH69v6WZqYV2WAj-9DU0diR4hOfYQaJnBZhTtKb-SQsYi
FuN1BDJ3v9eM9K8hq91NBdCHVa-Thk9Dov-JkcTZnZGRRyW5yXHUV4NOEltBXh8GkjjDvs5Yo3u-2rPCXjK1aGPSI1W8BaUJLQY5sbfAVCAuUHBv-Vlh5Qam
t-lgeKguhqTSuy-tjabOb5kiBOG7xGQt3z-XYXtnWFDCii-5h11XfZsQ-xQxy8gSfdMz4hDK9Nw_VQt6fzWiQY0Th_dHzVki0MUfVfsDUjgblhD6j0wgbs3z
dj-GM3rtt8oit0wXx11bIOaOKgf07tP0wimVXMRqRWe7LCUAKTE5PkRKU1x_h4iusrzi5uwKDhc4SmRwm6KssNrmCAkiNDZCREVKd3yMnrjA4PAGDzdKWVpl
cHJ6jKmrsbrEztHd9QAAAAAAAAAAAAAAABIfMEQ
""".replace("\n", "")


def key_of(name):
    return MLDSA44PrivateKey.from_seed_bytes(hashlib.sha256(name.encode()).digest())


def both(public, message, signature):
    """Our verdict, which must be that of the other implementation."""
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
        theirs = True
    except InvalidSignature:
        theirs = False
    assert v.mldsa44_verify(public, message, signature) is theirs
    return theirs


def test_mldsa_of_rfc_9964():
    public = MLDSA44PrivateKey.from_seed_bytes(bytes(32)).public_key().public_bytes_raw()
    jwk = json.dumps({"alg": "ML-DSA-44", "kty": "AKP", "pub": b64url(public)}, separators=(",", ":"))
    assert b64url(hashlib.sha256(jwk.encode()).digest()) == RFC9964_THUMBPRINT
    message, _, signature = RFC9964_JWS.rpartition(".")
    signature = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    assert v.mldsa44_verify(public, message.encode(), signature)
    assert not v.mldsa44_verify(public, message.encode() + b"\0", signature)


def test_mldsa_signatures_of_others():
    chance = random.Random(1)
    for n in range(60):
        key, other = key_of(f"key {n}"), key_of("another").public_key().public_bytes_raw()
        public, message = key.public_key().public_bytes_raw(), chance.randbytes(n * n)
        signature = key.sign(message)
        assert both(public, message, signature)
        assert not both(public, message + b"\0", signature)
        assert not both(other, message, signature)
        assert not both(public, message, key.sign(message, context=b"\0"))
        assert not v.mldsa44_verify(public, message, signature[:-1])
        assert not v.mldsa44_verify(public, message, signature + b"\0")
        assert not v.mldsa44_verify(public[:-1], message, signature)
        assert not v.mldsa44_verify(public + b"\0", message, signature)
        assert not v.mldsa44_verify(public, message, b"")


def test_mldsa_flipped_bits():
    """Every bit of the hints, 1,200 of the rest of a signature, 60 of the key."""
    key, message, chance = key_of("flip"), b"message", random.Random(2)
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"message")
    hints = range(8 * (2420 - 84), 8 * 2420)
    for bit in [*hints, *chance.sample(range(hints.start), 1200)]:
        bent = bytearray(signature)
        bent[bit // 8] ^= 1 << bit % 8
        assert not both(public, message, bytes(bent))
    for bit in chance.sample(range(8 * 1312), 60):
        bent = bytearray(public)
        bent[bit // 8] ^= 1 << bit % 8
        assert not both(bytes(bent), message, signature)


def forged(z, hints, hint_bytes=None, seed=b"a seed"):
    """A signature under a public key whose vector is zero: then everybody can sign, and what decides is norms and encoding alone."""
    public, message = hashlib.sha256(seed).digest() + bytes(1280), b"message"
    matrix, _, key_hash = v.mldsa_key(public)
    transformed, w = [v.ntt(row) for row in z], b""
    for r in range(4):
        row = [sum(matrix[r][s][i] * transformed[s][i] for s in range(4)) % v.Q for i in range(256)]
        w += v.packed([v.high_bits(x, j in hints[r]) for j, x in enumerate(v.inverse_ntt(row))], 6)
    challenge = hashlib.shake_256(hashlib.shake_256(key_hash + b"\0\0" + message).digest(64) + w).digest(32)
    if hint_bytes is None:
        places = b"".join(bytes(sorted(row)) for row in hints)
        ends = bytes(sum(len(row) for row in hints[: r + 1]) for r in range(4))
        hint_bytes = places.ljust(80, b"\0") + ends
    numbers = b"".join(v.packed([v.GAMMA_1 - x for x in row], 18) for row in z)
    return public, message, challenge + numbers + hint_bytes


def some_z(chance, most=100000):
    return [[chance.randint(-most, most) for _ in range(256)] for _ in range(4)]


NO_HINTS = [set(), set(), set(), set()]


@pytest.mark.parametrize("place", [(0, 0), (1, 77), (3, 255)])
def test_mldsa_norm_of_z(place):
    limit = v.GAMMA_1 - v.BETA
    for value, good in [(limit - 1, True), (limit, False), (1 - limit, True), (-limit, False), (v.GAMMA_1, False), (1 - v.GAMMA_1, False)]:
        z = some_z(random.Random(3))
        z[place[0]][place[1]] = value
        assert both(*forged(z, NO_HINTS)) is good


def test_mldsa_hints():
    chance = random.Random(4)
    for total in (0, 1, 2, 40, 79, 80):
        z, places = some_z(chance), chance.sample(range(1024), total)
        hints = [{p % 256 for p in places if p // 256 == r} for r in range(4)]
        assert both(*forged(z, hints))
    hints, z = [{0, 5, 255}, set(), {7}, {1, 2}], some_z(chance)
    good = bytes([0, 5, 255, 7, 1, 2]).ljust(80, b"\0") + bytes([3, 3, 4, 6])
    assert both(*forged(z, hints, good))
    for bad in (
        bytes([5, 0, 255, 7, 1, 2]).ljust(80, b"\0") + bytes([3, 3, 4, 6]),  # not ascending
        bytes([0, 5, 255, 7, 2, 1]).ljust(80, b"\0") + bytes([3, 3, 4, 6]),
        bytes([0, 5, 5, 255, 7, 1, 2]).ljust(80, b"\0") + bytes([4, 4, 5, 7]),  # twice
        bytes([0, 5, 255, 7, 1, 2, 1]).ljust(80, b"\0") + bytes([3, 3, 4, 6]),  # more after the end
        bytes([0, 5, 255, 7, 1, 2]).ljust(79, b"\0") + bytes([9]) + bytes([3, 3, 4, 6]),
        bytes([0, 5, 255, 7, 1, 2]).ljust(80, b"\0") + bytes([3, 2, 4, 6]),  # ends that fall
        bytes([0, 5, 255, 7, 1, 2]).ljust(80, b"\0") + bytes([3, 3, 4, 81]),  # ends past the room
        bytes([0, 5, 255, 7, 1, 2]).ljust(80, b"\0") + bytes([3, 3, 4, 255]),
        bytes([0, 5, 255, 7, 1, 2]).ljust(80, b"\0") + bytes([3, 3, 4, 5]),
    ):
        assert not both(*forged(z, hints, bad))


def test_mldsa_high_bits():
    """Algorithm 36 by its definition, at every border and at the wrap."""
    whole = 2 * v.GAMMA_2
    for r in sorted({(n * v.GAMMA_2 + d) % v.Q for n in range(90) for d in (-1, 0, 1, 2)} | {v.Q - 1, v.Q - 2}):
        low = next(x for x in (r % whole, r % whole - whole) if -v.GAMMA_2 < x <= v.GAMMA_2)
        high, low = ((r - low) // whole, low) if r - low != v.Q - 1 else (0, low - 1)
        assert v.high_bits(r, False) == high and 0 <= high < 44
        assert v.high_bits(r, True) == (high + (1 if low > 0 else -1)) % 44


def test_mldsa_sampling_goes_on_past_the_first_block():
    assert [x for x, _ in zip(v.squeezed(hashlib.shake_128, b"x"), range(5000), strict=False)] == list(hashlib.shake_128(b"x").digest(5000))


# ------------------------------------------------------------------------------- published vectors and the page's example


def verdicts_of(data, policy):
    verify = v.verify if v.steps_of(data) is v.STEPS else v.verify_document
    found = verify(data, policy)
    assert all(sentence and "\n" not in sentence for _, _, sentence in found)
    return [verdict for _, verdict, _ in found]


@pytest.mark.parametrize("folder", ["", "documents/"])
def test_vectors_have_the_expected_verdicts(folder):
    expected = json.loads((SPEC / "vectors" / f"{folder}expected.json").read_text())
    policy = (SPEC / "vectors" / "policy.json").read_bytes()
    assert len(expected) > 10
    for name, verdicts in expected.items():
        data = (SPEC / "vectors" / folder / name).read_bytes()
        assert verdicts_of(data, policy) == verdicts["policy.json"], name
        assert verdicts_of(data, None) == verdicts["without policy"], name


def test_cosignature_vectors():
    data = json.loads((SPEC / "vectors" / "cosignatures.json").read_text())
    for case in data["lines"]:
        policy = v.LogPolicy(f"log {data['log']}\nwitness w {data['cosigners'][case['kind']]}\nquorum w\n")
        note = v.Checkpoint(data["note"] + case["line"], "A")
        assert v.check_log(policy, [("A", note)]) == (note.origin, [])
        assert policy.quorum_time(note) == data["times"].get(case["name"][3:]), case["name"]


def test_example_of_the_page():
    page = (SPEC / "document-bundle.md").read_text()
    bundle, proof = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert json.loads(bundle)["tlogProof"] == proof
    policy = (SPEC / "vectors" / "policy.json").read_bytes()
    assert verdicts_of(bundle.strip().encode(), policy) == ["pass"] * 10 + ["not-checked"]
    unchecked = [n for n, verdict in enumerate(verdicts_of(bundle.strip().encode(), None), 1) if verdict != "pass"]
    assert unchecked == [4, 5, 6, 8, 11]


# ---------------------------------------------------------------------------------------------- document bundles made here

ROLES = v.ACTOR_ROLES
DRAW, TARGET, AT = "demo-2026-7-1", "F00007", "2026-05-01T00:00:00Z"
SALT = b64url(bytes(range(16)))
PERSON = ["person", {"certificate": "", "name": "张三", "unit": "局"}]
SUBJECT = ["subject", {"name": "某公司"}]
STATEMENT = ["statement", {"text": "我们不同意。\n理由如下。"}]


def disclosed(name, value):
    return b64url(v.canonical([SALT, name, value]))


def digest_of(*disclosure):
    return b64url(hashlib.sha256(disclosed(*disclosure).encode()).digest())


def actors_of(kind):
    return [{"id": "s-" + h(f"{kind} {n} {role}")[:32], "role": role} for n, role in enumerate(ROLES[kind])]


def revision(kind, rev, **more):
    body = {
        "type": kind, "draw": DRAW, "target": TARGET, "id": f"{DRAW}.{TARGET}", "rev": rev, "nonce": SALT, "sections": ["sec2", "sec1"],
        "issued_at": AT, "supersedes": None if rev == 1 else h("before"), "_sd": [], "_sd_alg": "sha-256", "actors": actors_of(kind),
    }  # fmt: skip
    return {**body, **more}


FOUND = {
    "inspected_on": "2026-04-01", "result": "HAZARD_MAJOR", "legal_basis": ["法"], "status": "in_force",
    "findings": [{"code": "HAZARD_MAJOR", "deadline": "2026-05-01", "item": "i1", "measure": None, "responsible": "某"}],
}  # fmt: skip
OPEN = {"_sd": sorted([digest_of(*PERSON), digest_of(*SUBJECT)])}
AUTHORITY = {"bureau": "demo", "key": KEYS["s1"], "name": "局", "revoked_at": None, "valid_from": "2026-01-01T00:00:00Z", "valid_until": None}
OTHER_KEY = {**AUTHORITY, "key": KEYS["s2"]}
LOG_POLICY = f"log {alone.vkey('demo.example/log', 1, SEEDS['log'])}\nquorum none\n"


def mldsa_vkey(name, key):
    raw = b"\6" + key.public_key().public_bytes_raw()
    return f"{name}+{hashlib.sha256(name.encode() + bytes([10]) + raw).hexdigest()[:8]}+{b64(raw)}"


MLDSA = key_of("cosigner")


@pytest.fixture(scope="module")
def maker():
    return alone.Maker(replace=False)


class Paper:
    """One document bundle; `change` bends the body before it is signed, `leaf` the leaf before it is logged."""

    def __init__(self, maker, kind, change=None, keys=None, leaf=None, at=AT, cosign="04"):
        plan = maker.documents[0]
        self.sha = plan["sha"]
        body, signers, disclosures = self.make(kind)
        body = copy.deepcopy(body)
        if change:
            change(body)
        payload = v.canonical(body)
        pae = b"DSSEv1 %d %s %d %s" % (len(v.PAYLOAD_TYPE), v.PAYLOAD_TYPE.encode(), len(payload), payload)
        signatures = [{"keyid": v.keyid_of(KEYS[k]), "sig": b64(sign(SEEDS[k], pae))} for k in keys or signers]
        signatures.sort(key=lambda x: x["keyid"])
        entry = {
            "at": at, "author": [x["keyid"] for x in signatures], "doc": {"sha256": h(payload), "size": len(payload)}, "id": body["id"],
            "rev": body.get("rev", 1), "supersedes": body.get("supersedes"), "type": kind,
        }  # fmt: skip
        if kind == "draw-plan/v1":
            entry["rev"], entry["supersedes"] = 1, None
        if leaf:
            leaf(entry)
        leaf_bytes = v.canonical(entry)
        self.entries = [b"%d" % n for n in range(6)] + [leaf_bytes] + [b"more", b"and more"]
        self.text = f"demo.example/log\n{len(self.entries)}\n{b64(mth(self.entries))}\n"
        lines = ["c2sp.org/tlog-proof@v1", f"extra {b64(leaf_bytes)}", "index 6", *(b64(x) for x in path(6, self.entries)), "", ""]
        self.bundle = {
            "disclosures": sorted(disclosures), "dsse": {"payload": b64(payload), "payloadType": v.PAYLOAD_TYPE, "signatures": signatures},
            "plan": copy.deepcopy(plan["dsse"]) if "plan" in body else None, "timestamp": None,
            "tlogProof": "\n".join(lines) + self.text + "\n" + self.log_line() + self.cosignature(cosign), "type": "document-bundle/v1",
        }  # fmt: skip

    def make(self, kind):
        of_draw = {"type": kind, "id": DRAW, "plan": self.sha}
        names = [disclosed(*PERSON), disclosed(*SUBJECT)]
        sections, two = ["s1", "s2"], {"plan": self.sha}
        return {
            "inspection-result/v1": lambda: (revision(kind, 1, **FOUND, **OPEN, **two), sections, names),
            "correction/v1": lambda: (revision(kind, 2, **FOUND, **OPEN, **two, reason="误", requested_by="court"), sections, names[:1]),
            "contest/v1": lambda: (revision(kind, 2, **two, received_at=AT, _sd=[digest_of(*STATEMENT)]), sections, [disclosed(*STATEMENT)]),
            "withdrawal/v1": lambda: (revision(kind, 3, **two, legal_basis=["法"], reason="误", requested_by="audit"), sections, []),
            "redaction/v1": lambda: ({**of_draw, "draw": DRAW, "document": h("x"), "digests": OPEN["_sd"], "reason": "court-order", "legal_basis": ["法"], "redacted_at": AT, "actors": actors_of(kind)}, ["s1"], []),
            "key-event/v1": lambda: ({"type": kind, "id": "demo.keys", "bureau": "demo", "rev": 1, "supersedes": None, "cause": "founded", "reason": "立", "issued_at": AT, "authorities": [AUTHORITY, OTHER_KEY], "log": LOG_POLICY}, ["s2"], []),
            "shard/v1": lambda: ({"type": kind, "id": "demo.log", "bureau": "demo", "issued_at": AT, "event": "succeeds", "origin": "demo.example/log", "other": {"key": KEYS["log"], "origin": "demo.example/old", "root": h("r"), "size": 9}}, ["s1"], []),
            "draw-void/v1": lambda: ({**of_draw, "reason": "plan-error", "statement": "误", "voided_at": AT, "actors": actors_of(kind)}, ["s1"], []),
            "contribution/v1": lambda: ({**of_draw, "label": "w1", "line": "witness:w1:1234567890", "form": None, "given_at": AT, "actors": []}, ["w1"], []),
            "sealed-outcome/v1": lambda: ({**of_draw, "commitment": h("c"), "drawn_at": AT, "actors": actors_of(kind)}, ["s1"], []),
        }[kind]()  # fmt: skip

    def log_line(self, seed="log"):
        key_hash = bytes.fromhex(alone.vkey("demo.example/log", 1, SEEDS["log"]).split("+")[1])
        return f"— demo.example/log {b64(key_hash + sign(SEEDS[seed], self.text.encode()))}\n"

    def cosignature(self, kind, stamp=1780000000):
        if kind is None:
            return ""
        if kind == "04":
            signature = sign(SEEDS["cosigner"], f"cosignature/v1\ntime {stamp}\n{self.text}".encode())
            key_hash = bytes.fromhex(alone.vkey("co.example", 4, SEEDS["cosigner"]).split("+")[1])
        else:
            message = b"subtree/v1\n\0" + b"\x0aco.example" + stamp.to_bytes(8, "big") + b"\x10demo.example/log" + bytes(8)
            signature = MLDSA.sign(message + len(self.entries).to_bytes(8, "big") + mth(self.entries))
            key_hash = bytes.fromhex(mldsa_vkey("co.example", MLDSA).split("+")[1])
        return f"— co.example {b64(key_hash + stamp.to_bytes(8, 'big') + signature)}\n"

    def data(self):
        return v.canonical(self.bundle)


def policy_for(kind="04", quorum="w", roots=None, **changes):
    vkey = alone.vkey("co.example", 4, SEEDS["cosigner"]) if kind == "04" else mldsa_vkey("co.example", MLDSA)
    log = f"log {alone.vkey('demo.example/log', 1, SEEDS['log'])}\nwitness w {vkey}\nquorum {quorum}\n"
    policy = {"type": "policy/v1", "authorities": [{**AUTHORITY, **changes}, {**OTHER_KEY, **changes}], "log": log}
    return json.dumps(policy if roots is None else {**policy, "timestamp_roots": roots}, indent=1).encode()


def failing(data, policy=None):
    return [n for n, verdict in enumerate(verdicts_of(data, policy_for() if policy is None else policy), 1) if verdict == "fail"]


def unchecked(data, policy):
    return [n for n, verdict in enumerate(verdicts_of(data, policy), 1) if verdict == "not-checked"]


NEW_KINDS = ["inspection-result/v1", "correction/v1", "contest/v1", "withdrawal/v1", "redaction/v1", "key-event/v1", "shard/v1"]
KINDS = [*NEW_KINDS, "draw-void/v1", "contribution/v1", "sealed-outcome/v1"]


@pytest.mark.parametrize("cosign", ["04", "06"])
@pytest.mark.parametrize("kind", KINDS)
def test_lawful_documents(maker, kind, cosign):
    data = Paper(maker, kind, cosign=cosign).data()
    assert verdicts_of(data, policy_for(cosign)) == ["pass"] * 10 + ["not-checked"]
    without = unchecked(data, None)
    assert without == ([2] if kind == "shard/v1" else []) + [4, 5, 6, 8, 11]
    assert unchecked(data, policy_for(cosign, "none")) == [6, 8, 11]
    wrong_kind = "06" if cosign == "04" else "04"
    assert unchecked(data, policy_for(wrong_kind)) == [5, 6, 8, 11] and failing(data, policy_for(wrong_kind)) == []


def test_a_plan_by_itself(maker):
    paper = Paper(maker, "key-event/v1")
    plan, leaf = maker.documents[0]["dsse"], maker.documents[0]["leaf"].encode()
    paper.entries = [leaf]
    paper.text = f"demo.example/log\n1\n{b64(mth([leaf]))}\n"
    paper.bundle["dsse"] = plan
    paper.bundle["tlogProof"] = f"c2sp.org/tlog-proof@v1\nextra {b64(leaf)}\nindex 0\n\n{paper.text}\n{paper.log_line()}{paper.cosignature('06')}"
    assert verdicts_of(paper.data(), policy_for("06")) == ["pass"] * 10 + ["not-checked"]
    paper.bundle["plan"] = plan
    assert failing(paper.data()) == [1]


def put(*where, to):
    def change(body):
        for name in where[:-1]:
            body = body[name]
        body[where[-1]] = to

    return change


def drop(name):
    return lambda body: body.pop(name)


RESULT, CORRECTION, CONTEST, WITHDRAWAL, REDACTION, EVENT, SHARD = NEW_KINDS
FORM = {  # what one document may not be by itself: step 1
    "result with rev 2": (RESULT, put("rev", to=2)),
    "result with rev 0": (RESULT, put("rev", to=0)),
    "result that supersedes": (RESULT, put("supersedes", to=h("x"))),
    "result with a correction's reason": (RESULT, put("reason", to="误")),
    "result of an unknown code": (RESULT, put("result", to="GOOD")),
    "finding of an unknown code": (RESULT, put("findings", 0, "code", to="GOOD")),
    "finding with a member more": (RESULT, put("findings", 0, "name", to="x")),
    "finding without a member": (RESULT, put("findings", 0, to={"code": "REFUSED"})),
    "finding with no date": (RESULT, put("findings", 0, "deadline", to="2026-02-30")),
    "result with no legal basis": (RESULT, put("legal_basis", to=[])),
    "result with no sections": (RESULT, put("sections", to=[])),
    "result with unsorted digests": (RESULT, put("_sd", to=OPEN["_sd"][::-1])),
    "result with one digest twice": (RESULT, put("_sd", to=OPEN["_sd"][:1] * 2)),
    "result with sha-512": (RESULT, put("_sd_alg", to="sha-512")),
    "result with a short nonce": (RESULT, put("nonce", to="AAAA")),
    "result of no status": (RESULT, put("status", to="gone")),
    "result inspected at a time": (RESULT, put("inspected_on", to=AT)),
    "result without inspected_on": (RESULT, drop("inspected_on")),
    "correction with rev 1": (CORRECTION, put("rev", to=1)),
    "correction that supersedes nothing": (CORRECTION, put("supersedes", to=None)),
    "correction requested by nobody": (CORRECTION, put("requested_by", to="nobody")),
    "correction without reason": (CORRECTION, drop("reason")),
    "contest with findings": (CONTEST, put("findings", to=[])),
    "contest with a status": (CONTEST, put("status", to="contested")),
    "contest without a digest": (CONTEST, put("_sd", to=[])),
    "contest with two digests": (CONTEST, put("_sd", to=OPEN["_sd"])),
    "contest issued before it was received": (CONTEST, put("received_at", to="2026-05-01T00:00:01Z")),
    "contest with rev 1": (CONTEST, put("rev", to=1)),
    "withdrawal with a digest": (WITHDRAWAL, put("_sd", to=OPEN["_sd"])),
    "withdrawal without legal basis": (WITHDRAWAL, drop("legal_basis")),
    "withdrawal that supersedes nothing": (WITHDRAWAL, put("supersedes", to=None)),
    "redaction of nothing": (REDACTION, put("digests", to=[])),
    "redaction with unsorted digests": (REDACTION, put("digests", to=OPEN["_sd"][::-1])),
    "redaction with one digest twice": (REDACTION, put("digests", to=OPEN["_sd"][:1] * 2)),
    "redaction for no reason": (REDACTION, put("reason", to="because")),
    "redaction with rev": (REDACTION, put("rev", to=1)),
    "key event of another id": (EVENT, put("id", to="demo.log")),
    "key event with rev 0": (EVENT, put("rev", to=0)),
    "first key event that supersedes": (EVENT, put("supersedes", to=h("x"))),
    "later key event that supersedes nothing": (EVENT, put("rev", to=2)),
    "key event without authorities": (EVENT, put("authorities", to=[])),
    "key event with one authority twice": (EVENT, put("authorities", to=[OTHER_KEY, AUTHORITY, {**AUTHORITY, "valid_until": "2027-01-01T00:00:00Z"}])),
    "key event with a member more in an authority": (EVENT, put("authorities", 0, "role", to="lead")),
    "key event of no cause": (EVENT, put("cause", to="key-lost")),
    "key event with a log that is no policy": (EVENT, put("log", to="quorum nobody\n")),
    "key event with actors": (EVENT, put("actors", to=[])),
    "key event with plan": (EVENT, put("plan", to=h("x"))),
    "shard of another id": (SHARD, put("id", to="demo.keys")),
    "shard of no event": (SHARD, put("event", to="follows")),
    "shard that succeeds no root": (SHARD, put("other", "root", to=None)),
    "shard that succeeds no size": (SHARD, put("other", "size", to=None)),
    "shard that succeeds an empty log": (SHARD, put("other", "size", to=0)),
    "shard succeeded with a head": (SHARD, put("event", to="succeeded")),
    "shard with a rev": (SHARD, put("rev", to=1)),
    "void for no reason": ("draw-void/v1", put("reason", to="because")),
    "contribution with no line": ("contribution/v1", drop("line")),
}


@pytest.mark.parametrize("name", FORM)
def test_documents_that_are_refused_when_read(maker, name):
    kind, change = FORM[name]
    assert failing(Paper(maker, kind, change).data()) == [1]


def other_reviewer(body):
    body["actors"][3]["id"] = body["actors"][4]["id"]


SIGNED = {  # (kind, change, keys): step 2
    "section missing": (RESULT, None, ["s1"]),
    "section too many": (RESULT, put("sections", to=["sec1"]), None),
    "section twice": (RESULT, put("sections", to=["sec1", "sec2", "sec1"]), None),
    "section unknown": (RESULT, put("sections", to=["sec1", "sec2", "sec3"]), None),
    "another key too": (CONTEST, None, ["s1", "s2", "w1"]),
    "redaction by another section": (REDACTION, None, ["s2"]),
    "redaction by all sections": (REDACTION, None, ["s1", "s2"]),
    "redaction of another id": (REDACTION, put("id", to="demo-2026-7-2"), None),
    "redaction of another draw": (REDACTION, put("draw", to="demo-2026-7-2"), None),
    "result of another draw": (RESULT, put("draw", to="demo-2026-7-2"), None),
    "result of another id": (RESULT, put("id", to=f"{DRAW}.F00008"), None),
    "withdrawal of another id": (WITHDRAWAL, put("id", to=f"{DRAW}-{TARGET}"), None),
    "contest of another plan": (CONTEST, put("plan", to=h("x")), None),
    "void of another draw": ("draw-void/v1", put("id", to="demo-2026-7-2"), None),
    "roles in another order": (RESULT, lambda body: body["actors"].reverse(), None),
    "a publisher missing": (CORRECTION, lambda body: body["actors"].pop(), None),
    "one actor twice": (RESULT, other_reviewer, None),
    "key event by two keys": (EVENT, None, ["s1", "s2"]),
    "key event by a key not in it": (EVENT, None, ["w1"]),
    "key event by a key revoked in it": (EVENT, put("authorities", 1, "revoked_at", to=AT), None),
    "key event by a key that has ended": (EVENT, put("authorities", 1, "valid_until", to=AT), None),
    "key event by a key not valid yet": (EVENT, put("authorities", 1, "valid_from", to="2026-05-01T00:00:01Z"), None),
    "key event by a key of another bureau": (EVENT, put("authorities", 1, "bureau", to="other"), None),
    "shard by two keys": (SHARD, None, ["s1", "s2"]),
    "shard by a key of nobody": (SHARD, None, ["w1"]),
    "contribution by another witness": ("contribution/v1", None, ["s1"]),
    "contribution of nobody": ("contribution/v1", put("label", to="w9"), None),
}


@pytest.mark.parametrize("name", SIGNED)
def test_documents_that_are_not_rightly_signed(maker, name):
    kind, change, keys = SIGNED[name]
    data = Paper(maker, kind, change, keys).data()
    assert failing(data) == [2]
    without_policy = verdicts_of(data, None)[1]
    assert without_policy == ("not-checked" if name == "shard by a key of nobody" else "fail")


def bend_signature(which):
    def bend(paper):
        signature = paper.bundle[which]["signatures"][0]
        raw = bytearray(base64.b64decode(signature["sig"]))
        raw[5] ^= 1
        signature["sig"] = b64(bytes(raw))

    return bend


def in_proof(old, new):
    def bend(paper):
        assert old in paper.bundle["tlogProof"]
        paper.bundle["tlogProof"] = paper.bundle["tlogProof"].replace(old, new, 1)

    return bend


def set_(name, to):
    return lambda paper: paper.bundle.update({name: to})


def add_line(line):
    def bend(paper):
        paper.bundle["tlogProof"] += line(paper) if callable(line) else line

    return bend


def log_signed_by(seed):
    def bend(paper):
        paper.bundle["tlogProof"] = paper.bundle["tlogProof"].replace(paper.log_line(), paper.log_line(seed))

    return bend


STRANGER = "— stranger.example AAAAAAAA\n"
LIES = {  # (kind, bend, what fails)
    "signature": (RESULT, bend_signature("dsse"), [2]),
    "signature of the plan": (RESULT, bend_signature("plan"), [2]),
    "plan left out": (RESULT, set_("plan", None), [1]),
    "plan is not one": (RESULT, lambda p: p.bundle.update(plan=p.bundle["dsse"]), [1]),
    "member more": (RESULT, set_("also", 1), [1]),
    "member missing": (RESULT, lambda p: p.bundle.pop("timestamp"), [1]),
    "time stamp not base64": (RESULT, set_("timestamp", "AA"), [1]),
    "another type": (RESULT, set_("type", "document-bundle/v2"), [1]),
    "disclosures unsorted": (RESULT, lambda p: p.bundle["disclosures"].reverse(), [1]),
    "disclosure twice": (RESULT, lambda p: p.bundle.update(disclosures=p.bundle["disclosures"][:1] * 2), [1]),
    "disclosure of a statement in a result": (RESULT, set_("disclosures", [disclosed(*STATEMENT)]), [10]),
    "disclosure the document does not hold": (CORRECTION, set_("disclosures", [disclosed("subject", {"name": "别"})]), [10]),
    "disclosure of a person in a contest": (CONTEST, set_("disclosures", [disclosed(*PERSON)]), [10]),
    "disclosure in a redaction": (REDACTION, set_("disclosures", [disclosed(*PERSON)]), [10]),
    "disclosure in a withdrawal": (WITHDRAWAL, set_("disclosures", [disclosed(*STATEMENT)]), [10]),
    "disclosure that is none": (RESULT, set_("disclosures", ["e30"]), [10]),
    "disclosure with padding": (RESULT, set_("disclosures", ["e30="]), [10]),
    "proof of version 2": (RESULT, in_proof("proof@v1", "proof@v2"), [1]),
    "proof without extra": (RESULT, lambda p: p.bundle.update(tlogProof=re.sub("extra .*\n", "", p.bundle["tlogProof"])), [1]),
    "proof with empty extra": (RESULT, lambda p: p.bundle.update(tlogProof=re.sub("extra .*\n", "extra \n", p.bundle["tlogProof"])), [1]),
    "proof with another leaf's extra": (RESULT, lambda p: p.bundle.update(tlogProof=re.sub("extra .*\n", "extra e30=\n", p.bundle["tlogProof"])), [1]),
    "index with a zero before it": (RESULT, in_proof("index 6", "index 06"), [1]),
    "index past the size": (RESULT, in_proof("index 6", "index 9"), [7]),
    "index of another": (RESULT, in_proof("index 6", "index 7"), [7]),
    "index too large": (RESULT, in_proof("index 6", "index 9223372036854775808"), [1]),
    "path with a hash more": (RESULT, in_proof("index 6\n", f"index 6\n{b64(bytes(32))}\n"), [7]),
    "path of 64 hashes": (RESULT, in_proof("index 6\n", "index 6\n" + f"{b64(bytes(32))}\n" * 64), [1]),
    "hash of 31 bytes": (RESULT, in_proof("index 6\n", f"index 6\n{b64(bytes(31))}\n"), [1]),
    "size of the checkpoint": (RESULT, in_proof("log\n9\n", "log\n7\n"), [5, 7]),
    "checkpoint with four lines": (RESULT, in_proof("log\n9\n", "log\n9\n9\n"), [1]),
    "checkpoint without signatures": (RESULT, lambda p: p.bundle.update(tlogProof=p.bundle["tlogProof"].split("—")[0]), [1]),
    "checkpoint by another key": (RESULT, log_signed_by("cosigner"), [5]),
    "log's line twice": (RESULT, add_line(lambda p: p.log_line()), [5]),
    "cosigner's line twice": (RESULT, add_line(lambda p: p.cosignature("04")), [5]),
    "stranger's line": (RESULT, add_line(STRANGER), []),
    "stranger's line twice": (RESULT, add_line(STRANGER * 2), [5]),
    "cosigner's line of the other kind": (RESULT, add_line(lambda p: p.cosignature("06")), []),
    "stranger's line, and the log's by another key": (RESULT, lambda p: (log_signed_by("cosigner")(p), add_line(STRANGER)(p)), [5]),
    "stranger's line without a signature": (RESULT, add_line("— stranger.example AAAAAA==\n"), [1]),
}


@pytest.mark.parametrize("name", LIES)
def test_what_fails_where(maker, name):
    kind, bend, fails = LIES[name]
    paper = Paper(maker, kind)
    bend(paper)
    assert failing(v.canonical(paper.bundle)) == fails
    if not fails:
        assert unchecked(v.canonical(paper.bundle), policy_for()) == [5, 6, 8, 11]


LEAVES = {
    "rev": put("rev", to=7),
    "supersedes": put("supersedes", to=h("x")),
    "type": put("type", to=CONTEST),
    "id": put("id", to=DRAW),
    "sha256": put("doc", "sha256", to=h("x")),
    "size": put("doc", "size", to=1),
    "author": lambda leaf: leaf["author"].pop(),
}


@pytest.mark.parametrize("name", LEAVES)
def test_leaves_of_another_document(maker, name):
    assert failing(Paper(maker, CORRECTION, leaf=LEAVES[name]).data()) == [3]


def test_leaves_that_cannot_be_read(maker):
    for change in (put("more", to=1), drop("at"), put("at", to="2026-05-01"), put("author", to=[]), put("id", to="x" * 5000)):
        assert failing(Paper(maker, EVENT, leaf=change).data()) == [1]


def test_authorities_at_the_time_of_the_leaf(maker):
    for kind in (RESULT, REDACTION, EVENT, SHARD):
        data = Paper(maker, kind).data()
        for changes, good in [
            ({"valid_from": AT}, True),
            ({"valid_from": "2026-05-01T00:00:01Z"}, False),
            ({"valid_until": AT}, False),
            ({"valid_until": "2026-05-01T00:00:01Z"}, True),
            ({"revoked_at": AT}, False),
            ({"revoked_at": "2026-05-01T00:00:01Z"}, True),
            ({"bureau": "other"}, False),
        ]:
            assert failing(data, policy_for(**changes)) == ([] if good else [4]), (kind, changes)
    witness = Paper(maker, "contribution/v1").data()  # no section's signature; only that the sections are the bureau's
    assert failing(witness, policy_for(revoked_at="2026-02-01T00:00:00Z")) == []
    assert failing(witness, policy_for(bureau="other")) == [4]


def test_quorum_and_time(maker):
    paper = Paper(maker, RESULT, cosign=None)
    assert failing(paper.data()) == [6] and unchecked(paper.data(), policy_for()) == [8, 11]
    for kind in ("04", "06"):
        paper = Paper(maker, RESULT, cosign=kind)
        _, verdict, sentence = v.verify_document(paper.data(), policy_for(kind))[7]
        assert verdict == "pass" and "2026-05-28T20:26:40Z" in sentence
        paper.bundle["tlogProof"] = paper.bundle["tlogProof"].replace(paper.cosignature(kind), "") if kind == "04" else paper.bundle["tlogProof"].rpartition("— co")[0]
        paper.bundle["tlogProof"] += paper.cosignature(kind, 2**63 - 1)
        _, verdict, sentence = v.verify_document(paper.data(), policy_for(kind))[7]
        assert verdict == "pass" and str(2**63 - 1) in sentence
        for stamp in (0, 2**63):
            paper.bundle["tlogProof"] = paper.bundle["tlogProof"].rpartition("— co")[0] + paper.cosignature(kind, stamp)
            assert failing(paper.data(), policy_for(kind)) == [6]


def test_a_cosignature_of_kind_06_that_does_not_verify(maker):
    paper = Paper(maker, RESULT, cosign="06")
    head, dash, line = paper.bundle["tlogProof"].rpartition("— co.example ")
    raw = bytearray(base64.b64decode(line))
    raw[100] ^= 1
    paper.bundle["tlogProof"] = head + dash + b64(bytes(raw)) + "\n"
    assert failing(paper.data(), policy_for("06")) == [6]
    assert failing(paper.data(), policy_for("06", "none")) == [6]


def test_names_too_long_for_kind_06_never_verify():
    note = v.Checkpoint(f"{'o' * 256}\n0\n{b64(hashlib.sha256(b'').digest())}\n\n— x {b64(bytes(9))}\n", "A")
    key = v.VerifierKey(mldsa_vkey("n" * 256, MLDSA), (4, 6))
    assert note.cosigned_at(key, (1).to_bytes(8, "big") + bytes(2420)) is None
    short = v.VerifierKey(mldsa_vkey("n", MLDSA), (4, 6))
    assert note.cosigned_at(short, (1).to_bytes(8, "big") + bytes(2420)) is None


def test_time_stamps_are_not_checked(maker):
    paper = Paper(maker, RESULT)
    paper.bundle["timestamp"] = b64(b"\x30\x03\x02\x01\x00")
    for policy in (policy_for(), policy_for(roots=[b64(b"a root")])):
        assert unchecked(paper.data(), policy) == [9, 11]
    assert "openssl ts" in v.verify_document(paper.data())[8][2]


def test_a_statement_may_be_long(maker):
    for size, good in ((1, True), (20000, True), (20001, False), (0, False)):
        statement = ["statement", {"text": "字" * size}]
        paper = Paper(maker, CONTEST, put("_sd", to=[digest_of(*statement)]))
        paper.bundle["disclosures"] = [disclosed(*statement)]
        assert failing(paper.data()) == ([] if good else [10])
    paper.bundle["disclosures"] = []
    assert failing(paper.data()) == []


# ------------------------------------------------------------------------------------------------- policies, draw bundles


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"timestamp_roots": [b64(b"x")]}, True),
        ({"timestamp_roots": []}, False),
        ({"timestamp_roots": None}, False),
        ({"timestamp_roots": ["x"]}, False),
        ({"timestamp_roots": "eA=="}, False),
        ({"more": 1}, False),
        ({"authorities": []}, False),
    ],
)
def test_policies(changes, good):
    data = json.dumps({**json.loads(policy_for()), **changes}).encode()
    if good:
        v.Policy(data)
    else:
        with pytest.raises(v.Refused):
            v.Policy(data)


def test_log_policies_with_keys_of_kind_06():
    key = mldsa_vkey("co.example", MLDSA)
    v.LogPolicy(f"witness w {key}\nquorum w\n")
    short = b"\6" + MLDSA.public_key().public_bytes_raw()[:-1]
    name_hash = lambda raw: hashlib.sha256(b"co.example\n" + raw).hexdigest()[:8]  # noqa: E731
    for bad in (
        f"log {key}\nquorum none\n",
        f"witness w {key}\nwitness x {key}\nquorum w\n",
        f"witness w {key}\nwitness x {mldsa_vkey('other.example', MLDSA)}\nquorum w\n",
        f"witness w {key}\nwitness x {alone.vkey('co.example', 4, SEEDS['cosigner'])}\nquorum w\n",  # one name, two lines
        f"witness w {key[:-4]}\nquorum w\n",
        f"witness w co.example+{name_hash(short)}+{b64(short)}\nquorum w\n",
        f"witness w {alone.vkey('co.example', 6, SEEDS['cosigner'])}\nquorum w\n",  # 32 bytes
        f"witness w {alone.vkey('co.example', 5, SEEDS['cosigner'])}\nquorum w\n",
        f"quorum w\nwitness w {key}\n",
    ):
        with pytest.raises(v.Refused):
            v.LogPolicy(bad)


def test_draw_bundles_with_strangers_and_kind_06(maker):
    bundle = maker.bundle()
    assert alone.failing(alone.dict_of(v.verify(v.canonical(bundle), policy_for()))) == []
    for place in "ab":
        strange = copy.deepcopy(bundle)
        strange["checkpoints"][place] += STRANGER
        found = alone.dict_of(v.verify(v.canonical(strange), policy_for()))
        assert alone.failing(found) == [] and alone.unchecked(found) == [5, 6, 11, 22]  # 8 goes by those lines that verify
        strange["checkpoints"][place] += STRANGER
        assert alone.failing(alone.dict_of(v.verify(v.canonical(strange), policy_for()))) == [5]
    found = alone.dict_of(v.verify(v.canonical(bundle), policy_for("06")))
    assert alone.failing(found) == [] and alone.unchecked(found) == [5, 6, 8, 11, 22]
    for place, stamp in (("a", v.seconds(alone.T) - 1), ("b", v.seconds(alone.T) + 10)):
        text, lines = bundle["checkpoints"][place].split("\n\n")
        origin, size, root = text.split("\n")
        message = b"subtree/v1\n\0" + b"\x0aco.example" + stamp.to_bytes(8, "big") + bytes([len(origin)]) + origin.encode() + bytes(8)
        signature = MLDSA.sign(message + int(size).to_bytes(8, "big") + base64.b64decode(root))
        key_hash = bytes.fromhex(mldsa_vkey("co.example", MLDSA).split("+")[1])
        line = f"— co.example {b64(key_hash + stamp.to_bytes(8, 'big') + signature)}\n"
        bundle["checkpoints"][place] = f"{text}\n\n{lines.splitlines(True)[0]}{line}"
    found = alone.dict_of(v.verify(v.canonical(bundle), policy_for("06")))
    assert alone.failing(found) == [] and alone.unchecked(found) == [11, 22]


def test_a_long_line_and_a_large_leaf_fail_where_the_readme_says():
    """A contribution line of over 512 bytes at step 10, a leaf of over 4,096 at step 3, not when the bundle is read."""
    bundle = alone.Maker(replace=False, hooks={"documents": long_line}).bundle()
    found = alone.dict_of(v.verify(v.canonical(bundle), policy_for()))
    assert alone.failing(found)[:1] == [10]
    bundle["documents"][0]["leaf"] = " " * 4097
    assert alone.failing(alone.dict_of(v.verify(v.canonical(bundle), policy_for())))[:2] == [3, 7]


def long_line(maker, body):
    return {**body, "line": "witness:w1:" + "1" * 600} if body.get("label") == "w1" else body


# ------------------------------------------------------------------------------------------------- damage, the command


@pytest.mark.parametrize("kind", [RESULT, CONTEST, EVENT, SHARD])
def test_random_damage_never_raises(maker, kind):
    data, chance, policy = Paper(maker, kind).data(), random.Random(kind), policy_for()
    start = len(data) - 4000 if len(data) > 6000 else 0
    for n in range(120):
        bent = bytearray(data)
        for _ in range(chance.choice((1, 1, 1, 3))):
            bent[chance.randrange(start if n % 2 else 0, len(bent))] = chance.randrange(256)
        if bytes(bent) != data:
            assert "fail" in [verdict for _, verdict, _ in v.verify_document(bytes(bent), policy)] or unchecked(bytes(bent), policy) != [11]


REPLACEMENTS = [None, 0, 1, -1, 2**53, "", "x", "\n", [], {}, [None], {"a": 1}, True, "2026-01-01T00:00:00Z", h("x"), ["x", "x"]]


@pytest.mark.parametrize("kind", KINDS)
def test_random_reshaping_never_raises(maker, kind):
    chance = random.Random(kind)

    def reshape(body):
        for _ in range(chance.choice((1, 1, 2))):
            node = body
            while True:
                keys = list(node) if isinstance(node, dict) else range(len(node))
                if not keys:
                    break
                where = chance.choice(list(keys))
                if isinstance(node[where], (dict, list)) and chance.random() < 0.6:
                    node = node[where]
                    continue
                if isinstance(node, dict) and chance.random() < 0.3:
                    del node[where]
                else:
                    node[where] = copy.deepcopy(chance.choice(REPLACEMENTS))
                break
        body.setdefault("id", DRAW)

    for _ in range(25):
        verdicts_of(Paper(maker, kind, reshape).data(), policy_for())


UNREADABLE = "1 fail\n" + "".join(f"{n} not-checked\n" for n in range(2, 12))


def test_command(maker, tmp_path):
    file, policy = tmp_path / "x.proof.json", tmp_path / "policy"
    paper = Paper(maker, CONTEST, cosign="06")
    file.write_bytes(paper.data())
    policy.write_bytes(policy_for("06"))
    status, out, error = alone.run(file, "--policy", policy, "--verdicts")
    assert (status, error) == (3, "") and out == "".join(f"{n} pass\n" for n in range(1, 11)) + "11 not-checked\n"
    status, out, _ = alone.run(file, "--policy", policy)
    assert status == 3 and len(out.splitlines()) == 11 and "公开项" in out and "disclosures" in out
    assert alone.run(file, "--policy", tmp_path / "none", "--verdicts")[:2] == (2, UNREADABLE)
    policy.write_bytes(b"{}")
    assert alone.run(file, "--policy", policy, "--verdicts")[:2] == (2, UNREADABLE)
    bend_signature("dsse")(paper)
    file.write_bytes(paper.data())
    assert alone.run(file, "--verdicts")[0] == 1
    for spoilt in (paper.data() + b"\n", b" " + paper.data(), paper.data().replace(b'"plan":', b'"plan":null,"plan":', 1)):
        file.write_bytes(spoilt)
        assert alone.run(file, "--verdicts")[:2] == (2, UNREADABLE)
    paper.bundle["timestamp"] = b64(bytes(4 << 20))
    file.write_bytes(paper.data())
    assert alone.run(file, "--verdicts")[:2] == (2, UNREADABLE)
    file.write_bytes(paper.data()[:-1])
    assert alone.run(file, "--verdicts")[:2] == (2, alone.UNREADABLE)


def test_it_needs_nothing_but_the_standard_library():
    run = subprocess.run([sys.executable, "-I", "-S", str(alone.PATH)], capture_output=True, check=False)
    assert run.returncode == 64
    modules = set(re.findall(r"^(?:import|from) (\w+)", alone.PATH.read_text(encoding="utf-8"), re.MULTILINE))
    assert modules <= sys.stdlib_module_names
