"""The pair's page: for the two and their programme's staff, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.clock import now
from portal.core.matching.explanations import voices
from portal.schedule.queries import check_ins_of
from tests.busy import meeting
from tests.conftest import Noise
from tests.pairings.company import Company, company_of
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def company(make: Factories, noise: Noise) -> Company:
    """A season with staff and nobody else yet."""
    return company_of(make, make.person("Petra Staff", roles=["staff"]))


def test_the_two_and_their_staff_see_the_page_and_nobody_else_does(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    mentor, mentee = company.mentor("Jonas Junior"), company.mentee("Selma Senior")
    page = f"/pairings/{meeting(make, mentor, mentee, company.programme).id}"
    assert new_visitor(mentor).get(page).heading == "You and Selma Senior"
    assert new_visitor(mentee).get(page).heading == "You and Jonas Junior"
    assert new_visitor(company.staff).get(page).heading == "Jonas Junior and Selma Senior"
    for other in (make.person("Nobody Special"), make.person("Other Staff", roles=["staff"])):
        assert new_visitor(other).get(page, status=404).status == 404


def test_times_are_the_readers_own_with_the_partners_beside(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    mentor = company.mentor("Jonas Junior", time_zone="Europe/Berlin")
    mentee = company.mentee("Selma Senior", time_zone="Europe/Lisbon")
    page = f"/pairings/{meeting(make, mentor, mentee, company.programme).id}"
    assert "09:00–10:00" in new_visitor(mentee).get(page).text
    assert "10:00–11:00" in new_visitor(mentor).get(page).text


def test_a_pair_says_with_one_tap_that_it_met(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    mentor, mentee = company.mentor("Jonas Junior"), company.mentee("Selma Senior")
    pairing = meeting(make, mentor, mentee, company.programme)
    visitor = new_visitor(mentee)
    visitor.get(f"/pairings/{pairing.id}")
    over = next(
        each for each in check_ins_of(pairing.id) if each.state == "planned" and each.starts_at < now()
    )
    visitor.send(f"/schedule/check-ins/{over.id}/met", {"seen": str(over.version)})
    assert visitor.get("/").heading.startswith("You meet Jonas Junior on ")


def test_whoever_is_asked_is_led_to_the_question(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    pairing = company.pairing("Jonas Junior", "Selma Senior", "offered")
    visitor = new_visitor(company.people["Selma Senior"])
    assert visitor.get(f"/pairings/{pairing.id}", status=303).location == f"/pairings/{pairing.id}/offer"
    new_visitor(company.people["Jonas Junior"]).get(f"/pairings/{pairing.id}", status=404)


def test_an_ended_pairing_keeps_its_past_and_offers_no_change(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    mentor, mentee = company.mentor("Jonas Junior"), company.mentee("Selma Senior")
    pairing = meeting(make, mentor, mentee, company.programme)
    visitor = new_visitor(mentee)
    visitor.send(f"/pairings/{pairing.id}/end", {})
    page = visitor.get(f"/pairings/{pairing.id}")
    assert "This pairing ended on" in page.text
    assert "Check-in 1" in page.text
    assert "Check-in 4" not in page.text
    assert not any("/move" in link for link in page.links)


def test_why_the_two_were_matched_is_said_to_each_of_them_and_about_them_to_staff(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    args = {
        "topic": "Reels",
        "level": "at expert level",
        "rank": "first",
    }
    parts = [{"name": "interests", "points": 5200, "template": voices.RANKED, "args": args}]
    pairing = company.pairing("Jonas Junior", "Selma Senior", "active", parts=parts)
    staff = {"Petra Staff": company.staff}
    for name, heading, said in (
        ("Jonas Junior", "Why you two", "You know “Reels” at expert level, which Selma Senior ranked first."),
        (
            "Selma Senior",
            "Why you two",
            "Jonas Junior can show you “Reels” at expert level, which you ranked first.",
        ),
        (
            "Petra Staff",
            "Why these two",
            "Jonas Junior knows “Reels” at expert level, which Selma Senior ranked first.",
        ),
    ):
        visitor = new_visitor({**company.people, **staff}[name])
        pages = [visitor.get(f"/pairings/{pairing.id}")] + ([visitor.get("/")] if name not in staff else [])
        for page in pages:
            assert all(
                each in page.root.one("section", id="why").text for each in (heading, said, "Interests")
            )


def test_a_pairing_without_reasons_has_no_empty_card(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    pairing = company.pairing("Jonas Junior", "Selma Senior", "active", parts=[])
    page = new_visitor(company.people["Jonas Junior"]).get(f"/pairings/{pairing.id}")
    assert "Why you two" not in page.text
