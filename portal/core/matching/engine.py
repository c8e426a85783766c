"""The engine: from a problem to pairs with their reasons, and to whom was left over and why."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from portal.core.matching.candidates import Problem
from portal.core.matching.dense import any_of, instance_of, scored
from portal.core.matching.explanations.explaining import NextBest, explained, in_both_roles
from portal.core.matching.explanations.left_over import Outcome, left_over
from portal.core.matching.locks import check_locks
from portal.core.matching.plans.assignment import (
    Instance,
    none_more_unmet,
    objective,
    people_unmet,
    proven,
)
from portal.core.matching.plans.points import phi
from portal.core.matching.results import Progress, Result, silent
from portal.core.matching.scale.at_scale import match_at_scale

MOST_ABREAST, MOST_SEATS_ABREAST = 3000, 6000
"""More people, or seats, than this on one side are not looked at all at once."""
Pairs = Sequence[tuple[int, int]]


def match(problem: Problem, progress: Progress = silent) -> Result:
    """The best pairs, with the proof; raises Invalid for locks that cannot all be kept.

    `progress` is told the phase ("scoring", "solving", "explaining"), how far it is and of how much. The same
    people give the same pairs in whatever order they come; that of equally good choices it is the first is
    promised to MOST_ABREAST.
    """
    if _are_very_many(problem):
        return match_at_scale(problem, progress)
    locked = check_locks(problem)
    scores, broken = scored(problem, progress)
    allowed = ~any_of(broken.values(), scores.shape)
    instance = instance_of(problem, scores, allowed, locked)
    held_by = None
    if problem.rules.line == "auto":
        instance = replace(instance, line=_best_line(instance, progress))
    progress("solving", 0, 1)
    found = proven(instance)
    progress("solving", 1, 1)
    if problem.rules.line == "auto":
        held_by = _held_by(problem, instance, found.pairs)
    chosen = sorted([*locked, *found.pairs])
    others = NextBest(scores.shape, chosen, in_both_roles(problem))
    others.look(0, scores, allowed)
    pairs = explained(problem, chosen, others, progress)
    unmet_mentees, unmet_mentors, below, _ = objective(instance, found.pairs)
    numbers = {
        "mentees_unmatched": unmet_mentees,
        "mentors_unmatched": unmet_mentors,
        "below_line": below,
        "total_phi": int(phi(np.array([pair.total for pair in pairs], np.int64)).sum()),
    }
    alone = left_over(Outcome(problem, allowed, broken, chosen))
    return Result(pairs, alone, numbers, instance.line, found.gap, held_by)


def _are_very_many(problem: Problem) -> bool:
    """Whether whole tables of everybody would be too large, or take too long."""
    people = max(len(problem.mentors), len(problem.mentees))
    mentors, mentees = (
        (each.mentor_capacity for each in problem.mentors),
        (each.mentee_capacity for each in problem.mentees),
    )
    return people > MOST_ABREAST or max(sum(mentors), sum(mentees)) > MOST_SEATS_ABREAST


def _best_line(instance: Instance, progress: Progress) -> int:
    """The highest line that no pair need be below while as many people as possible are met."""
    values = np.unique(instance.scores[instance.allowed])
    low, high = 0, len(values)
    steps, most = high.bit_length(), people_unmet(instance)
    while low < high:
        progress("solving", steps - (high - low).bit_length(), steps)
        middle = (low + high) // 2
        if none_more_unmet(instance.above(int(values[middle])), most):
            low = middle + 1
        else:
            high = middle
    return int(values[low - 1]) if low else 0


def _held_by(problem: Problem, instance: Instance, pairs: Pairs) -> int | None:
    """Whoever is met only by these pairs, and whose own best option is the line itself; the first by id, if
    there is one.
    """
    best = np.where(instance.allowed, instance.scores, -1)
    rows, columns = ({pair[side] for pair in pairs} for side in (0, 1))
    found = {
        problem.mentors[row].id
        for row in rows
        if not instance.met_mentors[row] and best[row].max() == instance.line
    } | {
        problem.mentees[column].id
        for column in columns
        if not instance.met_mentees[column] and best[:, column].max() == instance.line
    }
    return min(found, default=None)
