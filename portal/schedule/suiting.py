"""Whether a time suits somebody: their working hours, their country's holidays and their other check-ins."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from portal.core.hours import cadence
from portal.core.hours.cadence import Week
from portal.core.hours.places import country_of
from portal.core.hours.weekly_hours import parse_hours
from portal.core.lifecycle import CheckInState, PairingState
from portal.db import db
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule.models import CheckIn, Series


def suits(person: Person, start: datetime, minutes: int, *, but: int = 0, but_series: int = 0) -> bool:
    """Whether somebody could meet then, as far as the portal knows. The check-in `but`, or the series
    `but_series`, does not count. People without working hours are taken to work at any time.
    """
    if person.hours and not Week(parse_hours(person.hours), person.time_zone).covers(start, minutes):
        return False
    country = person.country or country_of(person.time_zone)
    day = start.astimezone(ZoneInfo(person.time_zone)).date()
    if country and day in cadence.holidays_of([country], [day.year]):
        return False
    return not _meets(person, start, start + timedelta(minutes=minutes), but, but_series)


def _meets(person: Person, start: datetime, end: datetime, but: int, but_series: int) -> bool:
    theirs = or_(Pairing.mentor_id == person.id, Pairing.mentee_id == person.id)
    near = (
        CheckIn.starts_at < end,
        CheckIn.starts_at > start - timedelta(days=1),
        CheckIn.state == CheckInState.PLANNED,
    )
    query = select(CheckIn).join(CheckIn.series).join(Series.pairing).where(theirs, *near, CheckIn.id != but)
    live = Pairing.state.in_([PairingState.ACTIVE, PairingState.PAUSED])
    check_ins = db.session.scalars(query.where(live, CheckIn.series_id != but_series))
    return any(check_in.ends_at > start for check_in in check_ins)
