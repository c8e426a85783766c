"""Enqueue background tasks, and lease rows so that a piece of work happens once.

No fact lives in the queue: each kind of work keeps its state in its own table, so a task that is lost or
doubled does no harm; the sweep every minute finds what a lost one left lying. A worker claims a row by a
conditional UPDATE; a lease that has run out is free again, which is how work survives a kill -9.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import String, inspect, or_, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from portal.clock import now
from portal.db import BOOKKEEPING, Model, Moment, after_commit, db

log = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 20
"""How often a worker notes that it lives; three missed and the portal is no longer ready."""


class Heartbeat(Model):
    """The last sign of life of each worker process."""

    __tablename__ = "worker_beat"

    worker: Mapped[str] = mapped_column(String(80), primary_key=True, info=BOOKKEEPING)
    seen_at: Mapped[datetime] = mapped_column(Moment, info=BOOKKEEPING)


class Leased:
    """Columns of a row that one worker at a time may hold."""

    lease_holder: Mapped[str | None] = mapped_column(String(32), info=BOOKKEEPING)
    lease_until: Mapped[datetime | None] = mapped_column(Moment, info=BOOKKEEPING)


def enqueue(name: str, id: int | str) -> None:
    """Ask, once the open transaction is committed, for the task `name` to be done for `id`."""
    app: Any = current_app
    queue: Callable[[str, int | str], None] | None = app.extensions.get("task_queue")
    if queue is not None:
        after_commit(lambda: _enqueue_softly(queue, name, id))


def _enqueue_softly(queue: Callable[[str, int | str], None], name: str, id: int | str) -> None:
    # the fact is committed already: a queue that fails must not tell the person otherwise
    try:
        queue(name, id)
    except Exception:
        log.exception("could not enqueue %s for %s; the sweep will find it", name, id)


def claim(model: type[Any], id: int, *, seconds: int, where: Any) -> str | None:
    """Take the row with the primary key `id` for `seconds` if it is free and `where` holds; the holder's
    mark, or None.
    """
    holder, moment = secrets.token_hex(16), now()
    until: InstrumentedAttribute[datetime | None] = model.lease_until
    result: Any = db.session.execute(
        update(model)
        .where(inspect(model).primary_key[0] == id, where, or_(until.is_(None), until < moment))
        .values(lease_holder=holder, lease_until=moment + timedelta(seconds=seconds))
        .execution_options(synchronize_session=False)
    )
    return holder if result.rowcount == 1 else None


def note_heartbeat(worker: str) -> None:
    """Note a sign of life, and forget workers not heard of for a day."""
    moment = now()
    db.session.merge(Heartbeat(worker=worker, seen_at=moment))
    db.session.execute(db.delete(Heartbeat).where(Heartbeat.seen_at < moment - timedelta(days=1)))


def alive() -> bool:
    """Whether some worker was seen within three heartbeats."""
    latest = db.session.scalar(db.select(db.func.max(Heartbeat.seen_at)))
    return latest is not None and now() - latest < timedelta(seconds=3 * HEARTBEAT_SECONDS)
