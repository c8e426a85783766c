"""Where one stands: pausing, coming back, withdrawing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.audit import AuditEntry
from portal.clock import now, today
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.people.models import Person
from portal.programmes import queries
from portal.programmes.enrolment import actions as enrolling
from portal.programmes.models import Enrolment, Programme
from tests.conftest import Noise
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def programme(make: Factories) -> Programme:
    return make.programme("Spring season")


@pytest.fixture
def enrolment(make: Factories, member: Person, programme: Programme) -> Enrolment:
    made = make.enrolment(member, programme, off_the_table="my salary")
    make.wish(made, make.topic("kite-flying"))
    return made


@pytest.fixture
def mira(new_visitor: Callable[..., Visitor], member: Person, enrolment: Enrolment, noise: Noise) -> Visitor:
    return new_visitor(member)


def state_of(enrolment: Enrolment) -> tuple[str, object]:
    db.session.rollback()
    row = db.session.execute(
        select(Enrolment.state, Enrolment.paused_until).where(Enrolment.id == enrolment.id)
    ).one()
    return row.state, row.paused_until


def kinds() -> list[str]:
    return list(db.session.scalars(select(OutboxLetter.kind).order_by(OutboxLetter.id)))


def test_the_page_says_since_when_one_waits_and_what_one_said(mira: Visitor, programme: Programme) -> None:
    page = mira.get(f"/join/{programme.id}/standing")
    assert page.heading == "You are waiting for a match"
    assert "Kite flying (good)" in page.text
    assert "my salary" not in page.text


def their_day(person: Person) -> date:
    """The day it is where somebody lives, which may be tomorrow already."""
    return today(ZoneInfo(person.time_zone))


def test_a_pause_ends_by_itself_on_its_day(
    mira: Visitor, programme: Programme, enrolment: Enrolment, member: Person
) -> None:
    until = their_day(member) + timedelta(days=30)
    mira.get(f"/join/{programme.id}/standing")
    mira.post(f"/join/{programme.id}/pause", until=until.isoformat())
    assert mira.follow().heading.startswith("You are paused until")
    mira.send(f"/join/{programme.id}/pause", {"until": until.isoformat()})
    assert (state_of(enrolment), kinds()) == (("paused", until), ["programmes.paused"])
    with transaction():
        assert enrolling.resume_due(now() + timedelta(days=28)) == 0
        assert enrolling.resume_due(now() + timedelta(days=31)) == 1
    assert state_of(enrolment) == ("waiting", None)
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.position)).all()
    assert actions == ["enrolment.paused", "enrolment.resumed"]


@pytest.mark.parametrize("days", [-1, 0, 366, 100_000])
def test_a_pause_lasts_from_tomorrow_to_a_year(
    mira: Visitor, programme: Programme, member: Person, days: int
) -> None:
    mira.get(f"/join/{programme.id}/standing")
    until = (their_day(member) + timedelta(days=days)).isoformat()
    page = mira.post(f"/join/{programme.id}/pause", until=until, status=422)
    assert page.errors == ["Choose a day from tomorrow to a year from now."]
    assert page.values(f"/join/{programme.id}/pause")["until"] == [until]


def test_one_can_come_back_from_a_pause_at_once(
    mira: Visitor, programme: Programme, enrolment: Enrolment
) -> None:
    mira.send(f"/join/{programme.id}/pause", {"until": (today() + timedelta(days=9)).isoformat()})
    mira.get(f"/join/{programme.id}/standing")
    mira.post(f"/join/{programme.id}/resume")
    assert mira.send(f"/join/{programme.id}/resume").status == 303
    assert state_of(enrolment) == ("waiting", None)


def test_withdrawing_asks_once_and_one_can_join_again(
    mira: Visitor, programme: Programme, enrolment: Enrolment, member: Person
) -> None:
    mira.get(f"/join/{programme.id}/withdraw")
    mira.post(f"/join/{programme.id}/withdraw")
    assert mira.follow().heading == "You have left this programme"
    assert mira.send(f"/join/{programme.id}/withdraw").status == 303
    assert (state_of(enrolment), kinds()) == (("withdrawn", None), ["programmes.withdrawn"])
    mira.get(f"/join/{programme.id}/standing")
    mira.post(f"/join/{programme.id}/start")
    assert mira.get(mira.follow(status=303).location or "").heading == "Boundaries"
    mira.post(f"/join/{programme.id}/boundaries")
    assert state_of(enrolment) == ("waiting", None)
    assert [each.state for each in queries.standing_of(member)] == ["waiting"]


def test_what_one_said_can_be_changed_after_joining(
    mira: Visitor, programme: Programme, enrolment: Enrolment
) -> None:
    mira.get(f"/join/{programme.id}/role")
    mira.post(f"/join/{programme.id}/role", role="both", mentee_capacity="3")
    assert mira.page is not None
    assert mira.page.location == f"/join/{programme.id}/learn"
    page = mira.get(f"/join/{programme.id}/standing")
    assert "One thing is missing" in page.text
    assert state_of(enrolment) == ("waiting", None)


def test_nothing_of_a_finished_programme_can_be_changed(
    mira: Visitor, make: Factories, member: Person
) -> None:
    over = make.programme("Over", state="finished")
    make.enrolment(member, over)
    sent = mira.send(
        f"/join/{over.id}/role", {"role": "both", "mentor_capacity": "1", "mentee_capacity": "1", "seen": "1"}
    )
    assert sent.status == 422
    assert (
        mira.send(f"/join/{over.id}/pause", {"until": (today() + timedelta(days=9)).isoformat()}).status
        == 422
    )


def test_home_is_told_what_is_to_be_done_next(
    make: Factories, member: Person, programme: Programme, enrolment: Enrolment
) -> None:
    other = make.programme("Autumn season")
    make.enrolment(member, other, state="begun", steps_done=1, joined_at=None)
    found = [(each.programme_name, each.state, each.next_step) for each in queries.standing_of(member)]
    assert found == [("Autumn season", "begun", "teach"), ("Spring season", "waiting", None)]


def test_a_pause_ends_on_the_persons_own_day(make, app):
    programme = make.programme()
    people = [
        make.person(f"Zoe {zone}", time_zone=zone)
        for zone in ("Pacific/Auckland", "Europe/Berlin", "America/Los_Angeles")
    ]
    until = date(2026, 12, 10)
    rows = [make.enrolment(each, programme, state="paused", paused_until=until) for each in people]
    states = []
    for moment in (
        datetime(2026, 12, 9, 12, tzinfo=UTC),
        datetime(2026, 12, 10, 1, tzinfo=UTC),
        datetime(2026, 12, 10, 9, tzinfo=UTC),
    ):
        with transaction():
            enrolling.resume_due(moment)
        states.append([db.session.get(Enrolment, each.id).state for each in rows])
    assert states == [
        ["waiting", "paused", "paused"],
        ["waiting", "waiting", "paused"],
        ["waiting", "waiting", "waiting"],
    ]
