"""Entries as calendar text: read alike by independent readers, and byte-equal for equal entries."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from portal.core.calendar import documents
from portal.core.calendar.documents import (
    Day,
    MeetingSeries,
    Occurrence,
    document_of,
    feed,
    view_of,
    view_of_text,
)
from portal.core.calendar.vtimezones import zone
from portal.errors import Invalid
from tests.calendars.readers import ical_js, ical_js_each, python_reader, recurring_ical_events_reader
from tests.sampling import examples

REVISED = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Sydney",
    "Africa/Cairo",
    "Asia/Jerusalem",
    "UTC",
)


def series(
    *, skipped: tuple[int, ...] = (), moved: dict[int, timedelta] | None = None, only: int = 99, **more: Any
) -> MeetingSeries:
    """A series with all occurrences of its rule, some of them skipped or moved, and none
    after number `only`.
    """
    facts: dict[str, Any] = {
        "uid": "check-ins-6f0e-g1@portal.example",
        "revision": 3,
        "revised_at": REVISED,
        "zone": "Europe/Berlin",
        "first_on": date(2026, 1, 13),
        "at": time(10),
        "minutes": 60,
        "every": 1,
        "unit": "month",
        "count": 6,
        "summary": "Check-in with Mira",
        **more,
    }
    bare = MeetingSeries(**facts)
    occurrences = tuple(
        Occurrence(
            number,
            day,
            datetime.combine(day, bare.at, tzinfo=zone(bare.zone)).astimezone(UTC)
            + (moved or {}).get(number, timedelta()),
            bare.minutes,
            number in skipped,
        )
        for number, day in enumerate(documents.rule_days(bare), 1)
        if number <= only
    )
    return replace(bare, occurrences=occurrences)


DAY = Day(
    "milestone-77-g1@portal.example",
    0,
    REVISED,
    date(2026, 3, 28),
    "Midpoint review with Mira",
    "Look back.",
    "https://p.example/7",
)


def lines(text: bytes, *names: str) -> list[str]:
    """The unfolded lines of a text, without its VTIMEZONEs, that begin with one of `names`."""
    plain = re.sub(
        r"BEGIN:VTIMEZONE.*?END:VTIMEZONE\r\n", "", text.decode().replace("\r\n ", ""), flags=re.DOTALL
    )
    return [each for each in plain.split("\r\n") if re.split("[:;]", each)[0] in names]


def spans(entry: MeetingSeries) -> list[tuple[str, datetime, datetime, bool]]:
    """What every reader should see of a series."""
    return sorted(
        (entry.summary, each.starts_at, each.starts_at + timedelta(minutes=each.minutes), False)
        for each in entry.held
    )


@st.composite
def any_series(draw: st.DrawFn) -> MeetingSeries:
    """Any series whose times clocks show once, with some skipped, some moved and perhaps cut short."""
    count = draw(st.integers(1, 12))
    numbers = st.integers(1, count)
    shifts = st.builds(timedelta, days=st.integers(0, 6), hours=st.integers(-3, 2))
    return series(
        zone=draw(st.sampled_from(ZONES)),
        first_on=draw(st.dates(date(2024, 1, 1), date(2030, 12, 31))),
        at=draw(st.builds(time, st.integers(6, 20), st.sampled_from((0, 15, 30)))),
        minutes=draw(st.sampled_from((30, 60, 90))),
        every=draw(st.integers(1, 4)),
        unit=draw(st.sampled_from(("week", "month"))),
        count=count,
        skipped=tuple(draw(st.sets(numbers, max_size=4))),
        moved=draw(st.dictionaries(numbers, shifts, max_size=4)),
        only=draw(st.integers(1, 12)),
    )


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_series())
def test_any_series_is_read_as_it_was_meant(entry: MeetingSeries) -> None:
    if not entry.held:
        with pytest.raises(Invalid):
            document_of(entry)
        return
    text = document_of(entry)
    assert python_reader(text) == spans(entry)
    assert python_reader(feed([entry], name="Mine", flat=True)) == spans(entry)
    assert view_of_text(text) == view_of(entry)
    assert len(view_of(entry)["occurrences"]) == len(entry.held)


def test_another_reader_reads_many_series_alike() -> None:
    many = [
        series(
            zone=name,
            unit=unit,
            every=every,
            count=8,
            first_on=first_on,
            skipped=skipped,
            moved={2: timedelta(days=1, hours=2)},
        )
        for name in ZONES
        for unit, every in (("week", 1), ("week", 3), ("month", 1), ("month", 2))
        for first_on in (date(2026, 1, 29), date(2026, 2, 17), date(2026, 10, 1))
        for skipped in ((), (1, 4), (3, 8))
    ]
    for texts in (
        [document_of(each) for each in many],
        [feed([each], name="Mine", flat=True) for each in many],
    ):
        assert ical_js_each(texts) == [spans(each) for each in many]


@settings(max_examples=examples(300), deadline=None)
@given(any_series())
def test_the_rule_gives_the_days_of_the_series_and_no_others(entry: MeetingSeries) -> None:
    whole = series(
        **{name: getattr(entry, name) for name in ("zone", "first_on", "at", "every", "unit", "count")}
    )
    text = document_of(whole)
    [rule] = lines(text, "RRULE")
    start = datetime.combine(whole.first_on, whole.at)
    assert [each.date() for each in rrulestr(rule.removeprefix("RRULE:"), dtstart=start)] == [
        each.rule_on for each in whole.occurrences
    ]


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"unit": "week", "every": 2, "count": 10}, "RRULE:FREQ=WEEKLY;COUNT=10;INTERVAL=2;BYDAY=TU"),
        ({}, "RRULE:FREQ=MONTHLY;COUNT=6;BYDAY=2TU"),
        ({"first_on": date(2026, 3, 31)}, "RRULE:FREQ=MONTHLY;COUNT=6;BYDAY=-1TU"),
        ({"first_on": date(2026, 1, 27), "every": 3}, "RRULE:FREQ=MONTHLY;COUNT=6;INTERVAL=3;BYDAY=4TU"),
    ],
)
def test_a_rule_is_weekly_or_by_a_weekday_of_the_month(more: dict[str, Any], rule: str) -> None:
    assert lines(document_of(series(**more)), "RRULE") == [rule]


def test_the_whole_of_a_document() -> None:
    entry = series(
        skipped=(1, 3, 6),
        moved={4: timedelta(days=1, hours=2)},
        alarms=(15,),
        description="Agenda: https://p.example/7\nShare questions.",
        location="Room 4.12",
        url="https://p.example/7",
    )
    said = [
        "SUMMARY:Check-in with Mira",
        "{times}",
        "DTSTAMP:20260105T083000Z",
        "UID:check-ins-6f0e-g1@portal.example",
        "{rule}",
        "DESCRIPTION:Agenda: https://p.example/7\\nShare questions.",
        "LAST-MODIFIED:20260105T083000Z",
        "LOCATION:Room 4.12",
        "URL:https://p.example/7",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Check-in with Mira",
        "TRIGGER:-PT15M",
        "END:VALARM",
        "END:VEVENT",
    ]
    master = "\n".join(said).format(
        times="DTSTART;TZID=Europe/Berlin:20260210T100000\nDTEND;TZID=Europe/Berlin:20260210T110000",
        rule="SEQUENCE:3\nRRULE:FREQ=MONTHLY;COUNT=4;BYDAY=2TU\nEXDATE;TZID=Europe/Berlin:20260310T100000",
    )
    moved = "\n".join(said).format(
        times="DTSTART;TZID=Europe/Berlin:20260415T120000\nDTEND;TZID=Europe/Berlin:20260415T130000",
        rule="RECURRENCE-ID;TZID=Europe/Berlin:20260414T100000\nSEQUENCE:3",
    )
    text = document_of(entry).decode().replace("\r\n", "\n")
    head, *events = text.removesuffix("END:VCALENDAR\n").split("BEGIN:VEVENT\n")
    assert head.startswith(
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:{documents.PRODID}\nCALSCALE:GREGORIAN\nBEGIN:VTIMEZONE\n"
    )
    assert events == [f"{master}\n", f"{moved}\n"]


def test_a_first_occurrence_that_a_holiday_moves_keeps_the_day_of_the_rule_as_its_start() -> None:
    entry = series(moved={1: timedelta(days=1)})
    assert lines(document_of(entry), "DTSTART", "RECURRENCE-ID")[1:] == [
        "DTSTART;TZID=Europe/Berlin:20260114T100000",
        "RECURRENCE-ID;TZID=Europe/Berlin:20260113T100000",
    ]
    assert ical_js(document_of(entry)) == spans(entry)


def test_a_time_that_clocks_show_twice_is_said_in_utc() -> None:
    hour_shown_twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for later in (timedelta(0), timedelta(hours=1)):
        entry = series(first_on=date(2026, 10, 20), count=2, unit="week")
        first, second = entry.occurrences
        entry = replace(entry, occurrences=(replace(first, starts_at=hour_shown_twice + later), second))
        assert python_reader(document_of(entry)) == ical_js(document_of(entry)) == spans(entry)


def test_a_day_blocks_no_time_and_ends_the_next() -> None:
    text = document_of(DAY)
    assert lines(text, "DTSTART", "DTEND", "TRANSP", "BEGIN") == [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "DTSTART;VALUE=DATE:20260328",
        "DTEND;VALUE=DATE:20260329",
        "TRANSP:TRANSPARENT",
    ]
    midnight = datetime(2026, 3, 28, tzinfo=UTC)
    assert (
        python_reader(text) == ical_js(text) == [(DAY.summary, midnight, midnight + timedelta(days=1), False)]
    )
    assert view_of_text(text) == view_of(DAY)


@pytest.mark.parametrize("kind", ["milestone", "training", "survey"])
def test_whatever_is_due_on_a_day_is_carried_and_reminds_in_the_morning_before(kind: str) -> None:
    entry = replace(DAY, uid=f"{kind}-6f0e-g1@portal.example", alarms=(15 * 60,))
    text = document_of(entry)
    assert lines(text, "ACTION", "TRIGGER") == ["ACTION:DISPLAY", "TRIGGER:-PT15H"]
    assert documents.href_of(documents.again(entry, 2).uid) == f"{kind}-6f0e-g2.ics"
    assert view_of_text(text) == view_of(entry) == view_of(DAY)
    for written in (
        text,
        feed([entry, series()], name="Mine"),
        feed([entry, series()], name="Mine", flat=True),
    ):
        [found] = [each for each in recurring_ical_events_reader([written])[0] if each.summary == DAY.summary]
        assert (found.start, found.reminders) == (datetime(2026, 3, 28, tzinfo=UTC), (-15 * 3600,))


def test_nobody_is_an_organiser_or_attendee_since_servers_would_write_to_them() -> None:
    text = feed([series(), DAY], name="Mine") + document_of(series())
    assert not re.search(rb"ORGANIZER|ATTENDEE|METHOD", text)


def test_a_feed_says_its_name_and_when_to_ask_again_and_each_zone_once() -> None:
    berlin, sydney = series(), series(uid="check-ins-2-g1@p", zone="Australia/Sydney")
    text = feed(
        [berlin, DAY, sydney, replace(berlin, uid="check-ins-3-g1@p")], name="Küche; “x”, y\\z\n\x07!"
    )
    assert lines(text, "NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL") == [
        "NAME:Küche\\; “x”\\, y\\\\z !",
        "X-WR-CALNAME:Küche\\; “x”\\, y\\\\z !",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    assert re.findall(rb"TZID:(.*)\r", text) == [b"Australia/Sydney", b"Europe/Berlin"]
    assert python_reader(text) == ical_js(text)
    assert len(python_reader(text)) == 3 * 6 + 1


def test_an_empty_feed_is_a_calendar_all_the_same() -> None:
    assert python_reader(feed([], name="Mine")) == ical_js(feed([], name="Mine")) == []


def test_a_flat_feed_has_neither_rules_nor_zones() -> None:
    entry = series(skipped=(2,), moved={3: timedelta(hours=1)})
    text = feed([entry, DAY], name="Mine", flat=True)
    assert not re.search(rb"RRULE|VTIMEZONE|TZID|EXDATE|RECURRENCE-ID", text)
    assert lines(text, "UID") == [f"UID:check-ins-6f0e-g1-n{n}@portal.example" for n in (1, 3, 4, 5, 6)] + [
        f"UID:{DAY.uid}"
    ]
    assert python_reader(text) == ical_js(text) == python_reader(feed([entry, DAY], name="Mine"))


def test_equal_entries_give_equal_bytes() -> None:
    def fresh() -> bytes:
        documents._event_texts.cache_clear()
        return feed([series(skipped=(2,)), DAY], name="Mine")

    assert fresh() == fresh()
    assert feed([series(skipped=(2,)), replace(DAY, revision=1)], name="Mine") != fresh()


ODD = 'Ünï “cödé” 🦩, "quoted"; back\\slash\nnext line\r\nand\x07 \x00\x1b control ' + "長" * 60


def test_odd_text_arrives_whole_and_without_control_characters() -> None:
    entry = series(summary=ODD, description=ODD, location=ODD, url="https://p.example/a b\x07\n")
    text = document_of(entry)
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", text)
    assert max(map(len, text.split(b"\r\n"))) <= 75
    one_line = 'Ünï “cödé” 🦩, "quoted"; back\\slash next line and control ' + "長" * 60
    event = Calendar.from_ical(text).walk("VEVENT")[0]
    assert (str(event["SUMMARY"]), str(event["LOCATION"]), str(event["URL"])) == (
        one_line,
        one_line,
        "https://p.example/a%20b",
    )
    assert str(event["DESCRIPTION"]) == ODD.replace("\r\n", "\n").translate(
        dict.fromkeys(map(ord, "\x07\x00\x1b"))
    )
    assert {each[0] for each in ical_js(text)} == {one_line}


def test_a_series_without_meetings_or_off_its_rule_is_refused() -> None:
    off = Occurrence(1, date(2026, 1, 14), datetime(2026, 1, 14, 9, tzinfo=UTC), 60)
    for entry in (
        series(skipped=(1, 2, 3, 4, 5, 6)),
        replace(series(), occurrences=(off,)),
        replace(series(), occurrences=()),
    ):
        with pytest.raises(Invalid):
            document_of(entry)


def test_names_of_resources_are_short_and_plain() -> None:
    entry = series(uid="check-ins-0b6f6d5e-3a3c-4f5e-9f52-6c9f0a8a9d11-g1@portal.example")
    assert documents.href_of(entry.uid) == "check-ins-0b6f6d5e-3a3c-4f5e-9f52-6c9f0a8a9d11-g1.ics"
    assert re.fullmatch(r"[A-Za-z0-9-]{1,99}\.ics", documents.href_of(entry.uid))
    assert (
        documents.again(entry, 12).uid == "check-ins-0b6f6d5e-3a3c-4f5e-9f52-6c9f0a8a9d11-g12@portal.example"
    )
