"""A form field that means one person: typed as a name, an address or both, or chosen from a list."""

import re

from flask_babel import lazy_gettext as _l
from wtforms import Field, ValidationError

from portal.people.models import Person
from portal.people.queries import as_typed
from portal.web.forms import PortalForm

MISSING = _l("Type a name or an address, and choose from the list.")


def shown(person: Person) -> str:
    """A person as the fields have them: name and address, since names alone may be double."""
    return f"{person.name} <{person.email}>"


def named(text: str) -> list[Person]:
    """Whom "Name <address>", an address or a full name means; usually one."""
    address = re.search(r"<([^<>]+)>\s*$", text)
    return as_typed(address.group(1) if address else text) if text.strip() else []


def meant(text: str) -> Person | None:
    """The one person whom a text means, if there is exactly one."""
    people = named(text)
    return people[0] if len(people) == 1 else None


def one_person(form: PortalForm, field: Field) -> None:
    """Find the one person who is meant."""
    people = named(field.data or "")
    if not people:
        raise ValidationError(
            _l("Nobody here has that name or address. Choose from the list while you type.")
        )
    if len(people) > 1:
        raise ValidationError(_l("Several people have that name. Type the address."))
    field.person = people[0]
