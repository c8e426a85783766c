"""Calendars from the command line, with a real Radicale; and the demo's own calendar server."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.demo import calendars as demo_calendars
from portal.demo.load import PASSWORD
from tests.calendars.servers import CalendarServer, running_server
from tests.processes import environment, portal, running, wait_until

pytestmark = pytest.mark.both_databases

JOAO = "joao.duarte@nordlicht.invalid"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CalendarServer]:
    with running_server("radicale", tmp_path) as server:
        yield server


def settings(folder: Path) -> dict[str, str]:
    return environment(folder, PUBLIC_URL="http://localhost:8000", CALDAV_ALLOWED_HOSTS="localhost")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a portal with the demo company in its second month."""
    folder = tmp_path_factory.mktemp("company")
    loaded = portal(settings(folder), "demo", "load", "--stage", "running", "--people", "60")
    assert loaded.returncode == 0, loaded.stderr
    return folder


@pytest.fixture
def environ(company: Path, tmp_path: Path) -> dict[str, str]:
    """A portal like that one."""
    shutil.copytree(company, tmp_path, dirs_exist_ok=True)
    return settings(tmp_path)


def connect(environ: dict[str, str], server: CalendarServer, password: str = "") -> tuple[int, str]:
    given = ["connect", JOAO, "--url", server.url, "--username", server.username, "--password-stdin"]
    done = portal(environ, "calendars", *given, given=(password or server.password) + "\n")
    return done.returncode, done.stdout + done.stderr


def test_an_account_is_connected_synchronised_shown_and_disconnected(
    environ: dict[str, str], server: CalendarServer
) -> None:
    code, said = connect(environ, server)
    assert code == 0, said
    [calendar] = server.calendars()
    names = [
        line
        for text in server.items(calendar).values()
        for line in text.splitlines()
        if line.startswith("SUMMARY")
    ]
    assert "SUMMARY:Check-in with Mira Kaya" in names
    synced = portal(environ, "calendars", "sync", JOAO)
    assert (synced.returncode, synced.stdout.startswith(JOAO)) == (0, True), synced.stderr
    [row] = json.loads(portal(environ, "calendars", "status", "--json").stdout)
    assert (row["email"], row["state"], row["entries"]) == (JOAO, "connected", 4)
    gone = portal(environ, "calendars", "disconnect", JOAO)
    assert gone.returncode == 0, gone.stderr
    assert server.items(calendar) == {} if calendar in server.calendars() else True


def test_a_wrong_password_and_a_wrong_person_are_said_in_a_sentence(
    environ: dict[str, str], server: CalendarServer
) -> None:
    code, said = connect(environ, server, "not-the-password")
    assert (code, "password" in said) == (1, True), said
    nobody = portal(environ, "calendars", "sync", "nobody@example.com")
    assert (nobody.returncode, nobody.stderr) == (
        1,
        "Error: Nobody here has the address nobody@example.com.\n",
    )
    assert portal(environ, "calendars", "sync").returncode == 2


def test_schedule_and_feed_of_a_person(environ: dict[str, str]) -> None:
    rows = json.loads(portal(environ, "schedule", JOAO, "--json").stdout)
    assert {row["partner"] for row in rows} == {"Mira Kaya"}
    assert any(row["what"].startswith("check-in") for row in rows)
    one, again = portal(environ, "feed", JOAO), portal(environ, "feed", JOAO)
    assert one.returncode == 0, one.stderr
    assert one.stdout == again.stdout
    assert one.stdout.startswith("http://localhost:8000/feeds/")


@pytest.mark.slow
def test_the_demo_writes_into_its_own_calendar_server(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(environment(tmp_path), log, "serve", "--demo", "--port", "0") as process:
        wait_until(lambda: "Ctrl-C stops it." in log.read_text(), log=log)
        port = int((tmp_path / "demo-calendars" / "port").read_text())
        joao = CalendarServer("radicale", tmp_path, port=port, username="joao.duarte", password=PASSWORD)

        def written() -> list[str]:
            found = joao.ask("PROPFIND", "/joao.duarte/", Depth="1").text
            return [each for each in found.split("href>") if "vice-versa" in each]

        wait_until(lambda: bool(written()), log=log)
        assert f"Calendars are written to http://localhost:{port}/" in log.read_text()
        assert process.stop() == 0


def test_a_taken_port_leaves_the_demos_calendar_server_off(tmp_path: Path) -> None:
    server = demo_calendars.prepare(tmp_path)
    assert server is not None
    assert demo_calendars.prepare(tmp_path) == server
    with socket.create_server(("127.0.0.1", server.port)):
        assert demo_calendars.prepare(tmp_path) is None
