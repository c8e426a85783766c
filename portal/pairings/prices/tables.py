"""What changes by hand would cost, worked out beforehand: one table for each programme, made in a process of
its own.

A table is as good as its stamp: a digest of what the board, the people, their wishes and the rules were when
it was made. While the stamp of now is another, nobody is shown prices; whoever looks asks for a new table,
and a worker makes it. The worker holds it by a lease; should it be killed, the lease runs out and the sweep
has the table made again.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, undefer

from portal import work
from portal.clock import now
from portal.core.lifecycle import PairingState
from portal.core.matching.candidates import Refusal
from portal.core.matching.prices.price_board import PriceBoard
from portal.db import db, transaction
from portal.pairings.matching import problem as candidates
from portal.pairings.matching import runs as matchmaking
from portal.pairings.matching.solver import Board, Solver
from portal.pairings.models import MatchRun, Pairing, PriceTable
from portal.pairings.queries import hold_programme
from portal.people.models import Person
from portal.programmes.models import Avoided, Enrolment, Programme, Topic, Wish

PRICE = "pairings.price"
LEASE_SECONDS, TICK_SECONDS, PATIENCE_SECONDS = 30, 1.0, 60


def stamp(programme: Programme) -> str:
    """A digest of all that prices depend on, as it is now; one query."""
    enrolled = select(Enrolment.id).where(Enrolment.programme_id == programme.id)
    facts = [
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
    counted = [int(each or 0) for each in db.session.execute(select(*facts)).one()]
    known = [counted, programme.weights, programme.rules]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _versions(
    key: InstrumentedAttribute[Any], version: ColumnElement[Any] | Any, *where: ColumnElement[bool]
) -> list[Any]:
    """How many rows there are, and the sum and the largest of their versions; and of their keys, since rows
    come and go.
    """
    return [
        select(each).where(*where).scalar_subquery()
        for each in (func.count(), func.sum(version), func.max(version), func.sum(key))
    ]


def table(programme_id: int, *, with_data: bool = False) -> PriceTable | None:
    """The table of a programme, as it is."""
    options = [undefer(PriceTable.data)] if with_data else []
    return db.session.get(PriceTable, programme_id, options=options, populate_existing=True)


def board_now(programme: Programme) -> PriceBoard | None:
    """The priced board, if it is of now; None while it has to be made."""
    found = table(programme.id, with_data=True)
    if found is None or found.data is None or found.stamp != stamp(programme):
        return None
    return PriceBoard.from_bytes(found.data)


def stamp_made(programme_id: int) -> str:
    """The stamp of the table there is: that of now, if `board_now` has given its board. "" while there is
    none.
    """
    found = table(programme_id)
    return found.stamp if found else ""


def problem_now(programme: Programme) -> str | None:
    """Why there are no prices and will be none as things stand, in words; None if there are or may be."""
    found = table(programme.id)
    if found is None or found.problem is None or found.stamp != stamp(programme):
        return None
    said = json.loads(found.problem)
    return _(said["template"], **said["facts"]) if said["facts"] else _(said["template"])


def under_way(programme: Programme, *, at: datetime) -> bool:
    """Whether a table was asked for and can still be expected; whoever waits longer than a
    minute asks again.
    """
    found = table(programme.id)
    if found is None or (found.made_at is not None and found.made_at >= found.wanted_at):
        return False
    return found.wanted_at > at - timedelta(seconds=PATIENCE_SECONDS)


def wanted(programme_id: int, *, at: datetime) -> None:
    """Ask for a new table of a programme, inside the open transaction."""
    hold_programme(programme_id)
    found = db.session.get(PriceTable, programme_id, populate_existing=True)
    if found is None:
        db.session.add(PriceTable(programme_id=programme_id, wanted_at=at))
    else:
        found.wanted_at = at
    db.session.flush()
    work.enqueue(PRICE, programme_id)


def price(programme_id: int) -> None:
    """Make the table of a programme that was asked for, unless another worker is at it. The task of the
    worker.
    """
    with transaction():
        began = now()
        holder = _claim(programme_id, began)
    if holder is None:
        return
    programme = db.session.get_one(Programme, programme_id, populate_existing=True)
    made_of = stamp(programme)
    try:
        board = _present(programme)
    except Refusal as error:
        db.session.rollback()
        _finish(programme_id, holder, made_of, began, None, (error.template, error.facts))
        return
    db.session.rollback()
    with Solver(board.problem, board=board) as solver:
        while solver.thinks(TICK_SECONDS):
            if not _renew(programme_id, holder):
                return
    _finish(programme_id, holder, made_of, began, solver.prices, solver.failure or (matchmaking.STOPPED, {}))


def sweep() -> None:
    """Ring for tables that were asked for and that nobody is at: a ring was lost, or a worker is gone."""
    found = db.session.scalars(select(PriceTable.programme_id).where(_open(now()))).all()
    if found:
        with transaction():
            for programme_id in found:
                work.enqueue(PRICE, programme_id)


def _open(at: datetime) -> ColumnElement[bool]:
    """Asked for since it was made, and held by nobody."""
    asked = or_(PriceTable.made_at.is_(None), PriceTable.made_at < PriceTable.wanted_at)
    return asked & or_(PriceTable.lease_until.is_(None), PriceTable.lease_until < at)


def _claim(programme_id: int, at: datetime) -> str | None:
    """Take the table for a while; the holder's mark, or None when there is nothing to do."""
    return work.claim(PriceTable, programme_id, seconds=LEASE_SECONDS, where=_open(at))


def _present(programme: Programme) -> Board:
    """The board as it is: drafts made by hand first, since those are what a best plan need not have."""
    loose = (Pairing.programme_id == programme.id, Pairing.state == PairingState.DRAFT, ~Pairing.locked)
    query = (
        select(Pairing.mentor_id, Pairing.mentee_id)
        .where(*loose)
        .order_by(Pairing.run_id.is_not(None), Pairing.id)
    )
    drafts = tuple((row.mentor_id, row.mentee_id) for row in db.session.execute(query))
    return Board(candidates.problem_of(programme, on=now().date()), drafts, line_of(programme))


def line_of(programme: Programme) -> int:
    """The line that the board goes by (0..10000): the programme's, or the one that the latest run kept had
    found.
    """
    line = programme.rules.get("line", 40)
    if isinstance(line, int):
        return line * 100
    kept = select(MatchRun.line).where(MatchRun.programme_id == programme.id, MatchRun.kept_at.is_not(None))
    return db.session.scalar(kept.order_by(MatchRun.kept_at.desc(), MatchRun.id.desc()).limit(1)) or 0


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
    """Write the table down, if it is still held by this holder. Asked for again meanwhile, it stays to be
    made again.
    """
    with transaction():
        held = db.session.scalar(select(PriceTable).where(*_held(programme_id, holder)).with_for_update())
        if held is None:
            return
        held.stamp, held.made_at, held.data = made_of, began, data
        held.problem = None if data else json.dumps({"template": failure[0], "facts": failure[1]})
        held.lease_holder = held.lease_until = None
        if held.wanted_at > began:
            work.enqueue(PRICE, programme_id)
