"""Who may never be paired, and what is said of it."""

from __future__ import annotations

from random import Random

import pytest

from portal.core.hours.weekly_hours import WeeklyHours, parse_hours
from portal.core.matching import rules
from portal.core.matching.candidates import MUSTS, Rules, Wish
from portal.core.matching.engine import match
from tests.core.matching.instances import candidate, problem, two


@pytest.mark.parametrize(
    ("mentor", "mentee", "rule"),
    [
        ({"grade": 5}, {}, "grade"),
        ({"grade": 6}, {}, "grade"),
        ({"manager_id": 2}, {}, "line"),
        ({}, {"manager_id": 1}, "line"),
        ({"languages": ("de",)}, {}, "language"),
        ({"languages": ()}, {}, "language"),
        ({"hours": parse_hours("Mon-Fri 18:00-22:00")}, {}, "time"),
        ({"hours": WeeklyHours()}, {}, "time"),
        ({"avoids": frozenset({2})}, {}, "private"),
        ({}, {"avoids": frozenset({1})}, "private"),
        ({"past_partners": frozenset({2})}, {}, "private"),
        ({}, {"past_partners": frozenset({1})}, "private"),
        ({"grade": None}, {}, None),
        ({}, {"grade": None}, None),
        ({}, {}, None),
    ],
)
def test_each_rule_forbids(mentor: dict[str, object], mentee: dict[str, object], rule: str | None) -> None:
    given = two(mentor, mentee)
    why = rules.forbidden(given.mentors[0], given.mentees[0], given)
    assert (why.name if why else None) == rule
    assert len(match(given).pairs) == (rule is None)


KNOWN = {"department": "Design", "site": "Berlin", "teaches": (Wish("topic-1", 1),), "learns": ()}
OTHER = {**KNOWN, "department": "Legal", "teaches": (), "learns": (Wish("topic-1", 1), Wish("topic-2", 3))}


@pytest.mark.parametrize(
    ("must", "mentor", "mentee"),
    [
        ("department", {"department": "Legal"}, {}),
        ("department", {"department": ""}, {}),
        ("department", {}, {"department": ""}),
        ("department", {"department": ""}, {"department": ""}),
        ("site", {"site": "Lisbon"}, {}),
        ("site", {"site": ""}, {"site": ""}),
        ("topic", {"teaches": ()}, {}),
        ("topic", {"teaches": (Wish("topic-5", 3),)}, {}),
        ("topic", {}, {"learns": ()}),
    ],
)
def test_what_a_programme_demands_forbids_only_where_it_is_demanded(
    must: str, mentor: dict[str, object], mentee: dict[str, object]
) -> None:
    for musts in ((), *((each,) for each in MUSTS), MUSTS):
        given = two({**KNOWN, **mentor}, {**OTHER, **mentee}, rules=Rules(musts=musts))
        why = rules.forbidden(given.mentors[0], given.mentees[0], given)
        assert (why and why.name) == (must if must in musts else None)
        assert len(match(given).pairs) == (must not in musts)
        if why:
            assert "Person 1" in why.template % why.args
            assert why.name in rules.SAYS


def test_those_who_suit_what_a_programme_demands_are_paired() -> None:
    assert len(match(two(KNOWN, OTHER, rules=Rules(musts=MUSTS))).pairs) == 1


def test_two_whom_staff_keep_apart_are_refused_in_neutral_words_and_that_way_round_only() -> None:
    given = two({"as_mentee": True}, {"as_mentor": True, "grade": None}, forbidden=frozenset({(1, 2)}))
    why = rules.forbidden(given.mentors[0], given.mentees[1], given)
    assert why == rules.Reason("private", "These two cannot be paired.", {})
    assert rules.forbidden(given.mentors[1], given.mentees[0], given) is None


@pytest.mark.parametrize(("gap", "may"), [(0, True), (4, True), (5, False), (-3, True)])
def test_the_grades_between_two_are_the_programmes_to_say(gap: int, may: bool) -> None:
    given = two({"grade": 1}, {"grade": 5}, rules=Rules(min_grade_gap=gap))
    assert (rules.forbidden(given.mentors[0], given.mentees[0], given) is None) == may


def test_nobody_mentors_themselves() -> None:
    given = two({"as_mentee": True})
    why = rules.forbidden(given.mentors[0], given.mentors[0], given)
    assert why is not None
    assert why.name == "self"


def test_lists_and_the_past_are_refused_in_the_same_neutral_words() -> None:
    told = []
    for private in ({"avoids": frozenset({2})}, {"past_partners": frozenset({2})}):
        given = two(private)
        why = rules.forbidden(given.mentors[0], given.mentees[0], given)
        assert why is not None
        told.append((why.template, dict(why.args)))
    assert told == [("These two cannot be paired.", {})] * 2


def test_the_manager_of_a_manager_counts_and_a_circle_of_managers_ends() -> None:
    far = two({"manager_id": 3}, managers={1: 3, 2: None, 3: 4, 4: 2})
    assert match(far).pairs == ()
    above = two({}, {"manager_id": 3}, managers={1: None, 2: 3, 3: 4, 4: 1})
    assert match(above).pairs == ()
    for circle in (
        {1: 3, 2: None, 3: 4, 4: 3},
        {1: 3, 2: None, 3: 3},
        {1: None, 2: 4, 3: None, 4: 5, 5: 6, 6: 4},
    ):
        assert (
            len(match(two({"manager_id": circle[1]}, {"manager_id": circle[2]}, managers=circle)).pairs) == 1
        )
    both = {1: 3, 2: 4, 3: 2, 4: 1}
    assert match(two({"manager_id": 3}, {"manager_id": 4}, managers=both)).pairs == ()


def test_colleagues_of_one_manager_and_people_of_other_branches_may_be_paired() -> None:
    assert len(match(two({"manager_id": 3}, {"manager_id": 3}, managers={1: 3, 2: 3, 3: None})).pairs) == 1
    assert (
        len(
            match(two({"manager_id": 3}, {"manager_id": 4}, managers={1: 3, 2: 4, 3: 5, 4: 5, 5: None})).pairs
        )
        == 1
    )


def test_a_line_that_only_the_companys_list_knows_counts_too() -> None:
    assert match(two(managers={1: 3, 2: None, 3: 2})).pairs == ()


def test_a_line_of_ten_thousand_managers_is_walked() -> None:
    managers: dict[int, int | None] = {each: each + 1 for each in range(3, 10_003)}
    given = two({"manager_id": 3}, managers={1: 3, 2: None, **managers, 10_003: 2})
    assert match(given).pairs == ()


@pytest.mark.parametrize("seed", range(20))
def test_lines_are_what_walking_up_from_each_would_find(seed: int) -> None:
    chance, ids = Random(seed), range(1, 31)
    managers = {each: chance.choice([other for other in (None, *ids) if other != each]) for each in ids}
    people = tuple(candidate(each, chance, manager_id=managers[each]) for each in ids if each % 3 == 0)
    given = problem(chance, people=0, candidates=people, managers=managers)
    for each in given.candidates:
        above: list[int] = []
        at = managers[each.id]
        while at is not None and at not in above:
            above.append(at)
            at = managers[at]
        assert list(given.lines[each.id]) == [other for other in above if other % 3 == 0 and other != each.id]


@pytest.mark.parametrize(
    ("mentor", "mentee", "may"),
    [
        # London is at UTC+0 or +1, Moscow always at +3: in summer they are two hours apart, in winter three.
        (("Europe/London", "Mon-Fri 07:00-08:00"), ("Europe/Moscow", "Mon-Fri 10:00-11:00"), False),
        (("Europe/London", "Mon-Fri 07:00-09:00"), ("Europe/Moscow", "Mon-Fri 10:00-11:00"), True),
        # Kolkata is four and a half hours ahead of Berlin in winter, three and a half in summer.
        (("Asia/Kolkata", "Mon-Fri 14:00-17:00"), ("Europe/Berlin", "Mon 10:30-11:30"), True),
        (("Asia/Kolkata", "Mon 14:30-16:00"), ("Europe/Berlin", "Mon 10:30-11:30"), False),
        (("Asia/Kathmandu", "Tue 09:45-10:45"), ("UTC", "Tue 04:00-05:00"), True),
        # Lord Howe moves its clocks by half an hour only.
        (("Australia/Lord_Howe", "Mon 10:30-12:00"), ("UTC", "Sun 23:30-24:00; Mon 00:00-01:00"), True),
        (("Australia/Lord_Howe", "Mon 10:30-11:30"), ("UTC", "Mon 00:00-01:00"), False),
        # The week goes round: Monday morning in Auckland is Sunday in Honolulu.
        (("Pacific/Auckland", "Mon 08:00-12:00"), ("Pacific/Honolulu", "Sun 08:00-14:00"), True),
        # Paris and Berlin change together; three quarters of an hour are no hour.
        (("Europe/Paris", "Mon 09:10-10:10"), ("Europe/Berlin", "Mon 09:10-10:10"), True),
        (("Europe/Paris", "Mon 09:00-10:00"), ("Europe/Berlin", "Mon 09:15-17:00"), False),
        (("Europe/Paris", "Mon 09:00-09:30, 10:00-10:30"), ("Europe/Berlin", "Mon-Fri 09:00-17:00"), False),
    ],
)
def test_an_hour_in_common_must_be_there_all_year(
    mentor: tuple[str, str], mentee: tuple[str, str], may: bool
) -> None:
    one, other = ({"zone": zone, "hours": parse_hours(hours)} for zone, hours in (mentor, mentee))
    assert len(match(two(one, other)).pairs) == may
