"""RFC 3161 responses of an authority made with the `openssl` command: good ones are taken, all others refused in words."""

import random
import subprocess

import pytest
from tsa import Authority

from disclosure.command.timestamp import verify_timestamp
from disclosure.errors import TimestampError

DATA = b"bureau.example/log/2026\n3\nA9jN2rnQIZbqXtL42/AQnTXSHwcp5YXyeuKU7VUuwys=\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("other"), "Another root")


def test_a_good_stamp_gives_its_time(authority, stranger):
    response = authority.stamp(DATA)
    time = verify_timestamp(response, DATA, [stranger.root, authority.root])
    printed = subprocess.run(
        ["openssl", "ts", "-reply", "-in", "response.tsr", "-text"],
        cwd=authority.folder, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    stated = next(line for line in printed.splitlines() if line.startswith("Time stamp: "))
    assert stated.split()[4] == time[11:19]
    assert stated.split()[5] == time[:4]
    assert authority.accepts(DATA, response)


def test_other_bytes_another_root_and_no_root_are_refused(authority, stranger):
    response = authority.stamp(DATA)
    for data, roots, words in [
        (DATA + b"\n", [authority.root], "Mismatch between messages"),
        (DATA, [stranger.root], "certificates"),
        (DATA, [], "root"),
        (DATA, [b"no certificate"], "not a DER certificate"),
    ]:
        with pytest.raises(TimestampError, match=words):
            verify_timestamp(response, data, roots)
    assert not stranger.accepts(DATA, response)


def test_a_refusal_of_the_authority_is_said_with_its_words(authority):
    with pytest.raises(TimestampError, match="not granted: status 2"):
        verify_timestamp(authority.refuse(DATA), DATA, [authority.root])


def test_the_answer_to_another_request_is_refused(authority):
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    request = TimestampRequestBuilder(data=DATA, hash_algorithm=HashAlgorithm.SHA256).build()
    response = authority.answer(request.as_bytes())
    assert verify_timestamp(response, DATA, [authority.root], request.nonce)
    with pytest.raises(TimestampError, match="Nonce"):
        verify_timestamp(response, DATA, [authority.root], request.nonce + 1)


def test_a_certificate_that_had_expired_is_refused(tmp_path):
    late = Authority(tmp_path, days=-1)
    response = late.stamp(DATA)
    with pytest.raises(TimestampError, match="时间戳无效"):
        verify_timestamp(response, DATA, [late.root])


def test_no_response_that_is_cut_or_changed_is_anything_but_refused(authority):
    """Whatever the bytes are, the answer is the same time or a refusal: no crash of the parser, no other time."""
    response, r = authority.stamp(DATA), random.Random(7)
    time = verify_timestamp(response, DATA, [authority.root])
    broken = [response[:n] for n in range(0, len(response), 23)]
    for _ in range(300):
        changed = bytearray(response)
        for _ in range(r.choice([1, 1, 2, 5])):
            changed[r.randrange(len(changed))] = r.randrange(256)
        broken.append(bytes(changed))
    taken = 0
    for one in broken:
        try:
            assert verify_timestamp(one, DATA, [authority.root]) == time
            taken += 1
        except TimestampError:
            pass
    assert taken < 10
