"""When two people can meet: on which days of the week and in which part of the day, all through the year.

Only hours that both work in every stretch of the year between two clock changes count. A day's morning in one
zone is another's afternoon, so they are told once by the clock of each of the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from portal.core.hours.weekly_hours import WeeklyHours
from portal.core.matching.candidates import Candidate
from portal.core.matching.overlap import DAY, HOUR, Kind, hours_in_common, minutes_apart, shared_steps
from portal.core.translatable import N_

WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
WORKING_DAYS = (0, 1, 2, 3, 4)
PARTS = {"morning": (0, 12), "afternoon": (12, 17), "evening": (17, 24)}
"""Parts of a day, from one hour to another."""
MOST = 0.8
"""From this share of the shorter week on, two people share most of their hours."""
SCARCE = 0.5
"""Below this share a far zone is worth a word."""
FEW_DAYS = 4
"""So many days are named one by one."""
WAKING = WeeklyHours.of((day, 7 * 60, 21 * 60) for day in range(7))
"""The hours that may be asked of anybody."""


@dataclass(frozen=True, slots=True)
class When:
    """Parts of a week: some `days` (0 is Monday), the `part` of them it is `mostly` or wholly in, "" for more
    than one.
    """

    days: tuple[int, ...]
    part: str
    mostly: bool = False

    @property
    def kind(self) -> str:
        """How the days are told: "weekdays", named as "days", or "most" of them."""
        if self.days == WORKING_DAYS:
            return "weekdays"
        return "days" if len(self.days) <= FEW_DAYS else "most"


@dataclass(frozen=True, slots=True)
class InCommon:
    """What two weeks share: whole `hours`, and whether that is `most` of the shorter week, or `scarce`; by
    which clocks they are told: whether these `differ`, and whether by more than an hour (`abroad`); and when,
    by the clock of each."""

    hours: int
    most: bool
    scarce: bool
    differ: bool
    abroad: bool
    one: When | None
    other: When | None


def in_common(one: Candidate, other: Candidate, on: date) -> InCommon:
    """What the weeks of two people share in the year from a day on."""
    return _in_common((one.zone, one.hours), (other.zone, other.hours), on)


@lru_cache(maxsize=16_384)
def _in_common(one: Kind, other: Kind, on: date) -> InCommon:
    hours = hours_in_common(one, other, on)
    share = hours * 60 / max(min(one[1].minutes, other[1].minutes), 60)
    apart = minutes_apart(one[0], other[0], on)
    facts = (hours, share >= MOST, share < SCARCE, apart > 0, apart > 60)
    if share >= MOST or not hours:
        return InCommon(*facts, None, None)
    theirs = _told(_buckets(shared_steps(one, other, on)))
    mine = theirs if apart == 0 else _told(_buckets(shared_steps(other, one, on)))
    return InCommon(*facts, mine, theirs)


@lru_cache(maxsize=16_384)
def reach(kind: Kind, zone: str, on: date) -> frozenset[tuple[int, str]]:
    """The parts of a week, (weekday, part of the day) by the clocks of `zone`, in which somebody has an hour
    all year that may be asked of people there."""
    found = _buckets(shared_steps(kind, (zone, WAKING), on))
    return frozenset((day, part) for part, days in found.items() for day in days)


def _buckets(steps: int) -> dict[str, dict[int, int]]:
    """For each part of the day, the weekdays with an hour or more in it, and how many steps."""
    found: dict[str, dict[int, int]] = {}
    for part, (start, end) in PARTS.items():
        whole = (1 << (end - start) * HOUR) - 1
        many = {day: (steps >> day * DAY + start * HOUR & whole).bit_count() for day in range(7)}
        if enough := {day: each for day, each in many.items() if each >= HOUR}:
            found[part] = enough
    return found


def _told(buckets: Mapping[str, Mapping[int, int]]) -> When | None:
    """The days and the part of the day to name: the part with most of the time, none when another has half as
    much.
    """
    if not buckets:
        return None
    order = [part for part in PARTS if part in buckets]
    main = max(order, key=lambda part: sum(buckets[part].values()))
    rest = sum(sum(buckets[part].values()) for part in order if part != main)
    if sum(buckets[main].values()) >= 2 * rest:
        return When(tuple(sorted(buckets[main])), main, rest > 0)
    return When(tuple(sorted({day for part in order for day in buckets[part]})), "")
