"""Working hours as a form takes them."""

from flask_babel import gettext as _
from wtforms import ValidationError

from portal.core.hours.hours_meant import hours_meant
from portal.core.hours.weekly_hours import HoursError, parse_hours


def check_hours(text: str) -> None:
    """Raise ValidationError for hours that cannot be read, with those that may be meant."""
    try:
        parse_hours(text)
    except HoursError as error:
        meant = hours_meant(text)
        message = _("Did you mean %(hours)s?", hours=meant) if meant else _(error.template, part=error.part)
        raise ValidationError(message) from error
