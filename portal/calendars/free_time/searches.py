"""Searches for a time that suits both of a pairing: begun on a page, done by the worker, deleted ten minutes
later.

The worker claims a search by a lease, so the search of a killed worker is repeated; one that nobody finishes
fails, and the page says how to go on. Stored are at most five times, why they are proposed, and how asking
the calendars went.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from portal import work
from portal.calendars.models import TimeSearch
from portal.clock import now
from portal.core.hours import cadence
from portal.core.lifecycle import CheckInState, PairingState
from portal.db import db, transaction
from portal.errors import Invalid
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule.models import CheckIn
from portal.schedule.queries import current_series

log = logging.getLogger(__name__)
FIND = "calendars.find_a_time"
LEASE_SECONDS = 60
PATIENCE = timedelta(minutes=4)
"""A killed worker is noticed within two minutes; an unfinished search older than this has failed."""
KEPT = timedelta(minutes=10)
"""How long a finished search is stored."""
NOT_SOON, AT_ONCE = timedelta(days=3), timedelta(hours=1)
"""How far ahead a first check-in is proposed, so that both can prepare; and a new time for a planned one."""
BEFORE, WINDOW = timedelta(days=10), timedelta(days=21)
"""One check-in is moved within three weeks, from ten days before the time it has."""
FARTHEST = timedelta(days=400)
"""Calendars are asked no further ahead than this."""
USUAL_HOURS = "Mon-Fri 09:00-17:00"
CALENDAR, HOURS, NONE, UNTIL = "calendar", "hours", "none", "until"
"""Kinds of notes: how asking somebody's calendar went, that somebody named no hours, why there is no time,
and until which day calendars were asked if later days matter.
"""


@dataclass(frozen=True)
class Terms:
    """How a series to be planned repeats."""

    every: int
    unit: str
    count: int
    after: date


def begin(
    pairing: Pairing, *, by: Person, check_in: CheckIn | None, minutes: int, at: datetime
) -> TimeSearch:
    """Begin a search, or return the one under way if it is the same. Raises Invalid."""
    if pairing.state != PairingState.ACTIVE:
        raise Invalid(_("Only an active pairing can plan its check-ins."))
    if check_in is not None and check_in.state != CheckInState.PLANNED:
        raise Invalid(_("Only a planned check-in can be moved."))
    if not cadence.FEWEST_MINUTES <= minutes <= cadence.MOST_MINUTES:
        raise Invalid(_("A check-in takes 15 minutes to 8 hours."), field="minutes")
    check_in_id = check_in.id if check_in else None
    db.session.execute(select(Person.id).where(Person.id == by.id).with_for_update(key_share=True))
    present = latest(pairing.id, by.id, check_in_id, at=at)
    if present is not None and (present.state, present.minutes) == ("waiting", minutes):
        work.enqueue(FIND, present.id)
        return present
    db.session.execute(delete(TimeSearch).where(*_asked(pairing.id, by.id, check_in_id)))
    search = TimeSearch(
        pairing_id=pairing.id,
        by_id=by.id,
        check_in_id=check_in_id,
        minutes=minutes,
        state="waiting",
        created_at=at,
    )
    db.session.add(search)
    db.session.flush()
    work.enqueue(FIND, search.id)
    return search


def latest(pairing_id: int, by_id: int, check_in_id: int | None, *, at: datetime) -> TimeSearch | None:
    """Somebody's present search; an expired one does not count, whether it is deleted yet or not."""
    is_present = or_(
        and_(TimeSearch.state == "waiting", TimeSearch.created_at > at - PATIENCE),
        TimeSearch.done_at > at - KEPT,
    )
    query = (
        select(TimeSearch)
        .where(*_asked(pairing_id, by_id, check_in_id), is_present)
        .order_by(TimeSearch.id.desc())
    )
    return db.session.scalars(query.limit(1).execution_options(populate_existing=True)).one_or_none()


def _asked(pairing_id: int, by_id: int, check_in_id: int | None) -> tuple[ColumnElement[bool], ...]:
    column = TimeSearch.check_in_id
    is_subject = column.is_(None) if check_in_id is None else column == check_in_id
    return TimeSearch.pairing_id == pairing_id, TimeSearch.by_id == by_id, is_subject


def sweep() -> None:
    """Delete expired searches, fail those that nobody finished, and enqueue those that nobody is at."""
    moment = now()
    row = TimeSearch
    waiting, late = row.state == "waiting", row.created_at <= moment - PATIENCE
    open_ = waiting & or_(row.lease_until.is_(None), row.lease_until < moment)
    if not db.session.scalar(select(row.id).where(or_(open_, row.done_at <= moment - KEPT)).limit(1)):
        db.session.rollback()
        return
    with transaction():
        db.session.execute(delete(row).where(row.done_at <= moment - KEPT))
        db.session.execute(update(row).where(open_, late).values(state="failed", done_at=moment))
        for search_id in db.session.scalars(select(row.id).where(open_)):
            work.enqueue(FIND, search_id)


def terms_of(pairing: Pairing, reader: Person, at: datetime) -> Terms:
    """How a new plan of a pairing repeats: like the rest of the present one, or as the programme suggests."""
    today = at.astimezone(ZoneInfo(reader.time_zone)).date()
    series, programme = current_series(pairing.id), pairing.programme
    if series is None:
        after = max(today + NOT_SOON, min(programme.starts_on, today + timedelta(days=60)))
        return Terms(programme.cadence_every, programme.cadence_unit, programme.meetings, after)
    rule = cadence.Rule(
        series.every, series.unit, series.first_on, series.local_time, series.zone, series.count
    )
    ahead = [day for day in cadence.occurrences(rule) if day > today]
    after = max(today + timedelta(days=1), ahead[0] - NOT_SOON) if ahead else today + NOT_SOON
    return Terms(series.every, series.unit, len(ahead) or series.count, after)
