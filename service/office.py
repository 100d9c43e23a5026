"""One office: the database, the keys and the clock that a use case needs, handed to each as its first argument.

Tests give another clock and other keys; nothing else changes.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone

from msgspec import Struct, field

from disclosure.keys import Signer
from service.database import Pool
from service.signing_memory import SigningMemory

__all__ = ["BEIJING", "Office", "as_day", "as_time", "system_clock"]

BEIJING = timezone(timedelta(hours=8))  # the day of a visit is a day in China; no summer time since 1991


def system_clock() -> datetime:
    """Return the present instant, UTC."""
    return datetime.now(UTC)


def as_time(instant: datetime) -> str:
    """Return `instant` as documents write it: UTC, whole seconds (docs/spec/README.md, `time`)."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_day(instant: datetime) -> date:
    """Return the day it is in Beijing at `instant`."""
    return instant.astimezone(BEIJING).date()


class Office(Struct, frozen=True):
    """`signer` signs new documents of the leading section, `log_signer` checkpoints; `fresh(n)` gives n random bytes.

    `section_signers` are those of further departments by label, `former_signers` the bureau's other keys (for draws whose plan
    names them), `log_signers` those of logs that have a key file of their own, by shard: each as far as its private key is here.
    `memory` is what this process remembers of the checkpoints it signed.
    """

    pool: Pool
    signer: Signer
    log_signer: Signer
    clock: Callable[[], datetime] = system_clock
    fresh: Callable[[int], bytes] = secrets.token_bytes
    section_signers: Mapping[str, Signer] = field(default_factory=dict)
    former_signers: tuple[Signer, ...] = ()
    log_signers: Mapping[str, Signer] = field(default_factory=dict)
    memory: SigningMemory = field(default_factory=SigningMemory)

    def signer_of(self, public_key: bytes) -> Signer | None:
        """Return who signs here with the private half of `public_key`, or None if it is not here."""
        signers = (self.signer, *self.section_signers.values(), *self.former_signers)
        return next((signer for signer in signers if signer.public_key == public_key), None)

    def now(self) -> datetime:
        """Return the present instant in whole seconds."""
        return self.clock().replace(microsecond=0)
