"""Working weeks of many people, and at how many moments of a week an hour in common can begin for each two of
them.

A week has 2,016 steps of five minutes. Two weeks are compared as one zone's clocks run ahead of the other's:
differently through the year, so each difference there is counts, and the worst is what remains. Nearly
everybody's hours begin and end at whole or half hours, so only a few steps of each such stretch have to be
looked at.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import gcd
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from portal.core.hours.weekly_hours import DAY_MINUTES, WeeklyHours

STEP = 5
"""Minutes. Offsets of zones are whole quarters; hours that begin or end between two steps lose the minutes
between.
"""
STEPS, DAY, HOUR = 7 * DAY_MINUTES // STEP, DAY_MINUTES // STEP, 60 // STEP
Kind = tuple[str, WeeklyHours]
YEAR = 366


class Weeks:
    """Kinds of week, (zone, hours), in rows and in columns."""

    def __init__(self, rows: Sequence[Kind], columns: Sequence[Kind], on: date) -> None:
        self.on, self.width = on, len(columns)
        self.zones = [zone for zone, _ in rows]
        grid = _grid({hours for _, hours in (*rows, *columns)}, {zone for zone, _ in (*rows, *columns)}, on)
        first = -(HOUR - 1) % grid
        steps = np.arange(0, STEPS, grid)
        self.steps = np.sort(np.concatenate([steps, steps + first])) if first else steps
        self.many = np.diff(self.steps, append=STEPS).astype(np.float32)
        self.per_grid = 2 if first else 1
        self.grid = grid
        self.rows = self._table([hours for _, hours in rows])
        self.columns = {
            zone: (numbers, self._table([columns[each][1] for each in numbers]))
            for zone, numbers in _by_zone([zone for zone, _ in columns]).items()
        }

    def _table(self, hours: Sequence[WeeklyHours]) -> NDArray[np.uint8]:
        table = np.zeros((len(hours), len(self.steps)), np.uint8)
        for number, each in enumerate(hours):
            table[number] = local_starts(each)[self.steps]
        return table

    def common(self, numbers: Sequence[int]) -> NDArray[np.int32]:
        """At how many steps of a week an hour in common can begin, at worst: for some rows, by number, with
        all columns.
        """
        found = np.zeros((len(numbers), self.width), np.int32)
        for zone, places in _by_zone([self.zones[each] for each in numbers]).items():
            mine = self.rows[[numbers[each] for each in places]] * self.many
            for other, (columns, table) in self.columns.items():
                worst = np.full((len(places), len(columns)), STEPS, np.float32)
                for ahead in _ahead(zone, other, self.on):
                    shifted = np.roll(table, ahead // self.grid * self.per_grid, axis=1).astype(np.float32)
                    np.minimum(worst, mine @ shifted.T, out=worst)
                found[np.ix_(places, columns)] = worst
        return found


def _by_zone(zones: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, zone in enumerate(zones):
        found.setdefault(zone, []).append(number)
    return found


def _grid(hours: Iterable[WeeklyHours], zones: Iterable[str], on: date) -> int:
    """The longest stretch of steps at whose ends all hours begin and end, by all clocks."""
    grid = DAY
    for each in hours:
        for day in each.days:
            for start, end in day:
                grid = gcd(grid, -(-start // STEP), end // STEP)
    some = sorted(zones)
    return gcd(grid, *(ahead for zone in some for ahead in _ahead(some[0], zone, on)))


@lru_cache(maxsize=4096)
def _ahead(zone: str, other: str, on: date) -> tuple[int, ...]:
    """By how many steps the week of `other` is to be moved to be seen by the clocks of `zone`, through the
    coming year.
    """
    pairs = zip(_offsets(zone, on), _offsets(other, on), strict=True)
    return tuple(sorted({-theirs // STEP - -ours // STEP for ours, theirs in pairs}))


@lru_cache(maxsize=1024)
def _offsets(zone: str, on: date) -> tuple[int, ...]:
    """Minutes that clocks in `zone` are ahead of UTC, for each day of the coming year."""
    start = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    return tuple(offset(zone, start + timedelta(days=day)) for day in range(YEAR))


def offset(zone: str, moment: datetime) -> int:
    """Minutes that clocks in `zone` are ahead of UTC."""
    ahead = moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    return int(ahead.total_seconds()) // 60


@lru_cache(maxsize=4096)
def local_starts(hours: WeeklyHours) -> NDArray[np.float32]:
    """1 at the steps of the local week from which a whole hour is a working hour."""
    free = np.zeros(STEPS, np.float32)
    for weekday, intervals in enumerate(hours.days):
        for start, end in intervals:
            free[weekday * DAY + -(-start // STEP) : weekday * DAY + end // STEP] = 1
    starts = free.copy()
    for later in range(1, HOUR):
        starts *= np.roll(free, -later)
    return starts
