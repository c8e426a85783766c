"""The background task that brings one account in step with what its owner's calendar should show.

An account is held by a lease, so one worker at a time speaks for it, and a worker that dies leaves it free.
"""

import logging

from sqlalchemy import select

from portal.calendars.entries import stamp_of
from portal.calendars.models import CalendarAccount
from portal.calendars.server import Server
from portal.calendars.syncing import following, outcomes
from portal.calendars.syncing.claims import Claim, claim
from portal.calendars.syncing.connecting import connect
from portal.calendars.syncing.context import SyncContext
from portal.calendars.syncing.due_accounts import ACTIVE
from portal.calendars.syncing.lease import LeaseLost
from portal.calendars.syncing.leaving import remove_all
from portal.calendars.syncing.rounds import bring_in_step
from portal.calendars.wire.addresses import Trouble, rules
from portal.calendars.wire.credentials import Credentials
from portal.clock import now
from portal.db import db

log = logging.getLogger(__name__)


def sync(account_id: int, *, at_once: bool = False) -> bool:
    """Bring one account in step, if it is due (or `at_once`) and nobody else holds it; whether it was
    tried.
    """
    claimed = claim(int(account_id), at_once=at_once)
    if claimed is None:
        return False
    try:
        _sync(claimed)
    except LeaseLost:
        log.info("calendar account %s was changed or taken over meanwhile", account_id)
        outcomes.release(claimed)
    except Trouble as trouble:
        log.warning("calendar account %s: %s (%s)", account_id, trouble.problem, trouble.detail)
        outcomes.record_trouble(claimed, trouble)
    except Exception:
        log.exception("calendar account %s failed through a defect of ours", account_id)
        db.session.rollback()
        outcomes.record_trouble(claimed, Trouble("our-fault"))
    following.follow(account_id)
    return True


def sync_person(person_id: int) -> None:
    """Bring a person's account in step, if they have one, since what it should show has changed."""
    row = CalendarAccount
    query = select(row.id).where(row.person_id == int(person_id), row.state.in_(ACTIVE))
    account_ids = db.session.scalars(query).all()
    db.session.rollback()
    for account_id in account_ids:
        sync(account_id)


def _sync(claimed: Claim) -> None:
    if claimed.credentials is None:
        raise Trouble("no-password", "the stored password does not open", permanent=True)
    if claimed.state == "leaving":
        _leave(claimed, claimed.credentials)
        return
    url = claimed.calendar_url
    if claimed.state == "connecting":
        url = connect(claimed, claimed.credentials)
    _bring_in_step(claimed, claimed.credentials, url)


def _bring_in_step(claimed: Claim, credentials: Credentials, url: str) -> None:
    stamp, began = stamp_of(claimed.person_id), now()
    db.session.rollback()
    full = claimed.looked_at is None or claimed.looked_at.date() != began.date()
    with Server(url, credentials, rules()) as server:
        context = SyncContext(claimed.person_id, url, claimed.lease, server, ctag=claimed.ctag, full=full)
        progress = bring_in_step(context, same=stamp == claimed.stamp)
    if progress.suspend:
        raise Trouble(progress.suspend, "most entries vanished at once", permanent=True)
    outcomes.record_success(claimed, progress, scheme=credentials.scheme, stamp=stamp)


def _leave(claimed: Claim, credentials: Credentials) -> None:
    url, complete = claimed.calendar_url, True
    if url:
        with Server(url, credentials, rules()) as server:
            context = SyncContext(claimed.person_id, url, claimed.lease, server)
            complete = remove_all(context, own_calendar=claimed.own_calendar)
    outcomes.record_removal(claimed, complete=complete)
