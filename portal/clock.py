"""The only place that reads the time."""

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import reset_tzpath

reset_tzpath(to=())
"""Zones come from the tzdata package that the lock file names, not from this machine: some differ."""


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: tzinfo = UTC) -> date:
    """The present date in `zone`."""
    return datetime.now(zone).date()
