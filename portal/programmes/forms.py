"""Forms of signing up and of a programme's facts."""

from collections.abc import Mapping
from datetime import date
from typing import Any

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

from portal.people.languages import parse_languages
from portal.people.person_field import MISSING, one_person
from portal.people.working_hours import check_hours
from portal.people.zones import ZoneField, choices
from portal.programmes import words
from portal.programmes.models import DEFAULT_RULES, DEFAULT_WEIGHTS
from portal.web.forms import PortalForm, select_choices
from portal.web.numbers import version_in, whole_number

CAPACITIES = select_choices((number, str(number)) for number in range(1, 6))


class Choices(SelectMultipleField):
    """Several of a few, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SeenForm(PortalForm):
    """A form that says which version its reader saw."""

    seen = HiddenField()

    def version(self) -> int:
        """The version seen; 0, which no row has, for anything odd."""
        return version_in(self.seen.data)


class RoleForm(SeenForm):
    """Step 1."""

    role = RadioField(
        _l("How would you like to take part?"),
        choices=select_choices([("mentor", _l("I mentor")), ("mentee", _l("I learn")), ("both", _l("Both"))]),
        validators=[InputRequired(_l("Choose how you would like to take part."))],
    )
    mentor_capacity = SelectField(
        _l("If you mentor: how many people at once?"),
        choices=CAPACITIES,
        coerce=int,
        default=1,
    )
    mentee_capacity = SelectField(
        _l("If you learn: from how many people at once?"),
        choices=CAPACITIES,
        coerce=int,
        default=1,
    )


class TopicForm(PortalForm):
    """A subject, as typed."""

    text = StringField(
        _l("Add a subject"), validators=[Length(max=120, message=_l("Make it shorter: a few words."))]
    )


class NameForm(PortalForm):
    """Somebody's name, as typed."""

    name = StringField(_l("Name"), validators=[Length(max=120, message=_l("Type a part of the name only."))])


class LateForm(PortalForm):
    """Whom staff let in though sign-up is over."""

    name = StringField(_l("Name or e-mail address"), [DataRequired(MISSING), one_person])


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
        choices=select_choices(words.STYLES.items()),
        default="balanced",
        description=_l("Different styles often work well together."),
        validators=[InputRequired(_l("Choose one; “a bit of both” is fine."))],
    )
    place = RadioField(
        _l("How would you like to meet?"),
        choices=select_choices(words.PLACES.items()),
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
            message = _l(
                "We do not know the language “%(name)s”. Write it like English or Deutsch.", name=str(error)
            )
            raise ValidationError(message) from error

    def validate_hours(self, field: StringField) -> None:
        """Hours must be hours."""
        check_hours(field.data or "")


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
        self.data = whole_number(text)


def weight_field(name: str) -> Whole:
    """One weight of what counts in a match."""
    return Whole(
        words.WEIGHTS[name],
        default=DEFAULT_WEIGHTS[name],
        validators=[
            InputRequired(_l("Fill in a number from 0 to 100.")),
            NumberRange(0, 100, _l("A weight is from 0 to 100.")),
        ],
    )


def whole_field(label: Any, least: int, most: int, default: int, description: Any = "") -> Whole:
    """A whole number within bounds."""
    message = _l("Fill in a whole number from %(least)s to %(most)s.", least=least, most=most)
    return Whole(
        label,
        default=default,
        description=description,
        validators=[InputRequired(message), NumberRange(least, most, message)],
    )


class MatchingForm(PortalForm):
    """How people are matched: what counts how much, and the rules."""

    min_grade_gap = whole_field(
        _l("Grades between the two"),
        0,
        20,
        1,
        _l("The mentor's grade must be at least this much below the mentee's."),
    )
    line = StringField(
        _l("The line"),
        default=str(DEFAULT_RULES["line"]),
        description=_l(
            "Pairs below this many points (0 to 100) are avoided; “auto” finds the highest that works."
        ),
        validators=[InputRequired(_l("Fill in a number from 0 to 100, or “auto”."))],
    )
    stay_bonus = whole_field(
        _l("Points for staying together"),
        0,
        100,
        0,
        _l("Added to pairs that are drafts already, so that fewer move."),
    )
    musts = Choices(_l("Every pair must"), choices=select_choices(words.MUSTS.items()))
    weight_interests = weight_field("interests")
    weight_style = weight_field("style")
    weight_time = weight_field("time")
    weight_department = weight_field("department")
    weight_giveback = weight_field("giveback")
    weight_language = weight_field("language")
    weight_place = weight_field("place")

    def validate_line(self, field: StringField) -> None:
        """A number of points, or auto."""
        text = (field.data or "").lower()
        points = whole_number(text, digits=3)
        if text != "auto" and (points is None or points > 100):
            raise ValidationError(_l("Fill in a number from 0 to 100, or “auto”."))

    def weights(self) -> list[IntegerField]:
        """The fields of the weights, in their order."""
        return [self[f"weight_{name}"] for name in DEFAULT_WEIGHTS]

    def matching(self) -> dict[str, dict[str, Any]]:
        """The weights and the rules, as a programme and a run keep them; call it when the form is right."""
        line = (self.line.data or "").lower()
        musts = (
            {"musts": [each for each in words.MUSTS if each in self.musts.data]} if self.musts.data else {}
        )
        rules = {name: self[name].data for name in ("min_grade_gap", "stay_bonus")}
        return {
            "rules": {"line": "auto" if line == "auto" else int(line), **rules, **musts},
            "weights": {name: self[f"weight_{name}"].data for name in DEFAULT_WEIGHTS},
        }


def matching_data(weights: Mapping[str, int], rules: Mapping[str, Any]) -> dict[str, Any]:
    """Weights and rules as they are kept, for a MatchingForm to show."""
    rules = {**DEFAULT_RULES, "musts": [], **rules}
    return {
        **rules,
        "line": str(rules["line"]),
        **{f"weight_{name}": weights.get(name, 0) for name in DEFAULT_WEIGHTS},
    }


class ProgrammeForm(SeenForm, MatchingForm):
    """Everything staff decide about a programme."""

    name = StringField(
        _l("Name"),
        validators=[
            DataRequired(_l("Give it a name.")),
            Length(max=120, message=_l("Make the name shorter.")),
        ],
    )
    label = RadioField(
        _l("What is it called?"),
        choices=select_choices(words.LABELS.items()),
        default="reverse",
        description=_l(
            "The word “reverse” puts some people off; every page and letter uses the word you choose."
        ),
    )
    promise = TextAreaField(
        _l("The promise"),
        description=_l(
            "What people get and what it asks of them, in a few sentences; shown on the page to join."
        ),
        validators=[Length(max=2000, message=_l("Make it shorter: 2,000 characters at most."))],
    )
    starts_on = DateField(_l("First day"), validators=[InputRequired(_l("Choose the first day."))])
    ends_on = DateField(_l("Last day"), validators=[InputRequired(_l("Choose the last day."))])
    sign_up_until = DateField(
        _l("Sign-up until"),
        validators=[Optional()],
        description=_l("Leave empty to take sign-ups while it is open."),
    )
    leads = RadioField(
        _l("Who leads the meetings?"),
        choices=select_choices(words.LEADS.items()),
        description=_l("Pairs see this in their agreement."),
        validators=[InputRequired(_l("Choose who leads the meetings."))],
    )
    meetings = whole_field(_l("Number of meetings"), 1, 60, 6)
    meeting_minutes = whole_field(_l("Minutes of a meeting"), 15, 240, 60)
    cadence_every = whole_field(_l("One meeting every"), 1, 12, 1)
    cadence_unit = SelectField(
        _l("Weeks or months"), choices=select_choices(words.UNITS.items()), default="month"
    )
    calendar_moves = RadioField(
        _l("When somebody moves a check-in in their own calendar"),
        choices=select_choices(words.CALENDAR_MOVES.items()),
        default="apply",
    )
    staff = Choices(_l("Who runs it"), coerce=int, description=_l("People with the role “staff”."))

    def validate_ends_on(self, field: DateField) -> None:
        """The last day comes after the first."""
        if isinstance(self.starts_on.data, date) and field.data and field.data <= self.starts_on.data:
            raise ValidationError(_l("The last day must come after the first."))
