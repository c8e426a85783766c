"""Forms of the schedule: the plan of a series, another time for one check-in, another day for a milestone."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.form import _Auto
from wtforms import (
    DateField,
    Field,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TimeField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange

from portal.core.hours import cadence
from portal.core.hours.cadence import (
    FEWEST_MINUTES,
    MOST_COUNT,
    MOST_EVERY,
    MOST_MINUTES,
    NotThatDay,
    Rule,
    Week,
)
from portal.core.hours.weekly_hours import parse_hours
from portal.errors import Invalid
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule.models import CheckIn, Milestone, Series
from portal.schedule.queries import holidays_of
from portal.web.forms import PortalForm, select_choices
from portal.web.numbers import version_in
from portal.web.template_globals import day as in_words

DAY_MISSING, TIME_MISSING = _l("Choose a day."), _l("Choose a time.")
NOT_SOON = timedelta(days=3)
"""The first check-in is proposed no sooner, so that both can prepare."""


def a_day_of_ours(form: PortalForm, field: Field) -> None:
    """Refuse days that dates and time zones cannot handle; planning limits how far ahead a day may be."""
    if field.data is not None and not 2000 <= field.data.year <= 2200:
        raise ValidationError(_l("This day is too far away. Choose another one."))


def a_web_address(form: PortalForm, field: Field) -> None:
    """Refuse links to anything but a web server."""
    text = field.data or ""
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fine = False
    if text and not fine:
        raise ValidationError(_l("Paste the whole link, beginning with https://."))


class SeenForm(PortalForm):
    """A form with the version that its reader saw."""

    seen = HiddenField()

    def version(self) -> int:
        """The version that the reader saw, or 0: the one that was sent, as the field's data may be newer."""
        return version_in(str((self.seen.raw_data or [""])[0]))

    def take(self, error: Invalid) -> None:
        """Show an error at its field; NotThatDay in the reader's language."""
        if isinstance(error, NotThatDay):
            facts = {**error.facts, "day": in_words(date.fromisoformat(error.facts["day"]))}
            error = Invalid(_(error.template, **facts), field=error.field)
        super().take(error)


class PlanForm(SeenForm):
    """The rule of a series, the length of its check-ins, and their place."""

    first_on = DateField(_l("First check-in"), [InputRequired(DAY_MISSING), a_day_of_ours])
    at = TimeField(_l("At"), [InputRequired(TIME_MISSING)])
    zone = SelectField(_l("Time zone"))
    count = IntegerField(
        _l("How many check-ins?"),
        [
            InputRequired(_l("Type a number.")),
            NumberRange(1, MOST_COUNT, _l("Choose from %(min)s to %(max)s.", min=1, max=MOST_COUNT)),
        ],
    )
    every = IntegerField(
        _l("Every"),
        [
            InputRequired(_l("Type a number.")),
            NumberRange(1, MOST_EVERY, _l("Choose from %(min)s to %(max)s.", min=1, max=MOST_EVERY)),
        ],
    )
    unit = SelectField(
        _l("Weeks or months"), choices=select_choices([("week", _l("weeks")), ("month", _l("months"))])
    )
    minutes = IntegerField(
        _l("Minutes each"),
        [
            InputRequired(_l("Type a number.")),
            NumberRange(
                FEWEST_MINUTES,
                MOST_MINUTES,
                _l("Choose from %(min)s to %(max)s.", min=FEWEST_MINUTES, max=MOST_MINUTES),
            ),
        ],
    )
    place = StringField(
        _l("Where?"),
        [Length(max=200, message=_l("Use at most 200 characters."))],
        description=_l("A room, a café. Leave it empty when you meet by video."),
    )
    link = StringField(
        _l("Video link"),
        [Length(max=500, message=_l("Use at most 500 characters.")), a_web_address],
    )

    def validate_without_token(self) -> bool:
        """Whether the fields are valid, for a form that changes nothing and so needs no CSRF token."""
        del self.csrf_token
        return bool(self.validate())

    def rule(self) -> Rule:
        """The rule of a valid form."""
        first_on, at = self.first_on.data, self.at.data
        every, unit, zone, count = self.every.data, self.unit.data, self.zone.data, self.count.data
        if first_on is None or at is None or every is None or count is None:
            raise Invalid(str(DAY_MISSING), field="first_on")
        return Rule(every, unit, first_on, at.replace(second=0, microsecond=0), zone, count)


def plan_form(
    pairing: Pairing,
    reader: Person,
    series: Series | None,
    *,
    today: date,
    values: object = _Auto,
    proposed: Mapping[str, str] | None = None,
) -> PlanForm:
    """The form with the values sent, else proposed in the query string, as Find a time does, else of the
    present series, else suggested by the programme and both people's hours.
    """
    start = (
        _suggested(pairing, reader, today)
        | (_planned(series, today) if series else {})
        | _proposed(proposed or {})
    )
    form = PlanForm(values, data=start)
    zones = dict.fromkeys((reader.time_zone, pairing.mentee.time_zone, pairing.mentor.time_zone))
    if series is not None:
        zones |= {series.zone: None}
    form.zone.choices = select_choices((zone, zone.replace("_", " ")) for zone in zones)
    return form


READ: dict[str, Callable[[str], object]] = {
    "first_on": date.fromisoformat,
    "at": time.fromisoformat,
    "zone": str,
    "unit": str,
    "count": int,
    "every": int,
    "minutes": int,
}
"""Values of a plan that a query string may propose, and how they are read."""


def _proposed(query: Mapping[str, str]) -> dict[str, object]:
    """The values in a query string that can be read."""
    values: dict[str, object] = {}
    for name, read in READ.items():
        with suppress(ValueError):
            if name in query:
                values[name] = read(query[name][:40])
    return values


def _planned(series: Series, today: date) -> dict[str, object]:
    """The values of the present series, with its next day as the first, since past check-ins stay. Once it is
    over, the first day is left to the suggestion.
    """
    rule = Rule(series.every, series.unit, series.first_on, series.local_time, series.zone, series.count)
    days = cadence.occurrences(rule)
    ahead = [day for day in days if day > today]
    return {
        **({"first_on": ahead[0]} if ahead else {}),
        "seen": series.version,
        "at": series.local_time,
        "zone": series.zone,
        "count": len(ahead) or series.count,
        "every": series.every,
        "unit": series.unit,
        "minutes": series.minutes,
        "place": series.place,
        "link": series.link,
    }


def _suggested(pairing: Pairing, reader: Person, today: date) -> dict[str, object]:
    programme = pairing.programme
    other = pairing.mentee if reader.id == pairing.mentor_id else pairing.mentor
    after = max(today + NOT_SOON, min(programme.starts_on, today + timedelta(days=60)))
    first = cadence.first_common(
        _week(reader),
        _week(other),
        after=after,
        minutes=programme.meeting_minutes,
        holidays=holidays_of(pairing, after),
    )
    day, at = first or (cadence.next_workday(after, ()), time(10))
    return {
        "first_on": day,
        "at": at,
        "zone": reader.time_zone,
        "count": programme.meetings,
        "every": programme.cadence_every,
        "unit": programme.cadence_unit,
        "minutes": programme.meeting_minutes,
    }


def _week(person: Person) -> Week:
    return Week(parse_hours(person.hours or "Mon-Fri 09:00-17:00"), person.time_zone)


class MoveForm(SeenForm):
    """Another day and time for one check-in, in the reader's zone."""

    day = DateField(_l("Day"), [InputRequired(DAY_MISSING), a_day_of_ours])
    at = TimeField(_l("Time"), [InputRequired(TIME_MISSING)])

    def starts_at(self, zone: str) -> datetime:
        """The moment in UTC; raises Invalid when a clock change leaves it out or doubles it."""
        if self.day.data is None or self.at.data is None:
            raise Invalid(str(DAY_MISSING), field="day")
        return cadence.moment_of(self.day.data, self.at.data.replace(second=0, microsecond=0), zone)


def move_form(check_in: CheckIn, zone: str) -> MoveForm:
    """The form with the values sent, else with the present time of the check-in."""
    local = check_in.starts_at.astimezone(ZoneInfo(zone))
    data = {"seen": check_in.version, "day": local.date(), "at": local.time()}
    return MoveForm(prefix=f"check-in-{check_in.id}-", data=data)


class DayForm(SeenForm):
    """Another day for a milestone."""

    due_on = DateField(_l("Day"), [InputRequired(DAY_MISSING), a_day_of_ours])


def day_form(milestone: Milestone) -> DayForm:
    """The form with the value sent, else with the present day of the milestone."""
    return DayForm(
        prefix=f"milestone-{milestone.id}-", data={"seen": milestone.version, "due_on": milestone.due_on}
    )
