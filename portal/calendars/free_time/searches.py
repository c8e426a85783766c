"""Looking for a time that suits both of a pairing: asked for on a page, found by the worker, forgotten ten
minutes later.

The worker claims a search by a lease, so one that was killed is repeated; a search nobody finishes fails, and
the page says how to go on. What is kept is the five times at most, why they are proposed, and how asking the
calendars went.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from portal import work
from portal.calendars.free_time import busy
from portal.calendars.models import TimeSearch
from portal.clock import now
from portal.core.hours import best_slots, cadence
from portal.core.hours.best_slots import Found, Once, Repeated, Side
from portal.core.hours.common_time import Span
from portal.core.hours.places import country_of
from portal.core.hours.weekly_hours import parse_hours
from portal.core.lifecycle import CheckInState, PairingState
from portal.db import db, transaction
from portal.errors import Invalid
from portal.pairings.models import Pairing
from portal.pairings.queries import partner, whole
from portal.people.models import Person
from portal.schedule.models import CheckIn, Series
from portal.schedule.queries import current_series

log = logging.getLogger(__name__)
FIND = "calendars.find_a_time"
LEASE_SECONDS = 60
PATIENCE = timedelta(minutes=4)
"""A worker that was killed is noticed within two minutes; a search older than this has failed."""
KEPT = timedelta(minutes=10)
"""How long what was found is kept."""
NOT_SOON, AT_ONCE = timedelta(days=3), timedelta(hours=1)
"""How far ahead a first check-in is proposed, so that both can prepare; and another time for one that is
planned.
"""
BEFORE, WINDOW = timedelta(days=10), timedelta(days=21)
"""One check-in is moved within three weeks, from ten days before the time it has."""
FARTHEST = timedelta(days=400)
"""Calendars are asked no further ahead than that."""
USUAL_HOURS = "Mon-Fri 09:00-17:00"
CALENDAR, HOURS, NONE, UNTIL = "calendar", "hours", "none", "until"
"""What a note is about: how asking somebody's calendar went, that somebody named no hours, why there is no
time, or until which day calendars were asked when more than that matters."""


@dataclass(frozen=True)
class Terms:
    """How a series that is to be planned repeats."""

    every: int
    unit: str
    count: int
    after: date


def begin(
    pairing: Pairing, *, by: Person, check_in: CheckIn | None, minutes: int, at: datetime
) -> TimeSearch:
    """Have a time looked for; the search that is under way already, if it is the same. Raises Invalid."""
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
    """Somebody's present search; what is old is not there any more, whether it is wiped yet or not."""
    young = or_(
        and_(TimeSearch.state == "waiting", TimeSearch.created_at > at - PATIENCE),
        TimeSearch.done_at > at - KEPT,
    )
    query = (
        select(TimeSearch)
        .where(*_asked(pairing_id, by_id, check_in_id), young)
        .order_by(TimeSearch.id.desc())
    )
    return db.session.scalars(query.limit(1).execution_options(populate_existing=True)).one_or_none()


def _asked(pairing_id: int, by_id: int, check_in_id: int | None) -> tuple[ColumnElement[bool], ...]:
    about = TimeSearch.check_in_id.is_(None) if check_in_id is None else TimeSearch.check_in_id == check_in_id
    return TimeSearch.pairing_id == pairing_id, TimeSearch.by_id == by_id, about


def find(search_id: int) -> None:
    """Find the times of one search, unless another worker is at it. The task of the worker."""
    with transaction():
        holder = work.claim(
            TimeSearch, int(search_id), seconds=LEASE_SECONDS, where=TimeSearch.state == "waiting"
        )
    if holder is None:
        return
    try:
        values: dict[str, Any] = {"state": "done", **_found(int(search_id))}
    except Exception:
        log.exception("a search for a time failed through a defect of ours")
        db.session.rollback()
        values = {"state": "failed"}
    with transaction():
        held = (TimeSearch.id == int(search_id), TimeSearch.lease_holder == holder)
        query = (
            update(TimeSearch)
            .where(*held)
            .values(**values, done_at=now(), lease_holder=None, lease_until=None)
        )
        db.session.execute(query.execution_options(synchronize_session=False))


def sweep() -> None:
    """Wipe what is ten minutes old, fail what nobody finished, ring for what nobody is at."""
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
    """How a new plan of a pairing repeats: what is left of the present one, else what the
    programme suggests.
    """
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


def _found(search_id: int) -> dict[str, Any]:
    """What a search finds, as it is kept."""
    search = db.session.get_one(TimeSearch, search_id, populate_existing=True)
    pairing = db.session.scalars(
        select(Pairing).where(Pairing.id == search.pairing_id).options(*whole())
    ).one()
    you = pairing.mentor if search.by_id == pairing.mentor_id else pairing.mentee
    people, moment = (you, partner(pairing, you.id)), now()
    wanted, terms = _wanted(search, pairing, you, moment)
    start, end = best_slots.horizon(wanted)
    until, minutes = min(end, moment + FARTHEST), search.minutes
    own, taken = _check_ins(people, (start, end), search)
    known = [
        (each.id, each.hours, each.time_zone, each.country or country_of(each.time_zone) or "")
        for each in people
    ]
    answers = busy.ask(people, (start, until), own=own) if start < until else {}
    known_busy, sides = {who: each.busy for who, each in answers.items()}, []
    for who, hours, zone, country in known:
        holidays = set(cadence.holidays_of([country] if country else [], range(start.year, end.year + 1)))
        sides.append(Side(parse_hours(hours or USUAL_HOURS), zone, holidays, taken[who], known_busy.get(who)))
    found = best_slots.best(sides[0], sides[1], wanted, minutes=minutes)
    asked = [each for each in taken if each in answers]
    notes: list[dict[str, Any]] = [
        {"about": CALENDAR, "person": each, "outcome": answers[each].outcome} for each in asked
    ]
    if until < end and (not asked or any(each is not None for each in known_busy.values())):
        notes.append(
            {"about": UNTIL, "day": (moment + FARTHEST).astimezone(ZoneInfo(known[0][2])).date().isoformat()}
        )
    notes += [{"about": HOURS, "person": who} for who, hours, *_rest in known if not hours]
    return {"slots": _slots(found, wanted, terms), "notes": [*notes, *_none(found)]}


def _wanted(
    search: TimeSearch, pairing: Pairing, you: Person, at: datetime
) -> tuple[Once | Repeated, Mapping[str, Any]]:
    """What is looked for, and how it repeats for the plan's form."""
    if search.check_in_id is None:
        terms = terms_of(pairing, you, at)
        about: dict[str, Any] = {"every": terms.every, "unit": terms.unit, "count": terms.count}
        return Repeated(you.time_zone, **about, after=terms.after), {**about, "zone": you.time_zone}
    near = db.session.get_one(CheckIn, search.check_in_id).starts_at
    start = max(at + AT_ONCE, near - BEFORE)
    return Once(you.time_zone, start, start + WINDOW, near), {}


def _check_ins(
    people: tuple[Person, Person], span: Span, search: TimeSearch
) -> tuple[list[Span], dict[int, list[Span]]]:
    """The check-ins that make room, and the others of each of the two, in one query."""
    ids = [each.id for each in people]
    theirs = or_(Pairing.mentor_id.in_(ids), Pairing.mentee_id.in_(ids))
    live = Pairing.state.in_([PairingState.ACTIVE, PairingState.PAUSED])
    near = (CheckIn.starts_at < span[1], CheckIn.starts_at > span[0] - timedelta(days=1))
    query = (
        select(CheckIn, Pairing.id, Pairing.mentor_id, Pairing.mentee_id)
        .join(CheckIn.series)
        .join(Series.pairing)
    )
    own: list[Span] = []
    taken: dict[int, list[Span]] = {each: [] for each in ids}
    for row in db.session.execute(query.where(theirs, live, *near, CheckIn.state == CheckInState.PLANNED)):
        times = (row.CheckIn.starts_at, row.CheckIn.ends_at)
        if row.CheckIn.id == search.check_in_id or (
            search.check_in_id is None and row[1] == search.pairing_id
        ):
            own.append(times)
            continue
        for who in {row.mentor_id, row.mentee_id} & set(ids):
            taken[who].append(times)
    return own, taken


def _slots(found: Found, wanted: Once | Repeated, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The times as plain data: when, why, and of a series what the plan's form takes."""
    slots = []
    for each in found.slots:
        local = each.starts_at.astimezone(ZoneInfo(wanted.zone))
        plan = {**terms, "first_on": local.date().isoformat(), "at": local.strftime("%H:%M")} if terms else {}
        reasons = [[reason.template, dict(reason.args)] for reason in each.reasons]
        slots.append({"starts_at": each.starts_at.isoformat(), "reasons": reasons, "plan": plan})
    return slots


def _none(found: Found) -> list[dict[str, Any]]:
    why = found.none_because
    return [{"about": NONE, "template": why.template, "args": dict(why.args)}] if why else []
