"""VTIMEZONEs as others read them, by dateutil's rules and by ical.js, against zoneinfo at every change of every zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from icalendar import Timezone

from portal.core import timezones
from portal.errors import Invalid
from tests.calendars.readers import ical_js_each

BEGIN = datetime(timezones.FIRST_YEAR, 1, 1, tzinfo=UTC)
END = datetime(timezones.LAST_YEAR + 1, 1, 1, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
Change = tuple[datetime, timedelta]


def real_changes(zone: ZoneInfo) -> list[Change]:
    """The changes of a zone's offset by zoneinfo, and the offset after each: looked for in steps, then by halves."""
    found = []
    moment, before = BEGIN, BEGIN.astimezone(zone).utcoffset()
    while moment < END:
        later = moment + timedelta(days=4)
        after = later.astimezone(zone).utcoffset()
        if after != before and after is not None:
            low, high = moment, later
            while high - low > A_SECOND:
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
            found.append((high, after))
        moment, before = later, after
    return found


def read(text: str) -> list[Change]:
    """What a VTIMEZONE says: each moment at which an offset begins, and the offset, by dateutil's reading of its rules."""
    onsets = []
    for block in Timezone.from_ical(text).subcomponents:
        start = block["DTSTART"].dt
        walls = [start]
        if "RRULE" in block:
            rule = rrulestr(block["RRULE"].to_ical().decode(), dtstart=start)
            walls = rule.between(start, END.replace(tzinfo=None), inc=True)
            assert walls[0] == start, "the first onset is one that the rule gives"
        before, after = block["TZOFFSETFROM"].td, block["TZOFFSETTO"].td
        onsets += [((each - before).replace(tzinfo=UTC), before, after) for each in walls]
    onsets.sort()
    assert all(one[2] == other[1] for one, other in pairwise(onsets)), "an offset begins where another ends"
    return [(at, after) for at, _, after in onsets]


def test_every_zone_changes_exactly_when_it_should_until_2037() -> None:
    wrong = []
    for name in sorted(timezones.names()):
        zone = timezones.zone(name)
        said = read(timezones.vtimezone(name))
        at_first = [offset for at, offset in said if at <= BEGIN][-1]
        later = [each for each in said if BEGIN < each[0] < END]
        if (at_first, later) != (BEGIN.astimezone(zone).utcoffset(), real_changes(zone)):
            wrong.append(name)
    assert wrong == []


def probes(zone: ZoneInfo) -> list[datetime]:
    """Moments a few hours before and after each change, and one in each year."""
    around = [at + timedelta(hours=hours) for at, _ in real_changes(zone) for hours in (-5, 5)]
    yearly = [datetime(year, 7, 15, 12, tzinfo=UTC) for year in range(timezones.FIRST_YEAR, timezones.LAST_YEAR + 1)]
    return [each for each in around + yearly if BEGIN <= each < END - timedelta(days=2)]


def events_at(name: str, moments: list[datetime]) -> bytes:
    """A calendar with an event at each moment, as clocks in the zone show it."""
    zone = timezones.zone(name)
    events = [
        f"BEGIN:VEVENT\r\nUID:{number}\r\nSUMMARY:{number}\r\nDTSTART;TZID={name}:{each.astimezone(zone):%Y%m%dT%H%M%S}\r\n"
        "DURATION:PT1H\r\nEND:VEVENT\r\n"
        for number, each in enumerate(moments)
    ]
    parts = ["BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", timezones.vtimezone(name), *events, "END:VCALENDAR\r\n"]
    return "".join(parts).encode()


def test_a_client_that_knows_no_zones_reads_every_zone_right() -> None:
    asked = {name: probes(timezones.zone(name)) for name in sorted(timezones.names())}
    answers = ical_js_each([events_at(name, moments) for name, moments in asked.items()])
    wrong = {
        name: (summary, start)
        for (name, moments), answer in zip(asked.items(), answers, strict=True)
        for summary, start, _, _ in answer
        if moments[int(summary)] != start
    }
    assert sum(map(len, asked.values())) == sum(map(len, answers)) > 20_000
    assert wrong == {}


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
    assert cairo.count("BEGIN:DAYLIGHT") == len(real_changes(timezones.zone("Africa/Cairo"))) // 2


def test_a_day_after_a_weekday_is_said_by_the_days_it_can_fall_on() -> None:
    assert "BYMONTHDAY=23,24,25,26,27,28,29;BYDAY=FR" in timezones.vtimezone("Asia/Jerusalem")


def test_summer_time_is_daylight_even_where_the_law_calls_winter_the_exception() -> None:
    dublin = timezones.vtimezone("Europe/Dublin").split("BEGIN:")
    assert [each.split("\r\n")[0] for each in dublin if "TZOFFSETTO:+0100" in each] == ["DAYLIGHT"]


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "europe/berlin", "../zones", "Europe/../Europe/Berlin", "/etc/passwd"])
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    for ask in (timezones.zone, timezones.vtimezone):
        with pytest.raises(Invalid) as refusal:
            ask(name)
        assert refusal.value.field == "zone"
