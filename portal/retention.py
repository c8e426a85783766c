"""Every column: why it is kept and for how long; and what follows from that: export, erasure, and the daily clearing.

`COLUMNS` must list every column of every table; a test of the house sees to it. What is personal goes when the person asks
(`erase`) or when its time is up (`run`). An erased person stays as a row without a face, so that what others did with
them still adds up; the audit's chain survives, since it covers digests and not values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, exists, inspect, or_, select, update

from portal import audit
from portal.clock import now
from portal.core.permissions import Role
from portal.db import Model, db, transaction
from portal.errors import Invalid, NotFound
from portal.letters.models import OutboxLetter
from portal.people.models import AccountLink, Person, RoleGrant, Throttle, UserSession
from portal.programmes.models import Avoided, Enrolment, ProgrammeStaff, Wish

ERASED_NAME = "Former colleague"


@dataclass(frozen=True)
class Kept:
    """Why a column is kept and until when. `personal` columns are erased on request; `secret` ones are never exported."""

    why: str
    until: str
    personal: bool = True
    secret: bool = False


ACCOUNT = "as long as the account"
SEASON = "as long as the enrolment"
HOUSE = Kept("the portal's own bookkeeping", "as long as the row", personal=False)
PROFILE = Kept("to match people and find common hours", ACCOUNT)
CONTACT = Kept("to know and reach the person", ACCOUNT)
WISHES = Kept("what the person asked for in this programme", SEASON)
OWN = Kept("set by staff for everybody", "as long as the programme", personal=False)
SESSION = Kept("to keep a browser signed in and show where", "until it ends, 30 days at most")
LINK = Kept("to prove an address once", "one day after it ends", secret=True)
LETTER = Kept("to send a letter and show that it went", "180 days")
DEED = Kept("to show who changed what", "values for two years, the fact for good")
SECRET = Kept("to check a password", ACCOUNT, secret=True)

COLUMNS: dict[str, dict[str, Kept]] = {
    "person": {
        **dict.fromkeys(("id", "created_at", "version", "confirmed_at", "disabled_at"), HOUSE),
        **dict.fromkeys(("email", "name", "locale"), CONTACT),
        "password_hash": SECRET,
        **dict.fromkeys(("department", "site", "time_zone", "country", "hours", "languages"), PROFILE),
        **dict.fromkeys(("grade", "manager_id", "style"), PROFILE),
    },
    "role_grant": {"id": HOUSE, "person_id": HOUSE, "role": Kept("to know what the person may do", ACCOUNT)},
    "user_session": {
        "id": HOUSE,
        "token_digest": LINK,
        **dict.fromkeys(("person_id", "created_at", "seen_at", "expires_at", "address", "agent"), SESSION),
    },
    "account_link": dict.fromkeys(
        ("id", "person_id", "kind", "token_digest", "password_digest", "expires_at", "used_at"), LINK
    ),
    "throttle": dict.fromkeys(
        ("key", "failures", "blocked_until", "changed_at"),
        Kept("to slow down guessing; a digest, no address", "one day", personal=False),
    ),
    "letter": {
        **dict.fromkeys(("id", "uid", "attempts", "next_try_at", "lease_holder", "lease_until"), HOUSE),
        **dict.fromkeys(("kind", "to_address", "person_id", "subject", "text", "html"), LETTER),
        **dict.fromkeys(("state", "last_error", "created_at", "sent_at"), LETTER),
        "sealed_link": Kept("to put the private link into the letter", "until the letter has left", secret=True),
    },
    "audit_entry": {
        **dict.fromkeys(("position", "salt", "digest", "link", "request_id"), HOUSE),
        **dict.fromkeys(("at", "actor_id", "action", "object_kind", "object_id", "before", "after", "reason"), DEED),
    },
    "worker_beat": {"worker": HOUSE, "seen_at": HOUSE},
    "programme": dict.fromkeys(
        (
            *("id", "name", "promise", "label", "state", "starts_on", "ends_on", "sign_up_until", "leads"),
            *("cadence_every", "cadence_unit", "meetings", "meeting_minutes", "rules", "weights", "created_at", "version"),
        ),
        OWN,
    ),
    "programme_staff": {"programme_id": OWN, "person_id": Kept("to know who runs the programme", "as long as they do")},
    "topic": dict.fromkeys(("id", "area", "label", "aliases", "retired_at"), OWN),
    "enrolment": {
        **dict.fromkeys(("id", "version"), HOUSE),
        **dict.fromkeys(("programme_id", "person_id", "as_mentor", "as_mentee", "mentor_capacity"), WISHES),
        **dict.fromkeys(("mentee_capacity", "place", "off_the_table", "state", "steps_done", "paused_until"), WISHES),
        **dict.fromkeys(("begun_at", "joined_at"), WISHES),
    },
    "wish": dict.fromkeys(("id", "enrolment_id", "topic_id", "side", "level", "rank"), WISHES),
    "avoided": dict.fromkeys(("enrolment_id", "person_id"), Kept("so that the two are never paired", SEASON)),
}


@dataclass(frozen=True)
class Clearing:
    """One thing the daily run clears: what it says, which rows are due at a moment, and what becomes of a row."""

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
    return select(audit.AuditEntry).where(audit.AuditEntry.salt.is_not(None), audit.AuditEntry.at < at - timedelta(days=730))


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
    found = {name: [_as_dict(row) for row in db.session.scalars(query)] for name, query in _of(person).items()}
    for entry in found["audit_entry"]:
        if (entry["object_kind"], entry["object_id"]) != ("person", str(person.id)):
            entry.update(before=None, after=None, reason=None)  # what they did to others is others' data
    return found


def _of(person: Person) -> dict[str, Select[Any]]:
    mine = select(Enrolment.id).where(Enrolment.person_id == person.id)
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
    for name in ("user_session", "letter", "enrolment", "role_grant"):
        for row in db.session.scalars(queries[name]):
            db.session.delete(row)
    for model in (AccountLink, Avoided, ProgrammeStaff):
        db.session.execute(delete(model).where(model.person_id == person.id))
    db.session.execute(update(Person).where(Person.manager_id == person.id).values(manager_id=None))
    about = audit.AuditEntry.object_kind.in_(("person", "enrolment")) & (audit.AuditEntry.actor_id == person.id)
    of_person = (audit.AuditEntry.object_kind == "person") & (audit.AuditEntry.object_id == str(person.id))
    for entry in db.session.scalars(select(audit.AuditEntry).where(or_(about, of_person))):
        audit.erase_values(entry)
    _take_the_face(person, at)
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
    for name, value in {**plain, **empty, "style": "balanced", "name": ERASED_NAME, "password_hash": None}.items():
        setattr(person, name, value)
    person.email = f"erased-{person.id}@erased.invalid"
    person.disabled_at = person.disabled_at or at
