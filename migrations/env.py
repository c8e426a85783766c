"""How Alembic reaches the database: through the application's own engine, on one writing connection.

SQLite cannot change a column in place, so changes are made in batches there (a new table, copied and
renamed).
"""

from alembic import context
from flask import current_app

import portal.privacy.retention  # noqa: F401  # it knows every table, so every model is loaded
from portal.db import Model, db


def leave_out_empty(_context, _revision, directives) -> None:  # type: ignore[no-untyped-def]  # Alembic's own hook
    """Write no migration when nothing changed."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def migrate() -> None:
    """Run the migrations that were asked for, each step in the one transaction."""
    batch = current_app.extensions["migrate"].configure_args.get("render_as_batch", True)
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            render_as_batch=batch,
            compare_type=True,
            process_revision_directives=leave_out_empty,
        )
        with context.begin_transaction():
            context.run_migrations()


migrate()
