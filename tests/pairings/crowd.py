"""Many people who have joined a programme, and runs of the matching over them, in threads and processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from threading import Thread

import psutil
from flask import Flask
from sqlalchemy import func, select, update

from portal.clock import now
from portal.db import db, transaction
from portal.pairings.matching import drafts, runs
from portal.pairings.models import LeftOver, MatchRun, Pairing, Proposal
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme, Topic, Wish
from tests.pairings.company import Company
from tests.personas import Factories

STYLES, DEPARTMENTS = ("introvert", "balanced", "extrovert"), ("Design", "Finance", "Sales", "Law")
ZONES = ("Europe/Berlin", "Europe/London", "Asia/Kolkata")


def fill(make: Factories, programme: Programme, mentors: int, mentees: int) -> None:
    """Have many people join, with wishes of their own."""
    chance = Random(7)  # people of a test, not a secret
    topics = [
        Topic(id=f"t{number}", area=f"area {number % 4}", label=f"Topic {number}", aliases=[])
        for number in range(12)
    ]
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
        email=f"many.{number}@example.com",
        name=f"Many {number}",
        confirmed_at=now(),
        created_at=now(),
        site="Berlin",
        department=chance.choice(DEPARTMENTS),
        time_zone=chance.choice(ZONES),
        style=chance.choice(STYLES),
        grade=chance.randint(1, 4) if junior else chance.randint(6, 9),
    )


def _enrolment(person: Person, programme: Programme, junior: bool) -> Enrolment:
    return Enrolment(
        person_id=person.id,
        programme_id=programme.id,
        as_mentor=junior,
        as_mentee=not junior,
        state="waiting",
        steps_done=5,
        begun_at=now(),
        joined_at=now(),
    )


def ask(company: Company) -> int:
    """Ask for a run."""
    with transaction():
        programme = db.session.get_one(Programme, company.programme.id)
        return runs.ask_run(programme, by=company.staff, at=now()).id


def keep(run_id: int, company: Company) -> tuple[int, int]:
    """Make drafts of what a run found."""
    with transaction():
        return drafts.keep_run(db.session.get_one(MatchRun, run_id), by=company.staff, at=now())


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
    query = query.join(one, one.c.id == Proposal.mentor_enrolment_id).join(
        other, other.c.id == Proposal.mentee_enrolment_id
    )
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
    return [
        each
        for each in psutil.Process(of).children()
        if "portal.pairings.matching.solver_process" in _command(each)
    ]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextmanager
def running(app: Flask, run_id: int) -> Iterator[None]:
    """A run under way in a worker's thread, past its start; it is over when the block is left."""

    def work_on_it() -> None:
        with app.app_context():
            runs.run(run_id)
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
        db.session.execute(
            update(MatchRun).where(MatchRun.id == run_id).values(lease_until=now() - timedelta(seconds=1))
        )
