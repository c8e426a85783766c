"""Where a test about calendars is held: on which server, with which of its habits, and on which database.

A test module takes the fixtures of a place from here and says `pytest_generate_tests = held`. Its tests are
then held on the server in memory; those `on_every_server` on the real ones as well, as they are now and as
they were some years ago, and once more on PostgreSQL; those `with_every_habit` on all these and for each
habit of servers that are not at hand here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import pytest

from tests.calendars.conftest import emptied
from tests.calendars.memory import MemoryServer, Quirk
from tests.calendars.servers import OLDER, CalendarServer
from tests.conftest import Databases
from tests.sampling import everything

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True)
class Place:
    """A kind of server, a kind of database, and the habits of the one in memory."""

    kind: str
    database: str = "sqlite"
    quirks: tuple[Quirk, ...] = ()

    def __str__(self) -> str:
        return "-".join(
            [self.kind, *(each.name.lower().replace("_", "-") for each in self.quirks), self.database]
        )


MEMORY = Place("memory")
TODAY = ("radicale", "xandikos")
SERVERS = (MEMORY, *map(Place, (*TODAY, *OLDER)), Place("memory", "postgresql"))
HABITS = tuple(Place("memory", quirks=(each,)) for each in Quirk)


def on(*places: Place) -> Callable[[Test], Test]:
    """Hold a test at these places."""

    def mark(test: Test) -> Test:
        test.places = places  # type: ignore[attr-defined]  # read by `held`
        return test

    return mark


on_every_server = on(*SERVERS)
on_the_newest = on(*(each for each in SERVERS if each.kind not in OLDER))
with_every_habit = on(*SERVERS, *HABITS)


def common(test: Callable[..., Any], places: tuple[Place, ...]) -> list[Place]:
    """Where a test is held in every run: in memory, and in turn on one of today's real servers and with one
    of the habits."""
    turn = crc32(test.__name__.encode())
    real = [place for place in places if place.kind in TODAY]
    odd = [place for place in places if place.quirks]
    return [MEMORY, *(choices[turn % len(choices)] for choices in (real, odd) if choices)]


def held(metafunc: pytest.Metafunc) -> None:
    """A module's pytest_generate_tests. `--database` leaves those out that stand on the other kind."""
    if "place" in metafunc.fixturenames:
        only = metafunc.config.getoption("--database")
        marks = {"postgresql": [pytest.mark.postgres], "sqlite": []}
        places = getattr(metafunc.function, "places", (MEMORY,))
        chosen = places if everything() else common(metafunc.function, places)
        metafunc.parametrize(
            "place",
            [
                pytest.param(place, id=str(place), marks=marks[place.database])
                for place in chosen
                if only in (None, place.database)
            ],
        )


@pytest.fixture(name="place")
def the_place() -> Place:
    """Given by `held`."""
    raise AssertionError("say `pytest_generate_tests = held`")


@pytest.fixture(name="database_url")
def the_database(place: Place, databases: Databases, tmp_path: Path) -> Iterator[str]:
    """A fresh database of the place's kind."""
    with databases.of(place.database).fresh() as url:
        yield url


@pytest.fixture(name="server")
def the_server(place: Place, calendar_servers: Callable[[str], CalendarServer]) -> Iterator[CalendarServer]:
    """The place's server, without calendars."""
    if place.kind != "memory":
        yield emptied(calendar_servers(place.kind))
        return
    server = MemoryServer(*place.quirks)
    server.start()
    yield server
    server.stop()
