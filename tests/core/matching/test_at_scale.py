"""With very many people the plan is as good as with few, and proven; tried on few, where both ways of solving
can be compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from portal.core.hours.weekly_hours import WeeklyHours, parse_hours
from portal.core.matching import criteria, engine, rules
from portal.core.matching.candidates import MUSTS, Candidate, Problem, Refusal, Rules
from portal.core.matching.locks import check_locks
from portal.core.matching.overlap import common_starts
from portal.core.matching.results import Result
from portal.core.matching.scale import branch_and_bound as branches
from portal.core.matching.scale import candidate_edges as sifting
from portal.core.matching.scale import certified
from portal.core.matching.scale.at_scale import match_at_scale
from portal.core.matching.scale.streaming import FORBIDDEN, Scorer
from portal.core.matching.weeks import STEP, STEPS, local_starts, offset
from tests.core.matching.instances import DAY, EVEN, TOPICS, ZONES, candidate, problem, weights
from tests.sampling import sample


@pytest.fixture
def looking_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few pairs are looked at in the beginning that there are several rounds, and even few people have a
    sample.
    """
    monkeypatch.setattr(certified, "MANY", 2)
    monkeypatch.setattr(certified, "SAMPLE", 3)
    monkeypatch.setattr(sifting, "FEW", 0)


@pytest.mark.parametrize("seed", sample(range(10), 3))
def test_the_plan_is_as_good_as_that_of_the_dense_engine_and_proven(seed: int) -> None:
    chance = Random(seed)
    for _ in range(30):
        given = anything(chance, people=chance.choice((2, 5, 9, 16)))
        assert_as_good(given)


@pytest.mark.parametrize("seed", sample(range(4), 2))
@pytest.mark.usefixtures("looking_at_few")
def test_it_is_as_good_when_only_few_pairs_are_looked_at_first(seed: int) -> None:
    chance = Random(seed)
    for _ in range(10):
        assert_as_good(anything(chance, people=chance.choice((12, 30, 60))))


@pytest.mark.parametrize("seed", sample(range(3), 2))
@pytest.mark.usefixtures("looking_at_few")
def test_people_of_several_seats_meet_each_other_once(seed: int) -> None:
    chance = Random(seed)
    people = [candidate(each, chance, mentor_capacity=3, mentee_capacity=2, grade=None) for each in range(80)]
    assert_as_good(problem(chance, people=0, candidates=tuple(people), managers={}, rules=Rules(line=30)))


@pytest.mark.parametrize("seed", sample(range(3), 2))
def test_two_people_meet_one_way_round(seed: int) -> None:
    chance = Random(seed)
    people = [candidate(each, chance, as_mentor=True, as_mentee=True, grade=None) for each in range(24)]
    assert_as_good(problem(chance, people=0, candidates=tuple(people), managers={}))


def test_without_time_to_try_both_ways_apart_they_still_meet_one_way_round_and_the_gap_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(branches, "STEPS", 0)
    monkeypatch.setattr(branches, "TURNS", 1)
    chance = Random(1)
    people = [candidate(each, chance, as_mentor=True, as_mentee=True, grade=None) for each in range(30)]
    given = problem(chance, people=0, candidates=tuple(people), managers={}, rules=Rules(line=0))
    found = match_at_scale(given)
    assert_allowed(found, given)
    best = engine.match(given).objective["total_phi"]
    assert found.objective["total_phi"] <= best <= found.objective["total_phi"] + found.gap


def test_the_same_people_in_any_order_give_the_same_pairs() -> None:
    chance = Random(3)
    given = anything(chance, people=60)
    assert match_at_scale(replace(given, candidates=tuple(reversed(given.candidates)))) == match_at_scale(
        given
    )


def test_where_there_is_one_best_plan_everything_told_is_the_same() -> None:
    chance, same = Random(5), 0
    for _ in range(20):
        given = anything(chance, people=14)
        dense, found = engine.match(given), match_at_scale(given)
        if [(each.mentor_id, each.mentee_id) for each in dense.pairs] == [
            (each.mentor_id, each.mentee_id) for each in found.pairs
        ]:
            same += 1
            assert found == dense
    assert same > 10


def test_nobody_to_pair_is_no_error() -> None:
    chance = Random(1)
    nobody = problem(chance, people=0)
    assert match_at_scale(nobody).pairs == ()
    strangers = tuple(
        candidate(
            each,
            chance,
            languages=("de",) if each % 2 else ("fr",),
            as_mentor=bool(each % 2),
            as_mentee=not each % 2,
        )
        for each in range(1, 9)
    )
    for line in (40, "auto"):
        given = replace(nobody, candidates=strangers, rules=Rules(line=line))
        assert match_at_scale(given) == engine.match(given)


def test_contradictory_locks_are_refused() -> None:
    given = anything(Random(2), people=10)
    person = given.candidates[0].id
    with pytest.raises(Refusal):
        match_at_scale(replace(given, locked=((person, person),), forbidden=frozenset()))


def test_progress_tells_each_phase_to_its_end() -> None:
    told: list[tuple[str, int, int]] = []
    given = company(150)
    match_at_scale(given, lambda *said: told.append(said))
    assert list(dict.fromkeys(phase for phase, _, _ in told)) == ["scoring", "solving", "explaining"]
    for phase in ("scoring", "solving", "explaining"):
        done = [(at, total) for name, at, total in told if name == phase]
        assert done[-1][0] == done[-1][1]
        assert all(0 <= at <= total for at, total in done)


def test_thousands_are_paired_with_a_proof() -> None:
    given = company(3500)
    found = match_at_scale(given)
    assert found.gap == 0
    assert len(found.pairs) == 3500 - found.objective["mentees_unmatched"] > 3000
    assert_allowed(found, given)


@pytest.mark.parametrize("seed", sample(range(6), 2))
def test_scores_some_rows_at_a_time_are_those_of_the_criteria_and_the_rules(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:
        monkeypatch.setattr("portal.core.matching.scale.streaming.KEPT", 200)
    chance = Random(seed)
    musts = tuple(must for must in MUSTS if chance.random() < 0.4)
    given = replace(anything(chance, people=70), weights=weights(chance), rules=Rules(musts=musts))
    scorer = Scorer(given)
    found = np.concatenate(
        [scorer.block(start, min(start + 7, scorer.shape[0])) for start in range(0, scorer.shape[0], 7)]
    )
    broken = np.logical_or.reduce(list(rules.broken_rules(given.mentors, given.mentees, given).values()))
    expected = np.where(broken, FORBIDDEN, criteria.totals(given.mentors, given.mentees, given))
    assert (found == expected).all()


@pytest.mark.parametrize("step", [60, 30, 15, 5, 1])
def test_hours_in_common_are_counted_as_by_the_clocks_of_each_day_of_the_year(step: int) -> None:
    chance = Random(step)
    people = [
        candidate(
            each,
            chance,
            hours=hours(chance, step),
            zone=chance.choice((*ZONES, "Asia/Kathmandu", "Pacific/Chatham")),
        )
        for each in range(12)
    ]
    noons = [
        datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC) + timedelta(days=day) for day in range(366)
    ]

    def week(person: Candidate, moment: datetime) -> np.ndarray:
        return np.roll(local_starts(person.hours), -offset(person.zone, moment) // STEP)

    worst = np.full((6, 6), STEPS)
    for moment in noons:
        one, other = (np.stack([week(each, moment) for each in side]) for side in (people[:6], people[6:]))
        worst = np.minimum(worst, one @ other.T)
    assert (common_starts(people[:6], people[6:], DAY) == worst).all()


def hours(chance: Random, step: int) -> WeeklyHours:
    """Hours that begin and end at multiples of a few minutes."""
    spans = []
    for weekday in chance.sample(range(7), chance.randint(0, 6)):
        start = chance.randrange(0, 1200 // step) * step
        spans.append((weekday, start, min(1440, start + chance.randint(1, 600 // step) * step)))
    return WeeklyHours.of(spans)


def anything(chance: Random, *, people: int) -> Problem:
    """A problem with whatever there can be: locks, pairs kept apart, people who waited or are met, a bonus
    for staying, musts."""
    made = problem(chance, people=people, weights=weights(chance) if chance.random() < 0.5 else EVEN)
    ids = [each.id for each in made.candidates]

    def some_pairs(most: int) -> frozenset[tuple[int, int]]:
        return frozenset((chance.choice(ids), chance.choice(ids)) for _ in range(chance.randint(0, most)))

    made = replace(
        made,
        candidates=tuple(
            replace(
                each,
                waited_as_mentor=chance.random() < 0.15,
                waited_as_mentee=chance.random() < 0.15,
                met_as_mentor=chance.random() < 0.1,
                met_as_mentee=chance.random() < 0.1,
            )
            for each in made.candidates
        ),
        rules=Rules(
            line=chance.choice((0, 40, 60, "auto")),
            min_grade_gap=chance.choice((-2, 0, 1)),
            stay_bonus=chance.choice((0, 5, 20)),
            musts=tuple(must for must in MUSTS if chance.random() < 0.1),
        ),
        forbidden=some_pairs(4),
        stay=some_pairs(8),
    )
    for pair in sorted(some_pairs(3) - made.forbidden):
        try:
            check_locks(locked := replace(made, locked=(*made.locked, pair)))
        except Refusal:
            continue
        made = locked
    return made


def company(size: int) -> Problem:
    """As many who teach as who learn, whose interests are so alike that their best options collide."""
    chance = Random(size)
    weeks = [
        parse_hours(each) for each in ("Mon-Fri 09:00-17:00", "Mon-Thu 08:00-14:00", "Mon-Fri 12:00-20:00")
    ]
    people = [
        candidate(
            each,
            chance,
            as_mentor=each < size,
            as_mentee=each >= size,
            grade=chance.randint(1, 5) if each < size else chance.randint(3, 8),
            zone=chance.choice(ZONES[:2]),
            hours=chance.choice(weeks),
            languages=tuple(chance.sample(("de", "en", "fr", "pt"), 2)),
            mentor_capacity=1,
            mentee_capacity=1,
        )
        for each in range(2 * size)
    ]
    return Problem(tuple(people), {}, TOPICS, EVEN, DAY)


def assert_as_good(given: Problem) -> None:
    """Both ways of solving reach the same in all four goals, and this one proves it."""
    dense, found = engine.match(given), match_at_scale(given)
    assert goals(found, given) == goals(dense, given)
    assert found.gap == 0
    assert_allowed(found, given)


def goals(found: Result, given: Problem) -> tuple[object, ...]:
    """The four goals as they are sought: whoever waited counts twice, and staying has its bonus."""
    people = {each.id: each for each in given.candidates}
    unmet = {"mentor": 0, "mentee": 0}
    for each in found.left_over:
        person = people[each.id]
        unmet[each.role] += 1 + (
            person.waited_as_mentor if each.role == "mentor" else person.waited_as_mentee
        )
    value = 0
    for pair in found.pairs:
        stays = (pair.mentor_id, pair.mentee_id) in given.stay and (
            pair.mentor_id,
            pair.mentee_id,
        ) not in given.locked
        worth = min(10_000, pair.total + given.rules.stay_bonus * 100 * stays)
        value += worth + min(worth, 5000)
    return unmet["mentee"], unmet["mentor"], found.line, found.objective["below_line"], value


def assert_allowed(found: Result, given: Problem) -> None:
    """Nobody has more partners than seats, no two meet twice or both ways round, and no rule is broken; locks
    are kept.
    """
    people = {each.id: each for each in given.candidates}
    pairs = [(each.mentor_id, each.mentee_id) for each in found.pairs]
    assert pairs == sorted(set(pairs), key=pairs.index)
    assert not {(other, one) for one, other in pairs} & set(pairs)
    assert set(given.locked) <= set(pairs)
    for side, seats in ((0, "mentor_capacity"), (1, "mentee_capacity")):
        used = [pair[side] for pair in pairs]
        assert all(used.count(each) <= getattr(people[each], seats) for each in set(used)) or len(used) > 1000
    for pair in pairs[:200]:
        assert rules.forbidden(people[pair[0]], people[pair[1]], given) is None
