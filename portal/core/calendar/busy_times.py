"""When somebody is busy, read from calendar texts: VFREEBUSY (RFC 5545, 3.6.4), or events asked just for
times.

Nothing but spans of time comes out of here. An event is busy unless it is transparent or cancelled, one of a
whole day from midnight to midnight by its owner's clock. A time without a zone is by that clock too. Rules
finer than a day are refused.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, Component, vRecur

from portal.core.calendar import vtimezones as timezones
from portal.core.hours.common_time import Span
from portal.core.translatable import N_
from portal.errors import Invalid

When = date | datetime

MOST_STEPS = 30_000
"""A rule is followed for so many steps: every day for eighty years."""
MOST_SPANS = 5_000
LONGEST = timedelta(days=366)
"""Nobody is busy for longer than that; what claims to be is cut."""
A_DAY = timedelta(days=1)
SLOW_ENOUGH = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
OFTEN = {"DAILY", "WEEKLY"}
TOO_FINE = {"BYHOUR", "BYMINUTE", "BYSECOND"}
TOO_PICKY = {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYEASTER"}
"""Of days and weeks these may pick none, which takes seconds to find out."""
MATTERS = {
    "",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "EXDATE",
    "RECURRENCE-ID",
    "STATUS",
    "TRANSP",
    "FREEBUSY",
}

UNREADABLE = N_("This calendar entry cannot be read.")


def read(text: bytes, *, start: datetime, end: datetime, zone: str) -> list[Span]:
    """When the text says its owner, who lives in `zone`, is busy between two moments; raises Invalid if it is
    unreadable.
    """
    try:
        calendar = Calendar.from_ical(text)
        found = [
            *_told(calendar.walk("VFREEBUSY")),
            *_of_events(calendar.walk("VEVENT"), start, end, ZoneInfo(zone)),
        ]
    except (
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise Invalid(UNREADABLE) from error
    return [
        (max(first, start), min(last, end))
        for first, last in found
        if first < end and last > start and first < last
    ]


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order; what overlaps or touches is one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif start < end:
            found.append((start, end))
    return tuple(found)


def without(spans: Iterable[Span], own: Iterable[Span]) -> list[Span]:
    """The spans apart from our own entries among them: each of `own` is taken out once, at most.

    A server that tells busy times may have joined one of ours with what lies before or after it; then it is
    cut off there.
    """
    left = sorted(spans)
    for start, end in sorted(own):
        if (start, end) in left:
            left.remove((start, end))
            continue
        for at, (first, last) in enumerate(left):
            if first == start and last > end:
                left[at] = (end, last)
            elif last == end and first < start:
                left[at] = (first, start)
            else:
                continue
            break
    return left


def _told(components: Iterable[Component]) -> Iterator[Span]:
    """The periods of VFREEBUSYs, those that say "free" apart."""
    for each in components:
        _check_whole(each)
        listed: Any = each.get("FREEBUSY", [])
        for periods in listed if isinstance(listed, list) else [listed]:
            if str(periods.params.get("FBTYPE", "BUSY")).upper() != "FREE":
                for period in getattr(periods, "dts", [periods]):
                    yield _in_utc(period.start, UTC), _in_utc(period.end, UTC)


def _of_events(events: Sequence[Component], start: datetime, end: datetime, home: tzinfo) -> list[Span]:
    """When the occurrences of events are, those in place of one of a rule included."""
    for each in events:
        _check_whole(each)
    by_uid: dict[str, list[Component]] = {}
    for each in events:
        by_uid.setdefault(str(each.get("UID", "")), []).append(each)
    found: list[Span] = []
    for group in by_uid.values():
        replaced = {_in_utc(_when(each["RECURRENCE-ID"]), home) for each in group if "RECURRENCE-ID" in each}
        for each in group:
            if not _is_busy(each):
                continue
            spans = (
                [_span(each, home)]
                if "RECURRENCE-ID" in each
                else _occurrences(each, start, end, home, replaced)
            )
            found += islice(spans, MOST_SPANS + 1 - len(found))
            if len(found) > MOST_SPANS:
                raise Invalid(UNREADABLE)
    return found


def _check_whole(component: Component) -> None:
    """A line that matters and was passed over because it could not be read makes all of it unreadable."""
    if MATTERS & {(name or "").upper() for name, _ in component.errors} or "EXRULE" in component:
        raise Invalid(UNREADABLE)


def _is_busy(event: Component) -> bool:
    status, transparency = (str(event.get(name, "")).upper() for name in ("STATUS", "TRANSP"))
    return status != "CANCELLED" and transparency != "TRANSPARENT"


def _occurrences(
    event: Component, start: datetime, end: datetime, home: tzinfo, replaced: set[datetime]
) -> Iterator[Span]:
    """The occurrences of an event that touch the time asked for. DTSTART itself always counts (RFC 5545,
    3.8.5.3).
    """
    first = _when(event["DTSTART"])
    length = _length(event, first)
    left_out = [_when_of(each, first) for each in _listed(event, "EXDATE")]
    days_out = {each for each in left_out if not isinstance(each, datetime)}
    moments_out = {_in_utc(each, home) for each in left_out} | replaced
    around = (start - LONGEST, end + A_DAY)
    whens = {first, *_listed(event, "RDATE"), *_by_rule(event, first, around[1])}
    for when in whens:
        begins = _in_utc(when, home)
        day = when.date() if isinstance(when, datetime) else when
        if begins not in moments_out and day not in days_out and around[0] < begins < end:
            yield begins, _end(when, length, home)


def _span(event: Component, home: tzinfo) -> Span:
    start = _when(event["DTSTART"])
    return _in_utc(start, home), _end(start, _length(event, start), home)


def _end(start: When, length: timedelta, home: tzinfo) -> datetime:
    """When it is over: a day ends at midnight by the clock, a moment's length is real time."""
    length = min(length, LONGEST)
    return _in_utc(start, home) + length if isinstance(start, datetime) else _in_utc(start + length, home)


def _by_rule(event: Component, first: When, end: datetime) -> Iterator[When]:
    """What the rule gives before `end`, in the zone of DTSTART."""
    rule = event.get("RRULE")
    if rule is None:
        return iter(())
    if isinstance(rule, list) or rule["FREQ"][0] not in SLOW_ENOUGH or TOO_FINE & set(rule):
        raise Invalid(UNREADABLE)
    if min(rule.get("INTERVAL", [1])) < 1 or (rule["FREQ"][0] in OFTEN and TOO_PICKY & set(rule)):
        raise Invalid(UNREADABLE)
    zone = first.tzinfo if isinstance(first, datetime) else None
    start = first.replace(tzinfo=None) if isinstance(first, datetime) else datetime.combine(first, time())
    last = min([end.replace(tzinfo=None) + A_DAY, *(_until(each, zone) for each in rule.get("UNTIL", ()))])
    plain: Any = vRecur({name: values for name, values in rule.items() if name not in ("COUNT", "UNTIL")})
    endless = rrulestr(plain.to_ical().decode(), dtstart=start).replace(until=last)
    steps = takewhile(
        lambda each: each <= last, islice(endless, min([MOST_STEPS + 1, *rule.get("COUNT", ())]))
    )
    locals_ = list(steps)
    if len(locals_) > MOST_STEPS:
        raise Invalid(UNREADABLE)
    whole_days = not isinstance(first, datetime)
    return iter([each.date() if whole_days else each.replace(tzinfo=zone) for each in locals_])


def _until(until: When, zone: tzinfo | None) -> datetime:
    if not isinstance(until, datetime):
        return datetime.combine(until, time.max)
    return (until.astimezone(zone) if until.tzinfo and zone else until).replace(tzinfo=None)


def _length(event: Component, start: When) -> timedelta:
    """From DTEND or DURATION; without them a day lasts a day and a moment none (RFC 5545, 3.6.1)."""
    if "DTEND" in event:
        end = _when(event["DTEND"])
        if isinstance(end, datetime) and isinstance(start, datetime):
            return end.astimezone(UTC) - start.astimezone(UTC) if end.tzinfo and start.tzinfo else end - start
        return end - start
    if "DURATION" in event:
        value: Any = event["DURATION"]
        length: timedelta = value.dt
        return length
    return timedelta(0) if isinstance(start, datetime) else A_DAY


def _listed(event: Component, name: str) -> Iterator[When]:
    """The values of all EXDATEs or RDATEs; of a period its beginning."""
    found = event.get(name, [])
    for values in found if isinstance(found, list) else [found]:
        for each in values.dts:
            when = each.dt[0] if isinstance(each.dt, tuple) else each.dt
            yield _placed(when, values.params.get("TZID"))


def _when_of(when: When, first: When) -> When:
    """An EXDATE as DTSTART is written: a moment where that is a day means the day."""
    return when.date() if isinstance(when, datetime) and not isinstance(first, datetime) else when


def _when(value: Any) -> When:
    return _placed(value.dt, value.params.get("TZID"))


def _placed(when: Any, name: str | None) -> When:
    """A day, or a moment in its zone: by the zone's name where we know it, else as the text says."""
    if not isinstance(when, date):
        raise Invalid(UNREADABLE)
    if isinstance(when, datetime) and name in timezones.names():
        return when.replace(tzinfo=timezones.zone(name))
    return when


def _in_utc(when: When, home: tzinfo) -> datetime:
    """As a moment: a day is its midnight, and what has no zone is by the clock of `home`."""
    moment = when if isinstance(when, datetime) else datetime.combine(when, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=home)).astimezone(UTC)
