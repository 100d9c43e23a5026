"""The explanations of a whole draw agree with the draw and with the lists it was made from."""

import pytest
from bureau import freeze

from selection.draw import draw
from selection.eligibility import Staff
from selection.explanation import explain_stage_shortage, explain_target, report_stage

DRAWS = [(frozen, draw(frozen.plan, frozen.pools, frozen.lines)) for frozen in map(freeze, range(40))]
COMPLETE = [(f, t, r) for f, t in DRAWS for r in ("inspector", "expert") if getattr(t, f"{r}s").outcome == "COMPLETE"]
IMPOSSIBLE = [(f, t, r) for f, t in DRAWS for r in ("inspector", "expert") if getattr(t, f"{r}s").outcome == "IMPOSSIBLE"]


def test_there_are_draws_of_both_kinds():
    assert len(COMPLETE) > 20 and len(IMPOSSIBLE) > 2


def test_everybody_is_chosen_passed_over_excluded_or_not_reached():
    """For every seat the people of the role fall into four groups without rest or overlap."""
    for frozen, transcript, role in COMPLETE:
        everyone = {p.id for p in frozen.pools.people if p.role == role}
        staff = Staff(frozen.plan, frozen.pools, transcript.draw_key)
        firms = {t.id: t for t in frozen.pools.targets}
        for drawn in transcript.targets[:3]:
            firm = firms[drawn.id]
            found = explain_target(frozen.plan, frozen.pools, transcript, role, drawn.id)
            seats = staff.open_seats(role, drawn.id, firm.class_, firm.area, drawn.sections)
            for seat, person in zip(seats, getattr(drawn, f"{role}s"), strict=True):
                at = seat.candidates.index(person)
                assert [s.person for s in found.skips if s.seat == seat.number] == list(seat.candidates[:at])
                excluded = [x.person for x in found.not_candidates if x.seat == seat.number]
                assert set(excluded) == everyone - set(seat.candidates) and len(set(excluded)) == len(excluded)
                assert all(x.reasons for x in found.not_candidates)


def test_reasons_are_those_of_the_lists():
    seen = set()
    for frozen, transcript, role in COMPLETE:
        people = {p.id: p for p in frozen.pools.people}
        classes = {c.id: c for c in frozen.plan.classes}
        for drawn in transcript.targets[:3]:
            firm = next(t for t in frozen.pools.targets if t.id == drawn.id)
            for x in explain_target(frozen.plan, frozen.pools, transcript, role, drawn.id).not_candidates:
                seat, person = getattr(classes[firm.class_], f"{role}_seats")[x.seat - 1], people[x.person]
                assert ("section" in x.reasons) == (person.section != seat.section)
                assert ("code" in x.reasons) == bool(set(seat.codes) - set(person.codes))
                assert ("conflict" in x.reasons) == (x.person in frozen.pools.conflicts.get(drawn.id, ()))
                rule, inside = frozen.plan.area_rule, firm.area in person.areas
                assert ("area" in x.reasons) == (rule != "any" and inside != (rule == "same"))
                seen.update(x.reasons)
    assert {"section", "conflict"} <= seen


def test_shortage_of_a_draw_is_its_certificate_in_parts():
    for frozen, transcript, role in IMPOSSIBLE:
        parts = explain_stage_shortage(frozen.plan, frozen.pools, transcript, role)
        certificate = getattr(transcript, f"{role}s").certificate
        assert sum(part.certificate.short for part in parts) == certificate.short
        assert {s for part in parts for s in part.certificate.seats} == set(certificate.seats)
        assert {p for part in parts for p in part.certificate.people} == set(certificate.people)
        assert not any("conflict" in lift.reasons for part in parts for lift in part.offered)


def test_who_was_drawn_was_possible():
    for frozen, transcript, role in COMPLETE:
        if role == "inspector":
            drawn = [(t.id, t.sections) for t in transcript.targets]
            reports = report_stage(frozen.plan, frozen.pools, role, drawn)
            chosen = [p for t in transcript.targets for p in t.inspectors]
            assert all(p in report.possible for p, report in zip(chosen, reports, strict=True))
            assert all(report.forced in (None, p) for p, report in zip(chosen, reports, strict=True))


def test_no_team_no_explanation():
    frozen, transcript, role = IMPOSSIBLE[0]
    with pytest.raises(ValueError, match="ended with IMPOSSIBLE"):
        explain_target(frozen.plan, frozen.pools, transcript, role, transcript.targets[0].id)
    with pytest.raises(ValueError, match="was not drawn"):
        explain_target(frozen.plan, frozen.pools, transcript, role, "nowhere")
