"""Push by reconciliation, on real servers: everything there exactly once, and the owner's own hand respected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from portal.calendars import accounts
from portal.calendars.models import CalendarAccount, CalendarItem
from portal.calendars.server import Server
from portal.db import db, transaction
from portal.people.models import Person
from portal.schedule.models import CheckIn, Milestone
from tests.calendars import pairs
from tests.calendars.accounts import Account, line, stem
from tests.personas import Factories

FEBRUARY = "2026-02-10T09:00:00Z"


@pytest.fixture
def connected(account: Account, make: Factories, sam: Person) -> Account:
    """Mira's account, with a whole pairing in it."""
    account.pairing = pairs.whole(make, account.person, sam)
    account.connect().sync()
    return account


def check_in(number: int) -> CheckIn:
    db.session.rollback()
    return db.session.scalars(select(CheckIn).where(CheckIn.number == number)).one()


def move(account: Account, number: int, by: timedelta) -> None:
    row = check_in(number)
    pairs.change(row, account.person, starts_at=row.starts_at + by)


def in_step(account: Account) -> bool:
    return account.there() == account.wanted()


def test_a_first_round_makes_a_calendar_and_writes_everything_once(connected: Account) -> None:
    row = connected.row
    assert (row.state, row.problem, row.calendar_name) == ("connected", "", "Vice Versa")
    assert (len(connected.there()), in_step(connected), connected.changes) == (4, True, [])


def test_a_round_without_news_writes_nothing_and_notes_nothing(connected: Account) -> None:
    before = connected.server.items(connected.folder), {uid: each.etag for uid, each in connected.items.items()}
    for _ in range(3):
        connected.sync()
    assert (connected.server.items(connected.folder), {uid: each.etag for uid, each in connected.items.items()}) == before
    assert connected.changes == []


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


def test_an_edit_between_look_and_write_is_seen_noted_and_then_overwritten_only_by_news(
    connected: Account, monkeypatch: pytest.MonkeyPatch
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
    [change] = connected.changes
    assert [*change["after"]["occurrences"]] == ["2026-02-09"]


def test_a_meeting_that_its_owner_moved_is_noted_once_and_left_there(connected: Account) -> None:
    path = connected.path_of("milestone")
    connected.server.edit(path, ("20260203", "20260205"), ("20260204", "20260206"))
    for _ in range(3):
        connected.sync()
    [change] = connected.changes
    assert ([*change["before"]["occurrences"]], [*change["after"]["occurrences"]]) == (["2026-02-03"], ["2026-02-05"])
    assert "20260205" in connected.server.text(path)
    move(connected, 3, timedelta(hours=1))
    connected.sync()
    assert "20260205" in connected.server.text(path)
    assert len(connected.changes) == 1
    assert connected.row.problem == ""


def test_an_entry_that_its_owner_deleted_is_not_written_again_until_they_ask(connected: Account) -> None:
    path = connected.path_of("milestone")
    connected.server.delete(path)
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


def test_title_reminder_and_notes_of_the_owner_are_kept_when_a_time_changes(connected: Account) -> None:
    path = connected.path_of("check-ins")
    title = line(connected.server.text(path), "SUMMARY")
    connected.server.edit(path, (title, "SUMMARY:Coffee with Sam"), ("-PT15M", "-PT40M"))
    connected.sync()
    assert "Coffee with Sam" in connected.server.text(path)
    for number in (2, 5):
        move(connected, number, timedelta(hours=2))
        connected.sync()
        text = connected.server.text(path)
        assert (text.count("SUMMARY:Coffee with Sam"), "-PT40M" in text, "-PT15M" in text) == (
            {2: 2, 5: 3}[number],
            True,
            False,
        )
        assert "LOCATION:Room 4.12" in text
    assert (in_step(connected), connected.changes) == (True, [])


def test_news_of_a_title_arrives_when_the_owner_left_it_alone(connected: Account, sam: Person) -> None:
    pairs.change(sam, connected.person, name="Samira Senior")
    connected.sync()
    assert "Samira Senior" in connected.server.text(connected.path_of("check-ins"))
    assert connected.changes == []


def test_an_entry_moved_to_another_calendar_is_followed_there(connected: Account) -> None:
    other, path = f"{connected.server.home}mine/", connected.path_of("check-ins")
    connected.server.make_calendar(other, "Mine")
    text = connected.server.text(path)
    connected.server.delete(path)
    connected.server.put(f"{other}moved-by-hand.ics", text)
    connected.sync()
    assert (len(connected.there()), connected.changes, connected.row.problem) == (3, [], "")
    move(connected, 2, timedelta(hours=2))
    connected.sync()
    assert sorted([*connected.there(), *connected.there(other)], key=str) == connected.wanted()
    pairs.change(connected.pairing, connected.person, state="ended", ended_at=datetime(2026, 1, 1, tzinfo=UTC))
    connected.sync()
    assert (connected.there(), connected.there(other)) == ([], [])


def test_lost_memory_is_found_again_on_the_server(connected: Account) -> None:
    before = connected.server.items(connected.folder)
    with transaction():
        db.session.execute(delete(CalendarItem))
        db.session.execute(update(CalendarAccount).values(ctag="", pushed_stamp=None))
    connected.sync()
    assert connected.server.items(connected.folder) == before
    assert (len(connected.items), connected.changes) == (4, [])
    move(connected, 2, timedelta(hours=2))
    connected.sync()
    assert (in_step(connected), connected.changes) == (True, [])


def test_a_calendar_that_was_deleted_suspends_the_account_and_asks_once(connected: Account) -> None:
    connected.server.delete(connected.folder)
    for _ in range(3):
        connected.sync()
    row = connected.row
    assert (row.state, row.problem, [each.kind for each in connected.letters]) == (
        "suspended", "calendar-gone", ["calendars.suspended"],
    )  # fmt: skip
    assert connected.server.calendars() == [each for each in connected.server.calendars() if "vice" not in each]
    connected.act(accounts.put_back)
    connected.sync()
    assert (connected.row.state, in_step(connected), connected.changes) == ("connected", True, [])


def test_most_entries_vanishing_at_once_suspends_the_account_and_nothing_is_written_again(connected: Account) -> None:
    for path in [*connected.server.items(connected.folder)][:3]:
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


def test_a_listing_that_was_empty_for_a_moment_costs_nothing(connected: Account) -> None:
    texts = connected.server.items(connected.folder)
    for path in texts:
        connected.server.delete(path)
    connected.sync()
    assert connected.row.problem == "emptied"
    for path, text in texts.items():
        connected.server.put(path, text)
    connected.act(accounts.try_again)
    connected.sync()
    assert (in_step(connected), connected.changes) == (True, [])


def test_a_pairing_that_ends_keeps_its_past_and_loses_its_future(connected: Account) -> None:
    pairs.change(connected.pairing, connected.person, state="ended", ended_at=datetime(2026, 4, 1, tzinfo=UTC))
    connected.sync()
    there = connected.there()
    assert there == connected.wanted()
    assert [len(view["occurrences"]) for _, view in there] == [2, 1]
    assert sorted(each.state for each in connected.items.values()) == ["gone", "gone", "kept", "kept"]
    assert connected.changes == []


def test_a_pairing_that_ends_before_it_met_leaves_nothing_and_may_come_back(connected: Account) -> None:
    over = {"state": "ended", "ended_at": datetime(2026, 1, 6, tzinfo=UTC)}
    pairs.change(connected.pairing, connected.person, **over)
    connected.sync()
    assert (connected.there(), {each.state for each in connected.items.values()}) == ([], {"gone"})
    pairs.change(connected.pairing, connected.person, state="active", ended_at=None)
    connected.sync()
    assert in_step(connected)
    assert all(path.endswith("-g2.ics") for path in connected.server.items(connected.folder))


def test_an_entry_made_unreadable_is_left_alone_until_there_is_news(connected: Account) -> None:
    path = connected.path_of("check-ins")
    rule = line(connected.server.text(path), "RRULE")
    connected.server.edit(path, (rule, "RRULE:FREQ=HOURLY;COUNT=30"))
    for _ in range(2):
        connected.sync()
    assert (len(connected.changes), connected.changes[0]["after"]) == (1, None)
    assert "HOURLY" in connected.server.text(path)
    move(connected, 2, timedelta(hours=2))
    connected.sync()
    assert (in_step(connected), len(connected.changes)) == (True, 1)


def test_other_entries_of_the_owner_are_never_touched(connected: Account) -> None:
    own = connected.server.text(connected.path_of("milestone"))
    uid = line(own, "UID")
    path = f"{connected.folder}my-dentist.ics"
    connected.server.put(path, own.replace(uid, "UID:my-dentist"))
    text = connected.server.text(path)
    move(connected, 2, timedelta(hours=2))
    connected.sync()
    connected.act(accounts.disconnect, keep_entries=False)
    connected.sync()
    assert connected.server.items(connected.folder) == {path: text}
    assert (connected.row.state, connected.row.sealed_password) == ("gone", None)
    assert stem(uid)
