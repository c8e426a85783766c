"""What one round through a calendar account works with, from its first phase to its last."""

import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from portal.calendars.server import Server
from portal.calendars.syncing.lease import Lease

ROUND_SECONDS = 60
"""How long one round may take before it makes way for another account; the next one goes on where it was."""


def _deadline() -> float:
    return time.monotonic() + ROUND_SECONDS


@dataclass(frozen=True)
class SyncContext:
    """The account, its server, and what is asked of the round.

    `ctag` is what the last round saw; with `full` all ETags are read whatever the ctag says. With `leaving`
    all our entries are removed; `calendar_is_gone` when the calendar itself no longer exists. `deadline` is
    in seconds of the monotonic clock.
    """

    person_id: int
    calendar_url: str
    lease: Lease
    server: Server = field(repr=False)
    ctag: str = ""
    full: bool = False
    leaving: bool = False
    calendar_is_gone: bool = False
    deadline: float = field(default_factory=_deadline)

    @property
    def account_id(self) -> int:
        return self.lease.account_id

    @property
    def folder(self) -> str:
        """The path of the calendar."""
        return urlsplit(self.calendar_url).path

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self.deadline
