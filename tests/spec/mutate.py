"""Seeded mutations of bundles: plain edits by anyone who holds the file, lies the bureau signs and logs."""

import base64
import copy
import json
import random

from bureau import QUORUM_TIME, Bureau, Frozen, freeze, testing_only_signer
from bureau_teams import freeze_teams
from lies import LIES
from msgspec.structs import replace

from disclosure.blob import refer
from disclosure.document import DrawOpening, DrawOutcome, ResultReference, parse_document
from disclosure.errors import DisclosureError
from selection.canonical import CanonicalError, format_canonical
from selection.errors import SelectionError
from selection.keys import digest_of
from selection.plan import parse_plan

SEEDS = 100  # from 60 on bundles have every kind of quota and pool rules, or draw teams alone, with up to twelve events


def frozen(seed: int, **wishes) -> Frozen:
    """A lawful plan; `wishes` (sealed) are kept where such a plan can keep them."""
    if seed < 60:
        return freeze(seed, **wishes)
    if seed % 2:
        return freeze_teams(seed, "expert" if seed % 4 == 1 else "inspector")
    return freeze(seed, kinds=True, narrow=seed % 4 == 0, **wishes)


def valid(seed: int) -> bytes:
    """A bundle with nothing wrong in it: one to three sections, sealed or not, opened or not, some events."""
    opening, events = seed % 5 != 0, seed % 4 if seed < 60 else seed % 13
    return Bureau(
        frozen(seed), events=events, opening=opening, quorum_time=None if seed % 3 == 2 else QUORUM_TIME
    ).bundle()


def places(value, path=()):
    """Every path to a value inside a JSON value."""
    yield path
    if isinstance(value, dict):
        for name, child in value.items():
            yield from places(child, (*path, name))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from places(child, (*path, number))


def changed(r: random.Random, value):
    """Another value a person might put in its place."""
    if isinstance(value, bool):
        return r.choice([not value, int(value), None])
    if isinstance(value, int):
        return r.choice([value + 1, value - 1, 0, -value - 1, 2**53 - 1, str(value)])
    if value is None:
        return r.choice([0, "", "x", [], "0" * 64, "2026-12-01T00:00:00Z"])
    if isinstance(value, str):
        at = r.randrange(len(value) + 1)
        return r.choice(
            [
                value[:at] + r.choice("0aA-9 \n中\x7f/+") + value[at + 1 :],
                value[:at] + value[at + 1 :],
                value + r.choice("0a=\n"),
                "",
                value.swapcase(),
                value[::-1],
                None,
                value.replace("2026", "2027"),
                value.replace("1", "2", 1),
            ]
        )
    if isinstance(value, list):
        new = copy.deepcopy(value)
        if not new:
            return r.choice([["x"], None, [0], {}])
        at = r.randrange(len(new))
        action = r.randrange(5)
        if action == 0:
            del new[at]
        elif action == 1:
            new.insert(at, copy.deepcopy(r.choice(new)))
        elif action == 2:
            new.reverse()
        elif action == 3:
            r.shuffle(new)
        else:
            new = new[:at]
        return new
    new = copy.deepcopy(value)
    name = r.choice(sorted(new) or [""])
    action = r.randrange(3)
    if action == 0:
        new.pop(name, None)
    elif action == 1:
        new["further"] = 0
    else:
        new[name] = changed(r, new.get(name))
    return new


def edit(r: random.Random, value, keep=()):
    """The JSON value with one place in it changed, or whatever lies under the path `keep`."""
    new = copy.deepcopy(value)
    *path, last = (*keep, *r.choice([p for p in places(_at(new, keep)) if p]))
    parent = _at(new, path)
    parent[last] = changed(r, parent[last])
    return new


def _at(value, path):
    for step in path:
        value = value[step]
    return value


def byte(r: random.Random, data: bytes) -> bytes:
    at = r.randrange(len(data))
    return (
        data[:at]
        + r.choice([b"", bytes([r.randrange(256)]), data[at : at + 1] * 2, b"0", b" "])
        + data[at + 1 :]
    )


def member(r: random.Random, data: bytes) -> bytes:
    return format_canonical(edit(r, json.loads(data)))


def payload(r: random.Random, data: bytes) -> bytes:
    """One member of one document changed, the signatures left as they are."""
    bundle = json.loads(data)
    envelope = r.choice(bundle["documents"])["dsse"]
    document = edit(r, json.loads(base64.b64decode(envelope["payload"])))
    envelope["payload"] = base64.b64encode(format_canonical(document)).decode()
    return format_canonical(bundle)


def note(r: random.Random, data: bytes) -> bytes:
    bundle = json.loads(data)
    which = r.choice("ab")
    lines = bundle["checkpoints"][which].split("\n")
    at = r.randrange(len(lines))
    lines[at] = r.choice([changed(r, lines[at]) or "", lines[at - 1], ""])
    bundle["checkpoints"][which] = "\n".join(
        r.choice([lines, lines[:at] + lines[at + 1 :], [*lines[:at], *lines[at - 1 :]]])
    )
    return format_canonical(bundle)


def blob(r: random.Random, data: bytes) -> bytes:
    """A list changed; its name in the bundle kept, or made that of the new content."""
    bundle = json.loads(data)
    name = r.choice([n for n, text in bundle["blobs"].items() if text])
    text = bundle["blobs"].pop(name)
    lines = text.split("\n")
    at = r.randrange(len(lines))
    lines[at] = changed(r, lines[at]) or ""
    text = "\n".join(lines)
    bundle["blobs"][name if r.random() < 0.5 else digest_of(text.encode())] = text
    return format_canonical(bundle)


def parts(r: random.Random, data: bytes) -> bytes:
    """Whole parts moved about: documents swapped, proofs exchanged, names added or doubled."""
    bundle = json.loads(data)
    documents = bundle["documents"]
    a, b = r.choice(documents), r.choice(documents)
    name = r.choice(["dsse", "index", "leaf", "proof"])
    a[name], b[name] = b[name], a[name]
    if r.random() < 0.3:
        documents.remove(r.choice(documents))
    if r.random() < 0.2:
        bundle["disclosures"] = bundle["disclosures"][1:] or ["eyJ4"]
    return format_canonical(bundle)


PLAIN = (byte, member, payload, payload, note, blob, parts)


def plain_edit(seed: int) -> tuple[str, bytes]:
    r = random.Random(f"plain {seed}")
    kind = PLAIN[seed % len(PLAIN)]
    for _ in range(100):
        data = valid(r.randrange(SEEDS))
        try:
            mutated = kind(r, data)
        except (CanonicalError, IndexError):
            continue
        if mutated != data:
            return kind.__name__, mutated
    raise AssertionError(kind)


def _bureau(r: random.Random, **wishes) -> Bureau:
    sealed = r.random() < 0.3
    return Bureau(
        frozen(r.randrange(SEEDS), sealed=sealed, **wishes), r.randrange(3), r.random() < 0.9, QUORUM_TIME
    )


def _sign_as_best_we_can(bureau: Bureau) -> Bureau:
    """Where the rules do not say who signs, the lead does."""
    true = bureau.signers

    def signers(document):
        try:
            return true(document)
        except (DisclosureError, KeyError):
            return [testing_only_signer("section-lead")]

    bureau.signers = signers
    return bureau


def plan_lie(r: random.Random) -> bytes:
    """Another plan, frozen, drawn, signed and logged in every respect as the true one."""
    made = frozen(r.randrange(SEEDS), sealed=r.random() < 0.3)
    wrong = edit(r, json.loads(format_canonical(made.plan)))
    made.plan = parse_plan(format_canonical(wrong))
    return _sign_as_best_we_can(Bureau(made, r.randrange(3), True, QUORUM_TIME)).bundle()


def result_lie(r: random.Random) -> bytes:
    """Another result, signed and logged as the outcome, or opened."""
    bureau = _bureau(r)
    wrong = edit(r, json.loads(bureau.result))
    bureau.result = format_canonical(wrong)
    reference = ResultReference(digest_of(bureau.result), len(bureau.result))
    bureau.later = [
        replace(d, result=reference) if isinstance(d, DrawOutcome | DrawOpening) else d for d in bureau.later
    ]
    bureau.relink()
    return bureau.bundle()


def opened_lie(r: random.Random) -> bytes:
    bureau = _bureau(r)
    lines = bureau.opened_blob.decode().split("\n")
    at = r.randrange(len(lines))
    lines[at] = changed(r, lines[at]) or ""
    bureau.opened_blob = "\n".join(lines).encode()
    reference = refer(bureau.opened_blob)
    bureau.later = [
        replace(d, opened=reference) if isinstance(d, DrawOutcome | DrawOpening) else d for d in bureau.later
    ]
    bureau.relink()
    return bureau.bundle()


def document_lie(r: random.Random) -> bytes:
    """One member of a contribution, outcome, event or opening changed before it is signed and logged."""
    bureau = _sign_as_best_we_can(_bureau(r))
    shelf = r.choice([s for s in (bureau.before[1:], bureau.after, bureau.later, bureau.later) if s])
    document = r.choice(shelf)
    wrong = parse_document(format_canonical(edit(r, json.loads(format_canonical(document)))))
    for shelf in (bureau.before, bureau.after, bureau.later):
        shelf[:] = [wrong if d is document else d for d in shelf]
    if wrong is bureau.later[0]:
        bureau.relink()
    return bureau.bundle()


def order_lie(r: random.Random) -> bytes:
    """The documents logged in another order, doubled or left out."""
    bureau = _bureau(r)
    shelves = [bureau.before, bureau.after, bureau.later]
    source, target = r.choice([s for s in shelves if s]), r.choice(shelves)
    document = r.choice(source[1:] if source is bureau.before and len(source) > 1 else source)
    if document is bureau.before[0]:
        return bureau.bundle()
    if r.random() < 0.8:
        source.remove(document)
    if r.random() < 0.8:
        target.insert(r.randint(1 if target is bureau.before else 0, len(target)), document)
    return bureau.bundle()


def list_lie(r: random.Random) -> bytes:
    """Another list, to which the plan refers properly; the draw is that of the true lists."""
    made = frozen(r.randrange(SEEDS), sealed=False)
    name = r.choice(["pool", "people", "mandatory", "excluded", "apart", "conflicts"])
    lines = made.blobs[name].decode().split("\n")
    at = r.randrange(len(lines))
    lines[at] = changed(r, lines[at]) or ""
    made.blobs[name] = "\n".join(lines).encode()
    made.plan = replace(made.plan, blobs=replace(made.plan.blobs, **{name: refer(made.blobs[name])}))
    return Bureau(made, r.randrange(2), True, QUORUM_TIME).bundle()


def former_lie(r: random.Random) -> bytes:
    """Another former result, which a plan for teams alone names properly."""
    made = frozen(r.randrange(61, SEEDS, 2))
    data = format_canonical(edit(r, json.loads(made.blobs["former"]))) if r.random() < 0.8 else byte(r, made.blobs["former"])
    made.blobs["former"] = data.decode().encode()
    made.plan = replace(made.plan, teams_of=replace(made.plan.teams_of, result=digest_of(data)))
    return Bureau(made, 0, True, QUORUM_TIME).bundle()


def known_lie(r: random.Random) -> bytes:
    return LIES[r.choice(sorted(LIES))].tell(r.randrange(1, 9))


SIGNED = (
    plan_lie,
    plan_lie,
    result_lie,
    opened_lie,
    document_lie,
    document_lie,
    order_lie,
    list_lie,
    former_lie,
    known_lie,
)


def signed_lie(seed: int) -> tuple[str, bytes]:
    r = random.Random(f"signed {seed}")
    kind = SIGNED[seed % len(SIGNED)]
    for _ in range(100):
        try:
            return kind.__name__, kind(r)
        except (
            CanonicalError,
            DisclosureError,
            SelectionError,
            LookupError,
            StopIteration,
            ValueError,
            TypeError,
        ):
            continue  # the edit left nothing that could be drawn, signed or written
    raise AssertionError(kind)
