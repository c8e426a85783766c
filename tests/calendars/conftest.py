"""Real calendar servers, and an account in one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from portal.calendars.by_mail import invitations
from portal.pairings.models import Pairing
from portal.people.models import Person
from tests.calendars.account_rows import Account
from tests.calendars.inviting import choose, weekly
from tests.calendars.proxy import Hostile
from tests.calendars.servers import CalendarServer, running_server
from tests.conftest import SharedApps, let_go
from tests.personas import Factories
from tests.sampling import sample

KINDS = ("radicale", "xandikos")
MakeHostile = Callable[..., Hostile]


@pytest.fixture(scope="session")
def calendar_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], CalendarServer]]:
    """Each kind of server, started when it is first wanted."""
    folder = tmp_path_factory.mktemp("calendar-servers")
    made: dict[str, CalendarServer] = {}
    contexts = []

    def of(kind: str) -> CalendarServer:
        if kind not in made:
            contexts.append(running_server(kind, folder))
            made[kind] = contexts[-1].__enter__()
        return made[kind]

    yield of
    for each in contexts:
        each.__exit__(None, None, None)


@pytest.fixture(params=sample(KINDS, 1))
def server(
    request: pytest.FixtureRequest, calendar_servers: Callable[[str], CalendarServer]
) -> CalendarServer:
    """A server of each kind in turn, without calendars."""
    return emptied(calendar_servers(request.param))


@pytest.fixture
def radicale(calendar_servers: Callable[[str], CalendarServer]) -> CalendarServer:
    """Radicale alone, without calendars."""
    return emptied(calendar_servers("radicale"))


@pytest.fixture
def hostile() -> Iterator[MakeHostile]:
    """Servers that answer with whatever one gives them."""
    made: list[Hostile] = []

    def make(answer: Callable[[str, str], Any] | bytes, **more: Any) -> Hostile:
        made.append(Hostile(answer if callable(answer) else lambda *_: answer, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def pair(make: Factories, mira: Person, sam: Person) -> Pairing:
    """Mira, who is invited to three check-ins with Sam."""
    pairing = weekly(make, mira, sam)
    choose(mira)
    invitations.invite(mira.id)
    return pairing


def emptied(server: CalendarServer) -> CalendarServer:
    """The server, running, with no calendar in it."""
    if not server.is_running:
        server.start()
    for path in server.calendars():
        server.delete(path)
    return server


@pytest.fixture
def app(database_url: str, shared_apps: SharedApps) -> Iterator[Flask]:
    """The application, which may connect to servers on this machine."""
    app = shared_apps.at(database_url, caldav_allowed_hosts=("localhost",))
    with app.app_context():
        yield app
    let_go(app)


@pytest.fixture
def mira(make: Factories) -> Person:
    """A mentor with a calendar."""
    return make.person("Mira Mentor")


@pytest.fixture
def sam(make: Factories) -> Person:
    """A mentee."""
    return make.person("Sam Senior")


@pytest.fixture
def account(server: CalendarServer, mira: Person) -> Account:
    """Mira's account on a server of each kind in turn, not connected yet."""
    return Account(server, mira)
