"""Take people's answers to invitations as they come in by mail, if they carry the token of one of ours.

The newest answer counts, by (SEQUENCE, DTSTAMP), so one that comes twice, late or out of order does no harm.
We never reply automatically. Declining skips nothing: the partner is told, and the two find another time.
Proposing another time moves nothing: the partner is asked about it, as from the pair's page.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from portal import audit
from portal.calendars.by_mail import invitation_letters, messages
from portal.calendars.by_mail.invitations import INVITED
from portal.calendars.by_mail.messages import Incoming
from portal.calendars.models import Invitation
from portal.clock import now
from portal.core.calendar.itip import Reply, reply_of
from portal.core.lifecycle import CheckInState
from portal.db import db, transaction
from portal.errors import Invalid
from portal.letters.outbox import post
from portal.pairings.models import Pairing
from portal.pairings.queries import partner, whole
from portal.people.models import Person
from portal.schedule.models import CheckIn, Series
from portal.schedule.move_requests import requests

log = logging.getLogger(__name__)
KIND = "invitation"
CLOCKS_DIFFER = timedelta(days=1)
"""How far the clock of somebody's mail program may be ahead of ours."""
MOST_TOKENS = 20


@dataclass(frozen=True)
class Outcome:
    """Whether the answer in a message was taken, and why or why not, in words for an operator."""

    taken: bool
    says: str


def receive(raw: bytes) -> Outcome:
    """Take the answer in a message, if one counts; raises Invalid for a message that cannot be parsed."""
    message = messages.read(raw)
    with transaction():
        outcome = take(message, at=now())
    log.info("a message came in: %s", outcome.says)
    return outcome


def take(message: Incoming, *, at: datetime) -> Outcome:
    """Take the answer in a message, inside the open transaction, or say why it is ignored."""
    if message.bounced:
        return Outcome(False, "Ignored: it was sent by a machine, about a letter of ours.")
    if not message.calendars:
        return Outcome(False, "Ignored: there is no calendar in it.")
    replies, reason = _replies(message.calendars)
    if not replies:
        return Outcome(False, f"Ignored: {reason}")
    reply = replies[0]
    row = _answered(reply, [*message.recipients, *reply.organizers])
    if row is None:
        return Outcome(False, "Ignored: it answers no invitation of ours.")
    reason = _why_not(row, reply, message.sender, at)
    if reason:
        return Outcome(False, f"Ignored: {reason}")
    if reply.proposes is not None:
        return _ask(row, reply, reply.proposes, at)
    return _note(row, reply, at)


def _replies(calendars: Iterable[bytes]) -> tuple[list[Reply], str]:
    """The replies that could be parsed, and why the last of the others could not."""
    replies, reason = list[Reply](), ""
    for text in calendars:
        try:
            replies.append(reply_of(text))
        except Invalid as error:
            reason = error.message
    return replies, reason


def _answered(reply: Reply, addresses: Iterable[str]) -> Invitation | None:
    """The invitation that a token among the addresses was made for, locked until the transaction ends."""
    tokens = dict.fromkeys(filter(None, map(invitation_letters.id_in, addresses)))
    for invitation_id, mac in list(tokens)[:MOST_TOKENS]:
        row = db.session.get(Invitation, invitation_id, with_for_update=True, populate_existing=True)
        if row is not None and row.uid == reply.uid and invitation_letters.is_mac_of(row, mac):
            return row
    return None


def _why_not(row: Invitation, reply: Reply, sender: str, at: datetime) -> str:
    """Why an answer does not count; "" when it does."""
    person = db.session.get_one(Person, row.person_id)
    rules: Iterator[tuple[bool, str]] = iter(
        (
            (row.state != INVITED, "the invitation was taken back."),
            (person.disabled_at is not None, "the account of whoever was invited is closed."),
            ((reply.attendee or sender) != person.email.lower(), "somebody else answers than was invited."),
            (reply.sequence < row.sequence, "it answers an earlier version of the invitation."),
            (reply.sequence > row.sequence, "it answers a version of the invitation that was never sent."),
            (reply.stamped_at > at + CLOCKS_DIFFER, "it says that it was written in the future."),
            (not _is_newer(row, reply), "it is not newer than the answer we have."),
        )
    )
    return next((reason for is_broken, reason in rules if is_broken), "")


def _is_newer(row: Invitation, reply: Reply) -> bool:
    if row.answer_sequence is None or row.answered_at is None:
        return True
    return (reply.sequence, reply.stamped_at) > (row.answer_sequence, row.answered_at)


def _ask(row: Invitation, reply: Reply, proposes: datetime, at: datetime) -> Outcome:
    """Ask the partner about another time that was proposed, if the check-in is still as it was sent."""
    query = (
        select(CheckIn)
        .join(CheckIn.series)
        .where(CheckIn.id == row.check_in_id)
        .options(contains_eager(CheckIn.series))
    )
    check_in = db.session.scalar(query.execution_options(populate_existing=True))
    if check_in is None or check_in.state != CheckInState.PLANNED or check_in.starts_at <= at:
        return Outcome(False, "Ignored: another time is proposed for a check-in that is over, or off.")
    if check_in.starts_at != row.starts_at:
        return Outcome(False, "Ignored: another time is proposed for a check-in that was moved meanwhile.")
    pairing = db.session.get_one(Pairing, check_in.series.pairing_id, options=whole())
    person = db.session.get_one(Person, row.person_id)
    try:
        asked = requests.ask(check_in, pairing, starts_at=proposes, by=person, at=at)
    except Invalid as error:
        return Outcome(False, f"Ignored: the time that is proposed cannot be. {error.message}")
    outcome = _note(row, reply if reply.answer else replace(reply, answer=row.answer), at, tell=asked is None)
    if asked is None:
        return outcome
    return Outcome(True, f"Taken: invitation {row.id}, and the partner is asked about another time.")


def _note(row: Invitation, reply: Reply, at: datetime, *, tell: bool = True) -> Outcome:
    """Take an answer, and tell the partner of it unless another letter does."""
    before = row.answer
    row.answer, row.answered_at, row.answer_sequence = reply.answer, reply.stamped_at, reply.sequence
    db.session.flush()
    if reply.answer != before:
        audit.write(
            action="invitation.answered",
            on=KIND,
            id=row.id,
            by=row.person_id,
            before={"answer": before},
            after={"answer": reply.answer},
        )
        if tell:
            _tell_partner(row, before, at)
    return Outcome(True, f"Taken: invitation {row.id} is {reply.answer or 'unanswered again'}.")


def _tell_partner(row: Invitation, before: str, at: datetime) -> None:
    """Tell the partner of a no, and of a yes after a no, while the check-in lies ahead."""
    changes = {"declined": invitation_letters.declined, "accepted": invitation_letters.comes_after_all}
    letter = changes.get(row.answer)
    if letter is None or (row.answer == "accepted" and before != "declined") or row.starts_at <= at:
        return
    query = select(CheckIn.state, Series.pairing_id).join(CheckIn.series).where(CheckIn.id == row.check_in_id)
    check_in = db.session.execute(query).one_or_none()
    if check_in is None or check_in.state != CheckInState.PLANNED:
        return
    pairing = db.session.get_one(Pairing, check_in.pairing_id, options=whole())
    other = partner(pairing, row.person_id)
    post(letter(pairing, other, row), to=other.email, person_id=other.id)
