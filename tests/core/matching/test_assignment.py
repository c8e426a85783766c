"""The optimum is the one that looking at every choice finds, whatever seats there are."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from portal.core.matching.assignment import Instance, solve
from tests.core.matching.instances import every_choice, instance, rank


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("alike", [False, True])
def test_the_answer_is_as_good_as_the_best_of_all_choices(seed: int, alike: bool) -> None:
    chance = Random(f"{seed} {alike}")
    for _ in range(220):
        given = instance(chance, alike=alike)
        found = solve(given)
        assert set(found) in [set(each) for each in every_choice(given)], "not a choice that there is"
        assert rank(given, found) == min(rank(given, each) for each in every_choice(given))


def several_seats(rows: int, columns: int, seats: int) -> Instance:
    return Instance(
        scores=np.full((rows, columns), 6000),
        allowed=np.ones((rows, columns), bool),
        mentor_seats=np.full(rows, seats),
        mentee_seats=np.full(columns, seats),
        met_mentors=np.zeros(rows, bool),
        met_mentees=np.zeros(columns, bool),
        line=4000,
    )


def test_two_people_with_many_seats_meet_once() -> None:
    assert solve(several_seats(1, 1, 5)) == [(0, 0)]
    assert len(solve(several_seats(3, 3, 2))) == 6


def test_the_same_instance_gives_the_same_pairs_though_all_scores_are_equal() -> None:
    assert solve(several_seats(12, 12, 1)) == solve(several_seats(12, 12, 1))


def test_nobody_allowed_is_no_error() -> None:
    given = several_seats(2, 2, 1)
    none = Instance(
        given.scores, np.zeros((2, 2), bool), given.mentor_seats, given.mentee_seats,
        given.met_mentors, given.met_mentees, 0,
    )  # fmt: skip
    assert solve(none) == []
