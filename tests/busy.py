"""A portal in which everything has happened to somebody: for walks that are to see every page."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.calendars.models import CalendarAccount
from portal.clock import now, today
from portal.db import db
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.programmes.models import Programme, TopicSuggestion
from portal.schedule.models import CheckIn, Milestone, MoveRequest, Series
from tests.pairings.company import Company, season_of
from tests.personas import Factories

ZONE = ZoneInfo("Europe/Berlin")


def meeting(make: Factories, mentor: Person, mentee: Person, programme: Programme) -> Pairing:
    """An active pairing with check-ins behind it, one of them not spoken of yet, and ahead of it, one of them
    off.
    """
    # long because its steps read best in one order
    facts: dict[str, Any] = {
        "programme_id": programme.id,
        "mentor_id": mentor.id,
        "mentee_id": mentee.id,
        "state": "active",
        "score": 7300,
        "parts": [
            {"name": "style", "points": 900, "template": "Your ways of working go well together.", "args": {}}
        ],
        "created_at": now(),
        "active_at": now(),
    }
    pairing = make.add(Pairing(**facts))
    first = today(ZONE) - timedelta(days=15)
    series = make.add(
        Series(
            uid=str(uuid.uuid4()),
            pairing_id=pairing.id,
            every=2,
            unit="week",
            first_on=first,
            local_time=time(10),
            zone="Europe/Berlin",
            count=4,
            minutes=60,
            place="Room 4.12",
            link="https://video.example.com/1",
            created_at=now(),
            revised_at=now(),
        )
    )
    for number, state in enumerate(("met", "planned", "skipped", "planned"), start=1):
        day = first + timedelta(weeks=2 * (number - 1))
        starts_at = datetime.combine(day, time(10), ZONE)
        make.add(
            CheckIn(
                series_id=series.id, number=number, rule_on=day, starts_at=starts_at, minutes=60, state=state
            )
        )
    for kind, days in (("kick-off", 0), ("midpoint", 28), ("closing", 42)):
        due_on = first + timedelta(days=days)
        make.add(
            Milestone(
                uid=str(uuid.uuid4()), pairing_id=pairing.id, kind=kind, due_on=due_on, revised_at=now()
            )
        )
    return pairing


def asked_about(make: Factories, pairing: Pairing) -> MoveRequest:
    """The mentee would like another time for the check-in that comes last."""
    mine = select(CheckIn.id, CheckIn.starts_at).join(CheckIn.series).where(Series.pairing_id == pairing.id)
    with make.app.app_context():
        last = db.session.execute(mine.order_by(CheckIn.starts_at.desc())).tuples().first()
    assert last is not None
    check_in_id, starts_at = last
    then = starts_at + timedelta(hours=2)
    return make.add(
        MoveRequest(check_in_id=check_in_id, by_id=pairing.mentee_id, starts_at=then, created_at=now())
    )


def connected(make: Factories, person: Person, **more: Any) -> CalendarAccount:
    """A CalDAV account, as it is a while after it was connected."""
    facts: dict[str, Any] = {
        "uid": str(uuid.uuid4()),
        "person_id": person.id,
        "address": "https://cal.example.com/",
        "username": "walker",
        "sealed_password": "k1:00",
        "origin": "https://cal.example.com",
        "calendar_name": "Vice Versa",
        "calendar_url": "https://cal.example.com/walker/vice-versa/",
        "state": "connected",
        "created_at": now(),
        "pushed_at": now(),
        "looked_at": now(),
    }
    return make.add(CalendarAccount(**{**facts, **more}))


def busy(make: Factories, staff: Person, member: Person) -> Company:
    """A season that `staff` runs, in which `member` mentors somebody they meet and is asked about somebody
    else.
    """
    season = season_of(make, staff)
    pairing = meeting(make, member, season.mentee("Selma Senior"), season.programme)
    asked_about(make, pairing)
    season.pairing(season.mentor("Jonas Junior"), member, "offered")
    season.pairing(member, season.mentee("Once Upon"), "ended", active_at=now(), ended_at=now())
    connected(make, member)
    text = f"Beekeeping {uuid.uuid4()}"
    make.add(TopicSuggestion(plain=text.lower(), typed=text, times=1, by_id=member.id, created_at=now()))
    return season
