"""When somebody is busy, read from calendar texts: VFREEBUSY (RFC 5545, 3.6.4), or the times of events.

The results are spans of time and nothing else. An event is busy unless it is transparent or cancelled. An
all-day event lasts from midnight to midnight in its owner's zone, and times without a zone are in that zone
too. Rules finer than a day are refused.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, Component, vRecur

from portal.core.calendar import vtimezones
from portal.core.hours.common_time import Span
from portal.core.translatable import N_
from portal.errors import Invalid

When = date | datetime

MOST_STEPS = 30_000
"""Occurrences up to which a rule is expanded: every day for eighty years."""
MOST_SPANS = 5_000
LONGEST = timedelta(days=366)
"""Longer events are cut."""
A_DAY = timedelta(days=1)
SLOW_ENOUGH = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
OFTEN = {"DAILY", "WEEKLY"}
TOO_FINE = {"BYHOUR", "BYMINUTE", "BYSECOND"}
TOO_PICKY = {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYEASTER"}
"""With DAILY or WEEKLY these may match no day at all, which takes seconds to find out."""
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
    """When the owner of a calendar text, who lives in `zone`, is busy between two moments; raises Invalid if
    the text cannot be read.
    """
    try:
        calendar = Calendar.from_ical(text)
        spans = [
            *_of_free_busy(calendar.walk("VFREEBUSY")),
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
        for first, last in spans
        if first < end and last > start and first < last
    ]


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans in order, those that overlap or touch joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        elif start < end:
            joined.append((start, end))
    return tuple(joined)


def without(spans: Iterable[Span], own: Iterable[Span]) -> list[Span]:
    """The spans without our own entries; each of `own` is removed once, at most.

    A server may have joined an entry of ours with the busy time before or after it; then it is cut off there.
    """
    remaining = sorted(spans)
    for start, end in sorted(own):
        if (start, end) in remaining:
            remaining.remove((start, end))
            continue
        for index, (first, last) in enumerate(remaining):
            if first == start and last > end:
                remaining[index] = (end, last)
            elif last == end and first < start:
                remaining[index] = (first, start)
            else:
                continue
            break
    return remaining


def _of_free_busy(components: Iterable[Component]) -> Iterator[Span]:
    """The periods of VFREEBUSYs, without those of the type FREE."""
    for component in components:
        _check_whole(component)
        lines: Any = component.get("FREEBUSY", [])
        for line in lines if isinstance(lines, list) else [lines]:
            if str(line.params.get("FBTYPE", "BUSY")).upper() != "FREE":
                for period in getattr(line, "dts", [line]):
                    yield _in_utc(period.start, UTC), _in_utc(period.end, UTC)


def _of_events(events: Sequence[Component], start: datetime, end: datetime, home: tzinfo) -> list[Span]:
    """The times of the occurrences of events, overrides included."""
    by_uid: dict[str, list[Component]] = {}
    for event in events:
        _check_whole(event)
        by_uid.setdefault(str(event.get("UID", "")), []).append(event)
    spans: list[Span] = []
    for group in by_uid.values():
        overrides = [event for event in group if "RECURRENCE-ID" in event]
        replaced = {_in_utc(_when(event["RECURRENCE-ID"]), home) for event in overrides}
        for event in filter(_is_busy, group):
            own = (
                [_span(event, home)]
                if "RECURRENCE-ID" in event
                else _occurrences(event, start, end, home, replaced)
            )
            spans += islice(own, MOST_SPANS + 1 - len(spans))
            if len(spans) > MOST_SPANS:
                raise Invalid(UNREADABLE)
    return spans


def _check_whole(component: Component) -> None:
    """Raise Invalid if icalendar skipped a line that matters since it could not be read."""
    if MATTERS & {(name or "").upper() for name, _ in component.errors} or "EXRULE" in component:
        raise Invalid(UNREADABLE)


def _is_busy(event: Component) -> bool:
    status, transparency = (str(event.get(name, "")).upper() for name in ("STATUS", "TRANSP"))
    return status != "CANCELLED" and transparency != "TRANSPARENT"


def _occurrences(
    event: Component, start: datetime, end: datetime, home: tzinfo, replaced: set[datetime]
) -> Iterator[Span]:
    """The occurrences of an event that may touch the time from `start` to `end`. DTSTART itself always counts
    (RFC 5545, 3.8.5.3).
    """
    first = _when(event["DTSTART"])
    length = _length(event, first)
    excluded = [_when_of(when, first) for when in _listed(event, "EXDATE")]
    days_out = {when for when in excluded if not isinstance(when, datetime)}
    moments_out = {_in_utc(when, home) for when in excluded} | replaced
    for when in {first, *_listed(event, "RDATE"), *_by_rule(event, first, end + A_DAY)}:
        begins = _in_utc(when, home)
        day = when.date() if isinstance(when, datetime) else when
        if begins not in moments_out and day not in days_out and start - LONGEST < begins < end:
            yield begins, _end(when, length, home)


def _span(event: Component, home: tzinfo) -> Span:
    start = _when(event["DTSTART"])
    return _in_utc(start, home), _end(start, _length(event, start), home)


def _end(start: When, length: timedelta, home: tzinfo) -> datetime:
    """The end of an occurrence: a day ends at midnight by the clock, and after a moment real time counts."""
    length = min(length, LONGEST)
    return _in_utc(start, home) + length if isinstance(start, datetime) else _in_utc(start + length, home)


def _by_rule(event: Component, first: When, end: datetime) -> Iterator[When]:
    """The occurrences of the rule before `end`, in the zone of DTSTART."""
    rule = event.get("RRULE")
    if rule is None:
        return iter(())
    if isinstance(rule, list) or rule["FREQ"][0] not in SLOW_ENOUGH or TOO_FINE & set(rule):
        raise Invalid(UNREADABLE)
    if min(rule.get("INTERVAL", [1])) < 1 or (rule["FREQ"][0] in OFTEN and TOO_PICKY & set(rule)):
        raise Invalid(UNREADABLE)
    zone = first.tzinfo if isinstance(first, datetime) else None
    start = first.replace(tzinfo=None) if isinstance(first, datetime) else datetime.combine(first, time())
    last = min([end.replace(tzinfo=None) + A_DAY, *(_until(until, zone) for until in rule.get("UNTIL", ()))])
    plain: Any = vRecur({name: values for name, values in rule.items() if name not in ("COUNT", "UNTIL")})
    endless = rrulestr(plain.to_ical().decode(), dtstart=start).replace(until=last)
    counted = islice(endless, min([MOST_STEPS + 1, *rule.get("COUNT", ())]))
    steps = list(takewhile(lambda local: local <= last, counted))
    if len(steps) > MOST_STEPS:
        raise Invalid(UNREADABLE)
    whole_days = not isinstance(first, datetime)
    return iter([local.date() if whole_days else local.replace(tzinfo=zone) for local in steps])


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
    lines = event.get(name, [])
    for line in lines if isinstance(lines, list) else [lines]:
        for value in line.dts:
            when = value.dt[0] if isinstance(value.dt, tuple) else value.dt
            yield _placed(when, line.params.get("TZID"))


def _when_of(when: When, first: When) -> When:
    """An EXDATE of an all-day event as a day, even if it was written as a moment."""
    return when.date() if isinstance(when, datetime) and not isinstance(first, datetime) else when


def _when(value: Any) -> When:
    return _placed(value.dt, value.params.get("TZID"))


def _placed(when: Any, name: str | None) -> When:
    """A day, or a moment in its zone: the zone of that name if it is known, else as the text defines it."""
    if not isinstance(when, date):
        raise Invalid(UNREADABLE)
    if isinstance(when, datetime) and name in vtimezones.names():
        return when.replace(tzinfo=vtimezones.zone(name))
    return when


def _in_utc(when: When, home: tzinfo) -> datetime:
    """A moment; a day is its midnight, and a time without a zone is in `home`."""
    moment = when if isinstance(when, datetime) else datetime.combine(when, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=home)).astimezone(UTC)
