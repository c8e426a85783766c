"""What a set of pairs is worth by our criteria, whoever found it. Knows the table of scores and no solver."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .entrants.stage import BEND, FORBIDDEN, Given, Goals, Pairs

Table = NDArray[np.int16]


@dataclass(frozen=True)
class Verdict:
    """Forbidden pairs (by a rule, twice the same, or past somebody's seats) count for nobody. `worst` is of
    10000.
    """

    mentees_unmatched: int
    mentors_unmatched: int
    below: int
    total: int
    worst: int
    forbidden: int
    value: int
    """The four goals as one number, the larger the better."""


def table(given: Given) -> Table:
    """The scores of an instance, read from its folder as they are needed."""
    return np.memmap(given.folder / "scores.i16", np.int16, "r", shape=given.shape)


def judge(given: Given, pairs: Pairs) -> Verdict:
    """Count, in the order in which the pairs are given."""
    scores, goals = table(given), Goals.of(given)
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    good: dict[tuple[int, int], int] = {}
    for row, column in pairs:
        score = int(scores[row, column])
        open_seats = rows[row] < given.row_seats[row] and columns[column] < given.column_seats[column]
        if score != FORBIDDEN and open_seats and (row, column) not in good:
            good[row, column] = score
            rows[row] += 1
            columns[column] += 1
    reached = list(good.values())
    return Verdict(
        mentees_unmatched=len(given.column_seats) - len(columns),
        mentors_unmatched=len(given.row_seats) - len(rows),
        below=sum(score < given.line for score in reached),
        total=sum(score + min(score, BEND) for score in reached),
        worst=min(reached, default=0),
        forbidden=len(pairs) - len(good),
        value=goals.mentee * len(columns)
        + goals.mentor * len(rows)
        + sum(goals.pair(each, given.line) for each in reached),
    )
