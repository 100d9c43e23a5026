"""The audit of a whole log (docs/spec/log.md, documents.md): every entry a leaf, every document that a leaf names the one it names.

One pass, and nothing kept but keys, the digests of what was seen, and a few roots. `read` returns a file of the publication
by its path (`log/2026/checkpoint`, `doc/<sha256>.json`), or None; every refusal names the file that is not as it must be.

What the documents say of each other (numbers, order, revisions, revoked keys) is for `disclosure.monitoring`; what a draw
computed is for `disclosure.verification`, which is asked here for every bundle that is served.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from disclosure.authenticated_log import Counts, LogReader, Read, Remark, Report
from disclosure.bundle import parse_bundle
from disclosure.checkpoint import Checkpoint, open_checkpoint, read_unverified
from disclosure.document import (
    DOCUMENT_TYPE,
    Document,
    DrawOpening,
    DrawOutcome,
    KeyEvent,
    parse_document,
)
from disclosure.document_bundle import parse_document_bundle
from disclosure.envelope import Envelope, parse_envelope, payload_bytes, verify
from disclosure.errors import DisclosureError, TileError
from disclosure.keys import decode_base64, key_id
from disclosure.leaf import Leaf, leaf_of, parse_leaf
from disclosure.note import NoteSignature, VerifierKey, parse_note
from disclosure.person import digest, parse_disclosure
from disclosure.policy import Policy, parse_log_policy, parse_policy, satisfied
from disclosure.proof import parse_proof
from disclosure.result import Revision
from disclosure.tiles import AuthenticatedTiles, Tile
from disclosure.tree import leaf_hash, root_at, verify_inclusion
from disclosure.verification import Report as VerificationReport
from disclosure.verification import Verdict, verify_bundle
from disclosure.verification.document import verify_document_bundle
from disclosure.verification.signing import fingerprint
from selection.canonical import CanonicalError, parse_struct
from selection.errors import SelectionError
from selection.keys import digest_of
from selection.plan import Dice, Plan, Thrower, Witness

__all__ = ["LogAudit", "Seen", "check_policy", "open_head"]

# The order in which a document's files are looked at: each says what the next is compared with.
FORMS = ("json", "dsse.json", "tlog-proof", "sd.json", "proof.json")


class Seen:
    """What was met on the way: which files belong to something. Shared by the audits of all shards of one publication."""

    def __init__(self, keys: dict[str, bytes] | None = None) -> None:
        self.documents: set[bytes] = set()  # the first eight bytes of each digest that a file exists for
        self.blobs: set[str] = set()
        self.draws: set[str] = set()  # ids of the plans that were met
        self.keys = {} if keys is None else keys  # key id to public key, as plans, key events and the policy declare them
        self.unknown_keys: set[str] = set()
        self.authorities: set[str] = set()  # key ids of the policy, and of the key events that one of these signed
        self.strangers: set[str] = set()  # key ids that sign plans and key events and are not among these
        self.key_event: KeyEvent | None = None  # the newest: what the bureau proposes as a policy


def open_head(note: bytes, policy: Policy | None, path: str, report: Report, quorum: bool = True) -> Checkpoint | None:
    """Return the checkpoint of `note`, reporting what is wrong with it; None if it cannot be read or is not to be believed.

    `quorum`: say so if its cosignatures do not meet the policy's. Without a policy its signatures are not checked, and the remark says who claims to have signed.
    """
    try:
        checkpoint = read_unverified(note)
        if policy is None:
            signers = ", ".join(f"{line.name} ({line.key_hash:08x})" for line in parse_note(note).signatures)
            report(Remark("not-checked", path, f"未给策略文件，签名未查。自称签名者：{signers}",
                          f"no policy was given, the signatures are not checked; who claims to have signed: {signers}"))  # fmt: skip
            return checkpoint
        vkey = _log_key(policy, checkpoint.origin)
        if vkey is None:
            report(Remark("fail", path, f"策略中没有日志 {checkpoint.origin}", f"the policy names no log {checkpoint.origin}"))
            return None
        opened = open_checkpoint(note, vkey, policy.log.cosigners)
        for line in opened.unknown:
            report(Remark("not-checked", path, f"{line.name} 的签名行不在策略之中，未查",
                          f"the line by {line.name} is by nobody the policy names; not checked"))  # fmt: skip
        names = {cosignature.name for cosignature in opened.cosignatures}
        if quorum and opened.checkpoint.size and not satisfied(policy.log, [key for key in policy.log.cosigners if key.name in names]):
            report(Remark("not-checked", path, "联署未达到策略要求的数目：别人看到的是否同一日志，尚无外部佐证",
                          "the cosignatures do not meet the policy's quorum: nobody outside vouches that others are shown this log"))  # fmt: skip
        return opened.checkpoint
    except DisclosureError as error:
        report(Remark("fail", path, f"检查点有误：{error}", str(error)))
        return None


def _log_key(policy: Policy, origin: str) -> VerifierKey | None:
    return next((key for key in policy.log.logs if key.name == origin), None)


class LogAudit:
    """The audit of one log. `run` does it; `counts` says how many of each kind of file were looked at."""

    def __init__(
        self, checkpoint: Checkpoint, shard: str, read: Read, report: Report, seen: Seen, policy: Policy | None, documents: bool
    ) -> None:
        self.prefix = f"log/{shard}"
        self._log = LogReader(checkpoint, lambda path: read(f"{self.prefix}/{path}"), self.prefix, report)
        self.counts: Counts = self._log.counts
        self._checkpoint, self._policy = checkpoint, policy
        self._read, self._report, self._seen, self._documents = read, report, seen, documents
        self._last = ""
        self._tiles: AuthenticatedTiles | TileError | None = None
        self.root_at = lru_cache(1024)(self._root_at)
        self._opened = lru_cache(256)(self._open)  # many proofs carry one checkpoint
        for authority in policy.authorities if policy else ():
            self._learn(authority.key)
            self._seen.authorities.add(fingerprint(authority.key))

    def run(self) -> Iterator[int]:
        """Look at everything; yield how many entries are done, for whoever shows progress."""
        for index, entry, path in self._log.entries():
            self._entry(index, entry, path)
            yield index + 1
        yield self._checkpoint.size

    def _entry(self, index: int, entry: bytes, path: str) -> None:
        try:
            leaf = parse_leaf(entry)
        except DisclosureError as error:
            self._fail(path, f"第 {index} 号条目不是规定的形式：{error}", f"entry {index}: {error}", authentic=True)
            return
        if leaf.at < self._last:
            self._fail(path, f"第 {index} 号条目的时间 {leaf.at} 早于前一条 {self._last}",
                       f"entry {index} claims {leaf.at}, before the entry in front of it ({self._last})", authentic=True)  # fmt: skip
        self._last = max(self._last, leaf.at)
        if self._documents:
            self._document(index, entry, leaf, path)

    def _document(self, index: int, entry: bytes, leaf: Leaf, bundle: str) -> None:
        """Look at every file of the document that `leaf`, the entry at `index` in the file `bundle`, names."""
        document: Document | None = None
        base = f"doc/{leaf.doc.sha256}"
        files = {form: self._read(f"{base}.{form}") for form in FORMS}
        absent = [form for form in FORMS[:3] if files[form] is None]
        if absent:
            self._report(Remark("absent", f"{base}.{absent[0]}", f"未提供第 {index} 号条目（{leaf.type}，{leaf.id}）的 {'、'.join(absent)}，可能依法停止公开",
                                f"entry {index} ({leaf.type} of {leaf.id}): {', '.join(absent)} not served; it may be withheld by law"))  # fmt: skip
        for form, data in files.items():
            if data is None:
                continue
            path = f"{base}.{form}"
            self._seen.documents.add(bytes.fromhex(leaf.doc.sha256[:16]))
            self._count(form)
            with self._refusals(path):
                match form:
                    case "json":
                        document = _plain(data, leaf)
                    case "dsse.json":
                        self._envelope(path, data, leaf)
                        document = document or parse_document(payload_bytes(parse_envelope(data)))
                    case "tlog-proof":
                        self._proof(path, data, index, entry)
                    case "sd.json":
                        _check_disclosures(data, document)
                    case "proof.json":
                        self._document_bundle(path, data, leaf)
        if document is not None:
            with self._refusals(bundle, authentic=True):
                _check_leaf(index, leaf, document)
            self._learn_from(document)
            self._blobs(document)
            if isinstance(document, Plan):
                self._draw(document.id)

    def _draw(self, draw: str) -> None:
        self._seen.draws.add(draw)
        path = f"draws/{draw}/{draw}.bundle.json"
        data = self._read(path)
        if data is None:
            return  # not drawn yet; that one is missing is for the monitor to say
        self._count("draw bundle")
        self._verify(path, data, verify_bundle)
        with self._refusals(path):
            bundle = parse_bundle(data)
            if bundle.id != draw:
                raise DisclosureError(f"it is the bundle of {bundle.id}")
            for note in (bundle.note_a, bundle.note_b):
                self.check_head(note, path)

    def _document_bundle(self, path: str, data: bytes, leaf: Leaf) -> None:
        self._verify(path, data, verify_document_bundle)
        bundle = parse_document_bundle(data)
        if digest_of(bundle.data) != leaf.doc.sha256:
            raise DisclosureError(f"it is the bundle of the document {digest_of(bundle.data)}")
        self.check_head(bundle.proof.checkpoint, path)

    def _verify(self, path: str, data: bytes, verifier: Callable[[bytes, Policy | None], VerificationReport]) -> None:
        for step in verifier(data, self._policy).steps:
            if step.verdict is Verdict.FAIL:
                self._fail(path, f"核验第 {step.number} 步不符：{step.sentence.zh}", f"verification step {step.number}: {step.sentence.en}")

    def _envelope(self, path: str, data: bytes, leaf: Leaf) -> None:
        """Raise DisclosureError unless the envelope is over the document of `leaf`, by its authors, and good as far as keys are known."""
        envelope = parse_envelope(data)
        payload = payload_bytes(envelope)
        if digest_of(payload) != leaf.doc.sha256:
            raise DisclosureError(f"the payload hashes to {digest_of(payload)}, not to the name of the file")
        authors = tuple(signature.keyid for signature in envelope.signatures)
        if authors != leaf.author:
            raise DisclosureError(f"signed by {', '.join(authors)}; the leaf names {', '.join(leaf.author)}")
        if leaf.type in ("draw-plan/v1", "key-event/v1"):
            # These declare the keys they are signed with. A key id is the hash of its key: none can be put in its place.
            self._learn_from(document := parse_document(payload))
            self._check_authors(path, document, authors)
        known = tuple(signature for signature in envelope.signatures if signature.keyid in self._seen.keys)
        if known:
            verify(Envelope(envelope.payload, envelope.payloadType, known), DOCUMENT_TYPE, self._seen.keys)
        for keyid in sorted(set(authors) - self._seen.keys.keys() - self._seen.unknown_keys):
            self._seen.unknown_keys.add(keyid)
            self._report(Remark("not-checked", path, f"没有公钥 {keyid}，它的签名未查",
                                f"no plan, key event or policy declares {keyid}; signatures by it are not checked"))  # fmt: skip

    def _check_authors(self, path: str, document: Document, authors: tuple[str, ...]) -> None:
        """Say of a plan or key event who signed it of whom the policy knows nothing: else a log of strangers would look sound."""
        strangers = set(authors) - self._seen.authorities
        if self._policy is None or strangers <= self._seen.strangers:
            if isinstance(document, KeyEvent) and not strangers:
                self._seen.authorities |= {fingerprint(authority.key) for authority in document.authorities}
            return
        self._seen.strangers |= strangers
        names = ", ".join(sorted(strangers))
        self._report(Remark("not-checked", path, f"{document.type} 由策略未列的密钥签署，归属未查：{names}",
                            f"the {document.type} is signed by keys that the policy does not list, whose they are is not checked: {names}"))  # fmt: skip

    def _proof(self, path: str, data: bytes, index: int, entry: bytes) -> None:
        proof = parse_proof(data)
        if proof.leaf != entry or proof.index != index:
            raise DisclosureError(f"it proves another leaf, or index {proof.index}, not entry {index} of the log")
        head = self.check_head(proof.checkpoint, path)
        verify_inclusion(leaf_hash(entry), index, head.size, proof.path, head.root)

    def check_head(self, note: bytes, path: str) -> Checkpoint:
        """Return the checkpoint in `note`; DisclosureError unless the log signed it and it is a prefix of this log."""
        head, unknown = self._opened(note)
        for line in unknown:
            if (handle := f"{line.name} {line.key_hash:08x}") not in self._seen.unknown_keys:
                self._seen.unknown_keys.add(handle)
                self._report(Remark("not-checked", path, f"{handle} 的签名行不在策略之中，未查", f"a line by {handle}, nobody the policy names: not checked"))  # fmt: skip
        if head.origin != self._checkpoint.origin:
            raise DisclosureError(f"its checkpoint is of {head.origin}, not of {self._checkpoint.origin}")
        if head.size > self._checkpoint.size:
            self._report(Remark("not-checked", path, f"其检查点（{head.size} 条）新于本次所审计的", f"its checkpoint of {head.size} entries is newer than the one audited"))  # fmt: skip
        elif isinstance(expected := self.root_at(head.size), bytes) and expected != head.root:
            raise DisclosureError(
                f"FORK: its checkpoint of {head.size} entries has root {head.root.hex()}, the log has {expected.hex()}; keep both files"
            )
        return head

    def _open(self, note: bytes) -> tuple[Checkpoint, tuple[NoteSignature, ...]]:
        head = read_unverified(note)
        vkey = _log_key(self._policy, head.origin) if self._policy else None
        if self._policy is None or vkey is None:
            return head, ()
        opened = open_checkpoint(note, vkey, self._policy.log.cosigners)
        return opened.checkpoint, opened.unknown

    def _root_at(self, size: int) -> bytes | None:
        """Return the root of the first `size` entries, None if the tiles cannot tell: then they were reported already."""
        try:
            if self._tiles is None:
                self._tiles = AuthenticatedTiles(self._checkpoint.size, self._checkpoint.root, self._tile)
            return None if isinstance(self._tiles, TileError) else root_at(size, self._tiles.hash_at)
        except TileError as error:
            if not isinstance(self._tiles, TileError):
                # Asked again, a server may give the true tile: then nothing but this says that heads were not compared.
                self._report(Remark("not-checked", f"{self.prefix}/checkpoint", f"散列文件有误，证明与核验包中的检查点无从与本日志比较：{error}",
                                    f"a tile is false, so the heads in proofs and bundles cannot be compared with this log: {error}"))  # fmt: skip
            self._tiles = error
            return None

    def _tile(self, tile: Tile) -> bytes:
        data = self._read(f"{self.prefix}/{tile.path}")
        if data is None:
            raise TileError(f"{tile.path} is not there")
        return data

    def _blobs(self, document: Document) -> None:
        """Check the lists and transcripts that `document` names, where they are served."""
        for sha256, size in _blobs_of(document):
            if sha256 in self._seen.blobs:
                continue
            self._seen.blobs.add(sha256)
            data = self._read(f"blob/{sha256}")
            if data is None:
                self._report(Remark("absent", f"blob/{sha256}", f"未提供 {document.id} 的名单或结果", f"a list or transcript of {document.id}: not served"))  # fmt: skip
                continue
            self._count("blob")
            if digest_of(data) != sha256 or len(data) != size:
                self._fail(f"blob/{sha256}", f"内容与文件名不符，或不是 {size} 字节", f"its bytes hash to {digest_of(data)} and are {len(data)}, expected {size}")  # fmt: skip

    def _learn_from(self, document: Document) -> None:
        if isinstance(document, KeyEvent):
            newest = self._seen.key_event
            self._seen.key_event = document if newest is None or newest.rev < document.rev else newest
            for authority in document.authorities:
                self._learn(authority.key)
        if isinstance(document, Plan):
            for section in document.sections:
                self._learn(section.key)
            for contributor in document.contributors:
                for person in contributor.throwers if isinstance(contributor, Dice) else (contributor,):
                    self._learn(person.key if isinstance(person, Thrower | Witness) else None)

    def _learn(self, key: str | None) -> None:
        if key is not None:
            try:
                raw = decode_base64(key)
                self._seen.keys[key_id(raw)] = raw
            except DisclosureError:
                return  # an unusable key signs nothing; its document fails where its signature is looked at

    @contextmanager
    def _refusals(self, path: str, authentic: bool = False) -> Iterator[None]:
        """Report a refusal inside as one of the file at `path`."""
        try:
            yield
        except (DisclosureError, SelectionError, CanonicalError) as error:
            self._fail(path, f"不符合规定：{error}", str(error), authentic)

    def _count(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def _fail(self, path: str, zh: str, en: str, authentic: bool = False) -> None:
        self._report(Remark("fail", path, zh, en, authentic))


def check_policy(data: bytes, seen: Seen) -> None:
    """Raise DisclosureError unless the served policy is that of the newest key event, if there is any."""
    policy, event = parse_policy(data), seen.key_event
    if event is not None and (policy.authorities, policy.log) != (event.authorities, parse_log_policy(event.log)):
        raise DisclosureError(f"it is not what the newest key event (rev {event.rev}) says")


def _plain(data: bytes, leaf: Leaf) -> Document:
    if (found := digest_of(data)) != leaf.doc.sha256 or len(data) != leaf.doc.size:
        raise DisclosureError(f"it has {len(data)} bytes and the digest {found}, not the {leaf.doc.size} bytes and the digest of its name")
    return parse_document(data)


def _check_leaf(index: int, leaf: Leaf, document: Document) -> None:
    expected = leaf_of(document, Envelope("", DOCUMENT_TYPE, ()), leaf.at)  # the authors were compared with the envelope
    for name in ("doc", "id", "rev", "supersedes", "type"):
        if (said := getattr(leaf, name)) != (is_ := getattr(expected, name)):
            raise DisclosureError(f"entry {index}: its {name} is {said!r}, its document has {is_!r}")


def _check_disclosures(data: bytes, document: Document | None) -> None:
    """Raise DisclosureError unless `data` is an ascending list of disclosures, each with its digest in the document's `_sd`."""
    strings = parse_struct(data, tuple[str, ...])
    if list(strings) != sorted(set(strings)):
        raise DisclosureError("the disclosures are not in ascending order, or one stands twice")
    if document is None:
        raise DisclosureError("its document is not served, or is false: whose disclosures these are cannot be told")
    for string in strings:
        parse_disclosure(string)
        if not (isinstance(document, Revision) and digest(string) in document.digests):
            raise DisclosureError(f"the digest {digest(string)} of a disclosure is not in the document's _sd")


def _blobs_of(document: Document) -> list[tuple[str, int]]:
    if isinstance(document, Plan):
        lists = document.blobs  # `reasons` is never published
        named = (lists.apart, lists.conflicts, lists.excluded, lists.mandatory, lists.people, lists.pool)
        return [(blob.sha256, blob.size) for blob in named]
    if isinstance(document, DrawOutcome | DrawOpening):
        return [(blob.sha256, blob.size) for blob in (document.opened, document.result)]
    return []
