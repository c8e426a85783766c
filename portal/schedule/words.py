"""Words of the schedule room."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.core.lifecycle import CheckInState
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule.models import Series
from portal.web.template_globals import day, in_zone

MILESTONES: dict[str, Any] = {
    "kick-off": _l("Kick-off"),
    "midpoint": _l("Midpoint review"),
    "closing": _l("Closing"),
}
MILESTONE_HINTS: dict[str, Any] = {
    "kick-off": _l("Agree on what you both want, how you talk, and what stays between you."),
    "midpoint": _l("Look back together: what helps, what should change?"),
    "closing": _l("Say what each of you takes along, and whether you go on."),
}
STATES: dict[str, Any] = {
    CheckInState.PLANNED: _l("Planned"),
    CheckInState.SKIPPED: _l("Skipped"),
    CheckInState.MET: _l("You met"),
}


def plan(series: Series) -> str:
    """A series in words, with the times of its own zone."""
    return _(
        "%(count)s × %(minutes)s minutes, %(rhythm)s, from %(day)s at %(time)s (%(zone)s)",
        count=series.count,
        minutes=series.minutes,
        rhythm=_rhythm(series),
        day=day(series.first_on, "EEEE, d MMMM y"),
        time=f"{series.local_time:%H:%M}",
        zone=series.zone.replace("_", " "),
    )


def for_others(moment: datetime, pairing: Pairing, reader: Person) -> list[str]:
    """What the clocks of the pair show at a moment, the reader's apart, where they differ; with the day where
    that does.
    """
    here, found = moment.astimezone(ZoneInfo(reader.time_zone)), []
    for person in (pairing.mentor, pairing.mentee):
        there = moment.astimezone(ZoneInfo(person.time_zone))
        if person.id != reader.id and there.replace(tzinfo=None) != here.replace(tzinfo=None):
            time = in_zone(
                moment, person.time_zone, "HH:mm" if there.date() == here.date() else "EEEE, HH:mm"
            )
            found.append(_("(%(time)s for %(name)s)", time=time, name=person.name))
    return found


def _rhythm(series: Series) -> str:
    if series.unit == "week":
        return ngettext("every week", "every %(num)s weeks", series.every)
    return ngettext("every month", "every %(num)s months", series.every)


def vocabulary() -> dict[str, Any]:
    """What templates that show check-ins and milestones call these."""
    said = {"milestone_words": MILESTONES, "milestone_hints": MILESTONE_HINTS, "check_in_words": STATES}
    return {**said, "for_others": for_others}
