"""Rows of the board as a visitor edits them."""

from __future__ import annotations

from typing import Any

from portal.db import db
from portal.pairings.models import Pairing
from portal.people.models import Person
from tests.conftest import Noise
from tests.pairings.company import Company, company_of
from tests.personas import Factories
from tests.visitor import Page, Visitor


def company_beside(make: Factories, staff: Person, noise: Noise) -> Company:
    """A company, and a pairing of another programme that its staff may not see."""
    made = company_of(make, staff)
    made.make.add(
        Pairing(
            programme_id=noise.programme.id,
            mentor_id=noise.person.id,
            mentee_id=staff.id,
            score=1,
            parts=[],
            created_at=noise.person.created_at,
            remark="zq-secret",
        )
    )
    return made


def field(pairing: Pairing, name: str) -> str:
    """A field's name in the row's form."""
    return f"pairing-{pairing.id}-{name}"


def changes(pairing: Pairing, **values: Any) -> dict[str, Any]:
    """Changes under the names of the row's form."""
    return {field(pairing, name): value for name, value in values.items()}


def edit(
    visitor: Visitor, pairing: Pairing, *, htmx: bool = False, status: int | None = None, **values: Any
) -> Page:
    """Open the row's form and send it with these changes."""
    visitor.get(f"/pairings/board/{pairing.id}/edit", htmx=htmx)
    expected = status or (200 if htmx else 303)
    return visitor.post(
        f"/pairings/board/{pairing.id}", htmx=htmx, status=expected, **changes(pairing, **values)
    )


def reread(pairing: Pairing) -> Pairing:
    """The pairing as the database has it now."""
    db.session.rollback()
    return db.session.get_one(Pairing, pairing.id)
