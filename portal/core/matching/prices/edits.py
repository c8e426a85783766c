"""What a change by hand costs: for one person every partner at once, with who would have to move; and what a
seat is worth.

Two who are put together cost what their pair falls short of the prices of their seats, and the way on which
everybody else comes out best again, which leads from the one back to the other. One search finds those ways
for all partners. What is told is always the difference between two plans, in the four goals: the one that is,
and the best one with the two together.

One rule is not in the prices: that two people meet one way round at most. A change that would break it is not
priced, and said so (`both_ways`). Where the plan itself is the best only because of that rule, whoever made
the board has taken one of two ways away; prices are then those of the board without it, and may be a little
higher than need be.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.plans.points import phi
from portal.core.matching.prices.price_board import Pair, PriceBoard
from portal.core.matching.prices.residual_network import FAR, Residual, Ways

Whole = NDArray[np.int64]
SWAPPED = [1, 0, 2, 3]
"""The four goals of a board that is turned, in the order of one that is not."""


class Change(NamedTuple):
    """By how much a plan differs in the four goals: people left without a partner, pairs below the line, and
    points.

    `points` is the sum of phi, in hundredths of a shown point; more is better, where of the others less is.
    """

    mentees_unmet: int = 0
    mentors_unmet: int = 0
    below_line: int = 0
    points: int = 0

    @property
    def cost(self) -> tuple[int, int, int, int]:
        """The cheaper, the smaller."""
        return self.mentees_unmet, self.mentors_unmet, self.below_line, -self.points


@dataclass(frozen=True)
class Chain:
    """Pairs, as (row, column), that a change makes and parts; in order."""

    made: tuple[Pair, ...] = ()
    parted: tuple[Pair, ...] = ()


def price_mentors(board: PriceBoard, column: int, instead_of: int | None = None) -> "Prices":
    """What it costs that each mentor is paired with the mentee in `column`.

    With `instead_of`, the row of a present partner, that pair goes (even if it is a pin) and the new one
    takes its place; without, the mentee gets one more partner, or another where they have no seat left.
    """
    pair = None if instead_of is None else (instead_of, column)
    if pair is None or (pair not in board.pinned and _seats_that_move(board, column) == 1):
        return Prices(board, column, board.residual(), Chain())
    residual = board.residual(released=pair)
    residual.part(*pair)
    ways = residual.reroute(pair[0], residual.mentee(column))
    return Prices(board, column, residual, _netted([*_steps(ways, residual.mentee(column)), (False, pair)]))


def price_mentees(board: PriceBoard, row: int, instead_of: int | None = None) -> "Prices":
    """The same for the mentor in `row` and every mentee, who are the rows of these prices."""
    found = price_mentors(board.turned(), row, instead_of)
    found.turned, found.changes = True, found.changes[:, SWAPPED]
    return found


def seat_values(board: PriceBoard) -> tuple["SeatValues", "SeatValues"]:
    """What one more seat would bring at each mentor, and at each mentee."""
    return SeatValues(board.turned(), turned=True), SeatValues(board)


def _seats_that_move(board: PriceBoard, column: int) -> int:
    return int(board.mentee_seats[column]) - sum(pair[1] == column for pair in board.pinned)


def after(board: PriceBoard, chain: Chain) -> frozenset[Pair]:
    """The pairs on the board when a chain is applied to it: with all that could be added, the best under the
    new pin.
    """
    return (board.present - set(chain.parted)) | set(chain.made)


def difference(board: PriceBoard, chain: Chain, among: Collection[Pair] | None = None) -> Change:
    """By how much a chain changes the pairs on the board (or those `among`), in the four goals."""
    there = set(board.present if among is None else among)
    made, parted = (
        [each for each in chain.made if each not in there],
        [each for each in chain.parted if each in there],
    )
    met = [0, 0]
    for side, first in enumerate((board.mentor_first, board.mentee_first)):
        touched = {pair[side] for pair in (*made, *parted)}
        before = Counter(pair[side] for pair in there if pair[side] in touched)
        then = before + Counter(pair[side] for pair in made)
        then.subtract(pair[side] for pair in parted)
        met[side] = sum(bool(first[each]) * ((before[each] > 0) - (then[each] > 0)) for each in touched)
    below, points = (
        int(each) for each in _worths(board, made).sum(axis=0) - _worths(board, parted).sum(axis=0)
    )
    return Change(met[1], met[0], below, points)


def _worths(board: PriceBoard, pairs: Sequence[Pair]) -> Whole:
    """For each pair: whether it is below the line, and what it counts for in the fourth goal."""
    found = np.zeros((len(pairs), 2), np.int64)
    if len(pairs):
        rows, columns = np.array(pairs, np.int64).T
        found[:, 0] = board.scores[rows, columns] < board.line
        found[:, 1] = phi(board.scores[rows, columns].astype(np.int64)) + board.more(rows, columns)
    return found


def _steps(ways: Ways, target: int) -> list[tuple[bool, Pair]]:
    """The pairs on the way to `target`: whether each is made or parted."""
    rows, hub, found = ways.residual.rows, ways.residual.hub, []
    for start, end in pairwise(ways.path(target)):
        if hub not in (start, end):
            made = start < rows
            found.append((made, (start, end - rows) if made else (end, start - rows)))
    return found


def _netted(steps: Sequence[tuple[bool, Pair]]) -> Chain:
    """What steps come to when what is made and parted again is left out."""
    counted = Counter[Pair]()
    for is_made, pair in steps:
        counted[pair] += 1 if is_made else -1
    made, parted = (
        tuple(sorted(pair for pair, many in counted.items() if many == wanted)) for wanted in (1, -1)
    )
    return Chain(made, parted)


def _turned(chain: Chain) -> Chain:
    """The same with rows for columns."""
    made, parted = (
        tuple(sorted((row, column) for column, row in pairs)) for pairs in (chain.made, chain.parted)
    )
    return Chain(made, parted)


class Prices:
    """What it costs to pair one mentee (`column`) with each mentor (row), by one search; see `price_mentors`.
    `before` is what follows already from parting the pair that goes.

    `changes` has a row of four for each mentor, which counts only where `priced`. `both_ways` marks those who
    are not priced since two people would be paired both ways round. Of a board that is `turned`, rows are
    mentees; what is told of chains and changes is as of one that is not.
    """

    turned = False

    def __init__(self, board: PriceBoard, column: int, residual: Residual, before: Chain) -> None:
        self.board, self.column, self.before, self._residual = board, column, before, residual
        self._ways = residual.search(residual.mentee(column))
        self._at_once = {row for row, at in before.made if at == column}
        self.priced = (residual.open[:, column] >= 0) & (self._ways.distance[: residual.rows] < FAR)
        self.priced[list(self._at_once)] = True
        self.both_ways = np.zeros(len(self.priced), bool)
        if board.reversible:
            for row in np.flatnonzero(self.priced).tolist():
                self.both_ways[row] = _is_both_ways(board, self._chain(row))
            self.priced &= ~self.both_ways
        self.changes = self._changes()

    def _changes(self) -> Whole:
        """One difference for all: of what went before, of the way to each mentor, and of the new pair."""
        board = self.board
        found = np.zeros((len(self.priced), 4), np.int64)
        rows = np.flatnonzero(self.priced)
        if not board.there.all():
            for row in rows.tolist():
                found[row] = difference(board, self._chain(row))
            return found
        found[rows] = along(board, self._ways)[rows]
        found[rows, 2:] += _worths(board, [(row, self.column) for row in rows.tolist()])
        found[list(self._at_once)] = 0
        found[rows] += np.array(difference(board, self.before))
        return found

    def change(self, row: int) -> Change:
        """What it costs in the four goals."""
        return Change(*self.changes[row].tolist())

    def chain(self, row: int) -> Chain:
        """Who is paired with whom instead, the new pair included; as (mentor, mentee)."""
        return _turned(self._chain(row)) if self.turned else self._chain(row)

    def _chain(self, row: int) -> Chain:
        if row in self._at_once:
            return self.before
        before = [
            *((True, pair) for pair in self.before.made),
            *((False, pair) for pair in self.before.parted),
        ]
        return _netted([*before, (True, (row, self.column)), *_steps(self._ways, row)])

    def order(self) -> list[int]:
        """The rows that are priced, the cheapest first."""
        rows = np.flatnonzero(self.priced)
        mentees, mentors, below, points = self.changes[rows].T
        found: list[int] = rows[np.lexsort((rows, -points, below, mentors, mentees))].tolist()
        return found


def _is_both_ways(board: PriceBoard, chain: Chain) -> bool:
    then = (board.planned - set(chain.parted)) | set(chain.made)
    return any(board.other_way(pair) in then for pair in chain.made)


def along(board: PriceBoard, ways: Ways) -> Whole:
    """What the way to each node changes in the four goals; nothing that counts where there is no way."""
    net, rows, hub = ways.residual, ways.residual.rows, ways.residual.hub
    came = ways.came
    found = np.zeros((hub + 2, 4), np.int64)
    mentors, mentees = np.arange(rows), np.arange(rows, hub)
    made, parted = (
        mentees[(came[mentees] >= 0) & (came[mentees] < rows)],
        mentors[(came[mentors] >= rows) & (came[mentors] < hub)],
    )
    found[made, 2:] = _worths(board, list(zip(came[made].tolist(), (made - rows).tolist(), strict=True)))
    found[parted, 2:] = -_worths(
        board, list(zip(parted.tolist(), (came[parted] - rows).tolist(), strict=True))
    )
    counts_mentor, counts_mentee = net.mentors.first > 0, net.mentees.first > 0
    first_seat, last_seat = (net.mentors.used == 0) & counts_mentor, (net.mentees.used == 1) & counts_mentee
    found[mentors, 1] = np.where((came[mentors] == hub) & first_seat, -1, 0)
    found[mentees, 0] = (came[mentees] == hub) & last_seat
    before = int(came[hub])
    if 0 <= before < rows:
        found[hub, 1] = net.mentors.used[before] == 1 and counts_mentor[before]
    elif before >= rows:
        found[hub, 0] = -int(net.mentees.used[before - rows] == 0 and counts_mentee[before - rows])
    return _summed(found, np.append(np.where(came < 0, hub + 1, came), hub + 1))


def _summed(each: Whole, before: Whole) -> Whole:
    """The sum of each node and all before it: by doubling, since the node before the one before is found in
    one step.
    """
    last = len(before) - 1
    while (before != last).any():
        each = each + each[before]
        before = before[before]
    return each


class SeatValues:
    """What one more seat would bring at each mentee (column) of a board, by one search; all 0 where it would
    bring nothing.

    On a board that is `turned` they are mentors. `changes` has a row of four for each.
    """

    def __init__(self, board: PriceBoard, *, turned: bool = False) -> None:
        self.board, self.turned = board, turned
        residual = board.residual()
        self._ways = residual.search(residual.hub)
        distance = self._ways.distance[residual.rows : residual.hub]
        side = residual.mentees
        gain = (side.one_more() + side.price) // residual.scale - distance // residual.scale
        self.worth_it = (distance < FAR) & (gain > 0)
        found = along(board, self._ways)[residual.rows : residual.hub]
        found[:, 0] -= (side.used == 0) & (side.first > 0)
        if turned:
            found = found[:, SWAPPED]
        self.changes = np.where(self.worth_it[:, None], found, 0)

    def order(self) -> list[int]:
        """Those whose seat is worth something, the most first."""
        some = np.flatnonzero(self.worth_it)
        mentees, mentors, below, points = self.changes[some].T
        found: list[int] = some[np.lexsort((some, -points, below, mentors, mentees))].tolist()
        return found

    def change(self, number: int) -> Change:
        """What one more seat changes in the four goals."""
        return Change(*self.changes[number].tolist())

    def chain(self, number: int) -> Chain:
        """Who would be paired with whom; on a turned board as (mentor, mentee) all the same."""
        found = _netted(_steps(self._ways, self._ways.residual.mentee(number)))
        return _turned(found) if self.turned else found
