"""What staff ask of the outbox."""

from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import or_, select
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


def find(
    *, everything: bool, words: str = "", state: str = "", page: int = 1, per_page: int = PER_PAGE
) -> Pagination:
    """A page of letters, the latest first; `words` are sought in address and subject.

    Letters about somebody's part in a programme are left out unless `everything` is asked for: staff of one
    programme are not told who joined or left another.
    """
    query = select(OutboxLetter).options(load_only(*LISTED)).order_by(OutboxLetter.id.desc())
    if not everything:
        query = query.where(*(~OutboxLetter.kind.startswith(each) for each in ABOUT_PROGRAMMES))
    if state in STATES:
        query = query.where(OutboxLetter.state == state)
    if words:
        sought = (OutboxLetter.to_address, OutboxLetter.subject)
        query = query.where(or_(*(column.icontains(words, autoescape=True) for column in sought)))
    return db.paginate(query, page=max(page, 1), per_page=per_page, error_out=False)


def one(letter_id: int, *, everything: bool) -> OutboxLetter:
    """One letter; raises NotFound, also for one about a programme unless `everything` may be seen."""
    row = db.session.get(OutboxLetter, letter_id)
    if row is None or not (everything or not row.kind.startswith(ABOUT_PROGRAMMES)):
        raise NotFound
    return row


def latest(*, state: str = "", most: int = PER_PAGE) -> list[OutboxLetter]:
    """The latest letters, the newest first, in one state or all."""
    query = select(OutboxLetter).options(load_only(*LISTED)).order_by(OutboxLetter.id.desc()).limit(most)
    return list(db.session.scalars(query.where(OutboxLetter.state == state) if state else query))
