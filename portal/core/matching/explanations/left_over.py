"""Who has no partner this time, why, and what would change it: honestly, and telling nothing of anybody else.

A reason is named only where one rule alone, on facts that anybody could know, leaves nobody. Wherever several
rules together do, or something that is private, the same general sentence is said: so it gives no list away.
For the same reason whatever is counted is counted by such facts alone, whoever is on whose list; so what is
possible stays a "could".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.candidates import MUSTS, Candidate, Problem
from portal.core.matching.explanations import why_not
from portal.core.matching.explanations.helping import Others, hint
from portal.core.matching.explanations.voices import Said

Mask = NDArray[np.bool_]
OPEN_RULES = ("grade", "line", "language", "time", *MUSTS)
"""Rules on facts that anybody could know."""


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Somebody without a partner in one role ("mentor" or "mentee"), and why: a sentence to be translated.

    `args` may hold a "hint": a second sentence, of what would change it.
    """

    id: int
    role: str
    template: str
    args: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a run allowed and chose, mentors by mentees: `allowed` with no rule broken, `broken` by rule,
    `chosen` pairs.

    Only the rows and columns of those who are left over are looked at.
    """

    problem: Problem
    allowed: Mask
    broken: Mapping[str, Mask]
    chosen: Sequence[tuple[int, int]]

    def allowed_row(self, row: int) -> Mask:
        """Whom a mentor might meet."""
        found: Mask = self.allowed[row]
        return found

    def allowed_column(self, column: int) -> Mask:
        """Who might mentor a mentee."""
        found: Mask = self.allowed[:, column]
        return found

    def broken_row(self, row: int) -> dict[str, Mask]:
        """Whom each rule keeps from a mentor."""
        return {name: table[row] for name, table in self.broken.items()}

    def broken_column(self, column: int) -> dict[str, Mask]:
        """Whom each rule keeps from a mentee."""
        return {name: table[:, column] for name, table in self.broken.items()}

    @cached_property
    def met(self) -> tuple[Mask, Mask]:
        """Which mentors and which mentees meet somebody."""
        problem = self.problem
        mentors = np.array([each.met_as_mentor for each in problem.mentors], bool)
        mentees = np.array([each.met_as_mentee for each in problem.mentees], bool)
        mentors[[row for row, _ in self.chosen]] = True
        mentees[[column for _, column in self.chosen]] = True
        return mentors, mentees

    @cached_property
    def seats(self) -> tuple[int, int]:
        """How many seats mentors and mentees have in all."""
        problem = self.problem
        return sum(each.mentor_capacity for each in problem.mentors), sum(
            each.mentee_capacity for each in problem.mentees
        )

    @cached_property
    def free(self) -> tuple[Mask, Mask]:
        """Which mentors and which mentees still have a seat."""
        seats = (
            np.array([each.mentor_capacity for each in self.problem.mentors], np.int64),
            np.array([each.mentee_capacity for each in self.problem.mentees], np.int64),
        )
        used = (
            np.bincount([pair[side] for pair in self.chosen], minlength=len(seats[side])) for side in (0, 1)
        )
        first, second = (one > other for one, other in zip(seats, used, strict=True))
        return first, second

    @cached_property
    def subjects(self) -> tuple[Mapping[str, Mask], Mapping[str, Mask]]:
        """For each topic, which mentors teach it, and which mentees wish for it."""
        taught = [[wish.topic for wish in each.teaches] for each in self.problem.mentors]
        wished = [[wish.topic for wish in each.learns] for each in self.problem.mentees]
        return _by_topic(taught), _by_topic(wished)

    @cached_property
    def places(self) -> tuple[Mapping[int, int], Mapping[int, int]]:
        """The row of each mentor and the column of each mentee, by id."""
        mentors, mentees = self.problem.mentors, self.problem.mentees
        return {each.id: row for row, each in enumerate(mentors)}, {
            each.id: row for row, each in enumerate(mentees)
        }


def _by_topic(topics: Sequence[Sequence[str]]) -> dict[str, Mask]:
    found: dict[str, Mask] = {}
    for number, some in enumerate(topics):
        for topic in some:
            found.setdefault(topic, np.zeros(len(topics), bool))[number] = True
    return found


def left_over(outcome: Outcome) -> tuple[LeftOver, ...]:
    """Who has no partner in a role, and why, by id."""
    problem = outcome.problem
    found = [
        LeftOver(problem.mentors[row].id, "mentor", *_why_mentor(problem.mentors[row], row, outcome))
        for row in np.flatnonzero(~outcome.met[0]).tolist()
    ]
    found += [
        LeftOver(problem.mentees[column].id, "mentee", *_why_mentee(problem.mentees[column], column, outcome))
        for column in np.flatnonzero(~outcome.met[1]).tolist()
    ]
    return tuple(sorted(found, key=lambda each: (each.id, each.role)))


def _why_mentor(person: Candidate, row: int, outcome: Outcome) -> Said:
    allowed = outcome.allowed_row(row)
    others = Others("mentor", person, outcome.problem.mentees, _subject(person, outcome, "mentor"))
    if allowed.any():
        return _taken(others, outcome, free=bool((allowed & outcome.free[1]).any()))
    return _nobody(others, outcome.broken_row(row), outcome.problem)


def _why_mentee(person: Candidate, column: int, outcome: Outcome) -> Said:
    allowed = outcome.allowed_column(column)
    others = Others("mentee", person, outcome.problem.mentors, _subject(person, outcome, "mentee"))
    if allowed.any():
        return _taken(others, outcome, free=bool((allowed & outcome.free[0]).any()))
    return _nobody(others, outcome.broken_column(column), outcome.problem)


def _subject(person: Candidate, outcome: Outcome, role: str) -> Mask:
    """Which others teach what somebody asked for, or asked for what they can teach."""
    taught, wished = outcome.subjects
    by_topic, mine = (taught, person.learns) if role == "mentee" else (wished, person.teaches)
    people = outcome.problem.mentors if role == "mentee" else outcome.problem.mentees
    found = np.zeros(len(people), bool)
    for wish in mine:
        found |= by_topic.get(wish.topic, False)
    if person.as_mentor and person.as_mentee:
        found[outcome.places[0 if role == "mentee" else 1][person.id]] = False
    return found


def _taken(others: Others, outcome: Outcome, *, free: bool) -> Said:
    """All who could be theirs have somebody; with numbers, where they are the reason.

    `free`: one who could be theirs has a seat. Then it can only be somebody who is paired with them the other
    way round.
    """
    role = others.role
    if free:
        return why_not.OTHER_WAY[role], {}
    facts = {"hint": why_not.SEAT[role]}
    if (many := int(others.subject.sum())) and not (
        others.subject & outcome.free[0 if role == "mentee" else 1]
    ).any():
        return (
            (why_not.ONE_TAKEN[role], facts)
            if many == 1
            else (why_not.ALL_TAKEN[role], {**facts, "many": many})
        )
    mentors, mentees = outcome.seats
    if (mentors < mentees) == (role == "mentee") and mentors != mentees:
        return why_not.TOO_FEW[role], {**facts, "mentors": mentors, "mentees": mentees}
    return why_not.TAKEN[role], facts


def _nobody(others: Others, broken: Mapping[str, Mask], problem: Problem) -> Said:
    """Nobody could be theirs: the rule that alone leaves nobody, or nobody who teaches what they asked for,
    if one does.
    """
    person, role, there = others.person, others.role, ~broken["self"]
    if not there.any():
        return (why_not.NO_MENTORS if role == "mentee" else why_not.NO_MENTEES), {}
    if person.hours.minutes < 60:
        return why_not.NO_HOURS, {}
    if not person.languages:
        return why_not.NO_LANGUAGES, {}
    many = np.add.reduce([broken[name].astype(np.int8) for name in OPEN_RULES])
    only = {name: broken[name] & (many == 1) & there for name in OPEN_RULES}
    if name := next((name for name in OPEN_RULES if broken[name][there].all()), None):
        return why_not.ALONE[role, name], hint(others, only, problem)
    teach, in_the_open = others.subject, bool((many[there] > 0).all())
    rules = why_not.TEACHERS if in_the_open and role == "mentee" and teach.any() else ()
    if name := next((name for name in rules if broken[name][teach].all()), None):
        return why_not.TEACHERS[name], hint(
            others, {rule: each & teach for rule, each in only.items()}, problem
        )
    return why_not.GENERAL, hint(others, only, problem)
