"""Asking the two of a pairing: who is asked when, what each answer leads to, and the end without blame."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy.orm.exc import StaleDataError

from portal import audit
from portal.clock import now
from portal.core.lifecycle import PairingEnd
from portal.db import db, transaction
from portal.errors import Invalid, NotFound
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from portal.pairings.offers import withdrawal as leaving
from portal.pairings.queries import hold
from portal.people import versions
from portal.people.models import Person
from portal.programmes.queries import own_enrolment
from tests.conftest import Noise
from tests.pairings.company import Company, company_of
from tests.pairings.posted import held, letters, now_is
from tests.personas import Factories

pytestmark = pytest.mark.both_databases


def offer(pairing: Pairing, by: Person) -> None:
    with transaction():
        offers.offer(held(pairing), by=by.id, at=now())


def accept(pairing: Pairing, by: Person) -> bool:
    with transaction():
        return offers.accept(held(pairing), by=by, at=now())


def decline(pairing: Pairing, by: Person) -> bool:
    with transaction():
        return offers.decline(held(pairing), by=by, at=now())


def end(pairing: Pairing, by: Person, reason: PairingEnd | None = None) -> bool:
    with transaction():
        return offers.end(held(pairing), by=by, at=now(), reason=reason)


def test_the_senior_is_asked_first_then_the_junior_and_two_yes_make_it_active(
    company: Company, staff: Person, rung: list[tuple[str, int]]
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    ada, grace = company.people["Ada King"], company.people["Grace Hopper"]
    offer(pairing, staff)
    assert letters() == [("offered", grace.email)]
    assert offers.turn_of(held(pairing)).id == grace.id
    assert held(pairing).answer_by == held(pairing).offered_at + timedelta(days=5)
    assert accept(pairing, grace)
    assert letters() == [("offered", grace.email), ("offered", ada.email)]
    assert offers.turn_of(held(pairing)).id == ada.id
    assert held(pairing).answer_by == held(pairing).mentee_accepted_at + timedelta(days=5)
    assert (versions.of(ada.id), versions.of(grace.id)) == ((0, 0), (0, 0))
    assert accept(pairing, ada)
    row = held(pairing)
    assert (row.state, row.answer_by, row.active_at) == ("active", None, row.mentor_accepted_at)
    assert letters()[2:] == [("active", grace.email), ("active", ada.email)]
    assert (versions.of(ada.id), versions.of(grace.id)) == ((1, 1), (1, 1))
    changed = [
        ("people.calendar_changed", each.id) for each in sorted((ada, grace), key=lambda each: each.id)
    ]
    assert sorted(rung) == [*changed, ("schedule.milestones", pairing.id)]
    told = [(each.action, each.actor_id) for each in reversed(audit.history("pairing", pairing.id))]
    assert told == [("pairing.moved", staff.id), ("pairing.accepted", grace.id), ("pairing.moved", ada.id)]


def test_a_doubled_yes_is_one_yes(company: Company, staff: Person) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    ada, grace = company.people["Ada King"], company.people["Grace Hopper"]
    offer(pairing, staff)
    assert [accept(pairing, grace), accept(pairing, grace)] == [True, False]
    assert [accept(pairing, ada), accept(pairing, ada), accept(pairing, grace)] == [True, False, False]
    assert len(letters()) == 4
    assert versions.of(ada.id)[0] == 1


def test_a_yes_sent_several_times_at_once_is_one_yes(app: Flask, company: Company, staff: Person) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    grace = company.people["Grace Hopper"]
    offer(pairing, staff)
    together, answers = Barrier(4), []

    def say_yes() -> None:
        with app.app_context():
            together.wait()
            try:
                answers.append(accept(pairing, grace))
            except StaleDataError:
                answers.append(False)
            db.session.remove()

    threads = [Thread(target=say_yes) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(answers) == [False, False, False, True]
    assert [kind for kind, _ in letters()] == ["offered", "offered"]


def test_only_the_one_whose_turn_it_is_can_answer(
    company: Company, staff: Person, member: Person, noise: Noise
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    ada, grace = company.people["Ada King"], company.people["Grace Hopper"]
    for person in (ada, grace, staff, member, noise.person):
        with pytest.raises(NotFound):
            accept(pairing, person)
    offer(pairing, staff)
    for person in (ada, staff, member, noise.person):
        for answer in (accept, decline):
            with pytest.raises(NotFound):
                answer(pairing, person)
    accept(pairing, grace)
    for person in (staff, member, noise.person):
        with pytest.raises(NotFound):
            accept(pairing, person)
    with pytest.raises(NotFound):
        decline(pairing, grace)
    assert now_is(pairing) == ("offered", None)


def test_a_no_of_the_senior_is_told_to_nobody(company: Company, staff: Person) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    grace = company.people["Grace Hopper"]
    offer(pairing, staff)
    assert [decline(pairing, grace), decline(pairing, grace)] == [True, False]
    assert now_is(pairing) == ("declined", "mentee declined")
    assert letters() == [("offered", grace.email)]
    with pytest.raises(Invalid, match="over"):
        accept(pairing, grace)


def test_after_a_no_of_the_junior_the_senior_is_told_kindly(company: Company, staff: Person) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    ada, grace = company.people["Ada King"], company.people["Grace Hopper"]
    offer(pairing, staff)
    accept(pairing, grace)
    assert decline(pairing, ada)
    assert now_is(pairing) == ("declined", "mentor declined")
    assert letters()[2:] == [("not_this_time", grace.email)]


@pytest.mark.parametrize("both", [False, True])
def test_an_offer_that_nobody_answers_goes_after_five_days(
    company: Company, staff: Person, both: bool
) -> None:
    pairing, other = company.pairing("Ada King", "Grace Hopper"), company.pairing("Bea Long", "Carl Cole")
    grace = company.people["Grace Hopper"]
    offer(pairing, staff)
    if both:
        accept(pairing, grace)
    before = len(letters())
    for days, expected in ((4, 0), (6, 1), (6, 0)):
        with transaction():
            assert offers.expire_due(now() + timedelta(days=days)) == expected
    assert now_is(pairing) == ("declined", "expired")
    assert now_is(other) == ("draft", None)
    assert letters()[before:] == ([("not_this_time", grace.email)] if both else [])


@pytest.mark.parametrize(
    ("who", "said"), [("Ada King", "by mentor"), ("Grace Hopper", "by mentee"), ("", "by staff")]
)
def test_each_of_the_two_and_staff_can_end_it_alike(
    company: Company, staff: Person, who: str, said: str
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "active")
    ada, grace = company.people["Ada King"], company.people["Grace Hopper"]
    by = company.people.get(who, staff)
    assert [end(pairing, by), end(pairing, by)] == [True, False]
    assert now_is(pairing) == ("ended", said)
    assert letters() == [("ended", grace.email), ("ended", ada.email)]
    assert (versions.of(ada.id)[0], versions.of(grace.id)[0]) == (1, 1)
    assert held(pairing).ended_at is not None


def test_what_has_not_begun_cannot_be_ended(company: Company, staff: Person) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "offered")
    with pytest.raises(Invalid):
        end(pairing, staff)
    assert now_is(pairing) == ("offered", None)


def test_an_end_can_be_taken_back_and_both_are_told(company: Company, staff: Person) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "active")
    ada = company.people["Ada King"]
    end(pairing, staff)
    for changed in (True, False):
        with transaction():
            assert offers.take_back_end(held(pairing), by=staff, at=now()) is changed
    assert now_is(pairing) == ("active", None)
    assert [kind for kind, _ in letters()] == ["ended", "ended", "goes_on", "goes_on"]
    assert versions.of(ada.id)[0] == 2


def test_an_end_is_not_taken_back_when_the_seat_is_given_away_or_somebody_has_left(
    company: Company, staff: Person
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "active")
    ada = company.people["Ada King"]
    end(pairing, staff)
    other = company.pairing(ada, "Carl Cole", "offered")
    with pytest.raises(Invalid, match="Ada King has no seat left"), transaction():
        offers.take_back_end(held(pairing), by=staff, at=now())
    with transaction():
        offers.cancel(held(other), PairingEnd.EXPIRED, by=None, at=now())
        leaving.withdraw(own_enrolment(company.programme.id, ada.id), at=now())
    with pytest.raises(Invalid, match="takes part"), transaction():
        offers.take_back_end(held(pairing), by=staff, at=now())
    assert now_is(pairing) == ("ended", "by staff")


def test_leaving_ends_what_has_begun_and_lets_offers_and_drafts_go(company: Company, make: Factories) -> None:
    ada = company.mentor("Ada King", mentor_capacity=4)
    active, draft = company.pairing(ada, "Grace Hopper", "active"), company.pairing(ada, "Carl Cole")
    offered, agreed = (
        company.pairing(ada, "Dora Day", "offered"),
        company.pairing(ada, "Emil Ende", "offered"),
    )
    elsewhere = company_of(make, company.staff, "Another season").pairing("Bea Long", "Fred Fox", "active")
    accept(agreed, company.people["Emil Ende"])
    before = len(letters())
    for changed in (True, False):
        with transaction():
            enrolment = own_enrolment(company.programme.id, ada.id)
            assert enrolment is not None
            assert leaving.withdraw(enrolment, at=now()) is changed
    assert [now_is(each) for each in (active, draft, offered, agreed)] == [
        ("ended", "withdrew"),
        ("ended", "withdrew"),
        ("declined", "withdrew"),
        ("declined", "withdrew"),
    ]
    assert now_is(elsewhere) == ("active", None)
    emails = {name: person.email for name, person in company.people.items()}
    assert letters()[before:] == [
        ("ended", emails["Grace Hopper"]),
        ("ended", ada.email),
        ("taken_back", emails["Dora Day"]),
        ("not_this_time", emails["Emil Ende"]),
        ("programmes.withdrawn", ada.email),
    ]


def test_a_junior_who_is_asked_is_told_when_the_senior_leaves(company: Company, staff: Person) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    ada, grace = company.people["Ada King"], company.people["Grace Hopper"]
    offer(pairing, staff)
    accept(pairing, grace)
    with transaction():
        leaving.withdraw(own_enrolment(company.programme.id, grace.id), at=now())
    assert letters()[2:] == [("taken_back", ada.email), ("programmes.withdrawn", grace.email)]
    with pytest.raises(Invalid, match="over"):
        accept(pairing, ada)


def test_an_answer_and_a_change_of_staff_at_the_same_time_leave_one_of_them(
    app: Flask, company: Company, staff: Person
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "offered")
    grace = company.people["Grace Hopper"]
    together, came_through = Barrier(2), []

    def in_own_context(name: str, act: Callable[[], object]) -> None:
        with app.app_context():
            together.wait()
            try:
                with transaction():
                    act()
                came_through.append(name)
            except (Invalid, NotFound):
                pass
            db.session.remove()

    def take_back() -> None:
        row = held(pairing)
        hold(row)
        if row.mentee_accepted_at is None:
            offers.take_offer_back(row, by=staff.id)

    threads = [
        Thread(target=in_own_context, args=("yes", lambda: offers.accept(held(pairing), by=grace, at=now()))),
        Thread(target=in_own_context, args=("back", take_back)),
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    row = held(pairing)
    assert (row.state, row.mentee_accepted_at is not None) in [("draft", False), ("offered", True)]
