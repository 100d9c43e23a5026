"""`./run` answers in words, believes only a finished `.venv`, and touches nothing when asked for help."""

import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script and its lock files only."""
    for name in ("run", "pyproject.toml", *(path.name for path in PROJECT.glob("requirements*.lock"))):
        shutil.copy(PROJECT / name, tmp_path)
    return tmp_path


def load(checkout: Path) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("run_script", str(checkout / "run"))
    spec = importlib.util.spec_from_loader("run_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def script(checkout: Path, monkeypatch) -> ModuleType:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return load(checkout)


def finished(script: ModuleType, *locks: str) -> None:
    """Stands in for a set-up that went through."""
    python = Path(script.venv_python())
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    script.write_stamp(locks)


def call(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # The Python that a person has, not that of the environment the tests run in: that one has no pip.
    python = getattr(sys, "_base_executable", sys.executable)
    return subprocess.run(
        [python, str(checkout / "run"), *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env=os.environ | environment,
        check=False,
    )


def test_help_names_every_verb_and_installs_nothing(checkout: Path) -> None:
    answer = call(checkout, "help")
    assert answer.returncode == 0
    for verb in ("demo", "serve", "test", "prove", "verify", "bench", "lock", "help"):
        assert f"\n  {verb} " in answer.stdout
    assert not (checkout / ".venv").exists()


def test_an_unknown_verb_is_a_usage_error_and_installs_nothing(checkout: Path) -> None:
    answer = call(checkout, "tset")
    assert answer.returncode == 64
    assert "tset" in answer.stderr
    assert not (checkout / ".venv").exists()


def test_a_failed_installation_says_what_to_do_and_is_started_over(checkout: Path) -> None:
    # No registry at all: pip's own settings are respected, so this cannot reach one.
    answer = call(checkout, "verify", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert answer.returncode == 1
    assert "Installing failed" in answer.stderr
    assert not (checkout / ".venv" / "double-random.json").exists()
    assert "Traceback" not in answer.stderr


def test_a_finished_environment_serves_the_sets_it_contains(script: ModuleType) -> None:
    finished(script, *script.needed_locks("service"))
    assert script.is_ready("verify")
    assert script.is_ready("service")
    assert not script.is_ready("dev")


def test_each_lock_contains_the_ones_before_it() -> None:
    """So that installing one set satisfies the smaller ones, as the script takes for granted."""

    def lines(name: str) -> set[str]:
        text = (PROJECT / name).read_text(encoding="utf-8")
        return {line.split(" ")[0] for line in text.splitlines() if line[:1].isalnum()}

    assert lines("requirements-verify.lock") <= lines("requirements.lock") <= lines("requirements-dev.lock")


def test_the_locks_name_no_host_and_hash_everything() -> None:
    for lock in PROJECT.glob("requirements*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock.name
        wanted = sum(line[:1].isalnum() for line in text.splitlines())
        assert wanted == len(
            [part for part in text.split("\n") if part[:1].isalnum() and part.endswith("\\")]
        )


@pytest.mark.parametrize("change", ["lock", "python", "place", "torn stamp", "no stamp", "no python"])
def test_an_environment_that_does_not_fit_is_not_believed(script: ModuleType, change: str) -> None:
    finished(script, *script.needed_locks("service"))
    stamp = Path(script.STAMP)
    words = json.loads(stamp.read_text())
    if change == "lock":
        lock = Path(script.ROOT) / "requirements.lock"
        lock.write_text(lock.read_text() + "\n")
    elif change == "python":
        stamp.write_text(json.dumps(words | {"python": "3.11.0 of another build"}))
    elif change == "place":
        stamp.write_text(json.dumps(words | {"root": "/elsewhere"}))
    elif change == "torn stamp":
        stamp.write_text(stamp.read_text()[:20])
    elif change == "no stamp":
        stamp.unlink()
    else:
        Path(script.venv_python()).unlink()
    assert not script.is_ready("service")
    assert not script.is_ready("verify")


def test_a_folder_that_cannot_be_written_is_named_in_one_sentence(
    script: ModuleType, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(script.os, "access", lambda path, mode: False)
    with pytest.raises(SystemExit) as stopped:
        script.set_up("verify")
    assert stopped.value.code == 1
    assert "is read-only" in capsys.readouterr().err


@pytest.mark.parametrize("version", [(2, 7), (3, 9), (3, 15)])
def test_an_unfit_python_is_refused_in_one_sentence(script, monkeypatch, capsys, version) -> None:
    monkeypatch.setattr(script.sys, "version_info", (*version, 0, "final", 0))
    monkeypatch.setenv("DOUBLE_RANDOM_PYTHON_TRIED", "yes")
    with pytest.raises(SystemExit):
        script.use_a_fit_python()
    assert "Python 3.11 to 3.14 is needed" in capsys.readouterr().err
