"""Spans of time in whole minutes since 1970 (UTC), and what clocks make of them: working hours, quarters."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.core.hours import cadence
from portal.core.hours.weekly_hours import DAY_MINUTES, WeeklyHours

STEP = 15
"""Times are tried on every quarter of an hour."""
A_DAY = timedelta(days=1)

Span = tuple[datetime, datetime]
Minutes = tuple[int, int]


def quarters(day: date, zone: str) -> Iterator[tuple[int, int]]:
    """The quarters of a local day that are there once: minute of the day, minute since 1970."""
    here = ZoneInfo(zone)
    if is_even(day, here):
        midnight = minute_of(datetime.combine(day, time(), here))
        yield from ((minute, midnight + minute) for minute in range(0, DAY_MINUTES, STEP))
        return
    for minute in range(0, DAY_MINUTES, STEP):
        at = time(minute // 60, minute % 60)
        if cadence.is_sure(day, at, zone):
            yield minute, minute_of(datetime.combine(day, at, here))


def is_even(day: date, zone: ZoneInfo) -> bool:
    """Whether no clock changes on that day."""
    begins, ends = (datetime.combine(each, time(), zone) for each in (day, day + A_DAY))
    return (
        begins.utcoffset()
        == begins.replace(fold=1).utcoffset()
        == ends.utcoffset()
        == ends.replace(fold=1).utcoffset()
    )


def in_hours(hours: WeeklyHours, zone: ZoneInfo, days: Iterable[date]) -> Iterator[Minutes]:
    """When somebody with these hours works on these days by the clocks of the zone."""
    for day in days:
        intervals = hours.days[day.weekday()]
        if intervals and is_even(day, zone):
            midnight = minute_of(datetime.combine(day, time(), zone))
            yield from ((midnight + start, midnight + end) for start, end in intervals)
        elif intervals:
            yield from _on_an_odd_day(day, zone, intervals)


def _on_an_odd_day(day: date, zone: ZoneInfo, intervals: Sequence[tuple[int, int]]) -> Iterator[Minutes]:
    """On a day of a clock change, minute by minute: those whose local time lies in the hours."""
    noon = minute_of(datetime.combine(day, time(12), zone))
    for minute in range(noon - DAY_MINUTES, noon + DAY_MINUTES):
        local = moment_of(minute).astimezone(zone)
        if local.date() == day and any(
            start <= local.hour * 60 + local.minute < end for start, end in intervals
        ):
            yield minute, minute + 1


def joined(spans: Iterable[Minutes]) -> list[Minutes]:
    """In order; what overlaps or touches is one."""
    found: list[Minutes] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        elif start < end:
            found.append((start, end))
    return found


def common(one: list[Minutes], other: list[Minutes]) -> list[Minutes]:
    """What lies in both; each is joined."""
    found, at, there = [], 0, 0
    while at < len(one) and there < len(other):
        start, end = max(one[at][0], other[there][0]), min(one[at][1], other[there][1])
        if start < end:
            found.append((start, end))
        if one[at][1] <= other[there][1]:
            at += 1
        else:
            there += 1
    return found


def without(spans: list[Minutes], taken: list[Minutes]) -> list[Minutes]:
    """What of the spans nothing of `taken` lies in."""
    found, at = [], 0
    for begins, end in spans:
        start = begins
        while at and taken[at - 1][1] > start:
            at -= 1
        while at < len(taken) and taken[at][0] < end:
            if start < taken[at][0]:
                found.append((start, taken[at][0]))
            start = max(start, taken[at][1])
            at += 1
        if start < end:
            found.append((start, end))
    return found


def whole_minutes(span: Span) -> Minutes:
    """A span in whole minutes, so that all of it lies within."""
    return int(span[0].timestamp() // 60), -int(-span[1].timestamp() // 60)


def minute_of(moment: datetime) -> int:
    """The minute that begins at a moment or, where seconds remain, the next."""
    return -int(-moment.timestamp() // 60)


def moment_of(minute: int) -> datetime:
    """The moment of a minute."""
    return datetime.fromtimestamp(minute * 60, UTC)
