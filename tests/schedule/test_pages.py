"""Planning through the pages: the form, its dates before they are booked, the booking, and who may."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from portal.core.hours.cadence import Rule
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule.queries import series_of
from tests.personas import Factories
from tests.schedule.pairs import change, fresh, letters_to, make_pairing, plan, rows_of

NOW = datetime.now(UTC)
TODAY = NOW.date()
NEW_YEAR = date(TODAY.year + 1, 1, 1)


def a_tuesday(days_ahead: int = 30) -> date:
    """A Tuesday so many days ahead or a few more."""
    day = TODAY + timedelta(days=days_ahead)
    return day + timedelta(days=(1 - day.weekday()) % 7)


def typed(**more: Any) -> dict[str, Any]:
    """What somebody types who wants six check-ins, a month apart."""
    facts = {
        "first_on": a_tuesday().isoformat(),
        "at": "10:00",
        "zone": "UTC",
        "count": 6,
        "every": 1,
        "unit": "month",
    }
    return {**facts, "minutes": 60, **more}


@pytest.fixture
def pair(make: Factories) -> Pairing:
    """Two whose countries nobody knows, so that no holiday comes between; Jona is five hours ahead."""
    jona = make.person("Jona Junior", time_zone="Etc/GMT-5", country=None, hours="Mon-Fri 14:00-22:00")
    sigrid = make.person("Sigrid Senior", time_zone="UTC", country=None, hours="Tue 13:30-16:00")
    season = make.programme(
        starts_on=TODAY + timedelta(days=10), meetings=5, meeting_minutes=45, cadence_every=2
    )
    return make_pairing(make, mentor=jona, mentee=sigrid, programme=season)


@pytest.fixture
def sigrid(pair: Pairing) -> Person:
    return fresh(pair).mentee


@pytest.fixture
def jona(pair: Pairing) -> Person:
    return fresh(pair).mentor


def test_the_form_proposes_what_the_programme_says_at_a_time_that_both_have(new_visitor, pair, sigrid):
    page = new_visitor(sigrid).get(f"/schedule/{pair.id}/plan")
    values = {name: texts[0] for name, texts in page.values(f"/schedule/{pair.id}/plan").items()}
    first = date.fromisoformat(values["first_on"])
    assert (first.weekday(), first >= TODAY + timedelta(days=10)) == (1, True)
    said = [values[name] for name in ("at", "zone", "count", "every", "unit", "minutes")]
    assert said == ["13:30", "UTC", "5", "2", "month", "45"]


def test_a_booking_leads_to_the_pairs_page_and_tells_both(new_visitor, pair, sigrid, jona):
    visitor = new_visitor(sigrid)
    visitor.get(f"/schedule/{pair.id}/plan")
    visitor.post(f"/schedule/{pair.id}/plan", **typed(place="Café", link="https://meet.example/x"))
    assert visitor.page.location == f"/pairings/{pair.id}"
    assert visitor.follow().toasts == ["Your check-ins are planned. They go into both calendars now."]
    assert [each.starts_at.hour for each in rows_of(pair)] == [10] * 6
    assert rows_of(pair)[0].starts_at.date() == a_tuesday()
    (series,) = series_of(pair.id)
    assert (series.place, series.link, series.planned_by_id) == ("Café", "https://meet.example/x", sigrid.id)
    assert [[each.kind for each in letters_to(who)] for who in (sigrid, jona)] == [["schedule.planned"]] * 2


def test_booked_twice_in_one_breath_is_booked_once(new_visitor, pair, sigrid):
    visitor = new_visitor(sigrid)
    visitor.get(f"/schedule/{pair.id}/plan")
    form = visitor.page.form(f"/schedule/{pair.id}/plan")
    assert form
    for _ in range(2):
        visitor.send(f"/schedule/{pair.id}/plan", {**typed(), "seen": ""})
        assert visitor.page.status == 303
    assert (len(series_of(pair.id)), len(rows_of(pair)), len(letters_to(sigrid))) == (1, 6, 1)


def test_without_javascript_a_button_shows_the_dates_and_books_nothing(new_visitor, pair, sigrid):
    visitor = new_visitor(sigrid)
    visitor.get(f"/schedule/{pair.id}/plan")
    page = visitor.post(f"/schedule/{pair.id}/plan", status=200, do="show", **typed(place="Café"))
    assert len(page.root.one("div", id="preview").all("li")) == 6
    assert "10:00 (15:00 for Jona Junior)" in page.text
    assert page.values(f"/schedule/{pair.id}/plan")["place"] == ["Café"]
    assert rows_of(pair) == []


def test_while_one_types_the_dates_appear_below(new_visitor, pair, sigrid):
    visitor = new_visitor(sigrid)
    page = visitor.get(f"/schedule/{pair.id}/preview", htmx=True, query_string=typed(count=2))
    assert page.root.one("div", id="preview").all("h2")[0].text == "2 check-ins"
    assert len(page.root.all("li")) == 2
    assert visitor.get(f"/schedule/{pair.id}/preview", query_string=typed(count=2)).heading == "The dates"


def test_where_the_partners_day_is_another_one_it_is_named(new_visitor, pair, sigrid):
    first = a_tuesday()
    page = new_visitor(sigrid).get(
        f"/schedule/{pair.id}/preview",
        htmx=True,
        query_string=typed(count=1, at="21:00", first_on=first.isoformat()),
    )
    assert "(Wednesday, 02:00 for Jona Junior)" in page.text


def test_a_date_says_which_holiday_moves_it(new_visitor, make):
    pairing = make_pairing(make)
    asked = typed(count=2, unit="week", first_on=NEW_YEAR.isoformat(), zone="Europe/Berlin")
    page = new_visitor(fresh(pairing).mentee).get(
        f"/schedule/{pairing.id}/preview", htmx=True, query_string=asked
    )
    assert "Moved from 1 January, a holiday: Neujahr" in page.text
    assert len(page.root.all("li")) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"first_on": "0001-01-01"}, "too far away"),
        ({"first_on": "9999-12-31"}, "too far away"),
        ({"first_on": "2020-02-04"}, "has passed"),
        ({"first_on": (TODAY + timedelta(days=500)).isoformat()}, "more than a year ahead"),
        ({"first_on": ""}, "Choose a day"),
        ({"at": ""}, "Choose a time"),
        ({"count": 61}, "from 1 to 60"),
        ({"count": "9" * 40}, "from 1 to 60"),
        ({"every": 13}, "from 1 to 12"),
        ({"minutes": 14}, "from 15 to 480"),
        ({"zone": "Mars/Olympus"}, "Not a valid choice"),
        ({"unit": "year"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_booked_is_said_before_and_after_and_nothing_is_lost(
    new_visitor, pair, sigrid, wrong, said
):
    visitor = new_visitor(sigrid)
    assert said in visitor.get(f"/schedule/{pair.id}/preview", htmx=True, query_string=typed(**wrong)).text
    for more in ({}, {"do": "show"}):
        visitor.send(f"/schedule/{pair.id}/plan", {**typed(**wrong, place="Café"), **more})
        assert (visitor.page.status, [said in each for each in visitor.page.errors]) == (422, [True])
        assert visitor.page.values(f"/schedule/{pair.id}/plan")["place"] == ["Café"]
    assert rows_of(pair) == []


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "meet.example/x", "https://", "http://[", "ftp://meet.example/x"]
)
def test_a_video_link_is_one_that_browsers_follow(new_visitor, pair, sigrid, link):
    visitor = new_visitor(sigrid)
    visitor.get(f"/schedule/{pair.id}/plan")
    page = visitor.post(f"/schedule/{pair.id}/plan", status=422, **typed(link=link))
    assert page.errors == ["Paste the whole link, beginning with https://."]


@pytest.mark.parametrize("hour", ["02:30"])
def test_a_time_that_a_clock_change_leaves_out_is_refused_in_the_readers_words(new_visitor, make, hour):
    pairing = make_pairing(make, mentee=make.person("Sigrid Senior", locale="de"))
    spring = next(day for year in (TODAY.year, TODAY.year + 1) if (day := last_sunday_of_march(year)) > TODAY)
    visitor = new_visitor(fresh(pairing).mentee)
    visitor.get(f"/schedule/{pairing.id}/plan")
    wanted = typed(first_on=spring.isoformat(), at=hour, zone="Europe/Berlin")
    page = visitor.post(f"/schedule/{pairing.id}/plan", status=422, **wanted)
    assert f"{spring.day}. März {spring.year}" in page.errors[0]
    assert hour in page.errors[0]


def last_sunday_of_march(year: int) -> date:
    """When clocks go forward in Berlin."""
    return date(year, 3, 31) - timedelta(days=(date(year, 3, 31).weekday() + 1) % 7)


def test_two_who_plan_at_once_see_both_plans_and_choose(new_visitor, pair, sigrid, jona):
    mine, other = new_visitor(sigrid), new_visitor(jona)
    mine.get(f"/schedule/{pair.id}/plan")
    other.get(f"/schedule/{pair.id}/plan")
    other.post(f"/schedule/{pair.id}/plan", **typed(count=3))
    page = mine.post(f"/schedule/{pair.id}/plan", status=409, **typed(count=4, at="11:00"))
    assert "Somebody planned this while you were at it" in page.text
    assert f"3 × 60 minutes, every month, from Tuesday, {a_tuesday().day} " in page.text
    assert page.values(f"/schedule/{pair.id}/plan")["at"] == ["11:00"]
    assert len(rows_of(pair)) == 3
    mine.post(f"/schedule/{pair.id}/plan")
    assert [each.starts_at.hour for each in rows_of(pair)] == [11] * 4


def test_a_booking_that_does_not_say_what_it_saw_replaces_nothing(new_visitor, pair, sigrid):
    plan(pair, Rule(1, "month", a_tuesday(), time(9), "UTC", 2), at=NOW)
    visitor = new_visitor(sigrid)
    for seen in ({}, {"seen": ""}, {"seen": "99"}, {"seen": "²"}):
        visitor.send(f"/schedule/{pair.id}/plan", {**typed(), **seen})
        assert visitor.page.status == 409
    assert len(rows_of(pair)) == 2


def test_planning_anew_begins_with_what_lies_ahead(new_visitor, pair, sigrid):
    plan(
        pair,
        Rule(2, "week", a_tuesday(-29), time(9), "UTC", 5),
        at=NOW - timedelta(days=40),
        minutes=30,
        place="Café",
    )
    values = new_visitor(sigrid).get(f"/schedule/{pair.id}/plan").values(f"/schedule/{pair.id}/plan")
    ahead = [each for each in rows_of(pair) if each.starts_at.date() > TODAY]
    assert (values["first_on"], values["count"]) == ([ahead[0].rule_on.isoformat()], [str(len(ahead))])
    assert [values[name] for name in ("at", "minutes", "place", "every", "unit")] == [
        ["09:00"],
        ["30"],
        ["Café"],
        ["2"],
        ["week"],
    ]


def test_once_all_is_over_a_day_to_begin_anew_is_proposed(new_visitor, pair, sigrid):
    plan(pair, Rule(1, "week", a_tuesday(-60), time(9), "UTC", 2), at=NOW - timedelta(days=70))
    visitor = new_visitor(sigrid)
    values = visitor.get(f"/schedule/{pair.id}/plan").values(f"/schedule/{pair.id}/plan")
    assert date.fromisoformat(values["first_on"][0]) > TODAY
    visitor.post(f"/schedule/{pair.id}/plan")
    assert len(rows_of(pair)) == 4


@pytest.mark.parametrize("state", ["paused", "ended"])
def test_only_an_active_pairing_has_a_form(new_visitor, pair, sigrid, state):
    change(pair, state=state, ended_at=NOW if state == "ended" else None)
    visitor = new_visitor(sigrid)
    assert visitor.get(f"/schedule/{pair.id}/plan", status=303).location == f"/pairings/{pair.id}"
    assert visitor.send(f"/schedule/{pair.id}/plan", typed()).status == 422
    assert rows_of(pair) == []


def test_for_others_there_is_no_such_page_and_staff_may_plan_for_the_two(new_visitor, pair, noise, admin):
    stranger = new_visitor(noise.person)
    for path in ("plan", "preview"):
        stranger.get(f"/schedule/{pair.id}/{path}", status=404)
        stranger.get("/schedule/999999/" + path, status=404)
    assert stranger.send(f"/schedule/{pair.id}/plan", typed()).status == 404
    assert rows_of(pair) == []
    staff = new_visitor(admin)
    staff.get(f"/schedule/{pair.id}/plan")
    staff.post(f"/schedule/{pair.id}/plan", **typed())
    assert "(15:00 for Jona Junior)" in staff.follow().text
    assert "for Sigrid Senior)" in staff.page.text
    assert len(rows_of(pair)) == 6


def test_the_form_asks_the_same_number_of_questions_for_one_check_in_and_for_six(
    new_visitor, pair, sigrid, count_queries
):
    visitor, counts, seen = new_visitor(sigrid), [], None
    for count in (1, 6):
        seen = plan(pair, Rule(1, "month", a_tuesday(), time(9), "UTC", count), at=NOW, seen=seen).version
        with count_queries() as queries:
            visitor.get(f"/schedule/{pair.id}/plan")
        with count_queries() as more:
            visitor.get(f"/pairings/{pair.id}")
        counts.append((len(queries), len(more)))
    assert counts[0] == counts[1]
