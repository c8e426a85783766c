"""Throttling of guesses, in the database: it survives a restart and counts for all processes together.

A try is counted before it is judged, so that many at once do not slip through between counting and judging; a
right one is taken back (`forgive`). Each failure beyond the allowance doubles the wait, up to a quarter of an
hour. Nobody is ever locked out for good: the wait ends, and a row not touched for a day is forgotten.
"""

import hashlib
import ipaddress
import json
from datetime import datetime, timedelta

from flask_babel import ngettext
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.db import db
from portal.errors import TooMany
from portal.people.models import Throttle

ACCOUNT_ALLOWANCE = 5
NETWORK_ALLOWANCE = 30
"""A whole office may share one address, so more is let through before it slows down."""
LONGEST_WAIT = timedelta(minutes=15)
REMEMBERED = timedelta(days=1)


def take(what: str, *, account: str, network: str, at: datetime) -> None:
    """Count one try of `what`, inside the open transaction; raises TooMany, and counts nothing, while it must
    wait.
    """
    allowances = {_key(what, "account", account): ACCOUNT_ALLOWANCE}
    allowances[_key(what, "network", network_of(network))] = NETWORK_ALLOWANCE
    drop_old(at)
    rows = _locked(sorted(allowances), at)
    wait = max((row.blocked_until - at for row in rows if row.blocked_until), default=timedelta())
    if wait > timedelta():
        raise _too_many(wait)
    for row in rows:
        row.failures += 1
        row.changed_at = at
        row.blocked_until = _blocked_until(row.failures - allowances[row.key], at)


def forgive(what: str, *, account: str, network: str, at: datetime) -> None:
    """Take back the try that turned out right: the account starts afresh, the network address has one failure
    less.
    """
    own, shared = _key(what, "account", account), _key(what, "network", network_of(network))
    for row in _locked(sorted((own, shared)), at):
        row.failures = 0 if row.key == own else max(row.failures - 1, 0)
        row.blocked_until = None if row.key == own or row.failures < NETWORK_ALLOWANCE else row.blocked_until


def drop_old(at: datetime) -> None:
    """Forget what was not touched for a day, leaving alone what another process holds."""
    old = select(Throttle.key).where(Throttle.changed_at < at - REMEMBERED).with_for_update(skip_locked=True)
    db.session.execute(
        delete(Throttle).where(Throttle.key.in_(old)).execution_options(synchronize_session=False)
    )


def network_of(address: str) -> str:
    """The part of a network address that one subscriber holds: all of IPv4, the first half of IPv6 (RFC
    6177).
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    if isinstance(parsed, ipaddress.IPv4Address) or mapped:
        return str(mapped or parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _locked(keys: list[str], at: datetime) -> list[Throttle]:
    """The rows of `keys`, made where missing, held until the transaction ends; always in one order, so no
    deadlock.
    """
    dialect = db.session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    for key in keys:
        values = {"key": key, "failures": 0, "changed_at": at}
        db.session.execute(insert(Throttle).values(values).on_conflict_do_nothing())
    rows = select(Throttle).where(Throttle.key.in_(keys)).order_by(Throttle.key).with_for_update()
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def _blocked_until(beyond: int, at: datetime) -> datetime | None:
    if beyond < 0:
        return None
    seconds = 2 ** min(beyond, 20)
    return at + min(timedelta(seconds=seconds), LONGEST_WAIT)


def _too_many(wait: timedelta) -> TooMany:
    seconds = max(1, -(-wait // timedelta(seconds=1)))
    if seconds < 90:
        message = ngettext(
            "Too many tries. Wait %(num)s second, then try again.",
            "Too many tries. Wait %(num)s seconds, then try again.",
            seconds,
        )
    else:
        minutes = -(-seconds // 60)
        message = ngettext(
            "Too many tries. Wait %(num)s minute, then try again.",
            "Too many tries. Wait %(num)s minutes, then try again.",
            minutes,
        )
    return TooMany(message, seconds=seconds)


def _key(what: str, kind: str, value: str) -> str:
    return hashlib.sha256(json.dumps([what, kind, value]).encode()).hexdigest()
