"""Who is signed in where, as rows: begun, seen, ended. The cookie that goes with a row is signin.py's.

Only a digest of a session's token is kept, so a copy of the database signs nobody in. What ends a person's
right to be signed in (disabling, a new password) calls `end_all` in the same transaction.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, or_, select, update
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.people.models import Person, UserSession

IDLE, LONGEST = timedelta(days=7), timedelta(days=30)
"""A session ends after a week unused, and after a month in any case (ASVS 7.3.1, 7.3.2)."""
SEEN_EVERY = timedelta(minutes=5)


def begin(person_id: int, *, at: datetime, address: str = "", agent: str = "") -> str:
    """Open a session inside the open transaction; the token to put into the cookie, kept nowhere else."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        UserSession(
            person_id=person_id,
            token_digest=digest_of(token),
            created_at=at,
            seen_at=at,
            expires_at=at + LONGEST,
            address=address[:64],
            agent=agent[:300],
        )
    )
    db.session.flush()
    return token


def find(token: str, *, at: datetime) -> UserSession | None:
    """The open session of a token, with its person and their roles, in one query; None when it is over or
    theirs is.
    """
    query = (
        select(UserSession)
        .where(
            UserSession.token_digest == digest_of(token),
            UserSession.expires_at > at,
            UserSession.seen_at > at - IDLE,
        )
        .options(joinedload(UserSession.person).joinedload(Person.role_grants))
    )
    session_row = db.session.scalars(query).unique().one_or_none()
    return session_row if session_row is not None and session_row.person.is_active else None


def open_sessions(person_id: int, *, at: datetime) -> list[UserSession]:
    """A person's open sessions, the latest used first."""
    query = (
        select(UserSession)
        .where(
            UserSession.person_id == person_id, UserSession.expires_at > at, UserSession.seen_at > at - IDLE
        )
        .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
    )
    return list(db.session.scalars(query).unique())


def note_seen(session_id: int, *, at: datetime) -> None:
    """Note that a session was used."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.seen_at < at)
        .values(seen_at=at)
        .execution_options(synchronize_session=False)
    )


def end(token: str) -> None:
    """End the session of one token, if it is still open."""
    _delete(UserSession.token_digest == digest_of(token))


def end_one(person_id: int, session_id: int) -> bool:
    """End one of a person's own sessions; False when it is not theirs or is over already."""
    return bool(_delete(UserSession.person_id == person_id, UserSession.id == session_id))


def end_all(person_id: int, *, but: int | None = None) -> int:
    """End all sessions of a person, except perhaps one; how many."""
    conditions = [UserSession.person_id == person_id]
    return _delete(*conditions, UserSession.id != but) if but is not None else _delete(*conditions)


def drop_old(*, at: datetime) -> int:
    """Forget sessions that are over."""
    return _delete(or_(UserSession.expires_at <= at, UserSession.seen_at <= at - IDLE))


def digest_of(token: str) -> str:
    """What is kept of a token: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _delete(*conditions: ColumnElement[bool]) -> int:
    gone = delete(UserSession).where(*conditions).execution_options(synchronize_session=False)
    return cast(CursorResult[Any], db.session.execute(gone)).rowcount
