"""Letters about pairings. Each is one pure function of a pairing and of whom it goes to."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from portal.letters.letter import Letter, compose, in_language_of
from portal.pairings import words
from portal.pairings.models import Pairing
from portal.pairings.queries import partner, side_of
from portal.people.models import Person
from portal.settings import current
from portal.web.template_globals import in_zone


def offered(pairing: Pairing, to: Person, *, until: datetime) -> Letter:
    """Asks one of the two whether they would like to meet the other, and until when there
    is time to answer.
    """
    with in_language_of(to):
        last = in_zone(until, to.time_zone, "EEEE, d MMMM")
        facts = {"until": last, "reasons": _reasons(pairing, to), "first": to.id == pairing.mentee_id}
        subject = _("Would you like to meet %(name)s?", name=partner(pairing, to.id).name)
        return _letter("offered", subject, pairing, to, f"/pairings/{pairing.id}/offer", facts)


def _reasons(pairing: Pairing, to: Person) -> list[str]:
    """The three weightiest, as this one of the two reads them."""
    return words.reasons(pairing, side_of(pairing, to.id) or "staff")[:3]


def active(pairing: Pairing, to: Person) -> Letter:
    """Says that both have agreed, and that the first thing to do is to find times."""
    with in_language_of(to):
        subject = _("You and %(name)s are a pair", name=partner(pairing, to.id).name)
        return _letter("active", subject, pairing, to, f"/pairings/{pairing.id}", {})


def not_this_time(pairing: Pairing, to: Person) -> Letter:
    """Says kindly that a pairing to which somebody had agreed does not come about."""
    with in_language_of(to):
        return _letter("not_this_time", _("Your match does not come about"), pairing, to, "/", {})


def taken_back(pairing: Pairing, to: Person) -> Letter:
    """Says that staff took an offer back before it was answered by both."""
    with in_language_of(to):
        return _letter("taken_back", _("We have taken our question back"), pairing, to, "/", {})


def ended(pairing: Pairing, to: Person) -> Letter:
    """Says that a pairing has ended, without blame."""
    with in_language_of(to):
        subject = _("You and %(name)s have finished", name=partner(pairing, to.id).name)
        return _letter("ended", subject, pairing, to, f"/pairings/{pairing.id}", {})


def goes_on(pairing: Pairing, to: Person) -> Letter:
    """Says that a pairing which had ended goes on after all."""
    with in_language_of(to):
        subject = _("You and %(name)s go on", name=partner(pairing, to.id).name)
        return _letter("goes_on", subject, pairing, to, f"/pairings/{pairing.id}", {})


def _letter(
    name: str, subject: str, pairing: Pairing, to: Person, path: str, facts: dict[str, Any]
) -> Letter:
    return compose(
        f"pairings.{name}",
        subject,
        to,
        page=f"{current().public_url}{path}",
        programme=pairing.programme,
        partner=partner(pairing, to.id),
        **facts,
    )
