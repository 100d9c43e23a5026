"""Write docs/spec/vectors/ and docs/spec/example.md: `python tests/make_vectors.py`. Tests compare them."""

import json
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import cosignature_vectors  # noqa: E402
import example  # noqa: E402
import paper_vectors  # noqa: E402
import vector_cases  # noqa: E402
from bureau import QUORUM_TIME, Bureau, freeze, hexed, policy_bytes  # noqa: E402
from lies import LIES, honest, honest_teams  # noqa: E402
from msgspec import to_builtins  # noqa: E402

from disclosure.policy import parse_policy  # noqa: E402
from disclosure.verification import verify_bundle  # noqa: E402
from selection import keys  # noqa: E402
from selection.eligibility import OpenSeat  # noqa: E402
from selection.errors import PlanError  # noqa: E402
from selection.plan import AtLeast, Fixed, Percent  # noqa: E402
from selection.quota import Population, state_quota  # noqa: E402
from selection.teams import assign  # noqa: E402

SPEC = ROOT / "docs" / "spec"
SMALL = {"targets": 16, "people": 9}
INVALID = (
    "signer-missing",
    "leaf-of-another-document",
    "signed-before-the-key-was-valid",
    "checkpoint-root",
    "quorum-unmet",
    "proof-of-another-leaf",
    "dice-before-the-checkpoint",
    "outcome-twice",
    "witness-left-out",
    "beacon-signature-of-another-round",
    "pool-firm-swapped",
    "quota",
    "dice-digit-in-the-outcome",
    "nonce-other-than-committed",
    "drawn-firm-swapped",
    "item-changed",
    "conflict-left-out",
    "team-member-changed",
    "successor",
    "name",
    "sealed-result-other-than-committed",
    "teams-drawn-a-second-time",
)


def laid_out(value) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def key_vectors() -> bytes:
    """Hash inputs as text, with what they hash to."""
    s, nonce, lines = (
        hexed("s"),
        hexed("nonce"),
        ["nonce:bureau:" + hexed("nonce"), "witness:w-1:0123456789", "dice:" + "123456" * 10],
    )
    people, salt = ["p-" + "0" * 32, "p-" + "1" * 32], hexed("salt")
    draw_key = keys.draw_key(s, lines)
    stages = {
        stage: keys.stage_key(draw_key, stage)
        for stage in ("targets", "items/91420700MA4EXAMP1X", "inspectors/a", "experts/a")
    }
    ids = ["91420700MA4EXAMP1X", "91420700MA4EXAMP2X", "p-" + "0" * 32, "a", "Z._-"]
    return laid_out(
        {
            "conflicts": {
                "commitment": keys.conflicts_commitment(salt, people),
                "people": people,
                "salt": salt,
            },
            "draw_key": {"draw_key": draw_key, "lines": lines, "plan": s},
            "nonce": {
                "attempt": 1,
                "bureau": "yunzhou",
                "commitment": keys.nonce_commitment("yunzhou", 12, 1, nonce),
                "nonce": nonce,
                "number": 12,
            },
            "sealed": {
                "commitment": keys.sealed_commitment(draw_key, b'{"a":1}'),
                "content": '{"a":1}',
                "draw_key": draw_key,
            },
            "stage_keys": {"draw_key": draw_key, "stages": stages},
            "tickets": [
                {"id": id, "stage_key": key, "ticket": keys.ticket(key, id)}
                for key in stages.values()
                for id in ids
            ],
        }
    )


def quota_vectors() -> bytes:
    cases = []
    rules = (
        Fixed(0),
        Fixed(3),
        Fixed(41),
        Percent(100, 5),
        Percent(2, 1),
        Percent(3, 1),
        Percent(1, 1),
        Percent(0, 0),
        Percent(1, 2),
        AtLeast(100, 5),
        AtLeast(3, 1),
        AtLeast(1, 1),
        AtLeast(2**53 - 1, 1),
        Percent(2**53 - 1, 2**53 - 2),
    )
    for rule in rules:
        for everyone, mandatory in ((0, 0), (10, 4), (40, 3), (3155, 17)):
            for counts in (False, True):
                case = {
                    "mandatory": mandatory,
                    "mandatory_counts": counts,
                    "population": everyone,
                    "rule": to_builtins(rule),
                }
                try:
                    stated = to_builtins(state_quota("lead", rule, Population(everyone, mandatory), counts))
                    case["quota"] = {name: stated[name] for name in ("base", "by_lot", "chance", "quota")}
                except PlanError:
                    case["quota"] = None
                cases.append(case)
    return ("[\n" + ",\n".join(json.dumps(case, sort_keys=True) for case in cases) + "\n]\n").encode()


class _Clashes:
    def __init__(self, apart):
        self.apart = {}
        for a, b in apart:
            self.apart.setdefault(a, set()).add(b)
            self.apart.setdefault(b, set()).add(a)


def team_vectors() -> bytes:
    """Stages with their outcome: complete, short, short because of pairs, given up."""
    r, cases = random.Random("team vectors"), []
    names = [f"p{n}" for n in range(6)]
    for number in range(40):
        seats = [
            (f"t{t}", n, r.sample(names, r.randint(1, 5)))
            for t in range(3)
            for n in range(1, r.randint(2, 4))
        ]
        apart = [sorted(r.sample(names, 2)) for _ in range(number % 4)]
        mates = {f"t{t}": r.sample(names, number % 2) for t in range(3)}
        cases.append((seats, {name: r.choice([0, 1, 2, 4]) for name in names}, apart, mates))
    hopeless = [(f"t{t}", 1, names) for t in range(6)] + [("z", 1, ["x"]), ("z", 2, ["y"])]
    cases.append((hopeless, {**dict.fromkeys(names, 9), "x": 1, "y": 1}, [["x", "y"]], {}))
    cases.append(([], {}, [], {}))
    written = []
    for seats, places, apart, mates in cases:
        found = assign([OpenSeat(t, n, tuple(c)) for t, n, c in seats], places, _Clashes(apart), mates)
        written.append(
            {
                "apart": apart,
                "certificate": to_builtins(found.certificate),
                "mates": mates,
                "outcome": found.outcome,
                "people": found.people,
                "places": places,
                "seats": [{"candidates": c, "number": n, "target": t} for t, n, c in seats],
            }
        )
    return ("[\n" + ",\n".join(json.dumps(case, sort_keys=True) for case in written) + "\n]\n").encode()


def bundles() -> dict[str, bytes]:
    made = {
        "valid/open-dice": honest(1, witnesses=True, **SMALL).bundle(),
        "valid/public-replacements": Bureau(
            freeze(8, last="public", sections=2, sealed=False, area_rule="any", places=12, **SMALL),
            3,
            quorum_time=QUORUM_TIME,
        ).bundle(),
        "valid/beacon": honest(1, last="drand", **SMALL).bundle(),
        "valid/sealed-opened": honest(2, sealed=True, events=2, moves=True, **SMALL).bundle(),
        "valid/sealed-unopened": honest(2, sealed=True, events=2, opening=False, **SMALL).bundle(),
        "valid/campaign": vector_cases.campaign().bundle(),
        **teams_alone(),
        "valid/experts-alone": honest_teams(2, "expert", targets=16).bundle(),
    }
    return made | {f"invalid/{name}": LIES[name].tell(1, **SMALL) for name in INVALID}


def teams_alone() -> dict[str, bytes]:
    """A draw whose teams did not work out, and the draw of its teams alone."""
    again = honest_teams(1, targets=16)
    former = Bureau(again.frozen.former, quorum_time=QUORUM_TIME)
    return {"valid/teams-alone": again.bundle(), "valid/teams-alone-former": former.bundle()}


def files() -> dict[str, bytes]:
    """Return every file below docs/spec that this script writes: path -> bytes."""
    made, policy = bundles(), parse_policy(policy_bytes("audit"))
    verdicts = {
        f"{name}.bundle.json": {
            "policy.json": [str(step.verdict) for step in verify_bundle(data, policy).steps],
            "without policy": [str(step.verdict) for step in verify_bundle(data).steps],
        }
        for name, data in made.items()
    }
    return {
        "example.md": example.page().encode(),
        "vectors/keys.json": key_vectors(),
        "vectors/quota.json": quota_vectors(),
        "vectors/teams.json": team_vectors(),
        "vectors/quota-kinds.json": vector_cases.quota_kind_vectors(),
        "vectors/team-cases.json": vector_cases.team_case_vectors(),
        "vectors/plans.json": vector_cases.plan_vectors(),
        "vectors/stages.json": vector_cases.stage_vectors(),
        "vectors/policy.json": policy_bytes("audit"),
        "vectors/expected.json": (
            "{\n"
            + ",\n".join(f"{json.dumps(n)}: {json.dumps(v)}" for n, v in sorted(verdicts.items()))
            + "\n}\n"
        ).encode(),
        **{f"vectors/{name}.bundle.json": data for name, data in made.items()},
        **paper_vectors.files(),
        **cosignature_vectors.files(),
    }


def main() -> None:
    made = files()
    for path in SPEC.glob("vectors/**/*.json"):
        if str(path.relative_to(SPEC)) not in made:
            path.unlink()
    for name, data in made.items():
        (SPEC / name).parent.mkdir(parents=True, exist_ok=True)
        (SPEC / name).write_bytes(data)
    print(f"{len(made)} files, {sum(map(len, made.values()))} bytes")


if __name__ == "__main__":
    main()
