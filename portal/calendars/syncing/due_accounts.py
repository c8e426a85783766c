"""Which accounts have something to do, and the sweep that enqueues a task for each of them."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from portal import work
from portal.calendars.models import CalendarAccount
from portal.calendars.queries import out_of_date
from portal.clock import now
from portal.db import db, transaction

SYNC = "calendars.sync"
"""The task that brings one account in step."""
ACTIVE = ("connecting", "connected", "leaving")
"""States in which there is something to bring in step."""
LOOK_EVERY = timedelta(minutes=15)
"""How often an account in step is looked at, by one small request; once a day all its ETags are read."""
MOST_ENQUEUED = 500


def sweep() -> int:
    """Enqueue every account that is out of step or due to be looked at; how many."""
    account_ids = find(at=now())[:MOST_ENQUEUED]
    if account_ids:
        with transaction():
            for account_id in account_ids:
                work.enqueue(SYNC, account_id)
    return len(account_ids)


def find(*, at: datetime) -> list[int]:
    """Ids of the accounts that have something to do at a moment and that no worker holds."""
    row = CalendarAccount
    ready = (
        or_(row.not_before.is_(None), row.not_before <= at),
        or_(row.lease_until.is_(None), row.lease_until < at),
    )
    unfinished = row.state.in_(("connecting", "leaving"))
    to_look_at = or_(row.looked_at.is_(None), row.looked_at <= at - LOOK_EVERY, row.failures > 0)
    ids = db.session.scalars(
        select(row.id).where(*ready, or_(unfinished, (row.state == "connected") & to_look_at))
    )
    due = sorted({*ids, *out_of_date(at=at)})
    db.session.rollback()
    return due
