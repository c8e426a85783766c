"""When a series meets: a rule and its days, in the local time of one zone.

"Every month" means the same weekday of the month as the first: the second Tuesday stays the second Tuesday,
and a fifth one is the last. Local times that a clock change leaves out or doubles are refused, since
calendars disagree on them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays as public

from portal.core.hours.weekly_hours import WeeklyHours
from portal.core.translatable import N_
from portal.errors import Invalid

MOST_COUNT, MOST_EVERY = 60, 12
FEWEST_MINUTES, MOST_MINUTES = 15, 480
LONGEST_MOVE = 14
"""How many days after the rule's day a check-in may go to make room for a holiday; later than that it stays.
"""
LAST = 5

NOT_THAT_DAY = N_(
    "On %(day)s the clocks change and %(time)s is left out or comes twice. Choose another time."
)


class NotThatDay(Invalid):
    """A local time that a clock change leaves out or doubles; `template` and the rest are for a page that
    translates.
    """

    def __init__(self, day: date, at: time) -> None:
        self.template, self.facts = NOT_THAT_DAY, {"day": day.isoformat(), "time": at.strftime("%H:%M")}
        super().__init__(self.template % self.facts, field="at")


@dataclass(frozen=True, slots=True)
class Rule:
    """Every `every` weeks or months from `first_on`, at a local time in `zone`, `count` times."""

    every: int
    unit: str
    first_on: date
    at: time
    zone: str
    count: int

    def __post_init__(self) -> None:
        if self.unit not in ("week", "month"):
            raise ValueError("the unit of a rule is a week or a month")
        if not 1 <= self.every <= MOST_EVERY or not 1 <= self.count <= MOST_COUNT:
            raise ValueError("a rule is for every 1 to 12, 1 to 60 times")

    @property
    def nth(self) -> int:
        """Which of its weekday in the month the first day is: 1 to 4, or -1 for the last."""
        number = (self.first_on.day - 1) // 7 + 1
        return -1 if number >= LAST else number


def occurrences(rule: Rule) -> tuple[date, ...]:
    """The local days of the rule, the first one included."""
    if rule.unit == "week":
        return tuple(rule.first_on + timedelta(weeks=rule.every * step) for step in range(rule.count))
    first = rule.first_on if rule.nth > 0 else _in_month(rule.first_on.year, rule.first_on.month, rule)
    later = (_in_month(*_month_after(first, rule.every * step), rule) for step in range(1, rule.count))
    return (first, *later)


def moments(rule: Rule) -> tuple[datetime, ...]:
    """The moments of the rule in UTC; raises Invalid when one falls into a clock change."""
    return tuple(moment_of(day, rule.at, rule.zone) for day in occurrences(rule))


def moment_of(day: date, at: time, zone: str) -> datetime:
    """A local time as a moment in UTC; raises NotThatDay (field `at`) when a clock change leaves it out or
    doubles it.
    """
    if not is_sure(day, at, zone):
        raise NotThatDay(day, at)
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def is_sure(day: date, at: time, zone: str) -> bool:
    """Whether a local time is there exactly once on that day."""
    local = datetime.combine(day, at, ZoneInfo(zone))
    return local.utcoffset() == local.replace(fold=1).utcoffset()


def holidays_of(countries: Collection[str], years: Iterable[int]) -> Mapping[date, str]:
    """The public holidays of all the countries (ISO 3166 codes) in these years, by day, in the language of
    the country.
    """
    found: dict[date, str] = {}
    span = sorted(set(years))
    for country in sorted(countries):
        try:
            own = public.country_holidays(country).default_language
            there = public.country_holidays(country, years=span, language=own)
        except NotImplementedError:
            continue
        for day, name in there.items():
            found.setdefault(day, name)
    return found


def seen_from(zone: str, at: time, calendars: Iterable[tuple[str, Mapping[date, str]]]) -> Mapping[date, str]:
    """Each person's holidays as days of `zone`: those on which `at` there falls on a holiday by the clocks of
    that person.

    `calendars` are the people's zones and the holidays of their countries. At nine in the evening of New
    Year's Eve in Berlin it is New Year's Day in Auckland.
    """
    found: dict[date, str] = {}
    for own_zone, holidays in calendars:
        there = ZoneInfo(own_zone)
        for holiday, name in holidays.items():
            near = (holiday + timedelta(days=step) for step in (-1, 0, 1))
            local = (
                (day, datetime.combine(day, at, ZoneInfo(zone)).astimezone(there).date()) for day in near
            )
            for day in (day for day, theirs in local if theirs == holiday):
                found.setdefault(day, name)
    return found


@dataclass(frozen=True, slots=True)
class Planned:
    """One check-in as it will be: the day of the rule, when it is, and the holiday that
    moved it, if one did.
    """

    rule_on: date
    starts_at: datetime
    moved_for: str = ""


def planned(rule: Rule, *, holidays: Mapping[date, str]) -> tuple[Planned, ...]:
    """The rule's check-ins, each that falls on a holiday moved to the next working day that suits; so six
    stay six.

    `holidays` are days of the rule's zone (see seen_from). Raises Invalid when a time falls into a clock
    change.
    """
    days = occurrences(rule)
    taken = {day for day in days if day not in holidays}
    found = []
    for day in days:
        moment_of(day, rule.at, rule.zone)
        there = (
            day
            if day not in holidays
            else shifted(day, holidays=holidays, taken=taken, at=rule.at, zone=rule.zone)
        )
        taken.add(there)
        why = holidays[day] if there != day else ""
        found.append(Planned(day, moment_of(there, rule.at, rule.zone), why))
    return tuple(found)


def shifted(day: date, *, holidays: Collection[date], taken: Collection[date], at: time, zone: str) -> date:
    """The next working day after `day` that is no holiday, not taken, and on which the time is there once;
    else `day`.
    """
    for step in range(1, LONGEST_MOVE + 1):
        later = day + timedelta(days=step)
        if is_workday(later, holidays) and later not in taken and is_sure(later, at, zone):
            return later
    return day


def is_workday(day: date, holidays: Collection[date]) -> bool:
    """Neither a weekend nor a holiday."""
    return day.weekday() < 5 and day not in holidays


def next_workday(day: date, holidays: Collection[date]) -> date:
    """`day`, or the first working day after it."""
    while not is_workday(day, holidays):
        day += timedelta(days=1)
    return day


@dataclass(frozen=True, slots=True)
class Week:
    """When somebody works: their hours, local in their zone."""

    hours: WeeklyHours
    zone: str

    def covers(self, start: datetime, minutes: int) -> bool:
        """Whether from `start` (aware) they work for so long."""
        local = start.astimezone(ZoneInfo(self.zone))
        begins = local.hour * 60 + local.minute
        return any(
            first <= begins and begins + minutes <= last for first, last in self.hours.days[local.weekday()]
        )


def first_common(
    one: Week, other: Week, *, after: date, minutes: int, holidays: Collection[date]
) -> tuple[date, time] | None:
    """The first day within three weeks, and the time in the zone of `one`, at which both work; None when
    there is none.
    """
    for step in range(21):
        day = after + timedelta(days=step)
        if not is_workday(day, holidays):
            continue
        for half_hour in range(48):
            at = time(half_hour // 2, half_hour % 2 * 30)
            if not is_sure(day, at, one.zone):
                continue
            start = datetime.combine(day, at, ZoneInfo(one.zone))
            if one.covers(start, minutes) and other.covers(start, minutes):
                return day, at
    return None


def _month_after(day: date, months: int) -> tuple[int, int]:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return year, month + 1


def _in_month(year: int, month: int, rule: Rule) -> date:
    """The rule's weekday in a month."""
    weekday = rule.first_on.weekday()
    if rule.nth > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (rule.nth - 1))
    last = date(*_month_after(date(year, month, 1), 1), 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)
