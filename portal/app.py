"""The application: settings, database, sign-in, what templates need, then the blueprints, one line each."""

import os
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask_babel import lazy_gettext as _l
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import task_queue
from portal.calendars import choice_pages
from portal.calendars.accounts import pages as calendars
from portal.calendars.feeds import pages as feeds
from portal.core.permissions import May
from portal.db import db, keep_private
from portal.front import pages as front
from portal.front import pair, times
from portal.letters import pages as letters
from portal.pairings.board import pages as board_pages
from portal.pairings.fairness import pages as fairness_pages
from portal.pairings.offers import pages as offers
from portal.pairings.offers import withdrawal
from portal.pairings.offers import withdrawal_pages as withdrawing
from portal.pairings.prices import pages as price_pages
from portal.pairings.trials import pages as bench
from portal.pairings.trials import run_pages as runs
from portal.people.accounts import pages as account_pages
from portal.people.accounts import signin
from portal.people.closing import CLOSING, Closing
from portal.people.profile import pages as profile_pages
from portal.people.table import pages as people_table
from portal.programmes import pages as programmes
from portal.programmes.enrolment import pages as joining
from portal.programmes.enrolment import standing_pages as standing
from portal.programmes.enrolment import wish_pages as wishes
from portal.programmes.queries import programmes_run_by
from portal.programmes.topics import pages as topic_pages
from portal.programmes.topics import suggestion_pages
from portal.schedule import pages as schedule
from portal.schedule.move_requests import pages as answers
from portal.schedule.timeline import pages as timeline
from portal.schedule.timeline import undo_pages as undoing
from portal.settings import HOUSE, Settings
from portal.web import health
from portal.web.access import check_marks, public
from portal.web.errors import handle_errors
from portal.web.headers import add_headers
from portal.web.htmx import htmx
from portal.web.language import speak
from portal.web.requests import guard
from portal.web.template_globals import NavItem, add_template_globals

OF_THE_BOARD = ("/pairings/runs", "/pairings/bench", "/pairings/fairness", "/pairings/prices")
NAVIGATION = (
    NavItem(_l("Home"), "front.home"),
    NavItem(_l("People"), "people.index", May.SEE_PEOPLE),
    NavItem(_l("Programmes"), "programmes.index", May.RUN_PROGRAMMES),
    NavItem(_l("Pairings"), "board.index", May.EDIT_PAIRINGS, OF_THE_BOARD),
    NavItem(_l("Letters"), "letters.index", May.SEE_LETTERS),
)
BLUEPRINTS = (
    account_pages.blueprint,
    profile_pages.blueprint,
    people_table.blueprint,
    joining.blueprint,
    wishes.blueprint,
    standing.blueprint,
    programmes.blueprint,
    topic_pages.blueprint,
    suggestion_pages.blueprint,
    board_pages.blueprint,
    price_pages.blueprint,
    runs.blueprint,
    bench.blueprint,
    fairness_pages.blueprint,
    offers.blueprint,
    withdrawing.blueprint,
    schedule.blueprint,
    timeline.blueprint,
    answers.blueprint,
    undoing.blueprint,
    feeds.blueprint,
    calendars.blueprint,
    choice_pages.blueprint,
    letters.blueprint,
    pair.blueprint,
    times.blueprint,
    front.blueprint,
    health.blueprint,
)


def create_app(settings: Settings | None = None) -> Flask:
    """The application; raises SettingsError when it is not set up right."""
    settings = settings or Settings.from_environment(os.environ)
    app = Flask("portal", static_folder=None, template_folder=str(HOUSE / "templates"))
    configure(app, settings)
    app.static_folder = str(HOUSE / "static")
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=public(app.send_static_file))
    if settings.database_url.startswith("sqlite:///"):
        keep_private(Path(settings.database_url.removeprefix("sqlite:///")))
    db.init_app(app)
    guard(app)
    htmx.init_app(app)
    signin.let_people_in(app)
    speak(app, settings)
    add_headers(app, settings)
    handle_errors(app)
    add_template_globals(app, settings, NAVIGATION)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.extensions[letters.PROGRAMMES_RUN_BY] = programmes_run_by
    app.extensions[CLOSING] = Closing(withdrawal.withdraw_from_all, withdrawal.what_would_end)
    check_marks(app)
    task_queue.install(app)
    if settings.trusted_proxies:
        many = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=many, x_proto=many, x_host=many)  # type: ignore[method-assign]  # the documented way
    return app


def configure(app: Flask, settings: Settings) -> None:
    """Flask's own settings, and those of the packages on it."""
    app.extensions["settings"] = settings
    prefix = "__Host-" if settings.https else ""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": settings.database_url.startswith("postgresql")},
        SESSION_COOKIE_NAME=f"{prefix}portal",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(0),
        SIGN_IN_COOKIE=f"{prefix}sign-in",
        KNOWN_COOKIE=f"{prefix}known",
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        PROVIDE_AUTOMATIC_OPTIONS=False,
        MAX_CONTENT_LENGTH=1_048_576,
        MAX_FORM_MEMORY_SIZE=1_048_576,
        MAX_FORM_PARTS=2_000,
        WTF_CSRF_TIME_LIMIT=None,
    )
