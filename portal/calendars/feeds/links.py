"""Addresses of live feeds. Whoever knows one reads the feed, so it holds a token of 256 bits.

The token is HMAC-SHA256 of the row's random seed under a key of the portal's: its owner can be shown it
again, but a copy of the database alone opens nobody's calendar. It is looked up by its SHA-256, and invalid
once it is replaced or revoked.
"""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Select, bindparam, or_, select, update
from sqlalchemy.orm import contains_eager

from portal import audit
from portal.calendars.models import FeedLink
from portal.db import db
from portal.people.models import Person
from portal.settings import current

SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
PURPOSE = b"calendars/feed"
"""The purpose the key is derived for, so that it signs nothing else."""
SEEN_EVERY = timedelta(minutes=1)
KIND = "feed_link"


def link_for(person_id: int, pairing_id: int | None = None, *, at: datetime) -> FeedLink:
    """The valid address of a feed, made if there is none, inside the open transaction."""
    db.session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    return open_link(person_id, pairing_id) or _make(person_id, pairing_id, at)


def open_link(person_id: int, pairing_id: int | None = None) -> FeedLink | None:
    """The valid address of a feed, if there is one: of everything, or of one pairing."""
    query = select(FeedLink).where(
        FeedLink.person_id == person_id, FeedLink.pairing_id == pairing_id, FeedLink.revoked_at.is_(None)
    )
    return db.session.scalars(query.order_by(FeedLink.id.desc()).limit(1)).one_or_none()


def address(link: FeedLink) -> str | None:
    """The address to show to its owner; None after the portal's key was changed, when the old one still works
    but cannot be shown.
    """
    token = _token(link.seed)
    if _digest(token) != link.token_digest:
        return None
    return f"{current().public_url}/feeds/{token}.ics"


def find(token: str) -> FeedLink | None:
    """The valid address with a token, and its person, in one query; None if it is unknown or revoked, or the
    person disabled.
    """
    if not SHAPE.fullmatch(token):
        return None
    return db.session.scalars(_open_one(), {"digest": _digest(token)}).one_or_none()


@lru_cache(maxsize=1)
def _open_one() -> Select[FeedLink]:
    """Built once, since every request for a feed runs it."""
    alone = contains_eager(FeedLink.person).lazyload(Person.role_grants)
    query = select(FeedLink).join(FeedLink.person).options(alone)
    open_one = FeedLink.revoked_at.is_(None) & Person.disabled_at.is_(None)
    return query.where(FeedLink.token_digest == bindparam("digest"), open_one)


def replace(link: FeedLink, *, at: datetime) -> FeedLink:
    """A new address for the same feed, inside the open transaction; the old one is invalid from now on."""
    link.revoked_at = at
    db.session.flush()
    new = _make(link.person_id, link.pairing_id, at)
    audit.write(action="feed.replaced", on=KIND, id=link.id, by=link.person_id)
    return new


def revoke(link: FeedLink, *, at: datetime) -> None:
    """Switch an address off, inside the open transaction."""
    link.revoked_at = at
    db.session.flush()
    audit.write(action="feed.revoked", on=KIND, id=link.id, by=link.person_id)


def was_read_lately(link: FeedLink, *, at: datetime) -> bool:
    """Whether a read was recorded within the last minute."""
    return link.last_read_at is not None and at - link.last_read_at < SEEN_EVERY


def note_read(link_id: int, *, agent: str, at: datetime) -> None:
    """Record that a feed was read, and by which program, at most once a minute."""
    readable = "".join(letter for letter in agent if letter.isprintable())
    db.session.execute(
        update(FeedLink)
        .where(
            FeedLink.id == link_id,
            or_(FeedLink.last_read_at.is_(None), FeedLink.last_read_at <= at - SEEN_EVERY),
        )
        .values(last_read_at=at, last_reader=readable[:120])
        .execution_options(synchronize_session=False)
    )


def _make(person_id: int, pairing_id: int | None, at: datetime) -> FeedLink:
    seed = secrets.token_hex(32)
    digest = _digest(_token(seed))
    link = FeedLink(person_id=person_id, pairing_id=pairing_id, seed=seed, token_digest=digest, created_at=at)
    db.session.add(link)
    db.session.flush()
    audit.write(action="feed.made", on=KIND, id=link.id, by=person_id)
    return link


def _token(seed: str) -> str:
    key = hmac.digest(current().secret_key.encode(), PURPOSE, "sha256")
    return base64.urlsafe_b64encode(hmac.digest(key, seed.encode(), "sha256")).rstrip(b"=").decode()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
