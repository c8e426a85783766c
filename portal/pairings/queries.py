"""Loads pairings and runs: for those who may see them, by person, by programme,
and with their rows locked for a change.
"""

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
BEGUN = (PairingState.ACTIVE, PairingState.PAUSED)


def whole() -> tuple[ORMOption, ...]:
    """Options that load the two people and the programme with a pairing."""
    return joinedload(Pairing.mentor), joinedload(Pairing.mentee), joinedload(Pairing.programme)


def pairing_for(pairing_id: int, person: Person) -> Pairing:
    """A pairing for one of its two, once they know of it, or for staff who run its programme. Raises NotFound
    otherwise.
    """
    pairing = db.session.scalar(select(Pairing).where(Pairing.id == pairing_id).options(*whole()))
    if pairing is None:
        raise NotFound
    if side_of(pairing, person.id) and knows_of(pairing, person.id):
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


def staffs_programme(programme_id: int, person: Person) -> Programme:
    """A programme that the reader runs; raises NotFound otherwise."""
    programme = programme_for(programme_id, person)
    if programme is None:
        raise NotFound
    return programme


def hold(pairing: Pairing) -> None:
    """Read a pairing afresh and lock its row until the transaction ends. Raises NotFound if it is gone.

    Rows that point to it may still be written (PostgreSQL's FOR NO KEY UPDATE, as wherever a row is locked):
    a letter to a person whose row is locked would else wait, and could end in a deadlock.
    """
    try:
        columns = [column.key for column in inspect(Pairing).column_attrs]
        db.session.refresh(pairing, columns, with_for_update={"key_share": True})
    except InvalidRequestError:
        raise NotFound from None


def hold_programme(programme_id: int) -> None:
    """Lock a programme's row until the transaction ends, so that nobody else gives away its seats.

    To avoid deadlocks, lock in this order: the programme, then pairings by
    their ids; write to the audit last.
    """
    db.session.execute(
        select(Programme.id).where(Programme.id == programme_id).with_for_update(key_share=True)
    )


def hold_board(programme_id: int) -> None:
    """Lock a programme's row and those of its drafts until the transaction ends."""
    hold_programme(programme_id)
    query = select(Pairing.id).where(
        Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT
    )
    db.session.execute(query.order_by(Pairing.id).with_for_update(key_share=True))


def was_asked(pairing: Pairing, person_id: int) -> bool:
    """Whether one of the two was ever asked: the senior once it was offered, the junior once the senior had
    accepted.
    """
    if person_id == pairing.mentee_id:
        return pairing.offered_at is not None
    return person_id == pairing.mentor_id and pairing.mentee_accepted_at is not None


def knows_of(pairing: Pairing, person_id: int) -> bool:
    """Whether one of the two knows of it now: the senior since it was offered, the junior since the senior
    accepted. `pairings_of` says the same in SQL.
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
    known = or_(
        Pairing.state.in_(BEGUN),
        and_(Pairing.state == PairingState.ENDED, Pairing.active_at.is_not(None)),
        and_(
            Pairing.state == PairingState.OFFERED,
            or_(Pairing.mentee_id == person_id, Pairing.mentee_accepted_at.is_not(None)),
        ),
    )
    query = select(Pairing).where(of_theirs, known).options(*whole()).order_by(Pairing.id.desc())
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
    """The draft pairings of a programme, in the order they were made; `held` locks their rows."""
    query = select(Pairing).where(Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT)
    if held:
        query = query.with_for_update(of=Pairing, key_share=True)
    return list(db.session.scalars(query.options(*whole()).order_by(Pairing.id)))


def locked_drafts(programme_id: int) -> list[Pairing]:
    """The drafts that staff locked, in the order they were made."""
    query = select(Pairing).where(
        Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT, Pairing.locked
    )
    return list(db.session.scalars(query.options(*whole()).order_by(Pairing.id)))


def takes_seats() -> ColumnElement[bool]:
    """Whether a pairing takes a seat of both."""
    return Pairing.state.in_(OPEN_PAIRINGS)


def side_of(pairing: Pairing, person_id: int) -> str | None:
    """ "mentor", "mentee", or None for everybody else."""
    if person_id == pairing.mentor_id:
        return "mentor"
    return "mentee" if person_id == pairing.mentee_id else None


def partner(pairing: Pairing, person_id: int) -> Person:
    """The other of the two."""
    return pairing.mentee if person_id == pairing.mentor_id else pairing.mentor


def counts(programme_id: int) -> dict[str, int]:
    """How many pairings of a programme are in each state."""
    query = (
        select(Pairing.state, func.count())
        .where(Pairing.programme_id == programme_id)
        .group_by(Pairing.state)
    )
    return {row.state: row[1] for row in db.session.execute(query)}


def why_left_over(enrolment_ids: Collection[int]) -> dict[int, list[LeftOver]]:
    """Why people were left over, by enrolment id; one query.

    It goes by the latest run of their programme that was kept and of which somebody was asked (before that,
    it is nobody's plan yet). Those whose turn has come since are left out.
    """
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
    by_enrolment: dict[int, list[LeftOver]] = {}
    for row in db.session.scalars(query):
        by_enrolment.setdefault(row.enrolment_id, []).append(row)
    return by_enrolment


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
    """Who of a programme comes first in the next run: person id, and "mentor" or "mentee". One query.

    They were left over in that role, in any programme, by a run that was kept and of which
    somebody was asked, and have not had a turn since. A pairing that began is a turn, and so is an
    offer that waits for an answer or that they declined themselves; one that the other side
    declined, or that nobody answered, is none.
    """
    enrolled = select(Enrolment.person_id).where(Enrolment.programme_id == programme_id)
    query = (
        select(Enrolment.person_id, LeftOver.role)
        .join(LeftOver, LeftOver.enrolment_id == Enrolment.id)
        .join(MatchRun, MatchRun.id == LeftOver.run_id)
        .where(Enrolment.person_id.in_(enrolled), *_published(), ~_had_a_turn())
        .distinct()
    )
    return {(row.person_id, row.role) for row in db.session.execute(query)}


def _published() -> tuple[ColumnElement[bool], ...]:
    """Whether a run was kept, and one of its drafts was offered: as it was, or with other people in it, who
    are recognised by the moment the draft was made.
    """
    offered = aliased(Pairing)
    changed = and_(offered.programme_id == MatchRun.programme_id, offered.created_at == MatchRun.kept_at)
    asked = exists().where(or_(offered.run_id == MatchRun.id, changed), offered.offered_at.is_not(None))
    return MatchRun.kept_at.is_not(None), asked


def _had_a_turn() -> ColumnElement[bool]:
    """Whether somebody who was left over by a run has had a turn in that role since; see `left_before`."""
    later = aliased(Pairing)
    as_mentor = and_(LeftOver.role == "mentor", later.mentor_id == Enrolment.person_id)
    as_mentee = and_(LeftOver.role == "mentee", later.mentee_id == Enrolment.person_id)
    turn = or_(
        and_(as_mentor, or_(later.end_reason == PairingEnd.MENTOR_DECLINED, _came_about(later))),
        and_(as_mentee, or_(later.end_reason == PairingEnd.MENTEE_DECLINED, _came_about(later))),
    )
    return exists().where(later.offered_at >= MatchRun.created_at, turn)


def _came_about(pairing: type[Pairing]) -> ColumnElement[bool]:
    return or_(pairing.state.in_(LIVE), pairing.active_at.is_not(None))


def pairs_of(run_id: int) -> list[RunPair]:
    """The pairs that staff locked or forbade for one run, with the people."""
    people = (joinedload(RunPair.mentor), joinedload(RunPair.mentee))
    query = select(RunPair).where(RunPair.run_id == run_id).options(*people).order_by(RunPair.id)
    return list(db.session.scalars(query))
