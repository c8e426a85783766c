"""Record what became of an account and release it.

Trouble that passes is waited out, longer after each failure or as long as the server asks; lasting trouble
suspends the account, and its owner is asked once, by letter.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, update

from portal import work
from portal.calendars import letters
from portal.calendars.entries import stamp_of
from portal.calendars.models import CalendarAccount
from portal.calendars.syncing.claims import Claim
from portal.calendars.syncing.due_accounts import SYNC
from portal.calendars.syncing.rounds import Progress
from portal.calendars.wire.addresses import Trouble
from portal.clock import now
from portal.db import db, transaction
from portal.letters import outbox
from portal.people.models import Person

Values = Mapping[str, Any]
"""Columns of CalendarAccount to set."""
WELL: Values = {"problem": "", "detail": "", "failures": 0, "not_before": None}
GONE: Values = {**WELL, "state": "gone", "sealed_password": None}
FIRST_WAIT, LONGEST_WAIT = 60, 3600
LONGEST_RETRY_AFTER = 86_400
MOST_TRIES = 24 * 14
"""After this many failures, about two weeks, the owner is asked; of an account that is being removed, what
is left stays there and the password is forgotten.
"""
BACK_OFF = timedelta(minutes=2)
# A server that spoke CalDAV yesterday may show a page about its maintenance today: no reason to suspend.
PASSING = ("not-a-calendar-server", "bad-answer", "too-large")


def record(claim: Claim, values: Values) -> None:
    """Store something in the middle of the work; raises LeaseLost."""
    with claim.lease.held():
        set_columns(claim, values)


def set_columns(claim: Claim, values: Values) -> None:
    """The same inside an open transaction of the lease."""
    _set(CalendarAccount.id == claim.account_id, values)


def record_success(claim: Claim, progress: Progress, *, scheme: str, stamp: int) -> None:
    """Record a round that brought the account in step with `stamp`, or came part of the way."""
    ctag = "" if progress.writes else progress.ctag
    values: dict[str, Any] = {"state": "connected", **WELL, "ctag": ctag, "scheme": scheme}
    if progress.complete:
        values |= {"looked_at": now(), "pushed_stamp": stamp}
    if progress.writes or stamp != claim.stamp:
        values |= {"pushed_at": now()}
    release(claim, values)
    # A change made meanwhile was enqueued in vain, since we held the account.
    with transaction():
        if not progress.complete or stamp_of(claim.person_id) != stamp:
            work.enqueue(SYNC, claim.account_id)


def record_removal(claim: Claim, *, complete: bool) -> None:
    """Record that our entries were removed, or that another round is to follow."""
    release(claim, GONE if complete else {"not_before": None})


def record_trouble(claim: Claim, trouble: Trouble) -> None:
    """Suspend the account, end it if it was leaving, or have it wait; with a letter if its owner must act."""
    failures = claim.failures + 1
    is_lasting = trouble.permanent and not (claim.was_connected and trouble.problem in PASSING)
    too_often = failures >= MOST_TRIES
    detail = trouble.detail if trouble.problem in letters.TO_CHOOSE else ""
    values = {"problem": trouble.problem, "detail": detail, "failures": failures}
    if claim.state == "leaving" and (is_lasting or too_often):
        release(claim, {**GONE, "problem": "left-behind"})
    elif is_lasting or too_often:
        release(claim, {**values, "state": "suspended"}, letter=claim.was_connected or too_often)
    else:
        asked = timedelta(seconds=min(trouble.retry_after or 0, LONGEST_RETRY_AFTER))
        wait = max(wait_after(failures), asked)
        release(claim, {**values, "not_before": now() + wait})
        if trouble.problem in ("unreachable", "slow"):
            _back_off_server(claim, min(wait, BACK_OFF))


def wait_after(failures: int) -> timedelta:
    """How long to wait after this many failures: doubling up to an hour, less a random quarter at most."""
    seconds = min(FIRST_WAIT * 2 ** min(max(failures - 1, 0), 10), LONGEST_WAIT)
    return timedelta(seconds=seconds * 3 // 4 + secrets.randbelow(seconds // 4 + 1))


def release(claim: Claim, values: Values | None = None, *, letter: bool = False) -> None:
    """Store what became of the account and release it; a letter is sent if and only if this was stored.

    Nothing is stored when another worker has taken it over. Changed by its owner meanwhile, it is only
    released, and enqueued again.
    """
    row, lease = CalendarAccount, claim.lease
    is_ours = (row.id == lease.account_id) & (row.lease_holder == lease.holder)
    free = {"lease_holder": None, "lease_until": None}
    with transaction():
        if _set(is_ours & (row.version == lease.version), {**(values or {}), **free}):
            if letter:
                account = db.session.get_one(row, lease.account_id, populate_existing=True)
                person = db.session.get_one(Person, claim.person_id)
                outbox.post(letters.suspended(account, person), to=person.email, person_id=person.id)
        elif _set(is_ours, free):
            work.enqueue(SYNC, lease.account_id)


def _back_off_server(claim: Claim, wait: timedelta) -> None:
    """Back off all accounts on an unreachable server: each of them would keep a worker waiting."""
    row = CalendarAccount
    others = (row.origin == claim.origin) & (row.id != claim.account_id) & (row.state == "connected")
    with transaction():
        soon = or_(row.not_before.is_(None), row.not_before < now() + wait)
        _set(others & (row.origin != "") & soon, {"not_before": now() + wait})


def _set(where: ColumnElement[bool], values: Values) -> bool:
    query = update(CalendarAccount).where(where).values(**values).execution_options(synchronize_session=False)
    result: Any = db.session.execute(query)
    return bool(result.rowcount == 1)
