"""The rules of the key list: every broken one is named, and nothing that is not broken is refused."""

import bureau
import msgspec
import pytest
from bureau import public_text

from disclosure.document import format_document
from disclosure.key_event import KeyEvent
from disclosure.key_list import (
    KeyListError,
    allowed_signers,
    authorities_at,
    check_founding,
    check_next,
    signer_allowed,
)
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey
from disclosure.policy import Authority
from selection.keys import digest_of

LEAD, STANDBY, THIEF = public_text("section-lead"), public_text("standby"), public_text("thief")
LOG = f"log {format_vkey(VerifierKey('log.example/2026', KIND_ED25519, bureau.testing_only_signer('log').public_key))}\nquorum none\n"
replace = msgspec.structs.replace


def authority(key: str, name: str, since: str = "2026-01-01T00:00:00Z", **ends) -> Authority:
    return Authority(**{"bureau": "yunzhou", "key": key, "name": name, "revoked_at": None, "valid_from": since, "valid_until": None} | ends)


FOUNDED = KeyEvent(
    authorities=(authority(LEAD, "局"), authority(STANDBY, "备用")), bureau="yunzhou", cause="founded", id="yunzhou.keys",
    issued_at="2026-02-01T00:00:00Z", log=LOG, reason="设立", rev=1, supersedes=None,
)  # fmt: skip
MARCH = "2026-03-01T00:00:00Z"


def after(before: KeyEvent, **changes) -> KeyEvent:
    found = {"rev": before.rev + 1, "supersedes": digest_of(format_document(before)), "cause": "key-added", "issued_at": MARCH}
    return replace(before, **(found | changes))


def ended(number: int, **ends) -> tuple[Authority, ...]:
    return tuple(replace(a, **ends) if n == number else a for n, a in enumerate(FOUNDED.authorities))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rev": 2}, "rev 1"),
        ({"supersedes": "0" * 64}, "supersedes nothing"),
        ({"cause": "key-added"}, "was founded"),
        ({"id": "other.keys"}, "is not yunzhou.keys"),
        ({"log": "quorum"}, "log policy"),
        ({"issued_at": "2025-12-31T23:59:59Z"}, "nobody may sign"),
        ({"authorities": (authority(LEAD, "局", bureau="hubei"),)}, "nobody may sign"),
        ({"authorities": (authority(LEAD, "局"), authority(LEAD, "局"))}, "listed twice"),
    ],
)
def test_a_founding_that_breaks_a_rule_is_named(changes, said) -> None:
    check_founding(FOUNDED)
    with pytest.raises(KeyListError, match=said):
        check_founding(replace(FOUNDED, **changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rev": 3}, "does not follow"),
        ({"supersedes": None}, "does not follow"),
        ({"supersedes": "0" * 64}, "does not follow"),
        ({"bureau": "hubei", "id": "hubei.keys"}, "does not follow"),
        ({"cause": "founded"}, "founded once"),
        ({"issued_at": "2026-01-31T23:59:59Z"}, "earlier than"),
        ({"authorities": FOUNDED.authorities[:1]}, "is gone"),
        ({"authorities": ended(1, name="别名")}, "is gone"),
        ({"authorities": ended(1, valid_from="2026-01-02T00:00:00Z")}, "is gone"),
        ({"authorities": tuple(replace(a, revoked_at=MARCH) for a in FOUNDED.authorities)}, "nobody may sign"),
        ({"log": "log x\nquorum none\n"}, "log policy"),
    ],
)  # fmt: skip
def test_an_event_that_may_not_follow_is_named(changes, said) -> None:
    with pytest.raises(KeyListError, match=said):
        check_next(FOUNDED, after(FOUNDED, **changes))


@pytest.mark.parametrize("member", ["valid_until", "revoked_at"])
def test_an_end_may_be_given_or_come_earlier_but_never_be_taken_back(member) -> None:
    first = after(FOUNDED, authorities=ended(0, **{member: "2026-06-01T00:00:00Z"}))
    check_next(FOUNDED, first)
    check_next(first, after(first, authorities=ended(0, **{member: "2026-05-01T00:00:00Z"})))
    for later in ("2026-06-01T00:00:01Z", None):
        with pytest.raises(KeyListError, match="never later"):
            check_next(first, after(first, authorities=ended(0, **{member: later})))


def test_a_stolen_key_can_neither_end_the_list_nor_speak_after_its_end() -> None:
    """The thief lists a key of theirs and ends all others; the bureau's standby key then ends the thief's, which is all a list can do."""
    stolen = after(FOUNDED, authorities=(*FOUNDED.authorities, authority(THIEF, "局", MARCH)))
    check_next(FOUNDED, stolen)
    assert not signer_allowed(FOUNDED, stolen, THIEF)  # held nowhere before
    mended = after(stolen, cause="key-revoked", issued_at="2026-03-02T00:00:00Z",
                   authorities=tuple(replace(a, revoked_at=MARCH) if a.key in (THIEF, LEAD) else a for a in stolen.authorities))  # fmt: skip
    check_next(stolen, mended)
    assert allowed_signers(stolen, mended) == (STANDBY,)
    assert [a.key for a in authorities_at((FOUNDED, stolen, mended), "2026-02-28T00:00:00Z")] == [LEAD, STANDBY]
    assert [a.key for a in authorities_at((FOUNDED, stolen, mended), MARCH)] == [STANDBY]
    assert authorities_at((), MARCH) == ()


def test_a_key_with_two_entries_holds_when_either_does() -> None:
    again = after(FOUNDED, authorities=(*ended(0, valid_until=MARCH), authority(LEAD, "局", "2026-05-01T00:00:00Z")), issued_at="2026-04-01T00:00:00Z")
    check_next(FOUNDED, again)
    assert not signer_allowed(FOUNDED, again, LEAD)
    later = after(again, issued_at="2026-05-01T00:00:00Z")
    check_next(again, later)
    assert signer_allowed(again, later, LEAD)
