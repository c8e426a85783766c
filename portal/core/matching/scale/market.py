"""What meeting is worth, for very many people: seats, what it brings to meet somebody at all, and what a pair
of a score brings.

Here to meet a mentee weighs as much as to meet a mentor, which keeps the numbers small enough for any size.
It makes no difference: some choice is the best for both goals at once (Mendelsohn and Dulmage, 1958; with
seats, Ford and Fulkerson's theorem on symmetric supply and demand, 1957), so that what is best for their sum
is best for each. Only people in both roles, who could meet both ways round and may not, can set the two goals
against each other: where there are any, the first goal weighs more than all of the second, as long as the
numbers stay exact.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.plans.network import NEVER
from portal.core.matching.plans.points import BEND
from portal.core.translatable import N_
from portal.errors import Invalid

Whole = NDArray[np.int64]
Points = NDArray[np.int16]
Prices = tuple[Whole, Whole]
"""What one more seat of each mentor and of each mentee costs."""

LARGEST = 15_000
"""Phi of the highest score."""
EXACT = 2**53
"""Below this, 64 bit floats hold whole numbers exactly."""
ROOM = 32
"""So many times the most that two people bring, at the least, must fit below EXACT, since prices sum up along
a way.
"""


@dataclass(frozen=True)
class Market:
    """Mentors by mentees: `seats` of each, and what it is worth that each is `met` at all.

    A pair is worth phi of its score, less `below` if the score is below the line; one below the `floor` is
    not there at all. With `cover` no pair is worth anything: so only who is met counts.
    """

    seats: tuple[Whole, Whole]
    met: tuple[Whole, Whole]
    line: int
    below: int
    floor: int = 0
    cover: bool = False

    @staticmethod
    def of(seats: tuple[Whole, Whole], turns: tuple[Whole, Whole], line: int, *, both_ways: bool) -> "Market":
        """The four goals. `turns`: what each counts for if they are met. Raises Invalid for far too many
        people.
        """
        pairs = int(min(seats[0].sum(), seats[1].sum()))
        below = LARGEST * pairs + 1
        one = (below + LARGEST) * pairs + 1
        ordered = one * (int(turns[0].sum()) + 1)
        most = max(int(turns[0].max(initial=0)), int(turns[1].max(initial=0)), 1)
        if ROOM * most * one >= EXACT:
            raise Invalid(TOO_MANY)
        mentee = ordered if both_ways and ROOM * most * ordered < EXACT else one
        return Market(seats, (turns[0] * one, turns[1] * mentee), line, below)

    def above(self, floor: int, *, cover: bool) -> "Market":
        """The same without the pairs whose score is below a floor."""
        return replace(self, line=0, floor=floor, cover=cover)

    def worth(self, scores: NDArray[np.signedinteger], bonus: NDArray[np.signedinteger] | int = 0) -> Whole:
        """What pairs are worth, by their score (0..10000) and the bonus for staying together."""
        scores = scores.astype(np.int64)
        if self.cover:
            return np.where(scores < self.floor, NEVER, 0)
        value = scores + bonus
        phi: Whole = value + np.minimum(value, BEND) - (scores < self.line) * self.below
        if self.floor:
            phi[scores < self.floor] = NEVER
        return phi

    def at_most(self, scores: Points) -> Points:
        """The same without bonus in 16 bits: never less, and the same where it is more than nothing; little,
        if too low.
        """
        if self.cover:
            return (scores < self.floor) * np.int16(-LARGEST - 1)
        return scores + np.minimum(scores, np.int16(BEND))

    def roughly(self, scores: Points) -> Points:
        """About what pairs are worth in 16 bits, for a first choice: to be below the line costs all that a
        pair can bring."""
        if self.cover:
            return self.at_most(scores)
        return self.at_most(scores) - (scores < self.line) * np.int16(LARGEST)

    def met_by(self, used: tuple[Whole, Whole]) -> int:
        """What it is worth to meet those who have used any seat."""
        return sum(int(met[taken > 0].sum()) for met, taken in zip(self.met, used, strict=True))


TOO_MANY = N_("There are too many people for one exact run.")
