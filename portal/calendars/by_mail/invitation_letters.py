"""Letters about invitations: an invitation, a change of it, its cancellation, and the partner's answer.

Answers go to an address of the portal's with a token after a plus sign. The token is an HMAC of the
invitation's UID under a key of the portal's, so only those who got an invitation can answer it.
"""

import base64
import hmac
import re
from dataclasses import replace
from datetime import datetime

from flask_babel import gettext as _

from portal.calendars.models import Invitation
from portal.core.calendar import itip
from portal.core.calendar.itip import Invite
from portal.letters.letter import CalendarPart, Letter, compose, in_language_of
from portal.pairings.models import Pairing
from portal.pairings.queries import partner
from portal.people.models import Person
from portal.settings import current
from portal.web.template_globals import in_zone

PURPOSE = b"calendars/answer"
"""The purpose the key is derived for, so that it signs nothing else."""
TOKEN = re.compile(r"(\d{1,12})-([a-z2-7]{20})")
"""The invitation's id and 100 bits of its HMAC; in lower case, since some mail systems convert addresses."""
WHEN = "EEEE, d MMMM y, HH:mm"


def address_of(row: Invitation) -> str:
    """The address that answers to this invitation go to."""
    local, _at, host = current().answers_address.rpartition("@")
    return f"{local}+{row.id}-{_mac(row.uid)}@{host}"


def id_in(address: str) -> tuple[int, str] | None:
    """The id of the invitation that an address claims to answer, and the HMAC in it; None if it is no such
    address.
    """
    answers_local, _at, answers_host = current().answers_address.lower().rpartition("@")
    local, _at, host = address.lower().rpartition("@")
    base, _plus, token = local.rpartition("+")
    match = TOKEN.fullmatch(token)
    is_ours = (base, host) == (answers_local, answers_host)
    return (int(match[1]), match[2]) if match and is_ours else None


def is_mac_of(row: Invitation, mac: str) -> bool:
    """Whether an answer comes from somebody who got this invitation, as its HMAC proves."""
    return hmac.compare_digest(_mac(row.uid), mac)


def invited(invite: Invite, *, to: Person, changed: bool) -> Letter:
    """Invites somebody to a check-in, or says that it is at another time or place."""
    with in_language_of(to):
        facts = {"what": invite.summary, "when": _when(invite, to)}
        subject = (
            _("Changed: %(what)s, %(when)s", **facts)
            if changed
            else _("Invitation: %(what)s, %(when)s", **facts)
        )
        part = CalendarPart(itip.REQUEST, itip.request(invite), invite.organizer.address)
        page = invite.url or current().public_url
        return _letter("invited", subject, to, part, invite=invite, changed=changed, page=page, **facts)


def taken_back(invite: Invite, *, to: Person, chosen: bool) -> Letter:
    """Cancels an invitation: the check-in is off or, if not `chosen`, its person wants no more of them."""
    with in_language_of(to):
        facts = {"what": invite.summary, "when": _when(invite, to)}
        subject = (
            _("Called off: %(what)s, %(when)s", **facts)
            if chosen
            else _("Taken out of your calendar: %(what)s, %(when)s", **facts)
        )
        part = CalendarPart(itip.CANCEL, itip.cancel(invite), invite.organizer.address)
        page = f"{current().public_url}/calendars/choices" if not chosen else current().public_url
        return _letter("taken_back", subject, to, part, chosen=chosen, page=page, **facts)


def declined(pairing: Pairing, to: Person, row: Invitation) -> Letter:
    """Says that the partner cannot come, and where to find a time that suits both."""
    return _about_answer("declined", pairing, to, row.starts_at, f"/times?check_in={row.check_in_id}")


def comes_after_all(pairing: Pairing, to: Person, row: Invitation) -> Letter:
    """Says that the partner, who had declined, comes."""
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


def _mac(uid: str) -> str:
    key = hmac.digest(current().secret_key.encode(), PURPOSE, "sha256")
    return base64.b32encode(hmac.digest(key, uid.encode(), "sha256")).decode().lower()[:20]
