"""People in both roles, where there are very many: two who could each mentor the other do so one way round at
most.

As in one_way.py, both ways of two people get a price of their own, and where that is not enough the two ways
are tried apart, the better bound first. The prices are those that keep out the ways which were banned to find
pairs that keep the rule: mostly these pairs are then worth as much as the bound, which proves them to be the
best. Only so many steps are taken; if that is not enough the pairs keep the rule all the same, and the gap
says by how much others could at most be better.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

import numpy as np

from portal.core.matching.plans.network import NEVER
from portal.core.matching.plans.one_way import People, Ways
from portal.core.matching.scale.certified import Search
from portal.core.matching.scale.market import Market, Whole
from portal.core.matching.scale.sparse import Plan

RECKONED = 100_000
"""The people of one side times those whose charges are reckoned at once by solving again without each way."""
TURNS = 6
"""So often charges are changed within a branch."""
STEPS = 20_000_000
"""The people of one side, squared, times the steps that are taken."""


@dataclass(frozen=True)
class Best:
    """The best pairs, by key; what they are worth, and by how much others could at most be worth more."""

    keys: Whole
    value: int
    gap: int


NONE = Best(np.zeros(0, np.int64), 0, 0)


@dataclass
class Branch:
    """The best pairs under some bans (keys), with the tightest bound that was found, by `charges` for both
    ways of two people.

    `kept`: the best pairs found that keep the rule; `keeping` and `value`: the last such, and what they are
    worth.
    """

    search: Search
    people: People
    market: Market
    banned: frozenset[int] = frozenset()
    charges: dict[Ways, int] = field(default_factory=dict)
    plan: Plan = field(init=False)
    bound: int = 0
    kept: Best = field(default_factory=lambda: NONE)
    keeping: Plan = field(init=False)
    value: int = 0

    def settle(self) -> "Branch":
        """Find them: from pairs that keep the rule to charges, and from what is chosen at those charges to
        better pairs.
        """
        self._look(self.search.plan(self._changes({}), self.market), {})
        for turn in range(TURNS):
            extra = self._keep()
            if not extra or self.bound <= self.kept.value:
                break
            charges = self._more() if turn else self._seeming(extra)
            charges = {ways: price for ways, price in charges.items() if price > 0}
            if not self._look(self.search.plan(self._changes(charges), self.market), charges):
                break
        return self

    def _look(self, plan: Plan, charges: dict[Ways, int]) -> bool:
        """Take a plan and its charges for the branch's own, unless the bound was as tight without; whether it
        was not.
        """
        bound = self.search.bound(plan, self._changes(charges), self.market) + sum(charges.values())
        if charges and bound >= self.bound:
            return False
        self.plan, self.charges, self.bound = plan, charges, bound
        return True

    @property
    def broken(self) -> Ways | None:
        """Two people paired both ways round, or neither way though that has a price; None if all is well."""
        chosen = set(self.plan.keys.tolist())
        unused = [ways for ways in self.charges if not chosen & {self._key(way) for way in ways}]
        return min([*self._both(self.plan), *unused], default=None)

    def but(self, banned: tuple[int, int]) -> "Branch":
        """The branch in which one way is banned."""
        return Branch(self.search, self.people, self.market, self.banned | {self._key(banned)})

    def _both(self, plan: Plan) -> list[Ways]:
        """Two people paired both ways round."""
        width = self.search.field.shape[1]
        chosen = {divmod(key, width) for key in plan.keys.tolist()}
        found = (self.people.ways(pair) for pair in chosen)
        return sorted({ways for ways in found if ways is not None and chosen >= set(ways)})

    def _keep(self) -> dict[Ways, int]:
        """Find pairs that keep the rule, among those known. The way that was banned for it of each two (by
        key): the one that is not chosen where only one is."""
        chosen = set(self.plan.keys.tolist())
        extra: dict[Ways, int] = {}
        for ways in self.charges:
            keys = [self._key(way) for way in ways]
            if len(chosen & set(keys)) == 1:
                extra[ways] = keys[0] if keys[1] in chosen else keys[1]
        self.keeping = self.plan
        if extra:
            self.keeping = self.search.among_known(self._changes({}, extra.values()), self.market)
        while both := self._both(self.keeping):
            extra |= {ways: min((self._key(way) for way in ways), key=self._over) for ways in both}
            self.keeping = self.search.among_known(self._changes({}, extra.values()), self.market)
        value = self.search.value(self.keeping.keys, {}, self.market)
        if value > self.kept.value or self.kept is NONE:
            self.kept = Best(self.keeping.keys, value, 0)
        self.value = value
        return extra

    def _over(self, key: int) -> int:
        """By how much a pair passes its prices."""
        row, column = divmod(key, self.search.field.shape[1])
        prices = self.keeping.prices
        return self.search.worth_of(key, self.market) - int(prices[0][row] + prices[1][column])

    def _seeming(self, extra: dict[Ways, int]) -> dict[Ways, int]:
        """By how much each banned way would pass its prices."""
        return {ways: self._over(key) for ways, key in extra.items()}

    def _more(self) -> dict[Ways, int]:
        """The charges, and more for those paired both ways in spite of them: what the value falls by without
        one way.
        """
        charges, changes = dict(self.charges), self._changes(self.charges)
        value = self.search.value(self.plan.keys, changes, self.market)
        for ways in self._both(self.plan)[: RECKONED // max(self.search.field.shape)]:
            without = [
                self.search.among_known({**changes, self._key(way): NEVER}, self.market) for way in ways
            ]
            left = max(self.search.value(plan.keys, changes, self.market) for plan in without)
            charges[ways] = charges.get(ways, 0) + value - left
        return charges

    def _changes(self, charges: dict[Ways, int], bans: Iterable[int] = ()) -> dict[int, int]:
        """What pairs are worth more or less, by key."""
        changes = {self._key(way): -price for ways, price in charges.items() for way in ways}
        return changes | dict.fromkeys((*self.banned, *bans), NEVER)

    def _key(self, pair: tuple[int, int]) -> int:
        return pair[0] * self.search.field.shape[1] + pair[1]


def best(search: Search, people: People, market: Market) -> Best:
    """The best pairs of which no two are the same people both ways round."""
    order, first = count(), Branch(search, people, market).settle()
    waiting, kept = [(-first.bound, next(order), first)], first.kept
    for _ in range(STEPS // max(search.field.shape) ** 2 if first.kept.value < first.bound else 0):
        if -waiting[0][0] <= kept.value:
            break
        branch = heappop(waiting)[-1]
        broken = branch.broken
        if broken is None:
            kept = Best(branch.plan.keys, branch.bound, 0)
            heappush(waiting, (-branch.bound, next(order), branch))
            break
        for banned in broken:
            found = branch.but(banned).settle()
            kept = max(kept, found.kept, key=lambda each: each.value)
            heappush(waiting, (-found.bound, next(order), found))
    return Best(kept.keys, kept.value, max(-waiting[0][0] - kept.value, 0))


def most_met(search: Search, people: People, market: Market, floor: int, enough: int = 0) -> Best:
    """As many as can be met by pairs not below a floor, and what that is worth; some worth less than
    `enough`, if it is less. No gap is told.

    If people would meet both ways round, all goals are sought: what is worth most breaks the ties among very
    many branches.
    """
    cover = market.above(floor, cover=True)
    keys = search.plan({}, cover).keys
    if search.value(keys, {}, cover) >= enough and _any_both(keys, people, search):
        keys = best(search, people, market.above(floor, cover=False)).keys
    return Best(keys, search.value(keys, {}, cover), 0)


def covers(search: Search, people: People, cover: Market, most: int) -> bool:
    """Whether the pairs that are known are seen to be enough for a choice worth `most` that
    keeps the rule.
    """
    keys = search.among_known({}, cover).keys
    return search.value(keys, {}, cover) >= most and not _any_both(keys, people, search)


def _any_both(keys: Whole, people: People, search: Search) -> bool:
    chosen = {divmod(key, search.field.shape[1]) for key in keys.tolist()}
    return any(set(ways) <= chosen for ways in map(people.ways, chosen) if ways)
