"""Compares groups of people in a programme (by site, department, grade or role): who applied, who is matched,
who is left over, and how good the matches are. A person counts once for each role in which they applied.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from portal.core.lifecycle import EnrolmentState
from portal.db import db
from portal.pairings.models import Pairing
from portal.pairings.queries import left_before, takes_seats
from portal.people.models import Person
from portal.programmes.models import Enrolment

KINDS = ("site", "department", "grade", "role")
ROLES = ("mentor", "mentee")
MIN_APPLICATIONS = 3
"""Groups with fewer applications are not judged, nor is a group when all others together have fewer."""
FOUR_FIFTHS = (4, 5)
"""A share of matched below four fifths of everybody else's counts as markedly worse: the rule of
thumb of the Uniform Guidelines on Employee Selection Procedures (29 CFR 1607.4 D), which gives
no better reason for it than that it is simple.
"""
MARKED_DIFFERENCE = 1000
"""A mean score that is this much (of 0..10000) below everybody else's counts as markedly worse."""


@dataclass(frozen=True)
class Application:
    """One person in one role: what groups are made by, and the mean score
    of their matches (0..10000), if any.
    """

    person: int
    name: str
    role: str
    site: str
    department: str
    grade: int | None
    score: float | None


@dataclass(frozen=True)
class Group:
    """One group. `mean` is that of its matches' scores, 0..10000; `rest_…` are the same for all others.

    `fewer`: a markedly smaller share of it is matched than of all others. `lower`: its matches are
    markedly worse. `judged`: it is large enough to tell.
    """

    name: Any
    applied: int
    matched: int
    mean: float | None
    rest_applied: int
    rest_matched: int
    rest_mean: float | None
    judged: bool
    fewer: bool
    lower: bool

    @property
    def left_over(self) -> int:
        """How many wait without a match."""
        return self.applied - self.matched


def applications(programme_id: int) -> list[Application]:
    """Who waits for a match in a programme or has one, drafts included, sorted by name; two queries.

    People who are paused and meet nobody are left out, since they ask for no match at present.
    """
    pairs = select(Pairing.mentor_id, Pairing.mentee_id, Pairing.score)
    scores: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in db.session.execute(pairs.where(Pairing.programme_id == programme_id, takes_seats())):
        scores[row.mentor_id, "mentor"].append(row.score)
        scores[row.mentee_id, "mentee"].append(row.score)
    facts = (Person.id, Person.name, Person.site, Person.department, Person.grade)
    query = (
        select(*facts, Enrolment.as_mentor, Enrolment.as_mentee, Enrolment.state)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(
            Enrolment.programme_id == programme_id,
            Enrolment.state.in_([EnrolmentState.WAITING, EnrolmentState.PAUSED]),
            or_(Enrolment.as_mentor, Enrolment.as_mentee),
            Person.disabled_at.is_(None),
        )
        .order_by(Person.name, Person.id)
    )
    return [
        Application(
            row.id, row.name, role, row.site, row.department, row.grade, _mean(scores.get((row.id, role), ()))
        )
        for row in db.session.execute(query)
        for role, applied in (("mentor", row.as_mentor), ("mentee", row.as_mentee))
        if applied and (row.state == EnrolmentState.WAITING or (row.id, role) in scores)
    ]


def groups(applications: Sequence[Application], kind: str) -> list[Group]:
    """The groups of one of KINDS, sorted by name; people of whom it is not known (None or "") come last."""
    by_name: dict[Any, list[Application]] = defaultdict(list)
    for application in applications:
        by_name[getattr(application, kind)].append(application)
    total = _Sum.of(applications)
    return [
        _group(name, _Sum.of(by_name[name]), total)
        for name in sorted(by_name, key=lambda name: (name in (None, ""), name))
    ]


def first_in_next_run(programme_id: int, applications: Iterable[Application]) -> list[Application]:
    """Those who were left over before and therefore come first in the next run; one query."""
    waited = left_before(programme_id)
    return [application for application in applications if (application.person, application.role) in waited]


@dataclass(frozen=True)
class _Sum:
    applied: int
    matched: int
    scores: float

    @staticmethod
    def of(applications: Sequence[Application]) -> "_Sum":
        scores = [application.score for application in applications if application.score is not None]
        return _Sum(len(applications), len(scores), sum(scores))

    def without(self, other: "_Sum") -> "_Sum":
        return _Sum(self.applied - other.applied, self.matched - other.matched, self.scores - other.scores)

    @property
    def mean(self) -> float | None:
        return self.scores / self.matched if self.matched else None


def _group(name: Any, own: _Sum, total: _Sum) -> Group:
    rest = total.without(own)
    judged = own.applied >= MIN_APPLICATIONS and rest.applied >= MIN_APPLICATIONS
    four, fifths = FOUR_FIFTHS
    comparable = own.matched >= MIN_APPLICATIONS and rest.matched >= MIN_APPLICATIONS
    return Group(
        name=name,
        applied=own.applied,
        matched=own.matched,
        mean=own.mean,
        rest_applied=rest.applied,
        rest_matched=rest.matched,
        rest_mean=rest.mean,
        judged=judged,
        fewer=judged and own.matched * rest.applied * fifths < rest.matched * own.applied * four,
        lower=judged and comparable and (own.mean or 0) + MARKED_DIFFERENCE <= (rest.mean or 0),
    )


def _mean(scores: Sequence[int]) -> float | None:
    return sum(scores) / len(scores) if scores else None
