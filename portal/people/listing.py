"""Staff's list of people: filtered, sorted and by the page, in the same number of queries for any page."""

from dataclasses import dataclass, replace
from typing import Any

from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased, contains_eager

from portal.core.permissions import Role
from portal.db import db
from portal.people.models import Person, RoleGrant
from portal.web.list_queries import ListQuery

PER_PAGE = 20
MOST_INVITED = 500
"""People who are invited again at once."""
Manager = aliased(Person, name="manager")
SORTS: dict[str, Any] = {
    "name": func.lower(Person.name),
    "department": func.lower(Person.department),
    "site": func.lower(Person.site),
    "grade": func.coalesce(Person.grade, -1),
    "manager": func.lower(func.coalesce(Manager.name, "")),
}


@dataclass(frozen=True)
class PeopleQuery(ListQuery):
    """What the list of people was asked for."""

    sorts = SORTS
    q: str = ""
    department: str = ""
    site: str = ""
    role: str = ""
    state: str = ""
    sort: str = "name"
    page: int = 1


def find(asked: PeopleQuery, *, per_page: int = PER_PAGE) -> Pagination:
    """A page of people, each with manager and roles."""
    query = (
        select(Person)
        .outerjoin(Manager, Person.manager_id == Manager.id)
        .options(contains_eager(Person.manager.of_type(Manager)))
        .order_by(asked.order(), func.lower(Person.name), Person.id)
    )
    return db.paginate(_narrowed(query, asked), page=asked.page, per_page=per_page, error_out=False)


def one(person_id: int) -> Person | None:
    """One person with manager and roles."""
    query = (
        select(Person)
        .outerjoin(Manager, Person.manager_id == Manager.id)
        .options(contains_eager(Person.manager.of_type(Manager)))
        .where(Person.id == person_id)
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(query).one_or_none()


def invited(asked: PeopleQuery) -> list[Person]:
    """Those of a list who were added and have not chosen a password yet, at most MOST_INVITED."""
    theirs = _narrowed(select(Person), replace(asked, state="invited"))
    return list(db.session.scalars(theirs.order_by(func.lower(Person.name), Person.id).limit(MOST_INVITED)))


def departments_and_sites() -> tuple[list[str], list[str]]:
    """The departments and sites there are, for the filter."""
    departments = db.session.scalars(select(Person.department).where(Person.department != "").distinct())
    sites = db.session.scalars(select(Person.site).where(Person.site != "").distinct())
    return sorted(departments, key=str.casefold), sorted(sites, key=str.casefold)


def names_of(person_ids: set[int]) -> dict[int, str]:
    """Names by id, in one query."""
    if not person_ids:
        return {}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    return {row.id: row.name for row in rows}


def _narrowed(query: Select[Any], asked: PeopleQuery) -> Select[Any]:
    if asked.q:
        sought = (Person.name, Person.email, Person.department, Person.site)
        query = query.where(or_(*(column.icontains(asked.q, autoescape=True) for column in sought)))
    if asked.department:
        query = query.where(Person.department == asked.department)
    if asked.site:
        query = query.where(Person.site == asked.site)
    if asked.role in list(Role) and asked.role != Role.MEMBER:
        query = query.where(Person.id.in_(select(RoleGrant.person_id).where(RoleGrant.role == asked.role)))
    if asked.state == "unconfirmed":
        query = query.where(Person.confirmed_at.is_(None), Person.disabled_at.is_(None))
    elif asked.state == "active":
        query = query.where(Person.confirmed_at.is_not(None), Person.disabled_at.is_(None))
    elif asked.state == "invited":
        query = query.where(Person.password_hash.is_(None), Person.disabled_at.is_(None))
    elif asked.state == "off":
        query = query.where(Person.disabled_at.is_not(None))
    return query
