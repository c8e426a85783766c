"""What a letter is, before it is posted, and how its text and HTML are made of one template."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Protocol

from flask import render_template
from flask_babel import force_locale, get_locale

from portal.settings import current

LINK = "{{ the private link }}"
"""Stands in a letter's text and HTML where its private link goes; the outbox puts it in as the letter leaves.
"""

ITEM = "- "
"""What a line of a list begins with."""
EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
"""More than one in a row comes from a template's loops and says nothing."""


class Person(Protocol):
    """Somebody who can be written to."""

    name: str
    email: str
    locale: str | None


@dataclass(frozen=True)
class CalendarPart:
    """What makes a letter an invitation: `method` REQUEST or CANCEL, the calendar's `text`, and where answers
    go.
    """

    method: str
    text: str
    reply_to: str


@dataclass(frozen=True)
class Letter:
    """One letter. `link` is an address that signs somebody in or proves an address: it is stored sealed.
    `programme_id` is the programme that it tells of, whose staff may read it.
    """

    kind: str
    subject: str
    text: str
    html: str
    link: str | None = field(default=None, repr=False)
    calendar: CalendarPart | None = field(default=None, repr=False)
    programme_id: int | None = None


@contextmanager
def in_language_of(person: Person) -> Iterator[None]:
    """Write in the language a person has chosen, else in that of whoever acts, else in English."""
    with force_locale(person.locale or str(get_locale() or "en")):
        yield


def compose(kind: str, subject: str, to: Person, **facts: Any) -> Letter:
    """The letter whose text is templates/letters/<kind>.txt, in the language that is set. `kind` is
    package.name.

    The text is written once: paragraphs, lines that begin with "- ", and `link(address, label)`, which
    becomes "label:" with the address below it, or the address alone. A fact `programme` is the programme that
    it tells of. The HTML is made of it. What people
    typed is text in both: links and parts are told by a mark that is new in each letter.
    """
    settings, links = current(), _Links()
    values = {"name": to.name, "email": to.email, "public_url": settings.public_url, "LINK": LINK, **facts}
    template = f"letters/{kind.replace('.', '/')}.txt"
    written = render_template(template, **values, link=links.add, part=links.mark)
    parts = [EMPTY_LINES.sub("\n\n", part).strip() for part in written.split(links.mark)]
    _, greeting, body, why = parts
    sender = f"{settings.portal_name}\n{settings.public_url}"
    text = f"{greeting}\n\n{links.as_text(body)}\n\n{sender}\n\n--\n{why}\n"
    blocks = [greeting, *links.blocks(body)]
    frame = {"subject": subject, "blocks": blocks, "why": why, "public_url": settings.public_url}
    html = render_template("letters/_frame.html", **frame)
    programme = facts.get("programme")
    return Letter(kind, subject, text, html, programme_id=programme.id if programme else None)


@dataclass(frozen=True)
class _Link:
    address: str
    label: str
    alone: bool

    def as_text(self) -> str:
        return self.address if self.alone else f"{self.label}:\n\n{self.address}"


class _Links:
    """The links of one letter, and the marks that stand for them while its text is put together."""

    def __init__(self) -> None:
        self.mark = f"\x02{token_hex(8)}\x02"
        self.links: dict[str, _Link] = {}

    def add(self, address: str, label: str, *, alone: bool = False) -> str:
        """A link in a paragraph of its own; `alone`, the plain text has the address without its label."""
        place = f"\x03{self.mark}{len(self.links)}\x03".replace("\x02", "")
        self.links[place] = _Link(address, label, alone)
        return place

    def as_text(self, body: str) -> str:
        """The body as plain text."""
        for place, link in self.links.items():
            body = body.replace(place, link.as_text())
        return body

    def blocks(self, body: str) -> list[str | list[str] | _Link]:
        """The body's paragraphs, lists and links, in order."""
        blocks: list[str | list[str] | _Link] = []
        for paragraph in body.split("\n\n"):
            for line in paragraph.strip("\n").split("\n"):
                last = blocks[-1] if blocks else None
                if line in self.links:
                    blocks.append(self.links[line])
                elif not line.startswith(ITEM):
                    blocks.append(line)
                elif isinstance(last, list):
                    last.append(line.removeprefix(ITEM))
                else:
                    blocks.append([line.removeprefix(ITEM)])
        return blocks
