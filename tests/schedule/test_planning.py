"""Planning a pairing's check-ins, and every change to one of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from threading import Barrier, Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from portal import audit
from portal.core.cadence import Rule
from portal.db import db
from portal.errors import Invalid, Stale
from portal.pairings.models import Pairing
from portal.people import versions
from portal.people.models import Person
from portal.schedule import planning
from portal.schedule.models import CheckIn, Series
from portal.schedule.queries import current_series, milestones_of, series_of
from tests.conftest import Noise
from tests.personas import Factories
from tests.schedule.pairs import AT, RULE, act, change, fresh, letters_to, make_pairing, plan, rows_of

DAY, TEN = timedelta(days=1), time(10)
TUESDAYS = ["2026-10-13", "2026-11-10", "2026-12-08", "2027-01-12", "2027-02-09", "2027-03-09"]
IN_NOVEMBER = datetime(2026, 11, 12, 8, 0, tzinfo=UTC)


@pytest.fixture
def pairing(make: Factories, noise: Noise) -> Pairing:
    """Jona and Sigrid, with another pairing beside them that has a plan of its own."""
    plan(make_pairing(make, mentor=noise.person, mentee=make.person("Quentin Quagmire")))
    return make_pairing(make)


@pytest.fixture
def jona(pairing: Pairing) -> Person:
    return fresh(pairing).mentor


@pytest.fixture
def sigrid(pairing: Pairing) -> Person:
    return fresh(pairing).mentee


def days_of(pairing: Pairing) -> list[str]:
    return [each.starts_at.date().isoformat() for each in rows_of(pairing)]


def calendars(*people: Person) -> list[int]:
    db.session.rollback()
    return [versions.of(each.id)[0] for each in people]


def refused(call: Callable[..., Any], *args: Any, **more: Any) -> Invalid:
    with pytest.raises(Invalid) as error:
        call(*args, **more)
    return error.value


def kinds(person: Person) -> list[str]:
    return [each.kind.partition(".")[2] for each in letters_to(person)]


def state_of(check_in: CheckIn) -> tuple[str, datetime, int]:
    db.session.rollback()
    row = db.session.get_one(CheckIn, check_in.id)
    return row.state, row.starts_at, row.version


def all_of_it(pairing: Pairing) -> tuple[object, ...]:
    """What a refusal must leave as it was."""
    rows = [(each.id, each.state, each.starts_at, each.moved_for, each.version) for each in rows_of(pairing)]
    series = [(each.id, each.revision, each.revised_at, each.replaced_at) for each in series_of(pairing.id)]
    marks = [(each.id, each.due_on, each.revision) for each in milestones_of(pairing.id)]
    both = fresh(pairing).mentor, fresh(pairing).mentee
    return rows, series, marks, calendars(*both), [kinds(each) for each in both], audit.count()


def test_a_plan_books_the_check_ins_of_its_rule(pairing: Pairing) -> None:
    series = plan(pairing, place="Room 4.12", link="https://video.example.com/j", minutes=45)
    facts = (series.every, series.unit, series.first_on, series.local_time, series.zone, series.count, series.minutes)
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
        "every": 1, "unit": "month", "first_on": "2026-10-13", "at": "10:00:00", "zone": "Europe/Berlin", "count": 6,
        "minutes": 60,
    }  # fmt: skip
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


def test_planning_anew_before_anything_began_leaves_nothing_of_the_old_plan(pairing: Pairing, sigrid: Person) -> None:
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
        ({"first_on": date(2026, 11, 29), "at": time(2, 30), "unit": "week", "count": 18}, "at", "2027-03-28"),
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
    assert refused(plan, pairing, replace(RULE, first_on=date(2026, 10, 12), at=time(23, 59)), at=late).field == "first_on"
    plan(pairing, replace(RULE, first_on=date(2026, 10, 12), zone="America/New_York", at=time(20)), at=late)
    assert days_of(pairing)[0] == "2026-10-13"


@pytest.mark.parametrize("state", ["draft", "offered", "paused", "ended", "declined"])
def test_only_an_active_pairing_is_planned(pairing: Pairing, state: str) -> None:
    change(pairing, state=state)
    assert "active" in refused(plan, pairing).message
    assert rows_of(pairing) == []


def test_moving_one_check_in_changes_that_one_and_tells_the_partner(pairing: Pairing, jona: Person, sigrid: Person) -> None:
    plan(pairing)
    second = rows_of(pairing)[1]
    before = calendars(jona, sigrid)
    position = act(second.id, jona, planning.reschedule, starts_at=second.starts_at + DAY)
    assert days_of(pairing) == [TUESDAYS[0], "2026-11-11", *TUESDAYS[2:]]
    assert [after > early for after, early in zip(calendars(jona, sigrid), before, strict=True)] == [True, True]
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
    assert [kinds(each) for each in (fresh(pairing).mentor, fresh(pairing).mentee)] == [["planned", "moved"]] * 2


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


def test_an_undo_comes_once_and_only_while_nothing_else_changed(pairing: Pairing, jona: Person, sigrid: Person) -> None:
    plan(pairing)
    second, third = rows_of(pairing)[1:3]
    was = second.starts_at
    position = act(second.id, sigrid, planning.reschedule, starts_at=was + DAY)
    wrong_one = refused(act, third.id, sigrid, planning.put_back, position=position)
    assert "cannot be undone any more" in wrong_one.message
    for nothing in (0, position + 1000, audit.history("series", series_of(pairing.id)[0].id)[0].position):
        assert "cannot be undone" in refused(act, second.id, sigrid, planning.put_back, position=nothing).message
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


def test_skipping_leaves_one_out_and_restoring_brings_it_back(pairing: Pairing, jona: Person, sigrid: Person) -> None:
    plan(pairing)
    second = rows_of(pairing)[1]
    before = calendars(jona, sigrid)
    assert act(second.id, sigrid, planning.skip) is True
    assert [each.state for each in rows_of(pairing)][:3] == ["planned", "skipped", "planned"]
    between = calendars(jona, sigrid)
    assert act(second.id, sigrid, planning.restore) is True
    assert {each.state for each in rows_of(pairing)} == {"planned"}
    after = calendars(jona, sigrid)
    assert all(one < two < three for one, two, three in zip(before, between, after, strict=True))
    assert [each.revision for each in series_of(pairing.id)] == [2]
    said = [(each.action, each.before, each.after) for each in audit.history("check_in", second.id)]
    assert said == [
        ("check_in.planned", {"state": "skipped"}, {"state": "planned"}),
        ("check_in.skipped", {"state": "planned"}, {"state": "skipped"}),
    ]
    assert (kinds(jona), kinds(sigrid)) == (["planned", "skipped", "restored"], ["planned"])


def test_saying_that_they_met_tells_nobody_and_leaves_calendars_alone(
    pairing: Pairing, jona: Person, sigrid: Person
) -> None:
    plan(pairing)
    first = rows_of(pairing)[0]
    before, moment = calendars(jona, sigrid), first.starts_at + timedelta(minutes=1)
    assert act(first.id, jona, planning.met, at=moment) is True
    row = rows_of(pairing)[0]
    assert (row.state, row.met_at) == ("met", moment)
    assert act(first.id, jona, planning.restore, at=moment) is True
    row = rows_of(pairing)[0]
    assert (row.state, row.met_at) == ("planned", None)
    assert [each.action for each in audit.history("check_in", first.id)] == ["check_in.planned", "check_in.met"]
    assert calendars(jona, sigrid) == before
    assert [each.revision for each in series_of(pairing.id)] == [0]
    assert (kinds(jona), kinds(sigrid)) == (["planned"], ["planned"])


@pytest.mark.parametrize("verb", [planning.skip, planning.met, planning.restore])
def test_a_doubled_change_is_one_change(pairing: Pairing, sigrid: Person, verb: Callable[..., bool]) -> None:
    plan(pairing)
    first = rows_of(pairing)[0]
    at = AT if verb is not planning.met else IN_NOVEMBER
    if verb is planning.restore:
        act(first.id, sigrid, planning.skip)
    seen = state_of(first)[2]
    assert act(first.id, sigrid, verb, at=at, seen=seen) is True
    before = all_of_it(pairing)
    assert act(first.id, sigrid, verb, at=at, seen=seen) is False
    assert all_of_it(pairing) == before


@pytest.mark.parametrize("verb", [planning.skip, planning.met])
def test_a_change_by_somebody_who_saw_an_older_version_is_refused(
    pairing: Pairing, jona: Person, sigrid: Person, verb: Callable[..., bool]
) -> None:
    plan(pairing)
    first = rows_of(pairing)[0]
    act(first.id, jona, planning.reschedule, starts_at=first.starts_at + DAY)
    before = all_of_it(pairing)
    at = AT if verb is planning.skip else first.starts_at + DAY
    with pytest.raises(Stale) as stale:
        act(first.id, sigrid, verb, at=at, seen=1)
    assert stale.value.theirs == {"state": "planned"}
    assert stale.value.yours == {"state": "skipped" if verb is planning.skip else "met"}
    assert all_of_it(pairing) == before


def test_what_is_over_is_not_skipped_or_restored_and_what_has_not_begun_was_not_met(
    pairing: Pairing, sigrid: Person
) -> None:
    plan(pairing)
    first, second = rows_of(pairing)[:2]
    over, early = first.ends_at, first.starts_at - timedelta(minutes=1)
    act(second.id, sigrid, planning.skip)
    before, long_after = all_of_it(pairing), second.ends_at
    assert "is over" in refused(act, first.id, sigrid, planning.skip, at=over).message
    assert "not begun" in refused(act, first.id, sigrid, planning.met, at=early).message
    assert "would have been over" in refused(act, second.id, sigrid, planning.restore, at=long_after).message
    assert all_of_it(pairing) == before
    assert act(first.id, sigrid, planning.skip, at=over - timedelta(minutes=1)) is True


def test_there_is_no_way_from_skipped_to_met_or_from_met_to_skipped(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    first, second = rows_of(pairing)[:2]
    during = first.starts_at + timedelta(minutes=1)
    act(first.id, sigrid, planning.met, at=during)
    act(second.id, sigrid, planning.skip)
    assert "Reload" in refused(act, first.id, sigrid, planning.skip, at=during).message
    assert "Reload" in refused(act, second.id, sigrid, planning.met, at=second.starts_at).message


def test_a_skipped_one_whose_time_another_took_is_not_restored(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    second, third = rows_of(pairing)[1:3]
    freed = second.starts_at
    act(second.id, sigrid, planning.skip)
    assert act(third.id, sigrid, planning.reschedule, starts_at=freed)
    before = all_of_it(pairing)
    assert "at that time" in refused(act, second.id, sigrid, planning.restore).message
    assert all_of_it(pairing) == before


def test_in_a_paused_pairing_one_may_skip_and_say_that_one_met_but_not_move(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    first, second = rows_of(pairing)[:2]
    change(pairing, state="paused")
    assert act(first.id, sigrid, planning.met, at=IN_NOVEMBER) is True
    assert act(second.id, sigrid, planning.skip) is True
    assert act(second.id, sigrid, planning.restore) is True
    there = second.starts_at + DAY
    assert "active" in refused(act, second.id, sigrid, planning.reschedule, starts_at=there).message


def test_what_was_in_an_ended_pairing_stays_as_it_is(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    first = rows_of(pairing)[0]
    change(pairing, state="ended", ended_at=IN_NOVEMBER)
    before = all_of_it(pairing)
    assert "over" in refused(act, first.id, sigrid, planning.met, at=IN_NOVEMBER).message
    there = IN_NOVEMBER + DAY
    assert "active" in refused(act, first.id, sigrid, planning.reschedule, starts_at=there).message
    assert all_of_it(pairing) == before


def test_nothing_of_another_pairing_changes(pairing: Pairing, sigrid: Person, noise: Noise) -> None:
    (other,) = (each for each in db.session.query(Pairing).all() if each.mentor_id == noise.person.id)
    before = all_of_it(other)[:5]
    plan(pairing)
    second = rows_of(pairing)[1]
    act(second.id, sigrid, planning.reschedule, starts_at=second.starts_at + DAY)
    act(second.id, sigrid, planning.skip)
    plan(pairing, replace(RULE, count=2), seen=db.session.query(Series).filter_by(pairing_id=pairing.id).one().version)
    assert all_of_it(other)[:5] == before
