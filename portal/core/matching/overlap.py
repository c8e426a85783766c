"""Hours in common of people in different zones, over a year of clock changes.

A week of UTC has 2,016 steps of five minutes. A person's week is the set of steps at which a whole working hour of theirs
can begin; two people can meet where both weeks have a step. Offsets differ through the year, so each stretch of it without
a clock change is looked at, and the worst counts.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.candidates import Candidate
from portal.core.slots import DAY_MINUTES, WeeklyHours

STEP = 5
"""Minutes. Offsets of zones are whole quarters; hours that begin or end between two steps lose the minutes between."""
STEPS, DAY, HOUR = 7 * DAY_MINUTES // STEP, DAY_MINUTES // STEP, 60 // STEP
Kind = tuple[str, WeeklyHours]


def common_starts(one: Sequence[Candidate], other: Sequence[Candidate], on: date) -> NDArray[np.int32]:
    """For each of `one` and each of `other`: at how many steps of a week an hour in common can begin, at worst."""
    if not one or not other:
        return np.zeros((len(one), len(other)), np.int32)
    rows, first = _kinds(one)
    columns, second = _kinds(other)
    worst = np.full((len(rows), len(columns)), STEPS, np.float32)
    for moment in _stretches(on, tuple(sorted({zone for zone, _ in (*rows, *columns)}))):
        here = np.stack([_week(kind, moment) for kind in rows]) @ np.stack([_week(kind, moment) for kind in columns]).T
        np.minimum(worst, here, out=worst)
    return worst.astype(np.int32)[np.ix_(first, second)]


def hours_in_common(one: Candidate, other: Candidate, on: date) -> int:
    """The whole hours of a week in which both work, at worst; only stretches of an hour or more count."""
    return _hours((one.zone, one.hours), (other.zone, other.hours), on)


@lru_cache(maxsize=4096)
def _hours(one: Kind, other: Kind, on: date) -> int:
    least = STEPS
    for moment in _stretches(on, tuple(sorted({one[0], other[0]}))):
        begin = _week(one, moment) * _week(other, moment)
        spent = np.maximum.reduce([np.roll(begin, later) for later in range(HOUR)])
        least = min(least, int(spent.sum()))
    return least // HOUR


def _kinds(people: Sequence[Candidate]) -> tuple[list[Kind], list[int]]:
    """The different (zone, hours) among people, and which of them each person has."""
    found: dict[Kind, int] = {}
    which = [found.setdefault((each.zone, each.hours), len(found)) for each in people]
    return list(found), which


@lru_cache(maxsize=1024)
def _stretches(on: date, zones: tuple[str, ...]) -> tuple[datetime, ...]:
    """Moments of the coming year, one for each set of offsets that the zones have."""
    seen: dict[tuple[int, ...], datetime] = {}
    start = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    for day in range(366):
        moment = start + timedelta(days=day)
        seen.setdefault(tuple(_offset(zone, moment) for zone in zones), moment)
    return tuple(seen.values())


def _offset(zone: str, moment: datetime) -> int:
    """Minutes that clocks in `zone` are ahead of UTC."""
    ahead = moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    return int(ahead.total_seconds()) // 60


@lru_cache(maxsize=2048)
def _week(kind: Kind, moment: datetime) -> NDArray[np.float32]:
    """1 at the steps of the UTC week at which a working hour can begin."""
    zone, hours = kind
    return np.roll(_local_starts(hours), -_offset(zone, moment) // STEP)


@lru_cache(maxsize=4096)
def _local_starts(hours: WeeklyHours) -> NDArray[np.float32]:
    """1 at the steps of the local week from which a whole hour is a working hour."""
    free = np.zeros(STEPS, np.float32)
    for weekday, intervals in enumerate(hours.days):
        for start, end in intervals:
            free[weekday * DAY + -(-start // STEP) : weekday * DAY + end // STEP] = 1
    starts = free.copy()
    for later in range(1, HOUR):
        starts *= np.roll(free, -later)
    return starts
