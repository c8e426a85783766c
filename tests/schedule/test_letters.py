"""The letters of the room, whole: every time in the reader's own zone and language."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from portal.core.hours.cadence import Rule
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule import planning
from portal.schedule.queries import series_of
from tests.conftest import Noise
from tests.personas import Factories
from tests.schedule.pairs import AT, RULE, act, fresh, letters_to, make_pairing, plan, rows_of

THREE = replace(RULE, count=3)


@pytest.fixture
def jona(make: Factories, noise: Noise) -> Person:
    """The junior, in New York, where clocks change a week later."""
    return make.person("Jona Junior", time_zone="America/New_York", country="US")


@pytest.fixture
def pairing(make: Factories, jona: Person) -> Pairing:
    return make_pairing(make, mentor=jona)


@pytest.fixture
def sigrid(pairing: Pairing) -> Person:
    return fresh(pairing).mentee


def last_to(person: Person) -> OutboxLetter:
    return letters_to(person)[-1]


def listed(letter: OutboxLetter) -> list[str]:
    return [line[2:] for line in letter.text.splitlines() if line.startswith("- ")]


def test_the_letter_about_a_plan_is_whole(pairing: Pairing, jona: Person) -> None:
    plan(pairing, THREE)
    letter = last_to(jona)
    assert (letter.kind, letter.to_address) == ("schedule.planned", jona.email)
    assert letter.subject == "Your check-ins with Sigrid Senior are planned"
    why = (
        f"You get this because you take part in {fresh(pairing).programme.name}. "
        "A letter like this comes with every change of your check-ins that is not your own."
    )
    assert [line for line in letter.text.splitlines() if line] == [
        "Hello Jona Junior,",
        "Sigrid Senior has planned your check-ins. All times are yours:",
        "- Tuesday, 13 October 2026, 04:00",
        "- Tuesday, 10 November 2026, 04:00",
        "- Tuesday, 8 December 2026, 04:00",
        "A time does not suit? Move or skip one on your page; both calendars follow.",
        "See your page:",
        f"http://localhost/pairings/{pairing.id}",
        "Vice Versa",
        "http://localhost",
        "--",
        why,
    ]


def test_staff_who_plan_or_move_are_named_beside_the_partner(
    pairing: Pairing, jona: Person, admin: Person
) -> None:
    with transaction():
        actor = db.session.get_one(Person, admin.id)
        given: dict[str, Any] = {"minutes": 60, "place": "", "link": "", "by": actor, "at": AT, "seen": None}
        planning.plan(fresh(pairing), rule=THREE, **given)
    assert "Ama Admin has planned your check-ins with Sigrid Senior." in last_to(jona).text
    second = rows_of(pairing)[1]
    act(second.id, admin, planning.reschedule, starts_at=second.starts_at + timedelta(days=1))
    assert (
        "Ama Admin has moved a check-in with Sigrid Senior. It is now on Wednesday, 11" in last_to(jona).text
    )


def test_each_reads_all_times_in_their_own_zone(pairing: Pairing, jona: Person, sigrid: Person) -> None:
    plan(pairing, THREE)
    days = ("Tuesday, 13 October 2026", "Tuesday, 10 November 2026", "Tuesday, 8 December 2026")
    assert listed(last_to(sigrid)) == [f"{day}, 10:00" for day in days]
    assert listed(last_to(jona)) == [f"{day}, 04:00" for day in days]
    for letter in (last_to(sigrid), last_to(jona)):
        assert all(line in letter.html for line in listed(letter))
    between = Rule(1, "week", date(2026, 10, 20), time(1), "Europe/Berlin", 3)
    plan(pairing, between, seen=series_of(pairing.id)[0].version)
    assert listed(last_to(jona)) == [
        "Monday, 19 October 2026, 19:00",
        "Monday, 26 October 2026, 20:00",
        "Monday, 2 November 2026, 19:00",
    ]


def test_whoever_plans_reads_that_it_was_them(pairing: Pairing, jona: Person, sigrid: Person) -> None:
    plan(pairing, THREE)
    assert "You have planned your check-ins with Jona Junior." in last_to(sigrid).text
    assert "You have planned" not in last_to(jona).text


def test_a_holiday_that_moved_one_is_named(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing, Rule(1, "week", date(2026, 12, 25), time(10), "Europe/Berlin", 1))
    (line,) = listed(last_to(sigrid))
    assert line == "Monday, 28 December 2026, 10:00 (moved for Erster Weihnachtstag)"


def test_planned_anew_the_letter_lists_what_lies_ahead_and_nothing_that_is_over(
    pairing: Pairing, jona: Person
) -> None:
    plan(pairing, THREE)
    later, rule = datetime(2026, 11, 12, 8, tzinfo=UTC), replace(RULE, first_on=date(2026, 11, 20), count=1)
    plan(pairing, rule, at=later, seen=series_of(pairing.id)[0].version)
    assert listed(last_to(jona)) == ["Friday, 20 November 2026, 04:00"]


def test_the_partner_reads_when_a_check_in_is_now(pairing: Pairing, jona: Person, sigrid: Person) -> None:
    plan(pairing, THREE)
    second = rows_of(pairing)[1]
    act(second.id, jona, planning.reschedule, starts_at=second.starts_at + timedelta(days=1, hours=5))
    letter = last_to(sigrid)
    assert (letter.kind, letter.subject) == ("schedule.moved", "Your check-in with Jona Junior has moved")
    assert (
        "Jona Junior has moved one of your check-ins. It is now on Wednesday, 11 November 2026, 15:00"
        in letter.text
    )
    assert f"http://localhost/pairings/{pairing.id}" in letter.text


def test_the_partner_reads_that_a_check_in_is_off_and_on_again(
    pairing: Pairing, jona: Person, sigrid: Person
) -> None:
    plan(pairing, THREE)
    second = rows_of(pairing)[1]
    act(second.id, sigrid, planning.skip)
    act(second.id, sigrid, planning.restore)
    off, on = letters_to(jona)[-2:]
    assert off.subject == "Your check-in with Sigrid Senior is off this time"
    assert "Sigrid Senior has taken the check-in on Tuesday, 10 November 2026, 04:00" in off.text
    assert on.subject == "Your check-in with Sigrid Senior takes place after all"
    assert "Sigrid Senior has put the check-in on Tuesday, 10 November 2026, 04:00" in on.text


def test_whoever_reads_german_has_the_days_in_german(make: Factories) -> None:
    greta = make.person("Greta Groß", locale="de")
    pairing = make_pairing(make, mentee=greta)
    plan(pairing, THREE)
    assert listed(last_to(greta))[0] == "Dienstag, 13. Oktober 2026, 10:00"
    assert listed(last_to(fresh(pairing).mentor))[0] == "Tuesday, 13 October 2026, 10:00"


def test_what_people_call_themselves_is_shown_as_text(make: Factories) -> None:
    pairing = make_pairing(make, mentor=make.person("Jona <b>& Co</b>"))
    plan(pairing, THREE)
    html = last_to(fresh(pairing).mentee).html
    assert "Jona &lt;b&gt;&amp; Co&lt;/b&gt;" in html
    assert "<b>& Co" not in html
