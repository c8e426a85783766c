"""The best pairs among a few for each person, exactly, with their prices.

Seats become rows and columns of scipy's sparse assignment (Jonker and Volgenant's shortest augmenting paths),
each row with a column of its own for staying free. Costs are what the last prices leave of them: then most
rows find their column at once. Where two people with several seats are paired twice, their pair is led
through two seats more, of which one is free unless it is used once: so the next solution pairs them once at
most. Prices follow from the pairs (Bellman and Ford).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from portal.core.matching.plans.network import NEVER
from portal.core.matching.scale.market import Market, Points, Prices, Whole
from portal.core.matching.scale.potentials import Demands

Mask = NDArray[np.bool_]
MUST = 6
"""A seat that must be taken brings so many times the most that it brings to meet somebody: no way between two
ends passes three."""


@dataclass(frozen=True)
class Plan:
    """The pairs of the best choice among those known (`keys`: row times columns plus column), and the prices
    that prove it."""

    keys: Whole
    prices: Prices


class Known:
    """The pairs that are looked at, by key, with their scores; `stay` are keys of pairs with a bonus, and
    their bonus.
    """

    def __init__(self, shape: tuple[int, int], stay: tuple[Whole, Whole]) -> None:
        self.shape, self.stay = shape, stay
        self.keys, self.scores = np.zeros(0, np.int64), np.zeros(0, np.int16)
        self.once = np.zeros(0, bool)
        """Pairs of people with several seats each who are kept from being paired twice."""

    def add(self, keys: Whole, scores: Points) -> None:
        """Look at more pairs."""
        every = np.concatenate([self.keys, keys])
        once = np.concatenate([self.once, np.zeros(len(keys), bool)])
        self.keys, first = np.unique(every, return_index=True)
        self.scores, self.once = np.concatenate([self.scores, scores])[first], once[first]

    def has(self, keys: Whole) -> Mask:
        """Which of some pairs are looked at already."""
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return self.keys[at] == keys if len(self.keys) else np.zeros(len(keys), bool)

    def bonus(self, some: slice = slice(None)) -> Whole:
        """The bonus of each pair, or of some; no score passes the highest there is."""
        keys, bonus = self.stay
        if not len(keys):
            return np.zeros(len(self.keys[some]), np.int64)
        at = np.minimum(np.searchsorted(keys, self.keys[some]), len(keys) - 1)
        most = 10_000 - self.scores[some].astype(np.int64)
        return np.where(keys[at] == self.keys[some], np.minimum(bonus[at], most), 0)

    def best(self, market: Market, prices: Prices, changes: tuple[Whole, Whole]) -> Plan:
        """The best of the pairs that are looked at. `prices`: about what seats cost. `changes`: keys of pairs
        that are worth more or less here, and by how much."""
        worth = market.worth(self.scores, self.bonus())
        worth[np.searchsorted(self.keys, changes[0])] += changes[1]
        there = np.flatnonzero(worth > NEVER // 2)
        rows, columns = np.divmod(self.keys[there], self.shape[1])
        if not len(there):
            return Plan(there, (-market.met[0], -market.met[1]))
        demands = Demands(market, rows, columns, worth[there])
        seats = Seats(market, rows, columns, worth[there])
        while True:
            counts = seats.best(prices, self.once[there])
            twice = counts > 1
            if not twice.any():
                break
            self.once[there[twice]] = True
            prices = demands.prices(prices, counts, self.once[there])
        prices = demands.prices(prices, counts, np.ones(len(there), bool))
        return Plan(self.keys[there[counts > 0]], prices)


class Seats:
    """Some pairs (`rows`, `columns`, `worth`) with the seats of a market, each with a number."""

    def __init__(self, market: Market, rows: Whole, columns: Whole, worth: Whole) -> None:
        self.market, self.rows, self.columns, self.worth = market, rows, columns, worth
        ends = (rows, columns)
        self.seats = tuple(
            np.where(np.bincount(ends[side], minlength=len(seats)) > 0, seats, 0)
            for side, seats in enumerate(market.seats)
        )
        self.owner = tuple(np.repeat(np.arange(len(each)), each) for each in self.seats)
        self.start = tuple(np.cumsum(each) - each for each in self.seats)
        self.met = tuple(self._met(side) for side in (0, 1))

    def _met(self, side: int) -> Whole:
        """What the first seat of each brings beside its pair; the other seats nothing."""
        found = np.zeros(len(self.owner[side]), np.int64)
        some = self.seats[side] > 0
        found[self.start[side][some]] = self.market.met[side][some]
        return found

    def best(self, prices: Prices, once: Mask) -> Whole:
        """How often each pair is in the best choice: once at most where `once` is set."""
        up, down = (np.maximum(prices[side][self.owner[side]] + self.met[side], 0) for side in (0, 1))
        found, free = self._best(up, down, prices, once, square=False)
        if not (free & (down > 0)).any():
            return found
        return self._best(up, down, prices, once, square=True)[0]

    def _best(
        self, up: Whole, down: Whole, prices: Prices, once: Mask, *, square: bool
    ) -> tuple[Whole, Mask]:
        """How often each pair is chosen, and which seats of mentees stay free.

        Prices change no order only if each seat that has one is taken. With `square` a free one is charged
        for: taken by a row of its own, which else takes the column for staying free of a seat that is taken.
        """
        height, width, gates = len(up), len(down), np.flatnonzero(once)
        own = np.arange(height), width + np.arange(height), up
        parts = [self._direct(np.flatnonzero(~once), up, down), self._through(gates, up, down, prices), own]
        shape = height + len(gates), width + height + len(gates)
        if square:
            row, column, _ = self._direct(np.arange(len(once)), up, down)
            parts.append((shape[0] + column, width + row, np.zeros_like(row)))
            parts.append((shape[0] + np.arange(width), np.arange(width), down))
            shape = shape[1], shape[1]
        row, column, cost = (np.concatenate(each) for each in zip(*parts, strict=True))
        cost += 1 - cost.min()
        rows, columns = min_weight_full_bipartite_matching(
            sparse.csr_array((cost.astype(float), (row, column)), shape=shape)
        )
        seat = rows < height
        free = np.ones(width, bool)
        free[columns[(rows < height + len(gates)) & (columns < width)]] = False
        direct = seat & (columns < width)
        keys = self.owner[0][rows[direct]] * len(self.seats[1]) + self.owner[1][columns[direct]]
        through = gates[columns[seat & (columns >= width + height)] - width - height]
        chosen = np.concatenate(
            [np.searchsorted(self.rows * len(self.seats[1]) + self.columns, keys), through]
        )
        return np.bincount(chosen, minlength=len(self.rows)), free

    def _direct(self, pairs: Whole, up: Whole, down: Whole) -> tuple[Whole, Whole, Whole]:
        """Each seat of a mentor with each seat of a mentee, and the cost: what prices of both leave of what
        they bring.
        """
        many = self.seats[0][self.rows[pairs]], self.seats[1][self.columns[pairs]]
        pair, place = _each(pairs, many[0] * many[1])
        across = self.seats[1][self.columns[pair]]
        row, column = (
            self.start[0][self.rows[pair]] + place // across,
            self.start[1][self.columns[pair]] + place % across,
        )
        cost = up[row] + down[column] - self.worth[pair] - self.met[0][row] - self.met[1][column]
        return row, column, cost

    def _through(self, gates: Whole, up: Whole, down: Whole, prices: Prices) -> tuple[Whole, Whole, Whole]:
        """Pairs that can be used once: the mentor's seats lead to one seat more, the mentee's come from
        another.

        Both must be taken, by each other if the pair is not used.
        """
        number = np.arange(len(gates))
        left = self.worth[gates] - prices[0][self.rows[gates]]
        back = np.maximum(-left, -prices[1][self.columns[gates]])
        must = MUST * max(int(each.max(initial=1)) for each in self.market.met)
        gate, place = _each(number, self.seats[0][self.rows[gates]])
        row = self.start[0][self.rows[gates[gate]]] + place
        into = row, gate, up[row] + left[gate] - self.worth[gates[gate]] - self.met[0][row] - must
        other, place = _each(number, self.seats[1][self.columns[gates]])
        column = self.start[1][self.columns[gates[other]]] + place
        out = other, column, back[other] + down[column] - self.met[1][column]
        base, end = len(up), len(down) + len(up)
        return (
            np.concatenate([into[0], base + out[0], base + number]),
            np.concatenate([end + into[1], out[1], end + number]),
            np.concatenate([into[2], out[2], back + left - must]),
        )


def _each(numbers: Whole, many: Whole) -> tuple[Whole, Whole]:
    """Each number so many times, and which time it is."""
    ends = np.cumsum(many)
    return np.repeat(numbers, many), np.arange(int(many.sum())) - np.repeat(ends - many, many)
