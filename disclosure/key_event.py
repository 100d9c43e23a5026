"""What the bureau says of its keys and logs (docs/spec/documents.md): the key list whole, each time it changes; the links of its logs."""

from typing import Annotated, Literal

from msgspec import Meta

from disclosure.policy import Authority
from selection.forms import Count, Hex64, Key, Label, Positive, Text, Time
from selection.plan import Form

__all__ = ["KeyEvent", "OtherLog", "Shard"]


class KeyEvent(Form, frozen=True):
    """The authorities and the log policy from now on; `rev` and `supersedes` make all of them one chain."""

    authorities: Annotated[tuple[Authority, ...], Meta(min_length=1)]
    bureau: Label
    cause: Literal["founded", "key-added", "key-retired", "key-revoked", "cosigners", "shard"]
    id: Annotated[str, Meta(pattern=r"\A[a-z0-9-]{1,32}\.keys\Z")]
    issued_at: Time
    log: str
    reason: Text
    rev: Positive
    supersedes: Hex64 | None
    type: Literal["key-event/v1"] = "key-event/v1"


class OtherLog(Form, frozen=True):
    """The log at the other end; `root` and `size` of its head where it is the older one."""

    key: Key
    origin: Text
    root: Hex64 | None
    size: Count | None


class Shard(Form, frozen=True):
    bureau: Label
    event: Literal["succeeded", "succeeds"]
    id: Annotated[str, Meta(pattern=r"\A[a-z0-9-]{1,32}\.log\Z")]
    issued_at: Time
    origin: Text
    other: OtherLog
    type: Literal["shard/v1"] = "shard/v1"
