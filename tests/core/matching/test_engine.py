"""The engine whole: rules kept, the same pairs for the same people, locks, lines, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from portal.core.matching import criteria, rules
from portal.core.matching.assignment import Instance
from portal.core.matching.candidates import Candidate, Problem, Rules, Wish, without
from portal.core.matching.engine import match
from portal.core.matching.one_way import People
from portal.core.matching.results import Result
from portal.errors import Invalid
from tests.core.matching.instances import EVEN, best_choice, candidate, problem, two


def pairs(found: Result) -> list[tuple[int, int]]:
    return [(each.mentor_id, each.mentee_id) for each in found.pairs]


def alike(people: int, **facts: object) -> Problem:
    """Juniors and as many seniors of whom no two differ in anything but their number."""
    same: dict[str, object] = {
        "mentor_capacity": 1, "mentee_capacity": 1, "languages": ("en",), "zone": "Europe/Berlin", "site": "Berlin",
        "department": "Legal", "style": "balanced", "place": "either", "teaches": (Wish("topic-1", 2),),
        "learns": (Wish("topic-1", 2),),
    }  # fmt: skip
    hours = two().candidates[0].hours
    everybody = tuple(
        candidate(each, Random(1), **{
            **same, "hours": hours, "grade": 1 if each <= people else 5, "as_mentor": each <= people,
            "as_mentee": each > people,
        })
        for each in range(1, 2 * people + 1)
    )  # fmt: skip
    return problem(Random(1), people=0, **{"candidates": everybody, "managers": {}, "rules": Rules(), **facts})


def as_instance(given: Problem) -> Instance:
    """The same problem for looking at every choice; without locks."""
    mentors, mentees = given.mentors, given.mentees
    bonus = [[500 * ((one.id, other.id) in given.stay) for other in mentees] for one in mentors]
    scores = np.array([[criteria.score(one, other, given).total for other in mentees] for one in mentors])
    allowed = np.array([[rules.forbidden(one, other, given) is None for other in mentees] for one in mentors])
    rows, columns = ({each.id: at for at, each in enumerate(side)} for side in (mentors, mentees))
    both = rows.keys() & columns.keys()
    return Instance(
        scores, allowed, np.array([each.mentor_capacity for each in mentors]),
        np.array([each.mentee_capacity for each in mentees]), np.zeros(len(rows), bool), np.zeros(len(columns), bool),
        int(given.rules.line) * 100, np.minimum(bonus, 10_000 - scores),
        People({columns[each]: rows[each] for each in both}, {rows[each]: columns[each] for each in both}),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_the_pairs_are_the_best_of_all_choices_that_the_rules_leave(seed: int) -> None:
    chance = Random(seed)
    for _ in range(25):
        given = problem(chance, people=chance.randint(2, 6))
        everybody = {(one.id, other.id) for one in given.candidates for other in given.candidates}
        given = replace(
            given, stay=frozenset(chance.sample(sorted(everybody), 2)), rules=Rules(chance.choice((0, 40, 60)), 0, 5)
        )
        if not given.mentors or not given.mentees:
            continue
        ids = [(given.mentors[row].id, given.mentees[column].id) for row, column in best_choice(as_instance(given))]
        assert pairs(match(given)) == ids


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
        ({"weights": {**EVEN, "style": 12.0}}, "Weights are whole numbers"),
        ({"weights": {**EVEN, "interests": float("inf")}}, "Weights are whole numbers"),
        ({"rules": Rules(line=float("nan"))}, "The line is"),
        ({"rules": Rules(line="high")}, "The line is"),
        ({"rules": Rules(stay_bonus=-1)}, "bonus for staying"),
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


@pytest.mark.parametrize("seed", range(20))
def test_neither_the_order_nor_the_names_of_people_change_the_pairs(seed: int) -> None:
    chance = Random(seed)
    given = problem(chance, people=14)
    shuffled = list(given.candidates)
    chance.shuffle(shuffled)
    renamed = tuple(replace(each, name=f"Somebody {each.id}") for each in shuffled)
    managers = dict(sorted(given.managers.items(), key=lambda _: chance.random()))
    topics = dict(sorted(given.topics.items(), key=lambda _: chance.random()))
    again = replace(given, candidates=tuple(shuffled), managers=managers, topics=topics)
    assert match(again) == match(given)
    assert numbers(match(replace(given, candidates=renamed))) == numbers(match(given))


def test_where_all_are_alike_the_order_in_which_they_came_says_nothing() -> None:
    given = alike(12)
    for seed in range(10):
        shuffled = list(given.candidates)
        Random(seed).shuffle(shuffled)
        found = pairs(match(replace(given, candidates=tuple(shuffled))))
        assert found == [(each, each + 12) for each in range(1, 13)]


def test_other_numbers_for_the_same_people_change_nothing_but_which_of_equals_meet() -> None:
    for seed in range(20):
        given = problem(Random(seed), people=12)
        new = dict(zip([each.id for each in given.candidates], Random(seed).sample(range(100, 200), 12), strict=True))
        people = tuple(renumbered(each, new) for each in given.candidates)
        again = replace(given, candidates=people, managers={new[a]: b and new[b] for a, b in given.managers.items()})
        assert match(again).objective == match(given).objective


def renumbered(person: Candidate, new: dict[int, int]) -> Candidate:
    manager = person.manager_id and new[person.manager_id]
    return replace(person, id=new[person.id], manager_id=manager, avoids=frozenset(new[each] for each in person.avoids))


@pytest.mark.parametrize("seed", range(10))
def test_moving_everybody_to_one_other_zone_changes_nothing(seed: int) -> None:
    here = problem(Random(seed), people=10)
    rome, tokyo, kathmandu = (
        numbers(match(replace(here, candidates=tuple(replace(each, zone=zone) for each in here.candidates))))
        for zone in ("Europe/Rome", "Asia/Tokyo", "Asia/Kathmandu")
    )
    assert rome == tokyo == kathmandu


def numbers(found: Result) -> list[tuple[int, int, list[int]]]:
    return [(each.mentor_id, each.mentee_id, [each.total, *(part.points for part in each.parts)]) for each in found.pairs]


@pytest.mark.parametrize("seed", range(25))
def test_somebody_who_cannot_be_paired_changes_nothing(seed: int) -> None:
    given = problem(Random(seed), people=11, rules=Rules(Random(seed).choice((40, "auto")), 0))
    stranger = candidate(5, Random(seed), languages=("tlh",), as_mentor=True, as_mentee=True)
    others = tuple(replace(each, id=each.id + 100, manager_id=None, avoids=frozenset()) for each in given.candidates)
    apart = replace(given, candidates=others, managers={})
    more = replace(apart, candidates=(*others, stranger))
    assert numbers(match(more)) == numbers(match(apart))


@pytest.mark.parametrize("seed", range(25))
def test_forbidding_a_pair_that_was_not_chosen_changes_nothing(seed: int) -> None:
    given = problem(Random(seed), people=9, rules=Rules(Random(seed).choice((40, "auto")), 0))
    before = match(given)
    chosen = {frozenset(each) for each in pairs(before)}
    others = [(m.id, n.id) for m in given.mentors for n in given.mentees if {m.id, n.id} not in chosen and m.id != n.id]
    for each in others[:6]:
        after = match(without(given, each))
        assert (numbers(after), after.objective) == (numbers(before), before.objective)


@pytest.mark.parametrize("people", [2, 3, 7])
def test_two_people_do_not_mentor_each_other_at_once(people: int) -> None:
    given = alike(people)
    everybody = tuple(replace(each, as_mentor=True, as_mentee=True, grade=None) for each in given.candidates)
    found = match(replace(given, candidates=everybody))
    assert not {(other, one) for one, other in pairs(found)} & set(pairs(found))
    assert found.objective["mentees_unmatched"] == found.objective["mentors_unmatched"] == 0
    two_only = match(replace(given, candidates=everybody[:2]))
    assert pairs(two_only) == [(1, 2)]
    assert [(each.id, each.role) for each in two_only.left_over] == [(1, "mentee"), (2, "mentor")]


def test_locked_pairs_stay_and_the_others_are_the_best_beside_them() -> None:
    given = alike(3)
    for mentor, mentee in ((1, 4), (1, 5), (1, 6)):
        found = match(replace(given, locked=((mentor, mentee),)))
        assert (mentor, mentee) in pairs(found)
        assert len(found.pairs) == 3
    everything = match(replace(given, locked=((1, 6), (2, 5), (3, 4))))
    assert pairs(everything) == [(1, 6), (2, 5), (3, 4)]
    assert everything.objective["mentees_unmatched"] == 0


def test_a_locked_pair_below_the_line_is_kept_and_not_counted() -> None:
    given = replace(alike(2), rules=Rules(line=100))
    assert match(given).objective["below_line"] == 2
    assert match(replace(given, locked=((1, 3),))).objective["below_line"] == 1
    assert match(replace(given, locked=((1, 3), (2, 4)))).objective["below_line"] == 0


def test_a_lock_that_leaves_others_without_anybody_is_kept_all_the_same() -> None:
    given = alike(2)
    only = tuple(replace(each, avoids=frozenset({4})) if each.id == 2 else each for each in given.candidates)
    assert pairs(match(replace(given, candidates=only))) == [(1, 4), (2, 3)]
    found = match(replace(given, candidates=only, locked=((1, 3),)))
    assert pairs(found) == [(1, 3)]
    assert found.objective["mentees_unmatched"] == found.objective["mentors_unmatched"] == 1


def test_locks_that_cannot_be_kept_are_refused_with_names_and_the_reason() -> None:
    given = alike(3)
    with pytest.raises(Invalid, match="Person 1 is locked into more pairs than they have seats: 2 for 1"):
        match(replace(given, locked=((1, 4), (1, 5))))
    with pytest.raises(Invalid, match="Person 4 is locked into more pairs"):
        match(replace(given, locked=((1, 4), (2, 4))))
    with pytest.raises(Invalid, match="Person 1 and 77 are locked together, but 77 does not wait"):
        match(replace(given, locked=((1, 77),)))
    with pytest.raises(Invalid, match="Person 4 and Person 1 are locked together, but Person 4 does not wait"):
        match(replace(given, locked=((4, 1),)))
    with pytest.raises(Invalid, match="Person 1 and Person 4 are locked together, but these two cannot be paired"):
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
    ],
)
def test_a_lock_against_a_rule_is_refused_with_the_rule(facts: dict[str, object], says: str) -> None:
    with pytest.raises(Invalid, match=f"Person 1.*Person 2.*{says}|{says}"):
        match(two(facts, locked=((1, 2),)))


@pytest.mark.parametrize("seed", range(15))
def test_an_automatic_line_is_the_highest_that_nobody_need_be_below(seed: int) -> None:
    given = problem(Random(seed), people=10, rules=Rules(line="auto"))
    found = match(given)
    assert found.objective["below_line"] == 0
    unmet = ("mentees_unmatched", "mentors_unmatched")
    assert [found.objective[each] for each in unmet] == [
        match(replace(given, rules=Rules(0))).objective[each] for each in unmet
    ]
    if found.pairs and found.line < 10_000:
        assert match(replace(given, rules=Rules(found.line // 100 + 1))).objective["below_line"] > 0


def test_those_who_are_together_stay_together_where_it_costs_little() -> None:
    given = replace(alike(3), stay=frozenset({(1, 6), (9, 9)}))
    assert pairs(match(given)) == [(1, 4), (2, 5), (3, 6)]
    found = match(replace(given, rules=Rules(stay_bonus=5)))
    assert pairs(found) == [(1, 6), (2, 4), (3, 5)]
    assert len({each.total for each in found.pairs}) == 1, "a bonus is no part of the score"


def test_nobody_to_pair_is_no_error() -> None:
    given = alike(2)
    for people in ((), given.mentors, given.mentees):
        found = match(replace(given, candidates=people))
        assert found.pairs == ()
        assert len(found.left_over) == len(people)
        assert Result.from_json(json.loads(json.dumps(found.as_json()))) == found
    apart = tuple(replace(each, languages=(str(each.id),)) for each in given.candidates)
    assert match(replace(given, candidates=apart)).objective == {
        "mentees_unmatched": 2, "mentors_unmatched": 2, "below_line": 0, "total_phi": 0,
    }  # fmt: skip
    for locked in (((1, 3),),):
        with pytest.raises(Invalid, match="does not wait"):
            match(replace(given, candidates=given.mentors, locked=locked))
