"""Those left over are told why, honestly, and nothing that anybody else keeps private."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from portal.core.hours.weekly_hours import WeeklyHours, parse_hours
from portal.core.matching.candidates import Candidate, Problem, Rules, Wish
from portal.core.matching.engine import match
from portal.core.matching.explanations.left_over import OPEN_RULES, LeftOver, Mask, Outcome, left_over
from portal.core.matching.explanations.voices import PLAIN, said
from portal.core.matching.explanations.why_not import (
    ALL_TAKEN,
    ALONE,
    OPENS,
    OPENS_ONE,
    TEACHERS,
    THEIR_OWN,
    TOO_FEW,
)
from portal.core.matching.rules import broken_rules
from tests.core.matching.instances import TOPICS, candidate, problem, two

GENERAL = "This time there was nobody who could be paired with you."
HOURS = parse_hours("Mon-Fri 09:00-17:00")


def told(given: Problem) -> dict[tuple[int, str], str]:
    """The reason alone, as each reads it."""
    return {(each.id, each.role): read(each, hint=False) for each in match(given).left_over}


def helps(given: Problem) -> dict[tuple[int, str], str]:
    """What would change it, as each reads it."""
    return {
        (each.id, each.role): read(each)[len(read(each, hint=False)) :].strip()
        for each in match(given).left_over
    }


def read(each: LeftOver, *, hint: bool = True) -> str:
    args = {name: value for name, value in each.args.items() if hint or name != "hint"}
    return said(each.template, args, each.role, replace(PLAIN, topic=lambda topic: TOPICS[topic][0]))


def person(number: int, role: str, **facts: object) -> Candidate:
    same: dict[str, object] = {
        "grade": 1 if role == "mentor" else 5,
        "as_mentor": role == "mentor",
        "as_mentee": role == "mentee",
        "languages": ("en",),
        "zone": "Europe/Berlin",
        "hours": HOURS,
        "mentor_capacity": 1,
        "mentee_capacity": 1,
        "teaches": (),
        "learns": (),
    }
    return candidate(number, Random(1), **{**same, **facts})


def company(*people: Candidate, **facts: object) -> Problem:
    managers = {each.id: each.manager_id for each in people}
    return problem(
        Random(1), people=0, **{"candidates": people, "managers": managers, "rules": Rules(), **facts}
    )


@pytest.mark.parametrize(
    ("facts", "mentor", "mentee"),
    [
        (
            {"grade": 5},
            "Nobody who is senior enough to you has joined to learn.",
            "Nobody who is junior enough to you has joined as a mentor.",
        ),
        (
            {"manager_id": 2},
            "All who have joined to learn are in your own line of managers.",
            "All who have joined as mentors are in your own line of managers.",
        ),
        (
            {"languages": ("de",)},
            "Nobody who has joined to learn shares a language with you.",
            "No mentor shares a language with you.",
        ),
        (
            {"zone": "Asia/Tokyo"},
            "Nobody who has joined to learn shares a working hour with you.",
            "No mentor shares a working hour with you.",
        ),
        (
            {"hours": WeeklyHours()},
            "Your profile names no hour in which you could meet. Add your working hours to it.",
            "No mentor shares a working hour with you.",
        ),
        (
            {"languages": ()},
            "Your profile names no language that you speak. Add one to it.",
            "No mentor shares a language with you.",
        ),
        ({"avoids": frozenset({2})}, GENERAL, GENERAL),
        ({"past_partners": frozenset({2})}, GENERAL, GENERAL),
    ],
)
def test_a_rule_that_alone_leaves_nobody_is_named(facts: dict[str, object], mentor: str, mentee: str) -> None:
    given = two({"teaches": ()} | facts, {"learns": ()})
    assert told(given) == {(1, "mentor"): mentor, (2, "mentee"): mentee}


def test_where_there_are_too_few_the_numbers_are_told() -> None:
    mentees = [person(number, "mentee") for number in (2, 3, 4)]
    assert told(company(person(1, "mentor", mentor_capacity=2), *mentees)) == {
        (
            4,
            "mentee",
        ): (
            "Everybody who could mentor you already meets somebody else this round. Places with mentors: 2; "
            "wishes to learn: 3."
        )
    }
    mentors = [person(number, "mentor") for number in (2, 3)]
    assert told(company(person(1, "mentee"), *mentors)) == {
        (
            3,
            "mentor",
        ): (
            "Everybody whom you could mentor already meets somebody else this round. Wishes to learn: 1; "
            "places with mentors: 2."
        )
    }


def test_where_there_are_enough_no_numbers_are_told_that_would_explain_nothing() -> None:
    german = person(3, "mentor", languages=("de",))
    given = company(
        person(1, "mentor"),
        person(2, "mentor", languages=("fr",)),
        german,
        person(4, "mentee"),
        person(5, "mentee"),
    )
    assert (
        told(given)[5, "mentee"] == "Everybody who could mentor you already meets somebody else this round."
    )


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


def test_what_one_change_would_help_most_is_told_too() -> None:
    far, senior = {"zone": "Asia/Tokyo"}, person(4, "mentee")
    tokyo = [person(each, "mentor", **far) for each in (1, 2)]
    assert (
        helps(company(*tokyo, senior))[4, "mentee"]
        == "Adding Monday mornings to your hours could make 2 more people possible."
    )
    french = person(3, "mentor", languages=("fr",))
    assert (
        helps(company(french, person(2, "mentor", languages=("fr",), **far), senior))[4, "mentee"]
        == "If you speak fr too: adding that to your profile could make one more person possible."
    )
    assert (
        helps(company(*tokyo, french, senior))[4, "mentee"]
        == "Adding Monday mornings to your hours could make 2 more people possible."
    )


def test_no_hour_of_the_night_is_asked_of_anybody() -> None:
    night = parse_hours("Mon-Fri 22:00-24:00; Tue-Sat 00:00-06:00")
    assert helps(company(person(1, "mentor", hours=night), person(2, "mentee")))[2, "mentee"] == ""


def test_what_only_staff_can_change_is_told_to_staff_alone() -> None:
    [_, left] = match(company(person(1, "mentor", grade=5), person(2, "mentee"))).left_over
    assert (
        said(left.template, left.args) == "Nobody who is junior enough to them has joined as a mentor. "
        "A smaller gap between grades could make one more person possible."
    )
    assert read(left) == "Nobody who is junior enough to you has joined as a mentor."


def test_a_subject_is_named_only_where_a_few_people_share_it() -> None:
    mentors = [
        person(each, "mentor", teaches=(Wish("topic-1", 2), Wish(f"topic-{each + 2}", 2)))
        for each in (1, 2, 3)
    ]
    senior = person(9, "mentee", learns=(Wish("topic-2", 3),))
    rules = Rules(musts=("topic",))
    assert (
        helps(company(*mentors, senior, rules=rules))[9, "mentee"]
        == "If you wish to learn “Topic 1” too: that could make 3 more people possible."
    )
    assert helps(company(*mentors[:2], senior, rules=rules)) == {
        (1, "mentor"): "More subjects to teach could make one more person possible.",
        (2, "mentor"): "More subjects to teach could make one more person possible.",
        (9, "mentee"): "More subjects to learn could make 2 more people possible.",
    }


def test_where_all_who_teach_it_are_taken_they_are_counted() -> None:
    wish = (Wish("topic-1", 3),)
    mentors = [person(each, "mentor", teaches=wish) for each in (1, 2)]
    mentees = [person(each, "mentee", learns=wish) for each in (3, 4, 5)]
    seat = "One more seat with one of the mentors would help."
    assert [read(each) for each in match(company(*mentors, *mentees)).left_over] == [
        f"All 2 mentors who teach what you asked for already meet somebody else this round. {seat}"
    ]
    assert [read(each) for each in match(company(mentors[0], *mentees[:2])).left_over] == [
        f"The one mentor who teaches what you asked for already meets somebody else this round. {seat}"
    ]
    assert [read(each) for each in match(company(*mentors, mentees[0])).left_over] == [
        (
            "The one person who asked for what you can teach already meets somebody else this round. "
            "One more person who joins to learn would help."
        )
    ]


def test_what_a_programme_demands_is_named_like_any_rule() -> None:
    given = company(
        person(1, "mentor", site="Berlin"), person(2, "mentee", site="Lisbon"), rules=Rules(musts=("site",))
    )
    assert told(given) == {
        (1, "mentor"): "Nobody who has joined to learn works at your site.",
        (2, "mentee"): "No mentor works at your site.",
    }


@pytest.mark.parametrize("seed", range(40))
def test_what_is_counted_is_counted_by_open_facts_whoever_is_on_whose_list(seed: int) -> None:
    """So no number tells anything of a list, and neither does whether there is one."""
    given = problem(Random(seed), people=9, rules=Rules(0, 1))
    broken = broken_rules(given.mentors, given.mentees, given)
    many = sum(broken[name].astype(int) for name in OPEN_RULES)
    rows = {each.id: row for row, each in enumerate(given.mentors)}
    columns = {each.id: column for column, each in enumerate(given.mentees)}
    for each in match(given).left_over:
        at = rows[each.id] if each.role == "mentor" else (slice(None), columns[each.id])
        alone = {name: int((broken[name] & (many == 1) & ~broken["self"])[at].sum()) for name in OPEN_RULES}
        hint = str(each.args.get("hint", ""))
        if hint in {*OPENS.values(), *OPENS_ONE.values()}:
            assert (
                1
                <= each.args.get("opened", 1)
                <= max(alone["time"], alone["language"], alone["topic"], alone["grade"])
            )
        elif not hint and each.template not in {*TEACHERS.values()}:
            assert not alone["language"]
            assert not alone["grade"]


@pytest.mark.parametrize("seed", range(40))
def test_another_list_changes_no_reason_but_to_and_from_the_general_one(seed: int) -> None:
    """Where the rules that anybody knows leave somebody nobody, no list of anybody matters
    to what they read.
    """
    chance = Random(seed)
    given = problem(chance, people=9, rules=Rules(0, 1))
    ids = [each.id for each in given.candidates]
    changed = replace(
        given,
        candidates=tuple(
            replace(each, avoids=frozenset(chance.sample(ids, 3)) - {each.id}) for each in given.candidates
        ),
    )
    before, after = (
        {(each.id, each.role): each for each in match(one).left_over} for one in (given, changed)
    )
    for key in before.keys() & after.keys():
        named = {*ALONE.values(), *TEACHERS.values()}
        if before[key].template in named or after[key].template in named:
            assert before[key] == after[key] or {before[key].template, after[key].template} - named
        if before[key].template == after[key].template not in {*TOO_FEW.values(), *ALL_TAKEN.values()}:
            assert before[key] == after[key]


def test_each_sentence_for_staff_has_one_for_whoever_is_meant_with_the_same_facts() -> None:
    facts = {
        "mentors": 1,
        "mentees": 2,
        "opened": 3,
        "many": 4,
        "when": "now",
        "languages": "de",
        "topic": "Reels",
    }
    for template, their_own in THEIR_OWN.items():
        assert "you" in (their_own % facts).lower() or not their_own or "your" not in template
        assert "them" not in their_own.split()
        assert template % facts != their_own % facts
    assert {*ALONE.values(), *TEACHERS.values()} - {ALONE["mentor", "topic"]} <= THEIR_OWN.keys()


def test_nobody_on_the_other_side_is_told() -> None:
    assert told(company(person(1, "mentee"))) == {(1, "mentee"): "Nobody has joined as a mentor yet."}
    assert told(company(person(1, "mentor"))) == {(1, "mentor"): "Nobody has joined to learn yet."}
    assert told(company(person(1, "mentor", as_mentee=True))) == {
        (1, "mentee"): "Nobody has joined as a mentor yet.",
        (1, "mentor"): "Nobody has joined to learn yet.",
    }


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
        assert "Person" not in said(each.template, each.args) + read(each)
        if each.template in {*ALONE.values(), *TEACHERS.values()}:
            assert without_lists[each.id, each.role] == read(each, hint=False)
    for pair in found.pairs:
        named = {word for part in pair.parts for word in part.args.values() if str(word).startswith("Person")}
        assert named <= {f"Person {pair.mentor_id}", f"Person {pair.mentee_id}"}


class OneByOne(Outcome):
    """An outcome that has no whole tables, only the rows and columns that are asked for."""

    asked: set[tuple[str, int]]

    def broken_row(self, row: int) -> dict[str, Mask]:
        self.asked.add(("mentor", self.problem.mentors[row].id))
        return {
            name: table[0]
            for name, table in self._tables((self.problem.mentors[row],), self.problem.mentees).items()
        }

    def broken_column(self, column: int) -> dict[str, Mask]:
        self.asked.add(("mentee", self.problem.mentees[column].id))
        one = self._tables(self.problem.mentors, (self.problem.mentees[column],))
        return {name: table[:, 0] for name, table in one.items()}

    def allowed_row(self, row: int) -> Mask:
        return ~np.logical_or.reduce([*self.broken_row(row).values()])

    def allowed_column(self, column: int) -> Mask:
        return ~np.logical_or.reduce([*self.broken_column(column).values()])

    def _tables(self, mentors: tuple[Candidate, ...], mentees: tuple[Candidate, ...]) -> dict[str, Mask]:
        return broken_rules(mentors, mentees, self.problem)


@pytest.mark.parametrize("seed", range(10))
def test_only_the_rows_and_columns_of_those_left_over_are_needed(seed: int) -> None:
    given = problem(Random(seed), people=12)
    found = match(given)
    rows = {each.id: row for row, each in enumerate(given.mentors)}
    columns = {each.id: column for column, each in enumerate(given.mentees)}
    nothing = np.empty((0, 0), bool)
    chosen = [(rows[each.mentor_id], columns[each.mentee_id]) for each in found.pairs]
    outcome = OneByOne(given, nothing, {}, chosen)
    object.__setattr__(outcome, "asked", set())
    assert left_over(outcome) == found.left_over
    assert outcome.asked == {(each.role, each.id) for each in found.left_over}
