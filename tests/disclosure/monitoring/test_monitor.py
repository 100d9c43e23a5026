"""Each finding in a log that has exactly that defect; and none of them in a log that has none."""

from pathlib import Path

import bureau
import msgspec
import pytest
from story import (
    AUTHORITIES,
    DRAWN,
    NAMES,
    NEWER,
    NOW,
    ORIGIN,
    PLAN,
    RESERVE,
    RESULT,
    SEALED,
    Story,
    authority,
    contest,
    correction,
    dice,
    founded,
    key_event,
    lawful,
    opening,
    outcome,
    plan_of,
    redaction,
    replaced,
    result,
    sha,
    shard,
    tell_draw,
    void,
)

from disclosure.blob import refer
from disclosure.errors import DisclosureError, TileError
from disclosure.keys import key_id
from disclosure.monitoring import KINDS, NOT_LOOKED_AT, Unavailable, monitor
from disclosure.person import digest, make_disclosure
from disclosure.policy import parse_policy
from selection.canonical import format_canonical
from selection.keys import digest_of
from selection.plan import Former, plan_digest
from selection.pool import Listed, format_listed

LATER = "2027-03-01T00:00:00Z"


def test_a_lawful_year_shows_nothing():
    report = lawful().report()
    assert report.findings == ()
    assert [state for *_, state in report.draws] == ["done", "void", "done", "done"]
    assert report.logs == ((ORIGIN, len(lawful().told)),)
    assert lawful().codes(LATER) == []


def one_draw(**how):
    story = founded()
    plan = tell_draw(story, plan_of(1), **how)
    return story, plan


# Plans


def number_missing():
    story, one = one_draw()
    tell_draw(story, plan_of(4, previous=plan_digest(one)), at="2026-11-23T03:00:00Z")
    return story.sorted()


def attempt_missing():
    story, one = one_draw()
    tell_draw(story, plan_of(2, 2, previous=plan_digest(one)), at="2026-11-23T03:00:00Z")
    return story.sorted()


def number_doubled():
    story, one = one_draw()
    tell_draw(story, plan_of(1, previous=plan_digest(one), task=plan_of(2).task), results=False, at="2026-11-23T03:00:00Z")
    return story.sorted()


def logged_twice():
    story, one = one_draw()
    story.tell("2026-11-23T03:00:00Z", one)
    return story.sorted()


def attempt_unvoided():
    story, one = one_draw()
    task = msgspec.structs.replace(one.task, id="other")
    tell_draw(story, plan_of(1, 2, previous=plan_digest(one), task=task), at="2026-11-23T03:00:00Z")
    return story.sorted()


def chain_broken(previous):
    story, _ = one_draw()
    tell_draw(story, plan_of(2, previous=previous), at="2026-11-23T03:00:00Z")
    return story.sorted()


def two_unfinished():
    story, one = one_draw()
    tell_draw(story, plan_of(2, previous=plan_digest(one), task=one.task), at="2026-11-23T03:00:00Z")
    return story.sorted()


def rehearsal():
    story = founded()
    tell_draw(story, plan_of(1, rehearsal=True))
    return story


def teams_alone(result=None, plan=None, excluded=(), voided=False, again=False, ended=True):
    """A draw whose target DRAWN[0] was replaced, and a plan that draws teams for the others."""
    story, one = one_draw()
    if ended:
        story.tell("2026-11-25T02:00:00Z", replaced(one, DRAWN[0]))
    blob = format_listed([Listed(target, "ended") for target in sorted(excluded)])
    story.extra[f"blob/{digest_of(blob)}"] = blob
    former = Former(draw=one.id, plan=plan or plan_digest(one), result=result or digest_of(RESULT))
    changes = {
        "teams_of": former, "blobs": msgspec.structs.replace(PLAN.blobs, excluded=refer(blob)), "task": one.task,
        "frozen_at": "2026-11-26T00:00:00Z", "instant": "2026-11-27T00:00:00Z",
    }  # fmt: skip
    two = story.tell("2026-11-26T00:00:00Z", plan_of(2, previous=plan_digest(one), **changes))
    if voided:
        story.tell("2026-11-26T01:00:00Z", void(two, "2026-11-26T01:00:00Z"))
        two = story.tell("2026-11-26T02:00:00Z", plan_of(2, 2, previous=plan_digest(two), **changes))
    story.tell("2026-11-27T01:00:00Z", outcome(two, "2026-11-27T01:00:00Z"))
    if again:
        three = story.tell("2026-11-27T02:00:00Z", plan_of(3, previous=plan_digest(two), **changes | {"instant": "2026-11-28T00:00:00Z"}))
        story.tell("2026-11-28T01:00:00Z", outcome(three, "2026-11-28T01:00:00Z"))
    return story.sorted()


PLANS = [
    ("number-missing", number_missing()),
    ("number-missing", attempt_missing()),
    ("number-doubled", number_doubled()),
    ("number-doubled", logged_twice()),
    ("attempt-unvoided", attempt_unvoided()),
    ("chain-broken", chain_broken(None)),
    ("chain-broken", chain_broken("a" * 64)),
    ("two-unfinished", two_unfinished()),
    ("rehearsal-logged", rehearsal()),
    ("former-wrong", teams_alone(result="b" * 64)),
    ("former-wrong", teams_alone(plan="c" * 64)),
    ("former-wrong", teams_alone(excluded=[DRAWN[1]])),
    ("former-wrong", teams_alone(excluded=[DRAWN[0]], ended=False)),
    ("former-wrong", teams_alone(again=True)),
]


@pytest.mark.parametrize(("code", "story"), PLANS, ids=[f"{code}-{n}" for n, (code, _) in enumerate(PLANS)])
def test_plans_among_one_another(code, story):
    assert story.codes() == [code]


@pytest.mark.parametrize("story", [teams_alone(), teams_alone(excluded=[DRAWN[0]]), teams_alone(voided=True)])
def test_teams_may_be_drawn_later(story):
    assert story.codes() == []


def test_a_missing_number_is_named():
    (finding,) = number_missing().report().findings
    assert "2–3" in finding.zh and finding.subject == "yunzhou-2026-4-1"


def test_numbers_are_known_where_the_plan_is_not_served():
    """A plan that was withdrawn still has its number and its place; what follows it is not lost."""
    story = number_missing()
    story.told[story.place("draw-plan/v1", 1)].served = False
    # The plan's documents name it by S, which the leaf tells.
    assert story.codes() == ["number-missing", "document-absent"]


# What follows a plan


def with_extra(at, make, **how):
    story, one = one_draw(**how)
    story.tell(at, make(one))
    return story.sorted()


def moved(story, kind, at):
    """Log the document of a kind at another time than it should be."""
    story.told[story.place(kind)].at = at
    return story.sorted()


def voided_twice():
    story, one = one_draw(until="contribution/v1")
    story.tell("2026-11-23T05:00:00Z", void(one))
    story.tell("2026-11-23T06:00:00Z", void(one, "2026-11-23T06:00:00Z"))
    return story


def opened_twice():
    story = founded()
    plan = tell_draw(story, plan_of(1, sealed=SEALED))
    story.tell("2026-12-05T02:00:00Z", opening(plan, "2026-12-05T02:00:00Z"))
    return story


STEPS = [
    (["outcome-doubled"], with_extra("2026-11-24T03:00:00Z", lambda p: outcome(p, "2026-11-24T02:59:00Z"))),
    (["out-of-order", "outcome-and-void"], with_extra("2026-11-24T01:59:00Z", void)),
    (["outcome-and-void", "void-after-instant"], with_extra("2026-11-25T01:59:00Z", void)),
    (["void-after-instant"], with_extra("2026-11-24T02:00:00Z", void, until="contribution/v1")),
    (["document-doubled"], with_extra("2026-11-24T02:03:30Z", lambda p: msgspec.structs.replace(dice(p), line="dice:" + "7" * 60))),
    (["document-doubled"], voided_twice()),
    (["document-doubled"], opened_twice()),
    (["out-of-order"], with_extra("2026-11-24T02:30:00Z", lambda p: dice(p, "other"))),
    (["out-of-order"], with_extra("2026-11-24T02:05:00Z", lambda p: result(p, RESERVE, inspected_on="2026-11-24", issued_at="2026-11-24T02:05:00Z"))),
    (["out-of-order"], with_extra("2026-11-25T02:05:00Z", lambda p: replaced(p, RESERVE, sequence=2))),
    (["out-of-order"], with_extra("2026-12-01T02:05:00Z", opening)),
    (["plan-unknown"], with_extra("2026-11-24T02:05:00Z", lambda p: dice(plan_of(7)))),
]  # fmt: skip


@pytest.mark.parametrize(("codes", "story"), STEPS, ids=[f"{'-'.join(codes)}-{n}" for n, (codes, _) in enumerate(STEPS)])
def test_steps_of_a_draw(codes, story):
    assert sorted(story.codes()) == sorted(codes)


def test_a_plan_logged_after_its_documents():
    story, _ = one_draw(results=False)
    story.told[1], story.told[2] = story.told[2], story.told[1]
    assert "plan-unknown" in story.codes()


def test_unfinished_a_day_after_the_instant():
    story, _ = one_draw(until="draw-outcome/v1")
    assert story.codes("2026-11-25T01:59:59Z") == []
    assert story.report("2026-11-25T01:59:59Z").draws[0][2] == "running"
    assert story.codes("2026-11-25T02:00:00Z") == ["unfinished-late"]
    assert story.report("2026-11-25T02:00:00Z").draws[0][2] == "late"


def test_finished_late_stays_a_finding():
    story, _ = one_draw(results=False)
    assert moved(story, "draw-outcome/v1", "2026-11-25T03:00:00Z").codes() == ["unfinished-late"]
    assert story.report().draws[0][2] == "drawn"


def test_a_sealed_draw_past_its_date():
    story = founded()
    tell_draw(story, plan_of(1, sealed=SEALED), until="draw-opening/v1")
    assert story.codes("2026-12-01T23:59:59Z") == []
    assert story.report("2026-12-01T23:59:59Z").draws[0][2] == "sealed"
    assert story.codes("2026-12-02T00:00:00Z") == ["sealed-late"]
    tell = story.tell("2026-12-03T00:00:00Z", opening(plan_of(1, sealed=SEALED)))
    assert tell and story.codes() == ["sealed-late"]


def test_results_and_events_of_a_sealed_draw_wait_for_the_opening():
    story = founded()
    plan = tell_draw(story, plan_of(1, sealed=SEALED), until="draw-opening/v1")
    story.tell("2026-11-25T00:00:00Z", result(plan, DRAWN[0], inspected_on="2026-11-25", issued_at="2026-11-25T00:00:00Z"))
    story.tell("2026-11-25T01:00:00Z", replaced(plan, DRAWN[1]))
    assert story.codes("2026-11-26T00:00:00Z") == ["out-of-order", "out-of-order"]


# Results


def revisions(*make):
    story, one = one_draw()
    before = result(one, DRAWN[0])
    for at, step in enumerate(make):
        before = story.tell(f"2026-12-08T0{at}:00:00Z", step(one, before))
    return story


@pytest.mark.parametrize(
    ("codes", "story"),
    [
        ([], revisions(lambda p, b: correction(b), lambda p, b: contest(p, b, 3), lambda p, b: correction(result(p, DRAWN[0]), 4, sha(b)))),
        (["revision-gap"], revisions(lambda p, b: correction(b, 3))),
        (["revision-unlinked"], revisions(lambda p, b: correction(b, 2, "d" * 64))),
        (["two-revisions", "revision-unlinked"], revisions(lambda p, b: correction(b), lambda p, b: correction(result(p, DRAWN[0])))),
        (["two-revisions", "revision-unlinked", "revision-gap"], revisions(lambda p, b: result(p, DRAWN[0], inspected_on="2026-12-03"))),
    ],
)
def test_the_chain_of_revisions(codes, story):
    # A second correction of rev 2 made at the same time as the first: its own time is not earlier.
    assert [code for code in story.codes() if code != "time-claimed"] == codes


def test_a_result_that_is_overdue():
    story, one = one_draw(results=False)
    story.tell("2026-12-05T00:00:00Z", result(one, DRAWN[0]))
    assert story.codes("2027-01-19T23:59:59Z") == []  # visits end on 2026-12-20
    found = story.report("2027-01-20T00:00:00Z")
    assert [f.code for f in found.findings] == ["result-overdue"] * 2
    assert all(target in found.findings[n].zh for n, target in enumerate(DRAWN[1:]))
    assert found.draws[0][2] == "late"
    assert story.codes("2027-01-20T00:00:00Z", days=31) == []


def test_a_target_that_was_replaced_needs_no_result_and_its_successor_does():
    story, one = one_draw(results=False)
    event = replaced(one, DRAWN[0])
    successor = {"experts": (), "id": RESERVE, "inspectors": (), "items": (), "opened": None, "rank": 3, "ticket": "e" * 64}
    target_event = msgspec.convert(msgspec.to_builtins(event.event) | {"successor": successor}, type(event.event))
    story.tell("2026-11-25T02:00:00Z", msgspec.structs.replace(event, event=target_event))
    words = [f.zh for f in story.report(LATER).findings]
    assert [target for target in (*DRAWN, RESERVE) if any(target in word for word in words)] == [*DRAWN[1:], RESERVE]


def test_results_may_wait_for_teams_drawn_later():
    story = teams_alone()
    two = story.told[story.place("draw-plan/v1", 1)]
    two.document = msgspec.structs.replace(two.document, visits=msgspec.structs.replace(two.document.visits, to="2027-06-01"))
    story.told[story.place("draw-outcome/v1", 1)].document = outcome(two.document, "2026-11-27T01:00:00Z")
    story.told = [told for told in story.told if told.document.type != "inspection-result/v1"]
    assert story.codes(LATER) == []
    assert set(story.codes("2027-08-01T00:00:00Z")) == {"result-overdue"}


STATEMENT = make_disclosure(bytes(16), "subject", {"name": "甲公司"})


def redacted(**files):
    story, one = one_draw(results=False)
    found = story.tell("2026-12-05T00:00:00Z", result(one, DRAWN[0], digests=[digest(STATEMENT)]))
    story.tell("2026-12-09T00:00:00Z", redaction(one, sha(found), [digest(STATEMENT)]))
    story.tell("2026-12-09T00:00:00Z", redaction(one, plan_digest(one), [digest(NAMES[0])]))
    names = {"sd": f"doc/{sha(found)}.sd.json", "proof": f"doc/{sha(found)}.proof.json", "bundle": f"draws/{one.id}/{one.id}.bundle.json"}
    story.extra |= {names[name]: data for name, data in files.items()}
    return story


def shown(*texts):
    return format_canonical({"disclosures": list(texts), "more": 1})


def test_what_was_redacted_is_gone():
    assert redacted(sd=b"[]", proof=shown(), bundle=shown(NAMES[1])).codes() == []
    assert redacted().codes() == []


@pytest.mark.parametrize("files", [
    {"sd": format_canonical([STATEMENT])}, {"proof": shown(STATEMENT)}, {"bundle": shown(NAMES[1], NAMES[0])},
])  # fmt: skip
def test_what_was_redacted_is_still_served(files):
    (finding,) = redacted(**files).report().findings
    assert finding.code == "redacted-still-served"
    assert f"{next(iter(files))}.json" in finding.en


@pytest.mark.parametrize("document", ["a result", "the plan", "nothing", "another"])
def test_a_redaction_of_what_is_not_there(document):
    story, one = one_draw()
    names = {"a result": sha(result(one, DRAWN[0])), "the plan": plan_digest(one), "nothing": "f" * 64, "another": sha(outcome(one))}
    story.tell("2026-12-09T00:00:00Z", redaction(one, names[document], [digest(STATEMENT)]))
    expected = NOT_LOOKED_AT if document == "nothing" else "redaction-of-nothing"
    assert story.codes() == [expected]


# Keys


def revoked(at="2026-12-06T00:00:00Z", logged="2026-12-06T00:00:00Z", **how):
    story, one = one_draw(results=False)
    lists = (authority("section-lead", revoked_at=at), authority("standby"))
    after = key_event(story, 2, story.told[0].document, lists)
    story.tell(logged, after, author="standby")
    story.policy = story.policy_bytes(lists)
    return story, one


def test_a_key_used_after_its_revocation():
    story, one = revoked()
    story.tell("2026-12-05T23:00:00Z", result(one, DRAWN[0]))
    assert story.sorted().codes() == []
    story.tell("2026-12-07T00:00:00Z", result(one, DRAWN[1]))
    assert story.codes() == ["key-after-revocation"]


def test_a_time_set_back_gives_a_revoked_key_no_life():
    story, one = revoked()
    story.tell("2026-12-05T23:00:00Z", result(one, DRAWN[0]))  # logged after the event, claims to be from before
    assert story.codes() == ["key-after-revocation", "time-backwards"]


def test_a_revocation_that_reaches_back():
    story, one = revoked(at="2026-12-04T00:00:00Z")
    story.tell("2026-12-05T00:00:00Z", result(one, DRAWN[0]))
    (finding,) = story.sorted().report().findings
    assert (finding.code, finding.sha256) == ("key-after-revocation", sha(result(one, DRAWN[0])))


def test_a_key_that_is_not_listed_or_not_valid():
    story, one = one_draw(results=False)
    story.tell("2026-12-05T00:00:00Z", result(one, DRAWN[0]), author="somebody")
    (finding,) = story.report().findings
    assert finding.code == "key-not-listed"
    assert key_id(bureau.testing_only_signer("somebody").public_key) in finding.en
    story = Story()
    lists = (authority("section-lead", valid_until="2026-12-01T00:00:00Z"), authority("standby"))
    story.tell("2026-11-01T00:00:00Z", key_event(story, authorities=lists))
    story.policy = story.policy_bytes(lists)
    tell_draw(story, plan_of(1))
    assert story.codes() == ["key-not-valid"] * len(DRAWN)


def test_a_bureau_without_a_key_list_beside_one_that_has_one():
    story, one = one_draw()
    tell_draw(story, plan_of(1, bureau="other"), results=False, at="2026-11-23T03:00:00Z")
    (finding,) = story.sorted().report().findings
    assert (finding.code, finding.index) == ("key-not-listed", story.place("draw-plan/v1", 1))
    assert one.bureau != "other" and "other" in finding.en


def test_keys_used_before_the_list_was_founded_are_judged_by_it():
    story, one = Story(), plan_of(1)
    tell_draw(story, one, results=False)
    story.tell("2026-12-05T00:00:00Z", result(one, DRAWN[0]), author="somebody")
    assert story.codes() == ["policy-not-logged"]
    story.tell("2026-12-06T00:00:00Z", key_event(story, issued_at="2026-12-06T00:00:00Z"))
    assert story.codes() == ["key-not-listed"]


@pytest.mark.parametrize("changes", [
    {"authorities": AUTHORITIES[:1]}, {"rev": 3}, {"supersedes": "a" * 64}, {"bureau": "yunzhou", "cause": "founded"},
])  # fmt: skip
def test_a_key_list_that_breaks_its_rules(changes):
    story = founded()
    story.tell("2026-12-06T00:00:00Z", key_event(story, before=story.told[0].document, **{"rev": 2} | changes))
    assert story.codes() == ["key-list-broken"]


def test_a_key_event_by_a_key_that_may_not_sign_it():
    story = founded()
    lists = (*AUTHORITIES, authority("thief"))
    story.tell("2026-12-06T00:00:00Z", key_event(story, 2, story.told[0].document, lists), author="thief")
    assert story.codes() == ["key-list-broken", "key-not-listed"]


@pytest.mark.parametrize("policy", [b"{", Story().policy_bytes(AUTHORITIES[:1]), Story(quorum="audit").policy_bytes()])
def test_a_policy_that_was_not_logged(policy):
    story = lawful()
    story.policy = policy
    assert story.codes() == ["policy-not-logged"]


# Times, entries, documents


def test_time_that_runs_backwards():
    story, _ = one_draw()
    story.told[story.place("inspection-result/v1", 1)].at = "2026-12-05T00:59:59Z"
    assert story.codes() == ["time-backwards"]


@pytest.mark.parametrize("story", [
    moved(one_draw(results=False)[0], "draw-plan/v1", "2026-11-24T02:00:00Z"),
    with_extra("2026-12-05T00:00:00Z", lambda p: result(p, RESERVE, inspected_on="2026-11-23")),
    with_extra("2026-12-03T23:59:59Z", lambda p: result(p, RESERVE)),
    moved(one_draw(until="inspection-result/v1")[0], "draw-outcome/v1", "2026-11-24T01:59:59Z"),
    with_extra("2026-11-24T01:00:00Z", lambda p: outcome(p, "2026-11-24T01:00:00Z"), until="contribution/v1"),
    with_extra("2026-11-24T02:00:01Z", lambda p: msgspec.structs.replace(dice(p, "notary"), line="witness:notary:12345")),
    moved(one_draw(until="inspection-result/v1")[0], "draw-outcome/v1", "2026-12-11T00:00:01Z"),
])  # fmt: skip
def test_times_that_cannot_be(story):
    assert "time-claimed" in story.codes() and set(story.codes()) <= {"time-claimed", "unfinished-late", "out-of-order"}


@pytest.mark.parametrize("number", range(len(lawful().told)))
def test_a_document_that_is_not_served(number):
    """It is named, and nothing else is found: its leaf still holds its number, its place in the order and in its chain."""
    story = lawful()
    story.told[number].served = False
    for now in (NOW, LATER):
        findings = story.report(now).findings
        expected = ["document-absent", "policy-not-logged"] if number == 0 else ["document-absent"]
        assert [finding.code for finding in findings] == expected
        assert findings[0].sha256 == sha(story.told[number].document)


@pytest.mark.parametrize("members", [{"rev": 9}, {"id": "yunzhou-2026-9-1"}, {"type": "contribution/v1"}, {"supersedes": "a" * 64}])
def test_an_entry_that_differs_from_its_document(members):
    story, _ = one_draw()
    story.told[story.place("inspection-result/v1")].leaf = members
    assert story.codes() == ["leaf-mismatch"]


def test_what_is_served_is_another_document():
    story, _ = one_draw()
    path = f"doc/{sha(story.told[-1].document)}.dsse.json"
    story.extra[path] = story.files()[f"doc/{sha(story.told[-2].document)}.dsse.json"]
    assert "leaf-mismatch" in story.codes()
    story.extra[path] = b"{}"
    assert "leaf-mismatch" in story.codes()


def test_an_entry_that_is_no_leaf():
    story, _ = one_draw()
    story.told.insert(2, type(story.told[0])("", b'{"a":1}'))
    (finding,) = story.report().findings
    assert (finding.code, finding.index) == ("leaf-unreadable", 2)


# Logs


def succession(link=True, back=True, size=None, root=None, plan_in_old=False, at="2026-12-20T00:00:00Z"):
    story, one = Story(origins=[ORIGIN, NEWER]), plan_of(1)
    story.tell("2026-11-01T00:00:00Z", key_event(story))
    tell_draw(story, one)
    story.tell("2026-12-07T00:00:00Z", correction(result(one, DRAWN[0])))
    if back:
        story.tell(at, shard(story, "succeeded", ORIGIN, NEWER))
    head = story.head(ORIGIN)
    if link:
        story.tell(at, shard(story, "succeeds", NEWER, ORIGIN, (size or head[0], root or head[1])), origin=NEWER)
    two = plan_of(2, previous=plan_digest(one), frozen_at="2026-12-20T00:00:00Z", instant="2026-12-21T00:00:00Z")
    story.tell("2026-12-20T01:00:00Z", two, origin=ORIGIN if plan_in_old else NEWER)
    if plan_in_old and not link:
        return story
    story.tell("2026-12-21T01:00:00Z", outcome(two, "2026-12-21T00:30:00Z"), origin=ORIGIN if plan_in_old else NEWER)
    return story


END_OF_YEAR = "2026-12-31T00:00:00Z"


def test_a_log_that_follows_another():
    report = succession().report(END_OF_YEAR)
    assert report.findings == ()
    assert [origin for origin, _ in report.logs] == [ORIGIN, NEWER]


@pytest.mark.parametrize(("codes", "story"), [
    (["shard-unlinked"], succession(back=False)),
    (["shard-unlinked", "shard-unlinked"], succession(link=False)),
    (["shard-mismatch"], succession(root="a" * 64)),
    (["shard-mismatch"], succession(size=99)),
    (["plan-after-succession"], succession(plan_in_old=True)),
])  # fmt: skip
def test_links_between_logs(codes, story):
    assert story.codes(END_OF_YEAR) == codes


def test_a_head_that_did_not_hold_the_link_yet():
    story = succession()
    bare = succession(back=False)
    size, root = bare.head(ORIGIN)
    assert succession(size=size, root=root).codes(END_OF_YEAR) == ["shard-mismatch"]
    assert story.head(ORIGIN)[0] == size + 1


def test_a_link_to_a_log_that_the_policy_does_not_know():
    story = succession()
    alone = Story(origins=[ORIGIN])
    findings = monitor(story.files().get, parse_policy(alone.policy_bytes()), END_OF_YEAR).findings
    assert {f.code for f in findings} == {NOT_LOOKED_AT}
    assert sum(NEWER in f.en for f in findings) == 2


def test_a_document_in_another_log_than_its_plan():
    story = succession()
    two = story.told[story.place("draw-plan/v1", 1)].document
    story.told[-1].origin = ORIGIN
    assert story.told[-1].document.plan == plan_digest(two)
    assert story.codes(END_OF_YEAR) == ["other-shard"]


def test_fresh_cosignatures():
    noon = 1_796_860_800  # NOW in seconds
    story = lawful()
    story.cosigned_at = noon - 86_401
    assert story.codes() == []  # no quorum is asked for
    story = founded(quorum="audit")
    for age, codes in ((86_400, []), (86_401, ["checkpoint-stale"])):
        story.cosigned_at = noon - age
        assert story.codes() == codes
    story.cosigned_at = None
    assert story.codes() == ["checkpoint-stale"]


# What cannot be looked at, and what is not believed


def test_what_cannot_be_read_is_said_and_is_no_absence():
    story = lawful()
    files = story.files()
    gone = next(path for path in files if path.endswith(".dsse.json") and sha(story.told[-1].document) in path)

    def read(path):
        if path == gone:
            raise Unavailable("timeout")
        return files.get(path)

    findings = monitor(read, parse_policy(story.policy_bytes()), NOW).findings
    assert [f.code for f in findings if f.code == NOT_LOOKED_AT] and "document-absent" not in [f.code for f in findings]


def test_a_list_of_the_blob_that_is_false_is_not_believed():
    story, _ = one_draw(results=False)
    story.extra[f"blob/{digest_of(RESULT)}"] = b"{}"
    assert story.codes(LATER) == [NOT_LOOKED_AT]


@pytest.mark.parametrize("file", ["log/2026/tile/0/000.p/", "log/2026/tile/entries/000.p/"])
def test_a_tile_that_is_false_ends_it(file):
    story = lawful()
    path = next(path for path in story.files() if path.startswith(file))
    data = bytearray(story.files()[path])
    data[40] ^= 1
    story.extra[path] = bytes(data)
    with pytest.raises(TileError):
        story.report()


def test_the_logs_of_other_bureaus_in_the_policy():
    """They are said not to be looked at, also where one of them has the same last word."""
    story = lawful()
    files = story.files()
    other = Story(origins=["disclose.other.example/2026", ORIGIN, NEWER])
    report = monitor(files.get, parse_policy(other.policy_bytes()), NOW)
    assert [f.code for f in report.findings] == [NOT_LOOKED_AT] * 2
    assert report.logs == ((ORIGIN, len(story.told)),)
    with pytest.raises(DisclosureError):
        monitor(files.get, parse_policy(Story(origins=[NEWER]).policy_bytes()), NOW)


def test_a_log_of_the_bureau_that_the_policy_does_not_know():
    story = lawful()
    story.policy = Story(origins=[ORIGIN, NEWER]).policy_bytes()
    assert sorted(story.codes()) == [NOT_LOOKED_AT, "policy-not-logged"]


def test_nothing_that_is_served_beside_the_log_makes_it_fall():
    """Whatever the bureau serves, the monitor ends with findings."""
    story = redacted(sd=b"[]", proof=shown(), bundle=shown(NAMES[1]))
    files = story.files()
    told = [path for path in files if not path.startswith("log/")]
    for path in told:
        for lie in (b"", b"{}", b"[]", b"[1]", b'"\xff"', b"[" * 100_000, files[path][:-1], files[told[0]], b'["\xc3\xa9"]'):
            changed = files | {path: lie}
            monitor(changed.get, parse_policy(story.policy_bytes()), LATER)
        changed = {name: data for name, data in files.items() if name != path}
        monitor(changed.get, parse_policy(story.policy_bytes()), LATER)


def test_every_code_has_its_own_number_and_stands_in_the_specification():
    page = (Path(__file__).resolve().parents[3] / "docs/spec/monitoring.md").read_text(encoding="utf-8")
    assert sorted(number for number, *_ in KINDS.values()) == list(range(len(KINDS)))
    for code, (number, *_) in KINDS.items():
        assert f"| {number} | `{code}` |" in page, code
