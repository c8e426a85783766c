"""Export a person's data, erase a person, and clear every day what has been kept long enough.

Why and for how long a column is kept stands beside it in the models (`kept`, `OWNER` and `MENTION` of db.py),
and exports and erasures follow from that. An erased person stays as a row without a name, so that what others
did with them still adds up. The audit's chain survives, since it covers digests and not values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, delete, exists, inspect, or_, select, union, update
from sqlalchemy.orm import joinedload

from portal import audit
from portal.calendars.models import Invitation
from portal.clock import now
from portal.core.permissions import Role
from portal.db import Kind, Model, Retention, db, transaction
from portal.errors import Invalid, NotFound
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.pairings.offers import withdrawal as leaving
from portal.people import versions
from portal.people.models import AccountLink, Person, RoleGrant, Throttle, UserSession
from portal.programmes.models import Enrolment

ERASED_NAME = "Former colleague"


@dataclass(frozen=True)
class Clearing:
    """One thing the daily run clears: what it says, which rows are due at a moment, and what becomes of a
    row.
    """

    says: str
    due: Callable[[datetime], Select[Any]]
    clear: Callable[[Any], None]


def _delete(row: Model) -> None:
    db.session.delete(row)


def _never_confirmed(at: datetime) -> Select[Any]:
    stranger = Person.confirmed_at.is_(None) & (Person.created_at < at - timedelta(days=14))
    trusted = exists().where(RoleGrant.person_id == Person.id)
    joined = exists().where(Enrolment.person_id == Person.id)
    asked_again = exists().where(AccountLink.person_id == Person.id, AccountLink.expires_at > at)
    return select(Person).where(stranger, Person.disabled_at.is_(None), ~trusted, ~joined, ~asked_again)


def _letters_done(at: datetime) -> Select[Any]:
    done = OutboxLetter.state.in_(("sent", "failed", "kept"))
    return select(OutboxLetter).where(done, OutboxLetter.created_at < at - timedelta(days=180))


def _old_values(at: datetime) -> Select[Any]:
    return select(audit.AuditEntry).where(
        audit.AuditEntry.salt.is_not(None), audit.AuditEntry.at < at - timedelta(days=730)
    )


CLEARINGS = (
    Clearing("ended sessions", lambda at: select(UserSession).where(UserSession.expires_at < at), _delete),
    Clearing(
        "used or late links",
        lambda at: select(AccountLink).where(AccountLink.expires_at < at - timedelta(days=1)),
        _delete,
    ),
    Clearing(
        "forgotten failed tries",
        lambda at: select(Throttle).where(Throttle.changed_at < at - timedelta(days=1)),
        _delete,
    ),
    Clearing("accounts never confirmed", _never_confirmed, _delete),
    Clearing("letters older than 180 days", _letters_done, _delete),
    Clearing("audit values older than two years", _old_values, audit.erase_values),
)
BATCH = 500


def run(*, dry_run: bool = False) -> list[str]:
    """Clear what is due, in batches of their own transactions; a line for each kind, with how many rows."""
    moment, lines = now(), []
    for clearing in CLEARINGS:
        count = _count(clearing, moment) if dry_run else _clear(clearing, moment)
        lines.append(f"{clearing.says}: {count}")
    return lines


def _count(clearing: Clearing, at: datetime) -> int:
    rows = clearing.due(at).with_only_columns(db.func.count(), maintain_column_froms=True)
    return db.session.scalar(rows) or 0


def _clear(clearing: Clearing, at: datetime) -> int:
    cleared = 0
    while True:
        with transaction():
            rows = db.session.scalars(clearing.due(at).limit(BATCH)).all()
            for row in rows:
                clearing.clear(row)
        cleared += len(rows)
        if len(rows) < BATCH:
            return cleared


def export(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Everything kept about `person`, by table, but for secrets; values as JSON can hold them."""
    queries = _rows_of(person)
    tables = {name: [_as_dict(row) for row in db.session.scalars(query)] for name, query in queries.items()}
    for entry in tables["audit_entry"]:
        if (entry["object_kind"], entry["object_id"]) != ("person", str(person.id)):
            entry.update(before=None, after=None, reason=None)  # what they did to others is others' data
    return tables


def _rows_of(person: Person) -> dict[str, Select[Any]]:
    """For each model with something about people in it, the person's own rows: those that name them as owner,
    and those that go with such a row (a wish with its enrolment).
    """
    queries = {}
    for mapper in Model.registry.mappers:
        table = mapper.local_table
        if Kind.PERSONAL in _kinds(table) and (condition := _is_theirs(table, person.id)) is not None:
            queries[mapper.class_] = condition
    entry = audit.AuditEntry
    queries[Person] = Person.id == person.id
    queries[OutboxLetter] |= OutboxLetter.to_address == person.email
    queries[entry] = _is_about(person.id) | (entry.actor_id == person.id)
    return {model.__tablename__: select(model).where(where) for model, where in queries.items()}


def _is_theirs(table: FromClause, person_id: int) -> ColumnElement[bool] | None:
    """Whether a row of `table` is the person's own; None when no row of it can be anybody's.

    A row with an owner is only its owner's, even when it belongs to a row of two people: a pairing's feed
    link is not the partner's.
    """
    to_person = [key.parent for key in table.foreign_keys if key.target_fullname == "person.id"]
    if owners := [column for column in to_person if column.info.get("owner")]:
        return or_(*(column == person_id for column in owners))
    conditions = []
    for key in table.foreign_keys:
        above = key.column.table
        if key.ondelete == "CASCADE" and above is not table and above.name != "person":
            theirs = _is_theirs(above, person_id)
            if theirs is not None:
                conditions.append(key.parent.in_(select(key.column).where(theirs)))
    return or_(*conditions) if conditions else None


def _kinds(table: FromClause) -> set[Kind]:
    return {_retention(column).kind for column in table.columns}


def _retention(column: ColumnElement[Any]) -> Retention:
    retention: Retention = column.info["retention"]
    return retention


def _is_about(person_id: int) -> ColumnElement[bool]:
    entry = audit.AuditEntry
    return (entry.object_kind == "person") & (entry.object_id == str(person_id))


def _as_dict(row: Model) -> dict[str, Any]:
    columns = (column for column in inspect(type(row)).columns if _retention(column).kind != Kind.SECRET)
    return {column.key: _plain(getattr(row, column.key)) for column in columns}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def erase(person_id: int, *, by: int | None, at: datetime) -> None:
    """Forget a person inside the open transaction: their rows go, and a row without a name stays.

    Raises NotFound, and Invalid for the last administrator.
    """
    person = db.session.get(Person, person_id)
    if person is None:
        raise NotFound
    if _is_last_administrator(person):
        raise Invalid("The last administrator cannot be erased. Make somebody else one first.")
    theirs = (
        select(Enrolment)
        .where(Enrolment.person_id == person.id)
        .options(joinedload(Enrolment.person), joinedload(Enrolment.programme))
    )
    for enrolment in db.session.scalars(theirs).all():
        leaving.withdraw(enrolment, at=at)
    db.session.execute(delete(OutboxLetter).where(OutboxLetter.to_address == person.email))
    _clear_references(person.id)
    _erase_audit_values(person.id)
    _rename_in_invitations(person)
    _remove_personal_data(person, at)
    versions.raise_card(person.id)
    audit.write(action="person.erased", on="person", id=person.id, by=by)


def _clear_references(person_id: int) -> None:
    """Do at every foreign key to a person what deleting the person would do, and delete what is their own.
    Pairings stay, with the row that stays, since they are the partner's too; so do a person's versions.
    """
    db.session.flush()
    for table in reversed(Model.metadata.sorted_tables):
        if _kinds(table) == {Kind.OPERATIONAL}:
            continue
        for key in table.foreign_keys:
            if key.target_fullname != "person.id" or key.ondelete is None:
                continue
            theirs = key.parent == person_id
            if key.ondelete == "CASCADE" or key.parent.info["owner"]:
                db.session.execute(delete(table).where(theirs))
            else:
                db.session.execute(update(table).where(theirs).values({key.parent: None}))
    db.session.expire_all()


def _erase_audit_values(person_id: int) -> None:
    entry = audit.AuditEntry
    by_them = entry.object_kind.in_(("person", "enrolment")) & (entry.actor_id == person_id)
    for row in db.session.scalars(select(entry).where(by_them | _is_about(person_id))):
        audit.erase_values(row)


def _rename_in_invitations(person: Person) -> None:
    """Partners' invitations say with whom they are to meet."""
    pairing, invitation = Pairing, Invitation
    partners = union(
        select(pairing.mentee_id).where(pairing.mentor_id == person.id),
        select(pairing.mentor_id).where(pairing.mentee_id == person.id),
    )
    named = invitation.summary.contains(person.name, autoescape=True)
    for row in db.session.scalars(select(invitation).where(invitation.person_id.in_(partners), named)):
        row.summary = row.summary.replace(person.name, ERASED_NAME)


def _is_last_administrator(person: Person) -> bool:
    others = (
        select(RoleGrant.id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == Role.ADMIN, RoleGrant.person_id != person.id, Person.disabled_at.is_(None))
    )
    return Role.ADMIN in person.roles and db.session.scalar(others.limit(1)) is None


def _remove_personal_data(person: Person, at: datetime) -> None:
    personal = (column for column in inspect(Person).columns if _retention(column).kind != Kind.OPERATIONAL)
    empty: dict[str, Any] = dict.fromkeys(column.key for column in personal)
    empty |= {"department": "", "site": "", "time_zone": "UTC", "hours": "", "languages": []}
    empty |= {"style": "balanced", "name": ERASED_NAME, "email": f"erased-{person.id}@erased.invalid"}
    for name, value in empty.items():
        setattr(person, name, value)
    person.disabled_at = person.disabled_at or at
