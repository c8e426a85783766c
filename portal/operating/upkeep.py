"""What is done before the portal serves, and by whoever looks after it: migrating, loading what a new one
needs, looking whether all is well."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from portal import audit, work
from portal.calendars.by_mail import mailbox
from portal.calendars.syncing import passwords as calendar_passwords
from portal.clock import now
from portal.core.permissions import Role
from portal.db import db, transaction
from portal.errors import Invalid, PortalError
from portal.letters import outbox, smtp
from portal.letters.models import OutboxLetter
from portal.operating import migrations
from portal.people.accounts.actions import add_person, invite, make_link
from portal.people.accounts.links import LinkKind
from portal.people.accounts.passwords import check_strength, hashed
from portal.people.addresses import clean_address
from portal.people.models import Person
from portal.people.queries import by_address
from portal.programmes.actions import load_catalogue
from portal.settings import Settings
from portal.web.health import latest_migration, migrated

MIGRATION_LOCK = 0x6D696772617465  # "migrate": PostgreSQL's advisory lock


@dataclass(frozen=True)
class Finding:
    """One thing the doctor looked at: whether it is well, and what to do if not."""

    part: str
    well: bool
    says: str


def migrate(app: Flask) -> str:
    """Bring the tables to this release; the latest revision. Several at once wait for each other, then find
    it done.
    """
    with app.app_context(), _alone(app.extensions["settings"]):
        if not _at_latest():
            migrations.upgrade(app)
        db.session.remove()
    return latest_migration() or ""


def load_topics() -> int:
    """Put the topics that ship into the table; how many were new or changed."""
    with transaction():
        return load_catalogue()


def rotate_keys() -> int:
    """Seal every secret anew with the first key, a hundred at a time; how many."""
    total = 0
    while True:
        with transaction():
            count = outbox.seal_anew(most=100) + calendar_passwords.seal_anew(most=100)
        total += count
        if not count:
            return total


def empty() -> bool:
    """Whether nobody has an account yet."""
    return not db.session.scalar(select(func.count()).select_from(Person))


def first_administrator(email: str, name: str) -> str:
    """Add the first administrator, or find them again; a one-time link to choose a password. Raises Invalid
    later on.
    """
    email = _address(email)
    with transaction():
        person = by_address(email)
        if person is None and not empty():
            raise Invalid(
                "There are people already. Add an administrator with `portal person add --role admin`."
            )
        if person is None:
            person = add_person(email=email, name=name, role=Role.ADMIN, by=None, at=now())
        elif Role.ADMIN not in person.roles:
            raise Invalid(f"{email} is there already and is no administrator.")
        return make_link(person, LinkKind.WELCOME, at=now())


def new_person(email: str, *, name: str, role: str, password: str | None) -> str | None:
    """Add a person; without a password the one-time link that was also posted to them."""
    email = _address(email)
    if password is not None:
        check_strength(password, personal=(name, email))
    kept = hashed(password) if password is not None else None
    with transaction():
        person = add_person(email=email, name=name, role=role, password_hash=kept, by=None, at=now())
        return None if kept else invite(person, at=now())


def _address(text: str) -> str:
    try:
        return clean_address(text)
    except ValueError as error:
        raise Invalid(f"“{text}” is no e-mail address.") from error


def _at_latest() -> bool:
    try:
        return migrated()
    finally:
        db.session.rollback()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
            yield
        return
    with (settings.instance / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def examine(app: Flask) -> Iterator[Finding]:
    """Look at every part; inside an application context. No part stops the others from being looked at."""
    settings: Settings = app.extensions["settings"]
    yield Finding("settings", True, settings.public_url)
    for part, look in LOOKS.items():
        try:
            yield Finding(part, *look(settings))
        except (SQLAlchemyError, OSError) as error:
            with suppress(SQLAlchemyError):
                db.session.rollback()
            yield Finding(part, False, str(getattr(error, "orig", None) or error).splitlines()[0])
        except PortalError as error:
            yield Finding(part, False, error.message)


def _database(_settings: Settings) -> tuple[bool, str]:
    db.session.execute(text("SELECT 1"))
    return True, db.engine.url.render_as_string(hide_password=True)


def _migrations(_settings: Settings) -> tuple[bool, str]:
    done = migrated()
    return done, f"at {latest_migration()}" if done else "not at the latest; run `portal migrate`"


def _worker(_settings: Settings) -> tuple[bool, str]:
    alive = work.alive()
    return alive, "seen lately" if alive else "none seen lately; run `portal worker` or `portal serve`"


def _mail(settings: Settings) -> tuple[bool, str]:
    if settings.mail is None:
        return True, "no MAIL_URL, so letters are kept for staff and none is sent"
    try:
        with smtp.connected(settings.mail):
            return True, f"{settings.mail.host}:{settings.mail.port} answers"
    except smtp.NotSent as trouble:
        return False, f"{settings.mail.host}:{settings.mail.port}: {trouble.message}; check MAIL_URL"


def _answers(settings: Settings) -> tuple[bool, str]:
    """Whether answers to invitations are read, and where from."""
    if settings.mailbox is None:
        by_hand = (
            "read by `portal letters receive` alone"
            if settings.reply_address
            else "not read, as invitations say"
        )
        return True, f"no IMAP_URL, so answers to invitations are {by_hand}"
    try:
        with mailbox.connected(settings.mailbox) as folder:
            waiting = len(folder.new(at=now()))
        return True, f"{settings.mailbox.folder} at {settings.mailbox.host} is read; {waiting} messages wait"
    except mailbox.NotRead as trouble:
        return (
            False,
            f"{settings.mailbox.folder} at {settings.mailbox.host}: {trouble.message}; check IMAP_URL",
        )


def _keys(_settings: Settings) -> tuple[bool, str]:
    sealed = (
        select(OutboxLetter).where(OutboxLetter.sealed_link.is_not(None)).order_by(OutboxLetter.id.desc())
    )
    rows = db.session.scalars(sealed.limit(200)).all()
    for row in rows:
        outbox.private_link(row)
    return True, f"{len(rows)} sealed values looked at, all open"


def _calendars(_settings: Settings) -> tuple[bool, str]:
    """Whether every calendar password opens."""
    shut = calendar_passwords.unopened()
    if shut:
        return (
            False,
            f"no key opens the password of {', '.join(shut)}; bring the key back, or let them type it again",
        )
    return True, "every stored password opens"


def _audit(_settings: Settings) -> tuple[bool, str]:
    count, wrong = audit.verify()
    return wrong is None, wrong or f"{count} entries, none altered"


def _letters(_settings: Settings) -> tuple[bool, str]:
    failed = db.session.scalar(
        select(func.count()).select_from(OutboxLetter).where(OutboxLetter.state == "failed")
    )
    return (
        not failed,
        f"{failed} failed; see `portal letters list --state failed`" if failed else "none failed",
    )


LOOKS: dict[str, Callable[[Settings], tuple[bool, str]]] = {
    "database": _database,
    "migrations": _migrations,
    "worker": _worker,
    "mail server": _mail,
    "letters": _letters,
    "answers": _answers,
    "keys": _keys,
    "calendars": _calendars,
    "audit": _audit,
}
