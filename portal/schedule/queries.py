"""Queries for series, check-ins and milestones. Of an ended pairing they omit what lay ahead at its end."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import contains_eager

from portal.audit import AuditEntry
from portal.core.hours import cadence
from portal.core.hours.places import country_of
from portal.core.lifecycle import CheckInState, PairingState
from portal.db import db
from portal.errors import NotFound
from portal.pairings.models import Pairing
from portal.pairings.queries import pairing_for, partner, whole
from portal.people.models import Person
from portal.schedule import words
from portal.schedule.models import CheckIn, Milestone, Series

SOON = timedelta(days=2)
"""Changes of days so near are sent by letter, since subscribed calendars may be read too late."""
STEP = ("pairing", "pairing.moved")
"""Object kind and action of the audit entry about a pairing's change of state."""


@dataclass(frozen=True)
class Entry:
    """A line of the timeline: a check-in or a milestone, and its local day in the zone of the series."""

    on: date
    check_in: CheckIn | None = None
    milestone: Milestone | None = None
    number: int = 0


def hold(pairing_id: int) -> None:
    """Lock a pairing against others who plan it until the open transaction ends. (SQLite has one writer.)"""
    db.session.execute(select(Pairing.id).where(Pairing.id == pairing_id).with_for_update(key_share=True))


def series_of(pairing_id: int) -> list[Series]:
    """The series of a pairing, with replaced ones, in the order of planning."""
    return list(db.session.scalars(select(Series).where(Series.pairing_id == pairing_id).order_by(Series.id)))


def current_series(pairing_id: int) -> Series | None:
    """The series that has not been replaced."""
    query = select(Series).where(Series.pairing_id == pairing_id, Series.replaced_at.is_(None))
    return db.session.scalar(query.order_by(Series.id.desc()).limit(1))


def check_ins_of(pairing_id: int) -> list[CheckIn]:
    """The check-ins of a pairing in time order, each with its series."""
    return check_ins_of_many([pairing_id]).get(pairing_id, [])


def check_ins_of_many(pairing_ids: Sequence[int]) -> dict[int, list[CheckIn]]:
    """The check-ins of each pairing in time order, each with its series, in one query."""
    by_pairing: dict[int, list[CheckIn]] = defaultdict(list)
    query = _before_end(select(CheckIn).join(CheckIn.series).join(Series.pairing), CheckIn.starts_at)
    query = query.where(Series.pairing_id.in_(pairing_ids)).options(contains_eager(CheckIn.series))
    for check_in in db.session.scalars(query.order_by(CheckIn.starts_at, CheckIn.id)) if pairing_ids else ():
        by_pairing[check_in.series.pairing_id].append(check_in)
    return by_pairing


def cuts_of_many(pairing_ids: Sequence[int]) -> dict[int, list[datetime]]:
    """When each pairing was ended, and when that was undone, from the audit in one query.

    At each of these moments the coming check-ins of the series disappeared or came back: see `revision_of`.
    """
    by_pairing: dict[int, list[datetime]] = defaultdict(list)
    row, (kind, action) = AuditEntry, STEP
    query = select(row.object_id, row.at, row.before, row.after).where(
        row.object_kind == kind, row.action == action
    )
    query = query.where(row.object_id.in_([str(pairing_id) for pairing_id in pairing_ids])).order_by(
        row.position
    )
    for entry in db.session.execute(query) if pairing_ids else ():
        states = {(values or {}).get("state", PairingState.ENDED) for values in (entry.before, entry.after)}
        if PairingState.ENDED in states:  # values that were erased since count too: a revision never falls
            by_pairing[int(entry.object_id)].append(entry.at)
    return by_pairing


def revision_of(series: Series, cuts: Sequence[datetime]) -> tuple[int, datetime]:
    """SEQUENCE of a series and its moment, counting also the `cuts_of_many` of its pairing."""
    own = [
        at
        for at in cuts
        if series.created_at < at and (series.replaced_at is None or at < series.replaced_at)
    ]
    return series.revision + len(own), max([series.revised_at, *own])


def milestones_of(pairing_id: int) -> list[Milestone]:
    """The milestones of a pairing in time order."""
    return milestones_of_many([pairing_id]).get(pairing_id, [])


def milestones_of_many(pairing_ids: Sequence[int]) -> dict[int, list[Milestone]]:
    """The milestones of each pairing in time order, in one query."""
    by_pairing: dict[int, list[Milestone]] = defaultdict(list)
    query = (
        select(Milestone, Pairing.ended_at)
        .join(Milestone.pairing)
        .where(Milestone.pairing_id.in_(pairing_ids))
    )
    rows = db.session.execute(query.order_by(Milestone.due_on, Milestone.id)) if pairing_ids else ()
    for milestone, ended_at in rows:
        if _is_before_end(milestone, ended_at):
            by_pairing[milestone.pairing_id].append(milestone)
    return by_pairing


def timeline(pairing: Pairing) -> list[Entry]:
    """Check-ins and milestones of a pairing by day; on the same day the milestone comes first."""
    check_ins, milestones = check_ins_of(pairing.id), milestones_of(pairing.id)
    lines = [Entry(milestone.due_on, milestone=milestone) for milestone in milestones]
    for number, check_in in enumerate(check_ins, start=1):
        day = check_in.starts_at.astimezone(ZoneInfo(check_in.series.zone)).date()
        lines.append(Entry(day, check_in=check_in, number=number))
    return sorted(lines, key=lambda line: (line.on, line.milestone is None, line.number))


def check_in_for(check_in_id: int, person: Person) -> tuple[CheckIn, Pairing]:
    """A check-in with its series, and its pairing; raises NotFound if there is none or the person may not see
    it.
    """
    query = _before_end(select(CheckIn).join(CheckIn.series).join(Series.pairing), CheckIn.starts_at)
    query = query.where(CheckIn.id == check_in_id).options(contains_eager(CheckIn.series))
    check_in = db.session.scalar(query.execution_options(populate_existing=True))
    if check_in is None:
        raise NotFound
    return check_in, pairing_for(check_in.series.pairing_id, person)


def milestone_for(milestone_id: int, person: Person) -> tuple[Milestone, Pairing]:
    """A milestone and its pairing; raises NotFound if there is none or the person may not see it."""
    milestone = db.session.get(Milestone, milestone_id, populate_existing=True)
    if milestone is None:
        raise NotFound
    pairing = pairing_for(milestone.pairing_id, person)
    if not _is_before_end(milestone, pairing.ended_at):
        raise NotFound
    return milestone, pairing


def countries_of(pairing: Pairing) -> list[tuple[str, str]]:
    """The zone and the country of each of the two whose country is known, in the order of countries."""
    both = (
        (person.time_zone, person.country or country_of(person.time_zone))
        for person in (pairing.mentor, pairing.mentee)
    )
    return sorted(((zone, country) for zone, country in both if country), key=itemgetter(1))


def holidays_of(pairing: Pairing, first_on: date, last_on: date | None = None) -> Mapping[date, str]:
    """The public holidays of both people's countries in the years from one day to another, by default in the
    year of `first_on` and the next.
    """
    years = range(first_on.year, (last_on.year if last_on else first_on.year + 1) + 1)
    return cadence.holidays_of({country for _, country in countries_of(pairing)}, years)


def number_of(check_in: CheckIn) -> int:
    """The number of a check-in among all of its pairing, from 1."""
    return 1 + [other.id for other in check_ins_of(check_in.series.pairing_id)].index(check_in.id)


def coming(person: Person, at: datetime) -> list[dict[str, Any]]:
    """A person's coming check-ins and milestones as plain rows in time order: when, what, with whom.

    Those of paused pairings are included, as in calendars.
    """
    theirs = or_(Pairing.mentor_id == person.id, Pairing.mentee_id == person.id)
    pairings = db.session.scalars(
        select(Pairing)
        .where(theirs, Pairing.state.in_([PairingState.ACTIVE, PairingState.PAUSED]))
        .options(*whole())
        .order_by(Pairing.id)
    ).all()
    zone = ZoneInfo(person.time_zone)
    names = {pairing.id: partner(pairing, person.id).name for pairing in pairings}
    rows: list[dict[str, Any]] = []
    for pairing_id, check_ins in check_ins_of_many(list(names)).items():
        for number, check_in in enumerate(check_ins, start=1):
            if check_in.ends_at > at and check_in.state == CheckInState.PLANNED:
                when = check_in.starts_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
                what = f"check-in {number} of {len(check_ins)}"
                rows.append(_coming_row(when, check_in.starts_at, what, names[pairing_id]))
    for pairing_id, milestones in milestones_of_many(list(names)).items():
        for milestone in milestones:
            if milestone.due_on >= at.astimezone(zone).date():
                what = str(words.MILESTONES[milestone.kind])
                rows.append(_coming_row(milestone.due_on.isoformat(), None, what, names[pairing_id]))
    return sorted(rows, key=lambda row: str(row["when"]))


def _coming_row(when: str, starts_at: datetime | None, what: str, partner_name: str) -> dict[str, Any]:
    return {"when": when, "starts_at": starts_at, "what": what, "partner": partner_name}


def _before_end(query: Select[Any], starts: Any) -> Select[Any]:
    """The query without what lay ahead when the pairing ended."""
    return query.where(
        or_(Pairing.ended_at.is_(None), and_(Pairing.ended_at.is_not(None), starts < Pairing.ended_at))
    )


def _is_before_end(milestone: Milestone, ended_at: datetime | None) -> bool:
    """Whether the day of a milestone had come when the pairing ended."""
    return ended_at is None or milestone.due_on <= ended_at.date()


def without_milestones(most: int = 200) -> list[int]:
    """The ids of active pairings without milestones."""
    query = select(Pairing.id).where(
        Pairing.state == PairingState.ACTIVE, Pairing.id.notin_(select(Milestone.pairing_id))
    )
    return list(db.session.scalars(query.order_by(Pairing.id).limit(most)))


def end_of_day(day: date, zone: str) -> datetime:
    """The moment at which a day ends in a zone."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
