"""Kick-off, midpoint and closing: where they are before and after planning, and moved by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal import audit
from portal.core.hours.cadence import Rule
from portal.db import db, transaction
from portal.errors import Invalid, Stale
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.people import versions
from portal.people.models import Person
from portal.schedule import milestones, planning
from portal.schedule.models import Milestone
from portal.schedule.queries import milestone_for, milestones_of, series_of, without_milestones
from tests.personas import Factories
from tests.schedule.pairs import AT, RULE, act, change, fresh, letters_to, make_pairing, plan, rows_of

DAY = timedelta(days=1)


@pytest.fixture
def pairing(make: Factories) -> Pairing:
    return make_pairing(make)


@pytest.fixture
def sigrid(pairing: Pairing) -> Person:
    return fresh(pairing).mentee


def marks(pairing: Pairing) -> dict[str, str]:
    db.session.rollback()
    return {each.kind: each.due_on.isoformat() for each in milestones_of(pairing.id)}


def one(pairing: Pairing, kind: str) -> Milestone:
    db.session.rollback()
    return db.session.scalars(select(Milestone).filter_by(pairing_id=pairing.id, kind=kind)).one()


def put(
    milestone: Milestone,
    by: Person,
    due_on: date,
    *,
    at: datetime = AT,
    seen: int | None = None,
    in_calendar: bool = False,
) -> bool:
    with transaction():
        actor = db.session.get_one(Person, by.id, populate_existing=True)
        row, pairing = milestone_for(milestone.id, actor)
        version = row.version if seen is None else seen
        about = {"by": actor, "at": at, "seen": version, "in_calendar": in_calendar}
        return milestones.move(row, pairing, due_on=due_on, **about) is not None


def everything(pairing: Pairing) -> list[Any]:
    db.session.rollback()
    rows = db.session.scalars(select(Milestone).filter_by(pairing_id=pairing.id).order_by(Milestone.id))
    facts: list[Any] = [
        (each.uid, each.due_on, each.revision, each.revised_at, each.version) for each in rows
    ]
    return [facts, versions.of(pairing.mentor_id), versions.of(pairing.mentee_id), audit.count()]


def test_before_there_is_a_plan_they_follow_from_the_programmes_dates(pairing: Pairing) -> None:
    milestones.ensure(pairing.id)
    assert marks(pairing) == {"kick-off": "2026-10-05", "midpoint": "2027-01-18", "closing": "2027-04-30"}
    assert versions.of(pairing.mentor_id)[0] > 0
    assert versions.of(pairing.mentee_id)[0] > 0
    assert len({each.uid for each in milestones_of(pairing.id)}) == 3


def test_a_pairing_that_begins_late_has_its_days_from_then_on(make: Factories) -> None:
    season = make.programme(starts_on=date(2026, 1, 5), ends_on=date(2026, 2, 27))
    pairing = make_pairing(make, programme=season, active_at=datetime(2026, 2, 24, 9, tzinfo=UTC))
    milestones.ensure(pairing.id)
    assert marks(pairing) == {"kick-off": "2026-03-03", "midpoint": "2026-03-10", "closing": "2026-03-17"}


def test_without_a_plan_none_is_on_a_weekend(make: Factories) -> None:
    season = make.programme(starts_on=date(2026, 10, 10), ends_on=date(2027, 2, 28))
    pairing = make_pairing(make, programme=season)
    milestones.ensure(pairing.id)
    assert marks(pairing) == {"kick-off": "2026-10-12", "midpoint": "2026-12-21", "closing": "2027-03-01"}


def test_ensured_twice_is_ensured_once(pairing: Pairing) -> None:
    milestones.ensure(pairing.id)
    before = everything(pairing)
    milestones.ensure(pairing.id)
    assert everything(pairing) == before
    plan(pairing)
    before = everything(pairing)
    milestones.ensure(pairing.id)
    assert everything(pairing) == before


@pytest.mark.parametrize("state", ["draft", "offered", "paused", "ended", "declined"])
def test_only_an_active_pairing_is_given_milestones(pairing: Pairing, state: str) -> None:
    change(pairing, state=state)
    milestones.ensure(pairing.id)
    milestones.ensure(999_999)
    milestones.sweep()
    assert marks(pairing) == {}


def test_the_sweep_finds_those_whose_ring_was_lost(make: Factories, pairing: Pairing) -> None:
    others = [make_pairing(make) for _ in range(2)]
    milestones.ensure(others[0].id)
    before = everything(others[0])
    assert without_milestones() == [pairing.id, others[1].id]
    milestones.sweep()
    assert without_milestones() == []
    assert [len(marks(each)) for each in (pairing, *others)] == [3, 3, 3]
    assert everything(others[0]) == before


def test_with_a_plan_they_are_on_its_first_middle_and_last_day(pairing: Pairing) -> None:
    milestones.ensure(pairing.id)
    uids = {each.kind: each.uid for each in milestones_of(pairing.id)}
    plan(pairing)
    assert marks(pairing) == {"kick-off": "2026-10-13", "midpoint": "2026-12-08", "closing": "2027-03-09"}
    assert {each.kind: each.uid for each in milestones_of(pairing.id)} == uids
    assert {(each.revision, each.revised_at) for each in milestones_of(pairing.id)} == {(1, AT)}


def test_a_plan_gives_milestones_to_a_pairing_that_has_none_yet(pairing: Pairing) -> None:
    plan(pairing)
    assert marks(pairing) == {"kick-off": "2026-10-13", "midpoint": "2026-12-08", "closing": "2027-03-09"}


@pytest.mark.parametrize(
    ("count", "days"),
    [
        (1, ("2026-10-13", "2026-10-13", "2026-10-13")),
        (2, ("2026-10-13", "2026-10-13", "2026-11-10")),
        (3, ("2026-10-13", "2026-11-10", "2026-12-08")),
    ],
)
def test_short_plans_have_all_three_as_well(pairing: Pairing, count: int, days: tuple[str, ...]) -> None:
    plan(pairing, replace(RULE, count=count))
    assert tuple(marks(pairing)[kind] for kind in milestones.KINDS) == days


def test_their_day_is_that_of_the_zone_of_the_plan(pairing: Pairing) -> None:
    plan(pairing, Rule(1, "month", date(2026, 10, 13), time(6), "Australia/Sydney", 3))
    assert rows_of(pairing)[0].starts_at.date() == date(2026, 10, 12)
    assert marks(pairing)["kick-off"] == "2026-10-13"


def test_planned_anew_they_count_what_has_begun(pairing: Pairing) -> None:
    plan(pairing)
    later = datetime(2026, 11, 12, 8, tzinfo=UTC)
    rule = Rule(2, "week", date(2026, 11, 20), time(15), "Europe/Berlin", 3)
    plan(pairing, rule, at=later, seen=series_of(pairing.id)[0].version)
    assert marks(pairing) == {"kick-off": "2026-10-13", "midpoint": "2026-11-20", "closing": "2026-12-18"}


def test_they_follow_a_check_in_that_is_moved_skipped_or_restored(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    first, *_, last = rows_of(pairing)
    position = act(last.id, sigrid, planning.reschedule, starts_at=last.starts_at + 7 * DAY)
    assert marks(pairing)["closing"] == "2027-03-16"
    act(last.id, sigrid, planning.put_back, position=position)
    assert marks(pairing)["closing"] == "2027-03-09"
    act(first.id, sigrid, planning.skip)
    assert marks(pairing) == {"kick-off": "2026-11-10", "midpoint": "2027-01-12", "closing": "2027-03-09"}
    before = everything(pairing)
    milestones.ensure(pairing.id)
    assert everything(pairing) == before
    act(first.id, sigrid, planning.restore)
    assert marks(pairing) == {"kick-off": "2026-10-13", "midpoint": "2026-12-08", "closing": "2027-03-09"}


def test_when_all_are_skipped_they_follow_from_the_programme_again(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing, replace(RULE, count=2))
    for each in rows_of(pairing):
        act(each.id, sigrid, planning.skip)
    assert marks(pairing) == {"kick-off": "2026-10-05", "midpoint": "2027-01-18", "closing": "2027-04-30"}


def test_one_moved_by_hand_stays_whatever_is_planned(pairing: Pairing, sigrid: Person) -> None:
    milestones.ensure(pairing.id)
    assert put(one(pairing, "midpoint"), sigrid, date(2026, 12, 24)) is True
    plan(pairing)
    assert marks(pairing) == {"kick-off": "2026-10-13", "midpoint": "2026-12-24", "closing": "2027-03-09"}
    milestones.ensure(pairing.id)
    assert marks(pairing)["midpoint"] == "2026-12-24"


def test_a_move_raises_both_calendars_and_is_audited(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    closing = one(pairing, "closing")
    before = everything(pairing)
    assert put(closing, sigrid, date(2027, 3, 19)) is True
    after = everything(pairing)
    assert after[1][0] > before[1][0]
    assert after[2][0] > before[2][0]
    row = one(pairing, "closing")
    assert (row.due_on, row.moved_by_hand, row.revision, row.revised_at) == (date(2027, 3, 19), True, 1, AT)
    (entry,) = audit.history("milestone", closing.id)
    assert (entry.action, entry.actor_id) == ("milestone.moved", sigrid.id)
    assert entry.before == {"due_on": "2027-03-09", "moved_by_hand": False}
    assert entry.after == {"due_on": "2027-03-19", "moved_by_hand": True}


def told(pairing: Pairing) -> list[str]:
    """Who was told of a moved day, in order."""
    db.session.rollback()
    posted = select(OutboxLetter).where(OutboxLetter.kind == "schedule.day_moved").order_by(OutboxLetter.id)
    return [each.to_address for each in db.session.scalars(posted)]


@pytest.mark.parametrize(
    ("at", "to", "reaches"),
    [
        (datetime(2027, 3, 7, 9, tzinfo=UTC), date(2027, 3, 19), True),
        (datetime(2027, 3, 4, 9, tzinfo=UTC), date(2027, 3, 6), True),
        (datetime(2027, 3, 6, 9, tzinfo=UTC), date(2027, 3, 19), False),
        (datetime(2027, 3, 19, 9, tzinfo=UTC), date(2027, 3, 29), False),
    ],
    ids=[
        "away from a day that is near",
        "to a day that is near",
        "neither is near",
        "away from a day that is over",
    ],
)
def test_a_day_that_is_near_is_not_moved_without_a_letter_to_the_partner(
    pairing: Pairing, sigrid: Person, at: datetime, to: date, reaches: bool
) -> None:
    plan(pairing)
    put(one(pairing, "closing"), sigrid, to, at=at)
    assert told(pairing) == ([fresh(pairing).mentor.email] if reaches else [])


def test_the_letter_about_a_moved_day_is_whole(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    put(one(pairing, "closing"), sigrid, date(2027, 3, 10), at=datetime(2027, 3, 8, 9, tzinfo=UTC))
    letter = letters_to(fresh(pairing).mentor)[-1]
    assert (letter.kind, letter.subject) == (
        "schedule.day_moved",
        "Closing with Sigrid Senior is on another day",
    )
    why = f"You get this because you take part in {fresh(pairing).programme.name}. "
    moved = (
        "Sigrid Senior has moved “Closing”. It is now on Wednesday, 10 March 2027. It was on Tuesday, 9 March"
        " 2027."
    )
    assert [line for line in letter.text.splitlines() if line] == [
        "Hello Jona Junior,",
        moved,
        "It does not suit? Choose another day on your page; both calendars follow.",
        "See your page:",
        f"http://localhost/pairings/{pairing.id}",
        "Vice Versa",
        "http://localhost",
        "--",
        f"{why}A letter like this comes when a day of yours within the next two days is moved.",
    ]
    assert moved in letter.html


def test_of_a_day_that_staff_or_a_calendar_moved_both_are_told(
    pairing: Pairing, sigrid: Person, admin: Person
) -> None:
    plan(pairing)
    at, both = datetime(2027, 3, 8, 9, tzinfo=UTC), [fresh(pairing).mentor, sigrid]
    put(one(pairing, "closing"), admin, date(2027, 3, 10), at=at)
    assert told(pairing) == [each.email for each in both]
    said = {each.name: letters_to(each)[-1].text.splitlines()[2] for each in both}
    assert said["Sigrid Senior"].startswith(
        "Ama Admin has moved “Closing” with Jona Junior. It is now on Wednesday"
    )
    put(one(pairing, "closing"), sigrid, date(2027, 3, 11), at=at, in_calendar=True)
    assert told(pairing) == [each.email for each in both] * 2
    said = {each.name: letters_to(each)[-1].text.splitlines()[2] for each in both}
    assert said["Sigrid Senior"].startswith(
        "You moved “Closing” with Jona Junior in your calendar. It is now on Thursday"
    )


def test_moving_to_where_it_is_changes_nothing(pairing: Pairing, sigrid: Person) -> None:
    plan(pairing)
    before = everything(pairing)
    assert put(one(pairing, "closing"), sigrid, date(2027, 3, 9), seen=99) is False
    assert everything(pairing) == before


def test_a_move_by_somebody_who_saw_an_older_version_shows_both_days(
    pairing: Pairing, sigrid: Person
) -> None:
    plan(pairing)
    closing = one(pairing, "closing")
    put(closing, fresh(pairing).mentor, date(2027, 3, 19))
    before = everything(pairing)
    with pytest.raises(Stale) as stale:
        put(closing, sigrid, date(2027, 3, 22), seen=1)
    assert (stale.value.theirs, stale.value.yours) == (
        {"due_on": date(2027, 3, 19)},
        {"due_on": date(2027, 3, 22)},
    )
    assert everything(pairing) == before


@pytest.mark.parametrize(
    ("due_on", "says"), [(date(2026, 9, 30), "has passed"), (date(2028, 10, 4), "too far ahead")]
)
def test_a_day_that_has_passed_or_is_too_far_ahead_is_refused(
    pairing: Pairing, sigrid: Person, due_on: date, says: str
) -> None:
    plan(pairing)
    before = everything(pairing)
    with pytest.raises(Invalid, match=says) as refused:
        put(one(pairing, "kick-off"), sigrid, due_on)
    assert refused.value.field == "due_on"
    assert everything(pairing) == before
    assert put(one(pairing, "kick-off"), sigrid, date(2026, 10, 1)) is True


@pytest.mark.parametrize("state", ["paused", "ended"])
def test_only_an_active_pairing_moves_its_milestones(pairing: Pairing, sigrid: Person, state: str) -> None:
    plan(pairing)
    ended_at = datetime(2027, 4, 1, tzinfo=UTC) if state == "ended" else None
    change(pairing, state=state, ended_at=ended_at)
    before = everything(pairing)
    with pytest.raises(Invalid, match="Only an active pairing"):
        put(one(pairing, "closing"), sigrid, date(2027, 3, 19))
    assert everything(pairing) == before


def test_there_are_never_two_of_a_kind(make: Factories, pairing: Pairing) -> None:
    for _again in range(3):
        milestones.sweep()
        milestones.ensure(pairing.id)
    assert db.session.scalar(select(func.count()).select_from(Milestone)) == 3
