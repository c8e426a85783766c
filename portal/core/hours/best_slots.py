"""The best times for two people to meet: for one check-in, or a weekday and time for a whole series.

Each of the two has weekly hours in a zone of their own, holidays, other check-ins, and perhaps busy times
from their calendar. A time that a clock change leaves out or doubles is never proposed. Internally, moments
are whole minutes since 1970 (UTC).
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from portal.core.hours import cadence, common_time
from portal.core.hours.cadence import Rule
from portal.core.hours.common_time import (
    A_DAY,
    STEP,
    Minutes,
    Span,
    joined,
    minute_of,
    moment_of,
    quarters,
    whole_minutes,
)
from portal.core.hours.weekly_hours import DAY_MINUTES, WeeklyHours
from portal.core.translatable import N_

MOST, MOST_A_DAY = 5, 2
APART = 120
"""Minutes between two proposals for one day, and if possible between the times of day of any two."""
COMFORT = 60
"""Minutes from the beginning and the end of a working day, beyond which a meeting is well placed."""
LUNCH = (12 * 60, 13 * 60)
MOST_DAYS_NAMED = 3

BOTH_FREE = N_("Both of you are free")
YOU_FREE = N_("Your calendar is free")
PARTNER_FREE = N_("%(partner)s’s calendar is free")
INSIDE = N_("Inside both working days")
SAME_DAY = N_("On the same day as now")
SAME_WEEK = N_("In the same week as now")
SAME_TIME = N_("At the same weekday and time as now")
ALWAYS = N_("The same slot is free all %(count)s times")
MOSTLY = N_("The same slot is free %(free)s of %(count)s times")
ALWAYS_MONTHS = N_("The same slot is free in all %(count)s months")
MOSTLY_MONTHS = N_("The same slot is free in %(free)s of %(count)s months")
HOLIDAY = N_("A holiday, so it moves to the next working day: %(days)s")
BUSY = N_("One of you is busy then: %(days)s")
OUTSIDE = N_("Outside working hours, as clocks change at different times: %(days)s")
HOURS_APART = N_("Your working hours never meet for %(minutes)s minutes.")
ALL_TAKEN = N_("Your working hours meet, but every time in them is a holiday or taken.")


class Reason(NamedTuple):
    """A sentence for a page to translate. The page adds `partner`; `days` are ISO dates, and `more` is the
    number of further ones.
    """

    template: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two people: hours and holidays local in `zone`, other check-ins, and busy times if known."""

    hours: WeeklyHours
    zone: str
    holidays: Collection[date] = frozenset()
    taken: Sequence[Span] = ()
    busy: Sequence[Span] | None = None


@dataclass(frozen=True, slots=True)
class Once:
    """One check-in to place between two moments; at present it begins at `near`."""

    zone: str
    start: datetime
    end: datetime
    near: datetime


@dataclass(frozen=True, slots=True)
class Repeated:
    """A series to place, whose first day is one of the seven from `after` on."""

    zone: str
    every: int
    unit: str
    count: int
    after: date


@dataclass(frozen=True, slots=True)
class Slot:
    """A proposed time (UTC; of a series the first): both are `free` in so many `of` its occurrences."""

    starts_at: datetime
    free: int
    of: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """At most five times, the best first; or the reason why there is none."""

    slots: tuple[Slot, ...]
    none_because: Reason | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A local day and minute with the moments that they mean, of which `free` suit both."""

    day: date
    minute: int
    starts: tuple[int, ...]
    free: int
    comfort: tuple[int, ...]


def best(you: Side, partner: Side, wanted: Once | Repeated, *, minutes: int) -> Found:
    """The best common times of that length, spread over days, the most recommended first."""
    both = _Both(you, partner, _days_of(wanted), minutes)
    if isinstance(wanted, Once):
        candidates, prefer = list(_once(both, wanted, minutes)), _near(wanted)
    else:
        candidates, prefer = list(_repeated(both, wanted)), _well
    often_free = [candidate for candidate in candidates if candidate.free * 2 >= len(candidate.starts)]
    chosen = _spread(often_free, prefer)
    if not chosen:
        meets = any(end - start >= minutes for start, end in both.hours)
        return Found((), Reason(ALL_TAKEN, {}) if meets else Reason(HOURS_APART, {"minutes": minutes}))
    return Found(tuple(both.slot(candidate, wanted) for candidate in chosen))


def horizon(wanted: Once | Repeated) -> Span:
    """The span in which it matters whether they are busy."""
    if isinstance(wanted, Once):
        return wanted.start, wanted.end
    days = _days_of(wanted)
    first, last = (
        datetime.combine(day, time(), ZoneInfo(wanted.zone)) for day in (min(days), max(days) + 2 * A_DAY)
    )
    return first.astimezone(UTC), last.astimezone(UTC)


class _Both:
    """The common time of the two on some days: their `hours`, `works` without holidays, and `free` without
    what is taken either.
    """

    def __init__(self, you: Side, partner: Side, days: Collection[date], minutes: int) -> None:
        self.sides, self.minutes = (you, partner), minutes
        near = sorted({day + step * A_DAY for day in days for step in (-1, 0, 1, 2)})
        hours, works = [], []
        for side in self.sides:
            workdays = [day for day in near if day not in side.holidays]
            hours.append(joined(common_time.in_hours(side.hours, ZoneInfo(side.zone), near)))
            works.append(joined(common_time.in_hours(side.hours, ZoneInfo(side.zone), workdays)))
        self.hours, self.works = common_time.common(*hours), common_time.common(*works)
        taken = joined(
            whole_minutes(span) for side in self.sides for span in (*side.taken, *(side.busy or ()))
        )
        self.free = common_time.without(self.works, taken)
        self._begins = {
            id(spans): [start for start, _ in spans] for spans in (self.hours, self.works, self.free)
        }

    def suits(self, start: int) -> bool:
        """Whether both are free for the whole meeting from this minute on."""
        return self._span(self.free, start) is not None

    def comfort(self, start: int) -> int:
        """Minutes between the meeting and the nearer end of the common working time, an hour at most."""
        span = self._span(self.works, start)
        return min(start - span[0], span[1] - start - self.minutes, COMFORT) if span else 0

    def _span(self, spans: list[Minutes], start: int) -> Minutes | None:
        index = bisect_right(self._begins[id(spans)], start) - 1
        return spans[index] if index >= 0 and spans[index][1] >= start + self.minutes else None

    def slot(self, chosen: _Candidate, wanted: Once | Repeated) -> Slot:
        """The proposal of a candidate."""
        return Slot(moment_of(chosen.starts[0]), chosen.free, len(chosen.starts), self.why(chosen, wanted))

    def why(self, chosen: _Candidate, wanted: Once | Repeated) -> tuple[Reason, ...]:
        """The reasons for a candidate."""
        known = [side.busy is not None for side in self.sides]
        always = chosen.free == len(chosen.starts)
        free = {(True, True): BOTH_FREE, (True, False): YOU_FREE, (False, True): PARTNER_FREE}.get(
            (known[0], known[1])
        )
        reasons = [Reason(free, {})] if free and always else []
        if isinstance(wanted, Once):
            return (*reasons, Reason(INSIDE, {}), *_nearness(chosen, wanted))
        missed = [start for start in chosen.starts if not self.suits(start)]
        outside = [start for start in missed if self._span(self.hours, start) is None]
        inside = [start for start in missed if start not in outside]
        holidays = [start for start in inside if self._span(self.works, start) is None]
        busy = [start for start in inside if start not in holidays]
        reasons += [] if outside else [Reason(INSIDE, {})]
        reasons += [_how_often(chosen, wanted)] if len(chosen.starts) > 1 else []
        listed = ((BUSY, busy), (HOLIDAY, holidays), (OUTSIDE, outside))
        return (*reasons, *(_on_days(template, starts, wanted.zone) for template, starts in listed if starts))


def _once(both: _Both, wanted: Once, minutes: int) -> Iterator[_Candidate]:
    """The quarter-hours that suit both and do not overlap the present time."""
    first, last, near = (minute_of(moment) for moment in (wanted.start, wanted.end, wanted.near))
    for day in _days_of(wanted):
        for minute, start in quarters(day, wanted.zone):
            allowed = first <= start and start + minutes <= last and abs(start - near) >= minutes
            if allowed and both.suits(start):
                yield _Candidate(day, minute, (start,), 1, _comfort(both, (start,)))


def _repeated(both: _Both, wanted: Repeated) -> Iterator[_Candidate]:
    """The weekdays and times that exist on all days of their series."""
    for step in range(7):
        first = wanted.after + step * A_DAY
        days = _occurrences(wanted, first)
        clocks = [dict(quarters(day, wanted.zone)) for day in days]
        for minute in range(0, DAY_MINUTES, STEP):
            starts = tuple(clock[minute] for clock in clocks if minute in clock)
            free = sum(map(both.suits, starts))
            if free and len(starts) == len(days):
                suiting = tuple(start for start in starts if both.suits(start))
                yield _Candidate(first, minute, starts, free, _comfort(both, suiting))


def _comfort(both: _Both, starts: Sequence[int]) -> tuple[int, ...]:
    """How well a time is placed in the day, lower being better: whether it is at noon for one of the two, and
    how near it is to an end of the working day.
    """
    at_noon = False
    for side in both.sides:
        local = moment_of(starts[0]).astimezone(ZoneInfo(side.zone))
        begins = local.hour * 60 + local.minute
        at_noon |= begins < LUNCH[1] and begins + both.minutes > LUNCH[0]
    return int(at_noon), -min(map(both.comfort, starts))


def _spread(
    candidates: Sequence[_Candidate], prefer: Callable[[_Candidate], tuple[int, ...]]
) -> list[_Candidate]:
    """Up to five candidates: those free most often, then on days and at times not chosen yet, then the
    preferred ones.
    """
    chosen: list[_Candidate] = []
    in_order = sorted(candidates, key=lambda one: (-one.free, prefer(one), one.starts))
    while len(chosen) < MOST:
        possible = [candidate for candidate in in_order if _is_open(candidate, chosen)]
        if not possible:
            break
        chosen.append(min(possible, key=lambda one: (-one.free, *_likeness(one, chosen))))
    return chosen


def _is_open(one: _Candidate, chosen: Iterable[_Candidate]) -> bool:
    """Whether one more proposal is possible on that day."""
    same_day = [other for other in chosen if other.day == one.day]
    return len(same_day) < MOST_A_DAY and all(abs(other.minute - one.minute) >= APART for other in same_day)


def _likeness(one: _Candidate, chosen: Iterable[_Candidate]) -> tuple[int, int]:
    """How many of the chosen are on the same day, and for a series, how many at about the same time."""
    same_day = sum(other.day == one.day for other in chosen)
    same_time = sum(abs(other.minute - one.minute) < APART for other in chosen)
    return same_day, same_time if len(one.starts) > 1 else 0


def _well(one: _Candidate) -> tuple[int, ...]:
    """Sort key for a series: not at noon, on the hour, well inside the day."""
    return one.comfort[0], _roundness(one.minute), one.comfort[1], one.minute


def _near(wanted: Once) -> Callable[[_Candidate], tuple[int, ...]]:
    """Sort key for one check-in: near its present day, not at noon, near its present time, on the hour."""
    present = wanted.near.astimezone(ZoneInfo(wanted.zone))
    usual = present.hour * 60 + present.minute

    def prefer(one: _Candidate) -> tuple[int, ...]:
        away = abs(one.minute - usual)
        return abs((one.day - present.date()).days), one.comfort[0], away // 60, _roundness(one.minute), away

    return prefer


def _roundness(minute: int) -> int:
    """0 on the hour, 1 on the half, 2 on the quarter."""
    return 0 if minute % 60 == 0 else 1 if minute % 30 == 0 else 2


def _nearness(chosen: _Candidate, wanted: Once) -> Iterator[Reason]:
    present = wanted.near.astimezone(ZoneInfo(wanted.zone))
    if chosen.day == present.date():
        yield Reason(SAME_DAY, {})
    elif chosen.day.isocalendar()[:2] == present.date().isocalendar()[:2]:
        yield Reason(SAME_WEEK, {})
    if (chosen.day.weekday(), chosen.minute) == (present.weekday(), present.hour * 60 + present.minute):
        yield Reason(SAME_TIME, {})


def _how_often(chosen: _Candidate, wanted: Repeated) -> Reason:
    always, monthly = chosen.free == len(chosen.starts), wanted.unit == "month" and wanted.every == 1
    template = (ALWAYS_MONTHS if monthly else ALWAYS) if always else (MOSTLY_MONTHS if monthly else MOSTLY)
    return Reason(
        template,
        {"count": len(chosen.starts)} if always else {"free": chosen.free, "count": len(chosen.starts)},
    )


def _on_days(template: str, starts: Sequence[int], zone: str) -> Reason:
    days = [moment_of(start).astimezone(ZoneInfo(zone)).date().isoformat() for start in starts]
    return Reason(template, {"days": days[:MOST_DAYS_NAMED], "more": max(0, len(days) - MOST_DAYS_NAMED)})


def _days_of(wanted: Once | Repeated) -> list[date]:
    """The local days that can matter, in order."""
    if isinstance(wanted, Once):
        zone = ZoneInfo(wanted.zone)
        first, last = (moment.astimezone(zone).date() for moment in (wanted.start, wanted.end))
        return [first + step * A_DAY for step in range((last - first).days + 1)]
    return sorted({day for step in range(7) for day in _occurrences(wanted, wanted.after + step * A_DAY)})


def _occurrences(wanted: Repeated, first: date) -> tuple[date, ...]:
    return cadence.occurrences(Rule(wanted.every, wanted.unit, first, time(), wanted.zone, wanted.count))
