"""Entries of a calendar -> VEVENTs -> calendar text (RFC 5545 and 7986); equal entries give equal bytes.

Only what ten of ten independent clients read alike is written: RRULE with COUNT, EXDATE and RECURRENCE-ID in
the zone of DTSTART, all-day events, and for flat feeds plain events in UTC. An EXDATE never falls on the
first occurrence, since some clients show it nevertheless: DTSTART moves on instead. Nothing here is "now":
DTSTAMP is the moment of the revision.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from portal.core.calendar import expansion as views
from portal.core.calendar import writing as contentlines
from portal.core.calendar.expansion import View
from portal.core.calendar.vtimezones import UTC_NAMES, vtimezone, zone
from portal.core.hours.cadence import Rule, occurrences
from portal.core.translatable import N_
from portal.errors import Invalid

PRODID = "-//Vice Versa//Reverse mentoring//EN"
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
A_DAY = timedelta(days=1)
AN_HOUR = "PT1H"
EMPTY = N_("No meeting of this series is left.")
OFF_RULE = N_("A meeting stands on a day that its series does not give.")


@dataclass(frozen=True)
class Occurrence:
    """One meeting: its number in the series, the local day the rule gives it, when it is (aware), and how
    long.

    A skipped one does not take place; one whose `starts_at` is not the rule's was moved.
    """

    number: int
    rule_on: date
    starts_at: datetime
    minutes: int
    skipped: bool = False


@dataclass(frozen=True)
class MeetingSeries:
    """Meetings by a rule: `every` so many weeks or months, `at` local time in `zone`; monthly is the weekday
    of `first_on`.

    `revision` is the SEQUENCE, `revised_at` its moment; `alarms` are minutes before. `occurrences` are those
    that exist: the rule's others (of a series cut short, or before its present form) are not.
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
        return tuple(
            sorted((each for each in self.occurrences if not each.skipped), key=lambda each: each.rule_on)
        )

    def rule_start(self, day: date) -> datetime:
        """When the rule has a meeting begin on a local day, in UTC."""
        return datetime.combine(day, self.at, tzinfo=zone(self.zone)).astimezone(UTC)

    def is_moved(self, occurrence: Occurrence) -> bool:
        """Whether it is at another time than the rule's, or of another length."""
        same = (
            occurrence.starts_at == self.rule_start(occurrence.rule_on) and occurrence.minutes == self.minutes
        )
        return not same


@dataclass(frozen=True)
class Day:
    """Something of a whole day, which blocks no time: a milestone, or the day by which something is due.

    `alarms` are minutes before the midnight with which it begins where the calendar's owner is (RFC 5545,
    3.8.6.3).
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
    """The calendar with this entry alone, as it is PUT on a CalDAV server; raises Invalid when no meeting of
    it is left.
    """
    return _calendar([], [entry], _text(entry))


def feed(entries: Sequence[Entry], *, name: str, flat: bool = False) -> bytes:
    """The calendar with all entries, as it is subscribed to; `flat` has each meeting by itself, in UTC and
    without rules.
    """
    said = contentlines.text(_plain(name))
    head = [contentlines.folded(f"{each}{said}").removesuffix("\r\n") for each in ("NAME", "X-WR-CALNAME")]
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
    """What a calendar text from elsewhere says, expanded; raises Invalid when it cannot be read with
    certainty.
    """
    return views.read(text)


def _calendar(head: Iterable[str], entries: Iterable[Entry], events: str) -> bytes:
    zones = {entry.zone for entry in entries if isinstance(entry, MeetingSeries)} - UTC_NAMES
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", *head, ""]
    return "".join(["\r\n".join(lines), *map(vtimezone, sorted(zones)), events, "END:VCALENDAR\r\n"]).encode()


@lru_cache(maxsize=4096)
def _text(entry: Entry) -> str:
    """The VEVENTs of an entry: one, and one more for each meeting that was moved."""
    common, alarms = _common(entry), _alarms(entry)
    if isinstance(entry, Day):
        times = {
            "DTSTART": f";VALUE=DATE:{entry.on:%Y%m%d}",
            "DTEND": f";VALUE=DATE:{entry.on + A_DAY:%Y%m%d}",
        }
        return _event({**common, **times, "TRANSP": ":TRANSPARENT"}, alarms)
    days, moved = _days(entry), [each for each in entry.held if entry.is_moved(each)]
    kept = {each.rule_on for each in entry.held}
    start = entry.rule_start(days[0])
    times = {
        "DTSTART": _local(start, entry.zone),
        "DTEND": _local(start + timedelta(minutes=entry.minutes), entry.zone),
    }
    master = {**common, **times, "RRULE": f":{_rule(entry, len(days))}"}
    skipped = [entry.rule_start(day) for day in days if day not in kept]
    if skipped:
        first, *more = (_local(each, entry.zone) for each in skipped)
        master["EXDATE"] = ",".join([first, *(each.rpartition(":")[2] for each in more)])
    overrides = (_override(entry, each, common, alarms) for each in moved)
    return "".join([_event(master, alarms), *overrides])


def _override(
    series: MeetingSeries, occurrence: Occurrence, common: Mapping[str, str], alarms: Sequence[str]
) -> str:
    replaced = {"RECURRENCE-ID": _local(series.rule_start(occurrence.rule_on), series.zone)}
    return _event({**common, **_times(occurrence, series.zone), **replaced}, alarms)


@lru_cache(maxsize=4096)
def _flat(entry: Entry) -> str:
    """The same with a VEVENT of its own for each meeting, under its own UID."""
    if isinstance(entry, Day):
        return _text(entry)
    common, alarms = _common(entry), _alarms(entry)
    local, _, host = entry.uid.partition("@")
    uids = {each: contentlines.text(f"{local}-n{each.number}@{host}") for each in entry.held}
    return "".join(
        _event({**common, **_times(each, "UTC"), "UID": uid}, alarms) for each, uid in uids.items()
    )


def _times(occurrence: Occurrence, zone_name: str) -> dict[str, str]:
    end = occurrence.starts_at + timedelta(minutes=occurrence.minutes)
    return {
        "DTSTART": _local(occurrence.starts_at, zone_name, sure=True),
        "DTEND": _local(end, zone_name, sure=True),
    }


def _days(series: MeetingSeries) -> list[date]:
    """The days of the rule from the first meeting that takes place to the last; raises Invalid when there is
    none.
    """
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


def _rule(series: MeetingSeries, count: int) -> str:
    """The RRULE: every so many weeks, or months by weekday."""
    every = f";INTERVAL={series.every}" if series.every > 1 else ""
    day = WEEKDAYS[series.first_on.weekday()]
    if series.unit == "week":
        return f"FREQ=WEEKLY;COUNT={count}{every};BYDAY={day}"
    return f"FREQ=MONTHLY;COUNT={count}{every};BYDAY={_rule_of(series).nth}{day}"


def _event(properties: Mapping[str, str], alarms: Sequence[str]) -> str:
    return contentlines.component("VEVENT", contentlines.in_order(properties), alarms)


def _common(entry: Entry) -> dict[str, str]:
    """What every VEVENT of an entry says."""
    revised_at = f":{entry.revised_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    said = {"SUMMARY": contentlines.text(_plain(entry.summary)), "UID": contentlines.text(entry.uid)}
    said |= {"SEQUENCE": f":{entry.revision}", "DTSTAMP": revised_at, "LAST-MODIFIED": revised_at}
    if entry.description:
        said["DESCRIPTION"] = contentlines.text(contentlines.without_controls(entry.description))
    if isinstance(entry, MeetingSeries) and entry.location:
        said["LOCATION"] = contentlines.text(_plain(entry.location))
    if entry.url:
        said["URL"] = ":" + _plain(entry.url).replace(" ", "%20")
    return said


def _alarms(entry: Entry) -> tuple[str, ...]:
    said = {"ACTION": ":DISPLAY", "DESCRIPTION": contentlines.text(_plain(entry.summary))}
    triggers = map(contentlines.before, entry.alarms)
    return tuple(contentlines.component("VALARM", {**said, "TRIGGER": each}) for each in triggers)


def _local(moment: datetime, zone_name: str, *, sure: bool = False) -> str:
    """A moment as clocks in the zone show it, or in UTC: for UTC's own names, and where it must be `sure`
    though clocks show that time twice."""
    local = moment.astimezone(zone(zone_name))
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    if zone_name in UTC_NAMES or (sure and twice):
        return f":{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f";TZID={zone_name}:{local:%Y%m%dT%H%M%S}"


def _plain(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join(contentlines.without_controls(text).split())
