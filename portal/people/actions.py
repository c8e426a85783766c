"""Editing a person, by themselves or by staff, and taking an edit back. All tables are edited in this way:

an edit carries the version it saw; what did not change is no edit; a stale one raises Stale with both values;
what changed is one audit entry, and that entry is all an undo needs.
"""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from portal import audit
from portal.core.permissions import Role
from portal.core.translatable import N_
from portal.db import db
from portal.errors import Invalid, NotFound, Stale
from portal.people import closing, queries, versions
from portal.people.models import Person, RoleGrant

KIND = "person"
EDITED = "person.edited"
PROFILE = (
    *("name", "department", "site", "time_zone", "country", "hours", "languages"),
    *("grade", "manager_id", "style", "locale"),
)
FIELDS = (*PROFILE, "roles", "disabled")
SHOWN_TO_THEMSELVES = {"locale", "time_zone"}
"""What a person's own calendar is written in."""


def edit(
    person: Person,
    *,
    seen: int,
    by: int,
    at: datetime,
    reason: str = "",
    may_give_roles: bool = False,
    **values: Any,
) -> audit.AuditEntry | None:
    """Change what differs, as seen in version `seen`; the audit's entry, or None when nothing differs.

    Raises Stale with both values when somebody was faster; Invalid for an impossible manager or for shutting
    oneself out.
    """
    if unknown := set(values) - set(FIELDS):
        raise TypeError(f"no part of a person: {', '.join(sorted(unknown))}")
    changed = {name: value for name, value in values.items() if value_of(person, name) != value}
    if not changed:
        return None
    before = {name: value_of(person, name) for name in changed}
    if seen != person.version:
        raise Stale(_("Somebody changed this while you were editing."), theirs=before, yours=changed)
    _check_power(person, changed, by=by, may_give_roles=may_give_roles)
    return _change(person, before, changed, by=by, at=at, reason=reason)


def undo(position: int, *, by: int, at: datetime, may_give_roles: bool) -> Person:
    """Take the edit with that audit position back; raises Invalid when it cannot be (any more)."""
    entry = db.session.get(audit.AuditEntry, position)
    if entry is None or entry.action != EDITED or not entry.before or not entry.after:
        raise NotFound
    person = db.session.get(Person, int(entry.object_id))
    if person is None:
        raise NotFound
    present = {name: value_of(person, name) for name in entry.before}
    if present == entry.before:
        raise Invalid(_("This is undone already."))
    if present != entry.after:
        raise Invalid(
            _("This was changed again since, so it cannot be undone by itself. Edit the row instead.")
        )
    _check_power(person, dict(entry.before), by=by, may_give_roles=may_give_roles)
    _change(person, present, dict(entry.before), by=by, at=at, reason=N_("Undone"))
    return person


def can_be_undone(entry: audit.AuditEntry, person: Person) -> bool:
    """Whether `undo` would take this entry back now."""
    if entry.action != EDITED or not entry.before or not entry.after:
        return False
    return entry.before != entry.after and all(
        value_of(person, name) == value for name, value in entry.after.items()
    )


def who_changed_last(person_id: int) -> audit.AuditEntry | None:
    """The latest edit of a person."""
    edits = audit.AuditEntry.object_kind == KIND, audit.AuditEntry.object_id == str(person_id)
    query = select(audit.AuditEntry).where(*edits, audit.AuditEntry.action == EDITED)
    return db.session.scalars(query.order_by(audit.AuditEntry.position.desc()).limit(1)).one_or_none()


def value_of(person: Person, name: str) -> Any:
    """A field's present value, as the audit keeps it."""
    if name == "roles":
        return sorted(person.roles - {Role.MEMBER.value})
    if name == "disabled":
        return person.disabled_at is not None
    return getattr(person, name)


def check_manager(person_id: int, manager_id: int | None) -> None:
    """Raise Invalid unless `manager_id` may stand above the person: not they themselves, nor anybody below
    them.
    """
    if manager_id is None:
        return
    if manager_id == person_id:
        raise Invalid(
            _("Nobody reports to themselves. Name the person above, or leave it empty."), field="manager"
        )
    if person_id in queries.line_above(manager_id):
        raise Invalid(
            _("This person reports to you already, so it would go in a circle. Name somebody else."),
            field="manager",
        )


def _check_power(person: Person, after: dict[str, Any], *, by: int, may_give_roles: bool) -> None:
    """Only those who give roles touch roles, or whether an administrator gets in; and nobody shuts themselves
    out.
    """
    if "roles" in after and not may_give_roles:
        raise NotFound
    if "disabled" in after and Role.ADMIN in person.roles and not may_give_roles:
        raise Invalid(
            _("Only an administrator can close or open an administrator's account."), field="disabled"
        )
    if after.get("disabled") and person.id == by:
        raise Invalid(
            _("You cannot close your own account here. Ask another administrator."), field="disabled"
        )
    if Role.ADMIN in person.roles and Role.ADMIN not in after.get("roles", [Role.ADMIN]) and person.id == by:
        raise Invalid(
            _("You cannot take the administrator's role from yourself. Ask another one."), field="roles"
        )


def _change(
    person: Person, before: dict[str, Any], after: dict[str, Any], *, by: int, at: datetime, reason: str
) -> audit.AuditEntry:
    if "manager_id" in after:
        check_manager(person.id, after["manager_id"])
    for name, value in after.items():
        _set(person, name, value, at)
    if "name" in after:
        versions.raise_card(person.id)
    elif set(after) & SHOWN_TO_THEMSELVES:
        versions.raise_calendar([person.id])
    return audit.write(action=EDITED, on=KIND, id=person.id, by=by, before=before, after=after, reason=reason)


def _set(person: Person, name: str, value: Any, at: datetime) -> None:
    if name == "disabled":
        if value:
            closing.close(person, at=at)
        else:
            person.disabled_at = None
    elif name == "roles":
        grants = {grant.role: grant for grant in person.role_grants}
        person.role_grants[:] = [grants.get(role) or RoleGrant(role=Role(role).value) for role in value]
        flag_modified(person, "name")  # so that the version rises: roles are rows of their own
    else:
        setattr(person, name, value)
