"""The `portal` command as an operator meets it: what it does, what it prints, and how it fails."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from portal.settings import Settings
from tests.conftest import Databases
from tests.databases import SqliteFiles
from tests.processes import environment, portal, running, wait_until
from tests.sampling import sample


@pytest.fixture
def empty(tmp_path: Path) -> dict[str, str]:
    """The environment of a portal without a database."""
    return environment(tmp_path, PUBLIC_URL="http://localhost:8000")


@pytest.fixture
def environ(empty: dict[str, str], tmp_path: Path, databases: Databases) -> dict[str, str]:
    """The environment of a portal whose database has its tables, and nothing in them."""
    template = databases.of("sqlite")
    assert isinstance(template, SqliteFiles)
    shutil.copyfile(template.template, tmp_path / "portal.db")
    return empty


def rows(tmp_path: Path, question: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(tmp_path / "portal.db") as database:
        return database.execute(question).fetchall()


def test_help_names_every_command(environ: dict[str, str]) -> None:
    done = portal(environ, "--help")
    names = (
        "serve",
        "web",
        "worker",
        "migrate",
        "init",
        "person",
        "demo",
        "topics",
        "letters",
        "keys",
        "retention",
    )
    assert all(f"  {name} " in done.stdout for name in (*names, "audit", "backup", "restore", "doctor"))


def test_the_first_administrator_gets_a_link_again_and_nobody_else_does(
    empty: dict[str, str], tmp_path: Path
) -> None:
    first, again = (
        portal(empty, "init", "--admin", "Ada@Example.com"),
        portal(empty, "init", "--admin", "ada@example.com"),
    )
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert "http://localhost:8000/reset/" in first.stdout
    other = portal(empty, "init", "--admin", "bo@example.com")
    assert (other.returncode, other.stdout) == (1, "")
    assert other.stderr.startswith(
        "There are people already. Add an administrator with `portal person add --role admin`."
    )
    assert rows(tmp_path, "SELECT email, role FROM person JOIN role_grant ON person_id = person.id") == [
        ("ada@example.com", "admin")
    ]


def test_people_are_added_with_a_password_or_with_a_link(environ: dict[str, str], tmp_path: Path) -> None:
    good = portal(
        environ,
        "person",
        "add",
        "bo@example.com",
        "--name",
        "Bo",
        "--password-stdin",
        given="tulip-anvil-93-quartz\n",
    )
    weak = portal(
        environ, "person", "add", "cy@example.com", "--name", "Cy", "--password-stdin", given="short\n"
    )
    link = portal(environ, "person", "add", "di@example.com", "--name", "Di", "--role", "staff")
    twice = portal(environ, "person", "add", "di@example.com", "--name", "Di")
    odd = portal(environ, "person", "add", "nobody", "--name", "No")
    assert [each.returncode for each in (good, weak, link, twice, odd)] == [0, 1, 0, 1, 1]
    assert good.stdout == "bo@example.com was added.\n"
    assert "at least 12 characters" in weak.stderr
    assert "http://localhost:8000/reset/" in link.stdout
    assert odd.stderr == "“nobody” is no e-mail address.\n"
    assert [email for (email,) in rows(tmp_path, "SELECT email FROM person ORDER BY id")] == [
        "bo@example.com",
        "di@example.com",
    ]
    listed = json.loads(portal(environ, "letters", "list", "--json").stdout)
    assert [(each["to_address"], each["state"]) for each in listed] == [("di@example.com", "kept")]


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--port", "high"], ["person", "add"]])
def test_wrong_usage_is_2(environ: dict[str, str], arguments: list[str]) -> None:
    done = portal(environ, *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


@pytest.mark.parametrize(
    "arguments",
    sample([["letters", "list"], ["topics"], ["audit", "verify"], ["keys", "rotate"], ["doctor"]], 2),
)
def test_a_database_without_tables_is_said_in_a_sentence_with_the_way_out(
    empty: dict[str, str], arguments: list[str]
) -> None:
    done = portal(empty, *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "portal migrate" in done.stdout + done.stderr


def test_the_topics_that_ship_are_listed_with_their_names_without_any_database_or_setting(
    tmp_path: Path,
) -> None:
    bare = {"PATH": "/usr/bin:/bin", "PORTAL_INSTANCE": str(tmp_path / "none")}
    listed = json.loads(portal(bare, "topics", "--shipped", "--json").stdout)
    assert len(listed) == len({each["id"] for each in listed}) >= 120
    assert next(each for each in listed if each["id"] == "short-video")["aliases"][:2] == [
        "reels",
        "Instagram Reels",
    ]
    assert "Instagram Reels" in portal(bare, "topics", "--shipped").stdout
    assert not (tmp_path / "none").exists()


def test_a_portal_that_is_set_up_wrongly_says_all_that_is_wrong(empty: dict[str, str]) -> None:
    done = portal({**empty, "PORTAL_DEMO": "0", "MAIL_URL": "nonsense"}, "migrate")
    assert done.returncode == 1
    assert [name in done.stderr for name in ("SECRET_KEY", "CREDENTIAL_KEYS", "MAIL_URL", "Traceback")] == [
        True
    ] * 3 + [False]


def test_new_keys_are_good_keys(environ: dict[str, str]) -> None:
    made = dict(line.split("=", 1) for line in portal(environ, "keys", "new").stdout.splitlines())
    settings = Settings.from_environment({**environ, **made, "PORTAL_DEMO": "0"})
    assert settings.secret_key == made["SECRET_KEY"]


def test_a_backup_brings_everything_back_and_what_was_there_is_kept(
    environ: dict[str, str], tmp_path: Path
) -> None:
    portal(environ, "init", "--admin", "ada@example.com")
    copy = tmp_path / "copy.db"
    assert portal(environ, "backup", str(copy)).returncode == 0
    assert copy.stat().st_mode & 0o077 == 0
    again = portal(environ, "backup", str(copy))
    assert (again.returncode, again.stderr) == (1, f"{copy} exists already. Name a new file.\n")
    portal(environ, "person", "add", "bo@example.com", "--name", "Bo")
    done = portal(environ, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path, "SELECT email FROM person") == [("ada@example.com",)]
    with sqlite3.connect(tmp_path / "portal.db.before-restore") as kept:
        assert kept.execute("SELECT count(*) FROM person").fetchone() == (2,)


def test_what_is_no_backup_is_not_restored(environ: dict[str, str], tmp_path: Path) -> None:
    portal(environ, "init", "--admin", "ada@example.com")
    (tmp_path / "odd").write_text("no database at all, but long enough to be looked at " * 40)
    done = portal(environ, "restore", str(tmp_path / "odd"))
    assert (
        done.returncode,
        done.stderr.endswith("is not a whole backup of a portal. Nothing was changed.\n"),
    ) == (1, True)
    assert rows(tmp_path, "SELECT email FROM person") == [("ada@example.com",)]


def test_the_doctor_names_the_part_that_is_ill_and_the_mend(environ: dict[str, str], tmp_path: Path) -> None:
    ill = portal({**environ, "MAIL_URL": "smtp://127.0.0.1:9"}, "doctor", "--json")
    found = {each["part"]: each for each in json.loads(ill.stdout)}
    assert ill.returncode == 1
    assert {part: each["ok"] for part, each in found.items()} == {
        **dict.fromkeys(
            ("settings", "database", "migrations", "letters", "answers", "keys", "audit", "calendars"), True
        ),
        **dict.fromkeys(("worker", "mail server"), False),
    }
    assert "check MAIL_URL" in found["mail server"]["says"]
    with running(environ, tmp_path / "log", "worker"):
        wait_until(lambda: portal(environ, "doctor").returncode == 0, log=tmp_path / "log")


def test_an_altered_audit_is_found(environ: dict[str, str], tmp_path: Path) -> None:
    portal(environ, "init", "--admin", "ada@example.com")
    assert portal(environ, "audit", "verify").returncode == 0
    with sqlite3.connect(tmp_path / "portal.db") as database:
        database.execute("UPDATE audit_entry SET action = 'nothing' WHERE position = 1")
    done = portal(environ, "audit", "verify")
    assert (done.returncode, "entry 1 was changed" in done.stderr) == (1, True)
