"""Versions of what is shown elsewhere: raised in the transaction of the change, compared by whoever shows it.

Packages above find what is out of date by these numbers; nothing here calls them. A task is enqueued too,
so that whoever shows it need not wait for the next sweep; where many are changed at once, the sweep does.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, select, update

from portal import audit
from portal.db import db
from portal.people.models import PersonVersion
from portal.work import enqueue

CALENDAR_CHANGED = "people.calendar_changed"
MOST_RINGS = 20


def raise_calendar(person_ids: Iterable[int]) -> None:
    """What the calendars of these people should show has changed."""
    _raise(person_ids, "calendar")


def raise_card(person_id: int) -> None:
    """What this person's partners see of them, and their own calendar with it, has changed."""
    _raise([person_id], "calendar", "card")


def of(person_id: int) -> tuple[int, int]:
    """The calendar and the card version of a person; (0, 0) before the first change."""
    row = db.session.execute(
        select(PersonVersion.calendar, PersonVersion.card).where(PersonVersion.person_id == person_id)
    ).one_or_none()
    return (row.calendar, row.card) if row else (0, 0)


def _raise(person_ids: Iterable[int], *names: str) -> None:
    """Raise one transaction after the other and in the order of ids, so that two never deadlock: some raise
    versions before they write to the audit, and some after.
    """
    wanted = sorted(set(person_ids))
    if wanted:
        audit.hold_chain()
    for person_id in wanted[:MOST_RINGS]:
        enqueue(CALENDAR_CHANGED, person_id)
    for person_id in wanted:
        raised: Any = db.session.execute(
            update(PersonVersion)
            .where(PersonVersion.person_id == person_id)
            .values({name: getattr(PersonVersion, name) + 1 for name in names})
            .execution_options(synchronize_session=False)
        )
        if raised.rowcount == 0:
            db.session.execute(insert(PersonVersion).values(person_id=person_id, calendar=1, card=1))
