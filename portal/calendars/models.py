"""Tables of the calendars package."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import BOOKKEEPING, OWNER, Kind, Model, Moment, kept
from portal.pairings.models import Pairing
from portal.people.models import ACCOUNT, Person
from portal.schedule.models import MEETING, CheckIn
from portal.work import Leased

CONNECTED = "until they disconnect it"
FEED = kept("to give the person a calendar address of their own", period=ACCOUNT)
FEED_SECRET = kept("to find whose feed is asked for", period=ACCOUNT, kind=Kind.SECRET)
CALENDAR = kept("to write into the person's calendar", period=CONNECTED)
CALENDAR_SECRET = kept("to write into the person's calendar", period=CONNECTED, kind=Kind.SECRET)
SEARCH = kept("to show the times that suit both", period="ten minutes")


class FeedLink(Model):
    """The address of a live feed: all of a person's entries, or (with `pairing_id`) those of one pairing.

    The token in the address is made from `seed` with the portal's key (feeds/links.py), so that its owner can
    see it again; it is looked up by `token_digest`, its SHA-256. Replacing it makes a new row and revokes the
    old one.
    """

    __tablename__ = "feed_link"

    id: Mapped[int] = mapped_column(primary_key=True, info=FEED)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True, info=FEED | OWNER
    )
    pairing_id: Mapped[int | None] = mapped_column(
        ForeignKey("pairing.id", ondelete="CASCADE"), index=True, info=FEED
    )
    seed: Mapped[str] = mapped_column(String(64), info=FEED_SECRET)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True, info=FEED_SECRET)
    created_at: Mapped[datetime] = mapped_column(Moment, info=FEED)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment, info=FEED)
    last_read_at: Mapped[datetime | None] = mapped_column(Moment, info=FEED)
    last_reader: Mapped[str] = mapped_column(String(120), default="", info=FEED)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class CalendarAccount(Leased, Model):
    """A CalDAV account of a person, with the calendar in it that is written to.

    `state`: connecting, connected, suspended (its owner is asked, see `problem`), leaving (its entries are
    being removed), gone. `uid` binds the sealed password. `origin` is the only scheme, host and port that
    requests may go to. `pushed_stamp` is the stamp of what was last written completely (queries.stamp); if
    the present one differs, the account is out of date.
    """

    __tablename__ = "calendar_account"
    __table_args__ = (Index("ix_calendar_account_state_not_before", "state", "not_before"),)

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    uid: Mapped[str] = mapped_column(String(36), unique=True, info=BOOKKEEPING)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True, info=CALENDAR | OWNER
    )
    address: Mapped[str] = mapped_column(String(500), info=CALENDAR)
    username: Mapped[str] = mapped_column(String(254), info=CALENDAR)
    sealed_password: Mapped[str | None] = mapped_column(Text, info=CALENDAR_SECRET)
    scheme: Mapped[str] = mapped_column(String(8), default="basic", info=BOOKKEEPING)
    origin: Mapped[str] = mapped_column(String(300), default="", info=BOOKKEEPING)
    calendar_url: Mapped[str] = mapped_column(String(1000), default="", info=CALENDAR)
    calendar_name: Mapped[str] = mapped_column(String(200), default="", info=CALENDAR)
    own_calendar: Mapped[bool] = mapped_column(default=True, info=CALENDAR)
    state: Mapped[str] = mapped_column(String(12), default="connecting", info=CALENDAR)
    problem: Mapped[str] = mapped_column(String(40), default="", info=CALENDAR)
    detail: Mapped[str] = mapped_column(Text, default="", info=CALENDAR)
    failures: Mapped[int] = mapped_column(default=0, info=BOOKKEEPING)
    not_before: Mapped[datetime | None] = mapped_column(Moment, info=BOOKKEEPING)
    pushed_stamp: Mapped[int | None] = mapped_column(info=BOOKKEEPING)
    pushed_at: Mapped[datetime | None] = mapped_column(Moment, info=BOOKKEEPING)
    looked_at: Mapped[datetime | None] = mapped_column(Moment, info=BOOKKEEPING)
    ctag: Mapped[str] = mapped_column(String(500), default="", info=BOOKKEEPING)
    created_at: Mapped[datetime] = mapped_column(Moment, info=CALENDAR)
    version: Mapped[int] = mapped_column(default=1, info=BOOKKEEPING)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class CalendarItem(Model):
    """What we know of one entry in one account; sync_plan.Known explains the columns."""

    __tablename__ = "calendar_item"
    __table_args__ = (UniqueConstraint("account_id", "uid"),)

    id: Mapped[int] = mapped_column(primary_key=True, info=CALENDAR)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("calendar_account.id", ondelete="CASCADE"), info=CALENDAR
    )
    uid: Mapped[str] = mapped_column(String(200), info=CALENDAR)
    href: Mapped[str] = mapped_column(String(1000), info=CALENDAR)
    etag: Mapped[str] = mapped_column(String(500), default="", info=CALENDAR)
    base: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), info=CALENDAR)
    intended: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), info=CALENDAR)
    written_hash: Mapped[str] = mapped_column(String(64), default="", info=CALENDAR)
    state: Mapped[str] = mapped_column(String(10), default="kept", info=CALENDAR)


class CalendarChange(Model):
    """Something that a person changed in their own calendar, recorded once, as it becomes the new base."""

    __tablename__ = "calendar_change"

    id: Mapped[int] = mapped_column(primary_key=True, info=CALENDAR)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("calendar_account.id", ondelete="CASCADE"), index=True, info=CALENDAR
    )
    uid: Mapped[str] = mapped_column(String(200), info=CALENDAR)
    change: Mapped[dict[str, Any]] = mapped_column(JSON, info=CALENDAR)
    seen_at: Mapped[datetime] = mapped_column(Moment, info=CALENDAR)
    handled_at: Mapped[datetime | None] = mapped_column(Moment, info=CALENDAR)


class CalendarChoice(Model):
    """What a person chose for their calendars; no row means the defaults (see choices.Choice).

    `alarm_minutes`: how long before a check-in their calendar reminds them, None for never. `busy`: whether
    Find a time may ask their connected calendar when they are busy. `invitations`: whether each check-in is
    sent to them by e-mail.
    """

    __tablename__ = "calendar_choice"

    id: Mapped[int] = mapped_column(primary_key=True, info=FEED)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), unique=True, info=FEED | OWNER
    )
    alarm_minutes: Mapped[int | None] = mapped_column(default=15, info=FEED)
    busy: Mapped[bool] = mapped_column(default=False, info=FEED)
    invitations: Mapped[bool] = mapped_column(default=False, info=FEED)
    version: Mapped[int] = mapped_column(default=1, info=FEED)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}


class Invitation(Model):
    """One check-in as it was last sent to a person by e-mail (iMIP, RFC 6047), and what they answered.

    `uid` is its own, never that of a series. `said` is a digest of the last message: if the present one
    differs, a message with a higher `sequence` is due. The newest answer counts, by (SEQUENCE, DTSTAMP).
    """

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("person_id", "check_in_id"),
        CheckConstraint("state IN ('invited', 'cancelled')", name="state_known"),
        CheckConstraint("answer IN ('', 'accepted', 'declined', 'tentative')", name="answer_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    uid: Mapped[str] = mapped_column(String(200), unique=True, info=BOOKKEEPING)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), info=MEETING | OWNER)
    check_in_id: Mapped[int | None] = mapped_column(
        ForeignKey("check_in.id", ondelete="SET NULL"),
        index=True,
        info=MEETING,
    )
    state: Mapped[str] = mapped_column(String(10), default="invited", info=MEETING)
    sequence: Mapped[int] = mapped_column(default=0, info=BOOKKEEPING)
    said: Mapped[str] = mapped_column(String(64), info=BOOKKEEPING)
    starts_at: Mapped[datetime] = mapped_column(Moment, info=MEETING)
    ends_at: Mapped[datetime] = mapped_column(Moment, info=MEETING)
    summary: Mapped[str] = mapped_column(String(300), info=MEETING)
    sent_at: Mapped[datetime] = mapped_column(Moment, info=BOOKKEEPING)
    answer: Mapped[str] = mapped_column(String(10), default="", info=MEETING)
    answered_at: Mapped[datetime | None] = mapped_column(Moment, info=MEETING)
    answer_sequence: Mapped[int | None] = mapped_column(info=BOOKKEEPING)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    check_in: Mapped[CheckIn | None] = relationship(lazy="raise_on_sql")


class TimeSearch(Leased, Model):
    """A search for times that suit both of a pairing, at most five, found by a worker.

    `slots` holds only those and their reasons, `notes` whose calendar was asked and how that went; busy times
    are never stored. `check_in_id` is the check-in to move, None if the series is to be planned. A search is
    deleted ten minutes after `done_at`.
    """

    __tablename__ = "time_search"
    __table_args__ = (
        Index("ix_time_search_state_created_at", "state", "created_at"),
        CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    pairing_id: Mapped[int] = mapped_column(
        ForeignKey("pairing.id", ondelete="CASCADE"), index=True, info=SEARCH
    )
    by_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True, info=SEARCH | OWNER
    )
    check_in_id: Mapped[int | None] = mapped_column(
        ForeignKey("check_in.id", ondelete="CASCADE"), index=True, info=SEARCH
    )
    minutes: Mapped[int] = mapped_column(info=SEARCH)
    state: Mapped[str] = mapped_column(String(8), default="waiting", info=BOOKKEEPING)
    slots: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True), info=SEARCH)
    notes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True), info=SEARCH)
    created_at: Mapped[datetime] = mapped_column(Moment, info=BOOKKEEPING)
    done_at: Mapped[datetime | None] = mapped_column(Moment, info=BOOKKEEPING)

    pairing: Mapped[Pairing] = relationship(lazy="raise_on_sql")
