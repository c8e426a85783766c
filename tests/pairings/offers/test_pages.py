"""The question put to the two of a pairing, whose turn it is, what they read, and the end of a pairing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal import audit
from portal.clock import now
from portal.pairings.models import Pairing
from portal.people.models import Person
from tests.pairings.company import Company
from tests.pairings.posted import letters, now_is
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def asked(company: Company) -> Pairing:
    """A pairing that was offered: Grace, the senior, is asked first."""
    return company.pairing("Ada King", "Grace Hopper", "offered")


@pytest.fixture
def ada(company: Company, asked: Pairing, new_visitor: Callable[..., Visitor]) -> Visitor:
    return new_visitor(company.people["Ada King"])


@pytest.fixture
def grace(company: Company, asked: Pairing, new_visitor: Callable[..., Visitor]) -> Visitor:
    return new_visitor(company.people["Grace Hopper"])


def addresses(pairing: Pairing) -> list[str]:
    """Where the question is read and answered."""
    return [f"/pairings/{pairing.id}/offer", f"/pairings/{pairing.id}/offer/decline"]


def test_nobody_but_the_two_finds_the_question(
    asked: Pairing, new_visitor: Callable[..., Visitor], member: Person, staff: Person, make: Factories
) -> None:
    for person in (member, staff, make.person("Otto Other", roles=["staff"])):
        visitor = new_visitor(person)
        for address in addresses(asked):
            assert visitor.get(address, status=404).status == 404
        for address in (f"/pairings/{asked.id}/offer/accept", f"/pairings/{asked.id}/offer/decline"):
            assert visitor.send(address, {}).status == 404
    assert now_is(asked) == ("offered", None)


def test_a_draft_is_nobodys_question(company: Company, new_visitor: Callable[..., Visitor]) -> None:
    draft = company.pairing("Bea Long", "Carl Cole")
    for name in ("Bea Long", "Carl Cole"):
        assert new_visitor(company.people[name]).get(f"/pairings/{draft.id}/offer", status=404).status == 404


def test_the_senior_reads_why_and_until_when_and_says_yes(
    grace: Visitor, asked: Pairing, company: Company
) -> None:
    page = grace.get(f"/pairings/{asked.id}/offer")
    assert page.heading == "Would you like to meet Ada King?"
    wanted = (
        "would be your mentor",
        "knows about",
        "30 working hours",
        "Design, Berlin",
        company.topic.label,
        "by ",
    )
    assert [word for word in wanted if word not in page.text] == []
    assert [word for word in ("87", "Zebulon", company.people["Ada King"].email) if word in page.text] == []
    grace.post(f"/pairings/{asked.id}/offer/accept")
    assert grace.page.location == f"/pairings/{asked.id}"
    page = grace.follow()
    assert "Now we ask Ada King" in page.toasts[0]
    assert letters() == [("offered", company.people["Ada King"].email)]
    assert "Ada King is being asked" in grace.get(f"/pairings/{asked.id}/offer").heading


def test_the_junior_knows_nothing_before_the_seniors_yes(ada: Visitor, asked: Pairing) -> None:
    for address in addresses(asked):
        assert ada.get(address, status=404).status == 404
    assert ada.send(f"/pairings/{asked.id}/offer/accept", {}).status == 404
    assert now_is(asked) == ("offered", None)


def test_both_yes_make_it_active(ada: Visitor, grace: Visitor, asked: Pairing) -> None:
    grace.get(f"/pairings/{asked.id}/offer")
    grace.post(f"/pairings/{asked.id}/offer/accept")
    page = ada.get(f"/pairings/{asked.id}/offer")
    assert "has said yes already" in page.text
    ada.post(f"/pairings/{asked.id}/offer/accept")
    assert "You and Grace Hopper are a pair" in ada.follow().toasts[0]
    assert now_is(asked) == ("active", None)
    for each in (ada, grace):
        assert each.get(f"/pairings/{asked.id}/offer", status=303).location == f"/pairings/{asked.id}"


def test_a_yes_sent_twice_is_one_yes(grace: Visitor, asked: Pairing) -> None:
    form = grace.get(f"/pairings/{asked.id}/offer").values(f"/pairings/{asked.id}/offer/accept")
    assert [grace.send(f"/pairings/{asked.id}/offer/accept", form).status for _ in range(2)] == [303, 303]
    assert [kind for kind, _ in letters()] == ["offered"]


def test_a_no_is_confirmed_and_needs_no_reason(grace: Visitor, ada: Visitor, asked: Pairing) -> None:
    page = grace.get(f"/pairings/{asked.id}/offer")
    assert f"/pairings/{asked.id}/offer/decline" in page.links
    page = grace.get(f"/pairings/{asked.id}/offer/decline")
    assert "need not say why" in page.text
    assert [each for each in page.root.all("textarea", "input") if each["type"] != "hidden"] == []
    assert grace.post(f"/pairings/{asked.id}/offer/decline").location == "/"
    assert now_is(asked) == ("declined", "mentee declined")
    assert letters() == []
    assert "over" in grace.get(f"/pairings/{asked.id}/offer").heading
    assert ada.get(f"/pairings/{asked.id}/offer", status=404).status == 404


def test_the_seniors_yes_and_the_juniors_no_lead_both_to_kind_words(
    grace: Visitor, ada: Visitor, asked: Pairing, company: Company
) -> None:
    grace.get(f"/pairings/{asked.id}/offer")
    grace.post(f"/pairings/{asked.id}/offer/accept")
    ada.get(f"/pairings/{asked.id}/offer/decline")
    ada.post(f"/pairings/{asked.id}/offer/decline")
    assert now_is(asked) == ("declined", "mentor declined")
    assert letters()[-1] == ("not_this_time", company.people["Grace Hopper"].email)
    for each in (grace, ada):
        page = each.get(f"/pairings/{asked.id}/offer")
        assert page.heading == "This question is over"
        assert "King" not in page.text
        assert "Hopper" not in page.text


def test_an_answer_that_comes_too_late_says_so(grace: Visitor, asked: Pairing) -> None:
    form = grace.get(f"/pairings/{asked.id}/offer").values(f"/pairings/{asked.id}/offer/accept")
    decline = grace.get(f"/pairings/{asked.id}/offer/decline").values(f"/pairings/{asked.id}/offer/decline")
    grace.post(f"/pairings/{asked.id}/offer/decline")
    page = grace.send(f"/pairings/{asked.id}/offer/accept", form)
    assert (page.status, "question is over" in page.text) == (422, True)
    assert grace.send(f"/pairings/{asked.id}/offer/decline", decline).status == 303


def test_it_is_not_the_seniors_turn_twice(grace: Visitor, asked: Pairing) -> None:
    decline = grace.get(f"/pairings/{asked.id}/offer/decline").values(f"/pairings/{asked.id}/offer/decline")
    grace.get(f"/pairings/{asked.id}/offer")
    grace.post(f"/pairings/{asked.id}/offer/accept")
    assert grace.send(f"/pairings/{asked.id}/offer/decline", decline).status == 404
    assert (
        grace.get(f"/pairings/{asked.id}/offer/decline", status=303).location == f"/pairings/{asked.id}/offer"
    )
    assert now_is(asked) == ("offered", None)


@pytest.mark.parametrize("name", ["Ada King", "Grace Hopper", "Stefan Staff"])
def test_each_of_the_two_and_staff_end_it_without_blame(
    company: Company, new_visitor: Callable[..., Visitor], staff: Person, name: str
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "active")
    visitor = new_visitor({**company.people, "Stefan Staff": staff}[name])
    page = visitor.get(f"/pairings/{pairing.id}/end")
    assert [each for each in page.root.all("textarea", "input") if each["type"] != "hidden"] == []
    assert visitor.post(f"/pairings/{pairing.id}/end").location == f"/pairings/{pairing.id}"
    said = {"Ada King": "by mentor", "Grace Hopper": "by mentee", "Stefan Staff": "by staff"}[name]
    assert now_is(pairing) == ("ended", said)
    assert sorted(kind for kind, _ in letters()) == ["ended", "ended"]
    assert "over" in visitor.follow().toasts[0]
    assert visitor.get(f"/pairings/{pairing.id}/end", status=303).location == f"/pairings/{pairing.id}"


def test_others_cannot_end_it_and_what_has_not_begun_has_no_end(
    company: Company, new_visitor: Callable[..., Visitor], member: Person, grace: Visitor, asked: Pairing
) -> None:
    pairing = company.pairing("Bea Long", "Carl Cole", "active")
    visitor = new_visitor(member)
    assert visitor.get(f"/pairings/{pairing.id}/end", status=404).status == 404
    assert visitor.send(f"/pairings/{pairing.id}/end", {}).status == 404
    assert now_is(pairing) == ("active", None)
    assert grace.get(f"/pairings/{asked.id}/end", status=303).status == 303
    assert grace.send(f"/pairings/{asked.id}/end", {}).status == 422
    assert now_is(asked) == ("offered", None)


def test_ending_twice_is_one_end(company: Company, new_visitor: Callable[..., Visitor]) -> None:
    pairing = company.pairing("Bea Long", "Carl Cole", "active")
    visitor = new_visitor(company.people["Bea Long"])
    form = visitor.get(f"/pairings/{pairing.id}/end").values(f"/pairings/{pairing.id}/end")
    assert [visitor.send(f"/pairings/{pairing.id}/end", form).status for _ in range(2)] == [303, 303]
    assert len([each for each in audit.history("pairing", pairing.id) if each.action == "pairing.moved"]) == 1
    assert len(letters()) == 2


def test_an_offer_without_reasons_and_places_is_still_a_page(
    company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    bare = company.mentor("Bo Bare", department="", site="")
    senior = company.mentee("Sam Senior")
    pairing = company.pairing(bare, senior, "offered", parts=[], score=0, answer_by=now() + timedelta(days=1))
    page = new_visitor(senior).get(f"/pairings/{pairing.id}/offer")
    assert "The people who run the programme thought of you two." in page.text
