"""A change by hand together with all that follows from it: one deed, one line of the audit, one undo.

Staff choose another mentor for a draft, and the drafts that have to make room move along as the prices said
(pricing.py). Nothing is done if anything changed since the prices were worked out. What was chosen by hand is
locked, so that later runs keep it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal import audit
from portal.core.lifecycle import PairingEnd, PairingState
from portal.core.matching import criteria, rules
from portal.core.matching.prices.edits import Chain, Prices, price_mentors
from portal.core.matching.prices.price_board import PriceBoard
from portal.core.translatable import N_
from portal.db import db
from portal.errors import Invalid, NotFound, Stale
from portal.pairings.matching import problem as candidates
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as asking
from portal.pairings.prices import tables as pricing
from portal.pairings.queries import hold, hold_programme, takes_seats, whole
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme

KIND, CHAIN, ALONG = "pairing", "pairing.chain", "pairing.moved_along"
ROW = ("mentor_id", "mentee_id", "state", "locked", "run_id")
Pair = tuple[int, int]
"""Two people by their ids, the mentor first."""
Scored = dict[Pair, tuple[int, list[dict[str, Any]]]]
"""The score of each pair, and its parts as they are kept."""


def prices_of(pairing: Pairing, board: PriceBoard) -> Prices | None:
    """What each other mentor for a draft would cost; None when the board does not know the draft (one of them
    is away).
    """
    row, column = board.rows.get(pairing.mentor_id), board.columns.get(pairing.mentee_id)
    if row is None or column is None or (row, column) not in board.present:
        return None
    return price_mentors(board, column, row)


def people_in(chain: Chain, board: PriceBoard) -> tuple[list[Pair], list[Pair]]:
    """The pairs that a chain makes and parts, by the people's ids."""
    made, parted = (
        [(int(board.mentor_ids[row]), int(board.mentee_ids[column])) for row, column in pairs]
        for pairs in (chain.made, chain.parted)
    )
    return made, parted


def choose(
    pairing: Pairing, *, mentor_id: int, seen: int, stamp: str, by: Person, at: datetime
) -> audit.AuditEntry:
    """Give a draft another mentor and let others move along, as the prices with this stamp said.

    Raises Stale when anything was changed since; Invalid for a mentor who is not priced.
    """
    hold_programme(pairing.programme_id)
    drafts = {(each.mentor_id, each.mentee_id): each for each in _drafts(pairing.programme_id)}
    hold(pairing)
    programme = db.session.get_one(Programme, pairing.programme_id)
    board = pricing.board_now(programme)
    if pairing.version != seen or board is None or stamp != pricing.stamp_made(programme.id):
        raise Stale(_("The board changed since these prices were worked out. Nothing was done; look again."))
    prices, row = prices_of(pairing, board), board.rows.get(mentor_id)
    if pairing.state != PairingState.DRAFT or prices is None or row is None or not prices.priced[row]:
        raise Invalid(_("This mentor cannot be chosen here. Choose one from the list."))
    made, parted = people_in(prices.chain(row), board)
    chosen = (mentor_id, pairing.mentee_id)
    old = {pair: drafts[pair] for pair in parted if pair in drafts and drafts[pair].id != pairing.id}
    moves = [(pairing, chosen), *_matched(old, [pair for pair in made if pair != chosen])]
    return _carry_out(programme, pairing, moves, by=by, at=at)


def _drafts(programme_id: int) -> Sequence[Pairing]:
    mine = select(Pairing).where(Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT)
    return db.session.scalars(
        mine.options(*whole()).order_by(Pairing.id).with_for_update(of=Pairing, key_share=True)
    ).all()


def _matched(old: dict[Pair, Pairing], made: Iterable[Pair]) -> list[tuple[Pairing | None, Pair | None]]:
    """Which draft becomes which pair: the mentee's own where there is one, else the mentor's. Others come or
    go.
    """
    left, moves = dict(old), []
    open_pairs = list(made)
    for side in (1, 0):
        by_person = defaultdict(list)
        for pair in sorted(left):
            by_person[pair[side]].append(pair)
        for pair in list(open_pairs):
            if by_person[pair[side]]:
                moves.append((left.pop(by_person[pair[side]].pop(0)), pair))
                open_pairs.remove(pair)
    return [*moves, *((row, None) for row in left.values()), *((None, pair) for pair in open_pairs)]


def _carry_out(
    programme: Programme,
    head: Pairing,
    moves: Sequence[tuple[Pairing | None, Pair | None]],
    *,
    by: Person,
    at: datetime,
) -> audit.AuditEntry:
    """Make all moves and write them down."""
    # long because its steps read best in one order
    scored = _scored(programme, [pair for _row, pair in moves if pair], on=at.date())
    before: dict[str, Any] = {}
    rows: list[Pairing] = []
    for row, pair in moves:
        if row is None and pair is not None:
            row = Pairing(programme_id=programme.id, state=PairingState.DRAFT, remark="", created_at=at)
            _put(row, pair, scored[pair])
            db.session.add(row)
            db.session.flush()
            before[str(row.id)] = None
        elif row is not None:
            before[str(row.id)] = _row(row)
            if pair is None:
                asking.fall_through(row, PairingEnd.DISCARDED, by=by.id, at=at)
            else:
                _put(row, pair, scored[pair])
                row.run_id = None if row is head else row.run_id
        if row is not None:
            rows.append(row)
    head.locked = True
    db.session.flush()
    _check_seats(programme.id, rows)
    after = {str(row.id): _row(row) for row in rows}
    _note_along(before, after, head, by)
    entry = audit.write(
        action=CHAIN,
        on=KIND,
        id=head.id,
        by=by.id,
        before={**_said(before, head), "rows": before},
        after={**_said(after, head), "rows": after},
    )
    pricing.wanted(programme.id, at=at)
    return entry


def chosen(pairing: Pairing, *, mentor_id: int, by: Person) -> int:
    """The audit's position of the choice of this very mentor, if it was the last that was done to a draft; 0
    otherwise.
    """
    last = next(iter(audit.history(KIND, pairing.id, limit=1)), None)
    if last is None or (last.action, last.actor_id) != (CHAIN, by.id) or pairing.mentor_id != mentor_id:
        return 0
    return last.position


def moved_along(position: int) -> int:
    """How many other drafts a choice has moved."""
    entry = audit.at(position)
    return len(entry.after["rows"]) - 1 if entry and entry.after else 0


def begun_with(position: int) -> int:
    """The id of the draft that a chain began with; raises NotFound when there is no such chain."""
    entry = audit.at(position)
    if entry is None or entry.action != CHAIN:
        raise NotFound
    return int(entry.object_id)


def undo(position: int, *, by: Person, at: datetime) -> Pairing:
    """Take a chain back as a whole; the draft it began with. Raises Invalid when it cannot be (any more)."""
    # long because its steps read best in one order
    entry = audit.at(position)
    if entry is None or entry.action != CHAIN or not entry.before or not entry.after:
        raise NotFound
    before, after = entry.before["rows"], entry.after["rows"]
    head = db.session.get(Pairing, int(entry.object_id))
    if head is None:
        raise NotFound
    hold_programme(head.programme_id)
    held = select(Pairing).where(Pairing.id.in_([int(each) for each in after])).options(*whole())
    held = held.execution_options(populate_existing=True)
    held = held.with_for_update(of=Pairing, key_share=True).order_by(Pairing.id)
    rows = {str(each.id): each for each in db.session.scalars(held)}
    if all(_is_as(rows.get(key), before[key]) for key in after):
        raise Invalid(_("This is undone already."))
    if not all(key in rows and _row(rows[key]) == after[key] for key in after):
        raise Invalid(
            _(
                "One of these pairs was changed again since, so this cannot be undone as a whole. Edit the"
                " rows."
            )
        )
    programme = db.session.get_one(Programme, head.programme_id)
    pairs = [(each["mentor_id"], each["mentee_id"]) for each in before.values() if each]
    scored = _scored(programme, pairs, on=at.date())
    for key, row in rows.items():
        _restore(row, before[key], scored, by=by, at=at)
    db.session.flush()
    _check_seats(programme.id, rows.values())
    present = {key: _row(row) for key, row in rows.items()}
    _note_along(after, present, head, by)
    audit.write(
        action=CHAIN,
        on=KIND,
        id=head.id,
        by=by.id,
        before={**_said(after, head), "rows": after},
        after={**_said(present, head), "rows": present},
        reason=N_("Undone"),
    )
    pricing.wanted(programme.id, at=at)
    return head


def _is_as(row: Pairing | None, was: dict[str, Any] | None) -> bool:
    """Whether a row is as it was before; one that was not there then is over by now."""
    return row is not None and (row.state == PairingState.ENDED if was is None else _row(row) == was)


def _restore(
    row: Pairing,
    was: dict[str, Any] | None,
    scored: dict[Pair, tuple[int, list[dict[str, Any]]]],
    *,
    by: Person,
    at: datetime,
) -> None:
    if was is None:
        asking.fall_through(row, PairingEnd.DISCARDED, by=by.id, at=at)
        return
    if row.state == PairingState.ENDED:
        asking.move(row, PairingState.DRAFT, by=by.id)
        row.ended_at = row.end_reason = None
    pair = (was["mentor_id"], was["mentee_id"])
    _put(row, pair, scored[pair])
    row.locked, row.run_id = was["locked"], was["run_id"]


def _row(pairing: Pairing) -> dict[str, Any]:
    return {**{name: getattr(pairing, name) for name in ROW}, "state": str(pairing.state)}


def _said(rows: dict[str, Any], head: Pairing) -> dict[str, Any]:
    """What the history of the first draft tells: who it was for, and whether it was locked."""
    return {name: rows[str(head.id)][name] for name in ("mentor_id", "mentee_id", "locked")}


def _note_along(before: dict[str, Any], after: dict[str, Any], head: Pairing, by: Person) -> None:
    """A line in the history of each other draft that moved, so that it tells its own."""
    for key, now in after.items():
        was = before[key]
        if key == str(head.id) or was == now:
            continue
        names = ("mentor_id", "mentee_id")
        one, other = ({name: each[name] for name in names} if each else {} for each in (was, now))
        if one != other:
            audit.write(action=ALONG, on=KIND, id=key, by=by.id, before=one, after=other)


def _put(row: Pairing, pair: Pair, scored: tuple[int, list[dict[str, Any]]]) -> None:
    if (row.mentor_id, row.mentee_id) != pair:
        row.mentor, row.mentee = (db.session.get_one(Person, each) for each in pair)
    row.mentor_id, row.mentee_id = pair
    row.score, row.parts = scored


def _scored(programme: Programme, pairs: Sequence[Pair], *, on: date) -> Scored:
    """The score and its parts of each pair; raises Invalid when a rule forbids one, or somebody waits for no
    match now.
    """
    problem = candidates.problem_of_some(programme, sorted({each for pair in pairs for each in pair}), on=on)
    mentors, mentees = ({each.id: each for each in side} for side in (problem.mentors, problem.mentees))
    for mentor, mentee in pairs:
        if mentor not in mentors or mentee not in mentees:
            raise Invalid(_("Somebody in these pairs does not wait for a match any more. Reload the page."))
        if (why := rules.forbidden(mentors[mentor], mentees[mentee], problem)) is not None:
            raise Invalid(_(why.template, **why.args))
    found = criteria.scores([(mentors[mentor], mentees[mentee]) for mentor, mentee in pairs], problem)
    each = zip(pairs, found, strict=True)
    return {pair: (score.total, [part.as_json() for part in score.parts]) for pair, score in each}


def _check_seats(programme_id: int, rows: Iterable[Pairing]) -> None:
    """Raise Stale unless everybody in these rows has a seat for each of their pairings, and no pair is there
    twice.
    """
    people = {each for row in rows for each in (row.mentor_id, row.mentee_id)}
    taken = candidates.seats_taken(programme_id, drafts=True)
    mine = select(Enrolment.person_id, Enrolment.mentor_capacity, Enrolment.mentee_capacity)
    seats = db.session.execute(
        mine.where(Enrolment.programme_id == programme_id, Enrolment.person_id.in_(people))
    ).all()
    full = any(taken[0][each.person_id] > each.mentor_capacity for each in seats)
    full = full or any(taken[1][each.person_id] > each.mentee_capacity for each in seats)
    theirs = or_(Pairing.mentor_id.in_(people), Pairing.mentee_id.in_(people))
    there = select(Pairing.mentor_id, Pairing.mentee_id).where(
        Pairing.programme_id == programme_id, takes_seats(), theirs
    )
    twice = Counter((each.mentor_id, each.mentee_id) for each in db.session.execute(there))
    if full or any(many > 1 for many in twice.values()):
        raise Stale(_("The board changed since these prices were worked out. Nothing was done; look again."))
