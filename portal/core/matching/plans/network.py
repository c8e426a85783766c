"""Pairs as a flow: from one hub through mentors and mentees back to it, in whole numbers, with a price for
every seat.

What a pair is worth must cover the prices of both seats where the two are paired, and must not exceed them
where they are not; a seat is free only if it costs nothing more than its first use would bring. While all of
that holds, the pairs are the best there are (complementary slackness), and each change is mended by one
shortest path (Dijkstra over reduced costs; see Ahuja, Magnanti and Orlin, Network Flows, 1993, 9.7). Prices
of pairs that are exactly covered span all other optima.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

NEVER = -(2**61)
"""What a pair that is not allowed is worth; prices stay far below a quarter of it."""
FAR, UNKNOWN = 2**60, -(2**60)


@dataclass
class Network:
    """Mentors by mentees. `worth` of each pair; `first_mentor` and `first_mentee`: what it brings that
    somebody is met.

    `pairs` says who is paired; `mentors_used` and `mentees_used` how many seats are taken; `mentor_price` and
    `mentee_price` what one more seat costs. Made by `settled`.
    """

    worth: Whole
    mentor_seats: Whole
    mentee_seats: Whole
    first_mentor: Whole
    first_mentee: Whole
    pairs: Mask
    mentors_used: Whole
    mentees_used: Whole
    mentor_price: Whole
    mentee_price: Whole

    def __post_init__(self) -> None:
        self.unpaired = np.where(self.pairs, NEVER, self.worth)
        self.partners = [set(np.nonzero(column)[0].tolist()) for column in self.pairs.T]

    @classmethod
    def settled(
        cls,
        worth: Whole,
        seats: tuple[Whole, Whole],
        first: tuple[Whole, Whole],
        counts: Mapping[tuple[int, int], int],
    ) -> Self:
        """The best pairs, out of the best there are (`counts`) when two people may be
        paired more than once.
        """
        made = cls.priced(worth, seats, first, counts)
        for (row, column), times in counts.items():
            for _ in range(times - 1):
                made._move(row, made.mentee(column))
        return made

    @classmethod
    def priced(
        cls,
        worth: Whole,
        seats: tuple[Whole, Whole],
        first: tuple[Whole, Whole],
        counts: Mapping[tuple[int, int], int],
        *,
        once: bool = False,
    ) -> Self:
        """The prices under which `counts` are the best: where two people may be paired more than once, or
        `once` only.

        Raises RuntimeError if they are not the best.
        """
        rows, columns = np.array(list(counts), np.int64).reshape(-1, 2).T
        many = np.array(list(counts.values()), np.int64)
        used = (np.zeros(len(seats[0]), np.int64), np.zeros(len(seats[1]), np.int64))
        np.add.at(used[0], rows, many)
        np.add.at(used[1], columns, many)
        pairs = np.zeros(worth.shape, bool)
        pairs[rows, columns] = True
        nothing = np.zeros(0, np.int64)
        made = cls(worth, *seats, *first, pairs, *used, nothing, nothing)
        again = made.unpaired if once else made.worth
        made.mentor_price, made.mentee_price = made._prices(rows, columns, again)
        return made

    def copy(self) -> Self:
        """The same, to be changed on its own."""
        return replace(
            self,
            worth=self.worth.copy(),
            pairs=self.pairs.copy(),
            mentors_used=self.mentors_used.copy(),
            mentees_used=self.mentees_used.copy(),
            mentor_price=self.mentor_price.copy(),
            mentee_price=self.mentee_price.copy(),
        )

    def value(self) -> int:
        """All that the pairs bring."""
        met = [
            *self.first_mentor[self.mentors_used > 0].tolist(),
            *self.first_mentee[self.mentees_used > 0].tolist(),
        ]
        return sum([int(self.worth[self.pairs].sum()), *met])

    def chosen(self) -> list[tuple[int, int]]:
        """The pairs as (row, column), in order."""
        return [(int(row), int(column)) for row, column in np.argwhere(self.pairs)]

    def forbid(self, row: int, column: int) -> None:
        """Take a pair away for good, and find the best pairs that are left."""
        self.change(row, column, NEVER - int(self.worth[row, column]))

    def change(self, row: int, column: int, by: int) -> None:
        """Let a pair be worth more or less, and find the best pairs again."""
        paired = bool(self.pairs[row, column])
        self._part(row, column)
        self.worth[row, column] += by
        self.unpaired[row, column] = self.worth[row, column]
        surplus = self._surplus(row, column)
        if surplus > 0 or (paired and surplus == 0):
            self._pair(row, column)
        if paired and surplus < 0:
            self._move(row, self.mentee(column))
        elif not paired and surplus > 0:
            self._move(self.mentee(column), row)

    def loss(self, row: int, column: int) -> int:
        """By how much the value falls when this pair, which is chosen, is forbidden."""
        self._part(row, column)
        self.unpaired[row, column] = NEVER
        distance, _ = self._shortest(row, self.mentee(column))
        self._pair(row, column)
        return int(distance[self.mentee(column)]) + self._surplus(row, column)

    def _pair(self, row: int, column: int) -> None:
        self.pairs[row, column], self.unpaired[row, column] = True, NEVER
        self.partners[column].add(row)

    def _part(self, row: int, column: int) -> None:
        self.pairs[row, column], self.unpaired[row, column] = False, self.worth[row, column]
        self.partners[column].discard(row)

    def _surplus(self, row: int, column: int) -> int:
        surplus = self.worth[row, column] - self.mentor_price[row] - self.mentee_price[column]
        return int(surplus)

    # Nodes are numbers: mentors, then mentees, then the hub.

    @property
    def hub(self) -> int:
        """The node where all flow begins and ends."""
        return len(self.mentor_seats) + len(self.mentee_seats)

    def mentee(self, column: int) -> int:
        """The node of the mentee in a column."""
        return len(self.mentor_seats) + column

    def _prices(self, rows: Whole, columns: Whole, again: Whole) -> tuple[Whole, Whole]:
        """Prices for the best pairs, from the longest paths out of the hub (Bellman and Ford, all mentors at
        once).

        `again` is what it is worth to pair two once more.
        """
        bound_mentor = np.where(
            self.mentors_used > 0, -bonus(self.first_mentor, self.mentors_used, last=True), UNKNOWN
        )
        free = self.mentees_used < self.mentee_seats
        price = bound_mentor.copy()
        gain = np.where(free, bonus(self.first_mentee, self.mentees_used), UNKNOWN)
        changed = np.ones(len(gain), bool)
        for _ in range(sum(self.worth.shape) + 2):
            if changed.any():
                np.maximum(price, (again[:, changed] + gain[changed]).max(axis=1), out=price)
            raised = gain.copy()
            np.maximum.at(raised, columns, price[rows] - self.worth[rows, columns])
            changed = raised > gain
            gain = raised
            if not changed.any():
                break
        else:
            raise RuntimeError("the pairs to begin with were not the best")
        price = np.where(price < UNKNOWN // 2, -self.first_mentor, price)
        return price, np.where(gain < UNKNOWN // 2, 0, -gain)

    def _move(self, source: int, target: int) -> None:
        """Bring one seat's worth of flow from where it is too much to where it lacks, at the least loss."""
        distance, came = self._shortest(source, target)
        least = np.minimum(distance, distance[target]) - min(distance[self.hub], distance[target])
        mentors = len(self.mentor_seats)
        self.mentor_price += least[:mentors]
        self.mentee_price -= least[mentors:-1]
        at = target
        while at != source:
            before = int(came[at])
            self.push(before, at)
            at = before

    def push(self, start: int, end: int) -> None:
        """Let one more flow from a node to another: pair two, part two, take a seat or leave it."""
        mentors, hub = len(self.mentor_seats), self.hub
        if hub in (start, end):
            node, intohub = (start, True) if end == hub else (end, False)
            if node < mentors:
                self.mentors_used[node] += -1 if intohub else 1
            else:
                self.mentees_used[node - mentors] += 1 if intohub else -1
        elif start < mentors:
            self._pair(start, end - mentors)
        else:
            self._part(end, start - mentors)

    def _shortest(self, source: int, target: int) -> tuple[Whole, Whole]:
        """Least losses on the way from `source`, final up to that of `target`, and from where each node is
        reached.
        """
        search = Search(self, source)
        while (at := search.settle()) != target:
            if at == self.hub:
                search.from_hub()
            elif at < len(self.mentor_seats):
                search.from_mentor(at)
            else:
                search.from_mentee(at)
        return search.distance, search.came


class Search:
    """A search for the ways that lose least: where flow can go from a node, and what it loses (never less
    than nothing).
    """

    def __init__(self, network: Network, source: int) -> None:
        self.network, self.mentors, self.hub = network, len(network.mentor_seats), network.hub
        self.distance, self.came = np.full(self.hub + 1, FAR), np.full(self.hub + 1, -1)
        self.distance[source] = 0
        self.waiting = self.distance.copy()
        self.at, self.so_far = source, 0

    def settle(self) -> int:
        """The nearest node that has not been settled yet."""
        self.at = int(self.waiting.argmin())
        self.so_far = int(self.waiting[self.at])
        if self.so_far >= FAR:
            raise RuntimeError("there is no way for a seat that must be given up")
        self.waiting[self.at] = FAR
        return self.at

    def from_mentor(self, row: int) -> None:
        """To be paired with a mentee; or to have one seat less."""
        net = self.network
        self._reach(
            slice(self.mentors, self.hub),
            net.mentee_price + (net.mentor_price[row] + self.so_far) - net.unpaired[row],
        )
        if net.mentors_used[row] > 0:
            lost = net.first_mentor[row] if net.mentors_used[row] == 1 else 0
            self._reach_one(self.hub, int(lost + net.mentor_price[row]))

    def from_mentee(self, node: int) -> None:
        """To part from a mentor; or to have one seat more."""
        net, column = self.network, node - self.mentors
        for row in net.partners[column]:
            self._reach_one(
                row, int(net.worth[row, column] - net.mentor_price[row] - net.mentee_price[column])
            )
        if net.mentees_used[column] < net.mentee_seats[column]:
            won = net.first_mentee[column] if net.mentees_used[column] == 0 else 0
            self._reach_one(self.hub, -int(won + net.mentee_price[column]))

    def from_hub(self) -> None:
        """To a mentor with a free seat; or to a mentee who gives one up."""
        net = self.network
        more = -(bonus(net.first_mentor, net.mentors_used) + net.mentor_price)
        self._reach(
            slice(self.mentors), np.where(net.mentors_used < net.mentor_seats, more + self.so_far, FAR)
        )
        less = bonus(net.first_mentee, net.mentees_used, last=True) + net.mentee_price
        self._reach(slice(self.mentors, self.hub), np.where(net.mentees_used > 0, less + self.so_far, FAR))

    def _reach(self, nodes: slice, distance: Whole) -> None:
        better = distance < self.distance[nodes]
        np.copyto(self.distance[nodes], distance, where=better)
        np.copyto(self.waiting[nodes], distance, where=better)
        np.copyto(self.came[nodes], self.at, where=better)

    def _reach_one(self, node: int, loss: int) -> None:
        if self.so_far + loss < self.distance[node]:
            self.distance[node] = self.waiting[node] = self.so_far + loss
            self.came[node] = self.at


def bonus(first: Whole, used: Whole, *, last: bool = False) -> Whole:
    """What the next seat of each brings by itself, or what the last one did: something for the first only."""
    alone: Whole = np.where(used == (1 if last else 0), first, 0)
    return alone
