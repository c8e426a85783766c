"""The form of one's own profile. Each field is checked here; what needs other people's rows is checked by the
action.
"""

from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.form import _Auto
from wtforms import Field, HiddenField, IntegerField, RadioField, SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, Length, Optional

from portal.people.languages import format_languages, parse_languages
from portal.people.models import Person
from portal.people.queries import as_typed, zones_in_use
from portal.people.working_hours import check_hours
from portal.people.zones import ZoneField, choices
from portal.web.forms import PortalForm, select_choices
from portal.web.language import LANGUAGES
from portal.web.numbers import whole_number

STYLE_LABELS = {
    "introvert": _l("Quiet first"),
    "balanced": _l("A bit of both"),
    "extrovert": _l("Talk first"),
}
STYLE_HINTS = {
    "introvert": _l("I like to think before I speak, and I prepare."),
    "balanced": _l("It depends on the day and on the company."),
    "extrovert": _l("I think while I talk, and I like to be with people."),
}


GRADE_WRONG = _l("Type a number from 0 to 99, or leave it empty.")


class GradeField(IntegerField):
    """A grade from 0 to 99, or nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the number; anything else is refused in words of ours."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        number = whole_number(text, digits=2)
        if text and number is None:
            raise ValueError(GRADE_WRONG)
        self.data = number


class ProfileForm(PortalForm):
    """One's own profile, as seen in `version`."""

    version = HiddenField()
    name = StringField(
        _l("Name"),
        [
            DataRequired(_l("Type your name, as colleagues know it.")),
            Length(max=120, message=_l("Use at most 120 characters.")),
        ],
        render_kw={"autocomplete": "name"},
    )
    department = StringField(_l("Department"), [Length(max=120, message=_l("Use at most 120 characters."))])
    site = StringField(
        _l("Place of work"),
        [Length(max=120, message=_l("Use at most 120 characters."))],
        description=_l("The town or the building, as colleagues call it."),
    )
    time_zone = ZoneField(
        _l("Time zone"), [DataRequired(_l("Choose your time zone."))], validate_choice=False
    )
    hours = StringField(
        _l("Working hours"),
        [
            DataRequired(_l("Say when you work, like Mon-Fri 09:00-17:00.")),
            Length(max=300, message=_l("Use at most 300 characters.")),
        ],
        description=_l("In your own time, like Mon-Fri 09:00-17:00 or Tue 10:00-12:00; Thu 14:00-16:00."),
    )
    languages = StringField(
        _l("Languages you can have a conversation in"),
        [
            DataRequired(_l("Name at least one language.")),
            Length(max=300, message=_l("Use at most 300 characters.")),
        ],
        description=_l("Separated by commas, like English, German."),
    )
    grade = GradeField(
        _l("Grade"),
        [Optional()],
        description=_l("A number; a higher one is more senior. Leave it empty if you do not know it."),
        render_kw={"inputmode": "numeric"},
    )
    manager = StringField(
        _l("Your manager"),
        [Length(max=254, message=_l("Use at most 254 characters."))],
        description=_l("Name or e-mail address. You will not be matched with anybody in your own line."),
    )
    style = RadioField(_l("In company"), choices=select_choices(STYLE_LABELS.items()))
    locale = SelectField(
        _l("Language of this portal"),
        choices=select_choices([("", _l("As my browser asks")), *LANGUAGES.items()]),
    )

    def offer_zones(self) -> None:
        """Fill the select of zones, the likely ones first."""
        chosen = [self.time_zone.data] if self.time_zone.data else []
        self.time_zone.choices = choices(
            [*chosen, *zones_in_use()], first=_("Likely"), others=_("All time zones")
        )

    def validate_hours(self, field: Field) -> None:
        """Hours that can be read; the reader says what is wrong."""
        check_hours(field.data or "")

    def validate_languages(self, field: Field) -> None:
        """Languages that are known by one of their names."""
        try:
            parse_languages(field.data or "")
        except ValueError as unknown:
            message = _(
                "“%(text)s” is no language known here. Write its name in English, in German or in itself.",
                text=str(unknown),
            )
            raise ValidationError(message) from None

    def validate_manager(self, field: Field) -> None:
        """One person, by address or by a name that only one has."""
        people = as_typed(field.data) if field.data else []
        if field.data and not people:
            raise ValidationError(
                _("Nobody here has this name or address. Type a few letters and choose from the list.")
            )
        if len(people) > 1:
            raise ValidationError(_("Several people are called that. Type the e-mail address instead."))
        self.manager_id = people[0].id if people else None

    def values(self) -> dict[str, Any]:
        """What the form says, as a profile keeps it; call it when the form is right."""
        return {
            **{
                name: self[name].data or ""
                for name in ("name", "department", "site", "time_zone", "hours", "style")
            },
            "languages": parse_languages(self.languages.data or ""),
            "grade": self.grade.data,
            "manager_id": self.manager_id,
            **({"locale": self.locale.data or None} if "locale" in self else {}),
        }


def form_of(person: Person, manager: Person | None, *, fresh: bool = False) -> ProfileForm:
    """The form filled with what was just sent, if something was; with what is kept otherwise, or when
    `fresh`.
    """
    form = ProfileForm(
        formdata=None if fresh else _Auto,
        data={
            **{
                name: getattr(person, name)
                for name in ("name", "department", "site", "time_zone", "hours", "grade", "style")
            },
            "version": person.version,
            "languages": format_languages(person.languages, str(get_locale() or "en")),
            "locale": person.locale or "",
            "manager": manager.email if manager else "",
        },
    )
    form.offer_zones()
    return form
