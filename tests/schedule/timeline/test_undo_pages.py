"""Taking a change back from the letter that told of it; and that whoever did not make a change hears of it at
once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, time, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from portal.clock import now
from portal.core.hours.cadence import Rule
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from portal.people.models import Person
from portal.schedule import milestones, planning
from portal.schedule.move_requests import requests
from portal.schedule.queries import milestones_of
from tests.schedule.pairs import act, fresh, letters_to, plan, rows_of
from tests.visitor import Visitor

NewVisitor = Callable[..., Visitor]
NOWHERE = "ZZ"
"""No country (ISO 3166 leaves it to its users), so one without holidays."""


@pytest.fixture
def soon(pairing: Pairing) -> Pairing:
    """Three check-ins, the first of them within 48 hours; no holiday of the two comes in between, whatever
    today is.
    """
    with transaction():
        fresh(pairing).mentor.country = fresh(pairing).mentee.country = NOWHERE
    first = (now() + timedelta(hours=47)).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rule = Rule(1, "week", first.date(), first.time(), "UTC", 3)
    plan(pairing, rule, at=now())
    return pairing


def all_letters_to(person: Person) -> list[OutboxLetter]:
    """Every letter to somebody, in order."""
    db.session.rollback()
    return list(
        db.session.scalars(
            select(OutboxLetter).where(OutboxLetter.person_id == person.id).order_by(OutboxLetter.id)
        )
    )


def new_letters(person: Person, act: Callable[[], Any]) -> list[OutboxLetter]:
    """The letters to somebody that an act brings."""
    before = len(all_letters_to(person))
    act()
    return all_letters_to(person)[before:]


def path_in(letter: OutboxLetter) -> str:
    """The undo in a letter, as a path of the portal."""
    (line,) = [line for line in letter.text.splitlines() if "/back?" in line]
    parts = urlsplit(line)
    assert f"/pairings/{line.split('/')[4]}/check-ins/" in line
    assert parts.query in letter.html.replace("&amp;", "&")
    return f"{parts.path}?{parts.query}"


def moved(pairing: Pairing, by: Person, **more: Any) -> None:
    """Move the first check-in by a day."""
    first = rows_of(pairing)[0]
    act(first.id, by, planning.reschedule, at=now(), starts_at=first.starts_at + timedelta(days=1), **more)


def test_one_press_from_the_letter_moves_a_check_in_back(
    soon: Pairing, jona: Person, sigrid: Person, new_visitor: NewVisitor
) -> None:
    was = rows_of(soon)[0].starts_at
    (letter,) = new_letters(sigrid, lambda: moved(soon, jona))
    assert "It was on" in letter.text
    browser, path = new_visitor(sigrid), path_in(letter)
    page = browser.get(path)
    assert page.heading == "Move check-in 1 back?"
    (told,) = new_letters(jona, lambda: browser.post(path))
    assert rows_of(soon)[0].starts_at == was
    assert told.kind == "schedule.moved"
    assert browser.get(path).heading == "Check-in 1 is as it was"


def test_a_check_in_that_a_holiday_moved_is_named_after_it_again_from_the_letter(
    pairing: Pairing, jona: Person, sigrid: Person, new_visitor: NewVisitor
) -> None:
    christmas = now().date().replace(month=12, day=25)
    christmas = christmas if christmas > now().date() else christmas.replace(year=christmas.year + 1)
    plan(pairing, Rule(1, "week", christmas, time(10), "Europe/Berlin", 1), at=now())
    as_planned = [(each.starts_at, each.moved_for) for each in rows_of(pairing)]
    assert as_planned[0][1] == "Erster Weihnachtstag"
    (letter,) = new_letters(sigrid, lambda: moved(pairing, jona))
    assert rows_of(pairing)[0].moved_for == ""
    browser = new_visitor(sigrid)
    browser.get(path_in(letter))
    browser.post(path_in(letter))
    assert [(each.starts_at, each.moved_for) for each in rows_of(pairing)] == as_planned


def test_a_check_in_left_out_takes_place_after_all(
    soon: Pairing, jona: Person, sigrid: Person, new_visitor: NewVisitor
) -> None:
    first = rows_of(soon)[0]
    (letter,) = new_letters(sigrid, lambda: act(first.id, jona, planning.skip, at=now()))
    browser, path = new_visitor(sigrid), path_in(letter)
    assert browser.get(path).heading == "Have check-in 1 after all?"
    browser.post(path)
    assert rows_of(soon)[0].state == "planned"
    assert browser.get(path).heading == "Check-in 1 is as it was"


def test_a_link_that_is_out_of_date_explains_and_changes_nothing(
    soon: Pairing, jona: Person, sigrid: Person, new_visitor: NewVisitor
) -> None:
    (letter,) = new_letters(sigrid, lambda: moved(soon, jona))
    moved(soon, jona)
    now_is, browser, path = rows_of(soon)[0].starts_at, new_visitor(sigrid), path_in(letter)
    page = browser.get(path)
    assert (page.heading, "changed it since that letter" in page.text) == (
        "Check-in 1 has changed since",
        True,
    )
    assert browser.send(path).status == 409
    assert rows_of(soon)[0].starts_at == now_is


def test_a_time_that_is_past_is_no_way_back(soon: Pairing, jona: Person, new_visitor: NewVisitor) -> None:
    first, browser = rows_of(soon)[0], new_visitor(jona)
    path = f"/pairings/{soon.id}/check-ins/{first.id}/back?to=20200101T100000Z&seen={first.version}"
    browser.get(path)
    assert browser.post(path, status=422).heading == "Move check-in 1 back?"
    assert rows_of(soon)[0].starts_at == first.starts_at


def test_nobody_else_sees_it_and_a_link_that_is_none_is_not_found(
    soon: Pairing, jona: Person, make: Any, new_visitor: NewVisitor
) -> None:
    first = rows_of(soon)[0]
    path = f"/pairings/{soon.id}/check-ins/{first.id}/back?to=20300101T100000Z&seen={first.version}"
    new_visitor(make.person("Otto Outside")).get(path, status=404)
    browser = new_visitor(jona)
    for wrong in (
        path.replace("20300101T100000Z", "yesterday"),
        path.replace(f"pairings/{soon.id}/", "pairings/987654/"),
    ):
        browser.get(wrong, status=404)


def test_moved_in_a_calendar_both_get_one_letter_each(soon: Pairing, jona: Person, sigrid: Person) -> None:
    to_partner = len(letters_to(sigrid))
    (own,) = new_letters(jona, lambda: moved(soon, jona, in_calendar=True))
    assert own.text.startswith(
        "Hello Jona Junior,\n\nYou moved a check-in with Sigrid Senior in your calendar."
    )
    (theirs,) = letters_to(sigrid)[to_partner:]
    assert path_in(own) == path_in(theirs)


WAYS: dict[str, Callable[[Pairing, Person], Any]] = {
    "moved on the page": moved,
    "moved in a calendar": lambda pairing, by: moved(pairing, by, in_calendar=True),
    "skipped on the page": lambda pairing, by: act(rows_of(pairing)[0].id, by, planning.skip, at=now()),
    "skipped in a calendar": lambda pairing, by: act(
        rows_of(pairing)[0].id, by, planning.skip, at=now(), in_calendar=True
    ),
    "planned anew": lambda pairing, _by: plan(
        pairing,
        Rule(2, "week", (now() + timedelta(days=20)).date(), time(10), "UTC", 2),
        at=now(),
        seen=rows_of(pairing)[0].series.version,
    ),
    "ended": lambda pairing, by: _ended(pairing, by),
}


def _ended(pairing: Pairing, by: Person) -> None:
    with transaction():
        offers.end(fresh(pairing), by=db.session.get_one(Person, by.id), at=now())


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_change_inside_two_days_reaches_the_partner_at_once_and_once(
    soon: Pairing, jona: Person, sigrid: Person, way: Callable[[Pairing, Person], Any]
) -> None:
    assert rows_of(soon)[0].starts_at < now() + timedelta(hours=48)
    (letter,) = new_letters(sigrid, lambda: way(soon, jona))
    assert letter.state == "kept", "it goes out at once; without a mail server it is kept"


@pytest.mark.parametrize("way", list(WAYS.values())[::2], ids=list(WAYS)[::2])
def test_a_change_by_staff_reaches_both_at_once_and_once(
    soon: Pairing, jona: Person, sigrid: Person, admin: Person, way: Callable[[Pairing, Person], Any]
) -> None:
    before = len(letters_to(sigrid))
    assert len(new_letters(jona, lambda: way(soon, admin))) == 1
    assert len(letters_to(sigrid)) == before + 1


def test_agreeing_to_another_time_reaches_whoever_asked_once(
    soon: Pairing, jona: Person, sigrid: Person
) -> None:
    first = rows_of(soon)[0]
    with transaction():
        asker = db.session.get_one(Person, jona.id)
        at = {"by": asker, "at": now()}
        found = requests.ask(
            rows_of(soon)[0], fresh(soon), starts_at=first.starts_at + timedelta(hours=3), **at
        )
        assert found is not None
        request_id = found.id

    def agree() -> None:
        with transaction():
            person = db.session.get_one(Person, sigrid.id)
            requests.agree(*requests.request_for(request_id, person), by=person, at=now())

    (letter,) = new_letters(jona, agree)
    assert letter.kind == "schedule.moved"


def test_a_plan_made_anew_says_where_to_plan_once_more(soon: Pairing, jona: Person) -> None:
    (letter,) = new_letters(jona, lambda: WAYS["planned anew"](soon, jona))
    assert f"http://localhost/schedule/{soon.id}/plan" in letter.text


def test_the_move_of_a_day_is_taken_back(pairing: Pairing, jona: Person, new_visitor: NewVisitor) -> None:
    with transaction():
        milestones.align(fresh(pairing), at=now())
    closing = milestones_of(pairing.id)[-1]
    due_on, browser = closing.due_on, new_visitor(jona)
    browser.get(f"/schedule/milestones/{closing.id}/move")
    later = (max(due_on, now().date()) + timedelta(days=5)).isoformat()
    browser.post(f"/schedule/milestones/{closing.id}/move", **{f"milestone-{closing.id}-due_on": later})
    page = browser.follow()
    (action,) = {each["action"] for each in page.root.all("form") if "/move/undo/" in each["action"]}
    browser.post(action)
    db.session.rollback()
    db.session.expire_all()
    there = milestones_of(pairing.id)[-1]
    assert (there.due_on, there.moved_by_hand) == (due_on, False)


def test_the_planned_first_says_nothing_of_planning_anew(pairing: Pairing, jona: Person) -> None:
    rule = Rule(1, "week", (now() + timedelta(days=9)).date(), time(9), "UTC", 2)
    (letter,) = new_letters(jona, lambda: plan(pairing, rule, at=now()))
    assert "/plan" not in letter.text
