"""What a person chooses for their calendars: how it is changed, what follows it, and the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from portal import audit
from portal.calendars import choices
from portal.calendars.choices import Choice, choice_of
from portal.calendars.entries import entries_of, stamp_of
from portal.clock import now
from portal.core.calendar.documents import Day
from portal.db import db, transaction
from portal.errors import Invalid, Stale
from portal.people import versions
from portal.people.models import Person
from tests.busy import connected
from tests.calendars import pairs
from tests.calendars.feeds.test_feeds import ask, path_of
from tests.conftest import Counted, Noise
from tests.personas import Factories
from tests.visitor import Visitor

Counting = Callable[[], AbstractContextManager[Counted]]
NewVisitor = Callable[..., Visitor]
PAGE = "/calendars/choices"
USUAL = Choice(alarm_minutes=15, busy=False, invitations=False, version=0)


@pytest.fixture
def mira(make: Factories) -> Person:
    """The junior who mentors."""
    return make.person("Mira Jansen")


@pytest.fixture
def joao(make: Factories) -> Person:
    """The senior who learns."""
    return make.person("João “Jota”; Dr., 🦩")


def choose(person: Person, *, seen: int | None = None, **wanted: object) -> bool:
    """Change a choice, as seen now unless told otherwise."""
    db.session.rollback()
    with transaction():
        present = choice_of(person.id)
        facts = {
            "alarm_minutes": present.alarm_minutes,
            "busy": present.busy,
            "invitations": present.invitations,
            **wanted,
        }
        row = db.session.get_one(Person, person.id)
        version = present.version if seen is None else seen
        return choices.change(row, **facts, by=person.id, at=now(), seen=version)  # type: ignore[arg-type]  # passed on


def reminders(app: Flask, person: Person, query: str = "") -> set[str]:
    """When the reminders in a person's feed come."""
    return set(re.findall(r"TRIGGER:(\S+)", ask(app, f"{path_of(person)}{query}").text))


def test_whoever_never_chose_has_what_suits_most(
    app: Flask, mira: Person, joao: Person, count_queries: Counting
) -> None:
    with count_queries() as counted:
        found = choices.choices_of([mira.id, joao.id])
    assert found == {mira.id: USUAL, joao.id: USUAL}
    assert len(counted) == 1
    assert (USUAL.alarms, USUAL.alarms_of_days) == ((15,), (900,))


@pytest.mark.parametrize("minutes", [None, 5, 10, 30, 60, 1440])
def test_each_reminder_can_be_chosen_first_and_last(app: Flask, mira: Person, minutes: int | None) -> None:
    assert choose(mira, alarm_minutes=minutes)
    first = choice_of(mira.id)
    assert (first.alarm_minutes, first.busy, first.invitations) == (minutes, False, False)
    assert not choose(mira, alarm_minutes=minutes), "the same again changes nothing"
    assert choice_of(mira.id) == first
    assert choose(mira, alarm_minutes=15, busy=True, invitations=True)
    second = choice_of(mira.id)
    assert (second.alarm_minutes, second.busy, second.invitations) == (15, True, True)
    assert second.version > first.version > 0
    last, before = audit.history("calendar_choice", mira.id)
    assert (last.action, last.actor_id) == ("calendar_choice.changed", mira.id)
    assert last.before == {"alarm_minutes": minutes, "busy": False, "invitations": False}
    assert last.after == {"alarm_minutes": 15, "busy": True, "invitations": True}
    assert (before.before, before.after) == ({"alarm_minutes": 15}, {"alarm_minutes": minutes})


def test_what_calendars_show_has_another_version_and_nothing_else_has(
    app: Flask, mira: Person, joao: Person
) -> None:
    def version() -> int:
        return versions.of(mira.id)[0]

    before, his = version(), versions.of(joao.id)
    choose(mira, alarm_minutes=30)
    choose(mira, invitations=True)
    assert version() == before + 2
    choose(mira, busy=True)
    assert version() == before + 2, "being asked when one is busy is in no calendar"
    assert versions.of(joao.id) == his


def test_a_choice_that_was_changed_meanwhile_is_refused_with_both_values(app: Flask, mira: Person) -> None:
    choose(mira, alarm_minutes=30)
    with pytest.raises(Stale) as refusal:
        choose(mira, seen=0, alarm_minutes=60, busy=True)
    assert refusal.value.theirs == {"alarm_minutes": 30, "busy": False}
    assert refusal.value.yours == {"alarm_minutes": 60, "busy": True}
    assert choice_of(mira.id).alarm_minutes == 30
    assert not choose(mira, seen=0, alarm_minutes=30), "both chose the same"


@pytest.mark.parametrize("minutes", [0, -15, 7, 10**9])
def test_a_reminder_that_is_not_offered_is_refused(app: Flask, mira: Person, minutes: int) -> None:
    with pytest.raises(Invalid) as refusal:
        choose(mira, alarm_minutes=minutes)
    assert refusal.value.field == "alarm_minutes"
    assert choice_of(mira.id) == USUAL


def test_entries_remind_each_person_as_they_chose(
    app: Flask, make: Factories, mira: Person, joao: Person, noise: Noise
) -> None:
    pairs.whole(make, mira, joao)
    choose(noise.person, alarm_minutes=5)
    stamp, etag = stamp_of(mira.id), ask(app, path_of(mira)).headers["ETag"]
    assert reminders(app, mira) == reminders(app, mira, "?flat=1") == {"-PT15M", "-PT15H"}
    choose(mira, alarm_minutes=24 * 60)
    assert stamp_of(mira.id) != stamp
    assert ask(app, path_of(mira), headers={"If-None-Match": etag}).status_code == 200
    assert reminders(app, mira) == reminders(app, mira, "?flat=1") == {"-P1D", "-PT15H"}
    assert reminders(app, joao) == {"-PT15M", "-PT15H"}, "the partner's calendar is the partner's"
    choose(mira, alarm_minutes=None)
    assert reminders(app, mira) == reminders(app, mira, "?flat=1") == set()
    assert {each.alarms for each in entries_of(mira.id)} == {()}
    days = [each for each in entries_of(joao.id) if isinstance(each, Day)]
    assert [each.alarms for each in days] == [(15 * 60,)] * 3, "nine in the morning of the day before"


def test_the_page_shows_what_holds_and_saves_what_is_chosen(
    app: Flask, mira: Person, new_visitor: NewVisitor, noise: Noise
) -> None:
    visitor = new_visitor(mira)
    assert PAGE in visitor.get("/calendars").links
    page = visitor.get(PAGE)
    assert page.heading == "How your calendar behaves"
    assert page.values(PAGE) | {"csrf_token": []} == {
        "version": ["0"],
        "alarm_minutes": ["15"],
        "csrf_token": [],
    }
    assert "You have connected no calendar yet" in page.text
    visitor.post(PAGE, alarm_minutes="60", busy=True, invitations=True)
    page = visitor.follow()
    assert page.toasts == ["Saved. Your calendar follows."]
    chosen = choice_of(mira.id)
    assert (chosen.alarm_minutes, chosen.busy, chosen.invitations) == (60, True, True)
    fragment = visitor.post(PAGE, htmx=True, alarm_minutes="", busy=None)
    assert fragment.root.one("section")["id"] == "choices"
    assert fragment.toasts == ["Saved. Your calendar follows."]
    chosen = choice_of(mira.id)
    assert (chosen.alarm_minutes, chosen.busy, chosen.invitations) == (None, False, True)
    assert visitor.post(PAGE, htmx=True).toasts == ["That is how it was already."]
    assert choice_of(noise.person.id) == USUAL
    assert new_visitor().get(PAGE, status=303).location.startswith("/sign-in")


def test_with_a_connected_calendar_nothing_asks_to_connect_one(
    app: Flask, make: Factories, mira: Person, new_visitor: NewVisitor
) -> None:
    connected(make, mira)
    assert "You have connected no calendar yet" not in new_visitor(mira).get(PAGE).text


def test_what_is_not_in_the_list_is_told_and_changes_nothing(
    app: Flask, mira: Person, new_visitor: NewVisitor
) -> None:
    visitor = new_visitor(mira)
    for wrong in ("7", "-1", "x", "9" * 40):
        answer = visitor.send(PAGE, {"version": "0", "alarm_minutes": wrong, "busy": "y"})
        assert answer.status == 422
        assert answer.errors, wrong
        assert answer.values(PAGE)["busy"] == ["y"], "what was ticked stays"
    for wrong in ("", "x", "9" * 40, "-1"):
        assert visitor.send(PAGE, {"version": wrong, "alarm_minutes": "5"}).status == 409
    assert choice_of(mira.id) == USUAL


def test_two_windows_are_asked_which_of_them_counts(
    app: Flask, mira: Person, new_visitor: NewVisitor
) -> None:
    visitor = new_visitor(mira)
    old_page = visitor.get(PAGE)
    choose(mira, alarm_minutes=30, invitations=True)
    for htmx in (False, True):
        visitor.page = old_page
        answer = visitor.post(PAGE, status=409, htmx=htmx, alarm_minutes="", busy=True)
        rows = [
            [each.text for each in row.walk() if each.tag in ("th", "td")] for row in answer.root.all("tr")
        ][1:]
        assert rows == [
            ["Remind me of a check-in", "30 minutes before", "No reminder"],
            ["“Find a time” may ask my connected calendar when I am busy", "no", "yes"],
            ["Send me each check-in as an invitation by e-mail", "yes", "no"],
        ]
    assert choice_of(mira.id).alarm_minutes == 30
    visitor.post(PAGE)
    chosen = choice_of(mira.id)
    assert (chosen.alarm_minutes, chosen.busy, chosen.invitations) == (None, True, False)
