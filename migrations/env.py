"""How Alembic reaches the database: through the application's own engine, on one writing connection.

SQLite cannot change a column in place, so changes are made in batches there: a new table, copied and renamed.
Foreign keys are off meanwhile (lang_altertable, 7), since dropping the old table would delete, by ON DELETE
CASCADE, all rows that refer to it; before the commit they are checked as a whole.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Connection

import portal.privacy.retention  # noqa: F401  # it knows every table, so every model is loaded
from portal.db import Model, db


def leave_out_empty(_context, _revision, directives) -> None:  # type: ignore[no-untyped-def]  # Alembic's own hook
    """Write no migration when nothing changed."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


@contextmanager
def without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite's own foreign keys off, which must be said outside a transaction, and on again."""
    if connection.dialect.name != "sqlite":
        yield
        return
    sqlite = connection.connection.dbapi_connection
    sqlite.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        sqlite.execute("PRAGMA foreign_keys=ON")


def check_foreign_keys(connection: Connection) -> None:
    """Raise RuntimeError, so that nothing is committed, when a row refers to one that is not there."""
    if connection.dialect.name != "sqlite":
        return
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5):
        raise RuntimeError(f"rows would refer to nothing: {broken}")


def migrate() -> None:
    """Run the migrations that were asked for, each step in the one transaction."""
    batch = current_app.extensions["migrate"].configure_args.get("render_as_batch", True)
    with db.engine.connect() as connection, without_foreign_keys(connection):
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            render_as_batch=batch,
            compare_type=True,
            process_revision_directives=leave_out_empty,
        )
        with context.begin_transaction():
            context.run_migrations()
            check_foreign_keys(connection)


migrate()
