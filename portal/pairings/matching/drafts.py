"""Makes draft pairings of a run's proposals, as far as the people in them still have seats."""

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
from portal.db import db
from portal.errors import Invalid
from portal.pairings import listing
from portal.pairings.matching import engine
from portal.pairings.matching.problem import FreeSeats, Pair, kept_apart, past_partners, problem_of_some
from portal.pairings.matching.runs import KIND, by_hand, check_open
from portal.pairings.models import MatchRun, Pairing, Proposal
from portal.pairings.queries import hold_board, takes_seats
from portal.people.models import Person
from portal.programmes.models import Programme

Scored = tuple[int, list[dict[str, Any]]]
"""A score and its parts."""


def keep_run(run: MatchRun, *, by: Person, at: datetime) -> tuple[int, int]:
    """Make drafts of a run's proposals; return how many, and how many were left out for want of a seat.

    Unlocked drafts are replaced; locked drafts and live pairings stay as they are. Pairs that were locked for
    a trial become locked drafts. Drafts of a run with other weights than the programme's are scored anew by
    the programme's, so that scores on the board mean one thing.
    """
    if run.state != RunState.DONE:
        raise Invalid(_("This run has found nothing that could be kept."))
    check_open(db.session.get_one(Programme, run.programme_id))
    hold_board(run.programme_id)
    replaced = _clear_drafts(run.programme_id)
    sorting = _sort(run)
    locks, rescored = by_hand(run.id).locks, _rescore(run, sorting.free, at)
    for proposal in sorting.free:
        pair = _people(proposal)
        score, parts = rescored.get(pair, (proposal.score, proposal.parts))
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
    made, left_out = len(sorting.free), len(sorting.without_seat)
    counts = {"drafts": made, "replaced": replaced, "left_out": left_out}
    audit.write(action="run.kept", on=KIND, id=run.id, by=by.id, after=counts)
    return made, left_out


def without_seat(run: MatchRun) -> int:
    """How many of a run's pairs could not become drafts now, since one of the two has no seat left."""
    return len(_sort(run, but_unlocked=True).without_seat)


def replaces(programme_id: int) -> str:
    """What keeping a run does to the present drafts, in words."""
    replaced, locked = listing.count_drafts(programme_id)
    if not replaced and not locked:
        return str(_("There are no drafts yet."))
    sentences = []
    if replaced:
        sentences.append(
            ngettext(
                "They replace the one draft there is.", "They replace the %(num)s drafts there are.", replaced
            )
        )
    if locked:
        sentences.append(ngettext("One locked draft stays.", "%(num)s locked drafts stay.", locked))
    return " ".join(sentences)


@dataclass(frozen=True)
class _Sorted:
    """Proposals of two who both have a seat, and of those who have not. Pairs that
    are on the board already are in neither.
    """

    free: list[Proposal]
    without_seat: list[Proposal]


def _sort(run: MatchRun, *, but_unlocked: bool = False) -> _Sorted:
    """Sort a run's proposals, the best first; `but_unlocked` takes no account of unlocked drafts."""
    taken, partners = _pairs_on_board(run.programme_id, but_unlocked), past_partners(run.programme_id)
    met = {(person, partner) for person, met in partners.items() for partner in met}
    seats = FreeSeats(run.programme_id, taken=taken, apart=kept_apart(run.programme_id) | met)
    result = _Sorted([], [])
    for proposal in _proposals(run.id):
        if (pair := _people(proposal)) not in taken:
            (result.free if seats.take(*pair) else result.without_seat).append(proposal)
    return result


def _people(proposal: Proposal) -> Pair:
    return proposal.mentor.person_id, proposal.mentee.person_id


def _rescore(run: MatchRun, proposals: Sequence[Proposal], at: datetime) -> dict[Pair, Scored]:
    """The scores of a run's pairs by the programme's weights; empty where those are the run's own."""
    programme = db.session.get_one(Programme, run.programme_id)
    if dict(run.weights) == dict(programme.weights):
        return {}
    pairs = [_people(proposal) for proposal in proposals]
    people = sorted({person_id for pair in pairs for person_id in pair})
    problem = problem_of_some(programme, people, on=at.date())
    by_id = {candidate.id: candidate for candidate in problem.candidates}
    pairs = [pair for pair in pairs if set(pair) <= by_id.keys()]
    scores = engine.criteria.scores([(by_id[mentor], by_id[mentee]) for mentor, mentee in pairs], problem)
    return {
        pair: (score.total, [part.as_json() for part in score.parts])
        for pair, score in zip(pairs, scores, strict=True)
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


def _pairs_on_board(programme_id: int, but_unlocked: bool) -> set[Pair]:
    query = select(Pairing.mentor_id, Pairing.mentee_id).where(
        Pairing.programme_id == programme_id, takes_seats()
    )
    if but_unlocked:
        query = query.where((Pairing.state != PairingState.DRAFT) | Pairing.locked)
    return {(row.mentor_id, row.mentee_id) for row in db.session.execute(query)}
