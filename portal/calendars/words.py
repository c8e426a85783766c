"""Titles and descriptions of calendar entries, in the language active when they are called."""

from flask_babel import gettext as _

from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.programmes import words as programmes
from portal.schedule import words as schedule
from portal.schedule.models import Milestone, Series

READERS = {
    "google": "Google Calendar",
    "outlook": "Outlook",
    "exchange": "Outlook",
    "microsoft": "Outlook",
    "dataaccessd": "Apple",
    "calendaragent": "Apple",
    "ios/": "Apple",
    "macos/": "Apple",
    "mac os x/": "Apple",
    "thunderbird": "Thunderbird",
    "davx5": "DAVx⁵",
    "icsx5": "ICSx⁵",
    "nextcloud": "Nextcloud",
}
"""Parts of a calendar program's User-Agent, in lower case -> what people call it; the first match counts."""


def check_in(partner: Person) -> str:
    """The title of a check-in."""
    return _("Check-in with %(name)s", name=partner.name)


def milestone(kind: str, partner: Person) -> str:
    """The title of a milestone."""
    return _("%(what)s with %(name)s", what=schedule.MILESTONES[kind], name=partner.name)


def about_check_in(series: Series, pairing: Pairing, page: str) -> str:
    """The description of a check-in: the programme, where to prepare it or move it, and how to join."""
    lines = [
        _programme(pairing),
        _("Agenda, notes, and another time if need be: %(page)s", page=page),
        _("Share your questions two days ahead, so that both of you can prepare."),
    ]
    if series.link:
        lines.append(_("Join by video: %(link)s", link=series.link))
    return "\n".join(lines)


def about_milestone(row: Milestone, pairing: Pairing, page: str) -> str:
    """The description of a milestone."""
    return "\n".join(
        [_programme(pairing), str(schedule.MILESTONE_HINTS[row.kind]), _("Your page: %(page)s", page=page)]
    )


def calendar_of(pairing: Pairing, partner: Person) -> str:
    """The name of the calendar of one pairing."""
    return _("%(label)s with %(name)s", label=programmes.LABELS[pairing.programme.label], name=partner.name)


def reader(agent: str) -> str:
    """What people call the program that read a feed, by its User-Agent; "" if it sends none."""
    known = next((name for part, name in READERS.items() if part in agent.lower()), None)
    if known:
        return known
    first = agent.partition("/")[0].strip()
    return _("a browser") if first == "Mozilla" else first


def _programme(pairing: Pairing) -> str:
    """The programme with the label it runs under; the word "reverse" puts some people off, so it is a
    setting.
    """
    label = programmes.LABELS[pairing.programme.label]
    return _("%(label)s, %(programme)s", label=label, programme=pairing.programme.name)
