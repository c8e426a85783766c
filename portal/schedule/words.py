"""Names of milestones and states, and sentences about series and times, for pages and letters."""

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
    """A sentence about a series, with times in the zone of the series."""
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
    """The local time of the pair's other people where it differs from the reader's, with the day where that
    differs.
    """
    own_time, times = moment.astimezone(ZoneInfo(reader.time_zone)), []
    for person in (pairing.mentor, pairing.mentee):
        local = moment.astimezone(ZoneInfo(person.time_zone))
        if person.id != reader.id and local.replace(tzinfo=None) != own_time.replace(tzinfo=None):
            format_ = "HH:mm" if local.date() == own_time.date() else "EEEE, HH:mm"
            time = in_zone(moment, person.time_zone, format_)
            times.append(_("(%(time)s for %(name)s)", time=time, name=person.name))
    return times


def _rhythm(series: Series) -> str:
    if series.unit == "week":
        return ngettext("every week", "every %(num)s weeks", series.every)
    return ngettext("every month", "every %(num)s months", series.every)


def vocabulary() -> dict[str, Any]:
    """What templates that show check-ins and milestones use of this module."""
    return {
        "milestone_words": MILESTONES,
        "milestone_hints": MILESTONE_HINTS,
        "check_in_words": STATES,
        "for_others": for_others,
    }
