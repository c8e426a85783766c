"""What is told after a run of very many people: the next best partners, and why somebody has nobody this
time.

All pairs are looked at once more. Of those who are left over it is kept, bit by bit, whom the rules would
have allowed; which rules forbid whom is reckoned only for people to whom the rules leave nobody at all.
"""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from portal.core.matching import rules
from portal.core.matching.candidates import Candidate, Problem
from portal.core.matching.explanations.explaining import NextBest, in_both_roles
from portal.core.matching.explanations.left_over import LeftOver, Outcome, left_over
from portal.core.matching.results import Progress
from portal.core.matching.scale.field import abreast
from portal.core.matching.scale.market import Points, Whole
from portal.core.matching.scale.streaming import FORBIDDEN, Scorer

Mask = NDArray[np.bool_]
AT_ONCE = 128
"""People whose rules are reckoned together."""


class Aftermath:
    """Looks at all pairs when some are `chosen` (row, column). `best`: the best score of each mentor and each
    mentee, but for pairs that are `closed` (keys in order)."""

    def __init__(
        self,
        problem: Problem,
        scorer: Scorer,
        chosen: Sequence[tuple[int, int]],
        closed: Whole,
        progress: Progress,
    ) -> None:
        self.problem, self.chosen = problem, chosen
        height, width = scorer.shape
        self.others = NextBest(scorer.shape, chosen, in_both_roles(problem))
        self.best = np.full(height, FORBIDDEN, np.int16), np.full(width, FORBIDDEN, np.int16)
        self.allowed = _Allowed(
            _alone(problem.mentors, chosen, 0), _alone(problem.mentees, chosen, 1), scorer.shape
        )

        def look(start: int, end: int) -> tuple[int, Points]:
            return start, scorer.block(start, end)

        for end, (start, scores) in abreast(height, look):
            allowed = scores >= 0
            self.others.look(start, scores, allowed)
            self.allowed.look(start, allowed)
            some = slice(*np.searchsorted(closed, (start * width, end * width)))
            scores.reshape(-1)[closed[some] - start * width] = FORBIDDEN
            self.best[0][start:end] = scores.max(axis=1, initial=FORBIDDEN)
            np.maximum(self.best[1], scores.max(axis=0, initial=FORBIDDEN), out=self.best[1])
            progress("explaining", end, height)

    def left_over(self) -> tuple[LeftOver, ...]:
        """Who has no partner in a role, and why, by id."""
        tables = _Tables(self.problem)
        broken = cast(Mapping[str, Mask], {name: _Broken(tables, name) for name in rules.ORDER})
        return left_over(Outcome(self.problem, cast(Mask, self.allowed), broken, self.chosen))


def _alone(people: Sequence[Candidate], chosen: Sequence[tuple[int, int]], side: int) -> Whole:
    """The rows, or columns, of those who are in no pair."""
    met = {pair[side] for pair in chosen}
    return np.array([number for number in range(len(people)) if number not in met], np.int64)


class _Allowed:
    """What a table of the pairs that are allowed says of some rows and some columns: table[row], table[:,
    column].
    """

    def __init__(self, rows: Whole, columns: Whole, shape: tuple[int, int]) -> None:
        self.rows, self.columns, self.shape = rows, columns, shape
        self.of_rows = np.zeros((len(rows), -(-shape[1] // 8)), np.uint8)
        self.of_columns = np.zeros((shape[0], -(-len(columns) // 8)), np.uint8)

    def look(self, start: int, allowed: Mask) -> None:
        """See some rows."""
        first, last = np.searchsorted(self.rows, (start, start + len(allowed)))
        self.of_rows[first:last] = np.packbits(allowed[self.rows[first:last] - start], axis=1)
        self.of_columns[start : start + len(allowed)] = np.packbits(allowed[:, self.columns], axis=1)

    def __getitem__(self, at: int | tuple[slice, int]) -> Mask:
        if isinstance(at, tuple):
            place = int(np.searchsorted(self.columns, at[1]))
            found: Mask = (self.of_columns[:, place // 8] >> (7 - place % 8) & 1).astype(bool)
            return found
        row = self.of_rows[int(np.searchsorted(self.rows, at))]
        return np.unpackbits(row, count=self.shape[1]).astype(bool)


class _Tables:
    """The tables of all rules for a few rows, or a few columns, at a time; the last ones are remembered."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.rows: tuple[int, Mapping[str, Mask]] = (-1, {})
        self.columns: tuple[int, Mapping[str, Mask]] = (-1, {})

    def row(self, name: str, row: int) -> Mask:
        """What a rule says of a mentor with all mentees."""
        start = row - row % AT_ONCE
        if self.rows[0] != start:
            some = self.problem.mentors[start : start + AT_ONCE]
            self.rows = start, rules.broken_rules(some, self.problem.mentees, self.problem)
        found: Mask = self.rows[1][name][row - start]
        return found

    def column(self, name: str, column: int) -> Mask:
        """What a rule says of a mentee with all mentors."""
        start = column - column % AT_ONCE
        if self.columns[0] != start:
            some = self.problem.mentees[start : start + AT_ONCE]
            self.columns = start, rules.broken_rules(self.problem.mentors, some, self.problem)
        return self.columns[1][name][:, column - start]


class _Broken:
    """What the table of one rule says of a row or a column: table[row], table[:, column]."""

    def __init__(self, tables: _Tables, name: str) -> None:
        self.tables, self.name = tables, name

    def __getitem__(self, at: int | tuple[slice, int]) -> Mask:
        return (
            self.tables.column(self.name, at[1]) if isinstance(at, tuple) else self.tables.row(self.name, at)
        )
