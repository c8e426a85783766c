"""Pairings to plan for, made directly as rows, and the few words in which tests speak of plans."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import audit
from portal.core.hours.cadence import Rule
from portal.db import db, transaction
from portal.errors import Invalid
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.pairings.queries import whole
from portal.people import versions
from portal.people.models import Person
from portal.programmes.models import Programme
from portal.schedule import planning
from portal.schedule.models import CheckIn, Series
from portal.schedule.queries import check_in_for, check_ins_of, milestones_of, series_of
from tests.personas import Factories

DAY = timedelta(days=1)
LONG_AGO = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
AT = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
"""When tests plan: a Thursday morning."""
RULE = Rule(1, "month", date(2026, 10, 13), time(10), "Europe/Berlin", 6)
"""The second Tuesday of six months, at 10:00 in Berlin; none is a holiday there."""
TUESDAYS = ["2026-10-13", "2026-11-10", "2026-12-08", "2027-01-12", "2027-02-09", "2027-03-09"]
IN_NOVEMBER = datetime(2026, 11, 12, 8, 0, tzinfo=UTC)
"""When two of the six are over."""


def make_pairing(
    make: Factories,
    *,
    mentor: Person | None = None,
    mentee: Person | None = None,
    programme: Programme | None = None,
    **more: Any,
) -> Pairing:
    """An active pairing of two people, whom it makes if they are not given: Jona teaches, Sigrid learns."""
    facts: dict[str, Any] = {
        "state": "active",
        "score": 6000,
        "parts": [],
        "created_at": LONG_AGO,
        "offered_at": LONG_AGO,
        "mentee_accepted_at": LONG_AGO,
        "mentor_accepted_at": LONG_AGO,
        "active_at": LONG_AGO,
    }
    season = programme or make.programme(starts_on=date(2026, 10, 5), ends_on=date(2027, 4, 30))
    ends = {
        "mentor_id": (mentor or make.person("Jona Junior")).id,
        "mentee_id": (mentee or make.person("Sigrid Senior")).id,
    }
    return make.add(Pairing(programme_id=season.id, **{**facts, **ends, **more}))


def fresh(pairing: Pairing) -> Pairing:
    """The pairing as it is now, with its people and programme; a transaction reads it again."""
    return db.session.scalars(
        select(Pairing)
        .where(Pairing.id == pairing.id)
        .options(*whole())
        .execution_options(populate_existing=True)
    ).one()


def change(pairing: Pairing, **values: Any) -> None:
    """Set columns of a pairing, as the room of pairings would."""
    with transaction():
        row = fresh(pairing)
        for name, value in values.items():
            setattr(row, name, value)


def plan(
    pairing: Pairing, rule: Rule = RULE, *, by: str = "mentee", at: datetime = AT, **more: Any
) -> Series:
    """Plan in a transaction of its own; answers the series, read afresh."""
    facts: dict[str, Any] = {"minutes": 60, "place": "", "link": "", "seen": None}
    with transaction():
        row = fresh(pairing)
        series_id = planning.plan(row, rule=rule, by=getattr(row, by), at=at, **{**facts, **more}).id
    return db.session.get_one(Series, series_id, populate_existing=True)


def act(check_in_id: int, by: Person, do: Callable[..., Any], **more: Any) -> Any:
    """Do one thing to a check-in, in a transaction of its own, `by` somebody who read it just before."""
    with transaction():
        actor = db.session.get_one(Person, by.id, populate_existing=True)
        check_in, pairing = check_in_for(check_in_id, actor)
        given = {"by": actor, "at": AT, **more}
        if do is not planning.put_back:
            given = {"seen": check_in.version, **given}
        return do(check_in, pairing, **given)


def rows_of(pairing: Pairing) -> list[CheckIn]:
    """The check-ins of a pairing, read afresh."""
    db.session.rollback()
    return check_ins_of(pairing.id)


def letters_to(person: Person) -> list[OutboxLetter]:
    """What was posted to somebody about the schedule, in order."""
    db.session.rollback()
    posted = select(OutboxLetter).where(
        OutboxLetter.person_id == person.id, OutboxLetter.kind.startswith("schedule.")
    )
    return list(db.session.scalars(posted.order_by(OutboxLetter.id)))


def days_of(pairing: Pairing) -> list[str]:
    """The days of its check-ins, in UTC."""
    return [each.starts_at.date().isoformat() for each in rows_of(pairing)]


def calendars(*people: Person) -> list[int]:
    """The calendar versions of people, read afresh."""
    db.session.rollback()
    return [versions.of(each.id)[0] for each in people]


def refused(call: Callable[..., Any], *args: Any, **more: Any) -> Invalid:
    """The refusal with which a call ends."""
    with pytest.raises(Invalid) as error:
        call(*args, **more)
    return error.value


def kinds(person: Person) -> list[str]:
    """What the letters to somebody are about, in order."""
    return [each.kind.partition(".")[2] for each in letters_to(person)]


def all_of_it(pairing: Pairing) -> tuple[object, ...]:
    """What a refusal must leave as it was."""
    rows = [(each.id, each.state, each.starts_at, each.moved_for, each.version) for each in rows_of(pairing)]
    series = [(each.id, each.revision, each.revised_at, each.replaced_at) for each in series_of(pairing.id)]
    marks = [(each.id, each.due_on, each.revision) for each in milestones_of(pairing.id)]
    both = fresh(pairing).mentor, fresh(pairing).mentee
    return rows, series, marks, calendars(*both), [kinds(each) for each in both], audit.count()
