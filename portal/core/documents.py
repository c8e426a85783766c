"""Entries of a calendar -> VEVENTs -> calendar text (RFC 5545 and 7986); equal entries give equal bytes.

Only what ten of ten independent clients read alike is written: RRULE with COUNT, EXDATE and RECURRENCE-ID in the zone of
DTSTART, all-day events, and for flat feeds plain events in UTC. An EXDATE never falls on the first occurrence, since some
clients show it nevertheless: DTSTART moves on instead. Nothing here is "now": DTSTAMP is the moment of the revision.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from icalendar import Alarm, Event, Parameters, vDatetime, vDDDLists, vRecur, vText
from icalendar.parser import Contentline

from portal.core import views
from portal.core.cadence import Rule, occurrences
from portal.core.timezones import UTC_NAMES, vtimezone, zone
from portal.core.translatable import N_
from portal.core.views import View
from portal.errors import Invalid

PRODID = "-//Vice Versa//Reverse mentoring//EN"
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
A_DAY = timedelta(days=1)
AN_HOUR = "PT1H"
EMPTY = N_("No meeting of this series is left.")
OFF_RULE = N_("A meeting stands on a day that its series does not give.")


@dataclass(frozen=True)
class Occurrence:
    """One meeting: its number in the series, the local day the rule gives it, when it is (aware), and how long.

    A skipped one does not take place; one whose `starts_at` is not the rule's was moved.
    """

    number: int
    rule_on: date
    starts_at: datetime
    minutes: int
    skipped: bool = False


@dataclass(frozen=True)
class MeetingSeries:
    """Meetings by a rule: `every` so many weeks or months, `at` local time in `zone`; monthly is the weekday of `first_on`.

    `revision` is the SEQUENCE, `revised_at` its moment; `alarms` are minutes before. `occurrences` are those that exist:
    the rule's others (of a series cut short, or before its present form) are not.
    """

    uid: str
    revision: int
    revised_at: datetime
    zone: str
    first_on: date
    at: time
    minutes: int
    every: int
    unit: str
    count: int
    summary: str
    description: str = ""
    location: str = ""
    url: str = ""
    alarms: tuple[int, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()

    @property
    def held(self) -> tuple[Occurrence, ...]:
        """Those that take place, in the order of the rule."""
        return tuple(sorted((each for each in self.occurrences if not each.skipped), key=lambda each: each.rule_on))

    def rule_start(self, day: date) -> datetime:
        """When the rule has a meeting begin on a local day, in UTC."""
        return datetime.combine(day, self.at, tzinfo=zone(self.zone)).astimezone(UTC)

    def is_moved(self, occurrence: Occurrence) -> bool:
        """Whether it is at another time than the rule's, or of another length."""
        same = occurrence.starts_at == self.rule_start(occurrence.rule_on) and occurrence.minutes == self.minutes
        return not same


@dataclass(frozen=True)
class Day:
    """Something of a whole day, which blocks no time: a milestone, or the day by which something is due.

    `alarms` are minutes before the midnight with which it begins where the calendar's owner is (RFC 5545, 3.8.6.3).
    """

    uid: str
    revision: int
    revised_at: datetime
    on: date
    summary: str
    description: str = ""
    url: str = ""
    alarms: tuple[int, ...] = ()


Entry = MeetingSeries | Day


def href_of(uid: str) -> str:
    """The name of an entry's resource on a server: what stands before the @ of its UID, and `.ics`."""
    return f"{uid.partition('@')[0]}.ics"


def again(entry: Entry, generation: int) -> Entry:
    """The entry under the UID of a later generation: a UID is never used again after a delete."""
    local, _, host = entry.uid.partition("@")
    return replace(entry, uid=f"{local.rpartition('-g')[0]}-g{generation}@{host}")


def document_of(entry: Entry) -> bytes:
    """The calendar with this entry alone, as it is PUT on a CalDAV server; raises Invalid when no meeting of it is left."""
    return _calendar([], [entry], _text(entry))


def feed(entries: Sequence[Entry], *, name: str, flat: bool = False) -> bytes:
    """The calendar with all entries, as it is subscribed to; `flat` has each meeting by itself, in UTC and without rules."""
    head = [_line("NAME", name), _line("X-WR-CALNAME", name)]
    head += [f"REFRESH-INTERVAL;VALUE=DURATION:{AN_HOUR}", f"X-PUBLISHED-TTL:{AN_HOUR}"]
    texts = (_flat(entry) if flat else _text(entry) for entry in entries)
    return _calendar(head, () if flat else entries, "".join(texts))


def view_of(entry: Entry) -> View:
    """What the entry says, expanded: see core.views.View."""
    if isinstance(entry, Day):
        return views.of_day(entry.on)
    return views.of_moments(
        (entry.rule_start(each.rule_on), each.starts_at, each.starts_at + timedelta(minutes=each.minutes))
        for each in entry.held
    )


def view_of_text(text: bytes) -> View:
    """What a calendar text from elsewhere says, expanded; raises Invalid when it cannot be read with certainty."""
    return views.read(text)


def _calendar(head: Iterable[str], entries: Iterable[Entry], events: str) -> bytes:
    zones = {entry.zone for entry in entries if isinstance(entry, MeetingSeries)} - UTC_NAMES
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", *head, ""]
    return "".join(["\r\n".join(lines), *map(vtimezone, sorted(zones)), events, "END:VCALENDAR\r\n"]).encode()


@lru_cache(maxsize=4096)
def _text(entry: Entry) -> str:
    """The VEVENTs of an entry: one, and one more for each meeting that was moved."""
    if isinstance(entry, Day):
        return _written(_day(entry))
    days, moved = _days(entry), [each for each in entry.held if entry.is_moved(each)]
    kept = {each.rule_on for each in entry.held}
    master = _meeting(entry)
    start = entry.rule_start(days[0])
    master.add("dtstart", _local(start, entry.zone))
    master.add("dtend", _local(start + timedelta(minutes=entry.minutes), entry.zone))
    master.add("rrule", vRecur(_rule(entry, len(days))))
    skipped = [entry.rule_start(day) for day in days if day not in kept]
    if skipped:
        master.add("exdate", _locals(skipped, entry.zone))
    return "".join(map(_written, (master, *(_override(entry, each) for each in moved))))


def _override(series: MeetingSeries, occurrence: Occurrence) -> Event:
    event = _meeting(series)
    event.add("recurrence-id", _local(series.rule_start(occurrence.rule_on), series.zone))
    return _timed(event, occurrence, series.zone)


@lru_cache(maxsize=4096)
def _flat(entry: Entry) -> str:
    """The same with a VEVENT of its own for each meeting, under its own UID."""
    if isinstance(entry, Day):
        return _text(entry)
    local, _, host = entry.uid.partition("@")
    events = (_timed(_meeting(replace(entry, uid=f"{local}-n{each.number}@{host}")), each, "UTC") for each in entry.held)
    return "".join(map(_written, events))


def _timed(event: Event, occurrence: Occurrence, zone_name: str) -> Event:
    event.add("dtstart", _local(occurrence.starts_at, zone_name, sure=True))
    event.add("dtend", _local(occurrence.starts_at + timedelta(minutes=occurrence.minutes), zone_name, sure=True))
    return event


def _days(series: MeetingSeries) -> list[date]:
    """The days of the rule from the first meeting that takes place to the last; raises Invalid when there is none."""
    if not series.held:
        raise Invalid(EMPTY)
    days = rule_days(series)
    kept = [each.rule_on for each in series.held]
    if not set(kept) <= set(days):
        raise Invalid(OFF_RULE)
    return days[days.index(kept[0]) : days.index(kept[-1]) + 1]


def rule_days(series: MeetingSeries) -> list[date]:
    """The local days that the rule gives, `count` of them, in order."""
    return list(occurrences(_rule_of(series)))


def _rule_of(series: MeetingSeries) -> Rule:
    return Rule(series.every, series.unit, series.first_on, series.at, series.zone, series.count)


def _rule(series: MeetingSeries, count: int) -> dict[str, Any]:
    """The RRULE: every so many weeks, or months by weekday."""
    every = {"INTERVAL": [series.every]} if series.every > 1 else {}
    day = WEEKDAYS[series.first_on.weekday()]
    if series.unit == "week":
        return {"FREQ": ["WEEKLY"], **every, "COUNT": [count], "BYDAY": [day]}
    return {"FREQ": ["MONTHLY"], **every, "COUNT": [count], "BYDAY": [f"{_rule_of(series).nth}{day}"]}


def _meeting(series: MeetingSeries) -> Event:
    event = _event(series)
    if series.location:
        event.add("location", _plain(series.location))
    return event


def _day(entry: Day) -> Event:
    event = _event(entry)
    event.add("dtstart", entry.on)
    event.add("dtend", entry.on + A_DAY)
    event.add("transp", "TRANSPARENT")
    return event


def _event(entry: Entry) -> Event:
    """What every VEVENT of an entry says."""
    revised_at = entry.revised_at.astimezone(UTC).replace(microsecond=0)
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.revision)
    event.add("dtstamp", revised_at)
    event.add("last-modified", revised_at)
    event.add("summary", _plain(entry.summary))
    if entry.description:
        event.add("description", _text_lines(entry.description))
    if entry.url:
        event.add("url", _plain(entry.url).replace(" ", "%20"))
    for minutes in entry.alarms:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", _plain(entry.summary))
        alarm.add("trigger", timedelta(minutes=-minutes))
        event.add_component(alarm)
    return event


def _local(moment: datetime, zone_name: str, *, sure: bool = False) -> vDatetime:
    """A moment as clocks in the zone show it, or in UTC: for UTC's own names, and where it must be `sure` though clocks
    show that time twice."""
    local = moment.astimezone(zone(zone_name))
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    if zone_name in UTC_NAMES or (sure and twice):
        return vDatetime(moment.astimezone(UTC))
    value = vDatetime(local.replace(tzinfo=None))
    value.params = Parameters({"TZID": zone_name})
    return value


def _locals(moments: Iterable[datetime], zone_name: str) -> vDDDLists:
    values = vDDDLists([_local(each, zone_name).dt for each in moments])
    if zone_name not in UTC_NAMES:
        values.params = Parameters({"TZID": zone_name})
    return values


def _plain(text: str) -> str:
    """Text on one line, without control characters: one of them makes a whole calendar unreadable on some servers."""
    return " ".join(_text_lines(text).split())


def _text_lines(text: str) -> str:
    joined = text.replace("\r\n", "\n").replace("\t", " ")
    return "".join(each for each in joined if each == "\n" or unicodedata.category(each) not in ("Cc", "Cs"))


def _line(name: str, text: str) -> str:
    """A property of text, escaped and folded: icalendar escapes it only when told that it is text."""
    line: bytes = Contentline.from_parts(name, Parameters(), vText(_plain(text))).to_ical()
    return line.decode()


def _written(event: Event) -> str:
    text: bytes = event.to_ical()
    return text.decode()
