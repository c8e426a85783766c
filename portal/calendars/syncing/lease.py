"""The lease on an account: one worker at a time speaks for it, and one that dies leaves it free."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from portal.calendars.models import CalendarAccount
from portal.clock import now
from portal.db import db, transaction

LEASE_SECONDS = 120
RENEW_SECONDS = 25


class LeaseLost(Exception):
    """Another worker took the account over, or its owner changed it: what this one knows is out of date."""


class Lease:
    """The right to store what becomes of one account, renewed whenever something is stored."""

    def __init__(self, account_id: int, holder: str, version: int) -> None:
        self.account_id, self.holder, self.version = account_id, holder, version
        self.renewed = time.monotonic()

    @contextmanager
    def held(self) -> Iterator[None]:
        """A transaction in which the lease is still ours; raises LeaseLost."""
        with transaction():
            row = CalendarAccount
            result: Any = db.session.execute(
                update(row)
                .where(
                    row.id == self.account_id, row.lease_holder == self.holder, row.version == self.version
                )
                .values(lease_until=now() + timedelta(seconds=LEASE_SECONDS))
                .execution_options(synchronize_session=False)
            )
            if result.rowcount != 1:
                raise LeaseLost
            yield
        self.renewed = time.monotonic()

    def renew(self) -> None:
        """Renew it before a request that may take long; raises LeaseLost."""
        if time.monotonic() - self.renewed > RENEW_SECONDS:
            with self.held():
                pass
