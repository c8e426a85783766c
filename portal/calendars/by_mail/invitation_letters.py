"""Letters of invitations: an invitation, its change, its being taken back, and what the partner answered.

Answers come to an address of the portal's with a token after a plus sign. The token is an HMAC of the
invitation's UID under a key of the portal's, so nobody can answer an invitation who has not got it.
"""

import base64
import hmac
import re
from dataclasses import replace
from datetime import datetime

from flask_babel import gettext as _

from portal.calendars.models import Invitation
from portal.core.calendar import itip as invitation
from portal.core.calendar.itip import Invite
from portal.letters.letter import CalendarPart, Letter, compose, in_language_of
from portal.pairings.models import Pairing
from portal.pairings.queries import partner
from portal.people.models import Person
from portal.settings import current
from portal.web.template_globals import in_zone

PURPOSE = b"calendars/answer"
"""What the key is derived for, so that it signs nothing else."""
TOKEN = re.compile(r"(\d{1,12})-([a-z2-7]{20})")
"""The invitation's id, and 100 bits of its HMAC; in small letters, since some mail systems write addresses
so.
"""
WHEN = "EEEE, d MMMM y, HH:mm"


def address_of(row: Invitation) -> str:
    """The address that answers to this invitation go to."""
    local, _at, host = current().answers_address.rpartition("@")
    return f"{local}+{row.id}-{_mark(row.uid)}@{host}"


def id_in(address: str) -> tuple[int, str] | None:
    """The id of the invitation that an address claims to answer, and its mark; None when it is no such
    address.
    """
    ours, _at, host = current().answers_address.lower().rpartition("@")
    local, _at, at_host = address.lower().rpartition("@")
    base, _plus, token = local.rpartition("+")
    found = TOKEN.fullmatch(token)
    return (int(found[1]), found[2]) if found and (base, at_host) == (ours, host) else None


def is_mark_of(row: Invitation, mark: str) -> bool:
    """Whether somebody was sent this invitation, since they know its mark."""
    return hmac.compare_digest(_mark(row.uid), mark)


def invited(invite: Invite, *, to: Person, changed: bool) -> Letter:
    """Asks somebody to a check-in, or tells that it is at another time or place."""
    with in_language_of(to):
        facts = {"what": invite.summary, "when": _when(invite, to)}
        subject = (
            _("Changed: %(what)s, %(when)s", **facts)
            if changed
            else _("Invitation: %(what)s, %(when)s", **facts)
        )
        part = CalendarPart(invitation.REQUEST, invitation.request(invite), invite.organizer.address)
        page = invite.url or current().public_url
        return _letter("invited", subject, to, part, invite=invite, changed=changed, page=page, **facts)


def taken_back(invite: Invite, *, to: Person, chosen: bool) -> Letter:
    """Takes an invitation back: the check-in is off, or (not `chosen`) the person wants no
    more invitations.
    """
    with in_language_of(to):
        facts = {"what": invite.summary, "when": _when(invite, to)}
        subject = (
            _("Called off: %(what)s, %(when)s", **facts)
            if chosen
            else _("Taken out of your calendar: %(what)s, %(when)s", **facts)
        )
        part = CalendarPart(invitation.CANCEL, invitation.cancel(invite), invite.organizer.address)
        page = f"{current().public_url}/calendars/choices" if not chosen else current().public_url
        return _letter("taken_back", subject, to, part, chosen=chosen, page=page, **facts)


def declined(pairing: Pairing, to: Person, row: Invitation) -> Letter:
    """Tells somebody that their partner cannot come, and where to find a time that suits both."""
    return _about_answer("declined", pairing, to, row.starts_at, f"/times?check_in={row.check_in_id}")


def comes_after_all(pairing: Pairing, to: Person, row: Invitation) -> Letter:
    """Tells somebody that their partner, who had declined, comes."""
    return _about_answer("comes_after_all", pairing, to, row.starts_at)


def _about_answer(name: str, pairing: Pairing, to: Person, starts_at: datetime, way_on: str = "") -> Letter:
    with in_language_of(to):
        other = partner(pairing, to.id)
        facts = {"partner": other.name, "when": in_zone(starts_at, to.time_zone, WHEN)}
        subjects = {
            "declined": _("%(partner)s cannot come: check-in on %(when)s", **facts),
            "comes_after_all": _("%(partner)s comes after all: check-in on %(when)s", **facts),
        }
        page = f"{current().public_url}/pairings/{pairing.id}{way_on}"
        return _letter(name, subjects[name], to, None, page=page, programme=pairing.programme, **facts)


def _letter(name: str, subject: str, to: Person, part: CalendarPart | None, **facts: object) -> Letter:
    letter = compose(
        f"calendars.{name}",
        subject,
        to,
        choices=f"{current().public_url}/calendars/choices",
        reads_answers=current().reads_answers,
        **facts,
    )
    return replace(letter, calendar=part)


def _when(invite: Invite, to: Person) -> str:
    return in_zone(invite.starts_at, to.time_zone, WHEN)


def _mark(uid: str) -> str:
    key = hmac.digest(current().secret_key.encode(), PURPOSE, "sha256")
    return base64.b32encode(hmac.digest(key, uid.encode(), "sha256")).decode().lower()[:20]
