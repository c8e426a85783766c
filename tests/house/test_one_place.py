"""Law 3: what happens in one place happens nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

import pytest

from tests.source import Source, attributes, functions, sources

CLOCKS = {
    *(("datetime", each) for each in ("now", "utcnow", "today")),
    *(("datetime.datetime", each) for each in ("now", "utcnow", "today")),
    ("date", "today"),
    ("datetime.date", "today"),
    *(("time", each) for each in ("time", "time_ns", "localtime", "gmtime", "ctime")),
}
COOKIES = {"set_cookie", "delete_cookie"}
SIGN_IN_NAMES = {"session", "login_user", "logout_user"}


def elsewhere(*places: str) -> Iterator[Source]:
    """All modules but those whose path begins with one of `places`."""
    return (
        each for each in sources() if not each.name.startswith(tuple(f"portal/{place}" for place in places))
    )


def test_only_transaction_commits() -> None:
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    [only] = found
    assert only.startswith("portal/db.py:")
    database = next(each for each in sources() if each.name == "portal/db.py")
    transaction = next(each for each in functions(database) if each.name == "transaction")
    assert transaction.lineno <= int(only.partition(":")[2]) <= (transaction.end_lineno or 0)


def test_only_the_clock_reads_the_time() -> None:
    found = [
        f"{source.name}:{line} {left}.{name}"
        for source in elsewhere("clock.py")
        for left, name, line in attributes(source)
        if (left, name) in CLOCKS
    ]
    assert found == []


@pytest.mark.parametrize(
    ("package", "places"),
    [
        ("smtplib", ("letters/",)),
        ("caldav", ("calendars/server.py",)),
        ("imaplib", ("calendars/by_mail/mailbox.py",)),
        ("cryptography", ("vault.py",)),
        ("argon2", ("people/accounts/passwords.py",)),
        ("huey", ("task_queue.py", "worker.py")),
        ("psycopg", ("db.py",)),
        ("sqlite3", ("db.py", "operating/backup.py")),
    ],
)
def test_a_package_is_known_in_its_one_place(package: str, places: Collection[str]) -> None:
    found = [
        f"{source.name}:{line}"
        for source in elsewhere(*places)
        for name, line in source.imports()
        if name.partition(".")[0] == package
    ]
    assert found == []


def test_only_sign_in_handles_cookies_and_sessions() -> None:
    found = []
    for source in elsewhere("people/accounts/signin.py"):
        found += [f"{source.name}:{line} {name}" for _, name, line in attributes(source) if name in COOKIES]
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom) and node.module in ("flask", "flask_login"):
                found += [
                    f"{source.name}:{node.lineno} {each.name}"
                    for each in node.names
                    if each.name in SIGN_IN_NAMES
                ]
            makes_one = isinstance(node, ast.Call) and ast.unparse(node.func) == "UserSession"
            if makes_one and source.name != "portal/people/sessions.py":
                found.append(f"{source.name}:{node.lineno} makes a session")
    assert found == []


def test_secrets_are_opened_by_the_keyring_only() -> None:
    found = [
        f"{source.name}:{line}"
        for source in elsewhere("vault.py")
        for left, name, line in attributes(source)
        if name in ("AESGCM", "decrypt", "encrypt")
    ]
    assert found == []
