"""The timeline's lines: moving, skipping, restoring, “we met”; in their place, without JavaScript, when two
are at it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from portal import audit
from portal.core.hours.cadence import Rule
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule.models import CheckIn, Milestone
from portal.schedule.queries import milestones_of
from tests.personas import Factories
from tests.schedule.pairs import calendars, fresh, letters_to, make_pairing, plan, rows_of
from tests.visitor import Page

NOW = datetime.now(UTC)
START = (NOW + timedelta(days=20)).date()
WEEKLY = Rule(1, "week", START, time(10), "UTC", 3)
NEW_YEAR = date(NOW.year + 1, 1, 1)


@pytest.fixture
def pair(make: Factories) -> Pairing:
    """Two who meet three times, beginning in three weeks; Jona is five hours ahead, and no country has
    holidays.
    """
    jona = make.person("Jona Junior", time_zone="Etc/GMT-5", country=None)
    pairing = make_pairing(
        make, mentor=jona, mentee=make.person("Sigrid Senior", time_zone="UTC", country=None)
    )
    plan(pairing, WEEKLY, at=NOW)
    return pairing


@pytest.fixture
def sigrid(pair: Pairing) -> Person:
    return fresh(pair).mentee


@pytest.fixture
def jona(pair: Pairing) -> Person:
    return fresh(pair).mentor


@pytest.fixture
def first(pair: Pairing) -> CheckIn:
    return rows_of(pair)[0]


def midpoint_of(pairing: Pairing) -> Milestone:
    """The milestone in the middle, read afresh."""
    rows_of(pairing)
    return next(each for each in milestones_of(pairing.id) if each.kind == "midpoint")


def move(
    visitor: Any,
    check_in: CheckIn,
    day: date,
    at: str = "14:00",
    *,
    htmx: bool = False,
    status: int | None = None,
) -> Page:
    """Open the form in the line and send it with another time."""
    visitor.get(f"/schedule/check-ins/{check_in.id}/move", htmx=htmx)
    values = {f"check-in-{check_in.id}-day": day.isoformat(), f"check-in-{check_in.id}-at": at}
    return visitor.post(f"/schedule/check-ins/{check_in.id}/move", htmx=htmx, status=status, **values)


def undo_on(page: Page) -> str:
    """Where the undo in a toast goes."""
    return next(
        each["action"] for each in page.root.all("form") if "toast" in (each.above("div") or each)["class"]
    )


def line_of(page: Page, check_in: CheckIn) -> str:
    """What a line says."""
    return page.root.one("section", id=f"check-in-{check_in.id}").text


def test_a_move_in_its_place_answers_the_line_with_an_undo(new_visitor, pair, sigrid, jona, first):
    visitor = new_visitor(sigrid)
    page = move(visitor, first, START + timedelta(days=1), htmx=True)
    assert "14:00–15:00 (19:00 for Jona Junior)" in line_of(page, first)
    assert "The check-in is moved to" in page.html
    assert rows_of(pair)[0].starts_at == datetime.combine(START + timedelta(days=1), time(14), UTC)
    assert [each.kind for each in letters_to(jona)] == ["schedule.planned", "schedule.moved"]
    back = visitor.send(undo_on(page), {}, htmx=True)
    assert "10:00–11:00" in line_of(back, first)
    assert rows_of(pair)[0].starts_at == datetime.combine(START, time(10), UTC)


def test_a_move_without_javascript_comes_back_to_the_line_on_the_pairs_page(new_visitor, pair, sigrid, first):
    visitor = new_visitor(sigrid)
    assert visitor.get(f"/schedule/check-ins/{first.id}/move").heading == "Move check-in 1"
    answer = move(visitor, first, START + timedelta(days=1))
    assert answer.headers["Location"].endswith(f"/pairings/{pair.id}#check-in-{first.id}")
    page = visitor.follow()
    assert page.toasts[0].startswith("The check-in is moved to ")
    visitor.post(undo_on(page))
    assert visitor.follow().toasts == ["The check-in is back where it was."]
    assert rows_of(pair)[0].starts_at.hour == 10


def test_a_time_is_typed_and_shown_by_the_readers_own_clock(new_visitor, pair, jona, first):
    visitor = new_visitor(jona)
    visitor.get(f"/schedule/check-ins/{first.id}/move")
    assert visitor.page.values(f"/schedule/check-ins/{first.id}/move")[f"check-in-{first.id}-at"] == ["15:00"]
    move(visitor, first, START, "16:00")
    assert rows_of(pair)[0].starts_at.hour == 11
    assert "16:00–17:00 (11:00 for Sigrid Senior)" in line_of(visitor.follow(), first)


def test_sent_as_it_is_nothing_is_moved_and_nothing_said(new_visitor, pair, sigrid, jona, first):
    visitor = new_visitor(sigrid)
    move(visitor, first, START, "10:00")
    assert visitor.follow().toasts == []
    assert (audit.history("check_in", first.id), len(letters_to(jona))) == ([], 1)


@pytest.mark.parametrize(
    ("day", "at", "said"),
    [
        ("0001-01-01", "10:00", "too far away"),
        ("9999-12-31", "10:00", "too far away"),
        ("2020-01-01", "10:00", "has passed"),
        ("", "10:00", "Choose a day"),
        ((START + timedelta(days=7)).isoformat(), "10:30", "Another check-in of yours is at that time"),
        (START.isoformat(), "25:00", "Not a valid time"),
    ],
)
def test_a_time_that_cannot_be_is_refused_in_the_form_and_what_was_typed_stays(
    new_visitor, pair, sigrid, first, day, at, said
):
    visitor, names = new_visitor(sigrid), (f"check-in-{first.id}-day", f"check-in-{first.id}-at")
    for htmx in (False, True):
        visitor.get(f"/schedule/check-ins/{first.id}/move", htmx=htmx)
        sent = dict(zip(names, (day, at), strict=True))
        page = visitor.post(f"/schedule/check-ins/{first.id}/move", htmx=htmx, status=422, **sent)
        assert said in page.text
        assert page.values(f"/schedule/check-ins/{first.id}/move")[names[1]] == [at]
    assert rows_of(pair)[0].starts_at.hour == 10


def test_a_move_to_a_holiday_is_made_with_a_warning(new_visitor, make):
    pairing = make_pairing(make)
    plan(pairing, Rule(1, "week", START, time(10), "Europe/Berlin", 1), at=NOW)
    visitor = new_visitor(fresh(pairing).mentee)
    move(visitor, rows_of(pairing)[0], NEW_YEAR)
    assert visitor.follow().toasts[0].endswith("That day is a holiday: Neujahr.")
    assert rows_of(pairing)[0].starts_at.date() == NEW_YEAR


@pytest.mark.parametrize("htmx", [False, True])
def test_two_who_move_the_same_see_both_times_and_choose(new_visitor, pair, sigrid, jona, first, htmx):
    mine = new_visitor(sigrid)
    mine.get(f"/schedule/check-ins/{first.id}/move", htmx=htmx)
    move(new_visitor(jona), first, START + timedelta(days=1), "20:00")
    values = {f"check-in-{first.id}-day": START.isoformat(), f"check-in-{first.id}-at": "12:00"}
    page = mine.post(f"/schedule/check-ins/{first.id}/move", htmx=htmx, status=409, **values)
    assert all(f", {hour}" in page.text for hour in ("15:00", "12:00"))
    assert rows_of(pair)[0].starts_at.hour == 15
    mine.post(f"/schedule/check-ins/{first.id}/move", htmx=htmx)
    assert rows_of(pair)[0].starts_at == datetime.combine(START, time(12), UTC)


def test_a_change_that_does_not_say_what_it_saw_is_not_made(new_visitor, pair, sigrid, first):
    visitor, prefix = new_visitor(sigrid), f"check-in-{first.id}-"
    sent = {f"{prefix}day": START.isoformat(), f"{prefix}at": "12:00"}
    assert visitor.send(f"/schedule/check-ins/{first.id}/move", sent).status == 409
    for seen in ({}, {"seen": ""}, {"seen": "99"}, {"seen": "²"}):
        assert visitor.send(f"/schedule/check-ins/{first.id}/skip", seen, htmx=True).status == 409
    assert [(each.state, each.starts_at.hour) for each in rows_of(pair)] == [("planned", 10)] * 3


@pytest.mark.parametrize("htmx", [False, True])
def test_one_is_skipped_and_back_again_by_the_toast(new_visitor, pair, sigrid, jona, first, htmx):
    visitor = new_visitor(sigrid)
    visitor.get(f"/pairings/{pair.id}")
    page = visitor.post(f"/schedule/check-ins/{first.id}/skip", htmx=htmx)
    page = page if htmx else visitor.follow()
    assert "Skipped" in line_of(page, first)
    assert [each.state for each in rows_of(pair)] == ["skipped", "planned", "planned"]
    visitor.send(undo_on(page), {}, htmx=htmx)
    assert [each.state for each in rows_of(pair)] == ["planned"] * 3
    assert [each.kind for each in letters_to(jona)] == [
        "schedule.planned",
        "schedule.skipped",
        "schedule.restored",
    ]


def test_a_skip_sent_twice_is_one_skip(new_visitor, pair, sigrid, jona, first):
    visitor = new_visitor(sigrid)
    for _ in range(2):
        visitor.send(f"/schedule/check-ins/{first.id}/skip", {"seen": first.version})
        assert visitor.page.status == 303
    assert len(audit.history("check_in", first.id)) == 1
    assert [each.kind for each in letters_to(jona)] == ["schedule.planned", "schedule.skipped"]


@pytest.mark.parametrize("htmx", [False, True])
def test_whoever_skips_what_the_other_has_moved_sees_both_and_chooses(
    new_visitor, pair, sigrid, jona, first, htmx
):
    mine = new_visitor(sigrid)
    mine.get(f"/pairings/{pair.id}")
    move(new_visitor(jona), first, START + timedelta(days=1), "20:00")
    page = mine.post(f"/schedule/check-ins/{first.id}/skip", htmx=htmx, status=409)
    assert "Planned, " in page.text
    assert ", 15:00" in page.text
    assert "Skipped" in page.text
    assert rows_of(pair)[0].state == "planned"
    mine.post(f"/schedule/check-ins/{first.id}/skip", htmx=htmx)
    assert rows_of(pair)[0].state == "skipped"


def test_an_undo_after_somebody_changed_it_again_is_a_question(new_visitor, pair, sigrid, jona, first):
    visitor = new_visitor(sigrid)
    page = visitor.send(f"/schedule/check-ins/{first.id}/skip", {"seen": first.version}, htmx=True)
    undo, other = undo_on(page), new_visitor(jona)
    other.get(f"/pairings/{pair.id}")
    other.post(f"/schedule/check-ins/{first.id}/restore")
    other.follow()
    other.post(f"/schedule/check-ins/{first.id}/skip")
    assert visitor.send(undo, {}, htmx=True).status == 409
    assert rows_of(pair)[0].state == "skipped"


def test_after_a_check_in_one_says_that_one_met_and_may_take_it_back(new_visitor, make):
    pairing = make_pairing(make)
    begun = NOW - timedelta(hours=3)
    plan(
        pairing,
        Rule(1, "week", begun.date(), time(begun.hour, begun.minute), "UTC", 2),
        at=NOW - timedelta(days=3),
    )
    over, ahead = rows_of(pairing)
    sigrid = fresh(pairing).mentee
    visitor, before = new_visitor(sigrid), calendars(sigrid)
    visitor.get(f"/pairings/{pairing.id}")
    assert "We met" not in line_of(visitor.page, ahead)
    page = visitor.post(f"/schedule/check-ins/{over.id}/met", htmx=True)
    assert "You met" in line_of(page, over)
    assert (rows_of(pairing)[0].state, rows_of(pairing)[0].met_at is not None, calendars(sigrid)) == (
        "met",
        True,
        before,
    )
    visitor.send(undo_on(page), {}, htmx=True)
    assert (rows_of(pairing)[0].state, rows_of(pairing)[0].met_at) == ("planned", None)
    visitor.send(f"/schedule/check-ins/{ahead.id}/met", {"seen": ahead.version})
    assert visitor.follow().toasts == ["This check-in has not begun yet."]


def test_on_the_pairs_page_a_change_brings_the_whole_timeline_in_its_new_order(
    new_visitor, pair, sigrid, first
):
    visitor, here = (
        new_visitor(sigrid),
        {"HX-Current-URL": f"http://localhost/pairings/{pair.id}#check-in-{first.id}"},
    )
    prefix = f"check-in-{first.id}-"
    sent = {
        f"{prefix}seen": first.version,
        f"{prefix}day": (START + timedelta(days=8)).isoformat(),
        f"{prefix}at": "10:00",
    }
    page = visitor.send(f"/schedule/check-ins/{first.id}/move", sent, htmx=True, headers=here)
    assert (page.headers["HX-Retarget"], page.headers["HX-Trigger"]) == ("#timeline", "timeline-changed")
    second, third = (each for each in rows_of(pair) if each.id != first.id)
    lines = [each["id"] for each in page.root.all("section") if each["id"].startswith("check-in-")]
    assert lines == [f"check-in-{each}" for each in (second.id, first.id, third.id)]
    assert line_of(page, first).startswith("Check-in 2")
    (focused,) = [each for each in page.root.walk() if "autofocus" in each]
    assert focused.text.startswith("Check-in 2")
    elsewhere = visitor.send(f"/schedule/check-ins/{third.id}/skip", {"seen": third.version}, htmx=True)
    assert "HX-Retarget" not in elsewhere.headers


@pytest.mark.parametrize("htmx", [False, True])
def test_a_milestone_is_moved_in_its_line(new_visitor, pair, sigrid, htmx):
    milestone, there = midpoint_of(pair), START + timedelta(days=10)
    visitor, field = new_visitor(sigrid), f"milestone-{milestone.id}-due_on"
    visitor.get(f"/schedule/milestones/{milestone.id}/move", htmx=htmx)
    visitor.post(f"/schedule/milestones/{milestone.id}/move", htmx=htmx, status=422, **{field: "2020-01-01"})
    assert "This day has passed" in visitor.page.text
    page = visitor.post(f"/schedule/milestones/{milestone.id}/move", htmx=htmx, **{field: there.isoformat()})
    page = page if htmx else visitor.follow()
    assert page.root.one("section", id=f"milestone-{milestone.id}")
    assert (midpoint_of(pair).due_on, midpoint_of(pair).moved_by_hand) == (there, True)


def test_two_who_move_the_same_milestone_see_both_days(new_visitor, pair, sigrid, jona):
    milestone = midpoint_of(pair)
    mine, other, field = new_visitor(sigrid), new_visitor(jona), f"milestone-{milestone.id}-due_on"
    for each in (mine, other):
        each.get(f"/schedule/milestones/{milestone.id}/move")
    other.post(
        f"/schedule/milestones/{milestone.id}/move", **{field: (START + timedelta(days=9)).isoformat()}
    )
    page = mine.post(
        f"/schedule/milestones/{milestone.id}/move",
        status=409,
        **{field: (START + timedelta(days=10)).isoformat()},
    )
    days = [START + timedelta(days=number) for number in (9, 10)]
    assert all(f"{day:%-d %B %Y}" in page.text for day in days)
    mine.post(f"/schedule/milestones/{milestone.id}/move")
    assert midpoint_of(pair).due_on == days[1]


def test_others_find_none_of_it_and_change_nothing(new_visitor, pair, first, noise):
    milestone, visitor = midpoint_of(pair), new_visitor(noise.person)
    for path in (f"check-ins/{first.id}", f"milestones/{milestone.id}"):
        visitor.get(f"/schedule/{path}", status=404)
        visitor.get(f"/schedule/{path}/move", status=404)
        assert visitor.send(f"/schedule/{path}/move", {"seen": 1}).status == 404
    for verb in ("skip", "restore", "met", "move/undo/1"):
        assert visitor.send(f"/schedule/check-ins/{first.id}/{verb}", {"seen": 1}).status == 404
    assert [each.state for each in rows_of(pair)] == ["planned"] * 3


def test_a_line_is_left_as_it_was(new_visitor, pair, sigrid, first):
    visitor, milestone = new_visitor(sigrid), midpoint_of(pair)
    for path, line in (
        (f"check-ins/{first.id}", f"check-in-{first.id}"),
        (f"milestones/{milestone.id}", f"milestone-{milestone.id}"),
    ):
        assert visitor.get(f"/schedule/{path}", htmx=True).root.one("section", id=line)
        assert (
            visitor.get(f"/schedule/{path}", status=303)
            .headers["Location"]
            .endswith(f"/pairings/{pair.id}#{line}")
        )


def test_an_undo_of_another_check_ins_move_is_refused(new_visitor, pair, sigrid, first):
    visitor = new_visitor(sigrid)
    page = move(visitor, first, START + timedelta(days=1), htmx=True)
    second = rows_of(pair)[1]
    position = undo_on(page).rpartition("/")[2]
    visitor.send(f"/schedule/check-ins/{second.id}/move/undo/{position}", {})
    assert "cannot be undone any more" in visitor.follow().toasts[0]
    visitor.send(f"/schedule/check-ins/{second.id}/move/undo/{2**62}", {})
    assert "cannot be undone any more" in visitor.follow().toasts[0]
