"""E-mail invitations to single check-ins, their cancellations, and the replies to them (iTIP, RFC 5546).

Each invitation is one plain event in UTC under a UID of its own, without rules or overrides: every mail
program reads that alike, and a reply means one check-in. Anybody may send a reply, so replies are read line
by line, up to a size, and never expanded.
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
"""PARTSTAT -> our word for it; "" means no answer, or no longer one."""
PARTSTATS = {answer: partstat for partstat, answer in ANSWERS.items()}
LARGEST, MOST_LINES = 100_000, 2_000
"""Bytes and lines of a calendar text, beyond which it is refused; a reply has about thirty lines."""
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
    """An organizer or attendee."""

    address: str
    name: str = ""


@dataclass(frozen=True)
class Invite:
    """The content of an invitation. Moments are aware; `revised_at` is when this `sequence` was written.

    `answer` is the attendee's answer to this time, if there was one; with `wants_answer` we ask for one.
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
    """An `answer` (`accepted`, `declined`, `tentative` or "") to one `sequence` of an invitation.

    `attendee` is "" where the program leaves the address out. `organizers` are the addresses that the reply
    names. `proposes` is the start that somebody would prefer (METHOD:COUNTER; RFC 5546, 3.2.7).
    """

    uid: str
    answer: str
    sequence: int
    stamped_at: datetime
    attendee: str
    organizers: tuple[str, ...] = ()
    proposes: datetime | None = None


def request(invite: Invite) -> str:
    """The calendar text that invites somebody to a check-in, or announces its new time or place."""
    event = _event(invite)
    event.add("status", "CONFIRMED")
    for minutes in invite.alarms:
        event.add_component(alarm(invite.summary, minutes))
    return _text(REQUEST, event)


def cancel(invite: Invite) -> str:
    """The calendar text that cancels an invitation."""
    event = _event(invite)
    event.add("status", "CANCELLED")
    return _text(CANCEL, event)


def reply_of(text: bytes) -> Reply:
    """The reply in a calendar text; raises Invalid for anything but one person's answer to one invitation.

    UID and DTSTAMP are required (RFC 5546, 3.2.3); SEQUENCE is 0 where it is missing. A proposal of another
    time need not say yes or no.
    """
    if len(text) > LARGEST:
        raise Invalid(TOO_LARGE)
    content = _read(_lines(text))
    if content.method not in (REPLY, COUNTER):
        raise Invalid(NOT_AN_ANSWER)
    uids, stamps, sequences = (content.values(name) for name in ("UID", "DTSTAMP", "SEQUENCE"))
    single = content.events == len(uids) == len(content.attendees) == 1
    if not single or content.values("RECURRENCE-ID"):
        raise Invalid(NOT_ONE)
    partstat, attendee = content.attendees[0]
    proposes = _proposed(content) if content.method == COUNTER else None
    if partstat not in ANSWERS and proposes is None:
        raise Invalid(UNKNOWN_ANSWER)
    if not 0 < len(uids[0]) <= LONGEST_UID or len(stamps) != 1 or len(sequences) > 1:
        raise Invalid(UNREADABLE)
    sequence = _number(sequences[0]) if sequences else 0
    organizers = tuple(filter(None, map(_address, content.values("ORGANIZER"))))
    return Reply(
        uids[0], ANSWERS.get(partstat, ""), sequence, _moment(stamps[0]), attendee, organizers, proposes
    )


def method_of(text: bytes) -> str:
    """The METHOD of a calendar text, in capitals; "" if there is none or the text cannot be read."""
    try:
        return _read(_lines(text[:LARGEST])).method
    except Invalid:
        return ""


def _proposed(content: "_Content") -> datetime:
    if len(content.starts) != 1:
        raise Invalid(UNREADABLE)
    return moment_of(*content.starts[0])


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
class _Content:
    """What matters of a reply: METHOD, the number of VEVENTs, and some of their properties.

    A start is a value and a TZID, an attendee a PARTSTAT and an address.
    """

    method: str = ""
    events: int = 0
    lines: list[tuple[str, str]] = field(default_factory=list)
    attendees: list[tuple[str, str]] = field(default_factory=list)
    starts: list[tuple[str, str]] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """The values of all properties of that name."""
        return [value for line_name, value in self.lines if line_name == name]


MATTERS = {"UID", "DTSTAMP", "SEQUENCE", "RECURRENCE-ID", "ORGANIZER"}


def _read(lines: Iterable[tuple[str, dict[str, str], str]]) -> _Content:
    content, inside = _Content(), list[str]()
    for name, params, value in lines:
        if name == "BEGIN":
            inside.append(value.upper())
            content.events += inside[-1] == "VEVENT"
        elif name == "END":
            if not inside or inside.pop() != value.upper():
                raise Invalid(UNREADABLE)
        elif inside == ["VCALENDAR"] and name == "METHOD":
            content.method = value.strip().upper()
        elif inside == ["VCALENDAR", "VEVENT"] and name in MATTERS:
            content.lines.append((name, value.strip()))
        elif inside == ["VCALENDAR", "VEVENT"] and name == "DTSTART":
            content.starts.append((value.strip(), params.get("TZID", "")))
        elif inside == ["VCALENDAR", "VEVENT"] and name == "ATTENDEE":
            address = _address(value) or _address(params.get("EMAIL", ""))
            content.attendees.append((params.get("PARTSTAT", "").upper(), address))
    return content


def _lines(text: bytes) -> Iterator[tuple[str, dict[str, str], str]]:
    """The lines as name, parameters and value, without those that cannot be read, as mail programs do it."""
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
            {key.upper(): param for key, param in params.items() if isinstance(param, str)},
            str(value),
        )


def _address(value: str) -> str:
    """The address in `mailto:…`, in small letters; "" for anything else, such as `invalid:nomail`."""
    bare = re.sub(r"(?i)^mailto:", "", value.strip().strip('"'))
    return bare.lower() if ADDRESS.fullmatch(bare) else ""


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(MOST_CHANGES))):
        raise Invalid(UNREADABLE)
    return int(value)


def _moment(value: str) -> datetime:
    """A DTSTAMP, which is in UTC (RFC 5545, 3.8.7.2), even where the Z was forgotten."""
    match = STAMP.fullmatch(value)
    if match is None:
        raise Invalid(UNREADABLE)
    try:
        return datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise Invalid(UNREADABLE) from error
