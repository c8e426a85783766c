"""Scores: integers 0..10000 that are the exact sum of seven parts, and a sentence for each part.

Each part is a whole number from 0 to a hundred times its weight, rounded to the nearest by integer
arithmetic, so that one pair scored alone and the same pair among millions have the same score.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.candidates import STYLES, WEIGHTS, Candidate, Problem
from portal.core.matching.explanations.sentences import SENTENCES, weight
from portal.core.matching.overlap import common_starts
from portal.core.matching.rules import shared_languages
from portal.core.matching.topics.relatedness import SAME
from portal.core.matching.topics.relatedness_matrix import relatedness_matrix

Points = NDArray[np.int64]
MOST_LEVEL = 3
PLENTY = 120
"""So many steps of five minutes in a week at which an hour in common can begin count as all one could wish.
"""
ABREAST = 16
"""Pairs whose points are reckoned together: enough to make it quick, few enough to waste little."""

# In hundredths: introvert with extrovert before two extroverts, as the advice for reverse mentoring has it
# (HBR 2019).
STYLE_VALUES = {
    ("introvert", "introvert"): 50,
    ("introvert", "balanced"): 80,
    ("introvert", "extrovert"): 100,
    ("balanced", "balanced"): 70,
    ("balanced", "extrovert"): 80,
    ("extrovert", "extrovert"): 30,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score: its points, and a sentence (to be translated) with what goes
    into it, "" for none.
    """

    name: str
    points: int
    template: str
    args: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The part in plain values, as it is stored."""
        return {"name": self.name, "points": self.points, "template": self.template, "args": dict(self.args)}


@dataclass(frozen=True, slots=True)
class Score:
    """The score of two people and its parts, which sum to it."""

    total: int
    parts: tuple[Part, ...]


def score(mentor: Candidate, mentee: Candidate, problem: Problem) -> Score:
    """The score of one pair, with sentences."""
    return next(scores([(mentor, mentee)], problem))


def tables(mentors: Sequence[Candidate], mentees: Sequence[Candidate], problem: Problem) -> dict[str, Points]:
    """For each part, the points of every mentor with every mentee."""
    values: dict[str, tuple[NDArray[Any], Any]] = {
        "interests": _interests(mentors, mentees, problem),
        "style": styles(mentors, mentees),
        "time": time_value(common_starts(mentors, mentees, problem.on)),
        "department": (differ(mentors, mentees), 1),
        "giveback": _swapped(_interests(mentees, mentors, problem)),
        "language": language_value(shared_languages(mentors, mentees)),
        "place": (places(mentors, mentees), 2),
    }
    return {name: rounded(*values[name], problem.weights[name]) for name in WEIGHTS}


def totals(mentors: Sequence[Candidate], mentees: Sequence[Candidate], problem: Problem) -> Points:
    """The scores of every mentor with every mentee."""
    total = np.zeros((len(mentors), len(mentees)), np.int64)
    for each in tables(mentors, mentees, problem).values():
        total += each
    return total


def scores(pairs: Sequence[tuple[Candidate, Candidate]], problem: Problem) -> Iterator[Score]:
    """The scores of many pairs with their sentences, in order."""
    for start in range(0, len(pairs), ABREAST):
        some = pairs[start : start + ABREAST]
        found = tables([mentor for mentor, _ in some], [mentee for _, mentee in some], problem)
        for number, (mentor, mentee) in enumerate(some):
            yield _explained(
                mentor, mentee, {name: int(table[number, number]) for name, table in found.items()}, problem
            )


def _explained(mentor: Candidate, mentee: Candidate, points: Mapping[str, int], problem: Problem) -> Score:
    parts = tuple(Part(name, points[name], *SENTENCES[name](mentor, mentee, problem)) for name in WEIGHTS)
    return Score(sum(points.values()), parts)


def rounded(value: NDArray[Any], most: Any, weight: int) -> Points:
    """`weight` * 100 * value / most, to the nearest whole number; half goes up."""
    over = np.asarray(most, np.int64)
    points: Points = (value.astype(np.int64) * (weight * 200) + over) // (2 * over)
    return points


def _interests(
    teachers: Sequence[Candidate], learners: Sequence[Candidate], problem: Problem
) -> tuple[Points, Points]:
    """Sum over a learner's wishes of weight x best over the teacher's topics of relatedness x level; and the
    most it can be.

    The best and not the sum, so that one subject is not counted twice.
    """
    names = wished(learners)
    offer, (want, most) = offers(teachers, names, problem.topics), wants(learners, names)
    return (offer @ want.T).astype(np.int64), np.broadcast_to(most[None, :], (len(teachers), len(learners)))


def wished(learners: Sequence[Candidate]) -> list[str]:
    """The topics that somebody wishes for, in order."""
    return sorted({wish.topic for each in learners for wish in each.learns})


def offers(
    teachers: Sequence[Candidate], names: Sequence[str], topics: Mapping[str, tuple[str, str]]
) -> NDArray[np.float32]:
    """What each teacher has for each of `names`: the most that relatedness x level is over their topics."""
    taught = sorted({wish.topic for each in teachers for wish in each.teaches})
    every = sorted({*taught, *names})
    at = {name: number for number, name in enumerate(every)}
    offer = np.zeros((len(teachers), len(names)), np.float32)
    if not taught or not names:
        return offer
    near = relatedness_matrix(every, topics)[:, [at[name] for name in names]]
    for number, each in enumerate(teachers):
        for wish in each.teaches:
            np.maximum(offer[number], near[at[wish.topic]] * np.float32(wish.level), out=offer[number])
    return offer


def wants(learners: Sequence[Candidate], names: Sequence[str]) -> tuple[NDArray[np.float32], Points]:
    """How much each learner wants each of `names`, which are all they wish for; and the most that an offer
    can come to.
    """
    at = {name: number for number, name in enumerate(names)}
    want = np.zeros((len(learners), len(names)), np.float32)
    for number, each in enumerate(learners):
        for rank, wish in enumerate(each.learns):
            want[number, at[wish.topic]] = weight(wish, rank)
    return want, np.maximum(want.sum(axis=1) * (SAME * MOST_LEVEL), 1).astype(np.int64)


def _swapped(both: tuple[Points, Points]) -> tuple[Points, Points]:
    return both[0].T, both[1].T


def time_value(starts: NDArray[np.int32]) -> tuple[NDArray[np.int32], int]:
    """What hours in common are worth, and the most that can be."""
    return np.minimum(starts, PLENTY), PLENTY


def language_value(shared: NDArray[np.int32]) -> tuple[NDArray[np.int32], int]:
    """What languages in common are worth, and the most that can be."""
    return np.minimum(shared, 2) + 1, 3


def styles(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> tuple[Points, int]:
    """How well two ways of working go together, and the most that can be."""
    values = np.array([[_style_value(one, other) for other in STYLES] for one in STYLES], np.int64)
    rows, columns = (
        [STYLES.index(each.style) for each in mentors],
        [STYLES.index(each.style) for each in mentees],
    )
    return values[np.ix_(rows, columns)], 100


def _style_value(one: str, other: str) -> int:
    return STYLE_VALUES.get((one, other)) or STYLE_VALUES[other, one]


def differ(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Whether two are of different departments."""
    rows, columns = (
        np.array([each.department for each in mentors]),
        np.array([each.department for each in mentees]),
    )
    differ: NDArray[np.bool_] = rows[:, None] != columns[None, :]
    return differ


def places(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> NDArray[np.int64]:
    """2 where the wishes about place go together, 1 where they can, 0 where one wants to meet in person and
    it is far.
    """
    sites = (
        np.array([each.site or f"#{each.id}" for each in mentors])[:, None]
        == np.array([x.site for x in mentees])[None, :]
    )
    one, other = (
        np.array([each.place for each in mentors])[:, None],
        np.array([each.place for each in mentees])[None, :],
    )
    in_person, remote = (one == "in person") | (other == "in person"), (one == "remote") | (other == "remote")
    fits = np.where(remote, 2, np.where(sites, 2, 1))
    values: NDArray[np.int64] = np.where(in_person & (remote | ~sites), 0, fits)
    return values
