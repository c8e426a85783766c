"""Invitations by e-mail for those who chose them: each check-in ahead is one invitation, and changes follow
it.

What was sent stands in a row (models.Invitation), and is compared with what the person's calendar should
show, which `entries` alone says. Row and letter are written in one transaction, with the person held, so that
a kill or a second worker sends nothing twice and forgets nothing. Whatever is far ahead waits: a mailbox full
of next year helps nobody.
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import exists, select

from portal.calendars import queries
from portal.calendars.by_mail import invitation_letters
from portal.calendars.choices import choice_of
from portal.calendars.entries import entries_of, uid_of
from portal.calendars.models import CalendarChoice, Invitation
from portal.clock import now
from portal.core.calendar.documents import MeetingSeries
from portal.core.calendar.itip import Invite, Party
from portal.db import db, transaction
from portal.letters.outbox import post
from portal.people.models import Person
from portal.schedule.models import CheckIn, Series
from portal.settings import current

log = logging.getLogger(__name__)
AHEAD = timedelta(days=60)
"""How long before it a check-in is sent: with monthly ones the next two, with weekly ones eight or nine."""
LINK = re.compile(r"https?://\S+")
INVITED, CANCELLED = "invited", "cancelled"


@dataclass(frozen=True)
class Meeting:
    """One check-in as a person's calendar should show it."""

    check_in_id: int
    starts_at: datetime
    ends_at: datetime
    entry: MeetingSeries

    def said(self, email: str) -> str:
        """A digest of what is worth a new message: when, where (links too, whatever the language), and to
        whom.
        """
        links = LINK.findall(self.entry.description)
        facts = [self.starts_at.isoformat(), self.ends_at.isoformat(), self.entry.location, links, email]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def invite(person_id: int) -> int:
    """Bring one person's invitations in step; how many letters that took. The task that answers a changed
    calendar.
    """
    concerned = _is_concerned(int(person_id), at=now())
    db.session.rollback()
    if not concerned:
        return 0
    with transaction():
        db.session.execute(
            select(Person.id).where(Person.id == int(person_id)).with_for_update(key_share=True)
        )
        return reconcile(int(person_id), at=now())


def sweep() -> int:
    """Bring in step whose ring was lost, and those whose next check-in has come near; how many letters."""
    due = queries.invitations_due(at=now(), ahead=AHEAD)
    db.session.rollback()
    letters = 0
    for person_id in due:
        try:
            letters += invite(person_id)
        except Exception:
            log.exception("the invitations of person %s could not be brought in step", person_id)
            db.session.rollback()
    return letters


def reconcile(person_id: int, *, at: datetime) -> int:
    """Post what the difference takes, inside the open transaction, in which the person is held; how many
    letters.
    """
    person = db.session.get(Person, person_id, populate_existing=True)
    if person is None or person.disabled_at is not None:
        return 0
    chosen = choice_of(person_id).invitations
    wanted = {each.check_in_id: each for each in (_meetings(person_id) if chosen else ())}
    mine = (
        select(Invitation)
        .where(Invitation.person_id == person_id)
        .order_by(Invitation.starts_at, Invitation.id)
    )
    rows = list(db.session.scalars(mine.execution_options(populate_existing=True)))
    gone = [
        each
        for each in rows
        if each.state == INVITED and each.ends_at > at and each.check_in_id not in wanted
    ]
    for row in gone:
        _take_back(row, person, at, chosen=chosen)
    known = {each.check_in_id: each for each in rows}
    return len(gone) + sum(
        _bring_in_step(each, known.get(each.check_in_id), person, at) for each in wanted.values()
    )


def answers_to(check_in: CheckIn) -> dict[int, str]:
    """What each person who was invited to a check-in, at the time it has now, answered; "" for nothing yet.
    One query.
    """
    to_it = (
        Invitation.check_in_id == check_in.id,
        Invitation.starts_at == check_in.starts_at,
        Invitation.state == INVITED,
    )
    rows = db.session.execute(select(Invitation.person_id, Invitation.answer).where(*to_it))
    return {row.person_id: row.answer for row in rows}


def _is_concerned(person_id: int, *, at: datetime) -> bool:
    chose = exists().where(CalendarChoice.person_id == person_id, CalendarChoice.invitations)
    open_ones = (Invitation.person_id == person_id, Invitation.state == INVITED, Invitation.ends_at > at)
    return bool(db.session.scalar(select(chose | exists().where(*open_ones))))


def _meetings(person_id: int) -> Iterator[Meeting]:
    """All check-ins in a person's calendar, in time order."""
    by_uid = {each.uid: each for each in entries_of(person_id) if isinstance(each, MeetingSeries)}
    uids = {
        uid.partition("@")[0].removeprefix("check-ins-").rpartition("-g")[0]: each
        for uid, each in by_uid.items()
    }
    query = select(CheckIn.id, CheckIn.number, Series.uid).join(CheckIn.series).where(Series.uid.in_(uids))
    ids = {(row.uid, row.number): row.id for row in db.session.execute(query)} if uids else {}
    found = (
        Meeting(
            ids[uid, each.number], each.starts_at, each.starts_at + timedelta(minutes=each.minutes), entry
        )
        for uid, entry in uids.items()
        for each in entry.held
        if (uid, each.number) in ids
    )
    return iter(sorted(found, key=lambda each: (each.starts_at, each.check_in_id)))


def _bring_in_step(meeting: Meeting, row: Invitation | None, person: Person, at: datetime) -> bool:
    """Invite to a check-in, or tell of its change; whether there was a reason to."""
    if row is None or row.state == CANCELLED:
        if not at < meeting.starts_at <= at + AHEAD:
            return False
        row = _begun(meeting, row, person)
        _say(row, meeting, person, at, changed=False)
        return True
    if row.said == meeting.said(person.email) or meeting.ends_at <= at:
        return False
    row.sequence += 1
    if (row.starts_at, row.ends_at) != (meeting.starts_at, meeting.ends_at):
        row.answer, row.answered_at, row.answer_sequence = "", None, None
    _say(row, meeting, person, at, changed=True)
    return True


def _begun(meeting: Meeting, row: Invitation | None, person: Person) -> Invitation:
    """A row to invite by; after a cancellation under a UID of its own, since some calendars take none a
    second time.
    """
    if row is None:
        row = Invitation(person_id=person.id, check_in_id=meeting.check_in_id)
        db.session.add(row)
    row.uid, row.state, row.sequence = uid_of("invitation", str(uuid4())), INVITED, 0
    row.answer, row.answered_at, row.answer_sequence = "", None, None
    return row


def _say(row: Invitation, meeting: Meeting, person: Person, at: datetime, *, changed: bool) -> None:
    row.starts_at, row.ends_at, row.summary = meeting.starts_at, meeting.ends_at, meeting.entry.summary[:300]
    row.said, row.sent_at = meeting.said(person.email), at
    db.session.flush()
    letter = invitation_letters.invited(_invite(row, person, meeting.entry), to=person, changed=changed)
    post(letter, to=person.email, person_id=person.id)


def _take_back(row: Invitation, person: Person, at: datetime, *, chosen: bool) -> None:
    row.state, row.sequence, row.sent_at = CANCELLED, row.sequence + 1, at
    db.session.flush()
    post(
        invitation_letters.taken_back(_invite(row, person), to=person, chosen=chosen),
        to=person.email,
        person_id=person.id,
    )


def _invite(row: Invitation, person: Person, entry: MeetingSeries | None = None) -> Invite:
    return Invite(
        uid=row.uid,
        sequence=row.sequence,
        revised_at=row.sent_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        summary=row.summary,
        organizer=Party(invitation_letters.address_of(row), current().portal_name),
        attendee=Party(person.email, person.name),
        description=entry.description if entry else "",
        location=entry.location if entry else "",
        url=entry.url if entry else "",
        alarms=entry.alarms if entry else (),
        answer=row.answer if row.state == INVITED else "",
        wants_answer=current().reads_answers,
    )
