"""Two people who could each mentor the other do so one way round at most.

This is the one rule that no flow knows. Most runs never meet it: the best pairs without it keep it anyway,
and are then the best with it. Where they do not, the two ways get a price of their own (Lagrange), which
makes the bound tight, and then the two ways are tried apart, the better bound first (Land and Doig, 1960),
until the best choice left breaks the rule no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.plans.certificate import bound
from portal.core.matching.plans.network import Network
from portal.core.matching.plans.ties import break_ties

Pair = tuple[int, int]
Ways = tuple[Pair, Pair]
END = (1 << 62, 1 << 62)
"""Comes after every pair: so more pairs come before fewer, where they are alike up to there."""
ROUNDS = 4


@dataclass(frozen=True)
class People:
    """Which row and which column are one person: the row of a column and the column of a row, for people in
    both roles.
    """

    row_of: Mapping[int, int] = field(default_factory=dict)
    column_of: Mapping[int, int] = field(default_factory=dict)

    def only(self, allowed: NDArray[np.bool_]) -> "People":
        """Nobody, where no two may meet both ways round at all; else the same."""
        rows = np.array(list(self.column_of), np.int64)
        columns = np.array(list(self.column_of.values()), np.int64)
        among = allowed[np.ix_(rows, columns)]
        return self if (among & among.T).any() else People()

    def ways(self, pair: Pair) -> Ways | None:
        """The pair and the same two the other way round, in order; None if that cannot be."""
        row, column = self.row_of.get(pair[1]), self.column_of.get(pair[0])
        if row is None or column is None:
            return None
        other = (row, column)
        return (pair, other) if pair < other else (other, pair)


@dataclass
class Branch:
    """A choice under some bans. `prices`: by how much both ways of two people are worth less, until one way
    is banned.
    """

    network: Network
    people: People
    prices: dict[Ways, int] = field(default_factory=dict)

    def settle(self) -> "Branch":
        """Make the bound as tight as a few rounds can, and the choice the first among equals."""
        for _ in range(ROUNDS):
            charged = [self._charge(ways) for ways in self._both()]
            if not any(charged):
                break
        break_ties(self.network)
        return self

    @property
    def bound(self) -> int:
        """No choice under these bans is worth more."""
        return self.network.value() + sum(self.prices.values())

    @property
    def broken(self) -> Ways | None:
        """Two people paired both ways round, or neither way though that has a price; None if all is well."""
        chosen = set(self.network.chosen())
        unused = (ways for ways in self.prices if not chosen & set(ways))
        return min([*self._both(), *unused], default=None)

    def but(self, banned: Pair, kept: Pair) -> "Branch":
        """The branch in which one way is banned, so that the other need pay nothing more."""
        prices = dict(self.prices)
        price = prices.pop((min(banned, kept), max(banned, kept)), 0)
        network = self.network.copy()
        network.forbid(*banned)
        network.change(*kept, price)
        return Branch(network, self.people, prices).settle()

    def _both(self) -> list[Ways]:
        chosen = self.network.chosen()
        known = set(chosen)
        found = (self.people.ways(pair) for pair in chosen)
        return sorted({ways for ways in found if ways is not None and known >= set(ways)})

    def _charge(self, ways: Ways) -> bool:
        """Raise the price of two ways to what the cheaper of them is worth; whether that was anything."""
        if not all(self.network.pairs[way] for way in ways):
            return False
        price = min(self.network.loss(*way) for way in ways)
        if price <= 0:
            return False
        for way in ways:
            self.network.change(*way, -price)
        self.prices[ways] = self.prices.get(ways, 0) + price
        return True


def one_way(network: Network, people: People) -> tuple[list[Pair], int]:
    """The best pairs of which no two are the same people both ways round, those that come first among equals;
    and what no such pairs could be worth more than, by the prices of all branches."""
    break_ties(network)
    branch = Branch(network, people)
    if branch.broken is None:
        return network.chosen(), bound(network)
    order = count()
    waiting: list[tuple[int, list[Pair], int, Branch]] = []

    def wait(each: Branch) -> None:
        heappush(waiting, (-each.bound, [*each.network.chosen(), END], next(order), each))

    wait(branch.settle())
    while True:
        branch = heappop(waiting)[-1]
        broken = branch.broken
        if broken is None:
            left = [branch, *(each[-1] for each in waiting)]
            return branch.network.chosen(), max(
                bound(each.network) + sum(each.prices.values()) for each in left
            )
        for banned, kept in (broken, broken[::-1]):
            wait(branch.but(banned, kept))
