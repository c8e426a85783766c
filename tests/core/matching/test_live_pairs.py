"""A run in the middle of a season: whoever meets somebody already comes after those who meet nobody."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from portal.core.hours.weekly_hours import parse_hours
from portal.core.matching.candidates import Problem, Rules, Wish
from portal.core.matching.engine import match
from tests.core.matching.instances import candidate, problem

SAME = {
    "hours": parse_hours("Mon-Fri 09:00-17:00"),
    "zone": "Europe/Berlin",
    "languages": ("en",),
    "mentor_capacity": 1,
    "mentee_capacity": 1,
}


def two_for_one(**better: object) -> Problem:
    """Two mentors and one who learns; the first mentor suits better and has `better` facts."""
    chance = Random(7)
    mentor = {**SAME, "grade": 1, "as_mentor": True, "as_mentee": False}
    expert = candidate(1, chance, **mentor, teaches=(Wish("topic-1", 3),), **better)
    other = candidate(2, chance, **mentor, teaches=())
    learner = candidate(
        3, chance, **SAME, grade=5, as_mentor=False, as_mentee=True, learns=(Wish("topic-1", 3),)
    )
    return problem(chance, people=0, candidates=(expert, other, learner), managers={}, rules=Rules(line=0))


@pytest.mark.parametrize(("met", "chosen", "left"), [(False, 1, [2]), (True, 2, [])])
def test_a_second_partner_comes_after_somebodys_first(met: bool, chosen: int, left: list[int]) -> None:
    found = match(two_for_one(met_as_mentor=met))
    assert [(each.mentor_id, each.mentee_id) for each in found.pairs] == [(chosen, 3)]
    assert [each.id for each in found.left_over] == left
    assert found.objective["mentors_unmatched"] == len(left)


def test_whoever_meets_somebody_is_not_left_over_in_that_role() -> None:
    given = two_for_one()
    alone = replace(given, candidates=tuple(replace(each, met_as_mentee=True) for each in given.mentees))
    assert match(alone).left_over == ()
