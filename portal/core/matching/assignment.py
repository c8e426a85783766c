"""The optimum: which seats meet, for four goals in their order, exactly.

The goals become one whole number per pair of seats: a mentee's first seat weighs more than all that follows can sum to, a
mentor's first seat more than what follows that, a pair below the line costs more than all scores, and the rest is phi of the
score. The linear assignment of scipy then finds the largest sum. Where both of a pair have several seats it could pair the
same two twice; then the linear programme over single pairs is solved, whose matrix is totally unimodular, so that its corner
is whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linear_sum_assignment, linprog

from portal.core.translatable import N_
from portal.errors import Invalid

BEND = 5000
LARGEST = 2**52
"""Below this, float64 holds whole numbers and their differences exactly."""


@dataclass(frozen=True)
class Instance:
    """Mentors by mentees: scores (0..10000), which pairs are allowed, how many seats each has, and who has one already.

    `line` is in the same unit as scores. `met_mentors` and `met_mentees`: who is in a locked pair, which counts for them.
    """

    scores: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    mentor_seats: NDArray[np.int64]
    mentee_seats: NDArray[np.int64]
    met_mentors: NDArray[np.bool_]
    met_mentees: NDArray[np.bool_]
    line: int


def phi(scores: NDArray[np.int64]) -> NDArray[np.int64]:
    """s + min(s, 5000): below fifty points each missing point counts double."""
    return scores + np.minimum(scores, BEND)


def solve(instance: Instance) -> list[tuple[int, int]]:
    """The best pairs, as (row, column), in order."""
    if not instance.allowed.any():
        return []
    weights = Weights(instance)
    found = _by_assignment(instance, weights)
    if len(set(found)) < len(found):
        found = _by_programme(instance, weights)
    return sorted(set(found))


class Weights:
    """What a pair of seats is worth: `pair` for any two seats, more for the first seat of the mentee and of the mentor."""

    def __init__(self, instance: Instance) -> None:
        pairs = int(min(instance.mentor_seats.sum(), instance.mentee_seats.sum()))
        value = phi(instance.scores)
        below = 2 * 10_000 * pairs + 1
        self.mentor = (below + 20_000) * pairs + 1
        self.mentee = (self.mentor + below + 20_000) * pairs + 1
        if self.mentee + self.mentor > LARGEST:
            raise Invalid(N_("There are too many people for one exact run."))
        # A pair is worth at least 1, so that two of equal score are still better paired than not.
        self.pair = np.where(instance.scores < instance.line, value - below, value + 1)


def _by_assignment(instance: Instance, weights: Weights) -> list[tuple[int, int]]:
    """Every seat a row or a column; a pair of seats that is not allowed, or not worth it, weighs nothing and is no pair."""
    rows, first_row = _seats(instance.mentor_seats, instance.met_mentors)
    columns, first_column = _seats(instance.mentee_seats, instance.met_mentees)
    table = weights.pair[np.ix_(rows, columns)].astype(np.float64)
    table += first_row[:, None] * float(weights.mentor) + first_column[None, :] * float(weights.mentee)
    table[~instance.allowed[np.ix_(rows, columns)]] = 0
    np.maximum(table, 0, out=table)
    chosen = zip(*linear_sum_assignment(table, maximize=True), strict=True)
    return [(int(rows[row]), int(columns[column])) for row, column in chosen if table[row, column] > 0]


def _seats(seats: NDArray[np.int64], met: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The owner of each seat, and whether it is the owner's first."""
    owners = np.repeat(np.arange(len(seats)), seats)
    first = np.ones(len(owners), bool)
    first[1:] = owners[1:] != owners[:-1]
    return owners, first & ~met[owners]


def _by_programme(instance: Instance, weights: Weights) -> list[tuple[int, int]]:
    """Pairs, each once, by a linear programme: x for each allowed pair, y for each person whose first seat is filled.

    The largest sum of pair.x + mentor.y + mentee.z with y <= sum of x of that person <= seats. Goals are solved one after
    the other, each held while the next is sought, so that all numbers stay small.
    """
    rows, columns = np.nonzero(instance.allowed)
    many, mentors, mentees = len(rows), *instance.allowed.shape
    size = many + mentors + mentees
    limits = _limits(rows, columns, instance, size)
    upper = np.concatenate([np.ones(many), ~instance.met_mentors, ~instance.met_mentees]).astype(float)
    goals = _goals(instance, rows, columns, size)
    held: list[tuple[NDArray[np.float64], float]] = []
    answer = np.zeros(size)
    for goal in goals:
        matrix = sparse.vstack([limits[0], *(sparse.csr_array(-each[None, :]) for each, _ in held)]).tocsr()
        bounds = np.concatenate([limits[1], [-best for _, best in held]])
        solved = linprog(-goal, A_ub=matrix, b_ub=bounds, bounds=np.stack([np.zeros(size), upper], 1), method="highs-ds")
        if solved.x is None:
            raise RuntimeError(f"the linear programme was not solved: {solved.message}")
        answer = np.round(solved.x)
        held.append((goal, float(goal @ answer)))
    return [(int(rows[at]), int(columns[at])) for at in np.nonzero(answer[:many])[0]]


def _goals(instance: Instance, rows: NDArray[np.int64], columns: NDArray[np.int64], size: int) -> list[NDArray[np.float64]]:
    """Mentees met; then mentors met; then few below the line; then phi."""
    many, mentors = len(rows), instance.allowed.shape[0]
    goals = [np.zeros(size) for _ in range(4)]
    goals[0][many + mentors :] = 1
    goals[1][many : many + mentors] = 1
    scores = instance.scores[rows, columns]
    goals[2][:many] = -(scores < instance.line).astype(float)
    goals[3][:many] = phi(scores) + 1
    return goals


def _limits(
    rows: NDArray[np.int64], columns: NDArray[np.int64], instance: Instance, size: int
) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """No more pairs than seats, and nobody counts as met without a pair."""
    many, mentors, mentees = len(rows), *instance.allowed.shape
    pairs = np.arange(many)
    owners = np.concatenate([rows, mentors + columns])
    used = sparse.csr_array((np.ones(2 * many), (owners, np.concatenate([pairs, pairs]))), (mentors + mentees, size))
    people = np.arange(mentors + mentees)
    met = sparse.csr_array((np.ones(mentors + mentees), (people, many + people)), (mentors + mentees, size))
    seats = np.concatenate([instance.mentor_seats, instance.mentee_seats]).astype(float)
    return sparse.vstack([used, met - used]).tocsr(), np.concatenate([seats, np.zeros(mentors + mentees)])


def objective(instance: Instance, pairs: Sequence[tuple[int, int]]) -> tuple[int, int, int, int]:
    """Mentees and mentors unmet, pairs below the line, and the sum of phi: smaller, smaller, smaller, larger is better."""
    mentors, mentees = instance.met_mentors.copy(), instance.met_mentees.copy()
    for row, column in pairs:
        mentors[row] = mentees[column] = True
    scores = np.array([instance.scores[each] for each in pairs], np.int64)
    return int((~mentees).sum()), int((~mentors).sum()), int((scores < instance.line).sum()), int(phi(scores).sum())
