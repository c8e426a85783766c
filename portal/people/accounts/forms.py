"""Forms about an account: sign-up, sign-in, a new password. What they refuse, they say how to mend."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Field, HiddenField, PasswordField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length, StopValidation

from portal.people.accounts.passwords import SHORTEST
from portal.people.addresses import LONGEST, clean_address, domain_of
from portal.settings import current
from portal.web.forms import PortalForm

ADDRESS_MISSING = _l("Type your e-mail address.")
ADDRESS_WRONG = _l("This is no e-mail address. It looks like name@example.com.")
PASSWORD_HINT = _l(
    "At least %(number)s characters. Three or four words that do not belong together do well.",
    number=SHORTEST,
)


def an_address(form: PortalForm, field: Field) -> None:
    """Take an e-mail address in its one spelling; what was typed stays when it is none."""
    try:
        field.data = clean_address(field.data or "")
    except ValueError:
        raise StopValidation(ADDRESS_WRONG) from None


def a_work_address(form: PortalForm, field: Field) -> None:
    """Take only addresses of the domains that the settings allow, if they name any."""
    domains = current().allowed_email_domains
    if domains and domain_of(field.data) not in domains:
        named = ", ".join(f"@{domain}" for domain in domains)
        raise ValidationError(_l("Use your work address; it ends in %(domains)s.", domains=named))


def not_empty(message: Any) -> list[Any]:
    """Checks for a password field: something must be typed, spaces count."""
    return [InputRequired(message)]


class SignUpForm(PortalForm):
    """Sign up."""

    name = StringField(
        _l("Your name"),
        [
            DataRequired(_l("Type your name, as colleagues know it.")),
            Length(max=120, message=_l("Use at most 120 characters.")),
        ],
        render_kw={"autocomplete": "name"},
    )
    email = EmailField(
        _l("Work e-mail address"),
        [
            DataRequired(ADDRESS_MISSING),
            Length(max=LONGEST, message=ADDRESS_WRONG),
            an_address,
            a_work_address,
        ],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _l("Choose a password"),
        not_empty(_l("Choose a password.")),
        description=PASSWORD_HINT,
        render_kw={"autocomplete": "new-password"},
    )
    time_zone = HiddenField(render_kw={"data-guess-time-zone": ""})


class SignInForm(PortalForm):
    """Sign in."""

    email = EmailField(
        _l("E-mail address"),
        [DataRequired(ADDRESS_MISSING), an_address],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _l("Password"), not_empty(_l("Type your password.")), render_kw={"autocomplete": "current-password"}
    )


class AskResetForm(PortalForm):
    """Ask for a link to choose a new password."""

    email = EmailField(
        _l("E-mail address"),
        [DataRequired(ADDRESS_MISSING), an_address],
        render_kw={"autocomplete": "username"},
    )


class NewPasswordForm(PortalForm):
    """Choose a new password, by a link."""

    password = PasswordField(
        _l("New password"),
        not_empty(_l("Choose a password.")),
        description=PASSWORD_HINT,
        render_kw={"autocomplete": "new-password"},
    )


class ConfirmForm(PortalForm):
    """Confirm an address. The password is asked for only in a browser that did not sign up itself."""

    password = PasswordField(
        _l("The password you chose when you signed up"), render_kw={"autocomplete": "current-password"}
    )


class ChangePasswordForm(PortalForm):
    """Change the password while signed in."""

    present = PasswordField(
        _l("Present password"),
        not_empty(_l("Type your present password.")),
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        _l("New password"),
        not_empty(_l("Choose a new password.")),
        description=PASSWORD_HINT,
        render_kw={"autocomplete": "new-password"},
    )
