"""Rounds for calendar accounts on demand, for operators at the command line, which waits for the outcome.

A round runs in this process, unless a worker is at one already; then that one is waited for.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.calendars import letters
from portal.calendars.accounts.actions import account_of, connect, counts, disconnect
from portal.calendars.models import CalendarAccount, CalendarItem
from portal.calendars.syncing.due_accounts import ACTIVE
from portal.calendars.syncing.sync import sync
from portal.clock import now
from portal.core.calendar.sync_plan import ItemState
from portal.db import db, transaction
from portal.errors import Invalid
from portal.people.models import Person

PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Outcome:
    """How a command on somebody's account went, in words for the operator."""

    email: str
    well: bool
    says: str


def connect_now(
    person_id: int, *, address: str, username: str, password: str, calendar: str | None = None
) -> Outcome:
    """Connect somebody's account and wait until it is connected or has failed."""
    with transaction():
        person = db.session.get_one(Person, person_id)
        account = connect(
            person,
            address=address,
            username=username,
            password=password,
            calendar=calendar,
            by=None,
            at=now(),
        )
        account_id = account.id
    return _brought_in_step(account_id)


def sync_now(person_id: int | None = None) -> list[Outcome]:
    """A round now, for one person's account or all; raises Invalid when the person has none."""
    if person_id is not None:
        account = account_of(person_id)
        if account is None:
            raise Invalid(_("No calendar is connected. `portal calendars connect` connects one."))
        return [_brought_in_step(account.id)]
    query = select(CalendarAccount.id).where(CalendarAccount.state.in_(ACTIVE)).order_by(CalendarAccount.id)
    account_ids: Sequence[int] = db.session.scalars(query).all()
    db.session.rollback()
    return [_brought_in_step(account_id) for account_id in account_ids]


def disconnect_now(person_id: int, *, keep_entries: bool) -> Outcome:
    """Disconnect somebody's account and wait until the entries are removed, unless they stay."""
    with transaction():
        account = account_of(person_id)
        if account is None:
            raise Invalid(_("No calendar is connected. `portal calendars connect` connects one."))
        disconnect(account, keep_entries=keep_entries, by=None, at=now())
        account_id = account.id
    return _brought_in_step(account_id)


def status() -> list[dict[str, Any]]:
    """All accounts that are not gone, as rows."""
    entries = (
        select(func.count())
        .where(CalendarItem.account_id == CalendarAccount.id, CalendarItem.state == ItemState.KEPT)
        .scalar_subquery()
    )
    query = select(CalendarAccount, Person.email, entries).join(
        Person, Person.id == CalendarAccount.person_id
    )
    rows = db.session.execute(query.where(CalendarAccount.state != "gone").order_by(Person.email))
    return [
        {
            "email": email,
            "state": account.state,
            "calendar": account.calendar_name,
            "entries": count,
            "problem": account.problem,
            "pushed_at": account.pushed_at,
            "not_before": account.not_before,
            "says": letters.problem_words(account.problem),
        }
        for account, email, count in rows
    ]


def _brought_in_step(account_id: int) -> Outcome:
    """Run a round, or wait for the worker that is at one already, until the account has nothing to do."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not sync(account_id, at_once=True) and time.monotonic() < until:
        account = db.session.get_one(CalendarAccount, account_id)
        resting = account.lease_until is None or account.state not in ACTIVE
        db.session.rollback()
        if resting and account.state not in ACTIVE:
            break
        time.sleep(0.2)
    account = db.session.get_one(CalendarAccount, account_id)
    person = db.session.get_one(Person, account.person_id)
    entries = counts(account_id).get(ItemState.KEPT, 0)
    outcome = Outcome(
        person.email, account.state in ("connected", "gone") and not account.problem, _says(account, entries)
    )
    db.session.rollback()
    return outcome


def _says(account: CalendarAccount, entries: int) -> str:
    if account.problem:
        choices = ", ".join(account.detail.splitlines()) if account.problem in letters.TO_CHOOSE else ""
        return f"{letters.problem_words(account.problem)} {choices}".strip()
    if account.state == "gone":
        return _("The calendar is disconnected.")
    if account.state == "connected":
        return _("%(number)s entries are in “%(calendar)s”.", number=entries, calendar=account.calendar_name)
    return _("Not done yet. A worker goes on with it.")
