"""The occurrences of a calendar entry, read from its text: servers rewrite bytes, so meanings are compared.

A View is plain data for a JSON column: `{"occurrences": {key: {"start", "end", "cancelled"}}}`. The key of an
occurrence is its RECURRENCE-ID, or its start where there is no rule. Moments are UTC text like
`2026-03-10T09:00:00Z`, days are `2026-03-10`. An occurrence that an EXDATE removes is left out.

A text that could be meant in two ways raises Invalid, since the portal acts upon what it reads.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Calendar, Component, vRecur

from portal.core.calendar import vtimezones
from portal.core.translatable import N_
from portal.errors import Invalid

View = dict[str, dict[str, dict[str, Any]]]
When = date | datetime
Span = tuple[When, When, bool]
"""Start, end, cancelled."""

MOST_OCCURRENCES = 1_000
LONGEST_SERIES = timedelta(days=61 * 366)
"""Our longest series: sixty meetings, a year apart."""
SLOW_ENOUGH = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
MATTERS = {
    "",
    "UID",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "EXDATE",
    "RDATE",
    "RECURRENCE-ID",
    "STATUS",
    "SEQUENCE",
}
OFTEN = {"DAILY", "WEEKLY"}
TOO_FINE = {"BYHOUR", "BYMINUTE", "BYSECOND"}
TOO_PICKY = {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYEASTER"}
"""With DAILY or WEEKLY these may match no day at all, which takes seconds to find out."""
A_DAY = timedelta(days=1)

UNREADABLE = N_("This calendar entry cannot be read.")
TOO_MANY = N_("This calendar entry repeats too often to be read.")
NO_ZONE = N_("This calendar entry names a time without saying in which time zone.")


def of_moments(occurrences: Iterable[tuple[datetime, datetime, datetime]]) -> View:
    """The view of meetings: for each its start by the rule, its start and its end."""
    return _view({_key(rule): (start, end, False) for rule, start, end in occurrences})


def of_day(on: date) -> View:
    """The view of an all-day entry."""
    return _view({_key(on): (on, on + A_DAY, False)})


def read(text: bytes) -> View:
    """The view of a calendar text with one entry; raises Invalid when it cannot be read with certainty."""
    try:
        calendar = Calendar.from_ical(text)
        return _view(_spans(calendar.walk("VEVENT")))
    except (
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise Invalid(UNREADABLE) from error


def _view(spans: dict[str, Span]) -> View:
    return {
        "occurrences": {
            key: {"start": _key(start), "end": _key(end), "cancelled": cancelled}
            for key, (start, end, cancelled) in sorted(spans.items())
        }
    }


def _key(when: When) -> str:
    if isinstance(when, datetime):
        return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return when.isoformat()


def _spans(events: list[Component]) -> dict[str, Span]:
    """The occurrences by key: those of the rule, some of them replaced by overrides."""
    if not events or len({str(event.get("UID", "")) for event in events}) != 1 or any(map(_broken, events)):
        raise Invalid(UNREADABLE)
    in_order = sorted(events, key=lambda event: int(event.get("SEQUENCE", 0)))
    masters = [event for event in in_order if "RECURRENCE-ID" not in event]
    series = _Rule(masters[-1]) if masters else None
    spans = series.spans() if series else {}
    for event in in_order:
        if "RECURRENCE-ID" in event:
            replaced = _when(event["RECURRENCE-ID"])
            if "RANGE" in event["RECURRENCE-ID"].params:
                raise Invalid(UNREADABLE)
            key = series.key_of(replaced) if series else _key(replaced)
            if not (series and key in series.left_out):
                spans[key] = _span(event)
    return spans


class _Rule:
    """A VEVENT without RECURRENCE-ID, expanded. `left_out` are the keys that an EXDATE removes."""

    def __init__(self, event: Component) -> None:
        self.event = event
        self.start = _when(event["DTSTART"])
        self.length = _length(event, self.start)
        excluded = list(_listed(event, "EXDATE"))
        self.days_out = {when for when in excluded if not isinstance(when, datetime)}
        self.left_out = {_key(when) for when in excluded}

    def spans(self) -> dict[str, Span]:
        cancelled = _is_cancelled(self.event)
        starts = (start for start in self._starts() if self._day_of(start) not in self.days_out)
        spans = {_key(start): (start, start + self.length, cancelled) for start in starts}
        if len(spans) > MOST_OCCURRENCES:
            raise Invalid(TOO_MANY)
        return {key: span for key, span in spans.items() if key not in self.left_out}

    def key_of(self, replaced: When) -> str:
        """The key of the occurrence that a RECURRENCE-ID means; some clients write the day for the moment."""
        if isinstance(replaced, datetime) == isinstance(self.start, datetime):
            return _key(replaced)
        if isinstance(replaced, datetime):
            return _key(replaced.date())
        starts = (start for start in self._starts() if self._day_of(start) == replaced)
        return _key(next(starts, replaced))

    def _starts(self) -> set[When]:
        """DTSTART, which always counts (RFC 5545, 3.8.5.3), and the dates of RRULE and RDATE; moments are in
        UTC.
        """
        listed = [self._local(when) for when in _listed(self.event, "RDATE")]
        return {self._in_utc(local) for local in (self._local(self.start), *self._by_rule(), *listed)}

    def _by_rule(self) -> Iterator[datetime]:
        rule = self.event.get("RRULE")
        if rule is None:
            return iter(())
        if isinstance(rule, list) or rule["FREQ"][0] not in SLOW_ENOUGH or TOO_FINE & set(rule):
            raise Invalid(TOO_MANY)
        if min(rule.get("INTERVAL", [1])) < 1 or (rule["FREQ"][0] in OFTEN and TOO_PICKY & set(rule)):
            raise Invalid(UNREADABLE)
        start = self._local(self.start)
        until = min([start + LONGEST_SERIES, *map(self._until, rule.get("UNTIL", ()))])
        plain = {name: values for name, values in rule.items() if name not in ("COUNT", "UNTIL")}
        text: Any = vRecur(plain)
        endless = rrulestr(text.to_ical().decode(), dtstart=start)
        count = min([MOST_OCCURRENCES + 1, *rule.get("COUNT", ())])
        return islice(endless.replace(until=until), count)

    def _until(self, until: When) -> datetime:
        if isinstance(until, datetime):
            return (
                until.astimezone(self._zone).replace(tzinfo=None)
                if until.tzinfo and self._zone
                else until.replace(tzinfo=None)
            )
        return datetime.combine(until, time.max)

    @property
    def _zone(self) -> tzinfo | None:
        return self.start.tzinfo if isinstance(self.start, datetime) else None

    def _local(self, when: When) -> datetime:
        """By the clocks of the zone of DTSTART and without tzinfo, as rules are expanded; a day is its
        midnight.
        """
        if isinstance(when, datetime) != isinstance(self.start, datetime):
            raise Invalid(UNREADABLE)
        if isinstance(when, datetime):
            return when.astimezone(self._zone).replace(tzinfo=None)
        return datetime.combine(when, time())

    def _in_utc(self, local: datetime) -> When:
        # Ends are computed in UTC, so that a meeting in the night of a clock change keeps its length.
        return local.replace(tzinfo=self._zone).astimezone(UTC) if self._zone else local.date()

    def _day_of(self, start: When) -> date:
        return start.astimezone(self._zone).date() if isinstance(start, datetime) else start


def _broken(event: Component) -> bool:
    """Whether icalendar skipped a line that matters since it could not be read, or there is an EXRULE."""
    unread = {(name or "").upper() for name, _ in event.errors}
    return bool(unread & MATTERS) or "EXRULE" in event


def _span(event: Component) -> Span:
    start = _when(event["DTSTART"])
    start = start.astimezone(UTC) if isinstance(start, datetime) else start
    return start, start + _length(event, start), _is_cancelled(event)


def _length(event: Component, start: When) -> timedelta:
    """From DTEND or DURATION; without them a day lasts a day and a moment none (RFC 5545, 3.6.1)."""
    if "DTEND" in event:
        end = _when(event["DTEND"])
        if isinstance(end, datetime) and isinstance(start, datetime):
            return end.astimezone(UTC) - start.astimezone(UTC)
        return end - start
    if "DURATION" in event:
        value: Any = event["DURATION"]
        length: timedelta = value.dt
        return length
    return timedelta(0) if isinstance(start, datetime) else A_DAY


def _is_cancelled(event: Component) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _listed(event: Component, name: str) -> Iterator[When]:
    """The values of all EXDATEs or RDATEs."""
    lines = event.get(name, [])
    for line in lines if isinstance(lines, list) else [lines]:
        for value in line.dts:
            yield _placed(value.dt, line.params.get("TZID"))


def _when(value: Any) -> When:
    return _placed(value.dt, value.params.get("TZID"))


def _placed(when: Any, name: str | None) -> When:
    """A day, or a moment in its zone: the zone of that name if it is known, else as the text defines it."""
    if not isinstance(when, date):
        raise Invalid(UNREADABLE)
    if not isinstance(when, datetime):
        return when
    known = vtimezones.name_in(name) if name else None
    if known is None and when.tzinfo is None:
        raise Invalid(NO_ZONE)
    return when.replace(tzinfo=vtimezones.zone(known)) if known else when
