"""Pairings to plan for, made directly as rows, and the few words in which tests speak of plans."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import select

from portal.core.cadence import Rule
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.pairings.queries import whole
from portal.people.models import Person
from portal.programmes.models import Programme
from portal.schedule import planning
from portal.schedule.models import CheckIn, Series
from portal.schedule.queries import check_in_for, check_ins_of
from tests.personas import Factories

LONG_AGO = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
AT = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
"""When tests plan: a Thursday morning."""
RULE = Rule(1, "month", date(2026, 10, 13), time(10), "Europe/Berlin", 6)
"""The second Tuesday of six months, at 10:00 in Berlin; none is a holiday there."""


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
    ends = {"mentor_id": (mentor or make.person("Jona Junior")).id, "mentee_id": (mentee or make.person("Sigrid Senior")).id}
    return make.add(Pairing(programme_id=season.id, **{**facts, **ends, **more}))


def fresh(pairing: Pairing) -> Pairing:
    """The pairing as it is now, with its people and programme; a transaction reads it again."""
    return db.session.scalars(
        select(Pairing).where(Pairing.id == pairing.id).options(*whole()).execution_options(populate_existing=True)
    ).one()


def change(pairing: Pairing, **values: Any) -> None:
    """Set columns of a pairing, as the room of pairings would."""
    with transaction():
        row = fresh(pairing)
        for name, value in values.items():
            setattr(row, name, value)


def plan(pairing: Pairing, rule: Rule = RULE, *, by: str = "mentee", at: datetime = AT, **more: Any) -> Series:
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
    posted = select(OutboxLetter).where(OutboxLetter.person_id == person.id, OutboxLetter.kind.startswith("schedule."))
    return list(db.session.scalars(posted.order_by(OutboxLetter.id)))
