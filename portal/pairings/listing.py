"""Lists for staff: the board's pairings, filtered, sorted and paginated; a run's proposals; who waits without
a pairing. Each takes the same number of queries, however many rows there are.
"""

from dataclasses import dataclass
from typing import Any

from flask_sqlalchemy.pagination import Pagination, SelectPagination
from sqlalchemy import Select, and_, case, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased, contains_eager, joinedload

from portal.core.lifecycle import OPEN_PAIRINGS, EnrolmentState, PairingState, ProgrammeState
from portal.db import db
from portal.pairings.models import LeftOver, MatchRun, Pairing, Proposal
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme
from portal.programmes.queries import visible_to
from portal.web.list_queries import ListQuery

PER_PAGE = 20
Mentor, Mentee = aliased(Person, name="mentor"), aliased(Person, name="mentee")
SHOWN = ("", "draft", "offered", "active", "paused", "below", "locked", "over")
"""The board's presets; "" is everything that takes seats."""
ORDER = case({state: number for number, state in enumerate(PairingState)}, value=Pairing.state)
SORTS: dict[str, Any] = {
    "mentor": func.lower(Mentor.name),
    "mentee": func.lower(Mentee.name),
    "score": Pairing.score,
    "state": ORDER,
}


@dataclass(frozen=True)
class BoardQuery(ListQuery):
    """The board's filter, order and page."""

    sorts = SORTS
    choices = {"show": SHOWN}
    programme: int = 0
    q: str = ""
    show: str = ""
    sort: str = "mentor"
    page: int = 1


class Rows(SelectPagination):
    """Pages of whole rows, where `db.paginate` gives the first column of each."""

    def _query_items(self) -> list[Any]:
        query = self._query_args["select"].limit(self.per_page).offset(self._query_offset)
        return list(self._query_args["session"].execute(query))


class Sliced(Pagination):
    """Pages of `items`, a list in memory."""

    def _query_items(self) -> list[Any]:
        return list(self._query_args["items"][self._query_offset : self._query_offset + self.per_page])

    def _query_count(self) -> int:
        return len(self._query_args["items"])


def programmes_of(person: Person) -> list[Programme]:
    """The programmes that a member of staff runs: running ones first, then those open for sign-up."""
    current_first = case({ProgrammeState.RUNNING: 0, ProgrammeState.OPEN: 1}, value=Programme.state, else_=2)
    return list(
        db.session.scalars(
            visible_to(person).order_by(current_first, Programme.starts_on.desc(), Programme.id.desc())
        )
    )


def find(programme: Programme, asked: BoardQuery) -> Pagination:
    """A page of the board's pairings, each with its two people."""
    query = (
        select(Pairing)
        .join(Mentor, Pairing.mentor_id == Mentor.id)
        .join(Mentee, Pairing.mentee_id == Mentee.id)
        .options(
            contains_eager(Pairing.mentor.of_type(Mentor)), contains_eager(Pairing.mentee.of_type(Mentee))
        )
        .where(Pairing.programme_id == programme.id, _preset(asked.show, line_of(programme)))
        .order_by(asked.order(), func.lower(Mentor.name), Pairing.id)
    )
    if asked.q:
        searched = (Mentor.name, Mentee.name, Mentor.department, Mentee.department, Pairing.remark)
        query = query.where(or_(*(column.icontains(asked.q, autoescape=True) for column in searched)))
    return db.paginate(query, page=asked.page, per_page=PER_PAGE, error_out=False)


def count_presets(programme: Programme) -> dict[str, int]:
    """How many pairings each of SHOWN has."""
    counts = [func.count().filter(_preset(show, line_of(programme))) for show in SHOWN]
    row = db.session.execute(select(*counts).where(Pairing.programme_id == programme.id)).one()
    return dict(zip(SHOWN, row, strict=True))


def count_drafts(programme_id: int) -> tuple[int, int]:
    """How many drafts are not locked, so that a kept run replaces them, and how many are."""
    query = select(func.count().filter(~Pairing.locked), func.count().filter(Pairing.locked)).where(
        Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT
    )
    unlocked, locked = db.session.execute(query).one()
    return unlocked, locked


def line_of(programme: Programme) -> int:
    """The programme's line in the unit of scores (0..10000); 0 for "auto"."""
    line = programme.rules.get("line", 40)
    return int(line) * 100 if isinstance(line, int) else 0


def proposals(run_id: int, *, page: int) -> Pagination:
    """A page of a run's proposals, the best first, with the next best partner for either side."""
    sides = (Proposal.mentor, Proposal.mentee, Proposal.next_mentor, Proposal.next_mentee)
    query = (
        select(Proposal)
        .where(Proposal.run_id == run_id)
        .options(*(joinedload(side).joinedload(Enrolment.person) for side in sides))
        .order_by(Proposal.score.desc(), Proposal.id)
    )
    return db.paginate(query, page=page, per_page=PER_PAGE, error_out=False)


def left_over(run_id: int, *, page: int, per_page: int = PER_PAGE) -> Pagination:
    """A page of those whom a run could not pair, mentees first."""
    query = (
        select(LeftOver)
        .join(LeftOver.enrolment)
        .join(Enrolment.person)
        .where(LeftOver.run_id == run_id)
        .options(contains_eager(LeftOver.enrolment).contains_eager(Enrolment.person))
        .order_by(LeftOver.role, func.lower(Person.name), LeftOver.id)
    )
    return db.paginate(query, page=page, per_page=per_page, error_out=False)


def waiting(programme_id: int, *, page: int = 1, per_page: int = PER_PAGE) -> Pagination:
    """Who waits in a role without a pairing in it, and the reason by the latest kept run.

    Rows have .Person, .role, .template and .args; mentees come first.
    """
    sides = union_all(*(_waiting_as(programme_id, role) for role in ("mentee", "mentor"))).subquery()
    latest = select(MatchRun.id).where(MatchRun.programme_id == programme_id, MatchRun.kept_at.is_not(None))
    latest = latest.order_by(MatchRun.kept_at.desc(), MatchRun.id.desc()).limit(1)
    reason = and_(
        LeftOver.run_id == latest.scalar_subquery(),
        LeftOver.enrolment_id == sides.c.enrolment_id,
        LeftOver.role == sides.c.role,
    )
    query = (
        select(Person, sides.c.role, LeftOver.template, LeftOver.args)
        .join(sides, sides.c.person_id == Person.id)
        .outerjoin(LeftOver, reason)
        .where(Person.disabled_at.is_(None))
        .order_by(sides.c.role, func.lower(Person.name), Person.id)
    )
    return Rows(select=query, session=db.session(), page=page, per_page=per_page, error_out=False)


def enrolled(programme_id: int, person_id: int) -> Person | None:
    """The person with this id, if they are enrolled in the programme."""
    query = select(Person).join(Enrolment, Enrolment.person_id == Person.id)
    return db.session.scalar(query.where(Person.id == person_id, Enrolment.programme_id == programme_id))


def _waiting_as(programme_id: int, role: str) -> Select[int, int, str]:
    person_id, joined = (
        (Pairing.mentor_id, Enrolment.as_mentor)
        if role == "mentor"
        else (Pairing.mentee_id, Enrolment.as_mentee)
    )
    paired = select(person_id).where(Pairing.programme_id == programme_id, Pairing.state.in_(OPEN_PAIRINGS))
    return select(Enrolment.id.label("enrolment_id"), Enrolment.person_id, literal(role).label("role")).where(
        Enrolment.programme_id == programme_id,
        Enrolment.state == EnrolmentState.WAITING,
        joined,
        Enrolment.person_id.not_in(paired),
    )


def _preset(show: str, line: int) -> Any:
    """The condition of one of SHOWN."""
    return {
        "": Pairing.state.in_(OPEN_PAIRINGS),
        "below": and_(Pairing.state.in_(OPEN_PAIRINGS), Pairing.score < line),
        "locked": and_(Pairing.state.in_(OPEN_PAIRINGS), Pairing.locked),
        "over": Pairing.state.in_([PairingState.ENDED, PairingState.DECLINED]),
    }.get(show, Pairing.state == show)
