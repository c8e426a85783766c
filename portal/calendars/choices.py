"""What people choose about their calendar: reminders, whether it is asked when they are busy, and invitations
by e-mail.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import audit
from portal.calendars.models import CalendarChoice
from portal.db import db
from portal.errors import Invalid, Stale
from portal.people import versions
from portal.people.models import Person

KIND = "calendar_choice"
ALARMS = (None, 5, 10, 15, 30, 60, 24 * 60)
"""Minutes before a check-in at which one can be reminded; None for never."""
MORNING_BEFORE = 15 * 60
"""Minutes before the day of a milestone: nine in the morning of the day before."""
SHOWN = {"alarm_minutes", "invitations"}
"""What changes the entries themselves, so that feeds and accounts have to follow."""


@dataclass(frozen=True)
class Choice:
    """What a person chose; the defaults if they never did, with `version` 0."""

    alarm_minutes: int | None = 15
    busy: bool = False
    invitations: bool = False
    version: int = 0

    @property
    def alarms(self) -> tuple[int, ...]:
        """Minutes before a check-in."""
        return () if self.alarm_minutes is None else (self.alarm_minutes,)

    @property
    def alarms_of_days(self) -> tuple[int, ...]:
        """Minutes before the midnight at which the day of a milestone begins."""
        return () if self.alarm_minutes is None else (MORNING_BEFORE,)


def choice_of(person_id: int) -> Choice:
    """What a person chose. One query."""
    return choices_of([person_id])[person_id]


def choices_of(person_ids: Collection[int]) -> dict[int, Choice]:
    """What each of many people chose, in one query."""
    query = select(CalendarChoice).where(CalendarChoice.person_id.in_(person_ids))
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return {person_id: Choice() for person_id in person_ids} | {
        row.person_id: _as_chosen(row) for row in rows
    }


def change(
    person: Person,
    *,
    alarm_minutes: int | None,
    busy: bool,
    invitations: bool,
    by: int,
    at: datetime,
    seen: int,
) -> bool:
    """Change what a person chose, as seen in version `seen`; whether that changed anything.

    Raises Stale with both values if it was changed meanwhile, and Invalid for a reminder that is not offered.
    """
    del at  # the audit reads its own clock; all actions take the same arguments
    if alarm_minutes not in ALARMS:
        raise Invalid(_("Choose one of the reminders in the list."), field="alarm_minutes")
    db.session.execute(select(Person.id).where(Person.id == person.id).with_for_update(key_share=True))
    before = asdict(choice_of(person.id))
    version = before.pop("version")
    wanted: dict[str, Any] = {"alarm_minutes": alarm_minutes, "busy": busy, "invitations": invitations}
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    if not changed:
        return False
    replaced = {name: before[name] for name in changed}
    if version != seen:
        raise Stale(_("You changed this in another window meanwhile."), theirs=replaced, yours=changed)
    row = _row(person.id)
    for name, value in changed.items():
        setattr(row, name, value)
    db.session.flush()
    audit.write(
        action="calendar_choice.changed", on=KIND, id=person.id, by=by, before=replaced, after=changed
    )
    if SHOWN & set(changed):
        versions.raise_calendar([person.id])
    return True


def _row(person_id: int) -> CalendarChoice:
    """The person's row, made with the defaults if there is none; a new row would take None for a default."""
    row = db.session.scalars(
        select(CalendarChoice).where(CalendarChoice.person_id == person_id)
    ).one_or_none()
    if row is None:
        row = CalendarChoice(person_id=person_id)
        db.session.add(row)
        db.session.flush()
    return row


def _as_chosen(row: CalendarChoice) -> Choice:
    return Choice(row.alarm_minutes, row.busy, row.invitations, row.version)
