"""What changes an account or a profile, one verb each. Passwords come in hashed: that takes too long for a
transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from portal import audit
from portal.core.permissions import Role
from portal.db import db
from portal.errors import Invalid
from portal.letters.outbox import post
from portal.people import queries, sessions
from portal.people.accounts import letters, links
from portal.people.accounts.links import LinkKind
from portal.people.actions import KIND, PROFILE, edit
from portal.people.models import Person, RoleGrant
from portal.settings import current


def register(
    *,
    name: str,
    email: str,
    password_hash: str,
    time_zone: str,
    locale: str | None,
    at: datetime,
    then: str | None = None,
) -> None:
    """Sign up. Whatever is known of the address already, the caller learns nothing: the rest happens in a
    letter.
    """
    person = queries.by_address(email)
    if person is None:
        person = _new_person(
            name=name, email=email, password_hash=password_hash, time_zone=time_zone, locale=locale, at=at
        )
        audit.write(
            action="person.signed_up",
            on=KIND,
            id=person.id,
            by=person.id,
            after={"name": name, "email": email},
        )
    elif person.disabled_at is not None:
        return
    elif person.confirmed_at is not None:
        link = links.make_link(person, LinkKind.RESET, at=at)
        post(letters.already_known(person, link), to=person.email, person_id=person.id)
        return
    else:
        person.password_hash = password_hash
        db.session.flush()
    link = links.make_link(person, LinkKind.CONFIRM, at=at, then=then)
    post(letters.confirm(person, link), to=person.email, person_id=person.id)


def confirm(token: str, *, at: datetime) -> Person:
    """Confirm an address by its link; raises Invalid when the link is not good (any more)."""
    person = links.use(token, LinkKind.CONFIRM, at=at) or _link_is_over()
    _note_confirmed(person, at)
    return person


def ask_reset(email: str, *, at: datetime) -> None:
    """Send a link to choose a new password, if somebody may use one."""
    person = queries.by_address(email)
    if person is not None and person.disabled_at is None:
        link = links.make_link(person, LinkKind.RESET, at=at)
        post(letters.reset(person, link), to=person.email, person_id=person.id)


def reset_password(token: str, *, password_hash: str, at: datetime) -> Person:
    """Set a new password by a link, which confirms the address too; every session of the person ends."""
    person = links.use(token, LinkKind.RESET, LinkKind.WELCOME, at=at) or _link_is_over()
    _note_confirmed(person, at)
    _set_password(person, password_hash, by=person.id)
    return person


def change_password(person: Person, *, password_hash: str, by: int, at: datetime) -> None:
    """Set a new password; every session of the person ends and their links with it."""
    del at  # the audit reads its own clock; a parameter so that all verbs are called alike
    _set_password(person, password_hash, by=by)


def renew_hash(person: Person, *, seen: str, password_hash: str) -> None:
    """Keep the same password under today's costs, unless it was changed meanwhile."""
    if person.password_hash == seen:
        person.password_hash = password_hash


def update_profile(person: Person, *, seen: int, by: int, at: datetime, **values: Any) -> None:
    """Change a profile as seen in version `seen`; raises Stale with both values, or Invalid for an impossible
    manager.
    """
    if unknown := set(values) - set(PROFILE):
        raise TypeError(f"no part of a profile: {', '.join(sorted(unknown))}")
    edit(person, seen=seen, by=by, at=at, **values)


def add_person(
    *,
    email: str,
    name: str,
    role: str = Role.MEMBER,
    password_hash: str | None = None,
    by: int | None,
    at: datetime,
    time_zone: str | None = None,
) -> Person:
    """Add a person whose address somebody vouches for; raises Invalid when it is taken. Without a password:
    send a link.
    """
    if queries.by_address(email) is not None:
        raise Invalid(_("There is somebody with the address %(email)s already.", email=email), field="email")
    zone = time_zone or current().default_time_zone
    person = _new_person(
        name=name, email=email, password_hash=password_hash, time_zone=zone, locale=None, at=at
    )
    person.confirmed_at = at
    audit.write(action="person.added", on=KIND, id=person.id, by=by, after={"name": name, "email": email})
    give_role(person, role=role, by=by, at=at)
    return person


def invite(person: Person, *, at: datetime) -> str:
    """Post the letter with which somebody chooses their first password; the link as well, for a terminal to
    show.
    """
    link = links.make_link(person, LinkKind.WELCOME, at=at)
    post(letters.welcome(person, link), to=person.email, person_id=person.id)
    return link


def invite_again(people: Sequence[Person], *, by: int, at: datetime) -> int:
    """Post the welcoming letter again to those who have not chosen a password yet; how many."""
    waiting = [person for person in people if person.password_hash is None and person.disabled_at is None]
    for person in waiting:
        invite(person, at=at)
        audit.write(action="person.invited_again", on=KIND, id=person.id, by=by)
    return len(waiting)


def make_link(person: Person, kind: LinkKind, *, at: datetime) -> str:
    """A new link for `person`, to be handed over by other means than a letter."""
    return links.make_link(person, kind, at=at)


def give_role(person: Person, *, role: str, by: int | None, at: datetime) -> None:
    """Give a role beyond member; giving one that is held already changes nothing."""
    del at
    role = Role(role).value
    if role in person.roles:
        return
    before = sorted(person.roles)
    person.role_grants.append(RoleGrant(role=role))
    db.session.flush()
    _note_roles(person, before, by)


def take_role(person: Person, *, role: str, by: int | None, at: datetime) -> None:
    """Take a role away."""
    del at
    before = sorted(person.roles)
    for grant in [granted for granted in person.role_grants if granted.role == role]:
        person.role_grants.remove(grant)
    db.session.flush()
    if sorted(person.roles) != before:
        _note_roles(person, before, by)


def _new_person(**facts: Any) -> Person:
    at = facts.pop("at")
    person = Person(**facts, created_at=at)
    db.session.add(person)
    db.session.flush()
    return person


def _note_confirmed(person: Person, at: datetime) -> None:
    if person.confirmed_at is None:
        person.confirmed_at = at
        audit.write(action="person.confirmed", on=KIND, id=person.id, by=person.id)


def _set_password(person: Person, password_hash: str, *, by: int) -> None:
    person.password_hash = password_hash
    sessions.end_all(person.id)
    audit.write(action="person.password_changed", on=KIND, id=person.id, by=by)
    post(letters.password_changed(person), to=person.email, person_id=person.id)


def _note_roles(person: Person, before: list[str], by: int | None) -> None:
    values: Mapping[str, Any] = {"roles": before}
    audit.write(
        action="person.roles_changed",
        on=KIND,
        id=person.id,
        by=by,
        before=values,
        after={"roles": sorted(person.roles)},
    )


def _link_is_over() -> Person:
    raise Invalid(_("This link was used already, or it is too old. Ask for a new one."))
