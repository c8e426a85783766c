"""Send invitations by e-mail to those who chose them: one for each check-in ahead, and one for each change.

What was sent is a row (models.Invitation), compared with what the person's calendar should show (`entries`).
Row and letter are written in one transaction in which the person is locked, so a kill or a second worker
neither sends anything twice nor forgets anything. What is far ahead waits, so that nobody gets a year's
invitations at once.
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
from portal.core.calendar.uids import kind_and_uuid
from portal.db import db, transaction
from portal.letters.outbox import post
from portal.people.models import Person
from portal.schedule.models import CheckIn, Series
from portal.settings import current

log = logging.getLogger(__name__)
AHEAD = timedelta(days=60)
"""How long ahead a check-in is sent: of monthly ones the next two, of weekly ones eight or nine."""
LINK = re.compile(r"https?://\S+")
INVITED, CANCELLED = "invited", "cancelled"


@dataclass(frozen=True)
class Meeting:
    """One check-in as a person's calendar should show it."""

    check_in_id: int
    starts_at: datetime
    ends_at: datetime
    entry: MeetingSeries

    def digest(self, email: str) -> str:
        """A digest of what is worth a new message: when, where (links too, in any language), and to whom."""
        links = LINK.findall(self.entry.description)
        facts = [self.starts_at.isoformat(), self.ends_at.isoformat(), self.entry.location, links, email]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def invite(person_id: int) -> int:
    """Bring one person's invitations in step with their calendar; how many letters that took."""
    concerned = _is_concerned(int(person_id), at=now())
    db.session.rollback()
    if not concerned:
        return 0
    with transaction():
        db.session.execute(
            select(Person.id).where(Person.id == int(person_id)).with_for_update(key_share=True)
        )
        return bring_in_step(int(person_id), at=now())


def sweep() -> int:
    """Bring in step those whose task was lost or whose next check-in has come near; how many letters."""
    due = queries.invitations_due(at=now(), ahead=AHEAD)
    db.session.rollback()
    count = 0
    for person_id in due:
        try:
            count += invite(person_id)
        except Exception:
            log.exception("the invitations of person %s could not be brought in step", person_id)
            db.session.rollback()
    return count


def bring_in_step(person_id: int, *, at: datetime) -> int:
    """Send what differs, inside the open transaction in which the person is locked; how many letters."""
    person = db.session.get(Person, person_id, populate_existing=True)
    if person is None or person.disabled_at is not None:
        return 0
    chosen = choice_of(person_id).invitations
    wanted = {meeting.check_in_id: meeting for meeting in (_meetings(person_id) if chosen else ())}
    query = (
        select(Invitation)
        .where(Invitation.person_id == person_id)
        .order_by(Invitation.starts_at, Invitation.id)
    )
    rows = list(db.session.scalars(query.execution_options(populate_existing=True)))
    called_off = [
        row for row in rows if row.state == INVITED and row.ends_at > at and row.check_in_id not in wanted
    ]
    for row in called_off:
        _cancel(row, person, at, chosen=chosen)
    by_check_in = {row.check_in_id: row for row in rows}
    sent = [
        _send_if_changed(meeting, by_check_in.get(check_in_id), person, at)
        for check_in_id, meeting in wanted.items()
    ]
    return len(called_off) + sum(sent)


def answers_to(check_in: CheckIn) -> dict[int, str]:
    """The answers of those who were invited to a check-in at its present time, by person; "" for none yet.
    One query.
    """
    is_present = (
        Invitation.check_in_id == check_in.id,
        Invitation.starts_at == check_in.starts_at,
        Invitation.state == INVITED,
    )
    rows = db.session.execute(select(Invitation.person_id, Invitation.answer).where(*is_present))
    return {row.person_id: row.answer for row in rows}


def _is_concerned(person_id: int, *, at: datetime) -> bool:
    chose = exists().where(CalendarChoice.person_id == person_id, CalendarChoice.invitations)
    is_open = (Invitation.person_id == person_id, Invitation.state == INVITED, Invitation.ends_at > at)
    return bool(db.session.scalar(select(chose | exists().where(*is_open))))


def _meetings(person_id: int) -> Iterator[Meeting]:
    """All check-ins in a person's calendar, in time order."""
    series = {
        kind_and_uuid(entry.uid)[1]: entry
        for entry in entries_of(person_id)
        if isinstance(entry, MeetingSeries)
    }
    query = select(CheckIn.id, CheckIn.number, Series.uid).join(CheckIn.series).where(Series.uid.in_(series))
    ids = {(row.uid, row.number): row.id for row in db.session.execute(query)} if series else {}
    meetings = (
        Meeting(
            check_in_id=ids[uuid, occurrence.number],
            starts_at=occurrence.starts_at,
            ends_at=occurrence.starts_at + timedelta(minutes=occurrence.minutes),
            entry=entry,
        )
        for uuid, entry in series.items()
        for occurrence in entry.held
        if (uuid, occurrence.number) in ids
    )
    return iter(sorted(meetings, key=lambda meeting: (meeting.starts_at, meeting.check_in_id)))


def _send_if_changed(meeting: Meeting, row: Invitation | None, person: Person, at: datetime) -> bool:
    """Invite to a check-in, or send its change; whether there was a reason to."""
    if row is None or row.state == CANCELLED:
        if not at < meeting.starts_at <= at + AHEAD:
            return False
        row = _new_invitation(meeting, row, person)
        _send(row, meeting, person, at, changed=False)
        return True
    if row.said == meeting.digest(person.email) or meeting.ends_at <= at:
        return False
    row.sequence += 1
    if (row.starts_at, row.ends_at) != (meeting.starts_at, meeting.ends_at):
        row.answer, row.answered_at, row.answer_sequence = "", None, None
    _send(row, meeting, person, at, changed=True)
    return True


def _new_invitation(meeting: Meeting, row: Invitation | None, person: Person) -> Invitation:
    """A row for a new invitation; after a cancellation it gets another UID, since some calendars accept none
    twice.
    """
    if row is None:
        row = Invitation(person_id=person.id, check_in_id=meeting.check_in_id)
        db.session.add(row)
    row.uid, row.state, row.sequence = uid_of("invitation", str(uuid4())), INVITED, 0
    row.answer, row.answered_at, row.answer_sequence = "", None, None
    return row


def _send(row: Invitation, meeting: Meeting, person: Person, at: datetime, *, changed: bool) -> None:
    row.starts_at, row.ends_at, row.summary = meeting.starts_at, meeting.ends_at, meeting.entry.summary[:300]
    row.said, row.sent_at = meeting.digest(person.email), at
    db.session.flush()
    letter = invitation_letters.invited(_invite(row, person, meeting.entry), to=person, changed=changed)
    post(letter, to=person.email, person_id=person.id)


def _cancel(row: Invitation, person: Person, at: datetime, *, chosen: bool) -> None:
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
