"""Forms for a CalDAV account: connecting one, and a new password."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from portal.web.forms import PortalForm


@dataclass(frozen=True)
class Service:
    """A kind of server. `address` is that of a service with one for everybody; `about` explains where to find
    the address and password; `example` shows what an address looks like.
    """

    name: Any
    address: str
    about: Any
    example: str = ""


SERVICES = {
    "nextcloud": Service(
        "Nextcloud",
        "",
        _l(
            "The address is the one at which you open Nextcloud. Make an app password under Settings,"
            " Security; your usual password may not work."
        ),
        "https://cloud.example.com/",
    ),
    "fastmail": Service(
        "Fastmail",
        "https://caldav.fastmail.com/",
        _l(
            "The user name is your address there. Make an app password for calendars under Settings, Privacy"
            " and Security."
        ),
    ),
    "icloud": Service(
        "iCloud",
        "https://caldav.icloud.com/",
        _l(
            "The user name is your Apple address. Make an app-specific password at account.apple.com, under"
            " Sign-In."
        ),
    ),
    "mailbox": Service(
        "mailbox.org",
        "https://dav.mailbox.org/",
        _l("The user name is your address there. An app password does well; you make one in the settings."),
    ),
    "sogo": Service(
        "SOGo",
        "",
        _l("The address ends in /SOGo/dav/. User name and password are those of your mail."),
        "https://mail.example.com/SOGo/dav/",
    ),
    "radicale": Service(
        "Radicale",
        "",
        _l("The address is that of the server. User name and password are those you have there."),
        "https://calendar.example.com/",
    ),
    "zimbra": Service(
        "Zimbra",
        "",
        _l(
            "The address is the one at which you read your mail. With two-factor sign-in, make an application"
            " passcode."
        ),
        "https://mail.example.com/",
    ),
    "other": Service(
        _l("Another server"),
        "",
        _l("Look for “CalDAV” in its help. Where it offers app passwords, make one for us."),
        "https://calendar.example.com/",
    ),
}
KNOWN_BY = {
    "nextcloud": _l("At your company or a provider"),
    "fastmail": _l("Nothing to look up"),
    "icloud": _l("The calendar of iPhone and Mac"),
    "mailbox": _l("Nothing to look up"),
    "sogo": _l("Mail and calendar of many offices"),
    "radicale": _l("A small server of your own"),
    "zimbra": _l("Mail and calendar of many offices"),
    "other": _l("Anything that speaks CalDAV"),
}
"""What helps people to recognise their service."""
PASSWORD_MISSING = _l("Type the password.")
PASSWORD_HINT = _l("It is kept sealed, shown to nobody, and wiped when you disconnect.")


def service_at(address: str) -> str:
    """The key of the service that an address belongs to, if that has one address for everybody."""
    host = urlsplit(address).hostname
    hosts = {key: urlsplit(service.address).hostname for key, service in SERVICES.items() if service.address}
    return next((key for key, known in hosts.items() if known == host), "other")


class ConnectForm(PortalForm):
    """Connect an account."""

    address = StringField(
        _l("Address of the server"),
        [Length(max=500, message=_l("Use at most 500 characters."))],
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
        description=_l(
            "Leave it empty, and we make one of our own, which you can hide and colour as you like."
        ),
    )


class PasswordForm(PortalForm):
    """Another password for the account."""

    password = PasswordField(
        _l("Password on the calendar server"),
        [InputRequired(PASSWORD_MISSING), Length(max=500, message=_l("Use at most 500 characters."))],
        description=PASSWORD_HINT,
        render_kw={"autocomplete": "off"},
    )
