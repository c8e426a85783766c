"""Letters about an enrolment: joined, paused, withdrawn, let in late. Each is a pure
function of person and programme.
"""

from datetime import date
from typing import Any

from flask_babel import gettext as _

from portal.letters.letter import Letter, compose, in_language_of
from portal.people.models import Person
from portal.programmes import words
from portal.programmes.models import Programme
from portal.settings import current
from portal.web.template_globals import day


def joined(person: Person, programme: Programme) -> Letter:
    """Confirms that somebody has joined, and says what comes next."""
    with in_language_of(person):
        facts = {"label": words.LABELS[programme.label], "cadence": words.cadence(programme)}
        return _letter(
            "joined", _("You have joined %(programme)s", programme=programme.name), person, programme, facts
        )


def paused(person: Person, programme: Programme, until: date) -> Letter:
    """Confirms a pause and its last day."""
    with in_language_of(person):
        facts = {"until": day(until)}
        return _letter(
            "paused", _("Your pause in %(programme)s", programme=programme.name), person, programme, facts
        )


def withdrawn(person: Person, programme: Programme) -> Letter:
    """Confirms that somebody has left, and that they may come back."""
    with in_language_of(person):
        subject = _("You have left %(programme)s", programme=programme.name)
        return _letter("withdrawn", subject, person, programme, {})


def let_in(person: Person, programme: Programme) -> Letter:
    """Says that staff let somebody join though sign-up is over."""
    with in_language_of(person):
        subject = _("You can still join %(programme)s", programme=programme.name)
        return _letter("let_in", subject, person, programme, {})


def _letter(name: str, subject: str, person: Person, programme: Programme, facts: dict[str, Any]) -> Letter:
    base = current().public_url
    pages = {"withdrawn": f"{base}/join", "let_in": f"{base}/join/{programme.id}"}
    page = pages.get(name, f"{base}/join/{programme.id}/standing")
    return compose(f"programmes.{name}", subject, person, programme=programme, page=page, **facts)
