"""What keeps the processes that stay small."""

import sys
from collections.abc import Mapping

CLIENTS = {"redis": ("HUEY_URL",), "psycopg": ("HUEY_URL", "DATABASE_URL")}
"""Clients that Huey loads whenever they are installed, and the settings that may need them."""


def leave_out_unused_clients(environ: Mapping[str, str]) -> None:
    """Have the clients of Redis and PostgreSQL not found where no setting can need them: together they take
    20 MB in each process. To be called before the application is imported.
    """
    for client, settings in CLIENTS.items():
        if not any(environ.get(name) or environ.get(f"{name}_FILE") for name in settings):
            sys.modules.setdefault(client, None)  # type: ignore[arg-type]  # Python's own mark for "not there"
