"""Verification in 22 numbered steps (docs/spec/bundle.md): from a bundle and a policy to a report, and nothing else.

`verify.py` runs the steps; `signing`, `logging`, `record`, `drawing` and `after` hold them, by what they look at. `document.py`
holds and runs the 11 steps for one document (docs/spec/document-bundle.md).
"""

from disclosure.verification.report import Report, Step, Verdict
from disclosure.verification.verify import verify_bundle

__all__ = ["Report", "Step", "Verdict", "verify_bundle"]
