"""`python -m disclosure verify` takes both kinds of bundle, and says of a document what it says of a draw."""

import json
import sys

import pytest
from papers import LIES, POLICY, Paper
from tsa import Authority

from disclosure.__main__ import main
from disclosure.keys import encode_base64


@pytest.fixture
def written(tmp_path):
    def write(data: bytes, policy: bytes | None = POLICY) -> list[str]:
        (tmp_path / "one.proof.json").write_bytes(data)
        if policy is None:
            return ["verify", str(tmp_path / "one.proof.json")]
        (tmp_path / "policy").write_bytes(policy)
        return ["verify", str(tmp_path / "one.proof.json"), "--policy", str(tmp_path / "policy")]

    return write


def test_verdicts_of_a_document(written, capsys):
    assert main([*written(Paper().bundle()), "--verdicts"]) == 3
    assert capsys.readouterr().out.splitlines() == [f"{n} pass" for n in range(1, 11)] + ["11 not-checked"]


def test_words_say_which_document_and_who_signed(written, capsys):
    assert main(written(Paper().bundle())) == 3
    out = capsys.readouterr().out
    assert "核验 Verification of yunzhou-2026-42-1.91420100MA4KTEST1X" in out
    assert out.count("sha256:") == 2


def test_a_lie_is_status_1_and_an_unreadable_file_status_2(written, capsys):
    assert main(written(LIES["signed-by-a-stranger"].tell())) == 1
    assert main(written(LIES["plan-left-out"].tell())) == 2
    capsys.readouterr()
    assert main([*written(Paper().bundle(), b"{}"), "--verdicts"]) == 2
    assert capsys.readouterr().out.splitlines() == ["1 fail"] + [f"{n} not-checked" for n in range(2, 12)]


@pytest.mark.parametrize("installed", [True, False])
def test_time_stamps_are_verified_where_the_package_is(written, capsys, tmp_path, monkeypatch, installed):
    authority, paper = Authority(tmp_path), Paper()
    paper.stamp = authority.stamp
    policy = json.dumps({**json.loads(POLICY), "timestamp_roots": [encode_base64(authority.root)]}).encode()
    arguments = written(paper.bundle(), policy)
    if not installed:
        monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    assert main(arguments) == 3
    out = capsys.readouterr().out
    assert ("时间戳有效" in out) == installed
    assert ("openssl ts -verify" in out) != installed
