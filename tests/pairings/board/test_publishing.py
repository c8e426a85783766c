"""Pairing by hand, those who wait, and publishing: what staff do on the board beside editing rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.clock import now
from portal.db import db, transaction
from portal.pairings.models import LeftOver, Pairing
from portal.people.models import Person
from portal.programmes.models import Enrolment
from tests.pairings.company import Company
from tests.pairings.posted import letters
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def stefan(company: Company, new_visitor: Callable[..., Visitor], staff: Person) -> Visitor:
    """Somebody who runs the company's programme."""
    return new_visitor(staff)


def field(pairing: Pairing, name: str) -> str:
    """A field's name in the row's form."""
    return f"pairing-{pairing.id}-{name}"


def reread(pairing: Pairing) -> Pairing:
    """The pairing as the database has it now."""
    db.session.rollback()
    return db.session.get_one(Pairing, pairing.id)


def test_only_those_who_may_be_chosen_are_suggested_with_their_points(
    stefan: Visitor, company: Company, make: Factories
) -> None:
    pairing = company.pairing("Long Ada", "Grace Hopper")
    free = company.mentor("Long Bea")
    company.mentor("Long Senior", grade=9)
    company.pairing("Long Taken", "Dan Drew")
    make.person("Long Outsider")
    company.mentee("Long Learner")
    typed = f"{field(pairing, 'mentor')}=long&{field(pairing, 'mentee')}=Grace+Hopper"
    query = f"pairing={pairing.id}&side=mentor&{typed}"
    page = stefan.get(f"/pairings/board/people?{query}", htmx=True)
    options = {each["data-value"]: each.text for each in page.root.all("li")}
    assert [name.partition(" <")[0] for name in options] == ["Long Ada", "Long Bea"]
    assert "points" in options[f"Long Bea <{free.email}>"]
    assert page.root.one("ul", id=f"{field(pairing, 'mentor')}-list")
    page = stefan.get(
        f"/pairings/board/people?programme={company.programme.id}&side=mentor&mentor=long", htmx=True
    )
    assert [each["data-value"].partition(" <")[0] for each in page.root.all("li")] == [
        "Long Bea",
        "Long Senior",
    ]


def test_two_people_are_paired_by_hand(stefan: Visitor, company: Company) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    page = stefan.get("/pairings/board")
    link = next(each for each in page.links if f"person={grace.id}" in each)
    action = "/pairings/board/new"
    assert stefan.get(link).values(action)["mentee"] == [f"Grace Hopper <{grace.email}>"]
    assert "Nobody here" in stefan.post(action, status=422, mentor="Ada Queen").errors[0]
    stefan.post(action, mentor="Ada King", locked=True)
    made = db.session.scalars(db.select(Pairing).where(Pairing.programme_id == company.programme.id)).one()
    assert (made.mentor_id, made.mentee_id, made.state, made.locked) == (ada.id, grace.id, "draft", True)
    assert "a draft now" in stefan.follow().toasts[0]


def test_those_who_wait_are_listed_with_the_reason_of_the_kept_run(stefan: Visitor, company: Company) -> None:
    company.pairing("Ada King", "Grace Hopper")
    company.mentee("Wanda Waits")
    run = company.run(kept_at=company.staff.created_at)
    said = {"template": "%(name)s shares no working hour with anybody.", "args": {"name": "Wanda Waits"}}
    enrolment = company.enrolments["Wanda Waits"]
    company.make.add(LeftOver(run_id=run.id, enrolment_id=enrolment.id, role="mentee", **said))
    for page in (
        stefan.get("/pairings/board"),
        stefan.get(f"/pairings/board/waiting?programme={company.programme.id}"),
    ):
        assert "Wanda Waits shares no working hour with anybody." in page.text
        assert len([each for each in page.links if "person=" in each]) == 1


def test_publishing_shows_the_letters_first_and_sends_exactly_those(
    stefan: Visitor, company: Company
) -> None:
    one = company.pairing("Ada King", "Grace Hopper")
    company.pairing("Bea Long", "Carl Cole", "active")
    action = f"/pairings/board/publish?programme={company.programme.id}"
    page = stefan.get(action)
    assert page.heading == "1 letter, ready to go"
    assert all(
        word in page.text
        for word in ("Grace Hopper", company.people["Grace Hopper"].email, "Would you like to meet")
    )
    assert "Carl" not in page.text
    assert letters() == []
    stefan.post(action)
    assert letters() == [("offered", company.people["Grace Hopper"].email)]
    assert reread(one).state == "offered"
    assert "1 letter is on its way" in stefan.follow().toasts[0]


def test_drafts_that_changed_meanwhile_are_not_published_unseen(stefan: Visitor, company: Company) -> None:
    one = company.pairing("Ada King", "Grace Hopper")
    action = f"/pairings/board/publish?programme={company.programme.id}"
    form = stefan.get(action).values("/pairings/board/publish")
    company.pairing("Bea Long", "Carl Cole")
    page = stefan.send(action, form)
    assert page.status == 409
    assert all(word in page.text for word in ("changed since you looked", "Carl Cole"))
    assert page.heading == "2 letters, ready to go"
    assert (letters(), reread(one).state) == ([], "draft")
    stefan.post(action)
    assert len(letters()) == 2


def test_nothing_to_publish_leads_back_to_the_board(stefan: Visitor, company: Company) -> None:
    assert (
        "No draft to publish" in stefan.get(f"/pairings/board/publish?programme={company.programme.id}").text
    )


def test_a_draft_of_somebody_who_pauses_is_kept_back_and_named(stefan: Visitor, company: Company) -> None:
    company.pairing("Ada King", "Grace Hopper")
    company.pairing("Bea Long", "Carl Cole")
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Bea Long"].id).state = "paused"
    page = stefan.get(f"/pairings/board/publish?programme={company.programme.id}")
    assert page.heading == "1 letter, ready to go"
    assert "1 draft cannot be offered at present and stays a draft: Bea Long and Carl Cole" in page.text


def test_a_second_click_is_not_told_that_nothing_was_sent(stefan: Visitor, company: Company) -> None:
    company.pairing("Ada King", "Grace Hopper")
    action = f"/pairings/board/publish?programme={company.programme.id}"
    form = stefan.get(action).values("/pairings/board/publish")
    assert [stefan.send(action, form).status for _ in range(2)] == [303, 303]
    page = stefan.follow()
    assert len(letters()) == 1
    assert "nothing was sent" not in page.text
    assert "Grace Hopper" in page.text
    assert any("no draft left to publish" in each for each in page.toasts)


def test_whoever_is_free_is_suggested_though_very_many_of_that_name_are_not(
    stefan: Visitor, company: Company, make: Factories
) -> None:
    people = [make.person(f"Long {number:02}", grade=2, password=None) for number in range(65)]
    waits: dict[str, Any] = {"state": "waiting", "as_mentor": True, "as_mentee": False}
    for each in people:
        make.enrolment(each, company.programme, **waits)
    free, grace = people.pop(), company.mentee("Grace Hopper", mentee_capacity=5)
    drafts = [
        Pairing(
            programme_id=company.programme.id,
            mentor_id=each.id,
            mentee_id=grace.id,
            score=1,
            parts=[],
            created_at=now(),
        )
        for each in people
    ]
    make.add(*drafts)
    url = f"/pairings/board/people?programme={company.programme.id}&side=mentor&mentor=long"
    assert [each["data-value"] for each in stefan.get(url, htmx=True).root.all("li")] == [
        f"Long 64 <{free.email}>"
    ]
