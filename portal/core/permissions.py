"""What one may do, and the table that says who may: a role or a relationship -> yes."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What a person is to the portal. Everybody signed in is a member; only administrators give the other
    roles.
    """

    MEMBER = "member"
    STAFF = "staff"
    ADMIN = "admin"
    SPONSOR = "sponsor"
    CONCERN_CONTACT = "concern contact"


class May(StrEnum):
    """One thing that one may or may not do."""

    SEE_PEOPLE = "see people"
    EDIT_PEOPLE = "edit people"
    GIVE_ROLES = "give roles"
    RUN_PROGRAMMES = "run programmes"
    START_PROGRAMMES = "start programmes"
    RUN_MATCHING = "run matching"
    EDIT_PAIRINGS = "edit pairings"
    SEE_LETTERS = "see letters"
    SEE_ALL_LETTERS = "see letters about every programme"
    SEE_AUDIT = "see the audit"


PAIRING = frozenset({May.RUN_MATCHING, May.EDIT_PAIRINGS})

GRANTS: dict[Role, frozenset[May]] = {
    Role.MEMBER: frozenset(),
    Role.STAFF: frozenset({May.SEE_PEOPLE, May.EDIT_PEOPLE, May.RUN_PROGRAMMES, *PAIRING, May.SEE_LETTERS}),
    Role.ADMIN: frozenset(May),
    Role.SPONSOR: frozenset(),
    Role.CONCERN_CONTACT: frozenset(),
}


def allowed(roles: Iterable[str], what: May) -> bool:
    """Whether any of `roles` (names of Role; unknown ones count for nothing) may do `what`."""
    known = {role.value: role for role in Role}
    return any(what in GRANTS[known[name]] for name in roles if name in known)
