"""docs/spec/vectors/cosignatures.json: what is called good verifies, here and with another author's software; nothing else does."""

import base64
import json

import pytest
from cosignature_vectors import FILE
from tlog_scales.signing import NoteSignature as TheirSignature
from tlog_scales.signing import Vkey, VkeySet
from tlog_scales.tlog import Checkpoint as TheirCheckpoint

from disclosure.checkpoint import open_checkpoint
from disclosure.errors import DisclosureError
from disclosure.note import parse_vkey

DATA = json.loads(FILE.read_text(encoding="utf-8"))
NOTE = DATA["note"].encode()


@pytest.mark.parametrize("case", DATA["lines"], ids=lambda case: case["name"])
def test_only_what_is_called_good_verifies(case):
    log, cosigner = parse_vkey(DATA["log"]), parse_vkey(DATA["cosigners"][case["kind"]])
    good = case["name"][3:] in DATA["times"]
    note = NOTE + case["line"].encode()
    if good:
        opened = open_checkpoint(note, log, (cosigner,))
        assert [c.time for c in opened.cosignatures] == [DATA["times"][case["name"][3:]]]
    else:
        with pytest.raises(DisclosureError):
            open_checkpoint(note, log, (cosigner,))


# Times out of range are signed rightly; refusing them is our page's rule.
@pytest.mark.parametrize("case", [c for c in DATA["lines"] if "time zero" not in c["name"] and "past" not in c["name"]], ids=lambda c: c["name"])
def test_another_authors_software_agrees(case):
    origin, size, root = DATA["note"].partition("\n\n")[0].split("\n")
    line = TheirSignature.from_line(case["line"].strip())
    head = TheirCheckpoint(origin, int(size), base64.b64decode(root), [line])
    keys = VkeySet(Vkey.from_string(DATA["cosigners"][case["kind"]]))
    assert bool(keys.verify([line], head)) == (case["name"][3:] in DATA["times"])
