"""What the commands share: the opened application, lists as text or JSON, and failures as one sentence."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from flask import Flask

    from portal.settings import Settings

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def application() -> "Flask":
    """The application, unless its database is a later release's; raises SettingsError."""
    from sqlalchemy.exc import SQLAlchemyError

    from portal.app import create_app
    from portal.db import db
    from portal.web.health import refuse_later_release

    app = create_app()
    with app.app_context():
        try:
            refuse_later_release()
        except SQLAlchemyError:
            pass  # a database that does not answer is for whoever asks it to say
        finally:
            db.session.remove()
            db.engine.dispose()
    return app


@contextmanager
def opened() -> Iterator["Flask"]:
    """The application, with links made as a visitor of PUBLIC_URL would get them."""
    app = application()
    with app.test_request_context(base_url=app.extensions["settings"].public_url):
        yield app


def settings() -> "Settings":
    """The settings alone, for what needs no application."""
    from portal.settings import Settings

    return Settings.from_environment(os.environ)


def log_to_stderr() -> None:
    """Log lines of processes that stay, without the chatter of their engines."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("huey", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def show(rows: list[dict[str, Any]], as_json: bool, line: str) -> None:
    """Print rows, each formatted by `line`, or all as JSON."""
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=lambda value: value.isoformat()))
        return
    for row in rows:
        click.echo(line.format(**row))


def sentence(error: Exception) -> str:
    """What to tell the operator: the reason and the way out."""
    from sqlalchemy.exc import DBAPIError

    from portal.errors import PortalError

    if isinstance(error, PortalError):
        return error.message or "There is no such thing."
    if isinstance(error, DBAPIError):
        reason = str(error.orig).splitlines()[0]
        return (
            f"The database refused: {reason}. A new one needs `portal migrate`; `portal doctor` tells more."
        )
    return f"{type(error).__name__}: {error}. Set PORTAL_DEBUG=1 to see where."
