"""Calendar entries as iCalendar text (RFC 5545 and 7986), for CalDAV servers and feeds.

Only what all of ten independent clients read alike is written: RRULE with COUNT, EXDATE and RECURRENCE-ID in
the zone of DTSTART, all-day events, and for flat feeds plain events in UTC. An EXDATE never falls on the
first occurrence, since some clients show it nevertheless: DTSTART moves on instead. DTSTAMP is the moment of
the revision, never the present time, so that equal entries give equal bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from icalendar import Alarm, Calendar, Event, vDDDTypes, vDuration, vRecur

from portal.core.calendar import expansion, uids
from portal.core.calendar.expansion import View
from portal.core.calendar.text_values import Text, on_one_line, text_of, without_controls
from portal.core.calendar.vtimezones import UTC_NAMES, vtimezone, zone
from portal.core.hours.cadence import Rule, occurrences
from portal.core.translatable import N_
from portal.errors import Invalid

PRODID = "-//Vice Versa//Reverse mentoring//EN"
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
A_DAY = timedelta(days=1)
AN_HOUR = timedelta(hours=1)
CALENDAR_END = "END:VCALENDAR\r\n"
EMPTY = N_("No meeting of this series is left.")
OFF_RULE = N_("A meeting stands on a day that its series does not give.")


@dataclass(frozen=True)
class Occurrence:
    """One meeting: its number in the series, the local day that the rule gives it, when it is (aware) and how
    long it takes. A skipped one does not take place.
    """

    number: int
    rule_on: date
    starts_at: datetime
    minutes: int
    skipped: bool = False


@dataclass(frozen=True)
class MeetingSeries:
    """Meetings by a rule: every so many weeks or months (`every`, `unit`) at a local time in `zone`. Monthly
    means the weekday of `first_on`, such as each second Tuesday.

    `revision` is the SEQUENCE, `revised_at` its moment; `alarms` are minutes before a meeting. A day of the
    rule without an occurrence has no meeting, as in a series that was cut short.
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
        """The meetings that take place, in the order of the rule."""
        held = (occurrence for occurrence in self.occurrences if not occurrence.skipped)
        return tuple(sorted(held, key=lambda occurrence: occurrence.rule_on))

    def rule_start(self, day: date) -> datetime:
        """When the meeting of one of the rule's days begins by the rule, in UTC."""
        return datetime.combine(day, self.at, tzinfo=zone(self.zone)).astimezone(UTC)

    def is_moved(self, occurrence: Occurrence) -> bool:
        """Whether a meeting differs from the rule in its time or length."""
        by_rule = self.rule_start(occurrence.rule_on), self.minutes
        return (occurrence.starts_at, occurrence.minutes) != by_rule


@dataclass(frozen=True)
class Day:
    """An all-day entry that blocks no time: a milestone, or the day by which something is due.

    `alarms` are minutes before the day begins where the calendar's owner is (RFC 5545, 3.8.6.3).
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
    """The name of an entry's resource on a server: its UID up to the @, and `.ics`."""
    return f"{uid.partition('@')[0]}.ics"


def again(entry: Entry, generation: int) -> Entry:
    """The entry under the UID of a later generation, since no UID is used again after a delete."""
    host = entry.uid.partition("@")[2]
    return replace(entry, uid=f"{uids.stem(entry.uid)}-g{generation}@{host}")


def document_of(entry: Entry) -> bytes:
    """The calendar with this entry alone, as it is PUT on a CalDAV server; raises Invalid when no meeting of
    it takes place.
    """
    return _calendar_text(_head(), [entry], _event_texts(entry))


def feed(entries: Sequence[Entry], *, name: str, flat: bool = False) -> bytes:
    """The calendar with all entries, as people subscribe to it. With `flat` each meeting is an event of its
    own in UTC, without recurrence rules.
    """
    if flat:
        return _calendar_text(_head(name), (), "".join(map(_flat_event_texts, entries)))
    return _calendar_text(_head(name), entries, "".join(map(_event_texts, entries)))


def view_of(entry: Entry) -> View:
    """The entry's occurrences, as `view_of_text` reads them from its text."""
    if isinstance(entry, Day):
        return expansion.of_day(entry.on)
    return expansion.of_moments(
        (
            entry.rule_start(occurrence.rule_on),
            occurrence.starts_at,
            occurrence.starts_at + timedelta(minutes=occurrence.minutes),
        )
        for occurrence in entry.held
    )


def view_of_text(text: bytes) -> View:
    """The occurrences in a calendar text from a server; raises Invalid when they are not certain."""
    return expansion.read(text)


def _calendar_text(head: str, entries: Iterable[Entry], events: str) -> bytes:
    """A calendar of component texts that icalendar made before, once for each revision and each zone."""
    zones = {entry.zone for entry in entries if isinstance(entry, MeetingSeries)} - UTC_NAMES
    return "".join([head, *map(vtimezone, sorted(zones)), events, CALENDAR_END]).encode()


@lru_cache(maxsize=64)
def _head(feed_name: str | None = None) -> str:
    """The beginning of a document, or of the feed of that name, up to its components."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODID)
    calendar.add("calscale", "GREGORIAN")
    if feed_name is not None:
        # As plain strings, icalendar would write the names without escaping them.
        calendar.add("name", Text(on_one_line(feed_name)))
        calendar.add("x-wr-calname", Text(on_one_line(feed_name)))
        calendar.add("refresh-interval", vDuration(AN_HOUR), parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", vDuration(AN_HOUR))
    return text_of(calendar).removesuffix(CALENDAR_END)


@lru_cache(maxsize=4096)
def _event_texts(entry: Entry) -> str:
    """The VEVENTs of an entry: one, and another for each meeting that was moved."""
    if isinstance(entry, Day):
        return text_of(_day_event(entry))
    moved = (occurrence for occurrence in entry.held if entry.is_moved(occurrence))
    overrides = [_override(entry, occurrence) for occurrence in moved]
    return "".join(map(text_of, [_series_event(entry), *overrides]))


@lru_cache(maxsize=4096)
def _flat_event_texts(entry: Entry) -> str:
    """A VEVENT in UTC for each meeting, under a UID of its own."""
    if isinstance(entry, Day):
        return _event_texts(entry)
    local, _, host = entry.uid.partition("@")
    events = []
    for occurrence in entry.held:
        event = _event(entry, uid=f"{local}-n{occurrence.number}@{host}")
        _add_times(event, occurrence, "UTC")
        events.append(event)
    return "".join(map(text_of, events))


def _day_event(day: Day) -> Event:
    event = _event(day)
    event.add("dtstart", day.on)
    event.add("dtend", day.on + A_DAY)
    event.add("transp", "TRANSPARENT")
    return event


def _series_event(series: MeetingSeries) -> Event:
    """The VEVENT with the rule, and an EXDATE for each of the rule's days on which there is no meeting."""
    event, days = _event(series), _days(series)
    start = series.rule_start(days[0])
    event.add("dtstart", _local(start, series.zone))
    event.add("dtend", _local(start + timedelta(minutes=series.minutes), series.zone))
    event.add("rrule", _rule(series, len(days)))
    held = {occurrence.rule_on for occurrence in series.held}
    excluded = [_local(series.rule_start(day), series.zone) for day in days if day not in held]
    if excluded:
        event.add("exdate", excluded)
    return event


def _override(series: MeetingSeries, occurrence: Occurrence) -> Event:
    """The VEVENT of a moved meeting, in place of the one that the rule gives."""
    event = _event(series)
    event.add("recurrence-id", _local(series.rule_start(occurrence.rule_on), series.zone))
    _add_times(event, occurrence, series.zone)
    return event


def _add_times(event: Event, occurrence: Occurrence, zone_name: str) -> None:
    """Add DTSTART and DTEND, each in UTC where clocks in the zone show that time twice."""
    end = occurrence.starts_at + timedelta(minutes=occurrence.minutes)
    for name, moment in (("dtstart", occurrence.starts_at), ("dtend", end)):
        local = moment.astimezone(zone(zone_name))
        shown_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        event.add(name, _local(moment, "UTC" if shown_twice else zone_name))


def _local(moment: datetime, zone_name: str) -> vDDDTypes:
    """A moment as clocks in the zone show it; in UTC for UTC's own names."""
    if zone_name in UTC_NAMES:
        return vDDDTypes(moment.astimezone(UTC))
    # A time without tzinfo and the zone's name beside it, since icalendar takes Accra, Dakar, Reykjavik and
    # some more for UTC and would write aware times of these zones so.
    value = vDDDTypes(moment.astimezone(zone(zone_name)).replace(tzinfo=None))
    value.params["TZID"] = zone_name
    return value


def _days(series: MeetingSeries) -> list[date]:
    """The days of the rule from the first meeting that takes place to the last; raises Invalid when there is
    no such meeting, or one of a day that the rule does not have.
    """
    held = [occurrence.rule_on for occurrence in series.held]
    if not held:
        raise Invalid(EMPTY)
    days = rule_days(series)
    if not set(held) <= set(days):
        raise Invalid(OFF_RULE)
    return days[days.index(held[0]) : days.index(held[-1]) + 1]


def rule_days(series: MeetingSeries) -> list[date]:
    """The local days of the rule, `count` of them, in order."""
    return list(occurrences(_rule_of(series)))


def _rule_of(series: MeetingSeries) -> Rule:
    return Rule(series.every, series.unit, series.first_on, series.at, series.zone, series.count)


def _rule(series: MeetingSeries, count: int) -> vRecur:
    """The RRULE: every so many weeks, or months by weekday."""
    weekday = WEEKDAYS[series.first_on.weekday()]
    monthly = series.unit != "week"
    rule = vRecur(
        FREQ="MONTHLY" if monthly else "WEEKLY",
        COUNT=count,
        BYDAY=f"{_rule_of(series).nth}{weekday}" if monthly else weekday,
    )
    if series.every > 1:
        rule["INTERVAL"] = series.every
    return rule


def _event(entry: Entry, *, uid: str = "") -> Event:
    """A VEVENT with everything but its times."""
    event = Event()
    event.add("summary", Text(on_one_line(entry.summary)))
    event.add("uid", uid or entry.uid)
    event.add("sequence", entry.revision)
    event.add("dtstamp", entry.revised_at)
    event.add("last-modified", entry.revised_at)
    if entry.description:
        event.add("description", Text(without_controls(entry.description)))
    if isinstance(entry, MeetingSeries) and entry.location:
        event.add("location", Text(on_one_line(entry.location)))
    if entry.url:
        event.add("url", on_one_line(entry.url).replace(" ", "%20"))
    for minutes in entry.alarms:
        event.add_component(alarm(entry.summary, minutes))
    return event


def alarm(summary: str, minutes: int) -> Alarm:
    """A reminder so many minutes before an event."""
    component = Alarm()
    component.add("action", "DISPLAY")
    component.add("description", Text(on_one_line(summary)))
    component.add("trigger", timedelta(minutes=-minutes))
    return component
