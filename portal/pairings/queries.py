"""Questions about pairings: who may see one, whose they are, who is in one and who waits."""

from sqlalchemy import ColumnElement, and_, func, inspect, or_, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.interfaces import ORMOption

from portal.core.lifecycle import OPEN_PAIRINGS, PairingState
from portal.db import db
from portal.errors import NotFound
from portal.pairings.models import MatchRun, Pairing
from portal.people.models import Person
from portal.programmes.models import Programme
from portal.programmes.queries import programme_for

LIVE = (PairingState.OFFERED, PairingState.ACTIVE, PairingState.PAUSED)


def whole() -> tuple[ORMOption, ...]:
    """What is loaded with a pairing whose page is drawn."""
    return joinedload(Pairing.mentor), joinedload(Pairing.mentee), joinedload(Pairing.programme)


def pairing_for(pairing_id: int, person: Person) -> Pairing:
    """A pairing for one of its two (once they were asked) or for staff who run its programme; raises NotFound otherwise."""
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
    """Read a pairing afresh and keep others from changing it until the open transaction ends; NotFound if it is gone."""
    try:
        columns = [each.key for each in inspect(Pairing).column_attrs]
        db.session.refresh(pairing, columns, with_for_update=True)
    except InvalidRequestError:
        raise NotFound from None


def hold_programme(programme_id: int) -> None:
    """Keep others from giving away seats of a programme until the open transaction ends."""
    db.session.execute(select(Programme.id).where(Programme.id == programme_id).with_for_update())


def was_asked(pairing: Pairing, person_id: int) -> bool:
    """Whether one of the two was ever asked: the senior once it was offered, the junior once the senior had said yes."""
    if person_id == pairing.mentee_id:
        return pairing.offered_at is not None
    return person_id == pairing.mentor_id and pairing.mentee_accepted_at is not None


def was_told(pairing: Pairing, person_id: int) -> bool:
    """Whether one of the two knows of it: the senior since it was offered, the junior since the senior said yes."""
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


def drafts(programme_id: int, *, held: bool = False) -> list[Pairing]:
    """The draft pairings of a programme, in the order they were made; `held` keeps others from changing them meanwhile."""
    mine = select(Pairing).where(Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT)
    mine = mine.with_for_update(of=Pairing) if held else mine
    return list(db.session.scalars(mine.options(*whole()).order_by(Pairing.id)))


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
    query = select(Pairing.state, func.count()).where(Pairing.programme_id == programme_id).group_by(Pairing.state)
    return {row.state: row[1] for row in db.session.execute(query)}


def run_for(run_id: int, person: Person) -> MatchRun:
    """A run of a programme that the reader runs; raises NotFound otherwise."""
    run = db.session.get(MatchRun, run_id, options=(joinedload(MatchRun.programme), joinedload(MatchRun.by)))
    if run is None or programme_for(run.programme_id, person) is None:
        raise NotFound
    return run


def runs_of(programme_id: int, *, most: int = 10) -> list[MatchRun]:
    """The latest runs of a programme, the newest first."""
    query = select(MatchRun).where(MatchRun.programme_id == programme_id).options(joinedload(MatchRun.by))
    return list(db.session.scalars(query.order_by(MatchRun.id.desc()).limit(most)))
