"""A publication in a folder, of any size, for tests of whoever reads a log from outside.

The first entries are real documents where the log is large enough: a key event, then a whole draw of `bureau.Bureau`, then a result
with a name; everything else is a cheap leaf whose document is not served.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import bureau
import msgspec
from bureau import Bureau, freeze, policy_bytes, testing_only_signer

from disclosure.bundle import Record, make_bundle
from disclosure.checkpoint import Checkpoint, add_cosignature, cosign_checkpoint, sign_checkpoint
from disclosure.document import Document, InspectionResult, KeyEvent, format_document, sign_document
from disclosure.document_bundle import make_document_bundle
from disclosure.envelope import format_envelope
from disclosure.leaf import format_leaf, leaf_of
from disclosure.person import digest, make_disclosure
from disclosure.policy import parse_policy
from disclosure.proof import Proof, format_proof
from disclosure.tiles import TILE_WIDTH, bundles, format_bundle, format_tile, tiles
from disclosure.tree import consistency_proof, inclusion_proof, leaf_hash, node_hash, root_at
from selection.canonical import format_canonical
from selection.keys import digest_of

ORIGIN = "disclose.yunzhou.example/2026"
SHARD = "2026"
TIME = 1_795_485_000


class Tree:
    """All complete subtrees of some entries."""

    def __init__(self, entries: list[bytes]) -> None:
        self.entries = entries
        self.rows = [[leaf_hash(entry) for entry in entries]]
        while len(below := self.rows[-1]) > 1:
            self.rows.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])

    def hash_at(self, level: int, index: int) -> bytes:
        return self.rows[level][index]

    def checkpoint(self, size: int, cosigned: bool = True, origin: str = ORIGIN) -> bytes:
        note = sign_checkpoint(Checkpoint(origin, size, root_at(size, self.hash_at)), testing_only_signer("log"))
        if cosigned:
            note = add_cosignature(note, cosign_checkpoint(note, "audit.example", testing_only_signer("cosigner"), TIME))
        return note

    def files(self, size: int) -> dict[str, bytes]:
        """The files of the log when it had `size` entries, without the checkpoint."""
        made = {}
        for tile in tiles(size):
            first = tile.index * TILE_WIDTH
            made[tile.path] = format_tile([self.rows[8 * tile.level][first + at] for at in range(tile.width)])
        for bundle in bundles(size):
            first = bundle.index * TILE_WIDTH
            made[bundle.path] = format_bundle(self.entries[first : first + bundle.width])
        return made


def cheap_leaf(number: int, salt: str = "") -> bytes:
    sha256 = hashlib.sha256(f"{salt}{number}".encode()).hexdigest()
    at = f"2026-12-{1 + number // 3_000_000:02d}T{number // 125_000 % 24:02d}:00:00Z"
    return (
        f'{{"at":"{at}","author":["sha256:{sha256}"],"doc":{{"sha256":"{sha256}","size":1821}},"id":"yunzhou-2026-9-1",'
        f'"rev":1,"supersedes":null,"type":"draw-plan/v1"}}'
    ).encode()


def key_event() -> KeyEvent:
    policy = parse_policy(policy_bytes())
    return KeyEvent(authorities=policy.authorities, bureau="yunzhou", cause="founded", id="yunzhou.keys", issued_at="2026-11-01T00:00:00Z",
                    log=msgspec.json.decode(policy_bytes())["log"], reason="建立", rev=1, supersedes=None)  # fmt: skip


def result(draw: Bureau, names: list[str]) -> InspectionResult:
    plan = draw.frozen.plan
    target = draw.transcript.targets[0]
    return InspectionResult(
        _sd=tuple(sorted(map(digest, names))), _sd_alg="sha-256",
        actors=bureau.roles("inspector", "inspector", "reviewer", "publisher", "publisher"), draw=plan.id,
        findings=(), id=f"{plan.id}.{target.id}", inspected_on="2026-11-26", issued_at="2026-11-27T00:00:00Z",
        legal_basis=("安全生产法第六十五条",), nonce="AAAAAAAAAAAAAAAAAAAAAA", plan=draw.s, result="NO_PROBLEM", rev=1,
        sections=target.sections, status="in_force", supersedes=None, target=target.id,
    )  # fmt: skip


def write(folder: Path, size: int, also: Callable[[list[bytes]], None] | None = None, with_draw: bool = True) -> Tree:
    """Write the publication of a log of `size` entries. `also(entries)` may change what is logged."""
    documents: list[tuple[Document, list]] = [(key_event(), [testing_only_signer("section-lead")])] if size else []
    names: list[str] = []
    draw = None
    if with_draw and size >= 32:
        draw = Bureau(freeze(1, last="dice"), quorum_time=TIME)
        names = [make_disclosure(bytes([7]) * 16, "person", {"certificate": "", "name": "张三", "unit": "云州市应急管理局"})]
        made = [*draw.before, *draw.after, *draw.later, result(draw, names)]
        documents += [(document, draw.signers(document)) for document in made]
    envelopes = [sign_document(document, signers) for document, signers in documents]
    entries = [
        format_leaf(leaf_of(document, envelope, f"2026-11-24T03:{number:02d}:00Z"))
        for number, ((document, _), envelope) in enumerate(zip(documents, envelopes, strict=True))
    ]
    entries += [cheap_leaf(number) for number in range(len(entries), size)]
    if also is not None:
        also(entries)
    tree = Tree(entries)
    put = Putter(folder)
    for number, ((document, _), envelope) in enumerate(zip(documents, envelopes, strict=True)):
        data = format_document(document)
        base = f"doc/{digest_of(data)}"
        proof = format_proof(Proof(entries[number], number, tuple(inclusion_proof(number, head, tree.hash_at)), tree.checkpoint(head))
                             if (head := min(size, number + 1 + number % 3)) else None)  # fmt: skip
        put(f"{base}.json", data)
        put(f"{base}.dsse.json", format_envelope(envelope))
        put(f"{base}.tlog-proof", proof)
        if isinstance(document, InspectionResult):
            put(f"{base}.sd.json", format_canonical(names))
            put(f"{base}.proof.json", make_document_bundle(envelope, envelopes[1], proof, names, None))
    if draw is not None:
        blobs = [blob for name, blob in draw.frozen.blobs.items() if name != "reasons"]
        blobs += [draw.result, draw.opened_blob]
        for blob in blobs:
            put(f"blob/{digest_of(blob)}", blob)
        a, b = 1 + len(draw.before), len(documents)
        records = [Record(envelopes[n], n, entries[n], tuple(inclusion_proof(n, b, tree.hash_at))) for n in range(1, b - 1)]
        id = draw.frozen.plan.id
        put(f"draws/{id}/{id}.bundle.json",
            make_bundle(id, records, blobs, draw.names(), tree.checkpoint(a), tree.checkpoint(b), consistency_proof(a, b, tree.hash_at)))  # fmt: skip
    for path, data in tree.files(size).items():
        put(f"log/{SHARD}/{path}", data)
    put("policy", policy_bytes())
    put(f"log/{SHARD}/checkpoint", tree.checkpoint(size))
    return tree


class Putter:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, path: str, data: bytes) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(data)
