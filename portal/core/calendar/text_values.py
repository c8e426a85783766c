"""Text in calendar properties (RFC 5545, 3.3.11): no control characters, and every backslash is kept."""

import unicodedata

from icalendar import Component, vText

BACKSLASH_N = r"\N"


class Text(vText):
    r"""Text that may contain a backslash before a capital N, as in `\\server\North`.

    icalendar (7.3) takes `\N` in a value for an escaped line break and would write `\n`.
    """

    def to_ical(self) -> bytes:
        return rb"\\N".join(vText(part).to_ical() for part in self.split(BACKSLASH_N))


def wrap_texts(component: Component) -> None:
    """Replace every vText in a component and its subcomponents by Text."""
    for part in component.walk():
        for name, value in list(part.items()):
            if type(value) is vText:
                part[name] = Text(value, params=value.params)


def text_of(component: Component, *, in_order: bool = True) -> str:
    """What icalendar writes for a component; not `in_order`, its properties stand as they were added."""
    written: bytes = component.to_ical(sorted=in_order)
    return written.decode()


def on_one_line(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join(without_controls(text).split())


def without_controls(text: str) -> str:
    """Text without control characters, since a single one makes a whole calendar unreadable on some servers;
    line breaks stay, tabs become blanks.
    """
    lines = text.replace("\r\n", "\n").replace("\t", " ")
    if lines.replace("\n", "").isprintable():
        return lines
    return "".join(char for char in lines if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs"))
