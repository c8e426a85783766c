"""The package matching (Wilde, Knight and Gillard, 2020): hospitals and residents, who are mentors and
mentees here.

Everybody ranks all whom they may meet by our score, ties by number. Whoever may meet nobody is left out, as
the package asks. The package copies its players deeply, and each knows others: so it gets all the depth and
stack that it wants.
"""

import sys
import threading

from matching.games import HospitalResident
from stage import FORBIDDEN, Given, Pairs, play


def pair(given: Given) -> Pairs:
    """The stable pairs that are best for the residents."""
    scores = given.scores()
    rows, columns = given.shape
    hospitals = {
        row: _ranked({column: scores[row][column] for column in range(columns)}) for row in range(rows)
    }
    residents = {
        column: _ranked({row: scores[row][column] for row in range(rows)}) for column in range(columns)
    }
    # The names of the two sides are kept apart, since the package compares players by name.
    game = HospitalResident.create_from_dictionaries(
        {f"r{column}": [f"h{row}" for row in each] for column, each in residents.items() if each},
        {f"h{row}": [f"r{column}" for column in each] for row, each in hospitals.items() if each},
        {f"h{row}": given.row_seats[row] for row, each in hospitals.items() if each},
    )
    found = game.solve(optimal="resident")
    return [(int(row.name[1:]), int(column.name[1:])) for row, chosen in found.items() for column in chosen]


def _ranked(scores: dict[int, int]) -> list[int]:
    return sorted(
        (other for other, score in scores.items() if score != FORBIDDEN),
        key=lambda other: (-scores[other], other),
    )


if __name__ == "__main__":
    sys.setrecursionlimit(10**8)
    threading.stack_size(2**29)
    thread = threading.Thread(target=play, args=(pair,))
    thread.start()
    thread.join()
