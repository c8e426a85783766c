"""Links that prove an address: single use, over within the hour (an invitation within days), and dead once
the password is another one.

The address is built from PUBLIC_URL and never from a request's Host header. Only a digest of the token is
kept.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from urllib.parse import quote

from sqlalchemy import CursorResult, delete, select, update

from portal.db import db
from portal.people.accounts.passwords import fingerprint
from portal.people.models import AccountLink, Person
from portal.settings import current

GOOD_FOR = timedelta(hours=1)
MINUTES = int(GOOD_FOR.total_seconds() // 60)
REMEMBERED = timedelta(days=30)
"""How long after its end a link can be told what became of it."""


class LinkKind(StrEnum):
    """What a link is for."""

    CONFIRM = "confirm"
    RESET = "reset"
    WELCOME = "welcome"


PATHS = {LinkKind.CONFIRM: "/confirm/", LinkKind.RESET: "/reset/", LinkKind.WELCOME: "/reset/"}


class Over(StrEnum):
    """Why a link is not good any more."""

    USED = "used"
    REPLACED = "replaced"
    OLD = "old"
    UNKNOWN = "unknown"


def good_for(kind: LinkKind) -> timedelta:
    """How long a link of a kind works: an invitation is read when somebody is back from leave."""
    return timedelta(days=current().invitation_days) if kind == LinkKind.WELCOME else GOOD_FOR


@dataclass(frozen=True)
class Proof:
    """A link that is still good, and whose address it proves."""

    link: AccountLink
    person: Person


def make_link(person: Person, kind: LinkKind, *, at: datetime, then: str | None = None) -> str:
    """A new link's address, inside the open transaction. `then` is a local path to lead to afterwards."""
    token = secrets.token_urlsafe(32)
    db.session.execute(delete(AccountLink).where(AccountLink.expires_at < at - REMEMBERED))
    db.session.add(
        AccountLink(
            person_id=person.id,
            kind=kind.value,
            token_digest=_digest(token),
            password_digest=fingerprint(person.password_hash),
            expires_at=at + good_for(kind),
        )
    )
    db.session.flush()
    return f"{current().public_url}{PATHS[kind]}{token}" + (f"?next={quote(then, safe='/')}" if then else "")


def look_at(token: str, *kinds: LinkKind, at: datetime) -> Proof | None:
    """What a link proves, without using it up; None when it is unknown, used, too old or bound to a former
    password.
    """
    query = select(AccountLink, Person).join(Person, Person.id == AccountLink.person_id)
    row = db.session.execute(
        query.where(
            AccountLink.token_digest == _digest(token),
            AccountLink.kind.in_(kinds),
            AccountLink.used_at.is_(None),
            AccountLink.replaced_at.is_(None),
            AccountLink.expires_at > at,
            Person.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None or row[0].password_digest != fingerprint(row[1].password_hash):
        return None
    return Proof(row[0], row[1])


def use(token: str, *kinds: LinkKind, at: datetime) -> Person | None:
    """Use a link up, inside the open transaction, and the person's other open links with it; None if it is
    not good.
    """
    proof = look_at(token, *kinds, at=at)
    if proof is None:
        return None
    unused = update(AccountLink).where(AccountLink.used_at.is_(None), AccountLink.replaced_at.is_(None))
    unused = unused.execution_options(synchronize_session=False)
    this = unused.where(AccountLink.id == proof.link.id).values(used_at=at)
    if cast(CursorResult[Any], db.session.execute(this)).rowcount != 1:
        return None
    others = unused.where(AccountLink.person_id == proof.person.id).values(replaced_at=at)
    db.session.execute(others)
    return proof.person


def why_over(token: str, *, at: datetime) -> Over:
    """What became of a link that is not good any more."""
    link = db.session.scalar(select(AccountLink).where(AccountLink.token_digest == _digest(token)))
    if link is None:
        return Over.UNKNOWN
    if link.used_at is not None:
        return Over.USED
    return Over.OLD if link.replaced_at is None and link.expires_at <= at else Over.REPLACED


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
