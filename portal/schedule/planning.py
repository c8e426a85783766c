"""Planning a pairing's check-ins, and every change to one: moved, skipped, back again, met.

Each change raises the series' revision and both people's calendar versions, is written into the audit, and
tells the partner by letter where the partner should know.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select, update

from portal import audit
from portal.core.hours import cadence
from portal.core.hours.cadence import Planned, Rule
from portal.core.lifecycle import CHECK_IN_STEPS, CheckInState, PairingState, check_step
from portal.db import db
from portal.errors import Invalid, Stale
from portal.letters.outbox import post
from portal.pairings.models import Pairing
from portal.pairings.queries import hold, partner, side_of
from portal.people import versions
from portal.people.models import Person
from portal.schedule import letters, milestones
from portal.schedule.models import CheckIn, MoveRequest, Series
from portal.schedule.queries import check_ins_of, countries_of, current_series

SERIES, CHECK_IN = "series", "check_in"
LONGEST_AHEAD = timedelta(days=366)
MOVED = "check_in.moved"


def plan(
    pairing: Pairing,
    *,
    rule: Rule,
    minutes: int,
    place: str,
    link: str,
    by: Person,
    at: datetime,
    seen: int | None,
) -> Series:
    """Book the series of an active pairing, or replace it from the rule's first day on.

    `seen` is the version of the series to replace, None for the first. Check-ins that have begun stay; later
    ones are deleted, skipped ones too. The same plan twice is one plan. Raises Stale, or Invalid naming the
    field to correct.
    """
    hold(pairing)
    _check_open(pairing)
    before = current_series(pairing.id)
    if before is not None and _same(before, rule, minutes, place, link):
        return before
    if (before.version if before else None) != seen:
        raise Stale(_("Somebody planned this while you were at it. Look at the plan that is there now."))
    planned = proposed(pairing, rule, minutes=minutes, at=at)
    if before is not None:
        _replace(before, at)
    facts: dict[str, Any] = {"minutes": minutes, "place": place, "link": link, "planned_by_id": by.id}
    series = _write(pairing, rule, planned, at, **facts)
    milestones.align(pairing, at=at)
    versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])
    audit.write(action="series.planned", on=SERIES, id=series.id, by=by.id, after=_facts(rule, minutes))
    check_ins = [check_in for check_in in check_ins_of(pairing.id) if check_in.series_id == series.id]
    for person in (pairing.mentor, pairing.mentee):
        letter = letters.planned(pairing, person, check_ins, by, anew=before is not None)
        post(letter, to=person.email, person_id=person.id)
    return series


def _write(
    pairing: Pairing, rule: Rule, planned: Sequence[Planned], at: datetime, *, minutes: int, **facts: Any
) -> Series:
    series = Series(
        uid=str(uuid4()),
        pairing_id=pairing.id,
        every=rule.every,
        unit=rule.unit,
        first_on=rule.first_on,
        local_time=rule.at,
        zone=rule.zone,
        count=rule.count,
        minutes=minutes,
        created_at=at,
        revised_at=at,
        **facts,
    )
    db.session.add(series)
    db.session.flush()
    db.session.add_all(
        CheckIn(
            series_id=series.id,
            number=number,
            rule_on=check_in.rule_on,
            starts_at=check_in.starts_at,
            minutes=minutes,
            moved_for=check_in.moved_for[:120],
            state=CheckInState.PLANNED,
        )
        for number, check_in in enumerate(planned, start=1)
    )
    db.session.flush()
    return series


def reschedule(
    check_in: CheckIn,
    pairing: Pairing,
    *,
    starts_at: datetime,
    by: Person,
    at: datetime,
    seen: int,
    in_calendar: bool = False,
) -> int | None:
    """Move one check-in; returns the audit's position for an undo, or None if nothing changed.

    `in_calendar`: somebody moved it in their own calendar, so they see no page and get a letter as well.
    Raises Stale with both values; Invalid for a time that is past, taken or too far ahead. Holidays are
    allowed (see holiday_at).
    """
    hold(pairing)
    starts_at = starts_at.astimezone(UTC)
    if check_in.starts_at == starts_at:
        return None
    _check_open(pairing)
    _check_seen(check_in, seen, starts_at=starts_at)
    _check_moment(check_in, starts_at, at)
    was = check_in.starts_at
    before = {"starts_at": was.isoformat(), "moved_for": check_in.moved_for}
    check_in.starts_at, check_in.moved_for = starts_at, _moved_for(check_in, starts_at)
    _revise(check_in, pairing, at)
    after = {"starts_at": starts_at.isoformat(), "moved_for": check_in.moved_for}
    entry = audit.write(action=MOVED, on=CHECK_IN, id=check_in.id, by=by.id, before=before, after=after)
    _tell(partial(letters.moved, was=was), check_in, pairing, by, both=in_calendar)
    return entry.position


def put_back(check_in: CheckIn, pairing: Pairing, *, position: int, by: Person, at: datetime) -> None:
    """Undo a move by its audit position; raises Invalid when the check-in was changed again since."""
    entry = audit.at(position)
    values: Mapping[str, Any] = entry.before or {} if entry else {}
    ours = entry is not None and (entry.action, entry.object_kind, entry.object_id) == (
        MOVED,
        CHECK_IN,
        str(check_in.id),
    )
    if entry is None or not ours or not values:
        raise Invalid(_("This cannot be undone any more. Move the check-in instead."))
    if check_in.starts_at.isoformat() != (entry.after or {}).get("starts_at"):
        raise Invalid(
            _("This was changed again since, so it cannot be undone by itself. Move the check-in instead.")
        )
    was = datetime.fromisoformat(values["starts_at"])
    reschedule(check_in, pairing, starts_at=was, by=by, at=at, seen=check_in.version)


def skip(
    check_in: CheckIn, pairing: Pairing, *, by: Person, at: datetime, seen: int, in_calendar: bool = False
) -> bool:
    """Skip one check-in; returns whether that changed anything. `in_calendar`: as in `reschedule`."""
    if check_in.state == CheckInState.SKIPPED:
        return False
    if check_in.ends_at <= at:
        raise Invalid(_("This check-in is over. Say whether you met instead."))
    _step(check_in, pairing, CheckInState.SKIPPED, by=by, at=at, seen=seen)
    _tell(letters.skipped, check_in, pairing, by, both=in_calendar)
    return True


def restore(check_in: CheckIn, pairing: Pairing, *, by: Person, at: datetime, seen: int) -> bool:
    """Plan a skipped or met check-in again; returns whether that changed anything."""
    if check_in.state == CheckInState.PLANNED:
        return False
    if check_in.state == CheckInState.SKIPPED and check_in.ends_at <= at:
        raise Invalid(_("This check-in would have been over by now. Plan another one instead."))
    was = CheckInState(check_in.state)
    if was == CheckInState.SKIPPED and _taken(check_in, check_in.starts_at):
        raise Invalid(_("Another check-in of yours is at that time by now. Move that one first."))
    _step(check_in, pairing, CheckInState.PLANNED, by=by, at=at, seen=seen)
    check_in.met_at = None
    if was == CheckInState.SKIPPED:
        _tell(letters.restored, check_in, pairing, by)
    return True


def met(check_in: CheckIn, pairing: Pairing, *, by: Person, at: datetime, seen: int) -> bool:
    """Note that the two met; returns whether that changed anything. Calendars stay as they are."""
    if check_in.state == CheckInState.MET:
        return False
    if check_in.starts_at > at:
        raise Invalid(_("This check-in has not begun yet."))
    _step(check_in, pairing, CheckInState.MET, by=by, at=at, seen=seen)
    check_in.met_at = at
    return True


def proposed(pairing: Pairing, rule: Rule, *, minutes: int, at: datetime) -> tuple[Planned, ...]:
    """The check-ins that a plan by this rule would book; raises Invalid naming the field to correct.

    Whether a time is on a holiday depends on each person's own time zone.
    """
    _check_rule(rule, at)
    if not cadence.FEWEST_MINUTES <= minutes <= cadence.MOST_MINUTES:
        raise Invalid(_("A check-in takes 15 minutes to 8 hours."), field="minutes")
    last = cadence.occurrences(rule)[-1] + timedelta(days=cadence.LONGEST_MOVE + 1)
    years = range((rule.first_on - timedelta(days=1)).year, last.year + 1)
    calendars = [(zone, cadence.holidays_of([country], years)) for zone, country in countries_of(pairing)]
    return cadence.planned(rule, holidays=cadence.seen_from(rule.zone, rule.at, calendars))


def check_changeable(
    check_in: CheckIn, pairing: Pairing, *, starts_at: datetime | None, at: datetime
) -> None:
    """Raise Invalid unless a check-in could be moved to that moment, or with None be skipped."""
    _check_open(pairing)
    if starts_at is not None:
        _check_moment(check_in, starts_at, at)
    elif check_in.state != CheckInState.PLANNED or check_in.ends_at <= at:
        raise Invalid(_("This check-in is over. Say whether you met instead."))


def write_anew(series: Series, pairing: Pairing, *, at: datetime) -> None:
    """Write a series to both calendars again, although it has not changed here."""
    series.revision += 1
    series.revised_at = at
    versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])


def holiday_at(pairing: Pairing, moment: datetime) -> str:
    """The holiday at that moment in the time zone of one of the two, in the country's language; or ""."""
    days = ((moment.astimezone(ZoneInfo(zone)).date(), country) for zone, country in countries_of(pairing))
    names = (cadence.holidays_of([country], [day.year]).get(day, "") for day, country in days)
    return next((name for name in names if name), "")


def _same(series: Series, rule: Rule, minutes: int, place: str, link: str) -> bool:
    is_rule = Rule(series.every, series.unit, series.first_on, series.local_time, series.zone, series.count)
    return (is_rule, series.minutes, series.place, series.link) == (rule, minutes, place, link)


def _check_open(pairing: Pairing) -> None:
    if pairing.state != PairingState.ACTIVE:
        raise Invalid(_("Only an active pairing can plan its check-ins."))


def _check_rule(rule: Rule, at: datetime) -> None:
    today = at.astimezone(ZoneInfo(rule.zone)).date()
    if rule.first_on < today:
        raise Invalid(_("The first day has passed. Choose a day from today on."), field="first_on")
    if rule.first_on > today + LONGEST_AHEAD:
        raise Invalid(_("The first day is more than a year ahead. Choose an earlier one."), field="first_on")
    if cadence.moment_of(rule.first_on, rule.at, rule.zone) <= at:
        raise Invalid(_("This time has passed today. Choose a later one, or another day."), field="at")


def _replace(series: Series, at: datetime) -> None:
    """Delete the coming check-ins of a series; those that have begun stay."""
    ahead = select(CheckIn).where(CheckIn.series_id == series.id, CheckIn.starts_at > at)
    for check_in in db.session.scalars(ahead):
        db.session.delete(check_in)
    series.replaced_at = series.revised_at = at
    series.revision += 1


def _check_seen(check_in: CheckIn, seen: int, **yours: Any) -> None:
    if check_in.version != seen:
        theirs = {name: getattr(check_in, name) for name in yours}
        raise Stale(
            _("Your partner or the staff changed this check-in while you were at it."),
            theirs=theirs,
            yours=yours,
        )


def _check_moment(check_in: CheckIn, starts_at: datetime, at: datetime) -> None:
    if check_in.state != CheckInState.PLANNED:
        raise Invalid(_("Only a planned check-in can be moved."), field="day")
    if starts_at <= at:
        raise Invalid(_("This time has passed. Choose a later one."), field="day")
    if starts_at > max(at, check_in.starts_at) + 2 * LONGEST_AHEAD:
        raise Invalid(_("This is too far ahead. Choose an earlier day."), field="day")
    if _taken(check_in, starts_at):
        raise Invalid(
            _("Another check-in of yours is at that time. Choose a time when neither is."), field="day"
        )


def _moved_for(check_in: CheckIn, starts_at: datetime) -> str:
    """The holiday for which the check-in was at that time before, so that an undo restores it; or ""."""
    moves = (entry for entry in audit.history(CHECK_IN, check_in.id) if entry.action == MOVED)
    earlier = (entry.before or {} for entry in moves)
    holidays = (
        str(values.get("moved_for", ""))
        for values in earlier
        if values.get("starts_at") == starts_at.isoformat()
    )
    return next(holidays, "")


def _taken(check_in: CheckIn, starts_at: datetime) -> bool:
    """Whether another planned check-in of the pairing would overlap this one at that time."""
    ends_at = starts_at + timedelta(minutes=check_in.minutes)
    others = (other for other in check_ins_of(check_in.series.pairing_id) if other.id != check_in.id)
    planned = (other for other in others if other.state == CheckInState.PLANNED)
    return any(other.starts_at < ends_at and starts_at < other.ends_at for other in planned)


def _step(
    check_in: CheckIn, pairing: Pairing, to: CheckInState, *, by: Person, at: datetime, seen: int
) -> None:
    hold(pairing)
    if pairing.state not in (PairingState.ACTIVE, PairingState.PAUSED):
        raise Invalid(_("This pairing is over, so its check-ins stay as they are."))
    _check_seen(check_in, seen, state=to.value)
    before = CheckInState(check_in.state)
    check_step(
        CHECK_IN_STEPS, before, to, _("This check-in cannot do that from where it stands. Reload the page.")
    )
    check_in.state = to
    if CheckInState.SKIPPED in (before, to):
        _revise(check_in, pairing, at)
    action = f"check_in.{to.value}"
    audit.write(
        action=action,
        on=CHECK_IN,
        id=check_in.id,
        by=by.id,
        before={"state": before.value},
        after={"state": to.value},
    )


def _revise(check_in: CheckIn, pairing: Pairing, at: datetime) -> None:
    """After a change: write calendars again, align milestones, and close open requests for the check-in."""
    asked = update(MoveRequest).where(MoveRequest.check_in_id == check_in.id, MoveRequest.state == "open")
    db.session.execute(
        asked.values(state="over", answered_at=at).execution_options(synchronize_session="fetch")
    )
    write_anew(check_in.series, pairing, at=at)
    db.session.flush()
    milestones.align(pairing, at=at)


def _tell(letter: Any, check_in: CheckIn, pairing: Pairing, by: Person, *, both: bool = False) -> None:
    """Write to the partner, or to both after a change by staff or in a calendar."""
    alone = side_of(pairing, by.id) is not None and not both
    for person in (partner(pairing, by.id),) if alone else (pairing.mentor, pairing.mentee):
        post(letter(pairing, person, check_in, by), to=person.email, person_id=person.id)


def _facts(rule: Rule, minutes: int) -> dict[str, Any]:
    return {
        "every": rule.every,
        "unit": rule.unit,
        "first_on": rule.first_on.isoformat(),
        "at": rule.at.isoformat(),
        "zone": rule.zone,
        "count": rule.count,
        "minutes": minutes,
    }
