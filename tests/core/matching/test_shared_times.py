"""When two can meet, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from portal.core.hours.weekly_hours import parse_hours
from portal.core.matching.candidates import Candidate
from portal.core.matching.explanations.sentences import SENTENCES
from portal.core.matching.explanations.shared_times import When, in_common, reach
from portal.core.matching.overlap import hours_in_common, shared_steps
from tests.core.matching.instances import DAY, WEEKS, ZONES, candidate, spoken_by, two

WEEK = "Mon-Fri 09:00-17:00"
NINE_TO_FIVE = (0, 1, 2, 3, 4)


def somebody(number: int, zone: str, hours: str) -> Candidate:
    return candidate(number, Random(1), zone=zone, hours=parse_hours(hours))


def busy(zone: str, hours: str, moment: datetime) -> set[int]:
    """The steps of the UTC week in which somebody works, with the clocks as they are at a moment."""
    ahead = int((moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds()) // 300
    return {
        (day * 288 + step - ahead) % 2016
        for day, intervals in enumerate(parse_hours(hours).days)
        for start, end in intervals
        for step in range(start // 5, end // 5)
    }


@pytest.mark.parametrize("seed", range(20))
def test_what_two_share_is_what_looking_at_each_week_of_the_year_gives(seed: int) -> None:
    chance = Random(seed)
    one, other = (
        (chance.choice(ZONES), chance.choice((*WEEKS, WEEK, "Sun 20:00-24:00; Mon 00:00-06:00")))
        for _ in "12"
    )
    worst, every = 2016, set(range(2016))
    for week in range(53):
        moment = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC) + timedelta(weeks=week)
        both = busy(*one, moment) & busy(*other, moment)
        begin = [at for at in both if all((at + later) % 2016 in both for later in range(12))]
        spent = {(at + later) % 2016 for at in begin for later in range(12)}
        ahead = int((moment.astimezone(ZoneInfo(other[0])).utcoffset() or timedelta()).total_seconds()) // 300
        worst, every = min(worst, len(spent)), every & {(at + ahead) % 2016 for at in spent}
    kinds = [(zone, parse_hours(hours)) for zone, hours in (one, other)]
    assert hours_in_common(*kinds, DAY) == worst // 12
    steps = shared_steps(*kinds, DAY)
    assert {at for at in range(2016) if steps >> at & 1} == every


@pytest.mark.parametrize(
    ("one", "other", "hours", "by_one", "by_other"),
    [
        (("Europe/Berlin", WEEK), ("Europe/Berlin", WEEK), 40, None, None),
        (("Europe/Berlin", WEEK), ("Europe/Lisbon", WEEK), 35, None, None),
        (
            ("Europe/Berlin", WEEK),
            ("Europe/Berlin", "Tue 09:00-12:00; Thu 10:00-12:00; Sat 09:00-17:00"),
            5,
            When((1, 3), "morning"),
            When((1, 3), "morning"),
        ),
        (
            ("Europe/Berlin", WEEK),
            ("America/New_York", WEEK),
            10,
            When(NINE_TO_FIVE, "afternoon"),
            When(NINE_TO_FIVE, "morning"),
        ),
        (
            ("America/New_York", WEEK),
            ("Europe/Berlin", WEEK),
            10,
            When(NINE_TO_FIVE, "morning"),
            When(NINE_TO_FIVE, "afternoon"),
        ),
        (("Europe/Berlin", WEEK), ("Asia/Kolkata", "Mon-Fri 10:00-20:00"), 32, None, None),
        (
            ("Europe/Berlin", WEEK),
            ("Europe/Berlin", "Wed 10:00-15:00; Sun 08:00-20:00"),
            5,
            When((2,), ""),
            When((2,), ""),
        ),
        (
            ("Europe/Berlin", WEEK),
            ("Europe/Berlin", "Mon 09:00-13:00; Sun 08:00-20:00"),
            4,
            When((0,), "morning", mostly=True),
            When((0,), "morning", mostly=True),
        ),
        (("Europe/Berlin", WEEK), ("Europe/Berlin", "Mon 09:30-09:50; Fri 18:00-20:00"), 0, None, None),
    ],
)
def test_days_and_parts_are_told_by_the_clock_of_each(
    one: tuple[str, str], other: tuple[str, str], hours: int, by_one: When | None, by_other: When | None
) -> None:
    found = in_common(somebody(1, *one), somebody(2, *other), DAY)
    assert (found.hours, found.one, found.other) == (hours, by_one, by_other)


@pytest.mark.parametrize(
    ("mentor", "mentee", "staff", "to_mentor", "to_mentee"),
    [
        (
            {},
            {"hours": "Tue 09:00-12:00; Thu 10:00-12:00; Sat 09:00-17:00"},
            "They share Tuesday and Thursday mornings, about 5 hours a week.",
            "You share Tuesday and Thursday mornings, about 5 hours a week.",
            "You share Tuesday and Thursday mornings, about 5 hours a week.",
        ),
        (
            {"site": "Lisbon", "zone": "Europe/Lisbon"},
            {"hours": "Tue 08:00-12:00; Thu 09:00-12:00; Sat 09:00-17:00"},
            (
                "They share Tuesday and Thursday mornings, about 4 hours a week, although one is "
                "in Lisbon and one in Berlin."
            ),
            "You share Tuesday and Thursday mornings, about 4 hours a week, although Person 2 is in Berlin.",
            "You share Tuesday and Thursday mornings, about 4 hours a week, although Person 1 is in Lisbon.",
        ),
        (
            {},
            {"zone": "America/New_York", "site": "Boston"},
            (
                "They share weekday mornings in New York time, about 10 hours a week, although "
                "one is in Berlin and one in "
                "Boston."
            ),
            (
                "You share weekday afternoons by your own clock, about 10 hours a week, although "
                "Person 2 is in Boston."
            ),
            (
                "You share weekday mornings by your own clock, about 10 hours a week, although "
                "Person 1 is in Berlin."
            ),
        ),
        (
            {},
            {"zone": "America/New_York", "site": "", "hours": "Mon 08:00-12:00"},
            "They share Monday mornings in New York time, about 3 hours a week.",
            "You share Monday afternoons by your own clock, about 3 hours a week.",
            "You share Monday mornings by your own clock, about 3 hours a week.",
        ),
        (
            {},
            {"hours": "Mon 09:00-10:30; Fri 17:00-21:00"},
            "They share Monday mornings, about one hour a week.",
            "You share Monday mornings, about one hour a week.",
            "You share Monday mornings, about one hour a week.",
        ),
        (
            {},
            {"zone": "Europe/Lisbon", "site": "Lisbon"},
            "They share most of their working hours, about 35 hours a week.",
            "You share most of your working hours, about 35 hours a week.",
            "You share most of your working hours, about 35 hours a week.",
        ),
        (
            {},
            {"zone": "Europe/Paris", "site": "Paris", "hours": "Wed 16:00-23:00"},
            "They share Wednesday afternoons, about one hour a week.",
            "You share Wednesday afternoons, about one hour a week.",
            "You share Wednesday afternoons, about one hour a week.",
        ),
    ],
)
def test_the_sentence_says_although_only_where_clocks_differ_and_little_is_shared(
    mentor: dict[str, str], mentee: dict[str, str], staff: str, to_mentor: str, to_mentee: str
) -> None:
    facts = [{**each, "hours": parse_hours(each.get("hours", WEEK))} for each in (mentor, mentee)]
    given = two({"zone": "Europe/Berlin", **facts[0]}, facts[1])
    template, args = SENTENCES["time"](given.mentors[0], given.mentees[0], given)
    assert [spoken_by(given, template, args, reader) for reader in ("staff", "mentor", "mentee")] == [
        staff,
        to_mentor,
        to_mentee,
    ]


def test_two_who_share_no_hour_are_told_none() -> None:
    given = two({"zone": "Asia/Tokyo"})
    assert SENTENCES["time"](given.mentors[0], given.mentees[0], given) == ("", {})


def test_what_may_be_asked_of_somebody_is_by_day() -> None:
    assert reach(("Asia/Tokyo", parse_hours("Tue 09:00-17:00")), "Europe/Berlin", DAY) == {(1, "morning")}
    assert reach(("Asia/Tokyo", parse_hours("Tue 09:00-13:00")), "Europe/Berlin", DAY) == frozenset()
