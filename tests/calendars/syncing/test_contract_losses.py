"""The rest of the contract: what is moved elsewhere, and what is lost: memory, entries, calendars, answers,
and time, when a whole server is set back to an older backup. See test_contract.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from portal.calendars.accounts import actions as accounts
from portal.calendars.models import CalendarAccount, CalendarItem
from portal.clock import now
from portal.db import db, transaction
from portal.people.models import Person
from tests.calendars import pairs
from tests.calendars.account_rows import Account, uid_of
from tests.calendars.contract import HOUR, OVER, in_step, move, texts_of
from tests.calendars.memory import Quirk
from tests.calendars.places import (  # noqa: F401  # fixtures
    Place,
    held,
    on_every_server,
    the_database,
    the_place,
    the_server,
    with_every_habit,
)
from tests.calendars.proxy import Proxy
from tests.calendars.servers import CalendarServer
from tests.personas import Factories

pytest_generate_tests = held


@pytest.fixture
def connected(account: Account, make: Factories, sam: Person) -> Account:
    """Mira's account, with a whole pairing in it."""
    account.pairing = pairs.whole(make, account.person, sam)
    account.connect().sync()
    return account


# Other calendars.


def take_elsewhere(account: Account, *paths: str) -> str:
    """Move items to another calendar of the account, under other names, as its owner's program does."""
    other = f"{account.server.home}mine/"
    if other not in account.server.calendars():
        account.server.make_calendar(other, "Mine")
    for path in paths:
        text = account.server.text(path)
        account.server.delete(path)
        account.server.put(f"{other}by-hand-{path.rpartition('/')[2]}", text)
    return other


@with_every_habit
def test_an_entry_moved_to_another_calendar_is_followed_there(connected: Account, place: Place) -> None:
    if Quirk.NO_UID_TWICE in place.quirks:  # whose programs move by MOVE, which keeps the UID out of the bin
        connected.server.quirks = frozenset()
    other = take_elsewhere(connected, connected.path_of("check-ins"))
    connected.let_time_pass(days=1)
    connected.sync()
    assert (len(connected.there()), connected.changes, connected.row.problem) == (3, [], "")
    move(connected, 2, 2 * HOUR)
    connected.sync()
    assert in_step(connected)
    pairs.change(connected.pairing, connected.person, **OVER)
    connected.sync()
    assert (connected.there(), connected.there(other)) == ([], [])


@on_every_server
def test_all_entries_moved_to_another_calendar_at_once_are_followed_there(connected: Account) -> None:
    other = take_elsewhere(connected, *texts_of(connected))
    connected.sync()
    assert (connected.row.state, connected.changes, len(connected.there(other))) == ("connected", [], 4)
    move(connected, 2, 2 * HOUR)
    connected.sync()
    assert (in_step(connected), connected.changes) == (True, [])


@on_every_server
def test_entries_moved_away_from_a_calendar_that_was_then_deleted_are_not_doubled(connected: Account) -> None:
    other = take_elsewhere(connected, connected.path_of("check-ins"), connected.path_of("milestone"))
    connected.server.delete(connected.folder)
    connected.sync()
    assert connected.row.problem == "calendar-gone"
    connected.act(accounts.put_back)
    connected.sync()
    assert (connected.row.state, in_step(connected), len(connected.there(other))) == ("connected", True, 2)
    move(connected, 2, 2 * HOUR)
    connected.sync()
    assert (in_step(connected), connected.changes) == (True, [])


@on_every_server
def test_whoever_disconnects_has_taken_away_what_they_moved_out_of_a_calendar_that_is_gone(
    connected: Account,
) -> None:
    other = take_elsewhere(connected, connected.path_of("check-ins"))
    connected.sync()
    take_elsewhere(connected, connected.path_of("milestone"))
    connected.server.delete(connected.folder)
    connected.act(accounts.disconnect, keep_entries=False)
    connected.sync()
    assert (connected.row.state, connected.row.problem, connected.there(other)) == ("gone", "", [])


@on_every_server
def test_an_entry_moved_away_just_before_its_pairing_ends_is_taken_away_there(connected: Account) -> None:
    other = take_elsewhere(connected, connected.path_of("check-ins"))
    pairs.change(connected.pairing, connected.person, **OVER)
    connected.sync()
    connected.sync()
    assert (connected.there(), connected.there(other), connected.changes) == ([], [], [])
    assert {each.state for each in connected.items.values()} == {"gone"}


@on_every_server
def test_a_copy_of_the_partners_in_a_shared_calendar_is_left_to_the_partner(
    connected: Account, sam: Person, make: Factories
) -> None:
    partner = Account(connected.server, sam).connect(calendar="shared")
    connected.server.make_calendar(f"{connected.server.home}shared/", "shared")
    partner.sync()
    theirs = connected.server.items(partner.folder)
    assert len(theirs) == 4
    connected.server.delete(connected.path_of("check-ins"))
    connected.sync()
    partner.sync()
    assert [each["deleted"] for each in connected.changes] == [True]
    move(connected, 2, HOUR)
    pairs.changed(sam)
    for each in (connected, partner, connected, partner):
        each.sync()
    assert partner.there() == partner.wanted()
    assert "Check-in with Mira Mentor" in connected.server.text(partner.path_of("check-ins"))


# What is lost.


@on_every_server
def test_what_its_owner_deleted_stays_deleted_when_they_connect_the_same_calendar_again(
    connected: Account,
) -> None:
    folder = connected.folder
    connected.server.delete(connected.path_of("milestone"))
    connected.sync()
    connected.act(accounts.disconnect, keep_entries=True)
    connected.connect().sync()
    assert (connected.folder, len(connected.there()), connected.changes) == (folder, 3, [])
    connected.act(accounts.put_back)
    connected.sync()
    assert in_step(connected)
    connected.server.make_calendar(f"{connected.server.home}mine/", "Mine")
    for there in (4, 3):
        connected.act(accounts.disconnect, keep_entries=False)
        connected.sync()
        connected.connect(calendar="Mine").sync()
        assert len(connected.there()) == there
        connected.server.delete(connected.path_of("milestone"))
        connected.sync()


def forget(account: Account) -> None:
    with transaction():
        db.session.execute(delete(CalendarItem))
        db.session.execute(update(CalendarAccount).values(ctag="", pushed_stamp=None))


@with_every_habit
def test_lost_memory_is_found_again_on_the_server(connected: Account) -> None:
    before = texts_of(connected)
    forget(connected)
    connected.sync()
    assert texts_of(connected) == before
    assert (len(connected.items), connected.changes) == (4, [])
    move(connected, 2, 2 * HOUR)
    connected.sync()
    assert (in_step(connected), connected.changes) == (True, [])


@with_every_habit
def test_with_lost_memory_what_stands_elsewhere_or_under_another_name_is_not_doubled(
    connected: Account, place: Place
) -> None:
    if Quirk.NO_UID_TWICE in place.quirks:
        connected.server.quirks = frozenset()
    take_elsewhere(connected, connected.path_of("check-ins"))
    path = connected.path_of("milestone")
    text = connected.server.text(path)
    connected.server.delete(path)
    connected.server.put(f"{connected.folder}another-name.ics", text)
    forget(connected)
    connected.sync()
    assert (in_step(connected), connected.changes) == (True, [])
    move(connected, 2, 2 * HOUR)
    connected.sync()
    assert (in_step(connected), connected.changes) == (True, [])


@on_every_server
def test_with_lost_memory_later_generations_are_known_again(connected: Account) -> None:
    connected.server.delete(connected.path_of("check-ins"))
    connected.sync()
    connected.act(accounts.put_back)
    connected.sync()
    forget(connected)
    connected.sync()
    assert (in_step(connected), connected.path_of("check-ins").endswith("-g2.ics")) == (True, True)


@with_every_habit
def test_a_calendar_that_was_deleted_suspends_the_account_and_asks_once(connected: Account) -> None:
    connected.server.delete(connected.folder)
    for _ in range(3):
        connected.sync()
    row = connected.row
    assert (row.state, row.problem, [each.kind for each in connected.letters]) == (
        "suspended",
        "calendar-gone",
        ["calendars.suspended"],
    )
    assert connected.server.calendars() == [
        each for each in connected.server.calendars() if "vice" not in each
    ]
    connected.act(accounts.put_back)
    connected.sync()
    assert (connected.row.state, in_step(connected), connected.changes) == ("connected", True, [])


@on_every_server
def test_most_entries_vanishing_at_once_suspends_the_account_and_nothing_is_written_again(
    connected: Account,
) -> None:
    for path in [*texts_of(connected)][:3]:
        connected.server.delete(path)
    for _ in range(2):
        connected.sync()
    assert (connected.row.state, connected.row.problem, len(connected.letters)) == ("suspended", "emptied", 1)
    assert (len(connected.there()), connected.changes) == (1, [])
    connected.act(accounts.try_again)
    connected.sync()
    assert (connected.row.state, len(connected.there())) == ("connected", 1)
    connected.act(accounts.put_back)
    connected.sync()
    assert in_step(connected)


@on_every_server
@pytest.mark.parametrize("asked", ["try again", "put back"])
def test_a_listing_that_was_empty_for_a_moment_costs_nothing(connected: Account, asked: str) -> None:
    texts = texts_of(connected)
    for path in texts:
        connected.server.delete(path)
    connected.sync()
    assert connected.row.problem == "emptied"
    connected.act(accounts.put_back if asked == "put back" else accounts.try_again)
    for path, text in texts.items():
        connected.server.put(path, text)
    connected.sync()
    connected.sync()
    assert (in_step(connected), connected.changes) == (True, [])


def restored(account: Account, backup: Any) -> None:
    account.server.restore(backup)
    with transaction():  # whoever restores one of these by hand has another state than before
        db.session.execute(update(CalendarAccount).values(ctag="another"))


@with_every_habit
def test_a_server_restored_from_an_older_backup_is_brought_up_to_date_and_nothing_passes_for_the_owners_change(
    connected: Account, make: Factories
) -> None:
    move(connected, 2, HOUR)
    connected.sync()
    backup = connected.server.backup()
    move(connected, 2, 5 * HOUR)
    move(connected, 4, timedelta(days=1))
    pairs.series(make, connected.pairing, count=3)
    pairs.changed(connected.person)
    connected.sync()
    assert (in_step(connected), len(connected.there())) == (True, 5)
    restored(connected, backup)
    assert len(connected.there()) == 4
    connected.sync()
    connected.sync()
    assert (in_step(connected), len(connected.there()), connected.changes) == (True, 5, [])


@on_every_server
def test_what_was_taken_away_does_not_come_back_with_an_older_backup(connected: Account) -> None:
    backup = connected.server.backup()
    pairs.change(connected.pairing, connected.person, **OVER)
    connected.sync()
    assert connected.there() == []
    restored(connected, backup)
    connected.let_time_pass(days=1)
    connected.sync()
    connected.sync()
    assert (connected.there(), connected.changes) == ([], [])


@on_every_server
def test_a_server_restored_to_a_time_before_our_calendar_asks_its_owner(connected: Account) -> None:
    backup = connected.server.backup()
    first = connected.folder
    connected.server.delete(first)
    before = connected.server.backup()
    connected.server.restore(backup)
    connected.server.restore(before)
    connected.sync()
    assert (connected.row.state, connected.row.problem) == ("suspended", "calendar-gone")
    connected.act(accounts.put_back)
    connected.sync()
    assert in_step(connected)


# Answers that never come.


@pytest.fixture
def proxy(server: CalendarServer) -> Iterator[Proxy]:
    proxy = Proxy(server.port)
    yield proxy
    proxy.close()


@on_every_server
@pytest.mark.parametrize("method", ["MKCALENDAR", "PUT", "DELETE", "REPORT", "PROPFIND"])
def test_an_answer_lost_after_the_server_did_as_told_costs_nothing(
    server: CalendarServer, proxy: Proxy, make: Factories, mira: Person, sam: Person, method: str
) -> None:
    account = Account(server, mira, proxy.url)
    account.pairing = pairs.whole(make, mira, sam)
    if method != "MKCALENDAR":
        account.connect().sync()
        move(account, 2, 2 * HOUR)
    else:
        account.connect()
    if method == "DELETE":
        pairs.change(account.pairing, mira, **OVER)
    proxy.drop_answer(method)
    account.sync()
    assert account.row.problem == "unreachable"
    assert account.row.not_before > now()
    account.sync()
    assert (account.row.state, account.row.problem) == ("connected", "")
    assert (
        in_step(account),
        account.changes,
        len({uid_of(each) for each in texts_of(account).values()}),
    ) == (
        True,
        [],
        len(account.wanted()),
    )
