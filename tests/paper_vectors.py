"""What `make_vectors.py` writes of document bundles: docs/spec/vectors/documents/ and the example of docs/spec/document-bundle.md."""

import json
from pathlib import Path

from papers import LIES, POLICY, Paper

from disclosure.document_bundle import parse_document_bundle
from disclosure.policy import parse_policy
from disclosure.verification.document import verify_document_bundle

PAGE = Path(__file__).resolve().parents[1] / "docs" / "spec" / "document-bundle.md"
VALID = ("inspection-result/v1", "contest/v1", "redaction/v1", "key-event/v1", "shard/v1")
INVALID = {
    "plan-left-out": "inspection-result/v1",
    "signed-by-a-section-too-many": "inspection-result/v1",
    "key-event-by-a-key-it-revokes": "key-event/v1",
    "leaf-of-another-revision": "correction/v1",
    "key-event-before-the-key-was-valid": "key-event/v1",
    "checkpoint-by-another-key": "shard/v1",
    "cosignature-of-another-time": "shard/v1",
    "place-of-another-leaf": "shard/v1",
    "disclosure-of-more-than-a-name": "inspection-result/v1",
}


def page(example: bytes) -> bytes:
    """The page as it stands, with the example of now."""
    head = PAGE.read_text(encoding="utf-8").partition("\n## Example\n")[0]
    proof = json.loads(example)["tlogProof"]
    return f"""{head}
## Example

The founding of a key list, the one document of its log but for those of others around it. Keys made from the texts `section-lead`, `log` and
`cosigner`; worthless, never to be used.

```text
{example.decode()}
```

Its `.tlog-proof`, the member `tlogProof`:

```text
{proof.rstrip()}
```

Under [`vectors/policy.json`](vectors/policy.json) steps 1 to 10 pass; without it 4, 5, 6 and 8 are *not checked*. Bundles of other kinds, and one
with a defect for every step that can fail but 9, are in [`vectors/documents/`](vectors/documents/), with the verdict of every step.
""".encode()


def files() -> dict[str, bytes]:
    """Return every file below docs/spec that is made here: path -> bytes."""
    made = {f"{kind.removesuffix('/v1')}.proof.json": Paper(kind).bundle() for kind in VALID}
    made |= {f"{name}.proof.json": LIES[name].tell(kind) for name, kind in INVALID.items()}
    policy = parse_policy(POLICY)
    verdicts = {
        name: {
            "policy.json": [str(step.verdict) for step in verify_document_bundle(data, policy).steps],
            "without policy": [str(step.verdict) for step in verify_document_bundle(data).steps],
        }
        for name, data in sorted(made.items())
    }
    example = made["key-event.proof.json"]
    assert parse_document_bundle(example).proof.index == 4
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in verdicts.items())
    return {
        "document-bundle.md": page(example),
        "vectors/documents/expected.json": f"{{\n{rows}\n}}\n".encode(),
        **{f"vectors/documents/{name}": data for name, data in made.items()},
    }
