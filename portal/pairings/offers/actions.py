"""A pairing's way from offer to end. The senior (mentee) is asked first, then the junior (mentor); it becomes
active when both have accepted. Nobody has to give a reason for declining or ending.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from portal import audit
from portal.core.lifecycle import PAIRING_STEPS, PairingEnd, PairingState, check_step
from portal.db import db
from portal.errors import Invalid, NotFound
from portal.letters.letter import Letter
from portal.letters.outbox import post
from portal.pairings import letters
from portal.pairings.matching.problem import check_seats
from portal.pairings.models import Pairing
from portal.pairings.queries import BEGUN, hold, side_of, was_asked, whole
from portal.people import versions
from portal.people.models import Person
from portal.work import enqueue

KIND = "pairing"
ACTIVATED = "schedule.milestones"
ANSWER_DAYS, MOST_AT_ONCE = 5, 200
TIME_TO_ANSWER = timedelta(days=ANSWER_DAYS)


def offer(pairing: Pairing, *, by: int, at: datetime) -> None:
    """Offer a draft: ask the senior. The junior is asked when the senior has accepted."""
    move(pairing, PairingState.OFFERED, by=by)
    pairing.offered_at, pairing.answer_by = at, at + TIME_TO_ANSWER
    pairing.mentee_accepted_at = pairing.mentor_accepted_at = pairing.end_reason = None
    _ask(pairing.mentee, pairing, until=pairing.answer_by)


def turn_of(pairing: Pairing) -> Person | None:
    """Whose answer an offered pairing waits for; None for a pairing in another state."""
    if pairing.state != PairingState.OFFERED:
        return None
    return pairing.mentor if pairing.mentee_accepted_at else pairing.mentee


def accept(pairing: Pairing, *, by: Person, at: datetime) -> bool:
    """Accept the offer; return False if they had accepted already. Raises NotFound when it is not their turn,
    Invalid when the offer is over.
    """
    hold(pairing)
    if _has_accepted(pairing, by):
        return False
    _check_turn(pairing, by)
    if by.id == pairing.mentee_id:
        pairing.mentee_accepted_at, pairing.answer_by = at, at + TIME_TO_ANSWER
        audit.write(action="pairing.accepted", on=KIND, id=pairing.id, by=by.id)
        _ask(pairing.mentor, pairing, until=pairing.answer_by)
        return True
    pairing.mentor_accepted_at = pairing.active_at = at
    pairing.answer_by = None
    move(pairing, PairingState.ACTIVE, by=by.id)
    _write_to_both(letters.active, pairing)
    versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])
    enqueue(ACTIVATED, pairing.id)
    return True


def decline(pairing: Pairing, *, by: Person, at: datetime) -> bool:
    """Decline the offer; return False if they had declined already. A senior
    who had accepted gets a kind letter.

    Raises NotFound when it is not their turn, Invalid when the offer is over.
    """
    hold(pairing)
    side = side_of(pairing, by.id)
    reason = PairingEnd.MENTEE_DECLINED if side == "mentee" else PairingEnd.MENTOR_DECLINED
    if side and pairing.state == PairingState.DECLINED and pairing.end_reason == reason:
        return False
    _check_turn(pairing, by)
    cancel(pairing, reason, by=by.id, at=at)
    return True


def expire_due(at: datetime) -> int:
    """Cancel offers that nobody answered in time, at most MOST_AT_ONCE; return
    how many. Staff see them on the board.
    """
    late = select(Pairing).where(Pairing.state == PairingState.OFFERED, Pairing.answer_by < at)
    late = late.options(*whole()).order_by(Pairing.id).limit(MOST_AT_ONCE)
    pairings = db.session.scalars(late.with_for_update(skip_locked=True, of=Pairing, key_share=True)).all()
    for pairing in pairings:
        cancel(pairing, PairingEnd.EXPIRED, by=None, at=at)
    return len(pairings)


def end(pairing: Pairing, *, by: Person, at: datetime, reason: PairingEnd | None = None) -> bool:
    """End a pairing that is active or paused; return False if it had ended already. In calendars its past
    stays and its future goes. Raises Invalid for a pairing that has not begun.
    """
    hold(pairing)
    if pairing.state == PairingState.ENDED:
        return False
    if pairing.state not in BEGUN:
        raise Invalid(_("Only a pairing that has begun can be ended."))
    by_side = {"mentor": PairingEnd.BY_MENTOR, "mentee": PairingEnd.BY_MENTEE}
    side = side_of(pairing, by.id) or ""
    move(pairing, PairingState.ENDED, by=by.id)
    pairing.ended_at, pairing.end_reason = at, reason or by_side.get(side, PairingEnd.BY_STAFF)
    _write_to_both(letters.ended, pairing)
    versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])
    return True


def take_back_end(
    pairing: Pairing, *, by: Person, at: datetime, to: PairingState = PairingState.ACTIVE
) -> bool:
    """Let an ended pairing go on, `to` active or paused; return False if it has not
    ended. What was planned is in calendars again.

    Raises Invalid when it had never begun, or one of the two has left the programme or has no seat left.
    """
    hold(pairing)
    if pairing.state in BEGUN:
        return False
    if pairing.state != PairingState.ENDED or pairing.active_at is None:
        raise Invalid(_("Only a pairing that had begun can go on."))
    check_seats(pairing.programme_id, pairing.mentor_id, pairing.mentee_id)
    move(pairing, to, by=by.id)
    pairing.ended_at = pairing.end_reason = None
    _write_to_both(letters.goes_on, pairing)
    versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])
    return True


def pause(pairing: Pairing, *, by: Person) -> None:
    """Pause an active pairing. What is planned stays."""
    move(pairing, PairingState.PAUSED, by=by.id)
    versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])


def resume(pairing: Pairing, *, by: Person) -> None:
    """Let a paused pairing go on. Raises Invalid for any other."""
    if pairing.state != PairingState.PAUSED:
        raise Invalid(_("Only a paused pairing can go on."))
    move(pairing, PairingState.ACTIVE, by=by.id)
    versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])


def take_offer_back(pairing: Pairing, *, by: int) -> None:
    """Make an offer a draft again, and write to those who were asked."""
    asked = [person for person in (pairing.mentee, pairing.mentor) if was_asked(pairing, person.id)]
    move(pairing, PairingState.DRAFT, by=by)
    for person in asked:
        _write_to(person, letters.taken_back, pairing)
    pairing.offered_at = pairing.answer_by = pairing.mentee_accepted_at = pairing.mentor_accepted_at = None


def move(pairing: Pairing, to: PairingState, *, by: int | None) -> None:
    """Take one step of core.lifecycle.PAIRING_STEPS and write it to the audit;
    raises Invalid when there is no such step.
    """
    before = PairingState(pairing.state)
    check_step(
        PAIRING_STEPS, before, to, _("This pairing cannot do that from where it stands. Reload the page.")
    )
    pairing.state = to
    audit.write(
        action="pairing.moved",
        on=KIND,
        id=pairing.id,
        by=by,
        before={"state": before.value},
        after={"state": to.value},
    )


def cancel(pairing: Pairing, reason: PairingEnd, *, by: int | None, at: datetime) -> None:
    """Cancel a draft or an offer. Whoever was asked gets a kind letter, but not the one who cancelled
    it, nor the one who let the time to answer pass.
    """
    silent = turn_of(pairing)
    move(
        pairing, PairingState.DECLINED if pairing.state == PairingState.OFFERED else PairingState.ENDED, by=by
    )
    pairing.end_reason, pairing.ended_at, pairing.answer_by = reason, at, None
    for person in (pairing.mentee, pairing.mentor):
        if person.id == by or not was_asked(pairing, person.id):
            continue
        if silent is None or person.id != silent.id:
            _write_to(person, letters.not_this_time, pairing)
        elif reason != PairingEnd.EXPIRED:
            _write_to(person, letters.taken_back, pairing)


def _has_accepted(pairing: Pairing, person: Person) -> bool:
    side = side_of(pairing, person.id)
    accepted_at = {"mentee": pairing.mentee_accepted_at, "mentor": pairing.mentor_accepted_at}.get(side or "")
    return accepted_at is not None and pairing.state in (PairingState.OFFERED, PairingState.ACTIVE)


def _check_turn(pairing: Pairing, person: Person) -> None:
    """Raise NotFound unless it is this person's turn; Invalid when they were asked and the offer is over."""
    turn = turn_of(pairing)
    if turn is None and was_asked(pairing, person.id):
        raise Invalid(_("This question is over; there is nothing to answer any more."))
    if turn is None or turn.id != person.id:
        raise NotFound


def _ask(person: Person, pairing: Pairing, *, until: datetime) -> None:
    post(letters.offered(pairing, person, until=until), to=person.email, person_id=person.id)


def _write_to(person: Person, letter: Callable[[Pairing, Person], Letter], pairing: Pairing) -> None:
    post(letter(pairing, person), to=person.email, person_id=person.id)


def _write_to_both(letter: Callable[[Pairing, Person], Letter], pairing: Pairing) -> None:
    for person in (pairing.mentee, pairing.mentor):
        _write_to(person, letter, pairing)
