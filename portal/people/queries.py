"""Finding people: by address, by what somebody typed, and up the line of managers."""

from sqlalchemy import func, or_, select

from portal.db import db
from portal.people.addresses import clean_address
from portal.people.models import Person

MOST_SUGGESTED = 8
SHORTEST_QUERY = 2


def by_address(address: str) -> Person | None:
    """The person with an e-mail address, spelt as `clean_address` spells it."""
    return db.session.scalars(select(Person).where(Person.email == address)).one_or_none()


def as_typed(text: str) -> list[Person]:
    """The people, at most a few, whom an address or a full name means."""
    try:
        person = by_address(clean_address(text))
        return [person] if person else []
    except ValueError:
        named = select(Person).where(
            func.lower(Person.name) == func.lower(text.strip()), Person.disabled_at.is_(None)
        )
        return list(db.session.scalars(named.order_by(Person.id).limit(MOST_SUGGESTED)))


def suggestions(text: str, *, but: int) -> list[Person]:
    """People whose name or address holds what was typed so far; nothing for less than two letters."""
    if len(text.strip()) < SHORTEST_QUERY:
        return []
    wanted = text.strip()
    found = or_(
        Person.name.icontains(wanted, autoescape=True),
        Person.email.startswith(wanted.lower(), autoescape=True),
    )
    query = select(Person).where(found, Person.id != but, Person.disabled_at.is_(None))
    return list(db.session.scalars(query.order_by(Person.name, Person.id).limit(MOST_SUGGESTED)))


def line_above(person_id: int) -> set[int]:
    """The person and everybody above them; it ends even if the line should run in a circle."""
    above = select(Person.id, Person.manager_id).where(Person.id == person_id).cte("above", recursive=True)
    above = above.union(select(Person.id, Person.manager_id).join(above, Person.id == above.c.manager_id))
    return set(db.session.scalars(select(above.c.id)))


def zones_in_use(most: int = 6) -> list[str]:
    """The time zones that most people here live in."""
    query = (
        select(Person.time_zone).group_by(Person.time_zone).order_by(func.count().desc(), Person.time_zone)
    )
    return list(db.session.scalars(query.limit(most)))
