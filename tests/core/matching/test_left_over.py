"""Those left over are told why, honestly, and nothing that anybody else keeps private."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from portal.core.matching.candidates import Candidate, Problem, Rules, Wish
from portal.core.matching.engine import match
from portal.core.matching.left_over import ALONE, TEACHERS
from portal.core.slots import WeeklyHours, parse_hours
from tests.core.matching.instances import candidate, problem, two

GENERAL = "This time there was nobody who could be paired with you."
HOURS = parse_hours("Mon-Fri 09:00-17:00")


def told(given: Problem) -> dict[tuple[int, str], str]:
    return {(each.id, each.role): each.template % each.args for each in match(given).left_over}


def person(number: int, role: str, **facts: object) -> Candidate:
    same: dict[str, object] = {
        "grade": 1 if role == "mentor" else 5, "as_mentor": role == "mentor", "as_mentee": role == "mentee",
        "languages": ("en",), "zone": "Europe/Berlin", "hours": HOURS, "mentor_capacity": 1, "mentee_capacity": 1,
        "teaches": (), "learns": (),
    }  # fmt: skip
    return candidate(number, Random(1), **{**same, **facts})


def company(*people: Candidate, **facts: object) -> Problem:
    managers = {each.id: each.manager_id for each in people}
    return problem(Random(1), people=0, **{"candidates": people, "managers": managers, "rules": Rules(), **facts})


@pytest.mark.parametrize(
    ("facts", "mentor", "mentee"),
    [
        ({"grade": 5}, "Nobody who is senior enough to you has joined to learn.",
         "Nobody who is junior enough to you has joined as a mentor."),
        ({"manager_id": 2}, "All who have joined to learn are in your own line of managers.",
         "All who have joined as mentors are in your own line of managers."),
        ({"languages": ("de",)}, "Nobody who has joined to learn shares a language with you.",
         "No mentor shares a language with you."),
        ({"zone": "Asia/Tokyo"},
         "Nobody who has joined to learn shares a working hour with you. More hours in your profile would help.",
         "No mentor shares a working hour with you. More hours in your profile would help."),
        ({"hours": WeeklyHours()}, "Your profile names no hour in which you could meet. Add your working hours to it.",
         "No mentor shares a working hour with you. More hours in your profile would help."),
        ({"languages": ()}, "Your profile names no language that you speak. Add one to it.",
         "No mentor shares a language with you."),
        ({"avoids": frozenset({2})}, GENERAL, GENERAL),
        ({"past_partners": frozenset({2})}, GENERAL, GENERAL),
    ],
)  # fmt: skip
def test_a_rule_that_alone_leaves_nobody_is_named(facts: dict[str, object], mentor: str, mentee: str) -> None:
    given = two({"teaches": ()} | facts, {"learns": ()})
    assert told(given) == {(1, "mentor"): mentor, (2, "mentee"): mentee}


def test_where_there_are_too_few_the_numbers_are_told() -> None:
    mentees = [person(number, "mentee") for number in (2, 3, 4)]
    assert told(company(person(1, "mentor", mentor_capacity=2), *mentees)) == {
        (4, "mentee"): "Everybody who could mentor you already meets somebody else this round. Places with mentors: 2; "
        "wishes to learn: 3."
    }
    mentors = [person(number, "mentor") for number in (2, 3)]
    assert told(company(person(1, "mentee"), *mentors)) == {
        (
            3,
            "mentor",
        ): "Everybody whom you could mentor already meets somebody else this round. Wishes to learn: 1; "
        "places with mentors: 2."
    }


def test_where_there_are_enough_no_numbers_are_told_that_would_explain_nothing() -> None:
    german = person(3, "mentor", languages=("de",))
    given = company(
        person(1, "mentor"), person(2, "mentor", languages=("fr",)), german, person(4, "mentee"), person(5, "mentee")
    )
    assert told(given)[5, "mentee"] == "Everybody who could mentor you already meets somebody else this round."


def test_somebody_whose_only_mentor_is_their_own_mentee_is_told_so() -> None:
    one, other = (person(each, "mentor", as_mentee=True, grade=None) for each in (1, 2))
    assert told(company(one, other)) == {
        (1, "mentee"): "The only people left who could mentor you are mentored by you this round.",
        (2, "mentor"): "The only people left whom you could mentor are your mentors this round.",
    }


def test_somebody_whose_subjects_only_their_own_people_teach_is_told_so() -> None:
    wish = (Wish("topic-1", 3),)
    report = person(1, "mentor", manager_id=3, teaches=wish)
    stranger = person(2, "mentor", languages=("de",), teaches=(Wish("topic-2", 3),))
    found = told(company(report, stranger, person(3, "mentee", learns=wish)))
    assert found[3, "mentee"] == "All who teach what you asked for are in your own line of managers."
    assert found[1, "mentor"] == "All who have joined to learn are in your own line of managers."


def test_nobody_on_the_other_side_is_told() -> None:
    assert told(company(person(1, "mentee"))) == {(1, "mentee"): "Nobody has joined as a mentor yet."}
    assert told(company(person(1, "mentor"))) == {(1, "mentor"): "Nobody has joined to learn yet."}
    assert told(company(person(1, "mentor", as_mentee=True))) == {
        (1, "mentee"): "Nobody has joined as a mentor yet.", (1, "mentor"): "Nobody has joined to learn yet.",
    }  # fmt: skip


def test_whoever_is_avoided_is_told_what_others_are_told_whom_several_rules_keep_apart() -> None:
    """The sentence gives no list away, since it is said where there is none."""
    far = person(1, "mentor", zone="Asia/Tokyo")
    french = person(2, "mentor", languages=("fr",))
    by_rules = told(company(far, french, person(3, "mentee")))
    avoiding = person(2, "mentor", avoids=frozenset({3}))
    assert told(company(far, avoiding, person(3, "mentee")))[3, "mentee"] == by_rules[3, "mentee"] == GENERAL


@pytest.mark.parametrize("seed", range(30))
def test_no_sentence_names_a_third_person_or_depends_on_lists_where_it_gives_a_rule(seed: int) -> None:
    given = problem(Random(seed), people=9, rules=Rules(0, 1))
    nobody = replace(given, candidates=tuple(replace(each, avoids=frozenset()) for each in given.candidates))
    found, without_lists = match(given), told(nobody)
    for each in found.left_over:
        assert all(isinstance(value, int) for value in each.args.values())
        if each.template in {*ALONE.values(), *TEACHERS.values()}:
            assert without_lists[each.id, each.role] == each.template
    for pair in found.pairs:
        said = {word for part in pair.parts for word in part.args.values() if str(word).startswith("Person")}
        assert said <= {f"Person {pair.mentor_id}", f"Person {pair.mentee_id}"}
