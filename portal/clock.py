"""The only place that reads the time."""

from datetime import UTC, date, datetime, tzinfo


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: tzinfo = UTC) -> date:
    """The present date in `zone`."""
    return datetime.now(zone).date()
