"""Connecting, disconnecting, and what the page says meanwhile; a worker does what the page only asks for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import audit
from portal.audit import AuditEntry
from portal.calendars import on_demand
from portal.calendars.accounts import actions as accounts
from portal.calendars.models import CalendarAccount
from portal.calendars.syncing import due_accounts, outcomes, passwords, sync
from portal.clock import now
from portal.db import db, transaction
from portal.errors import Invalid
from portal.people.models import Person
from portal.schedule.models import Milestone
from tests.calendars import pairs
from tests.calendars.account_rows import Account
from tests.calendars.servers import PASSWORD, CalendarServer
from tests.conftest import Noise
from tests.personas import Factories
from tests.visitor import Page, Visitor

NewVisitor = Callable[..., Visitor]
DETAILS = "/calendars/connect/radicale"


@pytest.fixture
def browser(new_visitor: NewVisitor, mira: Person) -> Visitor:
    """Mira at her browser."""
    return new_visitor(mira)


@pytest.fixture
def pair(make: Factories, mira: Person, sam: Person) -> None:
    pairs.whole(make, mira, sam)


def connect(browser: Visitor, server: CalendarServer, mira: Person, **more: str) -> Account:
    """Fill the form in, and let a worker do the rest."""
    browser.get(DETAILS)
    given = {"address": server.url, "username": server.username, "password": server.password}
    browser.post(DETAILS, **{**given, **more})
    browser.follow()
    found, account = accounts.account_of(mira.id), Account(server, mira)
    assert found is not None
    account.id = found.id
    account.sync()
    return account


def shown(browser: Visitor, account: Account) -> Page:
    """The part of the page that is asked for again and again."""
    return browser.get(f"/calendars/{account.id}/state", htmx=True)


def test_connecting_stores_the_account_and_a_worker_does_the_rest(
    browser: Visitor, radicale: CalendarServer, mira: Person, pair: None
) -> None:
    first = browser.get("/calendars/connect")
    assert (first.heading, "Step 1 of 3" in first.text) == ("Where is your calendar?", True)
    browser.get(DETAILS)
    given = {"address": radicale.url, "username": radicale.username, "password": radicale.password}
    browser.post(DETAILS, **given)
    page = browser.follow()
    assert page.heading == "One moment, we try it"
    assert "We are looking for your calendars on localhost" in page.text
    assert 'hx-trigger="every 2s"' in page.html
    [account_id] = due_accounts.find(at=now())
    assert due_accounts.sweep() == 1
    assert sync.sync(account_id) is True
    page = browser.get(f"/calendars/{account_id}/test")
    assert (page.heading, "hx-trigger" in page.html) == ("Connected", False)
    assert "We made the calendar “Vice Versa” and wrote 4 entries." in page.text
    page = browser.get(f"/calendars/{account_id}/state", htmx=True)
    assert "Connected to “Vice Versa”" in page.text
    assert "4 entries are there" in page.text
    assert "hx-trigger" not in page.html
    assert browser.get(f"/calendars/{account_id}/state").heading == "Your calendars"


def test_a_calendar_that_one_has_is_written_to_when_named(
    browser: Visitor, server: CalendarServer, mira: Person, pair: None
) -> None:
    server.make_calendar(f"{server.home}work/", "Work & more")
    account = connect(browser, server, mira, calendar="work & MORE")
    assert (account.folder, account.there()) == (f"{server.home}work/", account.wanted())


def test_a_name_that_no_calendar_has_lets_one_choose(
    browser: Visitor, radicale: CalendarServer, mira: Person, pair: None
) -> None:
    radicale.make_calendar("/ada/work/", "Work")
    account = connect(browser, radicale, mira, calendar="Wrok")
    page = browser.get("/calendars")
    assert "There is no calendar of that name" in page.text
    browser.post(f"/calendars/{account.id}/choose", calendar="Work")
    account.sync()
    assert (account.folder, account.there()) == ("/ada/work/", account.wanted())
    assert account.letters == []


def test_a_wrong_password_is_said_at_once_and_may_be_mended(
    browser: Visitor, radicale: CalendarServer, mira: Person, pair: None
) -> None:
    account = connect(browser, radicale, mira, password="not the right one")
    assert (account.row.state, account.row.problem, account.letters) == ("suspended", "wrong-password", [])
    assert "does not accept the user name and password" in browser.get("/calendars").text
    page = browser.get(f"/calendars/{account.id}/test?service=radicale")
    assert page.heading == "Not connected yet"
    assert "Type user name and password again" in page.text
    page = browser.get(DETAILS)
    typed = page.values(DETAILS)
    assert (typed["address"], typed["username"]) == ([radicale.url], ["ada"])
    assert "not the right one" not in page.html
    assert sync.sync(account.id) is False
    browser.get(f"/calendars/{account.id}/password")
    browser.post(f"/calendars/{account.id}/password", password=PASSWORD)
    account.sync()
    assert account.there() == account.wanted()


def test_a_password_that_stops_working_is_asked_for_once_by_letter(
    browser: Visitor, radicale: CalendarServer, mira: Person, pair: None
) -> None:
    account = connect(browser, radicale, mira)
    account.server = replace(radicale, password="another-one-81")
    (radicale.folder / "users").write_text("ada:another-one-81\n")
    radicale.stop()
    with_other = replace(radicale, password="another-one-81", process=None)
    with_other.start()
    try:
        for _ in range(3):
            account.sync()
        [letter] = account.letters
        assert (letter.to_address, letter.kind) == (mira.email, "calendars.suspended")
        assert "/calendars" in letter.text
        assert PASSWORD not in letter.text
        browser.get(f"/calendars/{account.id}/password")
        browser.post(f"/calendars/{account.id}/password", password="another-one-81")
        account.sync()
        assert (account.row.state, account.there() == account.wanted(), len(account.letters)) == (
            "connected",
            True,
            1,
        )
    finally:
        with_other.stop()


def test_disconnecting_asks_what_becomes_of_the_entries(
    browser: Visitor, server: CalendarServer, mira: Person, pair: None
) -> None:
    for kept in ("keep", "remove"):
        account = connect(browser, server, mira)
        folder = account.folder
        page = browser.get(f"/calendars/{account.id}/disconnect")
        assert "wipe the password" in page.text
        sent = browser.send(f"/calendars/{account.id}/disconnect", {"entries": kept})
        assert sent.status == 303
        if kept == "remove":
            assert "We are taking our entries out" in browser.get("/calendars").text
        account.sync()
        assert (account.row.state, account.row.sealed_password) == ("gone", None)
        if kept == "keep":
            assert len(account.there(folder)) == 4
        else:
            assert folder not in server.calendars(), "it was ours and nothing is left in it"
        assert "Connect a calendar" in browser.get("/calendars").text


def test_who_connects_again_finds_the_calendar_of_before_and_nothing_twice(
    browser: Visitor, server: CalendarServer, mira: Person, pair: None
) -> None:
    first = connect(browser, server, mira)
    first.act(accounts.disconnect, keep_entries=True)
    second = connect(browser, server, mira)
    assert (second.folder, second.there(), second.changes) == (first.folder, second.wanted(), [])


def test_entries_that_cannot_be_taken_away_keep_no_password(
    browser: Visitor, radicale: CalendarServer, mira: Person, pair: None
) -> None:
    account = connect(browser, radicale, mira)
    account.act(accounts.change_password, password="wrong by now")
    account.act(accounts.disconnect, keep_entries=False)
    account.sync()
    row = account.row
    assert (row.state, row.sealed_password, row.problem) == ("gone", None, "left-behind")
    assert "could not take our entries out" in browser.get("/calendars").text


def test_what_was_deleted_may_be_put_back_from_the_page(
    browser: Visitor, radicale: CalendarServer, mira: Person, pair: None
) -> None:
    account = connect(browser, radicale, mira)
    radicale.delete(account.path_of("milestone"))
    account.sync()
    page = browser.get("/calendars")
    assert "You deleted 1 entry in your calendar" in page.text
    browser.post(f"/calendars/{account.id}/put-back")
    account.sync()
    assert account.there() == account.wanted()


def test_one_has_one_account_at_a_time(browser: Visitor, radicale: CalendarServer, mira: Person) -> None:
    connect(browser, radicale, mira)
    browser.get(DETAILS)
    page = browser.post(DETAILS, status=422, address=radicale.url, username="ada", password="x")
    assert page.errors == ["You have connected a calendar already. Disconnect it first."]


@pytest.mark.parametrize(
    "address",
    [
        "http://cal.example.com/",
        "ftp://cal.example.com/",
        "https://ada:secret@cal.example.com/",
        "https:///",
        "a b",
        "https://x:99999/",
    ],
)
def test_an_address_that_is_none_is_refused_at_once_and_what_was_typed_stays(
    browser: Visitor, address: str
) -> None:
    browser.get(DETAILS)
    page = browser.post(DETAILS, status=422, address=address, username="ada", password="pass-5-word")
    assert page.errors == ["This is no address we can write to. It looks like https://cal.example.com/."]
    assert page.values(DETAILS)["address"] == [address]
    assert "pass-5-word" not in page.html
    assert db.session.scalars(select(CalendarAccount)).all() == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cal.example.com", "https://cal.example.com"),
        ("HTTPS://Cal.Example.com/Dav/", "https://cal.example.com/Dav/"),
        ("https://kalender.müller.example/dav", "https://kalender.xn--mller-kva.example/dav"),
        ("http://localhost:5232/", "http://localhost:5232/"),
    ],
)
def test_an_address_is_brought_to_its_one_spelling(app: Flask, typed: str, meant: str) -> None:
    assert accounts.clean_address(typed) == meant


def test_the_service_chosen_says_what_to_know_of_it(browser: Visitor) -> None:
    page = browser.get("/calendars/connect")
    names = ["Nextcloud", "Fastmail", "iCloud", "mailbox.org", "SOGo", "Radicale", "Zimbra", "Another server"]
    assert [name for name in names if name in page.text] == names
    assert "app-specific password" in browser.get("/calendars/connect/icloud").text
    browser.get("/calendars/connect/nowhere", status=404)


def test_whoever_tries_password_after_password_has_to_wait(browser: Visitor) -> None:
    browser.get(DETAILS)
    given = {"address": "http://localhost:1/", "username": "ada", "password": "guess"}
    for _ in range(6):
        browser.send(DETAILS, given)
        with transaction():
            db.session.execute(update(CalendarAccount).values(state="suspended", problem="wrong-password"))
    page = browser.post(DETAILS, status=429, **given)
    assert "Too many tries" in page.errors[0]
    assert page.values(DETAILS)["username"] == ["ada"]


def test_a_first_try_that_failed_makes_room_for_another(
    browser: Visitor, radicale: CalendarServer, mira: Person, pair: None
) -> None:
    wrong = connect(browser, radicale, mira, username="nobody")
    right = connect(browser, radicale, mira)
    assert (wrong.row.state, wrong.row.sealed_password, right.row.state) == ("gone", None, "connected")
    assert right.there() == right.wanted()


def test_the_page_says_what_was_last_read(
    browser: Visitor, radicale: CalendarServer, mira: Person, pair: None
) -> None:
    due_on = now().date() + timedelta(days=60)
    with transaction():
        db.session.execute(update(Milestone).where(Milestone.kind == "closing").values(due_on=due_on))
    account = connect(browser, radicale, mira)
    assert "What we last read there" not in browser.get("/calendars").text
    days = [f"{due_on + timedelta(days=each):%Y%m%d}" for each in (0, 1, 3, 4)]
    radicale.edit(account.path_of("milestone", 2), (days[1], days[3]), (days[0], days[2]))
    account.sync()
    text = browser.get("/calendars").text
    assert "Last read" in text
    assert "You moved “Closing with" in text


def test_a_password_that_no_key_opens_is_named_by_the_doctor(
    browser: Visitor, radicale: CalendarServer, mira: Person
) -> None:
    account = connect(browser, radicale, mira)
    assert passwords.unopened() == []
    with transaction():
        db.session.execute(
            update(CalendarAccount)
            .where(CalendarAccount.id == account.id)
            .values(sealed_password="k9:nothing")
        )
    assert passwords.unopened() == [mira.email]


def test_nobody_sees_or_changes_another_ones_account(
    browser: Visitor, new_visitor: NewVisitor, radicale: CalendarServer, mira: Person, noise: Noise
) -> None:
    account = connect(browser, radicale, mira)
    for other in (noise.person,):
        stranger = new_visitor(other)
        for path in ("state", "password", "disconnect"):
            stranger.get(f"/calendars/{account.id}/{path}", status=404)
        for path in ("again", "put-back", "choose", "password", "disconnect"):
            assert (
                stranger.send(f"/calendars/{account.id}/{path}", {"entries": "keep", "password": "x"}).status
                == 404
            )
        assert "localhost" not in stranger.get("/calendars").text
    assert account.row.state == "connected"


def test_the_password_is_in_no_log_no_audit_and_no_page(
    browser: Visitor, radicale: CalendarServer, mira: Person, pair: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account = connect(browser, radicale, mira)
    account.sync()
    browser.get("/calendars")
    assert PASSWORD not in caplog.text
    entries = [
        each for each in db.session.scalars(select(AuditEntry)) if each.object_kind == "calendar_account"
    ]
    assert [each.action for each in entries] == ["calendar.connected"]
    assert PASSWORD not in str([(each.before, each.after, each.reason) for each in entries])
    row = account.row
    assert PASSWORD not in str({each.key: getattr(row, each.key) for each in row.__mapper__.column_attrs})
    assert audit.verify()[1] is None


def test_keys_are_changed_and_the_calendar_goes_on(
    app_with: Callable[..., Flask], browser: Visitor, radicale: CalendarServer, mira: Person, pair: None
) -> None:
    account = connect(browser, radicale, mira)
    old = account.row.sealed_password
    keys = (("k2", b"another key for these tests alone".ljust(32, b".")[:32]),)
    newer = app_with(
        caldav_allowed_hosts=("localhost",),
        credential_keys=(*keys, *browser.app.extensions["settings"].credential_keys),
    )
    with newer.app_context():
        with transaction():
            assert (passwords.seal_anew(most=100), passwords.seal_anew(most=100)) == (1, 0)
        sealed = db.session.get_one(CalendarAccount, account.id).sealed_password
        assert sealed is not None
        assert sealed != old
        assert sealed.startswith("k2:")
        assert sync.sync(account.id, at_once=True)
        assert db.session.get_one(CalendarAccount, account.id).state == "connected"


def test_the_command_line_connects_brings_in_step_tells_and_disconnects(
    app: Flask, radicale: CalendarServer, mira: Person, pair: None
) -> None:
    given = {"address": radicale.url, "username": "ada"}
    outcome = on_demand.connect_now(mira.id, password="wrong", **given)
    assert (outcome.email, outcome.well) == (mira.email, False)
    assert "app password" in outcome.says
    outcome = on_demand.connect_now(mira.id, password=PASSWORD, **given)
    assert (outcome.well, outcome.says) == (True, "4 entries are in “Vice Versa”.")
    assert [(each.email, each.well) for each in on_demand.sync_now()] == [(mira.email, True)]
    [row] = on_demand.status()
    assert (row["email"], row["state"], row["entries"], row["problem"], row["says"]) == (
        mira.email,
        "connected",
        4,
        "",
        "",
    )
    assert on_demand.disconnect_now(mira.id, keep_entries=False).well
    assert on_demand.status() == []
    with pytest.raises(Invalid):
        on_demand.sync_now(mira.id)


def test_an_account_that_waits_is_let_wait_and_growing_waits_end_at_an_hour(app: Flask) -> None:
    waits = [outcomes.wait_after(failures) for failures in range(1, 30)]
    assert timedelta(seconds=45) <= waits[0] <= timedelta(seconds=60)
    assert max(waits) <= timedelta(hours=1)
    assert min(waits[7:]) >= timedelta(minutes=45)
