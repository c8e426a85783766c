"""What the contract's tests share: Mira's account with a whole pairing in it, news, and
whether all is well.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from portal.db import db
from portal.schedule.models import CheckIn, Series
from tests.calendars import pairs
from tests.calendars.account_rows import Account

HOUR = timedelta(hours=1)
OVER = {"state": "ended", "ended_at": datetime(2026, 1, 6, tzinfo=UTC)}
"""A pairing that ended before it met."""


def check_in(number: int) -> CheckIn:
    """The check-in of that number."""
    db.session.rollback()
    return db.session.scalars(select(CheckIn).where(CheckIn.number == number)).one()


def series() -> Series:
    """The one there is."""
    db.session.rollback()
    return db.session.scalars(select(Series)).one()


def move(account: Account, number: int, by: timedelta) -> None:
    """Move a check-in in the portal."""
    row, its = check_in(number), series()
    pairs.change(row, account.person, starts_at=row.starts_at + by)
    later = its.revised_at + timedelta(minutes=1)
    pairs.change(its, account.person, revision=its.revision + 1, revised_at=later)


def in_step(account: Account) -> bool:
    """Whether everything is there exactly once, in whichever calendar, and nothing passes for the owner's own
    change.
    """
    there = [each for folder in account.server.calendars() for each in account.there(folder)]
    return sorted(there, key=str) == account.wanted()


def texts_of(account: Account) -> dict[str, str]:
    """What is in its calendar, by path."""
    return account.server.items(account.folder)
