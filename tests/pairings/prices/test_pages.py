"""Staff compare all mentors for a draft, choose one, and take it back; prices that are not there yet are
worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal import audit
from portal.clock import now
from portal.core.matching.prices.edits import Change
from portal.db import db, transaction
from portal.pairings.models import Pairing, PriceTable
from portal.pairings.prices import tables
from portal.pairings.prices.pages import in_words
from portal.people.models import Person
from portal.programmes.models import Programme
from tests.pairings.company import Company, company_of
from tests.pairings.crowd import fill, pairs
from tests.pairings.posted import held
from tests.personas import Factories
from tests.visitor import Page, Visitor


@pytest.fixture
def stefan(company: Company, new_visitor: Callable[..., Visitor], staff: Person) -> Visitor:
    """Somebody who runs the company's programme."""
    return new_visitor(staff)


def work_out(company: Company) -> str:
    """Prices of now; their stamp."""
    with transaction():
        tables.request_table(company.programme.id, at=now())
    tables.price(company.programme.id)
    db.session.rollback()
    programme = db.session.get_one(Programme, company.programme.id)
    assert tables.board_now(programme) is not None
    return tables.stamp(programme)


def trading(company: Company) -> tuple[Pairing, Pairing, dict[str, Person]]:
    """Two drafts whose mentors could trade places, and a mentor who is free."""
    people = {name: company.mentor(name) for name in ("Ada King", "Bea Long", "Carl Cole")}
    one = company.pairing(people["Ada King"], company.mentee("Grace Hopper"))
    return one, company.pairing(people["Bea Long"], company.mentee("Dora Day")), people


def choose(visitor: Visitor, pairing: Pairing, mentor: Person, stamp: str, **more: Any) -> Page:
    data = {"mentor": str(mentor.id), "version": str(held(pairing).version), "stamp": stamp}
    return visitor.send(f"/pairings/prices/{pairing.id}/choose", {**data, **more})


def test_members_and_staff_of_other_programmes_find_nothing(
    company: Company, new_visitor: Callable[..., Visitor], make: Factories, member: Person
) -> None:
    one, _other, people = trading(company)
    stranger = make.person("Otto Other", roles=["staff"])
    company_of(make, stranger, "Another season")
    stamp = work_out(company)
    for person in (member, stranger):
        visitor = new_visitor(person)
        for path in (
            f"{one.id}",
            f"{one.id}/with/{people['Bea Long'].id}",
            f"seats?programme={company.programme.id}",
        ):
            assert visitor.get(f"/pairings/prices/{path}", status=404).status == 404
        assert choose(visitor, one, people["Bea Long"], stamp).status == 404
        assert visitor.send("/pairings/prices/undo/1", {}).status == 404
    assert held(one).version == 1


def test_the_list_names_every_mentor_with_what_they_cost_and_who_would_move(
    company: Company, stefan: Visitor
) -> None:
    one, _other, _people = trading(company)
    work_out(company)
    page = stefan.get(f"/pairings/prices/{one.id}")
    assert page.heading == "Another mentor for Grace Hopper"
    assert "2 mentors could be chosen for Grace Hopper" in page.text
    assert "Dora Day would move" in page.text
    assert "Dora Day gets Ada King instead of Bea Long" in page.text
    fragment = stefan.get(f"/pairings/prices/{one.id}", htmx=True)
    assert "<html" not in fragment.html
    assert f'id="prices-{one.id}"' in fragment.html
    named = stefan.get(f"/pairings/prices/{one.id}?q=carl")
    assert "Carl Cole" in named.text
    assert "Bea Long" not in named.text
    assert (
        "No mentor who could be chosen has that name." in stefan.get(f"/pairings/prices/{one.id}?q=zq").text
    )


def test_the_rows_form_leads_to_the_list(company: Company, stefan: Visitor) -> None:
    one, _other, _people = trading(company)
    page = stefan.get(f"/pairings/board/{one.id}/edit")
    assert f"/pairings/prices/{one.id}" in page.links
    assert f'id="prices-{one.id}"' in page.html
    active = company.pairing("Mona Mentor", "Sam Senior", "active")
    assert "/pairings/prices/" not in stefan.get(f"/pairings/board/{active.id}/edit", htmx=True).html


def test_choosing_says_so_and_can_be_undone_as_a_whole(company: Company, stefan: Visitor) -> None:
    one, other, people = trading(company)
    before = pairs(company)
    stamp = work_out(company)
    stefan.get(f"/pairings/prices/{one.id}")
    page = choose(stefan, one, people["Bea Long"], stamp)
    assert page.status == 303
    board = stefan.follow()
    assert board.toasts == ["Bea Long mentors Grace Hopper now. 1 other draft moved along."]
    assert pairs(company) == {
        (people["Bea Long"].id, one.mentee_id),
        (people["Ada King"].id, other.mentee_id),
    }
    assert held(one).locked
    history = stefan.get(f"/pairings/board/{other.id}/history")
    assert "Bea Long" in history.text
    undo = next(
        each
        for each in (form.attributes.get("action", "") for form in board.root.all("form"))
        if "/undo/" in each
    )
    stefan.send(undo, {})
    assert stefan.follow().toasts == ["Undone: all of them are as before."]
    assert pairs(company) == before
    assert not held(one).locked
    stefan.send(undo, {})
    assert stefan.follow().toasts == ["This is undone already."]


def test_a_second_click_on_a_choice_is_told_what_the_first_did(company: Company, stefan: Visitor) -> None:
    one, _other, people = trading(company)
    stamp = work_out(company)
    stefan.get(f"/pairings/prices/{one.id}")
    data = {"mentor": str(people["Bea Long"].id), "version": str(held(one).version), "stamp": stamp}
    assert [stefan.send(f"/pairings/prices/{one.id}/choose", data).status for _ in range(2)] == [303, 303]
    assert set(stefan.follow().toasts) == {"Bea Long mentors Grace Hopper now. 1 other draft moved along."}
    assert len([each for each in audit.history("pairing", one.id) if each.action == "pairing.chain"]) == 1


def test_old_prices_are_answered_with_409_and_new_ones_are_asked_for(
    company: Company, stefan: Visitor, rung: list[tuple[str, int]]
) -> None:
    one, _other, people = trading(company)
    stamp = work_out(company)
    company.mentee("Nora New")
    rung.clear()
    page = choose(stefan, one, people["Bea Long"], stamp)
    assert page.status == 409
    assert "The board changed since these prices were worked out. Nothing was done; look again." in page.text
    assert "Working out what each change would cost" in page.text
    assert rung == [("pairings.price", company.programme.id)]
    assert held(one).mentor_id == people["Ada King"].id
    work_out(company)
    page = choose(
        stefan, one, people["Ada King"], tables.stamp(db.session.get_one(Programme, company.programme.id))
    )
    assert page.status == 422
    assert "This mentor cannot be chosen here." in page.text


def test_prices_that_are_not_there_yet_are_asked_for_once_and_looked_for_again(
    company: Company, stefan: Visitor, rung: list[tuple[str, int]]
) -> None:
    one, _other, _people = trading(company)
    for path in (f"/pairings/prices/{one.id}", f"/pairings/prices/seats?programme={company.programme.id}"):
        for htmx in (False, True):
            page = stefan.get(path, htmx=htmx)
            assert "Working out what each change would cost" in page.text
            assert 'hx-trigger="every 1s"' in page.html
    assert rung == [("pairings.price", company.programme.id)]
    tables.price(company.programme.id)
    assert "Dora Day would move" in stefan.get(f"/pairings/prices/{one.id}", htmx=True).text


def test_a_pairing_that_is_no_draft_has_no_prices(company: Company, stefan: Visitor) -> None:
    active = company.pairing("Mona Mentor", "Sam Senior", "active")
    assert "People can be changed in a draft only." in stefan.get(f"/pairings/prices/{active.id}").text
    assert db.session.scalar(select(PriceTable)) is None
    assert (
        stefan.get(f"/pairings/prices/{active.id}/with/1", status=303).location
        == f"/pairings/prices/{active.id}"
    )


def test_all_who_would_move_have_a_page(company: Company, stefan: Visitor) -> None:
    one, _other, people = trading(company)
    work_out(company)
    page = stefan.get(f"/pairings/prices/{one.id}/with/{people['Bea Long'].id}")
    assert page.heading == "Bea Long for Grace Hopper"
    assert "Dora Day gets Ada King instead of Bea Long" in page.text
    stefan.post(f"/pairings/prices/{one.id}/choose", status=303)
    assert held(one).mentor_id == people["Bea Long"].id
    for absent in (people["Bea Long"].id, 10**9):
        stefan.get(f"/pairings/prices/{one.id}/with/{absent}", status=303)
    work_out(company)
    for absent in (people["Bea Long"].id, 10**9):
        stefan.get(f"/pairings/prices/{one.id}/with/{absent}", status=404)


def test_whom_to_ask_for_one_more_seat(company: Company, stefan: Visitor) -> None:
    ada = company.mentor("Ada King")
    company.pairing(ada, company.mentee("Grace Hopper"))
    for name in ("Dora Day", "Eva East"):
        company.mentee(name)
    work_out(company)
    page = stefan.get(f"/pairings/prices/seats?programme={company.programme.id}")
    assert page.heading == "One more seat"
    assert "Ada King" in page.text
    assert "1 more person gets a mentor." in page.text


def test_the_list_takes_the_same_queries_and_stays_small_with_many(
    make: Factories, company: Company, stefan: Visitor, count_queries: Any
) -> None:
    one, _other, _people = trading(company)
    work_out(company)
    url = f"/pairings/prices/{one.id}"
    stefan.get(url)
    with count_queries() as few:
        stefan.get(url)
    fill(make, company.programme, 60, 60)
    work_out(company)
    stefan.get(url)
    with count_queries() as many:
        page = stefan.get(url)
    assert len(many) == len(few)
    assert len(page.html.encode()) < 30_000
    assert "Page 1 of 5" in page.text


@pytest.mark.usefixtures("company")
def test_what_a_change_costs_is_said_goal_by_goal() -> None:
    assert in_words(Change()) == ["Just as good as it is now."]
    assert in_words(Change(0, 0, 1, -31_200)) == [
        "Nobody is left out.",
        "1 more pair below the line.",
        "312 points less.",
    ]
    assert in_words(Change(2, 1, -1, 320)) == [
        "2 people who want to learn would be left without a mentor.",
        "1 mentor would be left without anybody.",
        "1 pair fewer below the line.",
        "3.2 points more.",
    ]
    assert in_words(Change(-1, -2, 0, 0)) == ["1 more person gets a mentor.", "2 more mentors get somebody."]
