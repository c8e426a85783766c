"""A plan with the prices that prove it the best: what is kept of a board so that changes by hand can be
priced at once.
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.plans.points import phi
from portal.core.matching.prices.residual_network import Residual, Side

Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]
Pair = tuple[int, int]


@dataclass(frozen=True)
class PriceBoard:
    """A plan with the prices that prove it the best under its pins, and all that is needed to ask what else
    would cost.

    Rows are mentors, columns mentees. `seats` are what each has besides live pairings; `first` what it is
    worth that they are met at all, nothing for those who are. `plan` are the pairs that may move; `there`
    which of them are on the board already (the others could be added to it as it is). `pins` stay. `added`
    has (row, column, more): what a pair counts for beyond phi of its score. A pair below `line` costs
    `below`.
    """

    mentor_ids: Whole
    mentee_ids: Whole
    scores: NDArray[np.int16]
    allowed: Mask
    mentor_seats: Whole
    mentee_seats: Whole
    mentor_first: Whole
    mentee_first: Whole
    mentor_price: Whole
    mentee_price: Whole
    plan: Whole
    there: Mask
    pins: Whole
    added: Whole
    line: int
    below: int

    def to_bytes(self) -> bytes:
        """All of it as a file of numpy's (.npz, not compressed)."""
        given = {each.name: np.asarray(getattr(self, each.name)) for each in fields(self)}
        given["allowed"] = np.packbits(self.allowed, axis=None)
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **given)
        return file.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> "PriceBoard":
        """The same board again; raises ValueError for what is none."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                given = {name: file[name] for name in file.files}
        except (EOFError, OSError, zipfile.BadZipFile) as error:
            raise ValueError("these are not the prices of a board") from error
        shape = given["scores"].shape
        bits = np.unpackbits(given["allowed"], count=shape[0] * shape[1])
        given["allowed"] = bits.reshape(shape).view(bool)
        return PriceBoard(**{**given, "line": int(given["line"]), "below": int(given["below"])})

    @cached_property
    def rows(self) -> Mapping[int, int]:
        """The row of each mentor, by id."""
        return {each: number for number, each in enumerate(self.mentor_ids.tolist())}

    @cached_property
    def columns(self) -> Mapping[int, int]:
        """The column of each mentee, by id."""
        return {each: number for number, each in enumerate(self.mentee_ids.tolist())}

    @cached_property
    def pinned(self) -> frozenset[Pair]:
        """The pairs that stay."""
        return frozenset(map(tuple, self.pins.tolist()))

    @cached_property
    def present(self) -> frozenset[Pair]:
        """All pairs on the board."""
        return frozenset(map(tuple, self.plan[self.there].tolist())) | self.pinned

    @cached_property
    def planned(self) -> frozenset[Pair]:
        """All pairs of the plan: those on the board, and those that could be added to it as it is."""
        return frozenset(map(tuple, self.plan.tolist())) | self.pinned

    @cached_property
    def reversible(self) -> bool:
        """Whether some two people could be paired both ways round."""
        both = sorted(self.rows.keys() & self.columns.keys())
        possible = self.allowed.copy()
        if len(self.pins):
            possible[tuple(self.pins.T)] = True
        some = possible[np.ix_([self.rows[each] for each in both], [self.columns[each] for each in both])]
        return bool((some & some.T).any())

    def other_way(self, pair: Pair) -> Pair | None:
        """The same two people the other way round, if both are in both roles."""
        row, column = (
            self.rows.get(int(self.mentee_ids[pair[1]])),
            self.columns.get(int(self.mentor_ids[pair[0]])),
        )
        return None if row is None or column is None else (row, column)

    def more(self, rows: Whole, columns: Whole) -> Whole:
        """What pairs count for beyond phi of their score."""
        known = self._added
        found: Whole = np.array(
            [known.get(pair, 0) for pair in zip(rows.tolist(), columns.tolist(), strict=True)], np.int64
        )
        return found

    @cached_property
    def _added(self) -> Mapping[Pair, int]:
        return {(row, column): more for row, column, more in self.added.tolist()}

    def turned(self) -> "PriceBoard":
        """The same with mentors as columns and mentees as rows."""
        swapped = {
            each.name: getattr(
                self, each.name.replace("mentor", "*").replace("mentee", "mentor").replace("*", "mentee")
            )
            for each in fields(self)
        }
        for name in ("scores", "allowed"):
            swapped[name] = np.ascontiguousarray(swapped[name].T)
        for name in ("plan", "pins"):
            swapped[name] = np.ascontiguousarray(swapped[name][:, ::-1])
        swapped["added"] = self.added[:, [1, 0, 2]]
        return PriceBoard(**swapped)

    def residual(self, released: Pair | None = None, *, counting: bool = True) -> Residual:
        """The plan as something that flows; a pin that is `released` is one of its pairs, and its seats may
        move.
        """
        held = self.pinned - {released}
        pairs = self.planned - held
        sides = tuple(self._side(number, held, pairs) for number in (0, 1))
        scores = np.arange(10_001)
        worth_of = phi(scores) - np.where(scores < self.line, self.below, 0)
        made = Residual(
            self.scores,
            self.allowed,
            worth_of,
            self._added,
            (sides[0], sides[1]),
            set(pairs),
            counting=counting,
        )
        if released in self.pinned:
            _reprice(made, *released)
        return made

    def _side(self, number: int, held: frozenset[Pair], pairs: frozenset[Pair]) -> Side:
        """The mentors (0) or the mentees (1), without the seats that are held."""
        name = ("mentor", "mentee")[number]
        seats, first = getattr(self, f"{name}_seats"), getattr(self, f"{name}_first")
        taken, used = (
            np.bincount([pair[number] for pair in some], minlength=len(seats)).astype(np.int64)
            for some in (held, pairs)
        )
        free = np.maximum(seats - taken, 0)
        return Side(free, used, np.where(taken > 0, 0, first), getattr(self, f"{name}_price"))


def _reprice(residual: Residual, row: int, column: int) -> None:
    """Right prices for two whose pin was released: where that was their only pair, nothing had bounded theirs
    from below.
    """
    mentors, mentees = residual.mentors, residual.mentees
    if mentors.used[row] == 1:
        there = mentees.seats > 0
        over = int((residual.worths(row) - mentees.price)[there].max())
        mentors.price[row] = max(int(mentors.price[row]), -int(mentors.first[row]), over)
    if mentees.used[column] == 1:
        there = mentors.seats > 0
        over = -int((residual.pins(column) - mentees.price[column])[there].min())
        mentees.price[column] = max(int(mentees.price[column]), -int(mentees.first[column]), over)
