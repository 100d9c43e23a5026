"""The auditor's way: a wheel in an empty environment, without the service, checks a bundle."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "docs" / "spec" / "vectors"


@pytest.fixture(scope="module")
def environment(tmp_path_factory, request) -> Path:
    """An environment with the wheel and the locked packages of the verifier, and nothing else."""
    request.getfixturevalue("require_tool")("python:hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    keep = shutil.ignore_patterns(".*", "tests", "data", "build", "dist", "__pycache__")
    shutil.copytree(ROOT, source, ignore=keep)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=source, check=True)
    # The project's own environment has no pip; the Python it was made from has.
    pip = [sys._base_executable, "-m", "pip", "--disable-pip-version-check"]
    wheel = next(folder.glob("double_random-*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"selection", "disclosure", "service"}
    assert any(name.endswith("0001_initial.sql") for name in names)
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python = venv / "bin" / "python"
    lock = ROOT / "requirements-verify.lock"
    subprocess.run([*pip, "--python", python, "install", "-q", "--require-hashes", "-r", lock], check=True)
    subprocess.run([*pip, "--python", python, "install", "-q", "--no-deps", wheel], check=True)
    return python


@pytest.mark.parametrize("bundle", sorted(path.name for path in (VECTORS / "valid").glob("*.bundle.json")))
def test_the_installed_verifier_passes_every_step_or_says_not_checked(environment, tmp_path, bundle) -> None:
    command = [environment, "-m", "disclosure", "verify", VECTORS / "valid" / bundle, "--policy", VECTORS / "policy.json"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 3, run.stdout + run.stderr
    assert "FAIL" not in run.stdout
    assert run.stderr == ""


def test_nothing_of_the_service_is_there(environment, tmp_path) -> None:
    script = "import disclosure.__main__, sys; print([m for m in sys.modules if m.split('.')[0] in"
    script += " ('service', 'litestar', 'asyncpg', 'uvicorn')])"
    run = subprocess.run([environment, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    missing = subprocess.run([environment, "-c", "import litestar"], capture_output=True, check=False)
    assert missing.returncode == 1
