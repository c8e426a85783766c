"""What tests stand on: a real database of each kind, an application on it, visitors, people, and a real mail
server.

    app          the application on a fresh database
    app_with     the same with other settings: app_with(allowed_email_domains=())
    visitor      somebody without an account who inspects every page fetched (tests/visitor.py);
                 new_visitor() makes more
    make         makes rows: make.person("Ada", roles=["staff"]), make.programme(),
                 make.enrolment(person, programme)
    noise        other people's data, so that a page which shows too much fails
    count_queries, smtp_server

The test itself stands in the application's context, so `db.session` reads at once; what visitors and `make`
change is seen afterwards.

By default tests run on SQLite, those marked `both_databases` on PostgreSQL too, and long series are sampled
(tests/sampling.py). `--everything` runs all of it on both; `--database sqlite` restricts any run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from sqlalchemy import Engine, event

from portal import task_queue
from portal.app import create_app
from portal.db import db
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme
from tests import sampling
from tests.databases import PostgresDatabases, SqliteFiles, folder_of_this_run
from tests.personas import Factories, settings_for_tests
from tests.postbox import Postbox
from tests.visitor import Visitor

KINDS = ("sqlite", "postgresql")
NOT_READING = ("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=KINDS, help="run database tests on this kind only")
    parser.addoption(
        "--everything", action="store_true", help="every database, zone, topic, size and kill point"
    )


def pytest_configure(config: pytest.Config) -> None:
    sampling.choose(everything=config.getoption("--everything"))


def pytest_report_header() -> str:
    return sampling.said()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        both = sampling.everything() or metafunc.definition.get_closest_marker("both_databases")
        chosen = metafunc.config.getoption("--database")
        kinds = [kind for kind in (KINDS if both else KINDS[:1]) if chosen in (None, kind)]
        marks = {"postgresql": [pytest.mark.postgres], "sqlite": []}
        metafunc.parametrize(
            "database_kind", [pytest.param(kind, id=kind, marks=marks[kind]) for kind in kinds]
        )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to `make test-all` what is marked `everything`."""
    if sampling.everything():
        return
    later = [item for item in items if item.get_closest_marker("everything")]
    if later and len(later) < len(items):
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if item not in later]


@pytest.fixture
def database_kind() -> str:
    raise AssertionError("given by pytest_generate_tests")


class Databases:
    """Both kinds, each made when it is first wanted."""

    def __init__(self, shared: Path, process: str) -> None:
        self.shared, self.process = shared, process
        self.made: dict[str, SqliteFiles | PostgresDatabases] = {}

    def of(self, kind: str) -> SqliteFiles | PostgresDatabases:
        if kind not in self.made:
            made = SqliteFiles if kind == "sqlite" else PostgresDatabases
            self.made[kind] = made(self.shared, self.process)
        return self.made[kind]


@pytest.fixture(scope="session")
def databases() -> Databases:
    process = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return Databases(folder_of_this_run(), process)


@pytest.fixture
def database_url(database_kind: str, databases: Databases) -> Iterator[str]:
    """A fresh database with all tables. Its address is the same for each test of a process."""
    with databases.of(database_kind).fresh() as url:
        yield url


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Templates that an application of this process compiled, for those after it."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app_with(
    database_url: str, tmp_path: Path, compiled_templates: BytecodeCache
) -> Iterator[Callable[..., Flask]]:
    """Makes a new application with changed settings, on this test's database."""
    made: list[Flask] = []

    def make_app(**changes: Any) -> Flask:
        made.append(create_app(settings_for_tests(tmp_path, database_url, **changes)))
        made[-1].jinja_env.bytecode_cache = compiled_templates
        return made[-1]

    yield make_app
    for app in made:
        let_go(app)


def let_go(app: Flask) -> None:
    """Close what the application has open on its database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class SharedApps:
    """One application for each database and settings of this process: compiling 150 routes takes longer than
    most tests.

    Its address and folder stay, their contents are fresh for each test, and what a test changed in it is put
    back.
    """

    def __init__(self, folder: Path, compiled_templates: BytecodeCache) -> None:
        self.folder, self.compiled_templates = folder, compiled_templates
        self.made: dict[str, tuple[Flask, dict[str, Any], dict[str, Any]]] = {}

    def at(self, url: str, **changes: Any) -> Flask:
        """The application on the database at `url`, with changed settings, as if it were new."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        key = f"{url} {sorted(changes.items())}"
        if key not in self.made:
            app = create_app(settings_for_tests(self.folder, url, **changes))
            app.jinja_env.bytecode_cache = self.compiled_templates
            self.made[key] = app, dict(app.extensions), dict(app.config)
        app, extensions, config = self.made[key]
        for changed, first in ((app.extensions, extensions), (app.config, config)):
            changed.clear()
            changed.update(first)
        task_queue.install(app)  # its queue is opened in the folder that was just made
        return app


@pytest.fixture(scope="session")
def shared_apps(tmp_path_factory: pytest.TempPathFactory, compiled_templates: BytecodeCache) -> SharedApps:
    return SharedApps(tmp_path_factory.mktemp("shared") / "instance", compiled_templates)


@pytest.fixture
def app(database_url: str, shared_apps: SharedApps) -> Iterator[Flask]:
    """The application on a fresh database, with the test in its context."""
    app = shared_apps.at(database_url)
    with app.app_context():
        yield app
    let_go(app)


@pytest.fixture
def make(app: Flask) -> Factories:
    """Makes people, programmes and what belongs to them."""
    return Factories(app)


@pytest.fixture
def new_visitor(app: Flask) -> Callable[..., Visitor]:
    """A new visitor each time, signed in as the person given."""

    def new(person: Person | None = None) -> Visitor:
        visitor = Visitor(app)
        return visitor.sign_in(person) if person else visitor

    return new


@pytest.fixture
def visitor(new_visitor: Callable[..., Visitor]) -> Visitor:
    """Somebody who is not signed in."""
    return new_visitor()


@pytest.fixture
def member(make: Factories) -> Person:
    """An employee without any role."""
    return make.person("Mira Member")


@pytest.fixture
def staff(make: Factories) -> Person:
    """Somebody who runs programmes."""
    return make.person("Stefan Staff", roles=["staff"])


@pytest.fixture
def admin(make: Factories) -> Person:
    """Somebody who may do everything."""
    return make.person("Ama Admin", roles=["admin"])


@dataclass(frozen=True)
class Noise:
    """Other people's data. No page of somebody else shows any of these `words`."""

    person: Person
    programme: Programme
    enrolment: Enrolment
    words: tuple[str, ...] = ("Zebulon", "Quagmire", "zq-department", "zq-secret")


@pytest.fixture
def noise(make: Factories) -> Noise:
    """Other people's data, always in the room."""
    other = make.person("Zebulon Quagmire", email="zebulon.quagmire@example.com", department="zq-department")
    programme = make.programme("Last year's season", state="finished")
    enrolment = make.enrolment(other, programme, off_the_table="zq-secret")
    return Noise(other, programme, enrolment)


@dataclass
class Counted:
    """Statements sent to the database."""

    statements: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statements)


@pytest.fixture
def count_queries() -> Callable[[], AbstractContextManager[Counted]]:
    """`with count_queries() as counted: ...; len(counted)`: statements, without those that open or close
    transactions.
    """

    @contextmanager
    def counting() -> Iterator[Counted]:
        counted = Counted()

        def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if not statement.lstrip().upper().startswith(NOT_READING):
                counted.statements.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield counted
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return counting


@pytest.fixture
def smtp_server() -> Iterator[Postbox]:
    """A real mail server (tests/postbox.py)."""
    postbox = Postbox()
    postbox.start()
    yield postbox
    postbox.stop()
