"""What home says to somebody without a partner: true for each way one can come to be without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.clock import now, today
from portal.people.models import Person
from portal.programmes.models import ProgrammeStaff
from tests.pairings.company import Company, company_of
from tests.personas import Factories
from tests.visitor import Visitor

LOST: dict[str, tuple[dict[str, Any], str]] = {
    "they said no": ({"end_reason": "mentee declined"}, "You said no to the last one"),
    "the other said no": ({"end_reason": "mentor declined"}, "did not come about"),
    "they were silent": ({"end_reason": "expired"}, "The time to answer"),
    "staff took it back": ({"end_reason": "by staff"}, "did not come about"),
    "it had begun": ({"state": "ended", "end_reason": "withdrew", "active_at": now()}, "is over"),
}


@pytest.fixture
def company(make: Factories, staff: Person) -> Company:
    return company_of(make, staff)


def home(visitor: Visitor) -> str:
    return visitor.get("/").text


def test_before_it_begins_pairs_are_made_before_it_starts(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    soon = make.programme(
        "Summer", starts_on=today() + timedelta(days=20), ends_on=today() + timedelta(days=90)
    )
    person = make.person("Wanda Waits")
    make.enrolment(person, soon, as_mentee=True)
    assert "Pairs are made before it starts" in home(new_visitor(person))


def test_while_it_runs_nobody_is_told_of_a_day_that_is_past(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    days = {"starts_on": today() - timedelta(days=40), "ends_on": today() + timedelta(days=90)}
    for state in ("running", "open"):
        programme = make.programme(f"Season {state}", state=state, **days)
        person = make.person("Wanda Waits")
        make.enrolment(person, programme, as_mentee=True)
        text = home(new_visitor(person))
        assert ("It has begun, and pairs are made while it runs" in text, "before it starts" in text) == (
            True,
            False,
        )


@pytest.mark.parametrize("how", LOST)
def test_whoever_lost_somebody_reads_what_became_of_it(
    how: str, company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    facts, words = LOST[how]
    asked: dict[str, Any] = {"offered_at": now(), "ended_at": now() - timedelta(days=31)}
    asked |= {"state": "declined", **facts}
    if facts["end_reason"] != "mentee declined" and how != "they were silent":
        asked["mentee_accepted_at"] = now()
    senior = company.mentee("Selma Senior")
    company.pairing(company.mentor("Jonas Junior"), senior, **asked)
    page = new_visitor(senior).get("/")
    assert page.heading == "We look for somebody else for you"
    assert words in page.text
    assert "Pairs are made before" not in page.text


def test_a_junior_who_was_never_asked_knows_of_no_loss(
    company: Company, new_visitor: Callable[..., Visitor]
) -> None:
    junior = company.mentor("Jonas Junior")
    company.pairing(
        junior, "Selma Senior", "declined", offered_at=now(), end_reason="mentee declined", ended_at=now()
    )
    assert "did not come about" not in home(new_visitor(junior))


def late(make: Factories, **more: Any) -> Any:
    days = {"starts_on": today() - timedelta(days=10), "ends_on": today() + timedelta(days=90)}
    return make.programme("Late season", **{"state": "running", **days, **more})


def test_whoever_comes_late_by_a_link_reads_that_sign_up_is_over_and_whom_to_ask(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(make.person("Lara Late"))
    page = visitor.get(f"/join/{late(make).id}")
    assert page.heading == "Sign-up is over"
    assert "they can let you in" in page.text
    page = visitor.get(f"/join/{late(make, state='finished').id}")
    assert page.heading == "This programme is over"
    visitor.get(f"/join/{late(make, state='draft').id}", status=404)


def test_sign_up_that_ended_in_the_middle_of_the_steps_is_said_on_home(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    person = make.person("Bela Begun")
    make.enrolment(person, late(make), state="begun", steps_done=2, joined_at=None)
    page = new_visitor(person).get("/")
    assert page.heading == "Sign-up is over"
    assert "can let you in" in page.text


@pytest.mark.both_databases
def test_staff_let_somebody_in_who_then_joins_as_everybody_did(
    company: Company, make: Factories, staff: Person, new_visitor: Callable[..., Visitor]
) -> None:
    programme, person = late(make), make.person("Lara Late")
    make.add(ProgrammeStaff(programme_id=programme.id, person_id=staff.id))
    clerk = new_visitor(staff)
    path = f"/programmes/{programme.id}/enrolments"
    assert "Let somebody join late" in clerk.get(path).text
    clerk.post(f"/programmes/{programme.id}/let-in", name="Nobody Known", status=422)
    assert "Nobody here has that name" in clerk.page.text
    clerk.get(path)
    clerk.post(f"/programmes/{programme.id}/let-in", name=person.email)
    assert clerk.follow().toasts == ["Lara Late can join, and has a letter that says so."]
    joiner = new_visitor(person)
    assert joiner.get("/").heading == "You are nearly in"
    assert joiner.get(f"/join/{programme.id}", status=303).location.endswith("/role")
