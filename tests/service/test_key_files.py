"""Private keys at rest: what we encrypt, others read, and the other way; nothing readable by others, lost or half written is used."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from service.config import ConfigError
from service.key_encryption import encrypt_key
from service.key_files import load_keys
from service.signer import Passphrase, create_key, encrypt_key_file, is_encrypted, load_signer

WORDS = "云州 correct horse"


def openssl(*words: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=given, capture_output=True, check=True).stdout


@pytest.fixture
def passphrase(tmp_path: Path) -> Passphrase:
    file = tmp_path / "passphrase"
    file.write_text(WORDS + "\n", encoding="utf-8")
    return Passphrase(file)


def test_openssl_and_cryptography_read_what_we_encrypt(tmp_path, passphrase) -> None:
    path, message, signature = tmp_path / "bureau.pem", tmp_path / "message", tmp_path / "signature"
    create_key(path, passphrase.new(path))
    assert path.stat().st_mode & 0o777 == 0o600
    public = load_signer(path, passphrase).public_key
    assert load_pem_private_key(path.read_bytes(), WORDS.encode()).public_key().public_bytes_raw() == public
    spki = openssl("pkey", "-in", str(path), "-passin", f"pass:{WORDS}", "-pubout", "-outform", "DER")
    assert spki[-32:] == public
    message.write_bytes(b"what the bureau signs")
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(path), "-passin", f"pass:{WORDS}", "-in", str(message), "-out", str(signature))
    assert signature.read_bytes() == load_signer(path, passphrase).sign(message.read_bytes())
    form = openssl("asn1parse", "-in", str(path))
    assert all(word in form for word in (b":PBES2", b":scrypt", b":4000", b":aes-256-cbc"))


@pytest.mark.parametrize("how", [("-scrypt", "-scrypt_N", "16384"), ("-v2", "aes-256-cbc", "-iter", "100000")])
def test_we_read_what_openssl_encrypts(tmp_path, passphrase, how) -> None:
    bare, path = tmp_path / "bare.pem", tmp_path / "bureau.pem"
    create_key(bare)
    openssl("pkcs8", "-topk8", *how, "-in", str(bare), "-out", str(path), "-passout", f"pass:{WORDS}")
    path.chmod(0o600)
    assert load_signer(path, passphrase).public_key == load_signer(bare).public_key


def test_every_guess_costs_a_tenth_of_a_second_at_least(tmp_path, passphrase) -> None:
    path = tmp_path / "bureau.pem"
    create_key(path, passphrase.new(path))
    begun = time.process_time()
    load_signer(path, passphrase)
    assert time.process_time() - begun > 0.1


def test_a_broken_file_or_a_wrong_passphrase_is_refused_in_words(tmp_path, passphrase) -> None:
    path = tmp_path / "bureau.pem"
    create_key(path, b"something else entirely")
    with pytest.raises(ConfigError, match="wrong passphrase"):
        load_signer(path, passphrase)
    with pytest.raises(ConfigError, match="DOUBLE_RANDOM_KEY_PASSPHRASE_FILE"):
        load_signer(path)  # no file, and nobody at a terminal
    with pytest.raises(ConfigError, match="cannot be read"):
        load_signer(path, Passphrase(tmp_path / "nowhere"))
    create_key(whole := tmp_path / "whole.pem", passphrase.new(path))
    pem = whole.read_bytes()
    for length in range(0, len(pem) - 2, 7):
        whole.write_bytes(pem[:length])
        with pytest.raises(ConfigError):
            load_signer(whole, passphrase)
    short = tmp_path / "short"
    short.write_text("tooshort\n")
    with pytest.raises(ConfigError, match="12"):
        Passphrase(short).new(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_not_used(tmp_path, mode) -> None:
    path = tmp_path / "bureau.pem"
    create_key(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_signer(path)


def test_a_key_is_encrypted_in_its_place_once(tmp_path, passphrase) -> None:
    path = tmp_path / "bureau.pem"
    create_key(path)
    public = load_signer(path).public_key
    (tmp_path / ".bureau.pem.part").write_bytes(b"what a crash left")
    assert encrypt_key_file(path, passphrase)
    assert is_encrypted(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_signer(path, passphrase).public_key == public
    pem = path.read_bytes()
    assert not encrypt_key_file(path, passphrase)
    assert path.read_bytes() == pem
    assert sorted(os.listdir(tmp_path)) == ["bureau.pem", "passphrase"]


def test_a_crash_while_encrypting_leaves_the_old_key(tmp_path, passphrase, monkeypatch) -> None:
    path = tmp_path / "bureau.pem"
    create_key(path)
    pem = path.read_bytes()
    for step in ("fsync", "replace"):
        with monkeypatch.context() as broken:
            def fail(*_: object) -> None:
                raise OSError("no space left")

            broken.setattr(os, step, fail)
            with pytest.raises(OSError, match="space"):
                encrypt_key_file(path, passphrase)
        assert path.read_bytes() == pem
    assert encrypt_key_file(path, passphrase)


def test_the_same_passphrase_and_key_never_give_the_same_file() -> None:
    made = {encrypt_key(b"key", b"words", bytes([n]) * 16, bytes([n]) * 16) for n in range(3)}
    assert len(made) == 3


def test_all_keys_of_a_folder_are_found_and_none_serves_two_ends(tmp_path, config) -> None:
    for name in ("bureau", "bureau-2", "bureau-standby", "log", "log-2027"):
        create_key(tmp_path / f"{name}.pem")
    keys = load_keys(config, Passphrase(None))
    assert [signer.public_key for signer in keys.bureau] == [
        load_signer(tmp_path / f"{name}.pem").public_key for name in ("bureau", "bureau-2", "bureau-standby")
    ]
    assert keys.logs["2027"].public_key == load_signer(tmp_path / "log-2027.pem").public_key
    config.log_key_file.unlink()
    assert load_keys(config, Passphrase(None)).log.public_key == keys.logs["2027"].public_key
    (tmp_path / "log-2027.pem").write_bytes(config.bureau_key_file.read_bytes())
    with pytest.raises(ConfigError, match="must not be the same"):
        load_keys(config, Passphrase(None))
    config.bureau_key_file.unlink()
    (tmp_path / "bureau-2.pem").unlink()
    (tmp_path / "bureau-standby.pem").unlink()
    with pytest.raises(ConfigError, match="keygen"):
        load_keys(config, Passphrase(None))
