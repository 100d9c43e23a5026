"""DSSE envelopes: nothing unverified is carried."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure import envelope as dsse
from disclosure.errors import DisclosureError, EnvelopeError, SignatureError
from disclosure.keys import encode_base64, key_id

TYPE = "application/vnd.double-random.draw-plan+json"
PAYLOAD = '{"名":"值"}'.encode()


@pytest.fixture
def signed(signer):
    signers = [signer(number) for number in (3, 1, 2)]
    keys = {key_id(one.public_key): one.public_key for one in signers}
    return dsse.sign(PAYLOAD, TYPE, signers), keys


def test_pre_authentication_encoding_of_the_specification(vectors):
    case = vectors("dsse")
    assert dsse.pae(case["payload_type"], case["payload_text"].encode()).decode() == case["pae_text"]
    for more in case["pae_more"]:
        assert dsse.pae(more["type"], bytes.fromhex(more["body_hex"])).hex() == more["pae_hex"]


def test_signatures_stand_in_order_and_read_back(signed):
    envelope, keys = signed
    assert [one.keyid for one in envelope.signatures] == sorted(keys)
    assert dsse.verify(envelope, TYPE, keys) == set(keys)
    assert dsse.payload_bytes(envelope) == PAYLOAD
    data = dsse.format_envelope(envelope)
    assert dsse.parse_envelope(data) == envelope
    assert set(json.loads(data)) == {"payload", "payloadType", "signatures"}


def test_every_changed_byte_is_refused(signed):
    envelope, keys = signed
    data = dsse.format_envelope(envelope)
    for at in range(len(data)):
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(data)
            changed[at] ^= flip
            with pytest.raises(DisclosureError):
                dsse.verify(dsse.parse_envelope(bytes(changed)), TYPE, keys)


def test_every_cut_is_refused(signed):
    data = dsse.format_envelope(signed[0])
    for at in range(len(data)):
        with pytest.raises(EnvelopeError):
            dsse.parse_envelope(data[:at])
        with pytest.raises(EnvelopeError):
            dsse.parse_envelope(data[at + 1 :])


def test_another_payload_type_is_refused(signed):
    with pytest.raises(EnvelopeError, match="payloadType"):
        dsse.verify(signed[0], TYPE + "x", signed[1])


def test_a_signature_by_an_unknown_key_refuses_the_whole_envelope(signed):
    envelope, keys = signed
    keys.pop(envelope.signatures[1].keyid)
    with pytest.raises(SignatureError, match="unknown"):
        dsse.verify(envelope, TYPE, keys)


def test_a_key_given_under_a_false_id_is_refused(signed, signer):
    envelope, keys = signed
    keys[envelope.signatures[0].keyid] = signer(9).public_key
    with pytest.raises(SignatureError, match="not the id"):
        dsse.verify(envelope, TYPE, keys)


def with_signatures(envelope, *signatures):
    return msgspec.structs.replace(envelope, signatures=tuple(signatures))


def test_repeated_unordered_missing_or_misshapen_signatures_are_refused(signed):
    envelope, keys = signed
    first, second, third = envelope.signatures
    short = dsse.Signature(first.keyid, encode_base64(bytes(63)))
    loose = dsse.Signature(first.keyid, first.sig.rstrip("="))
    swapped = dsse.Signature(first.keyid, second.sig)
    for signatures in [
        (),
        (first, first),
        (second, first),
        (first, third, second),
        (short,),
        (loose,),
        (swapped,),
    ]:
        with pytest.raises(DisclosureError):
            dsse.verify(with_signatures(envelope, *signatures), TYPE, keys)


def test_one_key_cannot_sign_twice(signer):
    with pytest.raises(EnvelopeError, match="once"):
        dsse.sign(PAYLOAD, TYPE, [signer(1), signer(1)])
    with pytest.raises(EnvelopeError):
        dsse.sign(PAYLOAD, TYPE, [])


@given(st.text(), st.binary(), st.text(), st.binary())
def test_distinct_inputs_have_distinct_encodings(type_a, body_a, type_b, body_b):
    """What is signed determines type and body: no two pairs share their encoding."""
    try:
        same = dsse.pae(type_a, body_a) == dsse.pae(type_b, body_b)
    except UnicodeEncodeError:
        return
    assert same == ((type_a, body_a) == (type_b, body_b))
