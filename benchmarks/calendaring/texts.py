"""How fast entries become calendar texts: ours beside icalendar's own ways, in processor time of one process.

`python -m calendaring texts FOLDER PAIRINGS ROUNDS`
"""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from calendaring import company
from portal.core.calendar import documents
from portal.core.calendar.documents import Entry, MeetingSeries

OURS, AGAIN, LIBRARY, LIBRARY_ZONES = (
    "ours",
    "ours, again",
    "icalendar, no time zone",
    "icalendar, with its time zone",
)


def by_library(entry: Entry, *, zones: bool) -> bytes:
    """The same entry as icalendar's manual has it written."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", documents.PRODID)
    calendar.add("version", "2.0")
    calendar.add_component(_master(entry))
    if isinstance(entry, MeetingSeries):
        for each in entry.held:
            if entry.is_moved(each):
                start, minutes = (
                    each.starts_at.astimezone(ZoneInfo(entry.zone)),
                    timedelta(minutes=each.minutes),
                )
                override = _event(entry, start, start + minutes)
                override.add("recurrence-id", entry.rule_start(each.rule_on).astimezone(ZoneInfo(entry.zone)))
                calendar.add_component(override)
        if zones:
            calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written


def _master(entry: Entry) -> icalendar.Event:
    if not isinstance(entry, MeetingSeries):
        return _event(entry, entry.on, entry.on + timedelta(days=1))
    zone = ZoneInfo(entry.zone)
    start = entry.rule_start(entry.first_on).astimezone(zone)
    event = _event(entry, start, start + timedelta(minutes=entry.minutes))
    event.add("rrule", {"freq": "weekly", "interval": entry.every, "count": entry.count})
    event.add(
        "exdate",
        [entry.rule_start(each.rule_on).astimezone(zone) for each in entry.occurrences if each.skipped],
    )
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", entry.summary)
    alarm.add("trigger", timedelta(minutes=-15))
    event.add_component(alarm)
    return event


def _event(entry: Entry, start: object, end: object) -> icalendar.Event:
    event = icalendar.Event()
    facts = {
        "uid": entry.uid,
        "sequence": entry.revision,
        "dtstamp": entry.revised_at.astimezone(UTC),
        "url": entry.url,
    }
    for name, value in {**facts, "summary": entry.summary, "description": entry.description}.items():
        event.add(name, value)
    event.add("dtstart", start)
    event.add("dtend", end)
    return event


def fresh(entries: Sequence[Entry]) -> None:
    """Ours, when nothing of them was written before; texts of time zones are kept, as they are in life."""
    documents._event_texts.cache_clear()
    for each in entries:
        documents.document_of(each)


def figures(folder: Path, pairings: int, rounds: int) -> list[dict[str, Any]]:
    """Entries a second by each way, and how that compares with the library's."""
    app = company.application(folder)
    with app.app_context():
        ids = company.people(pairings + 1, seed=5)
        company.pair_up([(ids[0], other) for other in ids[1:]], seed=5)
        entries = company.entries_of(ids[0])
    ways: dict[str, Callable[[], object]] = {
        LIBRARY: lambda: [by_library(each, zones=False) for each in entries],
        LIBRARY_ZONES: lambda: [by_library(each, zones=True) for each in entries],
        OURS: lambda: fresh(entries),
        AGAIN: lambda: [documents.document_of(each) for each in entries],
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.process_time()
            way()
            taken[name].append(time.process_time() - began)
    middle = {name: len(entries) / statistics.median(found) for name, found in taken.items()}
    return [
        {"name": name, "rate": rate, "ratio": rate / middle[LIBRARY_ZONES]} for name, rate in middle.items()
    ]
