"""Scores of very many people, some rows at a time: exactly those of criteria.totals, several times as fast
and in little memory.

What goes into a score is prepared once for either side. Interests are a sum over the few wishes of each
person, so a sparse product in 16 bits does them; everything else depends on facts that many people share (a
kind of week, a department, a set of languages), so it is reckoned once for each two kinds, by the very
functions of criteria and rules, and looked up.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portal.core.matching import criteria, rules
from portal.core.matching.candidates import Candidate, Problem
from portal.core.matching.weeks import Kind, Weeks

Points = NDArray[np.int16]
People = Sequence[Candidate]
Table = Callable[[People, People], NDArray[Any]]

FORBIDDEN = -1
"""The score of a pair that a rule forbids."""
OUT = -10_001
"""What a forbidden pair is given beside its points, which are 10000 at most: so it stays below nothing."""
ROWS = 64
"""Rows scored at once: few enough that what is worked on stays near the processor."""
KEPT = 8_000_000
"""Entries of what is reckoned for each kind of row that are kept; of more kinds, each is reckoned when it is
needed.
"""


class Scorer:
    """The scores of mentors (rows) with mentees (columns), FORBIDDEN where a rule forbids the pair: of all in
    the problem, or of those that are given."""

    def __init__(
        self, problem: Problem, mentors: People | None = None, mentees: People | None = None
    ) -> None:
        mentors = problem.mentors if mentors is None else mentors
        mentees = problem.mentees if mentees is None else mentees
        self.shape = len(mentors), len(mentees)
        self._facets = _merged(
            [
                *(_facet(*each, mentors, mentees) for each in _facets(problem)),
                _times(mentors, mentees, problem),
            ]
        )
        self._interests = _Interests(mentors, mentees, problem, problem.weights["interests"])
        self._giveback = _Interests(mentees, mentors, problem, problem.weights["giveback"])
        self._taught = _Taught(mentors, mentees) if "topic" in problem.rules.musts else None
        self._apart = _apart(mentors, mentees, problem)

    def block(self, start: int, end: int) -> Points:
        """The rows from `start` up to but not including `end`."""
        found = np.zeros((end - start, self.shape[1]), np.int16)
        for facet in self._facets:
            found += facet.rows(start, end)
            np.maximum(found, OUT, out=found)
        found += self._interests.teachers(start, end)
        found += self._giveback.learners(start, end)
        if self._taught is not None:
            found[~self._taught.rows(start, end)] = FORBIDDEN
        rows, columns = self._apart
        some = slice(*np.searchsorted(rows, (start, end)))
        found[rows[some] - start, columns[some]] = FORBIDDEN
        np.maximum(found, FORBIDDEN, out=found)
        return found


@dataclass(frozen=True)
class _Facet:
    """Points by a kind of row: `which` kind each row is, and what each kind has with every column (or how to
    reckon it).
    """

    which: NDArray[np.int64]
    known: Points | None
    reckon: Callable[[NDArray[np.int64]], Points]

    def rows(self, start: int, end: int) -> Points:
        if self.known is not None:
            return self.known[self.which[start:end]]
        kinds, inverse = np.unique(self.which[start:end], return_inverse=True)
        return self.reckon(kinds)[inverse]


def _facets(problem: Problem) -> list[tuple[Callable[[Candidate], Hashable], Table]]:
    """What of a person each facet goes by, and its points for two lists of people; OUT where it forbids the
    pair.
    """
    weight = problem.weights

    def character(one: People, other: People) -> Points:
        points = criteria.rounded(*criteria.styles(one, other), weight["style"])
        points += criteria.rounded(criteria.places(one, other), 2, weight["place"])
        return _points(points, rules.DEMANDED["site"](one, other) if "site" in problem.rules.musts else None)

    def department(one: People, other: People) -> Points:
        points = criteria.rounded(criteria.differ(one, other), 1, weight["department"])
        return _points(
            points, rules.DEMANDED["department"](one, other) if "department" in problem.rules.musts else None
        )

    def language(one: People, other: People) -> Points:
        shared = rules.shared_languages(one, other)
        return _points(criteria.rounded(*criteria.language_value(shared), weight["language"]), shared == 0)

    def grade(one: People, other: People) -> Points:
        return _points(np.zeros((len(one), len(other))), rules.broken_rules(one, other, problem)["grade"])

    return [
        (lambda each: (each.style, each.place, each.site), character),
        (lambda each: each.department, department),
        (lambda each: each.grade, grade),
        (lambda each: frozenset(each.languages), language),
    ]


def _times(mentors: People, mentees: People, problem: Problem) -> "_Facet":
    """Hours in common. Weeks may be of as many kinds as people, so they are prepared once."""
    which, some = _kinds(mentors, _week)
    columns, others = _kinds(mentees, _week)
    weeks = Weeks([_week(each) for each in some], [_week(each) for each in others], problem.on)

    def reckon(kinds: NDArray[np.int64]) -> Points:
        starts = weeks.common(kinds.tolist())
        points = _points(criteria.rounded(*criteria.time_value(starts), problem.weights["time"]), starts == 0)
        return points[:, columns]

    return _Facet(which, _known(reckon, len(some), len(mentees)), reckon)


def _week(person: Candidate) -> Kind:
    return person.zone, person.hours


def _points(points: NDArray[Any], out: NDArray[np.bool_] | None) -> Points:
    found = points.astype(np.int16)
    if out is not None:
        found[out] = OUT
    return found


def _facet(fact: Callable[[Candidate], Hashable], table: Table, mentors: People, mentees: People) -> _Facet:
    which, some = _kinds(mentors, fact)
    columns, others = _kinds(mentees, fact)

    def reckon(kinds: NDArray[np.int64]) -> Points:
        return table([some[each] for each in kinds], others)[:, columns]

    return _Facet(which, _known(reckon, len(some), len(mentees)), reckon)


def _known(reckon: Callable[[NDArray[np.int64]], Points], many: int, width: int) -> Points | None:
    """All that can be reckoned, if it is little enough to be kept."""
    return reckon(np.arange(many)) if many * width <= KEPT else None


def _kinds(
    people: People, fact: Callable[[Candidate], Hashable]
) -> tuple[NDArray[np.int64], list[Candidate]]:
    """Of which kind each person is, and somebody of each kind."""
    found: dict[Hashable, int] = {}
    which = np.array([found.setdefault(fact(each), len(found)) for each in people], np.int64)
    first = np.unique(which, return_index=True)[1]
    return which, [people[each] for each in first]


def _merged(facets: Sequence[_Facet]) -> list[_Facet]:
    """Fewer facets with the same points, as long as there are few enough kinds."""
    found: list[_Facet] = []
    for each in facets:
        together = _both(found[-1], each) if found else None
        if together is None:
            found.append(each)
        else:
            found[-1] = together
    return found


def _both(one: _Facet, other: _Facet) -> _Facet | None:
    if one.known is None or other.known is None:
        return None
    many = len(other.known)
    kinds, which = np.unique(one.which * many + other.which, return_inverse=True)
    if len(kinds) * one.known.shape[1] > KEPT:
        return None
    known = one.known[kinds // many] + other.known[kinds % many]
    np.maximum(known, OUT, out=known)
    return _Facet(which, known, one.reckon)


class _Interests:
    """What teachers can show to learners, in points of a part that weighs `weight`."""

    def __init__(self, teachers: People, learners: People, problem: Problem, weight: int) -> None:
        names = criteria.wished(learners)
        offer = criteria.offers(teachers, names, problem.topics)
        want, most = criteria.wants(learners, names)
        size = np.int16 if most.max(initial=0) < 2**15 else np.int32
        self.offer = np.ascontiguousarray(offer.T, dtype=size)
        self.want = sparse.csr_array(want.astype(size))
        self.rate, self.half = rates(most, weight)

    def learners(self, start: int, end: int) -> Points:
        """Some learners (rows) with all teachers."""
        value = (self.want[start:end] @ self.offer).astype(self.rate.dtype)
        value *= self.rate[start:end, None]
        value += self.half[start:end, None]
        points: Points = value.astype(np.int16)
        return points

    def teachers(self, start: int, end: int) -> Points:
        """Some teachers (rows) with all learners."""
        found = self.want @ np.ascontiguousarray(self.offer[:, start:end])
        value = found.T.astype(self.rate.dtype, order="C")
        value *= self.rate
        value += self.half
        points: Points = value.astype(np.int16)
        return points


def rates(
    most: NDArray[np.int64], weight: int
) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """By what values (0..most) are multiplied to become points, and what is added before the fraction is cut
    off.

    In 32 bits if that gives what whole numbers give for each value there can be, which is tried; else in 64.
    """
    kinds, which = np.unique(most, return_inverse=True)
    narrow = (weight * 100 / kinds).astype(np.float32), (0.5 + 1 / (4 * kinds)).astype(np.float32)
    if all(_agree(int(many), weight, *each) for many, *each in zip(kinds, *narrow, strict=True)):
        return narrow[0][which], narrow[1][which]
    return (weight * 100 / kinds)[which], (0.5 + 1 / (4 * kinds))[which]


def _agree(most: int, weight: int, rate: np.floating[Any], half: np.floating[Any]) -> bool:
    value = np.arange(most + 1)
    quick = (value.astype(rate.dtype) * rate + half).astype(np.int64)
    return bool((quick == criteria.rounded(value, most, weight)).all())


class _Taught:
    """Whether a mentor teaches anything that a mentee wishes for."""

    def __init__(self, mentors: People, mentees: People) -> None:
        names = criteria.wished(mentees)
        at = {name: number for number, name in enumerate(names)}
        self.taught = np.zeros((len(mentors), len(names)), np.int16)
        for row, each in enumerate(mentors):
            self.taught[row, [at[wish.topic] for wish in each.teaches if wish.topic in at]] = 1
        self.wished = sparse.csr_array((criteria.wants(mentees, names)[0] > 0).astype(np.int16))

    def rows(self, start: int, end: int) -> NDArray[np.bool_]:
        shared = self.wished @ np.ascontiguousarray(self.taught[start:end].T)
        found: NDArray[np.bool_] = np.ascontiguousarray(shared.T) > 0
        return found


def _apart(mentors: People, mentees: People, problem: Problem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs that are forbidden one by one: oneself, one line of managers, lists, former partners, kept
    apart by staff."""
    rows = {each.id: number for number, each in enumerate(mentors)}
    columns = {each.id: number for number, each in enumerate(mentees)}
    lists: Mapping[int, Sequence[int]] = {
        each.id: (each.id, *each.avoids, *each.past_partners, *problem.lines[each.id])
        for each in (*mentors, *mentees)
    }
    found = {(rows[one], columns[other]) for one in rows for other in lists[one] if other in columns}
    found |= {(rows[other], columns[one]) for one in columns for other in lists[one] if other in rows}
    found |= {
        (rows[one], columns[other]) for one, other in problem.forbidden if one in rows and other in columns
    }
    table = np.array(sorted(found), np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
