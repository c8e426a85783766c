"""The engine: from a problem to pairs with their reasons, and to whom was left over and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.core.matching import criteria, rules
from portal.core.matching.assignment import Instance, objective, phi, solve
from portal.core.matching.candidates import Candidate, Problem, named
from portal.core.matching.criteria import Part
from portal.core.translatable import N_
from portal.errors import Invalid

Progress = Callable[[str, int, int], None]
ROWS = 200
"""Rows scored between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who are to meet. The points of the parts sum to `total`, 0..10000."""

    mentor_id: int
    mentee_id: int
    total: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Somebody without a partner in one role ("mentor" or "mentee"), and why: a sentence to be translated."""

    id: int
    role: str
    template: str
    args: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What a run found. `line` is the one it went by, in the unit of scores."""

    pairs: tuple[Pair, ...]
    left_over: tuple[LeftOver, ...]
    objective: Mapping[str, int]
    line: int

    def as_json(self) -> dict[str, Any]:
        """The result in plain values, for another process."""
        return {
            "pairs": [
                {
                    "mentor_id": each.mentor_id,
                    "mentee_id": each.mentee_id,
                    "total": each.total,
                    "parts": [part.as_json() for part in each.parts],
                }
                for each in self.pairs
            ],
            "left_over": [
                {"id": each.id, "role": each.role, "template": each.template, "args": dict(each.args)}
                for each in self.left_over
            ],
            "objective": dict(self.objective),
            "line": self.line,
        }

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> "Result":
        """The same result again."""
        pairs = (
            Pair(each["mentor_id"], each["mentee_id"], each["total"], tuple(Part(**part) for part in each["parts"]))
            for each in given["pairs"]
        )
        left_over = (LeftOver(**each) for each in given["left_over"])
        return Result(tuple(pairs), tuple(left_over), given["objective"], given["line"])


def silent(phase: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def match(problem: Problem, progress: Progress = silent) -> Result:
    """The best pairs; raises Invalid for locks that cannot all be kept.

    `progress` is told the phase ("scoring", "solving", "explaining"), how far it is and of how much.
    """
    mentors, mentees = problem.mentors, problem.mentees
    if not mentors or not mentees:
        return _nobody(problem)
    scores, broken = _score(problem, progress)
    allowed = ~np.logical_or.reduce(list(broken.values()))
    locked = _locks(problem, allowed)
    progress("solving", 0, 1)
    instance = _instance(problem, _with_stay(problem, scores), allowed, locked)
    found = [*solve(instance)]
    progress("explaining", 0, 1)
    chosen = sorted([*locked, *found])
    pairs = tuple(_pair(mentors[row], mentees[column], problem) for row, column in chosen)
    left_over = _left_over(problem, allowed, broken, chosen)
    unmet_mentees, unmet_mentors, below, _ = objective(instance, found)
    numbers = {
        "mentees_unmatched": unmet_mentees,
        "mentors_unmatched": unmet_mentors,
        "below_line": below,
        "total_phi": int(phi(np.array([pair.total for pair in pairs], np.int64)).sum()),
    }
    return Result(pairs, left_over, numbers, instance.line)


def _nobody(problem: Problem) -> Result:
    missing = NO_MENTORS if not problem.mentors else NO_MENTEES
    left = [LeftOver(each.id, "mentor", missing, {}) for each in problem.mentors]
    left += [LeftOver(each.id, "mentee", missing, {}) for each in problem.mentees]
    if problem.locked:
        raise Invalid(LOCK_UNKNOWN)
    numbers = {"mentees_unmatched": len(problem.mentees), "mentors_unmatched": len(problem.mentors)}
    return Result((), tuple(left), {**numbers, "below_line": 0, "total_phi": 0}, 0)


def _score(problem: Problem, progress: Progress) -> tuple[NDArray[np.int64], dict[str, NDArray[np.bool_]]]:
    """All scores and broken rules, some rows at a time."""
    mentors, mentees = problem.mentors, problem.mentees
    scores: list[NDArray[np.int64]] = []
    broken: list[dict[str, NDArray[np.bool_]]] = []
    for start in range(0, len(mentors), ROWS):
        progress("scoring", start, len(mentors))
        rows = mentors[start : start + ROWS]
        scores.append(criteria.totals(rows, mentees, problem))
        broken.append(rules.broken_rules(rows, mentees, problem))
    progress("scoring", len(mentors), len(mentors))
    return np.concatenate(scores), {name: np.concatenate([each[name] for each in broken]) for name in rules.ORDER}


def _with_stay(problem: Problem, scores: NDArray[np.int64]) -> NDArray[np.int64]:
    """Scores with the bonus for pairs that are together already."""
    if not problem.stay or not problem.rules.stay_bonus:
        return scores
    raised = scores.copy()
    rows = {each.id: number for number, each in enumerate(problem.mentors)}
    columns = {each.id: number for number, each in enumerate(problem.mentees)}
    for mentor, mentee in problem.stay:
        if mentor in rows and mentee in columns:
            raised[rows[mentor], columns[mentee]] += problem.rules.stay_bonus * 100
    return np.minimum(raised, 10_000)


def _locks(problem: Problem, allowed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The locked pairs as (row, column); raises Invalid for one that a rule forbids or that has no seat left."""
    rows = {each.id: number for number, each in enumerate(problem.mentors)}
    columns = {each.id: number for number, each in enumerate(problem.mentees)}
    taken: dict[tuple[str, int], int] = {}
    found = []
    for mentor, mentee in problem.locked:
        names = {"mentor": named(problem, mentor), "mentee": named(problem, mentee)}
        if mentor not in rows or mentee not in columns:
            raise Invalid(LOCK_UNKNOWN)
        row, column = rows[mentor], columns[mentee]
        if not allowed[row, column]:
            why = rules.forbidden(problem.mentors[row], problem.mentees[column], problem)
            raise Invalid(LOCK_FORBIDDEN % names + " " + (why.template % why.args if why else ""))
        for key, seats in (
            (("mentor", mentor), problem.mentors[row].mentor_capacity),
            (("mentee", mentee), problem.mentees[column].mentee_capacity),
        ):
            taken[key] = taken.get(key, 0) + 1
            if taken[key] > seats:
                raise Invalid(LOCK_FULL % {"name": named(problem, key[1])})
        found.append((row, column))
    return found


def _instance(
    problem: Problem, scores: NDArray[np.int64], allowed: NDArray[np.bool_], locked: Sequence[tuple[int, int]]
) -> Instance:
    """What is left to decide when the locked pairs have their seats."""
    mentor_seats = np.array([each.mentor_capacity for each in problem.mentors])
    mentee_seats = np.array([each.mentee_capacity for each in problem.mentees])
    free = allowed.copy()
    met_mentors, met_mentees = np.zeros(len(mentor_seats), bool), np.zeros(len(mentee_seats), bool)
    for row, column in locked:
        free[row, column] = False
        mentor_seats[row] -= 1
        mentee_seats[column] -= 1
        met_mentors[row] = met_mentees[column] = True
    instance = Instance(scores, free, mentor_seats, mentee_seats, met_mentors, met_mentees, 0)
    line = problem.rules.line
    best = _best_line(instance) if line == "auto" else int(line) * 100
    return Instance(scores, free, mentor_seats, mentee_seats, met_mentors, met_mentees, best)


def _best_line(instance: Instance) -> int:
    """The highest line that no pair need be below while as many people as possible are met."""
    values = np.unique(instance.scores[instance.allowed])
    low, high = 0, len(values)
    most = objective(instance, solve(instance))[:2]
    while low < high:
        middle = (low + high) // 2
        line = int(values[middle])
        tried = Instance(
            instance.scores, instance.allowed, instance.mentor_seats, instance.mentee_seats,
            instance.met_mentors, instance.met_mentees, line,
        )  # fmt: skip
        met = objective(tried, solve(tried))
        if met[:2] == most and met[2] == 0:
            low = middle + 1
        else:
            high = middle
    return int(values[low - 1]) if low else 0


def _pair(mentor: Candidate, mentee: Candidate, problem: Problem) -> Pair:
    scored = criteria.score(mentor, mentee, problem)
    return Pair(mentor.id, mentee.id, scored.total, scored.parts)


def _left_over(
    problem: Problem,
    allowed: NDArray[np.bool_],
    broken: Mapping[str, NDArray[np.bool_]],
    chosen: Sequence[tuple[int, int]],
) -> tuple[LeftOver, ...]:
    """Who has no partner in a role, and why, by id."""
    with_mentee, with_mentor = {row for row, _ in chosen}, {column for _, column in chosen}
    left = [
        _why(each, "mentor", allowed[row], {name: table[row] for name, table in broken.items()}, problem)
        for row, each in enumerate(problem.mentors)
        if row not in with_mentee
    ]
    left += [
        _why(each, "mentee", allowed[:, column], {name: table[:, column] for name, table in broken.items()}, problem)
        for column, each in enumerate(problem.mentees)
        if column not in with_mentor
    ]
    return tuple(sorted(left, key=lambda each: (each.id, each.role)))


def _why(
    person: Candidate, role: str, allowed: NDArray[np.bool_], broken: Mapping[str, NDArray[np.bool_]], problem: Problem
) -> LeftOver:
    """The honest reason: the first rule that leaves nobody, or that all who could are taken; never what is private."""
    seats = {
        "mentors": sum(each.mentor_capacity for each in problem.mentors),
        "mentees": sum(each.mentee_capacity for each in problem.mentees),
    }
    if allowed.any():
        return LeftOver(person.id, role, TAKEN[role], {**seats, "could": int(allowed.sum())})
    possible = ~broken["self"]
    for name in ("grade", "line", "language", "time"):
        possible = possible & ~broken[name]
        if not possible.any():
            return LeftOver(person.id, role, ALONE[role, name], {})
    return LeftOver(person.id, role, NOBODY, {})


NO_MENTORS = N_("Nobody has joined as a mentor yet.")
NO_MENTEES = N_("Nobody has joined to learn yet.")
NOBODY = N_("This time there was nobody who could be paired with you.")
LOCK_UNKNOWN = N_("A locked pair names somebody who does not wait for a match. Unlock it or discard it.")
LOCK_FORBIDDEN = N_("%(mentor)s and %(mentee)s are locked together, but may not be paired.")
LOCK_FULL = N_("%(name)s is locked into more pairs than they have seats.")
TAKEN = {
    "mentee": N_(
        "Everybody who could mentor you meets somebody else: there were %(mentors)s places with mentors for %(mentees)s "
        "wishes to learn."
    ),
    "mentor": N_(
        "Everybody whom you could mentor meets somebody else: there were %(mentees)s wishes to learn for %(mentors)s "
        "places with mentors."
    ),
}
ALONE = {
    ("mentee", "grade"): N_("Nobody who is junior enough to you has joined as a mentor."),
    ("mentee", "line"): N_("All who could mentor you are in your own line of managers."),
    ("mentee", "language"): N_("Nobody who could mentor you shares a language with you."),
    ("mentee", "time"): N_(
        "Nobody who could mentor you shares a working hour with you. More hours in your profile would help."
    ),
    ("mentor", "grade"): N_("Nobody who is senior enough to you has joined to learn."),
    ("mentor", "line"): N_("All whom you could mentor are in your own line of managers."),
    ("mentor", "language"): N_("Nobody whom you could mentor shares a language with you."),
    ("mentor", "time"): N_(
        "Nobody whom you could mentor shares a working hour with you. More hours in your profile would help."
    ),
}
