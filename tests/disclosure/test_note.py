"""Signed notes: one bad line by a known key refuses everything, unknown lines change nothing."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from disclosure import note as notes
from disclosure.errors import DisclosureError, NoteError, SignatureError
from disclosure.keys import Ed25519Signer, decode_base64, encode_base64

TEXT = "first\n\n— not a signature\n\nlast\n"


def key(name, kind, signer):
    return notes.VerifierKey(name, kind, signer.public_key)


def test_notes_of_other_authors(vectors):
    cases = vectors("c2sp_signed_note")
    for case in cases["valid"]:
        data = case["note"].encode()
        note = notes.parse_note(data)
        vkeys = tuple(notes.parse_vkey(text) for text in case["vkeys"])
        opened = notes.open_note(note, vkeys)
        assert {one.key for one in opened.verified} == set(vkeys), case["name"]
        assert notes.format_note(note) == data
        assert [notes.format_vkey(one) for one in vkeys] == case["vkeys"]
    for case in cases["invalid"]:
        vkeys = tuple(notes.parse_vkey(text) for text in case["vkeys"])
        with pytest.raises(DisclosureError):
            notes.open_note(notes.parse_note(case["note"].encode()), vkeys)
    for case in cases["invalid_vkeys"]:
        with pytest.raises(NoteError):
            notes.parse_vkey(case["vkey"])


def test_signing_gives_the_note_that_another_author_signed(vectors):
    case = vectors("c2sp_signed_note")["signing"]
    _, _, name, _, encoded = case["skey"].split("+", 4)
    signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(decode_base64(encoded)[1:]))
    assert notes.format_note(notes.sign_note(case["text"], name, signer)).decode() == case["note"]


def test_every_changed_byte_and_cut_is_refused(signer):
    vkey = key("bureau.example/log", notes.KIND_ED25519, signer(1))
    data = notes.format_note(notes.sign_note(TEXT, vkey.name, signer(1)))
    for at in range(len(data)):
        for flip in (0x01, 0x04, 0x20, 0x80):
            changed = bytearray(data)
            changed[at] ^= flip
            with pytest.raises(DisclosureError):
                notes.open_note(notes.parse_note(bytes(changed)), (vkey,))
        for cut in (data[:at], data[at + 1 :], data[:at] + data[at + 1 :]):
            with pytest.raises(DisclosureError):
                notes.open_note(notes.parse_note(cut), (vkey,))


def test_every_changed_character_of_a_verifier_key_is_refused(signer):
    text = notes.format_vkey(key("bureau.example/log", notes.KIND_ED25519, signer(1)))
    for at in range(len(text)):
        for character in "Aa0+ =\n":
            changed = text[:at] + character + text[at + 1 :]
            if changed != text:
                with pytest.raises(NoteError):
                    notes.parse_vkey(changed)


def test_the_text_ends_at_the_last_empty_line(signer):
    note = notes.sign_note(TEXT, "a", signer(1))
    assert notes.parse_note(notes.format_note(note)).text == TEXT


def many(signer, count):
    note = notes.sign_note(TEXT, "log", signer(1))
    for number in range(2, count + 1):
        note = notes.add_signature(
            note, notes.sign_cosignature(TEXT, f"w{number}", signer(number), 1_700_000_000)
        )
    return note


def test_at_least_16_and_at_most_64_signatures(signer):
    for count in (16, notes.MAX_SIGNATURES):
        note = many(signer, count)
        vkeys = (key("log", 1, signer(1)), *(key(f"w{n}", 4, signer(n)) for n in range(2, count + 1)))
        opened = notes.open_note(notes.parse_note(notes.format_note(note)), vkeys)
        assert len(opened.verified) == count
        assert opened.names[0] == "log"
    with pytest.raises(NoteError):
        many(signer, notes.MAX_SIGNATURES + 1)


def test_unknown_lines_are_ignored_and_known_bad_lines_are_not(signer):
    note = many(signer, 3)
    opened = notes.open_note(note, (key("log", 1, signer(1)),))
    assert [line.name for line in opened.unknown] == ["w2", "w3"]
    # One name with another key, and one key under another name, are both unknown.
    assert notes.open_note(note, (key("log", 1, signer(1)), key("w2", 4, signer(9)))).names == ("log",)
    with pytest.raises(SignatureError, match="no signature"):
        notes.open_note(note, (key("other", 1, signer(1)),))
    bad = notes.NoteSignature("w2", note.signatures[1].key_hash, note.signatures[1].signature[:-1] + b"\0")
    with pytest.raises(SignatureError, match="whole note"):
        notes.open_note(notes.add_signature(note, bad), (key("log", 1, signer(1)), key("w2", 4, signer(2))))


def test_a_second_line_by_one_key_is_refused(signer):
    note = many(signer, 2)
    twice = notes.Note(note.text, (*note.signatures, note.signatures[0]))
    with pytest.raises(SignatureError, match="twice"):
        notes.open_note(twice, (key("log", 1, signer(1)),))


def test_a_newer_cosignature_replaces_the_older(signer):
    note = notes.add_signature(many(signer, 3), notes.sign_cosignature(TEXT, "w2", signer(2), 1_800_000_000))
    opened = notes.open_note(note, (key("w2", 4, signer(2)), key("w3", 4, signer(3))))
    assert [one.time for one in opened.verified] == [1_800_000_000, 1_700_000_000]


@pytest.mark.parametrize("time", [0, -1, 2**63, 2**64])
def test_cosignature_times_out_of_range_are_refused(signer, time):
    with pytest.raises(NoteError):
        notes.sign_cosignature(TEXT, "w", signer(1), time)
    if 0 <= time < 2**64:
        message = f"cosignature/v1\ntime {time}\n{TEXT}".encode()
        blob = time.to_bytes(8) + signer(1).sign(message)
        line = notes.NoteSignature("w", notes.key_hash("w", 4, signer(1).public_key), blob)
        with pytest.raises(SignatureError, match="time"):
            notes.open_note(notes.Note(TEXT, (line,)), (key("w", 4, signer(1)),))


def test_a_plain_signature_is_no_cosignature_nor_the_reverse(signer):
    """The same key and name under the other kind has another hash, so its line is simply unknown."""
    note = notes.sign_note(TEXT, "w", signer(1))
    with pytest.raises(SignatureError):
        notes.open_note(note, (key("w", 4, signer(1)),))
    line = notes.NoteSignature(
        "w", notes.key_hash("w", 4, signer(1).public_key), note.signatures[0].signature
    )
    with pytest.raises(SignatureError, match="72"):
        notes.open_note(notes.Note(TEXT, (line,)), (key("w", 4, signer(1)),))


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "return\r\n", "nul\0\n", "\ud800\n"])
def test_texts_that_no_note_may_have(signer, text):
    with pytest.raises(NoteError):
        notes.sign_note(text, "a", signer(1))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\nb", "a\u00a0b", "\ud800"])
def test_names_that_no_key_may_have(signer, name):
    with pytest.raises(NoteError):
        notes.sign_note(TEXT, name, signer(1))


def test_an_oversized_note_is_refused():
    with pytest.raises(NoteError, match="limit"):
        notes.parse_note(b"a" * (notes.MAX_NOTE_BYTES + 1))


def test_short_and_misspelt_signature_lines_are_refused(signer):
    good = notes.format_note(notes.sign_note(TEXT, "a", signer(1))).decode()
    line = good.rsplit("\n\n", 1)[1]
    encoded = line.split(" ")[2].strip()
    for other in (encode_base64(b"1234"), encoded.rstrip("="), encoded + " x", "", json.dumps(encoded)):
        with pytest.raises(NoteError):
            notes.parse_note(f"{TEXT}\n— a {other}\n".encode())
