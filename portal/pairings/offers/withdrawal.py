"""Withdrawing from a programme ends the person's pairings in it, and then their enrolment; closing an account
withdraws from all.
"""

from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from portal.core.lifecycle import OPEN_PAIRINGS, EnrolmentState, PairingEnd, PairingState, ProgrammeState
from portal.db import db
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from portal.pairings.queries import BEGUN, pairings_of, partner, whole
from portal.people.models import Person
from portal.programmes.enrolment import actions as enrolments
from portal.programmes.models import Enrolment, Programme


def withdraw(enrolment: Enrolment, *, at: datetime) -> bool:
    """End what the person has begun in this programme, cancel their drafts and offers, and take them
    out of it; return whether that changed anything.
    """
    is_theirs = or_(Pairing.mentor_id == enrolment.person_id, Pairing.mentee_id == enrolment.person_id)
    query = (
        select(Pairing)
        .where(Pairing.programme_id == enrolment.programme_id, is_theirs, Pairing.state.in_(OPEN_PAIRINGS))
        .options(*whole())
        .order_by(Pairing.id)
        .with_for_update(of=Pairing, key_share=True)
    )
    for pairing in db.session.scalars(query).all():
        if pairing.state in BEGUN:
            offers.end(pairing, by=enrolment.person, at=at, reason=PairingEnd.WITHDREW)
        else:
            offers.cancel(pairing, PairingEnd.WITHDREW, by=enrolment.person_id, at=at)
    return enrolments.withdraw(enrolment, at=at)


def withdraw_from_all(person: Person, *, at: datetime) -> None:
    """Take somebody whose account is closed out of every programme that is not over."""
    for enrolment in db.session.scalars(_enrolments(person)).all():
        withdraw(enrolment, at=at)


def what_would_end(person: Person) -> Iterable[str]:
    """What closing the person's account would end, for whoever is about to close it."""
    for pairing in pairings_of(person.id):
        names = {"name": partner(pairing, person.id).name, "programme": pairing.programme.name}
        if pairing.state in BEGUN:
            yield _("The pairing with %(name)s in “%(programme)s” ends, and they get a kind letter.", **names)
        elif pairing.state == PairingState.OFFERED:
            yield _("The offer to meet %(name)s in “%(programme)s” is withdrawn.", **names)
    for enrolment in db.session.scalars(_enrolments(person)):
        yield _("They leave “%(programme)s”.", programme=enrolment.programme.name)


def _enrolments(person: Person) -> Select[Enrolment]:
    """Where the person takes part, in programmes that are not over."""
    takes_part = (Enrolment.person_id == person.id) & (Enrolment.state != EnrolmentState.WITHDRAWN)
    return (
        select(Enrolment)
        .join(Enrolment.programme)
        .where(takes_part, Programme.state != ProgrammeState.FINISHED)
        .options(joinedload(Enrolment.person), contains_eager(Enrolment.programme))
        .order_by(Enrolment.id)
    )
