"""What follows from how long things are kept (retention_columns.py): export, erasure, and the daily clearing.

What is personal goes when the person asks (`erase`) or when its time is up (`run`). An erased person stays as
a row without a face, so that what others did with them still adds up; the audit's chain survives, since it
covers digests and not values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, exists, inspect, or_, select, update
from sqlalchemy.orm import joinedload

from portal import audit
from portal.calendars.models import CalendarAccount, CalendarChange, CalendarItem, FeedLink
from portal.clock import now
from portal.core.permissions import Role
from portal.db import Model, db, transaction
from portal.errors import Invalid, NotFound
from portal.letters.models import OutboxLetter
from portal.pairings.models import LeftOver, Pairing, Proposal
from portal.pairings.offers import withdrawal as leaving
from portal.people import versions
from portal.people.models import AccountLink, Person, RoleGrant, Throttle, UserSession
from portal.privacy.columns import COLUMNS
from portal.programmes.models import Avoided, Enrolment, ProgrammeStaff, Wish
from portal.schedule.models import CheckIn, Milestone, Series

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
    found = {
        name: [_as_dict(row) for row in db.session.scalars(query)] for name, query in _of(person).items()
    }
    for entry in found["audit_entry"]:
        if (entry["object_kind"], entry["object_id"]) != ("person", str(person.id)):
            entry.update(before=None, after=None, reason=None)  # what they did to others is others' data
    return found


def _of(person: Person) -> dict[str, Select[Any]]:
    mine = select(Enrolment.id).where(Enrolment.person_id == person.id)
    ours = select(Pairing.id).where(or_(Pairing.mentor_id == person.id, Pairing.mentee_id == person.id))
    accounts = select(CalendarAccount.id).where(CalendarAccount.person_id == person.id)
    proposed = or_(Proposal.mentor_enrolment_id.in_(mine), Proposal.mentee_enrolment_id.in_(mine))
    entry = audit.AuditEntry
    about = (entry.object_kind == "person") & (entry.object_id == str(person.id))
    return {
        "person": select(Person).where(Person.id == person.id),
        "role_grant": select(RoleGrant).where(RoleGrant.person_id == person.id),
        "user_session": select(UserSession).where(UserSession.person_id == person.id),
        "letter": select(OutboxLetter).where(
            or_(OutboxLetter.person_id == person.id, OutboxLetter.to_address == person.email)
        ),
        "programme_staff": select(ProgrammeStaff).where(ProgrammeStaff.person_id == person.id),
        "enrolment": select(Enrolment).where(Enrolment.person_id == person.id),
        "wish": select(Wish).where(Wish.enrolment_id.in_(mine)),
        "avoided": select(Avoided).where(Avoided.enrolment_id.in_(mine)),
        "proposal": select(Proposal).where(proposed),
        "left_over": select(LeftOver).where(LeftOver.enrolment_id.in_(mine)),
        "pairing": select(Pairing).where(Pairing.id.in_(ours)),
        "series": select(Series).where(Series.pairing_id.in_(ours)),
        "check_in": select(CheckIn).where(
            CheckIn.series_id.in_(select(Series.id).where(Series.pairing_id.in_(ours)))
        ),
        "milestone": select(Milestone).where(Milestone.pairing_id.in_(ours)),
        "feed_link": select(FeedLink).where(FeedLink.person_id == person.id),
        "calendar_account": select(CalendarAccount).where(CalendarAccount.person_id == person.id),
        "calendar_item": select(CalendarItem).where(CalendarItem.account_id.in_(accounts)),
        "calendar_change": select(CalendarChange).where(CalendarChange.account_id.in_(accounts)),
        "audit_entry": select(entry).where(or_(about, entry.actor_id == person.id)),
    }


def _as_dict(row: Model) -> dict[str, Any]:
    columns = COLUMNS[row.__tablename__]
    shown = (name for name, kept in columns.items() if not kept.secret)
    return {name: _plain(getattr(row, name)) for name in shown}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def erase(person_id: int, *, by: int | None, at: datetime) -> None:
    """Forget a person inside the open transaction: their rows go, and a row without a face stays."""
    person = db.session.get(Person, person_id)
    if person is None:
        raise NotFound
    if _is_last_administrator(person):
        raise Invalid("The last administrator cannot be erased. Make somebody else one first.")
    queries = _of(person)
    theirs = queries["enrolment"].options(joinedload(Enrolment.person), joinedload(Enrolment.programme))
    for enrolment in db.session.scalars(theirs).all():
        leaving.withdraw(enrolment, at=at)
    for name in ("user_session", "letter", "enrolment", "role_grant", "feed_link", "calendar_account"):
        for row in db.session.scalars(queries[name]):
            db.session.delete(row)
    for model in (AccountLink, Avoided, ProgrammeStaff):
        db.session.execute(delete(model).where(model.person_id == person.id))
    db.session.execute(update(Person).where(Person.manager_id == person.id).values(manager_id=None))
    about = audit.AuditEntry.object_kind.in_(("person", "enrolment")) & (
        audit.AuditEntry.actor_id == person.id
    )
    of_person = (audit.AuditEntry.object_kind == "person") & (audit.AuditEntry.object_id == str(person.id))
    for entry in db.session.scalars(select(audit.AuditEntry).where(or_(about, of_person))):
        audit.erase_values(entry)
    _take_the_face(person, at)
    versions.raise_card(person.id)
    audit.write(action="person.erased", on="person", id=person.id, by=by)


def _is_last_administrator(person: Person) -> bool:
    others = (
        select(RoleGrant.id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == Role.ADMIN, RoleGrant.person_id != person.id, Person.disabled_at.is_(None))
    )
    return Role.ADMIN in person.roles and db.session.scalar(others.limit(1)) is None


def _take_the_face(person: Person, at: datetime) -> None:
    plain = {column.key: None for column in inspect(Person).columns if COLUMNS["person"][column.key].personal}
    empty: dict[str, Any] = {"department": "", "site": "", "time_zone": "UTC", "hours": "", "languages": []}
    for name, value in {
        **plain,
        **empty,
        "style": "balanced",
        "name": ERASED_NAME,
        "password_hash": None,
    }.items():
        setattr(person, name, value)
    person.email = f"erased-{person.id}@erased.invalid"
    person.disabled_at = person.disabled_at or at
