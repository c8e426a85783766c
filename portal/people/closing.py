"""Closing an account, with all that it takes part in.

What that is, packages above know: the application hands over what they do (`Closing`). It is done inside the
transaction that closes, so an account is closed with all that follows, or not at all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flask import current_app

from portal.letters.outbox import stop_letters_to
from portal.people import sessions
from portal.people.models import Person

CLOSING = "closing"
"""The application's extension."""


class Ends(Protocol):
    """Ends what somebody takes part in, inside the open transaction."""

    def __call__(self, person: Person, *, at: datetime) -> None: ...


@dataclass(frozen=True)
class Closing:
    """What packages above do when an account is closed: `end` what it takes part in, and say beforehand what
    that `would_end`, a sentence each.
    """

    end: Ends
    would_end: Callable[[Person], Iterable[str]]


def close(person: Person, *, at: datetime) -> None:
    """Close an account inside the open transaction: its sessions end, no letter leaves to it any more, and
    what it takes part in ends.
    """
    person.disabled_at = at
    sessions.end_all(person.id)
    _closing().end(person, at=at)
    stop_letters_to(person.id)


def would_end(person: Person) -> list[str]:
    """What closing an account would end, a sentence each, in the reader's language."""
    return list(_closing().would_end(person))


def _closing() -> Closing:
    closing: Closing = current_app.extensions[CLOSING]
    return closing
