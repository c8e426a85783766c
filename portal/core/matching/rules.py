"""Who may never be paired. A rule takes the pair away altogether; it never lowers a score.

Rules that rest on what somebody said in confidence, or on what was between two people, are told neutrally. A
rule that rests on facts that anybody could know comes first, so that the neutral sentence is never said where
another would do.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.candidates import MUSTS, Candidate, Problem
from portal.core.matching.overlap import common_starts
from portal.core.translatable import N_

ORDER = ("self", "grade", "line", "language", "time", *MUSTS, "private")
"""The rules, in the order in which the first that forbids a pair is named. MUSTS only where a programme
demands them.
"""
UNNAMED = ("self", "private")
"""The rules whose sentence names nobody."""
SAYS = {
    "self": N_("Nobody mentors themselves."),
    "grade": N_("%(mentor)s is not junior enough to mentor %(mentee)s."),
    "line": N_("%(mentor)s and %(mentee)s are in one line of managers."),
    "language": N_("%(mentor)s and %(mentee)s share no language."),
    "time": N_("%(mentor)s and %(mentee)s share no working hour."),
    "department": N_("%(mentor)s and %(mentee)s are not known to work in different departments."),
    "site": N_("%(mentor)s and %(mentee)s are not known to work at the same site."),
    "topic": N_("%(mentor)s teaches nothing that %(mentee)s wants to learn."),
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
            return Reason(
                name, SAYS[name], {} if name in UNNAMED else {"mentor": mentor.name, "mentee": mentee.name}
            )
    return None


def broken_rules(
    mentors: Sequence[Candidate], mentees: Sequence[Candidate], problem: Problem
) -> dict[str, NDArray[np.bool_]]:
    """For each rule, a matrix of mentors by mentees: whether it forbids the pair. (One that nobody demands is
    read only.)
    """
    first, second = np.array([each.id for each in mentors]), np.array([each.id for each in mentees])
    never = np.broadcast_to(np.False_, (len(mentors), len(mentees)))
    return {
        "self": first[:, None] == second[None, :],
        "grade": _too_senior(mentors, mentees, problem.rules.min_grade_gap),
        "line": _in_one_line(mentors, mentees, problem.lines),
        "language": shared_languages(mentors, mentees) == 0,
        "time": common_starts(mentors, mentees, problem.on) == 0,
        **dict.fromkeys(MUSTS, never),
        **{must: DEMANDED[must](mentors, mentees) for must in problem.rules.musts},
        "private": _private(mentors, mentees, problem.forbidden),
    }


def in_force(problem: Problem) -> tuple[str, ...]:
    """The rules that may forbid a pair of this problem, in their order."""
    return tuple(name for name in ORDER if name not in MUSTS or name in problem.rules.musts)


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
    return _in_common(
        [frozenset(each.languages) for each in mentors], [frozenset(each.languages) for each in mentees]
    )


def _in_common(one: Sequence[frozenset[str]], other: Sequence[frozenset[str]]) -> NDArray[np.int32]:
    """How many names each two sets share. Many people have the same set, so the different
    ones are looked at.
    """
    rows, first = _kinds(one)
    columns, second = _kinds(other)
    number = {name: at for at, name in enumerate(sorted(frozenset().union(*rows, *columns)))}

    def table(sets: Sequence[frozenset[str]]) -> NDArray[np.float32]:
        found = np.zeros((len(sets), len(number)), np.float32)
        for at, names in enumerate(sets):
            found[at, [number[name] for name in names]] = 1
        return found

    shared: NDArray[np.float32] = table(rows) @ table(columns).T
    return shared.astype(np.int32)[np.ix_(first, second)]


def _kinds(sets: Sequence[frozenset[str]]) -> tuple[list[frozenset[str]], NDArray[np.int64]]:
    """The different ones among sets, and which of them each is."""
    found: dict[frozenset[str], int] = {}
    which = [found.setdefault(each, len(found)) for each in sets]
    return list(found), np.array(which, np.int64)


def _private(
    mentors: Sequence[Candidate], mentees: Sequence[Candidate], apart: Collection[tuple[int, int]]
) -> NDArray[np.bool_]:
    """Either would rather not, they have been partners before, or staff keep them apart this time."""
    lists = {each.id: each.avoids | each.past_partners for each in (*mentors, *mentees)}
    found = _named_by_either(mentors, mentees, lists)
    rows = {each.id: number for number, each in enumerate(mentors)}
    columns = {each.id: number for number, each in enumerate(mentees)}
    for mentor, mentee in apart:
        if mentor in rows and mentee in columns:
            found[rows[mentor], columns[mentee]] = True
    return found


def _one_department(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Whether they are of one department, for all that is known."""
    return _alike([each.department for each in mentors], [each.department for each in mentees], unknown=True)


def _apart(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Whether they are not known to be of one site."""
    return ~_alike([each.site for each in mentors], [each.site for each in mentees], unknown=False)


def _alike(one: Sequence[str], other: Sequence[str], *, unknown: bool) -> NDArray[np.bool_]:
    """Where two names are the same; `unknown` where either is not known ("")."""
    rows, columns = np.array(one, str)[:, None], np.array(other, str)[None, :]
    found: NDArray[np.bool_] = np.where((rows == "") | (columns == ""), unknown, rows == columns)
    return found


def _nothing_taught(mentors: Sequence[Candidate], mentees: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Whether the mentor teaches none of the topics that the mentee wishes for."""
    taught = [frozenset(wish.topic for wish in each.teaches) for each in mentors]
    wanted = [frozenset(wish.topic for wish in each.learns) for each in mentees]
    nothing: NDArray[np.bool_] = _in_common(taught, wanted) == 0
    return nothing


DEMANDED: Mapping[str, Callable[[Sequence[Candidate], Sequence[Candidate]], NDArray[np.bool_]]] = {
    "department": _one_department,
    "site": _apart,
    "topic": _nothing_taught,
}
"""What each of MUSTS forbids."""


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
