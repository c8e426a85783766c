"""scipy's dense assignment on the four goals in one number: exact while float64 holds them, to about 5,000 a
side.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment
from stage import BEND, FORBIDDEN, Given, Goals, Pairs, play


def pair(given: Given) -> Pairs:
    """The whole table of seats at once."""
    goals = Goals.of(given)
    scores = np.fromfile(given.folder / "scores.i16", np.int16).reshape(given.shape)
    values = np.arange(10_001, dtype=np.float64)
    values += np.minimum(values, BEND) - np.where(values < given.line, float(goals.below), 0)
    (rows, first_row), (columns, first_column) = _seats(given.row_seats), _seats(given.column_seats)
    table = values[scores[np.ix_(rows, columns)]]
    table += first_row[:, None] * float(goals.mentor)
    table += first_column[None, :] * float(goals.mentee)
    table[scores[np.ix_(rows, columns)] == FORBIDDEN] = 0
    np.maximum(table, 0, out=table)
    chosen = linear_sum_assignment(table, maximize=True)
    return [
        (rows[row], columns[column]) for row, column in zip(*chosen, strict=True) if table[row, column] > 0
    ]


def _seats(seats: list[int]) -> tuple[np.ndarray, np.ndarray]:
    owners = np.repeat(np.arange(len(seats)), seats)
    return owners, np.diff(owners, prepend=-1) > 0


if __name__ == "__main__":
    play(pair)
