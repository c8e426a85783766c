"""Questions about what calendars show: whose pairings, and the versions behind what they show."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from portal.calendars.models import CalendarAccount, FeedLink
from portal.core.lifecycle import PairingState
from portal.db import db
from portal.pairings.models import Pairing
from portal.pairings.queries import whole
from portal.people.models import Person, PersonVersion
from portal.schedule.models import Milestone, Series

SHIFT = 2**32
"""A stamp is the calendar version times this, and the partners' card versions. Partners only come and go when the calendar
version rises, so equal stamps mean that nothing changed."""


def is_shown() -> ColumnElement[bool]:
    """Whether a pairing is in calendars: it runs, is paused, or ran until it ended."""
    ended = and_(Pairing.state == PairingState.ENDED, Pairing.active_at.is_not(None))
    return or_(Pairing.state.in_([PairingState.ACTIVE, PairingState.PAUSED]), ended)


def shown_pairings(person_id: int, pairing_id: int | None = None) -> list[Pairing]:
    """A person's pairings that calendars show, or the one asked for if it is among them, in one query."""
    theirs = or_(Pairing.mentor_id == person_id, Pairing.mentee_id == person_id)
    query = select(Pairing).where(theirs, is_shown()).options(*whole()).order_by(Pairing.id)
    return list(db.session.scalars(query if pairing_id is None else query.where(Pairing.id == pairing_id)))


def stamp(person_id: InstrumentedAttribute[int]) -> ColumnElement[int]:
    """The stamp of what a person's calendar shows, for the person whose id stands in this column of the query."""
    versions = select(PersonVersion.calendar).where(PersonVersion.person_id == person_id).scalar_subquery()
    ends = (Pairing.mentor_id, Pairing.mentee_id)
    cards = [
        select(func.coalesce(func.sum(PersonVersion.card), 0))
        .join(Pairing, theirs == PersonVersion.person_id)
        .where(mine == person_id, is_shown())
        .correlate(person_id.class_)
        .scalar_subquery()
        for mine, theirs in (ends, ends[::-1])
    ]
    return cast(func.coalesce(versions, 0) * SHIFT + cards[0] + cards[1], BigInteger)


def stamps_of(person_ids: Collection[int]) -> dict[int, int]:
    """The stamps of many people, in one query."""
    rows = db.session.execute(select(Person.id, stamp(Person.id)).where(Person.id.in_(person_ids)))
    return {row[0]: int(row[1]) for row in rows}


def out_of_date(*, at: datetime) -> list[int]:
    """The connected accounts in which something else stands than should, and that may be written to `at` this moment."""
    account = CalendarAccount
    query = select(account.id).where(
        account.state == "connected",
        or_(account.not_before.is_(None), account.not_before <= at),
        account.pushed_stamp.is_distinct_from(stamp(account.person_id)),
    )
    return list(db.session.scalars(query.order_by(account.id)))


def changed_at(link: FeedLink) -> datetime:
    """The latest moment at which something in a feed is known to have changed, in one query."""
    shown = select(Pairing.id).where(
        or_(Pairing.mentor_id == link.person_id, Pairing.mentee_id == link.person_id),
        is_shown(),
        *([Pairing.id == link.pairing_id] if link.pairing_id else []),
    )
    moments: Sequence[Any] = [
        select(func.max(Series.revised_at).label("at")).where(Series.pairing_id.in_(shown)),
        select(func.max(Milestone.revised_at)).where(Milestone.pairing_id.in_(shown)),
        select(func.max(Pairing.active_at)).where(Pairing.id.in_(shown)),
        select(func.max(Pairing.ended_at)).where(Pairing.id.in_(shown)),
    ]
    found = [each for each in db.session.scalars(union_all(*moments)) if each is not None]
    return max([link.created_at, *found])
