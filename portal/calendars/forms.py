"""Forms about a CalDAV account: connecting one, a new password, choosing among the calendars there are."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from portal.web.forms import PortalForm


@dataclass(frozen=True)
class Service:
    """A kind of server: its name, the address if it has one for everybody, and what to know of address and password."""

    name: Any
    address: str
    about: Any


SERVICES = {
    "nextcloud": Service(
        "Nextcloud",
        "",
        _l(
            "The address is the one at which you open Nextcloud. Make an app password under Settings, Security; "
            "your usual password may not work."
        ),
    ),
    "fastmail": Service(
        "Fastmail",
        "https://caldav.fastmail.com/",
        _l("You can leave the address out. Make an app password for calendars under Settings, Privacy and Security."),
    ),
    "icloud": Service(
        "iCloud",
        "https://caldav.icloud.com/",
        _l("You can leave the address out. The user name is your Apple address; make an app-specific password at Apple."),
    ),
    "mailbox": Service(
        "mailbox.org",
        "https://dav.mailbox.org/",
        _l("You can leave the address out. The user name is your address there; an app password does well."),
    ),
    "sogo": Service("SOGo", "", _l("The address ends in /SOGo/dav/. User name and password are those of your mail.")),
    "radicale": Service(
        "Radicale", "", _l("The address is that of the server. User name and password are those you have there.")
    ),
    "zimbra": Service(
        "Zimbra",
        "",
        _l("The address is the one at which you read your mail. With two-factor sign-in, make an application passcode."),
    ),
    "other": Service(
        _l("Another server"), "", _l("Look for “CalDAV” in its help. Where it offers app passwords, make one for us.")
    ),
}
CHOICES = [SelectChoice(key, service.name) for key, service in SERVICES.items()]
PASSWORD_MISSING = _l("Type the password.")
PASSWORD_HINT = _l("It is kept sealed, shown to nobody, and wiped when you disconnect.")


class ConnectForm(PortalForm):
    """Connect an account."""

    service = SelectField(_l("Where is your calendar?"), choices=CHOICES)
    address = StringField(
        _l("Address of the server"),
        [Length(max=500, message=_l("Use at most 500 characters."))],
        description=_l("Like https://cloud.example.com/"),
        render_kw={"autocomplete": "url", "inputmode": "url", "spellcheck": "false"},
    )
    username = StringField(
        _l("User name there"),
        [
            DataRequired(_l("Type the user name that you have on that server.")),
            Length(max=254, message=_l("Use at most 254 characters.")),
        ],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password there"),
        [InputRequired(PASSWORD_MISSING), Length(max=500, message=_l("Use at most 500 characters."))],
        description=PASSWORD_HINT,
        render_kw={"autocomplete": "off"},
    )
    calendar = StringField(
        _l("Name of a calendar you have there"),
        [Length(max=200, message=_l("Use at most 200 characters."))],
        description=_l("Leave it empty, and we make one of our own, which you can hide and colour as you like."),
    )

    @property
    def server(self) -> str:
        """The address typed, or the one that the service has for everybody."""
        return self.address.data or SERVICES[self.service.data].address


class PasswordForm(PortalForm):
    """Another password for the account."""

    password = PasswordField(
        _l("Password on the calendar server"),
        [InputRequired(PASSWORD_MISSING), Length(max=500, message=_l("Use at most 500 characters."))],
        description=PASSWORD_HINT,
        render_kw={"autocomplete": "off"},
    )
