"""Language and time zone of the reader: their choice, or what their browser asks for, or the portal's."""

from flask import Flask, has_request_context, request
from flask_babel import Babel
from flask_login import current_user

from portal.settings import PACKAGE, Settings

LANGUAGES = {"en": "English", "de": "Deutsch"}


def speak(app: Flask, settings: Settings) -> None:
    """Have every text, date and number of `app` in the reader's language and zone."""
    Babel(
        app,
        default_locale="en",
        default_timezone=settings.default_time_zone,
        default_translation_directories=str(PACKAGE / "translations"),
        locale_selector=_locale,
        timezone_selector=lambda: _chosen("time_zone") or settings.default_time_zone,
    )


def _locale() -> str:
    if not has_request_context():
        return "en"
    return _chosen("locale") or request.accept_languages.best_match(LANGUAGES) or "en"


def _chosen(name: str) -> str | None:
    return getattr(current_user, name, None) if current_user and current_user.is_authenticated else None
