"""Who stays with whom in a People file. A file says only that two are locked; which of them mentors follows
from the rest.

The one whose role allows it mentors the other. Where both could be either, the grades decide: the junior
mentors. Where they do not decide it, nothing is guessed: the row is bad until one of the two is mentor or
mentee alone.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from portal.core.matching.candidates import Candidate, Problem, Rules
from portal.core.matching.rules import forbidden

Pair = tuple[int, int]
Wrong = tuple[int, str, str]
"""Whose row is bad, why, and what to do about it."""


@dataclass(frozen=True)
class Locked:
    """The locked pairs, mentor first, each once; and what is wrong with those of which none can mentor the
    other.
    """

    pairs: list[Pair]
    bad: list[Wrong]


def locked_pairs(problem: Problem, good: Collection[int], wanted: Iterable[Pair], rules: Rules) -> Locked:
    """The pairs of `wanted` (who says it, and of whom), where both are `good`."""
    people = {each.id: each for each in problem.candidates}
    found, seen = Locked([], []), set[frozenset[int]]()
    for own, other in wanted:
        if frozenset((own, other)) in seen or other not in good:
            continue
        seen.add(frozenset((own, other)))
        one, two = people.get(own), people.get(other)
        if one is None or two is None:
            found.bad.append((own, "one of the two takes no part: the role is none.", UNLOCK))
            continue
        ways = _ways(one, two, rules.min_grade_gap)
        if len(ways) == 1:
            found.pairs.extend(ways)
        else:
            reason, way = EITHER if ways else NEITHER
            found.bad.append((own, reason.format(one=one.name, two=two.name), way))
    return found


def _ways(one: Candidate, two: Candidate, gap: int) -> list[Pair]:
    """Which ways round the two could be paired; by their grades where their roles leave both open."""
    ways = [
        (mentor, mentee)
        for mentor, mentee in ((one, two), (two, one))
        if mentor.as_mentor and mentee.as_mentee
    ]
    if len(ways) > 1:
        junior = [way for way in ways if _junior_enough(*way, gap)]
        ways = junior or ways[:1]  # where grades forbid both ways, the rule itself says so
    return [(mentor.id, mentee.id) for mentor, mentee in ways]


def _junior_enough(mentor: Candidate, mentee: Candidate, gap: int) -> bool:
    return mentor.grade is None or mentee.grade is None or mentor.grade <= mentee.grade - gap


def bad_locks(problem: Problem, pairs: Sequence[Pair]) -> Iterator[Wrong]:
    """Which of the locked pairs cannot be kept: a rule forbids them, or somebody has fewer
    seats than locks.
    """
    people = {each.id: each for each in problem.candidates}
    for mentor, mentee in pairs:
        why = forbidden(people[mentor], people[mentee], problem)
        if why is not None:
            says = why.template % why.args if why.args else why.template
            names = f"{people[mentor].name} and {people[mentee].name}"
            yield (
                mentor,
                f"{names} cannot be locked together: {says}",
                APART if why.name == "private" else UNLOCK,
            )
    for side, role in enumerate(("mentor", "mentee")):
        for person, count in sorted(Counter(pair[side] for pair in pairs).items()):
            seats = people[person].mentor_capacity if role == "mentor" else people[person].mentee_capacity
            if count > seats:
                yield (
                    person,
                    (
                        f"{people[person].name} is locked into {count} pairs as {role}, with a capacity of"
                        f" {seats}."
                    ),
                    SEATS,
                )


UNLOCK = "Take the id out of locked_with, or mend what forbids the pair."
APART = "Take the id out of locked_with, or out of avoid and past_partners of both."
SEATS = "Raise the capacity, or take ids out of locked_with."
NEITHER = (
    "{one} and {two} cannot be locked together: neither is a mentor where the other is a mentee.",
    "Mend a role, or take the id out of locked_with.",
)
EITHER = (
    "{one} and {two} are locked together, and either could mentor the other.",
    "Make one of them mentor or mentee alone, or give both a grade: the junior mentors.",
)
