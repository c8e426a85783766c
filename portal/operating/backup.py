"""Copies of the whole database, made while the portal runs, and put back.

SQLite is copied by its online backup, which sees one moment of it; PostgreSQL by its own pg_dump and
pg_restore. The keys (SECRET_KEY, CREDENTIAL_KEYS) are not in a copy: keep them apart from it, since together
they open what is sealed.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from portal.errors import Invalid, OutsideFailure
from portal.settings import Settings

EMPTY_SCHEMA = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
LOCK_SECONDS = 30.0


def backup(settings: Settings, file: Path) -> None:
    """Write a copy to `file`, all of it or none; raises Invalid when the file exists."""
    if file.exists():
        raise Invalid(f"{file} exists already. Name a new file.")
    if not file.parent.is_dir():
        raise Invalid(f"The folder {file.parent} does not exist. Make it first.")
    url = make_url(settings.database_url)
    unfinished = file.with_name(file.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    try:
        if url.get_backend_name() == "sqlite":
            _copy(_database_file(url), unfinished)
            _check(unfinished)
        else:
            _postgresql(url, "pg_dump", "--format=custom", f"--file={unfinished}")
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(settings: Settings, file: Path) -> Path | None:
    """Put the copy back in place of all that is there. On SQLite what was there is kept; returns where."""
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        _restore_postgresql(url, file)
        return None
    _check(file)
    here, kept = _database_file(url), None
    if here.exists():
        kept = _free_name(here)
        _copy(here, kept)
    _copy(file, here)
    return kept


def _restore_postgresql(url: URL, file: Path) -> None:
    """Empty the schema and fill it anew in one transaction: tables that a later release
    made must go as well.
    """
    with tempfile.TemporaryDirectory() as folder:
        statements = Path(folder) / "restore.sql"
        _postgresql(url, "pg_restore", "--no-owner", "--schema=public", f"--file={statements}", str(file))
        _postgresql(
            url,
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--command={EMPTY_SCHEMA}",
            f"--file={statements}",
        )


def _database_file(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise Invalid("This database is in memory only, so there is nothing to copy.")
    return Path(url.database)


def _free_name(here: Path) -> Path:
    names = (
        here.with_name(f"{here.name}.before-restore{suffix}") for suffix in ("", *map(str, range(2, 1000)))
    )
    return next(name for name in names if not name.exists())


def _copy(source: Path, target: Path) -> None:
    """SQLite's online backup: waits for writers, and takes over the target under its own locks."""
    if not source.is_file():
        raise Invalid(f"There is no database at {source} yet.")
    with (
        closing(
            sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=LOCK_SECONDS)
        ) as old,
        closing(sqlite3.connect(target, timeout=LOCK_SECONDS)) as new,
    ):
        old.backup(new)


def _check(file: Path) -> None:
    """Raise Invalid unless `file` is a whole database of a portal."""
    try:
        with closing(
            sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=LOCK_SECONDS)
        ) as database:
            whole = database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            ours = database.execute(
                "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone()[0]
    except sqlite3.DatabaseError:
        whole, ours = False, 0
    if not (whole and ours):
        raise Invalid(f"{file} is not a whole backup of a portal. Nothing was changed.")


def _postgresql(url: URL, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, where others do not see it."""
    found = shutil.which(program)
    if found is None:
        raise OutsideFailure(
            f"{program} is not installed. Install PostgreSQL's client programs, then try again."
        )
    facts = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "database": url.database,
    }
    known = {f"PG{name.upper()}": str(value) for name, value in {**facts, **url.query}.items() if value}
    done = subprocess.run(  # noqa: S603  # our own arguments, without a shell
        [found, *arguments], env={**os.environ, **known}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OutsideFailure(f"{program} failed: {done.stderr.strip() or done.returncode}")
