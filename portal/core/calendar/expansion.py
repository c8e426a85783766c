"""What a calendar text says, expanded: meaning, which can be compared, where servers rewrite every byte.

A View is plain data for a JSON column: `{"occurrences": {key: {"start", "end", "cancelled"}}}`. The key of an
occurrence is when its rule has it begin (its RECURRENCE-ID, or its start where there is no rule); moments are
UTC text like `2026-03-10T09:00:00Z`, days `2026-03-10`. What does not take place by an EXDATE is not there.

Reading is careful: a text that could be meant in two ways raises Invalid, since steps are taken upon what is
read.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Calendar, Component, vRecur

from portal.core.calendar import vtimezones as timezones
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
"""Of days and weeks these may pick none, which takes seconds to find out."""
A_DAY = timedelta(days=1)

UNREADABLE = N_("This calendar entry cannot be read.")
TOO_MANY = N_("This calendar entry repeats too often to be read.")
NO_ZONE = N_("This calendar entry names a time without saying in which time zone.")


def of_moments(occurrences: Iterable[tuple[datetime, datetime, datetime]]) -> View:
    """The view of meetings: when the rule has each begin, when it begins, when it ends."""
    return _view({_key(rule): (start, end, False) for rule, start, end in occurrences})


def of_day(on: date) -> View:
    """The view of something of a whole day."""
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
    """The occurrences by key: those of the rule, with the ones in place of some of them."""
    if not events or len({str(each.get("UID", "")) for each in events}) != 1 or any(map(_broken, events)):
        raise Invalid(UNREADABLE)
    in_order = sorted(events, key=lambda each: int(each.get("SEQUENCE", 0)))
    masters = [each for each in in_order if "RECURRENCE-ID" not in each]
    series = _Rule(masters[-1]) if masters else None
    spans = series.spans() if series else {}
    for each in in_order:
        if "RECURRENCE-ID" in each:
            replaced = _when(each["RECURRENCE-ID"])
            if "RANGE" in each["RECURRENCE-ID"].params:
                raise Invalid(UNREADABLE)
            key = series.key_of(replaced) if series else _key(replaced)
            if not (series and key in series.left_out):
                spans[key] = _span(each)
    return spans


class _Rule:
    """A VEVENT without RECURRENCE-ID, expanded. `left_out` are the keys that an EXDATE takes away."""

    def __init__(self, event: Component) -> None:
        self.event = event
        self.start = _when(event["DTSTART"])
        self.length = _length(event, self.start)
        excluded = list(_listed(event, "EXDATE"))
        self.days_out = {each for each in excluded if not isinstance(each, datetime)}
        self.left_out = {_key(each) for each in excluded}

    def spans(self) -> dict[str, Span]:
        """Each occurrence by its key."""
        cancelled = _is_cancelled(self.event)
        found = (each for each in self._starts() if self._day_of(each) not in self.days_out)
        spans = {_key(each): (each, each + self.length, cancelled) for each in found}
        if len(spans) > MOST_OCCURRENCES:
            raise Invalid(TOO_MANY)
        return {key: span for key, span in spans.items() if key not in self.left_out}

    def key_of(self, replaced: When) -> str:
        """The key that a RECURRENCE-ID means; some clients give the day where it should be the moment."""
        if isinstance(replaced, datetime) == isinstance(self.start, datetime):
            return _key(replaced)
        if isinstance(replaced, datetime):
            return _key(replaced.date())
        return next((_key(each) for each in self._starts() if self._day_of(each) == replaced), _key(replaced))

    def _starts(self) -> set[When]:
        """DTSTART itself always counts (RFC 5545, 3.8.5.3), then what the rule and RDATE give; moments in
        UTC.
        """
        listed = [self._local(each) for each in _listed(self.event, "RDATE")]
        return {self._in_utc(each) for each in (self._local(self.start), *self._by_rule(), *listed)}

    def _by_rule(self) -> Iterator[datetime]:
        rule = self.event.get("RRULE")
        if rule is None:
            return iter(())
        if isinstance(rule, list) or rule["FREQ"][0] not in SLOW_ENOUGH or TOO_FINE & set(rule):
            raise Invalid(TOO_MANY)
        if min(rule.get("INTERVAL", [1])) < 1 or (rule["FREQ"][0] in OFTEN and TOO_PICKY & set(rule)):
            raise Invalid(UNREADABLE)
        start = self._local(self.start)
        until = min([start + LONGEST_SERIES, *(self._until(each) for each in rule.get("UNTIL", ()))])
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
        """Without a zone, as rules are reckoned; a day is its midnight."""
        if isinstance(when, datetime) != isinstance(self.start, datetime):
            raise Invalid(UNREADABLE)
        if isinstance(when, datetime):
            return when.astimezone(self._zone).replace(tzinfo=None)
        return datetime.combine(when, time())

    def _in_utc(self, local: datetime) -> When:
        """The occurrence at this local time; its end is reckoned in UTC, so a night of a clock change makes
        it no longer.
        """
        return local.replace(tzinfo=self._zone).astimezone(UTC) if self._zone else local.date()

    def _day_of(self, start: When) -> date:
        return start.astimezone(self._zone).date() if isinstance(start, datetime) else start


def _broken(event: Component) -> bool:
    """Whether a line that matters was passed over because it could not be read, or says what we do not reckon
    with.
    """
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
    found = event.get(name, [])
    for values in found if isinstance(found, list) else [found]:
        for each in values.dts:
            yield _placed(each.dt, values.params.get("TZID"))


def _when(value: Any) -> When:
    return _placed(value.dt, value.params.get("TZID"))


def _placed(when: Any, name: str | None) -> When:
    """A day, or a moment in its zone: by the zone's name where we know it, else as the text itself defines
    the zone.
    """
    if not isinstance(when, date):
        raise Invalid(UNREADABLE)
    if not isinstance(when, datetime):
        return when
    known = _known_zone(name) if name else None
    if known is None and when.tzinfo is None:
        raise Invalid(NO_ZONE)
    return when.replace(tzinfo=known) if known else when


def _known_zone(name: str) -> tzinfo | None:
    """The zone a TZID means; some programs put a path before it, as in
    /freeassociation.sourceforge.net/Europe/Berlin.
    """
    parts = name.strip('"').split("/")
    candidates = ("/".join(parts[at:]) for at in range(len(parts)))
    return next((timezones.zone(each) for each in candidates if each in timezones.names()), None)
