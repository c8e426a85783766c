"""What home shows: where the reader stands in the programmes of now, and the numbers staff look at first."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal.clock import now
from portal.core.lifecycle import EnrolmentState, ProgrammeState
from portal.db import db
from portal.letters.models import OutboxLetter
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme, Wish

CURRENT = (ProgrammeState.OPEN.value, ProgrammeState.RUNNING.value)


@dataclass(frozen=True)
class Place:
    """A programme of now and the reader's enrolment in it, if any."""

    programme: Programme
    enrolment: Enrolment | None


@dataclass(frozen=True)
class Numbers:
    """What staff look at first. `new` people came within seven days."""

    people: int
    new: int
    mentors: int
    mentees: int
    failed_letters: int


def places_of(person: Person) -> list[Place]:
    """The programmes of now, those the reader is in first, then the soonest."""
    programmes = db.session.scalars(
        select(Programme).where(Programme.state.in_(CURRENT)).order_by(Programme.starts_on, Programme.id)
    ).all()
    mine = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.person_id == person.id, Enrolment.programme_id.in_([each.id for each in programmes]))
        .options(selectinload(Enrolment.wishes).joinedload(Wish.topic))
    )
    by_programme = {each.programme_id: each for each in mine}
    places = [Place(each, by_programme.get(each.id)) for each in programmes]
    return sorted(
        (each for each in places if each.enrolment or each.programme.state == ProgrammeState.OPEN),
        key=lambda each: each.enrolment is None,
    )


def numbers() -> Numbers:
    """The staff's numbers, in three queries."""
    people, new = db.session.execute(
        select(func.count(), func.count().filter(Person.created_at > now() - timedelta(days=7))).select_from(Person)
    ).one()
    waiting = Enrolment.state == EnrolmentState.WAITING
    mentors, mentees = db.session.execute(
        select(func.count().filter(Enrolment.as_mentor), func.count().filter(Enrolment.as_mentee))
        .join(Programme)
        .where(waiting, Programme.state.in_(CURRENT))
    ).one()
    failed = db.session.scalar(select(func.count()).where(OutboxLetter.state == "failed")) or 0
    return Numbers(people, new, mentors, mentees, failed)
