"""The three milestones of a pairing: kick-off, midpoint review, closing.

Without a plan they follow from the programme's dates and are on working days; with one they are on the days
of its first, middle and last check-in. A milestone that somebody moved by hand stays where it was put.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select

from portal import audit
from portal.clock import now
from portal.core.hours import cadence
from portal.core.lifecycle import CheckInState, PairingState
from portal.db import db, transaction
from portal.errors import Invalid, Stale
from portal.letters.outbox import post
from portal.pairings.models import Pairing
from portal.pairings.queries import partner, side_of, whole
from portal.people import versions
from portal.people.models import Person
from portal.schedule import letters
from portal.schedule.models import Milestone
from portal.schedule.queries import SOON, check_ins_of, hold, holidays_of, without_milestones

KINDS = ("kick-off", "midpoint", "closing")
KIND, MOVED = "milestone", "milestone.moved"
FIRST_WEEK = timedelta(days=7)
LONGEST_AHEAD = timedelta(days=732)


def ensure(pairing_id: int) -> None:
    """Give an active pairing its milestones. A task of the worker, which may run twice."""
    with transaction():
        hold(pairing_id)
        pairing = db.session.scalar(select(Pairing).where(Pairing.id == pairing_id).options(*whole()))
        if pairing is not None and pairing.state == PairingState.ACTIVE:
            align(pairing, at=now())


def sweep() -> None:
    """Give milestones to active pairings whose task was lost."""
    for pairing_id in without_milestones():
        ensure(pairing_id)


def align(pairing: Pairing, *, at: datetime) -> None:
    """Move milestones to the days of the plan, or without one of the programme, in the open transaction."""
    rows = db.session.scalars(select(Milestone).where(Milestone.pairing_id == pairing.id))
    existing = {milestone.kind: milestone for milestone in rows}
    changed = False
    for kind, day in _days(pairing, at).items():
        milestone = existing.get(kind)
        if milestone is None:
            db.session.add(
                Milestone(uid=str(uuid4()), pairing_id=pairing.id, kind=kind, due_on=day, revised_at=at)
            )
            changed = True
        elif milestone.due_on != day and not milestone.moved_by_hand and milestone.done_at is None:
            milestone.due_on, milestone.revised_at = day, at
            milestone.revision += 1
            changed = True
    if changed:
        versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])


def move(
    milestone: Milestone,
    pairing: Pairing,
    *,
    due_on: date,
    by: Person,
    at: datetime,
    seen: int,
    by_hand: bool = True,
    in_calendar: bool = False,
) -> int | None:
    """Move a milestone to another day; returns the audit's position for an undo, or None if nothing changed.

    Unless `by_hand`, it follows the plan again from now on. `in_calendar`: as in planning.reschedule. People
    who did not do it on a page get a letter if the old or the new day is near. Raises Stale with both values,
    or Invalid.
    """
    if milestone.due_on == due_on:
        return None
    hold(pairing.id)
    if pairing.state != PairingState.ACTIVE:
        raise Invalid(_("Only an active pairing can move its milestones."))
    if milestone.version != seen:
        theirs, yours = {"due_on": milestone.due_on}, {"due_on": due_on}
        raise Stale(
            _("Your partner or the staff moved this day while you were at it."), theirs=theirs, yours=yours
        )
    _check_day(due_on, by, at)
    was = milestone.due_on
    before = {"due_on": was.isoformat(), "moved_by_hand": milestone.moved_by_hand}
    milestone.due_on, milestone.moved_by_hand, milestone.revised_at = due_on, by_hand, at
    milestone.revision += 1
    versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])
    after = {"due_on": due_on.isoformat(), "moved_by_hand": by_hand}
    _tell(milestone, pairing, by, at, was=was, both=in_calendar)
    return audit.write(action=MOVED, on=KIND, id=milestone.id, by=by.id, before=before, after=after).position


def _check_day(due_on: date, by: Person, at: datetime) -> None:
    if due_on < at.astimezone(ZoneInfo(by.time_zone)).date():
        raise Invalid(_("This day has passed. Choose a later one."), field="due_on")
    if due_on > at.date() + LONGEST_AHEAD:
        raise Invalid(_("This is too far ahead. Choose an earlier day."), field="due_on")


def put_back(milestone: Milestone, pairing: Pairing, *, position: int, by: Person, at: datetime) -> None:
    """Undo a move by its audit position; raises Invalid when the milestone was changed again since."""
    entry = audit.at(position)
    values: Mapping[str, Any] = entry.before or {} if entry else {}
    ours = entry is not None and (entry.action, entry.object_kind, entry.object_id) == (
        MOVED,
        KIND,
        str(milestone.id),
    )
    if entry is None or not ours or milestone.due_on.isoformat() != (entry.after or {}).get("due_on"):
        raise Invalid(_("This cannot be undone any more. Move the day instead."))
    due_on, by_hand = date.fromisoformat(values["due_on"]), bool(values.get("moved_by_hand", True))
    move(milestone, pairing, due_on=due_on, by=by, at=at, seen=milestone.version, by_hand=by_hand)


def write_anew(milestone: Milestone, pairing: Pairing, *, at: datetime) -> None:
    """Write a milestone to both calendars again, although it has not changed here."""
    milestone.revision += 1
    milestone.revised_at = at
    versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])


def _tell(milestone: Milestone, pairing: Pairing, by: Person, at: datetime, *, was: date, both: bool) -> None:
    """Write to the partner, or to both after a change by staff or in a calendar, if either day is near."""
    alone = side_of(pairing, by.id) is not None and not both
    for person in (partner(pairing, by.id),) if alone else (pairing.mentor, pairing.mentee):
        today, soon = (
            (at + ahead).astimezone(ZoneInfo(person.time_zone)).date() for ahead in (timedelta(0), SOON)
        )
        if today <= was <= soon or today <= milestone.due_on <= soon:
            letter = letters.day_moved(pairing, person, milestone, by, was=was)
            post(letter, to=person.email, person_id=person.id)


def _days(pairing: Pairing, at: datetime) -> Mapping[str, date]:
    planned = [check_in for check_in in check_ins_of(pairing.id) if check_in.state != CheckInState.SKIPPED]
    if planned:
        days = [check_in.starts_at.astimezone(ZoneInfo(check_in.series.zone)).date() for check_in in planned]
        return dict(zip(KINDS, (days[0], days[(len(days) - 1) // 2], days[-1]), strict=True))
    programme = pairing.programme
    began = (pairing.active_at or at).date()
    first = max(programme.starts_on, began + FIRST_WEEK)
    last = max(programme.ends_on, first + 2 * FIRST_WEEK)
    holidays = holidays_of(pairing, first, last)
    return {
        kind: cadence.next_workday(day, holidays)
        for kind, day in zip(KINDS, (first, first + (last - first) / 2, last), strict=True)
    }
