"""A person's account on a real server, and what tests ask about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from portal.calendars.accounts import actions as accounts
from portal.calendars.entries import entries_of
from portal.calendars.models import CalendarAccount, CalendarChange, CalendarItem
from portal.calendars.syncing import sync
from portal.clock import now
from portal.core.calendar import documents
from portal.core.calendar.expansion import View
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.people.models import Person
from tests.calendars.servers import CalendarServer


class Account:
    """Somebody's account. `url` may go through a proxy."""

    def __init__(self, server: CalendarServer, person: Person, url: str = "") -> None:
        self.server, self.person, self.url = server, person, url or server.url

    def connect(self, **more: Any) -> Account:
        """Store it, as its page does; a worker has not been there yet."""
        given = {
            "address": self.url,
            "username": self.server.username,
            "password": self.server.password,
            **more,
        }
        with transaction():
            person = db.session.get_one(Person, self.person.id)
            self.id = accounts.connect(person, **given, by=person.id, at=now()).id
        return self

    def sync(self, *, at_once: bool = True) -> CalendarAccount:
        """One round; the account afterwards."""
        sync.sync(self.id, at_once=at_once)
        return self.row

    def act(self, verb: Any, **more: Any) -> None:
        """What its owner does on the page."""
        with transaction():
            verb(db.session.get_one(CalendarAccount, self.id), by=self.person.id, at=now(), **more)

    @property
    def row(self) -> CalendarAccount:
        """The account as it stands."""
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(CalendarAccount, self.id)

    @property
    def folder(self) -> str:
        """The path of its calendar."""
        return self.row.calendar_url.removeprefix(self.row.origin)

    @property
    def items(self) -> dict[str, CalendarItem]:
        """What is known of its entries, by UID."""
        db.session.rollback()
        rows = db.session.scalars(select(CalendarItem).where(CalendarItem.account_id == self.id))
        return {each.uid: each for each in rows}

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The changes noted of its owner, in order."""
        db.session.rollback()
        query = select(CalendarChange).where(CalendarChange.account_id == self.id).order_by(CalendarChange.id)
        return [each.change for each in db.session.scalars(query)]

    @property
    def letters(self) -> list[OutboxLetter]:
        """The letters about calendars."""
        db.session.rollback()
        return list(
            db.session.scalars(select(OutboxLetter).where(OutboxLetter.kind.startswith("calendars.")))
        )

    def wanted(self) -> list[tuple[str, View]]:
        """What should be there: the stem of each UID and what it says."""
        found = [(stem(each.uid), documents.view_of(each)) for each in entries_of(self.person.id)]
        db.session.rollback()
        return sorted(found, key=str)

    def there(self, folder: str = "") -> list[tuple[str, View]]:
        """What is there."""
        texts = self.server.items(folder or self.folder).values()
        found = [(stem(uid_of(text)), documents.view_of_text(text.encode())) for text in texts]
        return sorted(found, key=str)

    def path_of(self, kind: str, number: int = 0) -> str:
        """The path of an item of a kind: `check-ins` or `milestone`, in the order of what they begin with."""
        texts = {path: text for path, text in self.server.items(self.folder).items() if f"UID:{kind}" in text}
        return sorted(texts, key=lambda path: line(texts[path], "DTSTART"))[number]

    def let_time_pass(self, **lasting: float) -> None:
        """Move what is noted of moments into the past."""
        by = timedelta(**lasting)
        row = self.row
        moments = {
            name: getattr(row, name) - by
            for name in ("not_before", "lease_until", "looked_at")
            if getattr(row, name)
        }
        if moments:
            with transaction():
                db.session.execute(
                    update(CalendarAccount).where(CalendarAccount.id == self.id).values(moments)
                )


def stem(uid: str) -> str:
    """A UID without its generation."""
    return uid.rpartition("-g")[0]


def uid_of(text: str) -> str:
    """The UID of an item."""
    return line(text, "UID").partition(":")[2]


def line(text: str, name: str) -> str:
    """The first line of a property in an event."""
    event = text[text.index("BEGIN:VEVENT") :]
    return next(each for each in event.splitlines() if each.startswith((f"{name}:", f"{name};")))
