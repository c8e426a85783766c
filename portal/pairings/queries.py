"""Questions about pairings: who may see one, whose they are, who is in one and who waits."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, exists, func, inspect, or_, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from portal.core.lifecycle import OPEN_PAIRINGS, PairingEnd, PairingState
from portal.db import db
from portal.errors import NotFound
from portal.pairings.models import LeftOver, MatchRun, Pairing, RunPair
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme
from portal.programmes.queries import programme_for

LIVE = (PairingState.OFFERED, PairingState.ACTIVE, PairingState.PAUSED)


def whole() -> tuple[ORMOption, ...]:
    """What is loaded with a pairing whose page is drawn."""
    return joinedload(Pairing.mentor), joinedload(Pairing.mentee), joinedload(Pairing.programme)


def pairing_for(pairing_id: int, person: Person) -> Pairing:
    """A pairing for one of its two (once they were asked) or for staff who run its programme; raises NotFound
    otherwise.
    """
    pairing = db.session.scalar(select(Pairing).where(Pairing.id == pairing_id).options(*whole()))
    if pairing is None:
        raise NotFound
    if side_of(pairing, person.id) and was_told(pairing, person.id):
        return pairing
    if programme_for(pairing.programme_id, person) is None:
        raise NotFound
    return pairing


def staffs_pairing(pairing_id: int, person: Person) -> Pairing:
    """A pairing of a programme that the reader runs; raises NotFound otherwise."""
    pairing = db.session.scalar(select(Pairing).where(Pairing.id == pairing_id).options(*whole()))
    if pairing is None or programme_for(pairing.programme_id, person) is None:
        raise NotFound
    return pairing


def hold(pairing: Pairing) -> None:
    """Read a pairing afresh and keep others from changing it until the open transaction ends; NotFound if it
    is gone.

    Rows that point to it may still be written (PostgreSQL's FOR NO KEY UPDATE, here as wherever a row is
    held): a letter to somebody whose row is held would else wait for them, and they perhaps for whoever
    writes it.
    """
    try:
        columns = [each.key for each in inspect(Pairing).column_attrs]
        db.session.refresh(pairing, columns, with_for_update={"key_share": True})
    except InvalidRequestError:
        raise NotFound from None


def hold_programme(programme_id: int) -> None:
    """Keep others from giving away seats of a programme until the open transaction ends.

    Whoever takes pairings as well takes the programme first, then the pairings by their ids, and writes to
    the audit last: two who took them in different orders would wait for each other.
    """
    db.session.execute(
        select(Programme.id).where(Programme.id == programme_id).with_for_update(key_share=True)
    )


def hold_board(programme_id: int) -> None:
    """The same, and keep others from changing its drafts."""
    hold_programme(programme_id)
    mine = (Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT)
    db.session.execute(select(Pairing.id).where(*mine).order_by(Pairing.id).with_for_update(key_share=True))


def was_asked(pairing: Pairing, person_id: int) -> bool:
    """Whether one of the two was ever asked: the senior once it was offered, the junior once the senior had
    said yes.
    """
    if person_id == pairing.mentee_id:
        return pairing.offered_at is not None
    return person_id == pairing.mentor_id and pairing.mentee_accepted_at is not None


def was_told(pairing: Pairing, person_id: int) -> bool:
    """Whether one of the two knows of it: the senior since it was offered, the junior since the senior said
    yes.
    """
    if pairing.state in (PairingState.ACTIVE, PairingState.PAUSED):
        return True
    if pairing.state == PairingState.ENDED:
        return pairing.active_at is not None
    asked = pairing.mentee_accepted_at is not None if person_id == pairing.mentor_id else True
    return pairing.state == PairingState.OFFERED and asked


def pairings_of(person_id: int) -> list[Pairing]:
    """The pairings that somebody knows of, the newest first; always the same number of queries."""
    of_theirs = or_(Pairing.mentor_id == person_id, Pairing.mentee_id == person_id)
    told = or_(
        Pairing.state.in_([PairingState.ACTIVE, PairingState.PAUSED]),
        and_(Pairing.state == PairingState.ENDED, Pairing.active_at.is_not(None)),
        and_(
            Pairing.state == PairingState.OFFERED,
            or_(Pairing.mentee_id == person_id, Pairing.mentee_accepted_at.is_not(None)),
        ),
    )
    query = select(Pairing).where(of_theirs, told).options(*whole()).order_by(Pairing.id.desc())
    return list(db.session.scalars(query))


def open_pairings(programme_id: int) -> list[Pairing]:
    """All that take seats in a programme, in the order they were made."""
    query = select(Pairing).where(Pairing.programme_id == programme_id, takes_seats()).options(*whole())
    return list(db.session.scalars(query.order_by(Pairing.id)))


def live_pairs(programme_id: int) -> list[tuple[int, int]]:
    """Who is asked or has begun, by the people's ids, the mentor first."""
    query = select(Pairing.mentor_id, Pairing.mentee_id)
    rows = db.session.execute(query.where(Pairing.programme_id == programme_id, Pairing.state.in_(LIVE)))
    return [(row.mentor_id, row.mentee_id) for row in rows]


def drafts(programme_id: int, *, held: bool = False) -> list[Pairing]:
    """The draft pairings of a programme, in the order they were made; `held` keeps others from changing them
    meanwhile.
    """
    mine = select(Pairing).where(Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT)
    mine = mine.with_for_update(of=Pairing, key_share=True) if held else mine
    return list(db.session.scalars(mine.options(*whole()).order_by(Pairing.id)))


def locked_drafts(programme_id: int) -> list[Pairing]:
    """The drafts that staff locked, in the order they were made."""
    mine = (Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT, Pairing.locked)
    return list(db.session.scalars(select(Pairing).where(*mine).options(*whole()).order_by(Pairing.id)))


def takes_seats() -> ColumnElement[bool]:
    """Whether a pairing takes a seat of both."""
    return Pairing.state.in_(OPEN_PAIRINGS)


def side_of(pairing: Pairing, person_id: int) -> str | None:
    """ "mentor", "mentee", or None for everybody else."""
    if person_id == pairing.mentor_id:
        return "mentor"
    return "mentee" if person_id == pairing.mentee_id else None


def partner(pairing: Pairing, person_id: int) -> Person:
    """The other one of the two."""
    return pairing.mentee if person_id == pairing.mentor_id else pairing.mentor


def counts(programme_id: int) -> dict[str, int]:
    """How many pairings of a programme are in each state."""
    query = (
        select(Pairing.state, func.count())
        .where(Pairing.programme_id == programme_id)
        .group_by(Pairing.state)
    )
    return {row.state: row[1] for row in db.session.execute(query)}


def told_why(enrolment_ids: Collection[int]) -> dict[int, list[LeftOver]]:
    """Why people were left over, by enrolment: in the latest run of their programme that was kept and of
    which somebody was asked (before that, it is nobody's plan yet), unless their turn has come since. One
    query."""
    latest = (
        select(func.max(MatchRun.id))
        .where(MatchRun.programme_id == Enrolment.programme_id, *_published())
        .correlate(Enrolment)
        .scalar_subquery()
    )
    query = (
        select(LeftOver)
        .join(Enrolment, Enrolment.id == LeftOver.enrolment_id)
        .join(MatchRun, MatchRun.id == LeftOver.run_id)
        .where(LeftOver.enrolment_id.in_(enrolment_ids), LeftOver.run_id == latest, ~_had_a_turn())
        .order_by(LeftOver.role)
    )
    found: dict[int, list[LeftOver]] = {}
    for row in db.session.scalars(query):
        found.setdefault(row.enrolment_id, []).append(row)
    return found


def run_for(run_id: int, person: Person) -> MatchRun:
    """A run of a programme that the reader runs; raises NotFound otherwise."""
    run = db.session.get(
        MatchRun,
        run_id,
        options=(joinedload(MatchRun.programme), joinedload(MatchRun.by), joinedload(MatchRun.held_by)),
    )
    if run is None or programme_for(run.programme_id, person) is None:
        raise NotFound
    return run


def runs_of(programme_id: int, *, most: int = 10) -> list[MatchRun]:
    """The latest runs of a programme, the newest first."""
    query = select(MatchRun).where(MatchRun.programme_id == programme_id).options(joinedload(MatchRun.by))
    return list(db.session.scalars(query.order_by(MatchRun.id.desc()).limit(most)))


def left_before(programme_id: int) -> set[tuple[int, str]]:
    """Who of a programme stands first in the next run: the person's id, and "mentor" or "mentee". One query.

    They were left over in that role, in any programme, by a run that was kept and of which something was
    offered, and since then no offer to them in that role came to anything. (One that the other side declined,
    or that nobody answered, did not; one that they declined themselves counts as their turn.)
    """
    here = select(Enrolment.person_id).where(Enrolment.programme_id == programme_id)
    query = (
        select(Enrolment.person_id, LeftOver.role)
        .join(LeftOver, LeftOver.enrolment_id == Enrolment.id)
        .join(MatchRun, MatchRun.id == LeftOver.run_id)
        .where(Enrolment.person_id.in_(here), *_published(), ~_had_a_turn())
        .distinct()
    )
    return {(row.person_id, row.role) for row in db.session.execute(query)}


def _published() -> tuple[ColumnElement[bool], ...]:
    """Whether a run was kept, and somebody was asked: one of its drafts was offered, as it was or with other
    people in it (which a draft tells by the moment it was made)."""
    offered = aliased(Pairing)
    changed = and_(offered.programme_id == MatchRun.programme_id, offered.created_at == MatchRun.kept_at)
    asked = exists().where(or_(offered.run_id == MatchRun.id, changed), offered.offered_at.is_not(None))
    return MatchRun.kept_at.is_not(None), asked


def _had_a_turn() -> ColumnElement[bool]:
    """Whether somebody enrolled who was left over by a run has had their turn in that role since."""
    since = aliased(Pairing)
    as_mentor = and_(LeftOver.role == "mentor", since.mentor_id == Enrolment.person_id)
    as_mentee = and_(LeftOver.role == "mentee", since.mentee_id == Enrolment.person_id)
    theirs = or_(
        and_(as_mentor, or_(since.end_reason == PairingEnd.MENTOR_DECLINED, _came_to_something(since))),
        and_(as_mentee, or_(since.end_reason == PairingEnd.MENTEE_DECLINED, _came_to_something(since))),
    )
    return exists().where(since.offered_at >= MatchRun.created_at, theirs)


def _came_to_something(pairing: type[Pairing]) -> ColumnElement[bool]:
    return or_(pairing.state.in_(LIVE), pairing.active_at.is_not(None))


def pairs_of(run_id: int) -> list[RunPair]:
    """The pairs that staff locked or forbade for one run, with the people."""
    both = (joinedload(RunPair.mentor), joinedload(RunPair.mentee))
    return list(
        db.session.scalars(
            select(RunPair).where(RunPair.run_id == run_id).options(*both).order_by(RunPair.id)
        )
    )
