"""What machines ask: alive, ready, numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal import work
from portal.db import db, transaction
from portal.people.models import Person
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases

HERE = {"REMOTE_ADDR": "127.0.0.1"}
AWAY = {"REMOTE_ADDR": "203.0.113.7"}


def test_the_process_is_alive_without_asking_the_database(visitor: Visitor, count_queries: Any) -> None:
    with count_queries() as counted:
        page = visitor.get("/healthz")
    assert (page.response.get_json(), len(counted), page.headers.get("Set-Cookie")) == (
        {"alive": True},
        0,
        None,
    )


def test_the_portal_is_ready_once_a_worker_was_seen(app: Flask, visitor: Visitor) -> None:
    page = visitor.get("/readyz", status=503)
    assert page.response.get_json() == {
        "ready": False,
        "database": "ok",
        "migrations": "ok",
        "worker": "none seen lately; is `portal worker` running?",
    }
    with transaction():
        work.note_heartbeat("test")
    page = visitor.get("/readyz")
    assert page.response.get_json() == {"ready": True, "database": "ok", "migrations": "ok", "worker": "ok"}


def test_a_portal_with_the_tables_of_another_release_is_not_ready(app: Flask, visitor: Visitor) -> None:
    with transaction():
        db.session.execute(db.text("UPDATE alembic_version SET version_num = 'another'"))
        work.note_heartbeat("test")
    assert "portal migrate" in visitor.get("/readyz", status=503).response.get_json()["migrations"]


def test_numbers_are_for_staff_and_for_this_machine_but_not_through_a_proxy(
    new_visitor: Callable[..., Visitor], staff: Person, member: Person
) -> None:
    page = new_visitor(staff).get("/metrics", environ_overrides=AWAY)
    assert "portal_people 2" in page.html
    assert "portal_sessions 1" in page.html
    new_visitor().get("/metrics", environ_overrides=HERE)
    new_visitor().get(
        "/metrics", environ_overrides=HERE, headers={"X-Forwarded-For": "203.0.113.7"}, status=404
    )
    new_visitor(member).get("/metrics", environ_overrides=AWAY, status=404)
