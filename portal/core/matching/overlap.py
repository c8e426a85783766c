"""Hours in common of people in different zones, over a year of clock changes.

A week has 672 quarters of an hour in UTC. A person's week is the set of quarters at which a whole working hour of theirs
begins; two people can meet where both weeks have a quarter. Offsets differ through the year, so each stretch of it without
a clock change is looked at, and the worst counts.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.candidates import Candidate
from portal.core.slots import WeeklyHours

QUARTER, QUARTERS = 15, 7 * 24 * 4
HOUR = 4


def common_starts(one: Sequence[Candidate], other: Sequence[Candidate], on: date) -> NDArray[np.int32]:
    """For each of `one` and each of `other`: at how many quarters of a week an hour in common can begin, at worst."""
    rows, first = _kinds(one)
    columns, second = _kinds(other)
    worst: NDArray[np.float32] | None = None
    for moment in _stretches(on, tuple(sorted({zone for zone, _ in (*rows, *columns)}))):
        here = _weeks(rows, moment) @ _weeks(columns, moment).T
        worst = here if worst is None else np.minimum(worst, here)
    if worst is None or not len(first) or not len(second):
        return np.zeros((len(one), len(other)), np.int32)
    return worst.astype(np.int32)[np.ix_(first, second)]


def hours_in_common(one: Candidate, other: Candidate, on: date) -> int:
    """The whole hours of a week in which both work, at worst; only stretches of an hour or more count."""
    least = QUARTERS
    for moment in _stretches(on, tuple(sorted({one.zone, other.zone}))):
        begin = _weeks([(one.zone, one.hours)], moment)[0] * _weeks([(other.zone, other.hours)], moment)[0]
        spent = np.maximum.reduce([np.roll(begin, later) for later in range(HOUR)])
        least = min(least, int(spent.sum()))
    return least // HOUR


def _kinds(people: Sequence[Candidate]) -> tuple[list[tuple[str, WeeklyHours]], list[int]]:
    """The different (zone, hours) among people, and which of them each person has."""
    found: dict[tuple[str, WeeklyHours], int] = {}
    which = [found.setdefault((each.zone, each.hours), len(found)) for each in people]
    return list(found), which


@lru_cache(maxsize=1024)
def _stretches(on: date, zones: tuple[str, ...]) -> tuple[datetime, ...]:
    """A moment in each stretch of the coming year in which none of the zones changes its offset from all others."""
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


def _weeks(kinds: Sequence[tuple[str, WeeklyHours]], moment: datetime) -> NDArray[np.float32]:
    """A row for each kind: 1 at the quarters of the UTC week at which a working hour begins."""
    rows = np.zeros((len(kinds), QUARTERS), np.float32)
    for number, (zone, hours) in enumerate(kinds):
        rows[number] = np.roll(_local_starts(hours), -_offset(zone, moment) // QUARTER)
    return rows


@lru_cache(maxsize=4096)
def _local_starts(hours: WeeklyHours) -> NDArray[np.float32]:
    """1 at the quarters of the local week from which a whole hour is a working hour."""
    free = np.zeros(QUARTERS, np.float32)
    for weekday, intervals in enumerate(hours.days):
        for start, end in intervals:
            free[weekday * 96 + -(-start // QUARTER) : weekday * 96 + end // QUARTER] = 1
    starts = free.copy()
    for later in range(1, HOUR):
        starts *= np.roll(free, -later)
    return starts
