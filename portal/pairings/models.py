"""Tables of pairings: runs with their proposals, prices of changes, and pairings themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import BOOKKEEPING, MENTION, OWNER, Kind, Model, Moment, kept
from portal.people.models import ACCOUNT, Person
from portal.programmes.models import ENROLMENT, PROGRAMME, Enrolment, Programme
from portal.work import Leased

MATCH = kept("why somebody was matched, or not", period=ENROLMENT)
STARTED_BY = kept("to show who started it", period="as long as the programme")
PAIRING = kept("who meets whom, and how far they are", period=ACCOUNT)
REMARK = kept(
    "what staff noted about the pair", period="until the pairing is over for two years", kind=Kind.SECRET
)


class MatchRun(Leased, Model):
    """One run of the engine over one programme. Its result never changes;
    `kept_at` is when drafts were made of it.

    `weights` and `rules` are those it ran with; a trial (`trial`, with a `title`) may have its own, and pairs
    of its own that are locked or forbidden (RunPair). `line` is the line it went by, 0..10000; with the rule
    "auto", `held_by` is whoever keeps it from being higher. `gap` is 0 when the result is proven to be the
    best. `phase`, `done` and `total` are its progress. `error` is why it failed, as words.failure_as_json
    writes it, with people by their ids.
    """

    __tablename__ = "match_run"
    __table_args__ = (Index("ix_match_run_programme_id_id", "programme_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), info=PROGRAMME)
    by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL"), index=True, info=STARTED_BY | MENTION
    )
    state: Mapped[str] = mapped_column(String(10), default="queued", index=True, info=PROGRAMME)
    trial: Mapped[bool] = mapped_column(default=False, info=PROGRAMME)
    title: Mapped[str] = mapped_column(String(80), default="", info=PROGRAMME)
    weights: Mapped[dict[str, int]] = mapped_column(JSON, info=PROGRAMME)
    rules: Mapped[dict[str, Any]] = mapped_column(JSON, info=PROGRAMME)
    phase: Mapped[str] = mapped_column(String(40), default="", info=BOOKKEEPING)
    done: Mapped[int] = mapped_column(default=0, info=BOOKKEEPING)
    total: Mapped[int] = mapped_column(default=0, info=BOOKKEEPING)
    beginnings: Mapped[int] = mapped_column(default=0, info=BOOKKEEPING)
    objective: Mapped[dict[str, int] | None] = mapped_column(JSON(none_as_null=True), info=PROGRAMME)
    line: Mapped[int | None] = mapped_column(info=PROGRAMME)
    held_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL"), index=True, info=MATCH | MENTION
    )
    gap: Mapped[int | None] = mapped_column(info=PROGRAMME)
    seconds: Mapped[float | None] = mapped_column(info=BOOKKEEPING)
    error: Mapped[str | None] = mapped_column(Text, info=BOOKKEEPING)
    created_at: Mapped[datetime] = mapped_column(Moment, info=PROGRAMME)
    started_at: Mapped[datetime | None] = mapped_column(Moment, info=PROGRAMME)
    finished_at: Mapped[datetime | None] = mapped_column(Moment, info=PROGRAMME)
    end_asked_at: Mapped[datetime | None] = mapped_column(Moment, info=PROGRAMME)
    kept_at: Mapped[datetime | None] = mapped_column(Moment, info=PROGRAMME)

    programme: Mapped[Programme] = relationship(lazy="raise_on_sql")
    by: Mapped[Person | None] = relationship(foreign_keys=[by_id], lazy="raise_on_sql")
    held_by: Mapped[Person | None] = relationship(foreign_keys=[held_by_id], lazy="raise_on_sql")
    pairs: Mapped[list["RunPair"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="RunPair.id", lazy="raise_on_sql"
    )


class RunPair(Model):
    """Two people whom staff locked together, or kept apart, for one run only. `how` is "lock" or "forbid"."""

    __tablename__ = "run_pair"
    __table_args__ = (UniqueConstraint("run_id", "mentor_id", "mentee_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, info=MATCH)
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id", ondelete="CASCADE"), info=MATCH)
    mentor_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True, info=MATCH | MENTION
    )
    mentee_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True, info=MATCH | MENTION
    )
    how: Mapped[str] = mapped_column(String(8), info=MATCH)

    mentor: Mapped[Person] = relationship(foreign_keys=[mentor_id], lazy="raise_on_sql")
    mentee: Mapped[Person] = relationship(foreign_keys=[mentee_id], lazy="raise_on_sql")


class PriceTable(Leased, Model):
    """What each change by hand on a programme's board would cost: worked out in the
    background, read while staff edit a row.

    `stamp` is a digest of the board, the people and the rules it was made from; when theirs is another now,
    it is out of date. `data` is a core.matching.prices.price_board.PriceBoard as bytes, None while it is
    worked out for the first time; `problem` says why there can be none.
    """

    __tablename__ = "price_table"

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id", ondelete="CASCADE"),
        primary_key=True,
        info=BOOKKEEPING,
    )
    stamp: Mapped[str] = mapped_column(String(64), default="", info=BOOKKEEPING)
    wanted_at: Mapped[datetime] = mapped_column(Moment, info=BOOKKEEPING)
    made_at: Mapped[datetime | None] = mapped_column(Moment, info=BOOKKEEPING)
    problem: Mapped[str | None] = mapped_column(Text, info=BOOKKEEPING)
    data: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, info=MATCH)


class Proposal(Model):
    """A pair that a run proposes. `score` and the points of its `parts` are
    integers 0..10000; the parts sum to the score.

    `parts` are as `Part.as_json()` of the engine writes them: name, points, and template and args of the
    sentence, with topics by their ids and nobody's name. `next_mentor` is the best other mentor that the
    rules allow for this mentee, and `next_mentee` the other way round.
    """

    __tablename__ = "proposal"
    __table_args__ = (UniqueConstraint("run_id", "mentor_enrolment_id", "mentee_enrolment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, info=MATCH)
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id", ondelete="CASCADE"), info=MATCH)
    mentor_enrolment_id: Mapped[int] = mapped_column(
        ForeignKey("enrolment.id", ondelete="CASCADE"),
        index=True,
        info=MATCH,
    )
    mentee_enrolment_id: Mapped[int] = mapped_column(
        ForeignKey("enrolment.id", ondelete="CASCADE"),
        index=True,
        info=MATCH,
    )
    score: Mapped[int] = mapped_column(info=MATCH)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, info=MATCH)
    next_mentor_id: Mapped[int | None] = mapped_column(
        ForeignKey("enrolment.id", ondelete="SET NULL"),
        index=True,
        info=MATCH,
    )
    next_mentor_score: Mapped[int | None] = mapped_column(info=MATCH)
    next_mentee_id: Mapped[int | None] = mapped_column(
        ForeignKey("enrolment.id", ondelete="SET NULL"),
        index=True,
        info=MATCH,
    )
    next_mentee_score: Mapped[int | None] = mapped_column(info=MATCH)

    mentor: Mapped[Enrolment] = relationship(foreign_keys=[mentor_enrolment_id], lazy="raise_on_sql")
    mentee: Mapped[Enrolment] = relationship(foreign_keys=[mentee_enrolment_id], lazy="raise_on_sql")
    next_mentor: Mapped[Enrolment | None] = relationship(foreign_keys=[next_mentor_id], lazy="raise_on_sql")
    next_mentee: Mapped[Enrolment | None] = relationship(foreign_keys=[next_mentee_id], lazy="raise_on_sql")


class LeftOver(Model):
    """Somebody whom a run could not pair in one role, and why: a template to translate, and its values."""

    __tablename__ = "left_over"
    __table_args__ = (UniqueConstraint("run_id", "enrolment_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True, info=MATCH)
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id", ondelete="CASCADE"), info=MATCH)
    enrolment_id: Mapped[int] = mapped_column(
        ForeignKey("enrolment.id", ondelete="CASCADE"), index=True, info=MATCH
    )
    role: Mapped[str] = mapped_column(String(8), info=MATCH)
    template: Mapped[str] = mapped_column(Text, info=MATCH)
    args: Mapped[dict[str, Any]] = mapped_column(JSON, info=MATCH)

    enrolment: Mapped[Enrolment] = relationship(lazy="raise_on_sql")


class Pairing(Model):
    """Two people in one programme: `mentor` is the junior who teaches, `mentee` the senior who learns.

    `state` goes by core.lifecycle.PAIRING_STEPS. `mentee_accepted_at` comes first, since the
    senior is asked first; `answer_by` is until when the one who is asked may answer.
    `end_reason` is a core.lifecycle.PairingEnd.
    """

    __tablename__ = "pairing"
    __table_args__ = (
        CheckConstraint("mentor_id <> mentee_id", name="two_people"),
        Index("ix_pairing_programme_id_state", "programme_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), info=PAIRING)
    run_id: Mapped[int | None] = mapped_column(
        ForeignKey("match_run.id", ondelete="SET NULL"), index=True, info=PAIRING
    )
    mentor_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True, info=PAIRING | OWNER)
    mentee_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True, info=PAIRING | OWNER)
    state: Mapped[str] = mapped_column(String(10), default="draft", index=True, info=PAIRING)
    locked: Mapped[bool] = mapped_column(default=False, info=PAIRING)
    remark: Mapped[str] = mapped_column(Text, default="", info=REMARK)
    score: Mapped[int] = mapped_column(info=PAIRING)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, info=PAIRING)
    created_at: Mapped[datetime] = mapped_column(Moment, info=PAIRING)
    offered_at: Mapped[datetime | None] = mapped_column(Moment, info=PAIRING)
    answer_by: Mapped[datetime | None] = mapped_column(Moment, index=True, info=PAIRING)
    mentee_accepted_at: Mapped[datetime | None] = mapped_column(Moment, info=PAIRING)
    mentor_accepted_at: Mapped[datetime | None] = mapped_column(Moment, info=PAIRING)
    active_at: Mapped[datetime | None] = mapped_column(Moment, info=PAIRING)
    ended_at: Mapped[datetime | None] = mapped_column(Moment, info=PAIRING)
    end_reason: Mapped[str | None] = mapped_column(String(20), info=PAIRING)
    version: Mapped[int] = mapped_column(default=1, info=BOOKKEEPING)

    __mapper_args__: dict[str, Any] = {"version_id_col": version}

    programme: Mapped[Programme] = relationship(lazy="raise_on_sql")
    mentor: Mapped[Person] = relationship(foreign_keys=[mentor_id], lazy="raise_on_sql")
    mentee: Mapped[Person] = relationship(foreign_keys=[mentee_id], lazy="raise_on_sql")
