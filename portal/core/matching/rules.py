"""Who may never be paired. A rule takes the pair away altogether; it never lowers a score.

Rules that rest on what somebody said in confidence, or on what was between two people, are told neutrally. A rule that rests
on facts that anybody could know comes first, so that the neutral sentence is never said where another would do.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.candidates import Candidate, Problem
from portal.core.matching.overlap import common_starts
from portal.core.translatable import N_

ORDER = ("self", "grade", "line", "language", "time", "private")
"""The rules, in the order in which the first that forbids a pair is named."""
SAYS = {
    "self": N_("Nobody mentors themselves."),
    "grade": N_("%(mentor)s is not junior enough to mentor %(mentee)s."),
    "line": N_("%(mentor)s and %(mentee)s are in one line of managers."),
    "language": N_("%(mentor)s and %(mentee)s share no language."),
    "time": N_("%(mentor)s and %(mentee)s share no working hour."),
    "private": N_("These two cannot be paired."),
}


@dataclass(frozen=True)
class Reason:
    """Why two people may not be paired: the rule, and a sentence to be translated."""

    name: str
    template: str
    args: Mapping[str, Any] = field(default_factory=dict)


def forbidden(mentor: Candidate, mentee: Candidate, problem: Problem) -> Reason | None:
    """Why `mentor` may not mentor `mentee`; None when they may be paired."""
    broken = broken_rules((mentor,), (mentee,), problem)
    for name in ORDER:
        if broken[name][0, 0]:
            named = name in ("grade", "line", "language", "time")
            return Reason(name, SAYS[name], {"mentor": mentor.name, "mentee": mentee.name} if named else {})
    return None


def broken_rules(
    mentors: Sequence[Candidate], mentees: Sequence[Candidate], problem: Problem
) -> dict[str, NDArray[np.bool_]]:
    """For each rule, a matrix of mentors by mentees: whether it forbids the pair."""
    first, second = np.array([each.id for each in mentors]), np.array([each.id for each in mentees])
    return {
        "self": first[:, None] == second[None, :],
        "grade": _too_senior(mentors, mentees, problem.rules.min_grade_gap),
        "line": _in_one_line(mentors, mentees, problem.lines),
        "language": shared_languages(mentors, mentees) == 0,
        "time": common_starts(mentors, mentees, problem.on) == 0,
        "private": _private(mentors, mentees),
    }


def _too_senior(mentors: Sequence[Candidate], mentees: Sequence[Candidate], gap: int) -> NDArray[np.bool_]:
    """A grade that nobody knows forbids nothing."""
    juniors = np.array([-9999 if each.grade is None else each.grade for each in mentors])
    seniors = np.array([9999 if each.grade is None else each.grade for each in mentees])
    known = (juniors[:, None] != -9999) & (seniors[None, :] != 9999)
    wrong: NDArray[np.bool_] = known & (juniors[:, None] > seniors[None, :] - gap)
    return wrong


def _in_one_line(
    mentors: Sequence[Candidate], mentees: Sequence[Candidate], lines: Mapping[int, Sequence[int]]
) -> NDArray[np.bool_]:
    """Whether one stands above the other, at any height."""
    return _named_by_either(mentors, mentees, {each.id: lines[each.id] for each in (*mentors, *mentees)})


def shared_languages(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> NDArray[np.int32]:
    """How many languages each pair shares."""
    known = {
        language: number for number, language in enumerate(sorted({x for e in (*mentors, *mentees) for x in e.languages}))
    }

    def spoken(people: Sequence[Candidate]) -> NDArray[np.float32]:
        table = np.zeros((len(people), len(known)), np.float32)
        for number, each in enumerate(people):
            table[number, [known[language] for language in each.languages]] = 1
        return table

    shared: NDArray[np.float32] = spoken(mentors) @ spoken(mentees).T
    return shared.astype(np.int32)


def _private(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Either would rather not, or they have been partners before."""
    return _named_by_either(mentors, mentees, {each.id: each.avoids | each.past_partners for each in (*mentors, *mentees)})


def _named_by_either(
    mentors: Sequence[Candidate], mentees: Sequence[Candidate], names: Mapping[int, Collection[int]]
) -> NDArray[np.bool_]:
    """Whether the list of one of the two has the other on it."""
    found = np.zeros((len(mentors), len(mentees)), bool)
    rows = {each.id: number for number, each in enumerate(mentors)}
    columns = {each.id: number for number, each in enumerate(mentees)}
    for person, row in rows.items():
        found[row, [columns[other] for other in names[person] if other in columns]] = True
    for person, column in columns.items():
        found[[rows[other] for other in names[person] if other in rows], column] = True
    return found
