"""What a person does with their own enrolment: five steps, joining, pausing, coming back, withdrawing.

Steps note how far somebody came without raising the enrolment's version, so that a second window is not out
of date merely because the first went on. The audit never holds whom somebody avoids or what is off the table.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import contains_eager

from portal import audit
from portal.core.lifecycle import ENROLMENT_STEPS, EnrolmentState, ProgrammeState, check_step
from portal.db import db
from portal.errors import Invalid, Stale
from portal.letters.letter import Letter
from portal.letters.outbox import post
from portal.people.models import Person
from portal.programmes.enrolment import letters
from portal.programmes.models import Avoided, Enrolment, Programme
from portal.programmes.queries import STEPS, may_join, missing_step, own_enrolment, takes_sign_ups
from portal.settings import current

LONGEST_PAUSE = timedelta(days=365)
MOST_AVOIDED = 20


def start(programme: Programme, person: Person, *, at: datetime) -> Enrolment:
    """Begin to sign up, or go on where one stopped; those who withdrew begin again with
    what they had said.
    """
    enrolment = own_enrolment(programme.id, person.id, hold=True)
    if enrolment is not None and enrolment.state != EnrolmentState.WITHDRAWN:
        return enrolment
    on = day_in(current().default_time_zone, at)
    if not (takes_sign_ups(programme, on) or (enrolment is not None and may_join(enrolment, on))):
        raise Invalid(_("Sign-up for this programme is closed. Look at what else is open."))
    return _begin(programme, person, enrolment, by=person.id, at=at)


def let_in(programme: Programme, person: Person, *, by: int, at: datetime) -> bool:
    """Let somebody sign up though sign-up is over, and write to them; whether that is new. Raises Invalid."""
    if programme.state not in (ProgrammeState.OPEN, ProgrammeState.RUNNING):
        raise Invalid(_("This programme is not open, so nobody can join it now."))
    if not person.is_active:
        raise Invalid(_("The account of this person is not in use."), field="name")
    enrolment = own_enrolment(programme.id, person.id, hold=True)
    if enrolment is not None and enrolment.joined_at is not None:
        raise Invalid(_("%(name)s has joined already.", name=person.name), field="name")
    if enrolment is not None and enrolment.let_in_at is not None and enrolment.state == EnrolmentState.BEGUN:
        return False
    if enrolment is None or enrolment.state == EnrolmentState.WITHDRAWN:
        enrolment = _begin(programme, person, enrolment, by=by, at=at)
    enrolment.let_in_at = at
    audit.write(action="enrolment.let_in", on="enrolment", id=enrolment.id, by=by)
    post(letters.let_in(person, programme), to=person.email, person_id=person.id)
    return True


def _begin(
    programme: Programme, person: Person, enrolment: Enrolment | None, *, by: int, at: datetime
) -> Enrolment:
    if enrolment is not None:
        _move(enrolment, EnrolmentState.BEGUN, by=by, action="enrolment.begun")
        return enrolment
    facts = {"programme_id": programme.id, "person_id": person.id, "begun_at": at, "steps_done": 0}
    enrolment = Enrolment(state=EnrolmentState.BEGUN, **facts)
    db.session.add(enrolment)
    db.session.flush()
    audit.write(action="enrolment.begun", on="enrolment", id=enrolment.id, by=by, after={"state": "begun"})
    return enrolment


def save_step(enrolment: Enrolment, step: str, values: Mapping[str, Any], *, seen: int, by: Person) -> None:
    """Keep what a step's form says. Raises Stale when another window said something else since version
    `seen`.
    """
    check_open(enrolment)
    changed = {name: value for name, value in values.items() if getattr(enrolment, name) != value}
    if changed and enrolment.version != seen:
        raise Stale(theirs={name: getattr(enrolment, name) for name in changed}, yours=changed)
    before = {name: getattr(enrolment, name) for name in changed}
    for name, value in changed.items():
        setattr(enrolment, name, value)
    if changed and enrolment.joined_at is not None:
        private = step == "boundaries"
        audit.write(
            action=f"enrolment.{step} changed",
            on="enrolment",
            id=enrolment.id,
            by=by.id,
            before={} if private else before,
            after={} if private else changed,
        )
    finish_step(enrolment, step)


def finish_step(enrolment: Enrolment, step: str) -> None:
    """Note that a step is done, once what it must have is there; raises Invalid otherwise."""
    check_open(enrolment)
    sides = {wish.side for wish in enrolment.wishes}
    if step == "teach" and enrolment.as_mentor and "teaches" not in sides:
        raise Invalid(
            _("Add at least one subject you can teach: it is what you are matched on."), field="text"
        )
    if step == "learn" and enrolment.as_mentee and "learns" not in sides:
        raise Invalid(
            _("Add at least one subject you want to learn: it is what you are matched on."), field="text"
        )
    number = STEPS.index(step) + 1
    if step == "boundaries" or enrolment.steps_done >= number:
        return
    db.session.flush()
    table = Enrolment.metadata.tables[Enrolment.__tablename__]
    db.session.execute(update(table).where(table.c.id == enrolment.id).values(steps_done=number))
    db.session.expire(enrolment, ["steps_done"])


def check_open(enrolment: Enrolment) -> None:
    """Raise Invalid when nothing can be changed any more."""
    if enrolment.programme.state == ProgrammeState.FINISHED:
        raise Invalid(_("This programme is over, so nothing can be changed any more."))
    if enrolment.state == EnrolmentState.WITHDRAWN:
        raise Invalid(_("You withdrew from this programme. Join again to change what you said."))


def avoid(enrolment: Enrolment, other: Person) -> bool:
    """Never be paired with `other`; whether that is new."""
    check_open(enrolment)
    if other.id == enrolment.person_id or any(each.person_id == other.id for each in enrolment.avoided):
        return False
    if len(enrolment.avoided) >= MOST_AVOIDED:
        raise Invalid(
            _("Twenty people are the most you can name. Talk to the programme's staff."), field="name"
        )
    enrolment.avoided.append(Avoided(person_id=other.id))
    return True


def avoid_no_more(enrolment: Enrolment, person_id: int) -> bool:
    """Take somebody off the list; whether they were on it."""
    check_open(enrolment)
    gone = [each for each in enrolment.avoided if each.person_id == person_id]
    for each in gone:
        enrolment.avoided.remove(each)
    return bool(gone)


def join(enrolment: Enrolment, *, at: datetime) -> bool:
    """Complete the sign-up and wait for a match; whether that is new. A letter confirms it."""
    if enrolment.state in (EnrolmentState.WAITING, EnrolmentState.PAUSED):
        return False
    if not may_join(enrolment, day_in(current().default_time_zone, at)):
        raise Invalid(_("Sign-up for this programme has closed in the meantime. What you said is kept."))
    missing = missing_step(enrolment)
    if missing not in (None, "boundaries"):
        raise Invalid(_("One step before this is not done yet. Go back to it first."))
    enrolment.steps_done, enrolment.joined_at = len(STEPS), at
    _move(enrolment, EnrolmentState.WAITING, by=enrolment.person_id, action="enrolment.joined")
    _post(letters.joined(enrolment.person, enrolment.programme), enrolment)
    return True


def pause(enrolment: Enrolment, *, until: date, at: datetime) -> bool:
    """Stay out of matching until a day within a year, then come back without doing anything; whether that is
    new.
    """
    _check_running(enrolment)
    present = day_in(enrolment.person.time_zone, at)
    if not present < until <= present + LONGEST_PAUSE:
        raise Invalid(_("Choose a day from tomorrow to a year from now."), field="until")
    if enrolment.state == EnrolmentState.PAUSED and enrolment.paused_until == until:
        return False
    if enrolment.state == EnrolmentState.PAUSED:
        _note(
            enrolment,
            "enrolment.paused",
            {"paused_until": str(enrolment.paused_until)},
            {"paused_until": str(until)},
        )
    else:
        _move(
            enrolment,
            EnrolmentState.PAUSED,
            by=enrolment.person_id,
            action="enrolment.paused",
            until=str(until),
        )
    enrolment.paused_until = until
    _post(letters.paused(enrolment.person, enrolment.programme, until), enrolment)
    return True


def resume(enrolment: Enrolment, *, by: int | None) -> bool:
    """End a pause; whether there was one. `by` is None when its day has come."""
    if enrolment.state == EnrolmentState.WAITING:
        return False
    if enrolment.state != EnrolmentState.PAUSED:
        raise Invalid(_("There is no pause to end."))
    _move(enrolment, EnrolmentState.WAITING, by=by, action="enrolment.resumed")
    enrolment.paused_until = None
    return True


def resume_due(at: datetime) -> int:
    """Bring back everybody whose pause is over, inside an open transaction; how many. For the sweep every
    minute.
    """
    somewhere = at.date() + timedelta(
        days=1
    )  # it is tomorrow already in some zone; each person's own decides
    paused = db.session.scalars(
        select(Enrolment)
        .join(Enrolment.person)
        .options(contains_eager(Enrolment.person))
        .where(Enrolment.state == EnrolmentState.PAUSED, Enrolment.paused_until <= somewhere)
        .order_by(Enrolment.id)
        .with_for_update(skip_locked=True, of=Enrolment)
    ).all()
    due = [
        each
        for each in paused
        if each.paused_until and each.paused_until <= day_in(each.person.time_zone, at)
    ]
    return sum(resume(each, by=None) for each in due)


def day_in(time_zone: str, at: datetime) -> date:
    """Which day it is at a moment in a zone."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def withdraw(enrolment: Enrolment, *, at: datetime) -> bool:
    """Leave the programme, no reason asked; whether that is new. One can join again later."""
    if enrolment.state == EnrolmentState.WITHDRAWN:
        return False
    told = enrolment.joined_at is not None
    _move(enrolment, EnrolmentState.WITHDRAWN, by=enrolment.person_id, action="enrolment.withdrawn")
    enrolment.paused_until = enrolment.joined_at = None
    if told:
        _post(letters.withdrawn(enrolment.person, enrolment.programme), enrolment)
    return True


def _check_running(enrolment: Enrolment) -> None:
    check_open(enrolment)
    if enrolment.state == EnrolmentState.BEGUN:
        raise Invalid(_("You have not joined yet, so there is nothing to pause."))


def _move(enrolment: Enrolment, to: EnrolmentState, *, by: int | None, action: str, until: str = "") -> None:
    now = EnrolmentState(enrolment.state)
    check_step(ENROLMENT_STEPS, now, to, _("That cannot be done from where you stand. Reload the page."))
    enrolment.state = to
    after = {"state": to.value, **({"paused_until": until} if until else {})}
    audit.write(
        action=action, on="enrolment", id=enrolment.id, by=by, before={"state": now.value}, after=after
    )


def _note(enrolment: Enrolment, action: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    audit.write(
        action=action, on="enrolment", id=enrolment.id, by=enrolment.person_id, before=before, after=after
    )


def _post(letter: Letter, enrolment: Enrolment) -> None:
    post(letter, to=enrolment.person.email, person_id=enrolment.person_id)
