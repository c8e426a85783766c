"""The optimum: which seats meet, for four goals in their order, exactly.

The goals become one whole number per pair of seats: a mentee's first seat weighs more than all that follows can sum to, a
mentor's first seat more than what follows that, a pair below the line costs more than all scores, and the rest is phi of the
score. The linear assignment of scipy finds the largest sum over seats. Where both of a pair have several seats it may pair
the same two twice, which the network then mends; and of choices that are equally good the first is taken.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from portal.core.matching.network import NEVER, Network
from portal.core.matching.one_way import People, one_way
from portal.core.translatable import N_
from portal.errors import Invalid

Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

BEND = 5000
EXACT = 2**52
"""Below this, float64 holds whole numbers and their differences exactly; above, goals are sought two by two."""
LARGEST = 2**56
"""Above this even 64 bits would be too few for prices."""


@dataclass(frozen=True)
class Instance:
    """Mentors by mentees: scores (0..10000), which pairs are allowed, how many seats each has, and who has one already.

    `line` is in the same unit as scores. `met_mentors` and `met_mentees`: who is in a locked or live pair, which counts.
    `bonus` is added to a score in the fourth goal only. `people` says which row and column are one person.
    """

    scores: Whole
    allowed: Mask
    mentor_seats: Whole
    mentee_seats: Whole
    met_mentors: Mask
    met_mentees: Mask
    line: int
    bonus: Whole | int = 0
    people: People = field(default_factory=People)


def phi(scores: Whole) -> Whole:
    """s + min(s, 5000): below fifty points each missing point counts double."""
    return scores + np.minimum(scores, BEND)


def solve(instance: Instance, *, exact: int = EXACT) -> list[tuple[int, int]]:
    """The best pairs, as (row, column), in order; of equals, those that come first. Raises Invalid for far too many people.

    `exact` is where the goals are no longer sought in one step.
    """
    instance = _clipped(instance)
    if not instance.allowed.any():
        return []
    weights = Weights(instance)
    if weights.mentee + weights.mentor < exact:
        counts = _by_seats(Seats(instance), weights.pair, weights.mentor, weights.mentee)
    else:
        counts = _step_by_step(instance, weights)
    seats = (instance.mentor_seats, instance.mentee_seats)
    network = Network.settled(weights.pair, seats, weights.first(instance), counts)
    return one_way(network, instance.people)


def people_unmet(instance: Instance) -> tuple[int, int]:
    """How many mentees, and then mentors, must stay without a partner."""
    instance = _clipped(instance)
    if instance.people.row_of or not instance.allowed.any():
        return objective(instance, solve(instance))[:2]
    met = np.where(instance.allowed, 0, NEVER)
    found = _by_seats(Seats(instance), met, 1, int(instance.mentor_seats.sum()) + 1)
    return objective(instance, list(found))[:2]


def _clipped(instance: Instance) -> Instance:
    """The same, without seats that nobody could take."""
    allowed = instance.allowed & (instance.mentor_seats > 0)[:, None] & (instance.mentee_seats > 0)[None, :]
    return replace(
        instance,
        allowed=allowed,
        mentor_seats=np.minimum(instance.mentor_seats, allowed.sum(axis=1)),
        mentee_seats=np.minimum(instance.mentee_seats, allowed.sum(axis=0)),
    )


class Weights:
    """What a pair of seats is worth: `pair` for any two seats, more for the first seat of the mentee and of the mentor."""

    def __init__(self, instance: Instance) -> None:
        pairs = int(min(instance.mentor_seats.sum(), instance.mentee_seats.sum()))
        value = phi(instance.scores + instance.bonus)
        most = int(value[instance.allowed].max())
        below = most * pairs + 1
        self.mentor = (below + most) * pairs + 1
        self.mentee = (self.mentor + below + most) * pairs + 1
        if self.mentee + self.mentor > LARGEST:
            raise Invalid(TOO_MANY)
        worth = np.where(instance.scores < instance.line, value - below, value)
        self.pair = np.where(instance.allowed, worth, NEVER)

    def first(self, instance: Instance) -> tuple[Whole, Whole]:
        """What it is worth that each mentor and each mentee is met at all."""
        return np.where(instance.met_mentors, 0, self.mentor), np.where(instance.met_mentees, 0, self.mentee)


class Seats:
    """The seats of an instance in a row: whose each is, and whether it is the first of somebody who is not met yet."""

    def __init__(self, instance: Instance) -> None:
        self.rows, self.first_row = _seats(instance.mentor_seats, instance.met_mentors)
        self.columns, self.first_column = _seats(instance.mentee_seats, instance.met_mentees)

    def worth(self, pair: Whole, mentor: int, mentee: int) -> NDArray[np.float64]:
        """What each pair of seats brings."""
        table = pair[np.ix_(self.rows, self.columns)].astype(np.float64)
        table += self.first_row[:, None] * float(mentor) + self.first_column[None, :] * float(mentee)
        return table

    def best(self, table: NDArray[np.float64], pairs: Mask) -> Counter[tuple[int, int]]:
        """How often each two people are paired where the sum of the table is largest; only `pairs` in it are any."""
        rows, columns = linear_sum_assignment(table, maximize=True)
        inside = (rows < len(self.rows)) & (columns < len(self.columns))
        rows, columns = rows[inside], columns[inside]
        paired = pairs[rows, columns]
        return Counter(zip(self.rows[rows[paired]].tolist(), self.columns[columns[paired]].tolist(), strict=True))


def _seats(seats: Whole, met: Mask) -> tuple[Whole, Mask]:
    owners = np.repeat(np.arange(len(seats)), seats)
    first = np.ones(len(owners), bool)
    first[1:] = owners[1:] != owners[:-1]
    return owners, first & ~met[owners]


def _by_seats(seats: Seats, pair: Whole, mentor: int, mentee: int) -> Counter[tuple[int, int]]:
    """All at once: a pair of seats that is not allowed, or not worth it, weighs nothing and is no pair."""
    worth = np.maximum(seats.worth(pair, mentor, mentee), 0)
    return seats.best(worth, worth > 0)


def _step_by_step(instance: Instance, weights: Weights) -> Counter[tuple[int, int]]:
    """The first two goals; then the others, with only what is in some best choice for the first two.

    Two people are in one if the prices of their seats sum to what they bring; a seat is free in one if what it brings does
    not pass its price, and taken if its price does not pass what it brings.
    """
    seats, mentee = Seats(instance), int(instance.mentor_seats.sum()) + 1
    met = np.where(instance.allowed, 0, NEVER)
    first = np.where(instance.met_mentors, 0, 1), np.where(instance.met_mentees, 0, mentee)
    found = _by_seats(seats, met, 1, mentee)
    network = Network.priced(met, (instance.mentor_seats, instance.mentee_seats), first, found)
    even = instance.allowed & (network.mentor_price[:, None] + network.mentee_price[None, :] == 0)
    over_row = network.mentor_price[seats.rows] + seats.first_row
    over_column = network.mentee_price[seats.columns] + seats.first_column * mentee
    size = max(len(over_row), len(over_column))
    free_row, free_column = np.ones(size, bool), np.ones(size, bool)
    free_row[: len(over_row)], free_column[: len(over_column)] = over_row <= 0, over_column <= 0
    free = free_row[:, None] & free_column[None, :]
    table = np.where(free, 0, -np.inf)
    inner = (slice(len(over_row)), slice(len(over_column)))
    worth = seats.worth(weights.pair, 0, 0)
    pairs = even[np.ix_(seats.rows, seats.columns)] & (over_row >= 0)[:, None] & (over_column >= 0)[None, :]
    pairs &= (worth > 0) | ~free[inner]
    table[inner] = np.where(pairs, worth, table[inner])
    return seats.best(table, pairs)


def objective(instance: Instance, pairs: Sequence[tuple[int, int]]) -> tuple[int, int, int, int]:
    """Mentees and mentors unmet, pairs below the line, and the sum of phi: smaller, smaller, smaller, larger is better."""
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    mentors, mentees = instance.met_mentors.copy(), instance.met_mentees.copy()
    mentors[rows] = mentees[columns] = True
    scores = instance.scores[rows, columns]
    bonus = instance.bonus if isinstance(instance.bonus, int) else instance.bonus[rows, columns]
    return int((~mentees).sum()), int((~mentors).sum()), int((scores < instance.line).sum()), int(phi(scores + bonus).sum())


TOO_MANY = N_("There are too many people for one exact run.")
