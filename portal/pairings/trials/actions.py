"""Trials: runs with weights, rules and pairs of their own, which change nothing until one is kept.

A programme may have one trial under way and one ordinary run beside it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from portal.core.matching.candidates import WEIGHTS, Problem, Refusal
from portal.db import db
from portal.errors import Invalid, Stale
from portal.pairings import words
from portal.pairings.matching import engine, runs
from portal.pairings.matching.drafts import keep_run
from portal.pairings.matching.problem import ByHand, Pair, problem_of
from portal.pairings.models import MatchRun, RunPair
from portal.pairings.queries import hold_board, hold_programme
from portal.people.listing import names_of
from portal.people.models import Person
from portal.programmes.actions import edit_programme
from portal.programmes.models import Programme

LONGEST_TITLE = 80


def ask_trial(
    programme: Programme,
    *,
    title: str,
    weights: Mapping[str, int],
    rules: Mapping[str, Any],
    locks: Collection[Pair] = (),
    forbids: Collection[Pair] = (),
    by: Person,
    at: datetime,
) -> MatchRun:
    """Ask for a trial. Asked again for the same one while it is under way, return that.

    Raises Invalid, with a sentence, for weights that do not sum to 100, for rules that are none, for pairs of
    people who do not wait, for locks that cannot all be kept, and while another trial of the programme is
    under way.
    """
    runs.check_open(programme)
    by_hand = ByHand(frozenset(locks), frozenset(forbids))
    _check(programme, weights, rules, by_hand, at)
    hold_programme(programme.id)
    if trial := runs.under_way(programme.id, trial=True):
        if _is_the_same(trial, title, weights, rules, by_hand):
            return trial
        raise Invalid(
            _("A trial of this programme is under way. Wait until it is done, or end it; then try this one.")
        )
    run = runs.queued(programme, weights=weights, rules=rules, title=title, trial=True, by=by, at=at)
    db.session.add_all(
        RunPair(run_id=run.id, mentor_id=mentor, mentee_id=mentee, how=how)
        for how, pairs in (("lock", by_hand.locks), ("forbid", by_hand.forbids))
        for mentor, mentee in sorted(pairs)
    )
    runs.ask(run, by=by)
    return run


def keep(
    run: MatchRun, *, by: Person, at: datetime, rules_too: bool = False, seen: int = 0
) -> tuple[int, int]:
    """Make drafts of a run or trial; return how many, and how many pairs were left out.

    With `rules_too` its weights and rules become the programme's; raises Stale when the
    programme's version is not the one that was `seen`.
    """
    if rules_too:
        hold_board(run.programme_id)
        programme = db.session.get_one(Programme, run.programme_id, populate_existing=True)
        try:
            edit_programme(programme, seen=seen, by=by, weights=dict(run.weights), rules=dict(run.rules))
        except Stale as error:
            message = _(
                "Somebody changed this programme's rules meanwhile, so nothing was kept. Look at them, and"
                " keep it again."
            )
            raise Stale(message, theirs=error.theirs, yours=error.yours) from error
    return keep_run(run, by=by, at=at)


def _check(
    programme: Programme, weights: Mapping[str, int], rules: Mapping[str, Any], by_hand: ByHand, at: datetime
) -> None:
    total = sum(weights.get(name, 0) for name in WEIGHTS)
    if total != 100:
        message = _("The weights must sum to 100; these sum to %(total)s.", total=total)
        raise Invalid(message, field="weight_interests")
    try:
        problem = problem_of(
            programme,
            on=at.date(),
            weights=weights,
            rules=rules,
            by_hand=by_hand,
            only=sorted(by_hand.people),
        )
        engine.locks.check_locks(problem)
    except Refusal as error:
        raise Invalid(words.failure(error.template, error.facts)) from error
    _check_forbids(problem, by_hand.forbids)


def _check_forbids(problem: Problem, forbids: Collection[Pair]) -> None:
    mentors, mentees = {mentor.id for mentor in problem.mentors}, {mentee.id for mentee in problem.mentees}
    for pair in sorted(forbids):
        for person_id, waiting in zip(pair, (mentors, mentees), strict=True):
            if person_id not in waiting:
                name = names_of({person_id}).get(person_id) or _("Somebody who has left")
                raise Invalid(
                    _("%(name)s does not wait for a match in that role: leave that pair out.", name=name)
                )


def _is_the_same(
    trial: MatchRun, title: str, weights: Mapping[str, int], rules: Mapping[str, Any], by_hand: ByHand
) -> bool:
    asked = (title, dict(weights), dict(rules), by_hand)
    return (trial.title, trial.weights, trial.rules, runs.by_hand(trial.id)) == asked
