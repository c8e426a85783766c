"""The contract of push and pull: whatever happens, every entry is there exactly once, and its owner's hand is
respected.

The same tests against every server there is: one in memory (memory.py), Radicale and Xandikos as they are now
and as they were some years ago (servers.py says how those differ), and for what servers do differently the
one in memory with each habit of servers that are not at hand here. What gets lost is in
test_contract_losses.py, what breaks off in the middle in test_faults.py and test_killed.py, and what becomes
of people's changes in test_following.py, at the same places.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.calendars.accounts import actions as accounts
from portal.calendars.server import Server
from portal.db import db
from portal.people.models import Person
from portal.schedule.models import Milestone
from tests.calendars import pairs
from tests.calendars.account_rows import Account, line, stem
from tests.calendars.contract import HOUR, OVER, check_in, in_step, move, texts_of
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
from tests.personas import Factories

pytest_generate_tests = held


@pytest.fixture
def connected(account: Account, make: Factories, sam: Person) -> Account:
    """Mira's account, with a whole pairing in it."""
    account.pairing = pairs.whole(make, account.person, sam)
    account.connect().sync()
    return account


# What the portal writes.


@with_every_habit
def test_a_first_round_makes_a_calendar_and_writes_everything_once(connected: Account) -> None:
    row = connected.row
    assert (row.state, row.problem, row.calendar_name) == ("connected", "", "Vice Versa")
    assert (len(connected.there()), in_step(connected), connected.changes) == (4, True, [])


@with_every_habit
def test_a_round_without_news_writes_nothing_and_notes_nothing(connected: Account) -> None:
    before = texts_of(connected), {uid: each.etag for uid, each in connected.items.items()}
    for _ in range(3):
        connected.sync()
    assert (texts_of(connected), {uid: each.etag for uid, each in connected.items.items()}) == before
    assert connected.changes == []


@with_every_habit
def test_a_moved_meeting_becomes_an_override_and_a_skipped_one_goes(connected: Account) -> None:
    move(connected, 2, timedelta(days=1, hours=3))
    connected.sync()
    assert in_step(connected)
    assert connected.server.text(connected.path_of("check-ins")).count("RECURRENCE-ID") == 1
    pairs.change(check_in(4), connected.person, state="skipped")
    connected.sync()
    assert in_step(connected)
    [(_, view)] = [each for each in connected.there() if each[0].startswith("check-ins")]
    assert (len(view["occurrences"]), connected.changes) == (5, [])


@on_every_server
def test_news_of_a_title_arrives_when_the_owner_left_it_alone(connected: Account, sam: Person) -> None:
    pairs.change(sam, connected.person, name="Samira Senior")
    connected.sync()
    assert "Samira Senior" in connected.server.text(connected.path_of("check-ins"))
    assert connected.changes == []


@on_every_server
def test_other_entries_of_the_owner_are_never_touched(connected: Account) -> None:
    own = connected.server.text(connected.path_of("milestone"))
    uid = line(own, "UID")
    path = f"{connected.folder}my-dentist.ics"
    connected.server.put(path, own.replace(uid, "UID:my-dentist"))
    text = connected.server.text(path)
    move(connected, 2, 2 * HOUR)
    connected.sync()
    connected.act(accounts.disconnect, keep_entries=False)
    connected.sync()
    assert texts_of(connected) == {path: text}
    assert (connected.row.state, connected.row.sealed_password) == ("gone", None)
    assert stem(uid)


@with_every_habit
def test_a_pairing_that_ends_keeps_its_past_and_loses_its_future(connected: Account) -> None:
    pairs.change(
        connected.pairing, connected.person, state="ended", ended_at=datetime(2026, 4, 1, tzinfo=UTC)
    )
    connected.sync()
    assert in_step(connected)
    assert [len(view["occurrences"]) for _, view in connected.there()] == [2, 1]
    assert sorted(each.state for each in connected.items.values()) == ["gone", "gone", "kept", "kept"]
    assert connected.changes == []


@with_every_habit
def test_a_pairing_that_ends_before_it_met_leaves_nothing_and_may_come_back(connected: Account) -> None:
    pairs.change(connected.pairing, connected.person, **OVER)
    connected.sync()
    assert (connected.there(), {each.state for each in connected.items.values()}) == ([], {"gone"})
    pairs.change(connected.pairing, connected.person, state="active", ended_at=None)
    connected.sync()
    assert in_step(connected)
    assert all(path.endswith("-g2.ics") for path in texts_of(connected))


# What its owner does.


@with_every_habit
def test_an_edit_between_look_and_write_is_seen_noted_and_then_overwritten_only_by_news(
    connected: Account, monkeypatch: pytest.MonkeyPatch, place: Place
) -> None:
    path, write = connected.path_of("milestone"), connected.server.put
    milestone = db.session.scalars(select(Milestone).where(Milestone.kind == "kick-off")).one()
    pairs.change(milestone, connected.person, due_on=milestone.due_on + timedelta(days=1))
    theirs = connected.server.text(path).replace("20260203", "20260209").replace("20260204", "20260210")
    real, put = Server.write, []

    def late(self: Server, path_: str, text: bytes, *, if_match: str | None) -> str:
        if not put:
            put.append(path_)
            write(path, theirs)
        return real(self, path_, text, if_match=if_match)

    monkeypatch.setattr(Server, "write", late)
    connected.sync()
    assert put == [path]
    assert in_step(connected)
    if (
        Quirk.WEAK_ETAGS not in place.quirks
    ):  # where no version can be named, one may go unseen, yet nothing is there twice
        [change] = connected.changes
        assert [*change["after"]["occurrences"]] == ["2026-02-09"]


@with_every_habit
def test_a_meeting_that_its_owner_moved_is_noted_once_and_left_there(
    connected: Account, place: Place
) -> None:
    path = connected.path_of("milestone")
    text = connected.server.text(path)
    connected.server.put(path, text.replace("20260203", "20260205").replace("20260204", "20260206"))
    connected.let_time_pass(days=1)
    for _ in range(3):
        connected.sync(at_once=True)
    [change] = connected.changes
    assert ([*change["before"]["occurrences"]], [*change["after"]["occurrences"]]) == (
        ["2026-02-03"],
        ["2026-02-05"],
    )
    assert "20260205" in connected.server.text(path)
    move(connected, 3, HOUR)
    connected.sync()
    assert "20260205" in connected.server.text(path)
    assert len(connected.changes) == 1
    assert connected.row.problem == ""


@with_every_habit
def test_an_entry_that_its_owner_deleted_is_not_written_again_until_they_ask(connected: Account) -> None:
    path = connected.path_of("milestone")
    connected.server.delete(path)
    connected.let_time_pass(days=1)
    for _ in range(3):
        connected.sync()
    [change] = connected.changes
    assert (change["deleted"], len(connected.there())) == (True, 3)
    pairs.changed(connected.person)
    connected.sync()
    assert len(connected.there()) == 3
    connected.act(accounts.put_back)
    connected.sync()
    assert (in_step(connected), len(connected.changes)) == (True, 1)
    assert connected.path_of("milestone").endswith("-g2.ics")


@on_every_server
def test_an_entry_that_comes_back_from_the_bin_after_it_was_put_back_is_there_once(
    connected: Account,
) -> None:
    path = connected.path_of("milestone")
    text = connected.server.text(path)
    for when in ("before the round", "after it"):
        connected.server.delete(connected.path_of("milestone"))
        connected.sync()
        connected.act(accounts.put_back)
        if when == "after it":
            connected.sync()
        connected.server.put(path, text)
        connected.sync()
        connected.sync()
        assert (in_step(connected), when) == (True, when)


@on_every_server
def test_title_reminder_and_notes_of_the_owner_are_kept_when_a_time_changes(connected: Account) -> None:
    path = connected.path_of("check-ins")
    title = line(connected.server.text(path), "SUMMARY")
    connected.server.edit(path, (title, "SUMMARY:Coffee with Sam"), ("-PT15M", "-PT40M"))
    connected.sync()
    assert "Coffee with Sam" in connected.server.text(path)
    for number in (2, 5):
        move(connected, number, 2 * HOUR)
        connected.sync()
        text = connected.server.text(path)
        assert (text.count("SUMMARY:Coffee with Sam"), "-PT40M" in text, "-PT15M" in text) == (
            {2: 2, 5: 3}[number],
            True,
            False,
        )
        assert "LOCATION:Room 4.12" in text
    assert (in_step(connected), connected.changes) == (True, [])


@on_every_server
def test_an_entry_made_unreadable_is_left_alone_until_there_is_news(connected: Account) -> None:
    path = connected.path_of("check-ins")
    rule = line(connected.server.text(path), "RRULE")
    connected.server.edit(path, (rule, "RRULE:FREQ=HOURLY;COUNT=30"))
    for _ in range(2):
        connected.sync()
    assert (len(connected.changes), connected.changes[0]["after"]) == (1, None)
    assert "HOURLY" in connected.server.text(path)
    move(connected, 2, 2 * HOUR)
    connected.sync()
    assert (in_step(connected), len(connected.changes)) == (True, 1)
