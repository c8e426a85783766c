"""Forms of signing up and of a programme's facts."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.slots import HoursError, parse_hours
from portal.people.languages import parse_languages
from portal.people.zones import ZoneField, choices
from portal.programmes import words
from portal.programmes.models import DEFAULT_RULES, DEFAULT_WEIGHTS
from portal.web.forms import PortalForm

CAPACITIES = [(each, str(each)) for each in range(1, 6)]


class Choices(SelectMultipleField):
    """Several of a few, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SeenForm(PortalForm):
    """A form that says which version its reader saw."""

    seen = HiddenField()

    def version(self) -> int:
        """The version seen; 0, which no row has, for anything odd."""
        text = self.seen.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class RoleForm(SeenForm):
    """Step 1."""

    role = RadioField(
        _l("How would you like to take part?"),
        choices=[("mentor", _l("I mentor")), ("mentee", _l("I learn")), ("both", _l("Both"))],
        validators=[InputRequired(_l("Choose how you would like to take part."))],
    )
    mentor_capacity = SelectField(_l("If you mentor: how many people at once?"), choices=CAPACITIES, coerce=int, default=1)
    mentee_capacity = SelectField(
        _l("If you learn: from how many people at once?"), choices=CAPACITIES, coerce=int, default=1
    )


class TopicForm(PortalForm):
    """A subject, as typed."""

    text = StringField(_l("Add a subject"), validators=[Length(max=120, message=_l("Make it shorter: a few words."))])


class NameForm(PortalForm):
    """Somebody's name, as typed."""

    name = StringField(_l("Name"), validators=[Length(max=120, message=_l("Type a part of the name only."))])


class WorkingForm(SeenForm):
    """Step 4: facts of the person and, with place, of the enrolment."""

    person_seen = HiddenField()
    time_zone = ZoneField(_l("Your time zone"), validators=[DataRequired(_l("Choose your time zone."))])
    hours = StringField(
        _l("When can you meet?"),
        description=_l("In your own time, like “Mon-Fri 09:00-17:00” or “Tue 10:00-12:00; Thu 14:00-16:00”."),
        validators=[
            DataRequired(_l("Say when you can meet, like Mon-Fri 09:00-17:00.")),
            Length(max=300, message=_l("Make it shorter.")),
        ],
    )
    languages = StringField(
        _l("Languages you would talk in"),
        description=_l("Separated by commas, like “English, Deutsch”."),
        validators=[
            DataRequired(_l("Name at least one language.")),
            Length(max=200, message=_l("Make it shorter.")),
        ],
    )
    style = RadioField(
        _l("Which is more like you?"),
        choices=list(words.STYLES.items()),
        default="balanced",
        description=_l("Different styles often work well together."),
        validators=[InputRequired(_l("Choose one; “a bit of both” is fine."))],
    )
    place = RadioField(
        _l("How would you like to meet?"),
        choices=list(words.PLACES.items()),
        default="either",
        validators=[InputRequired(_l("Choose how you would like to meet."))],
    )

    def __init__(self, *args: Any, near: tuple[str, ...] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.time_zone.choices = choices(near, first=str(_l("Likely")), others=str(_l("All others")))

    def validate_languages(self, field: StringField) -> None:
        """Languages must be known by their names."""
        try:
            parse_languages(field.data or "")
        except ValueError as error:
            message = _l("We do not know the language “%(name)s”. Write it like English or Deutsch.", name=str(error))
            raise ValidationError(message) from error

    def validate_hours(self, field: StringField) -> None:
        """Hours must be hours."""
        try:
            parse_hours(field.data or "")
        except HoursError as error:
            raise ValidationError(_(error.template, part=error.part)) from error


class BoundariesForm(SeenForm):
    """Step 5, but for the list of people, which has forms of its own."""

    off_the_table = TextAreaField(
        _l("Subjects off the table"),
        description=_l("Anything you would rather not talk about. Nobody but you sees this."),
        validators=[Length(max=2000, message=_l("Make it shorter: 2,000 characters at most."))],
    )


class PauseForm(PortalForm):
    """How long a pause lasts."""

    until = DateField(
        _l("I am back on"),
        description=_l("At most a year from now. You come back by yourself; no need to remember."),
        validators=[InputRequired(_l("Choose the day you are back."))],
    )


class Whole(IntegerField):
    """A whole number; for anything else the range's message is enough."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number, or None."""
        text = str(valuelist[0]).strip() if valuelist else ""
        self.data = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _weight(name: str) -> Whole:
    return Whole(
        words.WEIGHTS[name],
        default=DEFAULT_WEIGHTS[name],
        validators=[
            InputRequired(_l("Fill in a number from 0 to 100.")),
            NumberRange(0, 100, _l("A weight is from 0 to 100.")),
        ],
    )


def _whole(label: Any, least: int, most: int, default: int, description: Any = "") -> Whole:
    message = _l("Fill in a whole number from %(least)s to %(most)s.", least=least, most=most)
    return Whole(
        label,
        default=default,
        description=description,
        validators=[InputRequired(message), NumberRange(least, most, message)],
    )


class ProgrammeForm(SeenForm):
    """Everything staff decide about a programme."""

    name = StringField(
        _l("Name"),
        validators=[DataRequired(_l("Give it a name.")), Length(max=120, message=_l("Make the name shorter."))],
    )
    label = RadioField(
        _l("What is it called?"),
        choices=list(words.LABELS.items()),
        default="reverse",
        description=_l("The word “reverse” puts some people off; every page and letter uses the word you choose."),
    )
    promise = TextAreaField(
        _l("The promise"),
        description=_l("What people get and what it asks of them, in a few sentences; shown on the page to join."),
        validators=[Length(max=2000, message=_l("Make it shorter: 2,000 characters at most."))],
    )
    starts_on = DateField(_l("First day"), validators=[InputRequired(_l("Choose the first day."))])
    ends_on = DateField(_l("Last day"), validators=[InputRequired(_l("Choose the last day."))])
    sign_up_until = DateField(
        _l("Sign-up until"), validators=[Optional()], description=_l("Leave empty to take sign-ups while it is open.")
    )
    leads = RadioField(
        _l("Who leads the meetings?"),
        choices=list(words.LEADS.items()),
        description=_l("Pairs see this in their agreement."),
        validators=[InputRequired(_l("Choose who leads the meetings."))],
    )
    meetings = _whole(_l("Number of meetings"), 1, 60, 6)
    meeting_minutes = _whole(_l("Minutes of a meeting"), 15, 240, 60)
    cadence_every = _whole(_l("One meeting every"), 1, 12, 1)
    cadence_unit = SelectField(_l("Weeks or months"), choices=list(words.UNITS.items()), default="month")
    min_grade_gap = _whole(
        _l("Grades between the two"), 0, 20, 1, _l("The mentor's grade must be at least this much below the mentee's.")
    )
    line = StringField(
        _l("The line"),
        default=str(DEFAULT_RULES["line"]),
        description=_l("Pairs below this many points (0 to 100) are avoided; “auto” finds the highest that works."),
        validators=[InputRequired(_l("Fill in a number from 0 to 100, or “auto”."))],
    )
    weight_interests = _weight("interests")
    weight_style = _weight("style")
    weight_time = _weight("time")
    weight_department = _weight("department")
    weight_giveback = _weight("giveback")
    weight_language = _weight("language")
    weight_place = _weight("place")
    staff = Choices(_l("Who runs it"), coerce=int, description=_l("People with the role “staff”."))

    def validate_line(self, field: StringField) -> None:
        """A number of points, or auto."""
        text = (field.data or "").lower()
        if text != "auto" and not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= 100):
            raise ValidationError(_l("Fill in a number from 0 to 100, or “auto”."))

    def validate_ends_on(self, field: DateField) -> None:
        """The last day comes after the first."""
        if isinstance(self.starts_on.data, date) and field.data and field.data <= self.starts_on.data:
            raise ValidationError(_l("The last day must come after the first."))

    def weights(self) -> list[IntegerField]:
        """The fields of the weights, in their order."""
        return [self[f"weight_{name}"] for name in DEFAULT_WEIGHTS]
