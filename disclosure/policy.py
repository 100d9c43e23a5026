"""The verifier's own policy (docs/spec/policy.md): which authorities, which log, which cosigners.

`log` is a C2SP tlog-policy text, carried verbatim so that other tools can read it:

    log disclose.yunzhou.example/2026+5b9d3a7e+AZ…
    witness audit audit.yunzhou.example+1c2d3e4f+BK…
    group outside any audit university
    quorum outside

Unlike every other file the policy may be laid out by hand; its members are as strict.
"""

import json
import re
from collections.abc import Collection
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from disclosure.errors import DisclosureError, EncodingError, NoteError
from disclosure.keys import decode_base64
from disclosure.note import COSIGNING_KINDS, KIND_ED25519, VerifierKey, parse_vkey
from selection.forms import Key, Label, Text, Time
from selection.plan import Form

__all__ = ["MAX_POLICY", "Authority", "LogPolicy", "Policy", "PolicyError", "parse_log_policy", "parse_policy",
           "satisfied"]  # fmt: skip

MAX_POLICY = 1 << 20  # bytes


class PolicyError(DisclosureError):
    """A policy cannot be read; the message names the member or the line."""


class Authority(Form, frozen=True):
    """One key of one bureau's department, and when it is valid."""

    bureau: Label
    key: Key
    name: Text
    revoked_at: Time | None
    valid_from: Time
    valid_until: Time | None

    def holds_at(self, time: str) -> bool:
        """Return whether a signature logged at `time` is good."""
        ends = [end for end in (self.valid_until, self.revoked_at) if end is not None]
        return self.valid_from <= time and all(time < end for end in ends)


class _PolicyFile(Form, frozen=True):
    authorities: Annotated[tuple[Authority, ...], Meta(min_length=1)]
    log: str
    type: Literal["policy/v1"]
    timestamp_roots: Annotated[tuple[str, ...], Meta(min_length=1)] | UnsetType = UNSET


class LogPolicy(Struct, frozen=True):
    """A tlog-policy: log keys, cosigners by their policy name, groups (how many, of whom), and the quorum's name."""

    logs: tuple[VerifierKey, ...]
    witnesses: dict[str, VerifierKey]
    groups: dict[str, tuple[int, tuple[str, ...]]]
    quorum: str | None

    @property
    def cosigners(self) -> tuple[VerifierKey, ...]:
        return tuple(self.witnesses.values())


class Policy(Struct, frozen=True):
    """What a verifier trusts; `timestamp_roots` are DER certificates, empty if no time stamp is believed."""

    authorities: tuple[Authority, ...]
    log: LogPolicy
    timestamp_roots: tuple[bytes, ...] = ()


def parse_policy(data: bytes) -> Policy:
    """Return the policy; PolicyError for anything of another form, duplicate names included."""
    if len(data) > MAX_POLICY:
        raise PolicyError(f"a policy of {len(data)} bytes is over the limit of {MAX_POLICY}")
    try:
        file = msgspec.json.decode(data, type=_PolicyFile, strict=True)
        json.loads(data, object_pairs_hook=_once)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise PolicyError(f"policy: {error}") from error
    try:
        roots = tuple(decode_base64(root) for root in file.timestamp_roots or ())
    except EncodingError as error:
        raise PolicyError(f"policy, timestamp_roots: {error}") from error
    return Policy(file.authorities, parse_log_policy(file.log), roots)


def _once(members: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object of these members: the other reader takes the last of two with one name, and a person perhaps the first."""
    found = dict(members)
    if len(found) != len(members):
        raise PolicyError(f"policy: a member stands twice among {', '.join(name for name, _ in members)}"[:300])
    return found


def parse_log_policy(text: str) -> LogPolicy:
    """Return the tlog-policy of `text`: `log`, `witness`, `group` and one `quorum` line; `#` comments and blank lines.

    Raises PolicyError naming the line for anything else: a name used before it is defined, or a member of two
    groups; a log key that is not of kind 0x01, a cosigner key that is not of kind 0x04 or 0x06; one key or key name twice.
    """
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        raise PolicyError("policy: the log policy holds a control character other than tab and newline")
    logs: list[VerifierKey] = []
    witnesses: dict[str, VerifierKey] = {}
    groups: dict[str, tuple[int, tuple[str, ...]]] = {}
    taken: set[str] = set()  # members of a group
    quorum: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in re.split("[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            match words:
                case ["log", vkey] | ["log", vkey, _]:
                    logs.append(_key(vkey, KIND_ED25519))
                case ["witness", name, vkey] | ["witness", name, vkey, _]:
                    _new(name, witnesses, groups)
                    witnesses[name] = _key(vkey, *COSIGNING_KINDS)
                case ["group", name, count, *members] if members:
                    _new(name, witnesses, groups)
                    groups[name] = (_threshold(count, members, witnesses, groups, taken), tuple(members))
                    taken.update(members)
                case ["quorum", name] if not quorum and (
                    name == "none" or name in witnesses or name in groups
                ):
                    quorum.append(name)
                case _:
                    raise PolicyError(
                        "not a log, witness, group or quorum line, or it names what is not defined above"
                    )
        except (PolicyError, NoteError) as error:
            raise PolicyError(f"policy, log line {number} ({line[:80]!r}): {error}") from error
    if not quorum:
        raise PolicyError("policy: a log policy has exactly one quorum line")
    keys = (*logs, *witnesses.values())
    if len({key.name for key in keys}) != len(keys) or len({key.public_key for key in keys}) != len(keys):
        raise PolicyError("policy: two lines of the log policy share a key or a key name")
    return LogPolicy(tuple(logs), witnesses, groups, None if quorum[0] == "none" else quorum[0])


def _key(vkey: str, *kinds: int) -> VerifierKey:
    key = parse_vkey(vkey)
    if key.kind not in kinds:
        raise PolicyError(f"the key is of kind {key.kind:#04x}, asked is {' or '.join(f'{k:#04x}' for k in kinds)}")
    return key


def _new(name: str, witnesses: Collection[str], groups: Collection[str]) -> None:
    if name in witnesses or name in groups or name == "none":
        raise PolicyError(f"the name {name} is taken")


def _threshold(
    count: str,
    members: list[str],
    witnesses: Collection[str],
    groups: Collection[str],
    taken: Collection[str],
) -> int:
    wrong = [name for name in members if name in taken or (name not in witnesses and name not in groups)]
    if wrong or len(set(members)) != len(members):
        raise PolicyError(
            f"members repeat, are in a group or are not defined above: {', '.join(wrong or members)}"
        )
    if count in ("any", "all"):
        return 1 if count == "any" else len(members)
    if count not in (str(number) for number in range(1, len(members) + 1)):
        raise PolicyError(f"{count} is not any, all or a number from 1 to {len(members)}")
    return int(count)


def satisfied(policy: LogPolicy, cosigned: Collection[VerifierKey]) -> bool:
    """Return whether cosignatures by `cosigned` meet the quorum; True if the policy asks for none."""

    met = {name for name, key in policy.witnesses.items() if key in cosigned}
    for name, (count, members) in policy.groups.items():  # a group names only what is defined above it
        if sum(member in met for member in members) >= count:
            met.add(name)
    return policy.quorum is None or policy.quorum in met
