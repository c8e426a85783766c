"""How good any choice could be, by prices alone: so that what a run chose can be proven to be the best.

Whatever the prices, no choice is worth more than the bound (weak duality): each pair by which its worth
passes the prices of its two seats, and each seat by what it is worth at its price. Right prices make the
bound equal to the worth of the best choice; wrong ones only make it larger. So a gap of 0 is a proof, whoever
found the prices and however (Ahuja, Magnanti and Orlin, Network Flows, 1993, 9.4).
"""

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.plans.network import Network

Whole = NDArray[np.int64]

FARTHEST = 2**60
"""Prices beyond it are cut to it, which no bound minds, so that no difference passes 64 bits."""
ROWS = 500


def bound(network: Network) -> int:
    """No choice within the network's worth and seats is worth more; by its prices, whatever its pairs are."""
    mentor, mentee = (
        np.clip(each, -FARTHEST, FARTHEST) for each in (network.mentor_price, network.mentee_price)
    )
    seats = seats_bound(network.mentor_seats, network.first_mentor, mentor)
    seats += seats_bound(network.mentee_seats, network.first_mentee, mentee)
    return seats + sum(
        pairs_bound(network.worth[start : start + ROWS], mentor[start : start + ROWS], mentee)
        for start in range(0, len(mentor), ROWS)
    )


def pairs_bound(worth: Whole, mentor: Whole, mentee: Whole) -> int:
    """By how much, all together, pairs of some mentors (rows) with all mentees are worth more than their
    prices.
    """
    over = worth - mentor[:, None]
    over -= mentee
    return sum(over[over > 0].tolist())


def seats_bound(seats: Whole, first: Whole, price: Whole) -> int:
    """What seats can be worth at their prices: the first of each person by `first` more, and none less than
    nothing.
    """
    people = zip(seats.tolist(), first.tolist(), price.tolist(), strict=True)
    return sum(max(0, more + at) + (many - 1) * max(0, at) for many, more, at in people if many > 0)
