"""Two people's own calendars, on real servers: connected in three steps, changed there, followed here, taken
back by letter.

A real Chromium before a portal with its worker, a real Radicale for each of the two, and a real mail server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from portal.calendars.accounts import actions as accounts
from portal.calendars.models import CalendarAccount
from portal.db import db
from portal.people.models import Person
from portal.schedule.queries import check_ins_of
from tests.browser.accessibility import problems
from tests.browser.test_main_job import IN_BOTH_WAYS, in_radicale, starts
from tests.calendars import planned
from tests.calendars.account_rows import Account
from tests.calendars.servers import CalendarServer, running_server
from tests.live import LivePortal
from tests.postbox import text_of
from tests.schedule.pairs import make_pairing

HERE = {"time_zone": "Europe/Berlin", "country": "DE", "hours": planned.WORKING}
PATIENCE = 20


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[CalendarServer, CalendarServer]]:
    """A calendar server for each of the two."""
    with (
        running_server("radicale", tmp_path / "one") as one,
        running_server("radicale", tmp_path / "two") as two,
    ):
        yield one, two


@pytest.fixture
def pair(portal: LivePortal, request: pytest.FixtureRequest) -> tuple[Any, Person, Person]:
    """A pairing with four check-ins ahead, its mentor and its mentee."""
    tag = "".join(filter(str.isalpha, request.node.callspec.id))
    junior = portal.make.person(f"Jule Junior {tag}", **HERE)
    senior = portal.make.person(f"Sven Senior {tag}", **HERE)
    pairing = make_pairing(portal.make, mentor=junior, mentee=senior)
    with portal.app.app_context():
        planned.plan(pairing, senior, planned.quiet_rule())
    return pairing, junior, senior


def until(done: Callable[[], bool], what: str) -> None:
    """Wait until it is so."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, f"still not: {what}"
        time.sleep(0.2)


def look_again_until(page: Page, done: Callable[[], bool], script: bool) -> None:
    """Wait for a page that asks by itself; without a script, press "Look again" as one does."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, page.locator("main").inner_text()
        page.wait_for_timeout(300)
        again = page.get_by_role("link", name="Look again")
        if not script and again.count():
            again.click()


def connect(page: Page, server: CalendarServer, script: bool, password: str = "") -> None:
    """The three steps."""
    page.goto("/calendars")
    page.get_by_role("link", name="Connect a calendar").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Where is your calendar?")
    seen = problems(page) if script else []
    page.get_by_role("link", name="Radicale").click()
    seen += problems(page) if script else []
    page.get_by_label("Address of the server").fill(server.url)
    type_in(page, server, password or server.password)
    heading = page.get_by_role("heading", level=1)
    look_again_until(page, lambda: "moment" not in heading.inner_text(), script)
    assert seen + (problems(page) if script else []) == []


def type_in(page: Page, server: CalendarServer, password: str) -> None:
    """User name and password of the second step."""
    page.get_by_label("User name there").fill(server.username)
    page.get_by_label("Password there").fill(password)
    page.get_by_role("button", name="Connect it").click()


def moments(portal: LivePortal, pairing: Any) -> list[datetime]:
    """When the check-ins are, as the portal has it."""
    with portal.app.app_context():
        db.session.rollback()
        return [each.starts_at for each in check_ins_of(pairing.id)]


def drag(portal: LivePortal, person: Person, server: CalendarServer, key: datetime, to: datetime) -> None:
    """Move one check-in in the person's own calendar, through CalDAV."""
    with portal.app.app_context():
        account = Account(server, person)
        found = accounts.account_of(person.id)
        assert isinstance(found, CalendarAccount)
        account.id = found.id
        planned.override(account, key, to)
        db.session.rollback()


@IN_BOTH_WAYS
def test_what_one_moves_in_the_calendar_is_followed_everywhere_and_taken_back_from_the_letter(
    portal: LivePortal,
    window: Callable[..., Page],
    servers: tuple[CalendarServer, CalendarServer],
    pair: tuple[Any, Person, Person],
    width: int,
    script: bool,
) -> None:
    (pairing, junior, senior), before = pair, moments(portal, pair[0])
    pages = [window(each, width=width, script=script) for each in (junior, senior)]
    for page, server in zip(pages, servers, strict=True):
        connect(page, server, script)
        expect(page.get_by_role("heading", level=1)).to_have_text("Connected")
        expect(page.locator("main")).to_contain_text("We made the calendar “Vice Versa” and wrote 4 entries.")
        assert starts(in_radicale(server)) == before
    later = before[0] + 3 * planned.HOUR
    drag(portal, junior, servers[0], before[0], later)
    pages[0].goto("/calendars")
    pages[0].get_by_role("button", name="Look there now").click()
    moved = [later, *before[1:]]
    until(lambda: moments(portal, pairing) == moved, "the portal follows")
    until(lambda: starts(in_radicale(servers[1])) == moved, "the partner's calendar follows")
    pages[0].goto("/calendars")
    expect(pages[0].locator("#account-words")).to_contain_text("You moved the check-in with Sven Senior")
    assert problems(pages[0]) == [] if script else True
    pages[1].goto(f"/pairings/{pairing.id}")
    expect(pages[1].locator("#timeline")).to_contain_text("13:00")

    letter = text_of(portal.postbox.wait_for(senior.email, subject="has moved"))
    (undo,) = [line for line in letter.splitlines() if "/back?" in line]
    pages[1].goto(undo)
    expect(pages[1].get_by_role("heading", level=1)).to_have_text("Move check-in 1 back?")
    assert problems(pages[1]) == [] if script else True
    pages[1].get_by_role("button", name="Move it back").click()
    expect(pages[1].locator(".toast")).to_contain_text("The check-in is as before")
    assert moments(portal, pairing) == before
    for server in servers:
        until(lambda server=server: starts(in_radicale(server)) == before, "both calendars are as before")  # type: ignore[misc]  # bound at once
    pages[1].goto(undo)
    expect(pages[1].get_by_role("heading", level=1)).to_have_text("Check-in 1 is as it was")


@IN_BOTH_WAYS
def test_a_wrong_password_is_one_sentence_and_one_thing_to_do(
    portal: LivePortal,
    window: Callable[..., Page],
    servers: tuple[CalendarServer, CalendarServer],
    width: int,
    script: bool,
) -> None:
    page = window(portal.make.person(f"Wanda Wrong {width}"), width=width, script=script)
    connect(page, servers[0], script, password="not the right one")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not connected yet")
    page.get_by_role("link", name="Type user name and password again").click()
    expect(page.get_by_label("Address of the server")).to_have_value(servers[0].url)
    expect(page.get_by_label("Password there")).to_have_value("")
    type_in(page, servers[0], servers[0].password)
    heading = page.get_by_role("heading", level=1)
    look_again_until(page, lambda: heading.inner_text() == "Connected", script)
    page.get_by_role("link", name="See your calendars").click()
    page.get_by_role("link", name="Disconnect").click()
    assert problems(page) == [] if script else True
    page.get_by_role("button", name="Disconnect and take the entries out").click()
    until(lambda: servers[0].calendars() == [], "the calendar that we made is gone")


@IN_BOTH_WAYS
def test_a_feed_address_that_was_replaced_answers_no_more(
    portal: LivePortal, window: Callable[..., Page], width: int, script: bool
) -> None:
    page = window(portal.make.person(f"Fea Feed {width}"), width=width, script=script)
    page.goto("/calendars/feed")
    page.get_by_role("button", name="Make my address").click()
    field = page.get_by_label("Address", exact=True)
    first = field.input_value()
    page.get_by_text("Replace or switch off").click()
    page.get_by_role("button", name="Replace the address").click()
    expect(field).not_to_have_value(first)
    assert (httpx.get(first).status_code, httpx.get(field.input_value()).status_code) == (404, 200)
