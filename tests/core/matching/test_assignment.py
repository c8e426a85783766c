"""The optimum is the one that looking at every choice finds, whatever seats there are, and of equals the
first.
"""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from portal.core.matching.plans.assignment import Instance, goals, objective, people_unmet, proven, solve
from portal.core.matching.plans.one_way import People
from portal.errors import Invalid
from tests.core.matching.instances import best_choice, instance, rank
from tests.sampling import examples


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("both_roles", [False, True])
def test_the_answer_is_the_best_of_all_choices_and_of_equals_the_first(
    seed: int, alike: bool, both_roles: bool
) -> None:
    chance = Random(f"{seed} {alike} {both_roles}")
    for _ in range(examples(250)):
        given = instance(chance, alike=alike, both_roles=both_roles)
        best = best_choice(given)
        assert solve(given) == best
        assert solve(given, exact=0) == best, "goals sought in two steps"
        assert [proven(given).gap, proven(given, exact=0).gap] == [0, 0]
        mentees, mentors, below, total = goals(given, best)
        assert (mentees, mentors, below, -total) == rank(given, best)
        mentees, mentors, below, total = objective(given, best)
        assert (mentees, mentors, below, -total) == rank(given, best, waited=1)
        assert people_unmet(given) == rank(given, best)[:2]


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


def test_where_all_are_alike_the_first_meet_the_first() -> None:
    assert solve(several_seats(40, 40, 1)) == [(each, each) for each in range(40)]
    assert solve(several_seats(3, 3, 2)) == [(0, 0), (0, 1), (1, 0), (1, 2), (2, 1), (2, 2)]


def test_nobody_allowed_is_no_error() -> None:
    given = several_seats(2, 2, 1)
    none = Instance(
        given.scores,
        np.zeros((2, 2), bool),
        given.mentor_seats,
        given.mentee_seats,
        given.met_mentors,
        given.met_mentees,
        0,
    )
    assert solve(none) == []


def everybody_both_ways(people: int, chance: Random) -> Instance:
    """People in both roles who suit each other best two by two, both ways round."""
    scores = np.array([[chance.randint(3000, 6000) for _ in range(people)] for _ in range(people)])
    for one in range(0, people, 2):
        scores[one, one + 1] = scores[one + 1, one] = 9000
    ones, own = np.ones(people, np.int64), {each: each for each in range(people)}
    nobody = np.zeros(people, bool)
    return Instance(
        scores, ~np.eye(people, dtype=bool), ones, ones, nobody, nobody, 4000, people=People(own, own)
    )


@pytest.mark.parametrize("people", [6, 30])
def test_people_who_suit_each_other_both_ways_round_meet_one_way_round(people: int) -> None:
    found = solve(everybody_both_ways(people, Random(people)))
    assert len(found) == people
    assert not {(one, other) for other, one in found} & set(found)


def test_far_too_many_people_are_refused() -> None:
    many = 9000
    given = several_seats(1, 1, 1)
    with pytest.raises(Invalid, match="too many people"):
        solve(
            Instance(
                np.broadcast_to(given.scores, (many, many)),
                np.broadcast_to(given.allowed, (many, many)),
                np.full(many, 5),
                np.full(many, 5),
                np.zeros(many, bool),
                np.zeros(many, bool),
                0,
            )
        )
