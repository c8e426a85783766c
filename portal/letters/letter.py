"""What a letter is, before it is posted."""

from dataclasses import dataclass, field

LINK = "{{ the private link }}"
"""Stands in a letter's text and HTML where its private link goes; the outbox puts it in as the letter leaves."""


@dataclass(frozen=True)
class Letter:
    """One letter. `link` is an address that signs somebody in or proves an address: it is stored sealed."""

    kind: str
    subject: str
    text: str
    html: str
    link: str | None = field(default=None, repr=False)
