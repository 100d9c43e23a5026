"""The chain of a result's revisions: what stands after each, and that every break of the chain is named where it is."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.document import format_document
from disclosure.result import Contest, Correction, InspectionResult, Withdrawal
from disclosure.standing import ResultRevision, standing_of
from selection.keys import digest_of

COMMON = {
    "_sd": (), "_sd_alg": "sha-256", "actors": (), "draw": "yunzhou-2026-1-1", "id": "yunzhou-2026-1-1.a", "nonce": "A" * 22,
    "plan": "0" * 64, "sections": ("lead",), "target": "a",
}  # fmt: skip
FOUND = {"findings": (), "inspected_on": "2026-11-20", "legal_basis": ("法",), "result": "NO_PROBLEM"}
DIGEST = "A" * 43


def make(kind: type, rev: int, before: str | None, **changed) -> ResultRevision:
    members = {**COMMON, "issued_at": f"2026-11-{20 + rev:02d}T00:00:00Z", "rev": rev, "supersedes": before}
    match kind.__name__:
        case "InspectionResult":
            members |= {**FOUND, "status": "in_force", "supersedes": None}
        case "Correction":
            members |= {**FOUND, "status": "corrected", "reason": "理由", "requested_by": "subject"}
        case "Contest":
            members |= {"received_at": "2026-11-20T00:00:00Z", "_sd": (DIGEST,)}
        case "Withdrawal":
            members |= {"legal_basis": ("法",), "reason": "理由", "requested_by": "court"}
    return kind(**{**members, **changed})


def chain(*kinds: type) -> list[tuple[str, ResultRevision]]:
    made: list[tuple[str, ResultRevision]] = []
    for rev, kind in enumerate((InspectionResult, *kinds), 1):
        made.append(named(make(kind, rev, made[-1][0] if made else None)))
    return made


def named(document: ResultRevision) -> tuple[str, ResultRevision]:
    return digest_of(format_document(document)), document


@given(st.lists(st.sampled_from((Correction, Contest, Withdrawal)), max_size=8))
def test_a_whole_chain_has_no_faults_and_the_newest_revision_gives_the_status(kinds) -> None:
    made = chain(*kinds)
    standing = standing_of(made)
    assert standing.faults == ()
    founds = [n for n, (_, d) in enumerate(made) if isinstance(d, InspectionResult | Correction)]
    assert standing.place == founds[-1]
    assert standing.found == made[founds[-1]][1]
    last = made[-1][1]
    words = {Contest: "contested", Withdrawal: "withdrawn", Correction: "corrected", InspectionResult: "in_force"}
    assert standing.status == words[type(last)]


def test_nothing_stands_where_there_is_no_result() -> None:
    assert standing_of([]) == msgspec.structs.replace(standing_of([]), found=None, place=None, status=None, faults=())
    alone = standing_of([named(make(Contest, 2, "1" * 64))])
    assert (alone.found, alone.status) == (None, None)
    assert [fault.code for fault in alone.faults] == ["beginning", "gap"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"rev": 4}, "gap"), ({"rev": 2}, "doubled"), ({"supersedes": "1" * 64}, "superseded"), ({"target": "b"}, "subject"),
        ({"draw": "yunzhou-2026-2-1"}, "subject"), ({"plan": "1" * 64}, "subject"), ({"id": "yunzhou-2026-1-1.b"}, "subject"),
        ({"issued_at": "2026-11-01T00:00:00Z"}, "time"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [Correction, Contest, Withdrawal])
def test_every_break_is_named_at_its_place(kind, changed, code) -> None:
    changed = dict(changed)
    made = chain(Contest)
    made.append(named(make(kind, changed.pop("rev", 3), made[-1][0], **changed)))
    faults = standing_of(made).faults
    assert [(fault.code, fault.place, fault.sha256) for fault in faults] == [(code, 2, made[2][0])]
    assert faults[0].zh
    assert faults[0].en


def test_a_second_first_result_is_a_fault_and_a_missing_revision_is_seen_by_number_and_by_name() -> None:
    made = chain(Correction)
    again = [*made, named(make(InspectionResult, 3, None, nonce="B" * 21 + "A"))]
    assert [fault.code for fault in standing_of(again).faults] == ["beginning", "superseded"]
    withheld = chain(Contest, Correction)
    del withheld[1]
    assert [fault.code for fault in standing_of(withheld).faults] == ["gap", "superseded"]


def test_two_revisions_of_one_number_are_told_apart() -> None:
    made = chain(Correction)
    fork = named(make(Withdrawal, 2, made[0][0]))
    faults = standing_of([*made, fork]).faults
    assert [fault.code for fault in faults] == ["doubled", "superseded"]
    assert made[1][0] in faults[0].en
