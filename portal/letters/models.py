"""The outbox's table: a letter is queued, sent, failed for good, or kept because no mail server is set."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import BOOKKEEPING, OWNER, Kind, Model, Moment, kept
from portal.work import Leased

LETTER = kept("to send a letter and show that it went", period="180 days")
LETTER_LINK = kept(
    "to put the private link into the letter", period="until the letter has left", kind=Kind.SECRET
)


class OutboxLetter(Leased, Model):
    """One letter to one address. `uid` names it for good: it is in its Message-ID and binds its sealed link.

    A letter with a `calendar_method` (REQUEST or CANCEL) is an invitation: `calendar_text` goes with it (RFC
    6047), and `reply_to` is the address that answers go to.
    """

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_state_next_try_at", "state", "next_try_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, info=BOOKKEEPING)
    uid: Mapped[str] = mapped_column(String(36), unique=True, info=BOOKKEEPING)
    kind: Mapped[str] = mapped_column(String(40), info=LETTER)
    to_address: Mapped[str] = mapped_column(String(254), info=LETTER)
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL"), index=True, info=LETTER | OWNER
    )
    programme_id: Mapped[int | None] = mapped_column(
        ForeignKey("programme.id", ondelete="SET NULL"), index=True, info=LETTER
    )
    subject: Mapped[str] = mapped_column(String(200), info=LETTER)
    text: Mapped[str] = mapped_column(Text, info=LETTER)
    html: Mapped[str] = mapped_column(Text, info=LETTER)
    sealed_link: Mapped[str | None] = mapped_column(Text, info=LETTER_LINK)
    calendar_method: Mapped[str] = mapped_column(String(10), default="", info=LETTER)
    calendar_text: Mapped[str | None] = mapped_column(Text, info=LETTER)
    reply_to: Mapped[str] = mapped_column(String(254), default="", info=LETTER)
    state: Mapped[str] = mapped_column(String(10), info=LETTER)
    attempts: Mapped[int] = mapped_column(default=0, info=BOOKKEEPING)
    next_try_at: Mapped[datetime] = mapped_column(Moment, info=BOOKKEEPING)
    last_error: Mapped[str | None] = mapped_column(Text, info=LETTER)
    created_at: Mapped[datetime] = mapped_column(Moment, index=True, info=LETTER)
    sent_at: Mapped[datetime | None] = mapped_column(Moment, info=LETTER)
