"""Tables of programmes: seasons, enrolments, wishes and topics."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import BOOKKEEPING, MENTION, OWNER, Kind, Model, Moment, kept
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

ENROLMENT = "as long as the enrolment"
PROGRAMME = kept("set by staff for everybody", period="as long as the programme", kind=Kind.OPERATIONAL)
STAFF = kept("to know who runs the programme", period="as long as they do")
ASKED = kept("to ask what was meant", period="until staff settled it")
WISHES = kept("what the person asked for in this programme", period=ENROLMENT)
AVOIDED = kept("so that the two are never paired", period=ENROLMENT)


class Programme(Model):
    """One season: its dates, what it is called, who leads, how often pairs meet, and the
    rules of matching.
    """

    __tablename__ = "programme"
    __table_args__ = (
        CheckConstraint("ends_on > starts_on", name="dates_in_order"),
        CheckConstraint("meetings BETWEEN 1 AND 60", name="meetings_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=PROGRAMME)
    name: Mapped[str] = mapped_column(String(120), info=PROGRAMME)
    promise: Mapped[str] = mapped_column(Text, default="", info=PROGRAMME)
    label: Mapped[str] = mapped_column(String(12), default="reverse", info=PROGRAMME)
    state: Mapped[str] = mapped_column(String(10), default="draft", index=True, info=PROGRAMME)
    starts_on: Mapped[date] = mapped_column(info=PROGRAMME)
    ends_on: Mapped[date] = mapped_column(info=PROGRAMME)
    sign_up_until: Mapped[date | None] = mapped_column(info=PROGRAMME)
    leads: Mapped[str] = mapped_column(String(8), info=PROGRAMME)
    cadence_every: Mapped[int] = mapped_column(default=1, info=PROGRAMME)
    cadence_unit: Mapped[str] = mapped_column(String(5), default="month", info=PROGRAMME)
    meetings: Mapped[int] = mapped_column(default=6, info=PROGRAMME)
    meeting_minutes: Mapped[int] = mapped_column(default=60, info=PROGRAMME)
    calendar_moves: Mapped[str] = mapped_column(String(8), default="apply", info=PROGRAMME)
    rules: Mapped[dict[str, Any]] = mapped_column(JSON, default=lambda: dict(DEFAULT_RULES), info=PROGRAMME)
    weights: Mapped[dict[str, int]] = mapped_column(
        JSON, default=lambda: dict(DEFAULT_WEIGHTS), info=PROGRAMME
    )
    created_at: Mapped[datetime] = mapped_column(Moment, info=PROGRAMME)
    version: Mapped[int] = mapped_column(default=1, info=PROGRAMME)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}


class ProgrammeStaff(Model):
    """Who runs a programme."""

    __tablename__ = "programme_staff"

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id", ondelete="CASCADE"),
        primary_key=True,
        info=PROGRAMME,
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        info=STAFF | OWNER,
    )


class Topic(Model):
    """A subject one can teach or learn. `id` is a lasting slug; retired topics stay for those who chose them.

    `shipped` topics come with the portal; `edited_at` keeps what staff made of one from being overwritten by
    a new release.
    """

    __tablename__ = "topic"

    id: Mapped[str] = mapped_column(String(60), primary_key=True, info=PROGRAMME)
    area: Mapped[str] = mapped_column(String(40), info=PROGRAMME)
    label: Mapped[str] = mapped_column(String(80), info=PROGRAMME)
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list, info=PROGRAMME)
    shipped: Mapped[bool] = mapped_column(default=True, info=PROGRAMME)
    edited_at: Mapped[datetime | None] = mapped_column(Moment, info=PROGRAMME)
    retired_at: Mapped[datetime | None] = mapped_column(Moment, info=PROGRAMME)
    version: Mapped[int] = mapped_column(default=1, info=PROGRAMME)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}


class TopicSuggestion(Model):
    """A subject that somebody typed and that no topic answers to: for staff to add, to merge, or to pass
    over.

    `typed` is as it was typed, `plain` as it is compared. `by_id` is whoever typed it first. `settled_at`
    once staff did.
    """

    __tablename__ = "topic_suggestion"

    id: Mapped[int] = mapped_column(primary_key=True, info=PROGRAMME)
    plain: Mapped[str] = mapped_column(String(160), unique=True, info=PROGRAMME)
    typed: Mapped[str] = mapped_column(String(160), info=PROGRAMME)
    times: Mapped[int] = mapped_column(default=1, info=PROGRAMME)
    by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL"), index=True, info=ASKED | MENTION
    )
    topic_id: Mapped[str | None] = mapped_column(
        ForeignKey("topic.id", ondelete="SET NULL"), index=True, info=PROGRAMME
    )
    created_at: Mapped[datetime] = mapped_column(Moment, info=PROGRAMME)
    settled_at: Mapped[datetime | None] = mapped_column(Moment, index=True, info=PROGRAMME)


class Enrolment(Model):
    """One person in one programme, as mentor, mentee or both."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("programme_id", "person_id"),
        CheckConstraint(
            "mentor_capacity BETWEEN 1 AND 5 AND mentee_capacity BETWEEN 1 AND 5", name="capacity_range"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), info=WISHES)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True, info=WISHES | OWNER
    )
    as_mentor: Mapped[bool] = mapped_column(default=False, info=WISHES)
    as_mentee: Mapped[bool] = mapped_column(default=False, info=WISHES)
    mentor_capacity: Mapped[int] = mapped_column(default=1, info=WISHES)
    mentee_capacity: Mapped[int] = mapped_column(default=1, info=WISHES)
    place: Mapped[str] = mapped_column(String(12), default="either", info=WISHES)
    off_the_table: Mapped[str] = mapped_column(Text, default="", info=WISHES)
    state: Mapped[str] = mapped_column(String(10), default="begun", index=True, info=WISHES)
    steps_done: Mapped[int] = mapped_column(default=0, info=WISHES)
    paused_until: Mapped[date | None] = mapped_column(info=WISHES)
    begun_at: Mapped[datetime] = mapped_column(Moment, info=WISHES)
    joined_at: Mapped[datetime | None] = mapped_column(Moment, info=WISHES)
    let_in_at: Mapped[datetime | None] = mapped_column(Moment, info=WISHES)
    version: Mapped[int] = mapped_column(default=1, info=BOOKKEEPING)

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

    id: Mapped[int] = mapped_column(primary_key=True, info=WISHES)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"), info=WISHES)
    topic_id: Mapped[str] = mapped_column(ForeignKey("topic.id"), info=WISHES)
    side: Mapped[str] = mapped_column(String(8), info=WISHES)
    level: Mapped[int] = mapped_column(default=2, info=WISHES)
    rank: Mapped[int] = mapped_column(info=WISHES)

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql")


class Avoided(Model):
    """Somebody with whom a person would rather not be paired. Nobody but that person ever sees it."""

    __tablename__ = "avoided"

    enrolment_id: Mapped[int] = mapped_column(
        ForeignKey("enrolment.id", ondelete="CASCADE"),
        primary_key=True,
        info=AVOIDED,
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        info=AVOIDED | MENTION,
    )

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
