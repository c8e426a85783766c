"""The problems of calendar accounts in words, for pages, letters and operators; and the letters about changes
that people made in their own calendars.
"""

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.calendars.models import CalendarAccount
from portal.letters.letter import Letter, compose, in_language_of
from portal.pairings.models import Pairing
from portal.pairings.queries import partner
from portal.people.models import Person
from portal.settings import current
from portal.web.template_globals import in_zone

TO_CHOOSE = ("no-new-calendar", "no-such-calendar")
"""Problems with which the account's detail lists the calendars to choose from, one a line."""
PROBLEMS = {
    "wrong-password": _l(
        "The server does not accept the user name and password. Many servers want an app password here."
    ),
    "unreachable": _l("The server cannot be reached."),
    "slow": _l("The server takes too long to answer."),
    "not-a-calendar-server": _l("No calendars were found there. Check the address."),
    "calendar-gone": _l("The calendar we wrote to is not there any more."),
    "emptied": _l(
        "Most of our entries have vanished from your calendar at once. We have written nothing and ask you"
        " first."
    ),
    "refused-address": _l(
        "We do not write to this address. Type the address that your calendar server itself gives you."
    ),
    "too-large": _l("The server's answers are too large for us."),
    "rate-limited": _l("The server asked us to come back later."),
    "server-error": _l("The server has trouble of its own."),
    "bad-answer": _l("The server's answer made no sense to us."),
    "not-allowed": _l("We may not write to this calendar."),
    "full": _l("The server says that there is no room left."),
    "no-new-calendar": _l("The server does not let us make a calendar. Choose one you have."),
    "no-such-calendar": _l("There is no calendar of that name which we may write to. Choose one you have."),
    "no-password": _l("We can no longer read the password you gave us. Type it again."),
    "left-behind": _l(
        "We could not take our entries out of your calendar; delete those that are left yourself."
    ),
    "our-fault": _l("Something broke on our side."),
}


def problem_words(problem: str) -> str:
    """A problem in a sentence; "" for none."""
    return str(PROBLEMS.get(problem, PROBLEMS["bad-answer"])) if problem else ""


def suspended(account: CalendarAccount, to: Person) -> Letter:
    """Asks the owner what to do about a calendar that we have stopped writing to."""
    with in_language_of(to):
        return compose(
            "calendars.suspended",
            _("We have stopped writing to your calendar"),
            to,
            page=f"{current().public_url}/calendars",
            calendar_name=account.calendar_name,
            problem=problem_words(account.problem),
        )


def not_followed(pairing: Pairing, to: Person, reason: str) -> Letter:
    """Explains why a change in one's own calendar could not be followed; it shows the agreed times again."""
    subject = _(
        "We could not follow your change of the check-ins with %(name)s", name=partner(pairing, to.id).name
    )
    return _about_pair("not_followed", subject, pairing, to, reason=reason)


def not_understood(pairing: Pairing, to: Person) -> Letter:
    """Says that a change in one's own calendar was not understood, and is left as it is."""
    subject = _(
        "We could not tell what you changed about the check-ins with %(name)s",
        name=partner(pairing, to.id).name,
    )
    return _about_pair("not_understood", subject, pairing, to)


def partner_asked(pairing: Pairing, to: Person, when: datetime) -> Letter:
    """Says that the partner is asked about what was moved in one's own calendar."""
    subject = _("We have asked %(name)s about your change", name=partner(pairing, to.id).name)
    return _about_pair(
        "partner_asked", subject, pairing, to, stays=in_zone(when, to.time_zone, "EEEE, d MMMM y, HH:mm")
    )


def no_longer_written(pairing: Pairing, to: Person) -> Letter:
    """Says that what one deleted in one's own calendar is no longer written there, and how to get it back."""
    subject = _("Check-ins with %(name)s are no longer in your calendar", name=partner(pairing, to.id).name)
    return _about_pair("no_longer_written", subject, pairing, to)


def _about_pair(name: str, subject: str, pairing: Pairing, to: Person, **facts: str) -> Letter:
    base = current().public_url
    return compose(
        f"calendars.{name}",
        subject,
        to,
        calendars=f"{base}/calendars",
        page=f"{base}/pairings/{pairing.id}",
        partner=partner(pairing, to.id),
        programme=pairing.programme,
        **facts,
    )
