"""Whoever was left over reads why, and what would change it, once the plan is published, and nobody else
reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.clock import now
from portal.core.matching.explanations.why_not import ALL_TAKEN, GENERAL, OPENS, SEAT
from portal.db import db, transaction
from portal.pairings.models import LeftOver, MatchRun
from tests.conftest import Noise
from tests.pairings.company import Company, company_of
from tests.personas import Factories
from tests.visitor import Visitor

SAID = {"template": ALL_TAKEN["mentee"], "args": {"hint": SEAT["mentee"], "many": 12}}
READ = (
    "All 12 mentors who teach what you asked for already meet somebody else this round. "
    "One more seat with one of the mentors would help."
)
FIRST = "You stay on the list, and you come first the next time pairs are made."
NOTHING = "There is nothing to say yet."


@pytest.fixture
def company(make: Factories, noise: Noise) -> Company:
    """A season with staff and nobody else yet."""
    return company_of(make, make.person("Petra Staff", roles=["staff"]))


def left(
    company: Company, name: str, *, published: bool = True, role: str = "mentee", **more: Any
) -> MatchRun:
    """A run that was kept, in which somebody was left over; of it a pair was asked if it is `published`."""
    run = company.run(kept_at=now(), created_at=now() - timedelta(hours=1))
    enrolment = company.enrolments[name]
    company.make.add(LeftOver(run_id=run.id, enrolment_id=enrolment.id, role=role, **{**SAID, **more}))
    number = len(company.people)
    company.pairing(f"Jo {number}", f"Sam {number}", "offered" if published else "draft", run_id=run.id)
    return run


def why(company: Company) -> str:
    return f"/join/{company.programme.id}/why"


def test_home_says_why_and_what_would_change_it(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    lea = company.mentee("Lea Lonely")
    left(company, "Lea Lonely")
    page = new_visitor(lea).get("/")
    assert page.heading == "Nobody yet, and why"
    assert all(each in page.text for each in (READ, FIRST))


def test_where_one_stands_leads_to_the_same_words_and_takes_them_in(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    lea = company.mentee("Lea Lonely")
    left(company, "Lea Lonely")
    visitor = new_visitor(lea)
    assert why(company) in visitor.get(f"/join/{company.programme.id}/standing").links
    page = visitor.get(why(company))
    assert page.heading == "Nobody yet, and why"
    assert all(each in page.text for each in (READ, FIRST))
    fragment = visitor.get(why(company), htmx=True)
    assert fragment.root.one("div", id=f"why-not-{company.programme.id}")
    assert READ in fragment.text


@pytest.mark.parametrize("facts", [{"published": False}, {"kept": None}], ids=["not published", "not kept"])
def test_a_plan_that_is_not_published_is_told_to_nobody(
    company: Company, new_visitor: Callable[..., Visitor], facts: dict[str, Any]
) -> None:
    lea = company.mentee("Lea Lonely")
    run = left(company, "Lea Lonely", published=facts.get("published", True))
    if "kept" in facts:
        with transaction():
            db.session.get_one(MatchRun, run.id).kept_at = None
    visitor = new_visitor(lea)
    home = visitor.get("/")
    assert home.heading == "You are in. Your match comes next"
    assert READ not in home.text
    assert NOTHING in visitor.get(why(company)).text


def test_the_latest_plan_is_the_one_that_counts(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    lea = company.mentee("Lea Lonely")
    left(company, "Lea Lonely")
    left(company, "Lea Lonely", template=GENERAL, args={"hint": OPENS["grade"], "opened": 3})
    page = new_visitor(lea).get(why(company))
    assert "This time there was nobody who could be paired with you." in page.text
    assert READ not in page.text
    assert "grades" not in page.text, "what staff alone can change is told to staff alone"


def test_a_later_plan_that_found_somebody_ends_it(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    lea = company.mentee("Lea Lonely")
    left(company, "Lea Lonely")
    run = company.run(kept_at=now())
    company.pairing("Jonas Junior", lea, "offered", run_id=run.id)
    page = new_visitor(lea).get("/")
    assert page.heading == "Somebody for you to meet"
    assert READ not in page.text


def test_an_offer_that_the_reader_does_not_know_of_yet_ends_it_too(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    jonas = company.mentor("Jonas Junior")
    left(company, "Jonas Junior", role="mentor", template=ALL_TAKEN["mentor"])
    visitor = new_visitor(jonas)
    assert visitor.get("/").heading == "Nobody yet, and why"
    company.pairing(jonas, "Selma Senior", "offered")
    assert visitor.get("/").heading == "You are in. Your match comes next"
    assert NOTHING in visitor.get(why(company)).text


def test_somebody_in_both_roles_reads_which_one_is_meant(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    both = company.mentee("Bo Both")
    enrolment = company.enrolments["Bo Both"]
    with transaction():
        db.session.merge(enrolment).as_mentor = True
    left(company, "Bo Both")
    company.pairing(both, "Selma Senior", "active")
    visitor = new_visitor(both)
    for page in (visitor.get("/"), visitor.get(why(company))):
        assert READ in page.text
        assert "Mentee" in page.text
    assert visitor.get("/").heading == "You and Selma Senior are a pair"


@pytest.mark.parametrize("state", ["offered", "active", "paused"])
def test_whoever_has_a_match_is_not_said_to_wait(
    company: Company, new_visitor: Callable[..., Visitor], state: str
) -> None:
    lea = company.mentee("Lea Lonely")
    company.pairing("Jonas Junior", lea, state)
    visitor = new_visitor(lea)
    standing = visitor.get(f"/join/{company.programme.id}/standing")
    assert standing.root.one("div", id="where")
    fragment = visitor.get(why(company), htmx=True)
    assert (fragment.headers["HX-Retarget"], fragment.heading) == ("#where", "There is somebody for you")
    page = visitor.get(why(company))
    assert (page.heading, "/" in page.links) == ("There is somebody for you", True)


def test_whoever_joined_in_no_role_is_not_said_to_have_a_match(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    lea = company.mentee("Lea Lonely")
    with transaction():
        db.session.merge(company.enrolments["Lea Lonely"]).as_mentee = False
    assert new_visitor(lea).get(why(company)).heading == "Your match"


@pytest.mark.parametrize("state", ["paused", "withdrawn"])
def test_whoever_does_not_wait_is_told_no_reason(
    company: Company, new_visitor: Callable[..., Visitor], state: str
) -> None:
    lea = company.mentee("Lea Lonely")
    left(company, "Lea Lonely")
    with transaction():
        enrolment = db.session.merge(company.enrolments["Lea Lonely"])
        enrolment.state = state
        enrolment.paused_until = (now() + timedelta(days=9)).date() if state == "paused" else None
    page = new_visitor(lea).get(why(company))
    assert READ not in page.text
    assert "You are not waiting for a match at the moment." in page.text


def test_the_reason_is_for_whoever_is_meant_and_for_nobody_else(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    company.mentee("Lea Lonely")
    other = company.mentee("Olga Other")
    left(company, "Lea Lonely")
    page = new_visitor(other).get(why(company))
    assert NOTHING in page.text
    assert READ not in page.text
    new_visitor(make.person("Nobody Special")).get(why(company), status=404)
    new_visitor(company.staff).get(why(company), status=404)
