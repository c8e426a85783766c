"""The best pairs of all, by looking at few: what passes its prices is looked at too, until nothing does.

The prices then prove that nothing better exists (column generation; Dantzig and Wolfe, 1960). They are near
from the beginning, since those of a sample of the people, solved first, say what a seat of each is about
worth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.candidates import Candidate, Problem
from portal.core.matching.plans.certificate import seats_bound
from portal.core.matching.plans.network import NEVER
from portal.core.matching.scale.candidate_edges import Found, Tell, likely, passing
from portal.core.matching.scale.field import Field, abreast
from portal.core.matching.scale.market import Market, Prices, Whole
from portal.core.matching.scale.sparse import Known, Plan
from portal.core.matching.scale.streaming import Scorer

MANY = 24
"""Pairs to begin with for each person."""
SAMPLE, PART = 1000, 10
"""At least so many people of the larger side are solved first, or one in so many, if that are few of all."""


@dataclass
class Search:
    """A search for the best pairs of a field. `known` only grows, whatever is asked; `prices` are the last
    ones.
    """

    field: Field
    market: Market
    known: Known
    prices: Prices
    tell: Tell

    def plan(self, changes: Mapping[int, int], market: Market | None = None) -> Plan:
        """The best pairs, proven; `changes`: keys of pairs that are worth more or less, and by how much."""
        market = market or self.market
        while True:
            plan = self.among_known(changes, market)
            many, found = passing(self.field, market, plan.prices, self.known.keys, self.tell)
            if not many:
                return plan
            self.known.add(*found)

    def among_known(self, changes: Mapping[int, int], market: Market | None = None) -> Plan:
        """The best of the pairs that are known."""
        plan = self.known.best(market or self.market, self.prices, _changes(changes))
        self.prices = plan.prices
        return plan

    def value(self, keys: Whole, changes: Mapping[int, int], market: Market | None = None) -> int:
        """What pairs are worth, with those they meet."""
        market = market or self.market
        rows, columns = np.divmod(keys, self.field.shape[1])
        used = tuple(
            np.bincount(ends, minlength=many)
            for ends, many in zip((rows, columns), self.field.shape, strict=True)
        )
        at = np.searchsorted(self.known.keys, keys)
        worth = int(self._worth(market, {})[at].sum()) + sum(changes.get(key, 0) for key in keys.tolist())
        return market.met_by((used[0], used[1])) + worth

    def lowest(self, keys: Whole) -> int:
        """The lowest score of some pairs that are known."""
        return int(self.known.scores[np.searchsorted(self.known.keys, keys)].min())

    def worth_of(self, key: int, market: Market) -> int:
        """What a pair that is known is worth."""
        at = int(np.searchsorted(self.known.keys, key))
        return int(market.worth(self.known.scores[at : at + 1], self.known.bonus(slice(at, at + 1)))[0])

    def bound(self, plan: Plan, changes: Mapping[int, int], market: Market | None = None) -> int:
        """No pairs are worth more, by the prices of a plan that no pair passes but those that are made."""
        market = market or self.market
        rows, columns = np.divmod(self.known.keys, self.field.shape[1])
        over = self._worth(market, changes) - plan.prices[0][rows] - plan.prices[1][columns]
        seats = (seats_bound(market.seats[side], market.met[side], plan.prices[side]) for side in (0, 1))
        return sum(seats) + int(over[over > 0].sum())

    def _worth(self, market: Market, changes: Mapping[int, int]) -> Whole:
        worth = market.worth(self.known.scores, self.known.bonus())
        keys, by = _changes(changes)
        worth[np.searchsorted(self.known.keys, keys)] += by
        return worth


def _changes(changes: Mapping[int, int]) -> tuple[Whole, Whole]:
    return np.array(list(changes), np.int64), np.array(list(changes.values()), np.int64)


def begin(problem: Problem, field: Field, market: Market, stay: tuple[Whole, Whole], tell: Tell) -> Search:
    """A search that knows the pairs that are likely for each person, and those with a bonus (`stay`: keys in
    order, bonus)."""
    prices = _sampled(problem, field, market, tell)
    search = Search(field, market, Known(field.shape, stay), prices, tell)
    if min(field.shape):
        search.known.add(*likely(field, market, prices, MANY, tell))
    search.known.add(*_scored(field, stay[0]))
    return search


def _scored(field: Field, keys: Whole) -> Found:
    """Pairs with their scores, without those that are not allowed."""
    found = [np.zeros(0, np.int16)]
    for row in np.unique(keys // max(field.shape[1], 1)).tolist():
        found.append(field.block(row, row + 1)[0, keys[keys // field.shape[1] == row] % field.shape[1]])
    scores = np.concatenate(found)
    return keys[scores >= 0], scores[scores >= 0]


def _sampled(problem: Problem, field: Field, market: Market, tell: Tell) -> Prices:
    """About what seats cost, from the prices of a sample; nothing, where there are few people."""
    step = min(max(field.shape) // SAMPLE, PART)
    if step < 3 or not min(field.shape):
        return nothing_costs(market)
    mentors, mentees = problem.mentors[::step], problem.mentees[::step]
    nothing = np.zeros(0, np.int64)
    part = Field(Scorer(problem, mentors, mentees), (field.open[0][::step], field.open[1][::step]), nothing)
    small = replace(
        market,
        seats=(market.seats[0][::step], market.seats[1][::step]),
        met=(market.met[0][::step], market.met[1][::step]),
    )
    search = Search(part, small, Known(part.shape, (nothing, nothing)), nothing_costs(small), tell)
    search.known.add(*likely(part, small, search.prices, MANY, _quiet))
    up, down = replace(search, tell=_quiet).plan({}).prices
    return _over(problem, problem.mentors, mentees, market, down), _over(
        problem, mentors, problem.mentees, market, up
    )


def highest_score(field: Field) -> int:
    """The highest score of any pair, whether there is a seat for it or not; 0 if there is none."""
    every = Field(field.scorer, (np.ones(field.shape[0], bool), np.ones(field.shape[1], bool)), field.closed)
    return max((top for _, top in every.each(lambda _, scores: int(scores.max(initial=0)))), default=0)


def nothing_costs(market: Market) -> Prices:
    """The prices of seats that nobody wants."""
    return -market.met[0], -market.met[1]


def _quiet(done: int, total: int) -> None:
    """The sample is quick."""


def _over(
    problem: Problem,
    mentors: Sequence[Candidate],
    mentees: Sequence[Candidate],
    market: Market,
    prices: Whole,
) -> Whole:
    """The most by which a pair of each person passes the price of the other, where the
    others are a sample.
    """
    scorer, of_mentors = Scorer(problem, mentors, mentees), len(prices) == len(mentees)

    def look(start: int, end: int) -> NDArray[np.int64]:
        scores = scorer.block(start, end)
        over = market.worth(scores) - (prices[None, :] if of_mentors else prices[start:end, None])
        over[scores < 0] = NEVER
        best: Whole = over.max(axis=1 if of_mentors else 0, initial=NEVER)
        return best

    found = [best for _, best in abreast(len(mentors), look)]
    best = np.concatenate(found) if of_mentors else np.maximum.reduce(found)
    return np.where(best == NEVER, 0, best)
