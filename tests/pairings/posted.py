"""What the outbox and a pairing hold after something was done."""

from __future__ import annotations

from sqlalchemy import select

from portal.db import db
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.pairings.queries import whole


def letters() -> list[tuple[str, str]]:
    """The kinds of all letters, and to whom they go, in order."""
    db.session.rollback()
    rows = db.session.scalars(select(OutboxLetter).order_by(OutboxLetter.id))
    return [(each.kind.removeprefix("pairings."), each.to_address) for each in rows]


def held(pairing: Pairing) -> Pairing:
    """The pairing with its two and its programme, read afresh; inside a transaction, the one to act on."""
    return db.session.get_one(Pairing, pairing.id, options=whole(), populate_existing=True)


def now_is(pairing: Pairing) -> tuple[str, str | None]:
    """Its state, and why it is over if it is."""
    db.session.rollback()
    row = db.session.get_one(Pairing, pairing.id)
    return row.state, row.end_reason
