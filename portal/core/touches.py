"""The touches that people give to entries in their own calendar: a title, reminders, a colour, notes.

They change no time, so they are left as they are; and when the portal writes an entry anew because a time changed, it
writes them too. What counts as a touch is what differs from what the portal last put there.
"""

from collections.abc import Mapping

from icalendar import Calendar, Component, Event

from portal.errors import Invalid

TEXTS = ("SUMMARY", "DESCRIPTION", "COLOR", "CATEGORIES", "CLASS", "TRANSP", "PRIORITY")
"""Properties that are the owner's to change; place and link are not among them, since both must know those."""
REMINDERS = "VALARM"
Texts = Mapping[str, str]


def texts_of(text: bytes) -> dict[str, str]:
    """What an entry says apart from times, by property; "" for what it does not say. Empty when it cannot be read."""
    try:
        event = _main(Calendar.from_ical(text))
        return {**{name: _said(event, name) for name in TEXTS}, REMINDERS: _reminders(event)}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return {}


def touched(theirs: Texts, put: Texts) -> frozenset[str]:
    """The properties in which `theirs` differs from what the portal had `put` there; none when that is not known."""
    return frozenset(name for name, said in theirs.items() if name in put and said != put[name])


def with_touches(ours: bytes, theirs: bytes, names: frozenset[str]) -> bytes:
    """Our text with `their` values of some properties, in every VEVENT of it; raises Invalid when theirs cannot be read."""
    if not names:
        return ours
    try:
        giver, calendar = _main(Calendar.from_ical(theirs)), Calendar.from_ical(ours)
        for event in calendar.walk("VEVENT"):
            _give(giver, event, names)
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
    return value.to_ical().decode() if hasattr(value, "to_ical") else str(value)


def _reminders(event: Component) -> str:
    """When one is reminded and how; what programs note when a reminder was seen does not count."""
    alarms = (each for each in event.subcomponents if each.name == REMINDERS)
    return " ".join(sorted(f"{_said(each, 'TRIGGER')}/{_said(each, 'ACTION')}" for each in alarms))
