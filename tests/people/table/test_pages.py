"""Staff's table of people: seeing, editing in the row, conflicts, undo, history."""

from typing import Any

import pytest

from portal import audit
from portal.db import db
from portal.people.models import Person
from tests.visitor import Page

pytestmark = pytest.mark.both_databases


def field(person: Person, name: str) -> str:
    """A field's name in the row's form."""
    return f"person-{person.id}-{name}"


def changes(person: Person, **values: Any) -> dict[str, Any]:
    """Changes under the names of the row's form."""
    return {field(person, name): value for name, value in values.items()}


def edit(
    visitor: Any, person: Person, *, htmx: bool = False, status: int | None = None, **values: Any
) -> Page:
    """Open the row's form and send it with these changes."""
    visitor.get(f"/people/{person.id}/edit", htmx=htmx)
    expected = status or (200 if htmx else 303)
    return visitor.post(f"/people/{person.id}", htmx=htmx, status=expected, **changes(person, **values))


def reread(person: Person) -> Person:
    """The person as the database has them now."""
    db.session.rollback()
    return db.session.get(Person, person.id)


def test_members_do_not_know_that_the_table_is_there(visitor, member, make):
    other = make.person("Ada King")
    visitor.sign_in(member)
    for path in (
        "/people",
        f"/people/{other.id}/edit",
        f"/people/{other.id}/history",
        "/people/new",
        "/people/managers",
    ):
        assert visitor.get(path, status=404).status == 404


def test_staff_see_people_with_manager_department_and_state(visitor, staff, make, noise):
    boss = make.person("Grace Hopper", grade=8)
    make.person("Ada King", department="Engines", site="London", grade=3, manager_id=boss.id)
    visitor.sign_in(staff)
    page = visitor.get("/people?q=ada+king")
    assert page.heading == "1 person"
    assert all(word in page.text for word in ("Ada King", "Engines", "London", "Grace Hopper", "Active"))
    assert "Zebulon" not in page.text


def test_filters_and_sorting_travel_in_the_address_and_unknown_ones_count_for_nothing(visitor, staff, make):
    make.person("Ada King", department="Engines", site="London", grade=3)
    make.person("Bea Long", department="Engines", site="Oslo", grade=5)
    visitor.sign_in(staff)
    assert visitor.get("/people?department=Engines&site=Oslo").heading == "1 person"
    page = visitor.get("/people?department=Engines&sort=-grade")
    assert page.text.index("Bea Long") < page.text.index("Ada King")
    assert (
        visitor.get("/people?department=Engines&sort=password_hash&role=emperor&page=nonsense").heading
        == "2 people"
    )
    assert "Nobody fits" in visitor.get("/people?q=%25").text


def test_an_edit_in_the_row_answers_the_row_with_an_undo(visitor, staff, make, noise):
    ada = make.person("Ada King", department="Engines")
    visitor.sign_in(staff)
    answer = edit(visitor, ada, htmx=True, department="Analysis", grade="4")
    assert answer.root.one("tr", id=f"person-{ada.id}")
    assert "Analysis" in answer.html
    assert "/people/undo/" in answer.html
    saved = reread(ada)
    assert (saved.department, saved.grade, saved.version) == ("Analysis", 4, 2)
    entry = audit.history("person", ada.id)[0]
    assert (entry.actor_id, entry.before["department"], entry.after["department"]) == (
        staff.id,
        "Engines",
        "Analysis",
    )


def test_the_same_edit_works_without_javascript_and_comes_back_to_the_list(visitor, staff, make):
    ada = make.person("Ada King", department="Engines")
    visitor.sign_in(staff)
    visitor.get(f"/people/{ada.id}/edit?q=ada")
    assert visitor.page.root.one("tr", id=f"person-{ada.id}").has_class("editing")
    answer = visitor.post(f"/people/{ada.id}", **changes(ada, department="Analysis"))
    assert answer.location.startswith("/people?q=ada")
    page = visitor.follow()
    assert page.toasts == ["Ada King is saved."]
    assert reread(ada).department == "Analysis"


def test_the_row_being_edited_is_shown_even_when_it_is_not_on_the_page(visitor, staff, make):
    ada = make.person("Ada King")
    visitor.sign_in(staff)
    page = visitor.get(f"/people/{ada.id}/edit?q=nobody-of-that-name")
    assert page.root.one("tr", id=f"person-{ada.id}").has_class("editing")


def test_an_undo_from_the_toast_brings_the_row_back_and_a_second_one_says_so(visitor, staff, make):
    ada = make.person("Ada King", department="Engines")
    visitor.sign_in(staff)
    edit(visitor, ada, department="Analysis", languages="German, English")
    visitor.follow()
    undo = next(each["action"] for each in visitor.page.root.all("form") if "/undo/" in each["action"])
    visitor.post(undo)
    assert visitor.follow().toasts == ["Undone: Ada King is as before."]
    assert (reread(ada).department, reread(ada).languages) == ("Engines", ["en"])
    visitor.send(undo, {})
    assert visitor.follow().toasts == ["This is undone already."]


def test_an_edit_that_was_changed_again_since_is_not_undone(visitor, staff, make):
    ada = make.person("Ada King", department="Engines")
    visitor.sign_in(staff)
    edit(visitor, ada, department="Analysis")
    first = audit.history("person", ada.id)[0].position
    edit(visitor, ada, department="Poetry")
    visitor.send(f"/people/undo/{first}", {})
    assert "changed again since" in visitor.follow().toasts[0]
    assert reread(ada).department == "Poetry"


def two_of_them(new_visitor: Any, staff: Person, admin: Person, ada: Person, htmx: bool) -> tuple[Any, Any]:
    """Two people with the same row open, both having seen the same version."""
    first, second = new_visitor(staff), new_visitor(admin)
    for each in (first, second):
        each.get(f"/people/{ada.id}/edit", htmx=htmx)
    return first, second


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "plain"])
def test_the_second_of_two_sees_both_values_and_nothing_is_lost(new_visitor, staff, admin, make, htmx):
    ada = make.person("Ada King", department="Engines", site="London")
    first, second = two_of_them(new_visitor, staff, admin, ada, htmx)
    first.post(
        f"/people/{ada.id}",
        htmx=htmx,
        status=200 if htmx else 303,
        **changes(ada, department="Analysis", grade="3"),
    )
    page = second.post(
        f"/people/{ada.id}", htmx=htmx, status=409, **changes(ada, department="Poetry", site="Oslo")
    )
    assert all(word in page.html for word in ("Analysis", "Poetry", "Oslo", "London", staff.name))
    assert reread(ada).department == "Analysis"
    second.post(f"/people/{ada.id}", htmx=htmx, status=200 if htmx else 303)
    saved = reread(ada)
    assert (saved.department, saved.site, saved.grade) == ("Poetry", "Oslo", 3), "the other's grade stays"


def test_a_conflict_asks_about_what_is_in_question_and_names_what_stays(new_visitor, staff, admin, make):
    ada = make.person("Ada King", department="Engines")
    first, second = two_of_them(new_visitor, staff, admin, ada, True)
    first.post(f"/people/{ada.id}", htmx=True, status=200, **changes(ada, grade="3"))
    page = second.post(f"/people/{ada.id}", htmx=True, status=409, **changes(ada, department="Poetry"))
    asked = [each.text for each in page.root.all("th", scope="row")]
    assert asked == ["Department"]
    assert "What they changed elsewhere stays: Grade." in page.text
    second.post(f"/people/{ada.id}", htmx=True, status=200)
    assert (reread(ada).department, reread(ada).grade) == ("Poetry", 3)


def test_a_filtered_list_brings_its_count_and_its_order_along(visitor, staff, make):
    make.person("Ada King", department="Engines")
    visitor.sign_in(staff)
    page = visitor.get("/people?department=Engines&sort=-grade", htmx=True)
    assert "1 person" in page.text
    assert 'name="sort" value="-grade"' in page.html


def test_a_name_is_found_whatever_the_case_of_its_letters(visitor, staff, make):
    make.person("Özge Öztürk")
    visitor.sign_in(staff)
    assert visitor.get("/people?q=öztürk").heading == "1 person"
    assert visitor.get("/people?q=ÖZGE").heading == "1 person"


def test_a_doubled_submit_is_no_conflict(visitor, staff, make):
    ada = make.person("Ada King", department="Engines")
    visitor.sign_in(staff)
    visitor.get(f"/people/{ada.id}/edit")
    form = visitor.page.values(f"/people/{ada.id}")
    form[field(ada, "department")] = ["Analysis"]
    visitor.send(f"/people/{ada.id}", form)
    visitor.send(f"/people/{ada.id}", form)
    assert visitor.page.status == 303
    assert len([each for each in audit.history("person", ada.id) if each.action == "person.edited"]) == 1


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"name": ""}, "Type your name"),
        ({"hours": "whenever"}, "Mon-Fri 09:00-17:00"),
        ({"languages": "Klingonish"}, "no language known"),
        ({"grade": "very"}, "0 to 99"),
        ({"manager": "Nobody Atall"}, "Nobody here"),
        ({"time_zone": "Mars/Olympus"}, "time zone"),
    ],
)
def test_bad_input_says_how_to_mend_it_and_keeps_what_was_typed(visitor, staff, make, bad, says):
    ada = make.person("Ada King", department="Engines")
    visitor.sign_in(staff)
    visitor.get(f"/people/{ada.id}/edit")
    page = visitor.send(
        f"/people/{ada.id}",
        {**visitor.page.values(f"/people/{ada.id}"), **changes(ada, department="Analysis", **bad)},
    )
    assert page.status == 422
    assert says in page.text
    kept = page.values(f"/people/{ada.id}")
    assert kept[field(ada, "department")] == ["Analysis"]
    assert reread(ada).department == "Engines"


def test_nobody_reports_to_themselves_or_in_a_circle(visitor, staff, make):
    boss = make.person("Grace Hopper")
    ada = make.person("Ada King", manager_id=boss.id)
    visitor.sign_in(staff)
    assert "Nobody reports to themselves" in edit(visitor, ada, manager=ada.email, status=422).text
    assert "circle" in edit(visitor, boss, manager=ada.email, status=422).text
    assert reread(boss).manager_id is None


def test_only_administrators_give_roles_and_close_nobody_out_by_mistake(new_visitor, staff, admin, make):
    ada = make.person("Ada King")
    by_staff = new_visitor(staff)
    by_staff.get(f"/people/{ada.id}/edit")
    form = by_staff.page.values(f"/people/{ada.id}")
    assert field(ada, "roles") not in form
    by_staff.send(f"/people/{ada.id}", {**form, field(ada, "roles"): ["admin"]})
    assert reread(ada).roles == {"member"}
    assert "Only an administrator" in edit(by_staff, admin, disabled=True, status=422).text
    assert reread(admin).is_active
    by_admin = new_visitor(admin)
    edit(by_admin, ada, roles=["staff", "sponsor"])
    assert reread(ada).roles == {"member", "staff", "sponsor"}
    given = audit.history("person", ada.id)[0]
    assert by_staff.send(f"/people/undo/{given.position}", {}).status == 404
    assert "cannot close your own account" in edit(by_admin, admin, disabled=True, status=422).text
    assert "cannot take the administrator" in edit(by_admin, admin, roles=[], status=422).text


def test_a_closed_account_is_signed_out_at_once(new_visitor, staff, make):
    ada = make.person("Ada King")
    theirs = new_visitor(ada)
    assert theirs.get("/me").status == 200
    edit(new_visitor(staff), ada, disabled=True)
    assert theirs.get("/me", status=303).location.startswith("/sign-in")


def test_the_history_says_who_changed_what_and_undoes_it(visitor, staff, make):
    boss = make.person("Grace Hopper")
    ada = make.person("Ada King", department="Engines")
    visitor.sign_in(staff)
    edit(visitor, ada, department="Analysis", manager=boss.email, reason="Moved in May")
    visitor.follow()
    page = visitor.get(f"/people/{ada.id}/history")
    assert all(
        word in page.text for word in (staff.name, "Engines", "Analysis", "Grace Hopper", "Moved in May")
    )
    undo = next(each["action"] for each in page.root.all("form") if "/undo/" in each["action"])
    assert visitor.post(undo).location == f"/people/{ada.id}/history"
    assert reread(ada).manager_id is None


def test_staff_add_a_person_who_gets_a_letter_and_the_same_address_again_is_refused(visitor, staff):
    visitor.sign_in(staff)
    visitor.get("/people/new")
    visitor.post("/people/new", name="Ada King", email="Ada.King@example.com")
    assert "Ada King is added" in visitor.follow().toasts[0]
    visitor.get("/people/new")
    page = visitor.post("/people/new", name="Ada Again", email="ada.king@example.com", status=422)
    assert "already" in page.errors[0]
    assert page.values("/people/new")["name"] == ["Ada Again"]


def test_the_managers_are_suggested_by_name(visitor, staff, make, noise):
    make.person("Grace Hopper")
    ada = make.person("Ada King")
    visitor.sign_in(staff)
    page = visitor.get(f"/people/managers?{field(ada, 'manager')}=hopp", htmx=True)
    assert "Grace Hopper" in page.html
    assert f'id="{field(ada, "manager")}-list"' in page.html


def test_the_table_asks_the_same_number_of_questions_for_one_row_and_for_three(
    visitor, staff, make, count_queries
):
    visitor.sign_in(staff)
    counts = []
    for names in (["Row One"], ["Row Two", "Row Three"]):
        for name in names:
            boss = make.person(f"Boss of {name}", roles=["staff"])
            make.person(name, manager_id=boss.id, roles=["sponsor"], department="Counting")
        with count_queries() as queries:
            visitor.get("/people?department=Counting&q=Row")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_odd_text_is_shown_as_text(visitor, staff, make):
    ada = make.person("<b>Ada</b> & 'King'")
    visitor.sign_in(staff)
    assert "<b>Ada</b> & 'King'" in visitor.get("/people?q=Ada").text
    assert visitor.get(f"/people/{ada.id}/history").heading == "<b>Ada</b> & 'King'"


def test_a_number_beyond_all_ids_in_the_managers_field_breaks_nothing(visitor, staff):
    visitor.sign_in(staff)
    assert visitor.get(f"/people/managers?person-{'9' * 30}-manager=ab", htmx=True).status == 200
