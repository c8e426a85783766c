"""Tables of the schedule. Moments are in UTC; `…_on` are dates in the zone of the series."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import BOOKKEEPING, MENTION, OWNER, Model, Moment, kept
from portal.pairings.models import Pairing
from portal.people.models import Person

MEETING = kept("when the two meet", period="as long as the pairing")


class Series(Model):
    """The rule by which a pairing meets (core.hours.cadence.Rule), until it is replaced by another series.

    Its UID in calendars is `check-ins-<uid>-g<generation>@<host>`. `revision` is RFC 5545's SEQUENCE, which
    rises with every change of time, rule or exception; `revised_at` is the moment of that change.
    """

    __tablename__ = "series"
    __table_args__ = (
        CheckConstraint("unit IN ('week', 'month')", name="unit_known"),
        CheckConstraint("every BETWEEN 1 AND 12 AND count BETWEEN 1 AND 60", name="rule_range"),
        CheckConstraint("minutes BETWEEN 15 AND 480", name="minutes_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    uid: Mapped[str] = mapped_column(String(36), unique=True, info=BOOKKEEPING)
    pairing_id: Mapped[int] = mapped_column(
        ForeignKey("pairing.id", ondelete="CASCADE"), index=True, info=MEETING
    )
    every: Mapped[int] = mapped_column(info=MEETING)
    unit: Mapped[str] = mapped_column(String(5), info=MEETING)
    first_on: Mapped[date] = mapped_column(info=MEETING)
    local_time: Mapped[time] = mapped_column(info=MEETING)
    zone: Mapped[str] = mapped_column(String(64), info=MEETING)
    count: Mapped[int] = mapped_column(info=MEETING)
    minutes: Mapped[int] = mapped_column(info=MEETING)
    place: Mapped[str] = mapped_column(String(200), default="", info=MEETING)
    link: Mapped[str] = mapped_column(String(500), default="", info=MEETING)
    planned_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL"),
        index=True,
        info=MEETING | MENTION,
    )
    created_at: Mapped[datetime] = mapped_column(Moment, info=MEETING)
    replaced_at: Mapped[datetime | None] = mapped_column(Moment, info=MEETING)
    revision: Mapped[int] = mapped_column(default=0, info=BOOKKEEPING)
    revised_at: Mapped[datetime] = mapped_column(Moment, info=BOOKKEEPING)
    version: Mapped[int] = mapped_column(default=1, info=BOOKKEEPING)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}

    pairing: Mapped[Pairing] = relationship(lazy="raise_on_sql")


class CheckIn(Model):
    """One meeting of a series.

    `rule_on` is its local day by the rule (for the RECURRENCE-ID), `starts_at` its actual time, `moved_for`
    the holiday that moved it, in the language of the country, or "".
    """

    __tablename__ = "check_in"
    __table_args__ = (
        UniqueConstraint("series_id", "number"),
        Index("ix_check_in_starts_at_state", "starts_at", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), info=MEETING)
    number: Mapped[int] = mapped_column(info=MEETING)
    rule_on: Mapped[date] = mapped_column(info=MEETING)
    starts_at: Mapped[datetime] = mapped_column(Moment, info=MEETING)
    minutes: Mapped[int] = mapped_column(info=MEETING)
    moved_for: Mapped[str] = mapped_column(String(120), default="", info=MEETING)
    state: Mapped[str] = mapped_column(String(10), default="planned", info=MEETING)
    met_at: Mapped[datetime | None] = mapped_column(Moment, info=MEETING)
    version: Mapped[int] = mapped_column(default=1, info=BOOKKEEPING)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}

    series: Mapped[Series] = relationship(lazy="raise_on_sql")

    @property
    def ends_at(self) -> datetime:
        """The end, in UTC."""
        return self.starts_at + timedelta(minutes=self.minutes)


class MoveRequest(Model):
    """A change of a check-in that one of the two asks the other for.

    `starts_at` is the new time; None asks to skip the check-in. `state`: open, agreed, declined, or over (the
    check-in has changed otherwise or has passed).
    """

    __tablename__ = "move_request"
    __table_args__ = (
        Index("ix_move_request_check_in_id_state", "check_in_id", "state"),
        CheckConstraint("state IN ('open', 'agreed', 'declined', 'over')", name="state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=MEETING)
    check_in_id: Mapped[int] = mapped_column(ForeignKey("check_in.id", ondelete="CASCADE"), info=MEETING)
    by_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True, info=MEETING | OWNER
    )
    starts_at: Mapped[datetime | None] = mapped_column(Moment, info=MEETING)
    state: Mapped[str] = mapped_column(String(8), default="open", info=MEETING)
    created_at: Mapped[datetime] = mapped_column(Moment, info=MEETING)
    answered_at: Mapped[datetime | None] = mapped_column(Moment, info=MEETING)

    check_in: Mapped[CheckIn] = relationship(lazy="raise_on_sql")
    by: Mapped[Person] = relationship(lazy="raise_on_sql")


class Milestone(Model):
    """A day of the pairing: `kick-off`, `midpoint` or `closing`; an all-day entry in calendars."""

    __tablename__ = "milestone"
    __table_args__ = (UniqueConstraint("pairing_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    uid: Mapped[str] = mapped_column(String(36), unique=True, info=BOOKKEEPING)
    pairing_id: Mapped[int] = mapped_column(ForeignKey("pairing.id", ondelete="CASCADE"), info=MEETING)
    kind: Mapped[str] = mapped_column(String(10), info=MEETING)
    due_on: Mapped[date] = mapped_column(info=MEETING)
    moved_by_hand: Mapped[bool] = mapped_column(default=False, info=MEETING)
    done_at: Mapped[datetime | None] = mapped_column(Moment, info=MEETING)
    revision: Mapped[int] = mapped_column(default=0, info=BOOKKEEPING)
    revised_at: Mapped[datetime] = mapped_column(Moment, info=BOOKKEEPING)
    version: Mapped[int] = mapped_column(default=1, info=BOOKKEEPING)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}

    pairing: Mapped[Pairing] = relationship(lazy="raise_on_sql")
