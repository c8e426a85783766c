"""Questions about when pairings meet. Entries of an ended pairing that lay ahead when it ended are not there
any more.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
"""What changes so shortly before is told by letter: calendars that are subscribed to may read it too late."""
STEP = ("pairing", "pairing.moved")
"""Of what kind, and what action, the audit's entry about a step of a pairing is."""


@dataclass(frozen=True)
class Entry:
    """One line of a pairing's timeline: a check-in or a milestone, and its local day in the zone of the
    series.
    """

    on: date
    check_in: CheckIn | None = None
    milestone: Milestone | None = None
    number: int = 0


def hold(pairing_id: int) -> None:
    """Keep others who plan the same pairing waiting until the open transaction ends; SQLite's writers queue
    anyway.
    """
    db.session.execute(select(Pairing.id).where(Pairing.id == pairing_id).with_for_update(key_share=True))


def series_of(pairing_id: int) -> list[Series]:
    """The series of a pairing, replaced ones too, in the order they were planned."""
    return list(db.session.scalars(select(Series).where(Series.pairing_id == pairing_id).order_by(Series.id)))


def current_series(pairing_id: int) -> Series | None:
    """The series that counts now."""
    now = select(Series).where(Series.pairing_id == pairing_id, Series.replaced_at.is_(None))
    return db.session.scalar(now.order_by(Series.id.desc()).limit(1))


def check_ins_of(pairing_id: int) -> list[CheckIn]:
    """The check-ins of a pairing in time order, each with its series."""
    return check_ins_of_many([pairing_id]).get(pairing_id, [])


def check_ins_of_many(pairing_ids: Sequence[int]) -> dict[int, list[CheckIn]]:
    """The check-ins of each pairing in time order, each with its series, in one query."""
    found: dict[int, list[CheckIn]] = defaultdict(list)
    query = _there(select(CheckIn).join(CheckIn.series).join(Series.pairing), CheckIn.starts_at)
    query = query.where(Series.pairing_id.in_(pairing_ids)).options(contains_eager(CheckIn.series))
    for each in db.session.scalars(query.order_by(CheckIn.starts_at, CheckIn.id)) if pairing_ids else ():
        found[each.series.pairing_id].append(each)
    return found


def cuts_of_many(pairing_ids: Sequence[int]) -> dict[int, list[datetime]]:
    """When each pairing was ended and when that was taken back, as the audit has it, in one query.

    Each of these moments took what was ahead out of the series of that time, or put it back: see
    `revision_of`.
    """
    found: dict[int, list[datetime]] = defaultdict(list)
    row, (kind, action) = AuditEntry, STEP
    query = select(row.object_id, row.at, row.before, row.after).where(
        row.object_kind == kind, row.action == action
    )
    query = query.where(row.object_id.in_([str(each) for each in pairing_ids])).order_by(row.position)
    for each in db.session.execute(query) if pairing_ids else ():
        states = {(said or {}).get("state", PairingState.ENDED) for said in (each.before, each.after)}
        if PairingState.ENDED in states:  # values that were erased since count too: a revision never falls
            found[int(each.object_id)].append(each.at)
    return found


def revision_of(series: Series, cuts: Sequence[datetime]) -> tuple[int, datetime]:
    """SEQUENCE of a series and its moment, with what ending its pairing and taking that back changed
    (`cuts_of_many`).
    """
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
    found: dict[int, list[Milestone]] = defaultdict(list)
    query = (
        select(Milestone, Pairing.ended_at)
        .join(Milestone.pairing)
        .where(Milestone.pairing_id.in_(pairing_ids))
    )
    for row in db.session.execute(query.order_by(Milestone.due_on, Milestone.id)) if pairing_ids else ():
        if _is_there(row[0], row.ended_at):
            found[row[0].pairing_id].append(row[0])
    return found


def timeline(pairing: Pairing) -> list[Entry]:
    """Check-ins and milestones of a pairing by day; on the same day the milestone comes first."""
    check_ins, milestones = check_ins_of(pairing.id), milestones_of(pairing.id)
    lines = [Entry(each.due_on, milestone=each) for each in milestones]
    lines += [
        Entry(each.starts_at.astimezone(ZoneInfo(each.series.zone)).date(), check_in=each, number=number)
        for number, each in enumerate(check_ins, start=1)
    ]
    return sorted(lines, key=lambda line: (line.on, line.milestone is None, line.number))


def check_in_for(check_in_id: int, person: Person) -> tuple[CheckIn, Pairing]:
    """A check-in that is there, with its series, and its pairing, for whoever may see that; raises NotFound
    otherwise.
    """
    query = _there(select(CheckIn).join(CheckIn.series).join(Series.pairing), CheckIn.starts_at)
    query = query.where(CheckIn.id == check_in_id).options(contains_eager(CheckIn.series))
    check_in = db.session.scalar(query.execution_options(populate_existing=True))
    if check_in is None:
        raise NotFound
    return check_in, pairing_for(check_in.series.pairing_id, person)


def milestone_for(milestone_id: int, person: Person) -> tuple[Milestone, Pairing]:
    """A milestone that is there, and its pairing, for whoever may see that; raises NotFound otherwise."""
    milestone = db.session.get(Milestone, milestone_id, populate_existing=True)
    if milestone is None:
        raise NotFound
    pairing = pairing_for(milestone.pairing_id, person)
    if not _is_there(milestone, pairing.ended_at):
        raise NotFound
    return milestone, pairing


def countries_of(pairing: Pairing) -> list[tuple[str, str]]:
    """The zone and the country of each of the two, as far as a country is known, in the
    order of countries.
    """
    both = (
        (each.time_zone, each.country or country_of(each.time_zone))
        for each in (pairing.mentor, pairing.mentee)
    )
    return sorted(((zone, country) for zone, country in both if country), key=lambda each: each[1])


def holidays_of(pairing: Pairing, first_on: date, last_on: date | None = None) -> Mapping[date, str]:
    """The public holidays of both people's countries in the years of two days, by default this year's and the
    next's.
    """
    years = range(first_on.year, (last_on.year if last_on else first_on.year + 1) + 1)
    return cadence.holidays_of({country for _, country in countries_of(pairing)}, years)


def number_of(check_in: CheckIn) -> int:
    """The place of a check-in among all of its pairing, from 1."""
    return 1 + [each.id for each in check_ins_of(check_in.series.pairing_id)].index(check_in.id)


def coming(person: Person, at: datetime) -> list[dict[str, Any]]:
    """A person's coming check-ins and milestones as plain rows, in time order: when, what, with whom.

    As in calendars, those of a paused pairing are among them.
    """
    theirs = or_(Pairing.mentor_id == person.id, Pairing.mentee_id == person.id)
    pairings = db.session.scalars(
        select(Pairing)
        .where(theirs, Pairing.state.in_([PairingState.ACTIVE, PairingState.PAUSED]))
        .options(*whole())
        .order_by(Pairing.id)
    ).all()
    by_id, zone = {each.id: each for each in pairings}, ZoneInfo(person.time_zone)
    rows = []
    for pairing_id, check_ins in check_ins_of_many(list(by_id)).items():
        for number, each in enumerate(check_ins, start=1):
            if each.ends_at > at and each.state == CheckInState.PLANNED:
                when = each.starts_at.astimezone(zone)
                about = {
                    "what": f"check-in {number} of {len(check_ins)}",
                    "partner": _name(by_id[pairing_id], person),
                }
                rows.append({"when": when.strftime("%Y-%m-%d %H:%M"), "starts_at": each.starts_at, **about})
    for pairing_id, milestones in milestones_of_many(list(by_id)).items():
        for mark in milestones:
            if mark.due_on >= at.astimezone(zone).date():
                about = {
                    "what": str(words.MILESTONES[mark.kind]),
                    "partner": _name(by_id[pairing_id], person),
                }
                rows.append({"when": mark.due_on.isoformat(), "starts_at": None, **about})
    return sorted(rows, key=lambda row: str(row["when"]))


def _name(pairing: Pairing, person: Person) -> str:
    return partner(pairing, person.id).name


def _there(query: Select[Any], starts: Any) -> Select[Any]:
    """Without what lay ahead when the pairing ended."""
    return query.where(
        or_(Pairing.ended_at.is_(None), and_(Pairing.ended_at.is_not(None), starts < Pairing.ended_at))
    )


def _is_there(milestone: Milestone, ended_at: datetime | None) -> bool:
    """Whether its day had come when the pairing ended."""
    return ended_at is None or milestone.due_on <= ended_at.date()


def without_milestones(most: int = 200) -> list[int]:
    """Active pairings that have none of their milestones yet."""
    there = select(Milestone.pairing_id)
    bare = select(Pairing.id).where(Pairing.state == PairingState.ACTIVE, Pairing.id.notin_(there))
    return list(db.session.scalars(bare.order_by(Pairing.id).limit(most)))


def end_of_day(day: date, zone: str) -> datetime:
    """The moment at which a day is over in a zone."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
