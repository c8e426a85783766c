"""Proof that a plan is the best, by code that knows no solver: it takes the plan and the table of scores and
nothing else.

The proof (Lagrange). Let every seat of a mentor and of a mentee have a price, which may be below nothing.
Then no plan at all is worth more than

    what all pairs bring beyond the prices of their two seats   (nothing, where they bring less)
    + for each person, the most that any number of their seats brings: its prices, and the
      bonus for meeting anybody.

`bound` adds that up over all pairs, some rows at a time, in whole numbers. Where it equals what the plan is
worth, the plan is proven to be the best, however the prices were found.

They are found from the plan alone. In a best plan a pair that is made brings at least its prices, one that is
not made at most its prices, and a person's number of pairs is among the best for them: these are differences
of two prices, which Bellman and Ford's shortest ways settle if and only if no change of the plan would better
it. Most pairs never matter, so the ways are first sought among the best few of each person; then all pairs
are looked at, those that are broken are added, and so on until none is.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .entrants.stage import BEND, FORBIDDEN, MOST, Given, Goals, Pairs
from .referee import Table, judge, table

Whole = NDArray[np.int64]
AT_ONCE = 3_000_000
"""Pairs looked at in one step."""
BEST_FEW = 24
NEVER = -(2**62)
"""What a pair that is not allowed brings."""
FAR = 2**61
"""Prices stay below this in a best plan, so that their sums fit into 64 bits."""


@dataclass(frozen=True)
class Proof:
    """`gap`: by how much any other plan could at most be better, as one number of the four goals; None when
    the plan is not a best one, so that there are no prices that prove it. `rounds`: how often all pairs were
    looked at; `seconds` of wall time."""

    gap: int | None
    rounds: int
    seconds: float


def prove(given: Given, pairs: Pairs) -> Proof:
    """Seek prices for the plan and add up the bound."""
    start, verdict = time.perf_counter(), judge(given, pairs)
    search = Search(given, pairs)
    prices = None if verdict.forbidden else search.prices()
    gap = None if prices is None else bound(given, *prices) - verdict.value
    return Proof(gap, search.rounds, time.perf_counter() - start)


def bound(given: Given, mentor_price: Whole, mentee_price: Whole) -> int:
    """No plan is worth more, whatever the prices are."""
    goals, total = Goals.of(given), 0
    for first, worth in _blocks(given):
        beyond = worth - mentor_price[first : first + len(worth), None] - mentee_price[None, :]
        total += sum(int(each) for each in beyond[beyond > 0])
    for prices, seats, met in (
        (mentor_price, given.row_seats, goals.mentor),
        (mentee_price, given.column_seats, goals.mentee),
    ):
        total += sum(
            max(0, price + met, many * price + met)
            for price, many in zip(prices.tolist(), seats, strict=True)
            if many
        )
    return total


def _worth(given: Given) -> Whole:
    """What a pair of each score brings; the last entry is for pairs that are not allowed,
    whose score is -1.
    """
    goals, scores = Goals.of(given), np.arange(10_001)
    worth = scores + np.minimum(scores, BEND) - np.where(scores < given.line, goals.below, 0)
    return np.append(worth, NEVER)


def _blocks(given: Given) -> Iterator[tuple[int, Whole]]:
    """What all pairs bring, some rows at a time, with the number of the first."""
    scores, worth = table(given), _worth(given)
    many = max(AT_ONCE // max(given.shape[1], 1), 1)
    for first in range(0, given.shape[0], many):
        yield first, worth[np.asarray(scores[first : first + many], np.int64)]


class Search:
    """Prices for one plan. `up` is the price of each mentor's seat and `down` less than nothing the price of
    each mentee's, beside `hub`, the price of a seat that stays free: so every demand is that one of them is
    at most another and something."""

    def __init__(self, given: Given, pairs: Pairs) -> None:
        self.given, self.rounds = given, 0
        goals = Goals.of(given)
        assert 4 * (goals.mentee + goals.mentor + (goals.below + MOST) * sum(given.row_seats)) < FAR, (
            "too many for 64 bits"
        )
        rows, columns = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
        self.rows, self.columns = rows, columns
        self.brings = _worth(given)[np.asarray(table(given)[rows, columns], np.int64)]
        self.up, self.down, self.hub = (
            np.zeros(given.shape[0], np.int64),
            np.zeros(given.shape[1], np.int64),
            0,
        )
        self.least_up, self.most_up = _limits(rows, np.array(given.row_seats), goals.mentor)
        self.least_down, self.most_down = _limits(columns, np.array(given.column_seats), goals.mentee)
        self.ways = np.unique(_few(table(given), rows * given.shape[1] + columns))

    def prices(self) -> tuple[Whole, Whole] | None:
        """Prices of mentors' and of mentees' seats that meet every demand; None if there are none."""
        while self._settle():
            self.rounds += 1
            broken = self._look_at_all()
            if not len(broken):
                return self.up - self.hub, self.hub - self.down
            self.ways = np.union1d(self.ways, broken)
        return None

    def _settle(self) -> bool:
        """Meet the demands of the ways known so far; False when that has no end, since the plan can be
        bettered.
        """
        rows, columns = np.divmod(self.ways, self.given.shape[1])
        order = np.argsort(columns, kind="stable")
        rows, columns = rows[order], columns[order]
        starts = np.flatnonzero(np.diff(columns, prepend=-1))
        brings = _worth(self.given)[np.asarray(table(self.given)[rows, columns], np.int64)]
        for _ in range(
            sum(self.given.shape) + 2
        ):  # the shortest ways have no more steps than there are prices
            before = self.hub, self.up.sum(), self.down.sum()
            if len(starts):
                low = np.minimum.reduceat(self.up[rows] - brings, starts)
                self.down[columns[starts]] = np.minimum(self.down[columns[starts]], low)
            self._meet_plan()
            if before == (self.hub, self.up.sum(), self.down.sum()):
                return True
            if min(self.hub, int(self.up.min()), int(self.down.min())) < -FAR:
                break
        return False

    def _meet_plan(self) -> None:
        """The demands of pairs that are made, and of how many seats each person has taken."""
        np.minimum.at(self.up, self.rows, self.brings + self.down[self.columns])
        self.up = np.minimum(self.up, self.hub + self.most_up)
        self.down = np.minimum(self.down, self.hub - self.least_down)
        self.hub = min(
            self.hub, int((self.up - self.least_up).min()), int((self.down + self.most_down).min())
        )

    def _look_at_all(self) -> Whole:
        """Lower the prices of mentees to what all pairs demand; the pairs that demanded most, by row and by
        column.
        """
        width, found = self.given.shape[1], []
        for first, worth in _blocks(self.given):
            inside = slice(*np.searchsorted(self.rows, (first, first + len(worth))))
            worth[self.rows[inside] - first, self.columns[inside]] = NEVER
            over = self.up[first : first + len(worth), None] - worth
            best = over.argmin(axis=0)
            low = over[best, np.arange(width)]
            broken = np.flatnonzero(low < self.down)
            over -= self.down[None, :]
            by_row = over.argmin(axis=1)
            short = np.flatnonzero(over[np.arange(len(over)), by_row] < 0)
            found += [(best[broken] + first) * width + broken, (short + first) * width + by_row[short]]
            self.down[broken] = low[broken]
        return np.concatenate(found) if found else np.zeros(0, np.int64)


def _limits(taken: Whole, seats: Whole, met: int) -> tuple[Whole, Whole]:
    """The least and the most that a person's seat may cost, so that no other number of pairs is better for
    them.
    """
    many = np.bincount(taken, minlength=len(seats))
    least = np.where(many == 0, -FAR, np.where(many == 1, -met, 0))
    most = np.where(many == 0, -met, np.where(many < seats, 0, FAR))
    return np.where(seats > 0, least, -FAR), np.where(seats > 0, most, FAR)


def _few(scores: Table, made: Whole) -> Whole:
    """The best few allowed pairs of each row and each column that are not made, as row times width plus
    column.
    """
    rows, width = scores.shape
    many, keep = max(AT_ONCE // max(width, 1), 1), min(BEST_FEW, width)
    found: list[Whole] = []
    top, who = np.zeros((0, width), np.int16), np.zeros((0, width), np.int64)
    for first in range(0, rows, many):
        block = np.asarray(scores[first : first + many])
        columns = np.argpartition(block, width - keep, axis=1)[:, width - keep :]
        found.append(((np.arange(len(block))[:, None] + first) * width + columns).ravel())
        top = np.concatenate([top, block])
        who = np.concatenate(
            [who, np.broadcast_to(np.arange(first, first + len(block))[:, None], block.shape)]
        )
        if len(top) > BEST_FEW:
            best = np.argpartition(top, len(top) - BEST_FEW, axis=0)[len(top) - BEST_FEW :]
            top, who = np.take_along_axis(top, best, 0), np.take_along_axis(who, best, 0)
    found.append((who * width + np.arange(width)[None, :]).ravel())
    ways = np.setdiff1d(np.concatenate(found), made)
    allowed: Whole = ways[scores.reshape(-1)[ways] != FORBIDDEN]
    return allowed
