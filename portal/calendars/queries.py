"""Queries about what calendars show: whose pairings, and the versions behind them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    cast,
    false,
    func,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from portal.calendars.models import CalendarAccount, CalendarChoice, FeedLink, Invitation
from portal.core.lifecycle import PairingState
from portal.db import WIDE, db
from portal.pairings.models import Pairing
from portal.pairings.queries import whole
from portal.people.models import Person, PersonVersion
from portal.schedule.models import CheckIn, Milestone, Series

SHIFT = 2**32
"""A stamp is the calendar version times this, plus the partners' card versions. Partners only come and go
when the calendar version rises, so equal stamps mean that nothing changed.
"""


def is_shown() -> ColumnElement[bool]:
    """Whether calendars show a pairing: it is active, paused, or was active before it ended."""
    ended = and_(Pairing.state == PairingState.ENDED, Pairing.active_at.is_not(None))
    return or_(Pairing.state.in_([PairingState.ACTIVE, PairingState.PAUSED]), ended)


def shown_pairings(person_id: int, pairing_id: int | None = None) -> list[Pairing]:
    """A person's pairings that calendars show, or the one asked for if it is among them, in one query."""
    is_of_person = or_(Pairing.mentor_id == person_id, Pairing.mentee_id == person_id)
    query = select(Pairing).where(is_of_person, is_shown()).options(*whole()).order_by(Pairing.id)
    return list(db.session.scalars(query if pairing_id is None else query.where(Pairing.id == pairing_id)))


def stamp(person_id: InstrumentedAttribute[int]) -> ColumnElement[int]:
    """The stamp of what a person's calendar shows, for the person whose id is in this column."""
    versions = select(PersonVersion.calendar).where(PersonVersion.person_id == person_id).scalar_subquery()
    ends = (Pairing.mentor_id, Pairing.mentee_id)
    cards = [
        select(func.coalesce(func.sum(PersonVersion.card), 0))
        .join(Pairing, partner_id == PersonVersion.person_id)
        .where(own_id == person_id, is_shown())
        .correlate(person_id.class_)
        .scalar_subquery()
        for own_id, partner_id in (ends, ends[::-1])
    ]
    return cast(func.coalesce(versions, 0) * SHIFT + cards[0] + cards[1], BigInteger)


def stamps_of(person_ids: Collection[int]) -> dict[int, int]:
    """The stamps of many people, in one query."""
    return {row[0]: int(row[1]) for row in db.session.execute(_stamps(), {"ids": list(person_ids)})}


@lru_cache(maxsize=1)
def _stamps() -> Select[int, int]:
    """Built once: that takes longer than running it, and every feed and every round runs it."""
    return select(Person.id, stamp(Person.id)).where(Person.id.in_(bindparam("ids", expanding=True)))


def out_of_date(*, at: datetime) -> list[int]:
    """The connected accounts that do not show what they should and may be written to `at` this moment."""
    account = CalendarAccount
    query = select(account.id).where(
        account.state == "connected",
        or_(account.not_before.is_(None), account.not_before <= at),
        account.pushed_stamp.is_distinct_from(stamp(account.person_id)),
    )
    return list(db.session.scalars(query.order_by(account.id)))


def changed_at(link: FeedLink) -> datetime:
    """The latest moment at which something in a feed is known to have changed, in one query."""
    values = {"person": link.person_id, "pairing": link.pairing_id}
    moments = db.session.scalars(_moments(link.pairing_id is not None), values)
    known: list[datetime] = [moment for moment in moments if moment is not None]
    return max([link.created_at, *known])


@lru_cache(maxsize=2)
def _moments(of_one: bool) -> CompoundSelect[Any]:
    person = bindparam("person", type_=WIDE)
    is_of_person = or_(Pairing.mentor_id == person, Pairing.mentee_id == person)
    shown = select(Pairing.id).where(
        is_of_person, is_shown(), *([Pairing.id == bindparam("pairing")] if of_one else [])
    )
    moments: Sequence[Any] = [
        select(func.max(Series.revised_at).label("at")).where(Series.pairing_id.in_(shown)),
        select(func.max(Milestone.revised_at)).where(Milestone.pairing_id.in_(shown)),
        select(func.max(Pairing.active_at)).where(Pairing.id.in_(shown)),
        select(func.max(Pairing.ended_at)).where(Pairing.id.in_(shown)),
    ]
    return union_all(*moments)


def invitations_due(*, at: datetime, ahead: timedelta) -> list[int]:
    """Ids of people whose invitations may differ from their check-ins, in two queries."""
    person_id = CalendarChoice.person_id
    is_of_person = or_(Pairing.mentor_id == person_id, Pairing.mentee_id == person_id)
    is_sent = and_(Invitation.person_id == person_id, Invitation.check_in_id == CheckIn.id)
    new = and_(or_(Invitation.id.is_(None), Invitation.state == "cancelled"), CheckIn.starts_at <= at + ahead)
    other = and_(
        Invitation.state == "invited",
        or_(Invitation.starts_at != CheckIn.starts_at, Invitation.sent_at < Series.revised_at),
    )
    missing = (
        select(person_id)
        .join(Person, Person.id == CalendarChoice.person_id)
        .join(Pairing, is_of_person)
        .join(Series, Series.pairing_id == Pairing.id)
        .join(CheckIn, CheckIn.series_id == Series.id)
        .outerjoin(Invitation, is_sent)
        .where(
            CalendarChoice.invitations, Person.disabled_at.is_(None), CheckIn.starts_at > at, _takes_place()
        )
        .where(or_(new, other))
    )
    too_many = (
        select(Invitation.person_id)
        .join(Person, Person.id == Invitation.person_id)
        .outerjoin(CheckIn, CheckIn.id == Invitation.check_in_id)
        .outerjoin(Series, Series.id == CheckIn.series_id)
        .outerjoin(Pairing, Pairing.id == Series.pairing_id)
        .outerjoin(CalendarChoice, CalendarChoice.person_id == Invitation.person_id)
        .where(Invitation.state == "invited", Invitation.ends_at > at, Person.disabled_at.is_(None))
        .where(
            or_(
                CheckIn.id.is_(None),
                not_(_takes_place()),
                not_(func.coalesce(CalendarChoice.invitations, false())),
            )
        )
    )
    ids = {row for query in (missing, too_many) for row in db.session.scalars(query.distinct())}
    return sorted(ids)


def _takes_place() -> ColumnElement[bool]:
    """Whether calendars show a check-in: it is not skipped, and begins before its pairing ended."""
    in_time = or_(Pairing.ended_at.is_(None), CheckIn.starts_at < Pairing.ended_at)
    return and_(CheckIn.state != "skipped", is_shown(), in_time)
