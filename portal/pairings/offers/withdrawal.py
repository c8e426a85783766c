"""Leaving a programme: it ends the person's pairings in it, and their enrolment."""

from datetime import datetime

from sqlalchemy import or_, select

from portal.core.lifecycle import OPEN_PAIRINGS, PairingEnd, PairingState
from portal.db import db
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as asking
from portal.pairings.queries import whole
from portal.programmes.enrolment import actions as enrolling
from portal.programmes.models import Enrolment


def withdraw(enrolment: Enrolment, *, at: datetime) -> bool:
    """End what the person has begun in this programme, let their offers go, and take them out of it; whether
    that is new.
    """
    theirs = or_(Pairing.mentor_id == enrolment.person_id, Pairing.mentee_id == enrolment.person_id)
    here = select(Pairing).where(
        Pairing.programme_id == enrolment.programme_id, theirs, Pairing.state.in_(OPEN_PAIRINGS)
    )
    here = here.options(*whole()).order_by(Pairing.id).with_for_update(of=Pairing, key_share=True)
    for pairing in db.session.scalars(here).all():
        if pairing.state in (PairingState.ACTIVE, PairingState.PAUSED):
            asking.end(pairing, by=enrolment.person, at=at, reason=PairingEnd.WITHDREW)
        else:
            asking.fall_through(pairing, PairingEnd.WITHDREW, by=enrolment.person_id, at=at)
    return enrolling.withdraw(enrolment, at=at)
