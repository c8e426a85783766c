"""Sixteen people save at once while web and worker are killed: what was acknowledged is there."""

from __future__ import annotations

import secrets
import threading
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from portal import audit
from portal.app import create_app
from portal.db import db, transaction
from portal.people.models import Person
from portal.settings import Settings
from tests.markup import parse
from tests.personas import Factories
from tests.postbox import free_port
from tests.processes import Running, environment, kill, portal, ready, running, wait_until
from tests.sampling import sample
from tests.visitor import filled, session_of

pytestmark = pytest.mark.both_databases

WRITERS, KILLINGS, SECONDS_BETWEEN = 16, 5, 1.5


class Writer(threading.Thread):
    """One person who saves their profile again and again, each time with the next number as their place of
    work.
    """

    def __init__(self, base: str, cookie: tuple[str, str], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.base, self.cookie, self.enough = base, cookie, stop
        self.acknowledged: list[str] = []
        self.odd: list[str] = []

    def run(self) -> None:
        with httpx.Client(base_url=self.base, cookies=dict([self.cookie]), timeout=20) as client:
            number = 0
            while not self.enough.is_set():
                number += 1
                try:
                    self.save(client, f"place {number}")
                except httpx.HTTPError:
                    time.sleep(0.1)

    def save(self, client: httpx.Client, place: str) -> None:
        page = client.get("/me")
        if page.status_code != 200:
            self.odd.append(f"GET {page.status_code}")
            return
        form = next(
            each
            for each in parse(page.text)[0].all("form")
            if any(i["name"] == "site" for i in each.all("input"))
        )
        answer = client.post("/me", data=filled(form, {"site": place}))
        if answer.status_code in (200, 303):
            self.acknowledged.append(place)
        elif (
            answer.status_code != 409
        ):  # a save that was kept though its answer was lost makes the next one stale
            self.odd.append(f"POST {answer.status_code}")


def people_signed_in(settings: Settings) -> list[tuple[int, tuple[str, str]]]:
    """Sixteen people, and the cookie by which each is signed in."""
    app, found = create_app(settings), []
    make = Factories(app)
    for _ in range(WRITERS):
        person, token = make.person(), secrets.token_urlsafe(32)
        with app.app_context(), transaction():
            db.session.add(session_of(person.id, token))
        found.append((person.id, (app.config["SIGN_IN_COOKIE"], token)))
    return found


def kill_something(process: Running, turn: int) -> None:
    """A web process in turn with the whole web server and the worker."""
    web = process.children("web")
    victims = [web[-1:], process.children("worker"), web[:1]][turn % 3]
    for each in victims:
        kill(each)


@pytest.mark.slow
def test_no_acknowledged_write_is_lost_while_web_and_worker_are_killed(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    environ = environment(tmp_path, PUBLIC_URL=f"http://localhost:{port}")
    assert portal(environ, "migrate").returncode == 0
    settings = Settings.from_environment(environ)
    people, stop = people_signed_in(settings), threading.Event()
    with running(environ, log, "serve", "--port", str(port)) as process:
        assert wait_until(lambda: ready(port), log=log)
        writers = [Writer(f"http://localhost:{port}", cookie, stop) for _, cookie in people]
        for each in writers:
            each.start()
        for turn in sample(range(KILLINGS), 3):
            time.sleep(SECONDS_BETWEEN)
            kill_something(process, turn)
        assert wait_until(lambda: ready(port), log=log)
        time.sleep(SECONDS_BETWEEN)
        stop.set()
        for each in writers:
            each.join(30)
        assert process.stop() == 0
    with create_app(settings).app_context():
        for (person_id, _), writer in zip(people, writers, strict=True):
            check(person_id, writer)
        assert audit.verify()[1] is None


def check(person_id: int, writer: Writer) -> None:
    """Each acknowledged place is in the audit, in order, and the person's place is the last one written."""
    entries = db.session.scalars(
        select(audit.AuditEntry)
        .where(audit.AuditEntry.actor_id == person_id, audit.AuditEntry.action == "person.edited")
        .order_by(audit.AuditEntry.position)
    )
    written = [(each.after or {})["site"] for each in entries]
    assert writer.odd == []
    assert len(writer.acknowledged) > 3
    assert [each for each in writer.acknowledged if each not in written] == []
    assert db.session.get_one(Person, person_id).site == written[-1]
