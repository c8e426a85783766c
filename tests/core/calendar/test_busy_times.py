"""Busy times read from calendar texts: what counts, what is free, what is refused, and that nothing else
comes out.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.core.calendar import busy_times
from portal.errors import Invalid

MARCH = (datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC))


def busy(*events: str, kind: str = "VEVENT", zone: str = "Europe/Berlin") -> list[str]:
    """The busy times in March 2027 of a text with these components, as short texts in UTC."""
    parts = "".join(f"BEGIN:{kind}\n{each}\nEND:{kind}\n" for each in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//tests//EN\n{parts}END:VCALENDAR\n".replace(
        "\n", "\r\n"
    ).encode()
    found = busy_times.merged(busy_times.read(text, start=MARCH[0], end=MARCH[1], zone=zone))
    return [f"{start:%d %H:%M}-{end:%d %H:%M}" for start, end in found]


def event(
    *lines: str, start: str = "20270302T090000", end: str = "20270302T100000", zone: str = "Europe/Berlin"
) -> str:
    """A VEVENT's lines."""
    return "\n".join([f"DTSTART;TZID={zone}:{start}", f"DTEND;TZID={zone}:{end}", *lines])


@pytest.mark.parametrize(
    ("lines", "times"),
    [
        ([event()], ["02 08:00-02 09:00"]),
        ([event("TRANSP:TRANSPARENT")], []),
        ([event("STATUS:CANCELLED")], []),
        ([event("STATUS:TENTATIVE")], ["02 08:00-02 09:00"]),
        (["DTSTART;VALUE=DATE:20270304"], ["03 23:00-04 23:00"]),
        (["DTSTART;VALUE=DATE:20270327\nDTEND;VALUE=DATE:20270329"], ["26 23:00-28 22:00"]),
        (["DTSTART;VALUE=DATE:20270304\nTRANSP:TRANSPARENT"], []),
        (["DTSTART:20270305T120000\nDURATION:PT30M"], ["05 11:00-05 11:30"]),
        (["DTSTART:20270305T120000Z\nDURATION:PT30M"], ["05 12:00-05 12:30"]),
        (["DTSTART:20270305T120000Z"], []),
        ([event(), event(start="20270302T093000", end="20270302T110000")], ["02 08:00-02 10:00"]),
        (["DTSTART:20270225T120000Z\nDTEND:20270301T080000Z"], ["01 00:00-01 08:00"]),
        (["DTSTART:20270425T120000Z\nDTEND:20270426T080000Z"], []),
    ],
)
def test_what_counts_as_busy(lines: list[str], times: list[str]) -> None:
    assert busy(*lines) == times


def test_a_rule_is_followed_with_what_was_left_out_moved_or_cancelled() -> None:
    series = "UID:a\nDTSTART;TZID=Europe/Berlin:20200107T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"
    assert busy(series) == [f"{day:02} 08:00-{day:02} 09:00" for day in (2, 9, 16, 23)] + [
        "30 07:00-30 08:00"
    ]
    left_out = f"{series}\nEXDATE;TZID=Europe/Berlin:20270309T090000"
    moved = (
        "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20270316T090000\n"
        "DTSTART:20270317T120000Z\nDTEND:20270317T130000Z"
    )
    off = (
        "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20270323T090000\nDTSTART:20270323T080000Z\nSTATUS:CANCELLED"
    )
    assert busy(left_out, moved, off) == ["02 08:00-02 09:00", "17 12:00-17 13:00", "30 07:00-30 08:00"]


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        ("FREQ=DAILY;COUNT=3", ["02 08:00-02 09:00", "03 08:00-03 09:00", "04 08:00-04 09:00"]),
        ("FREQ=WEEKLY;UNTIL=20270309T080000Z", ["02 08:00-02 09:00", "09 08:00-09 09:00"]),
        ("FREQ=WEEKLY;UNTIL=20270309T075959Z", ["02 08:00-02 09:00"]),
        ("FREQ=MONTHLY;BYDAY=-1WE", ["02 08:00-02 09:00", "31 07:00-31 08:00"]),
        ("FREQ=YEARLY", ["02 08:00-02 09:00"]),
    ],
)
def test_rules_end_where_they_say(rule: str, times: list[str]) -> None:
    assert busy(event(f"RRULE:{rule}")) == times


def test_a_days_rule_and_a_rule_for_days_are_by_the_owners_clock() -> None:
    assert busy("DTSTART;VALUE=DATE:20270301\nRRULE:FREQ=WEEKLY;COUNT=2", zone="America/New_York") == [
        "01 05:00-02 05:00",
        "08 05:00-09 05:00",
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY",
        "FREQ=SECONDLY;COUNT=5",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2",
        "FREQ=WEEKLY;INTERVAL=0",
    ],
)
def test_rules_finer_than_a_day_and_rules_that_lead_nowhere_are_refused(rule: str) -> None:
    with pytest.raises(Invalid):
        busy(event(f"RRULE:{rule}"))


@pytest.mark.parametrize(
    "rule", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY", "FREQ=WEEKLY;COUNT=99999"]
)
def test_rules_from_long_ago_come_to_an_end(rule: str) -> None:
    busy(event(f"RRULE:{rule}", start="19700105T090000", end="19700105T100000"))


def test_more_than_anybody_has_is_refused() -> None:
    with pytest.raises(Invalid):
        busy(*[event("RRULE:FREQ=DAILY") + f"\nUID:{number}" for number in range(250)])


@pytest.mark.parametrize(
    "lines",
    [
        "DTSTART:tomorrow",
        "SUMMARY:no start",
        event("RRULE:FREQ=SOMETIMES"),
        event("RRULE:"),
        event("EXDATE:never"),
    ],
)
def test_what_cannot_be_read_is_refused(lines: str) -> None:
    with pytest.raises(Invalid):
        busy(lines)


def test_a_servers_own_busy_times_are_read_and_its_free_ones_are_not() -> None:
    told = (
        "DTSTART:20270301T000000Z\nDTEND:20270401T000000Z\n"
        "FREEBUSY:20270302T080000Z/20270302T090000Z,20270303T100000Z/PT2H\n"
        "FREEBUSY;FBTYPE=FREE:20270304T080000Z/20270304T090000Z\n"
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270305T080000Z/20270305T090000Z\n"
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270306T080000Z/20270306T090000Z"
    )
    assert busy(told, kind="VFREEBUSY") == [
        "02 08:00-02 09:00",
        "03 10:00-03 12:00",
        "05 08:00-05 09:00",
        "06 08:00-06 09:00",
    ]
    assert busy("DTSTART:20270301T000000Z\nDTEND:20270401T000000Z", kind="VFREEBUSY") == []


def test_our_own_check_ins_are_taken_out_once_and_cut_off_where_a_server_joined_them() -> None:
    def hours(first: int, last: int) -> tuple[datetime, datetime]:
        return datetime(2027, 3, 2, first, tzinfo=UTC), datetime(2027, 3, 2, last, tzinfo=UTC)

    assert busy_times.without([hours(9, 10), hours(12, 13)], [hours(9, 10)]) == [hours(12, 13)]
    assert busy_times.without([hours(9, 10), hours(9, 10)], [hours(9, 10)]) == [hours(9, 10)]
    assert busy_times.without([hours(9, 12)], [hours(9, 10)]) == [hours(10, 12)]
    assert busy_times.without([hours(8, 10)], [hours(9, 10)]) == [hours(8, 9)]
    assert busy_times.without([hours(8, 12)], [hours(9, 10)]) == [hours(8, 12)]
