"""Pairings with a schedule, as rows: what calendars are made of."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from portal.db import db, transaction
from portal.pairings.models import Pairing
from portal.people import versions
from portal.people.models import Person
from portal.programmes.models import Programme
from portal.schedule.models import CheckIn, Milestone, Series
from tests.personas import Factories

BEGUN = datetime(2026, 1, 5, 9, tzinfo=UTC)
FIRST_ON = date(2026, 2, 10)
MONTHS = (
    date(2026, 2, 10),
    date(2026, 3, 10),
    date(2026, 4, 14),
    date(2026, 5, 12),
    date(2026, 6, 9),
    date(2026, 7, 14),
)
"""Second Tuesdays."""


def pairing(
    make: Factories, mentor: Person, mentee: Person, programme: Programme | None = None, **more: Any
) -> Pairing:
    """An active pairing; both calendars are out of date."""
    facts: dict[str, Any] = {
        "programme_id": (programme or make.programme("Autumn season")).id,
        "mentor_id": mentor.id,
        "mentee_id": mentee.id,
        "state": "active",
        "score": 7000,
        "parts": [],
        "created_at": BEGUN,
        "active_at": BEGUN,
    }
    row = make.add(Pairing(**{**facts, **more}))
    changed(mentor, mentee)
    return row


def series(
    make: Factories, pairing: Pairing, *, moved: dict[int, timedelta] | None = None, **more: Any
) -> Series:
    """Six monthly check-ins at ten in Berlin; `moved` by number; `skipped` and `met` are numbers too."""
    skipped, met = more.pop("skipped", ()), more.pop("met", ())
    facts: dict[str, Any] = {
        "uid": str(uuid.uuid4()),
        "pairing_id": pairing.id,
        "every": 1,
        "unit": "month",
        "first_on": FIRST_ON,
        "count": 6,
        "local_time": time(10),
        "zone": "Europe/Berlin",
        "minutes": 60,
        "place": "Room 4.12",
        "created_at": BEGUN,
        "revised_at": BEGUN,
    }
    row = make.add(Series(**{**facts, **more}))
    zone = ZoneInfo(row.zone)
    for number, day in enumerate(MONTHS[: row.count], 1):
        start = datetime.combine(day, row.local_time, zone).astimezone(UTC) + (moved or {}).get(
            number, timedelta()
        )
        state = "skipped" if number in skipped else "met" if number in met else "planned"
        make.add(
            CheckIn(
                series_id=row.id,
                number=number,
                rule_on=day,
                starts_at=start,
                minutes=row.minutes,
                state=state,
            )
        )
    return row


def milestones(make: Factories, pairing: Pairing) -> list[Milestone]:
    """The three days of a pairing."""
    days = {"kick-off": date(2026, 2, 3), "midpoint": date(2026, 4, 28), "closing": date(2026, 7, 21)}
    return [
        make.add(
            Milestone(uid=str(uuid.uuid4()), pairing_id=pairing.id, kind=kind, due_on=day, revised_at=BEGUN)
        )
        for kind, day in days.items()
    ]


def whole(
    make: Factories, mentor: Person, mentee: Person, programme: Programme | None = None, **more: Any
) -> Pairing:
    """A pairing with six check-ins and three milestones."""
    row = pairing(make, mentor, mentee, programme, **more)
    series(make, row)
    milestones(make, row)
    return row


def change(row: Any, *people: Person, **values: Any) -> None:
    """Change a row behind everybody's back, and raise the calendar versions of `people`."""
    with transaction():
        db.session.execute(update(type(row)).where(type(row).id == row.id).values(values))
        versions.raise_calendar(each.id for each in people)


def changed(*people: Person) -> None:
    """Raise the calendar versions of `people`."""
    with transaction():
        versions.raise_calendar(each.id for each in people)
