"""What staff do with programmes, and what they never see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.clock import today
from portal.core.matching.topics.index import CATALOGUE
from portal.db import db, transaction
from portal.people.models import Person
from portal.programmes.actions import load_catalogue
from portal.programmes.models import Avoided, Programme, ProgrammeStaff, Topic
from tests.conftest import Noise
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def programme(make: Factories, staff: Person) -> Programme:
    made = make.programme("Spring season")
    make.add(ProgrammeStaff(programme_id=made.id, person_id=staff.id))
    return made


@pytest.fixture
def stefan(new_visitor: Callable[..., Visitor], staff: Person, programme: Programme, noise: Noise) -> Visitor:
    return new_visitor(staff)


@pytest.fixture
def ama(new_visitor: Callable[..., Visitor], admin: Person, programme: Programme, noise: Noise) -> Visitor:
    return new_visitor(admin)


def saved(programme: Programme) -> Programme:
    db.session.rollback()
    found = db.session.get(Programme, programme.id, populate_existing=True)
    assert found is not None
    return found


def test_staff_see_the_programmes_they_run_and_no_others(stefan: Visitor, noise: Noise) -> None:
    page = stefan.get("/programmes/")
    assert "Spring season" in page.text
    assert noise.programme.name not in page.text
    for path in (f"/programmes/{noise.programme.id}", f"/programmes/{noise.programme.id}/enrolments"):
        assert stefan.get(path, status=404).status == 404
    assert stefan.send(f"/programmes/{noise.programme.id}/state", {"to": "running"}).status == 404
    assert stefan.get("/programmes/new", status=404).status == 404


def test_members_find_nothing_there(
    new_visitor: Callable[..., Visitor], member: Person, programme: Programme
) -> None:
    visitor = new_visitor(member)
    for path in ("/programmes/", f"/programmes/{programme.id}", f"/programmes/{programme.id}/enrolments"):
        assert visitor.get(path, status=404).status == 404


def test_an_administrator_prepares_a_programme_and_says_who_runs_it(ama: Visitor, staff: Person) -> None:
    ama.get("/programmes/new")
    first, last = today() + timedelta(days=9), today() + timedelta(days=200)
    facts = {"name": "New season", "starts_on": first.isoformat(), "ends_on": last.isoformat()}
    page = ama.post("/programmes/new", **facts, status=422)
    assert page.errors == ["Choose who leads the meetings."]
    assert page.values("/programmes/new")["name"] == ["New season"]
    ama.post("/programmes/new", leads="mentee", staff=[str(staff.id)])
    assert ama.follow().heading == "New season"
    made = db.session.scalars(select(Programme).where(Programme.name == "New season")).one()
    assert (made.state, made.leads, made.rules["line"], sum(made.weights.values())) == (
        "draft",
        "mentee",
        40,
        100,
    )
    runs = select(ProgrammeStaff.person_id).where(ProgrammeStaff.programme_id == made.id)
    assert db.session.scalars(runs).all() == [staff.id]


def test_weights_must_sum_to_a_hundred(stefan: Visitor, programme: Programme) -> None:
    stefan.get(f"/programmes/{programme.id}")
    page = stefan.post(f"/programmes/{programme.id}", weight_interests="61", status=422)
    assert page.errors == ["The weights must sum to 100; these sum to 101."]
    assert page.values(f"/programmes/{programme.id}")["weight_interests"] == ["61"]
    stefan.post(f"/programmes/{programme.id}", weight_interests="61", weight_style="11", line="auto")
    assert (saved(programme).weights["style"], saved(programme).rules["line"]) == (11, "auto")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("line", "101"),
        ("line", "-1"),
        ("meetings", "0"),
        ("ends_on", "2020-01-01"),
        ("sign_up_until", "2999-01-01"),
        ("weight_time", "NaN"),
        ("name", ""),
        ("leads", "nobody"),
    ],
)
def test_a_bad_value_is_explained_and_nothing_is_saved(
    stefan: Visitor, programme: Programme, name: str, value: str
) -> None:
    form = stefan.get(f"/programmes/{programme.id}").values(f"/programmes/{programme.id}")
    page = stefan.send(f"/programmes/{programme.id}", {**form, name: [value]})
    assert page.status == 422
    assert len(page.errors) == 1
    assert saved(programme).version == 1


def test_an_edit_of_what_somebody_else_changed_shows_both_values(
    stefan: Visitor, programme: Programme
) -> None:
    old = stefan.get(f"/programmes/{programme.id}").values(f"/programmes/{programme.id}")
    assert stefan.send(f"/programmes/{programme.id}", {**old, "name": ["First"]}).status == 303
    assert stefan.send(f"/programmes/{programme.id}", {**old, "name": ["First"]}).status == 303
    page = stefan.send(f"/programmes/{programme.id}", {**old, "name": ["Second"]})
    assert page.status == 409
    assert "First" in page.text
    assert "Second" in page.text
    stefan.post(f"/programmes/{programme.id}")
    assert saved(programme).name == "Second"


def test_what_every_pair_must_and_points_for_staying_together_are_kept(
    stefan: Visitor, programme: Programme
) -> None:
    here = f"/programmes/{programme.id}"
    stefan.get(here)
    stefan.post(here)
    assert saved(programme).rules == {"line": 40, "min_grade_gap": 1, "stay_bonus": 0}
    assert saved(programme).version == programme.version, "nothing was changed"
    stefan.get(here)
    stefan.post(here, musts=["topic", "department"], stay_bonus="5")
    assert saved(programme).rules == {
        "line": 40,
        "min_grade_gap": 1,
        "stay_bonus": 5,
        "musts": ["department", "topic"],
    }
    values = stefan.follow().values(here)
    assert (values["musts"], values["stay_bonus"]) == (["department", "topic"], ["5"])
    stefan.post(here, musts=None)
    assert "musts" not in saved(programme).rules


def test_a_programme_opens_starts_and_finishes_in_that_order(
    stefan: Visitor, make: Factories, staff: Person
) -> None:
    made = make.programme("Draft", state="draft")
    make.add(ProgrammeStaff(programme_id=made.id, person_id=staff.id))
    path = f"/programmes/{made.id}/state"
    assert stefan.send(path, {"to": "running"}).status == 422
    assert [stefan.send(path, {"to": each}).status for each in ("open", "open", "running", "finished")] == [
        303
    ] * 4
    assert saved(made).state == "finished"
    assert stefan.send(path, {"to": "nonsense"}).status == 422


def test_staff_never_see_whom_somebody_avoids_or_what_is_off_the_table(
    stefan: Visitor, programme: Programme, make: Factories, member: Person, noise: Noise
) -> None:
    enrolment = make.enrolment(member, programme, off_the_table="my salary")
    make.add(Avoided(enrolment_id=enrolment.id, person_id=noise.person.id))
    for path in ("/programmes/", f"/programmes/{programme.id}", f"/programmes/{programme.id}/enrolments"):
        page = stefan.get(path)
        assert [word for word in (*noise.words, "my salary") if word in page.html] == []
    assert member.name in stefan.get(f"/programmes/{programme.id}/enrolments").text


def test_the_table_of_enrolments_asks_as_often_for_three_rows_as_for_one(
    stefan: Visitor, programme: Programme, make: Factories, member: Person, count_queries: Callable
) -> None:
    path = f"/programmes/{programme.id}/enrolments"
    make.enrolment(member, programme)
    stefan.get(path)
    counts = []
    for more in (0, 2):
        for _each in range(more):
            make.wish(make.enrolment(make.person(), programme), make.topic())
        with count_queries() as counted:
            page = stefan.get(path)
        counts.append((len(counted), len(page.root.one("tbody").all("tr"))))
    assert counts == [(counts[0][0], 1), (counts[0][0], 3)]


def test_the_list_of_programmes_asks_as_often_for_three_rows_as_for_one(
    ama: Visitor, make: Factories, count_queries: Callable
) -> None:
    ama.get("/programmes/")
    counts = []
    for more in (0, 2):
        for _each in range(more):
            make.enrolment(make.person(), make.programme())
        with count_queries() as counted:
            ama.get("/programmes/")
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_enrolments_are_searched_filtered_sorted_and_paged(
    stefan: Visitor, programme: Programme, make: Factories
) -> None:
    path = f"/programmes/{programme.id}/enrolments"
    for number in range(27):
        make.enrolment(make.person(f"Person {number:02}", department="A_b"), programme)
    make.enrolment(make.person("Odd One"), programme, as_mentor=False, as_mentee=True, state="paused")

    def names(query: str) -> list[str]:
        page = stefan.get(f"{path}?{query}", htmx=True)
        return [
            each.all("td")[0].text.removesuffix("A_b").removesuffix("Design")
            for each in page.root.all("tr")[1:]
        ]

    assert [each.strip() for each in names("role=mentee")] == ["Odd One"]
    assert [each.strip() for each in names("state=paused")] == ["Odd One"]
    assert [each.strip() for each in names("q=odd")] == ["Odd One"]
    assert len(names("q=a_b")) == 25
    assert names("q=%25") == []
    assert [each.strip() for each in names("sort=-name&page=2")] == ["Person 01", "Person 00", "Odd One"]
    for odd in ("page=0", "page=99999999999", "page=x", "sort=nonsense", "role=x&state=y"):
        assert names(odd)


def test_loading_the_catalogue_twice_changes_nothing(make: Factories) -> None:
    with transaction():
        assert load_catalogue() == len(CATALOGUE)
    with transaction():
        assert load_catalogue() == 0
    assert db.session.scalar(select(func.count()).select_from(Topic)) == len(CATALOGUE)
