"""Price tables: what every change by hand would cost, worked out beforehand in a
process of its own; one table for each programme.

A table is valid while its stamp is: a digest of the board, the people, their wishes and the rules it was made
from. Whoever looks at one that is out of date sees no prices but enqueues a new table. A worker holds it by a
lease while it is made; when the worker is killed, the lease runs out and the sweep enqueues it again.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, undefer

from portal import work
from portal.clock import now
from portal.core.lifecycle import PairingState
from portal.core.matching.candidates import Refusal
from portal.db import db, transaction
from portal.pairings import words
from portal.pairings.matching import engine
from portal.pairings.matching.problem import problem_of
from portal.pairings.matching.runs import LEASE_SECONDS, STOPPED, TICK_SECONDS
from portal.pairings.matching.solver import Board, Solver
from portal.pairings.models import MatchRun, Pairing, PriceTable
from portal.pairings.queries import hold_programme
from portal.people.models import Person
from portal.programmes.models import Avoided, Enrolment, Programme, Topic, Wish

if TYPE_CHECKING:
    from portal.core.matching.prices.price_board import PriceBoard

PRICE = "pairings.price"
PATIENCE_SECONDS = 60


def stamp(programme: Programme) -> str:
    """A digest of everything that prices depend on, as it is now; one query."""
    enrolled = select(Enrolment.id).where(Enrolment.programme_id == programme.id)
    counts = [
        *_versions(Pairing.id, Pairing.version, Pairing.programme_id == programme.id),
        *_versions(Enrolment.id, Enrolment.version, Enrolment.programme_id == programme.id),
        *_versions(Person.id, Person.version),
        select(func.count()).select_from(Person).where(Person.disabled_at.is_not(None)).scalar_subquery(),
        select(func.count()).select_from(Topic).scalar_subquery(),
        select(func.sum(Topic.version)).scalar_subquery(),
        *_versions(Wish.id, Wish.level * 10 + Wish.rank, Wish.enrolment_id.in_(enrolled)),
        *_versions(Avoided.person_id, Avoided.enrolment_id, Avoided.enrolment_id.in_(enrolled)),
        *_versions(
            MatchRun.id, MatchRun.line, MatchRun.programme_id == programme.id, MatchRun.kept_at.is_not(None)
        ),
    ]
    numbers = [int(number or 0) for number in db.session.execute(select(*counts)).one()]
    state = json.dumps([numbers, programme.weights, programme.rules], sort_keys=True)
    return hashlib.sha256(state.encode()).hexdigest()


def _versions(
    key: InstrumentedAttribute[Any], version: ColumnElement[Any] | Any, *where: ColumnElement[bool]
) -> list[Any]:
    """The number of rows, the sum and the largest of their versions, and the sum
    of their keys, since rows come and go.
    """
    return [
        select(aggregate).where(*where).scalar_subquery()
        for aggregate in (func.count(), func.sum(version), func.max(version), func.sum(key))
    ]


def table(programme_id: int, *, with_data: bool = False) -> PriceTable | None:
    """The table of a programme, up to date or not."""
    options = [undefer(PriceTable.data)] if with_data else []
    return db.session.get(PriceTable, programme_id, options=options, populate_existing=True)


def board_now(programme: Programme) -> "PriceBoard | None":
    """The priced board, if it is up to date; None while it has to be made."""
    stored = table(programme.id, with_data=True)
    if stored is None or stored.data is None or stored.stamp != stamp(programme):
        return None
    return engine.price_board.PriceBoard.from_bytes(stored.data)


def stamp_made(programme_id: int) -> str:
    """The stamp of the stored table, "" while there is none. It is up to
    date if `board_now` has returned a board.
    """
    stored = table(programme_id)
    return stored.stamp if stored else ""


def problem_now(programme: Programme) -> str | None:
    """Why there can be no prices as things stand, in words; None if there are prices or may be."""
    stored = table(programme.id)
    if stored is None or stored.problem is None or stored.stamp != stamp(programme):
        return None
    return words.stored_failure(stored.problem)


def under_way(programme: Programme, *, at: datetime) -> bool:
    """Whether a table was asked for less than PATIENCE_SECONDS ago and is not made yet."""
    stored = table(programme.id)
    if stored is None or (stored.made_at is not None and stored.made_at >= stored.wanted_at):
        return False
    return stored.wanted_at > at - timedelta(seconds=PATIENCE_SECONDS)


def request_table(programme_id: int, *, at: datetime) -> None:
    """Note in the open transaction that a programme wants a new table, and enqueue it."""
    hold_programme(programme_id)
    stored = db.session.get(PriceTable, programme_id, populate_existing=True)
    if stored is None:
        db.session.add(PriceTable(programme_id=programme_id, wanted_at=at))
    else:
        stored.wanted_at = at
    db.session.flush()
    work.enqueue(PRICE, programme_id)


def price(programme_id: int) -> None:
    """Make the table that was asked for, unless another worker holds it. The worker's task."""
    with transaction():
        began = now()
        holder = _claim(programme_id, began)
    if holder is None:
        return
    programme = db.session.get_one(Programme, programme_id, populate_existing=True)
    made_of = stamp(programme)
    try:
        board = _board(programme)
    except Refusal as error:
        db.session.rollback()
        _finish(programme_id, holder, made_of, began, None, (error.template, error.facts))
        return
    db.session.rollback()
    with Solver(board.problem, board=board) as solver:
        while solver.is_running(TICK_SECONDS):
            if not _renew(programme_id, holder):
                return
    _finish(programme_id, holder, made_of, began, solver.prices, solver.failure or (STOPPED, {}))


def sweep() -> None:
    """Enqueue tables that were asked for and that nobody holds: a message was lost, or a worker is gone."""
    programme_ids = db.session.scalars(select(PriceTable.programme_id).where(_open(now()))).all()
    if programme_ids:
        with transaction():
            for programme_id in programme_ids:
                work.enqueue(PRICE, programme_id)


def _open(at: datetime) -> ColumnElement[bool]:
    """Asked for since it was made, and held by nobody."""
    asked = or_(PriceTable.made_at.is_(None), PriceTable.made_at < PriceTable.wanted_at)
    return asked & or_(PriceTable.lease_until.is_(None), PriceTable.lease_until < at)


def _claim(programme_id: int, at: datetime) -> str | None:
    """Lease the table; return the holder's mark, or None when there is nothing to do."""
    return work.claim(PriceTable, programme_id, seconds=LEASE_SECONDS, where=_open(at))


def _board(programme: Programme) -> Board:
    """The board as it is: drafts made by hand first, since those are the ones a best plan need not have."""
    query = (
        select(Pairing.mentor_id, Pairing.mentee_id)
        .where(Pairing.programme_id == programme.id, Pairing.state == PairingState.DRAFT, ~Pairing.locked)
        .order_by(Pairing.run_id.is_not(None), Pairing.id)
    )
    drafts = tuple((row.mentor_id, row.mentee_id) for row in db.session.execute(query))
    return Board(problem_of(programme, on=now().date()), drafts, line_of(programme))


def line_of(programme: Programme) -> int:
    """The line that the board goes by (0..10000): the programme's, or with "auto"
    the one that the latest kept run has found.
    """
    line = programme.rules.get("line", 40)
    if isinstance(line, int):
        return line * 100
    query = select(MatchRun.line).where(MatchRun.programme_id == programme.id, MatchRun.kept_at.is_not(None))
    return db.session.scalar(query.order_by(MatchRun.kept_at.desc(), MatchRun.id.desc()).limit(1)) or 0


def _renew(programme_id: int, holder: str) -> bool:
    with transaction():
        values = {"lease_until": now() + timedelta(seconds=LEASE_SECONDS)}
        held: Any = db.session.execute(
            update(PriceTable).where(*_held(programme_id, holder)).values(**values)
        )
    return bool(held.rowcount == 1)


def _held(programme_id: int, holder: str) -> tuple[ColumnElement[bool], ...]:
    return PriceTable.programme_id == programme_id, PriceTable.lease_holder == holder


def _finish(
    programme_id: int,
    holder: str,
    made_of: str,
    began: datetime,
    data: bytes | None,
    failure: tuple[str, dict[str, Any]],
) -> None:
    """Store the table, unless this holder has lost its lease; enqueue it
    once more if it was asked for meanwhile.
    """
    with transaction():
        held = db.session.scalar(select(PriceTable).where(*_held(programme_id, holder)).with_for_update())
        if held is None:
            return
        held.stamp, held.made_at, held.data = made_of, began, data
        held.problem = None if data else words.failure_as_json(*failure)
        held.lease_holder = held.lease_until = None
        if held.wanted_at > began:
            work.enqueue(PRICE, programme_id)
