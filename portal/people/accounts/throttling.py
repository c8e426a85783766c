"""Throttling of guesses, in the database: it survives a restart and counts for all processes together.

Three counts, so that a guesser waits and an office or an account's owner does not:

- an account as tried from one network: each failure beyond five doubles the wait, up to a quarter of an hour.
  Whoever guesses from elsewhere keeps the owner out of nothing. Where each try sends a letter (sign-up,
  reset), it is the account from everywhere, since letters are what must not be poured.
- a network, over all accounts, and an account, over all networks: buckets that hold many and drain steadily
  (`Bucket`). A browser in which the account was signed in before does not wait for them.

A try is counted before it is judged, so that many at once do not slip through between counting and judging;
a right one is taken back (`forgive`). Nobody is ever locked out for good: waits end, buckets drain, and a row
not touched for a day is forgotten.
"""

import hashlib
import ipaddress
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import ngettext
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.db import db
from portal.errors import TooMany
from portal.people.models import Throttle

ACCOUNT_ALLOWANCE = 5
LONGEST_WAIT = timedelta(minutes=15)
REMEMBERED = timedelta(days=1)
SENDS_LETTERS = ("sign-up", "reset")


@dataclass(frozen=True)
class Bucket:
    """How many tries are let through at once, and how long until there is room for one more."""

    holds: int
    drains_in: timedelta


NETWORK = Bucket(300, timedelta(seconds=6))
"""Guesses from one network over all accounts: an office of thousands may share one address."""
NETWORK_OF_LETTERS = Bucket(1000, timedelta(seconds=3))
"""Sign-ups and resets from one network: all of a company on its launch day."""
ACCOUNT_FROM_ANYWHERE = Bucket(100, timedelta(minutes=1))
"""Guesses at one account from many networks (NIST SP 800-63B-4, 3.2.2: no more than 100 in a row)."""


def take(what: str, *, account: str, network: str, at: datetime, known: bool = False) -> None:
    """Count one try of `what`, inside the open transaction; raises TooMany, and counts nothing, while it must
    wait. `known` is a browser in which the account was signed in before.
    """
    drop_old(at)
    own, buckets = _keys(what, account, network_of(network))
    held = {row.key: row for row in _locked(sorted((own, *buckets)), at)}
    for key, bucket in buckets.items():
        _drain(held[key], bucket, at)
    waits = [row.blocked_until - at for key, row in held.items() if key == own and row.blocked_until]
    if not known:
        waits += [_until_room(held[key], bucket, at) for key, bucket in buckets.items()]
    wait = max(waits, default=timedelta())
    if wait > timedelta():
        raise _too_many(wait)
    for row in held.values():
        row.failures += 1
    held[own].changed_at = at
    held[own].blocked_until = _blocked_until(held[own].failures - ACCOUNT_ALLOWANCE, at)


def forgive(what: str, *, account: str, network: str, at: datetime) -> None:
    """Take back the try that turned out right: the account starts afresh here, and elsewhere there is one
    failure less.
    """
    own, buckets = _keys(what, account, network_of(network))
    for row in _locked(sorted((own, *buckets)), at):
        row.failures = 0 if row.key == own else max(row.failures - 1, 0)
        row.blocked_until = None


def _keys(what: str, account: str, network: str) -> tuple[str, dict[str, Bucket]]:
    """The count that doubles its waits, and the buckets."""
    shared = _key(what, "network", network)
    if what in SENDS_LETTERS:
        return _key(what, "account", account), {shared: NETWORK_OF_LETTERS}
    own = _key(what, "account from a network", account, network)
    return own, {shared: NETWORK, _key(what, "account", account): ACCOUNT_FROM_ANYWHERE}


def _drain(row: Throttle, bucket: Bucket, at: datetime) -> None:
    drained = min((at - row.changed_at) // bucket.drains_in, row.failures)
    row.failures -= drained
    row.changed_at = row.changed_at + drained * bucket.drains_in if row.failures else at


def _until_room(row: Throttle, bucket: Bucket, at: datetime) -> timedelta:
    """How long until a bucket just drained has room for one more."""
    beyond = row.failures - bucket.holds + 1
    return row.changed_at + beyond * bucket.drains_in - at if beyond > 0 else timedelta()


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


def _key(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
