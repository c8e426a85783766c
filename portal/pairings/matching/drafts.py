"""Keeping a run: drafts are made of what it proposes, as far as the two are still free."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from portal import audit
from portal.core.lifecycle import PairingState, RunState
from portal.core.matching import criteria
from portal.db import db
from portal.errors import Invalid
from portal.pairings import listing as directory
from portal.pairings.matching import problem as candidates
from portal.pairings.matching.runs import KIND, by_hand, check_open
from portal.pairings.models import MatchRun, Pairing, Proposal
from portal.pairings.queries import hold_board, takes_seats
from portal.people.models import Person
from portal.programmes.models import Programme

Pair = tuple[int, int]
Scored = tuple[int, list[dict[str, Any]]]
"""A score and the parts of it."""


def keep_run(run: MatchRun, *, by: Person, at: datetime) -> tuple[int, int]:
    """Make drafts of a run's proposals: how many, and how many had to be left out since somebody is free no
    more.

    Unlocked drafts there are already make room; locked drafts and live pairings stay as they are. Pairs that
    were locked for a trial become locked drafts. Drafts of a run with other weights than the programme's get
    the score they have by the programme's, so that scores on the board mean one thing.
    """
    if run.state != RunState.DONE:
        raise Invalid(_("This run has found nothing that could be kept."))
    check_open(db.session.get_one(Programme, run.programme_id))
    hold_board(run.programme_id)
    replaced = _clear_drafts(run.programme_id)
    sorting = _sort(run)
    locks, anew = by_hand(run.id).locks, _scored_anew(run, sorting.free, at)
    for each in sorting.free:
        pair = _people(each)
        score, parts = anew.get(pair, (each.score, each.parts))
        db.session.add(
            Pairing(
                programme_id=run.programme_id,
                run_id=run.id,
                mentor_id=pair[0],
                mentee_id=pair[1],
                state=PairingState.DRAFT,
                locked=pair in locks,
                score=score,
                parts=parts,
                created_at=at,
            )
        )
    run.kept_at = at
    made, left_out = len(sorting.free), len(sorting.gone)
    counts = {"drafts": made, "replaced": replaced, "left_out": left_out}
    audit.write(action="run.kept", on=KIND, id=run.id, by=by.id, after=counts)
    return made, left_out


def gone(run: MatchRun) -> int:
    """How many of a run's pairs could not become drafts now, since somebody is free no more."""
    return len(_sort(run, but_loose=True).gone)


def replaces(programme_id: int) -> str:
    """What keeping a run does to the drafts there are."""
    replaced, locked = directory.drafts_there(programme_id)
    said = [_("There are no drafts yet.")]
    if replaced:
        said = [
            ngettext(
                "They replace the one draft there is.", "They replace the %(num)s drafts there are.", replaced
            )
        ]
    elif locked:
        said = []
    if locked:
        said.append(ngettext("One locked draft stays.", "%(num)s locked drafts stay.", locked))
    return " ".join(said)


@dataclass(frozen=True)
class _Sorted:
    """Proposals whose two are free, and those of whom one is free no more; pairs that are there already are
    in neither.
    """

    free: list[Proposal]
    gone: list[Proposal]


def _sort(run: MatchRun, *, but_loose: bool = False) -> _Sorted:
    """`but_loose` leaves drafts that are not locked out of account."""
    there, met = _pairs_there(run.programme_id, but_loose), candidates.past_partners(run.programme_id)
    apart = candidates.kept_apart(run.programme_id) | {
        (one, other) for one, them in met.items() for other in them
    }
    free = candidates.FreeSeats(run.programme_id, there=there, apart=apart)
    found = _Sorted([], [])
    for each in _proposals(run.id):
        if (pair := _people(each)) not in there:
            (found.free if free.take(*pair) else found.gone).append(each)
    return found


def _people(proposal: Proposal) -> Pair:
    return proposal.mentor.person_id, proposal.mentee.person_id


def _scored_anew(run: MatchRun, proposals: Sequence[Proposal], at: datetime) -> dict[Pair, Scored]:
    """The scores of a run's pairs by the programme's weights; nothing where those are the run's own."""
    programme = db.session.get_one(Programme, run.programme_id)
    if dict(run.weights) == dict(programme.weights):
        return {}
    pairs = [_people(each) for each in proposals]
    problem = candidates.problem_of_some(
        programme, sorted({each for pair in pairs for each in pair}), on=at.date()
    )
    known = {each.id: each for each in problem.candidates}
    both = [pair for pair in pairs if set(pair) <= known.keys()]
    found = criteria.scores([(known[mentor], known[mentee]) for mentor, mentee in both], problem)
    return {
        pair: (each.total, [part.as_json() for part in each.parts])
        for pair, each in zip(both, found, strict=True)
    }


def _proposals(run_id: int) -> Sequence[Proposal]:
    sides = (joinedload(Proposal.mentor), joinedload(Proposal.mentee))
    query = select(Proposal).where(Proposal.run_id == run_id).options(*sides)
    return db.session.scalars(query.order_by(Proposal.score.desc(), Proposal.id)).all()


def _clear_drafts(programme_id: int) -> int:
    cleared: Any = db.session.execute(
        delete(Pairing)
        .where(Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT, ~Pairing.locked)
        .execution_options(synchronize_session="fetch")
    )
    return int(cleared.rowcount)


def _pairs_there(programme_id: int, but_loose: bool) -> set[Pair]:
    query = select(Pairing.mentor_id, Pairing.mentee_id).where(
        Pairing.programme_id == programme_id, takes_seats()
    )
    if but_loose:
        query = query.where((Pairing.state != PairingState.DRAFT) | Pairing.locked)
    return {(row.mentor_id, row.mentee_id) for row in db.session.execute(query)}
