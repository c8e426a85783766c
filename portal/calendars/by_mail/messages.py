"""Parse a message from outside, defensively: to whom it went, who sent it, and the calendar texts in it.

Anybody can send us one, so nothing here trusts it. Its size, its parts and their depth are limited, and a
wrong charset or broken header spoils only itself. Messages inside the message are ignored, since a bounce
contains what we sent.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from itertools import islice

from portal.errors import Invalid

LARGEST = 1_000_000
"""The most bytes a message may have; a reply has a few thousand."""
MOST_PARTS, MOST_CALENDARS = 40, 4
MOST_DASHES = 500
"""Lines that begin like the boundary of a part: each could make one, and cost its time."""
RECIPIENTS = (
    "To",
    "Cc",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "Apparently-To",
)
"""Headers in which mail systems put the address that a message was sent to, with its plus token."""
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}")
LONGEST_HEADER = 20_000
FIELD = re.compile(rb"(?i)(?:\A|[\r\n])content-(?:type|disposition):[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*")
LONGEST_FIELD = 2_000
"""The most bytes of a header with parameters; parsing it takes time that grows with their square."""
SLOW = ("punycode", "idna")
"""Codecs that Python accepts as charsets and that take time that grows with the square of the length."""
BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""What the standard library's parser raises for messages made to break it."""


@dataclass(frozen=True)
class Incoming:
    """What we need of a message. `recipients` and `sender` are addresses in lower case.

    `bounced`: a report about a letter of ours, or an automatic answer, as while somebody is away.
    """

    recipients: tuple[str, ...]
    sender: str
    bounced: bool
    calendars: tuple[bytes, ...]


def read(raw: bytes) -> Incoming:
    """Parse a message; raises Invalid for one that is too large or cannot be parsed at all."""
    if len(raw) > LARGEST:
        raise Invalid(f"This message is larger than {LARGEST:,} bytes, so it was not read.")
    if raw.lower().count(b"boundary") > MOST_PARTS or raw.count(b"\n--") > MOST_DASHES:
        raise Invalid("This message has too many parts, so it was not read.")
    if any(len(field[0]) > LONGEST_FIELD for field in FIELD.finditer(raw)):
        raise Invalid("This message has a header that is too long, so it was not read.")
    try:
        message = message_from_bytes(raw)
        if not message.keys():
            raise Invalid("This is no message: it has no headers.")
        recipients = (address for name in RECIPIENTS for address in _addresses(message, name))
        # An address in the sender's display name comes before the real one, so the last counts.
        sender = next(reversed([*_addresses(message, "From")]), "")
        return Incoming(
            recipients=tuple(dict.fromkeys(recipients)),
            sender=sender,
            bounced=_is_bounce(message),
            calendars=tuple(_calendars(message)),
        )
    except BROKEN as error:
        raise Invalid(f"This message cannot be read ({type(error).__name__}).") from error


def _addresses(message: Message, name: str) -> Iterator[str]:
    for value in message.get_all(name, [])[:MOST_PARTS]:
        for address in ADDRESS.findall(str(value)[:LONGEST_HEADER]):
            yield address.lower()


def _is_bounce(message: Message) -> bool:
    """By RFC 3834 and 3464. "Auto-generated" alone is none: some services mark a person's click with it."""
    automatic = str(message.get("Auto-Submitted", "")).strip().lower()
    no_return = str(message.get("Return-Path", "")).strip() == "<>"
    is_report = message.get_content_type() == "multipart/report"
    return is_report or automatic.startswith("auto-replied") or no_return


def _calendars(message: Message) -> Iterator[bytes]:
    for part in islice(filter(_is_calendar, _leaves(message)), MOST_CALENDARS):
        yield _text(part)


def _leaves(part: Message, depth: int = 0) -> Iterator[Message]:
    """The parts with content, in order; not those of a message inside the message."""
    if not part.is_multipart():
        yield part
    elif part.get_content_maintype() == "multipart" and depth < MOST_PARTS:
        for inner in part.get_payload():
            if isinstance(inner, Message):
                yield from _leaves(inner, depth + 1)


def _is_calendar(part: Message) -> bool:
    named = (part.get_filename() or "").lower().endswith(".ics")
    return part.get_content_type() in ("text/calendar", "application/ics", "application/calendar") or named


def _text(part: Message) -> bytes:
    """The content of a part, in UTF-8, whatever its charset is or claims to be."""
    charset = _charset(part)
    part.del_param("charset")  # or the library would decode by it first, in vain
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace").encode()
    try:
        return content.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        return _decoded(content, charset).encode("utf-8", "replace")


def _charset(part: Message) -> str:
    """The charset that a part declares; Latin-1 for none, and in place of an unknown or slow one."""
    try:
        name = codecs.lookup(part.get_content_charset() or "latin-1").name
    except LookupError:
        return "latin-1"
    return "latin-1" if name in SLOW else name


def _decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except LookupError:  # a codec, but no charset
        return content.decode("latin-1")
