"""What staff do with programmes: prepare, change, open, start, finish; and the topics that the portal ships
with.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from portal import audit
from portal.core.lifecycle import PROGRAMME_STEPS, ProgrammeState, check_step
from portal.core.matching.topics.index import CATALOGUE, normalise
from portal.db import db
from portal.errors import Invalid, Stale
from portal.people import versions
from portal.people.models import Person
from portal.programmes.models import (
    DEFAULT_RULES,
    DEFAULT_WEIGHTS,
    Enrolment,
    Programme,
    ProgrammeStaff,
    Topic,
)

FACTS = (
    "name",
    "promise",
    "label",
    "starts_on",
    "ends_on",
    "sign_up_until",
    "leads",
    "cadence_every",
    "cadence_unit",
    "meetings",
    "meeting_minutes",
    "calendar_moves",
    "rules",
    "weights",
)
IN_CALENDARS = {"name", "label"}
"""What calendar entries say of a programme."""


def load_catalogue() -> int:
    """Put the topics that ship into the table, or bring them up to date; how many were new or changed.

    What staff added, edited, retired or merged stays as they made it, and names that they gave to it are left
    to it.
    """
    stored = {topic.id: topic for topic in db.session.scalars(select(Topic))}
    theirs = [topic for topic in stored.values() if topic.edited_at is not None or not topic.shipped]
    taken = {
        normalise(name) for each in theirs if each.retired_at is None for name in (each.label, *each.aliases)
    }
    changed = 0
    for each in CATALOGUE:
        topic = stored.get(each.id) or Topic(id=each.id, shipped=True)
        if topic in theirs or (each.id not in stored and normalise(each.label) in taken):
            continue
        aliases = [name for name in each.aliases if normalise(name) not in taken]
        facts = {"area": each.area, "label": each.label, "aliases": aliases}
        if any(getattr(topic, name) != value for name, value in facts.items()):
            for name, value in facts.items():
                setattr(topic, name, value)
            db.session.add(topic)
            changed += 1
    return changed


def create_programme(*, by: Person, at: datetime, staff: Collection[int] = (), **facts: Any) -> Programme:
    """A new programme in preparation."""
    facts = {"rules": dict(DEFAULT_RULES), "weights": dict(DEFAULT_WEIGHTS), **facts}
    _check(facts)
    again = select(Programme.id).where(
        Programme.name == facts["name"], Programme.state == ProgrammeState.DRAFT
    )
    if db.session.scalar(again.limit(1)):
        taken = _("A programme of this name is in preparation already. Open that, or choose another name.")
        raise Invalid(taken, field="name")
    programme = Programme(state=ProgrammeState.DRAFT, created_at=at, **facts)
    db.session.add(programme)
    db.session.flush()
    for person_id in sorted(set(staff)):
        db.session.add(ProgrammeStaff(programme_id=programme.id, person_id=person_id))
    after = {**_told(facts), "staff": sorted(set(staff))}
    audit.write(action="programme.created", on="programme", id=programme.id, by=by.id, after=after)
    return programme


def edit_programme(
    programme: Programme, *, seen: int, by: Person, staff: Collection[int] | None = None, **facts: Any
) -> bool:
    """Change a programme's facts, and who runs it unless `staff` is None; whether anything changed.

    Raises Stale with both values when somebody else changed it since version `seen`; the same change twice is
    one change.
    """
    changed = {name: value for name, value in facts.items() if getattr(programme, name) != value}
    running = _staff(programme.id)
    new_staff = None if staff is None or set(staff) == running else set(staff)
    if not changed and new_staff is None:
        return False
    if programme.version != seen:
        raise _stale(programme, changed, running, new_staff)
    _check({name: getattr(programme, name) for name in FACTS} | facts)
    before = {name: getattr(programme, name) for name in changed}
    for name, value in changed.items():
        setattr(programme, name, value)
    if set(changed) & IN_CALENDARS:
        enrolled = select(Enrolment.person_id).where(Enrolment.programme_id == programme.id)
        versions.raise_calendar(db.session.scalars(enrolled))
    told, were = _told(changed), _told(before)
    if new_staff is not None:
        were["staff"], told["staff"] = sorted(running), sorted(new_staff)
        _appoint(programme.id, running, new_staff)
        flag_modified(programme, "name")  # so that the version rises: who runs it are rows of their own
    audit.write(action="programme.edited", on="programme", id=programme.id, by=by.id, before=were, after=told)
    return True


def _stale(
    programme: Programme, changed: Mapping[str, Any], running: set[int], new_staff: set[int] | None
) -> Stale:
    theirs = {name: getattr(programme, name) for name in changed}
    if new_staff is None:
        return Stale(theirs=theirs, yours=changed)
    return Stale(theirs={**theirs, "staff": sorted(running)}, yours={**changed, "staff": sorted(new_staff)})


def move_programme(programme: Programme, *, to: ProgrammeState, by: Person, at: datetime) -> bool:
    """Open, start or finish a programme, or take such a step back; whether it moved. Twice is once."""
    now = ProgrammeState(programme.state)
    if now == to:
        return False
    check_step(
        PROGRAMME_STEPS, now, to, _("This programme cannot do that from where it stands. Reload the page.")
    )
    if to == ProgrammeState.OPEN and programme.ends_on <= at.date():
        raise Invalid(_("This programme's last day has passed. Change its dates first."))
    programme.state = to
    audit.write(
        action="programme.moved",
        on="programme",
        id=programme.id,
        by=by.id,
        before={"state": now.value},
        after={"state": to.value},
    )
    return True


def _check(facts: Mapping[str, Any]) -> None:
    """What must hold of a programme whoever sends it."""
    if facts["ends_on"] <= facts["starts_on"]:
        raise Invalid(_("The last day must come after the first."), field="ends_on")
    until = facts.get("sign_up_until")
    if until is not None and until > facts["ends_on"]:
        raise Invalid(_("Sign-up must end before the programme does."), field="sign_up_until")
    weights = facts["weights"]
    if set(weights) != set(DEFAULT_WEIGHTS) or any(not 0 <= each <= 100 for each in weights.values()):
        raise Invalid(_("Each weight is a whole number from 0 to 100."), field="weight_interests")
    total = sum(weights.values())
    if total != 100:
        message = _("The weights must sum to 100; these sum to %(total)s.", total=total)
        raise Invalid(message, field="weight_interests")


def _staff(programme_id: int) -> set[int]:
    chosen = select(ProgrammeStaff.person_id).where(ProgrammeStaff.programme_id == programme_id)
    return set(db.session.scalars(chosen))


def _appoint(programme_id: int, running: set[int], wanted: set[int]) -> None:
    for person_id in sorted(wanted - running):
        db.session.add(ProgrammeStaff(programme_id=programme_id, person_id=person_id))
    db.session.execute(
        db.delete(ProgrammeStaff).where(
            ProgrammeStaff.programme_id == programme_id, ProgrammeStaff.person_id.in_(running - wanted)
        )
    )


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the audit keeps them."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}
