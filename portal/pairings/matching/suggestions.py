"""Whom staff may choose for one side of a pairing, suggested while they type a name:
only people whom the rules and the seats allow.
"""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from portal.core.lifecycle import OPEN_PAIRINGS, EnrolmentState
from portal.db import db
from portal.pairings import words
from portal.pairings.matching import engine
from portal.pairings.matching.problem import problem_of_some
from portal.pairings.models import Pairing
from portal.pairings.queries import LIVE
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme

MOST_LOOKED_AT, MOST_SHOWN, SHORTEST = 60, 8, 2


@dataclass(frozen=True)
class Choice:
    """Somebody who may be chosen; `points` is what the pair would score
    (0..10000), None while the other side is unknown.
    """

    person: Person
    points: int | None

    @property
    def more(self) -> str:
        """What stands beside the name."""
        points = "" if self.points is None else _("%(points)s points", points=words.points(self.points))
        return ", ".join(text for text in (points, self.person.department) if text)


def may_be_chosen(
    programme: Programme,
    side: str,
    typed: str,
    *,
    opposite: Person | None,
    pairing: Pairing | None,
    on: date,
    drafts: bool = True,
) -> list[Choice]:
    """People for `side` ("mentor" or "mentee") whose name or address holds
    what was typed, the best match first.

    A seat that the pairing being edited takes counts as free, and with `drafts=False` so do those of all
    drafts. `opposite` is whoever stands on the other side, if known.
    """
    if len(typed.strip()) < SHORTEST:
        return []
    people = _named(programme.id, side, typed.strip(), but=pairing.id if pairing else 0, drafts=drafts)
    if opposite is None:
        return [Choice(person, None) for person in people[:MOST_SHOWN]]
    points = _points(programme, side, people, opposite, on=on)
    choices = [Choice(person, points[person.id]) for person in people if person.id in points]
    return sorted(choices, key=lambda choice: (-(choice.points or 0), choice.person.name))[:MOST_SHOWN]


def _named(programme_id: int, side: str, typed: str, *, but: int, drafts: bool) -> list[Person]:
    """People who wait in this role, have a seat left (that of the pairing
    `but` counts as free), and are called so.
    """
    as_mentor = side == "mentor"
    part, seats = (
        (Enrolment.as_mentor, Enrolment.mentor_capacity)
        if as_mentor
        else (Enrolment.as_mentee, Enrolment.mentee_capacity)
    )
    takes = (
        Pairing.state.in_(OPEN_PAIRINGS if drafts else LIVE),
        Pairing.programme_id == programme_id,
        Pairing.id != but,
    )
    theirs = (Pairing.mentor_id if as_mentor else Pairing.mentee_id) == Enrolment.person_id
    taken = select(func.count(Pairing.id)).where(theirs, *takes).correlate(Enrolment).scalar_subquery()
    called = or_(
        Person.name.icontains(typed, autoescape=True), Person.email.istartswith(typed, autoescape=True)
    )
    query = (
        select(Person)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(
            Enrolment.programme_id == programme_id, Enrolment.state == EnrolmentState.WAITING, part, called
        )
        .where(Person.disabled_at.is_(None), taken < seats)
        .order_by(Person.name, Person.id)
        .limit(MOST_LOOKED_AT)
    )
    return list(db.session.scalars(query))


def _points(
    programme: Programme, side: str, people: list[Person], opposite: Person, *, on: date
) -> dict[int, int]:
    """The points of each with the other side; those whom a rule forbids are left out."""
    problem = problem_of_some(programme, [opposite.id, *(person.id for person in people)], on=on)
    by_id = {candidate.id: candidate for candidate in problem.candidates}
    other_side = by_id.get(opposite.id)
    points = {}
    for person in people:
        candidate = by_id.get(person.id)
        if candidate is None or other_side is None:
            continue
        mentor, mentee = (candidate, other_side) if side == "mentor" else (other_side, candidate)
        if engine.rules.forbidden(mentor, mentee, problem) is None:
            points[person.id] = engine.criteria.score(mentor, mentee, problem).total
    return points
