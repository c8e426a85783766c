"""When a series meets: the days of a rule, the clocks of its zone, and the holidays of two countries."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule

from portal.core.hours import cadence
from portal.core.hours.cadence import Planned, Rule, Week
from portal.core.hours.weekly_hours import parse_hours
from portal.errors import Invalid

TEN = time(10)


def rule(
    first_on: date, *, every: int = 1, unit: str = "month", count: int = 6, at: time = TEN, zone: str = "UTC"
) -> Rule:
    return Rule(every, unit, first_on, at, zone, count)


def days(first_on: date, **more: Any) -> list[str]:
    return [day.isoformat() for day in cadence.occurrences(rule(first_on, **more))]


def test_every_two_weeks_is_the_same_weekday_each_time() -> None:
    found = days(date(2026, 12, 8), every=2, unit="week", count=4)
    assert found == ["2026-12-08", "2026-12-22", "2027-01-05", "2027-01-19"]


def test_every_month_is_the_same_weekday_of_the_month() -> None:
    found = days(date(2026, 10, 13))
    assert found == ["2026-10-13", "2026-11-10", "2026-12-08", "2027-01-12", "2027-02-09", "2027-03-09"]


def test_every_third_month_goes_over_the_end_of_the_year() -> None:
    assert days(date(2026, 11, 4), every=3, count=4) == [
        "2026-11-04",
        "2027-02-03",
        "2027-05-05",
        "2027-08-04",
    ]


def test_a_fifth_weekday_is_the_last_one_of_each_month() -> None:
    found = days(date(2026, 10, 29), count=5)
    assert found == ["2026-10-29", "2026-11-26", "2026-12-31", "2027-01-28", "2027-02-25"]


def test_a_fourth_weekday_stays_the_fourth_even_where_it_is_the_last() -> None:
    assert days(date(2027, 2, 22), count=4) == ["2027-02-22", "2027-03-22", "2027-04-26", "2027-05-24"]


@pytest.mark.parametrize("day", [29, 30, 31])
def test_the_ends_of_long_months_have_a_day_in_every_month(day: int) -> None:
    first = date(2027, 1, day)
    found = cadence.occurrences(rule(first, count=12))
    assert [each.month for each in found] == list(range(1, 13))
    assert {each.weekday() for each in found} == {first.weekday()}
    assert all((each + timedelta(days=7)).month != each.month for each in found)


def test_the_leap_day_is_a_last_one_and_met_by_rules() -> None:
    assert days(date(2028, 2, 29), every=12, count=3) == ["2028-02-29", "2029-02-27", "2030-02-26"]
    assert days(date(2028, 1, 4), unit="week", every=8, count=2) == ["2028-01-04", "2028-02-29"]
    assert days(date(2028, 1, 25), count=3) == ["2028-01-25", "2028-02-22", "2028-03-28"]


@pytest.mark.parametrize(("unit", "every"), [("week", 1), ("week", 12), ("month", 1), ("month", 12)])
def test_sixty_times_are_sixty_different_days_in_order(unit: str, every: int) -> None:
    found = cadence.occurrences(rule(date(2026, 12, 31), unit=unit, every=every, count=60))
    assert len(set(found)) == 60
    assert list(found) == sorted(found)
    assert found[0] == date(2026, 12, 31)


def test_once_is_the_first_day_alone() -> None:
    assert days(date(2026, 10, 29), count=1) == ["2026-10-29"]


@pytest.mark.parametrize("seed", range(10))
def test_an_independent_reader_of_recurrence_rules_finds_the_same_days(seed: int) -> None:
    chance = Random(seed)
    for _again in range(40):
        first = date(2024, 1, 1) + timedelta(days=chance.randrange(3000))
        unit = chance.choice(("week", "month"))
        ours = rule(first, unit=unit, every=chance.randint(1, 12), count=chance.randint(1, 60))
        weekday = rrule.weekday(first.weekday())
        theirs = rrule.rrule(
            rrule.WEEKLY if unit == "week" else rrule.MONTHLY,
            dtstart=datetime.combine(first, TEN),
            interval=ours.every,
            count=ours.count,
            byweekday=weekday if unit == "week" else weekday(ours.nth),
        )
        assert list(cadence.occurrences(ours)) == [each.date() for each in theirs], ours


@pytest.mark.parametrize(
    "wrong",
    [{"every": 0}, {"every": 13}, {"count": 0}, {"count": 61}, {"unit": "day"}, {"unit": ""}],
)
def test_a_rule_that_calendars_do_not_read_alike_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="rule is"):
        rule(date(2026, 10, 13), **wrong)


@pytest.mark.parametrize(
    ("zone", "summer", "winter"),
    [
        ("Europe/Berlin", "2026-10-20T08:00", "2026-10-27T09:00"),
        ("America/New_York", "2026-10-27T14:00", "2026-11-03T15:00"),
    ],
)
def test_the_local_time_stays_when_the_clocks_change(zone: str, summer: str, winter: str) -> None:
    first = date.fromisoformat(summer[:10])
    found = cadence.moments(rule(first, unit="week", count=2, zone=zone))
    assert [each.strftime("%Y-%m-%dT%H:%M") for each in found] == [summer, winter]
    assert all(each.tzinfo is UTC for each in found)


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Asia/Kolkata", "2026-10-13T04:30"),
        ("Asia/Kathmandu", "2026-10-13T04:15"),
        ("Australia/Adelaide", "2026-10-12T23:30"),
        ("America/St_Johns", "2026-10-13T12:30"),
    ],
)
def test_zones_that_are_off_by_a_part_of_an_hour(zone: str, moment: str) -> None:
    assert cadence.moment_of(date(2026, 10, 13), TEN, zone).strftime("%Y-%m-%dT%H:%M") == moment


LEFT_OUT = [
    ("Europe/Berlin", "2027-03-28", "02:00", "02:30", "02:59"),
    ("America/New_York", "2027-03-14", "02:00", "02:30", "02:59"),
    ("Australia/Sydney", "2026-10-04", "02:00", "02:30", "02:59"),
    ("Australia/Lord_Howe", "2026-10-04", "02:00", "02:15", "02:29"),
]
DOUBLED = [
    ("Europe/Berlin", "2026-10-25", "02:00", "02:30", "02:59"),
    ("America/New_York", "2026-11-01", "01:00", "01:30", "01:59"),
    ("Australia/Sydney", "2027-04-04", "02:00", "02:30", "02:59"),
    ("Australia/Lord_Howe", "2027-04-04", "01:30", "01:45", "01:59"),
]


@pytest.mark.parametrize(("zone", "day", "first", "middle", "last"), [*LEFT_OUT, *DOUBLED])
def test_a_time_that_a_clock_change_leaves_out_or_doubles_is_refused_with_its_day(
    zone: str, day: str, first: str, middle: str, last: str
) -> None:
    on = date.fromisoformat(day)
    for text in (first, middle, last):
        with pytest.raises(Invalid) as refused:
            cadence.moment_of(on, time.fromisoformat(text), zone)
        assert refused.value.field == "at"
        assert day in refused.value.message
        assert text in refused.value.message
    minutes = [60 * each.hour + each.minute for each in (time.fromisoformat(first), time.fromisoformat(last))]
    for beside in (minutes[0] - 1, minutes[1] + 1):
        at = time(beside // 60, beside % 60)
        assert cadence.moment_of(on, at, zone).astimezone(ZoneInfo(zone)).replace(
            tzinfo=None
        ) == datetime.combine(on, at)


@pytest.mark.parametrize(
    ("zone", "day", "text"), [(each[0], each[1], each[3]) for each in [*LEFT_OUT, *DOUBLED]]
)
@pytest.mark.parametrize("before", [1, 3, 11])
def test_every_instance_is_checked_and_not_only_the_first(
    zone: str, day: str, text: str, before: int
) -> None:
    bad = date.fromisoformat(day)
    weekly = rule(
        bad - timedelta(weeks=before), unit="week", count=before + 1, at=time.fromisoformat(text), zone=zone
    )
    for check in (cadence.moments, lambda each: cadence.planned(each, holidays={})):
        with pytest.raises(Invalid, match=day):
            check(weekly)
    short = rule(weekly.first_on, unit="week", count=before, at=weekly.at, zone=zone)
    assert len(cadence.moments(short)) == before


def test_a_refused_time_can_be_said_in_any_language() -> None:
    with pytest.raises(cadence.NotThatDay) as refused:
        cadence.moment_of(date(2027, 3, 28), time(2, 30), "Europe/Berlin")
    assert refused.value.template == cadence.NOT_THAT_DAY
    assert refused.value.template % refused.value.facts == refused.value.message


def test_a_day_that_a_zone_left_out_altogether_is_refused() -> None:
    with pytest.raises(Invalid, match="2011-12-30"):
        cadence.moment_of(date(2011, 12, 30), TEN, "Pacific/Apia")


def holidays(*countries: str, first: int = 2026, last: int = 2028) -> dict[date, str]:
    return dict(cadence.holidays_of(countries, range(first, last + 1)))


def test_holidays_are_those_of_both_countries_in_their_own_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    for language in ("C.UTF-8", "en_US.UTF-8", "uk_UA.UTF-8"):
        for name in ("LANGUAGE", "LC_ALL", "LANG"):
            monkeypatch.setenv(name, language)
        found = holidays("PT", "DE")
        assert found[date(2027, 1, 1)] == "Neujahr"
        assert found[date(2026, 10, 3)] == "Tag der Deutschen Einheit"
        assert found[date(2026, 12, 8)] == "Imaculada Conceição"
        assert found[date(2026, 12, 25)] == "Erster Weihnachtstag"


@pytest.mark.parametrize("unknown", ["XX", "", "de", "Atlantis"])
def test_a_country_that_is_not_known_has_no_holidays_and_is_no_error(unknown: str) -> None:
    assert holidays(unknown) == {}
    assert holidays(unknown, "DE") == holidays("DE")


def test_a_check_in_on_new_years_day_is_on_the_next_working_day_and_says_why() -> None:
    fridays = rule(date(2026, 12, 25), unit="week", count=3, zone="Europe/Berlin")
    assert cadence.planned(fridays, holidays=holidays("DE", "PT")) == (
        Planned(date(2026, 12, 25), datetime(2026, 12, 28, 9, tzinfo=UTC), "Erster Weihnachtstag"),
        Planned(date(2027, 1, 1), datetime(2027, 1, 4, 9, tzinfo=UTC), "Neujahr"),
        Planned(date(2027, 1, 8), datetime(2027, 1, 8, 9, tzinfo=UTC)),
    )


@pytest.mark.parametrize("first", [date(2026, 9, 1) + timedelta(days=each) for each in range(0, 122, 3)])
@pytest.mark.parametrize("unit", ["week", "month"])
def test_six_stay_six_and_none_is_on_a_holiday_or_moved_to_a_weekend(first: date, unit: str) -> None:
    off = holidays("DE", "PT")
    found = cadence.planned(rule(first, unit=unit, zone="Europe/Berlin"), holidays=off)
    there = [each.starts_at.astimezone(ZoneInfo("Europe/Berlin")).date() for each in found]
    assert len(set(there)) == 6
    assert not set(there) & set(off)
    for each, day in zip(found, there, strict=True):
        assert (each.moved_for != "") == (each.rule_on in off) == (day != each.rule_on)
        assert each.moved_for == off.get(each.rule_on, "")
        assert day.weekday() < 5 or not each.moved_for
        assert timedelta() <= day - each.rule_on <= timedelta(days=cadence.LONGEST_MOVE)


def test_two_that_would_move_to_the_same_day_do_not_meet_there() -> None:
    off = dict.fromkeys([date(2026, 10, 6) + timedelta(days=each) for each in range(8)], "Feast")
    found = cadence.planned(rule(date(2026, 10, 6), unit="week", count=3), holidays=off)
    assert [each.starts_at.date().isoformat() for each in found] == ["2026-10-14", "2026-10-15", "2026-10-20"]


def test_no_check_in_is_moved_onto_another_of_the_rule() -> None:
    off = {date(2026, 10, 6) + timedelta(days=each): "Feast" for each in range(7)}
    found = cadence.planned(rule(date(2026, 10, 6), unit="week", count=2), holidays=off)
    assert [each.starts_at.date().isoformat() for each in found] == ["2026-10-14", "2026-10-13"]


def test_no_check_in_is_moved_into_a_clock_change() -> None:
    friday_has_no_half_past_midnight = date(2012, 3, 29), time(0, 30), "Asia/Amman"
    day, at, zone = friday_has_no_half_past_midnight
    assert cadence.shifted(day, holidays=(), taken=(), at=at, zone=zone) == date(2012, 4, 2)
    assert cadence.shifted(day, holidays=(), taken=(), at=TEN, zone=zone) == date(2012, 3, 30)


def test_where_no_day_within_two_weeks_suits_the_check_in_stays() -> None:
    off = dict.fromkeys([date(2026, 10, 6) + timedelta(days=each) for each in range(30)], "Feast")
    (only,) = cadence.planned(rule(date(2026, 10, 6), unit="week", count=1), holidays=off)
    assert only == Planned(date(2026, 10, 6), datetime(2026, 10, 6, 10, tzinfo=UTC))


def test_the_next_working_day_may_be_the_day_itself() -> None:
    off = {date(2026, 10, 5): "Feast"}
    assert cadence.next_workday(date(2026, 10, 2), off) == date(2026, 10, 2)
    assert cadence.next_workday(date(2026, 10, 3), off) == date(2026, 10, 6)


def test_the_first_time_at_which_both_work_is_found_in_the_zone_of_the_first() -> None:
    berlin = Week(parse_hours("Mon-Fri 09:00-17:00"), "Europe/Berlin")
    new_york = Week(parse_hours("Tue-Thu 08:30-16:30"), "America/New_York")
    friday = date(2026, 10, 9)
    found = cadence.first_common(
        berlin, new_york, after=friday, minutes=60, holidays={date(2026, 10, 13): "Feast"}
    )
    assert found == (date(2026, 10, 14), time(14, 30))
    assert cadence.first_common(new_york, berlin, after=friday, minutes=60, holidays=()) == (
        date(2026, 10, 13),
        time(8, 30),
    )


def test_two_whose_hours_never_meet_have_no_first_time() -> None:
    berlin = Week(parse_hours("Mon-Fri 09:00-12:00"), "Europe/Berlin")
    auckland = Week(parse_hours("Mon-Fri 09:00-17:00"), "Pacific/Auckland")
    assert cadence.first_common(berlin, auckland, after=date(2026, 10, 9), minutes=60, holidays=()) is None


def test_a_holiday_is_a_day_of_ones_own_clock() -> None:
    new_year = {date(2027, 1, 1): "New Year's Day"}
    evening = cadence.seen_from("Europe/Berlin", time(21), [("Pacific/Auckland", new_year)])
    morning = cadence.seen_from("Europe/Berlin", time(9), [("Pacific/Auckland", new_year)])
    early = cadence.seen_from("Pacific/Auckland", time(8), [("America/Los_Angeles", new_year)])
    days = [date(2026, 12, 31)], [date(2027, 1, 1)], [date(2027, 1, 2)]
    assert (list(evening), list(morning), list(early)) == days


def test_of_two_holidays_on_one_day_the_first_ones_name_is_said() -> None:
    here = ("Europe/Berlin", {date(2026, 12, 25): "Erster Weihnachtstag"})
    there = (
        "Europe/London",
        {date(2026, 12, 25): "Christmas Day", date(2026, 12, 28): "Boxing Day (observed)"},
    )
    seen = cadence.seen_from("Europe/Berlin", time(10), [here, there])
    assert seen == {date(2026, 12, 25): "Erster Weihnachtstag", date(2026, 12, 28): "Boxing Day (observed)"}
