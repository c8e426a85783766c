"""What a letter is, before it is posted."""

import re
from dataclasses import dataclass, field

LINK = "{{ the private link }}"
"""Stands in a letter's text and HTML where its private link goes; the outbox puts it in as the letter leaves.
"""

EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
"""More than one in a row comes from a template's loops and says nothing."""


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
    """One letter. `link` is an address that signs somebody in or proves an address: it is stored sealed."""

    kind: str
    subject: str
    text: str
    html: str
    link: str | None = field(default=None, repr=False)
    calendar: CalendarPart | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", EMPTY_LINES.sub("\n\n", self.text))
