"""Both verifiers say the same of every step of every document bundle: honest ones of all kinds, all lies, and changed bytes."""

import importlib.util
import random
from pathlib import Path

import pytest
from papers import KINDS, LIES, POLICY, Paper

from disclosure.policy import parse_policy
from disclosure.verification.document import verify_document_bundle

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "reference" / "verify.py"
CASES = {kind: Paper(kind).bundle for kind in KINDS} | {name: lie.tell for name, lie in LIES.items()}


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("reference_of_documents", REFERENCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def compare(reference, tmp_path, capsys):
    def compare(data: bytes, policy: bytes | None) -> None:
        (tmp_path / "one.proof.json").write_bytes(data)
        arguments = [str(tmp_path / "one.proof.json"), "--verdicts"]
        if policy is not None:
            (tmp_path / "policy").write_bytes(policy)
            arguments += ["--policy", str(tmp_path / "policy")]
        status = reference.main(arguments)
        report = verify_document_bundle(data, None if policy is None else parse_policy(policy))
        assert capsys.readouterr().out.splitlines() == [f"{step.number} {step.verdict}" for step in report.steps], [
            (step.number, step.sentence.en) for step in report.steps
        ]
        assert status == report.exit_status

    return compare


@pytest.mark.parametrize("policy", [POLICY, None], ids=["policy", "without"])
@pytest.mark.parametrize("name", CASES)
def test_the_verifiers_agree(compare, name, policy) -> None:
    compare(CASES[name](), policy)


@pytest.mark.parametrize("kind", KINDS)
def test_they_agree_on_changed_bytes(compare, kind) -> None:
    """The last member keeps its form, so that both know which kind of bundle it is."""
    data, r = Paper(kind).bundle(), random.Random(kind)
    for _ in range(25):
        changed = bytearray(data)
        changed[r.randrange(len(data) - 40)] ^= 1 << r.randrange(7)
        compare(bytes(changed), POLICY)
