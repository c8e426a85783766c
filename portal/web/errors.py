"""One place that turns errors into pages or fragments that say what to do next."""

import logging

from flask import Flask, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from portal.db import db
from portal.errors import PortalError, TooMany
from portal.web.htmx import is_htmx

log = logging.getLogger(__name__)
RETRY_SECONDS = 30


def handle_errors(app: Flask) -> None:
    """Answer every error of `app` with a page or a fragment."""
    app.register_error_handler(PortalError, _portal_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(IntegrityError, _overtaken)
    app.register_error_handler(StaleDataError, _overtaken)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _database_away)
    app.register_error_handler(Exception, _unexpected)


def words_for(status: int) -> tuple[str, str]:
    """A title and a sentence that says what to do, for a status."""
    known = {
        400: (
            _("That did not come through"),
            _("The request was incomplete. Go back, reload the page and try again."),
        ),
        403: (_("Not from there"), _("Nothing was changed. Open the page here and try again.")),
        404: (
            _("There is nothing here"),
            _("The address may be old, or meant for somebody else. Start from home."),
        ),
        405: (
            _("That did not come through"),
            _("This address does not take that. Go back and use the form."),
        ),
        409: (
            _("Somebody was faster"),
            _("It was changed in the meantime. Reload the page to see the latest."),
        ),
        413: (_("That is too large"), _("Send less than 1 MB.")),
        422: (_("Something needs mending"), _("Go back, mend what is marked and send it again.")),
        503: (
            _("The portal is catching its breath"),
            _("Its database does not answer, so nothing was saved. Go back and try again in a minute."),
        ),
        429: (_("A little too fast"), _("Wait a moment, then try again.")),
    }
    fallback = (_("Something broke on our side"), _("Nothing you typed was changed. Try again in a minute."))
    return known.get(status, known[400] if status < 500 else fallback)


def problem(status: int, message: str = "") -> Response:
    """The page or fragment for a problem; `message` replaces the general sentence."""
    title, sentence = words_for(status)
    template = "errors/_problem.html" if is_htmx() else "errors/page.html"
    ways = (
        [(_("Home"), "/"), (_("Sign in"), url_for("account.sign_in"))]
        if status in (403, 404)
        else [(_("Home"), "/")]
    )
    html = render_template(template, status=status, title=title, message=message or sentence, way_on=ways)
    return make_response(html, status)


def _where() -> str:
    """What was asked for, by the rule of its address where there is one: some addresses hold a token, and
    logs must not.
    """
    return str(request.url_rule or request.path)


def _portal_error(error: PortalError) -> Response:
    if error.status >= 500:
        log.error("%s %s: %s", request.method, _where(), error.message)
    response = problem(error.status, str(error.message))
    if isinstance(error, TooMany) and error.seconds:
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # werkzeug's own ready answer, such as a redirect
    if isinstance(error, CSRFError):
        return problem(400, _("This page was open for too long. Go back, reload it and send it again."))
    if isinstance(error, SecurityError):
        return _foreign_host()
    response = problem(error.code or 500)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _foreign_host() -> Response:
    """Asked for under a name that is not ours: no address can be made there, so the page stands alone."""
    title, sentence = (
        _("Not from there"),
        _("This portal does not answer under that name. Use the address you were given."),
    )
    return make_response(render_template("errors/alone.html", title=title, message=sentence), 400)


def _overtaken(error: Exception) -> Response:
    """Two requests wrote the same at once, such as a form sent twice, and this one came second."""
    log.warning("%s %s came second: %s", request.method, _where(), type(error).__name__)
    db.session.rollback()
    return problem(409)


def _database_away(error: SQLAlchemyError) -> Response:
    """The database is down, full, read-only or held by somebody else: it passes, and nothing was written."""
    log.error("%s %s: the database does not answer: %s", request.method, _where(), type(error).__name__)
    response = _without_database(503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _unexpected(error: Exception) -> Response:
    log.error("%s %s failed", request.method, _where(), exc_info=error)
    return _without_database(500)


def _without_database(status: int) -> Response:
    """A problem's page, or its words alone where even that fails."""
    try:
        db.session.rollback()
        return problem(status)
    except Exception:
        log.exception("the page that says so failed too")
        title, sentence = words_for(status)
        return make_response(f"{title}. {sentence}", status, {"Content-Type": "text/plain; charset=utf-8"})
