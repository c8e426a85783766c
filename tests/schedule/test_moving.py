"""Moving one check-in, and taking that back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from portal import audit
from portal.core.hours.cadence import Rule
from portal.errors import Invalid, Stale
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule import planning
from portal.schedule.queries import series_of
from tests.personas import Factories
from tests.schedule.pairs import (
    AT,
    DAY,
    IN_NOVEMBER,
    RULE,
    TUESDAYS,
    act,
    all_of_it,
    calendars,
    days_of,
    fresh,
    kinds,
    make_pairing,
    plan,
    refused,
    rows_of,
)

TEN = time(10)


def test_moving_one_check_in_changes_that_one_and_tells_the_partner(
    pairing: Pairing, jona: Person, sigrid: Person
) -> None:
    plan(pairing)
    second = rows_of(pairing)[1]
    before = calendars(jona, sigrid)
    position = act(second.id, jona, planning.reschedule, starts_at=second.starts_at + DAY)
    assert days_of(pairing) == [TUESDAYS[0], "2026-11-11", *TUESDAYS[2:]]
    assert [after > early for after, early in zip(calendars(jona, sigrid), before, strict=True)] == [
        True,
        True,
    ]
    entry = audit.at(position)
    assert entry is not None
    assert (entry.action, entry.object_id, entry.actor_id) == ("check_in.moved", str(second.id), jona.id)
    assert entry.before == {"starts_at": "2026-11-10T09:00:00+00:00", "moved_for": ""}
    assert entry.after == {"starts_at": "2026-11-11T09:00:00+00:00", "moved_for": ""}
    assert [each.revision for each in series_of(pairing.id)] == [1]
    assert (kinds(jona), kinds(sigrid)) == (["planned"], ["planned", "moved"])


def test_moving_twice_to_the_same_time_is_moving_once(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    second = rows_of(pairing)[1]
    there = second.starts_at + DAY
    assert act(second.id, sigrid, planning.reschedule, starts_at=there)
    before = all_of_it(pairing)
    in_berlin = there.astimezone(ZoneInfo("Europe/Berlin"))
    for again in (there, in_berlin):
        assert act(second.id, sigrid, planning.reschedule, starts_at=again, seen=1) is None
    assert all_of_it(pairing) == before


def test_a_move_by_somebody_who_saw_an_older_version_shows_both_times(
    pairing: Pairing, jona: Person, sigrid: Person
) -> None:
    plan(pairing)
    second = rows_of(pairing)[1]
    theirs, yours = second.starts_at + DAY, second.starts_at + 2 * DAY
    act(second.id, jona, planning.reschedule, starts_at=theirs)
    before = all_of_it(pairing)
    with pytest.raises(Stale) as stale:
        act(second.id, sigrid, planning.reschedule, starts_at=yours, seen=1)
    assert (stale.value.theirs, stale.value.yours) == ({"starts_at": theirs}, {"starts_at": yours})
    assert all_of_it(pairing) == before


def test_staff_who_move_one_tell_both(pairing: Pairing, admin: Person) -> None:
    plan(pairing)
    second = rows_of(pairing)[1]
    act(second.id, admin, planning.reschedule, starts_at=second.starts_at + DAY)
    assert [kinds(each) for each in (fresh(pairing).mentor, fresh(pairing).mentee)] == [
        ["planned", "moved"]
    ] * 2


@pytest.mark.parametrize(
    ("starts_at", "says"),
    [
        (AT, "has passed"),
        (AT - DAY, "has passed"),
        (datetime(2029, 10, 1, tzinfo=UTC), "too far ahead"),
        (datetime(2026, 12, 8, 8, 1, tzinfo=UTC), "Another check-in"),
        (datetime(2026, 12, 8, 9, 59, tzinfo=UTC), "Another check-in"),
    ],
)
def test_a_move_to_where_no_check_in_can_be_is_refused(
    pairing: Pairing, sigrid: Person, starts_at: datetime, says: str
) -> None:
    plan(pairing)
    second, before = rows_of(pairing)[1], all_of_it(pairing)
    error = refused(act, second.id, sigrid, planning.reschedule, starts_at=starts_at)
    assert error.field == "day"
    assert says in error.message
    assert all_of_it(pairing) == before


def test_right_before_and_right_after_another_there_is_room(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    second, third = rows_of(pairing)[1:3]
    for there in (third.starts_at - timedelta(hours=1), third.starts_at + timedelta(hours=1)):
        assert act(second.id, sigrid, planning.reschedule, starts_at=there)


def test_the_last_of_a_long_plan_can_be_moved_by_a_day(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing, replace(RULE, count=60))
    last = rows_of(pairing)[-1]
    assert act(last.id, sigrid, planning.reschedule, starts_at=last.starts_at + DAY)


def test_one_that_is_skipped_or_met_is_not_moved(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    first, second = rows_of(pairing)[:2]
    act(first.id, sigrid, planning.met, at=IN_NOVEMBER)
    act(second.id, sigrid, planning.skip)
    for each in (first, second):
        there = IN_NOVEMBER + DAY
        assert "Only a planned" in refused(act, each.id, sigrid, planning.reschedule, starts_at=there).message


def test_an_undone_move_is_back_with_the_holiday_that_had_moved_it(make: Factories, sigrid: Person) -> None:
    pairing = make_pairing(make, mentee=sigrid)
    plan(pairing, Rule(1, "week", date(2027, 1, 1), TEN, "Europe/Berlin", 2))
    moved = rows_of(pairing)[0]
    was = moved.starts_at
    position = act(moved.id, sigrid, planning.reschedule, starts_at=was + DAY)
    assert rows_of(pairing)[0].moved_for == ""
    act(moved.id, sigrid, planning.put_back, position=position)
    assert [(each.starts_at, each.moved_for) for each in rows_of(pairing)[:1]] == [(was, "Neujahr")]
    assert len(audit.history("check_in", moved.id)) == 2


def test_a_move_said_in_another_zone_can_be_undone(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    second = rows_of(pairing)[1]
    was, elsewhere = second.starts_at, timezone(timedelta(hours=-5))
    position = act(second.id, sigrid, planning.reschedule, starts_at=(was + DAY).astimezone(elsewhere))
    act(second.id, sigrid, planning.put_back, position=position)
    assert days_of(pairing) == TUESDAYS


def test_an_undo_comes_once_and_only_while_nothing_else_changed(
    pairing: Pairing, jona: Person, sigrid: Person
) -> None:
    plan(pairing)
    second, third = rows_of(pairing)[1:3]
    was = second.starts_at
    position = act(second.id, sigrid, planning.reschedule, starts_at=was + DAY)
    wrong_one = refused(act, third.id, sigrid, planning.put_back, position=position)
    assert "cannot be undone any more" in wrong_one.message
    for nothing in (0, position + 1000, audit.history("series", series_of(pairing.id)[0].id)[0].position):
        assert (
            "cannot be undone" in refused(act, second.id, sigrid, planning.put_back, position=nothing).message
        )
    act(second.id, sigrid, planning.put_back, position=position)
    before = all_of_it(pairing)
    with suppress(Invalid):
        act(second.id, sigrid, planning.put_back, position=position)
    assert all_of_it(pairing) == before
    later = act(second.id, sigrid, planning.reschedule, starts_at=was + DAY)
    act(second.id, jona, planning.reschedule, starts_at=was + 2 * DAY)
    assert "changed again" in refused(act, second.id, sigrid, planning.put_back, position=later).message


def test_a_move_is_not_undone_into_the_past_or_onto_another(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    first, second = rows_of(pairing)[:2]
    was = first.starts_at
    position = act(first.id, sigrid, planning.reschedule, starts_at=was + 2 * DAY)
    too_late = refused(act, first.id, sigrid, planning.put_back, position=position, at=was + DAY)
    assert "has passed" in too_late.message
    act(second.id, sigrid, planning.reschedule, starts_at=was + timedelta(minutes=30))
    assert "Another check-in" in refused(act, first.id, sigrid, planning.put_back, position=position).message
