"""The fairness view: groups that fare worse are named, small ones are not judged, and who was left over
stands first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.clock import now
from portal.db import db, transaction
from portal.pairings.fairness import groups as fairness
from portal.pairings.fairness.groups import Application
from portal.pairings.models import LeftOver
from portal.people.models import Person
from portal.programmes.models import Enrolment
from tests.pairings.company import Company
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def stefan(company: Company, new_visitor: Callable[..., Visitor], staff: Person) -> Visitor:
    return new_visitor(staff)


def some(site: str, scores: list[int | None], first: int = 0) -> list[Application]:
    """Mentees of a site with these scores, None for those without a match."""
    facts = {"role": "mentee", "site": site, "department": "", "grade": None}
    return [
        Application(person=first + n, name=f"{site} {n}", score=score, **facts)
        for n, score in enumerate(scores)
    ]  # type: ignore[arg-type]  # plain facts


def test_a_group_of_which_markedly_fewer_are_matched_is_marked() -> None:
    berlin, lisbon = some("Berlin", [7000] * 9 + [None]), some("Lisbon", [7000, 7000, None, None], 50)
    found = {each.name: each for each in fairness.groups([*berlin, *lisbon], "site")}
    assert {name: (each.fewer, each.lower) for name, each in found.items()} == {
        "Berlin": (False, False),
        "Lisbon": (True, False),
    }
    assert (found["Lisbon"].applied, found["Lisbon"].matched, found["Lisbon"].left_over) == (4, 2, 2)
    assert (found["Lisbon"].rest_applied, found["Lisbon"].rest_matched, found["Lisbon"].mean) == (10, 9, 7000)


def test_exactly_four_fifths_is_not_markedly_fewer() -> None:
    groups = fairness.groups([*some("Berlin", [7000] * 5), *some("Lisbon", [7000] * 4 + [None], 50)], "site")
    assert [each.fewer for each in groups] == [False, False]


def test_a_group_with_markedly_worse_matches_is_marked() -> None:
    berlin, lisbon = some("Berlin", [7000] * 5), some("Lisbon", [6000, 6000, 6000], 50)
    assert [each.lower for each in fairness.groups([*berlin, *lisbon], "site")] == [False, True]
    nearly = some("Lisbon", [6000, 6000, 6003], 50)
    assert [each.lower for each in fairness.groups([*berlin, *nearly], "site")] == [False, False]


def test_groups_of_one_or_two_are_not_judged() -> None:
    groups = fairness.groups([*some("Berlin", [7000] * 9), *some("Lisbon", [None, None], 50)], "site")
    assert [(each.judged, each.fewer) for each in groups] == [(False, False), (False, False)]


def test_what_is_not_known_comes_last() -> None:
    every = [*some("", [7000]), *some("Berlin", [None])]
    assert [each.name for each in fairness.groups(every, "site")] == ["Berlin", ""]
    assert [each.name for each in fairness.groups(every, "grade")] == [None]
    assert fairness.groups([], "site") == []


def test_who_waits_and_who_is_matched_is_counted_in_each_role(company: Company, make: Factories) -> None:
    both = company.mentor("Bea Both", site="Berlin")
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Bea Both"].id).as_mentee = True
    company.pairing(both, company.mentee("Grace Hopper", site="Lisbon"), score=6400)
    company.mentee("Gone Away", disabled_at=now())
    for name, state in (("Paula Pause", "paused"), ("Will Drawn", "withdrawn"), ("Bert Begun", "begun")):
        company.mentee(name)
        with transaction():
            db.session.get_one(Enrolment, company.enrolments[name].id).state = state
    company.pairing("Mo Meets", "Petra Pauses", "active", score=5000)
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Petra Pauses"].id).state = "paused"
    db.session.rollback()
    found = {(each.name, each.role): each.score for each in fairness.applications(company.programme.id)}
    assert found == {
        ("Bea Both", "mentor"): 6400,
        ("Bea Both", "mentee"): None,
        ("Grace Hopper", "mentee"): 6400,
        ("Mo Meets", "mentor"): 5000,
        ("Petra Pauses", "mentee"): 5000,
    }
    roles = {
        each.name: (each.applied, each.matched)
        for each in fairness.groups(fairness.applications(company.programme.id), "role")
    }
    assert roles == {"mentor": (2, 2), "mentee": (3, 2)}


def crowd(company: Company) -> None:
    """Two sites of which one fares worse."""
    for number in range(4):
        company.pairing(
            company.mentor(f"M {number}", site="Berlin"), company.mentee(f"N {number}", site="Berlin")
        )
    for number in range(4):
        company.mentee(f"Left {number}", site="Lisbon", grade=None, department="")


def test_staff_read_it_in_plain_sentences_by_site_department_grade_and_role(
    stefan: Visitor, company: Company
) -> None:
    crowd(company)
    here = f"/pairings/fairness?programme={company.programme.id}"
    page = stefan.get(here)
    assert page.heading == "Fairness"
    assert "Lisbon: 0 of 4 are matched, and of all others 8 of 8." in page.text
    assert "less than four fifths" in page.text
    assert "Nobody here was left over before." in page.text
    assert len(page.root.one("div", id="groups").one("tbody").all("tr")) == 2
    assert "Not known" in stefan.get(f"{here}&by=department").text
    assert "Grade 8" in stefan.get(f"{here}&by=grade").text
    assert "Mentee: 4 of 8 are matched, and of all others 4 of 4." in stefan.get(f"{here}&by=role").text
    only = stefan.get(f"{here}&role=mentor", htmx=True)
    assert "There are too few to compare yet." in only.text
    assert "Lisbon" not in only.text
    assert f"/pairings/fairness?programme={company.programme.id}" in stefan.get("/pairings/board").links


def test_nobody_there_is_said(stefan: Visitor, company: Company) -> None:
    assert "Nobody has applied yet" in stefan.get("/pairings/fairness").text
    assert "Nobody here was left over before" in stefan.get("/pairings/fairness/first").text


def test_who_was_left_over_before_stands_first(stefan: Visitor, company: Company, make: Factories) -> None:
    run = company.run(kept_at=now())
    company.pairing("Ada King", "Grace Hopper", "active", run_id=run.id)
    for number in range(7):
        company.mentee(f"Waits {number}")
        facts = {"run_id": run.id, "enrolment_id": company.enrolments[f"Waits {number}"].id, "role": "mentee"}
        make.add(LeftOver(**facts, template="", args={}))
    company.pairing(company.mentor("Bea Long"), company.people["Waits 0"])
    page = stefan.get(f"/pairings/fairness?programme={company.programme.id}")
    assert all(
        word in page.text for word in ("Waits 0", "is on the board as a draft", "Waits 4", "See all 7")
    )
    assert "Waits 5" not in page.text
    every = stefan.get(f"/pairings/fairness/first?programme={company.programme.id}")
    assert every.text.count("Waits ") == 7


def test_it_takes_as_many_questions_for_many_as_for_few(
    stefan: Visitor, company: Company, count_queries: Any
) -> None:
    counts = []
    for size in (1, 8):
        for number in range(size):
            company.pairing(f"M {size} {number}", f"N {size} {number}")
        with count_queries() as queries:
            stefan.get(f"/pairings/fairness?programme={company.programme.id}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_members_and_staff_of_other_programmes_find_nothing(
    company: Company, new_visitor: Callable[..., Visitor], make: Factories, member: Person
) -> None:
    for person in (member, make.person("Otto Other", roles=["staff"])):
        visitor = new_visitor(person)
        for path in ("", "/first"):
            assert (
                visitor.get(f"/pairings/fairness{path}?programme={company.programme.id}", status=404).status
                == 404
            )


def test_many_groups_come_by_the_page(stefan: Visitor, company: Company) -> None:
    for number in range(22):
        company.mentee(
            f"Margarete Mustermann {number}", department=f"The department of many things, number {number:02}"
        )
    here = f"/pairings/fairness?programme={company.programme.id}&by=department"
    page = stefan.get(here)
    assert (len(page.root.one("tbody").all("tr")), len(page.html.encode()) < 30_000) == (20, True)
    assert len(stefan.get(f"{here}&page=2", htmx=True).root.one("tbody").all("tr")) == 2
