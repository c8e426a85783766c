"""Prices that prove some pairs to be the best among those known.

A pair that is made must bring its two prices at least, any other at most; somebody's last seat must not bring
less than it costs, and one more not more. These are differences of two numbers each, so the longest ways
settle them (Bellman and Ford), if and only if the pairs are the best. From prices that nearly fit, few ways
are long; and only what has changed is looked at.
"""

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.scale.market import Market, Prices, Whole

Mask = NDArray[np.bool_]
MANY = 3
"""If more than one in so many columns have changed, all pairs are looked at together."""


class Demands:
    """What prices must meet, for pairs in the order of rows and columns."""

    def __init__(self, market: Market, rows: Whole, columns: Whole, worth: Whole) -> None:
        self.market, self.rows, self.columns, self.worth = market, rows, columns, worth
        order = np.argsort(columns, kind="stable")
        self.by_column = order
        self.ends = np.searchsorted(columns[order], np.arange(len(market.seats[1]) + 1))
        self.starts = np.flatnonzero(np.diff(rows, prepend=-1))

    def prices(self, near: Prices, counts: Whole, once: Mask) -> Prices:
        """Prices for pairs that are made so often, from those that are nearly right. A pair of `once` may be
        made once only; any other as often as there are seats. Raises RuntimeError if the pairs are not the
        best."""
        return _Search(self, near, counts, once).settled()


class _Search:
    """Prices of mentors (`up`), prices of mentees less than nothing (`down`), and of a seat that stays free
    (`hub`).
    """

    def __init__(self, demands: Demands, near: Prices, counts: Whole, once: Mask) -> None:
        self.demands, market = demands, demands.market
        made = np.flatnonzero(counts)
        self.made = demands.rows[made], demands.columns[made], demands.worth[made]
        self.closed = (counts > 0) & once
        self.up, self.down, self.hub = near[0].copy(), -near[1], 0
        self.least, self.most = [], []
        for side, ends in enumerate((demands.rows, demands.columns)):
            used = np.bincount(ends, counts, len(market.seats[side])).astype(np.int64)
            met, seats = market.met[side], market.seats[side]
            self.least.append((np.flatnonzero(used > 0), np.where(used == 1, met, 0)[used > 0]))
            self.most.append((np.flatnonzero(used < seats), np.where(used == 0, met, 0)[used < seats]))

    def settled(self) -> Prices:
        """Raise whatever demands it, until nothing does."""
        changed = np.arange(len(self.down))
        for _ in range(len(self.up) + len(self.down) + 3):
            self._raise_hub()
            before = self.down.copy()
            self._raise_mentors(changed)
            some, last = self.least[0]
            self.up[some] = np.maximum(self.up[some], self.hub - last)
            np.maximum.at(self.down, self.made[1], self.up[self.made[0]] - self.made[2])
            some, more = self.most[1]
            self.down[some] = np.maximum(self.down[some], self.hub + more)
            changed = np.flatnonzero(self.down > before)
            if not len(changed) and not self._raise_hub():
                return self.up - self.hub, self.hub - self.down
        raise RuntimeError("the pairs to begin with were not the best")

    def _raise_hub(self) -> bool:
        """A seat that stays free must cost no less than each of those who have one demands; whether it costs
        more now.
        """
        before = self.hub
        some, more = self.most[0]
        self.hub = max(self.hub, int((self.up[some] + more).max(initial=self.hub)))
        some, last = self.least[1]
        self.hub = max(self.hub, int((self.down[some] - last).max(initial=self.hub)))
        return self.hub > before

    def _raise_mentors(self, changed: Whole) -> None:
        """Mentors must cost what their pairs with the columns that have changed bring
        beyond those columns.
        """
        demands = self.demands
        if not len(changed) or not len(demands.rows):
            return
        if len(changed) * MANY > len(self.down):
            over = self.down[demands.columns] + demands.worth
            over[self.closed] = np.iinfo(np.int64).min
            first = demands.rows[demands.starts]
            self.up[first] = np.maximum(self.up[first], np.maximum.reduceat(over, demands.starts))
            return
        begin, many = demands.ends[changed], demands.ends[changed + 1] - demands.ends[changed]
        ends = np.cumsum(many)
        pairs = demands.by_column[np.arange(int(many.sum())) + np.repeat(begin - ends + many, many)]
        pairs = pairs[~self.closed[pairs]]
        np.maximum.at(self.up, demands.rows[pairs], self.down[demands.columns[pairs]] + demands.worth[pairs])
