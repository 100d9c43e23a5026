"""Asking for a cosignature and giving one (c2sp.org/tlog-witness): the request, the cosigner's decision, the log's reading of answers.

The request is `old <size>`, the consistency proof from that size, one hash a line, an empty line, and the checkpoint.
The cosigner remembers the newest checkpoint it signed of each log. It signs what continues that, and nothing else ever.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from disclosure.checkpoint import Checkpoint, cosign_checkpoint, open_checkpoint, parse_checkpoint
from disclosure.errors import (
    CheckpointError,
    CosigningError,
    EncodingError,
    NoteError,
    SignatureError,
    TreeError,
)
from disclosure.keys import Signer, decode_base64, encode_base64
from disclosure.note import (
    KIND_ED25519,
    Note,
    NoteSignature,
    VerifierKey,
    format_note,
    format_vkey,
    key_hash,
    open_note,
    parse_note,
)
from disclosure.tree import EMPTY_ROOT, MAX_SIZE, verify_consistency

__all__ = ["MAX_NAME_BYTES", "MAX_PROOF", "MAX_REQUEST_BYTES", "SIZE_TYPE", "Answer", "Request", "Seen", "check_logs", "decide", "format_line",
           "format_request", "parse_line", "parse_request", "read_cosignature", "read_size"]  # fmt: skip

MAX_NAME_BYTES = 255  # what a message of kind 0x06 can hold
MAX_PROOF = 63
MAX_REQUEST_BYTES = 1 << 18  # 63 hashes and a checkpoint with 64 ML-DSA-44 signatures
SIZE_TYPE = "text/x.tlog.size"
_TEXT_TYPE = "text/plain; charset=utf-8"

_is_size = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII).fullmatch


class Request(msgspec.Struct, frozen=True):
    """The size the sender believes the cosigner to remember, the proof from there, and the checkpoint note (its bytes)."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest checkpoint a cosigner signed of one log, and when (seconds since 1970)."""

    origin: str
    root: bytes
    size: int
    time: int


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer. `seen` is what the cosigner has to remember, durably, before the answer leaves; None: nothing new."""

    status: int
    body: bytes
    media_type: str = _TEXT_TYPE
    seen: Seen | None = None


def format_request(request: Request) -> bytes:
    """Return the body of an `add-checkpoint` request; CosigningError if a part is not permitted."""
    if not 0 <= request.old <= MAX_SIZE:
        raise CosigningError(f"old size {request.old} is not within 0 to 2^63 - 1")
    if len(request.proof) > MAX_PROOF or any(len(part) != 32 for part in request.proof):
        raise CosigningError(f"a consistency proof has at most {MAX_PROOF} hashes of 32 bytes")
    lines = [f"old {request.old}", *(encode_base64(part) for part in request.proof)]
    return ("\n".join(lines) + "\n\n").encode() + request.note


def parse_request(data: bytes) -> Request:
    """Return the request whose bytes are exactly `data`; CosigningError, or NoteError and CheckpointError, otherwise."""
    head, blank, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
        old = lines[0].removeprefix("old ")
        if not blank or old == lines[0] or not _is_size(old) or int(old) > MAX_SIZE:
            raise CosigningError("a request is: old <size>, proof lines, an empty line, a checkpoint")
        request = Request(int(old), tuple(decode_base64(line) for line in lines[1:]), note)
    except (UnicodeDecodeError, EncodingError) as error:
        raise CosigningError(f"request: {error}") from error
    format_request(request)
    parse_checkpoint(parse_note(note).text)
    return request


def check_logs(vkeys: Sequence[VerifierKey]) -> dict[str, VerifierKey]:
    """Return the logs by their origin; CosigningError if a key is not a log's, or two are of one origin."""
    logs = {key.name: key for key in vkeys}
    if len(logs) != len(vkeys):
        raise CosigningError("two keys are given for one log")
    for key in vkeys:
        format_vkey(key)
        if key.kind != KIND_ED25519:
            raise CosigningError(f"the key of {key.name} is of kind {key.kind:#04x}; a log signs with kind 0x01")
        if len(key.name.encode()) > MAX_NAME_BYTES:
            raise CosigningError(f"the name {key.name[:80]} has over {MAX_NAME_BYTES} bytes")
    return logs


def decide(
    logs: Mapping[str, VerifierKey], seen: Mapping[str, Seen], name: str, signers: Sequence[Signer], now: int, body: bytes
) -> Answer:
    """Return the cosigner's answer to the request `body`, given what it has `seen` (by origin) and the time `now`.

    The checks, in the order of their status: 400 unreadable · 404 unknown log · 403 not signed by the log · 400 the old size
    is beyond the new · 409 the old size is not the remembered one · 409 another root of the remembered size · 422 the proof
    leads elsewhere. The time of a cosignature never falls, even if the clock does: it says what was the newest checkpoint then.
    """
    if len(body) > MAX_REQUEST_BYTES:
        return _refusal(413, f"a request has at most {MAX_REQUEST_BYTES} bytes")
    try:
        request = parse_request(body)
        head = parse_checkpoint(parse_note(request.note).text)
    except (CosigningError, NoteError, CheckpointError) as error:
        return _refusal(400, str(error))
    if head.origin not in logs:
        return _refusal(404, f"the log {head.origin} is not known here")
    try:
        open_checkpoint(request.note, logs[head.origin])
    except (SignatureError, CheckpointError, NoteError) as error:
        return _refusal(403, str(error))
    before = seen.get(head.origin)
    refused = _refuse_history(request, head, before)
    if refused is not None:
        return refused
    time = now if before is None else max(now, before.time)
    lines = [format_line(cosign_checkpoint(request.note, name, signer, time)) for signer in signers]
    return Answer(200, "".join(lines).encode(), seen=Seen(head.origin, head.root, head.size, time))


def _refuse_history(request: Request, head: Checkpoint, before: Seen | None) -> Answer | None:
    remembered = 0 if before is None else before.size
    if request.old > head.size:
        return _refusal(400, f"the old size {request.old} is beyond the checkpoint's {head.size}")
    conflict = Answer(409, f"{remembered}\n".encode(), SIZE_TYPE)
    if request.old != remembered:
        return conflict
    if before is not None and head.size == before.size and head.root != before.root:
        return conflict
    try:
        old_root = EMPTY_ROOT if before is None else before.root
        verify_consistency(remembered, old_root, head.size, head.root, request.proof)
    except TreeError as error:
        return _refusal(422, f"not a continuation of the {remembered} entries seen before: {error}")
    return None


def _refusal(status: int, words: str) -> Answer:
    return Answer(status, f"{words}\n".encode())


def format_line(signature: NoteSignature) -> str:
    """Return one signature line, with its newline, as it stands under a note."""
    return format_note(Note("\n", (signature,))).decode().partition("\n\n")[2]


def parse_line(line: str) -> NoteSignature:
    """Return the signature of which `format_line` writes exactly `line`; NoteError otherwise."""
    signature = parse_note(b"\n\n" + line.encode("utf-8", "replace")).signatures[0]
    if format_line(signature) != line:
        raise NoteError(f"not one signature line: {line[:80]!r}")
    return signature


def read_size(body: bytes) -> int | None:
    """Return the size a 409 answer names, None if it is not one."""
    text, _, rest = body.decode("ascii", "replace").partition("\n")
    return int(text) if body.endswith(b"\n") and not rest and _is_size(text) and int(text) <= MAX_SIZE else None


def read_cosignature(note: bytes, body: bytes, key: VerifierKey) -> tuple[str, int]:
    """Return the line of a 200 answer that is by `key` and verifies over `note`, and its time; lines of other keys are ignored.

    Raises CosigningError, or what parsing and verifying raise, if there is none or a line by `key` is bad.
    """
    text = parse_note(note).text
    try:
        answered = parse_note(text.encode() + b"\n" + body)
    except NoteError as error:
        raise CosigningError(f"the answer is not signature lines: {error}") from error
    if answered.text != text:
        raise CosigningError("the answer is not signature lines")
    time = open_note(answered, (key,)).verified[0].time
    assert time is not None
    handle = (key.name, key_hash(key.name, key.kind, key.public_key))
    line = next(line for line in answered.signatures if (line.name, line.key_hash) == handle)
    return format_line(line), time
