"""Check-ins that lie ahead, on days that suit both whatever today is, and what their owner does to them in a
calendar.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.clock import now, today
from portal.core.hours import cadence
from portal.core.hours.cadence import Rule
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.pairings.queries import whole
from portal.people.models import Person
from portal.schedule import planning
from portal.schedule.models import CheckIn
from tests.calendars.account_rows import Account

BERLIN = ZoneInfo("Europe/Berlin")
AT = time(10)
HOUR = timedelta(hours=1)
WORKING = "Mon-Fri 08:00-18:00"
ZONE = "TZID=Europe/Berlin"


def quiet_rule(times: int = 4, *, every: int = 2) -> Rule:
    """Tuesdays from some weeks ahead, every so many weeks, none of them a holiday, nor the day after,
    whatever today is.
    """
    holidays = cadence.holidays_of(["DE"], range(today().year, today().year + 3))
    first = today(BERLIN) + timedelta(days=21)
    while True:
        first += timedelta(days=1)
        days = [first + timedelta(weeks=every * step) for step in range(times)]
        near = {each + timedelta(days=step) for each in days for step in (0, 1)}
        if first.weekday() == 1 and not near & set(holidays):
            return Rule(every, "week", first, AT, "Europe/Berlin", times)


def plan(pairing: Pairing, by: Person, rule: Rule) -> Pairing:
    """Book the check-ins of a pairing."""
    with transaction():
        found = db.session.get_one(Pairing, pairing.id, options=whole())
        about = {"minutes": 60, "place": "Room 4.12", "link": "", "seen": None}
        planning.plan(found, rule=rule, by=db.session.get_one(Person, by.id), at=now(), **about)
    return pairing


def check_ins() -> list[CheckIn]:
    """All there are, in their order."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(CheckIn).order_by(CheckIn.starts_at, CheckIn.id)))


def letters(person: Person) -> list[str]:
    """The kinds of the letters to somebody, in order."""
    db.session.rollback()
    query = select(OutboxLetter.kind).where(OutboxLetter.person_id == person.id).order_by(OutboxLetter.id)
    return [each for each in db.session.scalars(query) if each != "schedule.planned"]


def stamp(when: datetime) -> str:
    """A moment on the clocks in Berlin, as calendar texts have it."""
    return f"{when.astimezone(BERLIN):%Y%m%dT%H%M%S}"


def override(account: Account, key: datetime, start: datetime, *, more: str = "") -> None:
    """Drag one occurrence, as a calendar program does: an event beside the series, in its place."""
    path = account.path_of("check-ins")
    text = without(account.server.text(path), key)
    uid = re.search(r"UID:(.+)", text)
    assert uid is not None
    event = (
        f"BEGIN:VEVENT\nUID:{uid[1]}\nDTSTAMP:20260101T000000Z\nSEQUENCE:9\nSUMMARY:Check-in\n"
        f"RECURRENCE-ID;{ZONE}:{stamp(key)}\nDTSTART;{ZONE}:{stamp(start)}\nDTEND;{ZONE}:{stamp(start + HOUR)}\n"
        f"{more}END:VEVENT\n"
    )
    head, _, tail = text.rpartition("END:VCALENDAR")
    account.server.put(path, f"{head}{event}END:VCALENDAR{tail}")


def without(text: str, key: datetime | None = None) -> str:
    """A text without the event in place of one occurrence, or of any."""
    at = stamp(key) if key else ""
    inside = "(?:(?!END:VEVENT).)*"
    return re.sub(
        rf"BEGIN:VEVENT\n{inside}RECURRENCE-ID[^\n]*{at}\n{inside}END:VEVENT\n", "", text, flags=re.S
    )
