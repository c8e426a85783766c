"""A problem as whole tables, mentors by mentees: each score, each rule, and what is left to decide beside
locks.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from portal.core.matching import criteria, rules
from portal.core.matching.candidates import Problem
from portal.core.matching.explanations.explaining import ROWS, in_both_roles, places
from portal.core.matching.plans.assignment import Instance
from portal.core.matching.plans.points import Scores
from portal.core.matching.results import Progress

Mask = NDArray[np.bool_]


def scored(problem: Problem, progress: Progress) -> tuple[NDArray[np.int32], dict[str, Mask]]:
    """All scores and broken rules, some rows at a time."""
    mentors, mentees = problem.mentors, problem.mentees
    size = (len(mentors), len(mentees))
    scores, in_force = np.zeros(size, np.int32), rules.in_force(problem)
    broken = {name: np.zeros(size, bool) for name in in_force}
    for start in range(0, len(mentors), ROWS):
        progress("scoring", start, len(mentors))
        rows = slice(start, start + ROWS)
        scores[rows] = criteria.totals(mentors[rows], mentees, problem)
        found = rules.broken_rules(mentors[rows], mentees, problem)
        for name in in_force:
            broken[name][rows] = found[name]
    progress("scoring", len(mentors), len(mentors))
    never = np.broadcast_to(np.False_, size)
    return scores, {name: broken.get(name, never) for name in rules.ORDER}


def any_of(tables: Iterable[Mask], size: tuple[int, ...]) -> Mask:
    """Where any of the tables says yes."""
    found = np.zeros(size, bool)
    for table in tables:
        found |= table
    return found


def instance_of(
    problem: Problem, scores: Scores, allowed: Mask, locked: Sequence[tuple[int, int]]
) -> Instance:
    """What is left to decide when the locked pairs (row, column) have their seats. A line that is to be found
    is 0 here.
    """
    people = in_both_roles(problem)
    mentor_seats = _numbers([each.mentor_capacity for each in problem.mentors])
    mentee_seats = _numbers([each.mentee_capacity for each in problem.mentees])
    free = allowed.copy()
    met_mentors = np.array([each.met_as_mentor for each in problem.mentors], bool)
    met_mentees = np.array([each.met_as_mentee for each in problem.mentees], bool)
    for row, column in locked:
        for way in people.ways((row, column)) or ((row, column),):
            free[way] = False
        mentor_seats[row] -= 1
        mentee_seats[column] -= 1
        met_mentors[row] = met_mentees[column] = True
    return Instance(
        *(scores, free, mentor_seats, mentee_seats, met_mentors, met_mentees),
        line=0 if problem.rules.line == "auto" else int(problem.rules.line) * 100,
        bonus=_bonus(problem, scores),
        people=people,
        mentor_turns=_numbers([2 if each.waited_as_mentor else 1 for each in problem.mentors]),
        mentee_turns=_numbers([2 if each.waited_as_mentee else 1 for each in problem.mentees]),
    )


def _numbers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def _bonus(problem: Problem, scores: Scores) -> Scores | int:
    """What is added to the scores of pairs that are together already; no score passes the
    highest there is.
    """
    if not problem.stay or not problem.rules.stay_bonus:
        return 0
    bonus = np.zeros_like(scores)
    rows, columns = places(problem.mentors), places(problem.mentees)
    for mentor, mentee in problem.stay:
        if mentor in rows and mentee in columns:
            at = rows[mentor], columns[mentee]
            bonus[at] = min(problem.rules.stay_bonus * 100, 10_000 - int(scores[at]))
    return bonus
