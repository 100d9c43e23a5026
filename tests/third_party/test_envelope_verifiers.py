"""Our DSSE envelopes are accepted by securesystemslib, and their signatures by the openssl command."""

import json
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from disclosure import envelope as dsse
from disclosure.keys import Ed25519Signer, decode_base64, key_id

TYPE = "application/vnd.double-random.draw-plan+json"
PAYLOAD = '{"title":"计划"}'.encode()


@pytest.fixture(scope="module")
def signed():
    signers = [Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in (1, 2, 3)]
    keys = {key_id(one.public_key): one.public_key for one in signers}
    return dsse.format_envelope(dsse.sign(PAYLOAD, TYPE, signers)), keys


def test_securesystemslib_verifies_every_signature(require_tool, signed):
    require_tool("python:securesystemslib")
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    data, keys = signed
    theirs = [SSlibKey(name, "ed25519", "ed25519", {"public": raw.hex()}) for name, raw in keys.items()]
    envelope = Envelope.from_dict(json.loads(data))
    assert envelope.payload == PAYLOAD
    assert envelope.pae() == dsse.pae(TYPE, PAYLOAD)
    assert set(envelope.verify(theirs, threshold=3)) == set(keys)
    changed = json.loads(data)
    changed["payloadType"] = TYPE + "x"
    with pytest.raises(VerificationError):
        Envelope.from_dict(changed).verify(theirs, threshold=1)


def test_we_verify_an_envelope_that_securesystemslib_signed(require_tool):
    require_tool("python:securesystemslib")
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner

    private = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
    ours = Ed25519Signer(private)
    name = key_id(ours.public_key)
    theirs = CryptoSigner(private)
    envelope = Envelope(PAYLOAD, TYPE, {})
    signature = envelope.sign(theirs)
    wire = envelope.to_dict()
    wire["signatures"] = [{"keyid": name, "sig": wire["signatures"][0]["sig"]}]
    assert signature.signature
    parsed = dsse.parse_envelope(json.dumps(wire, sort_keys=True, separators=(",", ":")).encode())
    assert dsse.verify(parsed, TYPE, {name: ours.public_key}) == {name}


def test_openssl_verifies_the_signature_and_prints_the_key_id(require_tool, signed, tmp_path):
    openssl = require_tool("openssl")
    data, keys = signed
    envelope = dsse.parse_envelope(data)
    (tmp_path / "message").write_bytes(dsse.pae(TYPE, PAYLOAD))
    for signature in envelope.signatures:
        public = Ed25519PublicKey.from_public_bytes(keys[signature.keyid])
        (tmp_path / "key.pem").write_bytes(
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        (tmp_path / "signature").write_bytes(decode_base64(signature.sig))
        verify = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin"]
        verify += ["-in", "message", "-sigfile", "signature"]
        assert subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False).returncode == 0
        (tmp_path / "signature").write_bytes(decode_base64(signature.sig)[:-1] + b"\0")
        assert subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False).returncode != 0
        export = [openssl, "pkey", "-pubin", "-in", "key.pem", "-outform", "DER", "-out", "key.der"]
        subprocess.run(export, cwd=tmp_path, check=True)
        digest = [openssl, "dgst", "-sha256", "-r", "key.der"]
        printed = subprocess.run(digest, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert "sha256:" + printed.split()[0] == signature.keyid
