"""The engine whole: the best pairs, rules kept, locks, lines, turns, and the next best."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from portal.core.matching import criteria, engine, rules
from portal.core.matching.candidates import MUSTS, Candidate, Problem, Rules, Wish
from portal.core.matching.engine import match
from portal.core.matching.plans.assignment import Instance
from portal.core.matching.plans.one_way import People
from portal.core.matching.results import Other, Result
from portal.errors import Invalid
from tests.core.matching.instances import EVEN, alike, best_choice, pairs, problem


def as_instance(given: Problem) -> Instance:
    """The same problem for looking at every choice; without locks."""
    mentors, mentees = given.mentors, given.mentees
    bonus = [[500 * ((one.id, other.id) in given.stay) for other in mentees] for one in mentors]
    scores = np.array([[criteria.score(one, other, given).total for other in mentees] for one in mentors])
    allowed = np.array([[rules.forbidden(one, other, given) is None for other in mentees] for one in mentors])
    rows, columns = ({each.id: at for at, each in enumerate(side)} for side in (mentors, mentees))
    both = rows.keys() & columns.keys()
    return Instance(
        scores,
        allowed,
        np.array([each.mentor_capacity for each in mentors]),
        np.array([each.mentee_capacity for each in mentees]),
        np.array([each.met_as_mentor for each in mentors]),
        np.array([each.met_as_mentee for each in mentees]),
        int(given.rules.line) * 100,
        np.minimum(bonus, 10_000 - scores),
        People({columns[each]: rows[each] for each in both}, {rows[each]: columns[each] for each in both}),
        np.array([1 + each.waited_as_mentor for each in mentors]),
        np.array([1 + each.waited_as_mentee for each in mentees]),
    )


@pytest.mark.parametrize("seed", range(8))
def test_the_pairs_are_the_best_of_all_choices_that_the_rules_leave(seed: int) -> None:
    chance = Random(seed)
    for _ in range(40):
        given = problem(chance, people=chance.randint(2, 7))
        everybody = sorted((one.id, other.id) for one in given.candidates for other in given.candidates)
        musts = tuple(chance.sample(MUSTS, chance.choice((0, 0, 0, 1, 2))))
        given = replace(
            given,
            candidates=tuple(with_a_past(each, chance) for each in given.candidates),
            stay=frozenset(chance.sample(everybody, 2)),
            forbidden=frozenset(chance.sample(everybody, chance.randint(0, 3))),
            rules=Rules(chance.choice((0, 40, 60)), 0, 5, musts),
        )
        if not given.mentors or not given.mentees:
            continue
        best, found = best_choice(as_instance(given)), match(given)
        assert pairs(found) == [(given.mentors[row].id, given.mentees[column].id) for row, column in best]
        assert found.gap == 0


def with_a_past(person: Candidate, chance: Random) -> Candidate:
    """Now and then somebody was left over the last time, or meets somebody already."""
    waited, met = [chance.random() < 0.3 for _ in range(2)], [chance.random() < 0.1 for _ in range(2)]
    return replace(
        person,
        waited_as_mentor=waited[0],
        waited_as_mentee=waited[1],
        met_as_mentor=met[0],
        met_as_mentee=met[1],
    )


@pytest.mark.parametrize("seed", range(10))
def test_the_next_best_is_the_best_other_whom_the_rules_allow(seed: int) -> None:
    given = problem(Random(seed), people=14, rules=Rules(min_grade_gap=0))
    found = match(given)
    taken = {frozenset(each) for each in pairs(found)}

    def best(among: Iterable[tuple[Candidate, Candidate]], side: int) -> Other | None:
        allowed = [each for each in among if rules.forbidden(*each, given) is None]
        open_ = [each for each in allowed if {one.id for one in each} not in taken]
        scored = [(-criteria.score(*each, given).total, each[side].id) for each in open_]
        return Other(min(scored)[1], -min(scored)[0]) if scored else None

    by_id = {each.id: each for each in given.candidates}
    for each in found.pairs:
        assert each.next_mentor == best([(mentor, by_id[each.mentee_id]) for mentor in given.mentors], 0)
        assert each.next_mentee == best([(by_id[each.mentor_id], mentee) for mentee in given.mentees], 1)
    assert len(found.pairs) > 2


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
        met = {(mentor, "mentor") for mentor, _ in pairs(found)} | {
            (mentee, "mentee") for _, mentee in pairs(found)
        }
        roles = {(each.id, "mentor") for each in given.mentors} | {
            (each.id, "mentee") for each in given.mentees
        }
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
    ceilings = set()
    for mentor, mentee in pairs(found):
        options = [
            (one.id, other.id) for one in given.mentors for other in given.mentees if may(one, other, given)
        ]
        for person, side in ((mentor, 0), (mentee, 1)):
            own = [each for each in options if each[side] == person]
            if max(scored(given, *each) for each in own) == found.line:
                ceilings.add(person)
    assert found.held_by == min(ceilings, default=None)


def may(mentor: Candidate, mentee: Candidate, given: Problem) -> bool:
    return rules.forbidden(mentor, mentee, given) is None


def scored(given: Problem, mentor: int, mentee: int) -> int:
    by_id = {each.id: each for each in given.candidates}
    return criteria.score(by_id[mentor], by_id[mentee], given).total


def test_the_person_who_keeps_an_automatic_line_from_being_higher_is_named() -> None:
    given = alike(3, rules=Rules(line="auto"))
    weak = tuple(
        replace(each, teaches=(Wish("topic-2", 1),)) if each.id == 2 else each for each in given.candidates
    )
    found = match(replace(given, candidates=weak))
    assert (found.held_by, found.line) == (2, min(each.total for each in found.pairs))
    assert match(replace(given, candidates=weak, rules=Rules(line=40))).held_by is None
    locked = match(replace(given, candidates=weak, locked=((2, 4),)))
    assert locked.line > found.line
    assert locked.held_by == 1, "a locked pair holds nothing, and the others are all alike"


def test_whoever_was_left_over_the_last_time_is_not_again_where_somebody_else_can_be() -> None:
    given = alike(3)
    fewer = tuple(each for each in given.candidates if each.id != 3)
    for waiting in (4, 5, 6):
        turn = tuple(replace(each, waited_as_mentee=each.id == waiting) for each in fewer)
        found = match(replace(given, candidates=turn))
        assert waiting in {mentee for _, mentee in pairs(found)}
        assert found.objective["mentees_unmatched"] == 1
    both = tuple(replace(each, waited_as_mentee=each.id in (5, 6)) for each in fewer)
    assert [each.id for each in match(replace(given, candidates=both)).left_over] == [4]


def test_a_turn_costs_nobody_else_their_partner() -> None:
    """1 can only meet 4, who can meet 1 and 2; whoever waited (5) can only meet 2."""
    given = alike(3)
    avoids = {1: {5, 6}, 2: {6}, 3: {4, 5, 6}}
    people = tuple(
        replace(each, avoids=frozenset(avoids.get(each.id, ())), waited_as_mentee=each.id == 5)
        for each in given.candidates
    )
    found = match(replace(given, candidates=people))
    assert pairs(found) == [(1, 4), (2, 5)]
    assert found.objective["mentees_unmatched"] == found.objective["mentors_unmatched"] == 1


def test_staff_may_keep_two_apart_for_one_run() -> None:
    given = alike(2)
    found = match(replace(given, forbidden=frozenset({(1, 3), (77, 3)})))
    assert pairs(found) == [(1, 4), (2, 3)]
    with pytest.raises(
        Invalid, match="Person 1 and Person 3 are locked together, but are to be kept apart too"
    ):
        replace(given, locked=((1, 3),), forbidden=frozenset({(1, 3)}))


def test_those_who_are_together_stay_together_where_it_costs_little() -> None:
    given = replace(alike(3), stay=frozenset({(1, 6), (9, 9)}))
    assert pairs(match(given)) == [(1, 4), (2, 5), (3, 6)]
    found = match(replace(given, rules=Rules(stay_bonus=5)))
    assert pairs(found) == [(1, 6), (2, 4), (3, 5)]
    assert len({each.total for each in found.pairs}) == 1, "a bonus is no part of the score"


@pytest.mark.parametrize("limit", ["MOST_ABREAST", "MOST_SEATS_ABREAST"])
def test_very_many_people_are_solved_another_way_and_just_as_well(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = problem(Random(5), people=30)
    before = match(given)
    monkeypatch.setattr(engine, limit, 5)
    told: list[str] = []
    after = match(given, progress=lambda *phase: told.append(str(phase[0])))
    assert (after.objective, after.gap, after.line) == (before.objective, 0, before.line)
    assert {"scoring", "solving", "explaining"} >= set(told) > set()
