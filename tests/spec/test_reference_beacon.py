"""Self-tests of the beacon (beacon.md) in docs/spec/reference/verify.py. They need nothing else of the project."""

import hashlib
import json
import pathlib
import re
import time

import pytest
from test_reference_alone import PATH, Maker, T, failing, unchecked, v

PAGE = (PATH.parents[1] / "beacon.md").read_text(encoding="utf-8")
OTHERS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "randomness" / "drand.json"
ROUND = 1000
SIGNATURE = bytes.fromhex(re.search(f"drand:{v.QUICKNET}:{ROUND}:([0-9a-f]{{96}})", PAGE)[1])
SECRET = int(hashlib.sha256(b"worthless").hexdigest(), 16) % v.ORDER


def encoded(point, compressed=1, infinity=0):
    (x, _), (y, _) = point
    return (compressed << 383 | infinity << 382 | (2 * y > v.PRIME) << 381 | x).to_bytes(48, "big")


def signed(number, secret=SECRET):
    return encoded(v.multiple(secret, v.point_of_round(number)))


# ------------------------------------------------------------------------------------------------- what others signed


@pytest.fixture(scope="module")
def others():
    if not OTHERS.is_file():
        pytest.skip("other people's rounds are not beside the project")
    return json.loads(OTHERS.read_bytes())["quicknet"]


def test_real_rounds_are_accepted(others):
    assert len(others["rounds"]) == 7
    for case in others["rounds"]:
        assert v.quicknet_signed(case["round"], bytes.fromhex(case["signature"]))
        assert v.time_of_round(case["round"]) == case["unix_time"]
        assert v.SHA256hex(bytes.fromhex(case["signature"])) == case["randomness"]


def test_bad_rounds_are_refused(others):
    assert len(others["must_reject"]) == 5
    for case in others["must_reject"]:
        assert not v.quicknet_signed(case["round"], bytes.fromhex(case["signature"])), case["why"]


# ----------------------------------------------------------------------------------------------------------- the page


def test_worked_example_of_the_page():
    def stated(name):
        return int(re.search(rf"^ +{name} +([0-9a-f]{{96}})$", example, re.MULTILINE)[1], 16)

    example = PAGE[PAGE.index("## 5.") :]
    message = v.sha256(ROUND.to_bytes(8, "big"))
    assert re.search("M +([0-9a-f]{64})\n", example)[1] == message.hex()
    assert v.field_elements(message) == [stated("u_0"), stated("u_1")]
    ys = [int(y, 16) for y in re.findall("^ +y +([0-9a-f]{96})$", example, re.MULTILINE)]
    xs = [stated(name) for name in (r"map\(u_0\) x", r"map\(u_1\) x", r"H\(M\) +x", "s +x")]
    points = [*(v.mapped(u) for u in v.field_elements(message)), v.point_of_round(ROUND), v.beacon_point(SIGNATURE)]
    assert points == [((x, 0), (y, 0)) for x, y in zip(xs, ys, strict=True)]
    assert v.SHA256hex(SIGNATURE) in example


def test_what_the_page_says_of_quicknet():
    group_hash = re.search(r"group hash \| `([0-9a-f]{64})`", PAGE)[1]
    key = "".join(re.findall("^    ([0-9a-f]{96})$", PAGE, re.MULTILINE))
    chain = b"\0\0\0\3" + v.GENESIS.to_bytes(8, "big") + bytes.fromhex(key + group_hash) + b"quicknet"
    assert len(key) == 192 and v.SHA256hex(chain) == v.QUICKNET
    x, y = v.QUICKNET_KEY
    assert key == f"{x[1] | 0b100 << 381:096x}{x[0]:096x}" and 2 * y[1] < v.PRIME
    for x, y in (v.QUICKNET_KEY, v.G2_GENERATOR):
        assert v.times(y, y) == v.less(v.times(x, v.times(x, x)), (-4, -4))
        assert v.multiple(v.ORDER, (x, y)) is None


@pytest.mark.parametrize(
    ("t", "number"),
    [
        ("2000-01-01T00:00:00Z", 1),
        ("2023-08-23T15:09:26Z", 1),
        ("2023-08-23T15:09:27Z", 1),
        ("2023-08-23T15:09:28Z", 2),
        ("2023-08-23T15:09:30Z", 2),
        ("2023-08-23T15:59:21Z", 999),
        ("2023-08-23T15:59:22Z", 1000),
        ("2023-08-23T15:59:23Z", 1000),
        ("2023-08-23T15:59:24Z", 1000),
        ("2023-08-23T15:59:25Z", 1001),
    ],
)
def test_first_round_at_or_after_a_time(t, number):
    assert v.first_round(t) == number
    assert number == 1 or v.time_of_round(number - 1) < v.seconds(t) <= v.time_of_round(number)


# -------------------------------------------------------------------------------------------------- bits and encodings


def test_every_flipped_bit_is_refused():
    """Most are no point or outside G1; the bit for the larger root gives the opposite point, which only the equation refuses."""
    left = []
    for bit in range(384):
        bent = (int.from_bytes(SIGNATURE, "big") ^ 1 << bit).to_bytes(48, "big")
        if v.beacon_point(bent) is not None:
            left.append(bit)
            assert not v.quicknet_signed(ROUND, bent)
    assert left == [381]


def test_encodings_that_are_refused():
    point = v.beacon_point(SIGNATURE)
    assert encoded(point) == SIGNATURE
    assert v.beacon_point(encoded(point, compressed=0)) is None
    assert v.beacon_point(encoded(point, infinity=1)) is None
    assert v.beacon_point(b"\xc0" + bytes(47)) is None
    assert v.beacon_point(b"\xe0" + bytes(47)) is None
    assert v.beacon_point(bytes(48)) is None
    assert v.beacon_point(b"\xff" * 48) is None
    assert v.beacon_point(b"\x80" + bytes(47)) is None  # (0, 2), of order 3
    for x in (v.PRIME, v.PRIME - 1, v.PRIME + 1):
        assert v.beacon_point((1 << 383 | x).to_bytes(48, "big")) is None


def test_x_beyond_the_prime_is_refused():
    small = (p for k in range(2, 100) if (p := v.multiple(k, v.beacon_point(SIGNATURE)))[0][0] + v.PRIME < 1 << 381)
    (x, _), y = next(small)
    assert v.beacon_point(encoded(((x, 0), y))) is not None
    assert v.beacon_point(encoded(((x + v.PRIME, 0), y))) is None


def test_points_outside_the_subgroup_are_refused_though_their_multiple_is_inside():
    found = 0
    for x in range(1, 40):
        y = v.root_mod_p(x**3 + 4)
        if y is None:
            continue
        found += 1
        point = (x, 0), (y, 0)
        assert v.multiple(v.ORDER, point) is not None
        assert v.beacon_point(encoded(point)) is None
        inside = v.multiple(v.COFACTOR, point)
        assert v.beacon_point(encoded(inside)) == inside
        # a true signature with a point of small order added: the equation alone would not see it
        small = v.multiple(v.ORDER, point)
        shifted = v.sum_of(v.beacon_point(SIGNATURE), small)
        assert v.beacon_point(encoded(shifted)) is None
    assert found > 10


def test_map_where_its_denominator_is_nothing():
    other = v.root_mod_p(-pow(v.ISO_Z, -1, v.PRIME))
    for u in (0, other, v.PRIME - other, 1):
        (x, _), (y, _) = v.mapped(u)
        assert (y * y - x**3 - 4) % v.PRIME == 0
    assert v.mapped(other) != v.mapped(v.PRIME - other)  # the parity of u decides


# ------------------------------------------------------------------------------------------------------- other keys


@pytest.fixture
def own_key(monkeypatch):
    """The beacon's key is one of our own, so that any round can be signed."""
    monkeypatch.setattr(v, "QUICKNET_KEY", v.multiple(SECRET, v.G2_GENERATOR))


def test_rounds_signed_with_another_key(own_key):
    for number in (1, 2**32, 2**53 - 1):
        assert v.quicknet_signed(number, signed(number))
    assert not v.quicknet_signed(1, signed(2))
    assert not v.quicknet_signed(1, signed(1, SECRET + 1))
    assert not v.quicknet_signed(1, signed(1, v.ORDER - SECRET))
    assert not v.quicknet_signed(ROUND, SIGNATURE)


def test_time_of_one_verification():
    start = time.process_time()
    assert v.quicknet_signed(ROUND, SIGNATURE)
    assert time.process_time() - start < 3


# ------------------------------------------------------------------------------------------------------ a whole draw

RIGHT = v.first_round(T)


class Beacon(Maker):
    """The draw of the other tests, with a round of the beacon where the dice were."""

    def __init__(self, number=RIGHT, chain=v.QUICKNET, line=None, given=T, keys=("s1",), change=None, without_public=False, **options):
        self.given, self.keys = given, list(keys)
        self.without_public = without_public
        declared = {"kind": "drand", "chain": chain, "round": number}
        right = f"drand:{chain}:{number}:{signed(number).hex()}" if isinstance(number, int) and number > 0 else ""

        def plan(maker):
            maker.plan["contributors"][-1] = declared
            maker.lines[-1] = (line or str)(right)
            if without_public:
                del maker.plan["contributors"][4], maker.lines[4]
            if change:
                change(maker)

        super().__init__(hooks={"plan": plan, **options.pop("hooks", {})}, **options)

    def contribution(self, label, line, keys, roles, form, given):
        if label == "lottery" and self.without_public:
            return
        label = {"w3": self.plan["contributors"][3]["label"], "lottery": self.plan["contributors"][4].get("label", label)}.get(label, label)
        if label == "dice":
            label, keys, form, given = "drand", self.keys, None, self.given
        line = max(i for i, c in enumerate(self.plan["contributors"]) if c.get("label", c["kind"]) == label)
        super().contribution(label, line, keys, roles, form, given)


def test_a_draw_with_the_beacon(own_key):
    found = Beacon(without_public=True).verdicts()
    assert failing(found) == [] and unchecked(found) == [22]
    found = Beacon().verdicts()
    assert failing(found) == [] and unchecked(found) == [11, 22]  # the lottery
    found = Beacon(sealed=True).verdicts(unopened=True)
    assert failing(found) == [] and unchecked(found) == [11, *range(14, 23)]


def test_what_is_said_of_the_beacon(own_key):
    maker = Beacon(without_public=True)
    sentence = v.verify(v.canonical(maker.bundle()))[10][2]
    assert v.QUICKNET in sentence and f"round {RIGHT}" in sentence and T in sentence


def first_digit(line):
    head, digits = line.rsplit(":", 1)
    return f"{head}:{'9' if digits[0] != '9' else '8'}{digits[1:]}"


def last(maker):
    return maker.plan["contributors"][-1]


def twice(maker):
    maker.plan["contributors"].append(dict(last(maker)))
    maker.lines.append(maker.lines[-1])


def before_the_lottery(maker):
    maker.plan["contributors"][-2:] = maker.plan["contributors"][:-3:-1]
    maker.lines[-2:] = maker.lines[:-3:-1]


def label_taken(maker):
    maker.plan["contributors"][0]["label"] = "drand"
    maker.lines[0] = maker.lines[0].replace("bureau", "drand")


def witness_label_taken(maker):
    maker.plan["contributors"][3]["label"] = "drand"
    maker.lines[3] = "absent:drand"


def public_label_taken(maker):
    maker.plan["contributors"][4]["label"] = "drand"
    maker.lines[4] = "public:drand:54321"


DRAWS = {
    "the round after": ([13], {"number": RIGHT + 1}),
    "the round before": ([13], {"number": RIGHT - 1}),
    "another chain": ([13], {"chain": "0" * 64}),
    "chain in capitals": ([1], {"chain": v.QUICKNET.upper()}),
    "round 0": ([1], {"number": 0}),
    "round as text": ([1], {"number": "1"}),
    "signature of another round": ([11], {"line": lambda line: line[:-96] + signed(RIGHT - 1).hex()}),
    "no point": ([11], {"line": first_digit}),
    "infinity": ([11], {"line": lambda line: line[:-96] + "c" + "0" * 95}),
    "a real round, but another": ([11], {"line": lambda line: line[:-96] + SIGNATURE.hex()}),
    "capitals": ([10], {"line": lambda line: line[:-96] + line[-96:].upper()}),
    "a digit less": ([10], {"line": lambda line: line[:-1]}),
    "a digit more": ([10], {"line": lambda line: line + "0"}),
    "no signature": ([10], {"line": lambda line: line[:-96]}),
    "absent": ([10], {"line": lambda line: "absent:drand"}),
    "another round in the line": ([10], {"line": lambda line: line.replace(f":{RIGHT}:", f":{RIGHT + 1}:")}),
    "another chain in the line": ([10], {"line": lambda line: line.replace(v.QUICKNET, "0" * 64)}),
    "leading zero": ([10], {"line": lambda line: line.replace(f":{RIGHT}:", f":0{RIGHT}:")}),
    "given before T": ([8], {"given": "2026-03-02T01:59:59Z"}),
    "signed by another section": ([2], {"keys": ["s2"]}),
    "signed by both sections": ([2], {"keys": ["s1", "s2"]}),
    "not the last": ([13], {"change": before_the_lottery}),
    "a nonce of that label": ([13], {"change": label_taken}),
    "twice": ([2, 10, 13], {"change": twice}),
    "a member more": ([1], {"change": lambda maker: last(maker).update(label="drand")}),
    "a member less": ([1], {"change": lambda maker: last(maker).pop("chain")}),
    "a witness of that label": ([2, 10, 13], {"change": witness_label_taken}),
    "a public number of that label": ([2, 10, 13], {"change": public_label_taken}),
    "only in the outcome another": ([14], {"hooks": {"published": lambda maker: maker.hook_published.update(contributions=[*maker.lines[:-1], first_digit(maker.lines[-1])])}}),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws_that_fail(name, own_key):
    steps, options = DRAWS[name]
    assert failing(Beacon(**options).verdicts()) == steps


def test_too_few_contributions(own_key):
    class Silent(Beacon):
        def contribution(self, label, *rest):
            if label != "dice":
                super().contribution(label, *rest)

    assert failing(Silent().verdicts()) == [10]


def test_already_in_checkpoint_a(own_key):
    class Early(Beacon):
        def bundle(self, **options):
            self.size_a = next(d["index"] for d in self.documents if '"type":"draw-outcome/v1"' in d["leaf"])
            return super().bundle(**options)

    assert failing(Early().verdicts()) == [8]
