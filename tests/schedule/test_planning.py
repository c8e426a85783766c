"""Planning a pairing's check-ins, and planning them anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from portal import audit
from portal.core.hours.cadence import Rule
from portal.errors import Stale
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule import planning
from portal.schedule.queries import current_series, series_of
from tests.conftest import Noise
from tests.personas import Factories
from tests.schedule.pairs import (
    AT,
    IN_NOVEMBER,
    RULE,
    TUESDAYS,
    act,
    all_of_it,
    calendars,
    change,
    days_of,
    kinds,
    make_pairing,
    plan,
    refused,
    rows_of,
)

pytestmark = pytest.mark.both_databases

TEN = time(10)


def test_a_plan_books_the_check_ins_of_its_rule(pairing: Pairing) -> None:
    series = plan(pairing, place="Room 4.12", link="https://video.example.com/j", minutes=45)
    facts = (
        series.every,
        series.unit,
        series.first_on,
        series.local_time,
        series.zone,
        series.count,
        series.minutes,
    )
    assert facts == (1, "month", date(2026, 10, 13), time(10), "Europe/Berlin", 6, 45)
    assert (series.place, series.link, series.planned_by_id) == (
        "Room 4.12",
        "https://video.example.com/j",
        pairing.mentee_id,
    )
    assert (series.revision, series.revised_at, series.replaced_at) == (0, AT, None)
    rows = rows_of(pairing)
    assert [each.number for each in rows] == [1, 2, 3, 4, 5, 6]
    assert [each.rule_on.isoformat() for each in rows] == TUESDAYS
    assert days_of(pairing) == TUESDAYS
    assert [each.starts_at.hour for each in rows_of(pairing)] == [8, 9, 9, 9, 9, 9]
    assert {(each.state, each.minutes, each.moved_for) for each in rows_of(pairing)} == {("planned", 45, "")}


def test_a_plan_raises_both_calendars_is_audited_and_told_to_both(
    pairing: Pairing, jona: Person, sigrid: Person, noise: Noise
) -> None:
    before = calendars(jona, sigrid, noise.person)
    series = plan(pairing)
    after = calendars(jona, sigrid, noise.person)
    assert after[0] > before[0]
    assert after[1] > before[1]
    assert after[2] == before[2]
    (entry,) = audit.history("series", series.id)
    assert (entry.action, entry.actor_id) == ("series.planned", sigrid.id)
    assert entry.after == {
        "every": 1,
        "unit": "month",
        "first_on": "2026-10-13",
        "at": "10:00:00",
        "zone": "Europe/Berlin",
        "count": 6,
        "minutes": 60,
    }
    assert audit.verify()[1] is None
    assert (kinds(jona), kinds(sigrid)) == (["planned"], ["planned"])


def test_holidays_of_both_countries_make_room(make: Factories) -> None:
    jona = make.person("João Junior", country="PT", time_zone="Europe/Lisbon")
    pairing = make_pairing(make, mentor=jona)
    plan(pairing, replace(RULE, first_on=date(2026, 12, 8), count=2))
    plan_of_fridays = Rule(1, "week", date(2026, 12, 25), time(10), "Europe/Berlin", 2)
    assert [(day, each.moved_for) for day, each in zip(days_of(pairing), rows_of(pairing), strict=True)] == [
        ("2026-12-09", "Imaculada Conceição"),
        ("2027-01-12", ""),
    ]
    plan(pairing, plan_of_fridays, seen=1)
    assert [(each.starts_at.date().isoformat(), each.moved_for) for each in rows_of(pairing)] == [
        ("2026-12-28", "Erster Weihnachtstag"),
        ("2027-01-04", "Neujahr"),
    ]


def test_somebody_without_a_country_has_the_holidays_of_their_time_zone(make: Factories) -> None:
    jona = make.person("João Junior", country=None, time_zone="Europe/Lisbon")
    nowhere = make.person("Nowhere", country=None, time_zone="UTC")
    odd = make.person("Odd", country="XX")
    rule = replace(RULE, first_on=date(2026, 12, 8), count=1)
    for mentor, day in ((jona, "2026-12-09"), (nowhere, "2026-12-08"), (odd, "2026-12-08")):
        pairing = make_pairing(make, mentor=mentor)
        plan(pairing, rule)
        assert days_of(pairing) == [day]


def test_holidays_are_known_to_the_end_of_the_longest_plan(pairing: Pairing) -> None:
    plan(pairing, Rule(12, "month", date(2027, 1, 1), TEN, "Europe/Berlin", 60))
    rows = rows_of(pairing)
    on_new_year = [each for each in rows if each.rule_on.month == 1 and each.rule_on.day == 1]
    assert len(rows) == 60
    assert len(on_new_year) > 6
    assert {each.moved_for for each in on_new_year} == {"Neujahr"}


def test_the_same_plan_twice_is_one_plan(pairing: Pairing, jona: Person) -> None:
    first = plan(pairing)
    before = all_of_it(pairing)
    assert plan(pairing).id == first.id
    assert plan(pairing, by="mentor", at=IN_NOVEMBER, seen=77).id == first.id
    assert all_of_it(pairing) == before
    assert kinds(jona) == ["planned"]


def test_two_who_plan_at_the_same_moment_make_one_plan(app: Flask, pairing: Pairing) -> None:
    start, said = Barrier(2), []

    def try_it(rule: Rule) -> None:
        with app.app_context():
            start.wait()
            try:
                said.append(plan(pairing, rule).id)
            except Stale:
                said.append("stale")

    for rules in ((RULE, RULE), (replace(RULE, at=time(11)), replace(RULE, at=time(12)))):
        threads = [Thread(target=try_it, args=(each,)) for each in rules]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    series = current_series(pairing.id)
    assert series is not None
    assert said == [series.id, series.id, "stale", "stale"]
    assert days_of(pairing) == TUESDAYS


def test_planning_anew_keeps_what_has_begun_and_takes_the_rest(pairing: Pairing, sigrid: Person) -> None:
    first = plan(pairing)
    october, november = rows_of(pairing)[:2]
    act(october.id, sigrid, planning.met, at=IN_NOVEMBER)
    rule = Rule(2, "week", date(2026, 11, 20), time(15), "Europe/Berlin", 3)
    second = plan(pairing, rule, at=IN_NOVEMBER, seen=series_of(pairing.id)[0].version)
    assert days_of(pairing) == ["2026-10-13", "2026-11-10", "2026-11-20", "2026-12-04", "2026-12-18"]
    kept = [(each.id, each.state) for each in rows_of(pairing)[:2]]
    assert kept == [(october.id, "met"), (november.id, "planned")]
    assert [each.number for each in rows_of(pairing)] == [1, 2, 1, 2, 3]
    old, new = series_of(pairing.id)
    assert (old.id, old.replaced_at, old.revised_at, old.revision) == (first.id, IN_NOVEMBER, IN_NOVEMBER, 1)
    assert (new.id, new.replaced_at, new.revision) == (second.id, None, 0)
    assert old.uid != new.uid


def test_planning_anew_before_anything_began_leaves_nothing_of_the_old_plan(
    pairing: Pairing, sigrid: Person
) -> None:
    plan(pairing)
    act(rows_of(pairing)[1].id, sigrid, planning.skip)
    plan(pairing, replace(RULE, at=time(15), count=2), seen=series_of(pairing.id)[0].version)
    assert days_of(pairing) == TUESDAYS[:2]
    assert {each.state for each in rows_of(pairing)} == {"planned"}


def test_whoever_plans_without_having_seen_the_present_plan_is_asked_to_look(pairing: Pairing) -> None:
    series = plan(pairing)
    before = all_of_it(pairing)
    for seen in (None, series.version + 1, 0):
        with pytest.raises(Stale, match="Look at the plan"):
            plan(pairing, replace(RULE, at=time(11)), seen=seen)
    assert all_of_it(pairing) == before


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"first_on": date(2026, 9, 30)}, "first_on", "has passed"),
        ({"first_on": date(2027, 10, 3)}, "first_on", "more than a year"),
        ({"first_on": date(2026, 10, 1), "at": time(9, 59)}, "at", "passed today"),
        ({"first_on": date(2026, 10, 1), "at": time(10, 0)}, "at", "passed today"),
        ({"first_on": date(2026, 10, 25), "at": time(2, 30), "unit": "week"}, "at", "2026-10-25"),
        (
            {"first_on": date(2026, 11, 29), "at": time(2, 30), "unit": "week", "count": 18},
            "at",
            "2027-03-28",
        ),
    ],
)
def test_a_refused_plan_names_the_field_to_mend_and_changes_nothing(
    pairing: Pairing, changes: dict[str, Any], field: str, says: str
) -> None:
    before = all_of_it(pairing)
    error = refused(plan, pairing, replace(RULE, **changes))
    assert error.field == field
    assert says in error.message
    assert all_of_it(pairing) == before


def test_today_and_a_year_from_today_are_still_fine(make: Factories) -> None:
    today = replace(RULE, first_on=date(2026, 10, 1), at=time(10, 1), count=1)
    in_a_year = replace(RULE, first_on=date(2027, 10, 1), count=1)
    for rule in (today, in_a_year):
        pairing = make_pairing(make)
        plan(pairing, rule)
        assert days_of(pairing) == [rule.first_on.isoformat()]


def test_whether_a_day_has_passed_is_told_by_the_clocks_of_its_zone(pairing: Pairing) -> None:
    late = datetime(2026, 10, 12, 23, 0, tzinfo=UTC)
    assert (
        refused(plan, pairing, replace(RULE, first_on=date(2026, 10, 12), at=time(23, 59)), at=late).field
        == "first_on"
    )
    plan(pairing, replace(RULE, first_on=date(2026, 10, 12), zone="America/New_York", at=time(20)), at=late)
    assert days_of(pairing)[0] == "2026-10-13"


@pytest.mark.parametrize("state", ["draft", "offered", "paused", "ended", "declined"])
def test_only_an_active_pairing_is_planned(pairing: Pairing, state: str) -> None:
    change(pairing, state=state)
    assert "active" in refused(plan, pairing).message
    assert rows_of(pairing) == []
