"""`python -m disclosure verify`: exit statuses, plain words, and rubbish met with one clear sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bureau import QUORUM_TIME, Bureau, freeze, policy_bytes
from lies import LIES

from disclosure.__main__ import main

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    bundle = Bureau(freeze(1, last="dice"), quorum_time=QUORUM_TIME).bundle()
    (folder / "good.bundle.json").write_bytes(bundle)
    (folder / "lie.bundle.json").write_bytes(LIES["quota"].tell(1))
    (folder / "policy.json").write_bytes(policy_bytes("audit"))
    (folder / "empty").write_bytes(b"")
    (folder / "binary").write_bytes(bytes(range(256)) * 40)
    (folder / "deep").write_bytes(b"[" * 100_000)
    (folder / "deep objects").write_bytes(b'{"a":' * 100_000)
    (folder / "deep and closed").write_bytes(b"[" * 50_000 + b"]" * 50_000)
    (folder / "not utf-8").write_bytes(bundle.replace(b"yunzhou", b"yunzh\xff", 1))
    (folder / "surrogate").write_bytes(bundle.replace(b"yunzhou", b"\\ud800", 1))
    (folder / "null").write_bytes(b"null")
    (folder / "number").write_bytes(b"9" * 10_000)
    (folder / "half").write_bytes(bundle[: len(bundle) // 2])
    (folder / "twice").write_bytes(bundle * 2)
    (folder / "laid out").write_bytes(bundle.replace(b",", b",\n", 1))
    (folder / "a policy").write_bytes(policy_bytes("audit"))
    with (folder / "sparse").open("wb") as file:
        file.truncate(2 << 30)
    return folder


def run(*words, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "disclosure", *map(os.fspath, words)],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], **environment},
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


RUBBISH = (
    "empty",
    "binary",
    "deep",
    "deep objects",
    "deep and closed",
    "not utf-8",
    "surrogate",
    "null",
    "number",
    "half",
    "twice",
    "laid out",
    "a policy",
    "sparse",
    "missing",
    ".",
)


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_refused_in_one_sentence(name, files, capsys):
    assert main(["verify", str(files / name)]) == 2
    out, error = capsys.readouterr()
    assert error == ""
    assert "Traceback" not in out
    failed = [line for line in out.splitlines() if "FAIL" in line]
    assert len(failed) == 1
    assert failed[0].split()[0] == "1"
    assert "not checked" not in out
    assert len(out) < 2500


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_has_verdicts_too(name, files, capsys):
    assert main(["verify", str(files / name), "--verdicts"]) == 2
    assert capsys.readouterr().out.splitlines() == ["1 fail", *(f"{n} not-checked" for n in range(2, 23))]


def test_a_pipe_is_not_read(files, capsys):
    """Opening one would wait for a writer who may never come."""
    os.mkfifo(files / "pipe")
    assert main(["verify", str(files / "pipe")]) == 2
    assert main(["verify", str(files / "good.bundle.json"), "--policy", str(files / "pipe")]) == 2
    assert "not a regular file" in capsys.readouterr().out


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_a_device_is_not_read(device):
    assert main(["verify", device]) == 2


def test_real_process_shows_no_traceback(files):
    for name in ("deep", "binary", "not utf-8", "missing", "number"):
        status, out, error = run("verify", files / name)
        assert (status, error) == (2, ""), name
        assert "1  不符 FAIL" in out


@pytest.mark.parametrize(
    "environment",
    [{}, {"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}],
)
def test_report_can_be_printed_anywhere(environment, files):
    status, out, error = run("verify", files / "good.bundle.json", **environment)
    assert (status, error) == (3, "")
    assert "22" in out


def test_name_that_is_not_text_is_refused_in_words(files):
    """A file name may be any bytes."""
    status, _, error = run("verify", os.fsencode(files) + b"/\xff\xfe.json")
    assert (status, error) == (2, "")


POLICIES = {
    "empty": b"",
    "not JSON": b"{",
    "deep": b"[" * 100_000,
    "another type": policy_bytes().replace(b"policy/v1", b"policy/v2"),
    "member too many": policy_bytes().replace(b'"type"', b'"further":1,"type"'),
    "no authorities": policy_bytes().split(b'"authorities"')[0] + b'"authorities":[]}',
    "key too short": policy_bytes().replace(b'"key":"', b'"key":"A', 1),
    "no day": policy_bytes().replace(b"2026-01-01T", b"2026-02-30T"),
    "log key of a cosigner": policy_bytes().replace(b"log disclose", b"witness w disclose"),
    "quorum of nobody": policy_bytes("nobody"),
    "no quorum": policy_bytes().replace(b"quorum none", b"# none"),
    "two quorums": policy_bytes().replace(b"quorum none", b"quorum none\\nquorum audit"),
    "group of nobody": policy_bytes("g").replace(b"quorum g", b"group g any nobody\\nquorum g"),
    "group of more than there are": policy_bytes("g").replace(b"quorum g", b"group g 2 audit\\nquorum g"),
    "group of no number": policy_bytes("g").replace(
        b"quorum g", b"group g " + b"9" * 5000 + b" audit\\nquorum g"
    ),
    "member of two groups": policy_bytes("g").replace(
        b"quorum g", b"group h any audit\\ngroup g any audit\\nquorum g"
    ),
    "witness twice": policy_bytes().replace(b"quorum none", b"witness audit x\\nquorum none"),
    "control character": policy_bytes().replace(b"quorum none", b"quorum none\\u0000"),
    "over the limit": policy_bytes() + b" " * (1 << 20),
    "not UTF-8": policy_bytes().replace(b"yunzhou", b"\xff", 1),
}


@pytest.mark.parametrize("what", POLICIES)
def test_bad_policy_is_refused_in_words(what, files, tmp_path, capsys):
    (tmp_path / "policy.json").write_bytes(POLICIES[what])
    assert main(["verify", str(files / "good.bundle.json"), "--policy", str(tmp_path / "policy.json")]) == 2
    out, error = capsys.readouterr()
    assert error == ""
    assert [line.split()[0] for line in out.splitlines() if "FAIL" in line] == ["1"]
    assert "policy.json" in out


def test_policy_of_many_groups_is_evaluated_without_recursion(files, tmp_path):
    groups = "".join(f"group g{n} any {'audit' if n == 0 else f'g{n - 1}'}\\n" for n in range(5000))
    text = policy_bytes("g4999").replace(b"quorum g4999", groups.encode() + b"quorum g4999")
    (tmp_path / "policy.json").write_bytes(text)
    assert main(["verify", str(files / "good.bundle.json"), "--policy", str(tmp_path / "policy.json")]) == 3


def test_policy_may_be_laid_out_by_hand(files, tmp_path):
    import json

    laid_out = json.dumps(json.loads(policy_bytes("audit")), indent=4).encode()
    (tmp_path / "policy.json").write_bytes(laid_out)
    assert main(["verify", str(files / "good.bundle.json"), "--policy", str(tmp_path / "policy.json")]) == 3


def test_exit_status_says_what_was_found(files, capsys):
    assert main(["verify", str(files / "good.bundle.json"), "--policy", str(files / "policy.json")]) == 3
    assert main(["verify", str(files / "lie.bundle.json"), "--policy", str(files / "policy.json")]) == 1
    out = capsys.readouterr().out
    assert "Nothing is wrong" in out
    assert "A step failed" in out


def test_verdicts_are_22_lines_and_nothing_else(files, capsys):
    assert main(["verify", "--verdicts", str(files / "lie.bundle.json")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [str(n) for n in range(1, 23)]
    assert {line.split()[1] for line in lines} == {"pass", "fail", "not-checked"}
    assert "13 fail" in lines


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["verify"],
        ["verify", "a", "b"],
        ["verify", "a", "--wrong"],
        ["verify", "a", "--policy"],
        ["check", "a"],
        ["-x"],
    ],
)
def test_wrong_usage_is_64(words, capsys):
    try:
        status = main(words)
    except SystemExit as stop:
        status = stop.code
    assert status == 64
    out, error = capsys.readouterr()
    assert "usage" in error
    assert out == ""


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"], ["verify", "--help"]])
def test_help_is_not_an_error(words):
    assert run(*words)[0] == 0


def test_the_verifier_loads_neither_service_nor_web_nor_database(files):
    """What an auditor runs is what an auditor has read."""
    program = (
        "import sys; from disclosure.__main__ import main; status = main(['verify', sys.argv[1]]);"
        "unwanted = {'service', 'litestar', 'asyncpg', 'uvicorn', 'httpx', 'socket', 'ssl'};"
        "print(sorted({m.split('.')[0] for m in sys.modules} & unwanted));"
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(files / "good.bundle.json")],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout.decode().splitlines()[-1] == "[]"
