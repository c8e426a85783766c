"""The engine: from a problem to pairs with their reasons, and to whom was left over and why."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portal.core.matching import criteria, rules
from portal.core.matching.assignment import Instance, objective, people_unmet, phi, solve
from portal.core.matching.candidates import Candidate, Problem
from portal.core.matching.left_over import Outcome, left_over
from portal.core.matching.locks import check_locks
from portal.core.matching.one_way import People
from portal.core.matching.results import Pair, Progress, Result, silent

ROWS = 250
"""Rows scored, or pairs explained, between two reports of progress."""


def match(problem: Problem, progress: Progress = silent) -> Result:
    """The best pairs; raises Invalid for locks that cannot all be kept.

    `progress` is told the phase ("scoring", "solving", "explaining"), how far it is and of how much.
    """
    scores, broken = _scored(problem, progress)
    allowed = ~np.logical_or.reduce(list(broken.values()))
    locked = check_locks(problem)
    instance = _instance(problem, scores, allowed, locked)
    if problem.rules.line == "auto":
        instance = replace(instance, line=_best_line(instance, progress))
    progress("solving", 0, 1)
    found = solve(instance)
    progress("solving", 1, 1)
    chosen = sorted([*locked, *found])
    pairs = _explained(problem, chosen, progress)
    unmet_mentees, unmet_mentors, below, _ = objective(instance, found)
    numbers = {
        "mentees_unmatched": unmet_mentees,
        "mentors_unmatched": unmet_mentors,
        "below_line": below,
        "total_phi": int(phi(np.array([pair.total for pair in pairs], np.int64)).sum()),
    }
    return Result(pairs, left_over(Outcome(problem, allowed, broken, chosen)), numbers, instance.line)


def _scored(problem: Problem, progress: Progress) -> tuple[NDArray[np.int64], dict[str, NDArray[np.bool_]]]:
    """All scores and broken rules, some rows at a time."""
    mentors, mentees = problem.mentors, problem.mentees
    size = (len(mentors), len(mentees))
    scores, broken = np.zeros(size, np.int64), {name: np.zeros(size, bool) for name in rules.ORDER}
    for start in range(0, len(mentors), ROWS):
        progress("scoring", start, len(mentors))
        rows = slice(start, start + ROWS)
        scores[rows] = criteria.totals(mentors[rows], mentees, problem)
        for name, table in rules.broken_rules(mentors[rows], mentees, problem).items():
            broken[name][rows] = table
    progress("scoring", len(mentors), len(mentors))
    return scores, broken


def _bonus(problem: Problem, scores: NDArray[np.int64]) -> NDArray[np.int64] | int:
    """What is added to the scores of pairs that are together already; no score passes the highest there is."""
    if not problem.stay or not problem.rules.stay_bonus:
        return 0
    bonus = np.zeros_like(scores)
    rows, columns = _places(problem.mentors), _places(problem.mentees)
    for mentor, mentee in problem.stay:
        if mentor in rows and mentee in columns:
            bonus[rows[mentor], columns[mentee]] = problem.rules.stay_bonus * 100
    return np.minimum(bonus, 10_000 - scores)


def _places(people: Sequence[Candidate]) -> dict[int, int]:
    return {each.id: number for number, each in enumerate(people)}


def _instance(
    problem: Problem, scores: NDArray[np.int64], allowed: NDArray[np.bool_], locked: Sequence[tuple[int, int]]
) -> Instance:
    """What is left to decide when the locked pairs have their seats."""
    rows, columns = _places(problem.mentors), _places(problem.mentees)
    both = rows.keys() & columns.keys()
    people = People({columns[each]: rows[each] for each in both}, {rows[each]: columns[each] for each in both})
    mentor_seats = np.array([each.mentor_capacity for each in problem.mentors], np.int64)
    mentee_seats = np.array([each.mentee_capacity for each in problem.mentees], np.int64)
    free, bonus = allowed.copy(), _bonus(problem, scores)
    met_mentors = np.array([each.met_as_mentor for each in problem.mentors], bool)
    met_mentees = np.array([each.met_as_mentee for each in problem.mentees], bool)
    for row, column in locked:
        for way in people.ways((row, column)) or ((row, column),):
            free[way] = False
        mentor_seats[row] -= 1
        mentee_seats[column] -= 1
        met_mentors[row] = met_mentees[column] = True
    line = 0 if problem.rules.line == "auto" else int(problem.rules.line) * 100
    return Instance(scores, free, mentor_seats, mentee_seats, met_mentors, met_mentees, line, bonus, people)


def _best_line(instance: Instance, progress: Progress) -> int:
    """The highest line that no pair need be below while as many people as possible are met."""
    values = np.unique(instance.scores[instance.allowed])
    low, high = 0, len(values)
    steps, most = high.bit_length(), people_unmet(instance)
    while low < high:
        progress("solving", steps - (high - low).bit_length(), steps)
        middle = (low + high) // 2
        if people_unmet(replace(instance, allowed=instance.allowed & (instance.scores >= values[middle]))) == most:
            low = middle + 1
        else:
            high = middle
    return int(values[low - 1]) if low else 0


def _explained(problem: Problem, chosen: Sequence[tuple[int, int]], progress: Progress) -> tuple[Pair, ...]:
    pairs, found = [(problem.mentors[row], problem.mentees[column]) for row, column in chosen], []
    for number, (pair, scored) in enumerate(zip(pairs, criteria.scores(pairs, problem), strict=True)):
        if number % ROWS == 0:
            progress("explaining", number, len(pairs))
        found.append(Pair(pair[0].id, pair[1].id, scored.total, scored.parts))
    progress("explaining", len(pairs), len(pairs))
    return tuple(found)
