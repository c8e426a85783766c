"""Tables of the people room. Moments are aware UTC; addresses are lower case; a person's roles are rows."""

from datetime import datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.permissions import Role
from portal.db import Model, Moment

STYLES = ("introvert", "balanced", "extrovert")


class Person(UserMixin, Model):
    """An employee. A person who has not confirmed their address cannot sign in."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("grade IS NULL OR grade BETWEEN 0 AND 99", name="grade_range"),
        Index("ix_person_name_id", "name", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    department: Mapped[str] = mapped_column(String(120), default="", index=True)
    site: Mapped[str] = mapped_column(String(120), default="", index=True)
    time_zone: Mapped[str] = mapped_column(String(64))
    country: Mapped[str | None] = mapped_column(String(2))
    hours: Mapped[str] = mapped_column(String(300), default="Mon-Fri 09:00-17:00")
    languages: Mapped[list[str]] = mapped_column(JSON, default=lambda: ["en"])
    locale: Mapped[str | None] = mapped_column(String(8))
    grade: Mapped[int | None] = mapped_column()
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    style: Mapped[str] = mapped_column(String(12), default="balanced")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}

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

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(20))


class UserSession(Model):
    """One browser that is signed in. Only a digest of its token is kept."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(300), default="")

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class AccountLink(Model):
    """A link in a letter that proves the address: single use, soon over, bound to the password as it was."""

    __tablename__ = "account_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    password_digest: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class Throttle(Model):
    """How often a key (a digest of an account or a network address, and what was tried) failed of late."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    blocked_until: Mapped[datetime | None] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment, index=True)


class PersonVersion(Model):
    """How often what others show of a person changed; a table of its own, so that raising it is no edit of
    the person.

    `calendar` rises when what the person's calendar should show changes; `card` when what partners see of
    them does.
    """

    __tablename__ = "person_version"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    calendar: Mapped[int] = mapped_column(default=1)
    card: Mapped[int] = mapped_column(default=1)
