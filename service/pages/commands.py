"""One-line commands with which anybody recomputes a ticket, and the keys it came from (docs/spec/draw.md 1, 2)."""

from msgspec import Struct

from selection.contribution import label_of
from selection.plan import NonceCommitment
from selection.transcript import Transcript
from service.language import gettext
from service.pages.record import PublicRecord

__all__ = ["Derivation", "KeyCommands", "OneLiners", "key_commands", "one_liners"]


class OneLiners(Struct, frozen=True):
    """The same SHA-256 on three systems."""

    linux: str
    macos: str
    windows: str


class Derivation(Struct, frozen=True):
    """A published value, and the command that prints it."""

    name: str
    value: str
    command: str


class KeyCommands(Struct, frozen=True):
    """From the numbers to the key of stage `targets`."""

    nonces: tuple[Derivation, ...]
    draw_key: Derivation
    stage_key: Derivation


def one_liners(stage_key: str, target: str) -> OneLiners:
    """Return the commands that print the ticket of `target`."""
    text = f"{stage_key}:{target}"
    return OneLiners(
        linux=f"printf '%s' '{text}' | sha256sum",
        macos=f"printf '%s' '{text}' | shasum -a 256",
        windows=f"-join ([Security.Cryptography.SHA256]::Create().ComputeHash([Text.Encoding]::ASCII.GetBytes('{text}'))"
        " | ForEach-Object { $_.ToString('x2') })",
    )


def key_commands(record: PublicRecord, transcript: Transcript) -> KeyCommands:
    """Return the commands for the keys of a published result, with its real values."""
    plan = record.plan
    lines = () if record.shown is None else record.shown.contributions
    nonces = []
    for contributor in plan.contributors:
        if isinstance(contributor, NonceCommitment):
            opened = next(line for line in lines if line.startswith(f"nonce:{label_of(contributor)}:"))
            nonces.append(
                Derivation(gettext("封存随机数的承诺"), contributor.commitment, _hash_of(
                    "nonce", plan.bureau, str(plan.number), str(plan.attempt), opened.rsplit(":", 1)[1]))
            )  # fmt: skip
    return KeyCommands(
        tuple(nonces),
        Derivation(gettext("抽取密钥"), transcript.draw_key, _hash_of("key", record.s, *lines)),
        Derivation(
            gettext("阶段密钥（抽对象）"), transcript.stage_key, _hash_of("stage", transcript.draw_key, "targets")
        ),
    )


def _hash_of(*lines: str) -> str:
    # No line holds a quotation mark: labels, digits, hex and ids only.
    quoted = " ".join(f"'{line}'" for line in ("double-random/1", *lines))
    return f"printf '%s\\n' {quoted} | sha256sum"
