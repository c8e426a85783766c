"""Scores: integers 0..10000 that are the exact sum of seven parts, and a sentence for each part.

Each part is a whole number from 0 to a hundred times its weight, rounded to the nearest by integer arithmetic, so that one
pair scored alone and the same pair among millions have the same score.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.core.matching import relatedness
from portal.core.matching.candidates import STYLES, WEIGHTS, Candidate, Problem, Wish
from portal.core.matching.overlap import common_starts, hours_in_common
from portal.core.matching.rules import shared_languages
from portal.core.translatable import N_

Points = NDArray[np.int64]
MOST_LEVEL, FIRST_RANK = 3, 10
"""A wish weighs its level times ten less its place in the person's order, from ten down to three."""
PLENTY = 120
"""So many steps of five minutes in a week at which an hour in common can begin count as all one could wish."""
ABREAST = 16
"""Pairs whose points are reckoned together: enough to make it quick, few enough to waste little."""
TRANSLATED = frozenset({"topic", "wish", "level"})
"""Arguments of sentences that are to be translated themselves."""

# In hundredths: introvert with extrovert before two extroverts, as the advice for reverse mentoring has it (HBR 2019).
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
    """One part of a score: its points, and a sentence (to be translated) with what goes into it, "" for none."""

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
    values = {
        "interests": _interests(mentors, mentees, problem),
        "style": _styles(mentors, mentees),
        "time": (np.minimum(common_starts(mentors, mentees, problem.on), PLENTY), PLENTY),
        "department": (_differ(mentors, mentees), 1),
        "giveback": _swapped(_interests(mentees, mentors, problem)),
        "language": (np.minimum(shared_languages(mentors, mentees), 2) + 1, 3),
        "place": (_places(mentors, mentees), 2),
    }
    return {name: _rounded(*values[name], problem.weights[name]) for name in WEIGHTS}


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
            yield _explained(mentor, mentee, {name: int(table[number, number]) for name, table in found.items()}, problem)


def _explained(mentor: Candidate, mentee: Candidate, points: Mapping[str, int], problem: Problem) -> Score:
    parts = tuple(Part(name, points[name], *SENTENCES[name](mentor, mentee, problem)) for name in WEIGHTS)
    return Score(sum(points.values()), parts)


def _rounded(value: NDArray[Any], most: Any, weight: int) -> Points:
    """`weight` * 100 * value / most, to the nearest whole number; half goes up."""
    over = np.asarray(most, np.int64)
    points: Points = (value.astype(np.int64) * (weight * 200) + over) // (2 * over)
    return points


def _interests(teachers: Sequence[Candidate], learners: Sequence[Candidate], problem: Problem) -> tuple[Points, Points]:
    """Sum over a learner's wishes of weight x best over the teacher's topics of relatedness x level; and the most it can be.

    The best and not the sum, so that one subject is not counted twice.
    """
    names = sorted({wish.topic for each in (*teachers, *learners) for wish in (*each.teaches, *each.learns)})
    at = {name: number for number, name in enumerate(names)}
    near = relatedness.matrix(names, problem.topics) if names else np.zeros((0, 0), np.float32)
    offer = np.zeros((len(teachers), len(names)), np.float32)
    for number, each in enumerate(teachers):
        for wish in each.teaches:
            offer[number] = np.maximum(offer[number], near[at[wish.topic]] * wish.level)
    want = np.zeros((len(learners), len(names)), np.float32)
    for number, each in enumerate(learners):
        for rank, wish in enumerate(each.learns):
            want[number, at[wish.topic]] = _weight(wish, rank)
    most = np.maximum(want.sum(axis=1) * (relatedness.SAME * MOST_LEVEL), 1).astype(np.int64)
    return (offer @ want.T).astype(np.int64), np.broadcast_to(most[None, :], (len(teachers), len(learners)))


def _weight(wish: Wish, rank: int) -> int:
    return wish.level * max(FIRST_RANK - rank, 3)


def _swapped(both: tuple[Points, Points]) -> tuple[Points, Points]:
    return both[0].T, both[1].T


def _styles(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> tuple[Points, int]:
    values = np.array([[_style_value(one, other) for other in STYLES] for one in STYLES], np.int64)
    rows, columns = [STYLES.index(each.style) for each in mentors], [STYLES.index(each.style) for each in mentees]
    return values[np.ix_(rows, columns)], 100


def _style_value(one: str, other: str) -> int:
    return STYLE_VALUES.get((one, other)) or STYLE_VALUES[other, one]


def _differ(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> NDArray[np.bool_]:
    rows, columns = np.array([each.department for each in mentors]), np.array([each.department for each in mentees])
    differ: NDArray[np.bool_] = rows[:, None] != columns[None, :]
    return differ


def _places(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> NDArray[np.int64]:
    """2 where the wishes about place go together, 1 where they can, 0 where one wants to meet in person and it is far."""
    sites = (
        np.array([each.site or f"#{each.id}" for each in mentors])[:, None] == np.array([x.site for x in mentees])[None, :]
    )
    one, other = np.array([each.place for each in mentors])[:, None], np.array([each.place for each in mentees])[None, :]
    in_person, remote = (one == "in person") | (other == "in person"), (one == "remote") | (other == "remote")
    fits = np.where(remote, 2, np.where(sites, 2, 1))
    values: NDArray[np.int64] = np.where(in_person & (remote | ~sites), 0, fits)
    return values


def _says_interest(mentor: Candidate, mentee: Candidate, problem: Problem) -> tuple[str, dict[str, Any]]:
    best = _best_topic(mentor, mentee, problem)
    if best is None:
        return "", {}
    said = {**_names(mentor, mentee), "topic": problem.topics[best.topic][0], "level": LEVELS[best.level]}
    if best.wish != best.topic:
        return NEAR, {**said, "wish": problem.topics[best.wish][0]}
    return (FIRST if best.rank == 0 else ALSO), said


def _says_giveback(mentor: Candidate, mentee: Candidate, problem: Problem) -> tuple[str, dict[str, Any]]:
    best = _best_topic(mentee, mentor, problem)
    if best is None or best.wish != best.topic:
        return "", {}
    return IN_RETURN, {**_names(mentor, mentee), "topic": problem.topics[best.topic][0]}


@dataclass(frozen=True, slots=True)
class _Best:
    """A learner's wish, its place in their order, and the topic of the teacher that answers it best, with its level."""

    rank: int
    wish: str
    topic: str
    level: int


def _best_topic(teacher: Candidate, learner: Candidate, problem: Problem) -> _Best | None:
    """The wish that brings most points here; of equals the one named first, and the teacher's topic named first."""
    best, most = None, 0
    for rank, wish in enumerate(learner.learns):
        for offer in teacher.teaches:
            near = relatedness.relatedness(offer.topic, wish.topic, problem.topics)
            brings = _weight(wish, rank) * offer.level * near
            if brings > most:
                best, most = _Best(rank, wish.topic, offer.topic, offer.level), brings
    return best


def _says_time(mentor: Candidate, mentee: Candidate, problem: Problem) -> tuple[str, dict[str, Any]]:
    hours = hours_in_common(mentor, mentee, problem.on)
    said = {**_names(mentor, mentee), "hours": hours}
    if mentor.zone == mentee.zone:
        return (ONE_HOUR if hours == 1 else HOURS), said
    far = {**said, "place": mentee.site or mentee.zone.rpartition("/")[2].replace("_", " ")}
    return (FAR_HOUR if hours == 1 else FAR_HOURS), far


def _says_style(mentor: Candidate, mentee: Candidate, problem: Problem) -> tuple[str, dict[str, Any]]:
    styles = {mentor.style, mentee.style}
    if styles == {"introvert", "extrovert"}:
        return COMPLEMENT, _names(mentor, mentee)
    return (CALM, _names(mentor, mentee)) if styles in ({"introvert", "balanced"}, {"balanced"}) else ("", {})


def _says_department(mentor: Candidate, mentee: Candidate, problem: Problem) -> tuple[str, dict[str, Any]]:
    one, other = mentor.department, mentee.department
    if one == other or not (one and other):
        return "", {}
    return DEPARTMENTS, {**_names(mentor, mentee), "one": one, "other": other}


def _says_language(mentor: Candidate, mentee: Candidate, problem: Problem) -> tuple[str, dict[str, Any]]:
    many = len(set(mentor.languages) & set(mentee.languages))
    return (LANGUAGES, {"many": many}) if many > 1 else ("", {})


def _says_place(mentor: Candidate, mentee: Candidate, problem: Problem) -> tuple[str, dict[str, Any]]:
    if mentor.site and mentor.site == mentee.site and "remote" not in (mentor.place, mentee.place):
        return SAME_SITE, {"site": mentor.site}
    return "", {}


def _names(mentor: Candidate, mentee: Candidate) -> dict[str, Any]:
    return {"mentor": mentor.name, "mentee": mentee.name}


# Both of a pair read each sentence, and so may staff: people are called by their names.
LEVELS = {1: N_("some"), 2: N_("good"), 3: N_("expert")}
FIRST = N_("%(mentor)s knows about “%(topic)s” (%(level)s), which is what %(mentee)s wants to learn first.")
ALSO = N_("%(mentor)s knows about “%(topic)s” (%(level)s), which %(mentee)s would like to learn.")
NEAR = N_(
    "%(mentor)s knows about “%(topic)s” (%(level)s), which is close to “%(wish)s”, which %(mentee)s would like to learn."
)
IN_RETURN = N_("In return, %(mentee)s can help with “%(topic)s”, which %(mentor)s asked for.")
ONE_HOUR = N_("You share about one working hour a week.")
HOURS = N_("You share about %(hours)s working hours a week.")
FAR_HOUR = N_("You share about one working hour a week, although %(mentee)s works in %(place)s.")
FAR_HOURS = N_("You share about %(hours)s working hours a week, although %(mentee)s works in %(place)s.")
COMPLEMENT = N_("One of you rather listens and one rather talks, which goes well together.")
CALM = N_("Your ways of working go well together.")
DEPARTMENTS = N_("You work in different departments: %(one)s and %(other)s.")
LANGUAGES = N_("You share %(many)s languages.")
SAME_SITE = N_("You both work in %(site)s, so you can meet in person.")
SENTENCES = {
    "interests": _says_interest,
    "style": _says_style,
    "time": _says_time,
    "department": _says_department,
    "giveback": _says_giveback,
    "language": _says_language,
    "place": _says_place,
}
