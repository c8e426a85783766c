"""Withdrawing from a programme ends the person's pairings in it, and then their enrolment."""

from datetime import datetime

from sqlalchemy import or_, select

from portal.core.lifecycle import OPEN_PAIRINGS, PairingEnd
from portal.db import db
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from portal.pairings.queries import BEGUN, whole
from portal.programmes.enrolment import actions as enrolments
from portal.programmes.models import Enrolment


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
