"""The key list as the log tells it, and every key that signed for the bureau (findings 23 to 27)."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from disclosure.document import KeyEvent, Shard
from disclosure.errors import DisclosureError
from disclosure.key_list import KeyListError, allowed_signers, check_founding, check_next
from disclosure.keys import decode_base64, key_id
from disclosure.monitoring.finding import Finding
from disclosure.monitoring.record import Draw, Entry
from disclosure.policy import Authority, parse_policy
from selection.plan import Dice, Plan, Witness

__all__ = ["Keys", "policy_findings"]


class _Use(Struct):
    """One key of one bureau: its first and its latest entry, at which the bureau was that at which time."""

    first: tuple[str, Entry, str]
    latest: tuple[str, Entry, str]  # (time, entry, subject)


class Keys:
    """The newest lawful key event of each bureau, and where its keys were used. Only what every key used first and last is
    kept: a revocation that reaches back is found by the last one."""

    def __init__(self) -> None:
        self.newest: dict[str, KeyEvent] = {}
        self._used: dict[tuple[str, str], _Use] = {}
        self._told: set[tuple[str, str, int]] = set()
        self._clock = ""

    def observe(self, entry: Entry, draw: Draw | None) -> Iterator[Finding]:
        """Yield what is wrong with the keys that signed an entry, and with a key event itself."""
        # A time that runs backwards, a finding of its own, gives no stolen key its life back.
        self._clock = max(self._clock, entry.leaf.at)
        event = entry.document
        if isinstance(event, KeyEvent):
            yield from self._list(entry, event)
        for bureau, keyid in _signers(entry, draw):
            here = (self._clock, entry, draw.id if draw is not None else entry.leaf.id)
            use = self._used.setdefault((bureau, keyid), _Use(here, here))
            use.latest = here
            if bureau in self.newest:
                yield from self._judge(bureau, keyid, here)

    def finish(self) -> Iterator[Finding]:
        """Yield the keys that signed for a bureau of which no key event speaks, where there is a key list at all."""
        for (bureau, keyid), use in self._used.items():
            if self.newest and bureau not in self.newest:
                at, entry, subject = use.first
                yield entry.finding(
                    "key-not-listed", subject, f"{keyid} 签署于 {at}，但日志中没有机关 {bureau} 的密钥事件",
                    f"{keyid} signed at {at}, but the log holds no key event of {bureau}",
                )  # fmt: skip

    def _list(self, entry: Entry, event: KeyEvent) -> Iterator[Finding]:
        before = self.newest.get(event.bureau)
        try:
            check_founding(event) if before is None else check_next(before, event)
            signers = {key_id(decode_base64(key)) for key in allowed_signers(before, event)}
            if len(entry.leaf.author) != 1 or entry.leaf.author[0] not in signers:
                raise KeyListError("签署的密钥无权签署此事件", f"the key {', '.join(entry.leaf.author)} may not sign this event")
        except KeyListError as error:
            yield entry.finding("key-list-broken", event.id, error.zh, error.en)
            return
        self.newest[event.bureau] = event
        for (bureau, keyid), use in self._used.items():
            if bureau == event.bureau:
                yield from self._judge(bureau, keyid, use.first)
                yield from self._judge(bureau, keyid, use.latest)

    def _judge(self, bureau: str, keyid: str, use: tuple[str, Entry, str]) -> Iterator[Finding]:
        at, entry, subject = use
        fault = _fault([a for a in self.newest[bureau].authorities if a.bureau == bureau], keyid, at)
        if fault is None or (place := (keyid, entry.log, entry.index)) in self._told:
            return
        self._told.add(place)
        code, zh, en = fault
        yield entry.finding(code, subject, f"{keyid} 签署于 {at}，{zh}", f"{keyid} signed at {at}, {en}")


def _fault(authorities: Sequence[Authority], keyid: str, at: str) -> tuple[str, str, str] | None:
    own = [a for a in authorities if key_id(decode_base64(a.key)) == keyid]
    if not own:
        return "key-not-listed", "但密钥表没有列出它", "but no key event lists it"
    if any(a.holds_at(at) for a in own):
        return None
    revoked = [a.revoked_at for a in own if a.revoked_at is not None and a.revoked_at <= at]
    if revoked:
        return "key-after-revocation", f"但它已于 {max(revoked)} 吊销", f"but it was revoked at {max(revoked)}"
    a = own[0]
    return ("key-not-valid", f"但其有效期是 {a.valid_from} 至 {a.valid_until or '不限'}",
            f"but it is valid from {a.valid_from} to {a.valid_until or 'no end'}")  # fmt: skip


def _signers(entry: Entry, draw: Draw | None) -> list[tuple[str, str]]:
    """Return (bureau, key id) of the keys that signed as the bureau's: not those of witnesses and throwers."""
    document = entry.document
    if isinstance(document, KeyEvent | Shard):
        return [(document.bureau, keyid) for keyid in entry.leaf.author]
    if draw is None or draw.plan is None:
        return []
    own = _own_keys(draw.plan) if entry.kind == "contribution/v1" else set()
    return [(draw.plan.bureau, keyid) for keyid in entry.leaf.author if keyid not in own]


def _own_keys(plan: Plan) -> set[str]:
    keys = [c.key for c in plan.contributors if isinstance(c, Witness)]
    keys += [t.key for c in plan.contributors if isinstance(c, Dice) for t in c.throwers]
    return {key_id(decode_base64(key)) for key in keys if key is not None}


def policy_findings(served: bytes | None, newest: Sequence[KeyEvent], entries: int) -> Iterator[Finding]:
    """Yield if the policy that the bureau serves is not what its newest key event says."""

    def wrong(zh: str, en: str) -> Finding:
        return Finding("policy-not-logged", None, None, None, "policy", zh, en)

    if served is None or entries == 0:
        return
    try:
        parse_policy(served)
        file = msgspec.json.decode(served, type=_Served)
    except (DisclosureError, msgspec.DecodeError) as error:
        yield wrong(f"公布的策略无法读取：{error}", f"the policy served cannot be read: {error}")
        return
    if not newest:
        yield wrong("日志中没有密钥事件，公布的策略无从对照", "the log holds no key event; every policy stands in the log as one")
        return
    if not any(set(event.authorities) == set(file.authorities) and event.log == file.log for event in newest):
        revs = "、".join(f"{event.bureau} {event.rev}" for event in newest)
        yield wrong(f"公布的策略与日志中最新的密钥事件（{revs}）不同；请以日志为准，并询问发布机关",
                    f"the policy served is not that of the newest key event ({revs}); believe the log, and ask the bureau")  # fmt: skip


class _Served(Struct):
    authorities: tuple[Authority, ...]
    log: str
