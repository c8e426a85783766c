"""What staff ask of the outbox."""

from collections.abc import Collection
from dataclasses import dataclass

from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import load_only

from portal.db import db
from portal.errors import NotFound
from portal.letters.models import OutboxLetter

STATES = ("queued", "sent", "failed", "kept")
PER_PAGE = 50
ABOUT_PROGRAMMES = ("programmes.", "pairings.", "schedule.", "calendars.")
"""How the kinds of letters begin that tell of somebody's part in a programme."""
LISTED = (
    OutboxLetter.kind,
    OutboxLetter.to_address,
    OutboxLetter.subject,
    OutboxLetter.state,
    OutboxLetter.attempts,
    OutboxLetter.next_try_at,
    OutboxLetter.last_error,
    OutboxLetter.created_at,
    OutboxLetter.sent_at,
)


@dataclass(frozen=True)
class Readable:
    """Which letters somebody may read: those about somebody's part in a programme only of `programmes`, by
    their ids, since staff of one programme are not told who joined or left another. None for all.
    """

    programmes: Collection[int] | None

    def condition(self) -> ColumnElement[bool]:
        """The same as a condition on letters."""
        if self.programmes is None:
            return true()
        elsewhere = or_(*(OutboxLetter.kind.startswith(kind) for kind in ABOUT_PROGRAMMES))
        return ~elsewhere | OutboxLetter.programme_id.in_(self.programmes)


EVERYTHING = Readable(None)


def find(
    *, readable: Readable, words: str = "", state: str = "", page: int = 1, per_page: int = PER_PAGE
) -> Pagination:
    """A page of letters, the latest first; `words` are sought in address and subject."""
    query = select(OutboxLetter).options(load_only(*LISTED)).order_by(OutboxLetter.id.desc())
    query = query.where(readable.condition())
    if state in STATES:
        query = query.where(OutboxLetter.state == state)
    if words:
        sought = (OutboxLetter.to_address, OutboxLetter.subject)
        query = query.where(or_(*(column.icontains(words, autoescape=True) for column in sought)))
    return db.paginate(query, page=max(page, 1), per_page=per_page, error_out=False)


def one(letter_id: int, readable: Readable) -> OutboxLetter:
    """One letter; raises NotFound, also for one that is not readable."""
    row = db.session.scalar(select(OutboxLetter).where(OutboxLetter.id == letter_id, readable.condition()))
    if row is None:
        raise NotFound
    return row


def latest(*, state: str = "", most: int = PER_PAGE) -> list[OutboxLetter]:
    """The latest letters, the newest first, in one state or all."""
    query = select(OutboxLetter).options(load_only(*LISTED)).order_by(OutboxLetter.id.desc()).limit(most)
    return list(db.session.scalars(query.where(OutboxLetter.state == state) if state else query))
