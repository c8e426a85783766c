"""The engine for very many people: the same goals, rules and proof as in engine.py, without ever holding a
table of all pairs.

Scores are reckoned some rows at a time, as often as all pairs are looked at: to choose the pairs that are
likely for each person, to see what passes the prices of the best among those, until nothing does, and at last
for what is told of each pair. Then the prices prove that no better choice exists. The same people give the
same pairs in whatever order they come; but of equally good choices it is not always the one that comes first,
as it is where there are fewer people.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.candidates import Problem
from portal.core.matching.explanations.explaining import explained, in_both_roles, places
from portal.core.matching.locks import check_locks
from portal.core.matching.plans.one_way import People
from portal.core.matching.plans.points import phi
from portal.core.matching.results import Progress, Result, silent
from portal.core.matching.scale.branch_and_bound import Best, best, covers, most_met
from portal.core.matching.scale.certified import Search, begin, highest_score, nothing_costs
from portal.core.matching.scale.explanations import Aftermath
from portal.core.matching.scale.field import Field
from portal.core.matching.scale.market import Market, Points, Whole
from portal.core.matching.scale.streaming import Scorer

Pairs = Sequence[tuple[int, int]]


def match_at_scale(problem: Problem, progress: Progress = silent) -> Result:
    """The best pairs; raises Invalid for locks that cannot all be kept, and for far too many people.

    `progress` is told the phase ("scoring", "solving", "explaining"), how far it is and of how much. Each
    time all pairs are looked at for what passes its prices is one "solving" from beginning to end.
    """
    locked = check_locks(problem)
    task = _Task(problem, locked)
    line, found = task.best(progress)
    width = len(problem.mentees)
    pairs = [(key // width, key % width) for key in found.keys.tolist()]
    chosen = sorted([*locked, *pairs])
    after = Aftermath(problem, task.scorer, chosen, task.field.closed, progress)
    told = explained(problem, chosen, after.others, progress)
    free = set(pairs)
    numbers = {
        **task.unmet(pairs),
        "below_line": sum(
            pair in free and said.total < line for pair, said in zip(chosen, told, strict=True)
        ),
        "total_phi": int(phi(np.array([said.total for said in told], np.int64)).sum()),
    }
    held_by = task.held_by(pairs, line, after.best) if problem.rules.line == "auto" else None
    return Result(told, after.left_over(), numbers, line, found.gap, held_by)


class _Task:
    """What is left to decide when the locked pairs have their seats."""

    def __init__(self, problem: Problem, locked: Pairs) -> None:
        self.problem, self.people = problem, in_both_roles(problem)
        mentors, mentees = problem.mentors, problem.mentees
        rows, columns = [row for row, _ in locked], [column for _, column in locked]
        seats = (
            _seats([each.mentor_capacity for each in mentors], rows),
            _seats([each.mentee_capacity for each in mentees], columns),
        )
        self.met = (
            _met([each.met_as_mentor for each in mentors], rows),
            _met([each.met_as_mentee for each in mentees], columns),
        )
        turns = (
            np.where(self.met[0], 0, np.array([1 + each.waited_as_mentor for each in mentors], np.int64)),
            np.where(self.met[1], 0, np.array([1 + each.waited_as_mentee for each in mentees], np.int64)),
        )
        self.scorer = Scorer(problem)
        closed = {way for pair in locked for way in self.people.ways(pair) or (pair,)}
        keys = np.array(sorted(row * len(mentees) + column for row, column in closed), np.int64)
        self.field = Field(self.scorer, (seats[0] > 0, seats[1] > 0), keys)
        line = 0 if problem.rules.line == "auto" else int(problem.rules.line) * 100
        self.market = Market.of(seats, turns, line, both_ways=self._both_ways())

    def best(self, progress: Progress) -> tuple[int, Best]:
        """The line, and the best pairs."""
        search = begin(self.problem, self.field, self.market, self._stay(), partial(progress, "scoring"))
        search.tell = partial(progress, "solving")
        market = self.market
        if self.problem.rules.line == "auto":
            market = replace(market, line=highest_line(search, self.people, market))
        return market.line, best(search, self.people, market)

    def _both_ways(self) -> bool:
        """Whether two people might meet both ways round, for all that their grades say."""
        grades = {self.problem.mentors[row].grade for row in self.people.column_of}
        return bool(grades) and (None in grades or self.problem.rules.min_grade_gap < 1)

    def _stay(self) -> tuple[Whole, Whole]:
        """The pairs that are together already, by key in order, and their bonus."""
        bonus, width = self.problem.rules.stay_bonus * 100, len(self.problem.mentees)
        rows, columns = places(self.problem.mentors), places(self.problem.mentees)
        here = [
            (one, other) for one, other in self.problem.stay if bonus and one in rows and other in columns
        ]
        keys = np.array(sorted(rows[one] * width + columns[other] for one, other in here), np.int64)
        return keys, np.full(len(keys), bonus)

    def unmet(self, pairs: Pairs) -> dict[str, int]:
        """How many are left over, those who are met already apart."""
        rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
        return {
            "mentees_unmatched": len(set(np.flatnonzero(~self.met[1]).tolist()) - columns),
            "mentors_unmatched": len(set(np.flatnonzero(~self.met[0]).tolist()) - rows),
        }

    def held_by(self, pairs: Pairs, line: int, best_scores: tuple[Points, Points]) -> int | None:
        """Whoever is met only by these pairs, and whose own best option is the line itself;
        the first by id.
        """
        found = [
            people[number].id
            for side, people in enumerate((self.problem.mentors, self.problem.mentees))
            for number in {pair[side] for pair in pairs}
            if not self.met[side][number] and best_scores[side][number] == line
        ]
        return min(found, default=None)


def highest_line(search: Search, people: People, market: Market) -> int:
    """The highest line that no pair need be below while as many people as possible are met.

    It is sought among the pairs that are known, and one higher is then proven to be too high, or makes more
    pairs known.
    """
    prices, search.prices = search.prices, nothing_costs(market)
    most = most_met(search, people, market, 0).value
    if not most:
        return highest_score(search.field)
    line = 0
    while (found := most_met(search, people, market, line + 1, most)).value == most:
        line = _highest_known(search, people, market, search.lowest(found.keys), most)
    search.prices = prices
    return line


def _highest_known(search: Search, people: People, market: Market, least: int, most: int) -> int:
    """The highest score that no pair need be below, among the pairs that are known; `least` is known to be
    one.
    """
    values = np.unique(search.known.scores)
    values = values[values > least]
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if covers(search, people, market.above(int(values[middle]), cover=True), most):
            low = middle + 1
        else:
            high = middle
    return int(values[low - 1]) if low else least


def _seats(capacity: Sequence[int], taken: Sequence[int]) -> Whole:
    found: Whole = np.array(capacity, np.int64) - np.bincount(
        np.array(taken, np.int64), minlength=len(capacity)
    )
    return found


def _met(already: Sequence[bool], locked: Sequence[int]) -> NDArray[np.bool_]:
    found = np.array(already, bool)
    found[locked] = True
    return found
