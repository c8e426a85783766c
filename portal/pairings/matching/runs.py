"""Runs of the matching engine: asked for, solved in a process of their own, and
stored; `drafts.py` makes drafts of them.

A worker holds a run by a lease that it renews every second while the process is at work. When the worker is
killed, the process ends with it, the lease runs out, and the sweep begins the run again.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import joinedload

from portal import audit, work
from portal.clock import now
from portal.core.lifecycle import ProgrammeState, RunState
from portal.core.matching.candidates import Problem, Refusal
from portal.core.translatable import N_
from portal.db import db, transaction
from portal.errors import Invalid
from portal.pairings import words
from portal.pairings.matching import engine
from portal.pairings.matching.problem import ByHand, problem_of, problem_of_some
from portal.pairings.matching.solver import Solver
from portal.pairings.models import LeftOver, MatchRun, Proposal, RunPair
from portal.pairings.queries import hold_programme
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme

if TYPE_CHECKING:
    from portal.core.matching.results import Pair, Result

KIND, MATCH = "match_run", "pairings.match"
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING)
LEASE_SECONDS, TICK_SECONDS = 30, 1.0
MOST_BEGINNINGS = 3
"""How often a run is begun before it counts as failed; else a process
that always dies would be begun for ever.
"""
MOST_GAP = 2**62  # what the database holds; a gap above it is stored as this
STOPPED = N_("It stopped before it was done. Try again.")
STOPPED_OFTEN = N_("It was begun three times and stopped each time. Ask an administrator to look at the log.")


def ask_run(programme: Programme, *, by: Person, at: datetime) -> MatchRun:
    """Ask for a run; while one waits or runs, return that one. Raises Invalid for a programme that is over.

    A run and a trial of one programme may be under way at the same time.
    """
    check_open(programme)
    hold_programme(programme.id)
    if run := under_way(programme.id, trial=False):
        return run
    run = queued(programme, weights=programme.weights, rules=programme.rules, by=by, at=at)
    ask(run, by=by)
    return run


def check_open(programme: Programme) -> None:
    """Raise Invalid for a programme that is over."""
    if programme.state == ProgrammeState.FINISHED:
        raise Invalid(_("This programme is over, so nobody is matched in it any more."))


def under_way(programme_id: int, *, trial: bool) -> MatchRun | None:
    """The run, or the trial, of a programme that waits or runs now."""
    query = select(MatchRun).where(
        MatchRun.programme_id == programme_id, MatchRun.state.in_(UNDER_WAY), MatchRun.trial.is_(trial)
    )
    return db.session.scalar(query.order_by(MatchRun.id).limit(1))


def queued(
    programme: Programme,
    *,
    weights: Mapping[str, int],
    rules: Mapping[str, Any],
    by: Person,
    at: datetime,
    title: str = "",
    trial: bool = False,
) -> MatchRun:
    """Add a run that waits for a worker; `ask` enqueues it."""
    run = MatchRun(
        programme_id=programme.id,
        by_id=by.id,
        state=RunState.QUEUED,
        trial=trial,
        title=title,
        weights=dict(weights),
        rules=dict(rules),
        created_at=at,
    )
    db.session.add(run)
    db.session.flush()
    return run


def ask(run: MatchRun, *, by: Person) -> None:
    """Write to the audit that a run was asked for, and enqueue it."""
    after = {"programme_id": run.programme_id, **({"trial": run.title} if run.trial else {})}
    audit.write(action="run.asked", on=KIND, id=run.id, by=by.id, after=after)
    work.enqueue(MATCH, run.id)


def end_run(run: MatchRun, *, by: Person, at: datetime) -> bool:
    """Ask for the end of a run that waits or runs; return whether there was anything to end.

    A run that a worker holds ends within a second; one that nobody holds ends at once.
    """
    db.session.refresh(run, ["state", "end_asked_at", "lease_until"], with_for_update=True)
    if run.state not in UNDER_WAY or run.end_asked_at:
        return False
    run.end_asked_at = at
    if run.lease_until is None or run.lease_until < at:
        run.state, run.finished_at = RunState.ENDED, at
    audit.write(action="run.ended", on=KIND, id=run.id, by=by.id)
    return True


def run(run_id: int) -> None:
    """Do a run, unless another worker holds it. The worker's task."""
    holder, began = _begin(run_id), now()
    if holder is None:
        return
    try:
        problem = _problem(run_id)
    except Refusal as error:
        _finish(run_id, holder, None, (error.template, error.facts), began)
        return
    with Solver(problem) as solver:
        while solver.is_running(TICK_SECONDS):
            if not _renew(run_id, holder, solver.progress):
                return
    _finish(run_id, holder, solver.result, solver.failure or (STOPPED, {}), began)


def sweep() -> None:
    """Enqueue runs that wait, and those whose worker is gone."""
    free = or_(MatchRun.lease_until.is_(None), MatchRun.lease_until < now())
    open_runs = select(MatchRun.id).where(MatchRun.state.in_(UNDER_WAY), free).order_by(MatchRun.id)
    if not db.session.scalar(open_runs.limit(1)):
        return
    with transaction():
        for run_id in db.session.scalars(open_runs).all():
            work.enqueue(MATCH, run_id)


def _begin(run_id: int) -> str | None:
    """Claim a run and note that it begins (again); return the holder's mark, or None when it cannot begin."""
    with transaction():
        holder = work.claim(MatchRun, run_id, seconds=LEASE_SECONDS, where=MatchRun.state.in_(UNDER_WAY))
        if holder is None:
            return None
        claimed = db.session.get_one(MatchRun, run_id, populate_existing=True)
        if claimed.end_asked_at:
            _close(claimed, RunState.ENDED)
            return None
        if claimed.beginnings >= MOST_BEGINNINGS:
            _close(claimed, RunState.FAILED, error=words.failure_as_json(STOPPED_OFTEN, {}))
            return None
        claimed.beginnings += 1
        claimed.state, claimed.started_at = RunState.RUNNING, now()
        claimed.phase, claimed.done, claimed.total = "", 0, 0
    return holder


def _problem(run_id: int) -> Problem:
    """What a run is to solve. Read outside a writing transaction, since with many people it takes a while."""
    claimed = db.session.get_one(
        MatchRun, run_id, options=[joinedload(MatchRun.programme)], populate_existing=True
    )
    problem = problem_of(
        claimed.programme,
        on=now().date(),
        weights=claimed.weights,
        rules=claimed.rules,
        by_hand=by_hand(run_id),
    )
    db.session.rollback()
    return problem


def by_hand(run_id: int) -> ByHand:
    """The pairs that staff locked or forbade for this run."""
    query = select(RunPair.mentor_id, RunPair.mentee_id, RunPair.how).where(RunPair.run_id == run_id)
    rows = db.session.execute(query).all()
    locks, forbids = (
        frozenset((row.mentor_id, row.mentee_id) for row in rows if row.how == how)
        for how in ("lock", "forbid")
    )
    return ByHand(locks, forbids)


def _renew(run_id: int, holder: str, progress: tuple[str, int, int]) -> bool:
    """Note the progress and renew the lease; return False when the run is to stop."""
    with transaction():
        held = db.session.scalar(_held(run_id, holder))
        if held is None:
            return False
        if held.end_asked_at:
            _close(held, RunState.ENDED)
            return False
        held.phase, held.done, held.total = progress
        held.lease_until = now() + timedelta(seconds=LEASE_SECONDS)
    return True


Failure = tuple[str, dict[str, Any]]
"""A Refusal's template and facts."""


def _finish(run_id: int, holder: str, result: "Result | None", failure: Failure, began: datetime) -> None:
    """Store how a run went, unless this holder has lost its lease to another."""
    with transaction():
        held = db.session.scalar(_held(run_id, holder))
        if held is None:
            return
        if held.end_asked_at:
            _close(held, RunState.ENDED)
        elif result is None:
            _close(held, RunState.FAILED, error=words.failure_as_json(*failure))
        else:
            store(held, result, at=now(), seconds=(now() - began).total_seconds())


def _held(run_id: int, holder: str) -> Select[MatchRun]:
    return (
        select(MatchRun)
        .where(MatchRun.id == run_id, MatchRun.lease_holder == holder, MatchRun.state == RunState.RUNNING)
        .with_for_update()
    )


def _close(run: MatchRun, state: RunState, *, error: str | None = None) -> None:
    run.state, run.error, run.finished_at = state, error, now()
    run.lease_holder = run.lease_until = None


def store(run: MatchRun, result: "Result", *, at: datetime, seconds: float) -> None:
    """Store what a run found; it never changes afterwards. `seconds` is how long it took."""
    enrolments = select(Enrolment.person_id, Enrolment.id).where(Enrolment.programme_id == run.programme_id)
    by_person = dict(db.session.execute(enrolments).all())
    db.session.execute(delete(Proposal).where(Proposal.run_id == run.id))
    db.session.execute(delete(LeftOver).where(LeftOver.run_id == run.id))
    db.session.add_all(
        _proposal(run.id, pair, by_person)
        for pair in result.pairs
        if pair.mentor_id in by_person and pair.mentee_id in by_person
    )
    db.session.add_all(
        LeftOver(
            run_id=run.id,
            enrolment_id=by_person[person.id],
            role=person.role,
            template=person.template,
            args=dict(person.args),
        )
        for person in result.left_over
        if person.id in by_person
    )
    run.state, run.objective, run.seconds = RunState.DONE, dict(result.objective), round(seconds, 2)
    run.line, run.gap = result.line, min(result.gap, MOST_GAP)
    run.held_by_id = result.held_by if result.held_by in by_person else None
    run.finished_at, run.error, run.lease_holder, run.lease_until = at, None, None, None


def _proposal(run_id: int, pair: "Pair", by_person: Mapping[int, int]) -> Proposal:
    mentor, mentee = pair.next_mentor, pair.next_mentee
    return Proposal(
        run_id=run_id,
        mentor_enrolment_id=by_person[pair.mentor_id],
        mentee_enrolment_id=by_person[pair.mentee_id],
        score=pair.total,
        parts=[part.as_json() for part in pair.parts],
        next_mentor_id=by_person.get(mentor.id) if mentor else None,
        next_mentor_score=mentor.total if mentor else None,
        next_mentee_id=by_person.get(mentee.id) if mentee else None,
        next_mentee_score=mentee.total if mentee else None,
    )


def assess(
    programme: Programme, *, mentor_id: int, mentee_id: int, on: date
) -> tuple[int, list[dict[str, Any]]]:
    """The score of two people and its parts. Raises Invalid when a rule forbids the
    pair, or one of them waits for no match.
    """
    problem = problem_of_some(programme, [mentor_id, mentee_id], on=on)
    by_id = {candidate.id: candidate for candidate in problem.candidates}
    mentor, mentee = by_id.get(mentor_id), by_id.get(mentee_id)
    if mentor is None or not mentor.as_mentor:
        raise Invalid(_("Choose somebody who has joined as a mentor and waits for a match."), field="mentor")
    if mentee is None or not mentee.as_mentee:
        raise Invalid(_("Choose somebody who has joined to learn and waits for a match."), field="mentee")
    if (reason := engine.rules.forbidden(mentor, mentee, problem)) is not None:
        raise Invalid(_(reason.template, **reason.args), field="mentor")
    score = engine.criteria.score(mentor, mentee, problem)
    return score.total, [part.as_json() for part in score.parts]
