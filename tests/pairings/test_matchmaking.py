"""Runs of the matching: from enrolments to proposals to drafts, in a process of its own that may be killed at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Thread

import psutil
import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import audit, work
from portal.clock import now, today
from portal.core.matching.candidates import Problem
from portal.db import db, transaction
from portal.errors import Invalid
from portal.pairings import candidates, matchmaking
from portal.pairings.models import LeftOver, MatchRun, Pairing, Proposal
from portal.people.models import Person
from portal.programmes.models import Avoided, Enrolment, Programme, Topic, Wish
from tests.conftest import Noise
from tests.pairings.company import Company, company_of
from tests.pairings.posted import letters
from tests.personas import Factories

STYLES, DEPARTMENTS = ("introvert", "balanced", "extrovert"), ("Design", "Finance", "Sales", "Law")
ZONES = ("Europe/Berlin", "Europe/London", "Asia/Kolkata")


@pytest.fixture
def company(make: Factories, staff: Person, noise: Noise) -> Company:
    return company_of(make, staff)


@pytest.fixture
def rung(app: Flask) -> list[tuple[str, int]]:
    """What was rung for, after the commit."""
    bells: list[tuple[str, int]] = []
    app.extensions["doorbell"] = lambda *what: bells.append(what)
    return bells


def fill(make: Factories, programme: Programme, mentors: int, mentees: int) -> None:
    """Have many people join, with wishes of their own."""
    chance = Random(7)  # noqa: S311  # people of a test, not a secret
    topics = [Topic(id=f"t{number}", area=f"area {number % 4}", label=f"Topic {number}", aliases=[]) for number in range(12)]
    people = [_person(number, number < mentors, chance) for number in range(mentors + mentees)]
    make.add(topics[0], *topics[1:], *people)
    enrolments = [_enrolment(each, programme, number < mentors) for number, each in enumerate(people)]
    make.add(enrolments[0], *enrolments[1:])
    wishes = [
        Wish(enrolment_id=each.id, topic_id=topic.id, side=side, level=chance.randint(1, 3), rank=rank)
        for each in enrolments
        for side in ("teaches", "learns")
        for rank, topic in enumerate(chance.sample(topics, 3))
    ]
    make.add(wishes[0], *wishes[1:])


def _person(number: int, junior: bool, chance: Random) -> Person:
    return Person(
        email=f"many.{number}@example.com", name=f"Many {number}", confirmed_at=now(), created_at=now(), site="Berlin",
        department=chance.choice(DEPARTMENTS), time_zone=chance.choice(ZONES), style=chance.choice(STYLES),
        grade=chance.randint(1, 4) if junior else chance.randint(6, 9),
    )  # fmt: skip


def _enrolment(person: Person, programme: Programme, junior: bool) -> Enrolment:
    return Enrolment(
        person_id=person.id, programme_id=programme.id, as_mentor=junior, as_mentee=not junior, state="waiting",
        steps_done=5, begun_at=now(), joined_at=now(),
    )  # fmt: skip


def ask(company: Company) -> int:
    """Ask for a run."""
    with transaction():
        programme = db.session.get_one(Programme, company.programme.id)
        return matchmaking.ask_run(programme, by=company.staff, at=now()).id


def keep(run_id: int, company: Company) -> tuple[int, int]:
    """Make drafts of what a run found."""
    with transaction():
        return matchmaking.keep_run(db.session.get_one(MatchRun, run_id), by=company.staff, at=now())


def row(run_id: int) -> MatchRun:
    """A run as it is now."""
    db.session.rollback()
    return db.session.get_one(MatchRun, run_id, populate_existing=True)


def many(model: type[Proposal] | type[LeftOver], run_id: int) -> int:
    """How many rows a run has written."""
    return db.session.scalar(select(func.count()).where(model.run_id == run_id)) or 0


def proposed(run_id: int) -> set[tuple[int, int]]:
    """The pairs that a run proposes, as people."""
    one, other = Enrolment.__table__.alias(), Enrolment.__table__.alias()
    query = select(one.c.person_id, other.c.person_id).select_from(Proposal)
    query = query.join(one, one.c.id == Proposal.mentor_enrolment_id).join(other, other.c.id == Proposal.mentee_enrolment_id)
    return set(db.session.execute(query.where(Proposal.run_id == run_id)))


def pairs(company: Company, state: str = "draft") -> set[tuple[int, int]]:
    """The pairings of the programme in a state."""
    db.session.rollback()
    mine = select(Pairing.mentor_id, Pairing.mentee_id).where(
        Pairing.programme_id == company.programme.id, Pairing.state == state
    )
    return set(db.session.execute(mine))


def wait_for(what: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.02)


def solvers(of: int) -> list[psutil.Process]:
    """The processes below `of` that match."""
    return [each for each in psutil.Process(of).children() if "portal.pairings.solving" in _command(each)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextmanager
def running(app: Flask, run_id: int):  # type: ignore[no-untyped-def]  # a generator of nothing
    """A run under way in a worker's thread, past its start; it is over when the block is left."""

    def work_on_it() -> None:
        with app.app_context():
            matchmaking.run(run_id)
            db.session.remove()

    thread = Thread(target=work_on_it)
    thread.start()
    try:
        wait_for(lambda: solvers(os.getpid()))
        yield
    finally:
        thread.join(30)
    assert not thread.is_alive()
    assert solvers(os.getpid()) == []


def let_the_lease_run_out(run_id: int) -> None:
    with transaction():
        db.session.execute(update(MatchRun).where(MatchRun.id == run_id).values(lease_until=now() - timedelta(seconds=1)))


def test_sixty_people_are_matched_and_the_pairs_kept_as_drafts(make: Factories, company: Company) -> None:
    fill(make, company.programme, 32, 28)
    run_id = ask(company)
    matchmaking.run(run_id)
    run = row(run_id)
    assert (run.state, run.error, run.lease_holder, run.beginnings) == ("done", None, None, 1)
    assert run.seconds is not None and run.finished_at is not None
    assert run.phase == "explaining" or run.phase in ("scoring", "solving", "")
    assert many(Proposal, run_id) == 28
    assert run.objective is not None and run.objective["mentees_unmatched"] == 0
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
        matchmaking.end_run(db.session.get_one(MatchRun, first), by=company.staff, at=now())
    assert row(first).state == "ended"
    second = ask(company)
    assert second != first
    matchmaking.run(first)
    assert row(first).state == "ended"


def test_a_programme_that_is_over_is_not_matched(company: Company, make: Factories) -> None:
    over = make.programme("Over", state="finished")
    with pytest.raises(Invalid), transaction():
        matchmaking.ask_run(db.session.get_one(Programme, over.id), by=company.staff, at=now())


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
    make.add(Avoided(enrolment_id=company.enrolments["Dora Day"].id, person_id=ada.id))
    problem = matchmaking.problem_of(company.programme.id, on=today())
    known = {each.id: each for each in problem.candidates}
    assert set(known) == {ada.id, bea.id, carl.id, dora.id}
    assert known[ada.id].mentor_capacity == 1, "one seat is taken, one is kept for somebody who is paused"
    assert problem.locked == ((carl.id, dora.id),)
    assert known[dora.id].avoids == {ada.id}
    assert known[bea.id].past_partners == {dora.id}
    assert known[ada.id].past_partners == {grace.id}
    assert gone.id not in known
    assert problem.managers.keys() >= {company.staff.id, ada.id, grace.id}
    assert Problem.from_json(problem.as_json()) == problem


def test_keeping_replaces_loose_drafts_and_leaves_locked_ones_and_live_pairings(company: Company, make: Factories) -> None:
    ada, bea, carl = (company.mentor(name) for name in ("Ada King", "Bea Long", "Carl Cole"))
    grace, dora, emil = (company.mentee(name) for name in ("Grace Hopper", "Dora Day", "Emil Ende"))
    locked, loose = company.pairing(ada, grace, locked=True), company.pairing(bea, dora)
    live = company.pairing(carl, emil, "active")
    run_id = ask(company)
    matchmaking.run(run_id)
    assert proposed(run_id) == {(ada.id, grace.id), (bea.id, dora.id)}
    assert keep(run_id, company) == (1, 0)
    assert keep(run_id, company) == (1, 0), "kept twice is kept once"
    rows = {(each.mentor_id, each.mentee_id): each for each in db.session.scalars(select(Pairing))}
    assert {(ada.id, grace.id), (bea.id, dora.id), (carl.id, emil.id)} <= set(rows)
    assert rows[ada.id, grace.id].id == locked.id and rows[carl.id, emil.id].id == live.id
    assert rows[bea.id, dora.id].id != loose.id and rows[bea.id, dora.id].run_id == run_id


def test_who_is_free_no_more_when_a_run_is_kept_is_left_out_and_told_of(company: Company, make: Factories) -> None:
    names = ("Ada King", "Bea Long", "Carl Cole")
    mentors = [company.mentor(name) for name in names]
    mentees = [company.mentee(name) for name in ("Grace Hopper", "Dora Day", "Emil Ende")]
    run_id = ask(company)
    matchmaking.run(run_id)
    by_mentor = dict(proposed(run_id))
    ada, bea, carl = mentors
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
    matchmaking.run(run_id)
    run = row(run_id)
    assert run.state == "failed"
    assert "Ada King and Grace Hopper are locked together" in (run.error or "")


def test_a_run_can_be_ended_within_two_seconds(app: Flask, make: Factories, company: Company) -> None:
    fill(make, company.programme, 60, 60)
    run_id = ask(company)
    with running(app, run_id):
        asked = time.monotonic()
        with transaction():
            assert matchmaking.end_run(db.session.get_one(MatchRun, run_id), by=company.staff, at=now())
        wait_for(lambda: row(run_id).state == "ended")
    assert time.monotonic() - asked < 3
    with transaction():
        assert not matchmaking.end_run(db.session.get_one(MatchRun, run_id), by=company.staff, at=now())
    assert many(Proposal, run_id) == 0
    assert row(run_id).lease_holder is None


def test_a_process_that_is_killed_fails_the_run_with_a_sentence(app: Flask, make: Factories, company: Company) -> None:
    fill(make, company.programme, 60, 60)
    run_id = ask(company)
    with running(app, run_id):
        for each in solvers(os.getpid()):
            each.kill()
    assert (row(run_id).state, row(run_id).error) == ("failed", "It stopped before it was done. Try again.")
    assert many(Proposal, run_id) == 0


def test_two_workers_do_a_run_once(app: Flask, make: Factories, company: Company) -> None:
    fill(make, company.programme, 20, 20)
    run_id = ask(company)
    with running(app, run_id):
        matchmaking.run(run_id)
        assert row(run_id).state == "running"
    assert (row(run_id).state, row(run_id).beginnings) == ("done", 1)


def test_who_has_lost_the_lease_writes_nothing(app: Flask, make: Factories, company: Company) -> None:
    fill(make, company.programme, 20, 20)
    run_id = ask(company)
    with running(app, run_id):
        let_the_lease_run_out(run_id)
        with transaction():
            taken = work.claim(MatchRun, run_id, seconds=30, where=MatchRun.state == "running")
        assert taken
    assert (row(run_id).state, row(run_id).lease_holder, many(Proposal, run_id)) == ("running", taken, 0)


def test_a_run_whose_worker_was_killed_is_begun_again(
    make: Factories, company: Company, database_url: str, tmp_path: Path, rung: list[tuple[str, int]]
) -> None:
    fill(make, company.programme, 60, 60)
    run_id = ask(company)
    worker = subprocess.Popen([sys.executable, "-m", "tests.pairings.one_run", str(tmp_path), database_url, str(run_id)])
    try:
        wait_for(lambda: solvers(worker.pid))
        child = solvers(worker.pid)[0]
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert row(run_id).state == "running"
    rung.clear()
    matchmaking.sweep()
    assert rung == [], "its lease still holds"
    matchmaking.run(run_id)
    assert row(run_id).state == "running"
    let_the_lease_run_out(run_id)
    matchmaking.sweep()
    assert rung == [("pairings.match", run_id)]
    matchmaking.run(run_id)
    assert (row(run_id).state, row(run_id).beginnings, many(Proposal, run_id)) == ("done", 2, 60)
    rung.clear()
    matchmaking.sweep()
    assert rung == []


def test_a_run_that_was_begun_three_times_in_vain_has_failed(company: Company) -> None:
    run = company.run("running", beginnings=3, lease_holder="gone", lease_until=now() - timedelta(minutes=1))
    matchmaking.run(run.id)
    assert row(run.id).state == "failed"
    assert "three times" in (row(run.id).error or "")


def test_a_run_of_a_dead_worker_is_ended_at_once_when_staff_want_it(company: Company) -> None:
    run = company.run("running", beginnings=1, lease_holder="gone", lease_until=now() - timedelta(minutes=1))
    with transaction():
        assert matchmaking.end_run(db.session.get_one(MatchRun, run.id), by=company.staff, at=now())
    assert row(run.id).state == "ended"


def test_a_hand_made_pair_is_scored_as_the_engine_does_and_refused_with_the_rules_reason(company: Company) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    high = company.mentor("Hedda High", grade=9)
    company.mentor("Mo Manager", manager_id=grace.id)
    run_id = ask(company)
    matchmaking.run(run_id)
    found = db.session.scalars(select(Proposal).where(Proposal.run_id == run_id)).one()
    programme = db.session.get_one(Programme, company.programme.id)

    def assess(mentor: Person, mentee: Person) -> tuple[int, list[dict[str, object]]]:
        return matchmaking.assess(programme, mentor_id=mentor.id, mentee_id=mentee.id, on=today())

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
        matchmaking.assess(programme, mentor_id=ada.id, mentee_id=grace.id, on=today())
    assert refused.value.message == "These two cannot be paired."
    run_id = ask(company)
    matchmaking.run(run_id)
    said = [each.template for each in db.session.scalars(select(LeftOver).where(LeftOver.run_id == run_id))]
    assert len(said) == 2 and not any("%(" in each for each in said)


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
        with count_queries() as counted:  # type: ignore[attr-defined]  # a context manager
            candidates.problem_of(db.session.get_one(Programme, programme.id), on=today())
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 10
