"""Who may be chosen for one side of a pairing, while staff type a name: only those whom the rules and the
seats allow.
"""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from portal.core.lifecycle import OPEN_PAIRINGS, EnrolmentState
from portal.core.matching import criteria, rules
from portal.db import db
from portal.pairings import words
from portal.pairings.matching import problem as candidates
from portal.pairings.models import Pairing
from portal.pairings.queries import LIVE
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme

MOST_LOOKED_AT, MOST_SHOWN, SHORTEST = 60, 8, 2


@dataclass(frozen=True)
class Choice:
    """Somebody who may be chosen; `points` is what the pair would have (0..10000), if the other side is
    known.
    """

    person: Person
    points: int | None

    @property
    def more(self) -> str:
        """What stands beside the name."""
        said = _("%(points)s points", points=words.points(self.points)) if self.points is not None else ""
        return ", ".join(each for each in (said, self.person.department) if each)


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
    """Those on `side` ("mentor" or "mentee") whose name or address holds what was typed, the best match
    first.

    A seat that the pairing being edited takes counts as free, and so do those of all drafts with
    `drafts=False`. `opposite` is whoever stands on the other side, if known.
    """
    if len(typed.strip()) < SHORTEST:
        return []
    people = _named(programme.id, side, typed.strip(), but=pairing.id if pairing else 0, drafts=drafts)
    if opposite is None:
        return [Choice(each, None) for each in people[:MOST_SHOWN]]
    points = _points(programme, side, people, opposite, on=on)
    found = [Choice(each, points[each.id]) for each in people if each.id in points]
    return sorted(found, key=lambda choice: (-(choice.points or 0), choice.person.name))[:MOST_SHOWN]


def _named(programme_id: int, side: str, typed: str, *, but: int, drafts: bool) -> list[Person]:
    """Those who wait in this role, have a seat left (`but` in that pairing), and are called so."""
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
    problem = candidates.problem_of_some(programme, [opposite.id, *(each.id for each in people)], on=on)
    known = {each.id: each for each in problem.candidates}
    other = known.get(opposite.id)
    found = {}
    for person in people:
        one = known.get(person.id)
        if one is None or other is None:
            continue
        mentor, mentee = (one, other) if side == "mentor" else (other, one)
        if rules.forbidden(mentor, mentee, problem) is None:
            found[person.id] = criteria.score(mentor, mentee, problem).total
    return found
