"""All pairs that may be chosen, some rows of scores at a time, two processors abreast."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.scale.market import Points, Whole
from portal.core.matching.scale.streaming import FORBIDDEN, Scorer

ABREAST = 2
"""Threads: nearly all of the work is done by numpy, which lets others run meanwhile."""
ROWS = 128
"""Rows looked at together."""
Seen = TypeVar("Seen")


class Field:
    """The scores of a Scorer without those who have no seat (`open`: who has one) and without pairs that are
    `closed`.
    """

    def __init__(
        self, scorer: Scorer, open_to: tuple[NDArray[np.bool_], NDArray[np.bool_]], closed: Whole
    ) -> None:
        self.scorer, self.shape = scorer, scorer.shape
        self.open, self.closed = open_to, np.sort(closed)

    def block(self, start: int, end: int) -> Points:
        """The rows from `start` up to but not including `end`."""
        found = self.scorer.block(start, end)
        width = self.shape[1]
        if not self.open[1].all():
            found[:, ~self.open[1]] = FORBIDDEN
        found[~self.open[0][start:end]] = FORBIDDEN
        some = slice(*np.searchsorted(self.closed, (start * width, end * width)))
        found.reshape(-1)[self.closed[some] - start * width] = FORBIDDEN
        return found

    def each(self, look: Callable[[int, Points], Seen]) -> Iterator[tuple[int, Seen]]:
        """What `look` says of the number of a first row and its block, for all rows in order; with the number
        after the last."""
        return abreast(self.shape[0], lambda start, end: look(start, self.block(start, end)))


def abreast(height: int, look: Callable[[int, int], Seen]) -> Iterator[tuple[int, Seen]]:
    """What `look` says of some rows (first, and after the last), for all in order, two at once; with the
    number after the last."""
    starts = range(0, height, ROWS)
    if len(starts) < ABREAST:
        yield from ((min(start + ROWS, height), look(start, min(start + ROWS, height))) for start in starts)
        return
    waiting: deque[tuple[int, Future[Seen]]] = deque()
    with ThreadPoolExecutor(ABREAST) as pool:
        for start in starts:
            waiting.append((min(start + ROWS, height), pool.submit(look, start, min(start + ROWS, height))))
            if len(waiting) > ABREAST:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)


def _first(waiting: "deque[tuple[int, Future[Seen]]]") -> tuple[int, Seen]:
    end, seen = waiting.popleft()
    return end, seen.result()
