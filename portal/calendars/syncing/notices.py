"""What people last changed in their own calendars, in words for their page; `following` acts on the same
changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal.calendars.models import CalendarChange
from portal.core.calendar.owner_moves import (
    Cancelled,
    Deleted,
    Moved,
    OwnerMove,
    Shifted,
    moment,
    owner_moves,
)
from portal.core.calendar.uids import kind_and_uuid
from portal.db import db
from portal.pairings.models import Pairing
from portal.pairings.queries import partner, whole
from portal.people.models import Person
from portal.schedule.models import Milestone, Series
from portal.schedule.words import MILESTONES
from portal.web.template_globals import day, in_zone

MOST = 5
WHEN = "EEEE, d MMMM, HH:mm"


@dataclass(frozen=True)
class Notice:
    """One thing that somebody changed in their calendar, in a sentence, and when we saw it."""

    at: datetime
    says: str


def latest(account_id: int, person: Person) -> list[Notice]:
    """The last few changes read from an account, the newest first, for its owner; four queries whatever their
    number.
    """
    query = (
        select(CalendarChange)
        .where(CalendarChange.account_id == account_id)
        .order_by(CalendarChange.id.desc())
        .limit(MOST)
    )
    changes = {change: kind_and_uuid(change.uid)[1] for change in db.session.scalars(query)}
    subjects = _subjects(list(changes.values())) if changes else {}
    notices = [
        Notice(change.seen_at, sentence)
        for change, uuid in changes.items()
        if uuid in subjects
        for sentence in _sentences(change, *subjects[uuid], person)
    ]
    return notices[:MOST]


def _subjects(uuids: list[str]) -> dict[str, tuple[Series | Milestone, Pairing]]:
    """The series and milestones with these uuids, and their pairings."""
    rows: list[Series | Milestone] = [
        *db.session.scalars(select(Series).where(Series.uid.in_(uuids))),
        *db.session.scalars(select(Milestone).where(Milestone.uid.in_(uuids))),
    ]
    is_theirs = or_(*(Pairing.id == row.pairing_id for row in rows)) if rows else Pairing.id.is_(None)
    query = select(Pairing).where(is_theirs).options(*whole())
    pairings = {pairing.id: pairing for pairing in db.session.scalars(query)}
    return {row.uid: (row, pairings[row.pairing_id]) for row in rows if row.pairing_id in pairings}


def _sentences(
    change: CalendarChange, subject: Series | Milestone, pairing: Pairing, person: Person
) -> list[str]:
    name = partner(pairing, person.id).name
    if isinstance(subject, Milestone):
        title = _("%(what)s with %(name)s", what=MILESTONES[subject.kind], name=name)
        moves = owner_moves(change.change, zone_name=person.time_zone, at=change.seen_at)
        return [_of_day(move, title) for move in moves]
    before = (change.change.get("before") or {}).get("occurrences", {})
    moves = owner_moves(change.change, zone_name=subject.zone, at=change.seen_at)
    return [_of_check_in(move, before, name, person.time_zone) for move in moves]


def _of_day(move: OwnerMove, title: str) -> str:
    if isinstance(move, Moved):
        return _("You moved “%(what)s” to %(day)s.", what=title, day=_when(move.start, ""))
    if isinstance(move, (Deleted, Cancelled)):
        return _("You deleted “%(what)s”.", what=title)
    return _("You changed “%(what)s” in a way we could not read.", what=title)


def _of_check_in(move: OwnerMove, before: Mapping[str, Any], name: str, zone: str) -> str:
    if isinstance(move, Moved):
        was, now = _when(_start(move.key, before), zone), _when(move.start, zone)
        return _("You moved the check-in with %(name)s from %(was)s to %(now)s.", name=name, was=was, now=now)
    if isinstance(move, Cancelled):
        was = _when(_start(move.key, before), zone)
        return _("You took out the check-in with %(name)s on %(was)s.", name=name, was=was)
    if isinstance(move, Shifted):
        now = _when(move.start, zone)
        return _("You moved all check-ins with %(name)s; the first is on %(now)s.", name=name, now=now)
    if isinstance(move, Deleted):
        return _("You deleted the check-ins with %(name)s.", name=name)
    return _("You changed the check-ins with %(name)s in a way we could not read.", name=name)


def _start(key: str, before: Mapping[str, Any]) -> date | datetime:
    return moment(before.get(key, {}).get("start", key))


def _when(when: date | datetime, zone: str) -> str:
    return str(in_zone(when, zone, WHEN) if isinstance(when, datetime) else day(when, "EEEE, d MMMM"))
