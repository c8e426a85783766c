"""Scores: whole numbers that are the sum of their parts, the same alone as among many, with sentences both
can read.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from portal.core.matching import criteria
from portal.core.matching.candidates import WEIGHTS, Candidate, Problem, Wish
from portal.core.matching.explanations import voices
from portal.core.matching.explanations.voices import VOICES, said
from tests.core.matching.instances import DAY, EVEN, problem, spoken_by, two, weights


def plain(mentor: Candidate, mentee: Candidate, given: Problem) -> dict[str, int]:
    """The points of each part, reckoned one step after the other."""

    def interest(teacher: Candidate, learner: Candidate) -> tuple[int, int]:
        value, most = 0, 0
        for rank, wish in enumerate(learner.learns):
            weight = wish.level * max(10 - rank, 3)
            near = [
                each.level * (10 if each.topic == wish.topic else 3)
                for each in teacher.teaches
                if given.topics[each.topic][1] == given.topics[wish.topic][1]
            ]
            value, most = value + weight * max(near, default=0), most + weight * 30
        return value, most

    def part(value: int, most: int, name: str) -> int:
        return (2 * value * given.weights[name] * 100 + most) // (2 * most) if most else 0

    shared = len(set(mentor.languages) & set(mentee.languages))
    near, far = mentor.site == mentee.site, "in person" in (mentor.place, mentee.place)
    remote = "remote" in (mentor.place, mentee.place)
    place = 0 if far and (remote or not near) else 2 if remote or near else 1
    styles = {"introvert": 0, "balanced": 1, "extrovert": 2}
    suits = {(0, 0): 50, (0, 1): 80, (0, 2): 100, (1, 1): 70, (1, 2): 80, (2, 2): 30}
    return {
        "interests": part(*interest(mentor, mentee), "interests"),
        "style": part(suits[tuple(sorted((styles[mentor.style], styles[mentee.style])))], 100, "style"),
        "time": part(min(starts(mentor, mentee), 120), 120, "time"),
        "department": part(int(mentor.department != mentee.department), 1, "department"),
        "giveback": part(*interest(mentee, mentor), "giveback"),
        "language": part(min(shared, 2) + 1, 3, "language"),
        "place": part(place, 2, "place"),
    }


def starts(one: Candidate, other: Candidate) -> int:
    """At how many five minutes of a week an hour in common can begin, in the worst week of
    the coming year.
    """
    found = []
    for week in range(53):
        moment = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC) + timedelta(weeks=week)
        both = busy(one, moment) & busy(other, moment)
        found.append(
            sum(all((at + later) % 10_080 in both for later in range(60)) for at in range(0, 10_080, 5))
        )
    return min(found)


def busy(person: Candidate, moment: datetime) -> set[int]:
    """The minutes of the UTC week at which a person works, with the clocks as they are at a moment."""
    ahead = int((moment.astimezone(ZoneInfo(person.zone)).utcoffset() or timedelta()).total_seconds()) // 60
    return {
        (day * 1440 + minute - ahead) % 10_080
        for day, intervals in enumerate(person.hours.days)
        for start, end in intervals
        for minute in range(start, end)
    }


def test_the_parts_are_what_reckoning_step_by_step_gives() -> None:
    chance = Random(7)
    given = problem(chance, people=40, weights=weights(chance))
    for _ in range(12):
        mentor, mentee = chance.choice(given.mentors), chance.choice(given.mentees)
        found = criteria.score(mentor, mentee, given)
        assert {part.name: part.points for part in found.parts} == plain(mentor, mentee, given)


@pytest.mark.parametrize("seed", range(12))
def test_one_pair_scored_alone_has_the_score_it_has_among_all(seed: int) -> None:
    chance = Random(seed)
    given = problem(chance, people=24, weights=weights(chance))
    table = criteria.totals(given.mentors, given.mentees, given)
    alone = [[criteria.score(one, other, given).total for other in given.mentees] for one in given.mentors]
    assert np.array_equal(table, alone)
    pairs = [(one, other) for one in given.mentors for other in given.mentees]
    assert [each.total for each in criteria.scores(pairs, given)] == table.ravel().tolist()


@pytest.mark.parametrize("seed", range(12))
def test_parts_sum_to_the_score_and_none_passes_its_weight(seed: int) -> None:
    chance = Random(seed)
    given = problem(chance, people=16, weights=weights(chance))
    for one in given.mentors:
        for other in given.mentees:
            found = criteria.score(one, other, given)
            assert [part.name for part in found.parts] == list(WEIGHTS)
            assert sum(part.points for part in found.parts) == found.total
            assert all(0 <= part.points <= 100 * given.weights[part.name] for part in found.parts)


def test_two_who_suit_each_other_in_all_have_all_points() -> None:
    topics, languages = (Wish("topic-1", 3),), ("de", "en")
    best = two(
        {
            "teaches": topics,
            "learns": topics,
            "style": "introvert",
            "department": "Design",
            "place": "in person",
            "languages": languages,
        },
        {
            "teaches": topics,
            "learns": topics,
            "style": "extrovert",
            "department": "Legal",
            "place": "in person",
            "languages": languages,
        },
    )
    assert criteria.score(best.mentors[0], best.mentees[0], best).total == 10_000


def test_one_subject_is_not_counted_twice() -> None:
    once = two({"teaches": (Wish("topic-1", 3),)}, {"learns": (Wish("topic-1", 3),)})
    twice = two(
        {"teaches": (Wish("topic-1", 3), Wish("topic-5", 3), Wish("topic-9", 3))},
        {"learns": (Wish("topic-1", 3),)},
    )
    points = [
        criteria.score(each.mentors[0], each.mentees[0], each).parts[0].points for each in (once, twice)
    ]
    assert points == [6000, 6000]


def test_an_earlier_and_a_stronger_wish_count_more() -> None:
    def points(*wishes: Wish) -> int:
        given = two({"teaches": (Wish("topic-1", 3),)}, {"learns": wishes})
        return criteria.score(given.mentors[0], given.mentees[0], given).parts[0].points

    one, other = Wish("topic-1", 2), Wish("topic-2", 2)
    assert points(one, other) > points(other, one) > 0
    assert points(other, replace(one, level=3)) > points(other, one)
    assert points() == 0


def test_the_sentences_say_what_the_two_have_in_common() -> None:
    # long because its steps read best in one order
    given = two(
        {
            "teaches": (Wish("topic-1", 3),),
            "learns": (Wish("topic-2", 2),),
            "style": "introvert",
            "department": "Design",
            "place": "either",
            "languages": ("de", "en"),
        },
        {
            "learns": (Wish("topic-1", 3),),
            "teaches": (Wish("topic-2", 3),),
            "style": "extrovert",
            "department": "Legal",
            "place": "either",
            "languages": ("en", "de", "fr"),
        },
    )
    assert spoken(given) == [
        "Person 1 knows “Topic 1” at expert level, which Person 2 ranked first.",
        "One of them rather listens and one rather talks, which goes well together.",
        "They share most of their working hours, about 40 hours a week.",
        "They work in different departments: Design and Legal.",
        "In return, Person 2 can help with “Topic 2”, which Person 1 asked for.",
        "They both speak de and en.",
        "They both work in Berlin, so they can meet in person.",
    ]
    assert spoken(given, "mentor") == [
        "You know “Topic 1” at expert level, which Person 2 ranked first.",
        "One of you rather listens and one rather talks, which goes well together.",
        "You share most of your working hours, about 40 hours a week.",
        "You work in different departments: Design and Legal.",
        "In return, Person 2 can help you with “Topic 2”, which you asked for.",
        "You both speak de and en.",
        "You both work in Berlin, so you can meet in person.",
    ]
    assert spoken(given, "mentee") == [
        "Person 1 can show you “Topic 1” at expert level, which you ranked first.",
        "One of you rather listens and one rather talks, which goes well together.",
        "You share most of your working hours, about 40 hours a week.",
        "You work in different departments: Design and Legal.",
        "In return, you can help Person 1 with “Topic 2”, which they asked for.",
        "You both speak de and en.",
        "You both work in Berlin, so you can meet in person.",
    ]


def test_the_sentences_are_honest_where_less_fits() -> None:
    facts = {"style": "extrovert", "department": "Legal", "teaches": (), "learns": ()}
    hours = "They share most of their working hours, about 40 hours a week."
    assert spoken(two(facts, facts | {"place": "remote"})) == [hours]

    def first(taught: Wish, *wishes: Wish) -> str:
        return spoken(two({**facts, "teaches": (taught,)}, {**facts, "learns": wishes}), "mentee")[0]

    later = tuple(Wish(f"topic-{number}", 3) for number in (2, 3, 6))
    basic = Wish("topic-1", 1)
    assert (
        first(basic, later[0], basic)
        == "Person 1 can show you “Topic 1” at a basic level, which you ranked second."
    )
    assert (
        first(basic, *later, basic)
        == "Person 1 can show you “Topic 1” at a basic level, which you would like to learn."
    )
    assert (
        first(Wish("topic-5", 2), basic)
        == "Person 1 can show you “Topic 5” at a good level, which is close to “Topic 1”, which you would"
        " like to learn."
    )


def test_two_subjects_are_named_where_two_are_answered() -> None:
    facts = {"style": "extrovert", "department": "Legal", "learns": (), "place": "remote"}
    wishes = (Wish("topic-1", 3), Wish("topic-2", 2))
    given = two({**facts, "teaches": wishes}, {**facts, "teaches": (), "learns": wishes})
    assert (
        spoken(given)[0]
        == "Person 1 knows “Topic 1” at expert level, which Person 2 ranked first, and also “Topic 2”."
    )


@pytest.mark.parametrize("seed", range(40))
def test_every_sentence_has_its_facts_in_every_voice(seed: int) -> None:
    given = problem(Random(seed), people=10)
    pairs = [(mentor, mentee) for mentor in given.mentors for mentee in given.mentees]
    for scored in criteria.scores(pairs, given):
        for part in scored.parts:
            for reader in ("staff", *voices.READERS):
                text = spoken_by(given, part.template, part.args, reader)
                assert bool(text) == bool(part.template)
                assert not any(each in text for each in ("%(", "%s", "[", "{", "None"))
                assert reader == "staff" or not text or "you" in text.lower()


def test_every_sentence_has_a_voice_for_each_of_the_two() -> None:
    spoken_to_staff = {
        each
        for each in vars(voices).values()
        if isinstance(each, str) and each.endswith(".") and "%(" in each
    }
    assert len(spoken_to_staff) > 10
    assert spoken_to_staff <= {*VOICES}
    for template, (to_mentor, to_mentee) in VOICES.items():
        assert "%(mentor)s" not in to_mentor, template
        assert "%(mentee)s" not in to_mentee, template


def test_what_was_said_before_there_were_voices_is_read_as_it_was() -> None:
    stored = {
        "mentor": "Ada",
        "mentee": "Grace",
        "topic": "Reels",
        "level": "expert",
        "wish": "Clips",
        "hours": 3,
        "place": "Oslo",
        "many": 2,
    }
    for template in voices.FORMER:
        assert said(template, stored, "mentee") == template % stored


def spoken(given: Problem, reader: str = "staff") -> list[str]:
    parts = criteria.score(given.mentors[0], given.mentees[0], given).parts
    return [spoken_by(given, part.template, part.args, reader) for part in parts if part.template]


def test_a_part_is_stored_in_plain_values() -> None:
    given = two({"department": "Design"}, {"department": "Legal"})
    part = next(
        part
        for part in criteria.score(given.mentors[0], given.mentees[0], given).parts
        if part.name == "department"
    )
    assert part.as_json() == {
        "name": "department",
        "points": 100 * EVEN["department"],
        "template": "They work in different departments: %(one)s and %(other)s.",
        "args": {"one": "Design", "other": "Legal"},
    }
