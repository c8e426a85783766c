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
    """A local time that a clock change leaves out or doubles; pages translate `template` with `facts`."""

    def __init__(self, day: date, at: time) -> None:
        self.template, self.facts = NOT_THAT_DAY, {"day": day.isoformat(), "time": at.strftime("%H:%M")}
        super().__init__(self.template % self.facts, field="at")


@dataclass(frozen=True, slots=True)
class Rule:
    """`count` meetings from `first_on`, every so many weeks or months, at a local time in `zone`."""

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
    """The local days of the rule, `first_on` included."""
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
    """Whether a local time exists exactly once on that day."""
    local = datetime.combine(day, at, ZoneInfo(zone))
    return local.utcoffset() == local.replace(fold=1).utcoffset()


def holidays_of(countries: Collection[str], years: Iterable[int]) -> Mapping[date, str]:
    """The public holidays of some countries (ISO 3166 codes) in some years: day -> name in the country's
    language.
    """
    names: dict[date, str] = {}
    span = sorted(set(years))
    for country in sorted(countries):
        try:
            language = public.country_holidays(country).default_language
            days = public.country_holidays(country, years=span, language=language)
        except NotImplementedError:
            continue
        for day, name in days.items():
            names.setdefault(day, name)
    return names


def seen_from(zone: str, at: time, calendars: Iterable[tuple[str, Mapping[date, str]]]) -> Mapping[date, str]:
    """People's holidays as days of `zone`: those on which the local time `at` falls on somebody's holiday,
    by the clocks of that person.

    `calendars` are the people's zones and the holidays of their countries. At nine in the evening of New
    Year's Eve in Berlin it is New Year's Day in Auckland.
    """
    names: dict[date, str] = {}
    for own_zone, holidays in calendars:
        for holiday, name in holidays.items():
            for day in (holiday + timedelta(days=step) for step in (-1, 0, 1)):
                own_time = datetime.combine(day, at, ZoneInfo(zone)).astimezone(ZoneInfo(own_zone))
                if own_time.date() == holiday:
                    names.setdefault(day, name)
    return names


@dataclass(frozen=True, slots=True)
class Planned:
    """A check-in to come: its day by the rule, when it begins, and the holiday that moved it, if any."""

    rule_on: date
    starts_at: datetime
    moved_for: str = ""


def planned(rule: Rule, *, holidays: Mapping[date, str]) -> tuple[Planned, ...]:
    """The rule's check-ins. One on a holiday moves to the next working day that suits, so that six stay six.

    `holidays` are days of the rule's zone (see seen_from). Raises Invalid when a time falls into a clock
    change.
    """
    days = occurrences(rule)
    taken = {day for day in days if day not in holidays}
    check_ins = []
    for day in days:
        moment_of(day, rule.at, rule.zone)
        actual = day
        if day in holidays:
            actual = shifted(day, holidays=holidays, taken=taken, at=rule.at, zone=rule.zone)
        taken.add(actual)
        holiday = holidays[day] if actual != day else ""
        check_ins.append(Planned(day, moment_of(actual, rule.at, rule.zone), holiday))
    return tuple(check_ins)


def shifted(day: date, *, holidays: Collection[date], taken: Collection[date], at: time, zone: str) -> date:
    """The next working day within LONGEST_MOVE that is not taken and has the local time once; else `day`."""
    for step in range(1, LONGEST_MOVE + 1):
        later = day + timedelta(days=step)
        if is_workday(later, holidays) and later not in taken and is_sure(later, at, zone):
            return later
    return day


def is_workday(day: date, holidays: Collection[date]) -> bool:
    """Whether it is neither on a weekend nor a holiday."""
    return day.weekday() < 5 and day not in holidays


def next_workday(day: date, holidays: Collection[date]) -> date:
    """`day`, or the first working day after it."""
    while not is_workday(day, holidays):
        day += timedelta(days=1)
    return day


@dataclass(frozen=True, slots=True)
class Week:
    """Somebody's working hours, local in their zone."""

    hours: WeeklyHours
    zone: str

    def covers(self, start: datetime, minutes: int) -> bool:
        """Whether they work for so long from `start` (aware) on."""
        local = start.astimezone(ZoneInfo(self.zone))
        begins = local.hour * 60 + local.minute
        return any(
            first <= begins and begins + minutes <= last for first, last in self.hours.days[local.weekday()]
        )


def first_common(
    one: Week, other: Week, *, after: date, minutes: int, holidays: Collection[date]
) -> tuple[date, time] | None:
    """The first day and time, in the zone of `one` and within three weeks, at which both work; or None."""
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
