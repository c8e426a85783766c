"""Letters about an account. Each is one function; its words are in templates/letters/people/."""

from dataclasses import replace

from flask_babel import gettext as _

from portal.letters.letter import Letter, compose, in_language_of
from portal.people.accounts.links import MINUTES
from portal.people.models import Person
from portal.settings import current


def confirm(person: Person, link: str) -> Letter:
    """Confirm your address."""
    with in_language_of(person):
        return _letter("confirm", _("Confirm your address"), person, link)


def already_known(person: Person, link: str) -> Letter:
    """Somebody signed up with an address that has an account; `link` chooses a new password."""
    with in_language_of(person):
        return _letter("already_known", _("You already have an account"), person, link)


def reset(person: Person, link: str) -> Letter:
    """Choose a new password."""
    with in_language_of(person):
        return _letter("reset", _("Choose a new password"), person, link)


def password_changed(person: Person) -> Letter:
    """Your password was changed; no link, since whoever reads it may not be the one who asked."""
    with in_language_of(person):
        return _letter("password_changed", _("Your password was changed"), person)


def welcome(person: Person, link: str) -> Letter:
    """An account was made for you; `link` chooses its password."""
    with in_language_of(person):
        return _letter("welcome", _("Your account is ready"), person, link)


def _letter(name: str, subject: str, person: Person, link: str | None = None) -> Letter:
    times = {"minutes": MINUTES, "days": current().invitation_days}
    return replace(compose(f"people.{name}", subject, person, **times), link=link)
