"""Which of all pairs to look at: some that are likely for each person, and then whatever passes its prices.

Prices are compared in 16 bits, with something taken off all prices of one side and put on those of the other,
so that most are small; few pairs then seem to pass, and those are reckoned exactly. Whoever's price is too
low for that has all pairs reckoned.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.scale.field import ROWS, Field
from portal.core.matching.scale.market import LARGEST, Market, Points, Prices, Whole

FAR = -(2**15)
"""Less than any rough worth."""
FEW = 8
"""Pairs that pass their prices which are taken for one mentor at once, where many do."""
AT_ONCE = 250_000
NEAR = 40
"""In points of phi: pairs that come so near to their prices are looked at along with those that pass them."""
Tell = Callable[[int, int], None]
"""Told how far it is, and of how much."""
Found = tuple[Whole, Points]
"""Keys of pairs, and their scores."""


def likely(field: Field, market: Market, prices: Prices, many: int, tell: Tell) -> Found:
    """So many pairs for each mentor and each mentee that are worth most beyond the prices of the others."""
    height, width = field.shape
    up, down = _small(prices)
    of_columns = _BestOfColumns(width, many)
    found: list[Found] = []

    def look(start: int, scores: Points) -> tuple[int, Points, Points, Found]:
        rough = market.roughly(scores)
        forbidden = scores < 0
        over = rough - down[None, :]
        over[forbidden] = FAR
        rough -= up[start : start + len(rough), None]
        rough[forbidden] = FAR
        return start, scores, rough, _best_of_rows(start, over, scores, min(many, width))

    for end, (start, scores, rough, best) in field.each(look):
        found.append(best)
        of_columns.look(start, scores, rough)
        tell(end, height)
    found.append(of_columns.best())
    return np.concatenate([each for each, _ in found]), np.concatenate([each for _, each in found])


def _best_of_rows(start: int, over: Points, scores: Points, many: int) -> Found:
    """The best pairs of each row; of equals, those that come after the row's own place, so that not all take
    the same.
    """
    height, width = over.shape
    least = np.partition(over, width - many, axis=1)[:, width - many]
    take = over >= np.maximum(least, FAR + 1)[:, None]
    place = np.flatnonzero(take)
    for row in np.flatnonzero(np.bincount(place // width, minlength=height) > many):
        equal = np.flatnonzero(over[row] == least[row])
        left = many - int((over[row] > least[row]).sum())
        begin = int(np.searchsorted(equal, (start + row) % width))
        take[row, equal] = False
        take[row, equal[(np.arange(left) + begin) % len(equal)]] = True
    place = np.flatnonzero(take)
    return place + start * width, scores.reshape(-1)[place]


class _BestOfColumns:
    """The best pairs of each column, seen some rows at a time; now and then those that no longer can be are
    left out.
    """

    def __init__(self, width: int, many: int) -> None:
        self.width, self.many, self.blocks = width, many, 0
        self.least = np.full(width, FAR, np.int16)
        self.seen: list[tuple[Whole, Points, Points]] = []

    def look(self, start: int, scores: Points, rough: Points) -> None:
        """See some rows: their scores, and what they are about worth."""
        if self.blocks == 0 and len(rough) > self.many:
            self.least = np.partition(rough, len(rough) - self.many, axis=0)[len(rough) - self.many]
            np.maximum(self.least, FAR + 1, out=self.least)
            place = np.flatnonzero(rough >= self.least)
        else:
            place = np.flatnonzero(rough > self.least)
        self.seen.append((place + start * self.width, scores.reshape(-1)[place], rough.reshape(-1)[place]))
        self.blocks += 1
        if self.blocks & (self.blocks - 1) == 0:
            self._leave_out()

    def _leave_out(self) -> None:
        keys, scores, rough = (np.concatenate(each) for each in zip(*self.seen, strict=True))
        best = _first(keys % self.width, rough, self.many)
        self.seen = [(keys[best], scores[best], rough[best])]
        columns = keys[best] % self.width
        least = np.full(self.width, np.iinfo(np.int16).max, np.int16)
        np.minimum.at(least, columns, rough[best])
        enough = np.bincount(columns, minlength=self.width) >= self.many
        self.least[enough] = least[enough]

    def best(self) -> Found:
        """Those that are the best of all rows."""
        self._leave_out()
        return self.seen[0][:2]


def _first(groups: Whole, value: NDArray[np.signedinteger], many: int) -> Whole:
    """The places of the largest values (of 17 bits) of each group, so many at the most; of
    equals the first.
    """
    ranked = np.sort((groups * 2**17 - value) * 2**26 + np.arange(len(groups)))
    order = ranked & (2**26 - 1)
    ordered = groups[order]
    begin = np.flatnonzero(np.diff(ordered, prepend=-1))
    place = np.arange(len(order)) - np.repeat(begin, np.diff(begin, append=len(order)))
    found: Whole = order[place < many]
    return found


def passing(field: Field, market: Market, prices: Prices, known: Whole, tell: Tell) -> tuple[int, Found]:
    """How many pairs that are not `known` (keys in order) are worth more than their prices; and some of them,
    with others that nearly are."""
    height, width = field.shape
    look = _Look(field, market, prices, known)
    best, who, score = np.zeros(width, np.int64), np.full(width, -1), np.zeros(width, np.int16)
    many, taken = 0, []
    for end, (keys, scores, over) in field.each(look.at):
        many += int((over > 0).sum())
        if len(keys) > FEW * ROWS:
            some = _first(keys // width, np.minimum(over, LARGEST), FEW)
            taken.append((keys[some], scores[some]))
            order = np.argsort(over, kind="stable")
            high = np.zeros(width, np.int64)
            high[keys[order] % width] = over[order]
            place = np.zeros(width, np.int64)
            place[keys[order] % width] = order
            better = high > best
            best[better], who[better], score[better] = (
                high[better],
                keys[place[better]],
                scores[place[better]],
            )
        else:
            taken.append((keys, scores))
        tell(end, height)
    taken.append((who[who >= 0], score[who >= 0]))
    return many, (np.concatenate([each for each, _ in taken]), np.concatenate([each for _, each in taken]))


class _Look:
    """Looks for pairs that pass their prices, or nearly."""

    def __init__(self, field: Field, market: Market, prices: Prices, known: Whole) -> None:
        self.market, self.prices, self.known, self.width = market, prices, known, field.shape[1]
        self.up, self.down = _small(prices)
        middle = _middle(prices)
        self.low_rows = field.open[0] & (prices[0] + middle < -LARGEST)
        self.low_columns = np.flatnonzero(field.open[1] & (prices[1] - middle < -LARGEST))
        self.near = 0 if market.cover else NEAR

    def at(self, start: int, scores: Points) -> tuple[Whole, Points, Whole]:
        """Keys, scores, and by how much they pass their prices."""
        over = self.market.at_most(scores)
        over -= self.up[start : start + len(scores), None]
        seem = over > self.down[None, :] - np.int16(self.near)
        seem[self.low_rows[start : start + len(scores)]] = True
        seem[:, self.low_columns] = True
        seem &= scores >= 0
        parts = [self._passed(place, start, scores) for place in _parts(np.flatnonzero(seem))]
        keys, found, passed = (np.concatenate(each) for each in zip(*parts, strict=True))
        return keys, found, passed

    def _passed(self, place: Whole, start: int, scores: Points) -> tuple[Whole, Points, Whole]:
        row, column = np.divmod(place, self.width)
        found = scores.reshape(-1)[place]
        passed = self.market.worth(found) - self.prices[0][row + start] - self.prices[1][column]
        some = np.flatnonzero(passed > -self.near)
        keys = place[some] + start * self.width
        if len(self.known):
            at = np.minimum(np.searchsorted(self.known, keys), len(self.known) - 1)
            new = self.known[at] != keys
            some, keys = some[new], keys[new]
        return keys, found[some], passed[some]


def _parts(places: Whole) -> list[Whole]:
    """A few at a time, so that little is held at once."""
    return np.array_split(places, len(places) // AT_ONCE + 1)


def _middle(prices: Prices) -> int:
    return int(np.median(prices[1])) if len(prices[1]) else 0


def _small(prices: Prices) -> tuple[Points, Points]:
    """Prices about nothing, as near as 16 bits allow for sums with what pairs are worth."""
    middle = _middle(prices)
    up, down = np.clip(prices[0] + middle, -LARGEST, LARGEST), np.clip(prices[1] - middle, -LARGEST, LARGEST)
    return up.astype(np.int16), down.astype(np.int16)
