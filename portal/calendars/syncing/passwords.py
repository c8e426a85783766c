"""Stored calendar passwords: what they are bound to, which of them no key opens, and sealing them anew."""

from sqlalchemy import select, update

from portal.calendars.models import CalendarAccount
from portal.db import db
from portal.people.models import Person
from portal.vault import Place, Unreadable, keyring


def place(uid: str) -> Place:
    """The row and column that an account's password is bound to."""
    return Place("calendar_account", uid, "sealed_password")


def unopened() -> list[str]:
    """The addresses of people whose stored calendar password no key opens."""
    row = CalendarAccount
    stored = select(row.uid, row.sealed_password, Person.email).join(Person, Person.id == row.person_id)
    emails = []
    for uid, sealed, email in db.session.execute(
        stored.where(row.sealed_password.is_not(None)).order_by(Person.email)
    ):
        try:
            keyring().open(sealed or "", place(uid))
        except Unreadable:
            emails.append(email)
    return emails


def seal_anew(*, most: int) -> int:
    """Seal with the first key up to `most` passwords that another key sealed; how many, 0 when all are
    done.
    """
    row, first = CalendarAccount, keyring().first
    other = row.sealed_password.is_not(None) & ~row.sealed_password.startswith(f"{first}:", autoescape=True)
    rows = db.session.execute(
        select(row.id, row.uid, row.sealed_password).where(other).order_by(row.id).limit(most)
    ).all()
    for account_id, uid, sealed in rows:
        anew = keyring().seal(keyring().open(sealed or "", place(uid)), place(uid))
        is_unchanged = (row.id == account_id) & (row.sealed_password == sealed)
        query = update(row).where(is_unchanged).values(sealed_password=anew)
        db.session.execute(query.execution_options(synchronize_session=False))
    return len(rows)
