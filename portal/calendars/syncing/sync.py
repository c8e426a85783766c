"""The background task: one account brought in step, what became of it written down, and who is due found
again.

An account is held by a lease, so one worker at a time speaks for it, and a worker that dies leaves it free.
Passwords are opened here and nowhere else. Trouble that passes is waited out with growing waits, or as long
as the server asks; trouble that does not suspends the account, and its owner is asked once, by letter.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update

from portal import work
from portal.calendars import letters
from portal.calendars.entries import stamp_of
from portal.calendars.models import CalendarAccount
from portal.calendars.queries import out_of_date
from portal.calendars.server import Server, new_address
from portal.calendars.syncing import following, leaving
from portal.calendars.syncing.push import Outcome, Round, Task
from portal.calendars.syncing.sync_state import (
    ACTIVE,
    LEASE_SECONDS,
    SYNC,
    Lease,
    LeaseLost,
    inherit,
    place,
)
from portal.calendars.wire.addresses import Origin, Trouble, rules
from portal.calendars.wire.credentials import Credentials
from portal.clock import now
from portal.db import db, transaction
from portal.letters import outbox
from portal.people.models import Person
from portal.settings import current
from portal.vault import Unreadable, keyring

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 60, 3600
LONGEST_ASKED = 86_400
WELL: dict[str, Any] = {"problem": "", "detail": "", "failures": 0, "not_before": None}
GONE: dict[str, Any] = {**WELL, "state": "gone", "sealed_password": None}
GLANCE = timedelta(minutes=15)
"""How often an account in step is glanced at, which is one small question; the first time each day it is
looked at whole.
"""
MOST_TRIES = 24 * 14
"""After that many in vain, about two weeks, the owner is asked; what cannot be taken away stays, and the
password goes.
"""
MOST_RINGS, SPARED = 500, timedelta(minutes=2)
PASSING = ("not-a-calendar-server", "bad-answer", "too-large")
"""A server that was one yesterday shows a page about its maintenance today: no reason to give up."""


@dataclass(frozen=True)
class Held:
    """A claimed account: what the claim's transaction read."""

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


def sync(account_id: int, *, at_once: bool = False) -> bool:
    """Bring one account in step, if it is due (or `at_once`) and nobody else holds it;
    whether it was tried.
    """
    held = _claim(int(account_id), at_once)
    if held is None:
        return False
    try:
        _bring_in_step(held)
    except LeaseLost:
        log.info("calendar account %s was changed or taken over meanwhile", account_id)
        _settle(held)
    except Trouble as trouble:
        log.warning("calendar account %s: %s (%s)", account_id, trouble.problem, trouble.detail)
        _note_trouble(held, trouble)
    except Exception:
        log.exception("calendar account %s failed through a defect of ours", account_id)
        db.session.rollback()
        _note_trouble(held, Trouble("our-fault"))
    following.follow(account_id)
    return True


def sync_person(person_id: int) -> None:
    """Bring a person's account in step, if they have one. The task that answers when what it should show has
    changed.
    """
    theirs = select(CalendarAccount.id).where(CalendarAccount.person_id == int(person_id))
    ids = db.session.scalars(theirs.where(CalendarAccount.state.in_(ACTIVE))).all()
    db.session.rollback()
    for account_id in ids:
        sync(account_id)


def sweep() -> int:
    """Ring every account that is out of step or due to be looked at; how many."""
    due = due_accounts(at=now())[:MOST_RINGS]
    if due:
        with transaction():
            for account_id in due:
                work.enqueue(SYNC, account_id)
    return len(due)


def due_accounts(*, at: datetime) -> list[int]:
    """The accounts that have something to do at a moment and are free."""
    row = CalendarAccount
    ready = (
        or_(row.not_before.is_(None), row.not_before <= at),
        or_(row.lease_until.is_(None), row.lease_until < at),
    )
    unfinished = row.state.in_(("connecting", "leaving"))
    glance = or_(row.looked_at.is_(None), row.looked_at <= at - GLANCE, row.failures > 0)
    ids = db.session.scalars(
        select(row.id).where(*ready, or_(unfinished, (row.state == "connected") & glance))
    )
    found = sorted({*ids, *out_of_date(at=at)})
    db.session.rollback()
    return found


def wait_after(failures: int) -> timedelta:
    """How long to wait after that many failures: doubling to an hour, with a quarter of chance."""
    seconds = min(FIRST_WAIT * 2 ** min(max(failures - 1, 0), 10), LONGEST_WAIT)
    return timedelta(seconds=seconds * 3 // 4 + secrets.randbelow(seconds // 4 + 1))


def _claim(account_id: int, at_once: bool) -> Held | None:
    with transaction():
        row = CalendarAccount
        may_wait = [] if at_once else [or_(row.not_before.is_(None), row.not_before <= now())]
        due = and_(row.state.in_(ACTIVE), *may_wait)
        holder = work.claim(row, account_id, seconds=LEASE_SECONDS, where=due)
        account = db.session.get(row, account_id) if holder else None
        if account is None or holder is None:
            return None
        return Held(
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


def _bring_in_step(held: Held) -> None:
    if held.credentials is None:
        raise Trouble("no-password", "the stored password does not open", permanent=True)
    if held.state == "leaving":
        _take_away(held, held.credentials)
        return
    url = held.calendar_url
    if held.state == "connecting":
        url = _connect(held, held.credentials)
    stamp, began = stamp_of(held.person_id), now()
    db.session.rollback()
    full = held.looked_at is None or held.looked_at.date() != began.date()
    with Server(url, held.credentials, rules()) as server:
        outcome = Round(Task(held.person_id, url, held.ctag, full), held.lease, server).run(
            same=stamp == held.stamp
        )
    if outcome.suspend:
        raise Trouble(outcome.suspend, "most entries vanished at once", permanent=True)
    _note_success(held, held.credentials, outcome, stamp)


def _connect(held: Held, credentials: Credentials) -> str:
    """Find or make the calendar; its address, which is written down before it is made, so that one made is
    not lost.
    """
    url = held.calendar_url or _choose(held, credentials)
    if held.own_calendar:
        with Server(url, credentials, rules()) as server:
            try:
                server.make_calendar(url, held.calendar_name or current().portal_name)
            except Trouble as trouble:
                if trouble.problem == "no-new-calendar":
                    _update(held, calendar_url="")
                    raise _to_choose(held, credentials, "no-new-calendar") from None
                raise
    with held.lease.held():
        inherit(held.lease.account_id, held.person_id, url)
        _set(CalendarAccount.id == held.lease.account_id, {"state": "connected", **WELL})
    return url


def _choose(held: Held, credentials: Credentials) -> str:
    """The address of the calendar named, of one of ours from before, or of a new one."""
    name = held.calendar_name or current().portal_name
    with Server(held.address, credentials, rules()) as server:
        home = server.discover()
        there = {each.name.casefold(): each for each in reversed(server.calendars(home.url))}
    found = there.get(name.casefold())
    if found is None and not held.own_calendar:
        raise _to_choose(held, credentials, "no-such-calendar")
    url = found.url if found else new_address(home.url, name)
    origin = str(Origin.of(url))
    _update(
        held,
        calendar_url=url,
        calendar_name=found.name if found else name,
        origin=origin,
        scheme=credentials.scheme,
    )
    return url


def _to_choose(held: Held, credentials: Credentials, problem: str) -> Trouble:
    """A trouble whose detail lists the calendars there are to choose from, a line each."""
    with Server(held.address, credentials, rules()) as server:
        names = [each.name for each in server.calendars(server.discover().url)]
    return Trouble(problem, "\n".join(dict.fromkeys(names)), permanent=True)


def _take_away(held: Held, credentials: Credentials) -> None:
    complete = True
    if held.calendar_url:
        with Server(held.calendar_url, credentials, rules()) as server:
            task = Task(held.person_id, held.calendar_url, "", full=True)
            complete = leaving.take_away(Round(task, held.lease, server), own_calendar=held.own_calendar)
    _settle(held, **(GONE if complete else {"not_before": None}))


def _note_success(held: Held, credentials: Credentials, outcome: Outcome, stamp: int) -> None:
    values: dict[str, Any] = {"ctag": "" if outcome.writes else outcome.ctag, "scheme": credentials.scheme}
    if outcome.complete:
        values |= {"looked_at": now(), "pushed_stamp": stamp}
    if outcome.writes or stamp != held.stamp:
        values |= {"pushed_at": now()}
    _settle(held, state="connected", **WELL, **values)
    with transaction():  # a change made meanwhile rang in vain, since we held the account
        if not outcome.complete or stamp_of(held.person_id) != stamp:
            work.enqueue(SYNC, held.lease.account_id)


def _note_trouble(held: Held, trouble: Trouble) -> None:
    failures = held.failures + 1
    lasting = trouble.permanent and not (held.was_connected and trouble.problem in PASSING)
    too_often = failures >= MOST_TRIES
    detail = trouble.detail if trouble.problem in letters.TO_CHOOSE else ""
    if held.state == "leaving" and (lasting or too_often):
        _settle(held, **{**GONE, "problem": "left-behind"})
    elif lasting or too_often:
        why = {"problem": trouble.problem, "detail": detail, "failures": failures}
        _settle(held, letter=held.was_connected or too_often, state="suspended", **why)
    else:
        wait = wait_after(failures)
        wait = max(wait, timedelta(seconds=min(trouble.retry_after or 0, LONGEST_ASKED)))
        _settle(held, problem=trouble.problem, detail=detail, failures=failures, not_before=now() + wait)
        if trouble.problem in ("unreachable", "slow"):
            _spare(held, min(wait, SPARED))


def _spare(held: Held, wait: timedelta) -> None:
    """Leave the other accounts on a server that does not answer alone for a while: each would keep a worker
    waiting.
    """
    row = CalendarAccount
    others = (row.origin == held.origin) & (row.id != held.lease.account_id) & (row.state == "connected")
    with transaction():
        soon = or_(row.not_before.is_(None), row.not_before < now() + wait)
        _set(others & (row.origin != "") & soon, {"not_before": now() + wait})


def _update(held: Held, **values: Any) -> None:
    """Write something down in the middle of the work."""
    with held.lease.held():
        _set(CalendarAccount.id == held.lease.account_id, values)


def _settle(held: Held, *, letter: bool = False, **values: Any) -> None:
    """Write down what became of the account and let it go; a letter goes out if and only if this was written.

    Nothing is written when another worker has taken it over; changed by its owner, it is only let go, and
    rung again.
    """
    row, lease = CalendarAccount, held.lease
    mine = (row.id == lease.account_id) & (row.lease_holder == lease.holder)
    free = {"lease_holder": None, "lease_until": None}
    with transaction():
        if _set(mine & (row.version == lease.version), {**values, **free}):
            if letter:
                account = db.session.get_one(row, lease.account_id, populate_existing=True)
                person = db.session.get_one(Person, held.person_id)
                outbox.post(letters.suspended(account, person), to=person.email, person_id=person.id)
        elif _set(mine, free):
            work.enqueue(SYNC, lease.account_id)


def _set(where: ColumnElement[bool], values: dict[str, Any]) -> bool:
    query = update(CalendarAccount).where(where).values(**values).execution_options(synchronize_session=False)
    done: Any = db.session.execute(query)
    return bool(done.rowcount == 1)
