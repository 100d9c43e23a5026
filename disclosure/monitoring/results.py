"""Results and what is said of them later: the chain of revisions, what is overdue, what was redacted (findings 17 to 22)."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from disclosure.document import Contest, Correction, InspectionResult, Withdrawal
from disclosure.monitoring.archive import Archive
from disclosure.monitoring.finding import Finding
from disclosure.monitoring.record import Draw, Entry, day_of
from disclosure.standing import ResultRevision, standing_of
from selection.errors import SelectionError
from selection.transcript import parse_transcript

__all__ = ["Results"]

CODES = {"doubled": "two-revisions", "superseded": "revision-unlinked", "subject": "revision-unlinked",
         "gap": "revision-gap", "beginning": "revision-gap", "time": "time-claimed"}  # fmt: skip


REVISIONS = ("inspection-result/v1", "correction/v1", "contest/v1", "withdrawal/v1")


class Results:
    """The revisions of every result, without what was found: of each only what links it to the others."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._chains: defaultdict[str, list[tuple[Entry, ResultRevision]]] = defaultdict(list)
        self._with_result: defaultdict[str, set[str]] = defaultdict(set)

    def observe(self, draw: Draw, entry: Entry) -> Iterator[Finding]:
        """Note a revision; yield if it is not of the draw and target that its id says."""
        chain = self._chains[entry.leaf.id if entry.document is None else entry.document.id] if entry.kind in REVISIONS else []
        match entry.document:
            case InspectionResult() | Correction() | Contest() | Withdrawal() as revision:
                header = _header(revision)
            case None if entry.kind in REVISIONS:
                header = _stand_in(draw, entry, chain[-1][1].issued_at if chain else "")
            case _:
                return
        if (header.id, header.draw) != (f"{draw.id}.{header.target}", draw.id):
            yield entry.finding(
                "leaf-mismatch", draw.id, f"编号 {header.id}、批次 {header.draw} 与计划的批次 {draw.id} 不符",
                f"its id {header.id} and draw {header.draw} are not those of the plan it names, {draw.id}",
            )  # fmt: skip
        self._with_result[draw.s].add(header.target)
        chain.append((msgspec.structs.replace(entry, document=None), header))

    def finish(self) -> Iterator[Finding]:
        """Yield every fault of every chain."""
        for id, chain in self._chains.items():
            for fault in standing_of([(entry.sha256, revision) for entry, revision in chain]).faults:
                entry, revision = chain[fault.place]
                yield entry.finding(CODES[fault.code], revision.draw, f"{id}：{fault.zh}", f"{id}: {fault.en}")

    def outstanding(self, draw: Draw, now: str, days: int) -> tuple[list[Finding], bool]:
        """Return the targets of a shown draw whose result is overdue, and whether none at all is outstanding."""
        if draw.plan is None or draw.void is not None or draw.result is None or draw.plan.teams_of is not UNSET:
            return [], False  # a plan for teams alone has no results: they are those of the draw of its targets
        data = self._archive.blob(draw.result, draw.id)
        try:
            drawn = None if data is None else {target.id for target in parse_transcript(data).targets}
        except SelectionError as error:
            self._archive.miss(draw.id, f"抽取结果无法读取：{error}", f"the result cannot be read: {error}")
            drawn = None
        if drawn is None:
            return [], False
        missing = sorted(((drawn | draw.successors) - draw.ended) - self._with_result[draw.s])
        last = _last_visit(draw)
        if day_of(now) <= day_of(last) + days:
            return [], not missing
        return [
            draw.entry.finding(
                "result-overdue", draw.id, f"{target} 的检查结果在检查期末日 {last} 之后 {days} 天仍未公开",
                f"no result of {target} is published {days} days after the last day of visits, {last}",
            )
            for target in missing
        ], not missing


def _last_visit(draw: Draw) -> str:
    """Return the last day of visits: where teams were drawn later, that of the latest plan that drew them."""
    waiting, last, seen = [draw], "", set[str]()
    while waiting:
        step = waiting.pop()
        if step.s in seen or step.plan is None or step.void is not None:
            continue
        seen.add(step.s)
        last = max(last, step.plan.visits.to)
        waiting += step.teams
    return last


def _stand_in(draw: Draw, entry: Entry, issued_at: str) -> ResultRevision:
    """Return the link that a revision is in its chain, as its leaf alone tells it: the document is not served."""
    leaf = entry.leaf
    shared: dict[str, Any] = {
        "_sd": (), "_sd_alg": "sha-256", "actors": (), "draw": draw.id, "id": leaf.id, "issued_at": issued_at, "legal_basis": (),
        "nonce": "", "plan": draw.s, "rev": leaf.rev, "sections": (), "supersedes": leaf.supersedes, "target": leaf.id.partition(".")[2],
    }  # fmt: skip
    if leaf.type == "inspection-result/v1":
        return InspectionResult(findings=(), inspected_on="", result="NOT_DISCLOSED", status="in_force", **shared)
    return Withdrawal(reason="", requested_by="court", **shared)


def _header(revision: ResultRevision) -> ResultRevision:
    """Return the revision without its content."""
    bare = msgspec.structs.replace(revision, actors=(), _sd=())
    if isinstance(bare, InspectionResult | Correction):
        bare = msgspec.structs.replace(bare, findings=(), legal_basis=())
    return bare


