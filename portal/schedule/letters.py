"""Letters about planned, moved, skipped and restored check-ins, requests to move one, and milestones."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from flask_babel import gettext as _

from portal.core.lifecycle import CheckInState
from portal.letters.letter import Letter, compose, in_language_of
from portal.pairings.models import Pairing
from portal.pairings.queries import partner
from portal.people.models import Person
from portal.schedule import words
from portal.schedule.models import CheckIn, Milestone
from portal.settings import current
from portal.web.template_globals import day, in_zone

WHICH_DAY = "EEEE, d MMMM y"
WHEN = f"{WHICH_DAY}, HH:mm"
MOMENT = "%Y%m%dT%H%M%SZ"
"""A moment in a link, in UTC, without characters that mail programs break or escape."""


def planned(
    pairing: Pairing, to: Person, check_ins: Sequence[CheckIn], by: Person, *, anew: bool = False
) -> Letter:
    """Says that the check-ins are booked, with their times in the reader's zone.

    `anew`: they replace an earlier plan, so there is a link to plan once more.
    """
    with in_language_of(to):
        ahead = [check_in for check_in in check_ins if check_in.state == CheckInState.PLANNED]
        times = [(in_zone(check_in.starts_at, to.time_zone, WHEN), check_in.moved_for) for check_in in ahead]
        subject = _("Your check-ins with %(name)s are planned", name=partner(pairing, to.id).name)
        again = f"{current().public_url}/schedule/{pairing.id}/plan" if anew else ""
        return _letter("planned", subject, pairing, to, by, {"times": times, "again": again})


def moved(pairing: Pairing, to: Person, check_in: CheckIn, by: Person, *, was: datetime) -> Letter:
    """Says that one check-in is at another time, and how to move it back to when it `was`."""
    with in_language_of(to):
        subject = _("Your check-in with %(name)s has moved", name=partner(pairing, to.id).name)
        facts = {"was": in_zone(was, to.time_zone, WHEN), "back": back_to(check_in, pairing, was)}
        return _letter("moved", subject, pairing, to, by, {**_when(check_in, to), **facts})


def skipped(pairing: Pairing, to: Person, check_in: CheckIn, by: Person) -> Letter:
    """Says that one check-in does not take place."""
    with in_language_of(to):
        subject = _("Your check-in with %(name)s is off this time", name=partner(pairing, to.id).name)
        return _letter(
            "skipped", subject, pairing, to, by, {**_when(check_in, to), "back": back_to(check_in, pairing)}
        )


def restored(pairing: Pairing, to: Person, check_in: CheckIn, by: Person) -> Letter:
    """Says that one check-in takes place after all."""
    with in_language_of(to):
        subject = _("Your check-in with %(name)s takes place after all", name=partner(pairing, to.id).name)
        return _letter("restored", subject, pairing, to, by, _when(check_in, to))


def asked(pairing: Pairing, to: Person, check_in: CheckIn, by: Person, starts_at: datetime | None) -> Letter:
    """Asks for an answer, since the partner would like another time or to skip this check-in."""
    with in_language_of(to):
        subject = _("%(name)s asks about your next check-in", name=by.name)
        then = in_zone(starts_at, to.time_zone, WHEN) if starts_at else ""
        return _letter("asked", subject, pairing, to, by, {**_when(check_in, to), "then": then})


def declined(pairing: Pairing, to: Person, check_in: CheckIn, by: Person) -> Letter:
    """Says that the partner declined the request, so that the check-in stays where it is."""
    with in_language_of(to):
        subject = _("Your check-in with %(name)s stays as it was", name=partner(pairing, to.id).name)
        return _letter("declined", subject, pairing, to, by, _when(check_in, to))


def day_moved(pairing: Pairing, to: Person, milestone: Milestone, by: Person, *, was: date) -> Letter:
    """Says that a milestone has moved to another day."""
    with in_language_of(to):
        what = words.MILESTONES[milestone.kind]
        subject = _("%(what)s with %(name)s is on another day", what=what, name=partner(pairing, to.id).name)
        facts = {"what": what, "when": day(milestone.due_on, WHICH_DAY), "was": day(was, WHICH_DAY)}
        return _letter("day_moved", subject, pairing, to, by, facts)


def back_to(check_in: CheckIn, pairing: Pairing, was: datetime | None = None) -> str:
    """The link that undoes a change while nothing else has changed; None for `was` undoes a skip."""
    to = f"to={was.astimezone(UTC):{MOMENT}}&" if was else ""
    path = f"pairings/{pairing.id}/check-ins/{check_in.id}/back"
    return f"{current().public_url}/{path}?{to}seen={check_in.version}"


def _when(check_in: CheckIn, to: Person) -> dict[str, Any]:
    return {"when": in_zone(check_in.starts_at, to.time_zone, WHEN)}


def _letter(
    name: str, subject: str, pairing: Pairing, to: Person, by: Person, facts: dict[str, Any]
) -> Letter:
    return compose(
        f"schedule.{name}",
        subject,
        to,
        page=f"{current().public_url}/pairings/{pairing.id}",
        by=by.name,
        programme=pairing.programme,
        partner=partner(pairing, to.id),
        own=by.id == to.id,
        **facts,
    )
