"""Checks of every request before a view runs: from our own pages, to our own host, and made of valid text."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFProtect
from werkzeug.routing import BaseConverter, ValidationError

from portal.errors import PortalError, Refused

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_ID = 2**63 - 1
csrf = CSRFProtect()


class IdConverter(BaseConverter):
    """`<id:person_id>`: 1 to 2^63 - 1, which both databases hold; anything else is no address of ours."""

    regex = r"[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        """The number; raises werkzeug's ValidationError (404) beyond 63 bits."""
        number = int(value)
        if number > LARGEST_ID:
            raise ValidationError
        return number


def guard(app: Flask) -> None:
    """Put the guards before every request of `app`."""
    app.url_map.converters["id"] = IdConverter
    csrf.init_app(app)
    app.before_request_funcs.setdefault(None, []).insert(0, _name_the_request)
    app.before_request_funcs[None].insert(1, _refuse_foreign_pages)
    app.before_request_funcs[None].insert(2, _refuse_odd_characters)
    app.after_request(_say_its_name)


def _name_the_request() -> None:
    g.request_id = secrets.token_hex(8)


def _say_its_name(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def _refuse_foreign_pages() -> None:
    """A second layer beside the form's token: a page cannot forge where browsers say it comes from."""
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = site is not None and site not in ("same-origin", "none")
    if foreign or (origin is not None and _host_of(origin) != request.host):
        raise Refused(
            _("This was sent from another site, so nothing was changed. Open the page here and try again.")
        )


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _refuse_odd_characters() -> None:
    """NUL bytes and broken text are never typed by a person, and databases disagree about them."""
    texts = [request.path, *request.args.keys(), *request.args.values()]
    if request.method not in SAFE_METHODS:
        for name, values in request.form.lists():
            texts += [name, *values]
    if any("\x00" in text or any("\ud800" <= char <= "\udfff" for char in text) for text in texts):
        raise PortalError(_("The text contains a character that cannot be stored. Go back and type it anew."))
