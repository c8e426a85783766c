"""A pair with check-ins ahead, one or both of whom chose invitations by e-mail, and what the outbox holds for
them.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from sqlalchemy import select

from portal.calendars import choices
from portal.calendars.models import Invitation
from portal.clock import now
from portal.db import db, transaction
from portal.letters import delivery
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule.models import CheckIn, Series
from portal.settings import current
from tests.calendars import pairs
from tests.personas import Factories

BERLIN = ZoneInfo("Europe/Berlin")


def weekly(
    make: Factories, mentor: Person, mentee: Person, *, count: int = 3, every: int = 1, **more: Any
) -> Pairing:
    """An active pairing with check-ins at ten in Berlin, the first in a week."""
    pairing = pairs.pairing(make, mentor, mentee)
    first_on = datetime.now(BERLIN).date() + timedelta(days=7)
    facts: dict[str, Any] = {
        "uid": str(uuid.uuid4()),
        "pairing_id": pairing.id,
        "every": every,
        "unit": "week",
        "first_on": first_on,
        "count": count,
        "local_time": time(10),
        "zone": "Europe/Berlin",
        "minutes": 60,
        "place": "Room 4.12",
        "created_at": pairs.BEGUN,
        "revised_at": pairs.BEGUN,
    }
    series = make.add(Series(**{**facts, **more}))
    for number in range(count):
        day = first_on + timedelta(weeks=number * every)
        start = datetime.combine(day, time(10), BERLIN).astimezone(UTC)
        make.add(CheckIn(series_id=series.id, number=number + 1, rule_on=day, starts_at=start, minutes=60))
    pairs.changed(mentor, mentee)
    return pairing


def choose(person: Person, *, invitations: bool = True) -> None:
    """Have a person choose invitations by e-mail, or no more of them."""
    with transaction():
        seen = choices.choice_of(person.id)
        choices.change(
            db.session.get_one(Person, person.id),
            alarm_minutes=seen.alarm_minutes,
            busy=seen.busy,
            invitations=invitations,
            by=person.id,
            at=now(),
            seen=seen.version,
        )


def check_ins(pairing: Pairing) -> list[CheckIn]:
    """The check-ins of a pairing in time order."""
    db.session.rollback()
    mine = select(CheckIn).join(CheckIn.series).where(Series.pairing_id == pairing.id)
    return list(db.session.scalars(mine.order_by(CheckIn.starts_at)))


def rows(person: Person) -> list[Invitation]:
    """The invitations of a person, in time order."""
    db.session.rollback()
    mine = select(Invitation).where(Invitation.person_id == person.id)
    return list(db.session.scalars(mine.order_by(Invitation.starts_at, Invitation.id)))


def posted(person: Person, kind: str = "calendars.") -> list[OutboxLetter]:
    """The letters to a person of a kind, in the order they were posted."""
    db.session.rollback()
    to_them = (OutboxLetter.person_id == person.id, OutboxLetter.kind.startswith(kind))
    return list(db.session.scalars(select(OutboxLetter).where(*to_them).order_by(OutboxLetter.id)))


def told(letter: OutboxLetter) -> tuple[str, int, datetime]:
    """Method, sequence and start of the invitation in a letter."""
    event = event_of(letter.calendar_text or "")
    return letter.calendar_method, int(event["SEQUENCE"]), event.decoded("DTSTART")


def event_of(text: str | bytes) -> Event:
    """The one event of a calendar text."""
    [event] = Calendar.from_ical(text).walk("VEVENT")
    return event


def composed(letter: OutboxLetter) -> EmailMessage:
    """The message as it leaves."""
    return delivery.compose(letter, None, current())


def parts(message: EmailMessage) -> list[str]:
    """The content types of a message's parts, in order."""
    return [each.get_content_type() for each in message.walk()]
