"""Why somebody has no partner this time: one honest sentence that tells nothing of anybody else.

A reason is named only where one rule alone, on facts that anybody could know, leaves nobody. Wherever several rules together
do, or something that is private, the same general sentence is said: so it gives no list away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.candidates import Candidate, Problem
from portal.core.translatable import N_

Mask = NDArray[np.bool_]
OPEN_RULES = ("grade", "line", "language", "time")
"""Rules on facts that anybody could know."""


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Somebody without a partner in one role ("mentor" or "mentee"), and why: a sentence to be translated."""

    id: int
    role: str
    template: str
    args: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a run allowed and chose, mentors by mentees: `allowed` with no rule broken, `broken` by rule, `chosen` pairs."""

    problem: Problem
    allowed: Mask
    broken: Mapping[str, Mask]
    chosen: Sequence[tuple[int, int]]


def left_over(outcome: Outcome) -> tuple[LeftOver, ...]:
    """Who has no partner in a role, and why, by id."""
    problem = outcome.problem
    met = {row for row, _ in outcome.chosen}, {column for _, column in outcome.chosen}
    met[0].update(row for row, each in enumerate(outcome.problem.mentors) if each.met_as_mentor)
    met[1].update(column for column, each in enumerate(outcome.problem.mentees) if each.met_as_mentee)
    found = [
        LeftOver(each.id, "mentor", *_why_mentor(each, row, outcome))
        for row, each in enumerate(problem.mentors)
        if row not in met[0]
    ]
    found += [
        LeftOver(each.id, "mentee", *_why_mentee(each, column, outcome))
        for column, each in enumerate(problem.mentees)
        if column not in met[1]
    ]
    return tuple(sorted(found, key=lambda each: (each.id, each.role)))


def _why_mentor(person: Candidate, row: int, outcome: Outcome) -> tuple[str, dict[str, Any]]:
    if outcome.allowed[row].any():
        return _taken("mentor", outcome.problem, free=_has_free(outcome.allowed[row], 1, outcome))
    broken = {name: table[row] for name, table in outcome.broken.items()}
    return _alone(person, "mentor", broken) or GENERAL, {}


def _why_mentee(person: Candidate, column: int, outcome: Outcome) -> tuple[str, dict[str, Any]]:
    if outcome.allowed[:, column].any():
        return _taken("mentee", outcome.problem, free=_has_free(outcome.allowed[:, column], 0, outcome))
    broken = {name: table[:, column] for name, table in outcome.broken.items()}
    wanted = {wish.topic for wish in person.learns}
    teach = np.array([any(each.topic in wanted for each in mentor.teaches) for mentor in outcome.problem.mentors], bool)
    return _alone(person, "mentee", broken) or _teachers(teach & ~broken["self"], broken) or GENERAL, {}


def _has_free(allowed: Mask, side: int, outcome: Outcome) -> bool:
    """Whether one of the others still has a seat: then it can only be somebody who is paired the other way round."""
    problem = outcome.problem
    seats = (
        [each.mentee_capacity for each in problem.mentees] if side else [each.mentor_capacity for each in problem.mentors]
    )
    used = np.bincount([pair[side] for pair in outcome.chosen], minlength=len(seats))
    return bool((allowed & (used < np.array(seats))).any())


def _taken(role: str, problem: Problem, *, free: bool) -> tuple[str, dict[str, Any]]:
    """All who could be theirs have somebody; with the numbers, where they are the reason."""
    if free:
        return OTHER_WAY[role], {}
    mentors = sum(each.mentor_capacity for each in problem.mentors)
    mentees = sum(each.mentee_capacity for each in problem.mentees)
    if (mentors < mentees) == (role == "mentee") and mentors != mentees:
        return TOO_FEW[role], {"mentors": mentors, "mentees": mentees}
    return TAKEN[role], {}


def _alone(person: Candidate, role: str, broken: Mapping[str, Mask]) -> str:
    """The rule that alone leaves nobody."""
    others = ~broken["self"]
    if not others.any():
        return NO_MENTORS if role == "mentee" else NO_MENTEES
    if person.hours.minutes < 60:
        return NO_HOURS
    if not person.languages:
        return NO_LANGUAGES
    return next((ALONE[role, name] for name in OPEN_RULES if broken[name][others].all()), "")


def _teachers(teach: Mask, broken: Mapping[str, Mask]) -> str:
    """The rule that alone forbids all who teach what somebody wants to learn."""
    if not teach.any():
        return ""
    return next((TEACHERS[name] for name in TEACHERS if broken[name][teach].all()), "")


NO_MENTORS = N_("Nobody has joined as a mentor yet.")
NO_MENTEES = N_("Nobody has joined to learn yet.")
NO_HOURS = N_("Your profile names no hour in which you could meet. Add your working hours to it.")
NO_LANGUAGES = N_("Your profile names no language that you speak. Add one to it.")
GENERAL = N_("This time there was nobody who could be paired with you.")
TAKEN = {
    "mentee": N_("Everybody who could mentor you already meets somebody else this round."),
    "mentor": N_("Everybody whom you could mentor already meets somebody else this round."),
}
TOO_FEW = {
    "mentee": N_(
        "Everybody who could mentor you already meets somebody else this round. Places with mentors: %(mentors)s; wishes to "
        "learn: %(mentees)s."
    ),
    "mentor": N_(
        "Everybody whom you could mentor already meets somebody else this round. Wishes to learn: %(mentees)s; places with "
        "mentors: %(mentors)s."
    ),
}
OTHER_WAY = {
    "mentee": N_("The only people left who could mentor you are mentored by you this round."),
    "mentor": N_("The only people left whom you could mentor are your mentors this round."),
}
ALONE = {
    ("mentee", "grade"): N_("Nobody who is junior enough to you has joined as a mentor."),
    ("mentee", "line"): N_("All who have joined as mentors are in your own line of managers."),
    ("mentee", "language"): N_("No mentor shares a language with you."),
    ("mentee", "time"): N_("No mentor shares a working hour with you. More hours in your profile would help."),
    ("mentor", "grade"): N_("Nobody who is senior enough to you has joined to learn."),
    ("mentor", "line"): N_("All who have joined to learn are in your own line of managers."),
    ("mentor", "language"): N_("Nobody who has joined to learn shares a language with you."),
    ("mentor", "time"): N_(
        "Nobody who has joined to learn shares a working hour with you. More hours in your profile would help."
    ),
}
TEACHERS = {
    "line": N_("All who teach what you asked for are in your own line of managers."),
    "language": N_("Nobody who teaches what you asked for shares a language with you."),
    "time": N_(
        "Nobody who teaches what you asked for shares a working hour with you. More hours in your profile would help."
    ),
}
