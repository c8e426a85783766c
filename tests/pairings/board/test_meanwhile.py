"""What changes while somebody is at it: two who write at once wait for each other and never in a ring; what
people said since counts; and nobody is told what is not so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import NoResultFound

from portal import audit
from portal.clock import now
from portal.db import db, transaction
from portal.errors import PortalError
from portal.pairings.board import actions
from portal.pairings.models import MatchRun, Pairing
from portal.pairings.offers import actions as offers
from portal.pairings.offers import publishing
from portal.pairings.offers import withdrawal as leaving
from portal.pairings.prices import actions as chains
from portal.pairings.prices import tables
from portal.pairings.queries import hold_programme
from portal.pairings.trials import actions as trials
from portal.people import versions
from portal.programmes.actions import edit_programme
from portal.programmes.models import Programme
from portal.programmes.queries import own_enrolment
from tests.pairings.company import Company
from tests.pairings.posted import held, letters, now_is

pytestmark = pytest.mark.both_databases

Act = Callable[[], object]


def waiting() -> int:
    """How many others wait for a lock; on SQLite, where nobody can tell, after a while as
    many as it takes.
    """
    if db.engine.dialect.name == "sqlite":
        time.sleep(0.3)
        return 9
    db.session.rollback()
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type ="
        " 'Lock'"
    )
    return db.session.scalar(text(query)) or 0


@contextmanager
def held_up(app: Flask, by: Act) -> Iterator[None]:
    """While the block runs, somebody else has done `by` and not come to an end."""
    leave, there = [], []

    def stand_in_the_way() -> None:
        with app.app_context():
            with transaction():
                by()
                there.append(True)
                while not leave:
                    time.sleep(0.01)
            db.session.remove()

    thread = Thread(target=stand_in_the_way)
    thread.start()
    while not there and thread.is_alive():
        time.sleep(0.01)
    try:
        yield
    finally:
        leave.append(True)
        thread.join()


def one_after_the_other(app: Flask, *acts: Act, behind: Act) -> list[str]:
    """Begin each while the ones before stand waiting behind `behind`; then let them go. What failed, but for
    refusals.
    """
    wrong: list[str] = []

    def do(act: Act) -> None:
        with app.app_context():
            try:
                with transaction():
                    act()
            except (PortalError, NoResultFound):
                pass
            except Exception as error:  # noqa: BLE001  # whatever it is, it is what the test tells of
                wrong.append(f"{type(error).__name__}: {str(error).splitlines()[0]}")
            db.session.remove()

    threads = [Thread(target=do, args=(act,)) for act in acts]
    db.session.rollback()
    with held_up(app, behind):
        for number, thread in enumerate(threads, 1):
            thread.start()
            until = time.monotonic() + 10
            while waiting() < number and time.monotonic() < until:
                time.sleep(0.02)
        db.session.rollback()
    for thread in threads:
        thread.join()
    return wrong


@pytest.fixture
def two(company: Company) -> tuple[Pairing, Pairing]:
    """Two drafts with prices."""
    found = company.pairing("Ada King", "Grace Hopper"), company.pairing("Bea Long", "Dora Day")
    price(company)
    return found


def mine(company: Company) -> Programme:
    return db.session.get_one(Programme, company.programme.id)


def price(company: Company) -> None:
    """Have prices of now."""
    with transaction():
        tables.request_table(company.programme.id, at=now())
    tables.price(company.programme.id)


def choose(pairing: Pairing, mentor: str, company: Company) -> Act:
    """Choose another mentor by the prices there are."""
    stamp, seen = tables.stamp_made(company.programme.id), held(pairing).version
    about: dict[str, Any] = {"mentor_id": company.people[mentor].id, "seen": seen, "stamp": stamp}
    return lambda: chains.choose(held(pairing), by=company.staff, at=now(), **about)


def edit(pairing: Pairing, company: Company, **values: Any) -> Act:
    """Edit a row."""
    seen = pairing.version
    return lambda: actions.edit(held(pairing), seen=seen, by=company.staff, at=now(), **values)


def publish(company: Company) -> Act:
    """Publish what there is now."""
    digest = publishing.preview(mine(company), at=now()).digest
    return lambda: publishing.publish(mine(company), digest=digest, by=company.staff, at=now())


def test_a_row_edited_while_another_mentor_is_chosen_by_price_waits_its_turn(
    app: Flask, company: Company, two: tuple[Pairing, Pairing]
) -> None:
    one, _other = two
    free = company.mentor("Free Frida")
    acts = choose(one, "Bea Long", company), edit(one, company, mentor_id=free.id)
    assert one_after_the_other(app, *acts, behind=lambda: hold_programme(company.programme.id)) == []


def test_a_choice_taken_back_while_another_is_made_waits_its_turn(
    app: Flask, company: Company, two: tuple[Pairing, Pairing]
) -> None:
    one, _other = two
    first = choose(one, "Bea Long", company)
    with transaction():
        first()
        position = audit.count()
    price(company)
    acts = choose(one, "Ada King", company), lambda: chains.undo(position, by=company.staff, at=now())
    assert one_after_the_other(app, *acts, behind=lambda: hold_programme(company.programme.id)) == []


def test_publishing_while_the_second_draft_gets_another_mentor_waits_its_turn(
    app: Flask, company: Company, two: tuple[Pairing, Pairing]
) -> None:
    one, other = two

    def hold_the_first() -> None:
        db.session.execute(select(Pairing.id).where(Pairing.id == one.id).with_for_update())

    acts = publish(company), choose(other, "Ada King", company)
    assert one_after_the_other(app, *acts, behind=hold_the_first) == []


@pytest.mark.parametrize("who", ["staff", "somebody who leaves"])
def test_keeping_a_trial_with_its_rules_while_a_draft_changes_waits_its_turn(
    app: Flask, company: Company, two: tuple[Pairing, Pairing], who: str
) -> None:
    one, _other = two
    trial = company.run(trial=True, weights={**company.programme.weights, "interests": 66, "style": 6})
    grace, seen = company.people["Grace Hopper"], company.programme.version

    def keep() -> None:
        trials.keep(
            db.session.get_one(MatchRun, trial.id), by=company.staff, at=now(), rules_too=True, seen=seen
        )

    def leave() -> None:
        leaving.withdraw(own_enrolment(company.programme.id, grace.id, hold=True), at=now())

    change = edit(one, company, remark="Ask them twice") if who == "staff" else leave
    behind = lambda: audit.write(action="test", on="test", id=1, by=None)  # noqa: E731  # short
    assert one_after_the_other(app, keep, change, behind=behind) == []


def test_two_whose_calendars_change_by_different_doings_wait_for_each_other_in_one_order(
    app: Flask, company: Company
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "active")
    both = [pairing.mentor_id, pairing.mentee_id]

    def plan() -> None:
        versions.raise_calendar(both)
        audit.write(action="series.planned", on="series", id=1, by=None)

    acts = lambda: offers.end(held(pairing), by=company.staff, at=now()), plan
    behind = lambda: audit.write(action="test", on="test", id=1, by=None)  # noqa: E731  # short
    assert one_after_the_other(app, *acts, behind=behind) == []


@pytest.mark.parametrize("leaves", ["Ada King", "Grace Hopper"])
def test_an_answer_while_one_of_the_two_leaves_waits_its_turn(
    app: Flask, company: Company, leaves: str
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "offered")
    grace, who = company.people["Grace Hopper"], company.people[leaves]

    def leave() -> None:
        leaving.withdraw(own_enrolment(company.programme.id, who.id, hold=True), at=now())

    answer = lambda: offers.accept(held(pairing), by=grace, at=now())  # noqa: E731  # short
    behind = lambda: audit.write(action="test", on="test", id=1, by=None)  # noqa: E731  # short
    assert one_after_the_other(app, answer, leave, behind=behind) == []
    assert now_is(pairing) == ("declined", "withdrew")


@pytest.mark.parametrize("first", ["the answer", "the end of the time"])
def test_an_answer_at_the_end_of_its_time_counts_or_is_too_late_and_never_both(
    app: Flask, company: Company, first: str
) -> None:
    late = {"offered_at": now() - timedelta(days=5), "answer_by": now() - timedelta(seconds=1)}
    pairing = company.pairing("Ada King", "Grace Hopper", "offered", **late)
    grace = company.people["Grace Hopper"]
    answer, end = (
        (lambda: offers.accept(held(pairing), by=grace, at=now())),
        (lambda: offers.expire_due(now())),
    )
    acts = (answer, end) if first == "the answer" else (end, answer)
    behind = lambda: audit.write(action="test", on="test", id=1, by=None)  # noqa: E731  # short
    assert one_after_the_other(app, *acts, behind=behind) == []
    outcomes = {("offered", None, "offered"), ("declined", "expired", None)}
    kind = next((each for each, _ in letters()), None)
    assert (*now_is(pairing), kind) in outcomes
    if db.engine.dialect.name == "postgresql":
        assert (now_is(pairing)[0] == "offered") == (first == "the answer")


def test_rules_that_change_while_a_row_is_edited_wait_their_turn(
    app: Flask, company: Company, two: tuple[Pairing, Pairing]
) -> None:
    one, _other = two
    seen = company.programme.version

    def change() -> None:
        edit_programme(
            mine(company), seen=seen, by=company.staff, rules={**company.programme.rules, "line": 30}
        )

    behind = lambda: audit.write(action="test", on="test", id=1, by=None)  # noqa: E731  # short
    assert one_after_the_other(app, change, edit(one, company, remark="Ask them twice"), behind=behind) == []
