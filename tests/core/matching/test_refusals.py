"""What cannot be is refused with the reason, and what is merely odd is handled."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from portal.core.matching.candidates import MUSTS, Rules, Wish, without
from portal.core.matching.engine import match
from portal.core.matching.results import Result
from portal.errors import Invalid
from tests.core.matching.instances import EVEN, alike, pairs, two


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weights": {**EVEN, "style": -12}}, "Weights are whole numbers"),
        ({"weights": {**EVEN, "style": 13}}, "sum to 100"),
        ({"weights": {**EVEN, "style": 12.0}}, "Weights are whole numbers"),
        ({"weights": {**EVEN, "interests": float("inf")}}, "Weights are whole numbers"),
        ({"rules": Rules(line=float("nan"))}, "The line is"),
        ({"rules": Rules(line="high")}, "The line is"),
        ({"rules": Rules(stay_bonus=-1)}, "bonus for staying"),
        ({"rules": Rules(musts=("hat",))}, "no demand on pairs called “hat”"),
        ({"forbidden": frozenset({(1, 2, 3)})}, "A pair is the numbers of two people"),
        ({"forbidden": frozenset({(1, float("nan"))})}, "A pair is the numbers of two people"),
        ({"stay": frozenset({("1", "2")})}, "A pair is the numbers of two people"),
        ({"weights": {**EVEN, "style": float("nan")}}, "Weights are whole numbers"),
        ({"weights": {"interests": 100}}, "The weights are"),
        ({"rules": Rules(line=101)}, "The line is"),
        ({"rules": Rules(min_grade_gap=float("nan"))}, "grades between"),
    ],
)
def test_rules_and_weights_that_cannot_be_are_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        two(**change)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"mentor_capacity": 0}, "Person 1 wants from 1 to"),
        ({"mentor_capacity": -1}, "Person 1 wants from 1 to"),
        ({"mentor_capacity": float("nan")}, "Person 1 wants from 1 to"),
        ({"teaches": (Wish("topic-1", float("nan")),)}, "levels of Person 1"),
        ({"learns": (Wish("topic-1", -1),)}, "levels of Person 1"),
        ({"grade": float("nan")}, "grade of Person 1"),
        ({"mentor_capacity": 10**9}, "Person 1 wants from 1 to"),
        ({"manager_id": 1}, "their own manager"),
        ({"manager_id": 77}, "manager of Person 1 is not known"),
        ({"grade": float("inf")}, "grade of Person 1"),
        ({"teaches": (Wish("nonsense", 1),)}, "topic that there is not: nonsense"),
        ({"teaches": (Wish("topic-1", 4),)}, "levels of Person 1"),
        ({"learns": (Wish("topic-1", 1), Wish("topic-1", 2))}, "names a topic twice"),
        ({"style": "loud"}, "style or place of Person 1"),
        ({"zone": "Europe/Atlantis"}, "time zone of Person 1 is not known: Europe/Atlantis"),
        ({"zone": "../../etc/passwd"}, "time zone of Person 1"),
        ({"grade": True}, "grade of Person 1"),
        ({"mentor_capacity": 6}, "Person 1 wants from 1 to 5"),
        ({"mentee_capacity": 1.0}, "Person 1 wants from 1 to 5"),
    ],
)
def test_people_who_cannot_be_are_refused_by_name(facts: dict[str, object], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        two(facts)


def test_a_person_given_twice_is_refused() -> None:
    given = two()
    with pytest.raises(Invalid, match="Person 1 is there twice"):
        replace(given, candidates=(*given.candidates, given.candidates[0]))


def test_locks_that_cannot_be_kept_are_refused_with_names_and_the_reason() -> None:
    given = alike(3)
    with pytest.raises(Invalid, match="Person 1 is locked into more pairs than they have seats: 2 for 1"):
        match(replace(given, locked=((1, 4), (1, 5))))
    with pytest.raises(Invalid, match="Person 4 is locked into more pairs"):
        match(replace(given, locked=((1, 4), (2, 4))))
    with pytest.raises(Invalid, match="Person 1 and 77 are locked together, but 77 does not wait"):
        match(replace(given, locked=((1, 77),)))
    with pytest.raises(
        Invalid, match="Person 4 and Person 1 are locked together, but Person 4 does not wait"
    ):
        match(replace(given, locked=((4, 1),)))
    with pytest.raises(
        Invalid, match="Person 1 and Person 4 are locked together, but these two cannot be paired"
    ):
        match(replace(without(given, (1, 4)), locked=((1, 4),)))
    both = tuple(replace(each, as_mentor=True, as_mentee=True, grade=None) for each in given.candidates)
    with pytest.raises(Invalid, match="locked together both ways round"):
        match(replace(given, candidates=both, locked=((1, 4), (4, 1))))
    with pytest.raises(Invalid, match="Person 1 is locked to themselves"):
        match(replace(given, candidates=both, locked=((1, 1),)))


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"grade": 5}, "Person 1 is not junior enough to mentor Person 2"),
        ({"manager_id": 2}, "are in one line of managers"),
        ({"languages": ("de",)}, "share no language"),
        ({"zone": "Asia/Tokyo"}, "share no working hour"),
        ({"past_partners": frozenset({2})}, "these two cannot be paired"),
        ({"department": ""}, "not known to work in different departments"),
        ({"site": "Lisbon"}, "not known to work at the same site"),
        ({"teaches": ()}, "Person 1 teaches nothing that Person 2 wants to learn"),
    ],
)
def test_a_lock_against_a_rule_is_refused_with_the_rule(facts: dict[str, object], says: str) -> None:
    suit = {"department": "Design", "site": "Berlin", "teaches": (Wish("topic-1", 1),)}
    wants = {"department": "Legal", "site": "Berlin", "learns": (Wish("topic-1", 1),)}
    with pytest.raises(Invalid, match=f"Person 1.*Person 2.*{says}|{says}"):
        match(two({**suit, **facts}, wants, locked=((1, 2),), rules=Rules(musts=MUSTS)))


def test_nobody_to_pair_is_no_error() -> None:
    given = alike(2)
    for people in ((), given.mentors, given.mentees):
        found = match(replace(given, candidates=people))
        assert found.pairs == ()
        assert len(found.left_over) == len(people)
        assert Result.from_json(json.loads(json.dumps(found.as_json()))) == found
    apart = tuple(replace(each, languages=(str(each.id),)) for each in given.candidates)
    assert match(replace(given, candidates=apart)).objective == {
        "mentees_unmatched": 2,
        "mentors_unmatched": 2,
        "below_line": 0,
        "total_phi": 0,
    }
    for locked in (((1, 3),),):
        with pytest.raises(Invalid, match="does not wait"):
            match(replace(given, candidates=given.mentors, locked=locked))


def test_one_person_alone_in_both_roles_is_left_over_in_both() -> None:
    given = two()
    alone = replace(given.candidates[0], as_mentee=True)
    found = match(replace(given, candidates=(alone,)))
    assert (found.pairs, found.gap) == ((), 0)
    assert [(each.id, each.role) for each in found.left_over] == [(1, "mentee"), (1, "mentor")]


def test_everybody_in_one_circle_of_managers_cannot_be_paired() -> None:
    given = alike(3)
    circle = {each: each % 6 + 1 for each in range(1, 7)}
    people = tuple(replace(each, manager_id=circle[each.id]) for each in given.candidates)
    assert match(replace(given, candidates=people, managers=circle)).pairs == ()


@pytest.mark.parametrize("line", [0, 100, "auto"])
def test_the_most_seats_there_can_be_meet_no_two_twice(line: int | str) -> None:
    given = alike(4)
    people = tuple(replace(each, mentor_capacity=5, mentee_capacity=5) for each in given.candidates)
    found = match(replace(given, candidates=people, rules=Rules(line=line)))
    assert len(set(pairs(found))) == len(found.pairs) == (4 if line == 100 else 16), (
        "pairs below the line are few"
    )
    assert found.gap == 0
