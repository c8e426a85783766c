"""Links in letters: how long they work, and what a link that is over says of itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.clock import now
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.people.accounts import actions
from portal.people.models import AccountLink, Person
from tests.personas import Factories
from tests.visitor import Visitor

NEW = "a-new-walnut-harbour-49"


def invited(make: Factories, name: str = "Wela Welcomed") -> Person:
    """Somebody whom staff added and who has not been here yet."""
    return make.person(name, password=None)


def path_of(link: str) -> str:
    return link.removeprefix("http://localhost")


def invite(person: Person, *, days_ago: float = 0) -> str:
    """The path of a link that was sent some days ago."""
    with transaction():
        row, at = db.session.get_one(Person, person.id), now() - timedelta(days=days_ago)
        return path_of(actions.invite(row, at=at))


def test_an_invitation_is_good_for_a_week_and_says_so(make: Factories, visitor: Visitor) -> None:
    wela = invited(make)
    good, old = invite(wela, days_ago=6.9), invite(wela, days_ago=7.1)
    letter = db.session.scalars(select(OutboxLetter)).first()
    assert letter is not None
    assert "works once, within 7 days" in letter.text
    assert visitor.get(good).heading == "Choose your password"
    page = visitor.get(old, status=410)
    assert (page.heading, "too old by now" in page.text) == ("This link is over", True)


def test_how_long_is_a_setting(app_with: Callable[..., Flask]) -> None:
    app = app_with(invitation_days=1)
    with app.app_context():
        old = invite(invited(Factories(app)), days_ago=1.1)
        assert Visitor(app).get(old, status=410).heading == "This link is over"


def test_an_older_link_says_that_another_was_used_and_a_used_one_that_it_was(
    make: Factories, visitor: Visitor, new_visitor: Callable[[], Visitor]
) -> None:
    wela = invited(make)
    first, second = invite(wela, days_ago=2), invite(wela)
    visitor.get(second)
    visitor.post(second, password=NEW)
    other = new_visitor()
    assert "was used in its place" in other.get(first, status=410).text
    assert "was used already" in other.get(second, status=410).text
    assert "not whole" in other.get("/reset/nonsense", status=410).text


def test_a_link_can_be_told_about_for_a_month(make: Factories, visitor: Visitor) -> None:
    wela = invited(make)
    known, forgotten = invite(wela, days_ago=36), invite(wela, days_ago=38)
    invite(wela)
    assert "too old" in visitor.get(known, status=410).text
    assert "do not know it any more" in visitor.get(forgotten, status=410).text


@pytest.mark.both_databases
def test_all_of_a_list_who_have_not_been_here_are_invited_again_at_once(
    make: Factories, staff: Person, new_visitor: Callable[..., Visitor]
) -> None:
    waiting = [invited(make, f"Wela Waiting {number}") for number in range(3)]
    make.person("Ada Here")
    make.person("Gone Before", password=None, disabled_at=now())
    visitor = new_visitor(staff)
    page = visitor.get("/people?state=invited&q=waiting")
    assert page.heading == "3 people"
    assert page.text.count("Invited") >= 3
    page = visitor.get("/people/invite?q=waiting&state=invited")
    assert page.heading == "Invite 3 people again"
    visitor.post("/people/invite?q=waiting&state=invited")
    assert "3 invitations are on their way." in visitor.follow().toasts
    letters = db.session.scalars(select(OutboxLetter.to_address)).all()
    assert sorted(letters) == sorted(person.email for person in waiting)
    assert db.session.query(AccountLink).count() == 3


def test_nobody_is_invited_again_who_has_chosen_a_password_meanwhile(
    make: Factories, staff: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(staff)
    assert visitor.get("/people/invite").heading == "Nobody to invite again"
    wela = invited(make)
    visitor.get("/people/invite")
    with transaction():
        db.session.get_one(Person, wela.id).password_hash = "x"
    visitor.post("/people/invite")
    assert visitor.follow().toasts == ["Everybody has chosen a password by now, so nobody was written to."]
    assert db.session.query(OutboxLetter).count() == 0
