"""A hard sample of entries, read by four readers that share nothing: each sees what was meant, and nothing
else.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from portal.core.calendar.documents import Day, Entry, MeetingSeries, Occurrence, document_of, feed
from tests.calendars.readers import HOUSE, READERS, Reading
from tests.core.calendar.test_documents import REVISED, series

ZONES = (
    "Europe/Berlin",
    "Europe/Dublin",
    "Africa/Cairo",
    "Asia/Jerusalem",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Santiago",
    "America/Argentina/Buenos_Aires",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "UTC",
    "Etc/UTC",
)
"""Both hemispheres, quarters and halves of an hour, changes of half an hour, and zones whose future is no
rule.
"""

CJK = " 長い" * 30
GIVEN = (
    'Ünï “cödé” 🦩 says "hello", a; b: c\\d, e=f\r\nnext "line"\nEND:VEVENT\n\nBEGIN:VALARM;X="y"\x07' + CJK
)
ON_ONE_LINE = 'Ünï “cödé” 🦩 says "hello", a; b: c\\d, e=f next "line" END:VEVENT BEGIN:VALARM;X="y"' + CJK
ON_LINES = 'Ünï “cödé” 🦩 says "hello", a; b: c\\d, e=f\nnext "line"\nEND:VEVENT\n\nBEGIN:VALARM;X="y"' + CJK
URL_GIVEN, URL = "https://p.example/7?a=1&b=é,ü;x#“y” z\n", "https://p.example/7?a=1&b=é,ü;x#“y”%20z"
TEXTS = {"summary": GIVEN, "description": GIVEN, "location": GIVEN, "url": URL_GIVEN}
"""What node-ical alone gets wrong is left out: a backslash before an n, and a text that is a quotation as a
whole.
"""


def through_a_year(zone: str) -> list[MeetingSeries]:
    """Meetings every other week through both changes of the clocks: some skipped, the first and the last too,
    some moved.
    """
    moved = {
        3: timedelta(days=1, hours=2),
        8: timedelta(hours=-3),
        12: timedelta(days=-2),
        19: timedelta(days=6, minutes=15),
    }
    local, more = (
        zone.replace("/", "-").replace("_", "-"),
        {"zone": zone, "unit": "week", "every": 2, "count": 27, **TEXTS},
    )
    morning, evening = (
        {"at": time(9, 15), "alarms": (15,)},
        {"at": time(22, 45), "alarms": (1440,), "minutes": 30},
    )
    return [
        series(uid=f"{local}-1-g1@p.example", skipped=(1, 2, 5, 18, 27), moved=moved, **morning, **more),
        series(
            uid=f"{local}-2-g1@p.example",
            skipped=(9,),
            moved={1: timedelta(hours=1), **moved},
            **evening,
            **more,
        ),
    ]


def split(zone: str) -> list[MeetingSeries]:
    """From the fifth meeting on at another time, every other month: the old series ends, one with another UID
    begins.
    """
    before = series(
        uid="old-g1@p.example", zone=zone, count=10, skipped=(2,), only=4, summary="Check-in, as it was"
    )
    after = series(
        uid="new-g1@p.example",
        zone=zone,
        first_on=date(2026, 5, 28),
        at=time(16, 30),
        every=2,
        count=5,
        moved={1: timedelta(days=1)},
        summary="Check-in, as it is",
    )
    return [before, after]


def odd_ones() -> list[Entry]:
    """One meeting that is left, another length, a last weekday, a time that clocks show twice, days around a
    change.
    """
    last = series(
        uid="odd-1-g1@p.example", first_on=date(2026, 1, 30), count=12, moved={2: timedelta(hours=5)}
    )
    longer = replace(last.occurrences[4], minutes=95)
    twice = series(uid="odd-2-g1@p.example", first_on=date(2026, 10, 20), count=3, unit="week")
    second = replace(twice.occurrences[1], starts_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    days = (date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29), date(2026, 12, 31))
    return [
        replace(last, occurrences=(*last.occurrences[:4], longer, *last.occurrences[5:])),
        replace(twice, occurrences=(twice.occurrences[0], second, twice.occurrences[2])),
        series(uid="odd-3-g1@p.example", skipped=(1, 2, 3, 5, 6), zone="Asia/Kolkata"),
        *(
            Day(f"odd-day-{at}-g1@p.example", 2, REVISED, day, GIVEN, GIVEN, URL_GIVEN, (900,))
            for at, day in enumerate(days)
        ),
    ]


def hard_sample() -> list[Entry]:
    """All of it."""
    meetings = [each for zone in ZONES for each in through_a_year(zone)]
    return [*meetings, *split("Europe/Berlin"), *odd_ones()]


def meant(entries: Sequence[Entry]) -> list[Reading]:
    """What every reader should see."""

    def said(entry: Entry, start: datetime, end: datetime) -> Reading:
        place = entry.location if isinstance(entry, MeetingSeries) else ""
        texts = [{GIVEN: ON_ONE_LINE}.get(each, each) for each in (entry.summary, place)]
        description = {GIVEN: ON_LINES}.get(entry.description, entry.description)
        url = {URL_GIVEN: URL}.get(entry.url, entry.url)
        return Reading(
            texts[0],
            start,
            end,
            False,
            description,
            texts[1],
            url,
            tuple(-60 * each for each in entry.alarms),
        )

    found = []
    for entry in entries:
        if isinstance(entry, Day):
            midnight = datetime.combine(entry.on, time(), tzinfo=UTC)
            found.append(said(entry, midnight, midnight + timedelta(days=1)))
        else:
            found += [said(entry, each.starts_at, _end(each)) for each in entry.held]
    return sorted(found)


def _end(occurrence: Occurrence) -> datetime:
    return occurrence.starts_at + timedelta(minutes=occurrence.minutes)


def readings(texts: Sequence[bytes]) -> dict[str, list[Reading]]:
    """All that each reader finds in some texts."""
    return {
        name: sorted(each for found in reader(texts) for each in found) for name, reader in READERS.items()
    }


def unlike(found: dict[str, list[Reading]], wanted: list[Reading]) -> dict[str, tuple[int, set[Reading]]]:
    """Who reads something else: how many occurrences, and those in which it differs."""
    return {name: (len(seen), set(seen) ^ set(wanted)) for name, seen in found.items() if seen != wanted}


def test_a_hard_feed_is_read_alike_and_as_it_was_meant() -> None:
    entries = hard_sample()
    wanted = meant(entries)
    assert len(wanted) == len(ZONES) * (22 + 26) + (3 + 5) + (12 + 3 + 1 + 4)
    assert unlike(readings([feed(entries, name=GIVEN)]), wanted) == {}


def test_a_flat_feed_is_read_alike_and_as_it_was_meant() -> None:
    entries = hard_sample()
    assert unlike(readings([feed(entries, name=GIVEN, flat=True)]), meant(entries)) == {}


def test_each_entry_by_itself_is_read_alike_as_calendar_servers_keep_it() -> None:
    entries = hard_sample()
    assert unlike(readings([document_of(each) for each in entries]), meant(entries)) == {}


def test_lines_may_be_folded_anywhere() -> None:
    text = GIVEN.partition("\n")[0].strip() + " 🏳️‍🌈 e\u0301 長" * 9
    days = [
        Day(
            f"fold-{many}-g1@p.example",
            0,
            REVISED,
            date(2026, 5, 1),
            f"{'x' * many}{text}",
            f"{'y' * many}{text}",
        )
        for many in range(1, 81)
    ]
    written = feed(days, name="x")
    assert max(map(len, written.split(b"\r\n"))) <= 75
    assert all(line.decode() is not None for line in written.split(b"\r\n")), "no character is torn apart"
    assert unlike(readings([written]), meant(days)) == {}


def test_it_is_the_same_bytes_in_every_process() -> None:
    told = "from tests.calendars.feeds import test_reading_alike as it; print(it.digest_of_all())"
    found = {digest_of_all()}
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Pacific/Chatham", "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", told],
            cwd=HOUSE,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        found.add(done.stdout.strip())
    assert len(found) == 1


def digest_of_all() -> str:
    """A digest of the feed, the flat feed and each entry by itself."""
    entries = hard_sample()
    texts = [feed(entries, name=GIVEN), feed(entries, name=GIVEN, flat=True), *map(document_of, entries)]
    return hashlib.sha256(b"".join(texts)).hexdigest()


@pytest.mark.parametrize(
    ("wrong", "instead", "who"),
    [
        (rb"EXDATE[^\r]*\r\n", b"", set(READERS)),
        (rb"RECURRENCE-ID([^\r]*)T\d\d", rb"RECURRENCE-ID\1T03", set(READERS)),
        (rb"TZOFFSETTO:\+1100", b"TZOFFSETTO:+1200", {"vobject", "ical.js"}),
        (rb"TZID=Australia/Sydney", b"TZID=Australia/Perth", {"recurring-ical-events", "node-ical"}),
        (rb"hello", b"hallo", set(READERS)),
        (rb"TRIGGER:-PT15M", b"TRIGGER:-PT10M", set(READERS)),
    ],
    ids=["no-exdate", "no-such-occurrence", "vtimezone", "zone", "text", "reminder"],
)
def test_the_readers_would_tell(wrong: bytes, instead: bytes, who: set[str]) -> None:
    entries = through_a_year("Australia/Sydney")
    written = feed(entries, name="x").replace(b"\r\n ", b"")
    broken = re.sub(wrong, instead, written)
    assert broken != written
    for name in who:
        try:
            [seen] = READERS[name]([broken])
        except (AssertionError, KeyError, ValueError, AttributeError):
            continue
        assert seen != meant(entries), name
