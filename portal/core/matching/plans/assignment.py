"""The optimum: which seats meet, for four goals in their order, exactly, with a proof.

The goals become one whole number per pair of seats: a mentee's first seat weighs more than all that follows
can sum to, a mentor's first seat more than what follows that, a pair below the line costs more than all
scores, and the rest is phi of the score. The linear assignment of scipy finds the largest sum over seats.
Where both of a pair have several seats it may pair the same two twice, which the network then mends; and of
choices that are equally good the first is taken. The prices of the network are the proof that nothing is
better.

Somebody whose turn it is, since they were left over the last time, counts double in the first two goals. Who
can be met at once is a matroid (the sets of one side that a bipartite graph can cover), in which the heaviest
set is also a largest one: so whose turn it is decides who is left over and never makes them more. Only where
two people could each mentor the other, and may not both, need that not be so: the goal is the count with
whoever waited counted twice, there as everywhere.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from portal.core.matching.plans.cover import coverable
from portal.core.matching.plans.network import NEVER, Network
from portal.core.matching.plans.one_way import People, one_way
from portal.core.matching.plans.points import Scores, phi
from portal.core.translatable import N_
from portal.errors import Invalid

Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

EXACT = 2**52
"""Below this, float64 holds whole numbers and their differences exactly; above, goals are sought two by two.
"""
AT_ONCE = 500
"""Rows turned into seats at once, so that little is held twice."""
TRIES = 30
LARGEST = 2**56
"""Above this even 64 bits would be too few for prices."""


@dataclass(frozen=True)
class Instance:
    """Mentors by mentees: scores (0..10000), which pairs are allowed, how many seats each has, and who has
    one already.

    `line` is in the same unit as scores. `met_mentors` and `met_mentees`: who is in a locked or live pair,
    which counts. `bonus` is added to a score in the fourth goal only. `people` says which row and column are
    one person. The turns are what each counts for in the first two goals: 2 for whoever waited, else 1.
    """

    scores: Scores
    allowed: Mask
    mentor_seats: Whole
    mentee_seats: Whole
    met_mentors: Mask
    met_mentees: Mask
    line: int
    bonus: Scores | int = 0
    people: People = field(default_factory=People)
    mentor_turns: Whole | int = 1
    mentee_turns: Whole | int = 1

    def with_bonus(self) -> Scores:
        """The scores as they count in the fourth goal."""
        return self.scores if isinstance(self.bonus, int) and self.bonus == 0 else self.scores + self.bonus

    def above(self, line: int) -> "Instance":
        """The same, without pairs below a line."""
        return replace(self, allowed=self.allowed & (self.scores >= line))

    def to_meet(self) -> tuple[Whole, Whole]:
        """What it counts for that each mentor and each mentee is met: nothing for those who are."""
        return np.where(self.met_mentors, 0, self.mentor_turns), np.where(
            self.met_mentees, 0, self.mentee_turns
        )


@dataclass(frozen=True)
class Solution:
    """The best pairs, as (row, column), in order; of equals, those that come first. `gap` is by how much
    another choice could at most be worth more, all goals as one number: 0, by the prices that prove it."""

    pairs: list[tuple[int, int]]
    gap: int = 0


def solve(instance: Instance, *, exact: int = EXACT) -> list[tuple[int, int]]:
    """The best pairs, as (row, column), in order; of equals, those that come first. Raises Invalid for far
    too many people.

    `exact` is where the goals are no longer sought in one step.
    """
    return proven(instance, exact=exact).pairs


def proven(instance: Instance, *, exact: int = EXACT) -> Solution:
    """The same as `solve`, with the proof."""
    instance = clipped(instance)
    if not instance.allowed.any():
        return Solution([])
    weights = Weights(instance)
    pairs, most = one_way(priced(instance, weights, exact=exact), instance.people)
    return Solution(pairs, most - weights.value(instance, pairs))


def priced(instance: Instance, weights: "Weights", *, exact: int = EXACT) -> Network:
    """The best pairs and their prices, where two people may also meet both ways round. Of an instance that is
    `clipped`.
    """
    if weights.most < exact:
        counts = _by_seats(Seats(instance), weights.pair, weights.mentor, weights.mentee)
    else:
        counts = _step_by_step(instance, weights)
    seats = (instance.mentor_seats, instance.mentee_seats)
    return Network.settled(weights.pair, seats, weights.first(instance), counts)


def people_unmet(instance: Instance) -> tuple[int, int]:
    """What the mentees, and then the mentors, who must stay without a partner count for at the least."""
    instance = clipped(instance)
    least = _least_unmet(instance)
    if not instance.people.row_of or _met_one_way(instance, least):
        return least
    return goals(instance, solve(instance))[:2]


def none_more_unmet(instance: Instance, unmet: tuple[int, int]) -> bool:
    """Whether those who must stay without a partner count for no more than `unmet`; less is out of the
    question.
    """
    return _least_unmet(clipped(instance)) <= unmet and people_unmet(instance) <= unmet


def _least_unmet(instance: Instance) -> tuple[int, int]:
    """The same as `people_unmet`, if two people could also be paired both ways round."""
    mentors, mentees = instance.to_meet()
    return (
        int(mentees.sum()) - coverable(instance.allowed, instance.mentor_seats, mentees),
        int(mentors.sum()) - coverable(instance.allowed.T, instance.mentee_seats, mentors),
    )


def _met_one_way(instance: Instance, unmet: tuple[int, int]) -> bool:
    """Whether a few tries find pairs that leave no more unmet though no two people are paired both ways
    round.
    """
    mentor, allowed = int(instance.to_meet()[0].sum()) + 1, instance.allowed.copy()
    for _ in range(TRIES):
        chosen = _by_seats(Seats(instance), np.where(allowed, 0, NEVER), 1, mentor)
        if goals(instance, list(chosen))[:2] != unmet:
            return False
        both = {
            ways for pair in chosen if (ways := instance.people.ways(pair)) and chosen.keys() >= set(ways)
        }
        for ways in both:
            allowed[ways[1]] = False
        if not both:
            return True
    return False


def clipped(instance: Instance) -> Instance:
    """The same, without seats that nobody could take, and without people who cannot meet both ways round
    anyway.
    """
    allowed = instance.allowed & (instance.mentor_seats > 0)[:, None] & (instance.mentee_seats > 0)[None, :]
    return replace(
        instance,
        allowed=allowed,
        mentor_seats=np.minimum(instance.mentor_seats, allowed.sum(axis=1)),
        mentee_seats=np.minimum(instance.mentee_seats, allowed.sum(axis=0)),
        people=instance.people.only(allowed),
    )


class Weights:
    """What a pair of seats is worth: `pair` for any two seats, more for the first seat of the mentee and of
    the mentor.

    `below` is what a pair below the line costs; `most` what two seats can be worth together.
    """

    def __init__(self, instance: Instance) -> None:
        pairs = int(min(instance.mentor_seats.sum(), instance.mentee_seats.sum()))
        mentors, mentees = instance.to_meet()
        scores = instance.with_bonus()
        largest = int(phi(scores.max(where=instance.allowed, initial=0)))
        self.below = largest * pairs + 1
        self.mentor = (self.below + largest) * pairs + 1
        self.mentee = self.mentor * int(mentors[instance.mentor_seats > 0].sum()) + self.mentor
        self.most = self.mentee * int(mentees.max()) + self.mentor * int(mentors.max()) + largest
        if self.most > LARGEST:
            raise Invalid(TOO_MANY)
        value = phi(scores).astype(np.int64)
        np.subtract(value, self.below, out=value, where=instance.scores < instance.line)
        np.copyto(value, NEVER, where=~instance.allowed)
        self.pair = value

    def first(self, instance: Instance) -> tuple[Whole, Whole]:
        """What it is worth that each mentor and each mentee is met at all."""
        mentors, mentees = instance.to_meet()
        return mentors * self.mentor, mentees * self.mentee

    def value(self, instance: Instance, pairs: Sequence[tuple[int, int]]) -> int:
        """What pairs are worth, reckoned from the goals."""
        mentees, mentors, below, points = goals(instance, pairs)
        first = self.first(instance)
        return (
            int(sum((*first[0].tolist(), *first[1].tolist())))
            - self.mentor * mentors
            - self.mentee * mentees
            + points
            - self.below * below
        )


class Seats:
    """The seats of an instance in a row: whose each is, and what it counts for to meet them if it is their
    first.
    """

    def __init__(self, instance: Instance) -> None:
        mentors, mentees = instance.to_meet()
        self.rows, self.first_row = _seats(instance.mentor_seats, mentors)
        self.columns, self.first_column = _seats(instance.mentee_seats, mentees)

    def worth(self, pair: Whole, mentor: int, mentee: int) -> NDArray[np.float64]:
        """What each pair of seats brings."""
        table = np.empty((len(self.rows), len(self.columns)))
        for start in range(0, len(table), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            table[some] = pair[np.ix_(self.rows[some], self.columns)]
        table += (self.first_row * float(mentor))[:, None]
        table += self.first_column * float(mentee)
        return table

    def best(self, cost: NDArray[np.float64], pairs: Mask) -> Counter[tuple[int, int]]:
        """How often each two people are paired where the sum of `cost` is least; only
        `pairs` in it are any.
        """
        rows, columns = linear_sum_assignment(cost)
        inside = (rows < len(self.rows)) & (columns < len(self.columns))
        rows, columns = rows[inside], columns[inside]
        paired = pairs[rows, columns]
        return Counter(
            zip(self.rows[rows[paired]].tolist(), self.columns[columns[paired]].tolist(), strict=True)
        )


def _seats(seats: Whole, turns: Whole) -> tuple[Whole, Whole]:
    owners = np.repeat(np.arange(len(seats)), seats)
    first = np.ones(len(owners), bool)
    first[1:] = owners[1:] != owners[:-1]
    return owners, np.where(first, turns[owners], 0)


def _by_seats(seats: Seats, pair: Whole, mentor: int, mentee: int) -> Counter[tuple[int, int]]:
    """All at once: a pair of seats that is not allowed, or not worth it, weighs nothing and is no pair."""
    cost = seats.worth(pair, mentor, mentee)
    np.negative(cost, out=cost)
    np.minimum(cost, 0, out=cost)
    return seats.best(cost, cost < 0)


def _step_by_step(instance: Instance, weights: Weights) -> Counter[tuple[int, int]]:
    """The first two goals; then the others, with only what is in some best choice for the first two.

    Two people are in one if the prices of their seats sum to what they bring; a seat is free in one if what
    it brings does not pass its price, and taken if its price does not pass what it brings.
    """
    seats = Seats(instance)
    mentors, mentees = instance.to_meet()
    mentee = int(mentors.sum()) + 1
    met = np.where(instance.allowed, 0, NEVER)
    found = _by_seats(seats, met, 1, mentee)
    network = Network.priced(
        met, (instance.mentor_seats, instance.mentee_seats), (mentors, mentees * mentee), found
    )
    even = instance.allowed & (network.mentor_price[:, None] + network.mentee_price[None, :] == 0)
    over_row = network.mentor_price[seats.rows] + seats.first_row
    over_column = network.mentee_price[seats.columns] + seats.first_column * mentee
    size = max(len(over_row), len(over_column))
    free_row, free_column = np.ones(size, bool), np.ones(size, bool)
    free_row[: len(over_row)], free_column[: len(over_column)] = over_row <= 0, over_column <= 0
    free = free_row[:, None] & free_column[None, :]
    table = np.where(free, 0, np.inf)
    inner = (slice(len(over_row)), slice(len(over_column)))
    worth = seats.worth(weights.pair, 0, 0)
    pairs = even[np.ix_(seats.rows, seats.columns)] & (over_row >= 0)[:, None] & (over_column >= 0)[None, :]
    pairs &= (worth > 0) | ~free[inner]
    table[inner] = np.where(pairs, -worth, table[inner])
    return seats.best(table, pairs)


def objective(instance: Instance, pairs: Sequence[tuple[int, int]]) -> tuple[int, int, int, int]:
    """Mentees and mentors unmet, pairs below the line, and the sum of phi: smaller, smaller, smaller, larger
    is better.

    Everybody counts once here, whose turn it is or not.
    """
    return goals(replace(instance, mentor_turns=1, mentee_turns=1), pairs)


def goals(instance: Instance, pairs: Sequence[tuple[int, int]]) -> tuple[int, int, int, int]:
    """The same, as it is sought: whoever waited counts double among the unmet."""
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    mentors, mentees = instance.to_meet()
    mentors[rows] = mentees[columns] = 0
    scores = instance.scores[rows, columns]
    bonus = instance.bonus if isinstance(instance.bonus, int) else instance.bonus[rows, columns]
    return (
        int(mentees.sum()),
        int(mentors.sum()),
        int((scores < instance.line).sum()),
        int(phi(scores + bonus).sum()),
    )


TOO_MANY = N_("There are too many people for one exact run.")
