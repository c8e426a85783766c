"""Staff's changes of pairings by hand: add one, edit one in its row, discard a draft; and undo each of these.

As everywhere in tables: an edit carries the version it saw, fields that did not change are no edit, a stale
edit raises Stale with both values, and one audit entry is all that undo needs.
"""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from portal import audit
from portal.core.lifecycle import PairingEnd, PairingState
from portal.core.translatable import N_
from portal.db import db
from portal.errors import Invalid, NotFound, Stale
from portal.pairings.matching.problem import check_seats
from portal.pairings.matching.runs import assess, check_open
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from portal.pairings.offers import publishing
from portal.pairings.queries import hold, hold_programme, whole
from portal.people.models import Person
from portal.programmes.models import Programme

KIND, EDITED = "pairing", "pairing.edited"
FIELDS = ("mentor_id", "mentee_id", "locked", "remark", "state")
PEOPLE = {"mentor_id", "mentee_id"}


def add(
    programme: Programme,
    *,
    mentor_id: int,
    mentee_id: int,
    by: int,
    at: datetime,
    locked: bool = False,
    remark: str = "",
) -> Pairing:
    """Draft a pair by hand; raises Invalid when a rule forbids it or one of the two has no free seat."""
    check_open(programme)
    _check_different(mentor_id, mentee_id)
    check_seats(programme.id, mentor_id, mentee_id)
    score, parts = assess(programme, mentor_id=mentor_id, mentee_id=mentee_id, on=at.date())
    pairing = Pairing(
        programme_id=programme.id,
        mentor_id=mentor_id,
        mentee_id=mentee_id,
        state=PairingState.DRAFT,
        locked=locked,
        remark=remark,
        score=score,
        parts=parts,
        created_at=at,
    )
    db.session.add(pairing)
    db.session.flush()
    after = {"mentor_id": mentor_id, "mentee_id": mentee_id, "locked": locked, "remark": remark}
    audit.write(action="pairing.added", on=KIND, id=pairing.id, by=by, after=after)
    return pairing


def edit(
    pairing: Pairing, *, seen: int, by: Person, at: datetime, reason: str = "", **values: Any
) -> audit.AuditEntry | None:
    """Change the values that differ, as seen in version `seen`; return the
    audit entry, or None when none differs.

    Raises Stale with both values when somebody was faster; Invalid when a rule, a seat
    or the pairing's state does not allow it.
    """
    if unknown := set(values) - set(FIELDS):
        raise TypeError(f"no part of a pairing: {', '.join(sorted(unknown))}")
    hold_programme(pairing.programme_id)
    hold(pairing)
    changed = {name: value for name, value in values.items() if getattr(pairing, name) != value}
    if not changed:
        return None
    before = {name: getattr(pairing, name) for name in changed}
    if seen != pairing.version:
        raise Stale(_("Somebody changed this while you were editing."), theirs=before, yours=changed)
    return _change(pairing, before, changed, by=by, at=at, reason=reason)


def discard(pairing: Pairing, *, seen: int, by: Person, at: datetime) -> audit.AuditEntry | None:
    """Discard a draft; return the audit entry, or None when it was discarded already."""
    if pairing.state == PairingState.ENDED:
        return None
    if pairing.state != PairingState.DRAFT:
        raise Invalid(_("Only a draft can be discarded."))
    return edit(pairing, seen=seen, by=by, at=at, state=PairingState.ENDED.value)


def undo(position: int, *, by: Person, at: datetime) -> Pairing:
    """Undo the edit with that audit position. Letters that went out because of
    it are followed by others that say so.

    Raises NotFound when there is no such edit, Invalid when it is undone
    already or the values were changed since.
    """
    entry = audit.at(position)
    if (
        entry is None
        or entry.object_kind != KIND
        or entry.action != EDITED
        or not entry.before
        or not entry.after
    ):
        raise NotFound
    pairing = db.session.get(Pairing, int(entry.object_id), options=whole(), populate_existing=True)
    if pairing is None:
        raise NotFound
    hold_programme(pairing.programme_id)
    hold(pairing)
    present = {name: getattr(pairing, name) for name in entry.before}
    if present == entry.before:
        raise Invalid(_("This is undone already."))
    if present != entry.after:
        raise Invalid(
            _("This was changed again since, so it cannot be undone by itself. Edit the row instead.")
        )
    _change(pairing, present, dict(entry.before), by=by, at=at, reason=N_("Undone"))
    return pairing


def can_be_undone(entry: audit.AuditEntry, pairing: Pairing) -> bool:
    """Whether `undo` would be tried for this entry now."""
    if entry.action != EDITED or not entry.before or not entry.after or entry.before == entry.after:
        return False
    return all(getattr(pairing, name) == value for name, value in entry.after.items())


def _change(
    pairing: Pairing, before: dict[str, Any], after: dict[str, Any], *, by: Person, at: datetime, reason: str
) -> audit.AuditEntry:
    to = PairingState(after["state"]) if "state" in after else None
    if to == PairingState.DRAFT:  # first, since people can be changed in a draft only
        _step(pairing, to, by=by, at=at)
    if PEOPLE & set(after):
        _repair(pairing, after, at)
    if "locked" in after and PairingState.DRAFT not in (pairing.state, after.get("state")):
        raise Invalid(
            _("Only a draft can be locked: what is offered or active stays anyway."), field="locked"
        )
    for name in ("locked", "remark"):
        if name in after:
            setattr(pairing, name, after[name])
    if to is not None and to != PairingState.DRAFT:
        _step(pairing, to, by=by, at=at)
    return audit.write(
        action=EDITED, on=KIND, id=pairing.id, by=by.id, before=before, after=after, reason=reason
    )


def _repair(pairing: Pairing, after: dict[str, Any], at: datetime) -> None:
    """Put other people into a draft, after a check of rules and seats, with their score."""
    if pairing.state != PairingState.DRAFT:
        raise Invalid(
            _("People can be changed in a draft only. Take the offer back first, or end this pairing."),
            field="mentor",
        )
    mentor_id, mentee_id = (
        after.get("mentor_id", pairing.mentor_id),
        after.get("mentee_id", pairing.mentee_id),
    )
    _check_different(mentor_id, mentee_id)
    new = {"new_mentor": mentor_id != pairing.mentor_id, "new_mentee": mentee_id != pairing.mentee_id}
    check_seats(pairing.programme_id, mentor_id, mentee_id, **new, but=pairing.id)
    programme = db.session.get_one(Programme, pairing.programme_id)
    score, parts = assess(programme, mentor_id=mentor_id, mentee_id=mentee_id, on=at.date())
    pairing.mentor, pairing.mentee = (
        db.session.get_one(Person, mentor_id),
        db.session.get_one(Person, mentee_id),
    )
    pairing.mentor_id, pairing.mentee_id, pairing.score, pairing.parts = mentor_id, mentee_id, score, parts
    pairing.run_id = None


def _check_different(mentor_id: int, mentee_id: int) -> None:
    if mentor_id == mentee_id:
        raise Invalid(_("Nobody mentors themselves. Choose two people."), field="mentor")


def _step(pairing: Pairing, to: PairingState, *, by: Person, at: datetime) -> None:
    """Change the state by the action that knows what follows from it."""
    now = PairingState(pairing.state)
    begun = pairing.active_at is not None
    if now == PairingState.DRAFT and to == PairingState.OFFERED:
        _check_offerable(pairing)
        offers.offer(pairing, by=by.id, at=at)
    elif now == PairingState.DRAFT and to == PairingState.ENDED:
        offers.cancel(pairing, PairingEnd.DISCARDED, by=by.id, at=at)
    elif now == PairingState.OFFERED and to == PairingState.DRAFT:
        offers.take_offer_back(pairing, by=by.id)
    elif now == PairingState.ACTIVE and to == PairingState.PAUSED:
        offers.pause(pairing, by=by)
    elif now == PairingState.PAUSED and to == PairingState.ACTIVE:
        offers.resume(pairing, by=by)
    elif now in (PairingState.ACTIVE, PairingState.PAUSED) and to == PairingState.ENDED:
        offers.end(pairing, by=by, at=at, reason=PairingEnd.BY_STAFF)
    elif now == PairingState.ENDED and begun and to in (PairingState.ACTIVE, PairingState.PAUSED):
        offers.take_back_end(pairing, by=by, at=at, to=to)
    elif now in (PairingState.ENDED, PairingState.DECLINED) and not begun and to == PairingState.DRAFT:
        _redraft(pairing, by=by)
    else:
        raise Invalid(_("This pairing cannot do that from where it stands. Reload the page."), field="state")


def _check_offerable(pairing: Pairing) -> None:
    check_open(db.session.get_one(Programme, pairing.programme_id))
    if not publishing.offerable(pairing.programme_id, [pairing]):
        message = _(
            "These two cannot be asked at present: one of them waits for no match now, or has no seat left."
        )
        raise Invalid(message, field="state")


def _redraft(pairing: Pairing, *, by: Person) -> None:
    """Make a draft again of a pairing that was discarded, declined or not
    answered, if both still have a seat.
    """
    check_seats(pairing.programme_id, pairing.mentor_id, pairing.mentee_id)
    offers.move(pairing, PairingState.DRAFT, by=by.id)
    pairing.ended_at = pairing.end_reason = pairing.offered_at = pairing.answer_by = None
    pairing.mentee_accepted_at = pairing.mentor_accepted_at = None


def next_states(pairing: Pairing) -> list[PairingState]:
    """The states that staff may give a pairing now, its present one first."""
    now = PairingState(pairing.state)
    begun = pairing.active_at is not None
    further = {
        PairingState.DRAFT: (PairingState.OFFERED, PairingState.ENDED),
        PairingState.OFFERED: (PairingState.DRAFT,),
        PairingState.ACTIVE: (PairingState.PAUSED, PairingState.ENDED),
        PairingState.PAUSED: (PairingState.ACTIVE, PairingState.ENDED),
        PairingState.ENDED: (PairingState.ACTIVE if begun else PairingState.DRAFT,),
        PairingState.DECLINED: (PairingState.DRAFT,),
    }
    return [now, *further[now]]
