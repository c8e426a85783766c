"""kill -9 between any two steps of a round: a fresh worker goes on, everything is there exactly once, and
nothing that the dead one wrote passes for a change of the calendar's owner.

The points are not listed: each story is told again and again, and the worker dies one step later every time,
until it lives to the end. A step is a request to the server or a commit, and death comes before it or after
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from portal.calendars.accounts import actions as accounts
from portal.calendars.syncing import due_accounts, following, sync
from portal.clock import now
from portal.db import db, transaction
from portal.people.models import Person
from portal.schedule.models import CheckIn, Milestone
from tests.calendars import pairs
from tests.calendars.account_rows import Account
from tests.calendars.conftest import emptied
from tests.calendars.mortal import Workers
from tests.calendars.places import MEMORY, Place, held, on, the_database, the_place, the_server  # noqa: F401  # fixtures
from tests.calendars.planned import HOUR, WORKING, check_ins, letters, override, plan, quiet_rule
from tests.calendars.servers import CalendarServer
from tests.personas import Factories
from tests.sampling import everything

BEGUN = datetime(2026, 1, 6, tzinfo=UTC)
OVER = {"state": "ended", "ended_at": BEGUN}
MOST_STEPS = 150
EVERY = 5
"""By default a worker dies at each fifth point only."""
RADICALE, XANDIKOS, POSTGRES = Place("radicale"), Place("xandikos"), Place("memory", "postgresql")
Story = Callable[[Account, int], None]
"""What happens before a worker dies, the so manieth time."""
pytest_generate_tests = held
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers() as workers:
        yield workers


@pytest.fixture
def die_everywhere(
    workers: Workers, database_url: str, tmp_path: Path, account: Account
) -> Callable[..., int]:
    """Tell a story until a worker lives through it; the number of deaths. `check` is asked after each."""

    def tell(story: Story, check: Callable[[str], None]) -> int:
        for number in range(1, MOST_STEPS, 1 if everything() else EVERY):
            story(account, number)
            life = workers.live(account.id, database_url=database_url, instance=tmp_path, die_at=number)
            a_fresh_worker_comes(account)
            check(f"killed {life.steps[-1]}, step {number}: {' · '.join(life.steps)}")
            if not life.killed:
                return number - 1
        raise AssertionError("it never came to an end")

    return tell


def a_fresh_worker_comes(account: Account) -> None:
    """After the dead one's lease has run out: what is due is done, as the sweeps would have it done."""
    account.let_time_pass(hours=1)
    for _ in range(2):
        for account_id in due_accounts.find(at=now()):
            sync.sync(account_id)
        following.sweep()


def everywhere(account: Account) -> list[tuple[str, object]]:
    """What is there, in whichever calendar."""
    return sorted((each for folder in account.server.calendars() for each in account.there(folder)), key=str)


def well(account: Account, *, changes: int = 0) -> Callable[[str], None]:
    """Everything is there once, and nothing was noted of its owner but what they did."""

    def check(where: str) -> None:
        row = account.row
        assert (row.state, row.problem, row.lease_holder) == ("connected", "", None), where
        assert everywhere(account) == account.wanted(), where
        assert len(account.changes) == changes, where

    return check


@pytest.fixture
def mira(make: Factories) -> Person:
    return make.person("Mira Mentor", hours=WORKING, country="DE")


@pytest.fixture
def sam(make: Factories) -> Person:
    return make.person("Sam Senior", hours=WORKING, country="DE")


@pytest.fixture
def account(server: CalendarServer, make: Factories, mira: Person, sam: Person) -> Account:
    """Mira's account with a whole pairing, whose check-ins are over long ago; not connected yet."""
    account = Account(server, mira)
    account.pairing = pairs.whole(make, mira, sam)
    return account


def test_killed_at_any_point_while_connecting(account: Account, die_everywhere: Callable[..., int]) -> None:
    def connect_anew(account: Account, _number: int) -> None:
        if hasattr(account, "id"):
            account.act(accounts.disconnect, keep_entries=True)
            emptied(account.server)
        account.connect()

    def once(where: str) -> None:
        well(account)(where)
        assert len([each for each in account.server.calendars() if "vice-versa" in each]) == 1, where

    assert die_everywhere(connect_anew, once) > 30


@on(MEMORY, RADICALE, XANDIKOS, POSTGRES)
def test_killed_at_any_point_while_writing_news(account: Account, die_everywhere: Callable[..., int]) -> None:
    account.connect().sync()

    def move(account: Account, number: int) -> None:
        db.session.rollback()
        row = db.session.scalars(select(CheckIn).where(CheckIn.number == 2)).one()
        pairs.change(row, account.person, starts_at=row.starts_at + HOUR / 4)
        day = db.session.scalars(select(Milestone).where(Milestone.kind == "closing")).one()
        pairs.change(day, account.person, due_on=day.due_on + timedelta(days=1))

    assert die_everywhere(move, well(account)) > 15


def test_killed_at_any_point_while_renaming(
    account: Account, sam: Person, die_everywhere: Callable[..., int]
) -> None:
    account.connect().sync()

    def rename(account: Account, number: int) -> None:
        row = db.session.scalars(select(CheckIn).where(CheckIn.number == 2)).one()
        pairs.change(row, account.person, starts_at=row.starts_at + HOUR / 4)
        pairs.change(sam, account.person, name=f"Sam the {number}th")

    def named(where: str) -> None:
        well(account)(where)
        name = db.session.get_one(Person, sam.id).name
        assert all(f" {name}\n" in text for text in account.server.items(account.folder).values()), where

    assert die_everywhere(rename, named) > 20


def test_killed_at_any_point_while_a_pairing_ends(
    account: Account, die_everywhere: Callable[..., int]
) -> None:
    with transaction():
        db.session.execute(delete(Milestone))
    account.connect().sync()

    def end(account: Account, number: int) -> None:
        if number > 1:
            pairs.change(account.pairing, account.person, state="active", ended_at=None)
            account.sync()
        pairs.change(account.pairing, account.person, **OVER)

    assert die_everywhere(end, well(account)) > 15


def test_killed_at_any_point_while_following_an_entry_elsewhere(
    account: Account, die_everywhere: Callable[..., int]
) -> None:
    account.connect().sync()
    folders = [account.folder, f"{account.server.home}mine/"]
    account.server.make_calendar(folders[1], "Mine")

    def take_elsewhere(account: Account, number: int) -> None:
        [path] = [each for each in account.server.items(folders[(number - 1) % 2]) if "check-ins" in each]
        text = account.server.text(path)
        account.server.delete(path)
        account.server.put(f"{folders[number % 2]}check-ins-by-hand-{number}.ics", text)
        account.let_time_pass(days=1)

    assert die_everywhere(take_elsewhere, well(account)) > 15


def test_killed_at_any_point_while_an_account_is_disconnected(
    account: Account, die_everywhere: Callable[..., int]
) -> None:
    def connect_and_leave(account: Account, _number: int) -> None:
        account.connect().sync()
        account.act(accounts.disconnect, keep_entries=False)

    def empty(where: str) -> None:
        row = account.row
        assert (row.state, row.problem, row.sealed_password, row.lease_holder) == ("gone", "", None, None), (
            where
        )
        assert not [each for folder in account.server.calendars() for each in account.there(folder)], where

    assert die_everywhere(connect_and_leave, empty) > 15


def test_killed_at_any_point_while_an_entry_that_its_owner_deleted_is_noted(
    account: Account, mira: Person, die_everywhere: Callable[..., int]
) -> None:
    account.connect().sync()
    deleted = [0]

    def take_out(account: Account, number: int) -> None:
        if number > 1:
            account.act(accounts.put_back)
            account.sync()
            assert everywhere(account) == account.wanted()
        account.server.delete(account.path_of("check-ins"))
        account.let_time_pass(days=1)
        deleted[0] += 1

    def once(where: str) -> None:
        assert (len(account.there()), len(account.changes), letters(mira)) == (
            3,
            deleted[0],
            ["calendars.no_longer_written"] * deleted[0],
        ), where

    assert die_everywhere(take_out, once) > 15


@on(MEMORY, RADICALE)
def test_killed_at_any_point_while_what_its_owner_moved_is_followed(
    account: Account, make: Factories, mira: Person, sam: Person, die_everywhere: Callable[..., int]
) -> None:
    pairs.change(account.pairing, mira, **OVER)
    ahead = pairs.pairing(make, mira, sam)
    plan(ahead, mira, quiet_rule(12, every=1))
    account.connect().sync()
    starts, moved = [each.starts_at for each in check_ins() if each.starts_at > now()], [0]

    def drag(account: Account, number: int) -> None:
        key = starts[number % len(starts)]
        override(account, key, key + timedelta(minutes=5 * (1 + number // len(starts))))
        account.let_time_pass(days=1)
        moved[0] += 1

    def followed(where: str) -> None:
        well(account, changes=moved[0])(where)
        assert letters(sam) == ["schedule.moved"] * moved[0], where

    assert die_everywhere(drag, followed) > 12
