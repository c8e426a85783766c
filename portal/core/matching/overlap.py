"""Hours in common of people in different zones, over a year of clock changes.

A week of UTC has 2,016 steps of five minutes. A person's week is the set of steps at which a whole working
hour of theirs can begin; two people can meet where both weeks have a step. Offsets differ through the year,
so each stretch of it without a clock change is looked at, and the worst counts.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from portal.core.hours.weekly_hours import WeeklyHours
from portal.core.matching.candidates import Candidate
from portal.core.matching.weeks import DAY as DAY  # steps, hours and kinds are part of what an overlap is
from portal.core.matching.weeks import HOUR as HOUR
from portal.core.matching.weeks import STEP, STEPS, Weeks, local_starts, offset
from portal.core.matching.weeks import Kind as Kind

ALL_STEPS = (1 << STEPS) - 1


def common_starts(one: Sequence[Candidate], other: Sequence[Candidate], on: date) -> NDArray[np.int32]:
    """For each of `one` and each of `other`: at how many steps of a week an hour in common can begin, at
    worst.
    """
    if not one or not other:
        return np.zeros((len(one), len(other)), np.int32)
    rows, first = kinds(one)
    columns, second = kinds(other)
    return Weeks(rows, columns, on).common(range(len(rows)))[np.ix_(first, second)]


def hours_in_common(one: Kind, other: Kind, on: date) -> int:
    """The whole hours of a week in which both work, at worst; only stretches of an hour or more count."""
    return min(_spent(one, other, moment).bit_count() for moment in _stretches(on, one[0], other[0])) // HOUR


def shared_steps(one: Kind, other: Kind, on: date) -> int:
    """The steps of a week, by the clocks of `other`, in which both work all year: a bit each, from the
    lowest.
    """
    every = ALL_STEPS
    for moment in _stretches(on, one[0], other[0]):
        every &= _turned(_spent(one, other, moment), offset(other[0], moment) // STEP)
    return every


def minutes_apart(zone: str, other: str, on: date) -> int:
    """By how many minutes the clocks of two zones differ at most in the year from a day on."""
    return max(abs(offset(zone, moment) - offset(other, moment)) for moment in _stretches(on, zone, other))


def _spent(one: Kind, other: Kind, moment: datetime) -> int:
    """The steps of the UTC week in which both work for an hour or more."""
    begin = _week(one, moment) & _week(other, moment)
    for later in (1, 2, 4, HOUR - 8):  # from one step to two, four, eight, and then to the whole hour
        begin |= _turned(begin, later)
    return begin


def _turned(steps: int, later: int) -> int:
    """A week moved to later by some steps; what passes its end comes in at its beginning."""
    later %= STEPS
    return (steps << later | steps >> STEPS - later) & ALL_STEPS


def kinds(people: Sequence[Candidate]) -> tuple[list[Kind], list[int]]:
    """The different (zone, hours) among people, and which of them each person has."""
    found: dict[Kind, int] = {}
    which = [found.setdefault((each.zone, each.hours), len(found)) for each in people]
    return list(found), which


@lru_cache(maxsize=4096)
def _stretches(on: date, *zones: str) -> tuple[datetime, ...]:
    """Moments of the coming year, one for each set of offsets that the zones have."""
    seen: dict[tuple[int, ...], datetime] = {}
    start = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    for day in range(366):
        moment = start + timedelta(days=day)
        seen.setdefault(tuple(offset(zone, moment) for zone in zones), moment)
    return tuple(seen.values())


@lru_cache(maxsize=16_384)
def _week(kind: Kind, moment: datetime) -> int:
    """The steps of the UTC week at which a working hour can begin, a bit each."""
    zone, hours = kind
    return _turned(_local_week(hours), -offset(zone, moment) // STEP)


@lru_cache(maxsize=4096)
def _local_week(hours: WeeklyHours) -> int:
    return int.from_bytes(np.packbits(local_starts(hours) > 0, bitorder="little").tobytes(), "little")
