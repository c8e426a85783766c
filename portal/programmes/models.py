"""Tables of the programmes room."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Model, Moment
from portal.people.models import Person

LABELS = ("reverse", "upward", "two-way", "reciprocal")
LEADS = ("mentor", "mentee", "both")
UNITS = ("week", "month")
CALENDAR_MOVES = ("apply", "ask")
"""What becomes of a check-in that somebody moves in their own calendar: it follows when the partner is free,
or the partner is asked each time."""
PLACES = ("either", "in person", "remote")
SIDES = ("teaches", "learns")
MOST_WISHES = 8
DEFAULT_RULES: dict[str, Any] = {"line": 40, "min_grade_gap": 1, "stay_bonus": 0}
DEFAULT_WEIGHTS: dict[str, int] = {
    "interests": 60,
    "style": 12,
    "time": 10,
    "department": 6,
    "giveback": 6,
    "language": 3,
    "place": 3,
}


class Programme(Model):
    """One season: its dates, what it is called, who leads, how often pairs meet, and the
    rules of matching.
    """

    __tablename__ = "programme"
    __table_args__ = (
        CheckConstraint("ends_on > starts_on", name="dates_in_order"),
        CheckConstraint("meetings BETWEEN 1 AND 60", name="meetings_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    promise: Mapped[str] = mapped_column(Text, default="")
    label: Mapped[str] = mapped_column(String(12), default="reverse")
    state: Mapped[str] = mapped_column(String(10), default="draft", index=True)
    starts_on: Mapped[date] = mapped_column()
    ends_on: Mapped[date] = mapped_column()
    sign_up_until: Mapped[date | None] = mapped_column()
    leads: Mapped[str] = mapped_column(String(8))
    cadence_every: Mapped[int] = mapped_column(default=1)
    cadence_unit: Mapped[str] = mapped_column(String(5), default="month")
    meetings: Mapped[int] = mapped_column(default=6)
    meeting_minutes: Mapped[int] = mapped_column(default=60)
    calendar_moves: Mapped[str] = mapped_column(String(8), default="apply")
    rules: Mapped[dict[str, Any]] = mapped_column(JSON, default=lambda: dict(DEFAULT_RULES))
    weights: Mapped[dict[str, int]] = mapped_column(JSON, default=lambda: dict(DEFAULT_WEIGHTS))
    created_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}


class ProgrammeStaff(Model):
    """Who runs a programme."""

    __tablename__ = "programme_staff"

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Topic(Model):
    """A subject one can teach or learn. `id` is a lasting slug; retired topics stay for those who chose them.

    `shipped` topics come with the portal; `edited_at` keeps what staff made of one from being overwritten by
    a new release.
    """

    __tablename__ = "topic"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    area: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(80))
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list)
    shipped: Mapped[bool] = mapped_column(default=True)
    edited_at: Mapped[datetime | None] = mapped_column(Moment)
    retired_at: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}


class TopicSuggestion(Model):
    """A subject that somebody typed and that no topic answers to: for staff to add, to merge, or to pass
    over.

    `typed` is as it was typed, `plain` as it is compared. `by_id` is whoever typed it first. `settled_at`
    once staff did.
    """

    __tablename__ = "topic_suggestion"

    id: Mapped[int] = mapped_column(primary_key=True)
    plain: Mapped[str] = mapped_column(String(160), unique=True)
    typed: Mapped[str] = mapped_column(String(160))
    times: Mapped[int] = mapped_column(default=1)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    topic_id: Mapped[str | None] = mapped_column(ForeignKey("topic.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment, index=True)


class Enrolment(Model):
    """One person in one programme, as mentor, mentee or both."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("programme_id", "person_id"),
        CheckConstraint(
            "mentor_capacity BETWEEN 1 AND 5 AND mentee_capacity BETWEEN 1 AND 5", name="capacity_range"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    as_mentor: Mapped[bool] = mapped_column(default=False)
    as_mentee: Mapped[bool] = mapped_column(default=False)
    mentor_capacity: Mapped[int] = mapped_column(default=1)
    mentee_capacity: Mapped[int] = mapped_column(default=1)
    place: Mapped[str] = mapped_column(String(12), default="either")
    off_the_table: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="begun", index=True)
    steps_done: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[date | None] = mapped_column()
    begun_at: Mapped[datetime] = mapped_column(Moment)
    joined_at: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}

    programme: Mapped[Programme] = relationship(lazy="raise_on_sql")
    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    wishes: Mapped[list["Wish"]] = relationship(
        cascade="all, delete-orphan", order_by="Wish.rank", lazy="raise_on_sql"
    )
    avoided: Mapped[list["Avoided"]] = relationship(cascade="all, delete-orphan", lazy="raise_on_sql")


class Wish(Model):
    """A topic that an enrolled person can teach (level 1 to 3) or wants to learn (how much, 1 to 3), in their
    order.
    """

    __tablename__ = "wish"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "side", "topic_id"),
        Index("ix_wish_topic_id_side", "topic_id", "side"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"))
    topic_id: Mapped[str] = mapped_column(ForeignKey("topic.id"))
    side: Mapped[str] = mapped_column(String(8))
    level: Mapped[int] = mapped_column(default=2)
    rank: Mapped[int] = mapped_column()

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql")


class Avoided(Model):
    """Somebody with whom a person would rather not be paired. Nobody but that person ever sees it."""

    __tablename__ = "avoided"

    enrolment_id: Mapped[int] = mapped_column(
        ForeignKey("enrolment.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True
    )

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
