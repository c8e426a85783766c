"""Tables of the pairings room."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Model, Moment
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme
from portal.work import Leased


class MatchRun(Leased, Model):
    """One run of the engine over one programme. What it found never changes; `kept_at` says that drafts were made of it.

    `weights` and `rules` are those it ran with. `phase`, `done` and `total` are its progress, renewed while it lives.
    """

    __tablename__ = "match_run"
    __table_args__ = (Index("ix_match_run_programme_id_id", "programme_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="queued", index=True)
    weights: Mapped[dict[str, int]] = mapped_column(JSON)
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    phase: Mapped[str] = mapped_column(String(40), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    beginnings: Mapped[int] = mapped_column(default=0)
    objective: Mapped[dict[str, int] | None] = mapped_column(JSON(none_as_null=True))
    seconds: Mapped[float | None] = mapped_column()
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    end_asked_at: Mapped[datetime | None] = mapped_column(Moment)
    kept_at: Mapped[datetime | None] = mapped_column(Moment)

    programme: Mapped[Programme] = relationship(lazy="raise_on_sql")
    by: Mapped[Person | None] = relationship(lazy="raise_on_sql")


class Proposal(Model):
    """A pair that a run proposes. `score` and the points of its `parts` are integers 0..10000; the parts sum to the score.

    `parts` are as `core.matching.criteria.Part.as_json()` writes them: name, points, template and args of the sentence.
    """

    __tablename__ = "proposal"
    __table_args__ = (UniqueConstraint("run_id", "mentor_enrolment_id", "mentee_enrolment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id", ondelete="CASCADE"))
    mentor_enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"), index=True)
    mentee_enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"), index=True)
    score: Mapped[int] = mapped_column()
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

    mentor: Mapped[Enrolment] = relationship(foreign_keys=[mentor_enrolment_id], lazy="raise_on_sql")
    mentee: Mapped[Enrolment] = relationship(foreign_keys=[mentee_enrolment_id], lazy="raise_on_sql")


class LeftOver(Model):
    """Somebody whom a run could not pair in one role, and why: a template to be translated and what goes into it."""

    __tablename__ = "left_over"
    __table_args__ = (UniqueConstraint("run_id", "enrolment_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id", ondelete="CASCADE"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(8))
    template: Mapped[str] = mapped_column(Text)
    args: Mapped[dict[str, Any]] = mapped_column(JSON)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")


class Pairing(Model):
    """Two people in one programme: `mentor` is the junior who teaches, `mentee` the senior who learns.

    `state` goes by core.lifecycle.PAIRING_STEPS. `mentee_accepted_at` comes first, since the senior is asked first;
    `answer_by` is until when the one who is asked may answer. `end_reason` is a word of ours (core.lifecycle.PairingEnd).
    """

    __tablename__ = "pairing"
    __table_args__ = (
        CheckConstraint("mentor_id <> mentee_id", name="two_people"),
        Index("ix_pairing_programme_id_state", "programme_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("match_run.id", ondelete="SET NULL"), index=True)
    mentor_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    mentee_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="draft", index=True)
    locked: Mapped[bool] = mapped_column(default=False)
    remark: Mapped[str] = mapped_column(Text, default="")
    score: Mapped[int] = mapped_column()
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Moment)
    offered_at: Mapped[datetime | None] = mapped_column(Moment)
    answer_by: Mapped[datetime | None] = mapped_column(Moment, index=True)
    mentee_accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    mentor_accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    active_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    end_reason: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}

    programme: Mapped[Programme] = relationship(lazy="raise_on_sql")
    mentor: Mapped[Person] = relationship(foreign_keys=[mentor_id], lazy="raise_on_sql")
    mentee: Mapped[Person] = relationship(foreign_keys=[mentee_id], lazy="raise_on_sql")
