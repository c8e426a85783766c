"""Load and store what is known of the entries in an account: the first and the last phase of a round."""

from collections.abc import Mapping

from sqlalchemy import select

from portal.calendars.models import CalendarAccount, CalendarChange, CalendarItem
from portal.calendars.syncing.lease import Lease
from portal.clock import now
from portal.core.calendar.sync_plan import NO_REVISION, ItemState, Known, Step
from portal.db import db

FIELDS = ("href", "etag", "intended", "written_hash", "state")
TEXTS, REVISION = "texts", "revision"
"""Stored beside the view in an item's `base`: what the portal last put there apart from times, and SEQUENCE
and DTSTAMP of it.
"""


def load(account_id: int) -> dict[str, Known]:
    """What is known of the entries in an account, by UID."""
    rows = db.session.scalars(select(CalendarItem).where(CalendarItem.account_id == account_id))
    known = {row.uid: _known(row) for row in rows}
    db.session.rollback()
    return known


def _known(row: CalendarItem) -> Known:
    base = dict(row.base) if row.base is not None else None
    texts, stored = (base.pop(TEXTS, {}), base.pop(REVISION, None)) if base is not None else ({}, None)
    revision = (int(stored[0]), str(stored[1])) if stored else NO_REVISION
    return Known(
        row.uid, **{name: getattr(row, name) for name in FIELDS}, base=base, texts=texts, revision=revision
    )


def has_unsettled(account_id: int, folder: str) -> bool:
    """Whether some write's outcome is unknown, something is still to be removed, or something lies outside
    the calendar at path `folder`, whose ctag tells nothing of it.
    """
    row = CalendarItem
    unclear = row.intended.is_not(None) | (row.etag == "") | ~row.href.startswith(folder, autoescape=True)
    unsettled = ((row.state == ItemState.KEPT) & unclear) | (row.state == ItemState.LEAVING)
    item_id = db.session.scalar(select(row.id).where(row.account_id == account_id, unsettled).limit(1))
    db.session.rollback()
    return item_id is not None


def store(lease: Lease, steps: Mapping[str, Step]) -> None:
    """Commit what is known and intended, together with the owner's changes; raises LeaseLost."""
    if not steps:
        return
    account_id = lease.account_id
    with lease.held():
        query = select(CalendarItem).where(CalendarItem.account_id == account_id, CalendarItem.uid.in_(steps))
        rows = {row.uid: row for row in db.session.scalars(query)}
        for uid, step in steps.items():
            row = rows.get(uid)
            if row is None:
                row = CalendarItem(account_id=account_id, uid=uid)
                db.session.add(row)
            _fill(row, step.after)
            if step.change is not None:
                change = dict(step.change)
                db.session.add(CalendarChange(account_id=account_id, uid=uid, change=change, seen_at=now()))


def _fill(row: CalendarItem, known: Known) -> None:
    for name in FIELDS:
        setattr(row, name, getattr(known, name))
    beside = {TEXTS: dict(known.texts), REVISION: list(known.revision)}
    row.base = None if known.base is None else {**known.base, **beside}


def inherit(account_id: int, person_id: int, calendar_url: str) -> None:
    """Inside the open transaction, take over what the person's former account of this calendar knew to be
    gone.

    Whoever connects the same calendar again has not changed their mind about what they deleted, and no UID
    is used twice.
    """
    account, item = CalendarAccount, CalendarItem
    former = (account.person_id == person_id, account.calendar_url == calendar_url, account.state == "gone")
    former_id = db.session.scalar(select(account.id).where(*former).order_by(account.id.desc()).limit(1))
    away = (ItemState.DROPPED, ItemState.GONE)
    for row in db.session.scalars(select(item).where(item.account_id == former_id, item.state.in_(away))):
        known = {name: getattr(row, name) for name in ("uid", "base", *FIELDS)}
        db.session.add(item(account_id=account_id, **known))
