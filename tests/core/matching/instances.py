"""Random problems and instances, small enough to be looked at whole, and a company of any size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import numpy as np

from portal.core.hours.weekly_hours import parse_hours
from portal.core.matching.candidates import PLACES, STYLES, WEIGHTS, Candidate, Problem, Rules, Wish
from portal.core.matching.explanations import voices
from portal.core.matching.plans.assignment import Instance
from portal.core.matching.plans.one_way import END, People
from portal.core.matching.results import Result

DAY = date(2026, 11, 22)
WEEKS = (
    "Mon-Fri 09:00-17:00",
    "Mon-Thu 08:00-14:00",
    "Tue 10:00-12:00; Thu 14:00-16:00",
    "Mon-Fri 12:00-20:00",
)
ZONES = ("Europe/Berlin", "Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
TOPICS = {f"topic-{number}": (f"Topic {number}", f"area-{number % 4}") for number in range(12)}
EVEN = dict(zip(WEIGHTS, (60, 12, 10, 6, 6, 3, 3), strict=True))


def candidate(number: int, chance: Random, **given: object) -> Candidate:
    """Somebody with everything left to chance but what is given."""
    part = chance.choice(("mentor", "mentee", "both"))
    facts = {
        "id": number,
        "name": f"Person {number}",
        "grade": chance.choice((None, 1, 2, 3, 4, 5)),
        "manager_id": None,
        "department": chance.choice(("Design", "Finance", "Legal")),
        "site": chance.choice(("Berlin", "Lisbon")),
        "zone": chance.choice(ZONES),
        "hours": parse_hours(chance.choice(WEEKS)),
        "languages": tuple(chance.sample(("de", "en", "fr"), chance.randint(1, 2))),
        "style": chance.choice(STYLES),
        "as_mentor": part != "mentee",
        "as_mentee": part != "mentor",
        "mentor_capacity": chance.choice((1, 1, 2, 3)),
        "mentee_capacity": chance.choice((1, 1, 2)),
        "place": chance.choice(PLACES),
        "teaches": wishes(chance),
        "learns": wishes(chance),
    }
    return Candidate(**{**facts, **given})  # type: ignore[arg-type]  # facts of any kind


def wishes(chance: Random) -> tuple[Wish, ...]:
    """Up to three topics with levels."""
    return tuple(
        Wish(topic, chance.randint(1, 3)) for topic in chance.sample(sorted(TOPICS), chance.randint(0, 3))
    )


def problem(chance: Random, *, people: int, **given: object) -> Problem:
    """A problem of `people`, with managers among them and some who avoid each other."""
    ids = range(1, people + 1)
    managers = {each: chance.choice([None, *[other for other in ids if other != each]]) for each in ids}
    facts = {
        "candidates": tuple(
            candidate(
                each,
                chance,
                manager_id=managers[each] if chance.random() < 0.4 else None,
                avoids=frozenset({chance.choice(ids)} if chance.random() < 0.2 else ()),
            )
            for each in ids
        ),
        "managers": managers,
        "topics": TOPICS,
        "weights": EVEN,
        "on": DAY,
        "rules": Rules(min_grade_gap=chance.choice((0, 1))),
    }
    return Problem(**{**facts, **given})  # type: ignore[arg-type]  # facts of any kind


def weights(chance: Random) -> dict[str, int]:
    """Weights that sum to 100, any of which may be nothing."""
    cuts = sorted(chance.randint(0, 100) for _ in WEIGHTS[1:])
    return {name: end - start for name, start, end in zip(WEIGHTS, [0, *cuts], [*cuts, 100], strict=True)}


def spoken_by(given: Problem, template: str, args: Mapping[str, Any], reader: str = "staff") -> str:
    """A sentence about the first mentor and the first mentee, with topics by their labels."""
    english = replace(voices.PLAIN, topic=lambda topic: given.topics[topic][0])
    names = {"mentor": given.mentors[0].name, "mentee": given.mentees[0].name}
    return voices.said(template, args, reader, english, names)


def two(
    mentor: dict[str, object] | None = None, mentee: dict[str, object] | None = None, **given: object
) -> Problem:
    """A junior, 1, and a senior, 2, of one site who may be paired unless the facts given forbid it."""
    chance = Random(1)
    same: dict[str, object] = {
        "zone": "Europe/Berlin",
        "hours": parse_hours("Mon-Fri 09:00-17:00"),
        "languages": ("en",),
        "site": "Berlin",
    }
    junior = candidate(
        1, chance, **{**same, "grade": 1, "as_mentor": True, "as_mentee": False, **(mentor or {})}
    )
    senior = candidate(
        2, chance, **{**same, "grade": 5, "as_mentor": False, "as_mentee": True, **(mentee or {})}
    )
    managers = {1: junior.manager_id, 2: senior.manager_id, 3: None}
    return problem(
        chance, people=0, candidates=(junior, senior), **{"managers": managers, "rules": Rules(), **given}
    )


def instance(chance: Random, *, most: int = 4, alike: bool = False, both_roles: bool = False) -> Instance:
    """An instance of up to `most` a side with at most nine allowed pairs; `alike` gives it many equal scores.

    `both_roles`: many of the mentors are mentees too, and many pairs are allowed both ways round.
    """
    rows, columns = chance.randint(1, most), chance.randint(1, most)
    own = {number: number for number in range(min(rows, columns)) if both_roles and chance.random() < 0.8}
    shape = np.zeros((rows, columns), bool)
    possible = [(r, c) for r in range(rows) for c in range(columns) if own.get(r) != c]
    for row, column in chance.sample(possible, min(9, len(possible))):
        shape[row, column] = chance.random() < 0.85
    values = (0, 3000, 4000, 5000) if alike else range(10_001)
    return Instance(
        scores=np.array([[chance.choice(values) for _ in range(columns)] for _ in range(rows)]),
        allowed=shape,
        mentor_seats=np.array([chance.choice((0, 1, 1, 2, 3)) for _ in range(rows)]),
        mentee_seats=np.array([chance.choice((0, 1, 1, 2)) for _ in range(columns)]),
        met_mentors=np.array([chance.random() < 0.15 for _ in range(rows)]),
        met_mentees=np.array([chance.random() < 0.15 for _ in range(columns)]),
        line=chance.choice((0, 4000, 4001, 9000)),
        bonus=np.array([[chance.choice((0, 0, 0, 500)) for _ in range(columns)] for _ in range(rows)]),
        people=People(row_of=own, column_of=own),
        mentor_turns=np.array([chance.choice((1, 1, 2)) for _ in range(rows)]),
        mentee_turns=np.array([chance.choice((1, 1, 2)) for _ in range(columns)]),
    )


def best_choice(given: Instance) -> list[tuple[int, int]]:
    """The best of all sets of allowed pairs, found by looking at each; of equals, the one whose pairs come
    first.
    """
    looked_at = ((rank(given, chosen), [*chosen, END], chosen) for chosen in every_choice(given))
    return min(looked_at)[2]


def every_choice(given: Instance) -> Iterator[list[tuple[int, int]]]:
    """All sets of allowed pairs that keep to the seats, no two of them the same people both ways round."""
    pairs = [(int(row), int(column)) for row, column in np.argwhere(given.allowed)]
    seats = ([int(each) for each in given.mentor_seats], [int(each) for each in given.mentee_seats])

    def choose(at: int, chosen: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        if at == len(pairs):
            yield chosen
            return
        row, column = pairs[at]
        yield from choose(at + 1, chosen)
        other = (given.people.row_of.get(column), given.people.column_of.get(row))
        if seats[0][row] and seats[1][column] and other not in chosen:
            seats[0][row], seats[1][column] = seats[0][row] - 1, seats[1][column] - 1
            yield from choose(at + 1, [*chosen, (row, column)])
            seats[0][row], seats[1][column] = seats[0][row] + 1, seats[1][column] + 1

    return choose(0, [])


def rank(given: Instance, pairs: list[tuple[int, int]], *, waited: int = 2) -> tuple[int, int, int, int]:
    """The four goals so that a smaller tuple is better; whoever waited counts `waited` times."""
    mentors = {row for row, _ in pairs} | set(np.flatnonzero(given.met_mentors).tolist())
    mentees = {column for _, column in pairs} | set(np.flatnonzero(given.met_mentees).tolist())
    turns = (
        np.broadcast_to(given.mentor_turns, len(given.mentor_seats)).tolist(),
        np.broadcast_to(given.mentee_turns, len(given.mentee_seats)).tolist(),
    )
    scores = [(int(given.scores[pair]), int(given.scores[pair] + given.bonus[pair])) for pair in pairs]
    below = sum(score < given.line for score, _ in scores)
    total = sum(worth + min(worth, 5000) for _, worth in scores)
    unmet = [
        sum(waited if turn == 2 else 1 for each, turn in enumerate(of) if each not in met)
        for of, met in zip(turns, (mentors, mentees), strict=True)
    ]
    return unmet[1], unmet[0], below, -total


def pairs(found: Result) -> list[tuple[int, int]]:
    """Who meets whom, by id."""
    return [(each.mentor_id, each.mentee_id) for each in found.pairs]


def numbers(found: Result) -> list[tuple[int, int, list[int]]]:
    """Who meets whom, with their points."""
    return [
        (each.mentor_id, each.mentee_id, [each.total, *(part.points for part in each.parts)])
        for each in found.pairs
    ]


def alike(people: int, **facts: object) -> Problem:
    """Juniors and as many seniors of whom no two differ in anything but their number."""
    same: dict[str, object] = {
        "mentor_capacity": 1,
        "mentee_capacity": 1,
        "languages": ("en",),
        "zone": "Europe/Berlin",
        "site": "Berlin",
        "department": "Legal",
        "style": "balanced",
        "place": "either",
        "teaches": (Wish("topic-1", 2),),
        "learns": (Wish("topic-1", 2),),
    }
    hours = two().candidates[0].hours
    everybody = tuple(
        candidate(
            each,
            Random(1),
            **{
                **same,
                "hours": hours,
                "grade": 1 if each <= people else 5,
                "as_mentor": each <= people,
                "as_mentee": each > people,
            },
        )
        for each in range(1, 2 * people + 1)
    )
    return problem(
        Random(1), people=0, **{"candidates": everybody, "managers": {}, "rules": Rules(), **facts}
    )
