"""What we last read of a person's changes in their own calendar, in words: the same reading that following.py
acts on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal.calendars.models import CalendarChange
from portal.core.calendar.owner_moves import Deleted, Left, Moved, Observed, Shifted, moment, observed
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
    """One thing that somebody changed in their calendar: when we saw it, and what it was, in a sentence."""

    at: datetime
    says: str


def latest(account_id: int, person: Person) -> list[Notice]:
    """The last few changes read from an account, the newest first, for its owner; four queries whatever their
    number.
    """
    newest = (
        select(CalendarChange)
        .where(CalendarChange.account_id == account_id)
        .order_by(CalendarChange.id.desc())
    )
    changes = db.session.scalars(newest.limit(MOST)).all()
    subjects = _subjects([_uuid(each.uid) for each in changes]) if changes else {}
    found = []
    for each in changes:
        subject = subjects.get(_uuid(each.uid))
        if subject is not None:
            found += [Notice(each.seen_at, says) for says in _sentences(each, *subject, person)]
    return found[:MOST]


def _uuid(uid: str) -> str:
    """The uuid in `<kind>-<uuid>-g<generation>@<host>`."""
    return uid.partition("@")[0].rpartition("-g")[0][-36:]


def _subjects(uids: list[str]) -> dict[str, tuple[Series | Milestone, Pairing]]:
    """What the entries of these uids are about, and of which pairing."""
    rows: list[Series | Milestone] = [
        *db.session.scalars(select(Series).where(Series.uid.in_(uids))),
        *db.session.scalars(select(Milestone).where(Milestone.uid.in_(uids))),
    ]
    theirs = or_(*(Pairing.id == each.pairing_id for each in rows)) if rows else Pairing.id.is_(None)
    pairings = {each.id: each for each in db.session.scalars(select(Pairing).where(theirs).options(*whole()))}
    return {each.uid: (each, pairings[each.pairing_id]) for each in rows if each.pairing_id in pairings}


def _sentences(
    change: CalendarChange, about: Series | Milestone, pairing: Pairing, person: Person
) -> list[str]:
    name = partner(pairing, person.id).name
    if isinstance(about, Milestone):
        what = _("%(what)s with %(name)s", what=MILESTONES[about.kind], name=name)
        return [
            _of_day(each, what)
            for each in observed(change.change, zone_name=person.time_zone, at=change.seen_at)
        ]
    before = (change.change.get("before") or {}).get("occurrences", {})
    found = observed(change.change, zone_name=about.zone, at=change.seen_at)
    return [_of_check_in(each, before, name, person.time_zone) for each in found]


def _of_day(what: Observed, name: str) -> str:
    if isinstance(what, Moved):
        return _("You moved “%(what)s” to %(day)s.", what=name, day=_when(what.start, ""))
    if isinstance(what, (Deleted, Left)):
        return _("You deleted “%(what)s”.", what=name)
    return _("You changed “%(what)s” in a way we could not read.", what=name)


def _of_check_in(what: Observed, before: Mapping[str, Any], name: str, zone: str) -> str:
    if isinstance(what, Moved):
        was, then = _when(_start(what.key, before), zone), _when(what.start, zone)
        return _(
            "You moved the check-in with %(name)s from %(was)s to %(now)s.", name=name, was=was, now=then
        )
    if isinstance(what, Left):
        return _(
            "You took out the check-in with %(name)s on %(was)s.",
            name=name,
            was=_when(_start(what.key, before), zone),
        )
    if isinstance(what, Shifted):
        return _(
            "You moved all check-ins with %(name)s; the first is on %(now)s.",
            name=name,
            now=_when(what.start, zone),
        )
    if isinstance(what, Deleted):
        return _("You deleted the check-ins with %(name)s.", name=name)
    return _("You changed the check-ins with %(name)s in a way we could not read.", name=name)


def _start(key: str, before: Mapping[str, Any]) -> date | datetime:
    return moment(before.get(key, {}).get("start", key))


def _when(when: date | datetime, zone: str) -> str:
    return str(in_zone(when, zone, WHEN) if isinstance(when, datetime) else day(when, "EEEE, d MMMM"))
