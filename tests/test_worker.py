"""A real worker process: quick, gentle at the end, and nothing lost when it is killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from portal import work, worker
from portal.app import create_app
from portal.clock import now
from portal.db import db, transaction
from portal.letters import outbox
from portal.letters.letter import Letter
from portal.letters.models import OutboxLetter
from portal.settings import Settings
from tests.postbox import Postbox
from tests.processes import environment, kill, running, wait_until

LETTER = Letter("hello", "Hello", "Dear Ada", "<p>Dear Ada</p>")


@pytest.fixture
def environ(database_kind: str, database_url: str, tmp_path: Path, smtp_server: Postbox) -> dict[str, str]:
    """On PostgreSQL the queue is there too; on SQLite it is a file beside the database."""
    queue = {"HUEY_URL": database_url.replace("+psycopg", "")} if database_kind == "postgresql" else {}
    return environment(
        tmp_path, DATABASE_URL=database_url, MAIL_URL=smtp_server.url, MAIL_FROM="portal@example.com", **queue
    )


@pytest.fixture
def app(environ: dict[str, str]) -> Iterator[Flask]:
    app = create_app(Settings.from_environment(environ))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def post(to: str = "ada@example.com") -> int:
    with transaction():
        return outbox.post(LETTER, to=to).id


def row(letter_id: int) -> OutboxLetter:
    db.session.rollback()
    return db.session.get_one(OutboxLetter, letter_id)


def alive() -> bool:
    db.session.rollback()
    return work.alive()


def test_a_letter_leaves_when_it_is_posted(
    app: Flask, environ: dict[str, str], smtp_server: Postbox, tmp_path: Path
) -> None:
    with running(environ, tmp_path / "log", "worker"):
        wait_until(alive, log=tmp_path / "log")
        time.sleep(3)
        letter_id = post()
        wait_until(lambda: row(letter_id).state == "sent", log=tmp_path / "log")
        assert len(smtp_server.letters) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_stop_finishes_the_letter_it_is_sending(
    app: Flask, environ: dict[str, str], smtp_server: Postbox, tmp_path: Path, number: int
) -> None:
    smtp_server.seconds_before_answer = 2
    letter_id = post()
    with running(environ, tmp_path / "log", "worker") as process:
        assert wait_until(smtp_server.begun.is_set, log=tmp_path / "log")
        assert process.stop(number) == 0
    assert (row(letter_id).state, len(smtp_server.letters), alive()) == ("sent", 1, False)
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_letter_whose_worker_is_killed_while_sending_is_sent_by_the_next(
    app: Flask, environ: dict[str, str], smtp_server: Postbox, tmp_path: Path
) -> None:
    smtp_server.seconds_before_answer = 60
    letter_id = post()
    with running(environ, tmp_path / "log", "worker") as process:
        assert wait_until(smtp_server.begun.is_set, log=tmp_path / "log")
        kill(process.family()[0])
    held = row(letter_id)
    assert (held.state, held.attempts, held.lease_until is not None) == ("queued", 0, True)
    smtp_server.seconds_before_answer = 0
    with transaction():
        db.session.execute(update(OutboxLetter).values(lease_until=now() - timedelta(seconds=1)))
    with running(environ, tmp_path / "log", "worker"):
        wait_until(lambda: row(letter_id).state == "sent", log=tmp_path / "log")
    sent = row(letter_id)
    assert (sent.attempts, sent.lease_holder) == (1, None)
    assert {str(each["Message-ID"]) for each in smtp_server.letters} == {f"<{sent.uid}@example.com>"}


def test_two_workers_share_many_letters_and_send_each_once(
    app: Flask, environ: dict[str, str], smtp_server: Postbox, tmp_path: Path
) -> None:
    ids = [post(f"person{number}@example.com") for number in range(40)]
    with running(environ, tmp_path / "one", "worker"), running(environ, tmp_path / "two", "worker"):
        wait_until(lambda: all(row(each).state == "sent" for each in ids), log=tmp_path / "one")
    assert sorted(str(each["To"]) for each in smtp_server.letters) == sorted(
        row(each).to_address for each in ids
    )


def test_a_ring_made_with_another_key_is_not_answered(app: Flask) -> None:
    ours = worker.engine(app)
    ours.storage.enqueue(b"garbage:0000")
    assert type(ours.serializer).__name__ == "SignedSerializer"
    with pytest.raises(ValueError, match=r".*"):
        ours.dequeue()
