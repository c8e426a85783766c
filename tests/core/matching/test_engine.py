"""The engine whole: rules kept, parts that sum, honest reasons, the same pairs for the same people."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from portal.core.matching import criteria, rules
from portal.core.matching.candidates import Problem, Rules, Wish, without
from portal.core.matching.engine import Result, match
from portal.core.slots import parse_hours
from portal.errors import Invalid
from tests.core.matching.instances import EVEN, TOPICS, candidate, problem


def pairs(found: Result) -> list[tuple[int, int]]:
    return [(each.mentor_id, each.mentee_id) for each in found.pairs]


def two(mentor: dict[str, object] | None = None, mentee: dict[str, object] | None = None, **given: object) -> Problem:
    chance = Random(1)
    same: dict[str, object] = {
        "zone": "Europe/Berlin", "hours": parse_hours("Mon-Fri 09:00-17:00"), "languages": ("en",), "site": "Berlin",
    }  # fmt: skip
    junior = candidate(1, chance, **{**same, "grade": 1, "as_mentor": True, "as_mentee": False, **(mentor or {})})
    senior = candidate(2, chance, **{**same, "grade": 5, "as_mentor": False, "as_mentee": True, **(mentee or {})})
    managers = {1: junior.manager_id, 2: senior.manager_id, 3: None}
    return problem(chance, people=0, candidates=(junior, senior), **{"managers": managers, "rules": Rules(), **given})


@pytest.mark.parametrize("seed", range(6))
def test_no_rule_is_broken_no_seat_doubled_and_parts_sum_to_the_score(seed: int) -> None:
    chance = Random(seed)
    for _ in range(25):
        given = problem(chance, people=chance.randint(2, 14))
        by_id, found = {each.id: each for each in given.candidates}, match(given)
        assert len(set(pairs(found))) == len(found.pairs)
        for each in found.pairs:
            mentor, mentee = by_id[each.mentor_id], by_id[each.mentee_id]
            assert rules.forbidden(mentor, mentee, given) is None
            assert sum(part.points for part in each.parts) == each.total
            assert 0 <= each.total <= 10_000
            assert all(0 <= part.points <= 100 * EVEN[part.name] for part in each.parts)
        for person in given.candidates:
            assert sum(mentor == person.id for mentor, _ in pairs(found)) <= person.mentor_capacity
            assert sum(mentee == person.id for _, mentee in pairs(found)) <= person.mentee_capacity
        alone = {(each.id, each.role) for each in found.left_over}
        met = {(mentor, "mentor") for mentor, _ in pairs(found)} | {(mentee, "mentee") for _, mentee in pairs(found)}
        roles = {(each.id, "mentor") for each in given.mentors} | {(each.id, "mentee") for each in given.mentees}
        assert alone == roles - met


@pytest.mark.parametrize("seed", range(4))
def test_one_pair_scored_alone_has_the_score_it_has_among_all(seed: int) -> None:
    given = problem(Random(seed), people=12)
    table = criteria.totals(given.mentors, given.mentees, given)
    alone = [[criteria.score(one, other, given).total for other in given.mentees] for one in given.mentors]
    assert np.array_equal(table, alone)


@pytest.mark.parametrize("seed", range(20))
def test_neither_the_order_nor_the_names_of_people_change_the_pairs(seed: int) -> None:
    chance = Random(seed)
    given = problem(chance, people=12)
    shuffled = list(given.candidates)
    chance.shuffle(shuffled)
    renamed = tuple(replace(each, name=f"Somebody {each.id}") for each in shuffled)
    assert pairs(match(replace(given, candidates=tuple(shuffled)))) == pairs(match(given))
    assert pairs(match(replace(given, candidates=renamed))) == pairs(match(given))


@pytest.mark.parametrize("seed", range(10))
def test_moving_everybody_to_one_other_zone_changes_nothing(seed: int) -> None:
    chance = Random(seed)
    here = problem(chance, people=10)
    rome = replace(here, candidates=tuple(replace(each, zone="Europe/Rome") for each in here.candidates))
    there = replace(here, candidates=tuple(replace(each, zone="Asia/Tokyo") for each in here.candidates))
    assert [(each.mentor_id, each.mentee_id, each.total) for each in match(rome).pairs] == [
        (each.mentor_id, each.mentee_id, each.total) for each in match(there).pairs
    ]


@pytest.mark.parametrize("seed", range(15))
def test_somebody_who_cannot_be_paired_changes_nothing(seed: int) -> None:
    given = problem(Random(seed), people=9)
    stranger = candidate(99, Random(seed), languages=("tlh",))
    more = replace(given, candidates=(*given.candidates, stranger), managers={**given.managers, 99: None})
    assert pairs(match(more)) == pairs(match(given))


@pytest.mark.parametrize("seed", range(15))
def test_forbidding_a_pair_that_was_not_chosen_keeps_the_score(seed: int) -> None:
    given = problem(Random(seed), people=9)
    before = match(given)
    others = [(m.id, n.id) for m in given.mentors for n in given.mentees if (m.id, n.id) not in pairs(before)]
    others = [each for each in others if (each[1], each[0]) not in pairs(before)]
    if others:
        after = match(without(given, others[0]))
        assert after.objective == before.objective


@pytest.mark.parametrize(
    ("mentor", "mentee", "rule"),
    [
        ({"grade": 5}, {}, "grade"),
        ({"manager_id": 2}, {}, "line"),
        ({}, {"manager_id": 1}, "line"),
        ({"languages": ("de",)}, {}, "language"),
        ({"hours": parse_hours("Mon-Fri 18:00-22:00")}, {}, "time"),
        ({"avoids": frozenset({2})}, {}, "private"),
        ({}, {"avoids": frozenset({1})}, "private"),
        ({"past_partners": frozenset({2})}, {}, "private"),
        ({"grade": None}, {}, None),
        ({}, {}, None),
    ],
)
def test_each_rule_forbids(mentor: dict[str, object], mentee: dict[str, object], rule: str | None) -> None:
    given = two(mentor, mentee)
    why = rules.forbidden(given.mentors[0], given.mentees[0], given)
    assert (why.name if why else None) == rule
    assert len(match(given).pairs) == (rule is None)


def test_the_manager_of_a_manager_counts_and_a_circle_of_managers_ends() -> None:
    far = two({"manager_id": 3}, managers={1: 3, 2: None, 3: 4, 4: 2})
    assert match(far).pairs == ()
    circle = two({"manager_id": 3}, managers={1: 3, 2: None, 3: 4, 4: 3})
    assert len(match(circle).pairs) == 1


def test_a_line_of_ten_thousand_managers_is_walked() -> None:
    managers: dict[int, int | None] = {each: each + 1 for each in range(3, 10_003)}
    given = two({"manager_id": 3}, managers={1: 3, 2: None, **managers, 10_003: 2})
    assert match(given).pairs == ()


def test_hours_count_through_the_year_and_not_only_today() -> None:
    """London and Lord Howe change their clocks at other times; at worst half an hour of the common hour is left."""
    winter = two({"zone": "Europe/London", "hours": parse_hours("Mon-Fri 07:00-08:00")},
                 {"zone": "Europe/Moscow", "hours": parse_hours("Mon-Fri 10:00-11:00")})  # fmt: skip
    assert match(winter).pairs == ()
    all_year = two({"zone": "Europe/London", "hours": parse_hours("Mon-Fri 07:00-09:00")},
                   {"zone": "Europe/Moscow", "hours": parse_hours("Mon-Fri 10:00-11:00")})  # fmt: skip
    assert len(match(all_year).pairs) == 1
    half = two({"zone": "Asia/Kolkata"}, {"zone": "Europe/Berlin", "hours": parse_hours("Mon 10:30-11:30")})
    assert len(match(half).pairs) == 1


def test_the_sentences_say_what_the_two_have_in_common() -> None:
    given = two(
        {"teaches": (Wish("topic-1", 3),), "learns": (Wish("topic-2", 2),), "style": "introvert", "department": "Design"},
        {"learns": (Wish("topic-1", 3),), "teaches": (Wish("topic-2", 3),), "style": "extrovert", "department": "Legal"},
    )
    said = [part.template % part.args for part in match(given).pairs[0].parts if part.template]
    assert said == [
        "Person 1 knows about “Topic 1”, which is what Person 2 wants to learn first.",
        "One of you rather listens and one rather talks, which goes well together.",
        "You share about 40 working hours a week.",
        "You work in different departments: Design and Legal.",
        "In return, Person 2 can help with “Topic 2”, which Person 1 asked for.",
        *(["You both work in Berlin, so you can meet in person."] if said[-1].startswith("You both") else []),
    ]


def test_those_left_over_are_told_why_and_nothing_that_others_keep_private() -> None:
    private = match(two({"avoids": frozenset({2})})).left_over
    assert {each.template for each in private} == {"This time there was nobody who could be paired with you."}
    language = match(two({"languages": ("de",)})).left_over
    assert [(each.role, each.template) for each in language] == [
        ("mentor", "Nobody whom you could mentor shares a language with you."),
        ("mentee", "Nobody who could mentor you shares a language with you."),
    ]


def test_locked_pairs_stay_and_contradictory_locks_are_refused() -> None:
    chance = Random(5)
    one_seat = {"mentor_capacity": 1, "mentee_capacity": 1, "languages": ("en",), "zone": "Europe/Berlin"}
    hours = parse_hours("Mon-Fri 09:00-17:00")
    people = [
        candidate(each, chance, **one_seat, hours=hours, grade=1 if each < 4 else 5, as_mentor=each < 4, as_mentee=each > 3)
        for each in range(1, 7)
    ]
    given = problem(chance, people=0, candidates=tuple(people), managers={}, rules=Rules())
    for mentor, mentee in ((1, 4), (1, 5), (1, 6)):
        found = match(replace(given, locked=((mentor, mentee),)))
        assert (mentor, mentee) in pairs(found)
        assert len(found.pairs) == 3
    with pytest.raises(Invalid, match="Person 1 is locked into more pairs"):
        match(replace(given, locked=((1, 4), (1, 5))))
    with pytest.raises(Invalid, match="may not be paired"):
        match(replace(without(given, (1, 4)), locked=((1, 4),)))
    with pytest.raises(Invalid, match="does not wait"):
        match(replace(given, locked=((1, 77),)))


def test_an_automatic_line_is_the_highest_that_nobody_need_be_below() -> None:
    for seed in range(12):
        given = problem(Random(seed), people=10, rules=Rules(line="auto"))
        found = match(given)
        assert found.objective["below_line"] == 0
        if found.pairs:
            higher = replace(given, rules=Rules(line=min(found.line // 100 + 1, 100)))
            assert match(higher).objective["below_line"] > 0 or found.line // 100 >= 100 or len(found.pairs) == 0


def test_problem_and_result_survive_the_way_to_another_process() -> None:
    given = problem(Random(3), people=12, locked=())
    again = Problem.from_json(json.loads(json.dumps(given.as_json())))
    assert again == given
    found = match(given)
    assert Result.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_progress_is_told_by_phase() -> None:
    told: list[str] = []
    match(problem(Random(3), people=6), progress=lambda *phase: told.append(str(phase[0])))
    assert list(dict.fromkeys(told)) == ["scoring", "solving", "explaining"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weights": {**EVEN, "style": -12}}, "Weights are whole numbers"),
        ({"weights": {**EVEN, "style": 13}}, "sum to 100"),
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
        ({"mentor_capacity": 10**9}, "Person 1 wants from 1 to"),
        ({"manager_id": 1}, "their own manager"),
        ({"manager_id": 77}, "manager of Person 1 is not known"),
        ({"grade": float("inf")}, "grade of Person 1"),
        ({"teaches": (Wish("nonsense", 1),)}, "topic that there is not: nonsense"),
        ({"teaches": (Wish("topic-1", 4),)}, "levels of Person 1"),
        ({"learns": (Wish("topic-1", 1), Wish("topic-1", 2))}, "names a topic twice"),
        ({"style": "loud"}, "style or place of Person 1"),
    ],
)
def test_people_who_cannot_be_are_refused_by_name(facts: dict[str, object], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        two(facts)


def test_a_person_given_twice_is_refused() -> None:
    given = two()
    with pytest.raises(Invalid, match="Person 1 is there twice"):
        replace(given, candidates=(*given.candidates, given.candidates[0]))


def test_without_mentors_everybody_is_told_so() -> None:
    given = two()
    nobody = replace(given, candidates=given.mentees)
    assert [(each.role, each.template) for each in match(nobody).left_over] == [
        ("mentee", "Nobody has joined as a mentor yet.")
    ]
    assert match(replace(given, candidates=())).pairs == ()
    assert TOPICS
