"""The touches that people give to entries in their own calendar: a title, reminders, a colour, notes.

They change no time, so they are left as they are; and when the portal writes an entry anew because a time
changed, it writes them too. What counts as a touch is what differs from what the portal last put there.
"""

from collections.abc import Mapping

from icalendar import Calendar, Component, Event, vText

from portal.core.calendar import comparing_lines as lines
from portal.core.calendar import writing as contentlines
from portal.errors import Invalid

TEXTS = ("SUMMARY", "DESCRIPTION", "COLOR", "CATEGORIES", "CLASS", "TRANSP", "PRIORITY")
"""Properties that are the owner's to change; place and link are not among them, since both must know those.
"""
REMINDERS = "VALARM"
MOST_DIGITS = 10
Texts = Mapping[str, str]


def texts_of(text: bytes) -> dict[str, str]:
    """What an entry says apart from times, by property; "" for what it does not say. Empty when it cannot be
    read.
    """
    try:
        event = _main(Calendar.from_ical(text))
        return {**{name: _said(event, name) for name in TEXTS}, REMINDERS: _reminders(event)}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return {}


def texts_of_ours(text: bytes) -> dict[str, str]:
    """The same of a text that the portal wrote, from its lines alone, which takes a thirtieth of the time."""
    events = [each for each in lines.taken_apart(text).parts if each.name == b"VEVENT"]
    main = next(each for each in events if not _raw(each, "RECURRENCE-ID"))
    alarms = (each for each in main.parts if each.name == REMINDERS.encode())
    reminders = " ".join(sorted(f"{_raw(each, 'TRIGGER')}/{_raw(each, 'ACTION')}" for each in alarms))
    return {**{name: _raw(main, name) for name in TEXTS}, REMINDERS: reminders}


def uid_of(text: bytes) -> str:
    """The UID of an entry, "" for none; long lines may be folded."""
    lines = (
        text.decode(errors="replace").replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "").split("\n")
    )
    return next((each[4:].strip() for each in lines if each.startswith("UID:")), "")


def revision_of(text: bytes) -> tuple[int, str]:
    """SEQUENCE and DTSTAMP (in UTC, as it is written) of an entry; "" for none. A copy from a backup has
    earlier ones.
    """
    events = text.decode(errors="replace").split("BEGIN:VEVENT")[1:]
    main = next((each for each in events if "\nRECURRENCE-ID" not in each), events[0] if events else "")
    said = {name: value for name, _, value in (each.partition(":") for each in reversed(main.splitlines()))}
    number, stamp = said.get("SEQUENCE", "0").strip(), said.get("DTSTAMP", "").strip()
    well = len(stamp) == len("20260101T000000Z") and stamp.endswith("Z")
    return (int(number) if number.isdecimal() and len(number) < MOST_DIGITS else 0, stamp if well else "")


def touched(theirs: Texts, put: Texts) -> frozenset[str]:
    """The properties in which `theirs` differs from what the portal had `put` there; none when that is not
    known.
    """
    return frozenset(name for name, said in theirs.items() if name in put and said != put[name])


def touched_in(there: bytes, put: Texts) -> frozenset[str]:
    """The properties that an item's owner has touched; most items are as they were put, which their lines
    alone tell.
    """
    try:
        as_put = texts_of_ours(there) == put
    except (ValueError, StopIteration):
        as_put = False
    return frozenset() if as_put else touched(texts_of(there), put)


def put_there(ours: bytes, there: bytes | None, put: Texts) -> dict[str, str]:
    """What the portal is known to have put there: where the item says what we would, that, since a write of
    ours may have arrived without an answer; and when nothing is known, what we would put there now."""
    would, said = texts_of(ours), texts_of(there) if there else {}
    return {**(put or would), **{name: each for name, each in would.items() if said.get(name) == each}}


def read_back(there: bytes, ours: bytes, names: frozenset[str]) -> dict[str, str]:
    """What the portal has just put there: as the server gives it back, but ours where its owner's touch
    stands instead.
    """
    if not names and lines.same(there, ours):
        return texts_of_ours(ours)
    would = texts_of(ours) if names else {}
    return {name: would.get(name, "") if name in names else said for name, said in texts_of(there).items()}


def with_touches(ours: bytes, theirs: bytes, names: frozenset[str]) -> bytes:
    """Our text with `their` values of some properties, in every VEVENT of it; raises Invalid when theirs
    cannot be read.
    """
    if not names:
        return ours
    try:
        giver, calendar = _main(Calendar.from_ical(theirs)), Calendar.from_ical(ours)
        for event in calendar.walk("VEVENT"):
            _give(giver, event, names)
        contentlines.exactly(calendar)
        written: bytes = calendar.to_ical()
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise Invalid from error
    return written


def _give(giver: Component, event: Component, names: frozenset[str]) -> None:
    for name in names - {REMINDERS}:
        event.pop(name, None)
        if name in giver:
            event[name] = giver[name]
    if REMINDERS in names:
        others = [each for each in event.subcomponents if each.name != REMINDERS]
        event.subcomponents = [*others, *(each for each in giver.subcomponents if each.name == REMINDERS)]


def _main(calendar: Component) -> Component:
    """The VEVENT of the series, rather than one in place of a single occurrence."""
    events: list[Component] = calendar.walk("VEVENT")
    return next((each for each in events if "RECURRENCE-ID" not in each), events[0] if events else Event())


def _said(event: Component, name: str) -> str:
    value = event.get(name)
    if value is None:
        return ""
    if isinstance(value, vText):
        return contentlines.Text(value).to_ical().decode()
    return value.to_ical().decode() if hasattr(value, "to_ical") else str(value)


def _reminders(event: Component) -> str:
    """When one is reminded and how; what programs note when a reminder was seen does not count."""
    alarms = (each for each in event.subcomponents if each.name == REMINDERS)
    return " ".join(sorted(f"{_said(each, 'TRIGGER')}/{_said(each, 'ACTION')}" for each in alarms))


def _raw(part: lines.Part, name: str) -> str:
    """What stands behind a property's name and parameters, none of which is quoted in what
    the portal writes.
    """
    starts = (f"{name}:".encode(), f"{name};".encode())
    return next((each.partition(b":")[2].decode() for each in part.lines if each.startswith(starts)), "")
