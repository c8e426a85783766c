"""A message from outside, read defensively: to whom it went, who sent it, and the calendar texts in it.

Anybody can send us one, so nothing here trusts it: its size, its parts and their depth are bounded, a wrong
charset or a broken header spoils only itself, and what is packed inside another message (a bounce holds what
we sent) is not looked at.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from portal.errors import Invalid

LARGEST = 1_000_000
"""Bytes of a message that is read at all; a reply has a few thousand."""
MOST_PARTS, MOST_CALENDARS = 40, 4
MOST_DASHES = 500
"""Lines that begin as the border of a part does: each could make one, and take its time."""
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
"""Where mail systems leave the address that a message was sent to, the plus address among them."""
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}")
LONGEST_HEADER = 20_000
FIELD = re.compile(rb"(?i)(?:\A|[\r\n])content-(?:type|disposition):[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*")
LONGEST_FIELD = 2_000
"""Bytes of a header with parameters, of all its lines: taking it apart takes time that grows with their
square.
"""
SLOW = ("punycode", "idna")
"""What Python takes for charsets as well, and needs as much time for."""
BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""What the standard library's reader raises over messages made to break it."""


@dataclass(frozen=True)
class Incoming:
    """What counts of a message. `recipients` and `sender` are addresses in small letters.

    `bounced`: a report about a letter of ours, or an answer made by a machine while its owner is away.
    """

    recipients: tuple[str, ...]
    sender: str
    bounced: bool
    calendars: tuple[bytes, ...]


def read(raw: bytes) -> Incoming:
    """Read a message; raises Invalid for one that is too large or cannot be read at all."""
    if len(raw) > LARGEST:
        raise Invalid(f"This message is larger than {LARGEST:,} bytes, so it was not read.")
    if raw.lower().count(b"boundary") > MOST_PARTS or raw.count(b"\n--") > MOST_DASHES:
        raise Invalid("This message has too many parts, so it was not read.")
    if any(len(each[0]) > LONGEST_FIELD for each in FIELD.finditer(raw)):
        raise Invalid("This message has a header that is too long, so it was not read.")
    try:
        message = message_from_bytes(raw)
        if not message.keys():
            raise Invalid("This is no message: it has no headers.")
        recipients = (each for name in RECIPIENTS for each in _addresses(message, name))
        return Incoming(
            recipients=tuple(dict.fromkeys(recipients)),
            sender=next(
                reversed([*_addresses(message, "From")]), ""
            ),  # what stands in the name comes before the address
            bounced=_is_bounce(message),
            calendars=tuple(_calendars(message)),
        )
    except BROKEN as error:
        raise Invalid(f"This message cannot be read ({type(error).__name__}).") from error


def _addresses(message: Message, name: str) -> Iterator[str]:
    for value in message.get_all(name, [])[:MOST_PARTS]:
        for found in ADDRESS.findall(str(value)[:LONGEST_HEADER]):
            yield found.lower()


def _is_bounce(message: Message) -> bool:
    """By RFC 3834 and 3464. Auto-generated alone is none: some services mark so what a
    person's click sent.
    """
    automatic = str(message.get("Auto-Submitted", "")).strip().lower()
    nobody = str(message.get("Return-Path", "")).strip() == "<>"
    return message.get_content_type() == "multipart/report" or automatic.startswith("auto-replied") or nobody


def _calendars(message: Message) -> Iterator[bytes]:
    found = 0
    for part in _leaves(message):
        if found < MOST_CALENDARS and _is_calendar(part):
            found += 1
            yield _text(part)


def _leaves(part: Message, depth: int = 0) -> Iterator[Message]:
    """The parts that hold something, in order; not those of a message inside the message."""
    if not part.is_multipart():
        yield part
    elif part.get_content_maintype() == "multipart" and depth < MOST_PARTS:
        for each in part.get_payload():
            if isinstance(each, Message):
                yield from _leaves(each, depth + 1)


def _is_calendar(part: Message) -> bool:
    named = (part.get_filename() or "").lower().endswith(".ics")
    return part.get_content_type() in ("text/calendar", "application/ics", "application/calendar") or named


def _text(part: Message) -> bytes:
    """What a part holds, in UTF-8 whatever charset it is in, or says it is in."""
    charset = _charset(part)
    part.del_param("charset")  # the library would decode by it too, for nothing
    held = part.get_payload(decode=True)
    content = held if isinstance(held, bytes) else b""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace").encode()
    try:
        return content.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        return _decoded(content, charset).encode("utf-8", "replace")


def _charset(part: Message) -> str:
    """What charset a part says it is in; Latin-1 for none, for one that is unknown, and for
    one that is slow.
    """
    try:
        name = codecs.lookup(part.get_content_charset() or "latin-1").name
    except LookupError:
        return "latin-1"
    return "latin-1" if name in SLOW else name


def _decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except LookupError:  # a codec, but not of text
        return content.decode("latin-1")
