"""One check-in as an invitation by e-mail: what is asked and taken back, and what is answered (iTIP, RFC
5546).

Each invitation is one plain event in UTC under a UID of its own, without rules or overrides: every mail
program reads that alike, and a reply means one check-in. Answers are read with care, since anybody may send
one: line by line, bounded in size, and never expanded.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from icalendar import Calendar, Event, vCalAddress, vText
from icalendar.parser import Contentline, Contentlines

from portal.core.calendar.date_times import moment_of
from portal.core.calendar.documents import PRODID, alarm
from portal.core.calendar.text_values import Text, on_one_line, text_of, without_controls
from portal.core.translatable import N_
from portal.errors import Invalid

REQUEST, CANCEL, REPLY, COUNTER = "REQUEST", "CANCEL", "REPLY", "COUNTER"
ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative", "NEEDS-ACTION": ""}
"""PARTSTAT -> what we call it; "" is no answer (any more)."""
PARTSTATS = {answer: partstat for partstat, answer in ANSWERS.items()}
LARGEST, MOST_LINES = 100_000, 2_000
"""Bytes and lines of a calendar text that is read at all; a reply has about thirty lines."""
LONGEST_UID = 200
MOST_CHANGES = 2**31
STAMP = re.compile(r"(\d{8}T\d{6})(?:Z|[+]0000)?")
ADDRESS = re.compile(r"[^@\s<>]{1,64}@[^@\s<>]{1,189}")

UNREADABLE = N_("This answer cannot be read.")
TOO_LARGE = N_("This answer is too large to be read.")
NOT_AN_ANSWER = N_("This is no answer to an invitation.")
NOT_ONE = N_("This answer is not about one check-in and one person.")
UNKNOWN_ANSWER = N_("This answer says neither yes nor no.")


@dataclass(frozen=True)
class Party:
    """Somebody with an address, as mail programs name them."""

    address: str
    name: str = ""


@dataclass(frozen=True)
class Invite:
    """What an invitation says. Moments are aware; `revised_at` is when this `sequence` was written, never
    "now".

    `answer` is what the attendee said to this time already; `wants_answer` whether anybody would read one.
    """

    uid: str
    sequence: int
    revised_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    organizer: Party
    attendee: Party
    description: str = ""
    location: str = ""
    url: str = ""
    alarms: tuple[int, ...] = ()
    answer: str = ""
    wants_answer: bool = True


@dataclass(frozen=True)
class Reply:
    """What somebody answered: `accepted`, `declined`, `tentative` or "", to which `sequence`, and when
    (`stamped_at`).

    `attendee` is "" where the program does not tell the address. `organizers` are the addresses that were
    answered to. `proposes` is the other time at which somebody would rather begin (METHOD:COUNTER; RFC 5546,
    3.2.7).
    """

    uid: str
    answer: str
    sequence: int
    stamped_at: datetime
    attendee: str
    organizers: tuple[str, ...] = ()
    proposes: datetime | None = None


def request(invite: Invite) -> str:
    """The calendar text that asks somebody to a check-in, or tells of its new time or place; equal data,
    equal text.
    """
    event = _event(invite)
    event.add("status", "CONFIRMED")
    for minutes in invite.alarms:
        event.add_component(alarm(invite.summary, minutes))
    return _text(REQUEST, event)


def cancel(invite: Invite) -> str:
    """The calendar text that takes an invitation back."""
    event = _event(invite)
    event.add("status", "CANCELLED")
    return _text(CANCEL, event)


def reply_of(text: bytes) -> Reply:
    """What a calendar text from elsewhere answers; raises Invalid for anything but one person's answer to one
    invitation.

    UID and DTSTAMP must be there (RFC 5546, 3.2.3); SEQUENCE is 0 where it is not given. A proposal of
    another time need not say yes or no.
    """
    if len(text) > LARGEST:
        raise Invalid(TOO_LARGE)
    found = _read(_lines(text))
    if found.method not in (REPLY, COUNTER):
        raise Invalid(NOT_AN_ANSWER)
    uids, stamps, sequences = (found.values(name) for name in ("UID", "DTSTAMP", "SEQUENCE"))
    if found.events != 1 or len(uids) != 1 or len(found.attendees) != 1 or found.values("RECURRENCE-ID"):
        raise Invalid(NOT_ONE)
    partstat, attendee = found.attendees[0]
    proposes = _proposed(found) if found.method == COUNTER else None
    if partstat not in ANSWERS and proposes is None:
        raise Invalid(UNKNOWN_ANSWER)
    if not 0 < len(uids[0]) <= LONGEST_UID or len(stamps) != 1 or len(sequences) > 1:
        raise Invalid(UNREADABLE)
    sequence = _number(sequences[0]) if sequences else 0
    organizers = tuple(filter(None, map(_address, found.values("ORGANIZER"))))
    return Reply(
        uids[0], ANSWERS.get(partstat, ""), sequence, _moment(stamps[0]), attendee, organizers, proposes
    )


def method_of(text: bytes) -> str:
    """The METHOD of a calendar text, in capitals; "" when it has none or cannot be read."""
    try:
        return _read(_lines(text[:LARGEST])).method
    except Invalid:
        return ""


def _proposed(found: "_Found") -> datetime:
    if len(found.starts) != 1:
        raise Invalid(UNREADABLE)
    return moment_of(*found.starts[0])


def _event(invite: Invite) -> Event:
    event = Event()
    event.add("uid", invite.uid)
    event.add("sequence", invite.sequence)
    event.add("dtstamp", _second(invite.revised_at))
    event.add("dtstart", _second(invite.starts_at))
    event.add("dtend", _second(invite.ends_at))
    event.add("summary", Text(on_one_line(invite.summary)))
    if invite.description:
        event.add("description", Text(without_controls(invite.description)))
    if invite.location:
        event.add("location", Text(on_one_line(invite.location)))
    if invite.url:
        event.add("url", on_one_line(invite.url).replace(" ", "%20"))
    event.add("organizer", _party(invite.organizer))
    attendee = _party(invite.attendee)
    for name, value in {
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": PARTSTATS[invite.answer],
        "RSVP": "TRUE" if invite.wants_answer else "FALSE",
    }.items():
        attendee.params[name] = vText(value)
    event.add("attendee", attendee)
    event.add("transp", "OPAQUE")
    return event


def _party(party: Party) -> vCalAddress:
    address = vCalAddress(f"mailto:{party.address}")
    name = on_one_line(party.name).replace('"', "'")  # RFC 5545, 3.2: a parameter's value cannot hold one
    if name:
        address.params["CN"] = vText(name)
    return address


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _text(method: str, event: Event) -> str:
    calendar = Calendar()
    for name, value in {
        "version": "2.0",
        "prodid": PRODID,
        "calscale": "GREGORIAN",
        "method": method,
    }.items():
        calendar.add(name, value)
    calendar.add_component(event)
    return text_of(calendar)


@dataclass
class _Found:
    """What was read: the calendar's METHOD, how many VEVENTs, and of the first one the lines that matter."""

    method: str = ""
    events: int = 0
    lines: list[tuple[str, str]] = field(default_factory=list)
    attendees: list[tuple[str, str]] = field(default_factory=list)
    starts: list[tuple[str, str]] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """The values of a property of the event."""
        return [value for each, value in self.lines if each == name]


MATTERS = {"UID", "DTSTAMP", "SEQUENCE", "RECURRENCE-ID", "ORGANIZER"}


def _read(lines: Iterable[tuple[str, dict[str, str], str]]) -> _Found:
    found, inside = _Found(), list[str]()
    for name, params, value in lines:
        if name == "BEGIN":
            inside.append(value.upper())
            found.events += inside[-1] == "VEVENT"
        elif name == "END":
            if not inside or inside.pop() != value.upper():
                raise Invalid(UNREADABLE)
        elif inside == ["VCALENDAR"] and name == "METHOD":
            found.method = value.strip().upper()
        elif inside == ["VCALENDAR", "VEVENT"] and name in MATTERS:
            found.lines.append((name, value.strip()))
        elif inside == ["VCALENDAR", "VEVENT"] and name == "DTSTART":
            found.starts.append((value.strip(), params.get("TZID", "")))
        elif inside == ["VCALENDAR", "VEVENT"] and name == "ATTENDEE":
            found.attendees.append(
                (params.get("PARTSTAT", "").upper(), _address(value) or _address(params.get("EMAIL", "")))
            )
    return found


def _lines(text: bytes) -> Iterator[tuple[str, dict[str, str], str]]:
    """Each line as name, parameters and value; one that cannot be read is passed over, as all mail programs
    do.
    """
    try:
        reader: Any = Contentlines
        unfolded: list[Contentline] = reader.from_ical(text.decode("utf-8", "replace").replace("\0", ""))
    except (ValueError, IndexError) as error:
        raise Invalid(UNREADABLE) from error
    if len(unfolded) > MOST_LINES:
        raise Invalid(TOO_LARGE)
    for line in filter(None, unfolded):
        try:
            name, params, value = line.parts()
        except (ValueError, IndexError):
            continue
        yield (
            name.upper(),
            {key.upper(): each for key, each in params.items() if isinstance(each, str)},
            str(value),
        )


def _address(value: str) -> str:
    """The address in `mailto:…`, in small letters; "" for one that is none, such as `invalid:nomail`."""
    bare = re.sub(r"(?i)^mailto:", "", value.strip().strip('"'))
    return bare.lower() if ADDRESS.fullmatch(bare) else ""


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(MOST_CHANGES))):
        raise Invalid(UNREADABLE)
    return int(value)


def _moment(value: str) -> datetime:
    """A DTSTAMP, which is in UTC (RFC 5545, 3.8.7.2), even where the Z was forgotten."""
    shaped = STAMP.fullmatch(value)
    if shaped is None:
        raise Invalid(UNREADABLE)
    try:
        return datetime.strptime(shaped[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise Invalid(UNREADABLE) from error
