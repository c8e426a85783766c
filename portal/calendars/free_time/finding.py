"""Find times that suit both of a pairing, in the worker: by hours, zones, holidays, check-ins and, if they
allow it, by the busy times of their calendars.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update

from portal import work
from portal.calendars.free_time import busy
from portal.calendars.free_time.searches import (
    AT_ONCE,
    BEFORE,
    CALENDAR,
    FARTHEST,
    HOURS,
    LEASE_SECONDS,
    NONE,
    UNTIL,
    USUAL_HOURS,
    WINDOW,
    terms_of,
)
from portal.calendars.models import TimeSearch
from portal.clock import now
from portal.core.hours import best_slots, cadence
from portal.core.hours.best_slots import Found, Once, Repeated, Side
from portal.core.hours.common_time import Span
from portal.core.hours.places import country_of
from portal.core.hours.weekly_hours import parse_hours
from portal.core.lifecycle import CheckInState, PairingState
from portal.db import db, transaction
from portal.pairings.models import Pairing
from portal.pairings.queries import partner, whole
from portal.people.models import Person
from portal.schedule.models import CheckIn, Series

log = logging.getLogger(__name__)


def find(search_id: int) -> None:
    """Find the times of one search, unless another worker is at it. This is the worker's task."""
    with transaction():
        holder = work.claim(
            TimeSearch, int(search_id), seconds=LEASE_SECONDS, where=TimeSearch.state == "waiting"
        )
    if holder is None:
        return
    try:
        values: dict[str, Any] = {"state": "done", **_result(int(search_id))}
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


def _result(search_id: int) -> dict[str, Any]:
    """What a search finds, as the columns to store."""
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
    facts = [
        (person.id, person.hours, person.time_zone, person.country or country_of(person.time_zone) or "")
        for person in people
    ]
    answers = busy.ask(people, (start, until), own=own) if start < until else {}
    busy_of, sides = {person_id: answer.busy for person_id, answer in answers.items()}, []
    for person_id, hours, zone, country in facts:
        holidays = set(cadence.holidays_of([country] if country else [], range(start.year, end.year + 1)))
        busy_spans = busy_of.get(person_id)
        sides.append(Side(parse_hours(hours or USUAL_HOURS), zone, holidays, taken[person_id], busy_spans))
    best = best_slots.best(sides[0], sides[1], wanted, minutes=minutes)
    asked = [person_id for person_id in taken if person_id in answers]
    notes: list[dict[str, Any]] = [
        {"about": CALENDAR, "person": person_id, "outcome": answers[person_id].outcome} for person_id in asked
    ]
    if until < end and (not asked or any(spans is not None for spans in busy_of.values())):
        last_day = (moment + FARTHEST).astimezone(ZoneInfo(you.time_zone)).date()
        notes.append({"about": UNTIL, "day": last_day.isoformat()})
    notes += [{"about": HOURS, "person": person_id} for person_id, hours, *_rest in facts if not hours]
    return {"slots": _slots(best, wanted, terms), "notes": [*notes, *_none(best)]}


def _wanted(
    search: TimeSearch, pairing: Pairing, you: Person, at: datetime
) -> tuple[Once | Repeated, Mapping[str, Any]]:
    """What to search for, and how it repeats, for the plan's form."""
    if search.check_in_id is None:
        terms = terms_of(pairing, you, at)
        rule: dict[str, Any] = {"every": terms.every, "unit": terms.unit, "count": terms.count}
        return Repeated(you.time_zone, **rule, after=terms.after), {**rule, "zone": you.time_zone}
    near = db.session.get_one(CheckIn, search.check_in_id).starts_at
    start = max(at + AT_ONCE, near - BEFORE)
    return Once(you.time_zone, start, start + WINDOW, near), {}


def _check_ins(
    people: tuple[Person, Person], span: Span, search: TimeSearch
) -> tuple[list[Span], dict[int, list[Span]]]:
    """The times of the check-ins that will move, and those of each person's others, in one query."""
    ids = [person.id for person in people]
    is_of_people = or_(Pairing.mentor_id.in_(ids), Pairing.mentee_id.in_(ids))
    live = Pairing.state.in_([PairingState.ACTIVE, PairingState.PAUSED])
    near = (CheckIn.starts_at < span[1], CheckIn.starts_at > span[0] - timedelta(days=1))
    query = (
        select(CheckIn, Pairing.id, Pairing.mentor_id, Pairing.mentee_id)
        .join(CheckIn.series)
        .join(Series.pairing)
    )
    own: list[Span] = []
    taken: dict[int, list[Span]] = {person_id: [] for person_id in ids}
    for row in db.session.execute(
        query.where(is_of_people, live, *near, CheckIn.state == CheckInState.PLANNED)
    ):
        times = (row.CheckIn.starts_at, row.CheckIn.ends_at)
        if row.CheckIn.id == search.check_in_id or (
            search.check_in_id is None and row[1] == search.pairing_id
        ):
            own.append(times)
            continue
        for person_id in {row.mentor_id, row.mentee_id} & set(ids):
            taken[person_id].append(times)
    return own, taken


def _slots(best: Found, wanted: Once | Repeated, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The times as JSON: when, why, and for a series what the plan's form takes."""
    slots = []
    for slot in best.slots:
        local = slot.starts_at.astimezone(ZoneInfo(wanted.zone))
        plan = {**terms, "first_on": local.date().isoformat(), "at": local.strftime("%H:%M")} if terms else {}
        reasons = [[reason.template, dict(reason.args)] for reason in slot.reasons]
        slots.append({"starts_at": slot.starts_at.isoformat(), "reasons": reasons, "plan": plan})
    return slots


def _none(best: Found) -> list[dict[str, Any]]:
    reason = best.none_because
    return [{"about": NONE, "template": reason.template, "args": dict(reason.args)}] if reason else []
