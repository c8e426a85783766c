"""What is told of each pair that was chosen: its points with their sentences, and the next best partner for
either side.

Both ways of solving, the dense one and the one for very many people, tell it with these same few functions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portal.core.matching import criteria
from portal.core.matching.candidates import Candidate, Problem
from portal.core.matching.plans.one_way import People
from portal.core.matching.results import Other, Pair, Progress

ROWS = 250
"""Rows scored, or pairs explained, between two reports of progress."""
NOBODY = -1


def places(people: Sequence[Candidate]) -> dict[int, int]:
    """The number of each person's row or column."""
    return {each.id: number for number, each in enumerate(people)}


def in_both_roles(problem: Problem) -> People:
    """Which row and which column are one person."""
    rows, columns = places(problem.mentors), places(problem.mentees)
    both = sorted(rows.keys() & columns.keys())
    return People({columns[each]: rows[each] for each in both}, {rows[each]: columns[each] for each in both})


class NextBest:
    """The best others for the two of each pair of `chosen` (row, column), seen some rows at a time, from the
    first on.

    Nobody who is paired with somebody already, either way round, is an other to them. Of equals the first is
    taken.
    """

    def __init__(self, size: tuple[int, int], chosen: Sequence[tuple[int, int]], people: People) -> None:
        ways = {way for pair in chosen for way in people.ways(pair) or (pair,)}
        self.taken = np.array(sorted(ways), np.int64).reshape(-1, 2)
        self.mentee, self.mentee_points = np.full(size[0], NOBODY), np.full(size[0], NOBODY)
        self.mentor, self.mentor_points = np.full(size[1], NOBODY), np.full(size[1], NOBODY)

    def look(self, start: int, scores: NDArray[np.signedinteger], allowed: NDArray[np.bool_]) -> None:
        """See the scores of the rows from `start`, and which of their pairs the rules allow."""
        if not scores.size:
            return
        points = scores.copy()
        points[~allowed] = NOBODY
        first, last = np.searchsorted(self.taken[:, 0], (start, start + len(scores)))
        points[self.taken[first:last, 0] - start, self.taken[first:last, 1]] = NOBODY
        rows, best = slice(start, start + len(scores)), points.argmax(axis=1)
        self.mentee_points[rows] = points[np.arange(len(points)), best]
        self.mentee[rows] = best
        best, columns = points.argmax(axis=0), np.arange(points.shape[1])
        better = points[best, columns] > self.mentor_points
        self.mentor_points[better] = points[best, columns][better]
        self.mentor[better] = best[better] + start

    def for_pair(self, row: int, column: int, problem: Problem) -> tuple[Other | None, Other | None]:
        """The best other mentor for the mentee in a column, and the best other mentee for the mentor in a
        row.
        """
        mentor, mentor_points = int(self.mentor[column]), int(self.mentor_points[column])
        mentee, mentee_points = int(self.mentee[row]), int(self.mentee_points[row])
        return (
            Other(problem.mentors[mentor].id, mentor_points) if mentor_points >= 0 else None,
            Other(problem.mentees[mentee].id, mentee_points) if mentee_points >= 0 else None,
        )


def explained(
    problem: Problem, chosen: Sequence[tuple[int, int]], others: NextBest, progress: Progress
) -> tuple[Pair, ...]:
    """The pairs of `chosen` (row, column) with their reasons, in order."""
    pairs, found = [(problem.mentors[row], problem.mentees[column]) for row, column in chosen], []
    for number, (pair, scored) in enumerate(zip(pairs, criteria.scores(pairs, problem), strict=True)):
        if number % ROWS == 0:
            progress("explaining", number, len(pairs))
        next_mentor, next_mentee = others.for_pair(*chosen[number], problem)
        found.append(Pair(pair[0].id, pair[1].id, scored.total, scored.parts, next_mentor, next_mentee))
    progress("explaining", len(pairs), len(pairs))
    return tuple(found)
