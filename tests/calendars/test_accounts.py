"""Connecting, disconnecting, and what the page says meanwhile; a worker does what the page only asks for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.calendars import accounts, sync
from portal.people.models import Person
from tests.calendars import pairs
from tests.calendars.accounts import Account
from tests.calendars.servers import CalendarServer
from tests.personas import Factories
from tests.visitor import Visitor

NewVisitor = Callable[..., Visitor]


@pytest.fixture
def browser(new_visitor: NewVisitor, mira: Person) -> Visitor:
    """Mira at her browser."""
    return new_visitor(mira)


def connect(browser: Visitor, server: CalendarServer, **more: str) -> Account:
    browser.get("/calendars/connect")
    given = {"service": "radicale", "address": server.url, "username": server.username, "password": server.password}
    browser.post("/calendars/connect", **{**given, **more})
    return browser.follow()


def test_connecting_stores_the_account_and_a_worker_does_the_rest(
    browser: Visitor, radicale: CalendarServer, make: Factories, mira: Person, sam: Person
) -> None:
    pairs.whole(make, mira, sam)
    page = connect(browser, radicale)
    assert "We are looking for your calendars on localhost" in page.text
    account = Account(radicale, mira)
    account.id = accounts.account_of(mira.id).id
    assert sync.sweep() == 1
    account.sync()
    page = browser.get(f"/calendars/{account.id}/state", htmx=True)
    assert "Connected to “Vice Versa”" in page.text
    assert "4 entries are there" in page.text
