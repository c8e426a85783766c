"""Reading calendar text that servers and other programs have rewritten: what it means, or a refusal, never a
guess.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.calendar.documents import document_of, view_of, view_of_text
from portal.errors import Invalid
from tests.core.calendar.test_documents import DAY, series
from tests.sampling import examples

ENTRY = series(
    skipped=(3,), moved={4: timedelta(days=1, hours=2)}, alarms=(15,), description="Agenda: " + "ä" * 90
)
TEXT = document_of(ENTRY).decode()
VIEW = view_of(ENTRY)


def read(text: str) -> dict[str, dict[str, dict[str, object]]]:
    """The view of a text given with any line ends."""
    return view_of_text(text.replace("\r\n", "\n").replace("\n", "\r\n").encode())


def event(*lines: str) -> str:
    """A calendar with one VEVENT of these lines."""
    parts = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        "UID:1",
        *lines,
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\n".join(parts)


def starts(text: str) -> list[str]:
    """When the occurrences of a text start."""
    return [str(each["start"]) for each in read(text)["occurrences"].values()]


def reordered(text: str) -> str:
    """Overrides before the master, properties backwards, the zone at the end."""
    head, *events = text.split("BEGIN:VEVENT\r\n")
    zone = head[head.index("BEGIN:VTIMEZONE") :]
    turned = []
    for each in events:
        plain, alarm = (
            each.partition("BEGIN:VALARM")[0],
            re.findall(r"BEGIN:VALARM.*END:VALARM\r\n", each, re.DOTALL),
        )
        lines = re.split(r"\r\n(?! )", plain.rstrip("\r\n"))
        turned.append(
            "\r\n".join(
                ["BEGIN:VEVENT", *reversed(lines), *(each.rstrip() for each in alarm), "END:VEVENT", ""]
            )
        )
    return "".join([head.replace(zone, ""), *reversed(turned), zone, "END:VCALENDAR\r\n"])


REWRITTEN = {
    "as it was": TEXT,
    "in another order": reordered(TEXT),
    "with another PRODID and more lines": TEXT.replace(
        "PRODID:-//Vice Versa", "X-A:1\r\nPRODID:-//Other"
    ).replace("SUMMARY:", "CREATED:20260101T000000Z\r\nX-MOZ-GENERATION:4\r\nCATEGORIES:a,b\r\nSUMMARY:"),
    "folded elsewhere": re.sub(r"(?m)^(DTSTART.{12})", r"\1\r\n ", TEXT),
    "with bare line ends": TEXT.replace("\r\n", "\n"),
    "with a quoted zone": TEXT.replace("TZID=Europe/Berlin", 'TZID="Europe/Berlin"'),
    "with a zone under a path": TEXT.replace(
        "Europe/Berlin", "/freeassociation.sourceforge.net/Europe/Berlin"
    ),
    "with a zone under a name of its own": TEXT.replace("Europe/Berlin", "Berlin and around"),
    "with Windows's name of the zone": TEXT.replace("Europe/Berlin", "W. Europe Standard Time"),
    "without the zone, which is known": re.sub(
        r"BEGIN:VTIMEZONE.*END:VTIMEZONE\r\n", "", TEXT, flags=re.DOTALL
    ),
    "with DURATION": re.sub(r"DTEND;.*", "DURATION:PT1H", TEXT),
    "with UNTIL": TEXT.replace("COUNT=6", "UNTIL=20260609T080000Z"),
    "with the exception as a day": TEXT.replace(
        "EXDATE;TZID=Europe/Berlin:20260310T100000", "EXDATE;VALUE=DATE:20260310"
    ),
    "with exceptions in UTC": TEXT.replace(
        "EXDATE;TZID=Europe/Berlin:20260310T100000", "EXDATE:20260310T090000Z"
    ),
    "with cosmetic changes": TEXT.replace("TRIGGER:-PT15M", "TRIGGER:-PT1H").replace(
        "SUMMARY:", "COLOR:red\r\nSUMMARY:My "
    ),
}


@pytest.mark.parametrize("text", REWRITTEN.values(), ids=REWRITTEN.keys())
def test_what_servers_rewrite_means_the_same(text: str) -> None:
    assert view_of_text(text.encode()) == VIEW


def test_a_view_is_plain_data_by_moment() -> None:
    assert view_of(series(only=2, moved={2: timedelta(hours=1)})) == {
        "occurrences": {
            "2026-01-13T09:00:00Z": {
                "start": "2026-01-13T09:00:00Z",
                "end": "2026-01-13T10:00:00Z",
                "cancelled": False,
            },
            "2026-02-10T09:00:00Z": {
                "start": "2026-02-10T10:00:00Z",
                "end": "2026-02-10T11:00:00Z",
                "cancelled": False,
            },
        }
    }
    assert view_of(DAY) == {
        "occurrences": {"2026-03-28": {"start": "2026-03-28", "end": "2026-03-29", "cancelled": False}}
    }


def test_what_a_person_did_in_their_own_calendar_shows() -> None:
    deleted = TEXT.replace(":20260310T100000", ":20260310T100000,20260609T100000")
    assert VIEW["occurrences"].keys() - view_of_text(deleted.encode())["occurrences"].keys() == {
        "2026-06-09T08:00:00Z"
    }
    moved = view_of_text(
        TEXT.replace("20260415T12", "20260417T15").replace("20260415T13", "20260417T16").encode()
    )
    assert moved["occurrences"]["2026-04-14T08:00:00Z"]["start"] == "2026-04-17T13:00:00Z"
    cancelled = view_of_text(TEXT.replace("RECURRENCE-ID", "STATUS:CANCELLED\r\nRECURRENCE-ID").encode())
    assert [key for key, each in cancelled["occurrences"].items() if each["cancelled"]] == [
        "2026-04-14T08:00:00Z"
    ]


def test_of_two_in_place_of_one_the_later_revision_counts() -> None:
    def override(sequence: int, hour: int) -> str:
        return (
            f"BEGIN:VEVENT\nUID:1\nSEQUENCE:{sequence}\nRECURRENCE-ID:20260309T090000Z\nDTSTART:20260309T{hour}0000Z\n"
            "DURATION:PT1H\nEND:VEVENT\n"
        )

    master = event("DTSTART:20260302T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2").replace(
        "END:VCALENDAR\n", ""
    )
    text = f"{master}{override(5, 15)}{override(4, 12)}END:VCALENDAR\n"
    assert starts(text) == ["2026-03-02T09:00:00Z", "2026-03-09T15:00:00Z"]


def test_rules_of_other_programs_are_expanded() -> None:
    start = "DTSTART;TZID=Europe/Berlin:20260327T100000"
    assert starts(event(start, "RRULE:FREQ=DAILY;COUNT=3")) == [
        "2026-03-27T09:00:00Z",
        "2026-03-28T09:00:00Z",
        "2026-03-29T08:00:00Z",
    ]
    assert starts(event(start, "RRULE:FREQ=WEEKLY;UNTIL=20260403")) == [
        "2026-03-27T09:00:00Z",
        "2026-04-03T08:00:00Z",
    ]
    assert starts(event(start, "RDATE;TZID=Europe/Berlin:20260401T100000")) == [
        "2026-03-27T09:00:00Z",
        "2026-04-01T08:00:00Z",
    ]
    days = event("DTSTART;VALUE=DATE:20260327", "RRULE:FREQ=YEARLY;COUNT=2", "EXDATE;VALUE=DATE:20270327")
    assert read(days) == {
        "occurrences": {"2026-03-27": {"start": "2026-03-27", "end": "2026-03-28", "cancelled": False}}
    }


START = "DTSTART:20260302T090000Z"
MANY = ",".join(
    f"20{year}{month:02}{day:02}" for year in range(26, 30) for month in range(1, 13) for day in range(1, 26)
)
REFUSED = {
    "nothing": "",
    "no calendar": "hello",
    "no event": "BEGIN:VCALENDAR\nEND:VCALENDAR\n",
    "half of it": TEXT[: len(TEXT) // 2],
    "two calendars": TEXT + TEXT,
    "two entries": event(START, "END:VEVENT", "BEGIN:VEVENT", "UID:2", START),
    "no start": event("SUMMARY:x"),
    "a start that is no date": event("DTSTART:yesterday"),
    "a start that is an hour": event("DTSTART;VALUE=TIME:090000"),
    "no zone": event("DTSTART:20260302T090000"),
    "a zone that nobody knows": event("DTSTART;TZID=Mars/Olympus:20260302T090000"),
    "an end of another kind": event(START, "DTEND;VALUE=DATE:20260303"),
    "a rule that cannot be read": event(START, "RRULE:FREQ=OFTEN"),
    "a rule without a frequency": event(START, "RRULE:COUNT=3"),
    "every hour": event(START, "RRULE:FREQ=HOURLY;COUNT=2"),
    "every second": event(START, "RRULE:FREQ=SECONDLY"),
    "many times a day": event(START, "RRULE:FREQ=DAILY;BYHOUR=1,2,3;COUNT=3"),
    "for ever": event(START, "RRULE:FREQ=DAILY"),
    "too often": event(START, "RRULE:FREQ=DAILY;COUNT=1001"),
    "too many dates": event("DTSTART;VALUE=DATE:20260302", f"RDATE;VALUE=DATE:{MANY}"),
    "days picked by another measure": event(START, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    "weeks picked by place": event(START, "RRULE:FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5"),
    "no step": event(START, "RRULE:FREQ=DAILY;INTERVAL=0;COUNT=2"),
    "a step back": event(START, "RRULE:FREQ=DAILY;INTERVAL=-1;COUNT=2"),
    "two rules": event(START, "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2"),
    "a rule of exceptions": event(START, "RRULE:FREQ=DAILY;COUNT=9", "EXRULE:FREQ=WEEKLY"),
    "an exception that cannot be read": event(START, "RRULE:FREQ=DAILY;COUNT=9", "EXDATE:tomorrow"),
    "this one and all after it": event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T090000Z", START),
    "periods": event(START, "RDATE;VALUE=PERIOD:20260303T090000Z/PT1H"),
    "bytes that are no text": "\udcff\udcfe",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_with_certainty_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        view_of_text(text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    "rule", ["YEARLY;BYMONTH=2;BYMONTHDAY=30", "MONTHLY;BYMONTHDAY=31;BYDAY=2TU", "DAILY;INTERVAL=7;BYDAY=WE"]
)
def test_a_rule_that_never_comes_true_comes_to_an_end(rule: str) -> None:
    assert starts(event(START, f"RRULE:FREQ={rule}")) == ["2026-03-02T09:00:00Z"]


@settings(max_examples=examples(300), deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 40), st.text(max_size=12))
def test_a_damaged_text_is_read_or_refused_and_never_breaks(at: int, cut: int, put: str) -> None:
    damaged = TEXT[:at] + put + TEXT[at + cut :]
    try:
        view = view_of_text(damaged.encode("utf-8", "surrogatepass"))
    except Invalid:
        return
    assert list(view) == ["occurrences"]


def test_an_occurrence_of_one_day_keeps_its_night_of_a_clock_change() -> None:
    days = event("DTSTART;VALUE=DATE:20260328", "DTEND;VALUE=DATE:20260330")
    assert read(days)["occurrences"]["2026-03-28"]["end"] == date(2026, 3, 30).isoformat()
    night = event("DTSTART;TZID=Europe/Berlin:20260328T200000", "DTEND;TZID=Europe/Berlin:20260329T080000")
    [only] = read(night)["occurrences"].values()
    assert (only["start"], only["end"]) == ("2026-03-28T19:00:00Z", "2026-03-29T06:00:00Z")
