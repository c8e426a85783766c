"""The proof that nothing is better comes from prices alone: right ones close the gap, wrong ones never do."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from portal.core.matching.plans.assignment import Instance, Weights, clipped, priced, proven, solve
from portal.core.matching.plans.certificate import bound
from portal.core.matching.plans.network import Network
from tests.core.matching.instances import best_choice, every_choice, instance, rank


def network_of(given: Instance) -> Network:
    """The best pairs of an instance with their prices."""
    return priced(given, Weights(given))


def instances(seed: int, many: int) -> list[Instance]:
    chance = Random(seed)
    made = (clipped(instance(chance, alike=chance.random() < 0.3)) for _ in range(many))
    return [each for each in made if each.allowed.any()]


@pytest.mark.parametrize("seed", range(4))
def test_right_prices_bound_the_best_choice_exactly(seed: int) -> None:
    for given in instances(seed, 100):
        best = solve(given)
        network = network_of(given)
        assert bound(network) == network.value() == Weights(given).value(given, best)


@pytest.mark.parametrize("seed", range(4))
def test_a_plan_that_is_not_the_best_has_a_gap_by_the_same_prices(seed: int) -> None:
    for given in instances(seed, 30):
        best, weights = best_choice(given), Weights(given)
        most = bound(network_of(given))
        for plan in every_choice(given):
            gap = most - weights.value(given, plan)
            assert (gap == 0) == (rank(given, plan) == rank(given, best))
            assert gap >= 0


@pytest.mark.parametrize("seed", range(4))
def test_wrong_prices_never_bound_less_than_the_best(seed: int) -> None:
    chance = Random(seed)
    for given in instances(seed, 60):
        network = network_of(given)
        best = network.value()
        prices = (network.mentor_price.copy(), network.mentee_price.copy())
        for size in (1, 10_000, 2**40, 2**62):
            network.mentor_price, network.mentee_price = (each.copy() for each in prices)
            for _ in range(chance.randint(1, 3)):
                side = chance.choice((network.mentor_price, network.mentee_price))
                side[chance.randrange(len(side))] += chance.choice((-1, 1)) * chance.randint(1, size)
            assert bound(network) >= best


def test_a_price_that_is_off_by_one_leaves_a_gap_of_one() -> None:
    one, nobody = np.ones(1, np.int64), np.zeros(1, bool)
    given = Instance(
        np.array([[7000], [6000]]),
        np.ones((2, 1), bool),
        np.ones(2, np.int64),
        one,
        np.zeros(2, bool),
        nobody,
        0,
    )
    found = proven(given)
    assert (found.pairs, found.gap) == ([(0, 0)], 0)
    network = network_of(given)
    network.mentor_price[0] += 1
    assert bound(network) - network.value() == 1


@pytest.mark.parametrize("seed", range(3))
def test_where_two_may_meet_one_way_only_the_gap_is_closed_over_all_branches(seed: int) -> None:
    chance = Random(seed)
    for _ in range(80):
        given = instance(chance, both_roles=True)
        found = proven(given)
        assert (found.pairs, found.gap) == (best_choice(given), 0)
