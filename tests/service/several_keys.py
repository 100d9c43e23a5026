"""Offices that hold several keys of the bureau and of logs, at an instant of the journey; what they published, by both verifiers."""

import subprocess
import sys
from pathlib import Path

import bureau
import msgspec
from joint import VERIFIER
from journey import TRANSITIONS, draw_of, office_at

from disclosure.document import KeyEvent, parse_document
from disclosure.key_list import allowed_signers, check_founding, check_next
from disclosure.keys import Signer, decode_base64, encode_base64, key_id
from disclosure.policy import parse_policy
from disclosure.verification import Verdict, verify_bundle
from service.bundles import read_bundle
from service.office import Office
from service.policies import log_policy_text, policy_bytes

ORIGIN = "disclose.yunzhou.example/2026"
NEXT = "disclose.yunzhou.example/2027"
AT = {name: (time, call) for name, time, call in TRANSITIONS}
OPEN = [name for name in AT if name.startswith("open")]
SEALED = [name for name in AT if name.startswith("sealed")]


def signer(name: str) -> Signer:
    return bureau.testing_only_signer(name)


def key_of(name: str) -> str:
    return encode_base64(signer(name).public_key)


def office_with(pool, time: str, *former: str, first: str = "section-lead", logs: tuple[str, ...] = ()) -> Office:
    """The office at `time` that signs with `first`, has the keys `former` too, and a key for each of the shards `logs`."""
    return msgspec.structs.replace(
        office_at(pool, time), signer=signer(first), former_signers=tuple(signer(name) for name in former),
        log_signers={shard: signer(f"log-{shard}") for shard in logs},
    )  # fmt: skip


async def run(pool, *names: str, **keys) -> Office:
    """Take the transitions `names`, each at its time, and return the office of the last."""
    office = None
    for name in names:
        time, call = AT[name]
        office = office_with(pool, time, *keys.get("former", ()), **{k: v for k, v in keys.items() if k != "former"})
        await call(office)
    assert office is not None
    return office


async def verdicts(office: Office, task: str, folder: Path) -> list[tuple[int, str]]:
    """The steps that do not pass, of the bundle under the bureau's policy; both verifiers decide every step alike."""
    draw = await draw_of(office, task)
    bundle, policy = await read_bundle(office, draw), await policy_bytes(office)
    report = verify_bundle(bundle, parse_policy(policy))
    (folder / "bundle.json").write_bytes(bundle)
    (folder / "policy.json").write_bytes(policy)
    ran = subprocess.run(
        [sys.executable, str(VERIFIER), str(folder / "bundle.json"), "--policy", str(folder / "policy.json"), "--verdicts"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.stdout.split() == [word for s in report.steps for word in (str(s.number), s.verdict.value)], ran.stdout
    return [(s.number, s.verdict.value) for s in report.steps if s.verdict is not Verdict.PASS]


HONEST = [(6, "not-checked"), (8, "not-checked"), (22, "not-checked")]


async def check_key_events(office: Office) -> list[KeyEvent]:
    """Return all key events, having checked that they are one lawful chain, that each signer might, and that /policy is the newest."""
    async with office.pool.acquire() as c:
        rows = await c.fetch(
            "SELECT d.data, d.envelope, d.draw FROM document d JOIN log_head h USING (shard) WHERE kind = 'key-event/v1'"
            " ORDER BY h.place, d.leaf_index"
        )
        text = await log_policy_text(c)
    events = [parse_document(row["data"]) for row in rows]
    before = None
    for row, event in zip(rows, events, strict=True):
        assert isinstance(event, KeyEvent)
        check_founding(event) if before is None else check_next(before, event)
        (signature,) = msgspec.json.decode(row["envelope"])["signatures"]
        allowed = {key_id(decode_base64(key)) for key in allowed_signers(before, event)}
        assert signature["keyid"] in allowed
        assert row["draw"] is None
        before = event
    policy = parse_policy(await policy_bytes(office))
    stated = msgspec.json.decode(await policy_bytes(office))
    assert policy.authorities == events[-1].authorities
    assert stated["log"] == events[-1].log == text
    return events


