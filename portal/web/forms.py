"""Forms: CSRF in every one, text trimmed, control characters refused, and messages that say how to mend."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice

from portal.core.text import one_line
from portal.errors import Invalid

KEPT_CONTROLS = "\n\r\t"
REFUSED = "portal.refused"
"""Of a request's environment: a form that it sent has to be mended, which the page's title says first."""


def was_refused() -> bool:
    """Whether the request sent a form that has to be mended."""
    return bool(request.environ.get(REFUSED))


def select_choices(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """The choices of a select out of (value, label)."""
    return [SelectChoice(value, label) for value, label in pairs]


def trimmed(value: Any) -> Any:
    """Text without the spaces around it, in Unicode's composed form (NFC)."""
    return unicodedata.normalize("NFC", value.strip()) if isinstance(value, str) else value


def cleaned(value: Any) -> Any:
    """Text of a field of one line: see `one_line`."""
    return one_line(value) if isinstance(value, str) else value


def no_control_characters(form: FlaskForm, field: Field) -> None:
    """Refuse characters that no keyboard types and that break letters and calendars."""
    text = field.data if isinstance(field.data, str) else ""
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in KEPT_CONTROLS for char in text):
        raise ValidationError(_l("This contains a character that cannot be shown. Type the text anew."))


class PortalForm(FlaskForm):
    """The base of every form. `take(error)` puts a refusal from an action beside the field it is about."""

    class Meta(FlaskForm.Meta):
        """Every text field is trimmed and checked, one of a single line cleaned too; passwords are taken as
        they are.
        """

        def bind_field(self, form: FlaskForm, unbound_field: Any, options: dict[str, Any]) -> Field:
            field: Field = unbound_field.bind(form=form, **options)
            if isinstance(field, StringField) and not isinstance(field, PasswordField):
                as_it_is = isinstance(field, TextAreaField | HiddenField)
                field.filters = (trimmed if as_it_is else cleaned, *field.filters)
                field.validators = (*field.validators, no_control_characters)
            return field

    def sent(self) -> bool:
        """Whether this form was sent and every field is right."""
        if request.method != "POST":
            return False
        right = bool(self.validate())
        if not right:
            request.environ[REFUSED] = True
        return right

    def take(self, error: Invalid) -> None:
        """Show the refusal beside its field, or above the form when it is about the whole."""
        request.environ[REFUSED] = True
        field = self._fields.get(error.field or "")
        if field is None:
            self.form_errors.append(error.message)
        else:
            field.errors = [*field.errors, error.message]
