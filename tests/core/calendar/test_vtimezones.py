"""VTIMEZONEs of all zones as others read them, against zoneinfo: a second before each change of clocks, at it
and after.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from icalendar import Timezone

from portal.core.calendar import vtimezones as timezones
from portal.errors import Invalid
from tests.calendars.readers import Reading, ical_js_reader, vobject_reader
from tests.sampling import sample

BEGIN = datetime(timezones.FIRST_YEAR, 1, 1, tzinfo=UTC)
END = datetime(timezones.LAST_YEAR + 1, 1, 1, tzinfo=UTC)
A_SECOND, A_DAY = timedelta(seconds=1), timedelta(days=1)
PARTS = 8
"""All zones in so many tests, so that they can run side by side."""


class Change(NamedTuple):
    """When clocks change, and their offset before and after."""

    at: datetime
    before: timedelta
    after: timedelta


class Onset(NamedTuple):
    """From when on clocks go by an offset, and the offset before it."""

    at: datetime
    before: timedelta
    offset: timedelta


def part_of_all(part: int) -> list[str]:
    """One part of all zones."""
    return sorted(timezones.names())[part::PARTS]


def offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    """The offset from UTC by zoneinfo."""
    found = moment.astimezone(zone).utcoffset()
    assert found is not None
    return found


@cache
def changes(name: str) -> tuple[Change, ...]:
    """The changes of a zone's offset by zoneinfo: looked for day by day, then by halves."""
    zone, found = timezones.zone(name), []
    moment, before = BEGIN, offset(timezones.zone(name), BEGIN)
    while moment < END:
        later = moment + A_DAY
        after = offset(zone, later)
        if after != before:
            low, high = moment, later
            while high - low > A_SECOND:
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
            found.append(Change(high, before, after))
        moment, before = later, after
    return tuple(found)


def read(text: str) -> list[Onset]:
    """What a VTIMEZONE says, by dateutil's reading of its rules."""
    onsets = []
    for block in Timezone.from_ical(text).subcomponents:
        start = block["DTSTART"].dt
        walls = [start]
        if "RRULE" in block:
            rule = rrulestr(block["RRULE"].to_ical().decode(), dtstart=start)
            walls = sorted({start, *rule.between(start, END.replace(tzinfo=None), inc=True)})
        before, after = block["TZOFFSETFROM"].td, block["TZOFFSETTO"].td
        onsets += [Onset((each - before).replace(tzinfo=UTC), before, after) for each in walls]
    return sorted(onsets)


def wrong_at(name: str, text: str) -> list[datetime]:
    """The moments at which a VTIMEZONE gives another offset than zoneinfo: a second before each change that
    either of them has, at it, and a second after it; and those at which an offset begins where another
    ends."""
    zone, onsets = timezones.zone(name), read(text)
    torn = [other.at for one, other in pairwise(onsets) if one.offset != other.before]
    starts = [each.at for each in onsets]
    around = {*(each.at for each in changes(name)), *starts, BEGIN, END - 2 * A_SECOND}
    probes = sorted(at + step for at in around for step in (-A_SECOND, timedelta(), A_SECOND))
    wrong = []
    for probe in (each for each in probes if BEGIN <= each < END):
        said = onsets[bisect_right(starts, probe) - 1] if starts[0] <= probe else None
        if said is None or said.offset != offset(zone, probe):
            wrong.append(probe)
    return [*torn, *wrong]


@pytest.mark.parametrize("part", sample(range(PARTS), 1))
def test_every_zone_is_right_a_second_before_each_change_at_it_and_after_it_until_2037(part: int) -> None:
    wrong = {name: wrong_at(name, timezones.vtimezone(name))[:3] for name in part_of_all(part)}
    assert {name: moments for name, moments in wrong.items() if moments} == {}


def test_no_zone_is_left_out_and_their_changes_are_many() -> None:
    names = [name for part in range(PARTS) for name in part_of_all(part)]
    assert sorted(names) == sorted(timezones.names())
    assert len(names) > 590
    assert sum(len(changes(name)) for name in names) > 6_000
    berlin = changes("Europe/Berlin")
    assert (len(berlin), berlin[0].at) == (2 * 18, datetime(2020, 3, 29, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "said", "instead"),
    [
        ("Europe/Berlin", "BYDAY=-1SU", "BYDAY=4SU"),
        ("Europe/Berlin", "T030000", "T030001"),
        ("Europe/Berlin", "TZOFFSETFROM:+0200", "TZOFFSETFROM:+0100"),
        ("Asia/Kolkata", "+0530", "+0500"),
        ("Australia/Lord_Howe", "TZOFFSETTO:+1100", "TZOFFSETTO:+1130"),
        ("Africa/Casablanca", "20240310", "20240317"),
        ("Africa/Cairo", "20240426", "20240425"),
        ("America/Sao_Paulo", "-0300", "-0200"),
    ],
)
def test_one_wrong_second_or_offset_shows(name: str, said: str, instead: str) -> None:
    text = timezones.vtimezone(name)
    assert said in text
    assert wrong_at(name, text) == []
    assert wrong_at(name, text.replace(said, instead)) != []


def probes(name: str) -> list[datetime]:
    """A second before each change, at it and after it; where clocks show an hour twice, before its first and
    after its second time. And a moment in each year."""
    found = [
        datetime(year, 7, 15, 12, tzinfo=UTC) for year in range(timezones.FIRST_YEAR, timezones.LAST_YEAR + 1)
    ]
    for at, before, after in changes(name):
        twice = max(before - after, timedelta())
        found += [at - twice - A_SECOND, at + twice, at + twice + A_SECOND]
    return [each for each in found if BEGIN <= each < END - 2 * A_DAY]


def events_at(name: str, moments: list[datetime]) -> bytes:
    """A calendar with an event at each moment, as clocks in the zone show it."""
    zone = timezones.zone(name)
    events = []
    for number, each in enumerate(moments):
        start, end = (f"{moment.astimezone(zone):%Y%m%dT%H%M%S}" for moment in (each, each + A_DAY))
        events.append(
            f"BEGIN:VEVENT\r\nUID:{number}\r\nSUMMARY:{number}\r\nDTSTART;TZID={name}:{start}\r\nDTEND;TZID={name}:{end}\r\n"
            "END:VEVENT\r\n"
        )
    parts = ["BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", timezones.vtimezone(name), *events, "END:VCALENDAR\r\n"]
    return "".join(parts).encode()


def misread(
    asked: dict[str, list[datetime]], answers: list[list[Reading]]
) -> dict[str, tuple[datetime, datetime]]:
    """By zone the first moment that was read as another one, and that one."""
    assert [len(each) for each in asked.values()] == [len(each) for each in answers]
    wrong = {}
    for (name, moments), answer in zip(asked.items(), answers, strict=True):
        for each in answer:
            if moments[int(each.summary)] != each.start:
                wrong.setdefault(name, (moments[int(each.summary)], each.start))
    return wrong


@pytest.mark.parametrize("part", sample(range(PARTS), 1))
def test_clients_that_know_no_zones_read_every_zone_right_to_the_second(part: int) -> None:
    asked = {name: probes(name) for name in part_of_all(part)}
    assert sum(map(len, asked.values())) > 3_000
    texts = [events_at(name, moments) for name, moments in asked.items()]
    assert misread(asked, ical_js_reader(texts)) == {}
    other = {
        name: moments
        for name, moments in asked.items()
        if any(offset(timezones.zone(name), each) for each in moments)
    }
    assert misread(other, vobject_reader([events_at(*each) for each in other.items()])) == {}, (
        "of UTC it has its own idea"
    )


def test_a_zone_with_a_rule_says_it_in_two_blocks_and_no_dates() -> None:
    berlin = timezones.vtimezone("Europe/Berlin")
    assert berlin.replace("\r\n", "\n") == (
        "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\n"
        "BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nTZNAME:CEST\nEND:DAYLIGHT\n"
        "BEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nTZNAME:CET\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    assert not [name for name in timezones.names() if "RDATE" in timezones.vtimezone(name)]


def test_a_zone_whose_future_no_rule_can_say_has_a_block_for_each_change() -> None:
    cairo = timezones.vtimezone("Africa/Cairo")
    assert "RRULE" not in cairo
    assert cairo.count("BEGIN:DAYLIGHT") == len(changes("Africa/Cairo")) // 2


def test_a_day_after_a_weekday_is_said_by_the_days_it_can_fall_on() -> None:
    assert "BYMONTHDAY=23,24,25,26,27,28,29;BYDAY=FR" in timezones.vtimezone("Asia/Jerusalem")


def test_summer_time_is_daylight_even_where_the_law_calls_winter_the_exception() -> None:
    dublin = timezones.vtimezone("Europe/Dublin").split("BEGIN:")
    assert [each.split("\r\n")[0] for each in dublin if "TZOFFSETTO:+0100" in each] == ["DAYLIGHT"]


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "europe/berlin", "../zones", "Europe/../Europe/Berlin", "/etc/passwd"]
)
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    for ask in (timezones.zone, timezones.vtimezone):
        with pytest.raises(Invalid) as refusal:
            ask(name)
        assert refusal.value.field == "zone"
