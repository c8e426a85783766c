"""What a person's calendar shows, and the stamp that says whether it is another one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.calendars import queries
from portal.calendars.entries import entries_of, stamp_of
from portal.calendars.models import CalendarAccount
from portal.clock import now
from portal.core.calendar.documents import Day, MeetingSeries
from portal.db import db, transaction
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from portal.pairings.queries import whole
from portal.people import versions
from portal.people.models import Person
from portal.schedule.models import CheckIn
from tests.calendars import pairs
from tests.conftest import Counted, Noise
from tests.personas import Factories

Counting = Callable[[], AbstractContextManager[Counted]]


@pytest.fixture
def mira(make: Factories) -> Person:
    """The junior who mentors."""
    return make.person("Mira Jansen", time_zone="Europe/Berlin")


@pytest.fixture
def joao(make: Factories) -> Person:
    """The senior who learns; he reads German."""
    return make.person("João “Jota”, Dr.", locale="de", time_zone="America/New_York")


def test_check_ins_are_one_series_and_milestones_are_days(
    app: Flask, make: Factories, mira: Person, joao: Person, noise: Noise
) -> None:
    programme = make.programme("Autumn season", label="two-way")
    pairing = pairs.pairing(make, mira, joao, programme)
    other = make.person("Quinn Quagmire")
    pairs.whole(make, noise.person, other)
    row = pairs.series(
        make, pairing, skipped=(3,), met=(1,), link="https://video.example/x", moved={4: timedelta(days=1)}
    )
    kick_off, *_ = pairs.milestones(make, pairing)
    series, first, second, third = entries_of(mira.id)
    assert isinstance(series, MeetingSeries)
    assert (series.uid, series.revision, series.zone) == (
        f"check-ins-{row.uid}-g1@localhost",
        0,
        "Europe/Berlin",
    )
    assert (series.summary, series.location, series.alarms) == (
        "Check-in with João “Jota”, Dr.",
        "Room 4.12",
        (15,),
    )
    assert series.url == f"http://localhost/pairings/{pairing.id}"
    assert series.description.split("\n") == [
        "Two-way mentoring, Autumn season",
        f"Agenda, notes, and another time if need be: http://localhost/pairings/{pairing.id}",
        "Share your questions two days ahead, so that both of you can prepare.",
        "Join by video: https://video.example/x",
    ]
    assert [(each.number, each.rule_on, each.skipped) for each in series.occurrences] == [
        (number, day, number == 3) for number, day in enumerate(pairs.MONTHS, 1)
    ]
    assert series.occurrences[3].starts_at == datetime(2026, 4 + 1, 13, 8, tzinfo=UTC)
    assert isinstance(first, Day)
    assert (first.uid, first.on) == (f"milestone-{kick_off.uid}-g1@localhost", date(2026, 2, 3))
    assert [each.summary for each in (first, second, third)] == [
        f"{what} with João “Jota”, Dr." for what in ("Kick-off", "Midpoint review", "Closing")
    ]


def test_a_check_in_by_video_alone_is_there(app: Flask, make: Factories, mira: Person, joao: Person) -> None:
    pairs.series(make, pairs.pairing(make, mira, joao), place="", link="https://video.example/x")
    [series] = entries_of(mira.id)
    assert isinstance(series, MeetingSeries)
    assert series.location == "https://video.example/x"


def test_each_reads_it_in_their_own_language_whoever_asks(
    app: Flask, make: Factories, mira: Person, joao: Person
) -> None:
    pairs.whole(make, mira, joao)

    def said(person: Person) -> str:
        return entries_of(person.id)[0].description.partition(",")[0]

    assert (said(joao), said(mira)) == ("Reverse Mentoring", "Reverse mentoring")
    with app.test_request_context(headers={"Accept-Language": "de"}):
        assert (said(joao), said(mira)) == ("Reverse Mentoring", "Reverse mentoring")
    assert [each.uid for each in entries_of(joao.id)] == [each.uid for each in entries_of(mira.id)]


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({"state": "draft", "active_at": None}, 0),
        ({"state": "offered", "active_at": None}, 0),
        ({"state": "declined", "active_at": None}, 0),
        ({"state": "ended", "active_at": None, "ended_at": pairs.BEGUN}, 0),
        ({"state": "active"}, 4),
        ({"state": "paused"}, 4),
    ],
    ids=lambda each: str(each.get("state")) if isinstance(each, dict) else "",
)
def test_only_pairings_that_began_are_shown(
    app: Flask, make: Factories, mira: Person, joao: Person, more: dict[str, object], shown: int
) -> None:
    pairs.whole(make, mira, joao, **more)
    assert len(entries_of(mira.id)) == len(entries_of(joao.id)) == shown


def test_of_an_ended_pairing_the_past_stays(app: Flask, make: Factories, mira: Person, joao: Person) -> None:
    ended_at = datetime(2026, 4, 14, 8, tzinfo=UTC)
    pairs.whole(make, mira, joao, state="ended", ended_at=ended_at)
    series, kick_off = entries_of(mira.id)
    assert isinstance(series, MeetingSeries)
    assert [each.rule_on for each in series.held] == [*pairs.MONTHS[:2]]
    assert isinstance(kick_off, Day)
    pairs.whole(make, mira, joao, state="ended", ended_at=datetime(2026, 2, 3, 0, 30, tzinfo=UTC))
    assert [each.summary for each in entries_of(mira.id)].count("Check-in with João “Jota”, Dr.") == 1


def test_ending_a_pairing_and_taking_that_back_each_raise_the_revision_once(
    app: Flask, make: Factories, mira: Person, joao: Person, admin: Person
) -> None:
    programme = make.programme("Autumn season")
    for person in (mira, joao):
        make.enrolment(person, programme)
    pairing = pairs.pairing(make, mira, joao, programme)
    pairs.series(make, pairing, uid="replaced", replaced_at=pairs.BEGUN + timedelta(days=1))
    pairs.series(make, pairing, first_on=pairs.FIRST_ON)
    ahead = datetime.now(UTC) + timedelta(days=3)
    with transaction():
        db.session.execute(update(CheckIn).where(CheckIn.number == 6).values(starts_at=ahead))

    def said(step: Callable[..., object] | None = None, **more: object) -> list[tuple[int, bool]]:
        before = now()
        if step is not None:
            with transaction():
                row = db.session.scalars(
                    select(Pairing).where(Pairing.id == pairing.id).options(*whole())
                ).one()
                step(row, by=db.session.get_one(Person, admin.id), **more)
        db.session.rollback()
        found = [each for each in entries_of(mira.id) if isinstance(each, MeetingSeries)]
        return [(each.revision, each.revised_at >= before) for each in found]

    assert said() == [(0, False), (0, False)]
    assert said(offers.pause) == said(offers.resume) == [(0, False), (0, False)]
    assert said(offers.end, at=now()) == [(0, False), (1, True)]
    assert said() == [(0, False), (1, False)]
    assert said(offers.take_back_end, at=now()) == [(0, False), (2, True)]
    assert said(offers.end, at=now()) == [(0, False), (3, True)]


def test_a_series_without_meetings_is_not_there(
    app: Flask, make: Factories, mira: Person, joao: Person
) -> None:
    pairs.series(make, pairs.pairing(make, mira, joao), skipped=(1, 2, 3, 4, 5, 6))
    assert entries_of(mira.id) == []


def test_one_pairing_alone_and_nobody_elses(app: Flask, make: Factories, mira: Person, joao: Person) -> None:
    ann = make.person("Ann Abel")
    first, second = pairs.whole(make, mira, joao), pairs.whole(make, mira, ann)
    assert len(entries_of(mira.id)) == 8
    assert {each.summary.rpartition(" with ")[2] for each in entries_of(mira.id, pairing_id=second.id)} == {
        "Ann Abel"
    }
    assert entries_of(joao.id, pairing_id=second.id) == []
    assert len(entries_of(joao.id, pairing_id=first.id)) == 4
    assert entries_of(2**40) == []


def test_three_pairings_take_as_many_queries_as_one(
    app: Flask, make: Factories, mira: Person, joao: Person, count_queries: Counting
) -> None:
    pairs.whole(make, mira, joao)

    def asked() -> int:
        db.session.expunge_all()
        with count_queries() as counted:
            entries_of(mira.id)
            stamp_of(mira.id)
        return len(counted)

    one = asked()
    for name in ("Ann Abel", "Ben Bach"):
        pairs.whole(make, make.person(name), mira)
    assert asked() == one


def test_a_stamp_changes_with_what_is_shown_and_with_nothing_else(
    app: Flask, make: Factories, mira: Person, joao: Person
) -> None:
    ann, stranger = make.person("Ann Abel"), make.person("Sten Stranger")
    seen = [stamp_of(mira.id)]

    def then(*, changes: bool) -> None:
        now = stamp_of(mira.id)
        assert (now not in seen) == changes
        seen.append(now)

    pairing = pairs.pairing(make, mira, joao)
    then(changes=True)
    for raised, changes in ((stranger, False), (ann, False), (joao, True), (mira, True)):
        with transaction():
            versions.raise_card(raised.id)
        then(changes=changes)
    pairs.pairing(make, ann, mira)
    then(changes=True)
    pairs.change(pairing, mira, joao, state="draft")
    then(changes=True)
    with transaction():
        versions.raise_card(joao.id)
    then(changes=False)
    with transaction():
        versions.raise_card(ann.id)
    then(changes=True)


def test_stamps_of_many_come_in_one_query(
    app: Flask, make: Factories, mira: Person, joao: Person, count_queries: Counting
) -> None:
    stranger = make.person("Sten Stranger")
    pairs.whole(make, mira, joao)
    with count_queries() as counted:
        stamps = queries.stamps_of([mira.id, joao.id, stranger.id])
    assert len(counted) == 1
    assert stamps == {each.id: stamp_of(each.id) for each in (mira, joao, stranger)}
    assert stamps[stranger.id] == 0


def test_accounts_out_of_date_are_those_with_another_stamp_that_may_be_written_to(
    app: Flask, make: Factories, mira: Person, joao: Person
) -> None:
    pairs.whole(make, mira, joao)
    at = pairs.BEGUN

    def account(person: Person, stamp: int | None, **more: object) -> int:
        facts = {
            "uid": str(uuid.uuid4()),
            "address": "https://dav.example",
            "username": "x",
            "created_at": at,
            **more,
        }
        row = CalendarAccount(**{"state": "connected", **facts}, person_id=person.id, pushed_stamp=stamp)
        return make.add(row).id

    right = account(mira, stamp_of(mira.id))
    late, never = account(joao, stamp_of(joao.id) - 1), account(mira, None)
    account(joao, 1, state="suspended")
    later = account(joao, 2, not_before=at + timedelta(minutes=5))
    assert queries.out_of_date(at=at) == [late, never]
    assert queries.out_of_date(at=at + timedelta(minutes=5)) == [late, never, later]
    assert right not in queries.out_of_date(at=at + timedelta(days=1))
