"""A form sent twice, by a double click or an impatient reload, does its work once and breaks nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import audit
from portal.db import Model, db
from portal.letters.models import OutboxLetter
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme
from tests.personas import PASSWORD, Factories
from tests.visitor import Visitor, filled

pytestmark = pytest.mark.both_databases


def many(model: type[Model]) -> int:
    """How many rows there are."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def send_at_once(visitor: Visitor, url: str, data: dict[str, list[str]], times: int = 2) -> list[int]:
    """Send the same request several times at the same moment, each from a copy of the
    visitor; the statuses.
    """
    copies = []
    for _ in range(times):
        copy = Visitor(visitor.app)
        for name in (visitor.app.config["SIGN_IN_COOKIE"], visitor.app.config["SESSION_COOKIE_NAME"]):
            cookie = visitor.client.get_cookie(name)
            if cookie is not None:
                copy.client.set_cookie(name, cookie.value, domain="localhost")
        copies.append(copy)
    db.session.rollback()
    with ThreadPoolExecutor(times) as pool:
        return sorted(pool.map(lambda copy: copy.open(url, method="POST", data=data).status, copies))


def test_signing_up_twice_makes_one_person(app: Flask, visitor: Visitor) -> None:
    page = visitor.get("/sign-up")
    data = filled(
        page.form("/sign-up"), {"name": "Dora Double", "email": "dora@example.com", "password": PASSWORD}
    )
    assert send_at_once(visitor, "/sign-up", data, 4) == [303] * 4
    db.session.rollback()
    assert many(Person) == 1


def test_joining_twice_makes_one_enrolment(
    app: Flask, make: Factories, member: Person, new_visitor: Callable[..., Visitor]
) -> None:
    programme = make.programme()
    visitor = new_visitor(member)
    action = f"/join/{programme.id}/start"
    data = filled(visitor.get("/join").form(action))
    assert set(send_at_once(visitor, action, data, 4)) <= {303, 409}
    db.session.rollback()
    assert many(Enrolment) == 1


def test_adding_a_person_twice_makes_one_and_writes_one_letter(
    app: Flask, staff: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(staff)
    data = filled(
        visitor.get("/people/new").form("/people/new"), {"name": "Dora Double", "email": "dora@example.com"}
    )
    assert set(send_at_once(visitor, "/people/new", data)) <= {303, 409, 422}
    db.session.rollback()
    assert db.session.scalars(select(Person.email).where(Person.name == "Dora Double")).all() == [
        "dora@example.com"
    ]
    assert many(OutboxLetter) == 1


@pytest.mark.parametrize("htmx", [False, True])
def test_saving_a_row_twice_is_one_edit(
    app: Flask, staff: Person, member: Person, new_visitor: Callable[..., Visitor], htmx: bool
) -> None:
    visitor = new_visitor(staff)
    action = f"/people/{member.id}"
    form = visitor.get(f"/people/{member.id}/edit", htmx=htmx).form(action)
    name = next(each["name"] for each in form.all("input") if each["name"].endswith("department"))
    data = filled(form, {name: "Research"})
    before = audit.count()
    statuses = [visitor.open(action, method="POST", data=data, htmx=htmx).status for _ in range(2)]
    assert statuses[0] in (200, 303)
    assert statuses[1] in (200, 303, 409)
    assert audit.count() == before + 1


def test_a_new_programme_sent_twice_one_after_the_other_breaks_nothing(
    app: Flask, admin: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(admin)
    form = visitor.get("/programmes/new").form("/programmes/new")
    data = filled(
        form, {"name": "Twice", "starts_on": "2031-01-01", "ends_on": "2031-06-30", "leads": "mentor"}
    )
    statuses = [visitor.open("/programmes/new", method="POST", data=data).status for _ in range(2)]
    assert statuses[0] == 303
    assert statuses[1] < 500
    assert many(Programme) in (1, 2)
