"""Claim an account for one worker: take its lease, and read what the work needs, its password among it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_

from portal import work
from portal.calendars.models import CalendarAccount
from portal.calendars.syncing.due_accounts import ACTIVE
from portal.calendars.syncing.lease import LEASE_SECONDS, Lease
from portal.calendars.syncing.passwords import place
from portal.calendars.wire.credentials import Credentials
from portal.clock import now
from portal.db import db, transaction
from portal.vault import Unreadable, keyring


@dataclass(frozen=True)
class Claim:
    """A claimed account as it was in the claim's transaction; `credentials` is None when no key opens the
    password.
    """

    lease: Lease
    person_id: int
    state: str
    address: str
    origin: str
    calendar_url: str
    calendar_name: str
    own_calendar: bool
    credentials: Credentials | None
    ctag: str
    stamp: int | None
    looked_at: datetime | None
    was_connected: bool
    failures: int

    @property
    def account_id(self) -> int:
        return self.lease.account_id


def claim(account_id: int, *, at_once: bool) -> Claim | None:
    """Claim an account if it is due (or `at_once`) and no other worker holds it."""
    with transaction():
        row = CalendarAccount
        may_wait = [] if at_once else [or_(row.not_before.is_(None), row.not_before <= now())]
        due = and_(row.state.in_(ACTIVE), *may_wait)
        holder = work.claim(row, account_id, seconds=LEASE_SECONDS, where=due)
        account = db.session.get(row, account_id) if holder else None
        if account is None or holder is None:
            return None
        return Claim(
            lease=Lease(account_id, holder, account.version),
            person_id=account.person_id,
            state=account.state,
            address=account.address,
            origin=account.origin,
            calendar_url=account.calendar_url,
            calendar_name=account.calendar_name,
            own_calendar=account.own_calendar,
            credentials=_credentials(account),
            ctag=account.ctag,
            stamp=account.pushed_stamp,
            looked_at=account.looked_at,
            was_connected=account.pushed_at is not None,
            failures=account.failures,
        )


def _credentials(account: CalendarAccount) -> Credentials | None:
    try:
        password = keyring().open(account.sealed_password or "", place(account.uid))
    except Unreadable:
        return None
    return Credentials(account.username, password, account.scheme)
