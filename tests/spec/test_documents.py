"""The documents say what the project does: their commands run, their links lead somewhere, every setting is explained."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import fields

from disclosure.document import KINDS
from disclosure.policy import parse_policy
from disclosure.verification.verify import STEP_NAMES
from service.config import Config

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory) -> dict[str, str]:
    """The environment after `./run demo --once`, run as the README says but with the data in a folder of its own."""
    environment = {**os.environ, "DOUBLE_RANDOM_DATA": str(tmp_path_factory.mktemp("demo")), "PYTHONPATH": str(ROOT)}
    environment.pop("DATABASE_URL", None)
    run = subprocess.run([sys.executable, "-m", "service.demo", "--once"], cwd=ROOT, env=environment,
                         capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "发生了什么" in run.stdout
    again = subprocess.run([sys.executable, "-m", "service.demo", "--once"], cwd=ROOT, env=environment,
                           capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert again.returncode == 0
    assert "④" not in again.stdout  # nothing is drawn, entered or published a second time
    return environment


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_commands_that_check_a_draw_run_as_written(demonstrated, page) -> None:
    blocks = re.findall(r"```sh\n(.*?)\n```", (ROOT / page).read_text(), re.DOTALL)
    commands = [block for block in blocks if "--policy" in block]
    assert len(commands) == 2
    (bundle,) = Path(demonstrated["DOUBLE_RANDOM_DATA"]).glob("public/draws/*/*.bundle.json")
    published = bundle.parent
    for command in commands:
        here = command.replace("data/public", str(published.parents[1])).replace("yunzhou-2026-1-1", published.name)
        words = shlex.split(here)
        if words[0] == "./run":
            words = [sys.executable, "-m", "disclosure", *words[1:]]
        else:
            words[0] = sys.executable
        run = subprocess.run(words, cwd=ROOT, env=demonstrated, capture_output=True, text=True, timeout=120, check=False)
        assert run.returncode == 3, run.stdout + run.stderr
        assert "FAIL" not in run.stdout


@pytest.mark.parametrize("page", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_every_link_leads_to_a_file(page) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_setting_is_explained_twice() -> None:
    source = (ROOT / "service" / "config.py").read_text()
    operations = (ROOT / "docs" / "operations.md").read_text()
    for name in set(re.findall(r'"((?:DOUBLE_RANDOM|DATABASE)_[A-Z_]+)"', source)) - {"DATABASE_PASSWORD"}:
        assert name in operations, f"docs/operations.md does not explain {name}"
    assert Config.__doc__ is not None
    for field in fields(Config):
        assert field.name in Config.__doc__, f"Config does not say what {field.name} does"


def test_every_document_kind_and_every_step_is_specified() -> None:
    documents = (ROOT / "docs" / "spec" / "documents.md").read_text()
    for kind in KINDS:
        assert f"`{kind}`" in documents
    bundle = (ROOT / "docs" / "spec" / "bundle.md").read_text()
    for number, name in STEP_NAMES.items():
        assert re.search(rf"^\| {number} \| {name.en} \|", bundle, re.MULTILINE), f"step {number} is not named {name.en}"


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs" / "adr" / "README.md").read_text()
    for page in (ROOT / "docs" / "adr").glob("0*.md"):
        assert f"({page.name})" in listed


def test_the_example_of_a_policy_is_one() -> None:
    (example,) = re.findall(r"```json\n(.*?)\n```", (ROOT / "docs/spec/policy.md").read_text(), re.DOTALL)
    policy = parse_policy(example.encode())
    assert [key.name for key in policy.log.cosigners] == ["audit.example"]
    assert [authority.bureau for authority in policy.authorities] == ["yunzhou"]
