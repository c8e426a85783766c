"""Requests to the partner to move or skip a check-in, and the answers.

Until the partner agrees, the check-in stays as it is. A new request for the same check-in replaces the old
one.
"""

from datetime import UTC, datetime
from typing import Protocol

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from portal import audit
from portal.core.lifecycle import CheckInState, PairingState
from portal.db import db
from portal.errors import Invalid, NotFound
from portal.letters.outbox import post
from portal.pairings.models import Pairing
from portal.pairings.queries import hold, pairing_for, partner, side_of
from portal.people.models import Person
from portal.schedule import letters, planning
from portal.schedule.models import CheckIn, MoveRequest, Series

KIND = "move_request"


class Verb(Protocol):
    """`agree` or `decline`."""

    def __call__(self, request: MoveRequest, pairing: Pairing, /, *, by: Person, at: datetime) -> bool:
        """Answer a request; returns whether the answer is new."""


def ask(
    check_in: CheckIn, pairing: Pairing, *, starts_at: datetime | None, by: Person, at: datetime
) -> MoveRequest | None:
    """Ask the partner to move a check-in, or to skip it with None as the time.

    Returns None when the same is asked already or the check-in is so already. Raises Invalid as planning
    does.
    """
    hold(pairing)
    starts_at = starts_at.astimezone(UTC) if starts_at else None
    if (starts_at is None and check_in.state == CheckInState.SKIPPED) or starts_at == check_in.starts_at:
        return None
    planning.check_changeable(check_in, pairing, starts_at=starts_at, at=at)
    for earlier in open_requests(pairing.id):
        if earlier.check_in_id == check_in.id:
            if (earlier.by_id, earlier.starts_at) == (by.id, starts_at):
                return None
            _close(earlier, "over", at)
    request = MoveRequest(
        check_in_id=check_in.id, by_id=by.id, starts_at=starts_at, state="open", created_at=at
    )
    db.session.add(request)
    db.session.flush()
    after = {"check_in_id": check_in.id, "starts_at": starts_at.isoformat() if starts_at else None}
    audit.write(action="move.asked", on=KIND, id=request.id, by=by.id, after=after)
    other = partner(pairing, by.id)
    post(letters.asked(pairing, other, check_in, by, starts_at), to=other.email, person_id=other.id)
    return request


def agree(request: MoveRequest, pairing: Pairing, *, by: Person, at: datetime) -> bool:
    """Move or skip the check-in as asked; returns whether the answer is new. Raises Invalid when that is no
    longer possible.
    """
    if not _open_for(request, pairing, by):
        return False
    check_in = request.check_in
    _close(request, "agreed", at)
    audit.write(action="move.agreed", on=KIND, id=request.id, by=by.id)
    if request.starts_at is None:
        planning.skip(check_in, pairing, by=by, at=at, seen=check_in.version)
    else:
        planning.reschedule(
            check_in, pairing, starts_at=request.starts_at, by=by, at=at, seen=check_in.version
        )
    return True


def decline(request: MoveRequest, pairing: Pairing, *, by: Person, at: datetime) -> bool:
    """Leave the check-in as it is; returns whether the answer is new.

    The asker's calendar is written again, since the request may come from a move there.
    """
    if not _open_for(request, pairing, by):
        return False
    _close(request, "declined", at)
    audit.write(action="move.declined", on=KIND, id=request.id, by=by.id)
    planning.write_anew(request.check_in.series, pairing, at=at)
    asker = request.by
    post(letters.declined(pairing, asker, request.check_in, by), to=asker.email, person_id=asker.id)
    return True


def request_for(request_id: int, person: Person) -> tuple[MoveRequest, Pairing]:
    """A request with its check-in, and its pairing; raises NotFound unless the person may see it."""
    whole = (joinedload(MoveRequest.check_in).joinedload(CheckIn.series), joinedload(MoveRequest.by))
    query = select(MoveRequest).where(MoveRequest.id == request_id).options(*whole)
    move_request = db.session.scalar(query.execution_options(populate_existing=True))
    if move_request is None:
        raise NotFound
    return move_request, pairing_for(move_request.check_in.series.pairing_id, person)


def open_requests(pairing_id: int) -> list[MoveRequest]:
    """The unanswered requests of a pairing, the oldest first."""
    return _open(Series.pairing_id == pairing_id)


def to_answer(person_id: int) -> list[MoveRequest]:
    """The requests that this person can answer, in all active pairings, the oldest first."""
    theirs = or_(Pairing.mentor_id == person_id, Pairing.mentee_id == person_id)
    return _open(theirs, MoveRequest.by_id != person_id, Pairing.state == PairingState.ACTIVE)


def _open(*where: ColumnElement[bool]) -> list[MoveRequest]:
    whole = (contains_eager(MoveRequest.check_in).contains_eager(CheckIn.series), joinedload(MoveRequest.by))
    query = (
        select(MoveRequest)
        .join(MoveRequest.check_in)
        .join(CheckIn.series)
        .join(Series.pairing)
        .options(*whole)
    )
    return list(db.session.scalars(query.where(MoveRequest.state == "open", *where).order_by(MoveRequest.id)))


def _open_for(request: MoveRequest, pairing: Pairing, by: Person) -> bool:
    """Whether a request is still open; raises Invalid unless `by` is the partner of the person who asked."""
    hold(pairing)
    db.session.refresh(request, ["state"], with_for_update=True)
    if request.by_id == by.id or side_of(pairing, by.id) is None:
        raise Invalid(_("This is for the partner to answer."))
    return request.state == "open"


def _close(request: MoveRequest, state: str, at: datetime) -> None:
    request.state, request.answered_at = state, at
    db.session.flush()
