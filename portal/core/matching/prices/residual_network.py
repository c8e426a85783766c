"""What can still flow from a plan that is the best: the ways to change it that lose least, to everybody at
once.

The same flow as in network.py (one hub, mentors, mentees, back to it), made for questions rather than for
solving: one search (Dijkstra, 1959, over reduced costs; Ahuja, Magnanti and Orlin, Network Flows, 1993, 9.7)
finds the cheapest way from one person to all others. A mentee's partners follow at once, so that only mentors
and the hub wait in the queue. Of ways that lose the same, the one with fewer steps is taken where 64 bits
have room for counting them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

FAR, CLOSED = 2**61, -(2**62)
"""Farther than any way; and what a pair is worth that cannot be made, which keeps every way over it farther
than FAR.
"""
ROOM = 60
"""Bits for the length of a way; a way is shorter than four times the largest price or worth of a first seat.
"""


@dataclass
class Side:
    """The mentors, or the mentees: seats, how many are taken, what a first seat is worth, and the price of
    one more.
    """

    seats: Whole
    used: Whole
    first: Whole
    price: Whole

    def one_more(self) -> Whole:
        """What one more seat brings by itself."""
        alone: Whole = np.where(self.used == 0, self.first, 0)
        return alone

    def one_less(self) -> Whole:
        """What the last seat taken brought by itself."""
        alone: Whole = np.where(self.used == 1, self.first, 0)
        return alone


class Residual:
    """A best plan that can be asked and changed. `worth_of[score]` is what a pair brings; `added` has more
    for some pairs.

    `open` holds the scores of the pairs that could still be made, and -1 for all others. Whoever makes one
    gives prices that prove the plan; `reroute` keeps them right, as multiples of `scale` only if steps are
    not counted (`counting`). Nodes are numbers: mentors, then mentees, then the hub.
    """

    def __init__(
        self,
        scores: NDArray[np.int16],
        allowed: Mask,
        worth_of: Whole,
        added: Mapping[tuple[int, int], int],
        sides: tuple[Side, Side],
        pairs: set[tuple[int, int]],
        *,
        counting: bool = True,
    ) -> None:
        self.rows, self.columns = scores.shape
        self.hub = self.rows + self.columns
        self.scores, self.pairs = scores, set(pairs)
        self.open = np.where(allowed, scores, np.int16(-1))
        if pairs:
            self.open[tuple(np.array(sorted(pairs)).T)] = -1
        known = (worth_of, *(each for side in sides for each in (side.price, side.first)))
        largest = max([1, *added.values(), *(int(np.abs(each).max(initial=0)) for each in known)])
        shift = (self.hub + 2).bit_length()
        self.scale = 1 << shift if counting and shift + (4 * largest).bit_length() <= ROOM else 1
        self.step = 1 if self.scale > 1 else 0
        self.worth_of = np.append(worth_of * self.scale, CLOSED)
        self.added: dict[int, dict[int, int]] = {}
        for (row, column), more in added.items():
            self.added.setdefault(row, {})[column] = more * self.scale
        self.mentors, self.mentees = (
            Side(side.seats.copy(), side.used.copy(), side.first * self.scale, side.price * self.scale)
            for side in sides
        )

    def worth(self, row: int, column: int) -> int:
        """What a pair brings, allowed or not."""
        worth = int(self.worth_of[self.scores[row, column]])
        return worth + self.added.get(row, {}).get(column, 0)

    def worths(self, row: int) -> Whole:
        """What each pair of a mentor brings that could still be made."""
        found: Whole = self.worth_of.take(self.open[row])
        for column, more in self.added.get(row, {}).items():
            found[column] += more
        return found

    def mentee(self, column: int) -> int:
        """The node of the mentee in a column."""
        return int(self.rows + column)

    def pins(self, column: int) -> Whole:
        """What it costs each mentor's price to be paired with this mentee; FAR or more
        where that cannot be.
        """
        found: Whole = self.worth_of.take(self.open[:, column])
        for row, more in self.added.items():
            found[row] += more.get(column, 0)
        np.subtract(self.mentors.price + self.mentees.price[column], found, out=found)
        return found

    def part(self, row: int, column: int) -> None:
        """Take a pair out of the plan for good. Both seats are still held: `reroute` from mentor to mentee
        gives them up.
        """
        self.pairs.discard((row, column))
        self.open[row, column] = -1

    def reroute(self, source: int, target: int) -> "Ways":
        """Bring one seat from where it is too much to where it lacks, at the least loss; the prices are right
        again.
        """
        ways = self.search(source, target)
        distance = ways.distance
        least = np.minimum(distance, distance[target]) - min(distance[self.hub], distance[target])
        self.mentors.price += least[: self.rows]
        self.mentees.price -= least[self.rows : self.hub]
        path = ways.path(target)
        for start, end in pairwise(path):
            self._push(start, end)
        return ways

    def _push(self, start: int, end: int) -> None:
        if self.hub in (start, end):
            node, change = (start, -1) if end == self.hub else (end, 1)
            if node < self.rows:
                self.mentors.used[node] += change
            else:
                self.mentees.used[node - self.rows] -= change
        elif start < self.rows:
            self.pairs.add((start, end - self.rows))
            self.open[start, end - self.rows] = -1
        else:
            pair = (end, start - self.rows)
            self.pairs.discard(pair)
            self.open[pair] = self.scores[pair]

    def search(self, source: int, target: int | None = None) -> "Ways":
        """The ways from a node that lose least: to all others, or final only as far as to `target`."""
        return _Search(self, source).run(target)


class Ways:
    """How far each node is from where a search began (FAR: not to be reached), and from which node it is come
    to.
    """

    def __init__(self, residual: Residual, distance: Whole, came: Whole) -> None:
        self.residual, self.distance, self.came = residual, distance, came

    def path(self, target: int) -> list[int]:
        """The nodes from the beginning to `target`."""
        found = [target]
        while (before := int(self.came[found[-1]])) >= 0:
            found.append(before)
        return found[::-1]


class _Search:
    """One search. Waiting are mentors and, last, the hub."""

    def __init__(self, residual: Residual, source: int) -> None:
        self.net, self.rows, self.hub, step = residual, residual.rows, residual.hub, residual.step
        mentors, mentees = residual.mentors, residual.mentees
        self.distance, self.came = np.full(self.hub + 1, FAR), np.full(self.hub + 1, -1)
        self.to_mentees = self.distance[self.rows : self.hub]
        self.came_to_mentees = self.came[self.rows : self.hub]
        self.waiting = np.full(self.rows + 1, FAR)
        more, less = mentors.one_more() + mentors.price, mentors.one_less() + mentors.price
        self.out_of_hub = np.where(mentors.used < mentors.seats, step - more, FAR)
        self.into_hub = np.where(mentors.used > 0, less + step, FAR).tolist()
        more, less = mentees.one_more() + mentees.price, mentees.one_less() + mentees.price
        self.giving_up = np.where(mentees.used > 0, less + step, FAR)
        self.taking = np.where(mentees.used < mentees.seats, step - more, FAR)
        self.partners = self._partners()
        self.distance[source] = 0
        if self.rows <= source < self.hub:
            self._onward(np.array([source - self.rows]))
        else:
            self.waiting[source if source < self.rows else self.rows] = 0

    def _partners(self) -> list[tuple[Whole, Whole]]:
        """For the first partner of each mentee, the second, and so on: who it is (-1: none), and what parting
        loses.
        """
        net, found = self.net, []
        left: dict[int, list[int]] = {}
        for row, column in sorted(net.pairs):
            left.setdefault(column, []).append(row)
        for number in range(max(map(len, left.values()), default=0)):
            who, lost = np.full(net.columns, -1), np.full(net.columns, FAR)
            for column, rows in left.items():
                if number < len(rows):
                    who[column] = rows[number]
                    lost[column] = net.worth(rows[number], column) + net.step
            there = who >= 0
            lost[there] -= net.mentors.price[who[there]] + net.mentees.price[there]
            found.append((who, lost))
        return found

    def run(self, target: int | None) -> Ways:
        waiting, rows = self.waiting, self.rows
        while True:
            at = int(waiting.argmin())
            so_far = int(waiting[at])
            if so_far >= FAR or (target is not None and so_far >= self.distance[target]):
                return Ways(self.net, self.distance, self.came)
            waiting[at] = FAR
            if at == rows:
                self._from_hub(so_far)
            else:
                self._from_mentor(at, so_far)

    def _from_mentor(self, row: int, so_far: int) -> None:
        net = self.net
        reached = net.mentees.price - net.worths(row)
        reached += int(net.mentors.price[row]) + so_far + net.step
        self._reach_mentees(reached, row)
        self._reach_hub(so_far + self.into_hub[row], row)

    def _from_hub(self, so_far: int) -> None:
        reached = self.out_of_hub + so_far
        better = np.flatnonzero(reached < self.distance[: self.rows])
        self.distance[better] = self.waiting[better] = reached[better]
        self.came[better] = self.hub
        self._reach_mentees(self.giving_up + so_far, self.hub)

    def _reach_mentees(self, reached: Whole, before: int) -> None:
        better = np.flatnonzero(reached < self.to_mentees)
        if len(better):
            self.to_mentees[better] = reached[better]
            self.came_to_mentees[better] = before
            self._onward(better)

    def _onward(self, columns: Whole) -> None:
        """From mentees just reached: to their partners, and to the hub if they have a free seat."""
        so_far = self.to_mentees[columns]
        for who, lost in self.partners:
            rows, reached = who[columns], so_far + lost[columns]
            better = np.flatnonzero((rows >= 0) & (reached < self.distance[rows]))
            if len(better):
                order = better[
                    np.argsort(-reached[better], kind="stable")
                ]  # the nearest is written last, and stays
                rows, reached = rows[order], reached[order]
                self.distance[rows] = self.waiting[rows] = reached
                self.came[rows] = columns[order] + self.rows
        reached = so_far + self.taking[columns]
        best = int(reached.argmin())
        self._reach_hub(int(reached[best]), int(columns[best]) + self.rows)

    def _reach_hub(self, reached: int, before: int) -> None:
        if reached < self.distance[self.hub]:
            self.distance[self.hub] = self.waiting[self.rows] = reached
            self.came[self.hub] = before
