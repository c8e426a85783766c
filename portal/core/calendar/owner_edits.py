"""What the owner of a calendar edited in our entries apart from times: a title, reminders, a colour, notes.

Such edits are left alone. When the portal writes an entry again because a time changed, it writes the owner's
values along with it. An edit is whatever differs from what the portal last put there.
"""

from collections.abc import Mapping

from icalendar import Calendar, Component, Event, vText

from portal.core.calendar import comparing_lines
from portal.core.calendar.comparing_lines import Part
from portal.core.calendar.text_values import Text, wrap_texts
from portal.errors import Invalid

# Place and link are not the owner's to edit, since both of a pair must know those.
TEXTS = ("SUMMARY", "DESCRIPTION", "COLOR", "CATEGORIES", "CLASS", "TRANSP", "PRIORITY")
REMINDERS = "VALARM"
MOST_DIGITS = 10
Texts = Mapping[str, str]
"""Values by property name; "" for a property that is absent."""

UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError)
"""What icalendar raises on texts that it cannot parse."""


def texts_of(text: bytes) -> dict[str, str]:
    """What an entry says apart from times; empty when it cannot be parsed."""
    try:
        event = _main(Calendar.from_ical(text))
        return {**{name: _value(event, name) for name in TEXTS}, REMINDERS: _reminders(event)}
    except UNREADABLE:
        return {}


def texts_of_ours(text: bytes) -> dict[str, str]:
    """The same of a text that the portal wrote, from its lines alone, which is thirty times as fast."""
    events = [part for part in comparing_lines.parse(text).parts if part.name == b"VEVENT"]
    main = next(event for event in events if not _raw(event, "RECURRENCE-ID"))
    alarms = (part for part in main.parts if part.name == REMINDERS.encode())
    reminders = " ".join(sorted(f"{_raw(alarm, 'TRIGGER')}/{_raw(alarm, 'ACTION')}" for alarm in alarms))
    return {**{name: _raw(main, name) for name in TEXTS}, REMINDERS: reminders}


def uid_of(text: bytes) -> str:
    """The UID of an entry, "" for none; long lines may be folded."""
    unfolded = text.decode(errors="replace").replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")
    return next((line[4:].strip() for line in unfolded.split("\n") if line.startswith("UID:")), "")


def revision_of(text: bytes) -> tuple[int, str]:
    """SEQUENCE and DTSTAMP of an entry, the latter as written, in UTC, or "". A copy from a backup has
    earlier ones.
    """
    events = text.decode(errors="replace").split("BEGIN:VEVENT")[1:]
    main = next((event for event in events if "\nRECURRENCE-ID" not in event), events[0] if events else "")
    lines = (line.partition(":") for line in reversed(main.splitlines()))
    values = {name: value for name, _, value in lines}
    number, stamp = values.get("SEQUENCE", "0").strip(), values.get("DTSTAMP", "").strip()
    is_utc = len(stamp) == len("20260101T000000Z") and stamp.endswith("Z")
    return (
        int(number) if number.isdecimal() and len(number) < MOST_DIGITS else 0,
        stamp if is_utc else "",
    )


def edited(theirs: Texts, ours: Texts) -> frozenset[str]:
    """The properties in which `theirs` differs from what the portal put there; none where that is unknown."""
    return frozenset(name for name, value in theirs.items() if name in ours and value != ours[name])


def edited_in(text: bytes, ours: Texts) -> frozenset[str]:
    """The properties that an item's owner edited. Most items are as the portal put them, which their lines
    alone tell.
    """
    try:
        is_ours = texts_of_ours(text) == ours
    except (ValueError, StopIteration):
        is_ours = False
    return frozenset() if is_ours else edited(texts_of(text), ours)


def put_there(ours: bytes, theirs: bytes | None, before: Texts) -> dict[str, str]:
    """What the portal is known to have put there: what it did `before`, or our present values if that is
    unknown; and our present value wherever the item has it, since a write may have arrived without an answer.
    """
    present, values = texts_of(ours), texts_of(theirs) if theirs else {}
    arrived = {name: value for name, value in present.items() if values.get(name) == value}
    return {**(before or present), **arrived}


def read_back(theirs: bytes, ours: bytes, owner_properties: frozenset[str]) -> dict[str, str]:
    """What the portal has just put there: as the server returns it, but our own value of the properties in
    which the owner's was written instead.
    """
    if not owner_properties and comparing_lines.same(theirs, ours):
        return texts_of_ours(ours)
    values = texts_of(ours) if owner_properties else {}
    return {
        name: values.get(name, "") if name in owner_properties else value
        for name, value in texts_of(theirs).items()
    }


def with_edits(ours: bytes, theirs: bytes, names: frozenset[str]) -> bytes:
    """Our text with their values of the properties `names`, in every VEVENT of it. Raises Invalid when theirs
    cannot be parsed.
    """
    if not names:
        return ours
    try:
        source, calendar = _main(Calendar.from_ical(theirs)), Calendar.from_ical(ours)
        for event in calendar.walk("VEVENT"):
            _copy(source, event, names)
        wrap_texts(calendar)
        text: bytes = calendar.to_ical()
    except UNREADABLE as error:
        raise Invalid from error
    return text


def _copy(source: Component, event: Component, names: frozenset[str]) -> None:
    for name in names - {REMINDERS}:
        event.pop(name, None)
        if name in source:
            event[name] = source[name]
    if REMINDERS in names:
        others = [part for part in event.subcomponents if part.name != REMINDERS]
        alarms = (part for part in source.subcomponents if part.name == REMINDERS)
        event.subcomponents = [*others, *alarms]


def _main(calendar: Component) -> Component:
    """The VEVENT of the series, rather than one that replaces a single occurrence."""
    events: list[Component] = calendar.walk("VEVENT")
    return next((event for event in events if "RECURRENCE-ID" not in event), events[0] if events else Event())


def _value(event: Component, name: str) -> str:
    value = event.get(name)
    if value is None:
        return ""
    if isinstance(value, vText):
        return Text(value).to_ical().decode()
    return value.to_ical().decode() if hasattr(value, "to_ical") else str(value)


def _reminders(event: Component) -> str:
    """When and how one is reminded; what programs add once a reminder was seen does not count."""
    alarms = (part for part in event.subcomponents if part.name == REMINDERS)
    return " ".join(sorted(f"{_value(alarm, 'TRIGGER')}/{_value(alarm, 'ACTION')}" for alarm in alarms))


def _raw(part: Part, name: str) -> str:
    """The value of a property as written; the portal never writes a quoted parameter, so the first colon ends
    the name.
    """
    starts = (f"{name}:".encode(), f"{name};".encode())
    return next((line.partition(b":")[2].decode() for line in part.lines if line.startswith(starts)), "")
