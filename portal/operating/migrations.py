"""Migrations: Alembic by Flask-Migrate, loaded only where tables are changed.

`flask --app portal.operating.migrations db migrate` writes a new one.
"""

import flask_migrate
from flask import Flask

from portal import app as portal
from portal.db import db
from portal.settings import HOUSE, Settings

FOLDER = str(HOUSE / "migrations")


def with_migrations(app: Flask) -> Flask:
    """The same application, with the commands of Flask-Migrate."""
    flask_migrate.Migrate(app, db, directory=FOLDER, render_as_batch=True)
    return app


def create_app(settings: Settings | None = None) -> Flask:
    """The portal with those commands."""
    return with_migrations(portal.create_app(settings))


def upgrade(app: Flask) -> None:
    """Bring the tables to this release, inside the application's context."""
    with_migrations(app)
    flask_migrate.upgrade(directory=FOLDER)


def downgrade(app: Flask, *, revision: str) -> None:
    """Take migrations back to `revision`, or to nothing with "base"."""
    with_migrations(app)
    flask_migrate.downgrade(directory=FOLDER, revision=revision)
