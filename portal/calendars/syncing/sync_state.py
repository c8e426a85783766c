"""What is kept of an account: its entries, its sealed password, and the lease that lets one worker at a time
write of it.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from portal.calendars.models import CalendarAccount, CalendarChange, CalendarItem
from portal.clock import now
from portal.core.calendar.sync_plan import NO_REVISION, ItemState, Known, Step
from portal.db import db, transaction
from portal.people.models import Person
from portal.vault import Place, Unreadable, keyring

SYNC = "calendars.sync"
"""The task that brings one account in step."""
ACTIVE = ("connecting", "connected", "leaving")
"""States in which there is something to bring in step."""
LEASE_SECONDS = 120
RENEW_SECONDS = 25
FIELDS = ("href", "etag", "intended", "written_hash", "state")
TEXTS, REVISION = "texts", "revision"
"""Beside the view in an item's `base`: what the portal last put there apart from times, and SEQUENCE and
DTSTAMP of it.
"""


class LeaseLost(Exception):
    """Another worker has taken the account over, or its owner has changed it meanwhile: what we do is out of
    date.
    """


class Lease:
    """The right to write down what becomes of one account, renewed with everything written down."""

    def __init__(self, account_id: int, holder: str, version: int) -> None:
        self.account_id, self.holder, self.version = account_id, holder, version
        self.renewed = time.monotonic()

    @contextmanager
    def held(self) -> Iterator[None]:
        """A transaction in which the lease is still ours; raises LeaseLost."""
        with transaction():
            row = CalendarAccount
            mine: Any = db.session.execute(
                update(row)
                .where(
                    row.id == self.account_id, row.lease_holder == self.holder, row.version == self.version
                )
                .values(lease_until=now() + timedelta(seconds=LEASE_SECONDS))
                .execution_options(synchronize_session=False)
            )
            if mine.rowcount != 1:
                raise LeaseLost
            yield
        self.renewed = time.monotonic()

    def renew(self) -> None:
        """Before a request that may take its time."""
        if time.monotonic() - self.renewed > RENEW_SECONDS:
            with self.held():
                pass


def known_items(account_id: int) -> dict[str, Known]:
    """What is known of the entries in an account, by UID."""
    rows = db.session.scalars(select(CalendarItem).where(CalendarItem.account_id == account_id))
    known = {row.uid: _known(row) for row in rows}
    db.session.rollback()
    return known


def _known(row: CalendarItem) -> Known:
    base = dict(row.base) if row.base is not None else None
    texts, said = (base.pop(TEXTS, {}), base.pop(REVISION, None)) if base is not None else ({}, None)
    revision = (int(said[0]), str(said[1])) if said else NO_REVISION
    return Known(
        row.uid, **{name: getattr(row, name) for name in FIELDS}, base=base, texts=texts, revision=revision
    )


def unsettled(account_id: int, folder: str) -> bool:
    """Whether the outcome of something is not known yet, something is still to be taken away
    (core.reconcile.Known), or something is not in the calendar with that path, which tells nothing of it."""
    row = CalendarItem
    unclear = row.intended.is_not(None) | (row.etag == "") | ~row.href.startswith(folder, autoescape=True)
    open_one = (row.state == ItemState.KEPT) & unclear
    query = (
        select(row.id)
        .where(row.account_id == account_id, open_one | (row.state == ItemState.LEAVING))
        .limit(1)
    )
    found = db.session.scalar(query) is not None
    db.session.rollback()
    return found


def store(account_id: int, steps: Mapping[str, Step]) -> None:
    """Write down what is known now, and the changes of the calendar's owner, inside the open transaction."""
    query = select(CalendarItem).where(CalendarItem.account_id == account_id, CalendarItem.uid.in_(steps))
    rows = {row.uid: row for row in db.session.scalars(query)}
    for uid, step in steps.items():
        row = rows.get(uid)
        if row is None:
            row = CalendarItem(account_id=account_id, uid=uid)
            db.session.add(row)
        for name in FIELDS:
            setattr(row, name, getattr(step.after, name))
        beside = {TEXTS: dict(step.after.texts), REVISION: list(step.after.revision)}
        row.base = None if step.after.base is None else {**step.after.base, **beside}
        if step.change is not None:
            db.session.add(
                CalendarChange(account_id=account_id, uid=uid, change=dict(step.change), seen_at=now())
            )


def unopened() -> list[str]:
    """The addresses of those whose stored calendar password no key of the ring opens."""
    row = CalendarAccount
    stored = select(row.uid, row.sealed_password, Person.email).join(Person, Person.id == row.person_id)
    found = []
    for each in db.session.execute(stored.where(row.sealed_password.is_not(None)).order_by(Person.email)):
        try:
            keyring().open(each.sealed_password, place(each.uid))
        except Unreadable:
            found.append(each.email)
    return found


def inherit(account_id: int, person_id: int, calendar_url: str) -> None:
    """Inside the open transaction, take over from the account that wrote to this calendar before what is no
    longer there.

    Whoever connects the same calendar again has not changed their mind about what they deleted; and no UID is
    used twice.
    """
    account, item = CalendarAccount, CalendarItem
    theirs = (account.person_id == person_id, account.calendar_url == calendar_url, account.state == "gone")
    before = db.session.scalar(select(account.id).where(*theirs).order_by(account.id.desc()).limit(1))
    away = (ItemState.DROPPED, ItemState.GONE)
    for each in db.session.scalars(select(item).where(item.account_id == before, item.state.in_(away))):
        known = {name: getattr(each, name) for name in ("uid", "base", *FIELDS)}
        db.session.add(item(account_id=account_id, **known))


def place(uid: str) -> Place:
    """Where an account's password is sealed to."""
    return Place("calendar_account", uid, "sealed_password")


def seal_anew(*, most: int) -> int:
    """Seal up to `most` passwords with the first key that another key sealed; how many, so 0 when all are
    done.
    """
    row, first = CalendarAccount, keyring().first
    other = row.sealed_password.is_not(None) & ~row.sealed_password.startswith(f"{first}:", autoescape=True)
    rows = db.session.execute(
        select(row.id, row.uid, row.sealed_password).where(other).order_by(row.id).limit(most)
    ).all()
    for account_id, uid, sealed in rows:
        anew = keyring().seal(keyring().open(sealed or "", place(uid)), place(uid))
        mine = (row.id == account_id) & (row.sealed_password == sealed)
        query = update(row).where(mine).values(sealed_password=anew)
        db.session.execute(query.execution_options(synchronize_session=False))
    return len(rows)
