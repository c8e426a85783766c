"""Busy times asked of real servers: who is asked, what comes back, and that nothing of an event stays
anywhere.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, select, text, update

from portal.calendars import choices
from portal.calendars.free_time import busy, finding
from portal.calendars.free_time import searches as searching
from portal.calendars.models import CalendarAccount, TimeSearch
from portal.clock import now
from portal.core.hours.common_time import Span
from portal.db import db, transaction
from portal.pairings.models import Pairing
from portal.pairings.queries import whole
from portal.people.models import Person
from tests.calendars.account_rows import Account
from tests.calendars.conftest import MakeHostile
from tests.calendars.pairs import pairing as pairing_of
from tests.calendars.planned import check_ins, plan, quiet_rule
from tests.calendars.proxy import http, multistatus
from tests.calendars.servers import CalendarServer
from tests.personas import Factories

SECRET = "Divorce-lawyer-Zwickmuehle"
HOUR = timedelta(hours=1)


@pytest.fixture
def monday() -> datetime:
    """A Monday some weeks ahead, eight in the morning (UTC)."""
    today = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
    return today + timedelta(days=21 + (7 - today.weekday()) % 7)


def allow(*people: Person, busy_times: bool = True) -> None:
    """Have them allow that their calendar is asked."""
    for person in people:
        with transaction():
            row = db.session.get_one(Person, person.id)
            seen = choices.choice_of(person.id).version
            about = {"alarm_minutes": 15, "busy": busy_times, "invitations": False}
            choices.change(row, **about, by=person.id, at=now(), seen=seen)


def appointment(
    server: CalendarServer, name: str, start: datetime, *lines: str, hours: int = 1, folder: str = "private"
) -> None:
    """Put an event that is nobody's business into a calendar of its owner's."""
    path = f"{server.home}{folder}/"
    if path not in server.calendars():
        server.make_calendar(path, folder)
    extra = "".join(f"{each}\n" for each in lines)
    server.put(
        f"{path}{name}.ics",
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//tests//EN\nBEGIN:VEVENT\n"
        f"UID:{name}\nDTSTAMP:20260101T000000Z\nSUMMARY:{SECRET}\nLOCATION:{SECRET}\nDESCRIPTION:{SECRET}\n"
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}\nDTEND:{start + hours * HOUR:%Y%m%dT%H%M%SZ}\n{extra}END:VEVENT\nEND:VCALENDAR\n",
    )


def asked(person: Person, monday: datetime, **more: Any) -> busy.Answer:
    """How asking goes for the week."""
    found = db.session.get_one(Person, person.id)
    return busy.ask([found], (monday, monday + timedelta(days=7)), **more)[person.id]


def test_a_calendar_tells_when_its_owner_is_busy_and_nothing_else(
    account: Account, mira: Person, monday: datetime
) -> None:
    account.connect().sync()
    allow(mira)
    appointment(account.server, "dentist", monday)
    appointment(account.server, "course", monday + timedelta(days=1), "RRULE:FREQ=DAILY;COUNT=2")
    appointment(account.server, "birthday", monday + timedelta(days=3), "TRANSP:TRANSPARENT")
    appointment(account.server, "off", monday + timedelta(days=4), "STATUS:CANCELLED")
    appointment(account.server, "later", monday + timedelta(days=30))
    appointment(account.server, "elsewhere", monday + HOUR, folder="second")
    answer = asked(mira, monday)
    assert answer.outcome == busy.ASKED
    starts: list[Span] = [
        (monday, monday + 2 * HOUR),
        (monday + timedelta(days=1), monday + timedelta(days=1) + HOUR),
        (monday + timedelta(days=2), monday + timedelta(days=2) + HOUR),
    ]
    assert answer.busy == tuple(starts)


def test_who_does_not_allow_it_is_not_asked(account: Account, mira: Person, monday: datetime) -> None:
    assert asked(mira, monday) == busy.Answer(busy.NOT_CONNECTED)
    account.connect().sync()
    account.server.stop()
    assert asked(mira, monday) == busy.Answer(busy.NOT_ALLOWED)
    allow(mira)
    allow(mira, busy_times=False)
    assert asked(mira, monday) == busy.Answer(busy.NOT_ALLOWED)


def test_a_server_that_is_gone_or_refuses_is_a_word_and_no_failure(
    account: Account, mira: Person, monday: datetime
) -> None:
    account.connect().sync()
    allow(mira)
    with transaction():
        db.session.execute(update(CalendarAccount).values(sealed_password="k1:nonsense"))  # no password
    assert asked(mira, monday) == busy.Answer(busy.FAILED)
    with transaction():
        db.session.execute(update(CalendarAccount).values(state="suspended"))
    assert asked(mira, monday) == busy.Answer(busy.NOT_CONNECTED)


def test_a_dead_server_does_not_keep_the_other_from_answering(
    radicale: CalendarServer, make: Factories, monday: datetime, mira: Person, sam: Person
) -> None:
    Account(radicale, mira).connect().sync()
    Account(radicale, sam).connect().sync()
    allow(mira, sam)
    with transaction():
        dead = update(CalendarAccount).where(CalendarAccount.person_id == sam.id)
        db.session.execute(dead.values(address="http://localhost:9/"))
    people = [db.session.get_one(Person, each.id) for each in (mira, sam)]
    answers = busy.ask(people, (monday, monday + timedelta(days=7)))
    assert {each: answers[each].outcome for each in answers} == {mira.id: busy.ASKED, sam.id: busy.FAILED}


def test_an_entry_that_cannot_be_read_is_told_and_the_others_count(
    radicale: CalendarServer, mira: Person, monday: datetime
) -> None:
    account = Account(radicale, mira).connect()
    account.sync()
    allow(mira)
    appointment(radicale, "fine", monday)
    appointment(radicale, "odd", monday + timedelta(days=1), "RRULE:FREQ=DAILY;BYMONTHDAY=1,2,3;BYMONTH=2")
    answer = asked(mira, monday)
    assert answer.outcome in (
        busy.ASKED,
        busy.PARTLY,
    )  # a server that tells busy times by itself reads the rule
    assert (monday, monday + HOUR) in (answer.busy or ())


@pytest.mark.parametrize(("closed", "outcome"), [("shared", busy.PARTLY), ("shared own", busy.FAILED)])
def test_a_calendar_that_is_closed_to_us_keeps_no_other_from_counting(
    account: Account, mira: Person, monday: datetime, hostile: MakeHostile, closed: str, outcome: str
) -> None:
    """Some servers list what they do not let one read."""
    account.connect().sync()
    allow(mira)
    home = "<d:current-user-principal><d:href>/</d:href></d:current-user-principal>"
    home += "<c:calendar-home-set><d:href>/home/</d:href></c:calendar-home-set>"
    one = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
    two = (
        multistatus("/home/shared/", one).replace(b"</d:multistatus>", b"")
        + multistatus("/home/own/", one).split(b">", 1)[1]
    )
    said = f"BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nFREEBUSY:{monday:%Y%m%dT%H%M%SZ}/PT1H\r\nEND:VFREEBUSY\r\n"
    free_busy = f"{said}END:VCALENDAR\r\n".encode()

    def answer(method: str, path: str) -> bytes:
        if method == "REPORT":
            refused = path.strip("/").rpartition("/")[2] in closed
            return http("403 Forbidden") if refused else http("200 OK", free_busy, kind="text/calendar")
        return http("207 Multi-Status", two if path == "/home/" else multistatus(path, home))

    with transaction():
        db.session.execute(update(CalendarAccount).values(address=hostile(answer).url))
    spans = ((monday, monday + HOUR),) if outcome == busy.PARTLY else None
    assert asked(mira, monday) == busy.Answer(outcome, spans)


def test_check_ins_that_make_room_do_not_count_in_a_calendar_that_is_not_ours_alone(
    server: CalendarServer, make: Factories, mira: Person, sam: Person, monday: datetime
) -> None:
    allow(mira)
    server.make_calendar(f"{server.home}private/", "private")
    name = "private" if server.calendars() else ""
    meetings = plan(pairing_of(make, mira, sam), mira, quiet_rule())
    account = Account(server, mira).connect(calendar=name)
    account.sync()
    first = check_ins()[0]
    span = (first.starts_at - timedelta(days=1), first.starts_at + timedelta(days=1))
    own = (first.starts_at, first.ends_at)
    person = db.session.get_one(Person, mira.id)
    assert busy.ask([person], span)[mira.id].busy == (own,)
    assert busy.ask([db.session.get_one(Person, mira.id)], span, own=[own])[mira.id].busy == ()
    assert meetings.id


def test_nothing_of_an_event_is_kept_anywhere_or_logged(
    app: Flask,
    account: Account,
    make: Factories,
    mira: Person,
    sam: Person,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    account.connect().sync()
    allow(mira)
    meetings = pairing_of(make, mira, sam)
    soon = now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    for number in range(20):
        appointment(account.server, f"event-{number}", soon + timedelta(days=number), hours=3)
    row = search(meetings, mira)
    assert row.state == "done"
    assert [each["outcome"] for each in row.notes or () if each["about"] == "calendar"] == [
        busy.ASKED,
        busy.NOT_CONNECTED,
    ]
    db.session.rollback()
    with db.engine.connect() as connection:
        for table in inspect(db.engine).get_table_names():
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()  # noqa: S608  # names of our own tables
            assert SECRET not in repr(rows), table
    assert SECRET not in caplog.text
    assert account.server.password not in caplog.text
    database = [Path(str(db.engine.url.database))] if db.engine.name == "sqlite" else []
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    for file in (*files, *(path for name in database for path in name.parent.glob(f"{name.name}*"))):
        assert SECRET.encode() not in file.read_bytes(), file


def search(meetings: Pairing, person: Person) -> TimeSearch:
    """A search as its page begins and its worker finishes it."""
    with transaction():
        found = db.session.get_one(Pairing, meetings.id, options=whole())
        by = db.session.get_one(Person, person.id)
        search_id = searching.begin(found, by=by, check_in=None, minutes=60, at=now()).id
    finding.find(search_id)
    return db.session.scalars(select(TimeSearch).execution_options(populate_existing=True)).one()


def test_times_at_which_one_is_busy_are_not_proposed(
    account: Account, make: Factories, mira: Person, sam: Person, new_visitor: Callable[..., object]
) -> None:
    account.connect().sync()
    allow(mira)
    meetings = pairing_of(make, mira, sam)
    first = search(meetings, mira)
    best = [datetime.fromisoformat(each["starts_at"]) for each in first.slots or ()]
    for number, each in enumerate(best):
        appointment(account.server, f"taken-{number}", each - HOUR, "RRULE:FREQ=WEEKLY", hours=3)
    second = search(meetings, mira)
    then = [datetime.fromisoformat(each["starts_at"]) for each in second.slots or ()]
    assert then
    assert not set(best) & set(then)


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes a connection and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def test_all_together_have_one_deadline(
    radicale: CalendarServer, mira: Person, monday: datetime, silent: int
) -> None:
    Account(radicale, mira).connect().sync()
    allow(mira)
    with transaction():
        db.session.execute(update(CalendarAccount).values(address=f"http://localhost:{silent}/"))
    began = time.monotonic()
    assert asked(mira, monday, seconds=1.0) == busy.Answer(busy.FAILED)
    assert time.monotonic() - began < 15, "the line itself would be held for twenty"
