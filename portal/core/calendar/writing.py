"""Writing calendar text line by line (RFC 5545, 3.1 and 3.3.11), byte for byte as the icalendar package does,
at a tenth of its cost: for components whose properties are known beforehand."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from icalendar import Component, vDuration, vText

MOST_OCTETS = 74
"""Of a line without its end, so that there is room for the blank before a part of one."""
ORDER = (
    *("SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID", "RECURRENCE-ID", "SEQUENCE", "RRULE", "EXDATE"),
    *("DESCRIPTION", "LAST-MODIFIED", "LOCATION", "TRANSP", "URL"),
)
"""Of the properties of an event: that of the package, which many readers have seen."""


def component(name: str, properties: Mapping[str, str], parts: Iterable[str] = ()) -> str:
    """A component with `parts` in it. A property's value is what stands after its name: `:value` or
    `;parameter:value`.
    """
    lines = (folded(f"{each}{value}") for each, value in properties.items())
    return "".join([f"BEGIN:{name}\r\n", *lines, *parts, f"END:{name}\r\n"])


def in_order(properties: Mapping[str, str]) -> dict[str, str]:
    """The properties of an event in the order in which they are written."""
    return {name: properties[name] for name in ORDER if name in properties}


def text(said: str) -> str:
    """Text as the value of a property, escaped; the package would end a line at `\\N`, as in
    `\\\\server\\North`.
    """
    said = said.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return ":" + said.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


class Text(vText):
    """Text that the package writes as `text` does."""

    def to_ical(self) -> bytes:
        return text(str(self)).removeprefix(":").encode()


def exactly(component: Component) -> None:
    """Have the package write all texts in a component, and in its parts, as `text` does."""
    for part in component.walk():
        for name, value in list(part.items()):
            if type(value) is vText:
                part[name] = Text(value, params=value.params)


@lru_cache(maxsize=64)
def before(minutes: int) -> str:
    """So many minutes before something, as a duration (3.3.6)."""
    duration: Any = vDuration(timedelta(minutes=-minutes))
    return f":{duration.to_ical().decode()}"


def folded(line: str) -> str:
    """A line with its end, in parts of at most 75 octets."""
    if len(line) <= MOST_OCTETS and line.isascii():
        return f"{line}\r\n"
    return "\r\n ".join(_parts(line)) + "\r\n"


def _parts(line: str) -> Iterator[str]:
    """No part ends in the middle of a character, nor of an escaped one."""
    start = size = 0
    for at, each in enumerate(line):
        octets = 1 if each < "\x80" else len(each.encode())
        if at > start and size + octets > MOST_OCTETS:
            back = at - start > 1 and line[at - 1] in "\\^"
            yield line[start : at - back]
            start, size = at - back, int(back)
        size += octets
    if start < len(line):
        yield line[start:]


def without_controls(said: str) -> str:
    """Text without control characters, of which one makes a whole calendar unreadable on some servers; lines
    stay lines.
    """
    joined = said.replace("\r\n", "\n").replace("\t", " ")
    if joined.replace("\n", "").isprintable():
        return joined
    return "".join(each for each in joined if each == "\n" or unicodedata.category(each) not in ("Cc", "Cs"))
