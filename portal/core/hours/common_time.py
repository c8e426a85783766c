"""Spans of time in whole minutes since 1970 (UTC), made from working hours and the quarter-hours of a day."""

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
    """The quarter-hours that exist once on a local day, each as its minute of the day and since 1970."""
    time_zone = ZoneInfo(zone)
    if is_even(day, time_zone):
        midnight = minute_of(datetime.combine(day, time(), time_zone))
        yield from ((minute, midnight + minute) for minute in range(0, DAY_MINUTES, STEP))
        return
    for minute in range(0, DAY_MINUTES, STEP):
        at = time(minute // 60, minute % 60)
        if cadence.is_sure(day, at, zone):
            yield minute, minute_of(datetime.combine(day, at, time_zone))


def is_even(day: date, zone: ZoneInfo) -> bool:
    """Whether clocks do not change on that day."""
    begins, ends = (datetime.combine(midnight, time(), zone) for midnight in (day, day + A_DAY))
    return (
        begins.utcoffset()
        == begins.replace(fold=1).utcoffset()
        == ends.utcoffset()
        == ends.replace(fold=1).utcoffset()
    )


def in_hours(hours: WeeklyHours, zone: ZoneInfo, days: Iterable[date]) -> Iterator[Minutes]:
    """When somebody with these hours works on these days of the zone."""
    for day in days:
        intervals = hours.days[day.weekday()]
        if intervals and is_even(day, zone):
            midnight = minute_of(datetime.combine(day, time(), zone))
            yield from ((midnight + start, midnight + end) for start, end in intervals)
        elif intervals:
            yield from _on_an_odd_day(day, zone, intervals)


def _on_an_odd_day(day: date, zone: ZoneInfo, intervals: Sequence[tuple[int, int]]) -> Iterator[Minutes]:
    """The minutes of a day of a clock change whose local time lies in the hours."""
    noon = minute_of(datetime.combine(day, time(12), zone))
    for minute in range(noon - DAY_MINUTES, noon + DAY_MINUTES):
        local = moment_of(minute).astimezone(zone)
        if local.date() == day and any(
            start <= local.hour * 60 + local.minute < end for start, end in intervals
        ):
            yield minute, minute + 1


def joined(spans: Iterable[Minutes]) -> list[Minutes]:
    """The spans in order, those that overlap or touch joined."""
    merged: list[Minutes] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif start < end:
            merged.append((start, end))
    return merged


def common(one: list[Minutes], other: list[Minutes]) -> list[Minutes]:
    """The time that lies in both lists, each of which must be `joined`."""
    shared, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            shared.append((start, end))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return shared


def without(spans: list[Minutes], taken: list[Minutes]) -> list[Minutes]:
    """The spans without the time that is taken; both lists must be `joined`."""
    free, i = [], 0
    for begins, end in spans:
        start = begins
        while i and taken[i - 1][1] > start:
            i -= 1
        while i < len(taken) and taken[i][0] < end:
            if start < taken[i][0]:
                free.append((start, taken[i][0]))
            start = max(start, taken[i][1])
            i += 1
        if start < end:
            free.append((start, end))
    return free


def whole_minutes(span: Span) -> Minutes:
    """A span in whole minutes, rounded outwards."""
    return int(span[0].timestamp() // 60), -int(-span[1].timestamp() // 60)


def minute_of(moment: datetime) -> int:
    """The minute of a moment, rounded up."""
    return -int(-moment.timestamp() // 60)


def moment_of(minute: int) -> datetime:
    """The moment at which a minute begins."""
    return datetime.fromtimestamp(minute * 60, UTC)
