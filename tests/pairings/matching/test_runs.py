"""Runs of the matching: from enrolments to proposals to drafts, in a process of its own that may be killed at
any moment.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal import audit
from portal.clock import now, today
from portal.core.matching.candidates import Problem
from portal.db import db, transaction
from portal.errors import Invalid
from portal.letters.models import OutboxLetter
from portal.pairings import words
from portal.pairings.matching import problem as candidates
from portal.pairings.matching import runs
from portal.pairings.matching.problem import problem_of
from portal.pairings.models import LeftOver, MatchRun, Pairing, Proposal
from portal.pairings.offers import actions as offers
from portal.people.models import Person
from portal.programmes.models import Avoided, Enrolment, Programme
from tests.pairings.company import Company
from tests.pairings.crowd import ask, fill, keep, many, pairs, proposed, row, running
from tests.pairings.posted import held, letters
from tests.personas import Factories


def test_sixty_people_are_matched_and_the_pairs_kept_as_drafts(make: Factories, company: Company) -> None:
    fill(make, company.programme, 32, 28)
    run_id = ask(company)
    runs.run(run_id)
    run = row(run_id)
    assert (run.state, run.error, run.lease_holder, run.beginnings) == ("done", None, None, 1)
    assert run.seconds is not None
    assert run.finished_at is not None
    assert many(Proposal, run_id) == 28
    assert run.objective is not None
    assert run.objective["mentees_unmatched"] == 0
    assert many(LeftOver, run_id) == run.objective["mentors_unmatched"] == 4
    for proposal in db.session.scalars(select(Proposal).where(Proposal.run_id == run_id)):
        assert proposal.score == sum(part["points"] for part in proposal.parts)
    assert keep(run_id, company) == (28, 0)
    assert pairs(company) == proposed(run_id)
    assert letters() == []
    assert row(run_id).kept_at is not None
    assert audit.history("match_run", run_id)[0].after == {"drafts": 28, "replaced": 0, "left_out": 0}


def test_asking_again_while_a_run_is_under_way_is_answered_with_that_run(
    company: Company, rung: list[tuple[str, int]]
) -> None:
    first = ask(company)
    assert ask(company) == first
    assert rung == [("pairings.match", first)]
    with transaction():
        runs.end_run(db.session.get_one(MatchRun, first), by=company.staff, at=now())
    assert row(first).state == "ended"
    second = ask(company)
    assert second != first
    runs.run(first)
    assert row(first).state == "ended"


def test_a_programme_that_is_over_is_not_matched(company: Company, make: Factories) -> None:
    over = make.programme("Over", state="finished")
    with pytest.raises(Invalid), transaction():
        runs.ask_run(db.session.get_one(Programme, over.id), by=company.staff, at=now())


def test_the_problem_knows_who_waits_their_free_seats_locks_past_partners_and_lists(
    company: Company, make: Factories
) -> None:
    ada, bea = company.mentor("Ada King", mentor_capacity=3), company.mentor("Bea Long")
    carl = company.mentor("Carl Cole")
    grace, dora = company.mentee("Grace Hopper"), company.mentee("Dora Day")
    paused, gone = company.mentee("Paul Pause"), company.mentee("Will Gone", disabled_at=now())
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Paul Pause"].id).state = "paused"
    company.pairing(ada, grace, "active")
    company.pairing(ada, paused, locked=True)
    company.pairing(carl, dora, locked=True)
    company.pairing(bea, dora, "ended", active_at=now(), ended_at=now())
    company.pairing(bea, company.mentee("Emil Ende"))
    make.add(Avoided(enrolment_id=company.enrolments["Dora Day"].id, person_id=ada.id))
    problem = problem_of(db.session.get_one(Programme, company.programme.id), on=today())
    known = {each.id: each for each in problem.candidates}
    assert set(known) == {ada.id, bea.id, carl.id, dora.id, company.people["Emil Ende"].id}
    assert problem.stay == {(bea.id, company.people["Emil Ende"].id)}
    assert known[ada.id].mentor_capacity == 1, "one seat is taken, one is kept for somebody who is paused"
    assert problem.locked == ((carl.id, dora.id),)
    assert known[dora.id].avoids == {ada.id}
    assert known[bea.id].past_partners == {dora.id}
    assert known[ada.id].past_partners == {grace.id}
    assert gone.id not in known
    assert problem.managers.keys() >= {company.staff.id, ada.id, grace.id}
    assert Problem.from_json(problem.as_json()) == problem


def test_keeping_replaces_loose_drafts_and_leaves_locked_ones_and_live_pairings(
    company: Company, make: Factories
) -> None:
    ada, bea, carl = (company.mentor(name) for name in ("Ada King", "Bea Long", "Carl Cole"))
    grace, dora, emil = (company.mentee(name) for name in ("Grace Hopper", "Dora Day", "Emil Ende"))
    locked, loose = company.pairing(ada, grace, locked=True), company.pairing(bea, dora)
    live = company.pairing(carl, emil, "active")
    run_id = ask(company)
    runs.run(run_id)
    assert proposed(run_id) == {(ada.id, grace.id), (bea.id, dora.id)}
    assert keep(run_id, company) == (1, 0)
    assert keep(run_id, company) == (1, 0), "kept twice is kept once"
    rows = {(each.mentor_id, each.mentee_id): each for each in db.session.scalars(select(Pairing))}
    assert {(ada.id, grace.id), (bea.id, dora.id), (carl.id, emil.id)} <= set(rows)
    assert rows[ada.id, grace.id].id == locked.id
    assert rows[carl.id, emil.id].id == live.id
    assert rows[bea.id, dora.id].id != loose.id
    assert rows[bea.id, dora.id].run_id == run_id


def test_who_is_free_no_more_when_a_run_is_kept_is_left_out_and_told_of(
    company: Company, make: Factories
) -> None:
    names = ("Ada King", "Bea Long", "Carl Cole")
    mentors = [company.mentor(name) for name in names]
    mentees = [company.mentee(name) for name in ("Grace Hopper", "Dora Day", "Emil Ende")]
    run_id = ask(company)
    runs.run(run_id)
    by_mentor = dict(proposed(run_id))
    _ada, bea, carl = mentors
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Ada King"].id).state = "withdrawn"
    make.add(Avoided(enrolment_id=company.enrolments["Bea Long"].id, person_id=by_mentor[bea.id]))
    assert keep(run_id, company) == (1, 2)
    assert pairs(company) == {(carl.id, by_mentor[carl.id])}
    assert len(mentees) == 3


def test_nothing_can_be_kept_of_a_run_that_is_not_done(company: Company) -> None:
    with pytest.raises(Invalid):
        keep(ask(company), company)


def test_contradictory_locks_end_in_a_sentence(company: Company) -> None:
    company.pairing("Ada King", company.mentee("Grace Hopper", grade=1), locked=True)
    run_id = ask(company)
    runs.run(run_id)
    run = row(run_id)
    assert run.state == "failed"
    assert "Ada King and Grace Hopper are locked together" in words.stored_failure(run.error or "")
    assert "Ada" not in (run.error or ""), "people are stored by their ids"


def test_a_hand_made_pair_is_scored_as_the_engine_does_and_refused_with_the_rules_reason(
    company: Company,
) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    high = company.mentor("Hedda High", grade=9)
    company.mentor("Mo Manager", manager_id=grace.id)
    run_id = ask(company)
    runs.run(run_id)
    found = db.session.scalars(select(Proposal).where(Proposal.run_id == run_id)).one()
    programme = db.session.get_one(Programme, company.programme.id)

    def assess(mentor: Person, mentee: Person) -> tuple[int, list[dict[str, object]]]:
        return runs.assess(programme, mentor_id=mentor.id, mentee_id=mentee.id, on=today())

    assert assess(ada, grace) == (found.score, found.parts)
    with pytest.raises(Invalid, match="Hedda High is not junior enough"):
        assess(high, grace)
    with pytest.raises(Invalid, match="one line of managers"):
        assess(company.people["Mo Manager"], grace)
    with pytest.raises(Invalid, match="joined as a mentor"):
        assess(company.staff, grace)
    with pytest.raises(Invalid, match="joined to learn"):
        assess(ada, company.people["Mo Manager"])


def test_a_do_not_match_list_is_never_told_of(company: Company, make: Factories) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    make.add(Avoided(enrolment_id=company.enrolments["Grace Hopper"].id, person_id=ada.id))
    programme = db.session.get_one(Programme, company.programme.id)
    with pytest.raises(Invalid) as refused:
        runs.assess(programme, mentor_id=ada.id, mentee_id=grace.id, on=today())
    assert refused.value.message == "These two cannot be paired."
    run_id = ask(company)
    runs.run(run_id)
    said = [each.template for each in db.session.scalars(select(LeftOver).where(LeftOver.run_id == run_id))]
    assert len(said) == 2
    assert not any("%(" in each for each in said)


def test_reading_the_problem_takes_as_many_questions_for_many_as_for_few(
    make: Factories, company: Company, count_queries: Callable[..., object]
) -> None:
    counts = []
    for size in (3, 30):
        programme = make.programme()
        fill_once = Company(make, company.staff, programme, company.topic)
        for number in range(size):
            fill_once.mentor(f"M {size} {number}")
        db.session.rollback()
        with count_queries() as counted:
            candidates.problem_of(db.session.get_one(Programme, programme.id), on=today())
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 11


def test_how_far_it_is_is_written_down_while_it_thinks(
    app: Flask, make: Factories, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "TICK_SECONDS", 0.02)
    fill(make, company.programme, 60, 60)
    run_id = ask(company)
    with running(app, run_id):
        pass
    run = row(run_id)
    assert run.state == "done"
    assert run.phase in ("scoring", "solving", "explaining")
    assert 0 <= run.done <= run.total
    assert run.total > 0


def test_who_said_no_or_met_before_is_neither_proposed_nor_kept_again(company: Company) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    run_id = ask(company)
    runs.run(run_id)
    assert keep(run_id, company) == (1, 0)
    draft = db.session.scalars(select(Pairing)).one()
    with transaction():
        offers.offer(held(draft), by=company.staff.id, at=now())
    with transaction():
        offers.decline(held(draft), by=grace, at=now())
    assert keep(run_id, company) == (0, 1), "an old run brings nothing back that was declined since"
    company.pairing(ada, "Dora Day", "ended", active_at=now(), ended_at=now())
    again = ask(company)
    runs.run(again)
    assert row(again).state == "done"
    assert proposed(again) == set()
    assert pairs(company) == set()


def test_who_was_paired_by_hand_after_the_run_keeps_that_seat(company: Company) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    run_id = ask(company)
    runs.run(run_id)
    assert proposed(run_id) == {(ada.id, grace.id)}
    dora = company.mentee("Dora Day")
    company.pairing(ada, dora, locked=True)
    assert keep(run_id, company) == (0, 1)
    assert pairs(company) == {(ada.id, dora.id)}
    assert audit.history("match_run", run_id)[0].after == {"drafts": 0, "replaced": 0, "left_out": 1}


def test_whom_somebody_avoids_is_in_nothing_that_a_run_writes_or_posts(
    company: Company, make: Factories
) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long")
    grace, carl = company.mentee("Grace Hopper"), company.mentee("Carl Cole")
    for one, other in ((grace, ada), (carl, ada), (bea, carl)):
        make.add(Avoided(enrolment_id=company.enrolments[one.name].id, person_id=other.id))
    run_id = ask(company)
    runs.run(run_id)
    assert proposed(run_id) == {(bea.id, grace.id)}
    assert many(LeftOver, run_id) == 2
    told = [str(each.args) for each in db.session.scalars(select(LeftOver).where(LeftOver.run_id == run_id))]
    told += [
        str(each.parts) for each in db.session.scalars(select(Proposal).where(Proposal.run_id == run_id))
    ]
    assert keep(run_id, company) == (1, 0)
    draft = db.session.scalars(select(Pairing)).one()
    with transaction():
        offers.offer(held(draft), by=company.staff.id, at=now())
    told += [each.text + each.html for each in db.session.scalars(select(OutboxLetter))]
    assert len(told) == 4
    assert [each for each in told if "Ada King" in each or "Carl Cole" in each or "void" in each] == []
