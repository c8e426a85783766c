"""Skipping a check-in, having it after all, and saying that the two met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from portal import audit
from portal.db import db
from portal.errors import Stale
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule import planning
from portal.schedule.models import Series
from portal.schedule.queries import series_of
from tests.conftest import Noise
from tests.schedule.pairs import (
    AT,
    DAY,
    IN_NOVEMBER,
    RULE,
    act,
    all_of_it,
    calendars,
    change,
    kinds,
    plan,
    refused,
    rows_of,
)


def test_skipping_leaves_one_out_and_restoring_brings_it_back(
    pairing: Pairing, jona: Person, sigrid: Person
) -> None:
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
    assert [each.action for each in audit.history("check_in", first.id)] == [
        "check_in.planned",
        "check_in.met",
    ]
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
    seen = rows_of(pairing)[0].version
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


def test_in_a_paused_pairing_one_may_skip_and_say_that_one_met_but_not_move(
    pairing: Pairing, sigrid: Person
) -> None:
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
    plan(
        pairing,
        replace(RULE, count=2),
        seen=db.session.query(Series).filter_by(pairing_id=pairing.id).one().version,
    )
    assert all_of_it(other)[:5] == before
