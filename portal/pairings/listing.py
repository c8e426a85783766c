"""Staff's questions to the board: which pairings, filtered, sorted and by the page; what a run found; who
waits without one.

Always the same number of queries, however many rows.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
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
from portal.web.numbers import id_in, page_in

PER_PAGE = 20
Mentor, Mentee = aliased(Person, name="mentor"), aliased(Person, name="mentee")
SHOWN = ("", "draft", "offered", "active", "paused", "below", "locked", "over")
"""What the board can be narrowed to; "" is all that takes seats."""
ORDER = case({state: number for number, state in enumerate(PairingState)}, value=Pairing.state)
SORTS: dict[str, Any] = {
    "mentor": func.lower(Mentor.name),
    "mentee": func.lower(Mentee.name),
    "score": Pairing.score,
    "state": ORDER,
}


@dataclass(frozen=True)
class Asked:
    """What the board was asked for; unknown values count for nothing."""

    programme: int = 0
    q: str = ""
    show: str = ""
    sort: str = "mentor"
    page: int = 1

    @staticmethod
    def of(args: Mapping[str, str]) -> "Asked":
        """Read a query string."""
        show, sort = args.get("show", ""), args.get("sort", "mentor")
        return Asked(
            programme=id_in(args.get("programme")),
            q=args.get("q", "").strip()[:120],
            show=show if show in SHOWN else "",
            sort=sort if sort.removeprefix("-") in SORTS else "mentor",
            page=page_in(args.get("page")),
        )

    def args(self) -> dict[str, Any]:
        """The same as a query string, without what is usual."""
        usual = asdict(Asked())
        return {name: value for name, value in asdict(self).items() if value != usual[name]}


class Rows(SelectPagination):
    """Pages of whole rows, where `db.paginate` gives one thing per row."""

    def _query_items(self) -> list[Any]:
        wanted = self._query_args["select"].limit(self.per_page).offset(self._query_offset)
        return list(self._query_args["session"].execute(wanted))


class Sliced(Pagination):
    """Pages of `every`, a list that is there already."""

    def _query_items(self) -> list[Any]:
        return list(self._query_args["every"][self._query_offset : self._query_offset + self.per_page])

    def _query_count(self) -> int:
        return len(self._query_args["every"])


def programmes_of(person: Person) -> list[Programme]:
    """The programmes that a member of staff runs, those of now first."""
    of_now = case({ProgrammeState.RUNNING: 0, ProgrammeState.OPEN: 1}, value=Programme.state, else_=2)
    return list(
        db.session.scalars(
            visible_to(person).order_by(of_now, Programme.starts_on.desc(), Programme.id.desc())
        )
    )


def find(programme: Programme, asked: Asked) -> Pagination:
    """A page of pairings, each with the two."""
    query = (
        select(Pairing)
        .join(Mentor, Pairing.mentor_id == Mentor.id)
        .join(Mentee, Pairing.mentee_id == Mentee.id)
        .options(
            contains_eager(Pairing.mentor.of_type(Mentor)), contains_eager(Pairing.mentee.of_type(Mentee))
        )
        .where(Pairing.programme_id == programme.id, _narrowed(asked.show, line_of(programme)))
        .order_by(_order(asked.sort), func.lower(Mentor.name), Pairing.id)
    )
    if asked.q:
        sought = (Mentor.name, Mentee.name, Mentor.department, Mentee.department, Pairing.remark)
        query = query.where(or_(*(column.icontains(asked.q, autoescape=True) for column in sought)))
    return db.paginate(query, page=asked.page, per_page=PER_PAGE, error_out=False)


def numbers(programme: Programme) -> dict[str, int]:
    """How many pairings each of SHOWN has."""
    counted = [func.count().filter(_narrowed(show, line_of(programme))) for show in SHOWN]
    row = db.session.execute(select(*counted).where(Pairing.programme_id == programme.id)).one()
    return dict(zip(SHOWN, row, strict=True))


def drafts_there(programme_id: int) -> tuple[int, int]:
    """How many drafts there are that a kept run replaces, and how many are locked."""
    drafts = select(func.count().filter(~Pairing.locked), func.count().filter(Pairing.locked)).where(
        Pairing.programme_id == programme_id, Pairing.state == PairingState.DRAFT
    )
    loose, locked = db.session.execute(drafts).one()
    return loose, locked


def line_of(programme: Programme) -> int:
    """The programme's line as scores are kept (0..10000); 0 where the engine finds it itself."""
    line = programme.rules.get("line", 40)
    return int(line) * 100 if isinstance(line, int) else 0


def proposals(run_id: int, *, page: int) -> Pagination:
    """What a run proposes, the best first, with the next best for either side."""
    sides = (Proposal.mentor, Proposal.mentee, Proposal.next_mentor, Proposal.next_mentee)
    query = (
        select(Proposal)
        .where(Proposal.run_id == run_id)
        .options(*(joinedload(side).joinedload(Enrolment.person) for side in sides))
        .order_by(Proposal.score.desc(), Proposal.id)
    )
    return db.paginate(query, page=page, per_page=PER_PAGE, error_out=False)


def left_over(run_id: int, *, page: int, per_page: int = PER_PAGE) -> Pagination:
    """Whom a run could not pair, those who want to learn first."""
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
    """Who waits in a role without any pairing in it: person, role, and what the latest kept run says of why.

    Rows have .person, .role, .template and .args; those who want to learn come first.
    """
    sides = union_all(*(_waiting_as(programme_id, role) for role in ("mentee", "mentor"))).subquery()
    kept = select(MatchRun.id).where(MatchRun.programme_id == programme_id, MatchRun.kept_at.is_not(None))
    kept = kept.order_by(MatchRun.kept_at.desc(), MatchRun.id.desc()).limit(1)
    told = and_(
        LeftOver.run_id == kept.scalar_subquery(),
        LeftOver.enrolment_id == sides.c.enrolment_id,
        LeftOver.role == sides.c.role,
    )
    query = (
        select(Person, sides.c.role, LeftOver.template, LeftOver.args)
        .join(sides, sides.c.person_id == Person.id)
        .outerjoin(LeftOver, told)
        .where(Person.disabled_at.is_(None))
        .order_by(sides.c.role, func.lower(Person.name), Person.id)
    )
    return Rows(select=query, session=db.session(), page=page, per_page=per_page, error_out=False)


def enrolled(programme_id: int, person_id: int) -> Person | None:
    """Somebody who takes part in a programme."""
    query = select(Person).join(Enrolment, Enrolment.person_id == Person.id)
    return db.session.scalar(query.where(Person.id == person_id, Enrolment.programme_id == programme_id))


def _waiting_as(programme_id: int, role: str) -> Select[int, int, str]:
    theirs, part = (
        (Pairing.mentor_id, Enrolment.as_mentor)
        if role == "mentor"
        else (Pairing.mentee_id, Enrolment.as_mentee)
    )
    taken = select(theirs).where(Pairing.programme_id == programme_id, Pairing.state.in_(OPEN_PAIRINGS))
    return select(Enrolment.id.label("enrolment_id"), Enrolment.person_id, literal(role).label("role")).where(
        Enrolment.programme_id == programme_id,
        Enrolment.state == EnrolmentState.WAITING,
        part,
        Enrolment.person_id.not_in(taken),
    )


def _narrowed(show: str, line: int) -> Any:
    """What a preset narrows the board to."""
    return {
        "": Pairing.state.in_(OPEN_PAIRINGS),
        "below": and_(Pairing.state.in_(OPEN_PAIRINGS), Pairing.score < line),
        "locked": and_(Pairing.state.in_(OPEN_PAIRINGS), Pairing.locked),
        "over": Pairing.state.in_([PairingState.ENDED, PairingState.DECLINED]),
    }.get(show, Pairing.state == show)


def _order(sort: str) -> Any:
    column = SORTS[sort.removeprefix("-")]
    return column.desc() if sort.startswith("-") else column.asc()
