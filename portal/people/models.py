"""Tables of people. Moments are aware UTC; addresses are lower case; a person's roles are rows."""

from datetime import datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.core.permissions import Role
from portal.core.text import one_line
from portal.db import BOOKKEEPING, MENTION, OWNER, Kind, Model, Moment, kept

STYLES = ("introvert", "balanced", "extrovert")

ACCOUNT = "as long as the account"
CONTACT = kept("to know and reach the person", period=ACCOUNT)
PASSWORD = kept("to check a password", period=ACCOUNT, kind=Kind.SECRET)
PROFILE = kept("to match people and find common hours", period=ACCOUNT)
ROLE = kept("to know what the person may do", period=ACCOUNT)
SESSION = kept("to keep a browser signed in and show where", period="until it ends, 30 days at most")
ACCOUNT_LINK = kept(
    "to prove an address once, and to say why when a link is over",
    period="30 days after it ends",
    kind=Kind.SECRET,
)
THROTTLE = kept("to slow down guessing; a digest, no address", period="one day", kind=Kind.OPERATIONAL)


class Person(UserMixin, Model):
    """An employee. A person who has not confirmed their address cannot sign in."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("grade IS NULL OR grade BETWEEN 0 AND 99", name="grade_range"),
        Index("ix_person_name_id", "name", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    email: Mapped[str] = mapped_column(String(254), unique=True, info=CONTACT)
    name: Mapped[str] = mapped_column(String(120), info=CONTACT)
    password_hash: Mapped[str | None] = mapped_column(String(255), info=PASSWORD)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment, info=BOOKKEEPING)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment, info=BOOKKEEPING)
    created_at: Mapped[datetime] = mapped_column(Moment, info=BOOKKEEPING)
    department: Mapped[str] = mapped_column(String(120), default="", index=True, info=PROFILE)
    site: Mapped[str] = mapped_column(String(120), default="", index=True, info=PROFILE)
    time_zone: Mapped[str] = mapped_column(String(64), info=PROFILE)
    country: Mapped[str | None] = mapped_column(String(2), info=PROFILE)
    hours: Mapped[str] = mapped_column(String(300), default="Mon-Fri 09:00-17:00", info=PROFILE)
    languages: Mapped[list[str]] = mapped_column(JSON, default=lambda: ["en"], info=PROFILE)
    locale: Mapped[str | None] = mapped_column(String(8), info=CONTACT)
    grade: Mapped[int | None] = mapped_column(info=PROFILE)
    manager_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL"), index=True, info=PROFILE | MENTION
    )
    style: Mapped[str] = mapped_column(String(12), default="balanced", info=PROFILE)
    version: Mapped[int] = mapped_column(default=1, info=BOOKKEEPING)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}

    @validates("name", "department", "site")
    def _cleaned(self, _key: str, value: str) -> str:
        return one_line(value)

    manager: Mapped["Person | None"] = relationship(remote_side=[id], lazy="raise_on_sql")
    role_grants: Mapped[list["RoleGrant"]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="RoleGrant.role"
    )

    @property
    def is_active(self) -> bool:
        """Whether this person may be signed in."""
        return self.confirmed_at is not None and self.disabled_at is None

    @property
    def roles(self) -> frozenset[str]:
        """The person's roles; everybody is a member."""
        return frozenset({Role.MEMBER.value, *(grant.role for grant in self.role_grants)})


class RoleGrant(Model):
    """One role of one person beyond member."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("person_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), info=BOOKKEEPING | OWNER
    )
    role: Mapped[str] = mapped_column(String(20), info=ROLE)


class UserSession(Model):
    """One browser that is signed in. Only a digest of its token is kept."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True, info=SESSION | OWNER
    )
    token_digest: Mapped[str] = mapped_column(String(64), unique=True, info=ACCOUNT_LINK)
    created_at: Mapped[datetime] = mapped_column(Moment, info=SESSION)
    seen_at: Mapped[datetime] = mapped_column(Moment, info=SESSION)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True, info=SESSION)
    address: Mapped[str] = mapped_column(String(64), default="", info=SESSION)
    agent: Mapped[str] = mapped_column(String(300), default="", info=SESSION)

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class AccountLink(Model):
    """A link in a letter that proves the address: single use, soon over, bound to the password as it was. It
    is replaced when another link of the person was used.
    """

    __tablename__ = "account_link"

    id: Mapped[int] = mapped_column(primary_key=True, info=ACCOUNT_LINK)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True, info=ACCOUNT_LINK | OWNER
    )
    kind: Mapped[str] = mapped_column(String(12), info=ACCOUNT_LINK)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True, info=ACCOUNT_LINK)
    password_digest: Mapped[str] = mapped_column(String(64), info=ACCOUNT_LINK)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True, info=ACCOUNT_LINK)
    used_at: Mapped[datetime | None] = mapped_column(Moment, info=ACCOUNT_LINK)
    replaced_at: Mapped[datetime | None] = mapped_column(Moment, info=ACCOUNT_LINK)


class Throttle(Model):
    """How often a key (a digest of an account or a network address, and what was tried) failed of late."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True, info=THROTTLE)
    failures: Mapped[int] = mapped_column(default=0, info=THROTTLE)
    blocked_until: Mapped[datetime | None] = mapped_column(Moment, info=THROTTLE)
    changed_at: Mapped[datetime] = mapped_column(Moment, index=True, info=THROTTLE)


class PersonVersion(Model):
    """How often what others show of a person changed; a table of its own, so that raising it is no edit of
    the person.

    `calendar` rises when what the person's calendar should show changes; `card` when what partners see of
    them does.
    """

    __tablename__ = "person_version"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, info=BOOKKEEPING | OWNER
    )
    calendar: Mapped[int] = mapped_column(default=1, info=BOOKKEEPING)
    card: Mapped[int] = mapped_column(default=1, info=BOOKKEEPING)
