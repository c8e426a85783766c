"""The best pair first, then the best of what is left, and so on: what one would do by hand.

Each row holds its best few columns; the row whose best is the highest goes first. So nothing as large as a
sorted list of all pairs is needed.
"""

from heapq import heappop, heappush

import numpy as np
from stage import FORBIDDEN, Given, Pairs, play

AHEAD = 64
"""Columns that a row looks ahead."""


def pair(given: Given) -> Pairs:
    """Of equal pairs, the one of the first row, then of the first column."""
    scores = np.memmap(given.folder / "scores.i16", np.int16, "r", shape=given.shape)
    row_left, column_left = list(given.row_seats), np.array(given.column_seats)
    ahead: list[list[tuple[int, int]]] = [[] for _ in row_left]
    waiting: list[tuple[int, int, int]] = []
    found: Pairs = []

    def wait(row: int) -> None:
        while True:
            if not ahead[row]:
                ahead[row] = _best(scores[row], column_left)
            if not ahead[row]:
                return
            cost, column = ahead[row].pop()
            if column_left[column]:
                heappush(waiting, (cost, row, column))
                return

    for row in range(len(row_left)):
        wait(row)
    while waiting:
        _, row, column = heappop(waiting)
        if column_left[column]:
            found.append((row, column))
            row_left[row] -= 1
            column_left[column] -= 1
        if row_left[row]:
            wait(row)
    return found


def _best(scores: np.ndarray, column_left: np.ndarray) -> list[tuple[int, int]]:
    """The best open columns of a row as (cost, column), best last."""
    columns = np.flatnonzero((scores != FORBIDDEN) & (column_left > 0))
    if len(columns) > AHEAD:
        least = np.partition(scores[columns], -AHEAD)[-AHEAD]
        columns = columns[scores[columns] >= least]
    return sorted(((-int(scores[column]), int(column)) for column in columns), reverse=True)


if __name__ == "__main__":
    play(pair)
