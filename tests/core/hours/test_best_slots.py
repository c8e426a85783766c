"""The best common times: held against trying every quarter of an hour, minute by minute, by the clocks of
both.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as some

from portal.core.hours import best_slots, cadence
from portal.core.hours.best_slots import Found, Once, Repeated, Side, Span, best
from portal.core.hours.cadence import Rule
from portal.core.hours.weekly_hours import WeeklyHours, parse_hours
from tests.sampling import examples

OFFICE = parse_hours("Mon-Fri 09:00-17:00")
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
)
A_MINUTE = timedelta(minutes=1)

span_of_week = some.tuples(some.integers(0, 6), some.integers(0, 1380), some.integers(30, 600)).map(
    lambda each: (each[0], each[1], min(1440, each[1] + each[2]))
)
hours = some.lists(span_of_week, min_size=1, max_size=9).map(WeeklyHours.of)
FIRST = datetime(2027, 3, 1, tzinfo=UTC)
spans = some.lists(
    some.tuples(some.integers(0, 60 * 24 * 60), some.integers(1, 2000)).map(
        lambda each: (FIRST + each[0] * A_MINUTE, FIRST + (each[0] + each[1]) * A_MINUTE)
    ),
    max_size=12,
)
days = some.frozensets(some.integers(0, 60).map(lambda each: FIRST.date() + timedelta(days=each)), max_size=6)
sides = some.builds(Side, hours, some.sampled_from(ZONES), days, spans, some.none() | spans)


def works(side: Side, moment: datetime) -> bool:
    """Whether somebody works in the minute that begins then."""
    local = moment.astimezone(ZoneInfo(side.zone))
    minute = local.hour * 60 + local.minute
    intervals = side.hours.days[local.weekday()]
    return local.date() not in side.holidays and any(start <= minute < end for start, end in intervals)


def suits(both: tuple[Side, Side], start: datetime, minutes: int) -> bool:
    """Whether both are free, minute by minute."""
    end = start + timedelta(minutes=minutes)
    taken = [each for side in both for each in (*side.taken, *(side.busy or ()))]
    return not any(first < end and last > start for first, last in taken) and all(
        works(side, start + step * A_MINUTE) for side in both for step in range(minutes)
    )


def quarters(day: date, zone: str) -> list[tuple[int, datetime]]:
    """The quarters of a day whose local time is there exactly once."""
    found = []
    for minute in range(0, 1440, 15):
        local = datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(zone))
        if local.utcoffset() == local.replace(fold=1).utcoffset():
            found.append((minute, local.astimezone(UTC)))
    return found


@settings(max_examples=examples(60))
@given(
    sides,
    sides,
    some.sampled_from(ZONES),
    some.sampled_from((15, 30, 60, 90)),
    some.integers(0, 20),
    some.integers(0, 95),
)
def test_one_check_in_goes_only_where_both_are_free_and_nowhere_better_is_passed_over(
    you: Side, partner: Side, zone: str, minutes: int, ahead: int, quarter: int
) -> None:
    start = FIRST + timedelta(days=ahead, minutes=15 * quarter)
    wanted = Once(zone, start, start + timedelta(days=4), start + timedelta(days=1))
    near_day = wanted.near.astimezone(ZoneInfo(zone)).date()
    found = best(you, partner, wanted, minutes=minutes)
    length = timedelta(minutes=minutes)
    first = start.astimezone(ZoneInfo(zone)).date()
    all_there = {
        moment
        for step in range(6)
        for _, moment in quarters(first + timedelta(days=step), zone)
        if start <= moment <= wanted.end - length
        and not (moment < wanted.near + length and moment + length > wanted.near)
        and suits((you, partner), moment, minutes)
    }
    chosen = [each.starts_at for each in found.slots]
    assert set(chosen) <= all_there
    assert bool(chosen) == bool(all_there) == (found.none_because is None)
    local_days = [each.astimezone(ZoneInfo(zone)).date() for each in chosen]
    there_days = {each.astimezone(ZoneInfo(zone)).date() for each in all_there}
    if chosen:  # the first is on the nearest day, and each day has its turn before one has two
        assert abs((local_days[0] - near_day).days) == min(abs((each - near_day).days) for each in there_days)
        assert len(set(local_days)) == min(len(there_days), best_slots.MOST)
    keeps_apart(found, zone)


@settings(max_examples=examples(40))
@given(
    sides,
    sides,
    some.sampled_from(ZONES),
    some.sampled_from((15, 45, 60)),
    some.sampled_from(("week", "month")),
    some.integers(1, 3),
    some.integers(1, 6),
    some.integers(0, 40),
)
def test_a_series_is_ranked_by_how_often_both_are_free(
    you: Side, partner: Side, zone: str, minutes: int, unit: str, every: int, count: int, ahead: int
) -> None:
    wanted = Repeated(zone, every, unit, count, FIRST.date() + timedelta(days=ahead))
    found = best(you, partner, wanted, minutes=minutes)
    free: dict[datetime, int] = {}
    for step in range(7):
        first = wanted.after + timedelta(days=step)
        clocks = [
            dict(quarters(day, zone))
            for day in cadence.occurrences(Rule(every, unit, first, time(), zone, count))
        ]
        for minute, moment in clocks[0].items():
            if all(minute in clock for clock in clocks):
                free[moment] = sum(suits((you, partner), clock[minute], minutes) for clock in clocks)
    eligible = {moment: times for moment, times in free.items() if times * 2 >= count}
    assert [each.free for each in found.slots] == [free[each.starts_at] for each in found.slots]
    assert {each.starts_at for each in found.slots} <= set(eligible)
    assert bool(found.slots) == bool(eligible)
    if found.slots:
        assert found.slots[0].free == max(eligible.values())
        assert [each.free for each in found.slots] == sorted(
            (each.free for each in found.slots), reverse=True
        )
    keeps_apart(found, zone)


def keeps_apart(found: Found, zone: str) -> None:
    """At most five, at most two on a day and those two hours apart."""
    assert len(found.slots) <= 5
    by_day: dict[date, list[int]] = {}
    for each in found.slots:
        local = each.starts_at.astimezone(ZoneInfo(zone))
        by_day.setdefault(local.date(), []).append(local.hour * 60 + local.minute)
    for minutes in by_day.values():
        assert len(minutes) <= 2
        assert len(minutes) < 2 or abs(minutes[0] - minutes[1]) >= 120


def said(found: Found) -> list[list[str]]:
    """The reasons of each, in English."""
    return [
        [reason.template % {"partner": "Ada", **reason.args} for reason in each.reasons]
        for each in found.slots
    ]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_reasons_of_a_series_name_what_stands_against_it() -> None:
    busy: list[Span] = [(at("2027-05-10 07:00"), at("2027-05-10 15:00"))]
    you = Side(parse_hours("Mon 09:00-17:00"), "Europe/Berlin", {date(2027, 3, 8)}, busy=())
    partner = Side(OFFICE, "Europe/Berlin", busy=busy)
    found = best(you, partner, Repeated("Europe/Berlin", 1, "month", 6, date(2027, 1, 11)), minutes=60)
    assert [each.free for each in found.slots] == [4, 4]
    assert said(found)[0] == [
        "Inside both working days",
        "The same slot is free in 4 of 6 months",
        "One of you is busy then: ['2027-05-10']",
        "A holiday, so it moves to the next working day: ['2027-03-08']",
    ]


def test_whose_calendar_is_known_decides_who_is_called_free() -> None:
    wanted = Once("Europe/Berlin", at("2027-02-01 00:00"), at("2027-02-06 00:00"), at("2027-02-02 09:00"))
    for yours, theirs, says in (
        ((), (), ["Both of you are free"]),
        ((), None, ["Your calendar is free"]),
        (None, (), ["Ada’s calendar is free"]),
        (None, None, []),
    ):
        found = best(
            Side(OFFICE, "Europe/Berlin", busy=yours),
            Side(OFFICE, "Europe/Berlin", busy=theirs),
            wanted,
            minutes=60,
        )
        assert said(found)[0] == [*says, "Inside both working days", "On the same day as now"]


def test_working_days_in_other_zones_meet_where_they_overlap() -> None:
    you, partner = Side(OFFICE, "Europe/Berlin"), Side(OFFICE, "America/New_York")
    found = best(you, partner, Repeated("Europe/Berlin", 1, "week", 8, date(2027, 2, 22)), minutes=60)
    assert {each.starts_at.time() for each in found.slots} <= {
        time(14),
        time(14, 30),
        time(15),
        time(14, 15),
        time(14, 45),
    }
    assert all(each.free == each.of for each in found.slots)


def test_hours_that_never_meet_and_times_all_taken_are_told_apart() -> None:
    wanted = Repeated("Europe/Berlin", 1, "week", 4, date(2027, 2, 22))
    early = Side(parse_hours("Mon-Fri 06:00-08:00"), "Europe/Berlin")
    apart = best(early, Side(OFFICE, "Europe/Berlin"), wanted, minutes=60)
    assert apart.none_because == (best_slots.HOURS_APART, {"minutes": 60})
    away = Side(OFFICE, "Europe/Berlin", busy=[(at("2027-01-01 00:00"), at("2027-12-31 00:00"))])
    taken = best(away, Side(OFFICE, "Europe/Berlin"), wanted, minutes=60)
    assert taken.none_because == (best_slots.ALL_TAKEN, {})


def test_a_time_that_a_clock_change_leaves_out_or_doubles_is_never_proposed() -> None:
    night = WeeklyHours.of([(6, 0, 300)])
    for first, sunday in (
        (date(2027, 3, 22), at("2027-03-28 00:00")),
        (date(2027, 10, 25), at("2027-10-31 00:00")),
    ):
        side = Side(night, "Europe/Berlin")
        found = best(side, side, Repeated("Europe/Berlin", 1, "week", 1, first), minutes=15)
        times = {each.starts_at.astimezone(ZoneInfo("Europe/Berlin")).hour for each in found.slots}
        assert times
        assert 2 not in times
        once = best(
            side,
            side,
            Once("Europe/Berlin", sunday - timedelta(days=1), sunday + timedelta(days=1), sunday),
            minutes=15,
        )
        assert 2 not in {each.starts_at.astimezone(ZoneInfo("Europe/Berlin")).hour for each in once.slots}


def test_a_year_of_meetings_is_searched_among_a_thousand_busy_times() -> None:
    busy = [
        (at("2027-01-04 09:00") + timedelta(hours=7 * n), at("2027-01-04 10:00") + timedelta(hours=7 * n))
        for n in range(1000)
    ]
    you, partner = Side(OFFICE, "Europe/Berlin", busy=busy), Side(OFFICE, "Europe/London", busy=busy)
    wanted = Repeated("Europe/Berlin", 1, "month", 12, date(2027, 1, 11))
    found = best(you, partner, wanted, minutes=60)
    assert 1 <= len(found.slots) <= 5
    assert found == best(you, partner, wanted, minutes=60)
