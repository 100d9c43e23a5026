"""The rules of the key list (docs/spec/documents.md, "Key event"): what may follow what, and who may sign it.

The service asks before it signs a key event; a monitor asks again of every event it finds in a log.
"""

from collections.abc import Sequence

from disclosure.document import format_document
from disclosure.errors import DisclosureError
from disclosure.key_event import KeyEvent
from disclosure.policy import Authority, PolicyError, parse_log_policy
from selection.keys import digest_of

__all__ = ["KeyListError", "allowed_signers", "authorities_at", "check_founding", "check_next", "signer_allowed"]


class KeyListError(DisclosureError):
    """A key event breaks a rule, which the message names in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} ({en})")
        self.zh, self.en = zh, en


def check_founding(event: KeyEvent) -> None:
    """Raise KeyListError unless `event` may be the first of its bureau."""
    if (event.rev, event.supersedes, event.cause) != (1, None, "founded"):
        raise KeyListError(
            f"第一份密钥事件须为 rev 1、无前份、事由 founded，现为 rev {event.rev}、事由 {event.cause}",
            f"the first key event has rev 1, supersedes nothing and was founded, not rev {event.rev}, {event.cause}",
        )
    _check_alone(event)
    if not allowed_signers(None, event):
        raise KeyListError(
            f"{event.issued_at} 时本机关没有一把有效密钥，无人可签署",
            f"no key of {event.bureau} holds at {event.issued_at}, so nobody may sign it",
        )


def check_next(before: KeyEvent, after: KeyEvent) -> None:
    """Raise KeyListError unless `after` may follow `before`: the same bureau, the next number, and nothing taken back."""
    if (after.bureau, after.rev, after.supersedes) != (before.bureau, before.rev + 1, digest_of(format_document(before))):
        raise KeyListError(
            f"密钥事件 {after.bureau} rev {after.rev} 没有接在 {before.bureau} rev {before.rev} 之后，或所称前份不是它",
            f"key event {after.bureau} rev {after.rev} does not follow rev {before.rev} of {before.bureau}, or supersedes another",
        )
    if after.cause == "founded":
        raise KeyListError("密钥表只设立一次", "a key list is founded once")
    if after.issued_at < before.issued_at:
        raise KeyListError(
            f"签发时间 {after.issued_at} 早于前份 {before.issued_at}",
            f"it claims {after.issued_at}, earlier than {before.issued_at} of the event before",
        )
    _check_alone(after)
    for old in before.authorities:
        _check_kept(old, next((new for new in after.authorities if _same(old, new)), None))
    if not allowed_signers(before, after):
        raise KeyListError(
            f"{after.issued_at} 时没有一把密钥在前后两份中都有效，无人可签署",
            f"no key of {after.bureau} holds at {after.issued_at} in both this event and the one before, so nobody may sign it",
        )


def allowed_signers(before: KeyEvent | None, event: KeyEvent) -> tuple[str, ...]:
    """Return the keys, as the list writes them, of which one may sign `event`: those of its bureau that hold at `issued_at`
    in it and, unless it is the first, in the event before."""
    lists = [event.authorities] if before is None else [event.authorities, before.authorities]
    held = [{a.key for a in authorities if a.bureau == event.bureau and a.holds_at(event.issued_at)} for authorities in lists]
    return tuple(dict.fromkeys(a.key for a in event.authorities if all(a.key in keys for keys in held)))


def signer_allowed(before: KeyEvent | None, event: KeyEvent, key: str) -> bool:
    """Return whether `key`, in the base64 of the list, may sign `event`."""
    return key in allowed_signers(before, event)


def authorities_at(events: Sequence[KeyEvent], time: str) -> tuple[Authority, ...]:
    """Return the authorities that hold at `time`, as the newest of `events` knows it: a revocation may reach back."""
    newest = max(events, key=lambda event: event.rev, default=None)
    return () if newest is None else tuple(a for a in newest.authorities if a.holds_at(time))


def _check_alone(event: KeyEvent) -> None:
    if event.id != f"{event.bureau}.keys":
        raise KeyListError(f"编号 {event.id} 应为 {event.bureau}.keys", f"the id {event.id} is not {event.bureau}.keys")
    for number, one in enumerate(event.authorities):
        if any(_same(one, other) for other in event.authorities[:number]):
            raise KeyListError(
                f"“{one.name}”自 {one.valid_from} 起的同一把密钥列了两次",
                f"the key of {one.name} from {one.valid_from} is listed twice",
            )
    try:
        parse_log_policy(event.log)
    except PolicyError as error:
        raise KeyListError(f"日志策略不合格式：{error}", f"the log policy cannot be read: {error}") from error


def _check_kept(old: Authority, new: Authority | None) -> None:
    if new is None:
        raise KeyListError(
            f"“{old.name}”的密钥 {old.key} 不见了，或改了名称、机关或起始时间；列过的密钥须一直列着",
            f"the key {old.key} of {old.name} is gone, or has another name, bureau or valid_from; what was listed stays listed",
        )
    for member, was, now in (
        ("valid_until", old.valid_until, new.valid_until),
        ("revoked_at", old.revoked_at, new.revoked_at),
    ):
        if was is not None and (now is None or now > was):
            raise KeyListError(
                f"“{old.name}”的 {member} 原为 {was}，不得撤销或推后（现为 {now or '无'}）",
                f"{member} of {old.name} was {was} and may come earlier, never later or be taken back (it is {now})",
            )


def _same(one: Authority, other: Authority) -> bool:
    return (one.bureau, one.key, one.name, one.valid_from) == (other.bureau, other.key, other.name, other.valid_from)
