"""Changes that must change nothing, or only what they say."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from portal.core.hours.weekly_hours import WeeklyHours
from portal.core.matching.candidates import Candidate, Rules, without
from portal.core.matching.engine import match
from portal.core.matching.results import Result
from tests.core.matching.instances import alike, candidate, numbers, pairs, problem


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
        new = dict(
            zip([each.id for each in given.candidates], Random(seed).sample(range(100, 200), 12), strict=True)
        )
        people = tuple(renumbered(each, new) for each in given.candidates)
        again = replace(
            given, candidates=people, managers={new[a]: b and new[b] for a, b in given.managers.items()}
        )
        assert match(again).objective == match(given).objective


def renumbered(person: Candidate, new: dict[int, int]) -> Candidate:
    manager = person.manager_id and new[person.manager_id]
    return replace(
        person, id=new[person.id], manager_id=manager, avoids=frozenset(new[each] for each in person.avoids)
    )


@pytest.mark.parametrize("seed", range(10))
def test_moving_everybody_to_one_other_zone_changes_nothing(seed: int) -> None:
    here = problem(Random(seed), people=10)
    rome, tokyo, kathmandu = (
        numbers(match(replace(here, candidates=tuple(replace(each, zone=zone) for each in here.candidates))))
        for zone in ("Europe/Rome", "Asia/Tokyo", "Asia/Kathmandu")
    )
    assert rome == tokyo == kathmandu


@pytest.mark.parametrize("seed", range(25))
def test_somebody_who_cannot_be_paired_changes_nothing(seed: int) -> None:
    given = problem(Random(seed), people=11, rules=Rules(Random(seed).choice((40, "auto")), 0))
    stranger = candidate(5, Random(seed), languages=("tlh",), as_mentor=True, as_mentee=True)
    others = tuple(
        replace(each, id=each.id + 100, manager_id=None, avoids=frozenset()) for each in given.candidates
    )
    apart = replace(given, candidates=others, managers={})
    more = replace(apart, candidates=(*others, stranger))
    assert numbers(match(more)) == numbers(match(apart))


@pytest.mark.parametrize("seed", range(25))
def test_forbidding_a_pair_that_was_not_chosen_changes_nothing(seed: int) -> None:
    given = problem(Random(seed), people=9, rules=Rules(Random(seed).choice((40, "auto")), 0))
    before = match(given)
    chosen = {frozenset(each) for each in pairs(before)}
    others = [
        (m.id, n.id)
        for m in given.mentors
        for n in given.mentees
        if {m.id, n.id} not in chosen and m.id != n.id
    ]
    for each in others[:6]:
        after = match(without(given, each))
        assert (numbers(after), after.objective) == (numbers(before), before.objective)


@pytest.mark.parametrize("seed", range(10))
def test_working_later_by_the_same_time_all_together_changes_nothing(seed: int) -> None:
    given = problem(Random(seed), people=12)
    together = replace(
        given, candidates=tuple(replace(each, zone="Asia/Kolkata") for each in given.candidates)
    )
    for minutes in (15, 60, 150):
        later = tuple(replace(each, hours=moved(each.hours, minutes)) for each in together.candidates)
        assert numbers(match(replace(together, candidates=later))) == numbers(match(together))


def moved(hours: WeeklyHours, minutes: int) -> WeeklyHours:
    """The same hours, so much later on each day."""
    return replace(hours, days=tuple(tuple((a + minutes, b + minutes) for a, b in day) for day in hours.days))


@pytest.mark.parametrize("seed", range(12))
def test_keeping_apart_two_who_do_not_meet_changes_nothing(seed: int) -> None:
    given = problem(Random(seed), people=10, rules=Rules(Random(seed).choice((0, 40)), 0))
    before = match(given)
    met = set(pairs(before))
    others = [(m.id, n.id) for m in given.mentors for n in given.mentees if (m.id, n.id) not in met]
    for each in (*others[:4], *others[-4:]):
        after = match(replace(given, forbidden=frozenset({each})))
        assert (numbers(after), after.objective, after.gap) == (numbers(before), before.objective, 0)
    after = match(replace(given, forbidden=frozenset(others)))
    assert (numbers(after), after.objective) == (numbers(before), before.objective)
    assert {each for pair in after.pairs for each in (pair.next_mentor, pair.next_mentee)} <= {None}


@pytest.mark.parametrize("seed", range(12))
def test_locking_what_was_chosen_anyway_keeps_it_all(seed: int) -> None:
    given = problem(Random(seed), people=12, rules=Rules(Random(seed).choice((0, 40)), 0))
    before = match(given)
    chosen = pairs(before)
    for some in (chosen[:1], chosen[::2], chosen):
        after = match(replace(given, locked=tuple(some)))
        unmet = ("mentees_unmatched", "mentors_unmatched", "total_phi")
        assert [after.objective[each] for each in unmet] == [before.objective[each] for each in unmet]
        assert set(some) <= set(pairs(after))


@pytest.mark.parametrize("seed", range(12))
def test_liking_those_who_meet_even_better_changes_nothing(seed: int) -> None:
    """A bonus for staying raises chosen pairs only; the best stays the best."""
    given = problem(Random(seed), people=12, rules=Rules(40, 0, 0))
    before = match(given)
    after = match(replace(given, stay=frozenset(pairs(before)), rules=replace(given.rules, stay_bonus=10)))
    assert numbers(after) == numbers(before)


@pytest.mark.parametrize("seed", range(12))
def test_a_turn_that_all_have_is_no_turn(seed: int) -> None:
    given = problem(Random(seed), people=12)
    everybody = tuple(
        replace(each, waited_as_mentor=True, waited_as_mentee=True) for each in given.candidates
    )
    after = match(replace(given, candidates=everybody))
    assert (after.pairs, after.objective) == (match(given).pairs, match(given).objective)


@pytest.mark.parametrize("seed", range(20))
def test_whose_turn_it_is_never_costs_others_their_partner(seed: int) -> None:
    chance = Random(seed)
    given = problem(chance, people=16, rules=Rules(0, 1))
    people = tuple(replace(each, grade=1 if each.id % 2 else 5) for each in given.candidates)
    turns = tuple(
        replace(each, waited_as_mentor=chance.random() < 0.4, waited_as_mentee=chance.random() < 0.4)
        for each in people
    )
    unmet = ("mentees_unmatched", "mentors_unmatched")
    before, after = (match(replace(given, candidates=each)) for each in (people, turns))
    assert [after.objective[each] for each in unmet] == [before.objective[each] for each in unmet]
    assert waiting(after_of(turns, after)) <= waiting(after_of(turns, before))


def after_of(
    people: tuple[Candidate, ...], found: Result
) -> tuple[tuple[Candidate, ...], set[tuple[int, str]]]:
    """People, and who of them was left over."""
    return people, {(each.id, each.role) for each in found.left_over}


def waiting(given: tuple[tuple[Candidate, ...], set[tuple[int, str]]]) -> tuple[int, int]:
    """How many who waited are left over again: mentees, and mentors."""
    people, alone = given
    return (
        sum(each.waited_as_mentee and (each.id, "mentee") in alone for each in people),
        sum(each.waited_as_mentor and (each.id, "mentor") in alone for each in people),
    )


@pytest.mark.parametrize("seed", range(10))
def test_another_seat_leaves_nobody_else_out(seed: int) -> None:
    given = problem(Random(seed), people=12)
    before = match(given)
    for each in given.mentors:
        more = tuple(
            replace(one, mentor_capacity=min(5, one.mentor_capacity + 1)) if one.id == each.id else one
            for one in given.candidates
        )
        after = match(replace(given, candidates=more))
        unmet = ("mentees_unmatched", "mentors_unmatched")
        assert [after.objective[name] for name in unmet] <= [before.objective[name] for name in unmet]


@pytest.mark.parametrize("seed", range(6))
def test_two_companies_that_cannot_meet_are_solved_as_each_alone(seed: int) -> None:
    chance = Random(seed)
    one = problem(chance, people=8, rules=Rules(0, 0))
    other = problem(chance, people=8, rules=Rules(0, 0))
    apart = tuple(
        renumbered(replace(each, languages=("tlh",)), {number: number + 50 for number in range(1, 9)})
        for each in other.candidates
    )
    managers = {**one.managers, **{a + 50: b and b + 50 for a, b in other.managers.items()}}
    both = replace(one, candidates=(*one.candidates, *apart), managers=managers)
    second = replace(one, candidates=apart, managers=managers)
    assert numbers(match(both)) == sorted(numbers(match(one)) + numbers(match(second)))
