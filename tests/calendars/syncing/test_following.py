"""What people change in their own calendars, on real servers: the check-in follows, or the partner is asked
first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from portal.calendars.accounts import actions as accounts
from portal.calendars.syncing import following
from portal.clock import now
from portal.core.hours.cadence import Rule
from portal.db import db, transaction
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.programmes.models import Programme
from portal.schedule import planning
from portal.schedule.models import Milestone
from portal.schedule.move_requests import requests
from tests.calendars import pairs
from tests.calendars.account_rows import Account
from tests.calendars.places import held, on_the_newest, the_database, the_place, the_server  # noqa: F401  # fixtures
from tests.calendars.planned import (
    BERLIN,
    HOUR,
    WORKING,
    ZONE,
    check_ins,
    letters,
    override,
    plan,
    quiet_rule,
    stamp,
    without,
)
from tests.calendars.servers import running_server
from tests.personas import Factories

pytest_generate_tests = held


@pytest.fixture
def mira(make: Factories) -> Person:
    return make.person("Mira Mentor", hours=WORKING, country="DE")


@pytest.fixture
def sam(make: Factories) -> Person:
    return make.person("Sam Senior", hours=WORKING, country="DE")


@pytest.fixture
def programme(make: Factories) -> Programme:
    return make.programme("Winter season")


@pytest.fixture
def pairing(make: Factories, mira: Person, sam: Person, programme: Programme) -> Pairing:
    return pairs.pairing(make, mira, sam, programme)


@pytest.fixture
def rule() -> Rule:
    return quiet_rule()


@pytest.fixture
def planned(pairing: Pairing, mira: Person, rule: Rule) -> Pairing:
    return plan(pairing, mira, rule)


@pytest.fixture
def connected(account: Account, planned: Pairing) -> Account:
    account.connect().sync()
    return account


@on_the_newest
def test_a_check_in_dragged_in_ones_calendar_moves_and_the_partner_is_told(
    connected: Account, mira: Person, sam: Person
) -> None:
    before = [each.starts_at for each in check_ins()]
    override(connected, before[1], before[1] + timedelta(days=1, hours=3))
    for _ in range(3):
        connected.sync()
    assert [each.starts_at for each in check_ins()] == [
        before[0],
        before[1] + timedelta(days=1, hours=3),
        *before[2:],
    ]
    assert (letters(mira), letters(sam)) == (["schedule.moved"], ["schedule.moved"])
    assert connected.there() == connected.wanted()
    assert len(connected.changes) == 1


@on_the_newest
def test_one_that_is_cancelled_or_deleted_there_is_skipped(connected: Account, sam: Person) -> None:
    first = check_ins()[0].starts_at
    override(connected, first, first, more="STATUS:CANCELLED\n")
    connected.sync()
    path = connected.path_of("check-ins")
    connected.server.edit(
        path, ("RRULE:", f"EXDATE;TZID=Europe/Berlin:{stamp(check_ins()[2].starts_at)}\nRRULE:")
    )
    connected.sync()
    assert [each.state for each in check_ins()] == ["skipped", "planned", "skipped", "planned"]
    assert letters(sam) == ["schedule.skipped", "schedule.skipped"]
    connected.sync()
    assert connected.there() == connected.wanted()


def test_the_partners_calendar_follows_within_one_round(
    connected: Account, sam: Person, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running_server("radicale", tmp_path_factory.mktemp("partner")) as other:
        partner = Account(other, sam).connect()
        partner.sync()
        moment = check_ins()[1].starts_at
        override(connected, moment, moment + 2 * HOUR)
        connected.sync()
        partner.sync()
        assert partner.there() == partner.wanted()
        assert f"DTSTART;TZID=Europe/Berlin:{stamp(moment + 2 * HOUR)}" in partner.server.text(
            partner.path_of("check-ins")
        )


@pytest.mark.parametrize("why", ["the programme asks", "the partner does not work then"])
def test_where_the_partner_may_mind_they_are_asked_and_may_agree(
    connected: Account, programme: Programme, mira: Person, sam: Person, planned: Pairing, why: str
) -> None:
    moment = check_ins()[1].starts_at
    then = moment + 2 * HOUR
    if why == "the programme asks":
        pairs.change(programme, calendar_moves="ask")
    else:
        pairs.change(sam, hours="Mon-Fri 08:00-11:00")
    override(connected, moment, then)
    for _ in range(2):
        connected.sync()
    assert check_ins()[1].starts_at == moment
    assert (letters(mira), letters(sam)) == (["calendars.partner_asked"], ["schedule.asked"])
    answer(requests.agree, planned, sam)
    assert check_ins()[1].starts_at == then
    connected.sync()
    assert (connected.there(), len(connected.changes)) == (connected.wanted(), 1)
    assert letters(mira)[1:] == ["schedule.moved"]


def test_a_partner_who_declines_has_the_agreed_time_written_back(
    connected: Account, programme: Programme, mira: Person, sam: Person, planned: Pairing
) -> None:
    pairs.change(programme, calendar_moves="ask")
    moment = check_ins()[1].starts_at
    override(connected, moment, moment + 2 * HOUR)
    connected.sync()
    answer(requests.decline, planned, sam)
    connected.sync()
    assert check_ins()[1].starts_at == moment
    assert connected.there() == connected.wanted()
    assert letters(mira) == ["calendars.partner_asked", "schedule.declined"]
    connected.sync()
    assert len(connected.changes) == 1


def answer(verb: Callable[..., bool], pairing: Pairing, person: Person) -> None:
    with transaction():
        [open_one] = requests.open_requests(pairing.id)
        found, theirs = requests.request_for(open_one.id, person)
        assert verb(found, theirs, by=db.session.get_one(Person, person.id), at=now())


@on_the_newest
def test_a_series_dragged_as_a_whole_is_planned_anew(connected: Account, sam: Person, rule: Rule) -> None:
    path = connected.path_of("check-ins")
    day, next_day = f"{rule.first_on:%Y%m%d}", f"{rule.first_on + timedelta(days=1):%Y%m%d}"
    text = connected.server.text(path)
    text = text.replace(f"{day}T100000", f"{next_day}T140000").replace(f"{day}T110000", f"{next_day}T150000")
    connected.server.put(path, text.replace("BYDAY=TU", "BYDAY=WE"))
    connected.sync()
    connected.sync()
    days = [rule.first_on + timedelta(weeks=2 * step, days=1) for step in range(4)]
    there = [each.starts_at.astimezone(BERLIN) for each in check_ins()]
    assert there == [datetime.combine(each, time(14), BERLIN) for each in days]
    assert connected.there() == connected.wanted()


@on_the_newest
def test_a_series_that_was_deleted_is_no_longer_written_and_its_owner_is_told(
    connected: Account, mira: Person, sam: Person
) -> None:
    connected.server.delete(connected.path_of("check-ins"))
    for _ in range(3):
        connected.sync()
    assert (letters(mira), letters(sam)) == (["calendars.no_longer_written"], [])
    assert [each.state for each in check_ins()] == ["planned"] * 4
    connected.act(accounts.put_back)
    connected.sync()
    assert connected.there() == connected.wanted()


@on_the_newest
def test_a_series_cancelled_as_a_whole_is_left_so_and_its_owner_asked_to_use_the_page(
    connected: Account, mira: Person, sam: Person
) -> None:
    path = connected.path_of("check-ins")
    connected.server.edit(path, ("RRULE:", "STATUS:CANCELLED\nRRULE:"))
    for _ in range(2):
        connected.sync()
    assert (letters(mira), letters(sam)) == (["calendars.not_understood"], [])
    assert [each.state for each in check_ins()] == ["planned"] * 4
    assert "STATUS:CANCELLED" in connected.server.text(path)


@on_the_newest
def test_what_cannot_be_told_is_left_as_it_is_and_its_owner_asked_to_use_the_page(
    connected: Account, mira: Person, sam: Person, rule: Rule
) -> None:
    path, last = connected.path_of("check-ins"), check_ins()[1].starts_at
    connected.server.edit(path, ("COUNT=4", f"UNTIL={last:%Y%m%dT%H%M%SZ}"))
    for _ in range(2):
        connected.sync()
    assert (letters(mira), letters(sam)) == (["calendars.not_understood"], [])
    assert [each.state for each in check_ins()] == ["planned"] * 4
    assert "UNTIL=" in connected.server.text(path)


def test_what_cannot_be_followed_is_told_and_the_agreed_times_come_back(
    connected: Account, mira: Person, sam: Person
) -> None:
    first, second, *_ = [each.starts_at for each in check_ins()]
    override(connected, first, second + HOUR / 2)
    connected.sync()
    connected.sync()
    assert [each.starts_at for each in check_ins()][:2] == [first, second]
    assert (letters(mira), letters(sam)) == (["calendars.not_followed"], [])
    assert connected.there() == connected.wanted()


def test_a_check_in_that_flips_to_and_fro_stays_and_people_are_to_settle_it(
    connected: Account, mira: Person
) -> None:
    moment = check_ins()[1].starts_at
    for number in range(1, 6):
        path = connected.path_of("check-ins")
        text = without(connected.server.text(path))
        connected.server.put(path, text)
        connected.sync()
        override(connected, moment, moment + number * HOUR)
        connected.sync()
    assert "calendars.not_followed" in letters(mira)
    connected.sync()
    assert connected.there() == connected.wanted()


@on_the_newest
def test_a_milestone_moved_in_ones_calendar_moves(connected: Account) -> None:
    db.session.rollback()
    row = db.session.scalars(select(Milestone).where(Milestone.kind == "closing")).one()
    old, new = row.due_on, row.due_on + timedelta(days=3)
    path = connected.path_of("milestone", 2)
    change = [
        (f"{each:%Y%m%d}", f"{each + timedelta(days=3):%Y%m%d}") for each in (old + timedelta(days=1), old)
    ]
    connected.server.edit(path, *change)
    connected.sync()
    connected.sync()
    db.session.expire_all()
    assert db.session.scalars(select(Milestone.due_on).where(Milestone.kind == "closing")).one() == new
    assert connected.there() == connected.wanted()


@on_the_newest
def test_a_milestone_moved_into_the_past_is_told_and_comes_back(connected: Account, mira: Person) -> None:
    path = connected.path_of("milestone", 2)
    text = connected.server.text(path)
    due_on = db.session.scalars(select(Milestone.due_on).where(Milestone.kind == "closing")).one()
    db.session.rollback()
    days = {f":{due_on + timedelta(days=each):%Y%m%d}": f":2021010{each + 1}" for each in (0, 1)}
    connected.server.edit(path, *days.items())
    assert connected.server.text(path) != text
    connected.sync()
    connected.sync()
    assert letters(mira) == ["calendars.not_followed"]
    assert db.session.scalars(select(Milestone.due_on).where(Milestone.kind == "closing")).one() == due_on
    assert connected.there() == connected.wanted()


def test_a_milestone_given_a_time_of_day_is_on_the_day_that_its_owner_sees(connected: Account) -> None:
    due_on = db.session.scalars(select(Milestone.due_on).where(Milestone.kind == "closing")).one()
    db.session.rollback()
    path, day = connected.path_of("milestone", 2), due_on + timedelta(days=3)
    days = {
        f";VALUE=DATE:{due_on + timedelta(days=each):%Y%m%d}": f";{ZONE}:{day:%Y%m%d}T00{each}000"
        for each in (0, 1)
    }
    connected.server.edit(path, *days.items())
    connected.sync()
    assert db.session.scalars(select(Milestone.due_on).where(Milestone.kind == "closing")).one() == day


def test_a_change_is_taken_up_later_when_the_database_was_away_and_not_lost(
    connected: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, errors = planning.reschedule, [OperationalError("", {}, Exception("a deadlock")), None]

    def reschedule(*given: Any, **more: Any) -> Any:
        error = errors.pop(0)
        if error:
            raise error
        return real(*given, **more)

    monkeypatch.setattr(planning, "reschedule", reschedule)
    was = check_ins()[1].starts_at
    override(connected, was, was + 2 * HOUR)
    connected.sync()
    assert check_ins()[1].starts_at == was
    following.sweep()
    assert (check_ins()[1].starts_at, errors) == (was + 2 * HOUR, [])
