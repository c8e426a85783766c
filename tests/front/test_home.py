"""Home: the one next thing to do, for each way a pairing can stand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from portal.clock import now
from portal.db import db, transaction
from portal.pairings.models import Pairing
from portal.schedule.models import CheckIn
from tests.busy import connected, meeting
from tests.conftest import Counted, Noise
from tests.pairings.company import Company, company_of
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def company(make: Factories, noise: Noise) -> Company:
    """A season with staff and nobody else yet."""
    return company_of(make, make.person("Petra Staff", roles=["staff"]))


def heading(visitor: Visitor) -> str:
    """What home says first."""
    return visitor.get("/").heading


def spoken_of() -> None:
    """Every check-in that is over was spoken of."""
    with transaction():
        for each in db.session.query(CheckIn).filter(CheckIn.starts_at < now()):
            each.state = "met"


def test_the_senior_is_asked_first_and_the_junior_knows_nothing_yet(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    company.pairing("Jonas Junior", "Selma Senior", "offered")
    assert heading(new_visitor(company.people["Selma Senior"])) == "Somebody for you to meet"
    assert heading(new_visitor(company.people["Jonas Junior"])) == "You are in. Your match comes next"


def test_then_the_junior_is_asked_and_the_senior_waits(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    company.pairing("Jonas Junior", "Selma Senior", "offered", mentee_accepted_at=now())
    assert (
        heading(new_visitor(company.people["Selma Senior"])) == "You said yes. Now it is Jonas Junior’s turn"
    )
    assert heading(new_visitor(company.people["Jonas Junior"])) == "Somebody for you to meet"


def test_a_new_pair_plans_its_times(company: Company, new_visitor: Callable[..., Visitor]) -> None:
    pairing = company.pairing("Jonas Junior", "Selma Senior", "active")
    page = new_visitor(company.people["Jonas Junior"]).get("/")
    assert page.heading == "You and Selma Senior are a pair"
    assert f"/schedule/{pairing.id}/plan" in page.links


def test_a_check_in_that_is_over_is_asked_about_before_the_next_one_is_shown(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    mentor, mentee = company.mentor("Jonas Junior"), company.mentee("Selma Senior")
    meeting(company.make, mentor, mentee, company.programme)
    assert heading(new_visitor(mentee)) == "Did you and Jonas Junior meet?"
    spoken_of()
    assert heading(new_visitor(mentee)).startswith("You meet Jonas Junior on ")


@pytest.mark.parametrize(
    ("state", "facts", "said"),
    [
        ("paused", {}, "You and Jonas Junior are taking a pause"),
        ("ended", {"active_at": now(), "ended_at": now()}, "You and Jonas Junior have finished"),
    ],
)
def test_a_pause_and_an_end_are_said_kindly(
    company: Company, new_visitor: Callable[..., Visitor], state: str, facts: dict[str, Any], said: str
) -> None:
    company.pairing("Jonas Junior", "Selma Senior", state, **facts)
    assert heading(new_visitor(company.people["Selma Senior"])) == said


def test_an_end_of_long_ago_and_a_pairing_that_never_began_are_not_spoken_of(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    long_ago = now() - timedelta(days=40)
    selma = company.mentee("Selma Senior")
    company.pairing("Jonas Junior", selma, "ended", active_at=long_ago, ended_at=long_ago)
    company.pairing("Dana Draft", selma, "draft")
    company.pairing("Dora Declined", selma, "declined", ended_at=now())
    assert heading(new_visitor(selma)) == "You are in. Your match comes next"


def test_home_says_whether_the_check_ins_are_in_ones_calendar(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    mentor, mentee = company.mentor("Jonas Junior"), company.mentee("Selma Senior")
    meeting(company.make, mentor, mentee, company.programme)
    connected(company.make, mentee)
    assert "In your calendar" in new_visitor(mentee).get("/").text
    assert "Get your check-ins into your calendar" in new_visitor(mentor).get("/").text


def test_home_costs_the_same_with_one_pairing_and_with_three(
    company: Company,
    new_visitor: Callable[..., Visitor],
    count_queries: Callable[[], AbstractContextManager[Counted]],
) -> None:
    mentee = company.mentee("Selma Senior", mentee_capacity=5)
    visitor, costs = new_visitor(mentee), []
    for names in (["Jo One"], ["Jo Two", "Jo Three"]):
        for name in names:
            meeting(company.make, company.mentor(name), mentee, company.programme)
        visitor.get("/")
        with count_queries() as counted:
            visitor.get("/")
        costs.append(len(counted))
    assert costs[0] == costs[1]


def test_staff_see_what_waits_for_them_and_nobody_is_counted_who_has_a_partner(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(company.staff)
    lonely = company.mentee("Lea Lonely")
    assert heading(visitor) == "1 wish for a match is waiting"
    company.pairing("Jonas Junior", "Selma Senior", "draft")
    assert heading(visitor) == "1 pair is ready to be asked"
    company.pairing("Ina Intern", lonely, "active")
    with transaction():
        db.session.query(Pairing).filter_by(state="draft").update({"state": "active"})
    assert heading(visitor) == "Everybody has a match"
