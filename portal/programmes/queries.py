"""Questions about programmes and who has joined them. What staff read never loads do-not-match lists or taboo
subjects.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import selectinload

from portal.core.lifecycle import EnrolmentState, ProgrammeState
from portal.core.permissions import Role
from portal.db import db
from portal.people.models import Person, RoleGrant
from portal.programmes.models import Avoided, Enrolment, Programme, ProgrammeStaff, Wish
from portal.web.list_queries import Rows

STEPS = ("role", "teach", "learn", "working", "boundaries")
ESCAPE = "\\"


@dataclass(frozen=True)
class Standing:
    """Where a person stands in one programme, and the step of signing up that is to be done next, if any."""

    programme_id: int
    programme_name: str
    enrolment_id: int
    state: str
    as_mentor: bool
    as_mentee: bool
    joined_at: datetime | None
    paused_until: date | None
    next_step: str | None


@dataclass(frozen=True)
class Row:
    """One line of staff's table of enrolments: what staff may know, and nothing else."""

    id: int
    name: str
    department: str
    as_mentor: bool
    as_mentee: bool
    mentor_capacity: int
    mentee_capacity: int
    state: str
    joined_at: datetime | None
    teaches: int
    learns: int


def takes_sign_ups(programme: Programme, on: date) -> bool:
    """Whether one can join on this day."""
    return programme.state == ProgrammeState.OPEN and (
        programme.sign_up_until is None or on <= programme.sign_up_until
    )


def sign_up_is_over(programme: Programme, on: date) -> bool:
    """Whether a programme goes on that one can no longer join."""
    goes_on = programme.state in (ProgrammeState.OPEN, ProgrammeState.RUNNING)
    return goes_on and not takes_sign_ups(programme, on)


def may_join(enrolment: Enrolment, on: date) -> bool:
    """Whether somebody can complete their sign-up on a day: while it is open, or when staff let them in."""
    late = (ProgrammeState.OPEN, ProgrammeState.RUNNING)
    let_in = enrolment.let_in_at is not None and enrolment.programme.state in late
    return let_in or takes_sign_ups(enrolment.programme, on)


def open_programmes(on: date) -> list[Programme]:
    """The programmes one can join on this day, the first to start first."""
    return list(
        db.session.scalars(
            select(Programme)
            .where(
                Programme.state == ProgrammeState.OPEN,
                or_(Programme.sign_up_until.is_(None), Programme.sign_up_until >= on),
            )
            .order_by(Programme.starts_on, Programme.id)
        )
    )


def visible_to(person: Person) -> Select[Programme]:
    """The programmes that a member of staff runs; administrators run all."""
    wanted = select(Programme)
    if Role.ADMIN in person.roles:
        return wanted
    if Role.STAFF not in person.roles:
        return wanted.where(db.false())
    theirs = select(ProgrammeStaff.programme_id).where(ProgrammeStaff.person_id == person.id)
    return wanted.where(Programme.id.in_(theirs))


def programmes_run_by(person: Person) -> list[int]:
    """The ids of the programmes that a member of staff runs."""
    return list(db.session.scalars(visible_to(person).with_only_columns(Programme.id)))


def programme_for(programme_id: int, person: Person) -> Programme | None:
    """A programme, if this member of staff runs it."""
    return db.session.scalar(visible_to(person).where(Programme.id == programme_id))


def all_for(person: Person) -> list[tuple[Programme, dict[str, int]]]:
    """The programmes of a member of staff, the latest first, each with how many enrolments are in which
    state.
    """
    programmes = db.session.scalars(
        visible_to(person).order_by(Programme.starts_on.desc(), Programme.id.desc())
    ).all()
    counted = db.session.execute(
        select(Enrolment.programme_id, Enrolment.state, func.count())
        .where(Enrolment.programme_id.in_([each.id for each in programmes]))
        .group_by(Enrolment.programme_id, Enrolment.state)
    )
    found: dict[int, dict[str, int]] = {}
    for programme_id, state, many in counted:
        found.setdefault(programme_id, {})[state] = many
    return [(each, found.get(each.id, {})) for each in programmes]


def staff_names(programme_id: int) -> list[str]:
    """The names of those who run a programme."""
    query = (
        select(Person.name)
        .join(ProgrammeStaff, ProgrammeStaff.person_id == Person.id)
        .where(ProgrammeStaff.programme_id == programme_id, Person.disabled_at.is_(None))
    )
    return list(db.session.scalars(query.order_by(Person.name)))


def staff_of(programme_id: int) -> list[int]:
    """Who runs a programme, by id."""
    return list(
        db.session.scalars(
            select(ProgrammeStaff.person_id).where(ProgrammeStaff.programme_id == programme_id)
        )
    )


def possible_staff() -> list[tuple[int, str]]:
    """Those who could run a programme, and those who run one now whatever became of them: id and name."""
    with_role = select(RoleGrant.person_id).where(RoleGrant.role == Role.STAFF)
    now_staff = select(ProgrammeStaff.person_id)
    could = Person.id.in_(with_role) & Person.disabled_at.is_(None)
    rows = db.session.execute(
        select(Person.id, Person.name)
        .where(could | Person.id.in_(now_staff))
        .order_by(Person.name, Person.id)
    )
    return [(person_id, name) for person_id, name in rows]


def own_enrolment(programme_id: int, person_id: int, *, hold: bool = False) -> Enrolment | None:
    """A person's own enrolment with all that belongs to it. `hold` keeps a second request waiting until this
    one is done.
    """
    wanted = select(Enrolment).where(Enrolment.programme_id == programme_id, Enrolment.person_id == person_id)
    if hold:
        db.session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    return db.session.scalar(
        wanted.options(
            selectinload(Enrolment.programme),
            selectinload(Enrolment.person),
            selectinload(Enrolment.wishes).selectinload(Wish.topic),
            selectinload(Enrolment.avoided).selectinload(Avoided.person),
        ).execution_options(populate_existing=True)
    )


def missing_step(enrolment: Enrolment) -> str | None:
    """The first step that is not done yet: never saved, or without a subject where the person's part needs
    one.
    """
    sides = {wish.side for wish in enrolment.wishes}
    return _missing(enrolment.steps_done, enrolment.as_mentor, enrolment.as_mentee, sides)


def next_step(enrolment: Enrolment) -> str | None:
    """The step that leads on: what is missing, and the last one until somebody has joined."""
    return _next_step(enrolment, {wish.side for wish in enrolment.wishes})


def _next_step(enrolment: Enrolment, sides: set[str]) -> str | None:
    if enrolment.state == EnrolmentState.WITHDRAWN:
        return None
    missing = _missing(enrolment.steps_done, enrolment.as_mentor, enrolment.as_mentee, sides)
    return missing or (STEPS[-1] if enrolment.state == EnrolmentState.BEGUN else None)


def _missing(steps_done: int, as_mentor: bool, as_mentee: bool, sides: set[str]) -> str | None:
    needs = {"teach": as_mentor and "teaches" not in sides, "learn": as_mentee and "learns" not in sides}
    for number, step in enumerate(STEPS, start=1):
        if number > steps_done or needs.get(step):
            return step
    return None


def standing_of(person: Person) -> list[Standing]:
    """Where a person stands in each programme that is not over: what is to be done first, withdrawn ones
    last.
    """
    teaches, learns = _count_of("teaches"), _count_of("learns")
    rows = db.session.execute(
        select(Enrolment, Programme.name, teaches, learns)
        .join(Programme, Programme.id == Enrolment.programme_id)
        .where(
            Enrolment.person_id == person.id,
            Programme.state.in_([ProgrammeState.OPEN, ProgrammeState.RUNNING]),
        )
        .order_by(Programme.starts_on, Programme.id)
    )
    found = [_standing(enrolment, name, taught, learnt) for enrolment, name, taught, learnt in rows]
    order = [EnrolmentState.BEGUN, EnrolmentState.WAITING, EnrolmentState.PAUSED, EnrolmentState.WITHDRAWN]
    return sorted(found, key=lambda each: order.index(EnrolmentState(each.state)))


def _standing(enrolment: Enrolment, name: str, teaches: int, learns: int) -> Standing:
    sides = {side for side, many in (("teaches", teaches), ("learns", learns)) if many}
    return Standing(
        programme_id=enrolment.programme_id,
        programme_name=name,
        enrolment_id=enrolment.id,
        state=enrolment.state,
        as_mentor=enrolment.as_mentor,
        as_mentee=enrolment.as_mentee,
        joined_at=enrolment.joined_at,
        paused_until=enrolment.paused_until,
        next_step=_next_step(enrolment, sides),
    )


def enrolments(
    programme_id: int,
    *,
    text: str = "",
    role: str = "",
    state: str = "",
    sort: str = "name",
    page: int = 1,
    per_page: int = 25,
) -> Rows[Row]:
    """Staff's table, in two queries however many rows. Unknown filters and sorts count for nothing."""
    where = [Enrolment.programme_id == programme_id, *_filters(text, role, state)]
    counted = select(func.count()).select_from(Enrolment).join(Enrolment.person).where(*where)
    total = db.session.scalar(counted) or 0
    pages = max(1, -(-total // per_page))
    page = min(max(page, 1), pages)
    query = _enrolment_rows(where, sort).limit(per_page).offset((page - 1) * per_page)
    return Rows([Row(*row) for row in db.session.execute(query)], page, pages, total, per_page)


def _enrolment_rows(where: list[Any], sort: str) -> Select[Any]:
    """What a `Row` says, in its order."""
    teaches, learns = _count_of("teaches"), _count_of("learns")
    columns = (
        *(Enrolment.id, Person.name, Person.department, Enrolment.as_mentor, Enrolment.as_mentee),
        *(Enrolment.mentor_capacity, Enrolment.mentee_capacity, Enrolment.state, Enrolment.joined_at),
        *(teaches, learns),
    )
    query = select(*columns).join(Enrolment.person).where(*where)
    return query.order_by(*_order(sort, teaches + learns))


def _count_of(side: str) -> Any:
    counted = select(func.count(Wish.id)).where(Wish.enrolment_id == Enrolment.id, Wish.side == side)
    return counted.correlate(Enrolment).scalar_subquery()


def _filters(text: str, role: str, state: str) -> list[Any]:
    conditions: list[Any] = []
    if text:
        like = f"%{_plain(text)}%"
        conditions.append(
            or_(Person.name.ilike(like, escape=ESCAPE), Person.department.ilike(like, escape=ESCAPE))
        )
    if role == "mentor":
        conditions.append(Enrolment.as_mentor)
    if role == "mentee":
        conditions.append(Enrolment.as_mentee)
    if state in list(EnrolmentState):
        conditions.append(Enrolment.state == state)
    return conditions


def _order(sort: str, topics: Any) -> list[Any]:
    columns = {"name": Person.name, "topics": topics, "state": Enrolment.state, "joined": Enrolment.joined_at}
    column = columns.get(sort.removeprefix("-"), Person.name)
    if sort.removeprefix("-") == "joined":
        column = func.coalesce(Enrolment.joined_at, Enrolment.begun_at)
    return [column.desc() if sort.startswith("-") else column.asc(), Person.name, Enrolment.id]


def _plain(text: str) -> str:
    """Text for LIKE, without the meaning of its signs."""
    return text.replace(ESCAPE, ESCAPE * 2).replace("%", rf"{ESCAPE}%").replace("_", rf"{ESCAPE}_")
