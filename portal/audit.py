"""Who did what to whom, when: append-only, and chained so that a missing or altered entry shows.

The chain covers ids, the action and a salted digest of the values, so that values can be erased later (a
person's right) and the chain still verifies. Each entry's link is SHA-256 over the link before it and its own
facts.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import g, has_request_context
from sqlalchemy import JSON, Index, String, Text, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.clock import now
from portal.db import BOOKKEEPING, Model, Moment, db, kept

FIRST_LINK = "0" * 64
CHAIN_LOCK = 0x6175646974  # "audit": PostgreSQL's advisory lock that keeps the chain in single file

DEED = kept("to show who changed what", period="values for two years, the fact for good")


class AuditEntry(Model):
    """One deed. `before` and `after` hold only the fields that changed, and None once they were erased."""

    __tablename__ = "audit_entry"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=BOOKKEEPING)
    at: Mapped[datetime] = mapped_column(Moment, info=DEED)
    actor_id: Mapped[int | None] = mapped_column(index=True, info=DEED)
    action: Mapped[str] = mapped_column(String(80), info=DEED)
    object_kind: Mapped[str] = mapped_column(String(40), info=DEED)
    object_id: Mapped[str] = mapped_column(String(64), info=DEED)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), info=DEED)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), info=DEED)
    reason: Mapped[str | None] = mapped_column(Text, info=DEED)
    request_id: Mapped[str] = mapped_column(String(32), info=BOOKKEEPING)
    salt: Mapped[str | None] = mapped_column(String(32), info=BOOKKEEPING)
    digest: Mapped[str] = mapped_column(String(64), info=BOOKKEEPING)
    link: Mapped[str] = mapped_column(String(64), info=BOOKKEEPING)

    __table_args__ = (Index("ix_audit_entry_object", "object_kind", "object_id", "position"),)


def write(
    *,
    action: str,
    on: str,
    id: int | str,
    by: int | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Add an entry inside the open transaction. `by` is a person's id, or None for the portal itself."""
    hold_chain()
    session = db.session()
    last = session.execute(
        select(AuditEntry.position, AuditEntry.link).order_by(AuditEntry.position.desc()).limit(1)
    ).one_or_none()
    entry = AuditEntry(
        position=last.position + 1 if last else 1,
        at=now(),
        actor_id=by,
        action=action,
        object_kind=on,
        object_id=str(id),
        before=dict(before or {}),
        after=dict(after or {}),
        reason=reason or None,
        request_id=g.get("request_id", "") if has_request_context() else "",
        salt=secrets.token_hex(16),
    )
    entry.digest = _digest_of_values(entry)
    entry.link = _link(last.link if last else FIRST_LINK, entry)
    session.add(entry)
    return entry


def hold_chain() -> None:
    """Have others who write wait until the open transaction ends; SQLite has one writer anyway.

    What is changed so far goes to the database first, so that all take the rows they change before they take
    the chain: two who took them the other way round would wait for each other.
    """
    session = db.session()
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CHAIN_LOCK})


def history(on: str, id: int | str, *, limit: int = 50) -> list[AuditEntry]:
    """What was done to one thing, the latest first."""
    rows = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.object_kind == on, AuditEntry.object_id == str(id))
        .order_by(AuditEntry.position.desc())
        .limit(limit)
    )
    return list(rows)


def at(position: int) -> AuditEntry | None:
    """The entry at a position of the chain."""
    return db.session.get(AuditEntry, position)


def erase_values(entry: AuditEntry) -> None:
    """Forget what the values were. The entry and the chain stay whole."""
    entry.before = entry.after = entry.reason = entry.salt = None


def verify() -> tuple[int, str | None]:
    """Walk the chain: how many entries hold, and what is wrong with the first that does not."""
    link, count = FIRST_LINK, 0
    for entry in db.session.scalars(
        select(AuditEntry).order_by(AuditEntry.position).execution_options(yield_per=500)
    ):
        if entry.position != count + 1:
            return count, f"entry {count + 1} is missing"
        if entry.salt is not None and entry.digest != _digest_of_values(entry):
            return count, f"the values of entry {entry.position} were changed"
        link = _link(link, entry)
        if entry.link != link:
            return count, f"entry {entry.position} was changed"
        count += 1
    return count, None


def count() -> int:
    """How many entries there are."""
    return db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def _digest_of_values(entry: AuditEntry) -> str:
    return _sha([entry.salt, entry.before, entry.after, entry.reason])


def _link(before: str, entry: AuditEntry) -> str:
    moment = entry.at.isoformat(timespec="seconds")
    facts = [
        entry.position,
        moment,
        entry.actor_id,
        entry.action,
        entry.object_kind,
        entry.object_id,
        entry.digest,
    ]
    return _sha([before, *facts])


def _sha(parts: list[Any]) -> str:
    return hashlib.sha256(
        json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str).encode()
    ).hexdigest()
