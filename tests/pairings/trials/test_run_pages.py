"""Runs of the matching as staff see them: asked for, watched, ended, read and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.clock import now
from portal.db import db, transaction
from portal.pairings import words
from portal.pairings.matching import runs
from portal.pairings.models import LeftOver, MatchRun, Pairing, Proposal
from portal.people.models import Person
from tests.pairings.company import PART, Company
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def stefan(company: Company, new_visitor: Callable[..., Visitor], staff: Person) -> Visitor:
    return new_visitor(staff)


def propose(company: Company, run: MatchRun, mentor: str, mentee: str, score: int = 8700) -> Proposal:
    """A proposal of two new people."""
    company.mentor(mentor)
    company.mentee(mentee)
    one, other = company.enrolments[mentor], company.enrolments[mentee]
    parts = [{**PART, "points": score, "args": {"topic": company.topic.id}}]
    ids = {"mentor_enrolment_id": one.id, "mentee_enrolment_id": other.id}
    return company.make.add(Proposal(run_id=run.id, score=score, parts=parts, **ids))


def reread(run: MatchRun) -> MatchRun:
    """The run as the database has it now."""
    db.session.rollback()
    return db.session.get_one(MatchRun, run.id)


def drafts(company: Company) -> set[tuple[int, int]]:
    """Who is drafted with whom."""
    db.session.rollback()
    here = db.select(Pairing).where(Pairing.programme_id == company.programme.id, Pairing.state == "draft")
    return {(each.mentor_id, each.mentee_id) for each in db.session.scalars(here)}


def test_members_and_staff_of_other_programmes_find_nothing(
    company: Company, new_visitor: Callable[..., Visitor], make: Factories, member: Person
) -> None:
    run = company.run()
    for person in (member, make.person("Otto Other", roles=["staff"])):
        visitor = new_visitor(person)
        for path in (
            f"/{run.id}",
            f"/{run.id}/progress",
            f"/{run.id}/left-over",
            f"?programme={company.programme.id}",
        ):
            assert visitor.get(f"/pairings/runs{path}", status=404).status == 404
        for path in ("/end", "/keep"):
            assert visitor.send(f"/pairings/runs/{run.id}{path}", {}).status == 404
        assert visitor.send("/pairings/runs", {"programme": str(company.programme.id)}).status == 404
    assert reread(run).kept_at is None


def test_a_run_is_asked_for_on_the_board_watched_and_ended(stefan: Visitor, company: Company) -> None:
    stefan.get("/pairings/board")
    stefan.post("/pairings/runs")
    run = db.session.scalars(db.select(MatchRun)).one()
    assert stefan.page.location == f"/pairings/runs/{run.id}"
    page = stefan.follow()
    assert page.heading == "The matching is under way"
    again = page.root.one("a", id="look-again")
    assert (again["hx-get"], again["hx-trigger"]) == (f"/pairings/runs/{run.id}/progress", "every 1s")
    stefan.post(f"/pairings/runs/{run.id}/end")
    page = stefan.follow()
    assert page.heading == "The matching was ended"
    assert reread(run).state == "ended"
    assert "look-again" not in page.html


def test_a_second_run_while_one_is_under_way_is_the_same_run(stefan: Visitor, company: Company) -> None:
    for _ in range(2):
        stefan.get("/pairings/board")
        stefan.post("/pairings/runs")
    assert len(db.session.scalars(db.select(MatchRun)).all()) == 1


def test_the_progress_says_what_is_being_done_and_leads_on_when_it_is_over(
    stefan: Visitor, company: Company
) -> None:
    run = company.run("running", phase="solving", done=3, total=7, objective=None)
    page = stefan.get(f"/pairings/runs/{run.id}/progress", htmx=True)
    assert "Finding the best pairs" in page.text
    bar = page.root.one("progress")
    assert (bar["value"], bar["max"]) == ("3", "7")
    assert stefan.get(f"/pairings/runs/{run.id}/progress", status=303).location == f"/pairings/runs/{run.id}"
    with transaction():
        db.session.get_one(MatchRun, run.id).state = "failed"
    page = stefan.get(f"/pairings/runs/{run.id}/progress", status=204, htmx=True)
    assert page.location == f"/pairings/runs/{run.id}"


def test_a_run_that_failed_says_why_and_can_be_tried_again(stefan: Visitor, company: Company) -> None:
    ada = company.mentor("Ada King")
    error = words.failure_as_json("%(name)s is locked to two people.", {"name": ada.id})
    run = company.run("failed", error=error, objective=None)
    page = stefan.get(f"/pairings/runs/{run.id}")
    assert all(word in page.text for word in ("The matching failed", "Ada King is locked to two people."))
    stefan.post("/pairings/runs")
    assert stefan.page.location != f"/pairings/runs/{run.id}"


def test_what_was_found_is_told_in_words_with_everybody_and_why(stefan: Visitor, company: Company) -> None:
    found = {"mentees_unmatched": 1, "mentors_unmatched": 0, "below_line": 2, "total_phi": 1}
    run = company.run(objective=found)
    propose(company, run, "Ada King", "Grace Hopper")
    company.mentee("Wanda Waits")
    company.make.add(
        LeftOver(
            run_id=run.id,
            enrolment_id=company.enrolments["Wanda Waits"].id,
            role="mentee",
            template="%(name)s shares no working hour with anybody.",
            args={"name": "Wanda Waits"},
        )
    )
    page = stefan.get(f"/pairings/runs/{run.id}")
    assert page.heading == "1 pair found"
    wanted = (
        "1 person who wants to learn is left over",
        "2 pairs are below the line of 40 points",
        "There are no drafts yet",
        "Ada King knows about",
        "Wanda Waits shares no working hour",
    )
    assert [word for word in wanted if word not in page.text] == []
    assert "Zebulon" not in page.text


def test_the_proof_and_the_line_that_was_found_are_told_with_who_holds_it(
    stefan: Visitor, company: Company
) -> None:
    auto = {"line": "auto", "min_grade_gap": 1, "stay_bonus": 0}
    run = company.run(rules=auto, line=5200, gap=0)
    propose(company, run, "Ada King", "Grace Hopper")
    text = stefan.get(f"/pairings/runs/{run.id}").text
    assert "No pair is below 52 points: the highest line at which nobody more is left over." in text
    assert "Proven: no better plan exists." in text
    held = company.run(rules=auto, line=5200, gap=7, held_by_id=company.people["Ada King"].id)
    propose(company, held, "Bea Long", "Dora Day")
    text = stefan.get(f"/pairings/runs/{held.id}").text
    assert (
        "No line above 52 is possible without leaving somebody out: Ada King's own best match has 52 points."
        in text
    )
    assert "It is not proven that no better plan exists." in text
    older = company.run(rules=auto)
    propose(company, older, "Carl Cole", "Emil Ende")
    text = stefan.get(f"/pairings/runs/{older.id}").text
    assert ("roven" in text, "line" in text) == (False, False)


def test_what_is_not_proven_is_not_said_to_be_the_best_possible(stefan: Visitor, company: Company) -> None:
    goals = {"mentees_unmatched": 2, "mentors_unmatched": 0, "below_line": 1, "total_phi": 9000}
    proven, not_proven = company.run(gap=0, objective=goals), company.run(gap=7, objective=goals)
    propose(company, proven, "Ada King", "Grace Hopper")
    propose(company, not_proven, "Bea Long", "Dora Day")
    text = stefan.get(f"/pairings/runs/{proven.id}").text
    assert (
        "2 people who want to learn are left over; fewer is not possible by the rules and the locks." in text
    )
    assert "1 pair is below the line of 40 points; this is proven to be the fewest possible." in text
    text = stefan.get(f"/pairings/runs/{not_proven.id}").text
    assert "2 people who want to learn are left over. " in text
    assert "1 pair is below the line of 40 points. " in text
    assert "It is not proven that no better plan exists." in text
    assert ("fewer is not possible" in text, "fewest possible" in text) == (False, False)


def test_the_next_best_for_either_side_is_in_the_details(stefan: Visitor, company: Company) -> None:
    run = company.run()
    pair = propose(company, run, "Ada King", "Grace Hopper")
    company.mentor("Hedy Lamarr")
    with transaction():
        kept = db.session.get_one(Proposal, pair.id)
        kept.next_mentor_id, kept.next_mentor_score = company.enrolments["Hedy Lamarr"].id, 6400
    text = stefan.get(f"/pairings/runs/{run.id}").text
    assert "Next best for Grace Hopper: Hedy Lamarr, 64." in text
    assert "Next best for Ada King" not in text


def test_a_trials_progress_leads_to_its_comparison(stefan: Visitor, company: Company) -> None:
    run = company.run("running", objective=None, trial=True, title="Calmer")
    assert "Calmer" in stefan.get(f"/pairings/runs/{run.id}").text
    with transaction():
        db.session.get_one(MatchRun, run.id).state = "done"
    page = stefan.get(f"/pairings/runs/{run.id}/progress", status=303)
    assert page.location == f"/pairings/bench/compare?one=board&other={run.id}"
    page = stefan.get(f"/pairings/runs/{run.id}")
    assert f"/pairings/bench?run={run.id}" in page.links


def test_nobody_left_over_is_said(stefan: Visitor, company: Company) -> None:
    run = company.run()
    propose(company, run, "Ada King", "Grace Hopper")
    text = stefan.get(f"/pairings/runs/{run.id}").text
    assert "Nobody is left over. No pair is below the line of 40 points." in text


def test_a_run_that_found_nothing_leads_to_the_rules(stefan: Visitor, company: Company) -> None:
    run = company.run(
        objective={"mentees_unmatched": 3, "mentors_unmatched": 2, "below_line": 0, "total_phi": 0}
    )
    page = stefan.get(f"/pairings/runs/{run.id}")
    assert all(
        word in page.text
        for word in ("No pair was found", "3 people who want to learn", "2 mentors are left over")
    )
    assert f"/programmes/{company.programme.id}" in page.links


def test_keeping_a_run_says_what_it_replaces_and_makes_drafts(stefan: Visitor, company: Company) -> None:
    locked = company.pairing("Lena Locked", "Luis Locked", locked=True)
    company.pairing("Theo Then", "Thea Then")
    run = company.run()
    propose(company, run, "Ada King", "Grace Hopper")
    page = stefan.get(f"/pairings/runs/{run.id}")
    assert "They replace the one draft there is. One locked draft stays." in page.text
    stefan.post(f"/pairings/runs/{run.id}/keep")
    assert stefan.page.location == f"/pairings/board?programme={company.programme.id}"
    assert "1 draft is on the board" in stefan.follow().toasts[0]
    new = (company.people["Ada King"].id, company.people["Grace Hopper"].id)
    assert drafts(company) == {(locked.mentor_id, locked.mentee_id), new}
    assert reread(run).kept_at is not None
    assert "Kept on" in stefan.get(f"/pairings/runs/{run.id}").text


def test_a_run_that_is_not_done_cannot_be_kept(stefan: Visitor, company: Company) -> None:
    run = company.run("failed", objective=None)
    assert stefan.send(f"/pairings/runs/{run.id}/keep", {}).status == 422
    assert drafts(company) == set()


def test_earlier_runs_are_listed(stefan: Visitor, company: Company, staff: Person) -> None:
    assert "No run yet" in stefan.get(f"/pairings/runs?programme={company.programme.id}").text
    earlier = [company.run("ended"), company.run(kept_at=now())]
    page = stefan.get(f"/pairings/runs?programme={company.programme.id}")
    assert [each for each in page.links if each.startswith("/pairings/runs/")] == [
        f"/pairings/runs/{each.id}" for each in reversed(earlier)
    ]
    assert all(word in page.text for word in (staff.name, "Kept", "Done", "Ended by staff"))


def test_proposals_and_those_left_over_come_by_the_page(stefan: Visitor, company: Company) -> None:
    run = company.run()
    for number in range(21):
        propose(
            company, run, f"Margarete Mustermann {number}", f"Bartholomew Longname {number}", 9000 - number
        )
        enrolment = company.enrolments[f"Margarete Mustermann {number}"]
        said = {"template": "Every other mentor suits somebody better.", "args": {}}
        company.make.add(LeftOver(run_id=run.id, enrolment_id=enrolment.id, role="mentor", **said))
    page = stefan.get(f"/pairings/runs/{run.id}")
    assert len(page.root.one("div", id="proposals").all("tr")) == 21
    assert len(page.html.encode()) < 30_000
    page = stefan.get(f"/pairings/runs/{run.id}?page=2", htmx=True)
    assert "Margarete Mustermann 20" in page.text
    assert f"/pairings/runs/{run.id}/left-over" in stefan.get(f"/pairings/runs/{run.id}").links
    page = stefan.get(f"/pairings/runs/{run.id}/left-over?page=2")
    assert page.heading == "21 seats without a pair"
    assert page.text.count("Every other mentor suits somebody better.") == 1


def test_a_run_asks_the_same_number_of_questions_for_one_pair_and_for_three(
    stefan: Visitor, company: Company, count_queries: Any
) -> None:
    run = company.run()
    counts = []
    for number in (1, 2):
        for each in range(number):
            propose(company, run, f"Mentor {number} {each}", f"Mentee {number} {each}")
        with count_queries() as queries:
            stefan.get(f"/pairings/runs/{run.id}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_from_the_button_to_the_board_with_the_real_engine(stefan: Visitor, company: Company) -> None:
    for number in range(3):
        company.mentor(f"Mentor {number}")
        company.mentee(f"Mentee {number}")
    company.mentee("Wanda Waits")
    stefan.get("/pairings/board")
    stefan.post("/pairings/runs")
    run = db.session.scalars(db.select(MatchRun)).one()
    runs.run(run.id)
    page = stefan.get(f"/pairings/runs/{run.id}")
    assert page.heading == "3 pairs found"
    stefan.post(f"/pairings/runs/{run.id}/keep")
    board = stefan.follow()
    assert board.heading == "3 pairs"
    assert len([each for each in board.links if "person=" in each]) == 1
