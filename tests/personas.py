"""Settings, people and programmes that tests stand on. Every factory writes for real and answers a loaded,
detached row.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from argon2 import PasswordHasher
from flask import Flask

from portal.clock import now, today
from portal.db import Model, db, transaction
from portal.letters.models import OutboxLetter
from portal.people.models import Person, RoleGrant
from portal.programmes.models import Enrolment, Programme, Topic, Wish
from portal.settings import Settings

PASSWORD = "walnut-harbour-48-lantern"
Row = TypeVar("Row", bound=Model)
numbers = count(1)


def settings_for_tests(instance: Path, database_url: str, **changes: Any) -> Settings:
    """Settings with fixed keys, for a portal at http://localhost."""
    settings = Settings(
        database_url=database_url,
        huey_url="",
        secret_key="a key that only tests use, 48 characters of it..",
        credential_keys=(
            ("k1", base64.b64decode(base64.b64encode(b"only tests seal with this key...")).ljust(32, b".")),
        ),
        public_url="http://localhost",
        trusted_hosts=("localhost",),
        mail=None,
        mail_from="mentoring@localhost",
        portal_name="Vice Versa",
        default_time_zone="Europe/Berlin",
        allowed_email_domains=("example.com",),
        instance=instance,
    )
    return replace(settings, **changes)


@lru_cache
def password_hash(password: str = PASSWORD) -> str:
    """A real hash, made once for the whole run."""
    return PasswordHasher().hash(password)


class Factories:
    """Makes rows in `app`'s database."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def add(self, row: Row, *more: Model) -> Row:
        """Write rows of any kind in one transaction; answers the first, loaded and detached."""
        with self.app.app_context():
            with transaction():
                db.session.add_all([row, *more])
            for each in (row, *more):
                db.session.refresh(each)
            db.session.expunge_all()
        refresh_outer()
        return row

    def person(
        self, name: str = "", *, roles: Iterable[str] = (), password: str | None = PASSWORD, **more: Any
    ) -> Person:
        """A confirmed person; `password=None` for one who cannot sign in with a password."""
        number = next(numbers)
        name = name or f"Person {number}"
        local = "".join(each if each.isascii() and each.isalnum() else "." for each in name.lower())
        facts: dict[str, Any] = {
            "email": f"{local}.{number}@example.com",
            "name": name,
            "password_hash": password_hash(password) if password else None,
            "confirmed_at": now(),
            "created_at": now(),
            "department": "Design",
            "site": "Berlin",
            "time_zone": "Europe/Berlin",
            "country": "DE",
            "role_grants": [RoleGrant(role=str(role)) for role in roles],
        }
        return self.add(Person(**{**facts, **more}))

    def programme(self, name: str = "", **more: Any) -> Programme:
        """A programme that is open for sign-up."""
        facts: dict[str, Any] = {
            "name": name or f"Season {next(numbers)}",
            "promise": "Six meetings, one an hour, one a month.",
            "state": "open",
            "starts_on": today() + timedelta(days=30),
            "ends_on": today() + timedelta(days=240),
            "sign_up_until": today() + timedelta(days=20),
            "leads": "mentor",
            "created_at": now(),
        }
        return self.add(Programme(**{**facts, **more}))

    def enrolment(self, person: Person, programme: Programme, **more: Any) -> Enrolment:
        """A complete enrolment as mentor, waiting for a match."""
        facts: dict[str, Any] = {
            "person_id": person.id,
            "programme_id": programme.id,
            "as_mentor": True,
            "state": "waiting",
            "steps_done": 5,
            "begun_at": now(),
            "joined_at": now(),
        }
        return self.add(Enrolment(**{**facts, **more}))

    def topic(self, id: str = "", **more: Any) -> Topic:
        """A topic of the tests' own."""
        slug = id or f"topic-{next(numbers)}"
        label = slug.replace("-", " ").capitalize()
        facts: dict[str, Any] = {"id": slug, "area": "technology", "label": label, "aliases": []}
        return self.add(Topic(**{**facts, **more}))

    def letter(self, person: Person, **more: Any) -> OutboxLetter:
        """A letter kept because there is no mail server, not added yet."""
        facts: dict[str, Any] = {
            "uid": str(uuid.uuid4()),
            "kind": "people.welcome",
            "to_address": person.email,
            "person_id": person.id,
            "subject": "Welcome",
            "text": "Welcome to the portal.",
            "html": "<p>Welcome to the portal.</p>",
            "state": "kept",
            "next_try_at": now(),
            "created_at": now(),
        }
        return OutboxLetter(**{**facts, **more})

    def wish(
        self, enrolment: Enrolment, topic: Topic, side: str = "teaches", *, rank: int = 1, level: int = 2
    ) -> Wish:
        """A topic that somebody teaches or learns."""
        return self.add(Wish(enrolment_id=enrolment.id, topic_id=topic.id, side=side, rank=rank, level=level))


def refresh_outer() -> None:
    """Have the test's own session, if it has one, read afresh."""
    try:
        db.session.rollback()
    except RuntimeError:
        return
