"""What an operator can run into at the start, and a database that goes away: each has a sentence."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from portal import db as database
from portal.db import db, transaction
from portal.people.models import Person
from portal.settings import Settings, new_keys
from portal.web import health
from tests.processes import environment, portal
from tests.source import HOUSE
from tests.visitor import Visitor


def test_a_locked_database_is_503_with_retry_after_and_nothing_is_lost(
    app: Flask,
    database_url: str,
    member: Person,
    new_visitor: Callable[..., Visitor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    visitor = new_visitor(member)
    visitor.get("/me")
    db.session.rollback()
    db.engine.dispose()  # connections opened from now on do not wait for others
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN IMMEDIATE")
        page = visitor.open(
            "/me", method="POST", data={**visitor.page.values("/me"), "name": "New"}, inspect=False
        )
        other.rollback()
    assert (page.status, page.headers["Retry-After"]) == (503, "30")
    assert "nothing was saved" in page.text
    db.session.rollback()
    assert db.session.get_one(Person, member.id, populate_existing=True).name == member.name


def test_a_database_that_is_away_is_503_on_any_page(
    app: Flask, member: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(member)
    with transaction():
        db.session.execute(text("ALTER TABLE user_session RENAME TO gone"))
    for url in ("/", "/join", "/me"):
        page = visitor.open(url, inspect=False)
        assert (page.status, page.headers.get("Retry-After")) == (503, "30"), url
    assert visitor.open("/healthz", inspect=False).status == 200


def test_a_database_of_a_later_release_is_refused_by_every_command(tmp_path: Path) -> None:
    environ = environment(tmp_path)
    assert portal(environ, "migrate").returncode == 0
    with closing(sqlite3.connect(tmp_path / "portal.db")) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
        file.commit()
    for command in (["migrate"], ["letters", "list"], ["doctor"], ["worker"], ["web"], ["topics"]):
        done = portal(environ, *command)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), command
        assert "made by a later release" in done.stderr, command


def test_the_release_of_these_tables_is_known(app: Flask) -> None:
    health.refuse_later_release()


def test_the_database_is_readable_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "portal.db").touch()
    (tmp_path / "portal.db").chmod(0o644)
    assert portal(environment(tmp_path), "migrate").returncode == 0
    files = [path for path in tmp_path.iterdir() if path.name.startswith("portal.db")]
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_no_password_of_any_address_is_in_the_settings_as_printed(tmp_path: Path) -> None:
    urls = {
        "DATABASE_URL": "postgresql://u:tulip1@localhost/p",
        "HUEY_URL": "redis://:tulip2@localhost",
        "MAIL_URL": "smtp://u:tulip3@localhost",
        "IMAP_URL": "imaps://u:tulip4@localhost",
    }
    settings = Settings.from_environment({**new_keys(), "PORTAL_INSTANCE": str(tmp_path), **urls})
    assert "tulip" not in repr(settings)


def test_a_folder_that_cannot_be_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = portal(environment(tmp_path / "file" / "instance"), "migrate")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "nothing can be written in" in done.stderr
    assert "name another one" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_a_terminal_that_is_not_utf_8_shows_what_it_can(tmp_path: Path, encoding: str) -> None:
    environ = {**environment(tmp_path), "PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "portal.cli.main", "person", "add", "nobody", "--name", "Zo"]
    done = subprocess.run(command, env=environ, capture_output=True, check=False, timeout=60)
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False)
    assert b"is no e-mail address." in done.stderr


def test_a_refused_sign_in_is_in_the_log_and_the_account_is_not(
    member: Person, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    visitor.get("/sign-in")
    with caplog.at_level(logging.INFO):
        page = visitor.post("/sign-in", email=member.email, password="a wrong password", status=422)
    [line] = [record.getMessage() for record in caplog.records if "sign-in refused" in record.getMessage()]
    assert page.headers["X-Request-Id"] in line
    assert "127.0.0.1" in line
    assert member.email not in line


def test_set_up_does_not_mind_where_pip_is_told_to_install() -> None:
    asked = "printf 'include Makefile\\nshow:\\n\\t@env\\n' | make -f - show"
    environ = {"PATH": "/usr/bin:/bin", "PIP_USER": "1", "PIP_TARGET": "/elsewhere"}
    done = subprocess.run(
        ["/bin/sh", "-c", asked], cwd=HOUSE, env=environ, capture_output=True, text=True, check=True
    )
    assert "PIP_" not in done.stdout
