"""Take up what people move in their own calendars: the check-in follows, or the partner is asked.

A round records each change of an owner once (models.CalendarChange). Here it becomes an act of the schedule,
in the same transaction in which it is marked as handled, so that neither a kill nor a second worker takes it
up twice. A change that cannot be followed is explained to whoever made it, and their calendar gets the agreed
time back.
"""

import logging
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.exc import StaleDataError

from portal import audit
from portal.calendars import letters
from portal.calendars.models import CalendarAccount, CalendarChange
from portal.clock import now
from portal.core.calendar.owner_moves import (
    Cancelled,
    Deleted,
    Moved,
    OwnerMove,
    Shifted,
    Unclear,
    moment,
    owner_moves,
)
from portal.core.calendar.uids import kind_and_uuid
from portal.core.hours.cadence import Rule
from portal.core.lifecycle import CheckInState, PairingState
from portal.db import db, transaction
from portal.errors import Invalid, Stale
from portal.letters.letter import Letter
from portal.letters.outbox import post
from portal.pairings.models import Pairing
from portal.pairings.queries import partner, whole
from portal.people.models import Person
from portal.schedule import milestones, planning
from portal.schedule.models import CheckIn, Milestone, Series
from portal.schedule.move_requests import requests
from portal.schedule.suiting import suits

log = logging.getLogger(__name__)
MOST_MOVES, MOVES_HOURS = 4, 24
"""This many moves of one check-in within this many hours mean that two calendars pull at it; then the people
must agree.
"""


def follow(account_id: int) -> int:
    """Take up what the owner of an account changed and nobody has taken up yet; how many changes."""
    unhandled = (CalendarChange.account_id == int(account_id), CalendarChange.handled_at.is_(None))
    query = select(CalendarChange.id).where(*unhandled).order_by(CalendarChange.id)
    change_ids = db.session.scalars(query).all()
    db.session.rollback()
    for change_id in change_ids:
        try:
            _handle(change_id, take_up=True)
        except (OperationalError, StaleDataError) as error:
            log.warning("calendar change %s waits for the next sweep: %s", change_id, type(error).__name__)
            db.session.rollback()
        except Exception:
            log.exception("calendar change %s could not be taken up, through a defect of ours", change_id)
            db.session.rollback()
            _handle(change_id, take_up=False)
    return len(change_ids)


def sweep() -> None:
    """Take up what a worker recorded and then could not take up, since it died or the database was away."""
    query = select(CalendarChange.account_id).where(CalendarChange.handled_at.is_(None)).distinct()
    account_ids = db.session.scalars(query.order_by(CalendarChange.account_id)).all()
    db.session.rollback()
    for account_id in account_ids:
        follow(account_id)


def _handle(change_id: int, *, take_up: bool) -> None:
    with transaction():
        change = db.session.get(CalendarChange, change_id, with_for_update=True, populate_existing=True)
        if change is not None and change.handled_at is None:
            change.handled_at = now()
            if take_up:
                _take_up(change, at=now())


def _take_up(change: CalendarChange, *, at: datetime) -> None:
    account = db.session.get_one(CalendarAccount, change.account_id)
    person = db.session.get_one(Person, account.person_id)
    kind, uuid = kind_and_uuid(change.uid)
    with force_locale(person.locale or "en"):
        if kind == "milestone":
            _follow_milestone(change, uuid, person, at)
        elif kind == "check-ins":
            _follow_series(change, uuid, person, at)


def _follow_milestone(change: CalendarChange, uuid: str, person: Person, at: datetime) -> None:
    milestone = db.session.scalar(select(Milestone).where(Milestone.uid == uuid))
    if milestone is None:
        return
    pairing = _pairing(milestone.pairing_id)
    for move in owner_moves(change.change, zone_name=person.time_zone, at=at):
        if isinstance(move, Moved) and isinstance(move.start, date):
            try:
                with db.session.begin_nested():
                    due_on, seen = _local_day(move.start, person), milestone.version
                    milestones.move(
                        milestone, pairing, due_on=due_on, by=person, at=at, seen=seen, in_calendar=True
                    )
            except (Invalid, Stale) as error:
                db.session.refresh(milestone)
                milestones.write_anew(milestone, pairing, at=at)
                _send(letters.not_followed(pairing, person, str(error)), person)
        elif isinstance(move, (Deleted, Cancelled)):
            _send(letters.no_longer_written(pairing, person), person)
        else:
            _send(letters.not_understood(pairing, person), person)


def _local_day(when: date, person: Person) -> date:
    """The day it is for this person, also of a milestone that was given a time of day."""
    return when.astimezone(ZoneInfo(person.time_zone)).date() if isinstance(when, datetime) else when


def _follow_series(change: CalendarChange, uuid: str, person: Person, at: datetime) -> None:
    series = db.session.scalar(select(Series).where(Series.uid == uuid))
    if series is None:
        return
    pairing = _pairing(series.pairing_id)
    for move in owner_moves(change.change, zone_name=series.zone, at=at):
        try:
            with db.session.begin_nested():
                _follow_move(move, series, pairing, person, at)
        except (Invalid, Stale) as error:
            db.session.refresh(series)
            planning.write_anew(series, pairing, at=at)
            _send(letters.not_followed(pairing, person, str(error)), person)


def _pairing(pairing_id: int) -> Pairing:
    return db.session.get_one(Pairing, pairing_id, options=whole(), populate_existing=True)


def _follow_move(move: OwnerMove, series: Series, pairing: Pairing, person: Person, at: datetime) -> None:
    """Change the schedule as the owner did; raises Invalid when that cannot be, and Stale."""
    if isinstance(move, Deleted):
        _send(letters.no_longer_written(pairing, person), person)
    elif isinstance(move, Unclear):
        _send(letters.not_understood(pairing, person), person)
    elif pairing.state != PairingState.ACTIVE:
        raise Invalid(_("Only an active pairing can plan its check-ins."))
    elif isinstance(move, Shifted):
        _shift(move, series, pairing, person, at)
    else:
        _follow_one(move, series, pairing, person, at)


def _follow_one(
    move: Moved | Cancelled, series: Series, pairing: Pairing, person: Person, at: datetime
) -> None:
    check_in = _check_in(series, move.key)
    starts_at = move.start if isinstance(move, Moved) and isinstance(move.start, datetime) else None
    if check_in is None or (isinstance(move, Moved) and starts_at is None):
        raise Invalid(_("We could not tell what you changed. Move the check-in on your page instead."))
    if _recent_moves(check_in, at) >= MOST_MOVES:
        raise Invalid(_("This check-in has moved to and fro too often today. Agree on a time on your page."))
    other = partner(pairing, person.id)
    may_apply = pairing.programme.calendar_moves == "apply"
    if may_apply and (starts_at is None or suits(other, starts_at, check_in.minutes, but=check_in.id)):
        if starts_at is None:
            planning.skip(check_in, pairing, by=person, at=at, seen=check_in.version, in_calendar=True)
        else:
            planning.reschedule(
                check_in,
                pairing,
                starts_at=starts_at,
                by=person,
                at=at,
                seen=check_in.version,
                in_calendar=True,
            )
        return
    if requests.ask(check_in, pairing, starts_at=starts_at, by=person, at=at) is not None:
        _send(letters.partner_asked(pairing, person, check_in.starts_at), person)


def _check_in(series: Series, key: str) -> CheckIn | None:
    """The check-in that the rule has begin at the moment `key`, by the zone of the series."""
    starts = moment(key)
    if not isinstance(starts, datetime):
        return None
    rule_on = starts.astimezone(ZoneInfo(series.zone)).date()
    query = select(CheckIn).where(CheckIn.series_id == series.id, CheckIn.rule_on == rule_on)
    return db.session.scalar(
        query.options(joinedload(CheckIn.series)).execution_options(populate_existing=True)
    )


def _recent_moves(check_in: CheckIn, at: datetime) -> int:
    entry = audit.AuditEntry
    moves = (
        entry.object_kind == planning.CHECK_IN,
        entry.object_id == str(check_in.id),
        entry.action == planning.MOVED,
    )
    since = at - timedelta(hours=MOVES_HOURS)
    return db.session.scalar(select(func.count()).select_from(entry).where(*moves, entry.at >= since)) or 0


def _shift(move: Shifted, series: Series, pairing: Pairing, person: Person, at: datetime) -> None:
    """The whole series was dragged: plan what lies ahead by the same rule, from the new day and time of the
    first.
    """
    local = move.start.astimezone(ZoneInfo(series.zone)).replace(tzinfo=None)
    ahead = select(func.count()).where(
        CheckIn.series_id == series.id, CheckIn.starts_at > at, CheckIn.state == CheckInState.PLANNED
    )
    count = db.session.scalar(ahead) or 0
    rule = Rule(series.every, series.unit, local.date(), local.time(), series.zone, count)
    planned = planning.proposed(pairing, rule, minutes=series.minutes, at=at)
    other = partner(pairing, person.id)
    suits_partner = all(
        suits(other, check_in.starts_at, series.minutes, but_series=series.id) for check_in in planned
    )
    if pairing.programme.calendar_moves != "apply" or not suits_partner:
        raise Invalid(_("Moving all check-ins needs both of you. Plan them anew together, on your page."))
    planning.plan(
        pairing,
        rule=rule,
        minutes=series.minutes,
        place=series.place,
        link=series.link,
        by=person,
        at=at,
        seen=series.version,
    )


def _send(letter: Letter, person: Person) -> None:
    post(letter, to=person.email, person_id=person.id)
