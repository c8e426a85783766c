"""What breaks off, arrives late or never, with workers as operators run them: afterwards every entry is there
exactly once.

A death between any two steps is in test_killed.py, answers that are lost in test_contract.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.app import create_app
from portal.calendars.accounts import actions as accounts
from portal.calendars.models import CalendarAccount
from portal.calendars.syncing import due_accounts, sync
from portal.clock import now
from portal.db import db, transaction
from portal.people.models import Person
from portal.schedule.models import CheckIn, Milestone
from portal.settings import Settings
from tests.calendars import pairs
from tests.calendars.account_rows import Account
from tests.calendars.proxy import Hostile, Proxy, http
from tests.calendars.servers import CalendarServer, running_server
from tests.personas import Factories
from tests.processes import Running, environment, kill, running, wait_until
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases

NewVisitor = Callable[..., Visitor]


@pytest.fixture
def environ(database_kind: str, database_url: str, tmp_path: Path) -> dict[str, str]:
    """What a worker of its own is started with."""
    queue = {"HUEY_URL": database_url.replace("+psycopg", "")} if database_kind == "postgresql" else {}
    return environment(tmp_path, DATABASE_URL=database_url, CALDAV_ALLOWED_HOSTS="localhost", **queue)


@pytest.fixture
def app(environ: dict[str, str]) -> Iterator[Flask]:
    app = create_app(Settings.from_environment(environ))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def proxy(server: CalendarServer) -> Iterator[Proxy]:
    proxy = Proxy(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def account(server: CalendarServer, proxy: Proxy, make: Factories, mira: Person, sam: Person) -> Account:
    """Mira's account behind the proxy, with a whole pairing to be written."""
    account = Account(server, mira, proxy.url)
    account.pairing = pairs.whole(make, mira, sam)
    return account


def move(account: Account, by: timedelta = timedelta(hours=2)) -> None:
    db.session.rollback()
    row = db.session.scalars(select(CheckIn).where(CheckIn.number == 2)).one()
    pairs.change(row, account.person, starts_at=row.starts_at + by)
    day = db.session.scalars(select(Milestone).where(Milestone.kind == "closing")).one()
    pairs.change(day, account.person, due_on=day.due_on + timedelta(days=1))


def all_is_well(account: Account) -> bool:
    row = account.row
    in_step = (
        row.state == "connected"
        and row.looked_at is not None
        and row.lease_holder is None
        and not row.problem
    )
    return in_step and account.there() == account.wanted() and account.changes == []


def until_well(account: Account, log: Path) -> None:
    """Let the dead worker's lease run out, have the sweep ring, and wait for a new worker."""
    account.let_time_pass(hours=1)
    assert due_accounts.sweep() == 1
    wait_until(lambda: all_is_well(account), log=log)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_line_cut_at_any_write_costs_nothing(account: Account, proxy: Proxy, number: int) -> None:
    seen: list[str] = []

    def before(method: str, _path: str) -> bool:
        seen.append(method)
        return seen.count("PUT") != number or method != "PUT"

    proxy.before = before
    account.connect().sync()
    assert account.row.problem == "unreachable"
    account.sync()
    assert all_is_well(account)
    assert [method for method, _, status in proxy.answered if method == "PUT" and status in (201, 204)] == [
        "PUT"
    ] * 4


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_worker_killed_while_it_writes_leaves_the_rest_to_the_next_when_its_lease_has_run_out(
    account: Account, proxy: Proxy, environ: dict[str, str], tmp_path: Path
) -> None:
    account.connect().sync()
    move(account)
    held = proxy.hold("PUT", answer=True)
    assert due_accounts.sweep() == 1
    with running(environ, tmp_path / "log", "worker") as process:
        kill_when(process, held.begun.is_set, tmp_path / "log")
    held.let_go()
    assert account.row.lease_holder is not None
    with running(environ, tmp_path / "log", "worker"):
        until_well(account, tmp_path / "log")


def kill_when(process: Running, question: Callable[[], bool], log: Path) -> None:
    assert wait_until(question, log=log)
    for each in process.family():
        kill(each)


def test_a_password_that_its_owner_changes_meanwhile_is_not_overruled(
    account: Account, proxy: Proxy, app: Flask
) -> None:
    account.connect(password="wrong-password-5")

    def after(_method: str, _path: str) -> bool:
        proxy.after = lambda *_: True
        with app.app_context():
            account.act(accounts.change_password, password=account.server.password)
        return True

    proxy.after = after
    account.sync()
    assert (account.row.state, account.row.problem) == ("connecting", "")
    account.sync()
    assert all_is_well(account)


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_two_workers_share_one_account(account: Account, environ: dict[str, str], tmp_path: Path) -> None:
    with running(environ, tmp_path / "one", "worker"), running(environ, tmp_path / "two", "worker"):
        account.connect()
        wait_until(lambda: all_is_well(account), log=tmp_path / "one")
        for number in range(6):
            move(account, timedelta(hours=1))
            due_accounts.sweep()
            due_accounts.sweep()
            if number % 2:
                time.sleep(0.3)
        wait_until(
            lambda: due_accounts.find(at=now()) == [] or (due_accounts.sweep() and False),
            log=tmp_path / "one",
        )
        wait_until(lambda: all_is_well(account), log=tmp_path / "one")


def test_a_server_that_is_down_for_an_hour_is_waited_for_and_delays_nobody(
    tmp_path: Path, make: Factories, mira: Person, sam: Person, new_visitor: NewVisitor
) -> None:
    with running_server("radicale", tmp_path) as radicale, running_server("xandikos", tmp_path) as xandikos:
        account, other = Account(radicale, mira), Account(xandikos, sam)
        account.pairing = pairs.whole(make, mira, sam)
        account.connect().sync()
        other.connect().sync()
        assert all_is_well(account)
        radicale.stop()
        down_for, tries = timedelta(), 0
        while down_for < timedelta(hours=1):
            move(account, timedelta(minutes=15))
            with transaction():
                db.session.execute(
                    update(CalendarAccount).where(CalendarAccount.id == other.id).values(pushed_stamp=None)
                )
            due = due_accounts.find(at=now())
            assert other.id in due
            for each in due:
                sync.sync(each)
            assert all_is_well(other)
            waits = account.row.not_before - now()
            assert timedelta(0) < waits <= timedelta(hours=1)
            assert account.id not in due_accounts.find(at=now())
            account.let_time_pass(seconds=waits.total_seconds() + 1)
            down_for, tries = down_for + waits, tries + 1
        assert 4 <= tries <= 9
        sync.sync(account.id)
        page = new_visitor(mira).get("/calendars")
        assert "The server cannot be reached" in page.text
        assert "We try again at" in page.text
        assert "nothing is lost" in page.text
        assert account.letters == []
        radicale.start()
        account.let_time_pass(hours=1)
        assert account.id in due_accounts.find(at=now())
        sync.sync(account.id)
        assert all_is_well(account)


def test_a_server_asks_us_to_come_back_and_we_do_then(account: Account, proxy: Proxy) -> None:
    account.connect().sync()
    busy = Hostile(lambda *_: http("503 Service Unavailable", b"", "Retry-After: 7200"))
    real, proxy.target = proxy.target, busy.port
    move(account)
    account.sync()
    row = account.row
    assert (row.state, row.problem) == ("connected", "rate-limited")
    assert timedelta(minutes=118) < row.not_before - now() < timedelta(minutes=121)
    assert sync.sync(account.id) is False
    busy.answer = lambda *_: http("429 Too Many Requests", b"", "Retry-After: 99999999")
    account.sync()
    assert account.row.not_before - now() < timedelta(days=1, minutes=1)
    proxy.target = real
    account.let_time_pass(days=1, minutes=1)
    sync.sync(account.id)
    assert all_is_well(account)
    busy.close()


def test_a_page_about_maintenance_does_not_end_the_account(account: Account, proxy: Proxy) -> None:
    account.connect().sync()
    page = Hostile(lambda *_: http("200 OK", b"<html><body><p>Back soon<br></body></html>", kind="text/html"))
    real, proxy.target = proxy.target, page.port
    account.sync()
    assert (account.row.state, account.row.problem, account.letters) == (
        "connected",
        "not-a-calendar-server",
        [],
    )
    proxy.target = real
    account.sync()
    assert all_is_well(account)
    page.close()


def test_a_dead_server_keeps_one_worker_waiting_and_not_one_for_each_of_its_accounts(
    tmp_path: Path, make: Factories, mira: Person, sam: Person
) -> None:
    with running_server("radicale", tmp_path) as radicale:
        account = Account(radicale, mira)
        pairs.whole(make, mira, sam)
        account.connect().sync()
        others = [Account(radicale, make.person()).connect() for _ in range(3)]
        for each in others:
            each.sync()
        radicale.stop()
        for each in (account, *others):
            each.let_time_pass(hours=1)
        assert len(due_accounts.find(at=now())) == 4
        sync.sync(account.id)
        assert due_accounts.find(at=now()) == []
        assert all(each.row.not_before - now() < timedelta(minutes=2) for each in others)
        radicale.start()
        account.let_time_pass(hours=1)
        sync.sync(account.id)
        assert all_is_well(account)
