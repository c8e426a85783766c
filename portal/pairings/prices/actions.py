"""Board changes: give a draft another mentor, and move the drafts that have to make room, as the prices said.

One change is one entry of the audit and is undone as a whole. Nothing is done if anything changed since the
prices were worked out. What was chosen by hand is locked, so that later runs keep it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal import audit
from portal.core.lifecycle import PairingEnd, PairingState
from portal.core.translatable import N_
from portal.db import db
from portal.errors import Invalid, NotFound, Stale
from portal.pairings.matching import engine
from portal.pairings.matching.problem import Pair, problem_of_some, seats_taken
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from portal.pairings.prices import tables
from portal.pairings.queries import drafts, hold, hold_programme, takes_seats, whole
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme

if TYPE_CHECKING:
    from portal.core.matching.prices.edits import Chain, Prices
    from portal.core.matching.prices.price_board import PriceBoard

KIND, CHAIN, ALONG = "pairing", "pairing.chain", "pairing.moved_along"
PEOPLE = ("mentor_id", "mentee_id")
RECORDED = (*PEOPLE, "state", "locked", "run_id")
"""What the audit records of each pairing that moves."""
Scored = tuple[int, list[dict[str, Any]]]
"""A score, and its parts as they are stored."""
Rows = Mapping[str, dict[str, Any] | None]
"""The recorded values of pairings, by id as JSON has it; None for one that did not exist yet."""


@dataclass(frozen=True)
class Move:
    """A draft that becomes another pair; without a draft the pair is new,
    without a pair the draft is cancelled.
    """

    draft: Pairing | None
    pair: Pair | None


def prices_of(pairing: Pairing, board: "PriceBoard") -> "Prices | None":
    """What each other mentor for a draft would cost; None when the board does not
    know the draft, since one of the two is away.
    """
    row, column = board.rows.get(pairing.mentor_id), board.columns.get(pairing.mentee_id)
    if row is None or column is None or (row, column) not in board.present:
        return None
    return engine.edits.price_mentors(board, column, row)


def people_in(chain: "Chain", board: "PriceBoard") -> tuple[list[Pair], list[Pair]]:
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
    by_pair = {(draft.mentor_id, draft.mentee_id): draft for draft in drafts(pairing.programme_id, held=True)}
    hold(pairing)
    programme = db.session.get_one(Programme, pairing.programme_id)
    board = tables.board_now(programme)
    if pairing.version != seen or board is None or stamp != tables.stamp_made(programme.id):
        raise _out_of_date()
    prices, row = prices_of(pairing, board), board.rows.get(mentor_id)
    if pairing.state != PairingState.DRAFT or prices is None or row is None or not prices.priced[row]:
        raise Invalid(_("This mentor cannot be chosen here. Choose one from the list."))
    made, parted = people_in(prices.chain(row), board)
    chosen = (mentor_id, pairing.mentee_id)
    others = {pair: by_pair[pair] for pair in parted if pair in by_pair and by_pair[pair].id != pairing.id}
    moves = [Move(pairing, chosen), *_match_up(others, [pair for pair in made if pair != chosen])]
    return _carry_out(programme, pairing, moves, by=by, at=at)


def _match_up(parted: Mapping[Pair, Pairing], made: Iterable[Pair]) -> list[Move]:
    """Which draft becomes which pair: one of the same mentee where there is one, else of the same mentor."""
    unused, open_pairs, moves = dict(parted), list(made), []
    for side in (1, 0):
        by_person = defaultdict(list)
        for pair in sorted(unused):
            by_person[pair[side]].append(pair)
        for pair in list(open_pairs):
            if by_person[pair[side]]:
                moves.append(Move(unused.pop(by_person[pair[side]].pop(0)), pair))
                open_pairs.remove(pair)
    return [
        *moves,
        *(Move(draft, None) for draft in unused.values()),
        *(Move(None, pair) for pair in open_pairs),
    ]


def _carry_out(
    programme: Programme, head: Pairing, moves: Sequence[Move], *, by: Person, at: datetime
) -> audit.AuditEntry:
    """Make all moves and write them to the audit as one change of `head`, the draft that staff chose for."""
    scores = _score(programme, [move.pair for move in moves if move.pair], on=at.date())
    before: dict[str, dict[str, Any] | None] = {}
    pairings: list[Pairing] = []
    for move in moves:
        old = _recorded(move.draft) if move.draft else None
        pairing = _make(programme, move, scores, by=by, at=at)
        before[str(pairing.id)] = old
        pairings.append(pairing)
    head.locked, head.run_id = True, None
    db.session.flush()
    _check_seats(programme.id, pairings)
    return _write_audit(programme, head, before, pairings, by=by, at=at)


def _make(
    programme: Programme, move: Move, scores: Mapping[Pair, Scored], *, by: Person, at: datetime
) -> Pairing:
    """Make one move; return its pairing, which has an id."""
    draft, pair = move.draft, move.pair
    if draft is None:
        draft = Pairing(programme_id=programme.id, state=PairingState.DRAFT, remark="", created_at=at)
    if pair is None:
        offers.cancel(draft, PairingEnd.DISCARDED, by=by.id, at=at)
        return draft
    _put(draft, pair, scores[pair])
    if move.draft is None:
        db.session.add(draft)
        db.session.flush()
    return draft


def chosen(pairing: Pairing, *, mentor_id: int, by: Person) -> int:
    """The audit position of the choice of this very mentor, if it was the
    last change of a draft; 0 otherwise.
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
    """The id of the draft that staff chose for; raises NotFound when the audit has no such change."""
    entry = audit.at(position)
    if entry is None or entry.action != CHAIN:
        raise NotFound
    return int(entry.object_id)


def undo(position: int, *, by: Person, at: datetime) -> Pairing:
    """Undo a change as a whole; return the draft that staff had chosen for.

    Raises NotFound when the audit has no such change, Invalid when it is undone
    already or one of its pairings was changed since.
    """
    entry = audit.at(position)
    if entry is None or entry.action != CHAIN or not entry.before or not entry.after:
        raise NotFound
    head = db.session.get(Pairing, int(entry.object_id))
    if head is None:
        raise NotFound
    hold_programme(head.programme_id)
    before, after = entry.before["rows"], entry.after["rows"]
    pairings = _hold_all([int(key) for key in after])
    _check_undoable(pairings, before, after)
    programme = db.session.get_one(Programme, head.programme_id)
    pairs = [(row["mentor_id"], row["mentee_id"]) for row in before.values() if row]
    scores = _score(programme, pairs, on=at.date())
    for key, pairing in pairings.items():
        _restore(pairing, before[key], scores, by=by, at=at)
    db.session.flush()
    _check_seats(programme.id, pairings.values())
    _write_audit(programme, head, after, pairings.values(), by=by, at=at, reason=N_("Undone"))
    return head


def _hold_all(ids: Sequence[int]) -> dict[str, Pairing]:
    """Read pairings afresh and lock their rows, by id as the audit has it."""
    query = (
        select(Pairing)
        .where(Pairing.id.in_(ids))
        .options(*whole())
        .execution_options(populate_existing=True)
        .with_for_update(of=Pairing, key_share=True)
        .order_by(Pairing.id)
    )
    return {str(pairing.id): pairing for pairing in db.session.scalars(query)}


def _check_undoable(pairings: Mapping[str, Pairing], before: Rows, after: Rows) -> None:
    if all(_is_as_before(pairings.get(key), before[key]) for key in after):
        raise Invalid(_("This is undone already."))
    if not all(key in pairings and _recorded(pairings[key]) == after[key] for key in after):
        raise Invalid(
            _(
                "One of these pairs was changed again since, so this cannot be undone as a whole. Edit the"
                " rows."
            )
        )


def _is_as_before(pairing: Pairing | None, before: dict[str, Any] | None) -> bool:
    if pairing is None:
        return False
    return pairing.state == PairingState.ENDED if before is None else _recorded(pairing) == before


def _restore(
    pairing: Pairing,
    before: dict[str, Any] | None,
    scores: Mapping[Pair, Scored],
    *,
    by: Person,
    at: datetime,
) -> None:
    if before is None:
        offers.cancel(pairing, PairingEnd.DISCARDED, by=by.id, at=at)
        return
    if pairing.state == PairingState.ENDED:
        offers.move(pairing, PairingState.DRAFT, by=by.id)
        pairing.ended_at = pairing.end_reason = None
    pair = (before["mentor_id"], before["mentee_id"])
    _put(pairing, pair, scores[pair])
    pairing.locked, pairing.run_id = before["locked"], before["run_id"]


def _write_audit(
    programme: Programme,
    head: Pairing,
    before: Rows,
    pairings: Iterable[Pairing],
    *,
    by: Person,
    at: datetime,
    reason: str = "",
) -> audit.AuditEntry:
    """Write the change to the histories of all pairings, and ask for new prices."""
    after = {str(pairing.id): _recorded(pairing) for pairing in pairings}
    _write_along(before, after, head, by)
    entry = audit.write(
        action=CHAIN,
        on=KIND,
        id=head.id,
        by=by.id,
        before={**_shown(before, head), "rows": before},
        after={**_shown(after, head), "rows": after},
        reason=reason,
    )
    tables.request_table(programme.id, at=at)
    return entry


def _write_along(before: Rows, after: Rows, head: Pairing, by: Person) -> None:
    """Write an entry for each other draft whose people changed, so that its history shows the change, too."""
    for key, row in after.items():
        old, new = (
            {name: values[name] for name in PEOPLE} if values else {} for values in (before[key], row)
        )
        if key != str(head.id) and old != new:
            audit.write(action=ALONG, on=KIND, id=key, by=by.id, before=old, after=new)


def _recorded(pairing: Pairing) -> dict[str, Any]:
    return {**{name: getattr(pairing, name) for name in RECORDED}, "state": str(pairing.state)}


def _shown(rows: Rows, head: Pairing) -> dict[str, Any]:
    """What the history of the first draft shows."""
    row = rows[str(head.id)] or {}
    return {name: row[name] for name in (*PEOPLE, "locked")}


def _put(pairing: Pairing, pair: Pair, scored: Scored) -> None:
    """Put two people into a pairing, with their score."""
    if (pairing.mentor_id, pairing.mentee_id) != pair:
        pairing.mentor, pairing.mentee = (db.session.get_one(Person, person_id) for person_id in pair)
    pairing.mentor_id, pairing.mentee_id = pair
    pairing.score, pairing.parts = scored


def _score(programme: Programme, pairs: Sequence[Pair], *, on: date) -> dict[Pair, Scored]:
    """The score of each pair. Raises Invalid when a rule forbids one, or somebody waits for no match now."""
    people = sorted({person_id for pair in pairs for person_id in pair})
    problem = problem_of_some(programme, people, on=on)
    mentors, mentees = (
        {candidate.id: candidate for candidate in side} for side in (problem.mentors, problem.mentees)
    )
    for mentor, mentee in pairs:
        if mentor not in mentors or mentee not in mentees:
            raise Invalid(_("Somebody in these pairs does not wait for a match any more. Reload the page."))
        if (reason := engine.rules.forbidden(mentors[mentor], mentees[mentee], problem)) is not None:
            raise Invalid(_(reason.template, **reason.args))
    scores = engine.criteria.scores([(mentors[mentor], mentees[mentee]) for mentor, mentee in pairs], problem)
    return {
        pair: (score.total, [part.as_json() for part in score.parts])
        for pair, score in zip(pairs, scores, strict=True)
    }


def _check_seats(programme_id: int, pairings: Iterable[Pairing]) -> None:
    """Raise Stale unless everybody has a seat for each of their pairings, and no pair exists twice."""
    people = {person_id for pairing in pairings for person_id in (pairing.mentor_id, pairing.mentee_id)}
    as_mentor, as_mentee = seats_taken(programme_id, drafts=True)
    columns = (Enrolment.person_id, Enrolment.mentor_capacity, Enrolment.mentee_capacity)
    seats = db.session.execute(
        select(*columns).where(Enrolment.programme_id == programme_id, Enrolment.person_id.in_(people))
    ).all()
    is_full = any(
        as_mentor[row.person_id] > row.mentor_capacity or as_mentee[row.person_id] > row.mentee_capacity
        for row in seats
    )
    open_pairs = select(Pairing.mentor_id, Pairing.mentee_id).where(
        Pairing.programme_id == programme_id,
        takes_seats(),
        or_(Pairing.mentor_id.in_(people), Pairing.mentee_id.in_(people)),
    )
    counts = Counter((row.mentor_id, row.mentee_id) for row in db.session.execute(open_pairs))
    if is_full or any(count > 1 for count in counts.values()):
        raise _out_of_date()


def _out_of_date() -> Stale:
    return Stale(_("The board changed since these prices were worked out. Nothing was done; look again."))
