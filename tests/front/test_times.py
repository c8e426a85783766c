"""Find a time: for the two alone; searched by the worker, shown in each reader's own zone, chosen with one
press.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from portal.calendars.free_time import finding
from portal.calendars.free_time import searches as searching
from portal.calendars.models import CalendarAccount, CalendarChoice, TimeSearch
from portal.clock import now
from portal.db import db, transaction
from portal.pairings.models import Pairing
from portal.schedule.models import CheckIn
from portal.schedule.queries import check_ins_of
from tests.busy import meeting
from tests.conftest import Noise
from tests.pairings.company import Company, company_of
from tests.personas import Factories
from tests.visitor import Page, Visitor

HOURS = "Mon-Fri 09:00-17:00"


@pytest.fixture
def company(make: Factories, noise: Noise) -> Company:
    """A season with staff and nobody else yet."""
    return company_of(make, make.person("Petra Staff", roles=["staff"]))


@pytest.fixture
def pairing(company: Company, make: Factories) -> Pairing:
    """Jonas in Berlin mentors Selma in Lisbon; they meet already."""
    mentor = company.mentor("Jonas Junior", hours=HOURS)
    mentee = company.mentee("Selma Senior", time_zone="Europe/Lisbon", country="PT", hours=HOURS)
    return meeting(make, mentor, mentee, company.programme)


@pytest.fixture
def jonas(company: Company, pairing: Pairing, new_visitor: Callable[..., Visitor]) -> Visitor:
    """The mentor, signed in."""
    return new_visitor(company.people["Jonas Junior"])


def searches() -> list[TimeSearch]:
    """All searches there are."""
    db.session.rollback()
    return list(
        db.session.scalars(
            select(TimeSearch).order_by(TimeSearch.id).execution_options(populate_existing=True)
        )
    )


def work() -> None:
    """What the worker does when it is rung."""
    for each in searches():
        finding.find(each.id)


def ahead_of(pairing: Pairing) -> CheckIn:
    """The check-in that is planned and still ahead."""
    return next(
        each for each in check_ins_of(pairing.id) if each.state == "planned" and each.starts_at > now()
    )


def find(visitor: Visitor, pairing: Pairing, check_in: CheckIn | None = None) -> Page:
    """Search and wait for it."""
    url = f"/pairings/{pairing.id}/times" + (f"?check_in={check_in.id}" if check_in else "")
    visitor.get(url)
    visitor.send(
        f"/pairings/{pairing.id}/times", {"check_in": str(check_in.id)} if check_in else {"minutes": "60"}
    )
    work()
    return visitor.get(url)


def headings(page: Page) -> list[str]:
    """The weekday and time of each card."""
    return [each.one("h2").text for each in page.root.walk() if each.has_class("slot")]


def test_only_the_two_may_look_for_a_time(
    company: Company, pairing: Pairing, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    check_in = ahead_of(pairing)
    url = f"/pairings/{pairing.id}/times"
    for name in ("Jonas Junior", "Selma Senior"):
        assert new_visitor(company.people[name]).get(url).heading == "Find a time"
    for other in (company.staff, make.person("Nobody Special"), make.person("Root", roles=["admin"])):
        visitor = new_visitor(other)
        for path in (url, f"{url}?check_in={check_in.id}"):
            assert visitor.get(path, status=404).status == 404
        assert visitor.send(url, {"minutes": "60"}).status == 404
        sent = {"check_in": str(check_in.id), "number": "1", "search": "1"}
        assert visitor.send(f"{url}/choose", sent).status == 404
    assert searches() == []


def test_a_check_in_of_another_pairing_is_not_found(
    company: Company, pairing: Pairing, jonas: Visitor, make: Factories
) -> None:
    other = meeting(make, company.mentor("Olga Other"), company.mentee("Otto Other"), company.programme)
    theirs = ahead_of(other)
    assert jonas.get(f"/pairings/{pairing.id}/times?check_in={theirs.id}", status=404).status == 404
    assert jonas.get(f"/pairings/{pairing.id}/times?check_in=nonsense", status=404).status == 404


def test_a_search_waits_for_the_worker_and_the_page_looks_again_by_itself_or_by_a_link(
    pairing: Pairing, jonas: Visitor
) -> None:
    url = f"/pairings/{pairing.id}/times"
    jonas.get(url)
    page = jonas.send(url, {"minutes": "45"}, htmx=True)
    again = page.root.one("a", id="look-again")
    assert (again["href"], again["hx-get"], again["hx-trigger"]) == (url, url, "every 1s")
    assert "Looking for times that suit you both" in jonas.get(url).text
    jonas.send(url, {"minutes": "45"})
    assert [(each.state, each.minutes) for each in searches()] == [("waiting", 45)]
    work()
    assert len(headings(jonas.get(url))) == 5


def test_times_for_all_check_ins_lead_to_the_plan_filled_in(pairing: Pairing, jonas: Visitor) -> None:
    page = find(jonas, pairing)
    assert len(headings(page)) == 5
    assert all("Inside both working days" in each.text for each in page.root.walk() if each.has_class("slot"))
    link = next(each for each in page.links if "/plan?" in each)
    values = jonas.get(link).values(f"/schedule/{pairing.id}/plan")
    slot = (searches()[0].slots or [])[0]
    starts_at = datetime.fromisoformat(slot["starts_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    assert values["first_on"] == [starts_at.date().isoformat()]
    assert values["at"] == [f"{starts_at:%H:%M}"]
    assert (values["zone"], values["every"], values["unit"]) == (["Europe/Berlin"], ["2"], ["week"])
    assert (values["count"], values["minutes"]) == ([str(slot["plan"]["count"])], ["60"])
    jonas.post(f"/schedule/{pairing.id}/plan")
    planned = [each for each in check_ins_of(pairing.id) if each.starts_at > now()]
    assert planned[0].starts_at == datetime.fromisoformat(slot["starts_at"])


def test_nonsense_in_the_address_of_the_plan_changes_nothing(pairing: Pairing, jonas: Visitor) -> None:
    url = f"/schedule/{pairing.id}/plan"
    plain = {**jonas.get(url).values(url), "csrf_token": []}
    odd = "?first_on=never&at=25:99&count=many&every=&minutes=1e9&seen=99&place=Mars"
    assert {**jonas.get(f"{url}{odd}").values(url), "csrf_token": []} == plain


def test_one_check_in_moves_to_a_time_and_back(pairing: Pairing, jonas: Visitor) -> None:
    check_in = ahead_of(pairing)
    before = check_in.starts_at
    page = find(jonas, pairing, check_in)
    assert len(headings(page)) == 5
    slots = searches()[0].slots or []
    forms = [each for each in page.root.all("form") if each["action"].endswith("/times/choose")]
    assert len(forms) == 5
    sent = {each["name"]: each["value"] for each in forms[1].all("input") if each["name"] != "csrf_token"}
    assert jonas.send(f"/pairings/{pairing.id}/times/choose", sent).location == f"/pairings/{pairing.id}"
    answer = jonas.follow()
    db.session.rollback()
    moved = db.session.get_one(CheckIn, check_in.id, populate_existing=True)
    assert moved.starts_at == datetime.fromisoformat(slots[1]["starts_at"])
    assert "The check-in is moved to" in answer.toasts[0]
    undo = next(each["action"] for each in answer.root.all("form") if "/move/undo/" in each["action"])
    jonas.send(undo, {})
    db.session.rollback()
    assert db.session.get_one(CheckIn, check_in.id, populate_existing=True).starts_at == before


def test_a_check_in_that_changed_meanwhile_asks_which_shall_stand(pairing: Pairing, jonas: Visitor) -> None:
    check_in = ahead_of(pairing)
    seen = str(check_in.version)
    find(jonas, pairing, check_in)
    with transaction():
        row = db.session.get_one(CheckIn, check_in.id)
        row.starts_at += timedelta(minutes=5)
    search = searches()[0]
    sent = {"check_in": str(check_in.id), "seen": seen, "search": str(search.id), "number": "1"}
    page = jonas.send(f"/pairings/{pairing.id}/times/choose", sent)
    assert (page.status, "Somebody was faster" in page.text) == (409, True)
    jonas.post(f"/pairings/{pairing.id}/times/choose")
    db.session.rollback()
    moved = db.session.get_one(CheckIn, check_in.id, populate_existing=True)
    assert moved.starts_at == datetime.fromisoformat((search.slots or [])[0]["starts_at"])


def test_each_reads_their_own_time_with_the_partners_beside_it(
    company: Company, pairing: Pairing, jonas: Visitor, new_visitor: Callable[..., Visitor]
) -> None:
    assert "for Selma Senior)" in find(jonas, pairing).text
    page = find(new_visitor(company.people["Selma Senior"]), pairing)
    assert "for Jonas Junior)" in page.text
    assert all("09:00" <= each.split(", ")[1][:5] <= "15:00" for each in headings(page))


def test_what_was_found_is_for_whoever_asked(
    company: Company, pairing: Pairing, jonas: Visitor, new_visitor: Callable[..., Visitor]
) -> None:
    find(jonas, pairing)
    page = new_visitor(company.people["Selma Senior"]).get(f"/pairings/{pairing.id}/times")
    assert headings(page) == []
    assert "What we look at" in page.text


def test_times_older_than_ten_minutes_are_not_shown_nor_taken_and_the_round_wipes_them(
    pairing: Pairing, jonas: Visitor
) -> None:
    check_in = ahead_of(pairing)
    find(jonas, pairing, check_in)
    with transaction():
        db.session.execute(update(TimeSearch).values(done_at=now() - timedelta(minutes=10)))
    search = searches()[0]
    assert headings(jonas.get(f"/pairings/{pairing.id}/times?check_in={check_in.id}")) == []
    sent = {
        "check_in": str(check_in.id),
        "seen": str(check_in.version),
        "search": str(search.id),
        "number": "1",
    }
    jonas.send(f"/pairings/{pairing.id}/times/choose", sent)
    answer = jonas.follow()
    assert answer.toasts == ["These times are forgotten by now. Look for new ones."]
    searching.sweep()
    assert searches() == []


def test_nobody_connected_is_said_gently_with_a_way_to_connect(pairing: Pairing, jonas: Visitor) -> None:
    page = find(jonas, pairing)
    assert "Your calendar is not connected, so it is not asked. Connect it" in page.text
    assert (
        "Selma Senior’s calendar was not asked: only their working hours, holidays and check-ins count."
        in page.text
    )
    assert "/calendars" in page.links


def test_a_connected_calendar_that_may_not_be_asked_offers_to_allow_it(
    company: Company, pairing: Pairing, jonas: Visitor, make: Factories
) -> None:
    mentor = company.people["Jonas Junior"]
    facts = {
        "address": "https://cal.example.com/",
        "username": "j",
        "created_at": now(),
        "state": "connected",
    }
    make.add(CalendarAccount(uid="a-uid", person_id=mentor.id, **facts))
    assert "/calendars/choices" in jonas.get(f"/pairings/{pairing.id}/times").links
    page = find(jonas, pairing)
    assert "Your calendar is connected, but may not be asked when you are busy. Allow busy times" in page.text
    make.add(CalendarChoice(person_id=mentor.id, busy=True))
    assert (
        "We could not ask your calendar: look whether you are busy at these times."
        in find(jonas, pairing).text
    )


def test_until_which_day_calendars_were_asked_is_said_when_the_plan_goes_on(
    pairing: Pairing, jonas: Visitor
) -> None:
    find(jonas, pairing)
    with transaction():
        db.session.execute(update(TimeSearch).values(notes=[{"about": "until", "day": "2028-01-02"}]))
    said = (
        "Calendars are asked up to 2 January 2028 only; whether somebody is busy after that, we do not know."
    )
    assert said in jonas.get(f"/pairings/{pairing.id}/times").text


def test_hours_that_never_meet_say_so_and_lead_on(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    mentor, mentee = (
        company.mentor("Early Bird", hours="Mon-Fri 06:00-08:00"),
        company.mentee("Night Owl", hours="Mon-Fri 20-22"),
    )
    pairing = meeting(make, mentor, mentee, company.programme)
    page = find(new_visitor(mentor), pairing)
    assert "No time suits you both Your working hours never meet for 60 minutes." in page.text
    assert {f"/schedule/{pairing.id}/plan", "/me"} <= set(page.links)


def test_working_hours_that_nobody_named_are_taken_as_usual_and_told(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    mentor, mentee = company.mentor("Jonas Junior", hours=""), company.mentee("Selma Senior", hours="")
    page = find(new_visitor(mentor), meeting(make, mentor, mentee, company.programme))
    assert "You have named no working hours; we took Monday to Friday, 9 to 17. Name yours" in page.text
    assert "Selma Senior has named no working hours; we took Monday to Friday, 9 to 17." in page.text


def test_a_length_that_cannot_be_is_refused_and_kept(pairing: Pairing, jonas: Visitor) -> None:
    url = f"/pairings/{pairing.id}/times"
    jonas.get(url)
    page = jonas.post(url, minutes="5", status=422)
    assert page.errors == ["Choose from 15 to 480."]
    assert page.values(url)["minutes"] == ["5"]
    assert searches() == []


def test_a_search_that_failed_says_so_and_can_be_repeated(pairing: Pairing, jonas: Visitor) -> None:
    url = f"/pairings/{pairing.id}/times"
    find(jonas, pairing)
    with transaction():
        db.session.execute(update(TimeSearch).values(state="failed", slots=None))
    assert "That went wrong on our side." in jonas.get(url).text
    jonas.post(url)
    assert [each.state for each in searches()] == ["waiting"]


def test_other_check_ins_of_either_stand_in_the_way(
    company: Company, pairing: Pairing, jonas: Visitor, make: Factories
) -> None:
    check_in = ahead_of(pairing)
    other = meeting(make, company.mentor("Second Junior"), company.people["Selma Senior"], company.programme)
    find(jonas, pairing, check_in)
    best = datetime.fromisoformat((searches()[0].slots or [])[0]["starts_at"])
    with transaction():
        row = db.session.get_one(CheckIn, ahead_of(other).id)
        row.starts_at, row.minutes = best.replace(hour=7, minute=0), 11 * 60
    find(jonas, pairing, check_in)
    days = [datetime.fromisoformat(each["starts_at"]).date() for each in searches()[0].slots or []]
    assert best.date() not in days


def test_a_pairing_that_is_paused_or_over_leads_to_its_page(pairing: Pairing, jonas: Visitor) -> None:
    with transaction():
        db.session.get_one(Pairing, pairing.id).state = "paused"
    url = f"/pairings/{pairing.id}"
    assert jonas.open(f"{url}/times").location == url
    jonas.get(url)
    assert jonas.send(f"{url}/times", {"minutes": "60"}).status == 422
    assert searches() == []


def test_the_pairs_page_the_plan_and_the_form_that_moves_lead_here(
    company: Company, pairing: Pairing, jonas: Visitor, new_visitor: Callable[..., Visitor]
) -> None:
    check_in = ahead_of(pairing)
    here = f"/pairings/{pairing.id}/times"
    for page, link in (
        (f"/pairings/{pairing.id}", here),
        (f"/schedule/{pairing.id}/plan", here),
        (f"/schedule/check-ins/{check_in.id}/move", f"{here}?check_in={check_in.id}"),
    ):
        assert link in jonas.get(page).links
        assert link not in new_visitor(company.staff).get(page).links
