"""What is there of a pairing's plan: in time order, for many at once, and not any more when the pairing has
ended.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from portal.db import db
from portal.errors import NotFound
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule import planning
from portal.schedule.queries import (
    check_in_for,
    check_ins_of,
    check_ins_of_many,
    coming,
    current_series,
    end_of_day,
    milestone_for,
    milestones_of,
    milestones_of_many,
    number_of,
    series_of,
    timeline,
)
from tests.conftest import Counted, Noise
from tests.personas import Factories
from tests.schedule.pairs import AT, RULE, act, change, fresh, make_pairing, plan, rows_of

pytestmark = pytest.mark.both_databases

DAY = timedelta(days=1)
IN_DECEMBER = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
Counting = Callable[[], AbstractContextManager[Counted]]


@pytest.fixture
def pairing(make: Factories, noise: Noise) -> Pairing:
    """Planned, beside the planned pairing of others."""
    plan(make_pairing(make, mentor=noise.person, mentee=make.person("Quentin Quagmire")))
    pairing = make_pairing(make)
    plan(pairing)
    return pairing


@pytest.fixture
def sigrid(pairing: Pairing) -> Person:
    return fresh(pairing).mentee


def lines(pairing: Pairing) -> list[str]:
    db.session.rollback()
    found = timeline(fresh(pairing))
    return [
        f"{entry.on}"
        + (
            f" {entry.milestone.kind}"
            if entry.milestone
            else f" {entry.number} {entry.check_in and entry.check_in.state}"
        )
        for entry in found
    ]


def test_the_timeline_has_milestones_before_the_check_ins_of_their_day(pairing: Pairing) -> None:
    assert lines(pairing) == [
        "2026-10-13 kick-off",
        "2026-10-13 1 planned",
        "2026-11-10 2 planned",
        "2026-12-08 midpoint",
        "2026-12-08 3 planned",
        "2027-01-12 4 planned",
        "2027-02-09 5 planned",
        "2027-03-09 closing",
        "2027-03-09 6 planned",
    ]


def test_the_timeline_shows_days_in_the_zone_of_the_plan(make: Factories) -> None:
    pairing = make_pairing(make)
    plan(pairing, replace(RULE, zone="Australia/Sydney", at=time(6), count=1))
    assert lines(pairing)[-1] == "2026-10-13 1 planned"


def test_numbers_follow_time_and_not_the_rule(pairing: Pairing, sigrid: Person) -> None:
    second = rows_of(pairing)[1]
    act(second.id, sigrid, planning.reschedule, starts_at=datetime(2026, 12, 10, 9, tzinfo=UTC))
    act(rows_of(pairing)[0].id, sigrid, planning.skip)
    check_in, _ = check_in_for(second.id, sigrid)
    assert (check_in.number, number_of(check_in)) == (2, 3)
    assert lines(pairing)[:5] == [
        "2026-10-13 1 skipped",
        "2026-12-08 kick-off",
        "2026-12-08 2 planned",
        "2026-12-10 3 planned",
        "2027-01-12 midpoint",
    ]


def test_the_series_that_counts_is_the_one_that_was_not_replaced(pairing: Pairing, make: Factories) -> None:
    first = series_of(pairing.id)[0]
    second = plan(pairing, replace(RULE, count=3), seen=first.version)
    assert [each.id for each in series_of(pairing.id)] == [first.id, second.id]
    now = current_series(pairing.id)
    assert now is not None
    assert now.id == second.id
    assert current_series(make_pairing(make).id) is None


def test_an_ended_pairing_shows_nothing_that_lay_ahead_when_it_ended(
    pairing: Pairing, sigrid: Person
) -> None:
    rows, marks = rows_of(pairing), milestones_of(pairing.id)
    change(pairing, state="ended", ended_at=IN_DECEMBER)
    past = ["2026-10-13 kick-off", "2026-10-13 1 planned", "2026-11-10 2 planned"]
    assert lines(pairing) == past
    assert [each.id for each in check_ins_of(pairing.id)] == [each.id for each in rows[:2]]
    assert [each.kind for each in milestones_of(pairing.id)] == ["kick-off"]
    assert coming(sigrid, AT) == []
    assert number_of(check_in_for(rows[1].id, sigrid)[0]) == 2
    assert milestone_for(marks[0].id, sigrid)[0].kind == "kick-off"
    for gone in rows[2:]:
        with pytest.raises(NotFound):
            check_in_for(gone.id, sigrid)
    for mark in marks[1:]:
        with pytest.raises(NotFound):
            milestone_for(mark.id, sigrid)


def test_what_starts_at_the_moment_of_the_end_lay_ahead(pairing: Pairing) -> None:
    third = rows_of(pairing)[2]
    change(pairing, state="ended", ended_at=third.starts_at)
    assert lines(pairing)[-1] == "2026-12-08 midpoint"
    change(pairing, ended_at=third.starts_at + timedelta(seconds=1))
    assert lines(pairing)[-1] == "2026-12-08 3 planned"


def test_when_the_end_is_taken_back_all_is_there_again(pairing: Pairing) -> None:
    before = lines(pairing)
    change(pairing, state="ended", ended_at=IN_DECEMBER)
    change(pairing, state="active", ended_at=None)
    assert lines(pairing) == before


def test_a_paused_pairing_keeps_its_timeline_and_is_coming_as_in_calendars(
    pairing: Pairing, sigrid: Person
) -> None:
    before, soon = lines(pairing), coming(sigrid, AT)
    change(pairing, state="paused")
    assert lines(pairing) == before
    assert coming(sigrid, AT) == soon != []


def test_what_is_coming_are_plain_rows_in_the_readers_zone(make: Factories, noise: Noise) -> None:
    jona = make.person("Jona Junior", time_zone="America/New_York")
    pairing = make_pairing(make, mentor=jona)
    plan(pairing, replace(RULE, count=2))
    plan(make_pairing(make, mentor=noise.person))
    rows = coming(fresh(pairing).mentor, AT)
    assert rows == [
        {"when": "2026-10-13", "starts_at": None, "what": "Kick-off", "partner": "Sigrid Senior"},
        {"when": "2026-10-13", "starts_at": None, "what": "Midpoint review", "partner": "Sigrid Senior"},
        {
            "when": "2026-10-13 04:00",
            "starts_at": datetime(2026, 10, 13, 8, tzinfo=UTC),
            "what": "check-in 1 of 2",
            "partner": "Sigrid Senior",
        },
        {"when": "2026-11-10", "starts_at": None, "what": "Closing", "partner": "Sigrid Senior"},
        {
            "when": "2026-11-10 04:00",
            "starts_at": datetime(2026, 11, 10, 9, tzinfo=UTC),
            "what": "check-in 2 of 2",
            "partner": "Sigrid Senior",
        },
    ]


def test_what_is_coming_leaves_out_what_is_over_skipped_or_met(pairing: Pairing, sigrid: Person) -> None:
    first, second, third = rows_of(pairing)[:3]
    act(second.id, sigrid, planning.skip)

    def whats(at: datetime) -> list[str]:
        return [row["what"] for row in coming(sigrid, at) if row["starts_at"]]

    left = ["check-in 4 of 6", "check-in 5 of 6", "check-in 6 of 6"]
    assert whats(AT) == ["check-in 1 of 6", "check-in 3 of 6", *left]
    assert whats(first.ends_at - timedelta(minutes=1)) == ["check-in 1 of 6", "check-in 3 of 6", *left]
    assert whats(first.ends_at) == ["check-in 3 of 6", *left]
    act(third.id, sigrid, planning.met, at=third.starts_at)
    assert whats(third.starts_at) == left
    assert [row["what"] for row in coming(sigrid, datetime(2027, 3, 9, 22, tzinfo=UTC))] == ["Closing"]
    assert coming(sigrid, datetime(2027, 3, 9, 23, tzinfo=UTC)) == []


def test_somebody_in_two_pairings_sees_both_in_one_order(make: Factories) -> None:
    jona = make.person("Jona Junior")
    one, two = (
        make_pairing(make, mentor=jona, mentee=make.person(name)) for name in ("Sigrid Senior", "Gesa Grey")
    )
    plan(one, replace(RULE, count=2))
    plan(two, replace(RULE, first_on=date(2026, 10, 20), count=1))
    rows = [(row["when"], row["partner"]) for row in coming(fresh(one).mentor, AT) if row["starts_at"]]
    assert rows == [
        ("2026-10-13 10:00", "Sigrid Senior"),
        ("2026-10-20 10:00", "Gesa Grey"),
        ("2026-11-10 10:00", "Sigrid Senior"),
    ]


def test_others_find_neither_a_check_in_nor_a_milestone(
    pairing: Pairing, noise: Noise, admin: Person
) -> None:
    check_in, mark = rows_of(pairing)[0], milestones_of(pairing.id)[0]
    finders: list[tuple[Callable[..., Any], int]] = [(check_in_for, check_in.id), (milestone_for, mark.id)]
    for find, there in finders:
        for missing, person in ((there, noise.person), (999_999, admin)):
            with pytest.raises(NotFound):
                find(missing, person)
        assert find(there, admin)[1].id == pairing.id


def test_five_pairings_are_asked_about_in_as_many_queries_as_one(
    make: Factories, count_queries: Counting
) -> None:
    jona = make.person("Jona Junior")
    pairings = [make_pairing(make, mentor=jona) for _ in range(5)]
    for number, each in enumerate(pairings):
        plan(each, replace(RULE, first_on=RULE.first_on + number * DAY))
    ids = [each.id for each in pairings]

    def cost(ask: Callable[[], object]) -> int:
        db.session.rollback()
        db.session.expunge_all()
        with count_queries() as counted:
            ask()
        return len(counted)

    def read(some: list[int]) -> None:
        for found in check_ins_of_many(some).values():
            assert {each.series.zone for each in found} == {"Europe/Berlin"}
        assert set(milestones_of_many(some)) == set(check_ins_of_many(some)) == set(some)

    assert cost(lambda: read(ids[:1])) == cost(lambda: read(ids)) == 3
    assert (cost(lambda: check_ins_of_many([])), cost(lambda: milestones_of_many([]))) == (0, 0)


def test_a_timeline_and_what_is_coming_cost_the_same_whatever_there_is(
    make: Factories, count_queries: Counting
) -> None:
    jona, costs = make.person("Jona Junior"), []
    for _number in range(5):
        pairing = make_pairing(make, mentor=jona)
        plan(pairing, replace(RULE, count=1 + 5 * len(costs)))
        row = fresh(pairing)
        person = row.mentor
        with count_queries() as counted:
            assert len(timeline(row)) == 3 + 1 + 5 * len(costs)
        with count_queries() as more:
            assert len(coming(person, AT)) > 3 * len(costs)
        costs.append((len(counted), len(more)))
    assert costs == [(2, 5)] * 5, "the people's roles are read with them"


def test_a_day_is_over_when_its_zone_says_so() -> None:
    assert end_of_day(date(2026, 10, 25), "Europe/Berlin") == datetime(2026, 10, 25, 23, tzinfo=UTC)
    assert end_of_day(date(2026, 12, 31), "America/New_York") == datetime(2027, 1, 1, 5, tzinfo=UTC)
