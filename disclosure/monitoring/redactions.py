"""Redactions: what they name is there, and is served no longer (findings 21 and 22)."""

from collections import defaultdict
from collections.abc import Iterator

from disclosure.document import Redaction, parse_document
from disclosure.envelope import payload_bytes
from disclosure.errors import DisclosureError
from disclosure.monitoring.archive import Archive, Unavailable
from disclosure.monitoring.finding import Finding
from disclosure.monitoring.record import Draw, Entry
from disclosure.person import digest
from disclosure.result import Revision
from selection.errors import SelectionError
from selection.plan import Dice, Plan, Witness
from selection.pool import parse_people

__all__ = ["Redactions"]


class Redactions:
    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._gone: defaultdict[str, dict[str, tuple[Entry, str]]] = defaultdict(dict)  # file → digest → who redacted it

    def observe(self, draw: Draw, entry: Entry) -> Iterator[Finding]:
        """Note a redaction; yield the digests that the document it names does not hold."""
        redaction = entry.document
        if not isinstance(redaction, Redaction):
            return
        name = redaction.document
        for path in (f"doc/{name}.sd.json", f"doc/{name}.proof.json", f"draws/{draw.id}/{draw.id}.bundle.json"):
            self._gone[path].update(dict.fromkeys(redaction.digests, (entry, draw.id)))
        held = self._digests(draw, name)
        for text in redaction.digests:
            if held is not None and text not in held:
                yield entry.finding(
                    "redaction-of-nothing", draw.id, f"文书 {name} 中没有摘要 {text}",
                    f"the digest {text} does not stand in the document {name} of this draw",
                )  # fmt: skip

    def finish(self) -> Iterator[Finding]:
        """Yield every file that still shows what was redacted."""
        for path, gone in self._gone.items():
            subject = next(iter(gone.values()))[1]
            for text in self._archive.disclosures(path, subject):
                found = gone.get(digest(text)) if text.isascii() else None
                if found is not None:
                    entry, draw = found
                    yield entry.finding(
                        "redacted-still-served", draw, f"{path} 仍在公开已隐去的内容（摘要 {digest(text)}）",
                        f"{path} still shows what was redacted (digest {digest(text)})",
                    )  # fmt: skip

    def _digests(self, draw: Draw, name: str) -> set[str] | None:
        """Return the digests that a document of `draw` holds, none if it is not one; None if that could not be looked at."""
        if name == draw.s:
            return self._of_plan(draw)
        try:
            envelope = self._archive.envelope(name, draw.id)
            if envelope is None:
                self._archive.miss(draw.id, f"被隐去的文书 {name} 没有公布", f"the redacted document {name} is not served")
                return None
            document = parse_document(payload_bytes(envelope))
        except Unavailable:
            return None
        except DisclosureError:
            return set()
        return set(document.digests) if isinstance(document, Revision) and document.plan == draw.s else set()

    def _of_plan(self, draw: Draw) -> set[str] | None:
        data = None if draw.plan is None else self._archive.blob(draw.plan.blobs.people.sha256, draw.id)
        if draw.plan is None or data is None:
            return None
        try:
            people = parse_people(data)
        except SelectionError as error:
            self._archive.miss(draw.id, f"人员名单无法读取：{error}", f"the list `people` cannot be read: {error}")
            return None
        return {person.digest for person in people} | _of_contributors(draw.plan)


def _of_contributors(plan: Plan) -> set[str]:
    witnesses = {c.person for c in plan.contributors if isinstance(c, Witness)}
    return witnesses | {t.person for c in plan.contributors if isinstance(c, Dice) for t in c.throwers}
