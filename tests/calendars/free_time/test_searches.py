"""A search for a time as durable work: claimed by a lease, repeated after a kill, failed when nobody comes,
and wiped.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.calendars.free_time import finding
from portal.calendars.free_time import searches as searching
from portal.calendars.models import CalendarAccount, TimeSearch
from portal.clock import now
from portal.core.hours import best_slots
from portal.core.hours.cadence import Rule
from portal.db import db, transaction
from portal.errors import Invalid
from portal.pairings.models import Pairing
from portal.pairings.queries import whole
from portal.people.models import Person
from portal.schedule.models import CheckIn
from portal.settings import HOUSE
from portal.worker import ROUNDS, TASKS
from tests.calendars.account_rows import Account
from tests.calendars.free_time.test_busy import allow
from tests.calendars.pairs import pairing as pairing_of
from tests.calendars.planned import check_ins, plan, quiet_rule
from tests.calendars.servers import CalendarServer
from tests.personas import Factories

pytestmark = pytest.mark.both_databases

WORKER = """
import sys
from pathlib import Path
from portal.app import create_app
from portal.calendars.free_time import finding
from tests.personas import settings_for_tests
url, instance, search_id = sys.argv[1:]
with create_app(settings_for_tests(Path(instance), url, caldav_allowed_hosts=("localhost",))).app_context():
    finding.find(int(search_id))
"""


@pytest.fixture
def meetings(make: Factories, mira: Person, sam: Person) -> Pairing:
    """Mira and Sam, who have planned nothing yet."""
    return pairing_of(make, mira, sam)


def begin(meetings: Pairing, by: Person, check_in: CheckIn | None = None, minutes: int = 60) -> int:
    """Begin a search as the page does; its id."""
    with transaction():
        pairing = db.session.get_one(Pairing, meetings.id, options=whole())
        row = db.session.get_one(CheckIn, check_in.id) if check_in else None
        by = db.session.get_one(Person, by.id)
        return searching.begin(pairing, by=by, check_in=row, minutes=minutes, at=now()).id


def rows() -> list[TimeSearch]:
    """All searches there are."""
    db.session.rollback()
    return list(
        db.session.scalars(
            select(TimeSearch).order_by(TimeSearch.id).execution_options(populate_existing=True)
        )
    )


def change(**values: Any) -> None:
    with transaction():
        db.session.execute(update(TimeSearch).values(**values))


def test_the_worker_answers_the_ring_and_goes_round(app: Flask) -> None:
    assert TASKS[searching.FIND] is finding.find
    assert searching.sweep in [each.act for each in ROUNDS]


def test_a_search_is_made_once_and_what_is_held_is_left_alone(meetings: Pairing, mira: Person) -> None:
    search_id = begin(meetings, mira)
    change(lease_holder="another", lease_until=now() + timedelta(seconds=30))
    finding.find(search_id)
    assert [each.state for each in rows()] == ["waiting"]
    change(lease_until=now() - timedelta(seconds=1))
    finding.find(search_id)
    (done,) = rows()
    assert (done.state, len(done.slots or ()), done.lease_holder) == ("done", 5, None)
    found = done.slots
    change(slots=[])
    finding.find(search_id)
    assert rows()[0].slots == []
    assert found


def test_asking_twice_is_one_search_and_asking_for_something_else_takes_its_place(
    meetings: Pairing, mira: Person
) -> None:
    first = begin(meetings, mira)
    assert begin(meetings, mira) == first
    assert [each.minutes for each in rows()] == [60]
    begin(meetings, mira, minutes=30)
    assert [each.minutes for each in rows()] == [30]


def test_each_of_the_two_has_a_search_of_their_own(meetings: Pairing, mira: Person, sam: Person) -> None:
    assert begin(meetings, mira) != begin(meetings, sam)
    assert [each.by_id for each in rows()] == [mira.id, sam.id]


@pytest.mark.parametrize("minutes", [0, 14, 481])
def test_a_length_that_cannot_be_is_refused(meetings: Pairing, mira: Person, minutes: int) -> None:
    with pytest.raises(Invalid):
        begin(meetings, mira, minutes=minutes)
    assert rows() == []


def test_the_round_rings_for_what_nobody_is_at_fails_what_is_too_old_and_wipes_what_is_done(
    app: Flask, meetings: Pairing, mira: Person
) -> None:
    rung: list[tuple[str, int | str]] = []
    app.extensions["task_queue"] = lambda name, row_id: rung.append((name, row_id))
    search_id = begin(meetings, mira)
    rung.clear()
    searching.sweep()
    assert rung == [(searching.FIND, search_id)]
    change(created_at=now() - searching.PATIENCE)
    searching.sweep()
    assert [each.state for each in rows()] == ["failed"]
    change(done_at=now() - searching.KEPT + timedelta(seconds=30))
    searching.sweep()
    assert len(rows()) == 1
    change(done_at=now() - searching.KEPT)
    searching.sweep()
    assert rows() == []


def test_a_worker_killed_while_it_asks_leaves_a_search_that_another_finishes(
    radicale: CalendarServer, meetings: Pairing, mira: Person, database_url: str, tmp_path: Path
) -> None:
    Account(radicale, mira).connect().sync()
    allow(mira)
    search_id = begin(meetings, mira)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://localhost:{silent.getsockname()[1]}/"
        with transaction():
            db.session.execute(update(CalendarAccount).values(address=address))
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, database_url, str(tmp_path), str(search_id)], cwd=HOUSE
        )
        silent.settimeout(20)
        with silent.accept()[0]:  # it asks now, and waits for the answer
            worker.send_signal(signal.SIGKILL)
            worker.wait(10)
    (left,) = rows()
    assert (left.state, left.slots) == ("waiting", None)
    assert left.lease_until is not None
    change(lease_until=now() - timedelta(seconds=1))
    began = time.monotonic()
    finding.find(search_id)
    assert time.monotonic() - began < searching.LEASE_SECONDS
    (done,) = rows()
    assert (done.state, len(done.slots or ())) == ("done", 5)
    assert {each["person"]: each.get("outcome") for each in done.notes or () if each["about"] == "calendar"}[
        mira.id
    ] == "failed"


def test_one_check_in_is_sought_around_its_time_and_never_at_it(meetings: Pairing, mira: Person) -> None:
    plan(meetings, mira, quiet_rule())
    check_in = check_ins()[1]
    present = check_in.starts_at
    finding.find(begin(meetings, mira, check_in))
    times = [datetime.fromisoformat(each["starts_at"]) for each in rows()[0].slots or ()]
    assert len(times) == 5
    assert all(abs(each - present) < timedelta(days=21) for each in times)
    assert not any(present - timedelta(hours=1) < each < present + timedelta(hours=1) for each in times)


def test_a_plan_made_anew_repeats_as_often_as_is_left_and_its_own_check_ins_make_room(
    meetings: Pairing, mira: Person
) -> None:
    rule = quiet_rule()
    plan(meetings, mira, rule)
    finding.find(begin(meetings, mira))
    plans = [each["plan"] for each in rows()[0].slots or ()]
    assert {(each["every"], each["unit"], each["count"], each["zone"]) for each in plans} == {
        (2, "week", 4, "Europe/Berlin")
    }
    days = {datetime.fromisoformat(each["first_on"]).date() for each in plans}
    assert days <= {rule.first_on + timedelta(days=step) for step in range(-3, 4)}


@pytest.mark.parametrize(("every", "says"), [(1, False), (12, True)])
def test_a_plan_that_reaches_farther_than_calendars_are_asked_says_so(
    radicale: CalendarServer, meetings: Pairing, mira: Person, every: int, says: bool
) -> None:
    Account(radicale, mira).connect().sync()
    allow(mira)
    first = (datetime.now(UTC) + timedelta(days=30)).date()
    plan(meetings, mira, Rule(every, "month", first, quiet_rule().at, "Europe/Berlin", 3))
    finding.find(begin(meetings, mira))
    notes = rows()[0].notes or []
    assert [each["outcome"] for each in notes if each["about"] == "calendar"] == ["asked", "not-connected"]
    last = (datetime.now(UTC) + searching.FARTHEST).astimezone(ZoneInfo(mira.time_zone)).date().isoformat()
    assert [each["day"] for each in notes if each["about"] == "until"] == ([last] if says else [])


def test_nobody_is_told_of_a_limit_when_no_calendar_is_asked(meetings: Pairing, mira: Person) -> None:
    first = (datetime.now(UTC) + timedelta(days=30)).date()
    plan(meetings, mira, Rule(12, "month", first, quiet_rule().at, "Europe/Berlin", 3))
    finding.find(begin(meetings, mira))
    assert {each["about"] for each in rows()[0].notes or ()} <= {"calendar", "hours"}


def test_for_a_check_in_beyond_the_limit_no_calendar_is_called_free(
    radicale: CalendarServer, meetings: Pairing, mira: Person
) -> None:
    Account(radicale, mira).connect().sync()
    allow(mira)
    plan(
        meetings,
        mira,
        Rule(12, "month", (datetime.now(UTC) + timedelta(days=300)).date(), time_of_day(10), "UTC", 2),
    )
    finding.find(begin(meetings, mira, check_ins()[1]))
    (search,) = rows()
    assert {each["about"] for each in search.notes or ()} >= {"until"}
    assert "calendar" not in {each["about"] for each in search.notes or ()}
    reasons = {template for each in search.slots or () for template, _args in each["reasons"]}
    assert reasons
    assert not reasons & {best_slots.BOTH_FREE, best_slots.YOU_FREE, best_slots.PARTNER_FREE}


def test_a_very_long_series_is_found_too(meetings: Pairing, mira: Person) -> None:
    first = (datetime.now(UTC) + timedelta(days=30)).date()
    plan(meetings, mira, Rule(12, "month", first, quiet_rule().at, "Europe/Berlin", 60))
    finding.find(begin(meetings, mira))
    assert [each.state for each in rows()] == ["done"]
