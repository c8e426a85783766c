"""Holidays of two people far apart: each has them by their own clock, and nobody is kept
from meeting on one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from portal.core.hours.cadence import Rule
from portal.pairings.models import Pairing
from portal.schedule import milestones, planning
from portal.schedule.queries import milestones_of
from tests.personas import Factories
from tests.schedule.pairs import fresh, make_pairing, plan, rows_of


def far_apart(make: Factories) -> Pairing:
    """Jona in Auckland, Sigrid in Berlin."""
    jona = make.person("Jona Junior", time_zone="Pacific/Auckland", country="NZ")
    return make_pairing(make, mentor=jona)


def test_new_years_day_is_one_evening_earlier_for_who_meets_auckland_from_berlin(make: Factories) -> None:
    pairing = far_apart(make)
    plan(pairing, Rule(1, "week", date(2026, 12, 31), time(21), "Europe/Berlin", 1))
    (check_in,) = rows_of(pairing)
    assert check_in.rule_on == date(2026, 12, 31)
    assert check_in.starts_at == datetime(2027, 1, 4, 20, tzinfo=UTC)
    assert check_in.moved_for == "New Year's Day"


def test_in_berlins_morning_it_is_new_years_eve_for_both_and_they_meet(make: Factories) -> None:
    pairing = far_apart(make)
    plan(pairing, Rule(1, "week", date(2026, 12, 31), time(9), "Europe/Berlin", 1))
    (check_in,) = rows_of(pairing)
    assert (check_in.starts_at, check_in.moved_for) == (datetime(2026, 12, 31, 8, tzinfo=UTC), "")


def test_a_moment_on_a_holiday_of_either_is_named_by_their_own_clocks(make: Factories) -> None:
    pairing = fresh(far_apart(make))
    said = [
        planning.holiday_at(pairing, datetime(2026, 12, day, hour, tzinfo=UTC))
        for day, hour in ((31, 8), (31, 20), (25, 12), (23, 12))
    ]
    assert said == ["", "New Year's Day", "Erster Weihnachtstag", ""]


def test_before_there_is_a_plan_no_milestone_is_on_a_holiday_of_either(make: Factories) -> None:
    season = make.programme(starts_on=date(2027, 2, 6), ends_on=date(2027, 5, 1))
    jona = make.person("Jona Junior", time_zone="Pacific/Auckland", country="NZ")
    pairing = make_pairing(make, mentor=jona, programme=season)
    milestones.ensure(pairing.id)
    days = {each.kind: each.due_on for each in milestones_of(pairing.id)}
    assert days["kick-off"] == date(2027, 2, 9), "a weekend with Waitangi Day, kept on the Monday"
    assert days["closing"] == date(2027, 5, 3)
