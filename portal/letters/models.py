"""The outbox's table: a letter is queued, sent, failed for good, or kept because no mail server is set."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Model, Moment
from portal.work import Leased


class OutboxLetter(Leased, Model):
    """One letter to one address. `uid` names it for good: it is in its Message-ID and binds its sealed link.

    A letter with a `calendar_method` (REQUEST or CANCEL) is an invitation: `calendar_text` goes with it (RFC
    6047), and `reply_to` is the address that answers go to.
    """

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_state_next_try_at", "state", "next_try_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    to_address: Mapped[str] = mapped_column(String(254))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    sealed_link: Mapped[str | None] = mapped_column(Text)
    calendar_method: Mapped[str] = mapped_column(String(10), default="")
    calendar_text: Mapped[str | None] = mapped_column(Text)
    reply_to: Mapped[str] = mapped_column(String(254), default="")
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(Moment)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
