"""The database: one session, two kinds of transaction, and the only commit.

Reading is what a session does by itself. Writing happens inside `transaction()` and nowhere else: it ends the
reading transaction (so what was loaded is read afresh), takes SQLite's write lock at once with BEGIN
IMMEDIATE, commits, and then enqueues the background work that was asked for. With plain BEGIN a reader that
turns into a writer fails at once when another writer came between; with BEGIN IMMEDIATE writers queue, and
none is lost.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import BigInteger, DateTime, Engine, Integer, MetaData, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import TypeDecorator

BUSY_SECONDS = 10
WIDE = BigInteger().with_variant(Integer, "sqlite")
"""Whole numbers of 64 bits on both databases, so that an id from an address is looked up and not found, never
an error.
"""
NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """What every table's class derives from."""

    registry = registry(metadata=MetaData(naming_convention=NAMES), type_annotation_map={int: WIDE})


class Kind(StrEnum):
    """What a column holds: `PERSONAL` goes when the person asks, `SECRET` too and is never exported,
    `OPERATIONAL` is not about a person.
    """

    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    OPERATIONAL = "operational"


@dataclass(frozen=True)
class Retention:
    """Why a column is kept, for how long, and what it holds."""

    purpose: str
    period: str
    kind: Kind


def kept(purpose: str, *, period: str, kind: Kind = Kind.PERSONAL) -> dict[str, Any]:
    """The `info` of a mapped column; privacy/retention.py makes exports and erasures from it."""
    return {"retention": Retention(purpose, period, kind)}


BOOKKEEPING = kept("the portal's own bookkeeping", period="as long as the row", kind=Kind.OPERATIONAL)
OWNER = {"owner": True}
"""Added to the `info` of a foreign key to a person: the row is that person's own."""
MENTION = {"owner": False}
"""Added to the `info` of a foreign key to a person: the row is somebody else's, or nobody's."""


class Moment(TypeDecorator[datetime]):
    """A moment: aware and in UTC on the way in and out, whichever the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class PortalSession(Session):
    """A session that reads unless `transaction()` says otherwise."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        bind = super().get_bind(*args, **kwargs)
        if self.info.get("writing") or not isinstance(bind, Engine):
            return bind
        readers: dict[Engine, Engine] = self.info.setdefault("readers", {})
        if bind not in readers:
            readers[bind] = bind.execution_options(write=False)
        return readers[bind]


db: SQLAlchemy = SQLAlchemy(model_class=Model, session_options={"class_": PortalSession})


class WriteOutsideTransaction(RuntimeError):
    """A change was about to be written outside `transaction()`: a defect of ours."""


@event.listens_for(PortalSession, "before_flush")
def _only_in_a_transaction(session: PortalSession, *_: object) -> None:
    if not session.info.get("writing"):
        raise WriteOutsideTransaction("change things inside `with transaction():`")


@contextmanager
def transaction() -> Iterator[None]:
    """One write: all of it or nothing. What was loaded before is read afresh inside."""
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("a transaction is open already; one change is one transaction")
    session.rollback()
    session.info["writing"], session.info["afterwards"] = True, []
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        session.info["afterwards"] = []
        raise
    finally:
        session.info["writing"] = False
    for call in session.info.pop("afterwards"):
        call()


def after_commit(call: Callable[[], None]) -> None:
    """Have `call` made once the open transaction is committed; it is dropped if that fails."""
    db.session().info["afterwards"].append(call)


@event.listens_for(Engine, "connect")
def _configure_sqlite(connection: Any, _: object) -> None:
    if type(connection).__module__ != "sqlite3":
        return
    connection.isolation_level = None
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", f"busy_timeout={BUSY_SECONDS * 1000}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def keep_private(path: Path) -> None:
    """Have a SQLite file, and what SQLite puts beside it, readable for its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        if file.exists() and file.stat().st_mode & 0o077 and file.stat().st_uid == os.getuid():
            file.chmod(0o600)


def _lower(text: Any) -> Any:
    """SQLite's own lower() knows A to Z only; PostgreSQL's knows Ö as well, and so must a
    search for a name.
    """
    return text.lower() if isinstance(text, str) else text


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        write = connection.get_execution_options().get("write", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
