"""What people do with their CalDAV account: connect, change the password, try again, put back, disconnect.

Nothing here talks to the server: an action changes the account and enqueues the worker's task, which does the
rest (syncing/sync.py). A person has one account at a time.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import audit
from portal.calendars import letters
from portal.calendars.models import CalendarAccount, CalendarItem
from portal.calendars.syncing.due_accounts import SYNC
from portal.calendars.syncing.passwords import place
from portal.calendars.wire.addresses import Origin, Trouble, rules
from portal.core.calendar.sync_plan import ItemState
from portal.core.text import ascii_host
from portal.db import db
from portal.errors import Invalid, NotFound
from portal.people.models import Person
from portal.vault import keyring
from portal.work import enqueue

FACTS = ("address", "username", "calendar_name", "own_calendar", "state")
"""The columns of an account that the audit may hold."""


def account_of(person_id: int) -> CalendarAccount | None:
    """A person's account; one that could not be emptied is shown until they connect another."""
    query = (
        select(CalendarAccount)
        .where(CalendarAccount.person_id == person_id)
        .order_by(CalendarAccount.id.desc())
        .limit(1)
    )
    account = db.session.scalars(query).one_or_none()
    return account if account and (account.state != "gone" or account.problem) else None


def own(account_id: int, person_id: int) -> CalendarAccount:
    """The account with this id if it is this person's; raises NotFound."""
    account = account_of(person_id)
    if account is None or account.id != account_id:
        raise NotFound
    return account


def failed_at_first(account: CalendarAccount) -> bool:
    """Whether connecting failed before anything was written; then its owner may type everything again."""
    return (
        account.state in ("connecting", "suspended") and bool(account.problem) and account.pushed_at is None
    )


def counts(account_id: int) -> dict[str, int]:
    """How many entries are in each ItemState."""
    query = (
        select(CalendarItem.state, func.count())
        .where(CalendarItem.account_id == account_id)
        .group_by(CalendarItem.state)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def clean_address(text: str) -> str:
    """The address of a server, normalised; raises Invalid (field `address`)."""
    invalid = Invalid(
        _("This is no address we can write to. It looks like https://cal.example.com/."), field="address"
    )
    text = text.strip()
    if "://" not in text:
        text = f"https://{text}"
    scheme, _between, rest = text.partition("://")
    netloc, slash, path = rest.partition("/")
    try:
        url = ascii_host(f"{scheme.lower()}://{netloc.lower()}{slash}{path}".partition("#")[0])
        rules().check(Origin.of(url))
    except (ValueError, Trouble):
        raise invalid from None
    return url


def connect(
    person: Person,
    *,
    address: str,
    username: str,
    password: str,
    calendar: str | None = None,
    by: int | None,
    at: datetime,
) -> CalendarAccount:
    """Store an account and have it connected; raises Invalid if the person has one already."""
    _lock(person)
    present = account_of(person.id)
    if present is not None and present.state != "gone":
        if not failed_at_first(present):
            raise Invalid(_("You have connected a calendar already. Disconnect it first."))
        _end(present)
    uid = str(uuid4())
    account = CalendarAccount(
        uid=uid,
        person_id=person.id,
        address=clean_address(address),
        username=username,
        sealed_password=keyring().seal(password, place(uid)),
        calendar_name=calendar or "",
        own_calendar=not calendar,
        created_at=at,
    )
    db.session.add(account)
    db.session.flush()
    _audit(account, "calendar.connected", by, after={name: getattr(account, name) for name in FACTS})
    enqueue(SYNC, account.id)
    return account


def change_password(account: CalendarAccount, *, password: str, by: int | None, at: datetime) -> None:
    """Store a new password and try it at once; raises Invalid for an account that is being disconnected."""
    _check_open(account)
    account.sealed_password, account.scheme = keyring().seal(password, place(account.uid)), "basic"
    _again(account)
    _audit(account, "calendar.password_changed", by)


def try_again(account: CalendarAccount, *, by: int | None, at: datetime) -> None:
    """Go on with an account that waits or was suspended; entries found missing are not written again."""
    _check_open(account)
    before = account.state
    _again(account)
    _audit(account, "calendar.tried_again", by, before={"state": before}, after={"state": account.state})


def choose(account: CalendarAccount, *, calendar: str, by: int | None, at: datetime) -> None:
    """Write to an existing calendar of this name, after the server refused to make one; raises Invalid at any
    other time.
    """
    if account.state != "suspended" or account.problem not in letters.TO_CHOOSE:
        raise Invalid(_("There is nothing to choose at the moment."))
    account.calendar_name, account.own_calendar, account.calendar_url = calendar, False, ""
    _again(account)
    _audit(account, "calendar.chosen", by, after={"calendar_name": calendar})


def put_back(account: CalendarAccount, *, by: int | None, at: datetime) -> None:
    """Write again what vanished or was deleted, under new UIDs since none is used twice; a lost calendar is
    made again.
    """
    _check_open(account)
    is_lost = account.problem == "calendar-gone"
    states = (ItemState.KEPT, ItemState.DROPPED, ItemState.LEAVING) if is_lost else (ItemState.DROPPED,)
    for item in db.session.scalars(
        select(CalendarItem).where(CalendarItem.account_id == account.id, CalendarItem.state.in_(states))
    ):
        item.state, item.etag, item.intended = ItemState.GONE, "", None
    if is_lost:
        account.calendar_url, account.ctag = "", ""
    _again(account)
    account.pushed_stamp = None
    _audit(account, "calendar.put_back", by)


def disconnect(account: CalendarAccount, *, keep_entries: bool, by: int | None, at: datetime) -> None:
    """Disconnect an account: at once if the entries stay, else when they have been removed."""
    _check_open(account)
    before = {"state": account.state}
    if keep_entries or not account.calendar_url or not (account.own_calendar or counts(account.id)):
        _end(account)
    else:
        account.state, account.problem, account.detail = "leaving", "", ""
        account.failures, account.not_before = 0, None
        enqueue(SYNC, account.id)
    _audit(
        account,
        "calendar.disconnected",
        by,
        before=before,
        after={"state": account.state, "keep_entries": keep_entries},
    )


def _again(account: CalendarAccount) -> None:
    account.state = "connected" if account.calendar_url and account.pushed_at else "connecting"
    account.problem, account.detail, account.failures, account.not_before = "", "", 0, None
    account.looked_at = None
    enqueue(SYNC, account.id)


def _end(account: CalendarAccount) -> None:
    account.state, account.sealed_password, account.problem, account.detail = "gone", None, "", ""
    account.failures, account.not_before = 0, None


def _check_open(account: CalendarAccount) -> None:
    if account.state in ("leaving", "gone"):
        raise Invalid(_("This calendar is being disconnected."))


def _lock(person: Person) -> None:
    """Make two requests to connect wait for each other, so that only one account is made."""
    db.session.execute(select(Person.id).where(Person.id == person.id).with_for_update(key_share=True))


def _audit(account: CalendarAccount, action: str, by: int | None, **values: Any) -> None:
    audit.write(action=action, on="calendar_account", id=account.id, by=by, **values)
