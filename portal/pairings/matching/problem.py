"""Reads from the tables what the matching engine needs: who waits for a match in a programme, what they teach
and want to learn, and which seats are taken.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.hours.weekly_hours import WeeklyHours, parse_hours
from portal.core.lifecycle import EnrolmentState, PairingState
from portal.core.matching.candidates import Absent, Candidate, Problem, Refusal, Rules, Wish
from portal.db import db
from portal.errors import Invalid
from portal.pairings.matching import engine
from portal.pairings.models import Pairing
from portal.pairings.queries import LIVE, hold_programme, left_before, takes_seats
from portal.people.listing import names_of
from portal.people.models import Person
from portal.programmes.models import Avoided, Enrolment, Programme, Topic

Seats = tuple[Counter[int], Counter[int]]
"""Seats taken, by the person's id: as mentors, and as mentees."""
Pair = tuple[int, int]
"""Two people by their ids, the mentor first."""


@dataclass(frozen=True)
class ByHand:
    """Pairs that staff lock together or forbid for one run."""

    locks: frozenset[Pair] = frozenset()
    forbids: frozenset[Pair] = frozenset()

    @property
    def people(self) -> set[int]:
        """Everybody in them."""
        return {person for pair in self.locks | self.forbids for person in pair}


NOTHING = ByHand()


def problem_of(
    programme: Programme,
    *,
    on: date,
    weights: Mapping[str, int] | None = None,
    rules: Mapping[str, Any] | None = None,
    by_hand: ByHand = NOTHING,
    only: Sequence[int] | None = None,
) -> Problem:
    """The programme's problem as it stands on a day: all who wait, their
    free seats, and locked drafts as locks.

    `only` narrows it to these people and those in locked drafts. Two in a draft that is not locked get the
    programme's bonus for staying together. A seat that is locked for somebody who does not wait at present
    stays taken. Raises Refusal for a lock of somebody who has no seat left.
    """
    drafts, taken = _drafted(programme.id), seats_taken(programme.id, drafts=False)
    if only is not None:
        only = sorted({*only, *(person for *pair, locked in drafts if locked for person in pair)})
    waiting = enrolled(programme.id, only)
    known = {enrolment.person_id for enrolment in waiting}
    locks = {(mentor, mentee) for mentor, mentee, locked in drafts if locked and {mentor, mentee} <= known}
    stay = {(mentor, mentee) for mentor, mentee, locked in drafts if not locked and {mentor, mentee} <= known}
    for mentor_id, mentee_id, locked in drafts:
        if locked and not {mentor_id, mentee_id} <= known:
            taken[0][mentor_id] += 1
            taken[1][mentee_id] += 1
    problem = _problem(
        programme,
        waiting,
        taken,
        on=on,
        weights=weights,
        rules=rules,
        locks=locks | by_hand.locks,
        forbids=by_hand.forbids,
        stay=stay - by_hand.locks,
    )
    _check_wait(problem)
    return problem


def _check_wait(problem: Problem) -> None:
    """Raise Refusal for a lock of somebody who waits for no match in that role, or has no seat left."""
    mentors, mentees = {mentor.id for mentor in problem.mentors}, {mentee.id for mentee in problem.mentees}
    for mentor_id, mentee_id in problem.locked:
        if mentor_id in mentors and mentee_id in mentees:
            continue
        absent_id = mentee_id if mentor_id in mentors else mentor_id
        names = names_of({mentor_id, mentee_id})
        ids = {"mentor": mentor_id, "mentee": mentee_id, "name": absent_id}
        people = {
            key: Absent(person_id, names.get(person_id) or _("somebody who has left"))
            for key, person_id in ids.items()
        }
        raise Refusal(engine.locks.ABSENT, people)


def problem_of_some(
    programme: Programme, people: Sequence[int], *, on: date, weights: Mapping[str, int] | None = None
) -> Problem:
    """The problem of just these people, whatever their seats: to score pairs that staff make by hand."""
    waiting = enrolled(programme.id, only=people)
    return _problem(programme, waiting, (Counter(), Counter()), on=on, locks=(), weights=weights)


def enrolled(programme_id: int, only: Sequence[int] | None = None) -> list[Enrolment]:
    """Enrolments that wait for a match, with people, wishes and whom they avoid; `only` these people's."""
    query = (
        select(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .where(*_wait(programme_id))
        .options(
            joinedload(Enrolment.person), selectinload(Enrolment.wishes), selectinload(Enrolment.avoided)
        )
        .order_by(Enrolment.person_id)
    )
    return list(db.session.scalars(query if only is None else query.where(Enrolment.person_id.in_(only))))


def waiting(programme_id: int) -> Sequence[Any]:
    """Who waits for a match, in which roles and with how many seats; rows, without what they wish."""
    columns = (
        *(Enrolment.person_id, Enrolment.as_mentor, Enrolment.as_mentee),
        *(Enrolment.mentor_capacity, Enrolment.mentee_capacity),
    )
    query = select(*columns).join(Person, Person.id == Enrolment.person_id).where(*_wait(programme_id))
    return db.session.execute(query).all()


def _wait(programme_id: int) -> tuple[Any, ...]:
    return (
        Enrolment.programme_id == programme_id,
        Enrolment.state == EnrolmentState.WAITING,
        Person.disabled_at.is_(None),
        or_(Enrolment.as_mentor, Enrolment.as_mentee),
    )


def seats_taken(programme_id: int, *, drafts: bool) -> Seats:
    """How many seats live pairings take, by mentor and by mentee; with `drafts`, those of drafts too."""
    states = [*LIVE, PairingState.DRAFT] if drafts else list(LIVE)
    rows = db.session.execute(
        select(Pairing.mentor_id, Pairing.mentee_id).where(
            Pairing.programme_id == programme_id, Pairing.state.in_(states)
        )
    ).all()
    return Counter(row.mentor_id for row in rows), Counter(row.mentee_id for row in rows)


class FreeSeats:
    """The seats of all who wait that the pairs in `taken` leave free. Pairs in `apart` get none."""

    def __init__(self, programme_id: int, *, taken: Iterable[Pair], apart: Collection[Pair]) -> None:
        rows, self.apart = waiting(programme_id), apart
        self.mentors = Counter({row.person_id: row.mentor_capacity for row in rows if row.as_mentor})
        self.mentees = Counter({row.person_id: row.mentee_capacity for row in rows if row.as_mentee})
        for mentor_id, mentee_id in taken:
            self.mentors[mentor_id] -= 1
            self.mentees[mentee_id] -= 1

    def take(self, mentor_id: int, mentee_id: int) -> bool:
        """Take a seat of each; False when one has none, or when the two are to be kept apart."""
        if self.mentors[mentor_id] < 1 or self.mentees[mentee_id] < 1 or (mentor_id, mentee_id) in self.apart:
            return False
        self.mentors[mentor_id] -= 1
        self.mentees[mentee_id] -= 1
        return True


def kept_apart(programme_id: int) -> set[Pair]:
    """The pairs of which one would rather not meet the other, both ways round. It is told in confidence: for
    deciding only, and shown to nobody.
    """
    query = select(Enrolment.person_id, Avoided.person_id).join(Avoided, Avoided.enrolment_id == Enrolment.id)
    rows = db.session.execute(query.where(Enrolment.programme_id == programme_id)).all()
    return {pair for one, other in rows for pair in ((one, other), (other, one))}


def check_seats(
    programme_id: int,
    mentor_id: int,
    mentee_id: int,
    *,
    new_mentor: bool = True,
    new_mentee: bool = True,
    but: int = 0,
) -> None:
    """Raise Invalid unless both take part, are no pair yet, and have a seat left.

    The pairing with the id `but`, which is being changed, does not count as a pair; who is in it already
    (`new_mentor` or `new_mentee` is False) needs no seat.
    """
    hold_programme(programme_id)
    same_pair = select(Pairing.id).where(
        Pairing.programme_id == programme_id,
        Pairing.mentor_id == mentor_id,
        Pairing.mentee_id == mentee_id,
        takes_seats(),
        Pairing.id != but,
    )
    if db.session.scalar(same_pair.limit(1)):
        raise Invalid(_("These two are on the board already."), field="mentor")
    mentors, mentees = seats_taken(programme_id, drafts=True)
    mentor, mentee = (
        _taking_part(programme_id, mentor_id, "mentor"),
        _taking_part(programme_id, mentee_id, "mentee"),
    )
    if new_mentor and mentors[mentor_id] >= mentor.mentor_capacity:
        raise Invalid(_full(mentor.person), field="mentor")
    if new_mentee and mentees[mentee_id] >= mentee.mentee_capacity:
        raise Invalid(_full(mentee.person), field="mentee")


def _taking_part(programme_id: int, person_id: int, field: str) -> Enrolment:
    query = select(Enrolment).where(Enrolment.programme_id == programme_id, Enrolment.person_id == person_id)
    enrolment = db.session.scalar(query.options(joinedload(Enrolment.person)))
    if enrolment is None or enrolment.state in (EnrolmentState.BEGUN, EnrolmentState.WITHDRAWN):
        raise Invalid(_("Choose somebody who takes part in this programme."), field=field)
    return enrolment


def _full(person: Person) -> str:
    message: str = _(
        "%(name)s has no seat left. Discard or change their other pairing first, or ask them to take one"
        " more.",
        name=person.name,
    )
    return message


def _drafted(programme_id: int) -> list[tuple[int, int, bool]]:
    """The drafts there are: mentor, mentee, and whether they are locked."""
    drafts = (Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT)
    rows = db.session.execute(select(Pairing.mentor_id, Pairing.mentee_id, Pairing.locked).where(*drafts))
    return [(row.mentor_id, row.mentee_id, row.locked) for row in rows]


def _problem(
    programme: Programme,
    enrolments: Sequence[Enrolment],
    taken: Seats,
    *,
    on: date,
    locks: Collection[Pair],
    forbids: Collection[Pair] = (),
    stay: Collection[Pair] = (),
    weights: Mapping[str, int] | None = None,
    rules: Mapping[str, Any] | None = None,
) -> Problem:
    past, waited = past_partners(programme.id), left_before(programme.id)
    candidates = [_candidate(enrolment, taken, past, waited) for enrolment in enrolments]
    return Problem(
        candidates=tuple(person for person in candidates if person.as_mentor or person.as_mentee),
        managers={row.id: row.manager_id for row in db.session.execute(select(Person.id, Person.manager_id))},
        topics={topic.id: (topic.label, topic.area) for topic in db.session.scalars(select(Topic))},
        weights=dict(weights or programme.weights),
        rules=rules_of(rules or programme.rules),
        locked=tuple(sorted(locks)),
        forbidden=frozenset(forbids),
        stay=frozenset(stay),
        on=on,
    )


def rules_of(stored: Mapping[str, Any]) -> Rules:
    """A programme's rules as the engine wants them."""
    return Rules(**{**stored, "musts": tuple(stored.get("musts", ()))})


def _candidate(
    enrolment: Enrolment, taken: Seats, past: Mapping[int, set[int]], waited: Collection[tuple[int, str]]
) -> Candidate:
    person = enrolment.person
    as_mentor = enrolment.mentor_capacity - taken[0][person.id] if enrolment.as_mentor else 0
    as_mentee = enrolment.mentee_capacity - taken[1][person.id] if enrolment.as_mentee else 0
    wishes = sorted(enrolment.wishes, key=lambda wish: (wish.rank, wish.id))
    return Candidate(
        id=person.id,
        name=person.name,
        grade=person.grade,
        manager_id=person.manager_id,
        department=person.department,
        site=person.site,
        zone=person.time_zone,
        hours=parse_hours(person.hours) if person.hours else WeeklyHours(),
        languages=tuple(person.languages),
        style=person.style,
        as_mentor=as_mentor > 0,
        as_mentee=as_mentee > 0,
        mentor_capacity=max(as_mentor, 1),
        mentee_capacity=max(as_mentee, 1),
        place=enrolment.place,
        teaches=tuple(Wish(wish.topic_id, wish.level) for wish in wishes if wish.side == "teaches"),
        learns=tuple(Wish(wish.topic_id, wish.level) for wish in wishes if wish.side == "learns"),
        avoids=frozenset(avoided.person_id for avoided in enrolment.avoided),
        past_partners=frozenset(past.get(person.id, ())),
        met_as_mentor=taken[0][person.id] > 0,
        met_as_mentee=taken[1][person.id] > 0,
        waited_as_mentor=(person.id, "mentor") in waited,
        waited_as_mentee=(person.id, "mentee") in waited,
    )


def past_partners(programme_id: int) -> dict[int, set[int]]:
    """Who has been whose partner, in any programme's pairing that had begun. In this programme those who are
    asked or live now count too, and those of whom one said no, so that nobody is proposed to them again.
    """
    begun = Pairing.active_at.is_not(None)
    in_this = (Pairing.programme_id == programme_id) & Pairing.state.in_([*LIVE, PairingState.DECLINED])
    partners: dict[int, set[int]] = defaultdict(set)
    for row in db.session.execute(select(Pairing.mentor_id, Pairing.mentee_id).where(or_(begun, in_this))):
        partners[row.mentor_id].add(row.mentee_id)
        partners[row.mentee_id].add(row.mentor_id)
    return partners
